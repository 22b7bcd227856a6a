//! Lines, paragraphs and the characters they are made of.

use domain::message::Locale;

/// The space that a line is never broken at.
pub(super) const NO_BREAK: char = '\u{a0}';

/// A value as one line: no line break, no control character, no override of the reading direction (which could show
/// a text other than what is there), and no runs of spaces. Languages written from the right keep their direction.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            ' ' | '\u{2028}' | '\u{2029}' => push_space(&mut line),
            c if c.is_control() => push_space(&mut line),
            c => line.push(c),
        }
    }
    line.truncate(line.trim_end_matches(' ').len());
    line
}

fn push_space(line: &mut String) {
    if !line.is_empty() && !line.ends_with(' ') {
        line.push(' ');
    }
}

/// A page of plain text: no line ends with spaces, no two lines in a row are empty, and the last line ends.
pub(super) fn tidy(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    let mut empty = 1;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            page.push_str(line);
            page.push('\n');
        }
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

/// A text as an SMS: one line, typographic characters in their plain form. One character outside of the GSM alphabet
/// would make the network count 70 characters a part instead of 160, and the shop pay twice. Names stay as they are.
pub(super) fn sms(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            NO_BREAK | '\u{202f}' => plain.push(' '),
            '‘' | '’' => plain.push('\''),
            '“' | '”' | '«' | '»' => plain.push('"'),
            '–' | '—' | '−' => plain.push('-'),
            '…' => plain.push_str("..."),
            c => plain.push(c),
        }
    }
    one_line(&plain)
}

/// The GSM alphabet, and what takes two places in it (3GPP TS 23.038, section 6.2.1).
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENDED: &str = "^{}\\[~]|€";

/// How many places of the GSM alphabet a character takes; nothing for one of another.
pub(super) fn places(c: char) -> Option<usize> {
    if GSM.contains(c) { Some(1) } else { GSM_EXTENDED.contains(c).then_some(2) }
}

/// The parts that the network sends an SMS in, each of which the shop pays. One character outside of the GSM alphabet has all of it
/// sent as UTF-16; and of several parts each gives some of its room to how they go together.
pub(super) fn parts(sms: &str) -> usize {
    let (length, most_alone, most_each) = match sms.chars().map(places).sum::<Option<usize>>() {
        Some(places) => (places, 160, 153),
        None => (sms.encode_utf16().count(), 70, 67),
    };
    if length <= most_alone { 1 } else { length.div_ceil(most_each) }
}

/// A template with the no-break spaces that French puts before `: ; ! ? »` and after `«`, so that whoever edits it
/// types ordinary ones. Done to the template, never to a value.
pub(super) fn typeset(template: &str, locale: Locale) -> String {
    match locale {
        Locale::En => template.to_owned(),
        Locale::Fr => {
            let mut set = String::with_capacity(template.len() + 16);
            let mut chars = template.chars().peekable();
            let mut before = None;
            while let Some(c) = chars.next() {
                let binds = before == Some('«') || matches!(chars.peek(), Some(':' | ';' | '!' | '?' | '»'));
                set.push(if c == ' ' && binds { NO_BREAK } else { c });
                before = Some(c);
            }
            set
        }
    }
}

//! What people typed, as it may stand on paper. Escaping is the page's; this is about lines and reading directions.

use crate::messages::text::one_line;
use maud::{Markup, html};

/// Lines of a text that keep a line of their own. More would let one order's notes fill a pile of sheets.
const MOST_LINES: usize = 10;

/// A text of one line, whose direction is its own: an Arabic name reads from the right, and nothing in it turns what
/// stands beside it around.
pub(super) fn line(text: &str) -> Markup {
    html! { bdi { (one_line(text)) } }
}

/// The lines of a text: no empty ones, and a long tail in one, with strokes where its lines ended.
pub(super) fn lines(text: &str) -> Vec<String> {
    let ends = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let all: Vec<String> = text.split(ends).map(one_line).filter(|line| !line.is_empty()).collect();
    match all.split_at_checked(MOST_LINES - 1) {
        Some((first, rest)) if rest.len() > 1 => first.iter().cloned().chain([rest.join(" / ")]).collect(),
        _ => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_of_any_kind_ends_a_line_and_empty_ones_are_gone() {
        assert_eq!(lines(" a\r\nb\n\n\n c\u{2028}d\u{85}e\u{0}\u{7}f\t g"), ["a", "b", "c", "d", "e f g"]);
        assert!(lines("\n \u{202e}\n").is_empty());
    }

    #[test]
    fn a_long_tail_is_one_line_and_nothing_of_it_is_lost() {
        let text: Vec<String> = (1..=14).map(|n| n.to_string()).collect();
        let shown = lines(&text.join("\n"));
        assert_eq!((shown.len(), shown[9].as_str()), (10, "10 / 11 / 12 / 13 / 14"));
        assert_eq!(lines(&text[..10].join("\n")).len(), 10);
    }

    #[test]
    fn nothing_turns_the_reading_direction_around() {
        assert_eq!(line("\u{202e}gnp.exe\u{2066}<b>").into_string(), "<bdi>gnp.exe&lt;b&gt;</bdi>");
    }
}

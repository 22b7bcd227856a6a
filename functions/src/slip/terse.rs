//! A style as a browser needs it. Every page is written once more, as a JSON string for Lambda, and most of a slip is its style.

/// CSS without comments and without white space that separates nothing, made when it is compiled. Strings stay as they are. Never longer
/// than `N` bytes, the CSS's own length.
pub(super) struct Terse<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Terse<N> {
    pub(super) const fn of(css: &str) -> Self {
        let css = css.as_bytes();
        let mut terse = Self { bytes: [0; N], length: 0 };
        let (mut at, mut spaced) = (0, false);
        while at < css.len() {
            let (first, end) = (css[at], token_end(css, at));
            if first.is_ascii_whitespace() || (first == b'/' && end > at + 1) {
                (at, spaced) = (end, true);
                continue;
            }
            if first == b'}' && matches!(terse.last(), Some(b';')) {
                terse.length -= 1;
            }
            // Before a colon it separates: `a :hover` isn't `a:hover`.
            let separates =
                !matches!(terse.last(), None | Some(b'{' | b'}' | b';' | b',' | b':')) && !matches!(first, b'{' | b'}' | b';' | b',');
            if spaced && separates {
                terse.push(b' ');
            }
            spaced = false;
            while at < end {
                terse.push(css[at]);
                at += 1;
            }
        }
        terse
    }

    #[expect(clippy::panic, reason = "when it is compiled")]
    pub(super) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(css) => css,
            Err(_) => panic!("what is left of a text is whole characters"),
        }
    }

    const fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    const fn last(&self) -> Option<u8> {
        if self.length == 0 { None } else { Some(self.bytes[self.length - 1]) }
    }
}

/// Where the string, the comment or the byte ends that stands at a place.
const fn token_end(css: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    match css[at] {
        b'"' => {
            while end < css.len() && css[end] != b'"' {
                end += if css[end] == b'\\' { 2 } else { 1 };
            }
            end += 1;
        }
        b'/' if end < css.len() && css[end] == b'*' => {
            end += 2;
            while end < css.len() && !(css[end - 1] == b'*' && css[end] == b'/') {
                end += 1;
            }
            end += 1;
        }
        _ => {}
    }
    if end < css.len() { end } else { css.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_says_the_same_in_fewer_bytes() {
        let css = "/* Of\n all; */\n:root { --ink: #000; }\nh1, a :hover  td:nth-child(2) { font: 10pt/1.4 \"A  \\\" /* { b\", serif; \
                   margin: calc(1% + 2px) -1px ; }\n\n@media screen and (max-width: 9px) {\n  b > i { top: 0; } }\n";
        let terse = ":root{--ink:#000}h1,a :hover td:nth-child(2){font:10pt/1.4 \"A  \\\" /* { b\",serif;margin:calc(1% + 2px) -1px}\
                     @media screen and (max-width:9px){b > i{top:0}}";
        for css in [css, terse] {
            assert_eq!(Terse::<400>::of(css).as_str(), terse);
        }
    }

    #[test]
    fn what_is_never_closed_ends_with_the_text() {
        for (css, terse) in [("a/* \"", "a"), ("a/*/ b", "a"), ("\"a  \\\"", "\"a  \\\""), ("\"é\\", "\"é\\"), ("é  é/", "é é/"), ("", "")]
        {
            assert_eq!(Terse::<16>::of(css).as_str(), terse);
        }
    }
}

//! An order's number as a Code 128 (ISO/IEC 15417), drawn so that a printer hits its bars.

use code128::Code128;
use maud::{Markup, PreEscaped, html};

/// A module is 1/75 inch (0.34 mm) wide: 4 dots of a 300 dpi printer, 8 of one with 600. 25 modules are 32 CSS pixels, and a
/// browser gives a picture whole pixels; so the width is filled up to a multiple of 25 modules, or they wouldn't stay equally wide.
const MODULES: u32 = 25;
const PIXELS: u32 = 32;

/// The least that the standard leaves white on both sides, in modules; `Code128::len` counts it.
const QUIET: u32 = 10;

/// 15 mm, so that a scanner held askew still crosses every bar.
const HEIGHT: u32 = 57;

/// A code: its bars, as the strokes of a line that is one unit thick, and how many modules it is wide with the white beside them.
pub(super) struct Barcode {
    bars: String,
    modules: u32,
}

impl Barcode {
    /// The code of a text; nothing for one with characters beyond ASCII, which scanners read in different ways.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = Some(text).filter(|text| text.is_ascii()).and_then(Code128::encode_str)?;
        let drawn = u32::try_from(code.len()).ok()?;
        let modules = drawn.next_multiple_of(MODULES);
        // What fills up goes to the left.
        let mut bars = format!("M{} .5", QUIET + modules - drawn);
        for bar in code.bars() {
            // Digits, as none is wider than four modules, and so past the formatter, which takes as long as the rest of a page.
            let [width, space] = [bar.width, bar.space].map(|modules| char::from(b'0' + modules));
            bars.extend(['h', width, 'm', space, ' ', '0']);
        }
        Some(Self { bars, modules })
    }

    /// The picture; its name, for who can't see it, is the text.
    pub(super) fn svg(&self, text: &str) -> Markup {
        let width = self.modules / MODULES * PIXELS;
        html! {
            svg.code role="img" aria-label=(text) viewBox=(format!("0 0 {} 1", self.modules)) width=(width) height=(HEIGHT)
                preserveAspectRatio="none" shape-rendering="crispEdges" {
                path d=(PreEscaped(&self.bars)) stroke="#000" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use code128::{Bar, decode_str};

    const NUMBER: &str = "MLA-20261124-0001";

    /// What a scanner's beam sees: whether each module is dark.
    fn beam(code: &Barcode) -> Vec<bool> {
        let mut dark = vec![false; code.modules as usize];
        let (x, bars) = code.bars.strip_prefix('M').unwrap().split_once(" .5").unwrap();
        let mut at: usize = x.parse().unwrap();
        for bar in bars.split('h').skip(1) {
            let (width, space) = bar.strip_suffix(" 0").unwrap().split_once('m').unwrap();
            let [width, space]: [usize; 2] = [width, space].map(|modules| modules.parse().unwrap());
            dark[at..at + width].fill(true);
            at += width + space;
        }
        dark
    }

    /// Reads a beam as bars and the white after each.
    fn read(beam: &[bool]) -> Option<String> {
        let (first, last) = (beam.iter().position(|dark| *dark)?, beam.iter().rposition(|dark| *dark)?);
        let runs: Vec<u8> = beam[first..=last].chunk_by(|one, next| one == next).map(|run| u8::try_from(run.len()).unwrap()).collect();
        let bars: Vec<Bar> = runs.chunks(2).map(|pair| Bar { width: pair[0], space: pair.get(1).copied().unwrap_or(0) }).collect();
        decode_str(&bars).ok()
    }

    #[test]
    fn what_is_drawn_reads_as_the_text() {
        for text in [NUMBER, "MLA-20261124-12345678", "RMA-20261124-0001", "A", "2026", "~ |"] {
            assert_eq!(read(&beam(&Barcode::of(text).unwrap())).as_deref(), Some(text));
        }
        // And a bar more or less does not.
        let mut spoilt = beam(&Barcode::of(NUMBER).unwrap());
        let bar = spoilt.iter().position(|dark| *dark).unwrap();
        spoilt[bar + 30] = !spoilt[bar + 30];
        assert_eq!(read(&spoilt), None);
    }

    #[test]
    fn another_encoder_draws_the_same_bars() {
        // Its own notation: set B, set C for the digits, and back.
        let theirs = barcoders::sym::code128::Code128::new("\u{181}MLA-\u{106}20261124\u{181}-\u{106}0001").unwrap().encode();
        let ours = beam(&Barcode::of(NUMBER).unwrap());
        let (first, last) = (ours.iter().position(|dark| *dark).unwrap(), ours.iter().rposition(|dark| *dark).unwrap());
        assert_eq!(ours[first..=last].iter().map(|dark| u8::from(*dark)).collect::<Vec<_>>(), theirs);
    }

    #[test]
    fn there_is_white_on_both_sides_and_every_module_is_as_wide_as_the_others() {
        for text in [NUMBER, "MLA-20261124-12345", "MLA-20261124-123456", "X"] {
            let code = Barcode::of(text).unwrap();
            let beam = beam(&code);
            assert!(beam[..10].iter().chain(&beam[beam.len() - 10..]).all(|dark| !dark), "{text}");
            assert!(beam.iter().rposition(|dark| *dark) == Some(beam.len() - 11), "{text}: the last bar is where the quiet zone begins");
            assert_eq!(code.modules % MODULES, 0);
            let width = code.modules / MODULES * PIXELS;
            // In dots of a 300 dpi printer, of which a CSS pixel has 3.125.
            assert_eq!(u64::from(width) * 3125, u64::from(code.modules) * 4 * 1000, "{text}");
        }
    }

    #[test]
    fn a_text_that_scanners_would_read_in_different_ways_has_no_code() {
        assert!(Barcode::of("MLA-é").is_none());
    }
}

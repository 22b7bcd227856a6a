//! The syntax tree of a template. Handlebars reads its tags, each alone: given all of a source it counts lines and columns
//! from the beginning for each tag, and goes through the text between them character by character.
//!
//! What it does to the text around tags is done here instead, so that the tree is the one that it would make of the whole
//! (a test compares them): `~` takes away the spaces on its side; a tag of a block, or a comment, that has a line to itself
//! takes that line away.

use super::tags::{Kind, SPACES, Tag, scan};
use super::{Flaw, behind};
use handlebars::Template;
use handlebars::template::TemplateElement::{self, HelperBlock, RawString};
use handlebars::template::{HelperTemplate, TemplateMapping};
use std::mem::take;

/// What may stand in a line beside a tag that has it to itself.
const BLANKS: [char; 2] = [' ', '\t'];
const LINE_ENDS: [char; 2] = ['\n', '\r'];

#[cfg(test)]
thread_local! {
    /// Bytes of the longest source that Handlebars was given in this thread.
    pub(super) static LONGEST: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Reads a source.
///
/// # Errors
/// As [`scan`], and for a tag that Handlebars can't read.
pub(super) fn read(source: &str) -> Result<Template, Flaw> {
    let mut tree = Tree::of(source)?;
    for tag in scan(source)? {
        tree.text(tag.start);
        tree.tag(&tag)?;
    }
    tree.text(source.len());
    Ok(tree.inside)
}

struct Tree<'a> {
    source: &'a str,
    /// The byte up to which it is read.
    at: usize,
    /// Where that is.
    place: (usize, usize),
    /// What is read of the innermost block that is open, or of the whole outside of all blocks.
    inside: Template,
    open: Vec<Block>,
    /// The next text loses the spaces that it begins with.
    takes_spaces: bool,
    /// The next text loses the line that it begins with.
    takes_line: bool,
    /// To make others of: Handlebars lets nobody else make one.
    mapping: TemplateMapping,
}

/// A block that is not closed yet.
struct Block {
    /// What is read of what it stands in.
    outer: Template,
    head: Box<HelperTemplate>,
    /// What stands before its `{{else}}`, once that is read.
    then: Option<Template>,
}

impl<'a> Tree<'a> {
    fn of(source: &'a str) -> Result<Self, Flaw> {
        let text = Template::compile("x").ok().and_then(|text| text.mapping.into_iter().next());
        let mapping = text.ok_or_else(|| unreadable((1, 1)))?;
        let (inside, open) = (Template::new(), Vec::new());
        Ok(Self { source, at: 0, place: (1, 1), inside, open, takes_spaces: false, takes_line: false, mapping })
    }

    /// Goes on to a byte of the source.
    fn advance(&mut self, to: usize) {
        self.place = behind(self.place, self.source.get(self.at..to).unwrap_or_default());
        self.at = to;
    }

    fn placed(&self, (line, column): (usize, usize)) -> TemplateMapping {
        let mut mapping = self.mapping.clone();
        (mapping.0, mapping.1) = (line, column);
        mapping
    }

    fn push(&mut self, element: TemplateElement, place: (usize, usize)) {
        self.inside.mapping.push(self.placed(place));
        self.inside.elements.push(element);
    }

    /// Reads the text up to the next tag, or to the end.
    fn text(&mut self, end: usize) {
        let text = self.source.get(self.at..end).unwrap_or_default();
        if text.is_empty() {
            return;
        }
        // Handlebars lets spaces behind a tag pass before it says where a text begins.
        let spaces = text.len() - text.trim_start_matches(SPACES).len();
        self.advance(self.at + if self.at == 0 { 0 } else { spaces });
        let place = self.place;
        self.advance(end);
        let kept = if self.takes_spaces {
            if spaces == text.len() {
                return;
            }
            text.trim_start()
        } else if self.takes_line {
            let line = text.trim_start_matches(BLANKS);
            line.strip_prefix("\r\n").or_else(|| line.strip_prefix('\n')).unwrap_or(line)
        } else {
            text
        };
        self.takes_line = false;
        self.push(RawString(kept.to_owned()), place);
    }

    /// Reads a tag behind the text before it.
    fn tag(&mut self, tag: &Tag<'_>) -> Result<(), Flaw> {
        let place = self.place;
        if tag.takes.before {
            self.shorten_text(str::trim_end);
        }
        if tag.kind != Kind::Comment {
            self.takes_spaces = tag.takes.behind;
        }
        if tag.kind != Kind::Value {
            self.takes_line = self.has_its_line(tag);
            if self.takes_line {
                self.shorten_text(|text| text.trim_end_matches(BLANKS));
            }
        }
        self.advance(tag.end());
        match tag.kind {
            Kind::Comment | Kind::Value => self.push(element(tag.text).ok_or_else(|| unreadable(place))?, place),
            Kind::Open(word) => {
                let block = element(&format!("{}{{{{/{word}}}}}", tag.text));
                let Some(HelperBlock(head)) = block else { return Err(unreadable(place)) };
                self.inside.mapping.push(self.placed(place));
                self.open.push(Block { outer: take(&mut self.inside), head, then: None });
            }
            Kind::Else => {
                if let Some(block) = self.open.last_mut() {
                    block.then = Some(take(&mut self.inside));
                }
            }
            Kind::Close => {
                if let Some(Block { outer, mut head, then }) = self.open.pop() {
                    let last = Some(std::mem::replace(&mut self.inside, outer));
                    (head.template, head.inverse) = if then.is_some() { (then, last) } else { (last, None) };
                    self.inside.elements.push(HelperBlock(head));
                }
            }
        }
        Ok(())
    }

    /// Takes something away from the end of the text before a tag.
    fn shorten_text(&mut self, shortened: impl Fn(&str) -> &str) {
        if let Some(RawString(text)) = self.inside.elements.last_mut() {
            text.truncate(shortened(text).len());
        }
    }

    /// Whether nothing else stands in a tag's line.
    fn has_its_line(&self, tag: &Tag<'_>) -> bool {
        let before = self.source.get(..tag.start).unwrap_or_default().trim_end_matches(BLANKS);
        let behind = self.source.get(tag.end()..).unwrap_or_default();
        (before.is_empty() || before.ends_with(LINE_ENDS))
            && (behind.is_empty() || behind.trim_start_matches(BLANKS).starts_with(LINE_ENDS))
    }
}

/// What Handlebars makes of a tag, or of a block with nothing inside.
fn element(text: &str) -> Option<TemplateElement> {
    #[cfg(test)]
    LONGEST.set(LONGEST.get().max(text.len()));
    let mut elements = Template::compile(text).ok()?.elements;
    if elements.len() == 1 { elements.pop() } else { None }
}

fn unreadable(place: (usize, usize)) -> Flaw {
    Flaw::new(place, "this is no tag of the language")
}

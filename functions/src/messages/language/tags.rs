//! The tags of a template, found by their braces, and the blocks that they make.

use super::Flaw;

/// Tags of one template, many more than a page has.
const MOST_TAGS: usize = 2_000;
/// Blocks inside blocks: whoever goes through a template calls itself for each.
const MOST_DEPTH: usize = 8;
/// What Handlebars takes for spaces inside of a tag and between tags.
pub(super) const SPACES: [char; 4] = [' ', '\t', '\n', '\r'];
/// Behind any of them `}}` doesn't have to be the tag's end, or the parser calls itself. No name has one.
const MORE_THAN_A_NAME: [char; 6] = ['{', '}', '(', '[', '"', '\''];

/// A tag, or a comment.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// From its first brace to its last.
    pub(super) text: &'a str,
    /// The byte of the source that it begins at.
    pub(super) start: usize,
    pub(super) kind: Kind<'a>,
    /// Which of the spaces around it go, by its `~`.
    pub(super) takes: Takes,
}

/// What a tag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Nothing.
    Comment,
    /// Prints something.
    Value,
    /// Opens a block, by this word.
    Open(&'a str),
    /// Opens the second half of a block.
    Else,
    /// Closes a block.
    Close,
}

/// The spaces that a tag takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    /// Those before it.
    pub(super) before: bool,
    /// Those behind it.
    pub(super) behind: bool,
}

/// A block that is not closed yet.
struct Open<'a> {
    word: &'a str,
    has_else: bool,
}

impl Tag<'_> {
    /// The byte of the source behind it.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Every tag of a source, in its order, with every block closed. Handlebars takes the same tags for tags: what would lead
/// its parser further than the next `}}`, or deeper and deeper until the process ends, is refused here.
///
/// # Errors
/// For what is no tag by its looks, for blocks that don't fit together, and for too many of both.
pub(super) fn scan(source: &str) -> Result<Vec<Tag<'_>>, Flaw> {
    let mut tags = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(start) = source.get(at..).and_then(|rest| rest.find("{{")).map(|found| at + found) {
        let flaw = |reason: &str| Err(Flaw::at(source, start, reason));
        let rest = source.get(start + 2..).unwrap_or_default();
        if tags.len() == MOST_TAGS {
            return flaw("there are more than 2000 tags");
        }
        if source.get(..start).is_some_and(|before| before.ends_with('\\')) {
            return flaw("a tag can't be escaped by a backslash");
        }
        if rest.starts_with('{') {
            return flaw("three braces would print a value without escaping it; write {{name}}");
        }
        let (length, kind, takes) = if let Some(comment) = rest.strip_prefix('!') {
            let Some(length) = comment_length(comment) else { return flaw("this comment is not closed") };
            if comment.get(..length).is_some_and(|text| text.contains("{{")) {
                return flaw("a comment can't have a tag inside");
            }
            (length + 1, Kind::Comment, Takes { before: false, behind: false })
        } else {
            let Some((inside, _)) = rest.split_once("}}") else { return flaw("this tag is not closed by }}") };
            if inside.contains(MORE_THAN_A_NAME) {
                return flaw("this tag has a brace, a bracket or a quote inside");
            }
            let (tag, takes) = without_tildes(inside);
            let kind = kind(tag, &mut open).map_err(|reason| Flaw::at(source, start, reason))?;
            (inside.len() + 2, kind, takes)
        };
        at = start + 2 + length;
        tags.push(Tag { text: source.get(start..at).unwrap_or_default(), start, kind, takes });
    }
    if open.is_empty() { Ok(tags) } else { Err(Flaw::at(source, source.len(), "a block is not closed by {{/if}} or {{/each}}")) }
}

/// How long the rest of a comment is behind `{{!`. Handlebars takes it for one that ends with `--}}` also where spaces stand
/// before its first dashes, and for one that ends with `}}` where no `--}}` follows. One that begins with `{{!--` and never ends
/// so is rather a slip.
fn comment_length(comment: &str) -> Option<usize> {
    let inside = comment.trim_start_matches(SPACES).strip_prefix("--");
    let dashed = inside.and_then(|inside| Some(comment.len() - inside.len() + inside.find("--}}")? + "--}}".len()));
    let is_slip = comment.starts_with("--") && !comment.starts_with("--}}");
    dashed.or_else(|| if is_slip { None } else { comment.find("}}").map(|end| end + "}}".len()) })
}

/// What stands in a tag, and whether there was a `~` on either side of it.
fn without_tildes(inside: &str) -> (&str, Takes) {
    let tag = inside.trim_matches(SPACES);
    let behind_first = tag.strip_prefix('~');
    let tag = behind_first.unwrap_or(tag);
    let before_last = tag.strip_suffix('~');
    let takes = Takes { before: behind_first.is_some(), behind: before_last.is_some() };
    (before_last.unwrap_or(tag).trim_matches(SPACES), takes)
}

/// What a tag does to the blocks that are open; otherwise what is wrong with it.
fn kind<'a>(tag: &'a str, open: &mut Vec<Open<'a>>) -> Result<Kind<'a>, String> {
    if tag.is_empty() {
        return Err("this tag is empty".to_owned());
    }
    if let Some(block) = tag.strip_prefix('#') {
        let block = block.trim_start_matches(SPACES);
        let word = block.find(|c| !goes_on_with(c)).and_then(|end| block.get(..end)).unwrap_or(block);
        if !matches!(word, "if" | "each") {
            return Err("the only blocks are {{#if name}} and {{#each name}}".to_owned());
        }
        if open.len() == MOST_DEPTH {
            return Err("there are more than 8 blocks inside each other".to_owned());
        }
        open.push(Open { word, has_else: false });
        return Ok(Kind::Open(word));
    }
    if let Some(closed) = tag.strip_prefix('/') {
        let Some(Open { word, .. }) = open.pop() else { return Err("there is no block to close here".to_owned()) };
        return if closed.trim_matches(SPACES) == word {
            Ok(Kind::Close)
        } else {
            Err(format!("the block to close here is {{{{#{word} …}}}}"))
        };
    }
    let Some(more) = tag.strip_prefix("else").or_else(|| tag.strip_prefix('^')) else { return Ok(Kind::Value) };
    match (more.chars().next(), open.last_mut()) {
        (None, Some(block)) if !block.has_else => {
            block.has_else = true;
            Ok(Kind::Else)
        }
        (None, _) => Err("there is no block that this {{else}} belongs to".to_owned()),
        (Some(next), _) if tag.starts_with('e') && goes_on_with(next) => Err("what is printed can't begin with `else`".to_owned()),
        (Some(_), _) => Err("{{else}} stands alone; put another {{#if …}} behind it".to_owned()),
    }
}

/// Whether Handlebars takes a character for a further one of a word.
fn goes_on_with(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_$:".contains(c) || !c.is_ascii()
}

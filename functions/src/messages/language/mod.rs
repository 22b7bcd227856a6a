//! The language of templates: `{{name}}`, `{{#each items}} … {{else}} … {{/each}}`, `{{#if name}} … {{else}} … {{/if}}`, comments,
//! and nothing else. Handlebars reads their tags and fills them, strictly; what else Handlebars can do is refused here, from its
//! own syntax tree, before anything is stored or sent.
//!
//! Inside `{{#each items}}` a name is a field of the item; `this` is the item, `../name` is outside of it, and `@index`,
//! `@first` and `@last` say where in the list it is. `{{#if …}}` takes any name; nothing, `false`, `0`, an empty text and an
//! empty list are false.

mod filling;
mod names;
mod tags;
mod tree;

use handlebars::{Context, Template};

const MOST_NAME_BYTES: usize = 64;
/// What means something else already.
const RESERVED: [&str; 7] = ["if", "each", "else", "as", "true", "false", "null"];

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct Flaw {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A sentence without its full stop.
    pub reason: String,
}

impl Flaw {
    fn new((line, column): (usize, usize), reason: impl Into<String>) -> Self {
        Self { line, column, reason: reason.into() }
    }

    fn at(source: &str, byte: usize, reason: impl Into<String>) -> Self {
        Self::new(behind((1, 1), source.get(..byte).unwrap_or_default()), reason)
    }
}

/// Line and column behind a text that begins there.
fn behind((line, column): (usize, usize), text: &str) -> (usize, usize) {
    match text.rsplit_once('\n') {
        Some((lines, last)) => (line + lines.matches('\n').count() + 1, last.chars().count() + 1),
        None => (line, column + text.chars().count()),
    }
}

/// A name that a template uses, from the outermost scope: `items.name` for `{{name}}` inside `{{#each items}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The whole name.
    pub path: String,
    /// Whether a loop goes over it.
    pub looped: bool,
    /// Where.
    pub line: usize,
    /// Where.
    pub column: usize,
}

impl Use {
    /// The variable that it is, or is a part of.
    #[must_use]
    pub fn variable(&self) -> &str {
        self.path.split('.').next().unwrap_or_default()
    }
}

/// How values are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As text of an HTML page.
    Html,
    /// As they are.
    Nothing,
}

#[cfg(test)]
thread_local! {
    /// How many templates this thread has read.
    pub(super) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A template that is one of this language.
#[derive(Clone, Debug)]
pub struct Parsed {
    template: Template,
    /// Every name in it, in its order.
    pub uses: Vec<Use>,
}

impl Parsed {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it is none, or more than this language has.
    pub fn of(source: &str) -> Result<Self, Flaw> {
        #[cfg(test)]
        READ.set(READ.get() + 1);
        Self::checked(tree::read(source)?)
    }

    fn checked(template: Template) -> Result<Self, Flaw> {
        Ok(Self { uses: names::uses(&template)?, template })
    }

    /// Fills it, up to so many bytes.
    ///
    /// # Errors
    /// For a name that has no value, a loop over what is no list, and for what gets too large.
    pub fn fill(&self, values: &Context, escape: Escape, most_bytes: usize) -> Result<String, Flaw> {
        filling::fill(&self.template, values, escape, most_bytes)
    }
}

/// Whether a template can name a variable so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= MOST_NAME_BYTES
        && name != "this"
        && !RESERVED.contains(&name)
}

#[cfg(test)]
mod tests;

//! The fields of a JSON object, asked for in the contract's order.

use super::MISSING;
use super::json::Node;
use super::value::{Errors, Source, Value};
use crate::problem::{Code, FieldError};

/// An object whose fields are being read. [`Fields::finish`] refuses what nobody asked for.
pub struct Fields<'a> {
    members: &'a [(String, Node)],
    pointer: String,
    errors: &'a Errors,
    known: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(members: &'a [(String, Node)], pointer: String, errors: &'a Errors) -> Self {
        Self { members, pointer, errors, known: Vec::new() }
    }

    /// A field that must be there; `null` and blank texts are as good as absent. Its absence has code `missing`.
    pub fn required<T>(&mut self, name: &'a str, missing: &'static str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<T> {
        match self.value(name) {
            Some(value) if !value.is_blank => read(value),
            _ => {
                self.missing(name, missing);
                None
            }
        }
    }

    /// A field that may be absent; `null` is as good as that, and so is a blank text where a text is read. A number or a word
    /// that is blank is wrong: nobody could tell whether it was meant to be left out. The outer nothing says that it is wrong.
    pub fn optional<T>(&mut self, name: &'a str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<Option<T>> {
        let Some(value) = self.value(name) else { return Some(None) };
        let (blank, noted) = (value.is_blank, self.errors.borrow().len());
        match read(value) {
            None if blank && self.errors.borrow().len() == noted => Some(None),
            read => read.map(Some),
        }
    }

    /// A field of a change: absent stays, `null` (or a blank text) clears. The outer nothing says that it is wrong.
    pub fn clearable<T>(&mut self, name: &'a str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<Option<Option<T>>> {
        if !self.has(name) {
            self.known.push(name);
            return Some(None);
        }
        self.optional(name, read).map(Some)
    }

    /// A field of a change that can't be cleared: absent stays, `null` is wrong. The outer nothing says that it is wrong.
    pub fn changeable<T>(&mut self, name: &'a str, read: impl FnOnce(Value<'a>) -> Option<T>) -> Option<Option<T>> {
        if !self.has(name) {
            self.known.push(name);
            return Some(None);
        }
        self.required(name, MISSING, read).map(Some)
    }

    /// A text field before its turn, for the fields that are read in its light.
    #[must_use]
    pub fn peek(&self, name: &str) -> Option<&'a str> {
        match self.members.iter().find(|(known, _)| known == name) {
            Some((_, Node::Text(text))) => Some(text.trim()),
            _ => None,
        }
    }

    /// Whether the client sent the field at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }

    /// Whether the client says something with the field: it is there, and isn't null.
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        self.members.iter().any(|(known, node)| known == name && *node != Node::Null)
    }

    /// Notes that a field should be there.
    pub fn missing(&self, name: &str, code: &'static str) {
        self.note(name, code, format!("{name} is required."));
    }

    /// Notes that something is wrong with a field.
    pub fn note(&self, name: &str, code: impl Into<Code>, detail: String) {
        self.errors.borrow_mut().push(FieldError::new(self.pointer_to(name), code, detail));
    }

    /// Notes an error of one of the fields that the domain has found, named by the field alone.
    pub fn note_error(&self, error: impl Into<FieldError>) {
        let error = error.into();
        self.errors.borrow_mut().push(FieldError { pointer: format!("{}{}", self.pointer, error.pointer), ..error });
    }

    /// Whether the object has no field at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Notes every field that nobody asked for.
    pub fn finish(self) {
        for (name, _) in self.members {
            if !self.known.contains(&name.as_str()) {
                self.note(name, "UNKNOWN_FIELD", format!("There is no field {name} here."));
            }
        }
    }

    fn value(&mut self, name: &'a str) -> Option<Value<'a>> {
        self.known.push(name);
        let node = self.members.iter().find(|(known, _)| known == name).map(|(_, node)| node)?;
        if *node == Node::Null {
            return None;
        }
        let is_blank = matches!(node, Node::Text(text) if text.trim().is_empty());
        Some(Value { source: Source::Json(node), pointer: self.pointer_to(name), name, is_blank, errors: self.errors })
    }

    fn pointer_to(&self, name: &str) -> String {
        pointer_to(&self.pointer, name)
    }
}

/// A JSON Pointer to a member (RFC 6901, section 3).
pub(super) fn pointer_to(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

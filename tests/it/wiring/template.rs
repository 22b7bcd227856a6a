//! The templates, read as they stand: intrinsic functions stay tags.

use super::file;
use serde_norway::Value;

/// A template and the name of its file.
pub struct Template {
    pub file: String,
    pub root: Value,
}

impl Template {
    pub fn read(path: &str) -> Self {
        Self { file: path.to_owned(), root: serde_norway::from_str(&file(path)).unwrap_or_else(|error| panic!("{path}: {error}")) }
    }

    pub fn main() -> Self {
        Self::read("template.yaml")
    }

    pub fn resource(&self, name: &str) -> Option<&Value> {
        self.root.get("Resources")?.get(name)
    }

    /// Every resource of a type: its name and its properties.
    pub fn resources(&self, kind: &str) -> Vec<(String, &Value)> {
        let all = self.root["Resources"].as_mapping().expect("resources");
        let of_kind = all.iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
        of_kind.map(|(name, resource)| (text(name), &resource["Properties"])).collect()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().map(ToOwned::to_owned).unwrap_or_default()
}

/// `!GetAtt Queues.Outputs.EmailQueueArn` as it is written; a plain text likewise.
pub fn written(value: &Value) -> String {
    match value {
        // Of `!Sub [text, names]` the text.
        Value::Tagged(tagged) => format!("{} {}", tagged.tag, text(each(&tagged.value)[0])),
        other => text(other),
    }
}

/// One or several.
pub fn each(value: &Value) -> Vec<&Value> {
    // `as_sequence` would look through a tag.
    match value {
        Value::Sequence(many) => many.iter().collect(),
        one => vec![one],
    }
}

/// Calls `see` with every text below a value: its tag, where it has one, and itself.
pub fn texts(value: &Value, see: &mut impl FnMut(&str, &str)) {
    below("", value, see);
}

fn below(tag: &str, value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(tag, text),
        Value::Sequence(values) => values.iter().for_each(|value| below(tag, value, see)),
        Value::Mapping(members) => members.iter().for_each(|(_, value)| below("", value, see)),
        Value::Tagged(tagged) => below(&tagged.tag.to_string(), &tagged.value, see),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every statement of a function's policies, whichever way its conditions go.
pub fn statements(function: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    collect(&function["Policies"], &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Sequence(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Mapping(_) if value.get("Effect").is_some() => found.push(value),
        Value::Mapping(members) => members.iter().for_each(|(_, value)| collect(value, found)),
        Value::Tagged(tagged) => collect(&tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

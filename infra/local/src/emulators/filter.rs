//! Lambda's event filters: which records of a stream a function is called with.
//!
//! The pattern mirrors the record; at its leaves are lists of what may stand there, and any of them will do:
//! `{"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}}`.
//! Values, `prefix` and `exists` are understood; other operators are refused when the pattern is read.

use serde_json::{Map, Value};

/// A pattern, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Vec<Field>);

/// Why a pattern can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It isn't JSON.
    #[error("the filter pattern is not JSON: {0}")]
    NotJson(String),
    /// It is JSON of a form that patterns don't have.
    #[error("the filter pattern must have {expected} at `{path}`")]
    Malformed {
        /// Where in the pattern.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// Lambda may know it; this matcher does not.
    #[error("the filter pattern uses `{operator}` at `{path}`, which is not supported here")]
    UnknownOperator {
        /// Where in the pattern.
        path: String,
        /// The operator's name.
        operator: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Fields(Vec<Field>),
    AnyOf(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Equals(Value),
    Prefix(String),
    Exists(bool),
}

impl Filter {
    /// Reads a pattern as it stands in a template's `FilterCriteria`.
    pub fn parse(pattern: &str) -> Result<Self, FilterError> {
        let pattern: Value = serde_json::from_str(pattern).map_err(|error| FilterError::NotJson(error.to_string()))?;
        match &pattern {
            Value::Object(fields) => Ok(Self(parse_fields("", fields)?)),
            _ => Err(FilterError::Malformed { path: String::new(), expected: "an object" }),
        }
    }

    /// Whether the function wants this record, in the JSON that it would be called with.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        all_match(&self.0, Some(record))
    }
}

fn all_match(fields: &[Field], value: Option<&Value>) -> bool {
    fields.iter().all(|field| {
        let found = value.and_then(|value| value.get(&field.name));
        match &field.expected {
            Expected::Fields(fields) => all_match(fields, found),
            Expected::AnyOf(tests) => tests.iter().any(|test| test.accepts(found)),
        }
    })
}

impl Test {
    fn accepts(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Self::Exists(expected), found) => found.is_some() == *expected,
            (_, None) => false,
            // Of a list one element is enough.
            (test, Some(Value::Array(elements))) => elements.iter().any(|element| test.accepts(Some(element))),
            (Self::Equals(expected), Some(found)) => expected == found,
            (Self::Prefix(prefix), Some(found)) => found.as_str().is_some_and(|text| text.starts_with(prefix)),
        }
    }
}

fn parse_fields(path: &str, fields: &Map<String, Value>) -> Result<Vec<Field>, FilterError> {
    let parse = |(name, expected): (&String, &Value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let expected = match expected {
            _ if name.starts_with('$') => {
                return Err(FilterError::UnknownOperator { path, operator: name.clone() });
            }
            Value::Object(fields) => Expected::Fields(parse_fields(&path, fields)?),
            Value::Array(tests) if !tests.is_empty() => {
                Expected::AnyOf(tests.iter().map(|test| parse_test(&path, test)).collect::<Result<_, _>>()?)
            }
            _ => {
                return Err(FilterError::Malformed { path, expected: "an object or a list that is not empty" });
            }
        };
        Ok(Field { name: name.clone(), expected })
    };
    fields.iter().map(parse).collect()
}

fn parse_test(path: &str, test: &Value) -> Result<Test, FilterError> {
    let malformed = |expected| FilterError::Malformed { path: path.to_owned(), expected };
    match test {
        Value::Array(_) => Err(malformed("values and operators alone")),
        Value::Object(operator) => {
            let mut operators = operator.iter();
            let (Some((name, operand)), None) = (operators.next(), operators.next()) else {
                return Err(malformed("one operator in an object"));
            };
            match (name.as_str(), operand) {
                ("prefix", Value::String(prefix)) => Ok(Test::Prefix(prefix.clone())),
                ("exists", Value::Bool(expected)) => Ok(Test::Exists(*expected)),
                ("prefix", _) => Err(malformed("a string for `prefix`")),
                ("exists", _) => Err(malformed("true or false for `exists`")),
                _ => Err(FilterError::UnknownOperator { path: path.to_owned(), operator: name.clone() }),
            }
        }
        value => Ok(Test::Equals(value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(pattern: &Value, record: &Value) -> bool {
        Filter::parse(&pattern.to_string()).unwrap().matches(record)
    }

    #[test]
    fn the_relays_filter_takes_new_events_and_nothing_else() {
        let relay = json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "sk": { "S": [{ "prefix": "EVENT#" }] } } } });
        let record = |name, sk| json!({ "eventName": name, "dynamodb": { "Keys": { "sk": { "S": sk } } } });
        assert!(matches(&relay, &record("INSERT", "EVENT#7#1")));
        assert!(!matches(&relay, &record("MODIFY", "EVENT#7#1")));
        assert!(!matches(&relay, &record("INSERT", "ORDER")));
        assert!(!matches(&relay, &json!({ "eventName": "INSERT" })));
    }

    #[test]
    fn any_element_of_a_list_will_do_and_every_field_must() {
        let pattern = json!({ "a": [1, null, "x"], "b": ["y"] });
        for a in [json!(1), json!(null), json!("x"), json!(["z", "x"])] {
            assert!(matches(&pattern, &json!({ "a": a, "b": "y" })), "{a}");
        }
        assert!(!matches(&pattern, &json!({ "a": 2, "b": "y" })));
        assert!(!matches(&pattern, &json!({ "a": 1, "b": "n" })));
        assert!(!matches(&pattern, &json!({ "a": 1 })));
        assert!(matches(&json!({}), &json!({ "a": 1 })));
    }

    #[test]
    fn exists_asks_for_a_field_or_for_its_absence() {
        let with = json!({ "dynamodb": { "OldImage": { "pk": [{ "exists": true }] } } });
        let without = json!({ "dynamodb": { "OldImage": { "pk": [{ "exists": false }] } } });
        let modified = json!({ "dynamodb": { "OldImage": { "pk": { "S": "1" } } } });
        let inserted = json!({ "dynamodb": {} });
        assert!(matches(&with, &modified) && !matches(&with, &inserted));
        assert!(matches(&without, &inserted) && !matches(&without, &modified));
    }

    #[test]
    fn what_the_matcher_does_not_know_is_refused_by_name() {
        let message = |pattern: &str| Filter::parse(pattern).unwrap_err().to_string();
        assert_eq!(
            message(r#"{"a": {"b": [{"anything-but": ["x"]}]}}"#),
            "the filter pattern uses `anything-but` at `a.b`, which is not supported here"
        );
        assert_eq!(message(r#"{"$or": [{"a": ["x"]}]}"#), "the filter pattern uses `$or` at `$or`, which is not supported here");
        assert_eq!(message(r#"{"a": "x"}"#), "the filter pattern must have an object or a list that is not empty at `a`");
        assert!(message("nonsense").starts_with("the filter pattern is not JSON"));
    }
}

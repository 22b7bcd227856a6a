//! JSON as it was written: numbers keep their digits, and nothing is there twice.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Deeper than any request of the contract; each level is read once more than the one above it.
const MOST_DEPTH: u8 = 16;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in its own digits.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, in its own order; no name is there twice.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a whole document.
    ///
    /// # Errors
    /// In words, with line and column where the parser has them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::of(raw, MOST_DEPTH)
    }

    fn of(raw: &RawValue, depth: u8) -> Result<Self, String> {
        let text = raw.get();
        let Some(deeper) = depth.checked_sub(1) else { return Err("it is nested too deeply".to_owned()) };
        let sentence = |error: serde_json::Error| error.to_string();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(sentence)?;
                let members = members.into_iter().map(|(name, raw)| Ok((name, Self::of(raw, deeper)?)));
                Ok(Self::Object(members.collect::<Result<_, String>>()?))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(sentence)?;
                Ok(Self::List(items.into_iter().map(|raw| Self::of(raw, deeper)).collect::<Result<_, _>>()?))
            }
            Some(b'"') => Ok(Self::Text(serde_json::from_str(text).map_err(sentence)?)),
            Some(b't') => Ok(Self::Bool(true)),
            Some(b'f') => Ok(Self::Bool(false)),
            Some(b'n') => Ok(Self::Null),
            _ => Ok(Self::Number(text.to_owned())),
        }
    }
}

/// An object's members, refusing a name that is there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if !names.insert(name.clone()) {
                        return Err(M::Error::custom(format!("the name \"{name}\" is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(
            Node::parse("[1e400, -0, 150.10]").unwrap(),
            Node::List(["1e400", "-0", "150.10"].map(|n| Node::Number(n.to_owned())).to_vec())
        );
    }

    #[test]
    fn what_is_no_json_or_there_twice_is_refused() {
        for text in ["", "{", "{\"a\":1,}", "nul", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[\"\\ud800\"]", "1 2", "01"] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::parse(&deep(10)).is_ok());
        assert!(Node::parse(&deep(100)).is_err());
        assert!(Node::parse(&deep(100_000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = Node::parse(&text);
        }
    }
}

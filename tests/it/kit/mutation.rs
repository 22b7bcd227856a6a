//! Documents as nobody should write them: what is valid, with a byte flipped, cut off, or with a value in it that belongs nowhere.

pub use super::panics::panics;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// One thing that is done to a document.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// A bit of a byte is the other one.
    Flip(Index, u8),
    /// It ends here.
    Cut(Index),
    /// These bytes are in it as well.
    Insert(Index, Vec<u8>),
    /// One of its values, where it is JSON, is this text instead.
    Swap(Index, &'static str),
    /// One of its values is nested so deep.
    Nest(Index, usize),
    /// It is something else altogether.
    Replace(Vec<u8>),
}

/// Values that make no sense in most places.
const STRANGE: [&str; 22] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "-1e-400",
    "9007199254740993",
    "18446744073709551616",
    "123456789012345678901234567890123456789012345678901234567890",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"👗\u{202e}\"",
    "\"2026-13-45T99:99:99Z\"",
    "\"..%2f..%2f\"",
    "[]",
    "{}",
    "[null]",
    "{\"id\":{\"id\":{}}}",
];

pub fn mutation() -> impl Strategy<Value = Mutation> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        3 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        2 => any::<Index>().prop_map(Mutation::Cut),
        2 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        8 => (any::<Index>(), prop::sample::select(&STRANGE[..])).prop_map(|(at, with)| Mutation::Swap(at, with)),
        1 => (any::<Index>(), prop::sample::select(vec![3_usize, 100, 20_000])).prop_map(|(at, depth)| Mutation::Nest(at, depth)),
        1 => bytes().prop_map(Mutation::Replace),
    ]
}

/// One to three of them.
pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    prop::collection::vec(mutation(), 1..4)
}

/// The document after all of them.
pub fn mutated(document: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    mutations.iter().fold(document.to_vec(), |document, mutation| mutation.of(document))
}

impl Mutation {
    fn of(&self, mut document: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Flip(at, bit) if !document.is_empty() => {
                let at = at.index(document.len());
                document[at] ^= 1 << bit;
                document
            }
            Self::Flip(..) => document,
            Self::Cut(at) => {
                document.truncate(at.index(document.len() + 1));
                document
            }
            Self::Insert(at, bytes) => {
                let rest = document.split_off(at.index(document.len() + 1));
                [document, bytes.clone(), rest].concat()
            }
            Self::Swap(at, with) => swapped(document, *at, with),
            Self::Nest(at, depth) => swapped(document, *at, &format!("{}1{}", "[".repeat(*depth), "]".repeat(*depth))),
            Self::Replace(with) => with.clone(),
        }
    }
}

/// The document with a text in one of its values' places; as it is where it is no JSON.
fn swapped(document: Vec<u8>, at: Index, with: &str) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&document) else { return document };
    let mut places = Vec::new();
    pointers(&value, String::new(), &mut places);
    if let Some(place) = value.pointer_mut(at.get::<String>(&places)) {
        *place = json!("@@");
    }
    value.to_string().replacen("\"@@\"", with, 1).into_bytes()
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                pointers(inner, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, inner)| pointers(inner, format!("{at}/{n}"), found)),
        _ => {}
    }
    found.push(at);
}

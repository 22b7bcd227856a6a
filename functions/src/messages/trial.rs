//! Filling a template before it is saved: what parses may still be one that no message can be filled with, and a customer's
//! mail is no place to find that out.
//!
//! Each part is filled twice, with all that a message of its code can say and with as little as one can, so that both branches
//! of an `{{#if}}` are gone through. What only some messages can be filled with is let through.

use super::{Flawed, Part, Prepared, Shop, is_blank, nothing_written, variables};
use domain::message::{Locale, MessageKind};
use serde_json::{Map, Value};

/// Fills a template of a code and a language. Of a code that the shop itself never sends nothing but the names of its variables is
/// known: whatever they may be in a preview, something has to be written.
///
/// # Errors
/// What keeps a message from being filled, and where.
pub fn try_out(kind: Option<MessageKind>, locale: Locale, template: &Prepared, shop: &Shop<'_>) -> Result<(), Flawed> {
    let sample = kind.and_then(|kind| variables::sample(kind, locale));
    let mut full = sample.map_or_else(|| Value::Object(Map::new()), |sample| variables::values(&sample, shop));
    for (path, is_list) in template.names() {
        let names: Vec<&str> = path.split('.').collect();
        add(&mut full, &names, is_list);
    }
    let is_always_there = |path: &str| kind.is_some_and(|kind| variables::of(kind).iter().any(|known| known.name == path && known.always));
    let bare = emptied(&full, "", &is_always_there);
    let filled = [full, bare].map(|values| template.print(values));
    let [full, bare] = match (filled, kind) {
        ([Ok(full), Ok(bare)], _) => [full, bare],
        ([Err(flawed), _] | [_, Err(flawed)], Some(_)) => return Err(flawed),
        (_, None) => return Ok(()),
    };
    for (part, full, bare) in [(Part::Subject, &full.subject, &bare.subject), (Part::Html, &full.html, &bare.html)] {
        if is_blank(full) && is_blank(bare) {
            return Err(nothing_written(part));
        }
    }
    Ok(())
}

/// Puts a value where there is none: a text, or a list of one item where a loop goes over it.
fn add(to: &mut Value, names: &[&str], is_list: bool) {
    match (to, names) {
        (Value::Array(items), _) => items.iter_mut().for_each(|item| add(item, names, is_list)),
        (Value::Object(fields), [name]) => {
            let new = || if is_list { Value::Array(vec![Value::Object(Map::new())]) } else { Value::from(*name) };
            fields.entry(*name).or_insert_with(new);
        }
        (Value::Object(fields), [name, rest @ ..]) => {
            add(fields.entry(*name).or_insert_with(|| Value::Object(Map::new())), rest, is_list);
        }
        _ => {}
    }
}

/// The same without what isn't always there, and with every yes a no.
fn emptied(value: &Value, path: &str, is_always_there: &impl Fn(&str) -> bool) -> Value {
    match value {
        Value::Bool(said) => Value::Bool(!said),
        Value::Array(items) if is_always_there(path) => items.iter().map(|item| emptied(item, path, is_always_there)).collect(),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(fields) => {
            let inside = |name: &String| if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let field = |(name, value): (&String, &Value)| (name.clone(), emptied(value, &inside(name), is_always_there));
            Value::Object(fields.iter().map(field).collect())
        }
        _ if is_always_there(path) => value.clone(),
        _ => Value::from(""),
    }
}

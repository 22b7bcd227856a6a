//! The selectors that several endpoints share: `?id=` of the one record that is asked for or changed.

use api::input::Reader;

/// The id of the record that a PUT changes.
pub fn required_id<T>(request: &mut Reader<'_>, parse: fn(u64) -> Option<T>) -> Option<T> {
    request.required_query("id", "INVALID_ID", |value| value.id(parse, "INVALID_ID"))
}

/// Refuses filters and pages beside a selector that names one record.
pub fn alone(request: &Reader<'_>, selector: &str, others: &[&str]) -> Option<()> {
    let beside: Vec<&&str> = others.iter().filter(|name| request.has_query(name)).collect();
    for name in &beside {
        request.note(format!("/{name}"), "UNKNOWN_PARAMETER", format!("{name} says nothing beside {selector}."));
    }
    beside.is_empty().then_some(())
}

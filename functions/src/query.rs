//! The selectors that several endpoints share: `?id=` of the one record that is asked for or changed.

use api::input::Reader;
use store::PageRequest;

/// Which records of a kind a GET asks for.
pub enum Find<I, F> {
    /// The one of this id.
    ById(I),
    /// The one of this number, SKU or code.
    ByName(String),
    /// A page of those that a filter keeps.
    List(F, PageRequest),
}

impl<I, F> Find<I, F> {
    /// By `id`, else by the other parameter that names one record, else the list; `filters` are what says nothing beside a name.
    pub fn one_or_list(
        request: &Reader<'_>,
        id: Option<I>,
        (selector, name): (&str, Option<String>),
        filters: &[&str],
        list: impl FnOnce() -> Option<(F, PageRequest)>,
    ) -> Option<Self> {
        match (id, name) {
            (Some(_), Some(_)) => {
                alone(request, "id", &[selector])?;
                None
            }
            (Some(id), None) => alone(request, "id", filters).map(|()| Self::ById(id)),
            (None, Some(name)) => alone(request, selector, filters).map(|()| Self::ByName(name)),
            (None, None) => list().map(|(filter, page)| Self::List(filter, page)),
        }
    }
}

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

//! The lines of a body: of an order that is placed, of a parcel, of a refund, of a return.

use api::input::{Fields, Value};
use domain::ids::OrderItemId;
use domain::order::MAX_QUANTITY;

/// The lines of a list, at least one.
pub fn read<'a, T>(value: &Value<'a>, most: usize, line: impl Fn(&mut Fields<'a>) -> Option<T>) -> Option<Vec<T>> {
    if value.is_empty_list() { value.wrong_as("MISSING_ITEMS", "must not be empty") } else { read_any(value, most, line) }
}

/// The lines of a list that may have none. With more than `most` none is looked at; a line has no fields but those that `line` asks for.
pub fn read_any<'a, T>(value: &Value<'a>, most: usize, line: impl Fn(&mut Fields<'a>) -> Option<T>) -> Option<Vec<T>> {
    if value.length() > most {
        return too_many(value, most);
    }
    value.list("INVALID_ITEM", |item| {
        let mut fields = item.fields("INVALID_ITEM")?;
        let read = line(&mut fields);
        fields.finish();
        read
    })
}

/// `TOO_MANY_ITEMS`
pub fn too_many<T>(value: &Value<'_>, most: usize) -> Option<T> {
    value.wrong_as("TOO_MANY_ITEMS", &format!("can have {most} lines at the most"))
}

/// A line of an order.
pub fn order_item(value: &Value<'_>) -> Option<OrderItemId> {
    value.id(OrderItemId::new, "INVALID_ITEM")
}

/// Pieces, at least so many.
pub fn pieces(value: &Value<'_>, least: i64) -> Option<u32> {
    u32::try_from(value.integer(least..=i64::from(MAX_QUANTITY), "INVALID_ITEM")?).ok()
}

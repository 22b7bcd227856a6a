//! Lines that somebody names, and the order doesn't have.

use super::Order;
use crate::ids::OrderItemId;

/// `INVALID_ORDER_ITEMS`: a line that the order doesn't have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The order has no line {line}.")]
pub struct NoSuchLine {
    /// Its place among those that were named, from 0.
    pub place: usize,
    /// What was named.
    pub line: OrderItemId,
}

impl Order {
    /// Whether the order has every line that is named.
    ///
    /// # Errors
    /// Each that it doesn't have.
    pub(crate) fn has_lines(&self, named: impl IntoIterator<Item = OrderItemId>) -> Result<(), Vec<NoSuchLine>> {
        let named = named.into_iter().enumerate().map(|(place, line)| NoSuchLine { place, line });
        let missing: Vec<NoSuchLine> = named.filter(|named| self.item(named.line).is_none()).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }
}

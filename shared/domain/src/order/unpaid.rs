//! Orders that nobody pays.

use super::{CancelRequest, Cancellation, Order};
use crate::actor::Actor;
use crate::ids::Ids;
use crate::message::Locale;
use crate::time::Timestamp;

impl Order {
    /// Cancels the order for the system if it has waited for its payment for `hours`; nothing if it hasn't, or if it
    /// isn't for want of money that it still stands.
    #[must_use]
    pub fn cancel_unpaid(&self, hours: u64, now: Timestamp, ids: Ids) -> Option<Cancellation> {
        if !self.awaits_payment() || self.created_at > now.minus_hours(hours) {
            return None;
        }
        let reason = match (self.customer.locale, hours) {
            (Locale::Fr, 1) => "Non payée dans l’heure".to_owned(),
            (Locale::Fr, _) => format!("Non payée dans les {hours} heures"),
            (Locale::En, 1) => "Not paid within an hour".to_owned(),
            (Locale::En, _) => format!("Not paid within {hours} hours"),
        };
        let request = CancelRequest { reason, is_reason_told: true, refund_method: None, notes: None };
        self.cancel(&request, Actor::System, now, ids).ok()
    }
}

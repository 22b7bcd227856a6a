//! What somebody has to know of at once, as lines that `infra/monitoring.yaml` counts by their `alarm`.
//!
//! Events carry it and the relay says it, as it sends what they set off: so nobody is woken by what was rolled back, and somebody is
//! by what was written, also where its writer never heard that it was. What is relayed again may be said again.

use domain::event::{Alarm, Event, Subject};
use tracing::field::display;

/// Says what is wrong where an event tells of that.
pub(super) fn raise(event: &Event) {
    let Some(alarm) = event.alarm else { return };
    let (order, refund) = match event.subject {
        Subject::Order(id) => (Some(display(id)), None),
        Subject::Refund(id) => (None, Some(display(id))),
        Subject::Shipment(_) | Subject::Notification(_) | Subject::Return(_) | Subject::Promotion(_) | Subject::Variant(_) => (None, None),
    };
    match alarm {
        Alarm::OverRefunded => tracing::error!(alarm = "over-refunded", order, refund, "more was given back than was paid"),
        Alarm::RefundCameBack => {
            tracing::error!(alarm = "refund-came-back", order, refund, "a completed refund came back: the customer hasn't got the money");
        }
        Alarm::PaymentMismatch => tracing::error!(alarm = "payment-mismatch", order, refund, "money came that is no payment"),
    }
}

//! What the shop's own numbers count: each event once, as the relay lets go of it, and each message as it is settled.

use api::metrics::Count;
use domain::event::{Event, EventKind, PromotionUse, Subject};
use domain::notification::{Notification, NotificationStatus};
use domain::refund::RefundStatus;
use domain::returns::ReturnStatus;
use domain::time::Timestamp;

/// What an event adds to.
#[must_use]
pub fn of_event(event: &Event) -> Vec<Count> {
    let count = |name, by| Count { at: event.at, name, by };
    let status = event.new_status.as_deref();
    let happened = match event.kind {
        EventKind::OrderPlaced => Some(count("Orders", Vec::new())),
        EventKind::OrderCancelled => Some(count("Cancellations", Vec::new())),
        EventKind::RefundCreated | EventKind::RefundStatusChanged => {
            let method = event.refund_method.map(|method| ("method", method.as_str()));
            let status = status.and_then(RefundStatus::parse).map(|status| ("status", status.as_str()));
            method.zip(status).map(|(method, status)| count("Refunds", vec![method, status]))
        }
        // Its order tells of it too, for that order's history.
        EventKind::ReturnRequested | EventKind::ReturnStatusChanged if matches!(event.subject, Subject::Return(_)) => {
            status.and_then(ReturnStatus::parse).map(|status| count("Returns", vec![("status", status.as_str())]))
        }
        EventKind::ReturnRequested
        | EventKind::ReturnStatusChanged
        | EventKind::OrderStatusChanged
        | EventKind::PaymentStatusChanged
        | EventKind::PaymentMismatched
        | EventKind::StoreCreditRedeemed
        | EventKind::RefundUpdated
        | EventKind::ShipmentCreated
        | EventKind::ShipmentStatusChanged
        | EventKind::ShipmentUpdated
        | EventKind::MessageResent
        | EventKind::TemplateTested
        | EventKind::PromotionCreated
        | EventKind::PromotionChanged
        | EventKind::VariantCreated
        | EventKind::VariantChanged => None,
    };
    let promotion = event.promotion_use.map(|promotion| match promotion {
        PromotionUse::Taken => count("PromotionsUsed", Vec::new()),
        PromotionUse::GivenBack => count("PromotionsGivenBack", Vec::new()),
    });
    happened.into_iter().chain(promotion).collect()
}

/// What a message adds to once it is sent, or once nobody will send it; nothing while it may still be.
#[must_use]
pub fn of_message(message: &Notification, at: Timestamp) -> Option<Count> {
    let status = match message.status {
        NotificationStatus::Pending => return None,
        status @ (NotificationStatus::Sent | NotificationStatus::Delivered | NotificationStatus::Failed) => status.as_str(),
    };
    Some(Count { at, name: "Messages", by: vec![("channel", message.channel.as_str()), ("status", status)] })
}

//! What a provider of messages tells, into the notification log: forward alone, however often and in whatever order it comes.

use api::{Problem, Shop};
use domain::delivery_report::DeliveryReport;
use domain::ids::NotificationId;
use domain::notification::Notification;
use providers::{capped, reference};
use store::Claimed;

/// A worker and other deliveries may be at the same message; each of them writes a few times at the most.
const TRIES: u32 = 8;

/// The message that a tag of ours names.
#[must_use]
pub fn tagged(tag: &str) -> Option<NotificationId> {
    NotificationId::new(tag.parse().ok()?)
}

/// Notes reports of one message. One that the log doesn't know is none of this shop's. What can't be noted, be it for a race, is 503: SNS
/// gives up what is answered 4xx.
pub async fn note(shop: &Shop, id: NotificationId, reports: &[DeliveryReport]) -> Result<(), Problem> {
    let reports: Vec<DeliveryReport> = reports.iter().filter_map(for_the_record).collect();
    let Some(mut message) = shop.store.notification(id).await.map_err(Problem::unavailable)? else { return Ok(()) };
    // Before the message: should the log's write fail, all of this is told again.
    for suppression in reports.iter().filter_map(|report| message.suppressed_by(report, shop.clock.now())) {
        shop.store.suppress(&suppression).await.map_err(Problem::unavailable)?;
    }
    for _ in 0..TRIES {
        let now = shop.clock.now();
        let reported = reports
            .iter()
            .fold(None, |last: Option<Notification>, report| last.as_ref().unwrap_or(&message).reported(report, now).or(last));
        // Several steps are one write.
        let Some(reported) = reported.map(|reported| Notification { version: message.version + 1, ..reported }) else { return Ok(()) };
        match shop.store.store_notification(&reported).await.map_err(Problem::unavailable)? {
            Claimed::Ours | Claimed::Taken(None) => return Ok(()),
            Claimed::Taken(Some(found)) => message = *found,
        }
    }
    Err(Problem::unavailable(format_args!("message {id} changes too often for a report of it")))
}

/// As much of a report as goes into records; nothing of one whose name for the message is none.
fn for_the_record(report: &DeliveryReport) -> Option<DeliveryReport> {
    let DeliveryReport { provider, provider_id, outcome, why, suppresses } = report;
    Some(DeliveryReport {
        provider: *provider,
        provider_id: reference(provider_id)?,
        outcome: *outcome,
        why: why.as_deref().map(capped),
        suppresses: *suppresses,
    })
}

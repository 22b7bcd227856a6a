//! What is promised of messages, queues, providers and the stock log, held against the whole shop once its work is done.

use crate::kit::LocalShop;
use domain::event::{Event, Job, MessageJob};
use domain::notification::{Channel, NotificationStatus, UNKNOWN_OUTCOME_MINUTES};
use domain::time::Timestamp;
use store::{EVENT_TABLES, PageRequest};

const HOUR: u64 = 3_600_000;

/// Every event of the shop since a moment.
async fn events(shop: &LocalShop, since: Timestamp) -> Vec<Event> {
    let mut found = Vec::new();
    let now = shop.system.clock.now();
    for hour in since.0 / HOUR..=now.0 / HOUR {
        for table in EVENT_TABLES {
            let mut page = Some(PageRequest::new(100, None));
            while let Some(request) = page.take() {
                let events = shop.system.store().events_in_hour(table, Timestamp(hour * HOUR), request).await.expect("events");
                page = events.next.map(|next| PageRequest::new(100, Some(next)));
                found.extend(events.items.into_iter().map(|listed| listed.record.expect("an event")));
            }
        }
    }
    found
}

/// One message for each event, channel and recipient, and none that is lost, whatever was redelivered.
pub async fn every_message_is_there_once(shop: &LocalShop, since: Timestamp) {
    let jobs: Vec<MessageJob> = events(shop, since)
        .await
        .iter()
        .flat_map(Event::jobs)
        .filter_map(|job| match job {
            Job::Email(job) | Job::Sms(job) => Some(job),
            Job::Refund(_) | Job::Shipment(_) => None,
        })
        .collect();
    assert!(jobs.len() > 5, "{jobs:?}");
    let (emails, sms) = (shop.system.outbox.emails(), shop.system.outbox.sms());
    let mut sent = 0;
    for job in &jobs {
        let logged = shop.system.store().notification(job.notification_id).await.expect("read").expect("in the log");
        assert_eq!(logged.job_id, job.id);
        let id = job.notification_id.to_string();
        let mut copies: Vec<u64> = match logged.channel {
            Channel::Email => emails.iter().filter(|mail| mail.tags.iter().any(|(_, tag)| *tag == id)).map(|mail| mail.sent_at).collect(),
            Channel::Sms => {
                let tag = format!("?notification={id}");
                let is_its = |url: &Option<String>| url.as_ref().is_some_and(|url| url.ends_with(&tag));
                sms.iter().filter(|sms| is_its(&sms.status_callback)).map(|sms| sms.sent_at).collect()
            }
        };
        sent += copies.len();
        copies.sort_unstable();
        match logged.status {
            NotificationStatus::Sent => assert!(!copies.is_empty(), "{logged:?}"),
            // What came too late for its order to be news; nothing else is a reason here.
            NotificationStatus::Failed => {
                assert!(logged.error.as_ref().is_some_and(|why| why.contains("superseded by")), "{logged:?}");
            }
            other => panic!("{other:?}: {logged:?}"),
        }
        // A second one only where nothing has shown for that long that there was a first.
        for pair in copies.windows(2) {
            assert!(pair[1] - pair[0] >= UNKNOWN_OUTCOME_MINUTES * 60_000, "{copies:?}: {logged:?}");
        }
    }
    assert_eq!(sent, emails.len() + sms.len(), "a message is out that no event has set off");
}

/// No job was given up.
pub fn nothing_is_given_up(shop: &LocalShop) {
    for queue in shop.system.sqs.queues() {
        assert_eq!(queue.waiting + queue.in_flight + queue.delayed, 0, "{queue:?}");
    }
}

/// The rows of a variant's history add up to its stock, and follow from one another.
pub async fn the_stock_log_adds_up(shop: &LocalShop, variants: &[u64], first: i64) {
    for variant in variants {
        let rows = shop.staff().get(&format!("/api/inventory/{variant}/history?limit=100")).await.ok();
        let mut stock = shop.stock(*variant).await;
        for row in rows.as_array().expect("rows") {
            assert_eq!(row["newQuantity"], stock, "{row}");
            stock = row["previousQuantity"].as_i64().expect("a quantity");
            assert_eq!(row["newQuantity"].as_i64(), row["quantityChange"].as_i64().map(|change| stock + change), "{row}");
        }
        assert!(stock == first || stock == 0, "{stock}: {rows}");
    }
}

//! What is promised of messages, queues and providers, held against the whole shop once its work is done.

use crate::kit::LocalShop;
use domain::event::{Event, Job, MessageJob};
use domain::notification::{NotificationStatus, UNKNOWN_OUTCOME_MINUTES};
use domain::time::Timestamp;
use local::emulators::outbox::{Email, Sms};
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

/// What has left the shop: when, and the subject of a mail or the text of an SMS.
pub type Copy<'a> = (u64, &'a str);

/// Which copies of a message are among these, the earliest first.
pub fn copies<'a>(emails: &'a [Email], sms: &'a [Sms], id: u64) -> Vec<Copy<'a>> {
    let (tag, callback) = (id.to_string(), format!("?notification={id}"));
    let mails = emails.iter().filter(|mail| mail.tags.iter().any(|(_, value)| *value == tag));
    let texts = sms.iter().filter(|sms| sms.status_callback.as_ref().is_some_and(|url| url.ends_with(&callback)));
    let mails = mails.map(|mail| (mail.sent_at, mail.subject.as_str()));
    let mut copies: Vec<Copy<'a>> = mails.chain(texts.map(|sms| (sms.sent_at, sms.body.as_str()))).collect();
    copies.sort_unstable();
    copies
}

/// Whether each copy but the first left when nothing had shown for long that the one before had.
pub fn are_far_apart(copies: &[Copy]) -> bool {
    copies.windows(2).all(|pair| pair[1].0 - pair[0].0 >= UNKNOWN_OUTCOME_MINUTES * 60_000)
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
        let copies = copies(&emails, &sms, job.notification_id.get());
        sent += copies.len();
        match logged.status {
            NotificationStatus::Sent => assert!(!copies.is_empty(), "{logged:?}"),
            // What came too late for its order to be news; nothing else is a reason here.
            NotificationStatus::Failed => {
                assert!(logged.error.as_ref().is_some_and(|why| why.contains("superseded by")), "{logged:?}");
            }
            other => panic!("{other:?}: {logged:?}"),
        }
        assert!(are_far_apart(&copies), "{copies:?}: {logged:?}");
    }
    assert_eq!(sent, emails.len() + sms.len(), "a message is out that no event has set off");
}

/// No job was given up.
pub fn nothing_is_given_up(shop: &LocalShop) {
    for queue in shop.system.sqs.queues() {
        assert_eq!(queue.messages(), 0, "{queue:?}");
    }
}

use super::*;
use crate::actor::Actor;
use crate::ids::Ids;
use crate::notification::Content;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// An e-mail that was handed over, with nothing known of what came of it.
fn handed_over() -> Notification {
    let content = Content { subject: Some("Hello".to_owned()), body: "<p>Hello</p>".to_owned(), text: None };
    let test = Notification::test("Aline@Example.com".to_owned(), content, Actor::System, NOW, Ids::new(NOW, 1)).message;
    Notification { sending: Sending::Handed { at: NOW, by: 7 }, attempts: 1, ..test }
}

fn sent(id: &str) -> Notification {
    handed_over().sent(NotificationProvider::Ses, Some(id.to_owned()), NOW)
}

fn report(id: &str, outcome: DeliveryOutcome) -> DeliveryReport {
    let suppresses = (outcome == DeliveryOutcome::Bounced).then_some(SuppressionReason::Bounce);
    DeliveryReport {
        provider: NotificationProvider::Ses,
        provider_id: id.to_owned(),
        outcome,
        why: Some(format!("{outcome:?}")),
        suppresses,
    }
}

fn after(message: Notification, reports: &[DeliveryReport]) -> Notification {
    reports.iter().fold(message, |message, report| message.reported(report, NOW).unwrap_or(message))
}

/// All that is seen of it.
fn seen(message: &Notification) -> (NotificationStatus, Option<String>, Option<String>) {
    (message.status, message.error.clone(), message.provider_id.clone())
}

fn outcomes() -> impl Strategy<Value = DeliveryOutcome> {
    prop_oneof![
        Just(DeliveryOutcome::Accepted),
        Just(DeliveryOutcome::GaveUp),
        Just(DeliveryOutcome::Delivered),
        Just(DeliveryOutcome::Bounced)
    ]
}

#[test]
fn a_tagged_yes_settles_what_nobody_wrote_down() {
    let settled = handed_over().reported(&report("a", DeliveryOutcome::Accepted), NOW.plus_minutes(1)).unwrap();
    assert_eq!((settled.status, settled.sending, settled.version), (NotificationStatus::Sent, Sending::Idle, 2));
    assert_eq!((settled.provider_id.as_deref(), settled.sent_at, settled.error), (Some("a"), Some(NOW.plus_minutes(1)), None));
    assert_eq!(sent("a").reported(&report("a", DeliveryOutcome::Accepted), NOW), None, "that is known");
}

#[test]
fn of_a_message_that_was_handed_over_twice_only_the_arrival_of_the_other_counts() {
    for outcome in [DeliveryOutcome::Accepted, DeliveryOutcome::GaveUp, DeliveryOutcome::Bounced] {
        assert_eq!(sent("b").reported(&report("a", outcome), NOW), None, "{outcome:?}");
    }
    let gave_up = after(sent("b"), &[report("b", DeliveryOutcome::GaveUp)]);
    let arrived = gave_up.reported(&report("a", DeliveryOutcome::Delivered), NOW).unwrap();
    assert_eq!((arrived.status, arrived.error), (NotificationStatus::Delivered, None));
}

#[test]
fn what_was_given_up_here_is_there_all_the_same_if_its_provider_delivered_it() {
    let superseded = handed_over().failed("superseded by ORDER_CANCELLED: it was too late".to_owned());
    for outcome in [DeliveryOutcome::Accepted, DeliveryOutcome::GaveUp, DeliveryOutcome::Bounced] {
        assert_eq!(superseded.reported(&report("a", outcome), NOW), None, "{outcome:?}");
    }
    assert_eq!(superseded.reported(&report("a", DeliveryOutcome::Delivered), NOW).unwrap().status, NotificationStatus::Delivered);
}

#[test]
fn only_an_e_mail_address_is_suppressed_and_in_one_spelling() {
    let bounced = report("a", DeliveryOutcome::Bounced);
    let suppression = sent("a").suppressed_by(&bounced, NOW).unwrap();
    assert_eq!(suppression.address, EmailAddress::of(" ALINE@example.com "));
    assert!(suppression.why().contains("BOUNCE by SES: Bounced"), "{}", suppression.why());
    let sms = Notification { channel: Channel::Sms, ..sent("a") };
    assert_eq!((sms.suppressed_by(&bounced, NOW), sent("a").suppressed_by(&report("a", DeliveryOutcome::GaveUp), NOW)), (None, None));
}

proptest! {
    #[test]
    fn reports_end_the_same_in_any_order_and_however_often(
        outcomes in prop::collection::vec(outcomes(), 0..6), shuffled in any::<prop::sample::Index>(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let reports: Vec<DeliveryReport> = outcomes.iter().map(|outcome| report("a", *outcome)).collect();
        for start in [handed_over(), sent("a")] {
            let once = after(start.clone(), &reports);
            let mut mixed = reports.clone();
            if !reports.is_empty() {
                mixed.rotate_left(shuffled.index(reports.len()));
                mixed.extend(again.iter().map(|index| reports[index.index(reports.len())].clone()));
                mixed.reverse();
            }
            prop_assert_eq!(seen(&after(start.clone(), &mixed)), seen(&once));
            // And none of them says anything any more.
            prop_assert!(reports.iter().all(|report| once.reported(report, NOW).is_none()));
        }
    }

    #[test]
    fn no_report_takes_back_what_another_has_told(outcomes in prop::collection::vec((outcomes(), any::<bool>()), 0..8)) {
        let mut message = handed_over();
        for (outcome, other) in outcomes {
            let before = message.clone();
            message = after(message, &[report(if other { "b" } else { "a" }, outcome)]);
            prop_assert!(message.delivery >= before.delivery);
            prop_assert!(message.status != NotificationStatus::Pending || before.status == NotificationStatus::Pending);
            prop_assert_eq!(message.version, before.version + u64::from(message != before));
        }
    }
}

//! What a release has stored, every later one reads: the records of each release, as DynamoDB has them, stand beside this file.

mod kinds;
mod loaded;
mod reading;
mod script;

use domain::event::{EventKind, Subject};
use domain::ids::{NotificationId, OrderId, PromotionId, RefundId, ReturnId, ShipmentId, VariantId};
use kinds::{KINDS, kind_of};
use loaded::Release;
use std::collections::BTreeSet;

/// `KINDS` names every key that the store makes, and nothing else.
#[test]
fn the_kinds_are_those_that_the_store_has_keys_for() {
    let source = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/store/src/keys.rs"));
    let functions = source.split("\npub fn ").skip(1).filter_map(|function| {
        let (signature, _) = function.split_once('{')?;
        signature.trim_end().ends_with("-> Key").then(|| signature.split_once('(').map(|(name, _)| name))?
    });
    let known: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(functions.collect::<BTreeSet<_>>(), known, "see tests/it/records/README.md");
}

#[test]
fn every_kind_of_record_and_of_event_is_among_those_of_some_release() {
    let releases = Release::all();
    let items = || releases.iter().flat_map(Release::items).map(|(_, item)| item);
    let there: BTreeSet<&str> = items().map(|item| kind_of(item).name).collect();
    let missing: Vec<&str> = KINDS.iter().map(|kind| kind.name).filter(|name| !there.contains(name)).collect();
    assert!(missing.is_empty(), "no release has any of {missing:?}: see tests/it/records/README.md");

    let events = || items().filter(|item| kind_of(item).name == "event");
    let told: BTreeSet<&str> = events().filter_map(|event| event["kind"]["S"].as_str()).collect();
    let missing: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| !told.contains(kind)).collect();
    assert!(missing.is_empty(), "no release has an event of {missing:?}: see tests/it/records/README.md");
    let subjects: BTreeSet<&str> =
        events().flat_map(|event| event["subject"]["M"].as_object().expect("a map").keys()).map(String::as_str).collect();
    let expected = [
        OrderId::new(1).map(Subject::Order),
        RefundId::new(1).map(Subject::Refund),
        ShipmentId::new(1).map(Subject::Shipment),
        NotificationId::new(1).map(Subject::Notification),
        ReturnId::new(1).map(Subject::Return),
        PromotionId::new(1).map(Subject::Promotion),
        VariantId::new(1).map(Subject::Variant),
    ];
    assert_eq!(subjects, expected.into_iter().flatten().map(word).collect());
}

/// What an event calls its subject. One that is new here is to be added to the list above.
const fn word(subject: Subject) -> &'static str {
    match subject {
        Subject::Order(_) => "order",
        Subject::Refund(_) => "refund",
        Subject::Shipment(_) => "shipment",
        Subject::Notification(_) => "notification",
        Subject::Return(_) => "return",
        Subject::Promotion(_) => "promotion",
        Subject::Variant(_) => "variant",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_release_has_stored_is_answered_as_that_release_answered_it() {
    for release in Release::all() {
        let shop = release.loaded().await;
        release.is_answered_by(&shop).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_release_has_set_off_is_relayed_and_told_nobody_twice() {
    for release in Release::all() {
        let shop = release.loaded().await;
        reading::is_relayed(&release, &shop).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_release_has_stored_for_itself_alone_is_still_reckoned_with() {
    for release in Release::all() {
        let shop = release.loaded().await;
        Box::pin(reading::is_reckoned_with(&release, &shop)).await;
        Box::pin(reading::what_came_early_is_there(&release)).await;
    }
}

/// `RECORDS_OF=1.2.0 cargo test -p tests --test it -- --ignored --exact records::the_records_of_this_release_are_written`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the records of a new release"]
async fn the_records_of_this_release_are_written() {
    let name = std::env::var("RECORDS_OF").expect("the release, in RECORDS_OF");
    Box::pin(Release::write(&name)).await;
}

//! What is refused, in which words, and how much else fails with it.

use super::{Fixture, code};
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};

#[tokio::test]
async fn one_bad_entry_of_a_batch_fails_alone() {
    let f = Fixture::start().await;
    let entry = |id: &str, body: &str, delay| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(body);
        entry.delay_seconds(delay).build().unwrap()
    };
    let entries = vec![entry("a", "one", 0), entry("b", "", 0), entry("c", "bell \u{7}", 0), entry("d", "far", 901)];
    let sent = f.client.send_message_batch().queue_url(&f.jobs).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(sent.successful().len(), 1);
    let failed: Vec<_> = sent.failed().iter().map(|entry| (entry.id(), entry.code())).collect();
    assert_eq!(failed, [("b", "InvalidParameterValue"), ("c", "InvalidMessageContents"), ("d", "InvalidParameterValue")]);

    let handle = f.receive().await[0].receipt_handle().unwrap().to_owned();
    let entry = |id: &str, handle: &str, seconds| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(seconds).build().unwrap()
    };
    let entries = vec![entry("a", &handle, 60), entry("b", "nonsense", 60), entry("c", &handle, 43_201)];
    let call = f.client.change_message_visibility_batch().queue_url(&f.jobs).set_entries(Some(entries));
    let changed = call.send().await.unwrap();
    assert_eq!((changed.successful().len(), changed.failed().len()), (1, 2));

    let entry = |id: &str, handle: &str| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap();
    let entries = vec![entry("a", "nonsense"), entry("b", &handle)];
    let deleted = f.client.delete_message_batch().queue_url(&f.jobs).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(deleted.successful()[0].id(), "b");
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert_eq!(f.depths("jobs"), (0, 0, 0));
}

#[tokio::test]
async fn a_batch_that_cannot_be_answered_is_refused_as_a_whole() {
    let f = Fixture::start().await;
    let batch = |ids: Vec<String>| {
        let entry = |id| SendMessageBatchRequestEntry::builder().id(id).message_body("x").build().unwrap();
        let entries = ids.into_iter().map(entry).collect();
        f.client.send_message_batch().queue_url(&f.jobs).set_entries(Some(entries)).send()
    };
    assert_eq!(code(batch(vec![]).await), "AWS.SimpleQueueService.EmptyBatchRequest");
    let eleven = (0..11).map(|n| n.to_string()).collect();
    assert_eq!(code(batch(eleven).await), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
    let twins = vec!["a".into(), "a".into()];
    assert_eq!(code(batch(twins).await), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
    assert_eq!(f.depths("jobs"), (0, 0, 0));
}

#[tokio::test]
async fn an_unknown_queue_is_named_so_by_every_action() {
    let f = Fixture::start().await;
    let nowhere = f.sqs.url("nowhere");
    let expected = "AWS.SimpleQueueService.NonExistentQueue";
    assert_eq!(code(f.client.get_queue_url().queue_name("nowhere").send().await), expected);
    assert_eq!(code(f.client.purge_queue().queue_url(&nowhere).send().await), expected);
    assert_eq!(code(f.client.receive_message().queue_url(&nowhere).send().await), expected);
    let sent = f.client.send_message().queue_url(&nowhere).message_body("x").send().await;
    assert!(sent.as_ref().unwrap_err().as_service_error().unwrap().is_queue_does_not_exist());
    assert_eq!(code(sent), expected);
    let entry = SendMessageBatchRequestEntry::builder().id("a").message_body("x").build().unwrap();
    assert_eq!(code(f.client.send_message_batch().queue_url(&nowhere).entries(entry).send().await), expected);
}

#[tokio::test]
async fn what_this_sqs_cannot_do_is_refused_and_not_ignored() {
    let f = Fixture::start().await;
    let fifo = f.client.create_queue().queue_name("jobs.fifo").send().await;
    assert_eq!(code(fifo), "AWS.SimpleQueueService.UnsupportedOperation");
    let deleted = f.client.delete_queue().queue_url(&f.jobs).send().await;
    assert_eq!(code(deleted), "AWS.SimpleQueueService.UnsupportedOperation");
}

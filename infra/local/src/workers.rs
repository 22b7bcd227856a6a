//! The workers' own handlers, as Lambda would call them.

use api::Shop;
use api::batch::{Outcome, each_job};
use api::lambda::Error;
use api::metrics::Metrics;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use functions::workers::carriers::Carriers;
use functions::workers::relay::{Queue, Queues};
use functions::workers::{
    Desk, Email, Sms, Swept, Templates, ask_providers, book_shipment, cancel_unpaid_orders, inventory_log, process_refund,
    reject_late_returns, relay, send_email, send_sms, track_shipments,
};
use providers::phone::Country;
use serde::de::DeserializeOwned;
use std::collections::HashSet;

/// As `template.yaml` has it.
const QUEUE_BATCH: i32 = 10;

/// Every worker, with what it works with.
#[derive(Clone)]
pub struct Workers {
    /// The tables, the time, the queues.
    pub shop: Shop,
    /// Where jobs go.
    pub queues: Queues,
    /// Where what is relayed is counted: nowhere, unless somebody asks.
    pub metrics: Metrics,
    /// Who sends e-mails.
    pub email: Desk<Email>,
    /// The shop's own templates of them.
    pub templates: Templates,
    /// Who sends SMS.
    pub sms: Desk<Sms>,
    /// Whose numbers are written without a country.
    pub country: Country,
    /// Who brings parcels.
    pub carriers: Carriers,
}

impl Workers {
    /// The next batch of a queue, as its function gets it; an empty one when nothing comes within `wait_seconds`.
    ///
    /// # Errors
    /// As SQS says.
    pub async fn receive(&self, queue_url: &str, wait_seconds: i32) -> Result<SqsEvent, Error> {
        let call = self.shop.sqs.receive_message().queue_url(queue_url).max_number_of_messages(QUEUE_BATCH).wait_time_seconds(wait_seconds);
        let answer = call.message_system_attribute_names(MessageSystemAttributeName::All).send().await?;
        Ok(batch(answer.messages.unwrap_or_default()))
    }

    /// What Lambda does once a function is through with a batch: jobs that are done are gone from their queue.
    ///
    /// # Errors
    /// As SQS says.
    pub async fn delete_done(&self, queue_url: &str, batch: SqsEvent, response: &SqsBatchResponse) -> Result<(), Error> {
        let failed: HashSet<&str> = response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        for record in batch.records {
            let is_done = record.message_id.is_none_or(|id| !failed.contains(id.as_str()));
            if let (true, Some(handle)) = (is_done, record.receipt_handle) {
                self.shop.sqs.delete_message().queue_url(queue_url).receipt_handle(handle).send().await?;
            }
        }
        Ok(())
    }

    /// `relay`, with a batch of the orders' stream.
    pub async fn relay(&self, batch: StreamBatch) -> DynamoDbEventResponse {
        relay::relay(&self.queues, &self.metrics, batch).await
    }

    /// `relay`, by hand, with an hour to relay again.
    ///
    /// # Errors
    /// As the worker says.
    pub async fn relay_hour(&self, hour: u64) -> Result<serde_json::Value, Error> {
        let input = serde_json::json!({ "relayHour": hour });
        Ok(relay::handle(&self.queues, &self.metrics, &self.shop.store, &self.shop.clock, input).await?)
    }

    /// `inventory-log`, with a batch of the inventory's stream.
    pub async fn inventory_log(&self, batch: StreamBatch) -> DynamoDbEventResponse {
        inventory_log::log(&self.shop.store, &self.shop.clock, batch).await
    }

    /// `send-email`, with a batch of its queue.
    pub async fn send_email(&self, batch: SqsEvent) -> SqsBatchResponse {
        let send = |Self { email, templates, .. }: Self, job| async move { send_email::send(&email, &templates, job).await };
        self.each(batch, Queue::Email, send).await
    }

    /// `send-sms`, with a batch of its queue.
    pub async fn send_sms(&self, batch: SqsEvent) -> SqsBatchResponse {
        let send = |Self { sms, country, .. }: Self, job| async move { send_sms::send(&sms, country, job).await };
        self.each(batch, Queue::Sms, send).await
    }

    /// `process-refund`, with a batch of its queue.
    pub async fn process_refund(&self, batch: SqsEvent) -> SqsBatchResponse {
        self.each(batch, Queue::Refunds, |own, job| async move { process_refund::process(&own.shop, job).await }).await
    }

    /// `book-shipment`, with a batch of its queue.
    pub async fn book_shipment(&self, batch: SqsEvent) -> SqsBatchResponse {
        let book = |Self { shop, carriers, .. }: Self, job| async move { book_shipment::book(&shop, &carriers, job).await };
        self.each(batch, Queue::Shipments, book).await
    }

    async fn each<J, W>(&self, batch: SqsEvent, queue: Queue, job: fn(Self, J) -> W) -> SqsBatchResponse
    where
        J: DeserializeOwned + Send + 'static,
        W: Future<Output = Outcome> + Send + 'static,
    {
        let jobs = |one| job(self.clone(), one);
        each_job(batch, &self.shop.sqs, self.queues.url(queue), &self.shop.clock, &self.metrics, jobs).await
    }

    /// A run of a schedule; nothing where there is no such.
    pub async fn run(&self, schedule: &str) -> Option<Swept> {
        match schedule {
            "cancel-unpaid-orders" => Some(cancel_unpaid_orders::run(&self.shop).await),
            "track-shipments" => Some(Box::pin(track_shipments::run(&self.shop, &self.carriers)).await),
            "reject-late-returns" => Some(reject_late_returns::run(&self.shop).await),
            "ask-providers" => Some(ask_providers::run(&self.shop).await),
            _ => None,
        }
    }
}

/// Messages as Lambda hands them to a function.
fn batch(messages: Vec<Message>) -> SqsEvent {
    let records = messages.into_iter().map(|message| {
        let mut record = SqsMessage::default();
        record.attributes =
            message.attributes.unwrap_or_default().into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
        record.message_id = message.message_id;
        record.receipt_handle = message.receipt_handle;
        record.body = message.body;
        record
    });
    let mut batch = SqsEvent::default();
    batch.records = records.collect();
    batch
}

//! The workers' own handlers, as Lambda would call them.

use api::Shop;
use api::batch::each_job;
use api::lambda::Error;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use functions::workers::relay::Queues;
use functions::workers::{Desk, inventory_log, process_refund, relay, send_email, send_sms};
use providers::{Ses, Twilio};

/// Every worker, with what it works with.
#[derive(Clone)]
pub struct Workers {
    /// The tables, the time, the queues.
    pub shop: Shop,
    /// Where jobs go.
    pub queues: Queues,
    /// Who sends e-mails.
    pub email: Desk<Ses>,
    /// Who sends SMS.
    pub sms: Desk<Twilio>,
}

impl Workers {
    /// `relay`, with a batch of the orders' stream.
    pub async fn relay(&self, batch: StreamBatch) -> DynamoDbEventResponse {
        relay::relay(&self.queues, batch).await
    }

    /// `relay`, by hand, with an hour to relay again.
    ///
    /// # Errors
    /// As the worker says.
    pub async fn relay_hour(&self, hour: u64) -> Result<serde_json::Value, Error> {
        let input = serde_json::json!({ "relayHour": hour });
        Ok(relay::handle(&self.queues, &self.shop.store, input).await?)
    }

    /// `inventory-log`, with a batch of the inventory's stream.
    pub async fn inventory_log(&self, batch: StreamBatch) -> DynamoDbEventResponse {
        inventory_log::log(&self.shop.store, &self.shop.clock, batch).await
    }

    /// `send-email`, with a batch of its queue.
    pub async fn send_email(&self, batch: SqsEvent) -> SqsBatchResponse {
        let jobs = |job| {
            let desk = self.email.clone();
            async move { send_email::send(&desk, job).await }
        };
        each_job(batch, &self.shop.sqs, &self.queues.email, &self.shop.clock, jobs).await
    }

    /// `send-sms`, with a batch of its queue.
    pub async fn send_sms(&self, batch: SqsEvent) -> SqsBatchResponse {
        let jobs = |job| {
            let desk = self.sms.clone();
            async move { send_sms::send(&desk, job).await }
        };
        each_job(batch, &self.shop.sqs, &self.queues.sms, &self.shop.clock, jobs).await
    }

    /// `process-refund`, with a batch of its queue.
    pub async fn process_refund(&self, batch: SqsEvent) -> SqsBatchResponse {
        let jobs = |job| {
            let shop = self.shop.clone();
            async move { process_refund::process(&shop, job).await }
        };
        each_job(batch, &self.shop.sqs, &self.queues.refunds, &self.shop.clock, jobs).await
    }
}

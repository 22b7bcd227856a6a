//! Streams and queues handed over by hand, for a shop without pumps.

use super::LocalShop;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use functions::workers::relay::Queue;
use local::Workers;
use local::emulators::streams::StreamReader;

/// What the event source mappings would do, a step at a time.
pub struct ByHand {
    pub workers: Workers,
    /// Of orders, and of returns.
    streams: [StreamReader; 2],
}

impl ByHand {
    /// At the beginning of the stream.
    pub fn of(shop: &LocalShop) -> Self {
        Self { workers: shop.system.workers.clone(), streams: shop.system.event_streams().expect("streams") }
    }

    /// What the relay gets next of the orders; the same again until [`ByHand::relay`] is done with it.
    pub fn events(&mut self) -> Option<StreamBatch> {
        self.streams[0].next_batch(100).expect("a batch").map(|batch| batch.event)
    }

    /// Relays everything there is.
    pub async fn relay(&mut self) {
        for stream in &mut self.streams {
            while let Some(batch) = stream.next_batch(100).expect("a batch") {
                let response = self.workers.relay(batch.event.clone()).await;
                assert!(response.batch_item_failures.is_empty(), "{response:?}");
                stream.commit(&batch);
            }
        }
    }

    pub async fn emails(&self) -> SqsEvent {
        self.received(Queue::Email).await
    }

    pub async fn sms(&self) -> SqsEvent {
        self.received(Queue::Sms).await
    }

    pub async fn refunds(&self) -> SqsEvent {
        self.received(Queue::Refunds).await
    }

    pub async fn shipments(&self) -> SqsEvent {
        self.received(Queue::Shipments).await
    }

    /// What is visible in a queue now.
    async fn received(&self, queue: Queue) -> SqsEvent {
        self.workers.receive(self.workers.queues.url(queue), 0).await.expect("a batch")
    }

    /// Relays and then does every refund job that is due.
    pub async fn carry_refunds_out(&mut self) {
        self.relay().await;
        loop {
            let batch = self.refunds().await;
            if batch.records.is_empty() {
                return;
            }
            let response = self.workers.process_refund(batch.clone()).await;
            assert_eq!(failures(&response), 0);
            self.workers.delete_done(self.workers.queues.url(Queue::Refunds), batch, &response).await.expect("deleted");
        }
    }
}

impl ByHand {
    /// Relays and then does every shipment's job that is due; one that waits for a carrier goes back to its queue.
    pub async fn carry_shipments_out(&mut self) {
        self.relay().await;
        loop {
            let batch = self.shipments().await;
            if batch.records.is_empty() {
                return;
            }
            let response = self.workers.book_shipment(batch.clone()).await;
            self.workers.delete_done(self.workers.queues.url(Queue::Shipments), batch, &response).await.expect("deleted");
        }
    }
}

/// How many jobs of a batch go back to their queue.
pub fn failures(response: &SqsBatchResponse) -> usize {
    response.batch_item_failures.len()
}

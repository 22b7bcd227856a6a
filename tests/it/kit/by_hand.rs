//! Streams and queues handed over by hand, for a shop without pumps.

use super::LocalShop;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use functions::workers::relay::Queue;
use local::Workers;
use local::emulators::streams::StreamReader;
use std::time::Duration;

/// How often whatever is due is done before something must be wrong: the longest pause of a job is a quarter of an hour, and
/// each round is a minute.
const ROUNDS: usize = 400;

/// What the event source mappings would do, a step at a time.
pub struct ByHand {
    pub workers: Workers,
    /// Of orders, and of returns.
    streams: [StreamReader; 2],
    /// Of stock.
    stock: StreamReader,
}

impl ByHand {
    /// At the beginning of the stream.
    pub fn of(shop: &LocalShop) -> Self {
        let streams = shop.system.event_streams().expect("streams");
        Self { workers: shop.system.workers.clone(), streams, stock: shop.system.stock_stream().expect("a stream") }
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

    /// Relays and then does every refund job that is due, one after the other.
    pub async fn carry_refunds_out(&mut self) {
        assert_eq!(self.try_refunds().await, 0);
    }

    /// The same where some may fail; says how many did.
    pub async fn try_refunds(&mut self) -> usize {
        self.relay().await;
        let mut failed = 0;
        loop {
            let batch = self.refunds().await;
            if batch.records.is_empty() {
                return failed;
            }
            for record in batch.records {
                let mut job = SqsEvent::default();
                job.records = vec![record];
                let response = self.workers.process_refund(job.clone()).await;
                failed += failures(&response);
                self.workers.delete_done(self.workers.queues.url(Queue::Refunds), job, &response).await.expect("deleted");
            }
        }
    }

    /// Hands over all that is due and all that becomes due by it, whatever fails on the way: a batch again from where it
    /// failed, a job again when its time has come. Only then is nothing left.
    pub async fn until_nothing_is_left(&mut self, shop: &LocalShop) {
        self.until_none_is_left_in(&Queue::ALL, Duration::from_mins(1), shop).await;
    }

    /// The same of parcels alone. Nobody looks for a label more often than every eight minutes.
    pub async fn until_all_is_shipped(&mut self, shop: &LocalShop) {
        self.until_none_is_left_in(&[Queue::Shipments], Duration::from_mins(8), shop).await;
    }

    /// Jobs of these queues, with so much time after each round.
    async fn until_none_is_left_in(&mut self, queues: &[Queue], pause: Duration, shop: &LocalShop) {
        for _ in 0..ROUNDS {
            let is_relayed = self.hand_over(queues).await;
            if is_relayed && self.jobs_in(queues, shop) == 0 {
                return;
            }
            shop.system.clock.advance(pause);
        }
        panic!("there is no end of it: {:?}", shop.system.sqs.queues());
    }

    /// Hands over what is due now, once; says whether the streams had nothing.
    pub async fn once(&mut self) -> bool {
        self.hand_over(&Queue::ALL).await
    }

    /// The same of these queues alone.
    async fn hand_over(&mut self, queues: &[Queue]) -> bool {
        let is_relayed = self.hand_streams_over().await;
        for queue in queues {
            self.work_off(*queue).await;
        }
        is_relayed
    }

    /// All that the streams have; says whether that was nothing.
    async fn hand_streams_over(&mut self) -> bool {
        let mut is_quiet = true;
        for stream in &mut self.streams {
            is_quiet &= handed_over(stream, |batch| self.workers.relay(batch)).await;
        }
        let is_logged = self.log_stock().await;
        is_quiet && is_logged
    }

    /// All that the stream of stock has; says whether that was nothing.
    pub async fn log_stock(&mut self) -> bool {
        handed_over(&mut self.stock, |batch| self.workers.inventory_log(batch)).await
    }

    /// Relays, and tries once to send every message that is due.
    pub async fn try_messages(&mut self) {
        self.relay().await;
        for queue in [Queue::Email, Queue::Sms] {
            self.work_off(queue).await;
        }
    }

    /// Relays, and sends every message that is due. Each batch comes backwards, and then as it was.
    pub async fn send_messages_twice(&mut self) {
        self.relay().await;
        for queue in [Queue::Email, Queue::Sms] {
            let url = self.workers.queues.url(queue);
            loop {
                let batch = self.received(queue).await;
                if batch.records.is_empty() {
                    break;
                }
                let mut backwards = batch.clone();
                backwards.records.reverse();
                self.sent(queue, backwards).await;
                let response = self.sent(queue, batch.clone()).await;
                assert_eq!(failures(&response), 0, "{response:?}");
                self.workers.delete_done(url, batch, &response).await.expect("deleted");
            }
        }
    }

    async fn sent(&self, queue: Queue, jobs: SqsEvent) -> SqsBatchResponse {
        match queue {
            Queue::Email => self.workers.send_email(jobs).await,
            Queue::Sms => self.workers.send_sms(jobs).await,
            Queue::Refunds => self.workers.process_refund(jobs).await,
            Queue::Shipments => self.workers.book_shipment(jobs).await,
        }
    }

    /// How far the streams of events have been read.
    pub fn positions(&self) -> [Option<String>; 2] {
        self.streams.each_ref().map(|stream| stream.position().map(str::to_owned))
    }

    /// Relays all that has been relayed since these positions once more.
    pub async fn relay_again(&self, shop: &LocalShop, since: &[Option<String>; 2]) {
        let mut again = Self::of(shop);
        for (stream, position) in again.streams.iter_mut().zip(since) {
            if let Some(position) = position {
                stream.resume_after(position);
            }
        }
        again.relay().await;
    }

    /// What is visible in a queue, until nothing is. What can't be received or deleted comes again by itself.
    async fn work_off(&self, queue: Queue) {
        let url = self.workers.queues.url(queue);
        while let Ok(batch) = self.workers.receive(url, 0).await {
            if batch.records.is_empty() {
                return;
            }
            let jobs = batch.clone();
            let response = self.sent(queue, jobs).await;
            let _stays_in_its_queue = self.workers.delete_done(url, batch, &response).await;
        }
    }

    /// How many jobs are in these queues.
    fn jobs_in(&self, queues: &[Queue], shop: &LocalShop) -> usize {
        let names: Vec<_> = queues.iter().map(|queue| self.workers.queues.url(*queue).rsplit('/').next()).collect();
        let views = shop.system.sqs.queues().into_iter().filter(|view| names.contains(&Some(view.name.as_str())));
        views.map(|view| view.messages()).sum()
    }

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

/// All that a stream has; says whether that was nothing.
async fn handed_over<F: Future<Output = DynamoDbEventResponse>>(stream: &mut StreamReader, work: impl Fn(StreamBatch) -> F) -> bool {
    let mut is_quiet = true;
    while let Some(batch) = stream.next_batch(100).expect("a batch") {
        is_quiet = false;
        let response = work(batch.event.clone()).await;
        stream.go_on(&batch, &response);
    }
    is_quiet
}

/// How many jobs of a batch go back to their queue.
pub fn failures(response: &SqsBatchResponse) -> usize {
    response.batch_item_failures.len()
}

//! What sets functions off that no client calls: streams and queues are handed to the workers, and schedules run.

use crate::Workers;
use crate::emulators::streams::StreamReader;
use crate::mappings::{self, MappingError};
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use functions::workers::relay::Queue;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Table;

/// How often a stream is looked at.
const POLL: Duration = Duration::from_millis(15);
/// How long a look at an empty queue takes.
const LONG_POLL_SECONDS: i32 = 1;
/// As `template.yaml` has it.
const STREAM_BATCH: usize = 100;

/// What one pump has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Times it looked and there was nothing.
    empty: AtomicU64,
    /// Batches it took up.
    begun: AtomicU64,
    /// Batches it is done with.
    done: AtomicU64,
    /// Messages it got from its queue.
    messages: AtomicU64,
    /// How far it has come in its stream.
    position: Mutex<Option<String>>,
}

impl Progress {
    pub fn empty_looks(&self) -> u64 {
        self.empty.load(Ordering::SeqCst)
    }

    pub fn batches(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counted once their batch has begun.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::SeqCst)
    }

    pub fn is_busy(&self) -> bool {
        self.begun.load(Ordering::SeqCst) != self.done.load(Ordering::SeqCst)
    }

    pub fn position(&self) -> Option<String> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reached(&self, reader: &StreamReader) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = reader.position().map(ToOwned::to_owned);
    }
}

/// Hands a stream to `work`, batch by batch, each again until it is done with.
pub async fn stream<W, F>(mut reader: StreamReader, progress: Arc<Progress>, work: W)
where
    W: Fn(StreamBatch) -> F,
    F: Future<Output = DynamoDbEventResponse>,
{
    progress.reached(&reader);
    loop {
        let batch = match reader.next_batch(STREAM_BATCH) {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                progress.reached(&reader);
                progress.empty.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(POLL).await;
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "a stream can't be read");
                tokio::time::sleep(POLL).await;
                continue;
            }
        };
        progress.begun.fetch_add(1, Ordering::SeqCst);
        let response = work(batch.event.clone()).await;
        if !reader.go_on(&batch, &response) {
            tokio::time::sleep(POLL).await;
        }
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Hands a queue to `work`, batch by batch; a job that was done is gone, any other is left to its visibility.
pub async fn queue<W, F>(workers: Workers, url: String, progress: Arc<Progress>, work: W)
where
    W: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    loop {
        let batch = match workers.receive(&url, LONG_POLL_SECONDS).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(error = format!("{error:#?}"), "a queue can't be read");
                tokio::time::sleep(POLL).await;
                continue;
            }
        };
        if batch.records.is_empty() {
            progress.empty.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        progress.begun.fetch_add(1, Ordering::SeqCst);
        progress.messages.fetch_add(batch.records.len() as u64, Ordering::SeqCst);
        let response = work(batch.clone()).await;
        if let Err(error) = workers.delete_done(&url, batch, &response).await {
            tracing::error!(error = format!("{error:#?}"), "a message can't be deleted");
        }
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs a schedule whenever its time has come. However far the clock was moved on, it runs once then.
async fn schedule(workers: Workers, name: &'static str, every: Duration, progress: Arc<Progress>) {
    let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
    let clock = workers.shop.clock.clone();
    let mut due = clock.now().plus_millis(every);
    loop {
        if clock.now() < due {
            progress.empty.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(POLL).await;
            continue;
        }
        progress.begun.fetch_add(1, Ordering::SeqCst);
        workers.run(name).await;
        due = clock.now().plus_millis(every);
        progress.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// A worker's call, as Lambda makes it.
type Call<I, O> = fn(Workers, I) -> Pin<Box<dyn Future<Output = O> + Send>>;

/// A stream that a worker is handed.
struct Stream {
    /// Of the template; its filters decide what the worker gets.
    mapping: &'static str,
    table: Table,
    work: Call<StreamBatch, DynamoDbEventResponse>,
}

/// A queue that a worker is handed.
struct Jobs {
    of: Queue,
    work: Call<SqsEvent, SqsBatchResponse>,
}

const STREAMS: &[Stream] = &[
    Stream { mapping: "RelayMapping", table: Table::Orders, work: |w, batch| Box::pin(async move { w.relay(batch).await }) },
    Stream { mapping: "RelayReturnsMapping", table: Table::Returns, work: |w, batch| Box::pin(async move { w.relay(batch).await }) },
    Stream {
        mapping: "InventoryLogMapping",
        table: Table::Inventory,
        work: |w, batch| Box::pin(async move { w.inventory_log(batch).await }),
    },
];

const QUEUES: &[Jobs] = &[
    Jobs { of: Queue::Email, work: |w, batch| Box::pin(async move { w.send_email(batch).await }) },
    Jobs { of: Queue::Sms, work: |w, batch| Box::pin(async move { w.send_sms(batch).await }) },
    Jobs { of: Queue::Refunds, work: |w, batch| Box::pin(async move { w.process_refund(batch).await }) },
    Jobs { of: Queue::Shipments, work: |w, batch| Box::pin(async move { w.book_shipment(batch).await }) },
];

/// The streams that workers are handed, each by its mapping of the template, with its table.
pub fn streams() -> impl Iterator<Item = (&'static str, Table)> {
    STREAMS.iter().map(|stream| (stream.mapping, stream.table))
}

/// Starts every mapping of the template that has a reader, every queue and every schedule; they run until they are aborted.
///
/// # Errors
/// When the template doesn't say how often a schedule runs.
pub fn start(
    workers: &Workers,
    mut readers: BTreeMap<&'static str, StreamReader>,
) -> Result<(Vec<tokio::task::JoinHandle<()>>, Pumps), MappingError> {
    let (mut tasks, mut pumps) = (Vec::new(), Pumps::default());
    for Stream { mapping, work, .. } in STREAMS {
        let Some(reader) = readers.remove(mapping) else { continue };
        let (workers, progress) = (workers.clone(), Arc::<Progress>::default());
        pumps.streams.push((mapping, Arc::clone(&progress)));
        tasks.push(tokio::spawn(stream(reader, progress, move |batch| work(workers.clone(), batch))));
    }
    for Jobs { of, work } in QUEUES {
        let (workers, url, progress) = (workers.clone(), workers.queues.url(*of).to_owned(), Arc::<Progress>::default());
        pumps.queues.push(Arc::clone(&progress));
        let own = workers.clone();
        tasks.push(tokio::spawn(queue(workers, url, progress, move |batch| work(own.clone(), batch))));
    }
    for name in functions::SCHEDULES {
        let progress = Arc::<Progress>::default();
        pumps.schedules.push(Arc::clone(&progress));
        tasks.push(tokio::spawn(schedule(workers.clone(), name, mappings::rate(name)?, progress)));
    }
    Ok((tasks, pumps))
}

/// How far every pump has come.
#[derive(Clone, Debug, Default)]
pub struct Pumps {
    /// Each with its mapping.
    streams: Vec<(&'static str, Arc<Progress>)>,
    queues: Vec<Arc<Progress>>,
    schedules: Vec<Arc<Progress>>,
}

impl Pumps {
    pub fn streams(&self) -> impl Iterator<Item = &Arc<Progress>> {
        self.streams.iter().map(|(_, progress)| progress)
    }

    /// The ones that look by themselves whether there is something to do.
    pub fn looking(&self) -> impl Iterator<Item = &Arc<Progress>> {
        self.streams().chain(&self.schedules)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Progress>> {
        self.looking().chain(&self.queues)
    }

    /// How far each stream was read, by its mapping.
    pub fn positions(&self) -> BTreeMap<String, Option<String>> {
        self.streams.iter().map(|(mapping, progress)| ((*mapping).to_owned(), progress.position())).collect()
    }
}

//! The workers as Lambda functions: what each is told by its environment, and what Lambda hands it.

use super::carriers::Carriers;
use super::relay::{Queue, Queues, handle};
use super::{
    Desk, Email, Sms, Swept, Templates, ask_providers as asking, book_shipment, cancel_unpaid_orders as unpaid, inventory_log,
    process_refund, reject_late_returns as late, send_email, send_sms, shop_country, track_shipments as tracking,
};
use api::batch::{Outcome, each_job};
use api::clock::Clock;
use api::config::{ConfigError, Environment, required};
use api::lambda::{Error, work};
use api::metrics::Metrics;
use api::shop::StartError;
use api::{Shop, aws};
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::SqsEvent;
use providers::phone::Country;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Lazy;

fn started<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, E> {
    result.inspect_err(|error| tracing::error!(%error, "can't start"))
}

/// What a worker works with that needs all of the shop.
fn shop() -> Result<Shop, StartError> {
    api::log::init();
    started(Shop::from_environment())
}

fn carriers(shop: &Shop) -> Result<Carriers, ConfigError> {
    started(Carriers::read(&Environment, &aws::config(), shop))
}

/// Runs a worker on the jobs of a queue, each with a clone of what it works with.
async fn queue<C, J, W>(
    queue: Queue,
    sqs: Lazy<aws_sdk_sqs::Client>,
    clock: Clock,
    metrics: Metrics,
    with: C,
    job: fn(C, J) -> W,
) -> Result<(), Error>
where
    C: Clone + Send + Sync + 'static,
    J: DeserializeOwned + Send + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    let url = started(required(&Environment, queue.variable()))?;
    work((url, sqs, clock, metrics, with, job), |(url, sqs, clock, metrics, with, job), batch: SqsEvent| async move {
        Ok(each_job(batch, &sqs, &url, &clock, &metrics, |one| job(with.clone(), one)).await)
    })
    .await
}

/// Runs a schedule, whatever it is handed, with a clone of what it works with. A run that left something out has failed, so that it is
/// tried again and counted among the function's errors.
async fn schedule<C, W>(with: C, run: fn(C) -> W) -> Result<(), Error>
where
    C: Clone + Send + 'static,
    W: Future<Output = Swept> + Send + 'static,
{
    work((with, run), |(with, run), _: Value| async move {
        match run(with).await {
            swept @ Swept { failed: 0, .. } => Ok(swept),
            Swept { failed, seen, .. } => Err(format!("{failed} of {seen} could not be looked after").into()),
        }
    })
    .await
}

/// Runs `relay`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn relay() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let queues = started(Queues::read(&Environment, aws::sqs(&sdk)))?;
    let with = (queues, Metrics::given(&Environment), aws::store(&sdk, &Environment), Clock::default());
    work(with, |(queues, metrics, store, clock), input: Value| async move {
        handle(&queues, &metrics, &store, &clock, input).await.map_err(Error::from)
    })
    .await
}

/// Runs `inventory-log`.
///
/// # Errors
/// When the runtime goes away.
pub async fn inventory_log() -> Result<(), Error> {
    api::log::init();
    let with = (aws::store(&aws::config(), &Environment), Clock::default());
    work(with, |(store, clock), batch: StreamBatch| async move { Ok(inventory_log::log(&store, &clock, batch).await) }).await
}

/// Runs `send-email`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn send_email() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let desk = started(Desk::email(&Environment, &sdk, &sdk, Clock::default()))?;
    let (clock, metrics, with) = (desk.clock.clone(), desk.metrics.clone(), (desk, Templates::default()));
    let send = |(desk, templates): (Desk<Email>, Templates), job| async move { send_email::send(&desk, &templates, job).await };
    queue(Queue::Email, aws::sqs(&sdk), clock, metrics, with, send).await
}

/// Runs `send-sms`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn send_sms() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let desk = started(Desk::sms(&Environment, &sdk, Clock::default()))?;
    let country = started(shop_country(&Environment))?;
    let (clock, metrics, with) = (desk.clock.clone(), desk.metrics.clone(), (desk, country));
    let send = |(desk, country): (Desk<Sms>, Country), job| async move { send_sms::send(&desk, country, job).await };
    queue(Queue::Sms, aws::sqs(&sdk), clock, metrics, with, send).await
}

/// Runs `process-refund`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn process_refund() -> Result<(), Error> {
    let shop = shop()?;
    let (sqs, clock, metrics) = (shop.sqs.clone(), shop.clock.clone(), shop.metrics.clone());
    queue(Queue::Refunds, sqs, clock, metrics, shop, |shop, job| async move { process_refund::process(&shop, job).await }).await
}

/// Runs `book-shipment`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn book_shipment() -> Result<(), Error> {
    let shop = shop()?;
    let carriers = carriers(&shop)?;
    let (sqs, clock, metrics) = (shop.sqs.clone(), shop.clock.clone(), shop.metrics.clone());
    let book = |(shop, carriers): (Shop, Carriers), job| async move { book_shipment::book(&shop, &carriers, job).await };
    queue(Queue::Shipments, sqs, clock, metrics, (shop, carriers), book).await
}

/// Runs `cancel-unpaid-orders`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn cancel_unpaid_orders() -> Result<(), Error> {
    schedule(shop()?, |shop| async move { unpaid::run(&shop).await }).await
}

/// Runs `reject-late-returns`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn reject_late_returns() -> Result<(), Error> {
    schedule(shop()?, |shop| async move { late::run(&shop).await }).await
}

/// Runs `ask-providers`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn ask_providers() -> Result<(), Error> {
    schedule(shop()?, |shop| async move { asking::run(&shop).await }).await
}

/// Runs `track-shipments`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn track_shipments() -> Result<(), Error> {
    let shop = shop()?;
    let carriers = carriers(&shop)?;
    schedule((shop, carriers), |(shop, carriers)| async move { Box::pin(tracking::run(&shop, &carriers)).await }).await
}

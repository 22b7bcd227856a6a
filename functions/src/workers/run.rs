//! The workers as Lambda functions: what each is told by its environment, and what Lambda hands it.

use super::carriers::Carriers;
use super::relay::{Queues, handle};
use super::{
    Desk, EmailConfig, Swept, Templates, ask_providers as asking, book_shipment, cancel_unpaid_orders as unpaid, inventory_log,
    process_refund, reject_late_returns as late, send_email, send_sms, track_shipments as tracking,
};
use crate::webhooks;
use api::batch::each_job;
use api::clock::Clock;
use api::config::{ConfigError, Environment, Variables, public_url, required, shop_name};
use api::lambda::{Error, work};
use api::metrics::Metrics;
use api::secrets::Secrets;
use api::{Shop, aws};
use aws_config::SdkConfig;
use aws_lambda_events::event::dynamodb::Event as StreamBatch;
use aws_lambda_events::event::sqs::SqsEvent;
use providers::TwilioConfig;
use providers::phone::Country;
use serde_json::Value;
use std::sync::Arc;

const TWILIO: &str = "https://api.twilio.com";

fn started<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, E> {
    result.inspect_err(|error| tracing::error!(%error, "can't start"))
}

/// Runs `relay`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn relay() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let queues = started(queues(&sdk))?;
    let (store, metrics, clock) = (aws::store(&sdk, &Environment), Metrics::given(&Environment), Clock::default());
    work(move |input: Value| {
        let (queues, metrics, store, clock) = (queues.clone(), metrics.clone(), store.clone(), clock.clone());
        async move { handle(&queues, &metrics, &store, &clock, input).await.map_err(Error::from) }
    })
    .await
}

fn queues(sdk: &SdkConfig) -> Result<Queues, ConfigError> {
    Queues::new(aws::sqs(sdk), |queue| required(&Environment, queue.variable()))
}

/// Runs `inventory-log`.
///
/// # Errors
/// When the runtime goes away.
pub async fn inventory_log() -> Result<(), Error> {
    api::log::init();
    let (store, clock) = (aws::store(&aws::config(), &Environment), Clock::default());
    work(move |batch: StreamBatch| {
        let (store, clock) = (store.clone(), clock.clone());
        async move { Ok(inventory_log::log(&store, &clock, batch).await) }
    })
    .await
}

/// Runs `send-email`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn send_email() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let from = started(required(&Environment, "EMAIL_FROM"))?;
    let queue = started(required(&Environment, "EMAIL_QUEUE_URL"))?;
    let shop_name = shop_name(&Environment);
    let config = started(EmailConfig::read(&Environment, shop_name.clone(), from))?;
    let clock = Clock::default();
    let sender = started(super::email(config, &sdk, &Arc::new(Secrets::given(&Environment, &sdk, &clock))))?;
    let desk = Desk {
        store: aws::store(&sdk, &Environment),
        clock,
        shop_name,
        country: Country::DR_CONGO,
        templates: Templates::default(),
        sender,
        metrics: Metrics::given(&Environment),
    };
    let sqs = aws::sqs(&sdk);
    work(move |batch: SqsEvent| {
        let (desk, sqs, queue) = (desk.clone(), sqs.clone(), queue.clone());
        async move {
            let jobs = |job| {
                let desk = desk.clone();
                async move { send_email::send(&desk, job).await }
            };
            Ok(each_job(batch, &sqs, &queue, &desk.clock, &desk.metrics, jobs).await)
        }
    })
    .await
}

/// Runs `send-sms`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn send_sms() -> Result<(), Error> {
    api::log::init();
    let sdk = aws::config();
    let queue = started(required(&Environment, "SMS_QUEUE_URL"))?;
    let config = TwilioConfig {
        account_sid: Environment.get("TWILIO_ACCOUNT_SID").unwrap_or_default(),
        from: Environment.get("TWILIO_FROM").unwrap_or_default(),
        base_url: Environment.get("TWILIO_BASE_URL").unwrap_or_else(|| TWILIO.to_owned()),
        status_callback: started(public_url(&Environment))?.map(|url| format!("{url}{}", webhooks::twilio::PATH)),
    };
    let clock = Clock::default();
    let sender = started(super::sms(config, &Arc::new(Secrets::given(&Environment, &sdk, &clock))))?;
    let desk = Desk {
        store: aws::store(&sdk, &Environment),
        clock,
        shop_name: shop_name(&Environment),
        country: started(shop_country(&Environment))?,
        templates: Templates::default(),
        sender,
        metrics: Metrics::given(&Environment),
    };
    let sqs = aws::sqs(&sdk);
    work(move |batch: SqsEvent| {
        let (desk, sqs, queue) = (desk.clone(), sqs.clone(), queue.clone());
        async move {
            let jobs = |job| {
                let desk = desk.clone();
                async move { send_sms::send(&desk, job).await }
            };
            Ok(each_job(batch, &sqs, &queue, &desk.clock, &desk.metrics, jobs).await)
        }
    })
    .await
}

/// The country that a number without one is of.
///
/// # Errors
/// [`ConfigError`] for what is none.
pub fn shop_country(variables: &impl Variables) -> Result<Country, ConfigError> {
    let Some(code) = variables.get("SHOP_COUNTRY") else { return Ok(Country::DR_CONGO) };
    Country::parse(&code).ok_or_else(|| ConfigError::new("SHOP_COUNTRY", "is no country of ISO 3166-1, such as CD"))
}

/// Runs `process-refund`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn process_refund() -> Result<(), Error> {
    api::log::init();
    let queue = started(required(&Environment, "REFUNDS_QUEUE_URL"))?;
    let shop = started(Shop::from_environment())?;
    work(move |batch: SqsEvent| {
        let (shop, queue) = (shop.clone(), queue.clone());
        async move {
            let jobs = |job| {
                let shop = shop.clone();
                async move { process_refund::process(&shop, job).await }
            };
            Ok(each_job(batch, &shop.sqs, &queue, &shop.clock, &shop.metrics, jobs).await)
        }
    })
    .await
}

/// Runs `cancel-unpaid-orders`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn cancel_unpaid_orders() -> Result<(), Error> {
    api::log::init();
    let shop = started(Shop::from_environment())?;
    work(move |_: Value| {
        let shop = shop.clone();
        async move { whole(unpaid::run(&shop).await) }
    })
    .await
}

/// Runs `reject-late-returns`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn reject_late_returns() -> Result<(), Error> {
    api::log::init();
    let shop = started(Shop::from_environment())?;
    work(move |_: Value| {
        let shop = shop.clone();
        async move { whole(late::run(&shop).await) }
    })
    .await
}

/// A run that left something out has failed, so that it is tried again and counted among the function's errors.
fn whole(swept: Swept) -> Result<Swept, Error> {
    match swept.failed {
        0 => Ok(swept),
        failed => Err(format!("{failed} of {} could not be looked after", swept.seen).into()),
    }
}

/// Runs `book-shipment`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn book_shipment() -> Result<(), Error> {
    api::log::init();
    let queue = started(required(&Environment, "SHIPMENTS_QUEUE_URL"))?;
    let shop = started(Shop::from_environment())?;
    let carriers = started(Carriers::read(&Environment, &aws::config(), &shop.clock, shop.config.timezone.clone()))?;
    work(move |batch: SqsEvent| {
        let (shop, queue, carriers) = (shop.clone(), queue.clone(), carriers.clone());
        async move {
            let jobs = |job| {
                let (shop, carriers) = (shop.clone(), carriers.clone());
                async move { book_shipment::book(&shop, &carriers, job).await }
            };
            Ok(each_job(batch, &shop.sqs, &queue, &shop.clock, &shop.metrics, jobs).await)
        }
    })
    .await
}

/// Runs `ask-providers`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn ask_providers() -> Result<(), Error> {
    api::log::init();
    let shop = started(Shop::from_environment())?;
    work(move |_: Value| {
        let shop = shop.clone();
        async move { whole(asking::run(&shop).await) }
    })
    .await
}

/// Runs `track-shipments`.
///
/// # Errors
/// When the environment makes no sense, or the runtime goes away.
pub async fn track_shipments() -> Result<(), Error> {
    api::log::init();
    let shop = started(Shop::from_environment())?;
    let carriers = started(Carriers::read(&Environment, &aws::config(), &shop.clock, shop.config.timezone.clone()))?;
    work(move |_: Value| {
        let (shop, carriers) = (shop.clone(), carriers.clone());
        async move { whole(Box::pin(tracking::run(&shop, &carriers)).await) }
    })
    .await
}

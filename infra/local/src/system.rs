//! The system: emulators, functions and workers in one process.

use crate::contention::{ContendedClient, Contention};
use crate::emulators::carriers::Carriers;
use crate::emulators::dynamodb::DynamoDb;
use crate::emulators::http::{Port, Server};
use crate::emulators::labels::Bucket;
use crate::emulators::outbox::Outbox;
use crate::emulators::payments::Payments;
use crate::emulators::sqs::Sqs;
use crate::emulators::streams::StreamReader;
use crate::emulators::{Now, http, queues, tables};
use crate::faults::{Faults, FaultyClient};
use crate::mappings::filters;
use crate::positions::{self, Keeper, Positions};
use crate::pumps::{self, Pumps};
use crate::variables::{PREFIX, Told, table_name};
use crate::{Workers, token};
use api::clock::Clock;
use api::config::{LOCAL_SECRET, Secret, TokenConfig, required};
use api::labels::Labels;
use api::{Shop, aws};
use aws_sdk_dynamodb::config::SharedHttpClient;
use axum::Router;
use axum::http::{HeaderName, Method, header};
use domain::actor::Role;
use functions::workers::carriers::Carriers as Connections;
use functions::workers::relay::Queues;
use functions::workers::{Desk, Templates, shop_country};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, Table};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::cors::{Any, CorsLayer};

pub use crate::variables::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};

/// How long requests that are under way may take once the system was told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Anything that keeps the system from starting.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// How the system is started.
#[derive(Clone)]
pub struct Options {
    /// Keep the data here between runs; in memory when there is none.
    pub data: Option<PathBuf>,
    /// The API's port on 127.0.0.1; any free one for 0.
    pub port: u16,
    /// What tokens are signed with.
    pub jwt_secret: String,
    /// A public key, as PEM, that verifies tokens as well.
    pub public_key: Option<String>,
    /// Where public keys are published that verify tokens as well.
    pub jwks_url: Option<String>,
    /// `iss` and `aud`, when they are to be checked.
    pub issuer_and_audience: Option<(String, String)>,
    /// Further variables of the functions, such as `DELIVERY_FEES`.
    pub variables: HashMap<&'static str, String>,
    /// Whether streams and queues are handed to the workers; a test may want to do that itself.
    pub pumps: bool,
    /// The time.
    pub clock: Clock,
    /// Is told what is being made while the system starts.
    pub progress: fn(&str),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            port: 0,
            jwt_secret: LOCAL_SECRET.to_owned(),
            public_key: None,
            jwks_url: None,
            issuer_and_audience: None,
            variables: HashMap::new(),
            pumps: true,
            clock: Clock::default(),
            progress: |_| {},
        }
    }
}

/// What pages beside the API can show.
#[derive(Clone)]
pub struct Backstage {
    /// The shop: its tables, its settings, the time.
    pub shop: Shop,
    /// The queues.
    pub sqs: Sqs,
    /// Every message that was sent.
    pub outbox: Outbox,
    /// Every parcel that was booked.
    pub carriers: Carriers,
    /// The payment providers' books.
    pub payments: Payments,
}

/// A running system. Dropping it stops it.
pub struct System {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// The time; moving it on lets visibility timeouts and TTLs elapse.
    pub clock: Clock,
    /// The tables.
    pub dynamodb: DynamoDb,
    /// The queues.
    pub sqs: Sqs,
    /// Every message that was sent.
    pub outbox: Outbox,
    /// Every parcel that was booked.
    pub carriers: Carriers,
    /// The labels.
    pub labels: Bucket,
    /// The payment providers' books.
    pub payments: Payments,
    /// What goes wrong with the API's and the workers' calls of DynamoDB, SQS and SES.
    pub faults: Faults,
    /// Where their transactions meet.
    pub contention: Contention,
    /// The workers, to be called by hand.
    pub workers: Workers,
    options: Options,
    pumps: Pumps,
    api: Router,
    server: JoinHandle<()>,
    /// Dropped to let the API's server take no more requests.
    serving: Option<oneshot::Sender<()>>,
    tasks: Vec<JoinHandle<()>>,
    _servers: Vec<Server>,
}

impl System {
    /// Starts everything.
    ///
    /// # Errors
    /// In words, such as for a port that is taken.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::with_pages(options, |_| Router::new()).await
    }

    /// Starts everything, with further pages beside the API.
    ///
    /// # Errors
    /// As [`System::start`].
    pub async fn with_pages(options: Options, pages: impl FnOnce(Backstage) -> Router) -> Result<Self, StartError> {
        // The port comes first: if it is taken, nothing else is worth starting.
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| taken(options.port, &error))?;
        let url = format!("http://{}", listener.local_addr()?);

        let clock = options.clock.clone();
        let now: Now = Arc::new(move || clock.now().0);
        let dynamodb = match &options.data {
            Some(directory) => DynamoDb::in_directory(directory)?,
            None => DynamoDb::in_memory(Arc::clone(&now))?,
        };
        let made = tables::create(dynamodb.database())?;
        (options.progress)(&format!("{} tables with their indexes and streams", made.len()));
        let port = Port::bind().await?;
        let sqs = Sqs::new(Arc::clone(&now), port.url());
        let made = queues::create(&sqs)?;
        (options.progress)(&format!("{} queues, dead letters included", made.len()));
        let sqs_server = port.serve(sqs.router());
        let payments = Payments::new(Arc::clone(&now));
        let payments_server = http::serve(payments.router()).await?;
        let outbox = match &options.data {
            Some(directory) => Outbox::in_directory(Arc::clone(&now), directory)?,
            None => Outbox::new(Arc::clone(&now)),
        };
        let outbox_server = http::serve(outbox.router()).await?;
        let carriers = Carriers::new(Arc::clone(&now));
        let carriers_server = http::serve(carriers.router()).await?;
        let port = Port::bind().await?;
        let signer = Labels::new(port.url().to_owned(), &aws::local_config(port.url(), plain()));
        let labels = Bucket::new(now, signer, options.data.as_ref().map(|directory| directory.join("bucket")));
        let labels_server = port.serve(labels.router());

        let (faults, contention) = (Faults::default(), Contention::default());
        let told = Told {
            own: &options.variables,
            sqs: &sqs,
            api: &url,
            outbox: outbox_server.url(),
            carriers: carriers_server.url(),
            labels: labels_server.url(),
            payments: payments_server.url(),
        };
        let workers = workers(&options, &told, &dynamodb, sqs_server.url(), (&faults, &contention))?;
        let api = api::serve::app(functions::api(), workers.shop.clone()).layer(cors());
        let backstage = Backstage {
            shop: workers.shop.clone(),
            sqs: sqs.clone(),
            outbox: outbox.clone(),
            carriers: carriers.clone(),
            payments: payments.clone(),
        };
        let (server, serving) = serve(listener, api.clone().merge(pages(backstage)));

        let (mut tasks, mut pumps) = (Vec::new(), Pumps::default());
        if options.pumps {
            let kept = options.data.as_deref().map(positions::kept).unwrap_or_default();
            (tasks, pumps) = pumps::start(&workers, readers(&dynamodb, &kept)?)?;
            if let Some(directory) = &options.data {
                tasks.push(tokio::spawn(Keeper::new(directory.clone(), pumps.clone(), sqs.clone()).run()));
            }
        }
        Ok(Self {
            url,
            clock: options.clock.clone(),
            dynamodb,
            sqs,
            outbox,
            carriers,
            labels,
            payments,
            faults,
            contention,
            workers,
            options,
            pumps,
            api,
            server,
            serving: Some(serving),
            tasks,
            _servers: vec![sqs_server, outbox_server, carriers_server, labels_server, payments_server],
        })
    }

    /// The tables, as the functions have them.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.workers.shop.store
    }

    /// The API without HTTP around it, as a client of this process calls it.
    pub fn api(&self) -> Router {
        self.api.clone()
    }

    /// A token of somebody, by the machine's own clock: that is what tokens are held against, whatever the system's says.
    #[must_use]
    pub fn token(&self, id: u64, role: Role) -> String {
        token::of(&self.options.jwt_secret, id, role, Clock::default().now().seconds())
    }

    /// The name of one of our queues, by the last part of it.
    #[must_use]
    pub fn queue_name(&self, last: &str) -> String {
        format!("{PREFIX}{last}")
    }

    /// Readers of the streams of orders and of returns as the relay sees them, from their beginning.
    ///
    /// # Errors
    /// When a table has no stream.
    pub fn event_streams(&self) -> Result<[StreamReader; 2], StartError> {
        Ok([stream(&self.dynamodb, Table::Orders, "RelayMapping")?, stream(&self.dynamodb, Table::Returns, "RelayReturnsMapping")?])
    }

    /// A reader of the stream of stock as its log sees it, from its beginning.
    ///
    /// # Errors
    /// When the table has no stream.
    pub fn stock_stream(&self) -> Result<StreamReader, StartError> {
        stream(&self.dynamodb, Table::Inventory, "InventoryLogMapping")
    }

    /// Waits until every event is relayed and every job that is due is done; says whether that happened within `limit`.
    pub async fn settled(&self, limit: Duration) -> bool {
        let quiet = async {
            loop {
                let before: Vec<u64> = self.pumps.all().map(|pump| pump.batches()).collect();
                let looks: Vec<u64> = self.pumps.looking().map(|pump| pump.empty_looks()).collect();
                // The second look began after this moment, so it has seen all that was written, or became due, before.
                while self.pumps.looking().zip(&looks).any(|(pump, looks)| pump.empty_looks() < looks + 2) {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                let none_waits = self.sqs.queues().iter().all(|queue| queue.is_dead_letters || queue.waiting == 0);
                // Looked at next: a message that was handed out and has not reached its pump is not waiting either.
                let none_between = self.pumps.all().map(|pump| pump.messages()).sum::<u64>() == self.sqs.messages_received();
                let is_idle = self.pumps.all().zip(before).all(|(pump, before)| !pump.is_busy() && pump.batches() == before);
                if none_waits && none_between && is_idle {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        tokio::time::timeout(limit, quiet).await.is_ok()
    }

    /// Stops: takes no more requests, answers those under way, does what is due. Says whether nothing was left in the
    /// queues within `limit`; what was left is relayed again by the next run with the same data (see `positions.rs`).
    pub async fn stop(mut self, limit: Duration) -> bool {
        drop(self.serving.take());
        let answered = tokio::time::timeout(limit.min(GRACE), &mut self.server).await;
        if answered.is_err() {
            tracing::warn!("a request that was under way is cut off");
        }
        let settled = self.settled(limit).await;
        match self.options.data.clone().filter(|_| self.options.pumps) {
            Some(directory) => {
                let kept = Keeper::new(directory, self.pumps.clone(), self.sqs.clone()).keep();
                kept.inspect_err(|error| tracing::warn!(%error, "the streams' positions can't be kept")).unwrap_or(false)
            }
            None => settled,
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.server.abort();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn taken(port: u16, error: &std::io::Error) -> StartError {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("Port {port} is taken by another program; choose another one with --port.").into(),
        _ => format!("Port {port} can't be used: {error}.").into(),
    }
}

fn stream(dynamodb: &DynamoDb, table: Table, mapping: &'static str) -> Result<StreamReader, StartError> {
    let name = table_name(table.variable()).ok_or("a table without a name")?;
    Ok(StreamReader::new(dynamodb.database().clone(), &name, filters(mapping)?)?)
}

/// A reader for each stream that a worker is handed, after the position that an earlier run kept.
fn readers(dynamodb: &DynamoDb, kept: &Positions) -> Result<BTreeMap<&'static str, StreamReader>, StartError> {
    let readers = pumps::streams().map(|(mapping, table)| {
        let mut reader = stream(dynamodb, table, mapping)?;
        if let Some(Some(position)) = kept.get(mapping) {
            reader.resume_after(position);
        }
        Ok((mapping, reader))
    });
    readers.collect()
}

/// Serves the API until it is told to stop.
fn serve(listener: TcpListener, app: Router) -> (JoinHandle<()>, oneshot::Sender<()>) {
    let (serving, told_to_stop) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let told_to_stop = async move { drop(told_to_stop.await) };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(told_to_stop).await {
            tracing::error!(%error, "the API's server ended");
        }
    });
    (server, serving)
}

fn plain() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// Every worker, as its function has it.
fn workers(
    options: &Options,
    told: &Told<'_>,
    dynamodb: &DynamoDb,
    sqs: &str,
    (faults, contention): (&Faults, &Contention),
) -> Result<Workers, StartError> {
    let contended = SharedHttpClient::new(ContendedClient { inner: plain(), contention: contention.clone() });
    let faulty = |inner| SharedHttpClient::new(FaultyClient { inner, faults: faults.clone() });
    let tables = aws::local_config(dynamodb.endpoint(), faulty(contended));
    let queues = aws::local_config(sqs, faulty(plain()));
    let ses = aws::local_config(&required(told, "SES_BASE_URL")?, faulty(plain()));
    let (issuer, audience) = options.issuer_and_audience.clone().unzip();
    let tokens = TokenConfig {
        secret: Some(Secret::Plain(options.jwt_secret.clone())),
        public_key: options.public_key.clone(),
        jwks_url: options.jwks_url.clone(),
        issuer,
        audience,
    };
    let shop = Shop::new(told, Some(tokens), &tables, &queues, options.clock.clone())?;
    Ok(Workers {
        queues: Queues::read(told, shop.sqs.clone())?,
        metrics: shop.metrics.clone(),
        email: Desk::email(told, &tables, &ses, shop.clock.clone())?,
        templates: Templates::default(),
        sms: Desk::sms(told, &tables, shop.clock.clone())?,
        country: shop_country(told)?,
        carriers: Connections::read(told, &tables, &shop)?,
        shop,
    })
}

/// What API Gateway does for browsers, as `template.yaml` has it.
fn cors() -> CorsLayer {
    let name = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, name("idempotency-key"), name("x-request-id")])
        .expose_headers([header::ETAG, header::LINK, name("x-next-cursor"), name("x-request-id"), name("idempotency-replayed")])
}

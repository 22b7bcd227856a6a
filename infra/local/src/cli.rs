//! The command line: what it says, what it starts, how it stops.

use api::config::{Environment, TokenConfig, Variables};
use local::data::DataDirectory;
use local::demo;
use local::next::{Tokens, to_try};
use local::{Options, System, pages};
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub const USAGE: &str = "\
Runs the whole shop on this machine: the API, DynamoDB, SQS, the workers, an outbox.

Usage: cargo run [-- OPTIONS]

Options:
  --port N     Port of the API on localhost; any free one for 0  [3000]
  --data DIR   Keep the data in DIR between runs  [in memory, gone at the end]
  --empty      Tables and queues, but no demo shop
  --help       This text
  --version    The version

Environment:
  JWT_SECRET   What tokens are signed with, 32 bytes or more; has a value of its own for this machine
  LOG_LEVEL    error, warn, info, debug or trace  [warn]
  DELIVERY_FEES, REFUND_DELIVERY_FEE_ON_FAULT, RETURN_ARRIVAL_DAYS, RETURN_WINDOW_DAYS, SHOP_ADDRESS, SHOP_COUNTRY,
  SHOP_CURRENCY, SHOP_LOCALE, SHOP_LOGO, SHOP_NAME, SHOP_TIMEZONE, UNPAID_ORDER_HOURS, JWT_JWKS_URL, JWT_PUBLIC_KEY
               As the deployed functions take them
";

/// What the functions are told by this environment as they are by the one they are deployed in.
const PASSED_ON: [&str; 12] = [
    "DELIVERY_FEES",
    "REFUND_DELIVERY_FEE_ON_FAULT",
    "RETURN_ARRIVAL_DAYS",
    "RETURN_WINDOW_DAYS",
    "SHOP_ADDRESS",
    "SHOP_COUNTRY",
    "SHOP_CURRENCY",
    "SHOP_LOCALE",
    "SHOP_LOGO",
    "SHOP_NAME",
    "SHOP_TIMEZONE",
    "UNPAID_ORDER_HOURS",
];

/// How long what is due may take at the end.
const STOPPING: Duration = Duration::from_secs(5);

/// How often what has outlived its TTL is deleted.
const SWEEP: Duration = Duration::from_mins(1);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Start everything.
    Run(Arguments),
    /// Say how.
    Help,
    /// Say which.
    Version,
}

/// How to start.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    data: Option<PathBuf>,
    port: u16,
    empty: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { data: None, port: 3000, empty: false }
    }
}

/// Reads the arguments.
///
/// # Errors
/// For an option that there isn't, and for a value that makes no sense.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};
    let mut arguments = Arguments::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => arguments.data = Some(parser.value()?.into()),
            Long("port") | Short('p') => {
                let port = parser.value()?;
                arguments.port = port.parse().map_err(|_| format!("{} is no port: it is a number up to 65535", port.display()))?;
            }
            Long("empty") => arguments.empty = true,
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("version") | Short('V') => return Ok(Command::Version),
            unknown => return Err(unknown.unexpected()),
        }
    }
    Ok(Command::Run(arguments))
}

/// Writes a line; that nobody reads it is no reason to stop.
pub fn say(line: &str) {
    let _nobody_listens = writeln!(std::io::stdout(), "{line}");
}

/// Starts everything, says what there is, and runs until it is told to stop.
///
/// # Errors
/// In words, for whatever keeps it from starting.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let level = Environment.get("LOG_LEVEL").unwrap_or_else(|| "warn".to_owned());
    let level: Level = level.parse().map_err(|_| format!("LOG_LEVEL: {level} is no level."))?;
    // What the database refuses by default is a lost race, and is decided again.
    let of_database = if level == Level::WARN { Level::ERROR } else { level };
    let shown = Targets::new().with_default(level).with_target("dynoxide", of_database);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(shown).init();

    let began = Instant::now();
    let mut options = options(&arguments, |name| Environment.get(name))?;
    let directory = arguments.data.as_deref().map(DataDirectory::take).transpose()?;
    let is_new = directory.as_ref().map_or(Ok(true), DataDirectory::is_new)?;
    let makes_demo = is_new && !arguments.empty;
    if makes_demo {
        options.clock = api::clock::Clock::behind(Duration::from_hours(24) * u32::from(demo::DAYS));
        directory.as_ref().map_or(Ok(()), DataDirectory::begin_demo)?;
    }
    let secret = options.jwt_secret.clone();
    let shown = secret.clone();
    say("Starting the shop on this machine");
    let system = System::with_pages(options, move |backstage| pages::router(backstage, &shown)).await?;
    match (&directory, is_new) {
        (Some(directory), true) => progress(&format!("data in {}", directory.path().display())),
        (Some(directory), false) => progress(&format!("data of an earlier run in {}", directory.path().display())),
        (None, _) => progress("data in memory, gone at the end (--data DIR keeps it)"),
    }
    if makes_demo {
        make_demo(&system, directory.as_ref()).await?;
    }
    introduce(&system, &secret, began).await?;
    wait(&system).await?;
    stop(system, directory.as_ref()).await;
    Ok(())
}

/// How the system is started.
fn options(arguments: &Arguments, variable: impl Fn(&'static str) -> Option<String>) -> Result<Options, Failure> {
    let mut options = Options { data: arguments.data.clone(), port: arguments.port, progress, ..Options::default() };
    // Here the one that everybody knows does no harm.
    if let Some(secret) = variable("JWT_SECRET").filter(|secret| *secret != options.jwt_secret) {
        TokenConfig::read(&|name| (name == "JWT_SECRET").then(|| secret.clone()))?;
        options.jwt_secret = secret;
    }
    options.public_key = variable("JWT_PUBLIC_KEY");
    options.jwks_url = variable("JWT_JWKS_URL");
    options.variables = PASSED_ON.into_iter().filter_map(|name| Some((name, variable(name)?))).collect::<HashMap<_, _>>();
    if !arguments.empty {
        let demos = [("DELIVERY_FEES", demo::people::DELIVERY_FEES), ("SHOP_ADDRESS", demo::SHOP_ADDRESS), ("SHOP_LOGO", demo::SHOP_LOGO)];
        for (name, value) in demos {
            options.variables.entry(name).or_insert_with(|| value.to_owned());
        }
    }
    Ok(options)
}

fn progress(what: &str) {
    say(&format!("  {what}"));
}

async fn make_demo(system: &System, directory: Option<&DataDirectory>) -> Result<(), Failure> {
    progress("the demo shop: two weeks of orders, through the API ...");
    let began = Instant::now();
    // It has returns after days and orders that wait: settings that refuse those leave none to show.
    let made =
        demo::make(system).await.map_err(|error| format!("{error}\nWithout the demo shop (--empty) it starts with any settings."))?;
    directory.map_or(Ok(()), DataDirectory::finish_demo)?;
    progress(&format!(
        "the demo shop: {} variants, {} customers, {} orders, {} e-mails, {} SMS ({:.1?})",
        made.variants,
        made.customers,
        made.orders,
        system.outbox.emails().len(),
        system.outbox.sms().len(),
        began.elapsed(),
    ));
    Ok(())
}

/// Where it is, who may call, and what to try first.
async fn introduce(system: &System, secret: &str, began: Instant) -> Result<(), Failure> {
    let url = system.url.replace("127.0.0.1", "localhost");
    let shop = &system.workers.shop;
    let tokens = Tokens::new(shop, secret);
    let next = to_try(shop, &tokens, &url).await?;
    say(&format!(
        "
Ready after {took:.1?}
  API                        {url}
  Outbox, queues, tokens     {url}/_local

Tokens, good for thirty days:
  customer (Grâce, 4001)  {customer}
  sales person            {sales}
  admin                   {admin}

{what}:

{curl}

Ctrl-C stops it.",
        took = began.elapsed(),
        customer = tokens.customer,
        sales = tokens.sales,
        admin = tokens.admin,
        what = next.what,
        curl = next.curl,
    ));
    Ok(())
}

/// Until Ctrl-C or SIGTERM.
async fn wait(system: &System) -> Result<(), Failure> {
    let mut sweeps = tokio::time::interval(SWEEP);
    let told_to_stop = told_to_stop()?;
    tokio::pin!(told_to_stop);
    loop {
        tokio::select! {
            () = &mut told_to_stop => return Ok(()),
            _ = sweeps.tick() => {
                if let Err(error) = system.dynamodb.sweep() {
                    tracing::warn!(%error, "what has outlived its TTL can't be deleted");
                }
            }
        }
    }
}

#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// A second signal doesn't wait.
async fn stop(system: System, directory: Option<&DataDirectory>) {
    say("\nStopping: requests and messages under way are finished first ...");
    let again = async {
        match told_to_stop() {
            Ok(again) => again.await,
            Err(_) => std::future::pending().await,
        }
    };
    let is_done = tokio::select! {
        is_done = system.stop(STOPPING) => is_done,
        () = again => false,
    };
    say(match (is_done, directory) {
        (true, _) => "Stopped.",
        (false, Some(_)) => "Stopped. Some jobs are not done; the next run with the same --data goes on with them.",
        (false, None) => "Stopped. Some jobs were not done.",
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(arguments)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_starts_the_demo_on_port_3000() {
        assert_eq!(parsed(&[]), Ok(Command::Run(Arguments { data: None, port: 3000, empty: false })));
    }

    #[test]
    fn every_option_is_read() {
        let arguments = Arguments { data: Some("shop data".into()), port: 8080, empty: true };
        assert_eq!(parsed(&["--data", "shop data", "--port=8080", "--empty"]), Ok(Command::Run(arguments)));
        assert_eq!(parsed(&["--empty", "--help"]), Ok(Command::Help));
        assert_eq!(parsed(&["-V"]), Ok(Command::Version));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert_eq!(parsed(&["--prot", "1"]), Err("invalid option '--prot'".to_owned()));
        assert_eq!(parsed(&["--port", "70000"]), Err("70000 is no port: it is a number up to 65535".to_owned()));
        assert_eq!(parsed(&["--data"]), Err("missing argument for option '--data'".to_owned()));
        assert_eq!(parsed(&["serve"]), Err("unexpected argument \"serve\"".to_owned()));
    }

    #[test]
    fn a_secret_of_the_environment_is_used_and_a_short_one_refused() {
        let with = |secret: &'static str| options(&Arguments::default(), move |name| (name == "JWT_SECRET").then(|| secret.to_owned()));
        assert_eq!(with("a-secret-of-forty-bytes-or-so-and-no-less").unwrap().jwt_secret, "a-secret-of-forty-bytes-or-so-and-no-less");
        assert_eq!(with("short").err().unwrap().to_string(), "JWT_SECRET: has 5 of the 32 bytes that are the least");
    }

    #[test]
    fn the_shops_own_variables_reach_the_functions() {
        let named = options(&Arguments::default(), |name| (name == "SHOP_NAME").then(|| "Chez Nous".to_owned())).unwrap();
        assert_eq!(named.variables["SHOP_NAME"], "Chez Nous");
        assert!(named.variables["DELIVERY_FEES"].contains("Gombe"));
        let empty = options(&Arguments { empty: true, ..Arguments::default() }, |_| None).unwrap();
        assert!(empty.variables.is_empty());
    }
}

//! Every function starts with what the template gives it, and nothing else.

use super::template::{Template, each, text};
use super::{camel, none};
use crate::kit::function::process;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use functions::{ENDPOINTS, SCHEDULES, WORKERS};
use local::emulators::http::serve;
use serde_norway::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::time::Duration;
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(30);

/// What is there in every account whatever it is called.
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue";
const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:it-AbCdEf";

/// What a value of the template comes to in a stack whose parameters have their defaults; nothing where there is none.
fn deployed(template: &Template, name: &str, value: &Value) -> Option<String> {
    let Value::Tagged(tagged) = value else { return Some(text(value)) };
    match tagged.tag.to_string().as_str() {
        "!If" => deployed(template, name, each(&tagged.value).get(1)?),
        "!Ref" if text(&tagged.value) == "AWS::NoValue" => None,
        // Without a default that would do: nobody sends messages from nowhere.
        "!Ref" if text(&tagged.value) == "EmailFrom" => Some("shop@example.com".to_owned()),
        "!Ref" => match &template.root["Parameters"][text(&tagged.value)] {
            Value::Null => Some(ARN.to_owned()),
            parameter => Some(plain(&parameter["Default"])),
        },
        _ if name.ends_with("_QUEUE_URL") => Some(QUEUE.to_owned()),
        _ => Some("it".to_owned()),
    }
}

fn plain(value: &Value) -> String {
    value.as_i64().map_or_else(|| text(value), |number| number.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_starts_with_what_the_template_gives_it() {
    let template = Template::main();
    let bins = ENDPOINTS.iter().map(|endpoint| endpoint.bin).chain(WORKERS.iter().copied()).chain(SCHEDULES.iter().copied());
    let mut complaints = Vec::new();
    for bin in bins.collect::<BTreeSet<_>>() {
        let of_all = &template.root["Globals"]["Function"]["Environment"]["Variables"];
        let function = template.resource(&(camel(bin) + "Function")).unwrap_or_else(|| panic!("template.yaml has no function for {bin}"));
        let own = &function["Properties"]["Environment"]["Variables"];
        let given = [of_all, own].into_iter().filter_map(Value::as_mapping).flatten();
        let given = given.filter_map(|(name, value)| Some((text(name), deployed(&template, &text(name), value)?)));
        if let Err(why) = start(bin, given.collect()).await {
            complaints.push(format!("{bin} doesn't start with what template.yaml gives it: {why}"));
        }
    }
    none(&complaints);
}

/// Until it asks for its first event; else what it says.
async fn start(bin: &str, given: Vec<(String, String)>) -> Result<(), String> {
    let (asks, mut asked) = mpsc::unbounded_channel();
    let next = move || {
        let _gone = asks.send(());
        std::future::pending::<Response>()
    };
    let told = |_: String| std::future::ready(StatusCode::ACCEPTED);
    let routes = Router::new().route("/2018-06-01/runtime/invocation/next", get(next)).route("/2018-06-01/runtime/init/error", post(told));
    let lambda = serve(routes).await.expect("a server");
    let mut process = process(bin, given, lambda.url());
    let (mut said, mut cried) = (process.stdout.take().expect("its output"), process.stderr.take().expect("its errors"));
    let ended = tokio::task::spawn_blocking(move || {
        let mut words = String::new();
        let _cut = said.read_to_string(&mut words).and_then(|_| cried.read_to_string(&mut words));
        words
    });
    tokio::select! {
        _asked = asked.recv() => {
            process.kill().expect("it still runs");
            process.wait().map(drop).map_err(|error| error.to_string())
        }
        words = ended => Err(words.expect("its words")),
        () = tokio::time::sleep(PATIENCE) => Err("it asks for nothing".to_owned()),
    }
}

use super::{Redrive, Settings, Sqs};
use crate::emulators::{
    http::{Port, Server},
    testing::{Clock, credentials, sdk_http},
};
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Region},
    error::{ProvideErrorMetadata, SdkError},
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use std::time::{Duration, Instant};

mod dead_letters;
mod refusals;

/// The queue `jobs`, which gives a message up to `jobs-dead` after two receives, and the official client.
struct Fixture {
    sqs: Sqs,
    client: Client,
    clock: Clock,
    jobs: String,
    _server: Server,
}

impl Fixture {
    async fn start() -> Self {
        let clock = Clock::new();
        let port = Port::bind().await.unwrap();
        let sqs = Sqs::new(clock.now(), port.url());
        let redrive = Redrive { dead_letters: "jobs-dead".into(), max_receives: 2 };
        sqs.create("jobs-dead", Settings::default()).unwrap();
        sqs.create("jobs", Settings { redrive: Some(redrive), ..Settings::default() }).unwrap();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .credentials_provider(credentials())
            .http_client(sdk_http())
            .endpoint_url(port.url())
            .build();
        let jobs = sqs.url("jobs");
        let server = port.serve(sqs.router());
        Self { sqs, client: Client::from_conf(config), clock, jobs, _server: server }
    }

    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.jobs).message_body(body).send().await.unwrap();
    }

    async fn receive(&self) -> Vec<Message> {
        self.receive_from(&self.jobs).await
    }

    async fn receive_from(&self, queue: &str) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(queue).max_number_of_messages(10);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        call.send().await.unwrap().messages.unwrap_or_default()
    }

    /// waiting, in flight, delayed
    fn depths(&self, queue: &str) -> (usize, usize, usize) {
        let queues = self.sqs.queues();
        let view = queues.iter().find(|view| view.name == queue).unwrap();
        (view.waiting, view.in_flight, view.delayed)
    }
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}

fn receives(message: &Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

/// The code by which our own code recognises an error.
fn code<T: std::fmt::Debug, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> String {
    answer.unwrap_err().code().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_is_received_once_and_gone_when_deleted() {
    let f = Fixture::start().await;
    let sent = f.client.send_message().queue_url(&f.jobs).message_body("🧾 one").send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("11c78d0241c5db6b8bf86f29a38aacf4"));

    let messages = f.receive().await;
    assert_eq!(bodies(&messages), ["🧾 one"]);
    assert_eq!(messages[0].message_id(), sent.message_id());
    assert_eq!(receives(&messages[0]), "1");
    assert!(f.receive().await.is_empty());
    assert_eq!(f.depths("jobs"), (0, 1, 0));

    let handle = messages[0].receipt_handle().unwrap();
    f.client.delete_message().queue_url(&f.jobs).receipt_handle(handle).send().await.unwrap();
    f.client.delete_message().queue_url(&f.jobs).receipt_handle(handle).send().await.unwrap();
    f.clock.forward_seconds(3600);
    assert!(f.receive().await.is_empty());
}

#[tokio::test]
async fn a_long_poll_answers_when_a_message_comes_and_when_the_clock_is_moved() {
    let f = Fixture::start().await;
    let poll = || async {
        let call = f.client.receive_message().queue_url(&f.jobs).wait_time_seconds(20);
        call.send().await.unwrap().messages.unwrap_or_default()
    };
    let started = Instant::now();
    let (messages, ()) = tokio::join!(poll(), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        f.send("late").await;
    });
    assert_eq!(bodies(&messages), ["late"]);

    let (messages, ()) = tokio::join!(poll(), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        f.clock.forward_seconds(31);
    });
    assert_eq!(bodies(&messages), ["late"], "its visibility timeout has passed");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_long_poll_without_a_message_is_empty_when_its_time_is_over() {
    let f = Fixture::start().await;
    let started = Instant::now();
    let call = f.client.receive_message().queue_url(&f.jobs).wait_time_seconds(1);
    assert!(call.send().await.unwrap().messages.is_none());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_delayed_message_waits_for_its_time() {
    let f = Fixture::start().await;
    f.client.send_message().queue_url(&f.jobs).message_body("later").delay_seconds(60).send().await.unwrap();
    assert_eq!(f.depths("jobs"), (0, 0, 1));
    assert!(f.receive().await.is_empty());
    f.clock.forward_seconds(60);
    assert_eq!(bodies(&f.receive().await), ["later"]);
}

#[tokio::test]
async fn visibility_can_be_given_up_or_prolonged_while_in_flight_and_not_after() {
    let f = Fixture::start().await;
    f.send("job").await;
    let change = |handle: String, seconds| {
        let call = f.client.change_message_visibility().queue_url(&f.jobs).receipt_handle(handle);
        call.visibility_timeout(seconds).send()
    };
    let handle = f.receive().await[0].receipt_handle().unwrap().to_owned();
    change(handle.clone(), 900).await.unwrap();
    f.clock.forward_seconds(899);
    assert!(f.receive().await.is_empty());
    change(handle.clone(), 0).await.unwrap();
    assert_eq!(f.depths("jobs"), (1, 0, 0));
    assert_eq!(code(change(handle, 5).await), "AWS.SimpleQueueService.MessageNotInflight");
    assert_eq!(code(change("nonsense".into(), 5).await), "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn queues_are_made_listed_described_and_purged() {
    let f = Fixture::start().await;
    let create = |timeout: &str| {
        let call = f.client.create_queue().queue_name("more");
        call.attributes(QueueAttributeName::VisibilityTimeout, timeout).send()
    };
    let url = create("90").await.unwrap().queue_url.unwrap();
    assert_eq!(create("90").await.unwrap().queue_url(), Some(url.as_str()));
    assert_eq!(code(create("91").await), "QueueAlreadyExists");

    let listed = f.client.list_queues().queue_name_prefix("jobs").send().await.unwrap();
    assert_eq!(listed.queue_urls(), [f.sqs.url("jobs"), f.sqs.url("jobs-dead")]);

    f.send("x").await;
    let call = f.client.get_queue_attributes().queue_url(&f.jobs).attribute_names(QueueAttributeName::All);
    let attributes = call.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
    assert!(attributes[&QueueAttributeName::RedrivePolicy].contains("jobs-dead"));

    f.client.purge_queue().queue_url(&f.jobs).send().await.unwrap();
    assert_eq!(f.depths("jobs"), (0, 0, 0));
    let dead: Vec<_> = f.sqs.queues().into_iter().filter(|view| view.is_dead_letters).map(|view| view.name).collect();
    assert_eq!(dead, ["jobs-dead"]);
}

#[tokio::test]
async fn an_old_message_is_kept_no_longer_than_the_queue_says() {
    let f = Fixture::start().await;
    f.send("old").await;
    f.clock.forward_seconds(345_601);
    assert!(f.receive().await.is_empty());
}

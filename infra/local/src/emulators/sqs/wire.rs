//! The HTTP side of SQS: `awsJson1_0`, one POST whose `X-Amz-Target` names the action.

use super::{
    ACCOUNT, Sqs, arn,
    error::SqsError,
    queue::{Message, Settings, check_visibility},
    requests::{
        Batch, ChangeVisibility, CreateQueue, Delete, Entry, GetQueueAttributes, GetQueueUrl, ListQueues, MAX_BATCH, MAX_BODY_BYTES,
        MAX_WAIT_SECONDS, OnQueue, Receive, Send, check_entries, check_message, check_range,
    },
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const JSON: &str = "application/x-amz-json-1.0";

pub(super) fn router(sqs: Sqs) -> Router {
    // JSON escapes can make a body six times as long on the wire.
    let limit = DefaultBodyLimit::max(8 * MAX_BODY_BYTES);
    Router::new().route("/", post(call)).layer(limit).with_state(sqs)
}

async fn call(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let action = target.strip_prefix("AmazonSQS.").unwrap_or(target);
    match sqs.act(action, &body).await {
        Ok(answer) => ([(CONTENT_TYPE, JSON)], answer.to_string()).into_response(),
        Err(error) => error.into_response(),
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let body = json!({ "__type": format!("com.amazonaws.sqs#{}", self.shape()), "message": self.to_string() });
        let query_error = format!("{};Sender", self.query_code());
        let headers = [(CONTENT_TYPE.as_str(), JSON), ("x-amzn-query-error", query_error.as_str())];
        (StatusCode::BAD_REQUEST, headers, body.to_string()).into_response()
    }
}

impl Sqs {
    async fn act(&self, action: &str, body: &[u8]) -> Result<Value, SqsError> {
        match action {
            "CreateQueue" => self.create_queue(&read(body)?),
            "GetQueueUrl" => self.get_queue_url(&read(body)?),
            "ListQueues" => Ok(self.list_queues(&read(body)?)),
            _ => self.act_on(&queue_of(&read::<OnQueue>(body)?)?, action, body).await,
        }
    }

    async fn act_on(&self, queue: &str, action: &str, body: &[u8]) -> Result<Value, SqsError> {
        match action {
            "GetQueueAttributes" => self.get_queue_attributes(queue, &read(body)?),
            "PurgeQueue" => self.purge(queue),
            "ReceiveMessage" => self.receive_messages(queue, &read(body)?).await,
            "SendMessage" => self.send_message(queue, &read(body)?),
            "SendMessageBatch" => self.send_batch(queue, read(body)?),
            "DeleteMessage" => self.delete(queue, &read(body)?),
            "DeleteMessageBatch" => self.each(queue, read(body)?, |entry| self.delete(queue, &entry)),
            "ChangeMessageVisibility" => self.change_visibility(queue, &read(body)?),
            "ChangeMessageVisibilityBatch" => self.each(queue, read(body)?, |entry| self.change_visibility(queue, &entry)),
            other => Err(SqsError::UnsupportedOperation(format!("the action {other}"))),
        }
    }

    fn create_queue(&self, request: &CreateQueue) -> Result<Value, SqsError> {
        self.create(&request.queue_name, Settings::from_attributes(&request.attributes)?)?;
        Ok(json!({ "QueueUrl": self.url(&request.queue_name) }))
    }

    fn get_queue_url(&self, request: &GetQueueUrl) -> Result<Value, SqsError> {
        self.state().queue(&request.queue_name)?;
        Ok(json!({ "QueueUrl": self.url(&request.queue_name) }))
    }

    fn list_queues(&self, request: &ListQueues) -> Value {
        let state = self.state();
        let names = state.queues.keys().filter(|name| name.starts_with(&request.queue_name_prefix));
        json!({ "QueueUrls": names.map(|name| self.url(name)).collect::<Vec<_>>() })
    }

    fn get_queue_attributes(&self, queue: &str, request: &GetQueueAttributes) -> Result<Value, SqsError> {
        let now = (self.now)();
        let state = self.state();
        let found = state.queue(queue)?;
        let mut attributes = found.settings.to_attributes(queue, &found.depths(now));
        attributes.retain(|name, _| is_wanted(&request.attribute_names, name));
        Ok(json!({ "Attributes": attributes }))
    }

    fn purge(&self, queue: &str) -> Result<Value, SqsError> {
        self.state().queue_mut(queue)?.purge();
        Ok(json!({}))
    }

    fn send_message(&self, queue: &str, request: &Send) -> Result<Value, SqsError> {
        check_message(request)?;
        let id = self.send_delayed(queue, &request.message_body, request.delay_seconds)?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5_of(&request.message_body) }))
    }

    fn send_batch(&self, queue: &str, batch: Batch) -> Result<Value, SqsError> {
        let sent = batch.entries.iter().filter_map(|entry| entry.rest["MessageBody"].as_str()).map(str::len).sum();
        if sent > MAX_BODY_BYTES {
            return Err(SqsError::BatchRequestTooLong { limit: MAX_BODY_BYTES, sent });
        }
        self.each(queue, batch, |entry| self.send_message(queue, &entry))
    }

    async fn receive_messages(&self, queue: &str, request: &Receive) -> Result<Value, SqsError> {
        let default_wait = self.state().queue(queue)?.settings.receive_wait;
        let wait = request.wait_time_seconds.unwrap_or(default_wait);
        check_range("MaxNumberOfMessages", request.max_number_of_messages as u64, 1, MAX_BATCH as u64)?;
        check_range("WaitTimeSeconds", wait, 0, MAX_WAIT_SECONDS)?;
        request.visibility_timeout.map_or(Ok(()), check_visibility)?;

        let messages = self.receive(queue, request.max_number_of_messages, request.visibility_timeout, Duration::from_secs(wait)).await?;
        if messages.is_empty() {
            return Ok(json!({}));
        }
        let wanted = [&request.message_system_attribute_names[..], &request.attribute_names].concat();
        Ok(json!({ "Messages": messages.iter().map(|message| received(message, &wanted)).collect::<Vec<_>>() }))
    }

    fn delete(&self, queue: &str, request: &Delete) -> Result<Value, SqsError> {
        self.state().queue_mut(queue)?.delete(&request.receipt_handle)?;
        Ok(json!({}))
    }

    fn change_visibility(&self, queue: &str, request: &ChangeVisibility) -> Result<Value, SqsError> {
        let now = (self.now)();
        let mut state = self.state();
        let queue = state.queue_mut(queue)?;
        queue.change_visibility(&request.receipt_handle, request.visibility_timeout, now)?;
        drop(state);
        // With a timeout of 0 the message is there again for whoever waits.
        self.arrivals.notify_waiters();
        Ok(json!({}))
    }

    /// Does each entry of a batch on its own; only a batch that can't be answered at all is refused as a whole.
    fn each<E: DeserializeOwned>(&self, queue: &str, batch: Batch, act: impl Fn(E) -> Result<Value, SqsError>) -> Result<Value, SqsError> {
        self.state().queue(queue)?;
        check_entries(&batch.entries)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for Entry { id, rest } in batch.entries {
            match serde_json::from_value(rest).map_err(unreadable).and_then(&act) {
                Ok(mut answer) => {
                    answer["Id"] = id.into();
                    successful.push(answer);
                }
                Err(error) => failed.push(json!({
                    "Id": id,
                    "SenderFault": true,
                    "Code": error.shape(),
                    "Message": error.to_string(),
                })),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

/// A message as a receive answers it, with the system attributes that were asked for.
fn received(message: &Message, wanted: &[String]) -> Value {
    let mut attributes = BTreeMap::from([
        ("SenderId", ACCOUNT.to_owned()),
        ("SentTimestamp", message.sent_at.to_string()),
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.to_string()),
    ]);
    if let Some(source) = &message.source {
        attributes.insert("DeadLetterQueueSourceArn", arn(source));
    }
    attributes.retain(|name, _| is_wanted(wanted, name));
    json!({
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "MD5OfBody": md5_of(&message.body),
        "Attributes": attributes,
    })
}

fn is_wanted(names: &[String], name: &str) -> bool {
    names.iter().any(|wanted| wanted == "All" || wanted == name)
}

/// The queue that a URL names by its last segment; host and account don't matter.
fn queue_of(request: &OnQueue) -> Result<String, SqsError> {
    match request.queue_url.rsplit('/').next() {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(SqsError::QueueDoesNotExist),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(unreadable)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn unreadable(error: serde_json::Error) -> SqsError {
    SqsError::InvalidParameterValue(format!("The request can't be read: {error}."))
}

fn md5_of(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

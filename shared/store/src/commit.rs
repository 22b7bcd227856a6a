//! The one place that decisions are written in: all of one in one transaction, or nothing of it. What is no decision, and has no event
//! to go with, is written [alone](crate::alone).

use crate::error::StorageError;
use crate::idempotency::{AnswerKey, AnswerRecord, StoredAnswer};
use crate::item::{Attributes, Item, record};
use crate::keys::Key;
use crate::pauses::Pauses;
use crate::sdk::loggable;
use crate::{Store, Table};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use domain::time::Timestamp;
use std::collections::HashMap;

/// Why a transaction was not written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A record is no longer what the decision was made on, or somebody else is writing it: read and decide again.
    #[error("the race was lost")]
    Lost,
    /// The request's idempotency key has its answer already.
    #[error("the request was answered before")]
    Answered(Box<StoredAnswer>),
    /// The tables failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Everything that one decision writes. Each module of a table adds what it knows how to write.
#[derive(Default)]
pub struct Writes {
    operations: Vec<Operation>,
    failure: Option<StorageError>,
}

struct Operation {
    table: Table,
    key: Key,
    action: Action,
    condition: Option<Expression>,
}

enum Action {
    Put(Attributes),
    Update(Expression),
    Delete,
    /// Nothing is written; the condition alone must hold.
    Check,
}

/// An expression with its names and values.
#[derive(Default)]
pub(crate) struct Expression {
    pub text: String,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

impl Expression {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    pub fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// The same names and values, saying something else.
    pub fn saying(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    /// That the item isn't there.
    pub fn absent() -> Self {
        Self::new("attribute_not_exists(pk)")
    }

    /// That the item is the one that was read.
    pub fn version(version: u64) -> Self {
        Self::new("#version = :version").name("#version", "version").value(":version", crate::item::number(version))
    }

    /// That the item is the one which a record of this version was made of: the version before, and none for the first.
    pub fn onto(version: u64) -> Self {
        match version {
            ..=1 => Self::absent(),
            later => Self::version(later - 1),
        }
    }
}

impl Writes {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn put(self, table: Table, key: Key, item: Result<Item, StorageError>, condition: Expression) -> Self {
        match item {
            Ok(item) => self.add(table, key, Action::Put(item.into_attributes()), Some(condition)),
            Err(error) => self.broken(error),
        }
    }

    pub(crate) fn update(self, table: Table, key: Key, update: Result<Expression, StorageError>, condition: Option<Expression>) -> Self {
        match update {
            Ok(update) => self.add(table, key, Action::Update(update), condition),
            Err(error) => self.broken(error),
        }
    }

    pub(crate) fn delete(self, table: Table, key: Key, condition: Expression) -> Self {
        self.add(table, key, Action::Delete, Some(condition))
    }

    pub(crate) fn check(self, table: Table, key: Key, condition: Expression) -> Self {
        self.add(table, key, Action::Check, Some(condition))
    }

    fn add(mut self, table: Table, key: Key, action: Action, condition: Option<Expression>) -> Self {
        self.operations.push(Operation { table, key, action, condition });
        self
    }

    /// An item that can't be made fails the commit, so that whoever builds the writes needs no `?` at every step.
    fn broken(mut self, error: StorageError) -> Self {
        self.failure.get_or_insert(error);
        self
    }
}

impl Store {
    /// Writes a decision, and with it the answer that its request is to get if it is repeated.
    ///
    /// # Errors
    /// See [`CommitError`]; nothing was written then, save that after [`CommitError::Storage`] nobody may know.
    pub async fn commit(&self, writes: Writes, answer: Option<(&AnswerKey, &StoredAnswer)>, now: Timestamp) -> Result<(), CommitError> {
        if let Some(failure) = writes.failure {
            return Err(failure.into());
        }
        let mut operations = writes.operations;
        let answer_at = answer.map(|(key, _)| (operations.len(), key));
        if let Some((key, answer)) = answer {
            operations.extend(answer_operations(key, answer, now)?);
        }
        if operations.is_empty() {
            return Ok(());
        }
        let items = operations.into_iter().map(|operation| self.transact_item(operation)).collect::<Result<Vec<_>, _>>()?;
        self.transact(items, answer_at).await
    }

    /// Sends a transaction until it is known what became of it. Its token makes every further call the same call
    /// (`TransactWriteItems`, `ClientRequestToken`: for ten minutes), so an answer that got lost is given again.
    async fn transact(&self, items: Vec<TransactWriteItem>, answer_at: Option<(usize, &AnswerKey)>) -> Result<(), CommitError> {
        let token = token()?;
        let mut pauses = Pauses::of_an_unknown_outcome();
        loop {
            self.meter.round_trip();
            let call = self.client.transact_write_items().set_transact_items(Some(items.clone())).client_request_token(&token);
            let error = match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(done) => {
                    self.meter.wrote(done.consumed_capacity());
                    return Ok(());
                }
                Err(error) => error,
            };
            if let Some(cancelled) = error.as_service_error().and_then(cancellation) {
                return Err(match answer_at.and_then(|(at, key)| Some((key, answered(&cancelled, at)?))) {
                    Some((key, item)) => self.answered(key, item).await,
                    None => verdict(&cancelled, &error),
                });
            }
            if !is_unknown(&error) || pauses.are_over() {
                return Err(StorageError::request("TransactWriteItems")(error).into());
            }
            tracing::warn!(code = error.code(), "a transaction's outcome is unknown; asking again");
            pauses.wait().await;
        }
    }

    /// The answer that a transaction's key has already. One that expires while it is read is none: then it is decided again.
    async fn answered(&self, key: &AnswerKey, item: Attributes) -> CommitError {
        let record = match record::<AnswerRecord>(item) {
            Ok(record) => record,
            Err(error) => return error.into(),
        };
        match self.whole(key, record).await {
            Ok(Some(answer)) => CommitError::Answered(Box::new(answer)),
            Ok(None) => CommitError::Lost,
            Err(error) => error.into(),
        }
    }

    fn transact_item(&self, operation: Operation) -> Result<TransactWriteItem, StorageError> {
        let table = self.tables.get(operation.table)?;
        let condition = operation.condition.unwrap_or_default();
        let condition_text = (!condition.text.is_empty()).then_some(condition.text);
        let (mut names, mut values) = (condition.names, condition.values);
        let shown = Some(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = TransactWriteItem::builder();
        let built = match operation.action {
            Action::Put(attributes) => Put::builder()
                .table_name(table)
                .set_item(Some(attributes))
                .set_condition_expression(condition_text)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some(values))
                .set_return_values_on_condition_check_failure(shown)
                .build()
                .map(|put| item.put(put)),
            Action::Update(update) => {
                names.extend(update.names);
                values.extend(update.values);
                Update::builder()
                    .table_name(table)
                    .set_key(Some(operation.key.attributes()))
                    .update_expression(update.text)
                    .set_condition_expression(condition_text)
                    .set_expression_attribute_names(some(names))
                    .set_expression_attribute_values(some(values))
                    .build()
                    .map(|update| item.update(update))
            }
            Action::Delete => Delete::builder()
                .table_name(table)
                .set_key(Some(operation.key.attributes()))
                .set_condition_expression(condition_text)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some(values))
                .build()
                .map(|delete| item.delete(delete)),
            Action::Check => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(operation.key.attributes()))
                .set_condition_expression(condition_text)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some(values))
                .build()
                .map(|check| item.condition_check(check)),
        };
        let built = built.map_err(|error| StorageError::Request { operation: "TransactWriteItems", message: error.to_string() })?;
        Ok(built.build())
    }
}

/// The first item on absence, or on an answer that has expired and was not swept yet; where it may be written, so may its others.
fn answer_operations(key: &AnswerKey, answer: &StoredAnswer, now: Timestamp) -> Result<Vec<Operation>, StorageError> {
    let absent =
        Expression::new("attribute_not_exists(pk) OR #ttl <= :now").name("#ttl", "ttl").value(":now", crate::item::number(now.seconds()));
    let conditions = std::iter::once(Some(absent)).chain(std::iter::repeat_with(|| None));
    let put = |((key, item), condition): ((Key, Item), Option<Expression>)| Operation {
        table: Table::Idempotency,
        key,
        action: Action::Put(item.into_attributes()),
        condition,
    };
    Ok(key.items(answer, now)?.into_iter().zip(conditions).map(put).collect())
}

fn cancellation(error: &TransactWriteItemsError) -> Option<Vec<CancellationReason>> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => Some(cancelled.cancellation_reasons().to_vec()),
        _ => None,
    }
}

/// The answer's item, where it being there is what cancelled the transaction, or one reason for it among races.
fn answered(reasons: &[CancellationReason], at: usize) -> Option<Attributes> {
    let there = reasons.get(at).filter(|reason| reason.code() == Some("ConditionalCheckFailed") && are_races(reasons));
    there.and_then(|reason| reason.item.clone())
}

/// Whether each reason is one of the API's for another's write; anything else is our own mistake.
fn are_races(reasons: &[CancellationReason]) -> bool {
    let races = ["None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    !reasons.is_empty() && reasons.iter().all(|reason| races.contains(&reason.code().unwrap_or("None")))
}

/// What a cancelled transaction means.
fn verdict(reasons: &[CancellationReason], error: &SdkError<TransactWriteItemsError, HttpResponse>) -> CommitError {
    if are_races(reasons) {
        return CommitError::Lost;
    }
    // Of a reason its words alone: whatever is put on a condition, the item that was there comes back with it.
    let said = reasons.iter().filter_map(CancellationReason::message).fold(loggable(error), |said, reason| format!("{said}: {reason}"));
    StorageError::Request { operation: "TransactWriteItems", message: said }.into()
}

/// Whether the transaction may have been written although the call failed.
fn is_unknown<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(error) => matches!(
            error.err(),
            TransactWriteItemsError::TransactionInProgressException(_) | TransactWriteItemsError::InternalServerError(_)
        ),
        _ => false,
    }
}

/// The names or values of an expression, as DynamoDB takes them: none is not the same as an empty map of them.
pub(crate) fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}

#[expect(clippy::disallowed_methods, reason = "a token names a call and decides nothing")]
fn token() -> Result<String, StorageError> {
    match (getrandom::u64(), getrandom::u64()) {
        (Ok(high), Ok(low)) => Ok(format!("{high:016x}{low:016x}")),
        _ => Err(StorageError::Request { operation: "TransactWriteItems", message: "no randomness".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;

    fn reason(code: &str, message: &str) -> CancellationReason {
        CancellationReason::builder().code(code).message(message).item("lastName", AttributeValue::S("Kabwe-Ilunga".to_owned())).build()
    }

    fn verdict_on(reasons: &[CancellationReason]) -> CommitError {
        let said = ErrorMetadata::builder().code("TransactionCanceledException").message("Transaction cancelled").build();
        let cancelled = TransactionCanceledException::builder().meta(said).set_cancellation_reasons(Some(reasons.to_vec()));
        let body = r#"{"CancellationReasons":[{"Item":{"lastName":{"S":"Kabwe-Ilunga"}}}]}"#;
        let answer = HttpResponse::new(400.try_into().unwrap(), body.into());
        verdict(reasons, &SdkError::service_error(TransactWriteItemsError::TransactionCanceledException(cancelled.build()), answer))
    }

    #[test]
    fn a_mistake_of_ours_says_why_and_nothing_of_the_item_that_was_there() {
        let (race, mistake) =
            (reason("ConditionalCheckFailed", "The conditional request failed"), reason("ValidationError", "Item too large"));
        let CommitError::Storage(error) = verdict_on(&[race.clone(), mistake]) else { panic!("a mistake is no race") };
        let expected = "TransactWriteItems: service error: 400: TransactionCanceledException: Transaction cancelled: \
                        The conditional request failed: Item too large";
        assert_eq!(error.to_string(), expected);
        assert!(!format!("{error:?}").contains("Kabwe"), "{error:?}");
        assert!(matches!(verdict_on(&[race]), CommitError::Lost));
    }
}

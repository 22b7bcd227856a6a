//! Writes the stock log from the stream of stock items: a row a version, however often a record comes.

use api::clock::Clock;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use store::Store;

/// Logs a batch of changes, up to the first that fails; the stream hands that one and those after it over again.
pub async fn log(store: &Store, clock: &Clock, batch: Event) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for record in batch.records {
        let sequence = record.change.sequence_number.clone();
        if let Err(error) = log_one(store, clock, record).await {
            tracing::error!(error, "a stock change could not be logged");
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = sequence;
            response.batch_item_failures.push(failure);
            break;
        }
    }
    response
}

async fn log_one(store: &Store, clock: &Clock, record: EventRecord) -> Result<(), String> {
    let row = store::stock_log_in(record.change.old_image, record.change.new_image).map_err(|error| error.to_string())?;
    match row {
        Some(row) => store.log_stock(&row, clock.now()).await.map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

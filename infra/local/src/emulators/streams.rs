//! A table's stream as Lambda hands it to a function: filtered, in batches, again until it is committed.

use super::filter::Filter;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use dynoxide::{
    Database, DynoxideError,
    actions::{
        describe_stream::DescribeStreamRequest,
        get_records::{GetRecordsRequest, Record},
        get_shard_iterator::GetShardIteratorRequest,
        list_streams::ListStreamsRequest,
    },
};
use serde_json::Value;

/// Records looked at in one go; a batch of matching ones is never larger.
const PAGE: usize = 1000;

/// Reads one table's stream for one function, from its beginning or from where [`StreamReader::resume_after`] says.
pub struct StreamReader {
    database: Database,
    stream_arn: String,
    shard_id: String,
    filters: Vec<Filter>,
    /// The last record that is done with; none at the stream's beginning.
    position: Option<String>,
    /// Handed out, and to be handed out again until it is committed.
    pending: Option<Batch>,
}

/// What a function is called with, in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The function's input.
    pub event: Event,
    /// The last record looked at for this batch, whether it matched or not.
    last_read: String,
}

/// Why a stream can't be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The table has no stream.
    #[error("the table {0} has no stream")]
    NoStream(String),
    /// The database refuses.
    #[error("the stream: {0}")]
    Database(#[from] DynoxideError),
    /// A record is not what Lambda's event says.
    #[error("a record of the stream: {0}")]
    Record(#[from] serde_json::Error),
}

impl StreamReader {
    /// A reader of all records of `table` that any of `filters` matches, or of all when there is none.
    pub fn new(database: Database, table: &str, filters: Vec<Filter>) -> Result<Self, StreamError> {
        let no_stream = || StreamError::NoStream(table.to_owned());
        let request = ListStreamsRequest { table_name: Some(table.to_owned()), ..Default::default() };
        let stream = database.list_streams(request)?.streams.pop().ok_or_else(no_stream)?;
        let request = DescribeStreamRequest { stream_arn: stream.stream_arn.clone(), ..Default::default() };
        // `dynoxide` has one shard a stream, for good.
        let shard = database.describe_stream(request)?.stream_description.shards.pop().ok_or_else(no_stream)?;
        Ok(Self { database, stream_arn: stream.stream_arn, shard_id: shard.shard_id, filters, position: None, pending: None })
    }

    /// The next records, at most `max`; the same ones again until they are committed. None when there is nothing new.
    pub fn next_batch(&mut self, max: usize) -> Result<Option<Batch>, StreamError> {
        while self.pending.is_none() {
            let page = self.read_page()?;
            if page.is_empty() {
                return Ok(None);
            }
            let batch = self.batch_of(page, max)?;
            if batch.event.records.is_empty() {
                // Nothing in it for this function: it is never called with an empty batch.
                self.position = Some(batch.last_read);
            } else {
                self.pending = Some(batch);
            }
        }
        Ok(self.pending.clone())
    }

    /// Goes on as the function's answer to `batch` says: behind it, or again from its first record that failed. Says whether the
    /// function is done with all of it.
    pub fn go_on(&mut self, batch: &Batch, answer: &DynamoDbEventResponse) -> bool {
        let failed = answer.batch_item_failures.first().and_then(|failure| failure.item_identifier.as_deref());
        match failed {
            Some(sequence_number) => self.retry_from(sequence_number),
            None => self.commit(batch),
        }
        failed.is_none()
    }

    /// The function is done with `batch`.
    pub fn commit(&mut self, batch: &Batch) {
        self.position = Some(batch.last_read.clone());
        self.pending = None;
    }

    /// The function is done with the records of the pending batch before `sequence_number`, and gets the rest of
    /// it again. A number that isn't in the batch means all of it, as with Lambda.
    fn retry_from(&mut self, sequence_number: &str) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        let records = &mut pending.event.records;
        let number = |record: &EventRecord| record.change.sequence_number.clone();
        let failed = records.iter().position(|record| number(record).as_deref() == Some(sequence_number));
        if let Some(last_done) = records.drain(..failed.unwrap_or(0)).next_back() {
            self.position = number(&last_done);
        }
    }

    /// The sequence number of the last record that is done with, to be kept between runs.
    #[must_use]
    pub fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// Goes on after the record that [`StreamReader::position`] named in an earlier run.
    pub fn resume_after(&mut self, position: &str) {
        self.position = Some(position.to_owned());
        self.pending = None;
    }

    fn read_page(&self) -> Result<Vec<Record>, StreamError> {
        let kind = if self.position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let request = GetShardIteratorRequest {
            stream_arn: self.stream_arn.clone(),
            shard_id: self.shard_id.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: self.position.clone(),
        };
        let shard_iterator = self.database.get_shard_iterator(request)?.shard_iterator.unwrap_or_default();
        let request = GetRecordsRequest { shard_iterator, limit: Some(PAGE) };
        Ok(self.database.get_records(request)?.records)
    }

    fn batch_of(&self, page: Vec<Record>, max: usize) -> Result<Batch, StreamError> {
        let mut event = Event::default();
        let mut last_read = String::new();
        for record in page {
            last_read.clone_from(&record.dynamodb.sequence_number);
            let mut record = serde_json::to_value(record)?;
            record["eventSourceARN"] = self.stream_arn.clone().into();
            if self.wants(&record) {
                event.records.push(serde_json::from_value(record)?);
                if event.records.len() >= max {
                    break;
                }
            }
        }
        Ok(Batch { event, last_read })
    }

    fn wants(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(record))
    }
}

#[cfg(test)]
mod tests;

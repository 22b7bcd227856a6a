//! The notification log.

use crate::commit::{Expression, Writes, some};
use crate::error::StorageError;
use crate::item::{Item, record};
use crate::keys::{self, BY_CUSTOMER, BY_ORDER, BY_STATUS, BY_TIME};
use crate::list::{Page, PageRequest};
use crate::suppressions::Entry;
use crate::{Store, Table};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use domain::delivery_report::{EmailAddress, Suppression};
use domain::ids::{CustomerId, NotificationId, OrderId};
use domain::message::Locale;
use domain::notification::{Channel, Dispatch, KEPT_DAYS, Notification, NotificationStatus};
use domain::order::Order;
use domain::template::{TemplateCode, TemplateHead};

/// What a list of messages is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotificationFilter {
    /// About this order.
    pub order_id: Option<OrderId>,
    /// To this customer.
    pub customer_id: Option<CustomerId>,
    /// In this status.
    pub status: Option<NotificationStatus>,
    /// On this channel.
    pub channel: Option<Channel>,
}

/// What is asked before a message is sent.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The shop's own template for it.
    pub template: Option<(TemplateCode, Locale)>,
    /// What its order has come to.
    pub order: Option<OrderId>,
    /// Whether anything is sent to its address.
    pub address: Option<EmailAddress>,
}

/// What was known before a message is sent.
#[derive(Clone, Debug, Default)]
pub struct Briefing {
    /// Where the shop's own template stands.
    pub template: Option<TemplateHead>,
    /// The order.
    pub order: Option<Order>,
    /// Why nothing is sent to the address.
    pub suppression: Option<Suppression>,
}

/// What became of storing a message's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is stored.
    Ours,
    /// The log has another record of it, or none; this is what it has.
    Taken(Option<Box<Notification>>),
}

impl NotificationFilter {
    fn keeps(&self, message: &Notification) -> bool {
        self.order_id.is_none_or(|order| Some(order) == message.order_id)
            && self.customer_id.is_none_or(|customer| Some(customer) == message.customer_id)
            && self.status.is_none_or(|status| status == message.status)
            && self.channel.is_none_or(|channel| channel == message.channel)
    }
}

impl Store {
    /// One message.
    pub async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, StorageError> {
        self.get(Table::Messages, &keys::notification(id)).await
    }

    /// All that there is to know before a message is sent, in one round trip.
    pub async fn briefing(&self, question: &Question) -> Result<Briefing, StorageError> {
        let template = question.template.as_ref().map(|(code, locale)| (Table::Messages, keys::template_head(code, *locale)));
        let order = question.order.map(|id| (Table::Orders, keys::order(id)));
        let address = question.address.as_ref().map(|address| (Table::Messages, keys::suppression(address)));
        let wanted: Vec<_> = [&template, &order, &address].into_iter().flatten().cloned().collect();
        if wanted.is_empty() {
            return Ok(Briefing::default());
        }
        let mut found = self.batch_get(&wanted).await?;
        let mut take = |asked: Option<(Table, keys::Key)>| asked.and_then(|(_, key)| found.remove(&key));
        Ok(Briefing {
            template: take(template).map(record).transpose()?,
            order: take(order).map(record).transpose()?,
            suppression: take(address).map(record::<Entry>).transpose()?.and_then(|entry| entry.suppression),
        })
    }

    /// A page of the messages that a filter keeps; shorter than asked for where they are large.
    pub async fn notifications(&self, filter: NotificationFilter, page: PageRequest) -> Result<Page<Notification>, StorageError> {
        let (index, partitions) = match (filter.order_id, filter.customer_id, filter.status) {
            (Some(order), _, _) => (BY_ORDER, vec![keys::notifications_about(order)]),
            (None, Some(customer), _) => (BY_CUSTOMER, vec![keys::notifications_to(customer)]),
            (None, None, Some(status)) => (BY_STATUS, keys::shards(&keys::notifications_in(status))),
            (None, None, None) => (BY_TIME, keys::shards(keys::NOTIFICATIONS)),
        };
        let page = self.list(Table::Messages, index, &partitions, page, |message: &Notification| filter.keeps(message)).await?;
        Ok(page.cut_short(|message| message.content.body.len(), |message| message.id.get()))
    }

    /// Stores a message's record: the first version on absence, a later one on the version before it.
    ///
    /// A write whose acknowledgement got lost and that the SDK made again fails its own condition; the record it
    /// finds is then exactly the one it meant to write, and counts as ours.
    pub async fn store_notification(&self, message: &Notification) -> Result<Claimed, StorageError> {
        let condition = Expression::onto(message.version);
        let put = self
            .client
            .put_item()
            .table_name(self.tables.get(Table::Messages)?)
            .set_item(Some(item(message)?.into_attributes()))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match self.alone(|| put.clone().send()).await {
            Ok(done) => {
                self.meter.wrote(&done.consumed_capacity);
                return Ok(Claimed::Ours);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let found: Option<Notification> = failed.item().cloned().map(record).transpose()?;
                Ok(if found.as_ref() == Some(message) { Claimed::Ours } else { Claimed::Taken(found.map(Box::new)) })
            }
            _ => Err(StorageError::request("PutItem")(error)),
        }
    }
}

impl From<&Dispatch> for Writes {
    fn from(dispatch: &Dispatch) -> Self {
        let Dispatch { message, replaced, events } = dispatch;
        let writes = Self::new().append(events).put(Table::Messages, keys::notification(message.id), item(message), Expression::absent());
        replaced.iter().fold(writes, |writes, replaced| {
            writes.put(Table::Messages, keys::notification(replaced.id), item(replaced), Expression::onto(replaced.version))
        })
    }
}

fn item(message: &Notification) -> Result<Item, StorageError> {
    let id = message.id.get();
    let item = Item::of(&keys::notification(message.id), message)?
        .listed(id)
        .under(BY_STATUS, keys::shard(&keys::notifications_in(message.status), id))
        .under(BY_TIME, keys::shard(keys::NOTIFICATIONS, id))
        .until(message.created_at.plus_days(KEPT_DAYS).seconds());
    let item = match message.order_id {
        Some(order) => item.under(BY_ORDER, keys::notifications_about(order)),
        None => item,
    };
    Ok(match message.customer_id {
        Some(customer) => item.under(BY_CUSTOMER, keys::notifications_to(customer)),
        None => item,
    })
}

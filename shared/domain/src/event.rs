//! Events: the audit trail and the outbox at once.

use crate::actor::Actor;
use crate::ids::{EventId, Ids, NotificationId, OrderId, PromotionId, RefundId, ReturnId, ShipmentId, VariantId};
use crate::message::Announcement;
use crate::notification::Channel;
use crate::refund::RefundMethod;
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// What happened.
    pub enum EventKind {
        /// An order was placed.
        OrderPlaced = "ORDER_PLACED",
        /// An order took a step forward.
        OrderStatusChanged = "ORDER_STATUS_CHANGED",
        /// An order was cancelled.
        OrderCancelled = "ORDER_CANCELLED",
        /// An order's payment changed.
        PaymentStatusChanged = "PAYMENT_STATUS_CHANGED",
        /// Money came for an order that is not what was to be paid.
        PaymentMismatched = "PAYMENT_MISMATCHED",
        /// Store credit was spent on an order.
        StoreCreditRedeemed = "STORE_CREDIT_REDEEMED",
        /// A refund was made.
        RefundCreated = "REFUND_CREATED",
        /// A refund's status changed.
        RefundStatusChanged = "REFUND_STATUS_CHANGED",
        /// A refund waits for staff, or its notes or reference changed.
        RefundUpdated = "REFUND_UPDATED",
        /// A parcel was made.
        ShipmentCreated = "SHIPMENT_CREATED",
        /// A parcel took a step on its way.
        ShipmentStatusChanged = "SHIPMENT_STATUS_CHANGED",
        /// A parcel was booked, or waits for staff, or what is known of it changed.
        ShipmentUpdated = "SHIPMENT_UPDATED",
        /// A message of the log is sent once more.
        MessageResent = "MESSAGE_RESENT",
        /// A template is mailed to whoever works on it.
        TemplateTested = "TEMPLATE_TESTED",
        /// A return was asked for.
        ReturnRequested = "RETURN_REQUESTED",
        /// A return took a step.
        ReturnStatusChanged = "RETURN_STATUS_CHANGED",
        /// An admin made a promotion.
        PromotionCreated = "PROMOTION_CREATED",
        /// An admin changed a promotion, or ended it.
        PromotionChanged = "PROMOTION_CHANGED",
        /// A variant came into the catalogue.
        VariantCreated = "VARIANT_CREATED",
        /// A variant's price, or another of its facts in the catalogue, changed.
        VariantChanged = "VARIANT_CHANGED",
    }
}

words! {
    /// What an event did to the uses of a promotion.
    pub enum PromotionUse {
        /// It took one.
        Taken = "TAKEN",
        /// It gave one back.
        GivenBack = "GIVEN_BACK",
    }
}

/// What somebody has to know of at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// A customer has been given more than was paid.
    OverRefunded,
    /// A completed refund came back: the customer hasn't got the money.
    RefundCameBack,
    /// Money came that is no payment, and staff decide what becomes of it.
    PaymentMismatch,
}

/// The record whose version an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A refund, for what doesn't change its order.
    Refund(RefundId),
    /// A parcel, for what doesn't change its order.
    Shipment(ShipmentId),
    /// A message of the notification log.
    Notification(NotificationId),
    /// A return. What happens to it also stands in its order's history, without a word to the customer.
    Return(ReturnId),
    /// A promotion. Its events are the audit trail alone: nobody is told of them.
    Promotion(PromotionId),
    /// A variant's facts in the catalogue, by its revision. Nobody is told of them either.
    Variant(VariantId),
}

/// A field of a record, and its value in words.
pub(crate) type Fact = (&'static str, String);

/// The value of a field that may be empty, in words.
pub(crate) fn or_none(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// The names of the fields that changed, of those whose values are in no history; nothing where none did.
pub(crate) fn changed_fields(fields: &[(&str, bool)]) -> Option<String> {
    let changed: Vec<&str> = fields.iter().filter_map(|(field, changes)| changes.then_some(*field)).collect();
    (!changed.is_empty()).then(|| format!("{} changed", changed.join(", ")))
}

/// One thing that happened to a record. Put once, on absence, in the transaction that made it true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The record.
    pub subject: Subject,
    /// The record's version after it; of a variant the revision, since its version moves with every piece that is sold.
    pub version: u64,
    /// Its place among the events of that version.
    pub n: u8,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// The state before, in the contract's words.
    pub previous_status: Option<String>,
    /// The state after.
    pub new_status: Option<String>,
    /// In words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The refund that now wants to be carried out.
    pub refund_due: Option<RefundId>,
    /// The parcel that now wants to be booked with its carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_due: Option<ShipmentId>,
    /// The parcel whose carrier now wants to be asked where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_due: Option<ShipmentId>,
    /// What the customer is told.
    pub announcement: Option<Announcement>,
    /// The message of the log that now wants to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_due: Option<MessageDue>,
    /// How the money of the refund it is about goes back; the shop's numbers tell refunds apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_method: Option<RefundMethod>,
    /// What it did to the uses of a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion_use: Option<PromotionUse>,
    /// What somebody has to know of at once. It is said of what was written and of nothing else, whoever wrote it and whatever
    /// became of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
}

/// What the history of a record has of an event: all that it tells, and nothing of what it set off.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The event's id.
    pub id: EventId,
    /// The record's version after it.
    pub version: u64,
    /// Its place among the events of that version.
    pub n: u8,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// The state before, in the contract's words.
    pub previous_status: Option<String>,
    /// The state after.
    pub new_status: Option<String>,
    /// In words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A message that is in the notification log, and waits there to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageDue {
    /// Which.
    pub notification_id: NotificationId,
    /// By which channel.
    pub channel: Channel,
}

impl Event {
    /// An event that sets nothing off.
    #[must_use]
    pub fn new(subject: Subject, version: u64, kind: EventKind, actor: Actor, at: Timestamp, ids: &mut Ids) -> Self {
        Self {
            id: EventId::draw(ids),
            subject,
            version,
            n: 0,
            kind,
            actor,
            previous_status: None,
            new_status: None,
            note: None,
            at,
            refund_due: None,
            shipment_due: None,
            tracking_due: None,
            announcement: None,
            message_due: None,
            refund_method: None,
            promotion_use: None,
            alarm: None,
        }
    }

    /// From which state to which.
    #[must_use]
    pub fn from_to(mut self, previous: Option<&str>, new: &str) -> Self {
        self.previous_status = previous.map(ToOwned::to_owned);
        self.new_status = Some(new.to_owned());
        self
    }

    /// In words.
    #[must_use]
    pub fn noting(mut self, note: Option<&str>) -> Self {
        self.note = note.map(ToOwned::to_owned);
        self
    }

    /// Noting each fact that is another than it was, with its old value; nothing where none is.
    #[must_use]
    pub(crate) fn noting_changes<const N: usize>(mut self, old: [Fact; N], new: [Fact; N]) -> Self {
        let changed = new.into_iter().zip(old).filter(|((_, new), (_, old))| new != old);
        let changes: Vec<String> = changed.map(|((field, new), (_, old))| format!("{field}: {old} → {new}")).collect();
        self.note = (!changes.is_empty()).then(|| changes.join("; "));
        self
    }

    /// Telling the customer.
    #[must_use]
    pub fn announcing(mut self, announcement: Announcement) -> Self {
        self.announcement = Some(announcement);
        self
    }

    /// Setting a refund off.
    #[must_use]
    pub fn with_refund_due(mut self, refund: RefundId) -> Self {
        self.refund_due = Some(refund);
        self
    }

    /// About a refund whose money goes back this way.
    #[must_use]
    pub fn of_refund_by(mut self, method: RefundMethod) -> Self {
        self.refund_method = Some(method);
        self
    }

    /// Having done this to the uses of a promotion, if anything.
    #[must_use]
    pub fn with_promotion_use(mut self, promotion: Option<PromotionUse>) -> Self {
        self.promotion_use = promotion;
        self
    }

    /// Raising an alarm, if anything is wrong.
    #[must_use]
    pub const fn raising(mut self, alarm: Option<Alarm>) -> Self {
        self.alarm = alarm;
        self
    }

    /// Setting the booking of a parcel off.
    #[must_use]
    pub fn with_shipment_due(mut self, shipment: ShipmentId) -> Self {
        self.shipment_due = Some(shipment);
        self
    }

    /// Setting off the sending of a message that is in the log.
    #[must_use]
    pub fn with_message_due(mut self, notification_id: NotificationId, channel: Channel) -> Self {
        self.message_due = Some(MessageDue { notification_id, channel });
        self
    }

    /// The event's place and a purpose. Its id would not do: it is drawn, and another event of the same millisecond can
    /// have drawn the same, while there is only one event in a place.
    fn job_id(&self, purpose: &str) -> String {
        let Self { version, n, .. } = self;
        match self.subject {
            Subject::Order(id) => format!("order-{id}:{version}:{n}:{purpose}"),
            Subject::Refund(id) => format!("refund-{id}:{version}:{n}:{purpose}"),
            Subject::Shipment(id) => format!("shipment-{id}:{version}:{n}:{purpose}"),
            Subject::Notification(id) => format!("notification-{id}:{version}:{n}:{purpose}"),
            Subject::Return(id) => format!("return-{id}:{version}:{n}:{purpose}"),
            Subject::Promotion(id) => format!("promotion-{id}:{version}:{n}:{purpose}"),
            Subject::Variant(id) => format!("variant-{id}:{version}:{n}:{purpose}"),
        }
    }

    /// The jobs this event sets off, each with an id that is the same however often it is asked for.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        if let Some(refund_id) = self.refund_due {
            jobs.push(Job::Refund(RefundJob { id: self.job_id("refund"), refund_id }));
        }
        if let Some(shipment_id) = self.shipment_due {
            jobs.push(Job::Shipment(ShipmentJob { id: self.job_id("shipment"), shipment_id, task: ShipmentTask::Book }));
        }
        if let Some(shipment_id) = self.tracking_due {
            jobs.push(Job::Shipment(ShipmentJob { id: self.job_id("tracking"), shipment_id, task: ShipmentTask::Track }));
        }
        if let Some(announcement) = &self.announcement {
            if announcement.email.is_some() {
                jobs.push(Job::Email(MessageJob::new(self, "email", announcement.email_id, announcement)));
            }
            if announcement.phone.is_some() {
                jobs.push(Job::Sms(MessageJob::new(self, "sms", announcement.sms_id, announcement)));
            }
        }
        if let Some(MessageDue { notification_id, channel }) = self.message_due {
            let job = |purpose| MessageJob { id: self.job_id(purpose), notification_id, at: self.at, announcement: None };
            jobs.push(match channel {
                Channel::Email => Job::Email(job("email")),
                Channel::Sms => Job::Sms(job("sms")),
            });
        }
        jobs
    }
}

/// Gives the events of one decision their places.
#[must_use]
pub fn numbered(events: Vec<Event>) -> Vec<Event> {
    events.into_iter().zip(0..).map(|(event, n)| Event { n, ..event }).collect()
}

/// Work that an event sets off, for the queue of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Send an e-mail.
    Email(MessageJob),
    /// Send an SMS.
    Sms(MessageJob),
    /// Carry a refund out.
    Refund(RefundJob),
    /// Book a parcel with its carrier.
    Shipment(ShipmentJob),
}

impl Job {
    /// The job's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Email(job) | Self::Sms(job) => &job.id,
            Self::Refund(job) => &job.id,
            Self::Shipment(job) => &job.id,
        }
    }
}

/// One message on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageJob {
    /// The place of its event, and its purpose; no other job has it.
    pub id: String,
    /// The message's record in the notification log.
    pub notification_id: NotificationId,
    /// When its event happened.
    pub at: Timestamp,
    /// What it says; nothing where the log has it, ready to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announcement>,
}

impl MessageJob {
    fn new(event: &Event, purpose: &str, notification_id: NotificationId, announcement: &Announcement) -> Self {
        Self { id: event.job_id(purpose), notification_id, at: event.at, announcement: Some(announcement.clone()) }
    }
}

/// A refund to carry out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundJob {
    /// The place of its event, and its purpose; no other job has it.
    pub id: String,
    /// Which.
    pub refund_id: RefundId,
}

/// Something to do about a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentJob {
    /// The place of its event, and its purpose; no other job has it.
    pub id: String,
    /// Which.
    pub shipment_id: ShipmentId,
    /// What.
    #[serde(default)]
    pub task: ShipmentTask,
}

/// What is to be done about a parcel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShipmentTask {
    /// Book it with its carrier.
    #[default]
    Book,
    /// Ask its carrier where it is.
    Track,
}

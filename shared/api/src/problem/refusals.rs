//! Every error of the domain and of the tables, with its status and its code of the contract.

use super::{FieldError, Problem};
use crate::input::MISSING;
use axum::http::{StatusCode, header};
use domain::credit::RedeemError;
use domain::inventory::InventoryError;
use domain::notification::ResendError;
use domain::order::{AdvanceError, CancelError, NoSuchLine, OrderStatus, PaymentError, PaymentStatus, PlaceError, SpendError};
use domain::promotion::{NotRedeemable, UpdateError, WrongTerm};
use domain::refund::{MethodError, RefundError, RefundRequestError, RefundStatus, RoomError};
use domain::returns::{RequestError, ReturnStatus, StepError, WrongField};
use domain::shipment::{ShipError, ShipmentError, ShipmentStatus};
use domain::template::TemplateError;
use serde_json::{Value, json};
use store::StorageError;

/// The words of the allowed next states, for `allowed`, and in a sentence.
fn allowed<T: Copy + std::fmt::Display>(states: &[T]) -> (Value, String) {
    let words: Vec<String> = states.iter().map(ToString::to_string).collect();
    let sentence = match words.as_slice() {
        [] => "Nothing is allowed from here.".to_owned(),
        words => format!("Allowed: {}.", words.join(", ")),
    };
    (json!(words), sentence)
}

fn transition<T: Copy + std::fmt::Display>(error: impl std::fmt::Display, next: &[T]) -> Problem {
    let (words, sentence) = allowed(next);
    Problem::conflict("INVALID_STATUS_TRANSITION", format!("{error} {sentence}")).member("allowed", words)
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match &error {
            StorageError::Throttled(_) | StorageError::Unread(_) => Self::unavailable(error),
            StorageError::Conflict(_) => Self::race(),
            StorageError::Unconfigured(_) | StorageError::Request { .. } | StorageError::Item(_) => Self::internal(error),
        }
    }
}

impl From<NoSuchLine> for FieldError {
    fn from(wrong: NoSuchLine) -> Self {
        Self::new(format!("/items/{}/orderItemId", wrong.place), "INVALID_ORDER_ITEMS", wrong)
    }
}

fn no_such_lines(lines: &[NoSuchLine]) -> Problem {
    Problem::invalid(lines.iter().copied().map(Into::into).collect())
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match &error {
            PlaceError::VariantNotFound(_) => Self::not_found("VARIANT_NOT_FOUND", error),
            PlaceError::VariantInactive(_) => Self::conflict("VARIANT_INACTIVE", error),
            PlaceError::CurrencyMismatch { .. } => Self::conflict("CURRENCY_MISMATCH", error),
            PlaceError::InsufficientStock { .. } => Self::conflict("INSUFFICIENT_STOCK", error),
            PlaceError::DeliveryFeeMismatch { .. } | PlaceError::DeliveryFeeCurrency { .. } | PlaceError::UnknownZone { .. } => {
                Self::conflict("DELIVERY_FEE_MISMATCH", error)
            }
            PlaceError::PaymentReferenceUsed(_) => Self::conflict("PAYMENT_REFERENCE_USED", error),
            PlaceError::Promotion(reason) => not_valid(reason, StatusCode::CONFLICT),
            PlaceError::TotalTooLarge => Self::invalid_field("/items", "INVALID_AMOUNT", error),
        }
    }
}

/// A code that can't be used, with the members that a client of `validate` looks at; a limit that is reached is refused
/// with a status of its own where an order is placed.
fn not_valid(reason: &NotRedeemable, limit: StatusCode) -> Problem {
    let (status, code) = match reason {
        NotRedeemable::InvalidCode(_) => (StatusCode::NOT_FOUND, "INVALID_CODE"),
        NotRedeemable::Inactive(_) => (StatusCode::BAD_REQUEST, "INACTIVE_PROMOTION"),
        NotRedeemable::NotStarted(_) => (StatusCode::BAD_REQUEST, "NOT_STARTED"),
        NotRedeemable::Expired(_) => (StatusCode::BAD_REQUEST, "EXPIRED"),
        NotRedeemable::CurrencyMismatch { .. } => (StatusCode::CONFLICT, "CURRENCY_MISMATCH"),
        NotRedeemable::MinOrderNotMet { .. } => (StatusCode::BAD_REQUEST, "MIN_ORDER_NOT_MET"),
        NotRedeemable::UsageLimitReached(_) => (limit, "USAGE_LIMIT_REACHED"),
        NotRedeemable::UserLimitReached(_) => (limit, "USER_LIMIT_REACHED"),
    };
    Problem::new(status, code, reason).member("valid", false).member("errorCode", code)
}

impl From<NotRedeemable> for Problem {
    fn from(reason: NotRedeemable) -> Self {
        not_valid(&reason, StatusCode::BAD_REQUEST)
    }
}

impl From<WrongTerm> for FieldError {
    fn from(wrong: WrongTerm) -> Self {
        let (field, code) = match wrong {
            WrongTerm::ValueMissing => ("value", MISSING),
            WrongTerm::Percentage => ("value", "INVALID_PERCENTAGE"),
            WrongTerm::FixedAmount | WrongTerm::NegativeValue => ("value", "INVALID_VALUE"),
            WrongTerm::Amount { field, .. } | WrongTerm::NegativeAmount { field } => (field, "INVALID_AMOUNT"),
            WrongTerm::NoDiscount => ("maxDiscount", "INVALID_AMOUNT"),
            WrongTerm::OtherCurrency { field } => (field, MISSING),
            WrongTerm::DateRange => ("endDate", "INVALID_DATE_RANGE"),
        };
        Self::new(format!("/{field}"), code, wrong)
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::CodeImmutable(_) => Self::conflict("CODE_IMMUTABLE", error),
            UpdateError::Terms(wrong) => Self::invalid(wrong.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<MethodError> for Problem {
    fn from(error: MethodError) -> Self {
        match error {
            MethodError::CashByStaffOnly | MethodError::NotPaidSo(_) => Self::invalid_field("/refundMethod", "INVALID_METHOD", error),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::AlreadyCancelled => Self::conflict("ALREADY_CANCELLED", error),
            CancelError::CannotCancel(_) | CancelError::LiveShipment => Self::conflict("CANNOT_CANCEL", error),
            CancelError::Method(method) => method.into(),
        }
    }
}

impl From<AdvanceError> for Problem {
    fn from(error: AdvanceError) -> Self {
        transition::<OrderStatus>(error, &error.allowed())
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match &error {
            PaymentError::InvalidTransition { allowed, .. } => transition::<PaymentStatus>(&error, allowed),
            PaymentError::ReferenceUsed(_) => Self::conflict("PAYMENT_REFERENCE_USED", error),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::InvalidTransition { from, .. } => transition::<RefundStatus>(error, from.next()),
            RefundError::InProgress => Self::conflict("REFUND_IN_PROGRESS", error),
            RefundError::Room(room) => room.into(),
        }
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::ExceedsPaid { .. } | RoomError::NotSoMany { .. } => Self::conflict("REFUND_EXCEEDS_PAID", error),
            RoomError::NoSuchItem(_) => Self::invalid_field("/items", "INVALID_ORDER_ITEMS", error),
        }
    }
}

impl From<RefundRequestError> for Problem {
    fn from(error: RefundRequestError) -> Self {
        match error {
            RefundRequestError::Method(method) => method.into(),
            RefundRequestError::NoSuchLines(lines) => no_such_lines(&lines),
            RefundRequestError::Room(room) => room.into(),
        }
    }
}

impl From<ShipError> for Problem {
    fn from(error: ShipError) -> Self {
        match &error {
            ShipError::NotShippable(_) | ShipError::AllShipped | ShipError::LineShipped { .. } => {
                Self::conflict("ORDER_NOT_SHIPPABLE", error)
            }
            ShipError::NoSuchLines(lines) => no_such_lines(lines),
        }
    }
}

impl From<ShipmentError> for Problem {
    fn from(error: ShipmentError) -> Self {
        match &error {
            ShipmentError::InvalidTransition { allowed, .. } => transition::<ShipmentStatus>(&error, allowed),
            ShipmentError::BookingInProgress => Self::conflict("BOOKING_IN_PROGRESS", error).header(header::RETRY_AFTER, "60"),
            ShipmentError::NumberMissing => Self::invalid_field("/trackingNumber", MISSING, error),
            ShipmentError::NumberUsed(_) => Self::conflict("TRACKING_NUMBER_USED", error),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match &error {
            RequestError::NoSuchLines(lines) => no_such_lines(lines),
            RequestError::NotDelivered(_) => Self::conflict("ORDER_NOT_DELIVERED", error),
            RequestError::WindowClosed(_) => Self::conflict("RETURN_WINDOW_CLOSED", error),
            RequestError::NotReturnable { .. } => Self::conflict("QUANTITY_NOT_RETURNABLE", error),
        }
    }
}

impl From<WrongField> for FieldError {
    fn from(wrong: WrongField) -> Self {
        let (pointer, code) = match wrong {
            WrongField::NotInReturn { place, .. } | WrongField::CountedTwice { place, .. } => {
                (format!("/items/{place}/orderItemId"), "INVALID_ORDER_ITEMS")
            }
            WrongField::WhichEntry { place, .. } => (format!("/items/{place}/id"), "INVALID_ORDER_ITEMS"),
            WrongField::NotCounted { place } => (format!("/items/{place}"), "INVALID_ITEM"),
            WrongField::NotKept { field } => (format!("/{field}"), "INVALID_AMOUNT"),
        };
        Self::new(pointer, code, wrong)
    }
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        match &error {
            StepError::InvalidTransition { from, .. } => transition::<ReturnStatus>(&error, from.next()),
            StepError::Fields(wrong) => Self::invalid(wrong.iter().copied().map(Into::into).collect()),
            StepError::MoreThanAsked { .. } => Self::conflict("QUANTITY_NOT_RETURNABLE", error),
            StepError::NeverPaid => Self::conflict("REFUND_EXCEEDS_PAID", error),
            StepError::Room(room) => (*room).into(),
            StepError::SoldAgain { .. } => Self::conflict("INSUFFICIENT_STOCK", error),
        }
    }
}

impl From<InventoryError> for Problem {
    fn from(error: InventoryError) -> Self {
        match &error {
            InventoryError::VariantNotFound(_) => Self::not_found("VARIANT_NOT_FOUND", error),
            InventoryError::DuplicateSku(_) => Self::conflict("DUPLICATE_SKU", error),
            InventoryError::InsufficientStock { .. } => Self::conflict("INSUFFICIENT_STOCK", error),
            InventoryError::TooManyPieces { .. } => Self::invalid_field("/quantityChange", "INVALID_QUANTITY_CHANGE", error),
        }
    }
}

impl From<TemplateError> for Problem {
    fn from(error: TemplateError) -> Self {
        match &error {
            TemplateError::DuplicateCode(..) => Self::conflict("DUPLICATE_CODE", error),
            TemplateError::CodeImmutable => Self::conflict("CODE_IMMUTABLE", error),
        }
    }
}

impl From<ResendError> for Problem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::BeingSent => Self::conflict("NOTIFICATION_BEING_SENT", error),
        }
    }
}

impl From<RedeemError> for Problem {
    fn from(error: RedeemError) -> Self {
        let code = match error {
            RedeemError::Credit(_) => "INSUFFICIENT_CREDIT",
            RedeemError::Order(SpendError::NotPayable { .. }) => "ORDER_NOT_PAYABLE",
            RedeemError::Order(SpendError::CurrencyMismatch { .. }) => "CURRENCY_MISMATCH",
            RedeemError::Order(SpendError::ExceedsDue { .. }) => "CREDIT_EXCEEDS_DUE",
        };
        Self::conflict(code, error)
    }
}

//! What providers said of payments that no order had yet, and of refunds of such payments: kept until there is one.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, record, value};
use crate::keys::{self, EARLY_REFUND, Key};
use crate::{Store, Table};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::order::{PaymentMethod, PaymentOutcome, PaymentReport};
use domain::refund::{ProviderRefund, RefundOutcome};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Far longer than it takes to place an order that is paid already.
const KEPT_SECONDS: u64 = 30 * 24 * 60 * 60;

/// What has gone back is gone for good, and whoever still knows the payment's reference may place an order with it.
const GONE_KEPT_SECONDS: u64 = 400 * 24 * 60 * 60;

/// More than a provider lets be made of one payment in the time that they are kept.
const MOST_REFUNDS: usize = 100;

#[derive(Serialize, Deserialize)]
struct EarlyRecord {
    report: PaymentReport,
}

impl Store {
    /// Keeps what was said of a payment. That money has come is never overwritten by another report: the others are older, or mean
    /// an attempt before.
    pub async fn keep_early_payment(
        &self,
        method: PaymentMethod,
        reference: &str,
        report: &PaymentReport,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let key = keys::early_payment(method.reference_space(), reference);
        let item = Item::of(&key, &EarlyRecord { report: report.clone() })?.until(now.seconds() + KEPT_SECONDS);
        let put = self
            .client
            .put_item()
            .table_name(self.tables.get(Table::Orders)?)
            .set_item(Some(item.into_attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match report.outcome {
            PaymentOutcome::Received(_) => put,
            PaymentOutcome::Pending | PaymentOutcome::Failed => put.condition_expression("attribute_not_exists(pk)"),
        };
        match self.alone(|| put.clone().send()).await {
            Ok(done) => {
                self.meter.wrote(&done.consumed_capacity);
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StorageError::request("PutItem")(error)),
            },
        }
    }

    /// What was said of a payment before there was its order; nothing where nobody said anything.
    pub async fn early_payment(&self, method: PaymentMethod, reference: &str) -> Result<Option<PaymentReport>, StorageError> {
        let key = keys::early_payment(method.reference_space(), reference);
        Ok(self.get::<EarlyRecord>(Table::Orders, &key).await?.map(|early| early.report))
    }

    /// What was said of the refunds of a payment before there was its order.
    pub async fn early_refunds(&self, method: PaymentMethod, payment: &str) -> Result<Vec<ProviderRefund>, StorageError> {
        let partition = keys::early_payment(method.reference_space(), payment).pk;
        let (items, _) = self.collection(Table::Orders, &partition, EARLY_REFUND, None, MOST_REFUNDS).await?;
        items.into_iter().map(record).collect()
    }

    /// What is kept of the refund that this is a report of.
    pub async fn early_refund(&self, method: PaymentMethod, refund: &ProviderRefund) -> Result<Option<ProviderRefund>, StorageError> {
        match refund_key(method, refund) {
            Some(key) => self.get(Table::Orders, &key).await,
            None => Ok(None),
        }
    }
}

impl Writes {
    /// Keeps a report of a refund in the place of the one that was `kept`, on nobody having kept another since.
    #[must_use]
    pub fn keep_early_refund(self, method: PaymentMethod, kept: Option<&ProviderRefund>, refund: &ProviderRefund, now: Timestamp) -> Self {
        let Some(key) = refund_key(method, refund) else { return self };
        // Spread over the list's partitions by whatever its name comes to.
        let place = refund.name.bytes().map(u64::from).sum();
        let kept_for = if refund.report.outcome == RefundOutcome::Succeeded { GONE_KEPT_SECONDS } else { KEPT_SECONDS };
        let item = Item::of(&key, refund).map(|item| item.waiting(keys::EARLY_REFUNDS, place, now).until(now.seconds() + kept_for));
        self.put(Table::Orders, key, item, kept.map_or_else(Expression::absent, still))
    }

    /// Drops a report of a refund that its order has now, on nobody having kept another since.
    #[must_use]
    pub fn forget_early_refund(self, method: PaymentMethod, kept: &ProviderRefund) -> Self {
        match refund_key(method, kept) {
            Some(key) => self.delete(Table::Orders, key, still(kept)),
            None => self,
        }
    }
}

/// That what is kept says the same as it did.
fn still(kept: &ProviderRefund) -> Expression {
    let same = Expression::new("#report.#outcome = :outcome").name("#report", "report").name("#outcome", "outcome");
    match value(&kept.report.outcome) {
        Ok(outcome) => same.value(":outcome", outcome),
        // Without its value the condition is refused, and nothing is written.
        Err(_) => same,
    }
}

fn refund_key(method: PaymentMethod, refund: &ProviderRefund) -> Option<Key> {
    refund.payments.first().map(|payment| keys::early_refund(method.reference_space(), payment, &refund.name))
}

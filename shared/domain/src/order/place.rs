//! Placing an order: price it from the variants, then make it.

use super::{
    Customer, DeliveryAddress, DeliveryMethod, LineItem, Order, OrderSource, OrderStatus, PaymentMethod, PaymentStatus, VariantDetails,
    discounted,
};
use crate::actor::Actor;
use crate::event::{Event, EventKind, PromotionUse, Subject};
use crate::ids::{CustomerId, Ids, OrderId, OrderItemId, VariantId};
use crate::inventory::{ChangeType, LastChange, StockChange, Variant};
use crate::message::{Announcement, MessageKind};
use crate::money::{Currency, MAX_MINOR, Money};
use crate::promotion::{Basket, HeldUse, NotRedeemable, Offer, PromotionType, Redemption};
use crate::time::{Day, Timestamp};
use std::collections::BTreeMap;

/// The most lines an order can have, so that its transaction fits DynamoDB's 100 items.
pub const MAX_LINES: usize = 50;

/// The most pieces of one variant in an order.
pub const MAX_QUANTITY: u32 = 1_000_000;

/// Pieces of a variant that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedLine {
    /// The variant.
    pub variant_id: VariantId,
    /// Pieces, 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
}

/// What a client asks for. Lines of one variant count together; prices are never the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRequest {
    /// Whose order.
    pub customer_id: CustomerId,
    /// Who it is for.
    pub customer: Customer,
    /// What is wanted; 1 to [`MAX_LINES`] variants.
    pub lines: Vec<RequestedLine>,
    /// How it reaches the customer.
    pub delivery_method: DeliveryMethod,
    /// Where it goes; there for home delivery.
    pub delivery_address: Option<DeliveryAddress>,
    /// The zone of the fee.
    pub delivery_zone: Option<String>,
    /// The fee the client counts on.
    pub delivery_fee: Option<Money>,
    /// How it will be paid.
    pub payment_method: PaymentMethod,
    /// The provider's reference of the payment.
    pub payment_reference: Option<String>,
    /// A promotion's code, upper-cased.
    pub promotion_code: Option<String>,
    /// Where it is placed.
    pub source: OrderSource,
    /// The currency of every amount.
    pub currency: Currency,
    /// In words.
    pub notes: Option<String>,
}

/// The shop's delivery fees by zone, in minor units of the shop's currency; empty when it leaves them to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFees(pub BTreeMap<String, Money>);

impl DeliveryFees {
    /// A zone's fee. Its name is as it is written here; where none is so, in whatever case: a zone that is not found would be free.
    fn of(&self, zone: &str) -> Option<Money> {
        let alike = || self.0.iter().find(|(name, _)| name.to_lowercase() == zone.to_lowercase()).map(|(_, fee)| fee);
        self.0.get(zone).or_else(alike).copied()
    }
}

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// `VARIANT_NOT_FOUND`
    #[error("There is no variant {0}.")]
    VariantNotFound(VariantId),
    /// `VARIANT_INACTIVE`
    #[error("{0} is not sold at the moment.")]
    VariantInactive(String),
    /// `CURRENCY_MISMATCH`
    #[error("{sku} is priced in {priced}, the order is in {ordered}.")]
    CurrencyMismatch {
        /// The variant's SKU.
        sku: String,
        /// Its price's currency.
        priced: Currency,
        /// The order's.
        ordered: Currency,
    },
    /// `INSUFFICIENT_STOCK`
    #[error("{asked} of {sku} were asked for and {left} are left.")]
    InsufficientStock {
        /// The variant's SKU.
        sku: String,
        /// Pieces asked for.
        asked: u32,
        /// Pieces on hand.
        left: i64,
    },
    /// `DELIVERY_FEE_MISMATCH`
    #[error("The delivery fee {place} is {fee}.")]
    DeliveryFeeMismatch {
        /// For a zone, or for pickup.
        place: String,
        /// What it must be.
        fee: Money,
    },
    /// `DELIVERY_FEE_MISMATCH`
    #[error("The delivery fee {place} is {fee}, and the order is in {ordered}.")]
    DeliveryFeeCurrency {
        /// For a zone.
        place: String,
        /// What it is, in a currency that the order is not in.
        fee: Money,
        /// The order's.
        ordered: Currency,
    },
    /// `DELIVERY_FEE_MISMATCH`
    #[error("There is no delivery fee for that zone; the zones are: {zones}.")]
    UnknownZone {
        /// The zones there are.
        zones: String,
    },
    /// `PAYMENT_REFERENCE_USED`
    #[error("The payment reference {0} belongs to another order.")]
    PaymentReferenceUsed(String),
    /// The promotion can't be used; each reason has its own code.
    #[error(transparent)]
    Promotion(#[from] NotRedeemable),
    /// `INVALID_AMOUNT`
    #[error("The order's total is larger than an order may be.")]
    TotalTooLarge,
}

/// A priced order that could be made: everything is decided but its number and ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    request: OrderRequest,
    lines: Vec<(RequestedLine, Variant)>,
    delivery_fee: Money,
    subtotal: Money,
    discount: Money,
    /// The part of the discount that is on the lines; the rest is on the delivery fee.
    on_lines: Money,
    total: Money,
    offer: Option<Offer>,
}

/// Everything that placing an order writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The new order.
    pub order: Order,
    /// Out of stock, on the prices it was quoted with.
    pub taken: Vec<StockChange>,
    /// The use of its promotion.
    pub redemption: Option<Redemption>,
    /// `ORDER_PLACED`.
    pub events: Vec<Event>,
}

impl OrderRequest {
    /// Prices the order from the variants as they are now, and from what its promotion offers now.
    ///
    /// # Errors
    /// Whatever stands in its way, the first in the order of the lines; see [`PlaceError`].
    pub fn price(
        self,
        variants: &[Variant],
        offer: Option<Offer>,
        fees: &DeliveryFees,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Quote, PlaceError> {
        // What isn't there at all is said before what merely stands in the way.
        let lines = self.merged_lines().into_iter().map(|line| {
            let variant = variants.iter().find(|variant| variant.id == line.variant_id).cloned();
            variant.map(|variant| (line, variant)).ok_or(PlaceError::VariantNotFound(line.variant_id))
        });
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        if let (Some(code), None) = (&self.promotion_code, &offer) {
            return Err(NotRedeemable::InvalidCode(code.clone()).into());
        }
        let mut subtotal = Money::zero(self.currency);
        for (line, variant) in &lines {
            if !variant.is_active {
                return Err(PlaceError::VariantInactive(variant.sku.clone()));
            }
            if variant.price.currency != self.currency {
                return Err(PlaceError::CurrencyMismatch {
                    sku: variant.sku.clone(),
                    priced: variant.price.currency,
                    ordered: self.currency,
                });
            }
            if variant.stock_quantity < i64::from(line.quantity) {
                return Err(PlaceError::InsufficientStock { sku: variant.sku.clone(), asked: line.quantity, left: variant.stock_quantity });
            }
            subtotal = variant.price.times(line.quantity).and_then(|amount| subtotal.plus(amount)).ok_or(PlaceError::TotalTooLarge)?;
        }
        let delivery_fee = self.delivery_fee(fees, actor)?;
        let whole = subtotal.plus(delivery_fee).filter(|whole| whole.minor <= MAX_MINOR).ok_or(PlaceError::TotalTooLarge)?;
        let discount = offer.as_ref().map(|offer| offer.discount(&Basket { subtotal, delivery_fee }, now)).transpose()?;
        let discount = discount.unwrap_or(Money::zero(self.currency));
        // A code that takes nothing off, as free delivery of what is collected, is none of the order's: its use would be lost.
        let offer = offer.filter(|_| !discount.is_zero());
        let request = Self { promotion_code: self.promotion_code.filter(|_| offer.is_some()), ..self };
        let total = whole.minus(discount).ok_or(PlaceError::TotalTooLarge)?;
        let on_fee = offer.as_ref().is_some_and(|offer| offer.promotion.terms.benefit.kind() == PromotionType::FreeShipping);
        let on_lines = if on_fee { Money::zero(self.currency) } else { discount };
        Ok(Quote { request, lines, delivery_fee, subtotal, discount, on_lines, total, offer })
    }

    /// One line a variant, in the order the variants are first named.
    fn merged_lines(&self) -> Vec<RequestedLine> {
        let mut merged: Vec<RequestedLine> = Vec::new();
        for line in &self.lines {
            match merged.iter_mut().find(|seen| seen.variant_id == line.variant_id) {
                Some(seen) => seen.quantity = seen.quantity.saturating_add(line.quantity),
                None => merged.push(*line),
            }
        }
        merged
    }

    fn delivery_fee(&self, fees: &DeliveryFees, actor: Actor) -> Result<Money, PlaceError> {
        let free = Money::zero(self.currency);
        if self.delivery_method == DeliveryMethod::StorePickup {
            return match self.delivery_fee {
                Some(fee) if !fee.is_zero() => Err(PlaceError::DeliveryFeeMismatch { place: "for pickup".to_owned(), fee: free }),
                _ => Ok(free),
            };
        }
        let zone_fee = self.delivery_zone.as_ref().and_then(|zone| fees.of(zone));
        if fees.0.is_empty() || actor.is_staff() {
            // A zone's fee in another currency is no fee of this order.
            let zone_fee = zone_fee.filter(|fee| fee.currency == self.currency);
            return Ok(self.delivery_fee.or(zone_fee).unwrap_or(free));
        }
        let place = || format!("for {}", self.delivery_zone.as_deref().unwrap_or_default());
        match (zone_fee, self.delivery_fee) {
            (Some(fee), _) if fee.currency != self.currency => {
                Err(PlaceError::DeliveryFeeCurrency { place: place(), fee, ordered: self.currency })
            }
            (None, _) => Err(PlaceError::UnknownZone { zones: fees.0.keys().cloned().collect::<Vec<_>>().join(", ") }),
            (Some(fee), Some(asked)) if asked != fee => Err(PlaceError::DeliveryFeeMismatch { place: place(), fee }),
            (Some(fee), _) => Ok(fee),
        }
    }
}

impl Order {
    /// Makes the quoted order. `sequence` is its place among the orders of `day`.
    #[must_use]
    pub fn place(quote: Quote, day: &Day, sequence: u64, actor: Actor, now: Timestamp, mut ids: Ids) -> Placement {
        let Quote { request, lines, delivery_fee, subtotal, discount, on_lines, total, offer } = quote;
        let id = OrderId::draw(&mut ids);
        let redemption = offer.and_then(|offer| offer.redeem(id, request.customer_id, discount, now));
        let order_number = format!("MLA-{}-{sequence:04}", day.as_str());
        let items: Vec<LineItem> = lines.iter().map(|(line, variant)| LineItem::of(*line, variant, &mut ids)).collect();
        let taken = lines
            .iter()
            .map(|(line, variant)| StockChange {
                variant_id: variant.id,
                delta: -i64::from(line.quantity),
                revision: Some(variant.revision),
                change: LastChange {
                    change_type: ChangeType::Sale,
                    reason: format!("Order {order_number}"),
                    performed_by: actor.id(),
                    order_id: Some(id),
                    at: now,
                },
            })
            .collect();
        let order = Self {
            id,
            order_number,
            customer_id: request.customer_id,
            customer: request.customer,
            status: OrderStatus::Pending,
            payment_method: request.payment_method,
            // Where there is nothing to pay, nobody is waited for.
            payment_status: if total.is_zero() { PaymentStatus::Paid } else { PaymentStatus::Pending },
            payment_reference: request.payment_reference,
            delivery_method: request.delivery_method,
            delivery_address: request.delivery_address,
            delivery_zone: request.delivery_zone,
            delivery_fee,
            subtotal,
            discount,
            total,
            paid: Money::zero(request.currency),
            mismatched: None,
            earlier_payments: Vec::new(),
            credit: None,
            refundable: Money::zero(request.currency),
            over_refunded: None,
            refunded_total: Money::zero(request.currency),
            currency: request.currency,
            promotion_code: request.promotion_code,
            held_use: redemption.as_ref().map(|redemption| HeldUse { code: redemption.code.clone(), shard: redemption.shard }),
            source: request.source,
            notes: request.notes,
            void_numbers: Vec::new(),
            items: discounted(items, on_lines),
            version: 1,
            created_at: now,
            updated_at: now,
            completed_at: None,
        };
        let event = Event::new(Subject::Order(id), order.version, EventKind::OrderPlaced, actor, now, &mut ids)
            .from_to(None, order.status.as_str())
            .with_promotion_use(redemption.as_ref().map(|_| PromotionUse::Taken))
            .announcing(Announcement::about(&order, MessageKind::OrderConfirmation, None, None, &mut ids));
        Placement { order, taken, redemption, events: vec![event] }
    }
}

impl LineItem {
    fn of(line: RequestedLine, variant: &Variant, ids: &mut Ids) -> Self {
        Self {
            id: OrderItemId::draw(ids),
            product_id: variant.product_id,
            variant_id: variant.id,
            sku: variant.sku.clone(),
            product_name: variant.product_name.clone(),
            variant_details: VariantDetails { size: variant.size.clone(), color: variant.color.clone() },
            quantity: line.quantity,
            price_at_purchase: variant.price,
            discount: Money::zero(variant.price.currency),
            returned_quantity: 0,
            returning_quantity: 0,
            refunded_quantity: 0,
            brought_back_quantity: 0,
            faulty_quantity: 0,
            refunded_amount: Money::zero(variant.price.currency),
            shipped_quantity: 0,
            delivered_quantity: 0,
        }
    }
}

//! Variants, their stock, and the log of its changes.

use crate::actor::Actor;
use crate::composed::{composed, decomposed};
use crate::event::{Event, EventKind, Fact, Subject, or_none};
use crate::ids::{Ids, OrderId, ProductId, UserId, VariantId};
use crate::money::{AmountError, Currency, Decimal, Money};
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

/// The most pieces a stock can hold, and the most that one line or one adjustment can move.
pub const MAX_PIECES: i64 = 1_000_000_000;

/// A SKU as it is kept and looked up: in one form, however its accents were typed.
#[must_use]
pub fn kept_sku(written: &str) -> String {
    composed(written)
}

/// The SKU under which a variant may stand in the table instead, where that has accents: one that was written without
/// [`kept_sku`] may have them as marks of their own.
#[must_use]
pub fn decomposed_sku(kept: &str) -> Option<String> {
    Some(decomposed(kept)).filter(|other| other != kept)
}

words! {
    /// Why a stock changed.
    pub enum ChangeType {
        /// Taken by an order, or given back by its cancellation.
        Sale = "SALE",
        /// Bought in.
        Restock = "RESTOCK",
        /// Counted, found or lost.
        Adjustment = "ADJUSTMENT",
        /// Came back from a customer.
        Return = "RETURN",
    }
}

/// What a stock item remembers of its last change, so that the log can be written from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastChange {
    /// Why.
    pub change_type: ChangeType,
    /// In words.
    pub reason: String,
    /// Who; nobody for the system.
    pub performed_by: Option<UserId>,
    /// For which order.
    pub order_id: Option<OrderId>,
    /// When.
    pub at: Timestamp,
}

/// One sellable variant of a product, and its stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The product it is a variant of.
    pub product_id: ProductId,
    /// Unique among all variants.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
    /// Size, where it has one.
    pub size: Option<String>,
    /// Colour, where it has one.
    pub color: Option<String>,
    /// The price of one piece.
    pub price: Money,
    /// Pieces on hand; never negative.
    pub stock_quantity: i64,
    /// Whether it can be ordered.
    pub is_active: bool,
    /// Grows with every change, stock included.
    pub version: u64,
    /// Grows with a change of the catalogue facts alone (all but the stock): what a price was decided on.
    pub revision: u64,
    /// The last change of the stock.
    pub last_change: LastChange,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Pieces that go out of (negative) or into a stock, decided without knowing how many are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// Whose stock.
    pub variant_id: VariantId,
    /// How many; never zero.
    pub delta: i64,
    /// The catalogue revision the decision was made on; nothing when only the pieces matter.
    pub revision: Option<u64>,
    /// What the stock remembers of it.
    pub change: LastChange,
}

/// A row of a variant's stock log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockLog {
    /// Whose stock.
    pub variant_id: VariantId,
    /// The variant's version after the change; one row a version.
    pub version: u64,
    /// Pieces in (positive) or out.
    pub quantity_change: i64,
    /// Pieces before.
    pub previous_quantity: i64,
    /// Pieces after.
    pub new_quantity: i64,
    /// Why, who, when.
    pub change: LastChange,
}

impl StockLog {
    /// The row for a stock item that changed from `old` (nothing for a new variant) to `new`;
    /// nothing when its quantity stayed.
    #[must_use]
    pub fn between(old: Option<&Variant>, new: &Variant) -> Option<Self> {
        let previous = old.map_or(0, |variant| variant.stock_quantity);
        (previous != new.stock_quantity).then(|| Self {
            variant_id: new.id,
            version: new.version,
            quantity_change: new.stock_quantity - previous,
            previous_quantity: previous,
            new_quantity: new.stock_quantity,
            change: new.last_change.clone(),
        })
    }
}

/// The catalogue facts of a variant that doesn't exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVariant {
    /// The product.
    pub product_id: ProductId,
    /// The SKU.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
    /// Size.
    pub size: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Price of a piece.
    pub price: Money,
    /// Pieces it starts with.
    pub stock_quantity: i64,
    /// Whether it can be ordered.
    pub is_active: bool,
}

/// What an update sets; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VariantPatch {
    /// The product.
    pub product_id: Option<ProductId>,
    /// The SKU.
    pub sku: Option<String>,
    /// The product's name.
    pub product_name: Option<String>,
    /// Size; `Some(None)` clears it.
    pub size: Option<Option<String>>,
    /// Colour; `Some(None)` clears it.
    pub color: Option<Option<String>>,
    /// Price of a piece.
    pub price: Option<NewPrice>,
    /// Whether it can be ordered.
    pub is_active: Option<bool>,
}

/// Another price for a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPrice {
    /// In the currency that was named with it.
    Named(Money),
    /// In the currency that the variant has, which only its record tells.
    SameCurrency(Decimal),
}

/// `INVALID_AMOUNT`: a price that is no amount of the currency that its variant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("price {reason}: {currency}.")]
pub struct WrongPrice {
    /// The variant's.
    pub currency: Currency,
    /// What is wrong with it.
    pub reason: AmountError,
}

/// A change of the stock by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockAdjustment {
    /// Pieces in (positive) or out; never zero.
    pub quantity_change: i64,
    /// In words.
    pub reason: String,
    /// Not `SALE`: sales come from orders alone.
    pub change_type: ChangeType,
}

/// An adjusted variant and the row of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjusted {
    /// The variant after it.
    pub variant: Variant,
    /// The log row, under the variant's new version.
    pub log: StockLog,
}

/// Why an inventory change is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// `VARIANT_NOT_FOUND`
    #[error("There is no variant {0}.")]
    VariantNotFound(VariantId),
    /// `DUPLICATE_SKU`
    #[error("The SKU {0} belongs to another variant.")]
    DuplicateSku(String),
    /// `INSUFFICIENT_STOCK`
    #[error("{sku} has {left} in stock; a change of {change} can't be made.")]
    InsufficientStock {
        /// The variant's SKU.
        sku: String,
        /// Pieces on hand.
        left: i64,
        /// Pieces asked to move.
        change: i64,
    },
    /// `INVALID_QUANTITY_CHANGE`
    #[error("{sku} has {left} in stock and can have {} at the most.", MAX_PIECES)]
    TooManyPieces {
        /// The variant's SKU.
        sku: String,
        /// Pieces on hand.
        left: i64,
    },
}

impl Variant {
    /// A new variant; its first pieces count as bought in.
    #[must_use]
    pub fn create(id: VariantId, new: NewVariant, actor: Actor, now: Timestamp) -> Self {
        Self {
            id,
            product_id: new.product_id,
            sku: new.sku,
            product_name: new.product_name,
            size: new.size,
            color: new.color,
            price: new.price,
            stock_quantity: new.stock_quantity,
            is_active: new.is_active,
            version: 1,
            revision: 1,
            last_change: LastChange {
                change_type: ChangeType::Restock,
                reason: "Initial stock".to_owned(),
                performed_by: actor.id(),
                order_id: None,
                at: now,
            },
            created_at: now,
            updated_at: now,
        }
    }

    /// This variant with other catalogue facts, or as it is where they are none; never with another stock, and in another currency
    /// only where one is named.
    ///
    /// # Errors
    /// See [`WrongPrice`].
    pub fn update(&self, patch: VariantPatch, now: Timestamp) -> Result<Self, WrongPrice> {
        let old = self.clone();
        let currency = old.price.currency;
        let price = match patch.price {
            None => old.price,
            Some(NewPrice::Named(price)) => price,
            Some(NewPrice::SameCurrency(number)) => number.amount(currency).map_err(|reason| WrongPrice { currency, reason })?,
        };
        let patched = Self {
            product_id: patch.product_id.unwrap_or(old.product_id),
            sku: patch.sku.unwrap_or(old.sku),
            product_name: patch.product_name.unwrap_or(old.product_name),
            size: patch.size.unwrap_or(old.size),
            color: patch.color.unwrap_or(old.color),
            price,
            is_active: patch.is_active.unwrap_or(old.is_active),
            ..old
        };
        if patched == *self {
            return Ok(patched);
        }
        Ok(Self { version: self.version + 1, revision: self.revision + 1, updated_at: now, ..patched })
    }

    /// The event of its being created, or changed from what it was before: who did it, and each fact with its old value. Its stock has a log
    /// of its own.
    #[must_use]
    pub fn event(&self, before: Option<&Self>, actor: Actor, now: Timestamp, ids: &mut Ids) -> Event {
        let kind = before.map_or(EventKind::VariantCreated, |_| EventKind::VariantChanged);
        let event =
            Event::new(Subject::Variant(self.id), self.revision, kind, actor, now, ids).from_to(before.map(Self::state), self.state());
        match before {
            None => event.noting(Some(&format!("{} at {}", self.sku, self.price))),
            Some(before) => event.noting_changes(before.facts(), self.facts()),
        }
    }

    const fn state(&self) -> &'static str {
        if self.is_active { "ACTIVE" } else { "INACTIVE" }
    }

    fn facts(&self) -> [Fact; 6] {
        [
            ("productId", self.product_id.to_string()),
            ("sku", self.sku.clone()),
            ("productName", self.product_name.clone()),
            ("size", or_none(self.size.as_ref())),
            ("color", or_none(self.color.as_ref())),
            ("price", self.price.to_string()),
        ]
    }

    /// The stock after a change by hand, with its log row.
    ///
    /// # Errors
    /// [`InventoryError::InsufficientStock`] when it would leave fewer than no pieces, [`InventoryError::TooManyPieces`] when more than
    /// [`MAX_PIECES`].
    pub fn adjust(&self, adjustment: &StockAdjustment, actor: Actor, now: Timestamp) -> Result<Adjusted, InventoryError> {
        let stock_quantity = self.stock_quantity + adjustment.quantity_change;
        if stock_quantity > MAX_PIECES {
            return Err(InventoryError::TooManyPieces { sku: self.sku.clone(), left: self.stock_quantity });
        }
        if stock_quantity < 0 {
            return Err(InventoryError::InsufficientStock {
                sku: self.sku.clone(),
                left: self.stock_quantity,
                change: adjustment.quantity_change,
            });
        }
        let variant = Self {
            stock_quantity,
            version: self.version + 1,
            last_change: LastChange {
                change_type: adjustment.change_type,
                reason: adjustment.reason.clone(),
                performed_by: actor.id(),
                order_id: None,
                at: now,
            },
            updated_at: now,
            ..self.clone()
        };
        let log = StockLog {
            variant_id: self.id,
            version: variant.version,
            quantity_change: adjustment.quantity_change,
            previous_quantity: self.stock_quantity,
            new_quantity: stock_quantity,
            change: variant.last_change.clone(),
        };
        Ok(Adjusted { variant, log })
    }
}

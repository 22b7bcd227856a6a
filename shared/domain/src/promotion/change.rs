//! What admins make of promotions.

use super::uses::{ShardChange, opened};
use super::{Benefit, Promotion, PromotionCode, PromotionType, Terms, WrongTerm};
use crate::actor::Actor;
use crate::event::{Event, EventKind, Fact, Subject, or_none};
use crate::ids::{Ids, PromotionId};
use crate::money::{Currency, Decimal};
use crate::time::Timestamp;

/// A promotion to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPromotion {
    /// Its code.
    pub code: PromotionCode,
    /// What it offers, and to whom.
    pub terms: Terms,
    /// Whether it may be used.
    pub is_active: bool,
}

/// What an admin changes; `Some(None)` clears. Amounts are in the promotion's currency, which only its record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromotionPatch {
    /// The code it has, or a refusal.
    pub code: Option<PromotionCode>,
    /// Its name.
    pub name: Option<String>,
    /// In words.
    pub description: Option<Option<String>>,
    /// What it takes off.
    pub kind: Option<PromotionType>,
    /// How much of it.
    pub value: Option<Option<Decimal>>,
    /// The least the lines must come to.
    pub min_order_value: Option<Option<Decimal>>,
    /// The most it takes off.
    pub max_discount: Option<Option<Decimal>>,
    /// How often it can be used.
    pub usage_limit: Option<Option<u32>>,
    /// How often one customer can use it.
    pub per_user_limit: Option<Option<u32>>,
    /// The first moment of it.
    pub start: Option<Timestamp>,
    /// The last.
    pub end: Option<Timestamp>,
    /// The currency of its amounts.
    pub currency: Option<Currency>,
    /// Whether it may be used.
    pub is_active: Option<bool>,
}

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// `CODE_IMMUTABLE`
    #[error("A code doesn't change once it is made; this one is {0}.")]
    CodeImmutable(PromotionCode),
    /// What makes no sense together with what the promotion has, in the contract's order of fields.
    #[error("The promotion's terms make no sense so.")]
    Terms(Vec<WrongTerm>),
}

/// Everything that making or changing a promotion writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionChange {
    /// The promotion before it; nothing for a new one.
    pub old: Option<Promotion>,
    /// The promotion after it.
    pub promotion: Promotion,
    /// Uses that came or went with its limit.
    pub shards: Vec<ShardChange>,
    /// `PROMOTION_CREATED` or `PROMOTION_CHANGED`.
    pub events: Vec<Event>,
}

impl Promotion {
    /// A new promotion.
    #[must_use]
    pub fn create(new: NewPromotion, actor: Actor, now: Timestamp, mut ids: Ids) -> PromotionChange {
        let shards = opened(new.terms.usage_limit);
        let promotion = Self {
            id: PromotionId::draw(&mut ids),
            code: new.code,
            terms: new.terms,
            is_active: new.is_active,
            shards: u16::try_from(shards.len()).unwrap_or(super::MOST_SHARDS),
            sold_out: false,
            overdrawn: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let event = Event::new(Subject::Promotion(promotion.id), 1, EventKind::PromotionCreated, actor, now, &mut ids)
            .from_to(None, promotion.state())
            .noting(Some(promotion.code.as_str()));
        PromotionChange { old: None, promotion, shards, events: vec![event] }
    }

    /// A change by an admin; `left` is what every shard of it has.
    ///
    /// # Errors
    /// See [`UpdateError`].
    pub fn update(
        &self,
        patch: PromotionPatch,
        left: &[i64],
        actor: Actor,
        now: Timestamp,
        ids: Ids,
    ) -> Result<PromotionChange, UpdateError> {
        let terms = self.terms.changed(&patch).map_err(UpdateError::Terms)?;
        if patch.code.is_some_and(|code| code != self.code) {
            return Err(UpdateError::CodeImmutable(self.code.clone()));
        }
        let limit = terms.usage_limit;
        let terms = Terms { usage_limit: self.terms.usage_limit, ..terms };
        let is_active = patch.is_active.unwrap_or(self.is_active);
        let (promotion, shards) = Self { terms, is_active, ..self.clone() }.limited_to(limit, left);
        Ok(self.becoming(promotion, shards, actor, now, ids))
    }

    /// Ends it before its time; nothing where that is done already.
    #[must_use]
    pub fn deactivate(&self, actor: Actor, now: Timestamp, ids: Ids) -> Option<PromotionChange> {
        self.is_active.then(|| self.becoming(Self { is_active: false, ..self.clone() }, Vec::new(), actor, now, ids))
    }

    fn becoming(&self, promotion: Self, shards: Vec<ShardChange>, actor: Actor, now: Timestamp, mut ids: Ids) -> PromotionChange {
        let promotion = Self { version: self.version + 1, updated_at: now, ..promotion };
        let event = Event::new(Subject::Promotion(self.id), promotion.version, EventKind::PromotionChanged, actor, now, &mut ids)
            .from_to(Some(self.state()), promotion.state())
            .noting_changes(self.terms.facts(), promotion.terms.facts());
        PromotionChange { old: Some(self.clone()), promotion, shards, events: vec![event] }
    }

    const fn state(&self) -> &'static str {
        if self.is_active { "ACTIVE" } else { "INACTIVE" }
    }
}

impl Terms {
    /// These terms with what a patch changes of them. Amounts that stay must stay in their currency.
    fn changed(&self, patch: &PromotionPatch) -> Result<Self, Vec<WrongTerm>> {
        let currency = patch.currency.unwrap_or(self.currency);
        let stays = currency == self.currency;
        let mut wrong = Vec::new();
        let kind = patch.kind.unwrap_or(self.benefit.kind());
        let benefit = match (&patch.value, self.benefit) {
            (Some(value), _) => Benefit::of(kind, value.as_ref(), currency),
            (None, old) if old.kind() != kind => Benefit::of(kind, None, currency),
            (None, old @ Benefit::Percentage(_)) => Ok(old),
            (None, old) if stays => Ok(old),
            (None, Benefit::FixedAmount(_)) => Err(WrongTerm::OtherCurrency { field: "value" }),
            // What was given as its value says nothing, in whatever currency.
            (None, Benefit::FreeShipping(_)) => Benefit::of(kind, None, currency),
        };
        let benefit = benefit.map_err(|error| wrong.push(error)).ok();
        let mut amount = |field: &'static str, old, new: &Option<Option<Decimal>>, read: fn(&Decimal, Currency) -> Result<_, _>| match new {
            Some(Some(number)) => read(number, currency).map_err(|error| wrong.push(error)).ok().map(Some),
            Some(None) => Some(None),
            None if stays || Option::is_none(&old) => Some(old),
            None => {
                wrong.push(WrongTerm::OtherCurrency { field });
                None
            }
        };
        let min_order_value = amount("minOrderValue", self.min_order_value, &patch.min_order_value, Self::min_order_value);
        let max_discount = amount("maxDiscount", self.max_discount, &patch.max_discount, Self::max_discount);
        let (start, end) = (patch.start.unwrap_or(self.start), patch.end.unwrap_or(self.end));
        wrong.extend(Self::check_dates(start, end).err());
        match (benefit, min_order_value, max_discount) {
            (Some(benefit), Some(min_order_value), Some(max_discount)) if wrong.is_empty() => Ok(Self {
                name: patch.name.clone().unwrap_or_else(|| self.name.clone()),
                description: patch.description.clone().unwrap_or_else(|| self.description.clone()),
                benefit,
                min_order_value,
                max_discount,
                usage_limit: patch.usage_limit.unwrap_or(self.usage_limit),
                per_user_limit: patch.per_user_limit.unwrap_or(self.per_user_limit),
                start,
                end,
                currency,
            }),
            _ => Err(wrong),
        }
    }

    fn facts(&self) -> [Fact; 11] {
        [
            ("name", self.name.clone()),
            ("description", or_none(self.description.as_ref())),
            ("type", self.benefit.kind().to_string()),
            ("value", self.benefit.value()),
            ("minOrderValue", or_none(self.min_order_value)),
            ("maxDiscount", or_none(self.max_discount)),
            ("usageLimit", or_none(self.usage_limit)),
            ("perUserLimit", or_none(self.per_user_limit)),
            ("startDate", self.start.0.to_string()),
            ("endDate", self.end.0.to_string()),
            ("currency", self.currency.to_string()),
        ]
    }
}

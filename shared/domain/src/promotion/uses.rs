//! How the uses of a promotion are counted, so that they never pass its limit and one code can be redeemed by many
//! orders at once.
//!
//! A limit is split over shards, each an item that says how many uses are left in it. A redemption takes one from one
//! shard. What a shard must hold for that is a condition of the write, so nobody can take what somebody else just took.
//! A promotion without a limit has one that no shop reaches, so that it is counted, and given one later, the same way.

use super::{NotRedeemable, Promotion, PromotionCode};
use crate::ids::{CustomerId, OrderId};
use crate::money::Money;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most uses that a limit can name.
pub const MOST_USES: u32 = 1_000_000_000;

/// The shards of a promotion whose limit is above 1,000 or that has none. Whoever takes the very last use looks at
/// all others, and with the fifty lines of an order that still fits the hundred items of a transaction.
pub const MOST_SHARDS: u16 = 32;

/// Up to this limit one shard serves: the code is used up before it is ever hot for long.
const ONE_SHARD: i64 = 1_000;

/// A shard with no more than this may be empty a moment later.
const FEW: i64 = 2;

/// What is split where there is no limit: a thousand uses a second for thirty years.
const WITHOUT_LIMIT: i64 = 1_000_000_000_000;

/// A promotion as an order finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The promotion.
    pub promotion: Promotion,
    /// How often the order's customer holds a use of it.
    pub used_by_customer: u32,
    /// What is left in its shards, from the first on, as far as they were read.
    pub left: Vec<i64>,
}

/// What a write expects of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It isn't there yet.
    Absent,
    /// It is there.
    Present,
    /// So many are left in it, or more.
    AtLeast(i64),
    /// Exactly so many are left in it.
    Exactly(i64),
}

/// Uses that come into a shard or go out of it; none at all where something is only expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardChange {
    /// Which.
    pub shard: u16,
    /// How many come in.
    pub by: i64,
    /// On what.
    pub expected: Expected,
}

/// A use that an order takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The promotion.
    pub code: PromotionCode,
    /// The order.
    pub order_id: OrderId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// What it takes off.
    pub discount: Money,
    /// The shard it comes from.
    pub shard: u16,
    /// One out of that shard, and what must hold of the others.
    pub shards: Vec<ShardChange>,
    /// Where it is the last of all: in how many shards there was none but it.
    pub sells_out: Option<u16>,
    /// How often one customer can use the promotion.
    pub per_user_limit: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// The use that an order holds until it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldUse {
    /// The promotion.
    pub code: PromotionCode,
    /// The shard it came from, and goes back to.
    pub shard: u16,
}

/// Where a use goes that is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveBack {
    /// To the shard it came from; the promotion must not be overdrawn.
    ToShard,
    /// Nowhere: it is one of those beyond a limit that was lowered.
    OffOverdraft,
}

/// A use that an order gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The promotion, and the shard.
    pub held: HeldUse,
    /// The order.
    pub order_id: OrderId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// Where it goes.
    pub to: GiveBack,
}

impl Offer {
    /// What the code takes off.
    ///
    /// # Errors
    /// See [`Promotion::discount`]; nothing left in any shard is a limit reached, whatever the promotion says of itself.
    pub(crate) fn discount(&self, basket: &super::Basket, now: Timestamp) -> Result<Money, NotRedeemable> {
        let discount = self.promotion.discount(basket, self.used_by_customer, now)?;
        if self.take(0).is_none() {
            return Err(NotRedeemable::UsageLimitReached(self.promotion.code.clone()));
        }
        Ok(discount)
    }

    /// A use for an order; nothing where none is left. `order` also says which shard is tried, so that orders spread.
    pub(crate) fn redeem(&self, order: OrderId, customer: CustomerId, discount: Money, at: Timestamp) -> Option<Redemption> {
        let shards = self.take(order.get())?;
        let sells_out = shards.iter().all(|change| change.expected == Expected::Exactly(-change.by)).then_some(self.promotion.shards);
        Some(Redemption {
            code: self.promotion.code.clone(),
            order_id: order,
            customer_id: customer,
            discount,
            shard: shards.first()?.shard,
            shards,
            sells_out,
            per_user_limit: self.promotion.terms.per_user_limit,
            at,
        })
    }

    /// One use out of a shard, which is the first of the changes.
    ///
    /// A shard is emptied only by who knows the others: either the first of them that has some left keeps one, or all are
    /// as dry as this one then is. So [`Promotion::sold_out`] is never wrong, and asking whether a code is still good is
    /// one read.
    fn take(&self, spread: u64) -> Option<Vec<ShardChange>> {
        let out_of = |shard: u16, expected| ShardChange { shard, by: -1, expected };
        let all = self.promotion.shards;
        let Some(left) = self.left.get(..usize::from(all)) else {
            // Whoever finds no second one there reads the others and comes again.
            let any = u16::try_from(spread % u64::from(all)).ok()?;
            return Some(vec![out_of(any, Expected::AtLeast(2))]);
        };
        let left = || (0..).zip(left.iter().copied());
        let (keeper, _) = left().find(|(_, left)| *left > 0)?;
        // Every use but the keeper's last is as likely as any other, so that many at once meet as seldom as can be.
        let spare = || left().map(|(shard, left)| (shard, if shard == keeper { left - 1 } else { left }));
        let uses: i64 = spare().map(|(_, uses)| uses).sum();
        let Some(mut nth) = spread.checked_rem(uses.unsigned_abs()) else {
            let dry = |shard| ShardChange { shard, by: 0, expected: Expected::Exactly(0) };
            let others = (0..all).filter(|shard| *shard != keeper).map(dry);
            return Some(std::iter::once(out_of(keeper, Expected::Exactly(1))).chain(others).collect());
        };
        let (shard, uses) = spare().find(|(_, uses)| {
            let is_there = nth < uses.unsigned_abs();
            nth = nth.saturating_sub(uses.unsigned_abs());
            is_there
        })?;
        if shard == keeper || uses > FEW {
            return Some(vec![out_of(shard, Expected::AtLeast(2))]);
        }
        let keeps_one = ShardChange { shard: keeper, by: 0, expected: Expected::AtLeast(1) };
        Some(vec![out_of(shard, Expected::AtLeast(1)), keeps_one])
    }
}

impl Release {
    /// The same, now that the promotion was looked at: what it is overdrawn by comes off first.
    #[must_use]
    pub fn knowing(self, promotion: &Promotion) -> Self {
        let to = if promotion.overdrawn > 0 { GiveBack::OffOverdraft } else { GiveBack::ToShard };
        Self { to, ..self }
    }
}

/// How many uses are split for a limit.
pub(super) fn allotment(limit: Option<u32>) -> i64 {
    limit.map_or(WITHOUT_LIMIT, i64::from)
}

/// The shards of a new promotion, filled.
pub(super) fn opened(limit: Option<u32>) -> Vec<ShardChange> {
    let uses = allotment(limit);
    (0..).zip(split(uses, shards_for(uses))).map(|(shard, by)| ShardChange { shard, by, expected: Expected::Absent }).collect()
}

const fn shards_for(uses: i64) -> u16 {
    if uses > ONE_SHARD { MOST_SHARDS } else { 1 }
}

/// Even parts, the larger ones first.
fn split(uses: i64, shards: u16) -> Vec<i64> {
    let (part, rest) = (uses / i64::from(shards), uses % i64::from(shards));
    (0..i64::from(shards)).map(|shard| part + i64::from(shard < rest)).collect()
}

impl Promotion {
    /// How often it is used at the moment, by what is left in its shards.
    #[must_use]
    pub fn used(&self, left: &[i64]) -> i64 {
        (allotment(self.terms.usage_limit) - left.iter().sum::<i64>() + self.overdrawn).max(0)
    }

    /// This promotion with another limit, and what that moves in its shards.
    ///
    /// Shards change by differences, each on no more than it needs to hold, so that orders can go on redeeming meanwhile.
    /// A limit below what is used leaves nothing, and what is used beyond it is remembered as overdrawn.
    pub(super) fn limited_to(self, limit: Option<u32>, left: &[i64]) -> (Self, Vec<ShardChange>) {
        let more = allotment(limit) - allotment(self.terms.usage_limit);
        let mut promotion = Self { terms: super::Terms { usage_limit: limit, ..self.terms }, ..self };
        if more == 0 {
            return (promotion, Vec::new());
        }
        let there = promotion.shards;
        let balance = left.iter().sum::<i64>() - promotion.overdrawn + more;
        promotion.shards = there.max(shards_for(allotment(limit)));
        promotion.sold_out = balance <= 0;
        promotion.overdrawn = (-balance).max(0);
        let wanted = split(balance.max(0), promotion.shards);
        let mut changes = Vec::new();
        let mut keeps_some = false;
        for (shard, wanted) in (0..).zip(&wanted) {
            let by = wanted - left.get(usize::from(shard)).unwrap_or(&0);
            let expected = match (by, *wanted) {
                _ if shard >= there => Expected::Absent,
                (by, 0) if by < 0 || promotion.sold_out => Expected::Exactly(-by),
                (0, _) => continue,
                (by, _) if by > 0 => Expected::Present,
                (by, _) => Expected::AtLeast(1 - by),
            };
            keeps_some |= *wanted > 0;
            changes.push(ShardChange { shard, by, expected });
        }
        // That something is left must be as sure as that nothing is.
        let untouched = (0..).zip(&wanted).find(|(_, wanted)| **wanted > 0).filter(|_| !keeps_some);
        changes.extend(untouched.map(|(shard, _)| ShardChange { shard, by: 0, expected: Expected::AtLeast(1) }));
        (promotion, changes)
    }
}

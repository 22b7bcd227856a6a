//! Promotions, and the counts of their uses.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Attributes, Item, number, record, text, value};
use crate::keys::{self, ACTIVE_PROMOTIONS, BY_END, BY_TIME, END_KEY, Key};
use crate::list::{Page, PageRequest};
use crate::read::Reading;
use crate::{Store, Table};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::ids::{CustomerId, MAX_ID, OrderId, PromotionId};
use domain::money::Money;
use domain::order::Cancellation;
use domain::promotion::{Expected, GiveBack, Offer, Promotion, PromotionChange, PromotionCode, Redemption, Release, ShardChange};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a list of promotions is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromotionFilter {
    /// May be used, or not.
    pub is_active: Option<bool>,
}

/// A promotion's code on an order.
#[derive(Clone, Copy, Debug)]
pub struct CodeOfOrder<'a> {
    /// The code.
    pub code: &'a PromotionCode,
    /// The order's customer.
    pub customer: CustomerId,
    /// How many of the promotion's shards to look at, as far as they are known.
    pub shards: u16,
}

#[derive(Serialize, Deserialize)]
struct IdRecord {
    code: PromotionCode,
}

#[derive(Serialize, Deserialize)]
struct ShardRecord {
    left: i64,
}

#[derive(Deserialize)]
struct CustomerRecord {
    used: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RedemptionRecord {
    order_id: OrderId,
    customer_id: CustomerId,
    shard: u16,
    discount: Money,
    created_at: Timestamp,
}

impl CodeOfOrder<'_> {
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        let shards = (0..self.shards).map(|shard| keys::promotion_shard(self.code, shard));
        [keys::promotion(self.code), keys::promotion_customer(self.code, self.customer)].into_iter().chain(shards)
    }

    /// What was found of it, taken out of all that was found.
    pub(crate) fn offer(&self, found: &mut HashMap<Key, Attributes>) -> Result<Option<Offer>, StorageError> {
        let promotion = found.remove(&keys::promotion(self.code)).map(record::<Promotion>).transpose()?;
        let used_by_customer = used_by(found.remove(&keys::promotion_customer(self.code, self.customer)))?;
        let left = left_in(found, self.code, self.shards)?;
        Ok(promotion.map(|promotion| Offer { promotion, used_by_customer, left }))
    }
}

fn used_by(count: Option<Attributes>) -> Result<u32, StorageError> {
    Ok(count.map(record::<CustomerRecord>).transpose()?.map_or(0, |count| count.used))
}

/// What is left in the first shards, as far as they were found.
fn left_in(found: &mut HashMap<Key, Attributes>, code: &PromotionCode, shards: u16) -> Result<Vec<i64>, StorageError> {
    let shards = (0..shards).map_while(|shard| found.remove(&keys::promotion_shard(code, shard)));
    shards.map(|shard| Ok(record::<ShardRecord>(shard)?.left)).collect()
}

impl Store {
    /// One promotion.
    pub async fn promotion(&self, code: &PromotionCode) -> Result<Option<Promotion>, StorageError> {
        self.get(Table::Promotions, &keys::promotion(code)).await
    }

    /// The writes of a cancellation whose decision has lost so many races: after the first, with what its promotion says of the use that it gives
    /// back. The first try does without that read: hardly any promotion is overdrawn, and the write is on this one not being so.
    pub async fn cancelling(&self, change: Cancellation, lost: u32) -> Result<Writes, StorageError> {
        let promotion = match change.release.as_ref().filter(|_| lost > 0) {
            Some(release) => self.promotion(&release.held.code).await?,
            None => None,
        };
        Ok(Writes::cancellation(&match promotion {
            Some(promotion) => change.knowing(&promotion),
            None => change,
        }))
    }

    /// The code that a promotion's id stands for.
    pub async fn promotion_code(&self, id: PromotionId) -> Result<Option<PromotionCode>, StorageError> {
        let pointer: Option<IdRecord> = self.get(Table::Promotions, &keys::promotion_id(id)).await?;
        Ok(pointer.map(|pointer| pointer.code))
    }

    /// A promotion, and how often a customer uses it at the moment; a moment behind, in one round trip.
    pub async fn promotion_for(
        &self,
        code: &PromotionCode,
        customer: Option<CustomerId>,
    ) -> Result<Option<(Promotion, u32)>, StorageError> {
        let (promotion, count) = (keys::promotion(code), customer.map(|customer| keys::promotion_customer(code, customer)));
        let wanted: Vec<_> = std::iter::once(&promotion).chain(&count).map(|key| (Table::Promotions, key.clone())).collect();
        let mut found = self.batch_get_as(Reading::Eventual, &wanted).await?;
        let used = used_by(count.and_then(|count| found.remove(&count)))?;
        Ok(found.remove(&promotion).map(record).transpose()?.map(|promotion| (promotion, used)))
    }

    /// A promotion, and what is left in each of its shards. Most have but one, which is read with it.
    pub async fn counted_promotion(&self, code: &PromotionCode) -> Result<Option<(Promotion, Vec<i64>)>, StorageError> {
        let first = [keys::promotion(code), keys::promotion_shard(code, 0)].map(|key| (Table::Promotions, key));
        let mut found = self.batch_get(&first).await?;
        let Some(promotion) = found.remove(&first[0].1).map(record::<Promotion>).transpose()? else { return Ok(None) };
        let others: Vec<_> = (1..promotion.shards).map(|shard| (Table::Promotions, keys::promotion_shard(code, shard))).collect();
        if !others.is_empty() {
            found.extend(self.batch_get(&others).await?);
        }
        let left = left_in(&mut found, code, promotion.shards)?;
        Ok(Some((promotion, left)))
    }

    /// What is left in the shards of each of a page's promotions, a moment behind.
    pub async fn left_of(&self, promotions: &[Promotion]) -> Result<Vec<Vec<i64>>, StorageError> {
        let shards = |promotion: &Promotion| (0..promotion.shards).map(|n| keys::promotion_shard(&promotion.code, n)).collect::<Vec<_>>();
        let wanted: Vec<_> = promotions.iter().flat_map(shards).map(|key| (Table::Promotions, key)).collect();
        let mut found = self.batch_get_as(Reading::Eventual, &wanted).await?;
        promotions.iter().map(|promotion| left_in(&mut found, &promotion.code, promotion.shards)).collect()
    }

    /// A page of the promotions that a filter keeps.
    pub async fn promotions(&self, filter: PromotionFilter, page: PageRequest) -> Result<Page<Promotion>, StorageError> {
        let keep = |promotion: &Promotion| filter.is_active.is_none_or(|active| active == promotion.is_active);
        self.list(Table::Promotions, BY_TIME, &keys::shards(keys::PROMOTIONS), page, keep).await
    }

    /// A page of the promotions that anybody may use now. Those that are over are not even looked at, so pages go from
    /// the one that ends last to the one that ends first; on a page the newest comes first.
    pub async fn running_promotions(&self, now: Timestamp, page: PageRequest) -> Result<Page<Promotion>, StorageError> {
        let below = match page.before {
            None => keys::end_key(Timestamp(MAX_ID), MAX_ID),
            Some(last) => match self.end_of(last).await? {
                Some(end) => keys::end_key(end, last.saturating_sub(1)),
                None => return Ok(Page { items: Vec::new(), next: None }),
            },
        };
        let from = keys::end_key(now, 0);
        if below < from {
            return Ok(Page { items: Vec::new(), next: None });
        }
        self.meter.round_trip();
        let answer = self
            .client
            .query()
            .table_name(self.tables.get(Table::Promotions)?)
            .index_name(BY_END.name)
            .key_condition_expression("#p = :p AND #s BETWEEN :from AND :below")
            .expression_attribute_names("#p", BY_END.partition)
            .expression_attribute_names("#s", END_KEY)
            .expression_attribute_values(":p", text(ACTIVE_PROMOTIONS))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":below", text(below))
            .scan_index_forward(false)
            .limit(i32::try_from(page.limit + 1).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StorageError::request("Query"))?;
        self.meter.read(&answer.consumed_capacity);
        let mut keys: Vec<(Table, Key)> = answer.items().iter().filter_map(Key::of).map(|key| (Table::Promotions, key)).collect();
        let more = keys.len() > page.limit;
        keys.truncate(page.limit);
        let mut found = self.batch_get(&keys).await?;
        let mut items = keys.iter().filter_map(|(_, key)| found.remove(key)).map(record::<Promotion>).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| more).map(|promotion| promotion.id.get());
        items.retain(|promotion| promotion.is_running(now));
        items.sort_by_key(|promotion| std::cmp::Reverse(promotion.id));
        Ok(Page { items, next })
    }

    /// When the promotion of a position ends.
    async fn end_of(&self, position: u64) -> Result<Option<Timestamp>, StorageError> {
        let Some(id) = PromotionId::new(position) else { return Ok(None) };
        let Some(code) = self.promotion_code(id).await? else { return Ok(None) };
        Ok(self.promotion(&code).await?.map(|promotion| promotion.terms.end))
    }
}

impl Writes {
    /// The use that a new order takes: on what the shards must hold, and on the customer having some of their own left.
    pub(crate) fn redeem(self, redemption: Option<&Redemption>) -> Self {
        let Some(redemption) = redemption else { return self };
        let Redemption { code, order_id, customer_id, .. } = redemption;
        let key = keys::redemption(code, *order_id);
        let item = Item::of(
            &key,
            &RedemptionRecord {
                order_id: *order_id,
                customer_id: *customer_id,
                shard: redemption.shard,
                discount: redemption.discount,
                created_at: redemption.at,
            },
        );
        let unused = redemption.per_user_limit.map(|limit| {
            Expression::new("attribute_not_exists(pk) OR #used < :limit").name("#used", "used").value(":limit", number(limit))
        });
        let writes = self.put(Table::Promotions, key, item, Expression::absent()).move_uses(code, &redemption.shards).update(
            Table::Promotions,
            keys::promotion_customer(code, *customer_id),
            Ok(counting("used", 1)),
            unused,
        );
        match redemption.sells_out {
            // Shards that were added meanwhile have something left.
            Some(shards) => writes.update(
                Table::Promotions,
                keys::promotion(code),
                value(&true).map(|yes| Expression::new("SET soldOut = :soldOut").value(":soldOut", yes)),
                Some(Expression::new("shards = :shards").value(":shards", number(shards))),
            ),
            None => writes,
        }
    }

    /// The use that a cancelled order gives back, once: on its redemption being there.
    pub(crate) fn release(self, release: Option<&Release>) -> Self {
        let Some(Release { held, order_id, customer_id, to }) = release else { return self };
        let code = &held.code;
        let ours = Expression::new("#shard = :shard").name("#shard", "shard").value(":shard", number(held.shard));
        let holds_one = Expression::new("#used >= :one").name("#used", "used").value(":one", number(1));
        let writes = self.delete(Table::Promotions, keys::redemption(code, *order_id), ours).update(
            Table::Promotions,
            keys::promotion_customer(code, *customer_id),
            Ok(counting("used", -1)),
            Some(holds_one),
        );
        match to {
            GiveBack::ToShard => writes.move_uses(code, &[ShardChange { shard: held.shard, by: 1, expected: Expected::Present }]).update(
                Table::Promotions,
                keys::promotion(code),
                value(&false).map(|no| Expression::new("SET soldOut = :soldOut").value(":soldOut", no)),
                Some(Expression::new("overdrawn = :nothing").value(":nothing", number(0))),
            ),
            GiveBack::OffOverdraft => writes.update(
                Table::Promotions,
                keys::promotion(code),
                Ok(counting("overdrawn", -1)),
                Some(Expression::new("overdrawn > :nothing").value(":nothing", number(0))),
            ),
        }
    }

    fn move_uses(self, code: &PromotionCode, changes: &[ShardChange]) -> Self {
        changes.iter().fold(self, |writes, change| {
            let key = keys::promotion_shard(code, change.shard);
            let left = |text: &str| Expression::new(text).name("#left", "left");
            let condition = match change.expected {
                Expected::Absent => {
                    let item = Item::of(&key, &ShardRecord { left: change.by });
                    return writes.put(Table::Promotions, key, item, Expression::absent());
                }
                Expected::Present => Expression::new("attribute_exists(pk)"),
                Expected::AtLeast(least) => left("#left >= :expected").value(":expected", number(least)),
                Expected::Exactly(exactly) => left("#left = :expected").value(":expected", number(exactly)),
            };
            match change.by {
                0 => writes.check(Table::Promotions, key, condition),
                by => writes.update(Table::Promotions, key, Ok(counting("left", by)), Some(condition)),
            }
        })
    }
}

fn counting(count: &str, by: i64) -> Expression {
    Expression::new("ADD #count :by").name("#count", count).value(":by", number(by))
}

fn item(promotion: &Promotion) -> Result<Item, StorageError> {
    let id = promotion.id.get();
    let item = Item::of(&keys::promotion(&promotion.code), promotion)?.listed(id).under(BY_TIME, keys::shard(keys::PROMOTIONS, id));
    Ok(if promotion.is_active { item.ending(ACTIVE_PROMOTIONS, keys::end_key(promotion.terms.end, id)) } else { item })
}

impl From<&PromotionChange> for Writes {
    /// On the promotion as it was read, what counting leaves on it included: the item is written as a whole.
    fn from(change: &PromotionChange) -> Self {
        let promotion = &change.promotion;
        let key = keys::promotion(&promotion.code);
        let writes = match &change.old {
            None => {
                let pointer = keys::promotion_id(promotion.id);
                let to_code = Item::of(&pointer, &IdRecord { code: promotion.code.clone() });
                Self::new().put(Table::Promotions, key, item(promotion), Expression::absent()).put(
                    Table::Promotions,
                    pointer,
                    to_code,
                    Expression::absent(),
                )
            }
            Some(old) => match value(&old.sold_out) {
                Ok(sold_out) => {
                    let as_read = Expression::version(old.version)
                        .value(":soldOut", sold_out)
                        .value(":overdrawn", number(old.overdrawn))
                        .saying("#version = :version AND soldOut = :soldOut AND overdrawn = :overdrawn");
                    Self::new().put(Table::Promotions, key, item(promotion), as_read)
                }
                Err(error) => Self::new().put(Table::Promotions, key, Err(error), Expression::absent()),
            },
        };
        writes.move_uses(&promotion.code, &change.shards).append(&change.events)
    }
}

//! Variants, their stock and its log.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, number, record, value};
use crate::keys::{self, BY_PRODUCT, BY_TIME, Key};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::event::Event;
use domain::ids::{ProductId, VariantId};
use domain::inventory::{Adjusted, StockChange, StockLog, Variant, decomposed_sku};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a list of variants is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct VariantFilter {
    /// Of this product.
    pub product_id: Option<ProductId>,
    /// Sold at the moment, or not.
    pub is_active: Option<bool>,
}

/// What must still be as it was read when a variant's catalogue facts are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmoved {
    /// All of it, the stock too: then it is known what the record is after it.
    Record,
    /// Those facts alone, however many pieces are sold meanwhile.
    Facts,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SkuRecord {
    variant_id: VariantId,
}

impl Store {
    /// One variant.
    pub async fn variant(&self, id: VariantId) -> Result<Option<Variant>, StorageError> {
        self.get(Table::Inventory, &keys::variant(id)).await
    }

    /// The variant of a SKU, as [`domain::inventory::kept_sku`] has it.
    pub async fn variant_by_sku(&self, sku: &str) -> Result<Option<Variant>, StorageError> {
        for key in sku_keys(sku) {
            if let Some(owner) = self.get::<SkuRecord>(Table::Inventory, &key).await? {
                return self.variant(owner.variant_id).await;
            }
        }
        Ok(None)
    }

    /// Several variants, in no order.
    pub async fn variants_of(&self, ids: &[VariantId]) -> Result<Vec<Variant>, StorageError> {
        let wanted: Vec<(Table, Key)> = ids.iter().map(|id| (Table::Inventory, keys::variant(*id))).collect();
        self.batch_get(&wanted).await?.into_values().map(record).collect()
    }

    /// Several variants, and whose several SKUs are (as [`domain::inventory::kept_sku`] has them), in one round trip.
    pub async fn variants_and_skus(
        &self,
        ids: &[VariantId],
        skus: &[String],
    ) -> Result<(HashMap<VariantId, Variant>, HashMap<String, VariantId>), StorageError> {
        let of_skus: Vec<(Key, &String)> = skus.iter().flat_map(|sku| sku_keys(sku).map(move |key| (key, sku))).collect();
        let mut wanted: Vec<(Table, Key)> = ids.iter().map(|id| (Table::Inventory, keys::variant(*id))).collect();
        wanted.extend(of_skus.iter().map(|(key, _)| (Table::Inventory, key.clone())));
        wanted.sort_by(|(_, a), (_, b)| a.pk.cmp(&b.pk));
        wanted.dedup();
        let mut found = self.batch_get(&wanted).await?;
        let mut owners = HashMap::new();
        for (key, sku) in of_skus {
            if let Some(item) = found.remove(&key) {
                let owner = record::<SkuRecord>(item)?.variant_id;
                owners.entry(sku.clone()).or_insert(owner);
            }
        }
        let variants = found.into_values().map(record::<Variant>).collect::<Result<Vec<_>, _>>()?;
        Ok((variants.into_iter().map(|variant| (variant.id, variant)).collect(), owners))
    }

    /// A page of the variants that a filter keeps.
    pub async fn variants(&self, filter: VariantFilter, page: PageRequest) -> Result<Page<Variant>, StorageError> {
        let (index, partitions) = match filter.product_id {
            Some(product) => (BY_PRODUCT, vec![keys::variants_of(product)]),
            None => (BY_TIME, keys::shards(keys::VARIANTS)),
        };
        let keep = |variant: &Variant| {
            filter.product_id.is_none_or(|product| product == variant.product_id)
                && filter.is_active.is_none_or(|active| active == variant.is_active)
        };
        self.list(Table::Inventory, index, &partitions, page, keep).await
    }

    /// A page of a variant's stock log; positions are versions.
    pub async fn stock_log(&self, id: VariantId, page: PageRequest) -> Result<Page<StockLog>, StorageError> {
        let below = page.before.map(keys::log_sort);
        let found = self.collection(Table::Inventory, &keys::variant(id).pk, keys::LOG, below, page.limit).await?;
        Page::of(found, |row: &StockLog| row.version)
    }

    /// Adds a row to the log, unless that version's is there already.
    pub async fn log_stock(&self, log: &StockLog, now: domain::time::Timestamp) -> Result<(), crate::CommitError> {
        match self.commit(Writes::new().log(log), None, now).await {
            // The row of a version says the same whoever wrote it.
            Err(crate::CommitError::Lost) if self.logged(log).await? => Ok(()),
            other => other,
        }
    }

    async fn logged(&self, log: &StockLog) -> Result<bool, StorageError> {
        let row: Option<StockLog> = self.get(Table::Inventory, &keys::stock_log(log.variant_id, log.version)).await?;
        Ok(row.is_some())
    }
}

/// Where the record of a SKU may be, first where it is written.
fn sku_keys(sku: &str) -> impl Iterator<Item = Key> {
    std::iter::once(keys::sku(sku)).chain(decomposed_sku(sku).map(|other| keys::sku(&other)))
}

impl Writes {
    /// A new variant, by whom; its SKU must be free.
    #[must_use]
    pub fn insert_variant(self, variant: &Variant, event: Event) -> Self {
        self.put(Table::Inventory, keys::variant(variant.id), item(variant), Expression::absent()).claim_sku(variant).append(&[event])
    }

    /// A variant's other catalogue facts, by whom, and nothing of its stock; a new SKU must be free, the old one becomes so.
    #[must_use]
    pub fn change_variant(self, old: &Variant, new: &Variant, event: Event, unmoved: Unmoved) -> Self {
        let condition = match unmoved {
            Unmoved::Record => Expression::version(old.version),
            Unmoved::Facts => Expression::new("revision = :revision").value(":revision", number(old.revision)),
        };
        let writes = self.update(Table::Inventory, keys::variant(new.id), facts(old, new), Some(condition)).append(&[event]);
        if old.sku == new.sku {
            return writes;
        }
        let ours = Expression::new("variantId = :variant").value(":variant", number(old.id));
        writes.delete(Table::Inventory, keys::sku(&old.sku), ours).claim_sku(new)
    }

    fn claim_sku(self, variant: &Variant) -> Self {
        let key = keys::sku(&variant.sku);
        let item = Item::of(&key, &SkuRecord { variant_id: variant.id });
        self.put(Table::Inventory, key, item, Expression::absent())
    }

    /// Pieces in or out, on what the decision needs: enough of them, and the catalogue facts it was made on.
    pub(crate) fn move_stock(self, changes: &[StockChange]) -> Self {
        changes.iter().fold(self, |writes, change| {
            let update = value(&change.change).and_then(|last_change| {
                Ok(Expression::new("SET lastChange = :change, updatedAt = :at ADD stockQuantity :delta, version :one")
                    .value(":change", last_change)
                    .value(":at", value(&change.change.at)?)
                    .value(":delta", number(change.delta))
                    .value(":one", number(1)))
            });
            let mut text = "attribute_exists(pk)".to_owned();
            let mut condition = Expression::default();
            if change.delta < 0 {
                text.push_str(" AND stockQuantity >= :needed");
                condition = condition.value(":needed", number(-change.delta));
            }
            if let Some(revision) = change.revision {
                text.push_str(" AND revision = :revision");
                condition = condition.value(":revision", number(revision));
            }
            writes.update(Table::Inventory, keys::variant(change.variant_id), update, Some(condition.saying(&text)))
        })
    }

    fn log(self, log: &StockLog) -> Self {
        let key = keys::stock_log(log.variant_id, log.version);
        let item = Item::of(&key, log);
        self.put(Table::Inventory, key, item, Expression::absent())
    }
}

fn item(variant: &Variant) -> Result<Item, StorageError> {
    let id = variant.id.get();
    Ok(Item::of(&keys::variant(variant.id), variant)?
        .listed(id)
        .under(BY_PRODUCT, keys::variants_of(variant.product_id))
        .under(BY_TIME, keys::shard(keys::VARIANTS, id)))
}

/// What has changed from one to the other. The version moves with every piece, so it is counted up from what it is by then.
fn facts(old: &Variant, new: &Variant) -> Result<Expression, StorageError> {
    let (old, new) = (item(old)?.into_attributes(), item(new)?.into_attributes());
    let changed = new.into_iter().filter(|(name, value)| name != "version" && old.get(name) != Some(value));
    let (mut update, mut set) = (Expression::default(), Vec::new());
    for (n, (name, value)) in changed.enumerate() {
        let (placeholder, given) = (format!("#fact{n}"), format!(":fact{n}"));
        set.push(format!("{placeholder} = {given}"));
        update = update.name(&placeholder, &name).value(&given, value);
    }
    Ok(update.value(":one", number(1)).saying(&format!("SET {} ADD version :one", set.join(", "))))
}

impl From<&Adjusted> for Writes {
    fn from(adjusted: &Adjusted) -> Self {
        let variant = &adjusted.variant;
        let on_version = Expression::onto(variant.version);
        Self::new().put(Table::Inventory, keys::variant(variant.id), item(variant), on_version).log(&adjusted.log)
    }
}

//! `PUT /api/inventory` — create (no `id`) or change (`id`) up to 25 variants, all or nothing.

use super::{VariantView, sku_of};
use api::auth::InventoryKeeper;
use api::input::{Fields, Input, MISSING, Reader, Value};
use api::problem::FieldError;
use api::{Answer, Attempt, Checked, Problem, Shop};
use axum::extract::State;
use domain::actor::Actor;
use domain::ids::{ProductId, VariantId};
use domain::inventory::{InventoryError, MAX_PIECES, NewPrice, NewVariant, Variant, VariantPatch};
use domain::money::Currency;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::{Unmoved, Writes};
use utoipa::ToSchema;

/// The most variants of one request: each writes up to three items, and a transaction has a hundred.
const MOST_VARIANTS: usize = 25;

/// What a client sends to create or change variants.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct VariantsBody {
    #[schema(min_items = 1, max_items = 25)]
    variants: Vec<VariantBody>,
}

/// A variant to create (no `id`; `productId`, `sku`, `productName` and `price` are required) or to change.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct VariantBody {
    id: Option<VariantId>,
    product_id: Option<ProductId>,
    sku: Option<String>,
    product_name: Option<String>,
    size: Option<String>,
    color: Option<String>,
    price: Option<f64>,
    /// Goes with a price. Left out, a new variant's is the shop's, and a changed one keeps its own.
    currency: Option<String>,
    /// What a new variant starts with; a change never sets it.
    stock_quantity: Option<i64>,
    is_active: Option<bool>,
}

/// The variants after it.
#[derive(Serialize, ToSchema)]
pub(crate) struct VariantsAnswer {
    variants: Vec<VariantView>,
}

/// What becomes of one variant.
#[derive(Clone)]
enum Entry {
    Create(NewVariant),
    Change(VariantId, VariantPatch),
}

impl Entry {
    /// The SKU it asks for.
    fn sku(&self) -> Option<&String> {
        match self {
            Self::Create(new) => Some(&new.sku),
            Self::Change(_, patch) => patch.sku.as_ref(),
        }
    }

    const fn id(&self) -> Option<VariantId> {
        match self {
            Self::Create(_) => None,
            Self::Change(id, _) => Some(*id),
        }
    }
}

/// Variants to create or to change.
pub(super) struct PutVariants(Vec<Entry>);

impl Input for PutVariants {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shops = request.shop().currency;
        let mut body = request.body()?;
        let entries = body.required("variants", MISSING, |value| {
            if value.is_empty_list() {
                return value.wrong_as(MISSING, "must not be empty");
            }
            if value.length() > MOST_VARIANTS {
                return value.wrong_as("TOO_MANY_ITEMS", &format!("can have {MOST_VARIANTS} variants at the most"));
            }
            let entries = value.list("INVALID_VARIANTS", |value| entry(&value, shops))?;
            let mut seen = HashSet::new();
            if entries.iter().filter_map(Entry::id).all(|id| seen.insert(id)) {
                Some(entries)
            } else {
                value.wrong_as("INVALID_ID", "name a variant twice")
            }
        });
        body.finish();
        entries.map(Self)
    }
}

fn entry(value: &Value<'_>, shops: Currency) -> Option<Entry> {
    let mut fields = value.fields("INVALID_VARIANTS")?;
    let is_change = fields.says("id");
    let id = fields.optional("id", |value| value.id(VariantId::new, "INVALID_ID"));
    let entry = if is_change {
        patch(&mut fields).and_then(|patch| Some(Entry::Change(id??, patch)))
    } else {
        new_variant(&mut fields, shops).map(Entry::Create)
    };
    fields.finish();
    entry
}

fn new_variant(fields: &mut Fields<'_>, shops: Currency) -> Option<NewVariant> {
    let named = fields.peek("currency").and_then(Currency::parse);
    let product_id = fields.required("productId", MISSING, |value| value.id(ProductId::new, "INVALID_ID"));
    let sku = fields.required("sku", MISSING, |value| sku_of(&value));
    let product_name = fields.required("productName", MISSING, |value| value.text(200));
    let size = fields.optional("size", |value| value.text(50));
    let color = fields.optional("color", |value| value.text(50));
    let price = fields.required("price", MISSING, |value| value.amount(named.unwrap_or(shops)));
    let currency = fields.optional("currency", |value| value.currency());
    let stock_quantity = fields.optional("stockQuantity", |value| pieces(&value));
    let is_active = fields.optional("isActive", |value| value.boolean());
    currency?;
    Some(NewVariant {
        product_id: product_id?,
        sku: sku?,
        product_name: product_name?,
        size: size?,
        color: color?,
        price: price?,
        stock_quantity: stock_quantity?.unwrap_or(0),
        is_active: is_active?.unwrap_or(true),
    })
}

fn patch(fields: &mut Fields<'_>) -> Option<VariantPatch> {
    let named = fields.peek("currency").and_then(Currency::parse);
    let has_price = fields.has("price");
    let product_id = fields.changeable("productId", |value| value.id(ProductId::new, "INVALID_ID"));
    let sku = fields.changeable("sku", |value| sku_of(&value));
    let product_name = fields.changeable("productName", |value| value.text(200));
    let size = fields.clearable("size", |value| value.text(50));
    let color = fields.clearable("color", |value| value.text(50));
    let price = fields.changeable("price", |value| match named {
        Some(currency) => value.amount(currency).map(NewPrice::Named),
        None => value.decimal("INVALID_AMOUNT").map(NewPrice::SameCurrency),
    });
    let currency = fields
        .optional("currency", |value| if has_price { value.currency() } else { value.wrong_as("INVALID_CURRENCY", "goes with a price") });
    let not_applied = fields.optional("stockQuantity", |value| pieces(&value));
    let is_active = fields.changeable("isActive", |value| value.boolean());
    currency?;
    not_applied?;
    Some(VariantPatch {
        product_id: product_id?,
        sku: sku?,
        product_name: product_name?,
        size: size?,
        color: color?,
        price: price?,
        is_active: is_active?,
    })
}

fn pieces(value: &Value<'_>) -> Option<i64> {
    value.integer(0..=MAX_PIECES, "INVALID_STOCK_QUANTITY")
}

#[utoipa::path(put, path = "/api/inventory", operation_id = "putVariants", tag = "Inventory", request_body = VariantsBody,
    responses((status = 200, description = "The variants after it.", body = VariantsAnswer)))]
pub(super) async fn put(
    State(shop): State<Shop>,
    InventoryKeeper(caller): InventoryKeeper,
    request: Checked<PutVariants>,
) -> Result<Answer, Problem> {
    let Checked { input: PutVariants(entries), meta } = request;
    let ids: Vec<VariantId> = entries.iter().filter_map(Entry::id).collect();
    let skus: Vec<String> = entries.iter().filter_map(Entry::sku).cloned().collect();
    let (shop, entries, ids, skus, meta) = (&shop, &entries, &ids, &skus, &meta);
    shop.decide(meta, |attempt| async move {
        let (known, owners) = shop.store.variants_and_skus(ids, skus).await?;
        let steps = steps(entries, &known)?;
        let seen = only_version(&steps);
        meta.require_match_if_one(seen)?;
        // A variant that sells well has another version at every moment, and who names none doesn't care.
        let unmoved = if attempt.lost == 0 || meta.is_on_a_version() { Unmoved::Record } else { Unmoved::Facts };
        let (variants, writes) = decide(entries, &steps, owners, unmoved, caller.actor(), attempt)?;
        let changed = seen.filter(|_| unmoved == Unmoved::Record).and(variants.first()).map(|variant| variant.version);
        let answer = Answer::ok(&VariantsAnswer { variants: variants.into_iter().map(Into::into).collect() })?;
        let answer = match changed {
            Some(version) => answer.etag(version),
            None => answer,
        };
        Ok((answer, writes))
    })
    .await
}

/// What becomes of one variant, with the one that it is made of.
enum Step<'a> {
    Create(&'a NewVariant),
    Change(&'a Variant, &'a VariantPatch),
}

/// # Errors
/// `VARIANT_NOT_FOUND`, which goes before what is wrong with a version.
fn steps<'a>(entries: &'a [Entry], known: &'a HashMap<VariantId, Variant>) -> Result<Vec<Step<'a>>, InventoryError> {
    let step = |entry: &'a Entry| match entry {
        Entry::Create(new) => Ok(Step::Create(new)),
        Entry::Change(id, patch) => Ok(Step::Change(known.get(id).ok_or(InventoryError::VariantNotFound(*id))?, patch)),
    };
    entries.iter().map(step).collect()
}

/// The version that the request is made on: the changed variant's when there is just this one, and else none.
fn only_version(steps: &[Step]) -> Option<u64> {
    match steps {
        [Step::Change(old, _)] => Some(old.version),
        _ => None,
    }
}

/// The variants after it, and what that writes. A SKU is free when no variant has it, and none before in this request.
fn decide(
    entries: &[Entry],
    steps: &[Step],
    mut owners: HashMap<String, VariantId>,
    unmoved: Unmoved,
    actor: Actor,
    mut attempt: Attempt,
) -> Result<(Vec<Variant>, Writes), Problem> {
    let variants = after(steps, actor, &mut attempt)?;
    let mut writes = Writes::new();
    for ((entry, step), variant) in entries.iter().zip(steps).zip(&variants) {
        if let Some(sku) = entry.sku()
            && *owners.entry(sku.clone()).or_insert(variant.id) != variant.id
        {
            return Err(InventoryError::DuplicateSku(sku.clone()).into());
        }
        let mut event = |before| variant.event(before, actor, attempt.now, &mut attempt.ids);
        writes = match step {
            Step::Change(old, _) if variant == *old => writes,
            Step::Change(old, _) => writes.change_variant(old, variant, event(Some(old)), unmoved),
            Step::Create(_) => writes.insert_variant(variant, event(None)),
        };
    }
    Ok((variants, writes))
}

/// The variants after it.
///
/// # Errors
/// `INVALID_AMOUNT` for each price that is no amount of the currency that its variant keeps.
fn after(steps: &[Step], actor: Actor, attempt: &mut Attempt) -> Result<Vec<Variant>, Problem> {
    let (mut variants, mut wrong) = (Vec::new(), Vec::new());
    for (place, step) in steps.iter().enumerate() {
        match step {
            Step::Create(new) => variants.push(Variant::create(VariantId::draw(&mut attempt.ids), (*new).clone(), actor, attempt.now)),
            Step::Change(old, patch) => match old.update((*patch).clone(), attempt.now) {
                Ok(variant) => variants.push(variant),
                Err(error) => wrong.push(FieldError::new(format!("/variants/{place}/price"), "INVALID_AMOUNT", error)),
            },
        }
    }
    if wrong.is_empty() { Ok(variants) } else { Err(Problem::invalid(wrong)) }
}

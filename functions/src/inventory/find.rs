//! `GET /api/inventory` — one variant by `id` or `sku`, else a list.

use super::{VariantView, sku_of};
use crate::query::Find;
use api::auth::Staff;
use api::input::{Input, Reader};
use api::{Answer, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::{ProductId, VariantId};
use store::VariantFilter;

const FILTERS: &[&str] = &["productId", "isActive", "limit", "cursor"];

/// Which variants.
pub(super) type FindVariants = Find<VariantId, VariantFilter>;

impl Input for FindVariants {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(VariantId::new, "INVALID_ID"));
        let sku = request.query("sku", |value| sku_of(&value));
        let product_id = request.query("productId", |value| value.id(ProductId::new, "INVALID_ID"));
        let is_active = request.query("isActive", |value| value.boolean());
        let page = page::read(request);
        let list = || Some((VariantFilter { product_id: product_id?, is_active: is_active? }, page?));
        Self::one_or_list(request, id?, ("sku", sku?), FILTERS, list)
    }
}

#[utoipa::path(get, path = "/api/inventory", operation_id = "findVariants", tag = "Inventory",
    params(
        ("id" = Option<u64>, Query, description = "One variant."),
        ("sku" = Option<String>, Query, description = "One variant."),
        ("productId" = Option<u64>, Query),
        ("isActive" = Option<bool>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the variant itself with `id` or `sku`.", body = Vec<VariantView>)))]
pub(super) async fn find(State(shop): State<Shop>, _staff: Staff, request: Checked<FindVariants>) -> Result<Answer, Problem> {
    let (found, asked) = match request.input {
        FindVariants::ById(id) => (shop.store.variant(id).await?, id.to_string()),
        FindVariants::ByName(sku) => (shop.store.variant_by_sku(&sku).await?, sku),
        FindVariants::List(filter, page) => {
            return page::answer(shop.store.variants(filter, page).await?, &request.meta, VariantView::from);
        }
    };
    let variant = found.ok_or_else(|| Problem::not_found("VARIANT_NOT_FOUND", format!("There is no variant {asked}.")))?;
    let version = variant.version;
    Ok(Answer::ok(&VariantView::from(variant))?.etag(version))
}

//! `GET /api/promotions` — one promotion by `id` or `code`, else a list. Customers find only what they can use now.

use super::{PromotionView, code_of, not_found};
use crate::query::Find;
use api::input::{Input, Reader};
use api::{Answer, Caller, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::PromotionId;
use domain::promotion::{Promotion, PromotionCode};
use store::{Page, PromotionFilter};

const FILTERS: &[&str] = &["isActive", "limit", "cursor"];

/// Which promotions.
pub(super) type FindPromotions = Find<PromotionId, PromotionFilter>;

impl Input for FindPromotions {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(PromotionId::new, "INVALID_ID"));
        let code = request.query("code", |value| value.text(200));
        let is_active = request.query("isActive", |value| value.boolean());
        let page = page::read(request);
        Self::one_or_list(request, id?, ("code", code?), FILTERS, || Some((PromotionFilter { is_active: is_active? }, page?)))
    }
}

#[utoipa::path(get, path = "/api/promotions", operation_id = "findPromotions", tag = "Promotions",
    params(
        ("id" = Option<u64>, Query, description = "One promotion."),
        ("code" = Option<String>, Query, description = "One promotion, in whatever case."),
        ("isActive" = Option<bool>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the promotion itself with `id` or `code`. For a customer, only those that run; \
        their pages go from the one that ends last to the one that ends first.", body = Vec<PromotionView<'static>>)))]
pub(super) async fn find(State(shop): State<Shop>, caller: Caller, request: Checked<FindPromotions>) -> Result<Answer, Problem> {
    match request.input {
        FindPromotions::ById(id) => one(&shop, &caller, &code_of(&shop, id).await?, &id.to_string()).await,
        FindPromotions::ByName(text) => match PromotionCode::parse(&text) {
            Some(code) => one(&shop, &caller, &code, &text).await,
            None => Err(not_found(text)),
        },
        FindPromotions::List(filter, page) if caller.is_staff() => {
            let found = shop.store.promotions(filter, page).await?;
            let left = shop.store.left_of(&found.items).await?;
            let counted = found.items.iter().zip(&left).map(|(promotion, left)| PromotionView::counted(promotion, promotion.used(left)));
            let views: Vec<_> = counted.collect();
            Ok(page::with_next(Answer::ok(&views)?, found.next, &request.meta))
        }
        FindPromotions::List(filter, page) => {
            let running = match filter.is_active {
                None | Some(true) => shop.store.running_promotions(shop.clock.now(), page).await?,
                Some(false) => Page { items: Vec::new(), next: None },
            };
            let views: Vec<_> = running.items.iter().map(PromotionView::of).collect();
            Ok(page::with_next(Answer::ok(&views)?, running.next, &request.meta))
        }
    }
}

async fn one(shop: &Shop, caller: &Caller, code: &PromotionCode, asked: &str) -> Result<Answer, Problem> {
    let answer = |promotion: &Promotion, view: PromotionView<'_>| Ok(Answer::ok(&view)?.etag(promotion.version));
    if caller.is_staff() {
        let (promotion, left) = shop.store.counted_promotion(code).await?.ok_or_else(|| not_found(asked))?;
        return answer(&promotion, PromotionView::counted(&promotion, promotion.used(&left)));
    }
    let promotion = shop.store.promotion(code).await?.filter(|promotion| promotion.is_running(shop.clock.now()));
    let promotion = promotion.ok_or_else(|| not_found(asked))?;
    answer(&promotion, PromotionView::of(&promotion))
}

//! `GET /api/returns` — one return by `id` or `rmaNumber`, else a list.

use super::view::ReturnView;
use super::{load, not_found};
use crate::query::Find;
use api::input::{Input, Reader};
use api::{Answer, Caller, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::{OrderId, ReturnId};
use domain::returns::ReturnStatus;
use store::ReturnFilter;

const FILTERS: &[&str] = &["orderId", "status", "limit", "cursor"];

/// Which returns.
pub(super) type FindReturns = Find<ReturnId, ReturnFilter>;

impl Input for FindReturns {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(ReturnId::new, "INVALID_ID"));
        let number = request.query("rmaNumber", |value| value.text(64));
        let order_id = request.query("orderId", |value| value.id(OrderId::new, "INVALID_ID"));
        let status = request.query("status", |value| value.word::<ReturnStatus>("INVALID_STATUS"));
        let page = page::read(request);
        let customer_id = request.caller().and_then(|caller| caller.customer());
        let list = || Some((ReturnFilter { customer_id, order_id: order_id?, status: status? }, page?));
        Self::one_or_list(request, id?, ("rmaNumber", number?), FILTERS, list)
    }
}

#[utoipa::path(get, path = "/api/returns", operation_id = "findReturns", tag = "Returns",
    params(
        ("id" = Option<u64>, Query, description = "One return."),
        ("rmaNumber" = Option<String>, Query, description = "One return."),
        ("orderId" = Option<u64>, Query),
        ("status" = Option<ReturnStatus>, Query),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the return itself with `id` or `rmaNumber`. A customer's are their own alone.", body = Vec<ReturnView<'static>>)))]
pub(super) async fn find(State(shop): State<Shop>, caller: Caller, request: Checked<FindReturns>) -> Result<Answer, Problem> {
    let rma = match request.input {
        FindReturns::ById(id) => load(&shop, id).await?,
        FindReturns::ByName(number) => shop.store.rma_by_number(&number).await?.ok_or_else(|| not_found(number))?,
        FindReturns::List(filter, page) => {
            let page = shop.store.returns(filter, page).await?;
            let views: Vec<ReturnView<'_>> = page.items.iter().map(|rma| ReturnView::seen_by(&caller, rma)).collect();
            return page::answer_that_fits(&page, &views, |rma| rma.id.get(), &request.meta);
        }
    };
    caller.may_reach(rma.customer_id)?;
    Ok(Answer::ok(&ReturnView::seen_by(&caller, &rma))?.etag(rma.version))
}

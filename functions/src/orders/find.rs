//! `GET /api/orders` — one order by `id` or `orderNumber`, else a list.

use super::{OrderView, load, not_found};
use crate::query::Find;
use api::input::{Input, Reader};
use api::{Answer, Caller, Checked, Problem, Shop, page};
use axum::extract::State;
use domain::ids::{CustomerId, OrderId};
use domain::order::{Order, OrderSource, OrderStatus, PaymentStatus};
use store::{OrderFilter, PageRequest};

const FILTERS: &[&str] = &["customerId", "status", "paymentStatus", "source", "startDate", "endDate", "limit", "cursor"];

/// Which orders.
pub(super) type FindOrders = Find<OrderId, OrderFilter>;

impl Input for FindOrders {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let id = request.query("id", |value| value.id(OrderId::new, "INVALID_ID"));
        let number = request.query("orderNumber", |value| value.text(64));
        let customer_id = request.query("customerId", |value| value.id(CustomerId::new, "INVALID_ID"));
        let status = request.query("status", |value| value.word::<OrderStatus>("INVALID_STATUS"));
        let payment_status = request.query("paymentStatus", |value| value.word::<PaymentStatus>("INVALID_PAYMENT_STATUS"));
        let source = request.query("source", |value| value.word::<OrderSource>("INVALID_SOURCE"));
        let within = page::read_dates(request);
        let page = page::read(request);
        let list = || {
            let filter = OrderFilter { customer_id: customer_id?, status: status?, payment_status: payment_status?, source: source? };
            Some((filter, PageRequest { within: within?, ..page? }))
        };
        Self::one_or_list(request, id?, ("orderNumber", number?), FILTERS, list)
    }
}

#[utoipa::path(get, path = "/api/orders", operation_id = "findOrders", tag = "Orders",
    params(
        ("id" = Option<u64>, Query, description = "One order."),
        ("orderNumber" = Option<String>, Query, description = "One order."),
        ("customerId" = Option<u64>, Query, description = "Only this customer's; for a customer, their own alone."),
        ("status" = Option<OrderStatus>, Query),
        ("paymentStatus" = Option<PaymentStatus>, Query),
        ("source" = Option<OrderSource>, Query),
        ("startDate" = Option<u64>, Query, description = "Placed at this time or later; epoch milliseconds."),
        ("endDate" = Option<u64>, Query, description = "Placed at this time or before; epoch milliseconds."),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "An array, newest first; the order itself with `id` or `orderNumber`.", body = Vec<OrderView<'static>>)))]
pub(super) async fn find(State(shop): State<Shop>, caller: Caller, request: Checked<FindOrders>) -> Result<Answer, Problem> {
    let order = match request.input {
        FindOrders::ById(id) => load(&shop, id).await?,
        FindOrders::ByName(number) => shop.store.order_by_number(&number).await?.ok_or_else(|| not_found(number))?,
        FindOrders::List(filter, page) => {
            if let Some(asked) = filter.customer_id {
                caller.may_reach(asked)?;
            }
            let filter = OrderFilter { customer_id: caller.customer().or(filter.customer_id), ..filter };
            let page = shop.store.orders(filter, page).await?;
            return list(&page, &request.meta);
        }
    };
    caller.may_reach(order.customer_id)?;
    Ok(Answer::ok(&OrderView::from(&order))?.etag(order.version))
}

fn list(page: &store::Page<Order>, meta: &api::Meta) -> Result<Answer, Problem> {
    let views: Vec<OrderView<'_>> = page.items.iter().map(OrderView::from).collect();
    page::answer_that_fits(page, &views, |order| order.id.get(), meta)
}

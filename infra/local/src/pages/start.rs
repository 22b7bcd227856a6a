//! What to try: a call that works now, tokens, the latest orders and returns.

use super::{Pages, failed};
use crate::next::{Tokens, to_try};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::order::Order;
use domain::returns::{Return, ReturnLine};
use serde::Serialize;
use store::{OrderFilter, PageRequest, ReturnFilter, StorageError};

/// Orders that the page lists, and returns.
const LATEST: usize = 20;

#[derive(Serialize)]
struct Start {
    what: String,
    curl: String,
    tokens: Vec<Token>,
    orders: Vec<Row>,
    returns: Vec<ReturnRow>,
}

#[derive(Serialize)]
struct Token {
    who: &'static str,
    token: String,
}

#[derive(Serialize)]
struct Row {
    id: u64,
    number: String,
    customer: String,
    status: &'static str,
    payment: &'static str,
    total: String,
    time: String,
}

#[derive(Serialize)]
struct ReturnRow {
    id: u64,
    number: String,
    order: String,
    status: &'static str,
    /// Asked for, or arrived.
    pieces: u32,
    reason: String,
    refund: String,
    time: String,
}

/// `GET /_local/start`
pub async fn page(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    // Only ever one of this machine's names, see `from_this_machine`.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    match read(&pages, &format!("http://{host}")).await {
        Ok(start) => pages.render("start", "Try it", start),
        Err(error) => failed(&error.to_string()),
    }
}

async fn read(pages: &Pages, url: &str) -> Result<Start, StorageError> {
    let shop = &pages.backstage.shop;
    let tokens = Tokens::new(shop, &pages.jwt_secret);
    let next = to_try(shop, &tokens, url).await?;
    let orders = shop.store.orders(OrderFilter::default(), PageRequest::new(LATEST, None)).await?;
    let row = |order: Order| Row {
        id: order.id.get(),
        customer: format!("{} {}", order.customer.first_name, order.customer.last_name),
        status: order.status.as_str(),
        payment: order.payment_status.as_str(),
        total: order.total.to_string(),
        time: pages.time(order.created_at.0),
        number: order.order_number,
    };
    let returns = shop.store.returns(ReturnFilter::default(), PageRequest::new(LATEST, None)).await?;
    let return_row = |rma: Return| ReturnRow {
        id: rma.id.get(),
        status: rma.status.as_str(),
        pieces: rma.items.iter().map(ReturnLine::held).sum(),
        refund: rma.refund_amount.map(|amount| amount.to_string()).unwrap_or_default(),
        time: pages.time(rma.created_at.0),
        number: rma.rma_number,
        order: rma.order_number,
        reason: rma.reason,
    };
    let token = |who, token| Token { who, token };
    Ok(Start {
        what: next.what,
        curl: next.curl,
        tokens: vec![
            token("Customer (Grâce Mbuyi, 4001)", tokens.customer),
            token("Sales person", tokens.sales),
            token("Admin", tokens.admin),
        ],
        orders: orders.items.into_iter().map(row).collect(),
        returns: returns.items.into_iter().map(return_row).collect(),
    })
}

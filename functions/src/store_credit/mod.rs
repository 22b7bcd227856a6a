//! `GET /api/store-credit` — what a customer has, and how it came to be.

pub mod redeem;
mod view;

pub(crate) use view::{EntryView, LedgerView};

use api::input::{Input, MISSING, Reader};
use api::{Amount, Answer, Caller, Checked, Problem, Shop, page};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::ids::CustomerId;
use store::PageRequest;

struct ReadLedger {
    customer_id: CustomerId,
    page: PageRequest,
}

impl Input for ReadLedger {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let own = request.caller().and_then(|caller| caller.customer());
        let read = |value: api::input::Value<'_>| value.id(CustomerId::new, "INVALID_ID");
        let customer_id = match own {
            Some(own) => request.query("customerId", read).map(|asked| asked.unwrap_or(own)),
            None => request.required_query("customerId", MISSING, read),
        };
        let page = page::read(request);
        Some(Self { customer_id: customer_id?, page: page? })
    }
}

/// The routes of this endpoint.
pub fn routes() -> Router<Shop> {
    Router::new().route("/api/store-credit", get(find))
}

#[utoipa::path(get, path = "/api/store-credit", operation_id = "readStoreCredit", tag = "Store credit",
    params(
        ("customerId" = Option<u64>, Query, description = "Required for staff; a customer's own when left out."),
        ("limit" = Option<u32>, Query, description = "Entries, 1 to 100; 50 when left out.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The `X-Next-Cursor` of the page before."),
    ),
    responses((status = 200, description = "Balances, and the newest entries.", body = LedgerView)))]
async fn find(State(shop): State<Shop>, caller: Caller, request: Checked<ReadLedger>) -> Result<Answer, Problem> {
    let ReadLedger { customer_id, page } = request.input;
    caller.may_reach(customer_id)?;
    let ledger = shop.store.ledger(customer_id, page).await?;
    let view = LedgerView {
        customer_id,
        balances: ledger.balances.into_iter().map(Into::into).collect(),
        entries: ledger.entries.items.into_iter().map(|entry| EntryView::shown_to(&caller, entry)).collect(),
    };
    Ok(page::with_next(Answer::ok(&view)?, ledger.entries.next, &request.meta))
}

impl From<domain::money::Money> for view::BalanceView {
    fn from(balance: domain::money::Money) -> Self {
        Self { currency: balance.currency.to_string(), balance: Amount(balance) }
    }
}

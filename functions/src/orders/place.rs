//! `POST /api/orders` — price an order, take its stock, make it: all or nothing.

use super::OrderView;
use crate::lines;
use api::input::{Input, MISSING, Reader, Value};
use api::{Answer, Caller, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::{CustomerId, VariantId};
use domain::message::Locale;
use domain::money::Currency;
use domain::notification::is_email_address;
use domain::order::{
    Address, Customer, DeliveryAddress, DeliveryMethod, MAX_LINES, Order, OrderRequest, OrderSource, PaymentMethod, PlaceError,
    RequestedLine, kept_reference,
};
use domain::promotion::PromotionCode;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU16, Ordering};
use store::{CodeOfOrder, Writes};
use tokio::sync::OnceCell;
use utoipa::ToSchema;

/// More lines than this are not even looked at one by one.
const MOST_LINES_READ: usize = 1_000;

/// What a client sends to place an order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct PlaceBody {
    /// A customer may leave it out: it is their own.
    customer_id: Option<CustomerId>,
    customer: CustomerBody,
    /// Lines of one variant are added together; 1 to 50 lines.
    items: Vec<ItemBody>,
    delivery_method: DeliveryMethod,
    /// Required for `HOME_DELIVERY`.
    delivery_address: Option<AddressBody>,
    delivery_zone: Option<String>,
    /// The zone's fee, or 0, when it is left out.
    delivery_fee: Option<f64>,
    payment_method: PaymentMethod,
    payment_reference: Option<String>,
    promotion_code: Option<String>,
    source: OrderSource,
    /// ISO 4217; the shop's when it is left out.
    currency: Option<String>,
    notes: Option<String>,
}

/// Who an order is for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct CustomerBody {
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    /// `fr` or `en`, also with a region; the shop's when it is left out.
    locale: Option<String>,
}

/// A line.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct ItemBody {
    variant_id: VariantId,
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
}

/// An address in parts, or as one text.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[serde(untagged)]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
enum AddressBody {
    Parts(AddressPartsBody),
    Text(String),
}

/// An address in parts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct AddressPartsBody {
    street: String,
    city: String,
    state: Option<String>,
    zip_code: Option<String>,
    country: Option<String>,
}

/// An order that was asked for.
pub(super) struct PlaceOrder(OrderRequest);

impl Input for PlaceOrder {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let shop = request.shop();
        let own = request.caller().and_then(|caller| caller.customer());
        let mut body = request.body()?;
        let currency = body.peek("currency").and_then(Currency::parse).unwrap_or(shop.currency);

        let customer_id = body.optional("customerId", |value| value.id(CustomerId::new, "INVALID_ID"));
        let customer_id = match customer_id {
            Some(None) if own.is_none() => {
                body.missing("customerId", MISSING);
                None
            }
            Some(given) => given.or(own),
            None => None,
        };
        let customer = body.required("customer", MISSING, |value| customer(&value, shop.locale));
        let lines = body.required("items", "MISSING_ITEMS", |value| requested(&value));
        let delivery_method = body.required("deliveryMethod", MISSING, |value| value.word::<DeliveryMethod>("INVALID_DELIVERY_METHOD"));
        let delivery_address = body.optional("deliveryAddress", |value| address(&value));
        if delivery_method == Some(DeliveryMethod::HomeDelivery) && delivery_address == Some(None) {
            body.missing("deliveryAddress", MISSING);
        }
        let delivery_zone = body.optional("deliveryZone", |value| value.text(100));
        let delivery_fee = body.optional("deliveryFee", |value| value.amount(currency));
        let payment_method = body.required("paymentMethod", MISSING, |value| value.word::<PaymentMethod>("INVALID_PAYMENT_METHOD"));
        let payment_reference = body.optional("paymentReference", |value| value.text(255).map(|written| kept_reference(&written)));
        let promotion_code = body.optional("promotionCode", |value| value.text(64));
        let source = body.required("source", MISSING, |value| value.word::<OrderSource>("INVALID_SOURCE"));
        let _peeked = body.optional("currency", |value| value.currency());
        let notes = body.optional("notes", |value| value.text(2_000));
        body.finish();
        Some(Self(OrderRequest {
            customer_id: customer_id?,
            customer: customer?,
            lines: lines?,
            delivery_method: delivery_method?,
            delivery_address: delivery_address?,
            delivery_zone: delivery_zone?,
            delivery_fee: delivery_fee?,
            payment_method: payment_method?,
            payment_reference: payment_reference?,
            promotion_code: promotion_code?.map(|code: String| PromotionCode::written(&code)),
            source: source?,
            currency,
            notes: notes?,
        }))
    }
}

fn customer(value: &Value<'_>, shops: Locale) -> Option<Customer> {
    let mut fields = value.fields("INVALID_CUSTOMER")?;
    let first_name = fields.required("firstName", MISSING, |value| value.text(100));
    let last_name = fields.required("lastName", MISSING, |value| value.text(100));
    let email = fields.optional("email", |value| email(&value));
    let phone = fields.optional("phone", |value| value.text(40));
    let locale = fields.optional("locale", |value| value.locale());
    fields.finish();
    Some(Customer { first_name: first_name?, last_name: last_name?, email: email?, phone: phone?, locale: locale?.unwrap_or(shops) })
}

/// An address that a mail can be sent to.
fn email(value: &Value<'_>) -> Option<String> {
    let address = value.text(254)?;
    if is_email_address(&address) { Some(address) } else { value.wrong("is no e-mail address") }
}

fn requested(value: &Value<'_>) -> Option<Vec<RequestedLine>> {
    let lines = lines::read(value, MOST_LINES_READ, |fields| {
        let variant_id = fields.required("variantId", "INVALID_ITEM", |value| value.id(VariantId::new, "INVALID_ITEM"));
        let quantity = fields.required("quantity", "INVALID_ITEM", |value| lines::pieces(&value, 1));
        Some(RequestedLine { variant_id: variant_id?, quantity: quantity? })
    })?;
    let variants: HashSet<VariantId> = lines.iter().map(|line| line.variant_id).collect();
    if variants.len() > MAX_LINES { lines::too_many(value, MAX_LINES) } else { Some(lines) }
}

fn address(value: &Value<'_>) -> Option<DeliveryAddress> {
    if value.is_text() {
        return value.text(500).map(DeliveryAddress::Text);
    }
    let mut fields = value.fields("INVALID_DELIVERY_ADDRESS")?;
    let street = fields.required("street", MISSING, |value| value.text(200));
    let city = fields.required("city", MISSING, |value| value.text(100));
    let state = fields.optional("state", |value| value.text(100));
    let zip_code = fields.optional("zipCode", |value| value.text(20));
    let country = fields.optional("country", |value| value.text(100));
    fields.finish();
    Some(DeliveryAddress::Parts(Address { street: street?, city: city?, state: state?, zip_code: zip_code?, country: country? }))
}

#[utoipa::path(post, path = "/api/orders", operation_id = "placeOrder", tag = "Orders", request_body = PlaceBody,
    responses((status = 201, description = "The order.", body = OrderView<'static>)))]
pub(super) async fn place(State(shop): State<Shop>, caller: Caller, request: Checked<PlaceOrder>) -> Result<Answer, Problem> {
    let Checked { input: PlaceOrder(wanted), meta } = request;
    let (number, shards) = (OnceCell::new(), AtomicU16::new(1));
    let code = wanted.promotion_code.as_deref().and_then(PromotionCode::parse);
    let (shop, wanted, number, code, shards, actor) = (&shop, &wanted, &number, &code, &shards, caller.actor());
    shop.decide(&meta, |attempt| async move {
        caller.may_reach(wanted.customer_id)?;
        if wanted.source == OrderSource::InStore && !caller.is_staff() {
            return Err(Problem::forbidden("Only staff can place an order in the store."));
        }
        let ids: Vec<VariantId> = wanted.lines.iter().map(|line| line.variant_id).collect();
        let reference = wanted.payment_reference.as_deref();
        let code = code.as_ref().map(|code| CodeOfOrder { code, customer: wanted.customer_id, shards: shards.load(Ordering::Relaxed) });
        let basis = shop.store.order_basis(&ids, reference.map(|reference| (wanted.payment_method, reference)), code).await?;
        // Most codes have one shard. Of those that have more, the others are looked at once a race was lost: it is dry.
        basis.offer.iter().for_each(|offer| shards.store(offer.promotion.shards, Ordering::Relaxed));
        let quote = wanted.clone().price(&basis.variants, basis.offer, &shop.config.delivery_fees, actor, attempt.now)?;
        if let (Some(_), Some(reference)) = (basis.reference_owner, reference) {
            return Err(PlaceError::PaymentReferenceUsed(reference.to_owned()).into());
        }
        // Taken once, after the first quote: deciding again needs no second number.
        let (day, sequence) = number
            .get_or_try_init(|| async {
                let day = shop.config.day(attempt.now);
                shop.store.next_order_number(&day).await.map(|sequence| (day, sequence))
            })
            .await?;
        let placement = Order::place(quote, day, *sequence, actor, attempt.now, attempt.ids);
        let answer = Answer::created(&OrderView::from(&placement.order))?.etag(placement.order.version);
        Ok((answer, Writes::from(&placement)))
    })
    .await
}

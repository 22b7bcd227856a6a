//! `POST /api/shipments` — staff make a parcel of an order's lines.

use super::{ShipmentView, cost, weight};
use crate::{lines, orders};
use api::auth::Staff;
use api::input::{Decimal, Input, MISSING, Reader, Value};
use api::{Answer, Checked, Problem, Shop};
use axum::extract::State;
use domain::ids::{OrderId, OrderItemId};
use domain::order::MAX_LINES;
use domain::shipment::{Carrier, ShipmentRequest, ShippedItem, ShippingAddress};
use store::Writes;
use utoipa::ToSchema;

/// What staff send to make a parcel.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
pub(crate) struct ShipmentBody {
    order_id: OrderId,
    carrier: Carrier,
    /// The carrier's product, in its own code; its standard one when it is left out.
    service: Option<String>,
    recipient_name: String,
    /// Required by DHL, FedEx and UPS.
    recipient_phone: Option<String>,
    shipping_address: ShippingAddressBody,
    /// In kilograms, rounded to the gram; required by DHL, FedEx and UPS.
    weight: Option<f64>,
    /// What the carrier asks for it, in the order's currency.
    cost: Option<f64>,
    /// Everything that is in no live shipment yet and not refunded, when it is left out.
    items: Option<Vec<ShippedItemBody>>,
}

/// Where a parcel goes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct ShippingAddressBody {
    street: String,
    city: String,
    state: Option<String>,
    zip_code: Option<String>,
    /// Its ISO 3166 code, or its name in French or English.
    country: String,
}

/// Pieces of a line.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the document's picture of the body; `Input` reads it")]
struct ShippedItemBody {
    order_item_id: OrderItemId,
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
}

/// A parcel that was asked for.
pub(super) struct CreateShipment {
    order_id: OrderId,
    /// Without its cost, whose currency only the order knows.
    request: ShipmentRequest,
    cost: Option<Decimal>,
}

impl Input for CreateShipment {
    fn read(request: &mut Reader<'_>) -> Option<Self> {
        let mut body = request.body()?;
        let order_id = body.required("orderId", MISSING, |value| value.id(OrderId::new, "INVALID_ID"));
        let carrier = body.required("carrier", MISSING, |value| value.word::<Carrier>("INVALID_CARRIER"));
        let service = body.optional("service", |value| value.text(50));
        let recipient_name = body.required("recipientName", MISSING, |value| value.text(100));
        let recipient_phone = body.optional("recipientPhone", |value| value.text(40));
        let address = body.required("shippingAddress", MISSING, |value| address(&value));
        let weight = body.optional("weight", |value| weight(&value));
        let cost = body.optional("cost", |value| value.decimal("INVALID_AMOUNT"));
        let items = body.optional("items", |value| items(&value));
        body.finish();
        let request = ShipmentRequest {
            carrier: carrier?,
            service: service?,
            recipient_name: recipient_name?,
            recipient_phone: recipient_phone?,
            address: address?,
            weight: weight?,
            cost: None,
            items: items?,
        };
        Some(Self { order_id: order_id?, request, cost: cost? })
    }
}

fn address(value: &Value<'_>) -> Option<ShippingAddress> {
    let mut fields = value.fields("INVALID_SHIPPING_ADDRESS")?;
    let street = fields.required("street", MISSING, |value| value.text(200));
    let city = fields.required("city", MISSING, |value| value.text(100));
    let state = fields.optional("state", |value| value.text(100));
    let zip_code = fields.optional("zipCode", |value| value.text(20));
    let country = fields.required("country", MISSING, |value| value.text(100));
    fields.finish();
    Some(ShippingAddress { street: street?, city: city?, state: state?, zip_code: zip_code?, country: country? })
}

fn items(value: &Value<'_>) -> Option<Vec<ShippedItem>> {
    lines::read(value, MAX_LINES, |fields| {
        let order_item_id = fields.required("orderItemId", "INVALID_ITEM", |value| lines::order_item(&value));
        let quantity = fields.required("quantity", "INVALID_ITEM", |value| lines::pieces(&value, 1));
        Some(ShippedItem { order_item_id: order_item_id?, quantity: quantity? })
    })
}

#[utoipa::path(post, path = "/api/shipments", operation_id = "createShipment", tag = "Shipments", request_body = ShipmentBody,
    responses((status = 201, description = "The shipment.", body = ShipmentView<'static>)))]
pub(super) async fn create(State(shop): State<Shop>, Staff(caller): Staff, request: Checked<CreateShipment>) -> Result<Answer, Problem> {
    let Checked { input: CreateShipment { order_id, request, cost: asked }, meta } = request;
    let (shop, request, asked) = (&shop, &request, asked.as_ref());
    shop.decide(&meta, |attempt| async move {
        let order = orders::load(shop, order_id).await?;
        let cost = asked.map(|asked| cost(asked, order.currency)).transpose()?;
        let request = ShipmentRequest { cost, ..request.clone() };
        let change = order.ship(request, caller.actor(), attempt.now, attempt.ids)?;
        let answer = Answer::created(&ShipmentView::of(&change.shipment, shop).await)?.etag(change.shipment.version);
        Ok((answer, Writes::from(&change)))
    })
    .await
}

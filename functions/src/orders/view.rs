//! An order as clients see it.

use api::Amount;
use domain::ids::{CustomerId, OrderId, OrderItemId, ProductId, VariantId};
use domain::message::Locale;
use domain::order::{
    Address, Customer, DeliveryAddress, DeliveryMethod, LineItem, Order, OrderSource, OrderStatus, PaymentMethod, PaymentStatus,
};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView<'a> {
    id: OrderId,
    order_number: &'a str,
    customer_id: CustomerId,
    customer: CustomerView<'a>,
    status: OrderStatus,
    payment_method: PaymentMethod,
    payment_status: PaymentStatus,
    payment_reference: Option<&'a str>,
    delivery_method: DeliveryMethod,
    delivery_address: Option<AddressView<'a>>,
    delivery_zone: Option<&'a str>,
    delivery_fee: Amount,
    subtotal: Amount,
    discount: Amount,
    total: Amount,
    refunded_total: Amount,
    currency: &'a str,
    promotion_code: Option<&'a str>,
    source: OrderSource,
    notes: Option<&'a str>,
    items: Vec<LineView<'a>>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    completed_at: Option<Timestamp>,
}

/// Who an order is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CustomerView<'a> {
    first_name: &'a str,
    last_name: &'a str,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    locale: Locale,
}

/// Where an order goes, as it was given: in parts or as one text.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum AddressView<'a> {
    Parts(AddressParts<'a>),
    Text(&'a str),
}

/// An address in parts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddressParts<'a> {
    street: &'a str,
    city: &'a str,
    state: Option<&'a str>,
    zip_code: Option<&'a str>,
    country: Option<&'a str>,
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LineView<'a> {
    id: OrderItemId,
    product_id: ProductId,
    variant_id: VariantId,
    sku: &'a str,
    product_name: &'a str,
    variant_details: VariantDetailsView<'a>,
    quantity: u32,
    price_at_purchase: Amount,
    returned_quantity: u32,
}

/// Size and colour of a line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VariantDetailsView<'a> {
    size: Option<&'a str>,
    color: Option<&'a str>,
}

impl<'a> From<&'a Order> for OrderView<'a> {
    fn from(order: &'a Order) -> Self {
        Self {
            id: order.id,
            order_number: &order.order_number,
            customer_id: order.customer_id,
            customer: (&order.customer).into(),
            status: order.status,
            payment_method: order.payment_method,
            payment_status: order.payment_status,
            payment_reference: order.payment_reference.as_deref(),
            delivery_method: order.delivery_method,
            delivery_address: order.delivery_address.as_ref().map(Into::into),
            delivery_zone: order.delivery_zone.as_deref(),
            delivery_fee: order.delivery_fee.into(),
            subtotal: order.subtotal.into(),
            discount: order.discount.into(),
            total: order.total.into(),
            refunded_total: order.gone_back().into(),
            currency: order.currency.code(),
            promotion_code: order.promotion_code.as_deref(),
            source: order.source,
            notes: order.notes.as_deref(),
            items: order.items.iter().map(Into::into).collect(),
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
            completed_at: order.completed_at,
        }
    }
}

impl<'a> From<&'a Customer> for CustomerView<'a> {
    fn from(customer: &'a Customer) -> Self {
        Self {
            first_name: &customer.first_name,
            last_name: &customer.last_name,
            email: customer.email.as_deref(),
            phone: customer.phone.as_deref(),
            locale: customer.locale,
        }
    }
}

impl<'a> From<&'a DeliveryAddress> for AddressView<'a> {
    fn from(address: &'a DeliveryAddress) -> Self {
        match address {
            DeliveryAddress::Text(text) => Self::Text(text),
            DeliveryAddress::Parts(Address { street, city, state, zip_code, country }) => Self::Parts(AddressParts {
                street,
                city,
                state: state.as_deref(),
                zip_code: zip_code.as_deref(),
                country: country.as_deref(),
            }),
        }
    }
}

impl<'a> From<&'a LineItem> for LineView<'a> {
    fn from(item: &'a LineItem) -> Self {
        Self {
            id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            sku: &item.sku,
            product_name: &item.product_name,
            variant_details: VariantDetailsView {
                size: item.variant_details.size.as_deref(),
                color: item.variant_details.color.as_deref(),
            },
            quantity: item.quantity,
            price_at_purchase: item.price_at_purchase.into(),
            returned_quantity: item.returned_quantity,
        }
    }
}

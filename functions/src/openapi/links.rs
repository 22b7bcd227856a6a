//! Where an answer leads: what the id of a record opens, above all of one that was just made (OpenAPI 3.1, section 4.8.20, "Link Object").

use super::fields::BODIES;
use serde_json::{Map, Value, json};

/// Where the id goes.
enum At {
    Path(&'static str),
    Query(&'static str),
    /// Into these places of a body that is otherwise the operation's example: a field, or one of its first item, with what of the
    /// answer goes there.
    Body(&'static [(&'static str, &'static str)]),
}

use At::{Body, Path, Query};

/// Operations, and where each takes the id.
type Leads = &'static [(&'static str, At)];

const OF_ORDER: &[(&str, &str)] = &[("/orderId", "/id")];

/// The operation that makes a record, where its answer has the id, and what can be done with it. What is sold is found, and not made: an
/// order is placed of the first of a list.
const LINKS: &[(&str, &str, Leads)] = &[
    ("findVariants", "/0/id", &[("placeOrder", Body(&[("/items/0/variantId", "/0/id")])), ("readStockHistory", Path("variantId"))]),
    (
        "placeOrder",
        "/id",
        &[
            ("findOrders", Query("id")),
            ("changeOrderStatus", Path("orderId")),
            ("markOrderPayment", Path("orderId")),
            ("cancelOrder", Path("orderId")),
            ("readOrderHistory", Path("orderId")),
            ("getPackingSlip", Path("orderId")),
            ("findNotifications", Query("orderId")),
            ("createRefund", Body(OF_ORDER)),
            ("requestReturn", Body(&[("/orderId", "/id"), ("/items/0/orderItemId", "/items/0/id")])),
            ("createShipment", Body(OF_ORDER)),
        ],
    ),
    ("createRefund", "/id", &[("findRefunds", Query("id")), ("updateRefund", Query("id"))]),
    ("requestReturn", "/return/id", &[("findReturns", Query("id")), ("updateReturn", Query("id"))]),
    ("createShipment", "/id", &[("findShipments", Query("id")), ("updateShipment", Query("id"))]),
    ("createPromotion", "/id", &[("findPromotions", Query("id")), ("updatePromotion", Query("id")), ("deactivatePromotion", Query("id"))]),
    (
        "createEmailTemplate",
        "/id",
        &[("findEmailTemplates", Query("id")), ("updateEmailTemplate", Query("id")), ("removeEmailTemplate", Query("id"))],
    ),
    ("putVariants", "/variants/0/id", &[("findVariants", Query("id")), ("readStockHistory", Path("variantId"))]),
];

/// The links of an operation's success, by the operation that each leads to; none where it makes nothing.
pub(super) fn of(operation: &str) -> Map<String, Value> {
    let (_, id, leads) = LINKS.iter().find(|(from, ..)| *from == operation).copied().unwrap_or(("", "", &[]));
    leads.iter().map(|(to, at)| ((*to).to_owned(), link(to, id, at))).collect()
}

fn link(to: &str, id: &str, at: &At) -> Value {
    let of_answer = |pointer: &str| json!(format!("$response.body#{pointer}"));
    match at {
        Path(name) => json!({ "operationId": to, "parameters": { format!("path.{name}"): of_answer(id) } }),
        Query(name) => json!({ "operationId": to, "parameters": { format!("query.{name}"): of_answer(id) } }),
        Body(places) => {
            let example = BODIES.iter().find(|(known, _)| *known == to).map_or("{}", |(_, example)| *example);
            let mut body: Value = serde_json::from_str(example).unwrap_or_default();
            for (place, pointer) in *places {
                if let Some(place) = body.pointer_mut(place) {
                    *place = of_answer(pointer);
                }
            }
            json!({ "operationId": to, "requestBody": body })
        }
    }
}

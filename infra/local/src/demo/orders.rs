//! What was ordered in the demo shop, and what became of it, day by day.

use super::DemoError;
use super::client::Client;
use super::people::{CUSTOMERS, Customer};
use serde_json::{Value, json};
use std::collections::HashMap;

/// An order's whole story.
pub struct Order {
    customer: u64,
    /// SKU and pieces.
    lines: &'static [(&'static str, u32)],
    buying: Buying,
    notes: Option<&'static str>,
    /// A promotion's code.
    code: Option<&'static str>,
    /// The deposit at pawaPay that it is paid by.
    deposit: Option<&'static str>,
    /// On which day (so many days ago) what happens.
    pub steps: &'static [(u8, Step)],
}

/// Where an order is placed, and how it reaches its customer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Buying {
    /// In the web shop, brought home.
    Online(Pay),
    /// In the web shop, fetched in the store.
    Pickup(Pay),
    /// At the counter.
    InStore(Pay),
}
use Buying::{InStore, Online, Pickup};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pay {
    Mobile,
    Cash,
    Card,
}
use Pay::{Card, Cash, Mobile};

/// Something that happens to an order.
pub enum Step {
    /// It is placed.
    Place,
    /// Staff see its payment, with the provider's reference.
    Paid(&'static str),
    /// Its deposit has come, as pawaPay tells.
    Deposited,
    /// The payment did not go through.
    NotPaid,
    /// Staff take it a step forward.
    To(&'static str),
    /// Staff make a parcel of it, with this carrier.
    Parcel(&'static str),
    /// Staff make a parcel of it, with this carrier, and forget to weigh it.
    Unweighed(&'static str),
    /// Staff take its parcel a step on.
    Brought(&'static str),
    /// DHL or UPS sees its parcel: its code, its words, and where.
    Seen(&'static str, &'static str, &'static str),
    /// The customer cancels it.
    Cancel(&'static str),
    /// The customer cancels it and takes store credit.
    CancelForCredit(&'static str),
    /// Staff cancel it.
    CancelByStaff(&'static str),
    /// An admin has paid its refund out.
    PaidOut(&'static str),
    /// An admin could not pay its refund out.
    NotPaidOut(&'static str),
    /// The customer asks for pieces of a SKU to be taken back, in a condition and for a reason.
    AskBack(&'static str, u32, &'static str, &'static str),
    /// Staff take its return a step on.
    Return(&'static str),
    /// Staff approve its return, and keep so much for the way back.
    ApproveFor(&'static str),
    /// Fewer pieces of its return arrive than were asked for.
    Arrived(u32),
    /// Staff refuse its return.
    Refuse(&'static str),
}
use Step::{
    ApproveFor, Arrived, AskBack, Brought, Cancel, CancelByStaff, CancelForCredit, Deposited, NotPaid, NotPaidOut, Paid, PaidOut, Parcel,
    Place, Refuse, Return, Seen, To, Unweighed,
};

const CONFIRMED: Step = To("CONFIRMED");
const PROCESSING: Step = To("PROCESSING");
const READY: Step = To("READY_FOR_PICKUP");
const DELIVERED: Step = To("DELIVERED");
const APPROVED: Step = Return("APPROVED");
const RECEIVED: Step = Return("RECEIVED");
const REFUNDED: Step = Return("REFUNDED");
const COMPLETED: Step = Return("COMPLETED");

macro_rules! order {
    ($customer:literal, $buying:expr, [$($sku:literal x $pieces:literal),+], $steps:expr) => {
        Order { customer: $customer, lines: &[$(($sku, $pieces)),+], buying: $buying, notes: None, code: None, deposit: None, steps: $steps }
    };
    ($customer:literal, $buying:expr, [$($sku:literal x $pieces:literal),+], $notes:literal, $steps:expr) => {
        Order { customer: $customer, lines: &[$(($sku, $pieces)),+], buying: $buying, notes: Some($notes), code: None, deposit: None, steps: $steps }
    };
}

impl Order {
    /// Placed with a promotion.
    const fn with(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Paid through pawaPay.
    const fn by(self, deposit: &'static str) -> Self {
        Self { deposit: Some(deposit), ..self }
    }
}

/// Every order, the oldest first.
pub const ORDERS: &[Order] = &[
    order!(4003, Online(Mobile), ["ROB-MAL-IND-M" x 1, "PAG-TAT-SOL" x 2],
        &[(13, Place), (13, Paid("MP-A0773409")), (13, CONFIRMED), (12, PROCESSING), (11, Parcel("LOCAL")), (10, Brought("OUT_FOR_DELIVERY")), (10, Brought("DELIVERED")),
          (9, AskBack("PAG-TAT-SOL", 2, "UNOPENED", "J’en ai commandé trop")), (8, ApproveFor("4.00")), (6, Arrived(1)), (5, REFUNDED),
          (4, PaidOut("MP-R0773409")), (4, COMPLETED)])
    .with("BIENVENUE10"),
    order!(4002, InStore(Cash), ["COS-SAP-ROI-50" x 1, "CHE-KIM-BLA-L" x 1],
        &[(12, Place), (12, Paid("CAISSE-0412")), (12, CONFIRMED), (12, PROCESSING), (12, READY), (12, DELIVERED),
          (9, AskBack("COS-SAP-ROI-50", 1, "OPENED_UNUSED", "La veste ne tombe pas bien")), (8, APPROVED), (7, RECEIVED),
          (7, Refuse("Veste portée, ourlet refait"))]),
    order!(4005, Online(Mobile), ["ENS-LIP-EME-L" x 1],
        &[(11, Place), (11, Paid("AM-88410276")), (11, CONFIRMED), (10, PROCESSING), (9, Parcel("DHL")),
          (8, Seen("PU", "Shipment picked up", "Kinshasa")), (8, Seen("WC", "With delivery courier", "Bandalungwa")), (8, Seen("OK", "Delivered", "Bandalungwa")),
          (5, AskBack("ENS-LIP-EME-L", 1, "DAMAGED", "Accroc sur la manche à l’ouverture du colis")), (4, APPROVED), (1, RECEIVED)]),
    order!(4008, Online(Card), ["BOU-MWI-NUI-XL" x 1, "SAC-NZE-NAT" x 1], "Please call from the lobby, the bell does not work.",
        &[(10, Place), (10, Paid("pi_3OaQk2Lz")), (10, CONFIRMED), (9, PROCESSING), (8, Parcel("OTHER")), (8, Brought("IN_TRANSIT")), (7, Brought("DELIVERED")),
          (3, AskBack("SAC-NZE-NAT", 1, "DEFECTIVE", "One handle came off")), (2, APPROVED)])
    .with("RENTREE25"),
    order!(4006, Online(Mobile), ["JEA-MAT-BRU-42" x 1, "CHE-MOS-IND-L" x 2],
        // Nobody pays it, so after three days the system cancels it.
        &[(9, Place)]),
    order!(4007, Pickup(Card), ["ROB-NDE-BOR-S" x 1],
        &[(8, Place), (8, Paid("pi_3ObX91Lz")), (8, CONFIRMED), (7, Cancel("La taille ne convient pas"))])
    .with("RENTREE25"),
    order!(4004, Pickup(Cash), ["SAN-NGW-MAR-41" x 1, "POC-ELI-DOR" x 1],
        &[(7, Place), (7, CONFIRMED), (6, PROCESSING), (6, READY), (5, Paid("CAISSE-0427")), (5, DELIVERED),
          (0, AskBack("SAN-NGW-MAR-41", 1, "UNOPENED", "Pointure trop grande"))]),
    order!(4001, Online(Mobile), ["JUP-ELE-CAM-38" x 1, "CHE-KIM-SAB-M" x 1],
        &[(7, Place), (7, Paid("MP-B1187015")), (7, CONFIRMED), (6, CancelForCredit("Je préfère attendre la nouvelle collection"))]),
    order!(4002, Online(Mobile), ["CHE-MOS-SOL-XL" x 1],
        &[(6, Place), (6, Paid("OM-5520917")), (6, CONFIRMED), (5, Cancel("Commandé deux fois par erreur")), (3, NotPaidOut("Numéro Orange Money suspendu"))]),
    order!(4003, Online(Mobile), ["ROB-MAL-SAF-M" x 1, "POC-ELI-ARG" x 1],
        &[(5, Place), (5, Paid("MP-A0991217")), (5, CONFIRMED), (5, PROCESSING), (4, Parcel("UPS")),
          (3, Seen("I OR", "Origin Scan", "Kinshasa")), (3, Seen("I OT", "Out For Delivery", "Ngaliema")), (3, Seen("D FS", "Delivered", "Ngaliema")),
          (2, AskBack("ROB-MAL-SAF-M", 1, "OPENED_UNUSED", "La couleur ne me va pas")), (1, APPROVED), (0, RECEIVED), (0, REFUNDED)]),
    order!(4005, InStore(Mobile), ["PAG-TAT-PAL" x 3, "PAG-TAT-NUI" x 1],
        &[(4, Place), (4, Paid("AM-88467103")), (4, CONFIRMED), (4, PROCESSING), (4, READY), (4, DELIVERED)]),
    order!(4006, Online(Card), ["COS-SAP-PER-52" x 1], "Livraison après 17 h, s’il vous plaît.",
        &[(3, Place), (3, Paid("pi_3OdT07Lz")), (3, CONFIRMED), (2, PROCESSING), (1, Parcel("DHL")),
          (0, Seen("PU", "Shipment picked up", "Kinshasa")), (0, Seen("WC", "With delivery courier", "Lemba"))]),
    order!(4007, Online(Mobile), ["ENS-LIP-BRI-M" x 1, "SAC-NZE-NOI" x 1],
        &[(3, Place), (3, Paid("MP-C0041819")), (3, CONFIRMED), (1, PROCESSING), (0, Parcel("FEDEX"))])
    .with("LIVRAISON"),
    order!(4004, Online(Mobile), ["BOU-MWI-BLA-L" x 1],
        &[(2, Place), (2, Deposited), (2, CONFIRMED), (1, Cancel("Délai de livraison trop long"))])
    .by("6c1d2f0a-5b7e-4c93-9a41-2f8e07d3b615"),
    order!(4008, Pickup(Card), ["ROB-NDE-NOI-M" x 1, "POC-ELI-DOR" x 1],
        &[(2, Place), (2, Paid("pi_3OeM44Lz")), (2, CONFIRMED), (1, PROCESSING), (0, READY)]),
    order!(4002, InStore(Cash), ["JEA-MAT-BRU-44" x 2],
        &[(1, Place), (1, Paid("CAISSE-0440")), (1, CONFIRMED), (0, CancelByStaff("Client revenu au magasin, article défectueux")), (0, PaidOut("CAISSE-0441"))]),
    order!(4005, Online(Mobile), ["ROB-MAL-IND-L" x 1, "SAN-NGW-MAR-39" x 1],
        &[(1, Place), (1, Paid("MP-B1204421")), (1, CONFIRMED), (0, PROCESSING)]),
    order!(4008, Online(Card), ["PAG-TAT-PAL" x 1],
        &[(1, Place), (1, Paid("pi_3OfS02Lz")), (1, CONFIRMED), (0, PROCESSING), (0, Unweighed("UPS"))]),
    order!(4003, Online(Mobile), ["CHE-KIM-BLA-M" x 2], &[(1, Place), (1, NotPaid)]),
    order!(4001, Online(Mobile), ["ROB-MAL-SAF-L" x 1, "SAC-NZE-NAT" x 1, "PAG-TAT-NUI" x 1],
        &[(0, Place), (0, Paid("MP-A1032122")), (0, CONFIRMED)])
    .with("BIENVENUE10"),
    order!(4004, Online(Cash), ["CHE-MOS-IND-XL" x 1, "JEA-MAT-BRU-40" x 1], &[(0, Place), (0, CONFIRMED)]),
    order!(4001, Online(Cash), ["SAN-NGW-MAR-38" x 1], &[(0, Place)]),
    order!(4006, Online(Mobile), ["PAG-TAT-SOL" x 4], "Pour un mariage : merci d’emballer séparément.", &[(0, Place)]),
];

impl Buying {
    const fn pay(self) -> Pay {
        match self {
            Online(pay) | Pickup(pay) | InStore(pay) => pay,
        }
    }
}

impl Pay {
    const fn word(self) -> &'static str {
        match self {
            Mobile => "MOBILE_MONEY",
            Cash => "CASH_ON_DELIVERY",
            Card => "CARD",
        }
    }
}

impl Order {
    fn customer(&self) -> Result<&'static Customer, DemoError> {
        CUSTOMERS.iter().find(|customer| customer.id == self.customer).ok_or(DemoError::NoField("customer"))
    }

    /// All of it in one parcel.
    fn parcel(&self, id: u64, carrier: &str) -> Result<Value, DemoError> {
        let customer = self.customer()?;
        let details = customer.details();
        let name = [&details["firstName"], &details["lastName"]].map(|name| name.as_str().unwrap_or_default()).join(" ");
        Ok(json!({
            "orderId": id,
            "carrier": carrier,
            "recipientName": name,
            "recipientPhone": details["phone"],
            "shippingAddress": customer.address(),
            "weight": 1.2,
        }))
    }

    /// Places it, as the customer or at the counter; gives its id.
    pub async fn place(&self, client: &Client, skus: &HashMap<String, u64>) -> Result<u64, DemoError> {
        let customer = self.customer()?;
        let mut items = Vec::new();
        for (sku, pieces) in self.lines {
            let variant = skus.get(*sku).ok_or(DemoError::NoSku(sku))?;
            items.push(json!({ "variantId": variant, "quantity": pieces }));
        }
        let mut body = json!({
            "customerId": customer.id,
            "customer": customer.details(),
            "items": items,
            "paymentMethod": self.buying.pay().word(),
            "deliveryMethod": "STORE_PICKUP",
            "source": "ONLINE",
            "currency": "USD",
            "notes": self.notes,
            "promotionCode": self.code,
            "paymentReference": self.deposit,
        });
        let mut token = client.customer(customer.id);
        match self.buying {
            Online(_) => {
                body["deliveryMethod"] = "HOME_DELIVERY".into();
                body["deliveryAddress"] = customer.address();
                body["deliveryZone"] = customer.zone().into();
            }
            InStore(_) => (token, body["source"]) = (&client.sales, "IN_STORE".into()),
            Pickup(_) => {}
        }
        let placed = match client.post(token, "/api/orders", &body).await {
            // A shop with fees of its own may not deliver there on its own terms: staff take the order by phone.
            Err(DemoError::Refused { status: 409, body: said, .. }) if said.contains("DELIVERY_FEE_MISMATCH") => {
                client.post(&client.sales, "/api/orders", &body).await?
            }
            answer => answer?,
        };
        placed["id"].as_u64().ok_or(DemoError::NoField("id"))
    }
}

impl Step {
    /// Does to the order of that id what the step says.
    pub async fn take(&self, client: &Client, order: &Order, id: u64) -> Result<(), DemoError> {
        let (customer, sales) = (client.customer(order.customer), client.sales.as_str());
        let payment = |body: Value| async move { client.put(sales, &format!("/api/orders/{id}/payment"), &body).await };
        let cancel = |token, body: Value| async move { client.post(token, &format!("/api/orders/{id}/cancel"), &body).await };
        match self {
            Place => return Err(DemoError::NoField("order that is placed once")),
            Paid(reference) => {
                let order = payment(json!({ "paymentStatus": "PAID", "reference": reference })).await?;
                if reference.starts_with("pi_") {
                    client.paid_at_stripe(reference, &order);
                }
                order
            }
            Deposited => {
                let deposit = order.deposit.ok_or(DemoError::NoField("deposit"))?;
                let placed = client.get(customer, &format!("/api/orders?id={id}")).await?;
                client.paid_at_pawapay(deposit, &placed).await?
            }
            NotPaid => payment(json!({ "paymentStatus": "FAILED" })).await?,
            To(status) => client.put(sales, &format!("/api/orders/{id}/status"), &json!({ "newStatus": status })).await?,
            Parcel(carrier) => client.post(sales, "/api/shipments", &order.parcel(id, carrier)?).await?,
            Unweighed(carrier) => {
                let mut parcel = order.parcel(id, carrier)?;
                parcel["weight"] = Value::Null;
                client.post(sales, "/api/shipments", &parcel).await?
            }
            Brought(status) => {
                let parcel = client.get(sales, &format!("/api/shipments?orderId={id}")).await?[0]["id"].clone();
                client.put(sales, &format!("/api/shipments?id={parcel}"), &json!({ "status": status })).await?
            }
            Seen(code, words, place) => {
                let parcels = client.get(sales, &format!("/api/shipments?orderId={id}")).await?;
                client.seen(&parcels[0], code, words, place).await?
            }
            Cancel(reason) => cancel(customer, json!({ "reason": reason })).await?,
            CancelForCredit(reason) => cancel(customer, json!({ "reason": reason, "refundMethod": "STORE_CREDIT" })).await?,
            CancelByStaff(reason) => cancel(sales, json!({ "reason": reason })).await?,
            PaidOut(reference) => refund(client, id, json!({ "status": "COMPLETED", "transactionReference": reference })).await?,
            NotPaidOut(notes) => refund(client, id, json!({ "status": "FAILED", "notes": notes })).await?,
            AskBack(sku, pieces, condition, reason) => {
                let placed = client.get(customer, &format!("/api/orders?id={id}")).await?;
                let line = placed["items"].as_array().and_then(|lines| lines.iter().find(|line| line["sku"] == **sku));
                let line = line.ok_or(DemoError::NoSku(sku))?;
                let items = json!([{ "orderItemId": line["id"], "quantity": pieces, "condition": condition }]);
                client.post(customer, "/api/returns", &json!({ "orderId": id, "reason": reason, "items": items })).await?
            }
            Return(status) => step_return(client, id, |_| json!({ "status": status })).await?,
            ApproveFor(fee) => {
                let fee: Value = serde_json::from_str(fee).unwrap_or_default();
                step_return(client, id, |_| json!({ "status": "APPROVED", "returnShippingFee": fee })).await?
            }
            Arrived(pieces) => {
                let arrived = |entry: &Value| json!({ "orderItemId": entry["orderItemId"], "receivedQuantity": pieces });
                step_return(client, id, |rma| json!({ "status": "RECEIVED", "items": [arrived(&rma["items"][0])] })).await?
            }
            Refuse(reason) => step_return(client, id, |_| json!({ "status": "REJECTED", "notes": reason })).await?,
        };
        Ok(())
    }
}

/// What an admin makes of an order's refund.
async fn refund(client: &Client, order: u64, body: Value) -> Result<Value, DemoError> {
    let refunds = client.get(&client.admin, &format!("/api/refunds?orderId={order}")).await?;
    let id = refunds[0]["id"].as_u64().ok_or(DemoError::NoField("refund"))?;
    client.put(&client.admin, &format!("/api/refunds?id={id}"), &body).await
}

/// What staff make of an order's return.
async fn step_return(client: &Client, order: u64, body: impl FnOnce(&Value) -> Value) -> Result<Value, DemoError> {
    let returns = client.get(&client.sales, &format!("/api/returns?orderId={order}")).await?;
    let rma = &returns[0];
    let id = rma["id"].as_u64().ok_or(DemoError::NoField("return"))?;
    client.put(&client.sales, &format!("/api/returns?id={id}"), &body(rma)).await
}

//! The kinds of records that the tables hold.

use serde_json::Value;

/// A kind, by the function that makes its key, and what such keys look like. A `*` stands for anything.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pk: &'static str,
    sk: &'static str,
}

const fn kind(name: &'static str, pk: &'static str, sk: &'static str) -> Kind {
    Kind { name, pk, sk }
}

/// Of two that fit a record the first is its kind.
pub const KINDS: [Kind; 29] = [
    kind("event", "*", "EVENT#*"),
    kind("order", "ORDER#*", "ORDER"),
    kind("refund", "REFUND#*", "REFUND"),
    kind("refund_name", "REFUNDNAME#*", "REFUNDNAME"),
    kind("shipment", "SHIPMENT#*", "SHIPMENT"),
    kind("tracking_number", "TRACKING#*", "TRACKING"),
    kind("payment_reference", "PAYREF#*", "PAYREF"),
    kind("early_payment", "EARLY#*", "EARLY"),
    kind("early_refund", "EARLY#*", "REFUND#*"),
    kind("order_counter", "COUNTER#ORDER#*", "COUNTER"),
    kind("rma", "RETURN#*", "RETURN"),
    kind("rma_counter", "COUNTER#RMA#*", "COUNTER"),
    kind("promotion", "CODE#*", "PROMOTION"),
    kind("promotion_id", "PROMOTION#*", "PROMOTION"),
    kind("promotion_shard", "CODE#*#SHARD#*", "COUNT"),
    kind("promotion_customer", "CODE#*#CUSTOMER#*", "COUNT"),
    kind("redemption", "CODE#*#ORDER#*", "REDEMPTION"),
    kind("variant", "VARIANT#*", "STOCK"),
    kind("sku", "SKU#*", "SKU"),
    kind("stock_log", "VARIANT#*", "LOG#*"),
    kind("balance", "CUSTOMER#*", "BALANCE#*"),
    kind("credit_entry", "CUSTOMER#*", "ENTRY#*"),
    kind("notification", "NOTIFICATION#*", "NOTIFICATION"),
    kind("suppression", "SUPPRESSED#*", "SUPPRESSED"),
    kind("template_head", "TEMPLATE#*#*", "TEMPLATE"),
    kind("template_version", "TEMPLATE#*", "VERSION#*"),
    kind("answer", "ANSWER#*", "ANSWER"),
    kind("answer_part", "ANSWER#*", "PART#*"),
    kind("round", "ROUND#*", "ROUND"),
];

impl Kind {
    fn fits(&self, pk: &str, sk: &str) -> bool {
        looks_like(pk, self.pk) && looks_like(sk, self.sk)
    }
}

fn looks_like(key: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = key.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut is_open = false;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        (rest, is_open) = (after, part.is_empty());
    }
    is_open || rest.is_empty()
}

/// The kind of a record.
pub fn kind_of(item: &Value) -> &'static Kind {
    let key = |name: &str| item[name]["S"].as_str().unwrap_or_else(|| panic!("no {name}: {item}"));
    let (pk, sk) = (key("pk"), key("sk"));
    KINDS.iter().find(|kind| kind.fits(pk, sk)).unwrap_or_else(|| panic!("of no kind: {pk} {sk}"))
}

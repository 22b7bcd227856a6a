//! The words around a text: labels, amounts and ways of payment, in both languages.

use super::text::NO_BREAK;
use domain::message::Locale;
use domain::money::Money;
use domain::order::DeliveryMethod;
use domain::refund::RefundMethod;
use serde::Serialize;

/// What the layouts say in a language.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Words {
    /// What stands between a label and its value in the plain text.
    pub(super) colon: &'static str,
    pub(super) order: &'static str,
    pub(super) your_order: &'static str,
    pub(super) item: &'static str,
    pub(super) quantity: &'static str,
    pub(super) amount: &'static str,
    pub(super) subtotal: &'static str,
    pub(super) discount: &'static str,
    pub(super) delivery_fee: &'static str,
    pub(super) free: &'static str,
    pub(super) total: &'static str,
    pub(super) delivery: &'static str,
    pub(super) tracking: &'static str,
    pub(super) refund: &'static str,
    pub(super) refund_due: &'static str,
    pub(super) reason: &'static str,
    pub(super) rma: &'static str,
    pub(super) sign_off: &'static str,
}

const FRENCH: Words = Words {
    colon: "\u{a0}:",
    order: "Commande",
    your_order: "Votre commande",
    item: "Article",
    quantity: "Qté",
    amount: "Montant",
    subtotal: "Sous-total",
    discount: "Remise",
    delivery_fee: "Frais de livraison",
    free: "Offerts",
    total: "Total",
    delivery: "Livraison",
    tracking: "Numéro de suivi",
    refund: "Remboursement",
    refund_due: "À vous rembourser",
    reason: "Motif",
    rma: "Numéro de retour (RMA)",
    sign_off: "À bientôt,",
};

const ENGLISH: Words = Words {
    colon: ":",
    order: "Order",
    your_order: "Your order",
    item: "Item",
    quantity: "Qty",
    amount: "Amount",
    subtotal: "Subtotal",
    discount: "Discount",
    delivery_fee: "Delivery fee",
    free: "Free",
    total: "Total",
    delivery: "Delivery",
    tracking: "Tracking number",
    refund: "Refund",
    refund_due: "To be refunded",
    reason: "Reason",
    rma: "Return number (RMA)",
    sign_off: "See you soon,",
};

impl Words {
    pub(super) const fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::Fr => &FRENCH,
            Locale::En => &ENGLISH,
        }
    }
}

/// `1 234,50 USD` in French, `USD 1,234.50` in English, never broken over two lines.
pub(super) fn amount(money: Money, locale: Locale) -> String {
    let number = money.amount();
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let (group, point) = match locale {
        Locale::Fr => (NO_BREAK, ','),
        Locale::En => (',', '.'),
    };
    let mut digits = String::with_capacity(number.len() * 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            digits.push(group);
        }
        digits.push(digit);
    }
    if !fraction.is_empty() {
        digits.push(point);
        digits.push_str(fraction);
    }
    match locale {
        Locale::Fr => format!("{sign}{digits}{NO_BREAK}{}", money.currency),
        Locale::En => format!("{sign}{}{NO_BREAK}{digits}", money.currency),
    }
}

/// How a refund reaches the customer, to follow its amount in a sentence.
pub(super) const fn refunded_by(method: RefundMethod, locale: Locale) -> &'static str {
    match (locale, method) {
        (Locale::Fr, RefundMethod::MobileMoney) => "sur votre mobile money",
        (Locale::Fr, RefundMethod::Cash) => "en espèces",
        (Locale::Fr, RefundMethod::StoreCredit) => "en avoir",
        (Locale::Fr, RefundMethod::Card) => "sur votre carte",
        (Locale::En, RefundMethod::MobileMoney) => "to your mobile money account",
        (Locale::En, RefundMethod::Cash) => "in cash",
        (Locale::En, RefundMethod::StoreCredit) => "as store credit",
        (Locale::En, RefundMethod::Card) => "to your card",
    }
}

/// How an order reaches the customer.
pub(super) const fn delivered_by(method: DeliveryMethod, locale: Locale) -> &'static str {
    match (locale, method) {
        (Locale::Fr, DeliveryMethod::HomeDelivery) => "À domicile",
        (Locale::Fr, DeliveryMethod::StorePickup) => "Retrait en boutique",
        (Locale::En, DeliveryMethod::HomeDelivery) => "To your home",
        (Locale::En, DeliveryMethod::StorePickup) => "Collection in store",
    }
}

/// `Bonjour Amina,`
pub(super) fn greeting(first_name: &str, locale: Locale) -> String {
    let hello = match locale {
        Locale::Fr => "Bonjour",
        Locale::En => "Hello",
    };
    if first_name.is_empty() { format!("{hello},") } else { format!("{hello} {first_name},") }
}

/// Who signs.
pub(super) fn team(shop: &str, locale: Locale) -> String {
    match locale {
        Locale::Fr => format!("L’équipe {shop}"),
        Locale::En => format!("The {shop} team"),
    }
}

/// Why the customer gets the message.
pub(super) fn why_you(shop: &str, locale: Locale) -> String {
    match locale {
        Locale::Fr => format!("Vous recevez ce message au sujet d’une commande chez {shop}."),
        Locale::En => format!("You receive this message about an order at {shop}."),
    }
}

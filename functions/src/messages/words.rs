//! The words around a text: labels, amounts and ways of payment, in both languages.

use super::text::NO_BREAK;
use domain::message::Locale;
use domain::money::Money;
use domain::order::DeliveryMethod;
use domain::refund::RefundMethod;
use jiff::civil::DateTime;

/// What the layouts say in a language.
pub(super) struct Words {
    /// What stands between a label and its value in the plain text.
    pub(super) colon: &'static str,
    slots: [(&'static str, &'static str); 14],
}

const FRENCH: Words = Words {
    colon: "\u{a0}:",
    slots: [
        ("colon", "\u{a0}:"),
        ("order", "Commande"),
        ("item", "Article"),
        ("quantity", "Qté"),
        ("amountHead", "Montant"),
        ("subtotal", "Sous-total"),
        ("discount", "Remise"),
        ("deliveryFee", "Frais de livraison"),
        ("total", "Total"),
        ("creditSpent", "Payé en avoir"),
        ("hello", "Bonjour"),
        ("signOff", "À bientôt,"),
        ("team", "L’équipe {{shopName}}"),
        ("whyYou", "Vous recevez ce message au sujet d’une commande chez {{shopName}}."),
    ],
};

const ENGLISH: Words = Words {
    colon: ":",
    slots: [
        ("colon", ":"),
        ("order", "Order"),
        ("item", "Item"),
        ("quantity", "Qty"),
        ("amountHead", "Amount"),
        ("subtotal", "Subtotal"),
        ("discount", "Discount"),
        ("deliveryFee", "Delivery fee"),
        ("total", "Total"),
        ("creditSpent", "Paid with store credit"),
        ("hello", "Hello"),
        ("signOff", "See you soon,"),
        ("team", "The {{shopName}} team"),
        ("whyYou", "You receive this message about an order at {{shopName}}."),
    ],
};

impl Words {
    pub(super) const fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::Fr => &FRENCH,
            Locale::En => &ENGLISH,
        }
    }

    /// Each word by the name of its slot.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.slots.iter().copied()
    }
}

/// A delivery that costs nothing.
pub(super) const fn free(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => "Offerts",
        Locale::En => "Free",
    }
}

/// `1 234,50 USD` in French, `USD 1,234.50` in English, never broken over two lines.
pub(crate) fn amount(money: Money, locale: Locale) -> String {
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

pub(crate) const ENGLISH_MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// `13/02/2026` in French, whose months an SMS has no letters for; `13 February 2026` in English, where numbers mean the one day here
/// and the other there.
pub(super) fn day(at: DateTime, locale: Locale) -> String {
    let name = || usize::try_from(at.month() - 1).ok().and_then(|month| ENGLISH_MONTHS.get(month).copied()).unwrap_or_default();
    match locale {
        Locale::Fr => format!("{:02}/{:02}/{}", at.day(), at.month(), at.year()),
        Locale::En => format!("{} {} {}", at.day(), name(), at.year()),
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

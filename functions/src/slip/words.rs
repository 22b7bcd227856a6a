//! What a slip says, in both languages.

use crate::messages::words::ENGLISH_MONTHS;
use domain::message::Locale;
use domain::order::{DeliveryMethod, LineItem, OrderStatus};
use jiff::civil::DateTime;

/// The space that a line is never broken at.
const NO_BREAK: char = '\u{a0}';

/// The labels of a language.
pub(super) struct Words {
    pub(super) slip: &'static str,
    pub(super) ordered: &'static str,
    pub(super) customer: &'static str,
    pub(super) address: &'static str,
    pub(super) delivery: &'static str,
    pub(super) zone: &'static str,
    pub(super) to_collect: &'static str,
    pub(super) to_collect_with_the_first: &'static str,
    pub(super) notes: &'static str,
    pub(super) number: &'static str,
    pub(super) sku: &'static str,
    pub(super) item: &'static str,
    pub(super) size: &'static str,
    pub(super) color: &'static str,
    pub(super) quantity: &'static str,
    pub(super) picked: &'static str,
    pub(super) packed: &'static str,
    pub(super) total: &'static str,
    pub(super) prepared_by: &'static str,
    pub(super) parcels: &'static str,
    pub(super) date: &'static str,
    pub(super) signature: &'static str,
    pub(super) made: &'static str,
    pub(super) page: &'static str,
    pub(super) page_of: &'static str,
    pub(super) cancelled: &'static str,
    pub(super) do_not_pack: &'static str,
    pub(super) refunded: &'static str,
    pub(super) not_paid: &'static str,
}

const FRENCH: Words = Words {
    slip: "Bon de préparation",
    ordered: "Commande du",
    customer: "Client",
    address: "Adresse de livraison",
    delivery: "Livraison",
    zone: "Zone",
    to_collect: "À encaisser",
    to_collect_with_the_first: "À encaisser avec le premier colis\u{a0}:",
    notes: "Remarques",
    number: "N°",
    sku: "SKU",
    item: "Article",
    size: "Taille",
    color: "Couleur",
    quantity: "Qté",
    picked: "Prélevé",
    packed: "Emballé",
    total: "Total",
    prepared_by: "Préparé par",
    parcels: "Colis",
    date: "Date",
    signature: "Signature",
    made: "Établi le",
    page: "Page",
    page_of: "sur",
    cancelled: "Annulée",
    do_not_pack: "Commande annulée\u{a0}: ne rien préparer, ne rien expédier",
    refunded: "Tout ce qui a été payé est remboursé\u{a0}: ne rien expédier sans l’avoir vérifié",
    not_paid: "Pas encore payée",
};

const ENGLISH: Words = Words {
    slip: "Packing slip",
    ordered: "Ordered",
    customer: "Customer",
    address: "Delivery address",
    delivery: "Delivery",
    zone: "Zone",
    to_collect: "To collect",
    to_collect_with_the_first: "To collect with the first parcel:",
    notes: "Notes",
    number: "No.",
    sku: "SKU",
    item: "Item",
    size: "Size",
    color: "Colour",
    quantity: "Qty",
    picked: "Picked",
    packed: "Packed",
    total: "Total",
    prepared_by: "Packed by",
    parcels: "Parcels",
    date: "Date",
    signature: "Signature",
    made: "Made",
    page: "Page",
    page_of: "of",
    cancelled: "Cancelled",
    do_not_pack: "Cancelled order: pick nothing, ship nothing",
    refunded: "All that was paid goes back: ship nothing before you have asked",
    not_paid: "Not paid yet",
};

impl Words {
    pub(super) const fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::Fr => &FRENCH,
            Locale::En => &ENGLISH,
        }
    }
}

pub(super) const fn delivered_by(method: DeliveryMethod, locale: Locale) -> &'static str {
    match (locale, method) {
        (Locale::Fr, DeliveryMethod::HomeDelivery) => "À domicile",
        (Locale::Fr, DeliveryMethod::StorePickup) => "Retrait en boutique",
        (Locale::En, DeliveryMethod::HomeDelivery) => "Home delivery",
        (Locale::En, DeliveryMethod::StorePickup) => "Pickup in store",
    }
}

pub(super) const fn status(status: OrderStatus, locale: Locale) -> &'static str {
    match (locale, status) {
        (Locale::Fr, OrderStatus::Pending) => "En attente",
        (Locale::Fr, OrderStatus::Confirmed) => "Confirmée",
        (Locale::Fr, OrderStatus::Processing) => "En préparation",
        (Locale::Fr, OrderStatus::ReadyForPickup) => "Prête au retrait",
        (Locale::Fr, OrderStatus::Shipped) => "Expédiée",
        (Locale::Fr, OrderStatus::Delivered) => "Livrée",
        (Locale::Fr, OrderStatus::Cancelled) => "Annulée",
        (Locale::En, OrderStatus::Pending) => "Pending",
        (Locale::En, OrderStatus::Confirmed) => "Confirmed",
        (Locale::En, OrderStatus::Processing) => "In preparation",
        (Locale::En, OrderStatus::ReadyForPickup) => "Ready for pickup",
        (Locale::En, OrderStatus::Shipped) => "Shipped",
        (Locale::En, OrderStatus::Delivered) => "Delivered",
        (Locale::En, OrderStatus::Cancelled) => "Cancelled",
    }
}

/// What an order amounts to: its lines, and their pieces.
pub(super) fn pieces(lines: usize, pieces: u64, locale: Locale) -> (String, String) {
    let (line, piece) = match locale {
        Locale::Fr => ("référence", "pièce"),
        Locale::En => ("line", "piece"),
    };
    let counted = |n: u64, word: &str| format!("{}{NO_BREAK}{word}{}", grouped(n, locale), if is_plural(n, locale) { "s" } else { "" });
    (counted(lines as u64, line), counted(pieces, piece))
}

/// In French nothing is singular as one is.
const fn is_plural(n: u64, locale: Locale) -> bool {
    match locale {
        Locale::Fr => n > 1,
        Locale::En => n != 1,
    }
}

/// Why not all pieces of a line are to be packed: some are in a parcel already, the money of some went back.
pub(super) fn what_became_of(item: &LineItem, locale: Locale) -> String {
    let (colon, words) = match locale {
        Locale::Fr => ("\u{a0}:", ["Commandé", "Remboursé", "Déjà expédié"]),
        Locale::En => (":", ["Ordered", "Refunded", "Already shipped"]),
    };
    let counts = [item.quantity, item.refunded_quantity, item.shipped_quantity];
    let said = words.into_iter().zip(counts).filter(|(_, pieces)| *pieces > 0);
    said.map(|(word, pieces)| format!("{word}{colon} {}.", grouped(u64::from(pieces), locale))).collect::<Vec<_>>().join(" ")
}

/// `1 234` in French, `1,234` in English.
pub(super) fn grouped(n: u64, locale: Locale) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(match locale {
                Locale::Fr => NO_BREAK,
                Locale::En => ',',
            });
        }
        grouped.push(digit);
    }
    grouped
}

const FRENCH_DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const FRENCH_MONTHS: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];

/// `mardi 24 novembre 2026, 00:30` or `Tuesday 24 November 2026, 00:30`.
pub(super) fn moment(at: DateTime, locale: Locale) -> String {
    let (days, months) = match locale {
        Locale::Fr => (FRENCH_DAYS, FRENCH_MONTHS),
        Locale::En => (ENGLISH_DAYS, ENGLISH_MONTHS),
    };
    let name = |names: &[&'static str], at: i8| usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default();
    let day = match (locale, at.day()) {
        (Locale::Fr, 1) => "1er".to_owned(),
        (_, day) => day.to_string(),
    };
    let (weekday, month) = (name(&days, at.weekday().to_monday_zero_offset()), name(&months, at.month() - 1));
    format!("{weekday} {day}{NO_BREAK}{month} {}, {:02}:{:02}", at.year(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn a_moment_is_written_as_people_write_it() {
        let night = datetime(2026, 11, 24, 0, 30, 59, 0);
        assert_eq!(moment(night, Locale::Fr), "mardi 24\u{a0}novembre 2026, 00:30");
        assert_eq!(moment(night, Locale::En), "Tuesday 24\u{a0}November 2026, 00:30");
        assert_eq!(moment(datetime(2027, 8, 1, 9, 5, 0, 0), Locale::Fr), "dimanche 1er\u{a0}août 2027, 09:05");
        assert_eq!(moment(datetime(2027, 1, 1, 9, 5, 0, 0), Locale::En), "Friday 1\u{a0}January 2027, 09:05");
    }

    #[test]
    fn one_is_no_plural_and_thousands_are_grouped() {
        assert_eq!(pieces(1, 1, Locale::Fr), ("1\u{a0}référence".to_owned(), "1\u{a0}pièce".to_owned()));
        assert_eq!(pieces(2, 1_234_567, Locale::Fr), ("2\u{a0}références".to_owned(), "1\u{a0}234\u{a0}567\u{a0}pièces".to_owned()));
        assert_eq!(pieces(1, 0, Locale::En), ("1\u{a0}line".to_owned(), "0\u{a0}pieces".to_owned()));
        assert_eq!(pieces(1, 0, Locale::Fr).1, "0\u{a0}pièce");
        assert_eq!(grouped(50_000, Locale::En), "50,000");
    }
}

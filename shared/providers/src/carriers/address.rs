//! Addresses as carriers take them: short lines, a country code, a phone number, a postcode where the country has them.

use super::country::{has_postcodes, iso_code};
use crate::phone::{self, Country};
use domain::shipment::Shipment;
use serde::Deserialize;

/// What a carrier's address fields hold, in characters.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The recipient's name.
    pub name: usize,
    /// A line of the street; there are three.
    pub line: usize,
    /// The city.
    pub city: usize,
    /// The postcode.
    pub postcode: usize,
}

/// Where carriers ask for the state: its code, of two letters. Elsewhere a province is a name, which their field is too short
/// for.
const WITH_STATES: [&str; 2] = ["CA", "US"];

/// Where the shop's parcels come from. Read from one JSON object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShipFrom {
    /// Whoever packs them.
    pub name: String,
    /// The shop.
    pub company: String,
    /// Its phone number.
    pub phone: String,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// The state's code, in the United States and Canada.
    #[serde(default)]
    pub state: Option<String>,
    /// Postcode, where the country has them.
    #[serde(default)]
    pub zip_code: Option<String>,
    /// Country.
    pub country: String,
}

/// One end of a parcel's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Who is there.
    pub name: String,
    /// Their company, or they themselves.
    pub company: String,
    /// In E.164.
    pub phone: String,
    /// The street, on one to three lines.
    pub lines: Vec<String>,
    /// City.
    pub city: String,
    /// The state's code of two letters, in a country where carriers ask for it.
    pub state: Option<String>,
    /// Postcode; nothing in a country that has none.
    pub postcode: Option<String>,
    /// ISO 3166, two letters.
    pub country: &'static str,
}

/// All that keeps a carrier from taking a parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// One more.
    pub fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

struct Written<'a> {
    whose: &'static str,
    name: &'a str,
    company: &'a str,
    phone: Option<&'a str>,
    street: &'a str,
    city: &'a str,
    state: Option<&'a str>,
    postcode: Option<&'a str>,
    country: &'a str,
}

impl Spot {
    pub(super) fn of_shipment(shipment: &Shipment, limits: &Limits, problems: &mut Problems) -> Option<Self> {
        let address = &shipment.address;
        let written = Written {
            whose: "the recipient's",
            name: &shipment.recipient_name,
            company: &shipment.recipient_name,
            phone: shipment.recipient_phone.as_deref(),
            street: &address.street,
            city: &address.city,
            state: address.state.as_deref(),
            postcode: address.zip_code.as_deref(),
            country: &address.country,
        };
        written.checked(limits, problems)
    }

    pub(super) fn of_shop(from: &ShipFrom, limits: &Limits, problems: &mut Problems) -> Option<Self> {
        let written = Written {
            whose: "the shop's",
            name: &from.name,
            company: &from.company,
            phone: Some(&from.phone),
            street: &from.street,
            city: &from.city,
            state: from.state.as_deref(),
            postcode: from.zip_code.as_deref(),
            country: &from.country,
        };
        written.checked(limits, problems)
    }
}

impl Written<'_> {
    /// Every thing that is wrong is noted, not the first alone.
    fn checked(&self, limits: &Limits, problems: &mut Problems) -> Option<Spot> {
        let whose = self.whose;
        let country = iso_code(self.country);
        if country.is_none() {
            problems.add(format!("{whose} country {} is none that is known", self.country));
        }
        let phone = match (self.phone, country.and_then(Country::parse)) {
            (Some(written), Some(country)) => phone::e164(written, country),
            _ => None,
        };
        if phone.is_none() && country.is_some() {
            problems.add(format!("{whose} phone number is missing or none"));
        }
        let lines = lines(self.street, limits.line);
        if lines.is_none() {
            problems.add(format!("{whose} street doesn't fit on three lines of {} characters", limits.line));
        }
        let postcode = self.postcode.filter(|_| country.is_some_and(has_postcodes));
        let texts = [("name", self.name, limits.name), ("city", self.city, limits.city)];
        for (what, text, most) in texts.into_iter().chain(postcode.map(|postcode| ("postcode", postcode, limits.postcode))) {
            if text.chars().count() > most {
                problems.add(format!("{whose} {what} has more than {most} characters"));
            }
        }
        if postcode.is_none() && country.is_some_and(has_postcodes) {
            problems.add(format!("{whose} postcode is missing"));
        }
        let has_states = country.is_some_and(|country| WITH_STATES.contains(&country));
        let state = self.state.filter(|_| has_states).map(|state| state.trim().to_ascii_uppercase());
        if has_states && !state.as_ref().is_some_and(|state| state.len() == 2 && state.bytes().all(|b| b.is_ascii_uppercase())) {
            problems.add(format!("{whose} state is missing or not its code of two letters"));
        }
        Some(Spot {
            name: self.name.to_owned(),
            company: self.company.chars().take(limits.name).collect(),
            phone: phone?,
            lines: lines?,
            city: self.city.to_owned(),
            state,
            postcode: postcode.map(ToOwned::to_owned),
            country: country?,
        })
    }
}

/// A street on lines of at most so many characters, broken between words; nothing when it takes more than three.
fn lines(street: &str, most: usize) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in street.split_whitespace() {
        let length = word.chars().count();
        if length > most {
            return None;
        }
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    (1..=3).contains(&lines.len()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { name: 35, line: 35, city: 30, postcode: 9 };

    fn ship_from() -> ShipFrom {
        let json = r#"{"name": "Aline Kasongo", "company": "ML Allure", "phone": "+243 81 234 56 78", "street": "12 avenue de la Paix",
            "city": "Kinshasa", "zipCode": "00243", "country": "RDC"}"#;
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_country_without_postcodes_needs_none_and_gets_none() {
        let mut problems = Problems::default();
        let spot = Spot::of_shop(&ship_from(), &LIMITS, &mut problems).unwrap();
        assert_eq!((spot.country, spot.postcode, spot.phone.as_str()), ("CD", None, "+243812345678"));
        assert!(problems.is_empty());
        let abroad = ShipFrom { zip_code: None, country: "Belgique".into(), ..ship_from() };
        Spot::of_shop(&abroad, &LIMITS, &mut problems);
        assert_eq!(problems.to_string(), "the shop's postcode is missing");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut problems = Problems::default();
        let wrong = ShipFrom { phone: "12".into(), street: "x".repeat(36), city: "x".repeat(31), ..ship_from() };
        assert_eq!(Spot::of_shop(&wrong, &LIMITS, &mut problems), None);
        assert_eq!(problems.0.len(), 3, "{problems}");
    }

    #[test]
    fn a_state_is_its_code_where_there_are_any_and_is_left_out_elsewhere() {
        let of = |country: &str, state: Option<&str>| {
            let from = ShipFrom { state: state.map(Into::into), zip_code: Some("90210".into()), country: country.into(), ..ship_from() };
            let mut problems = Problems::default();
            let spot = Spot::of_shop(&from, &LIMITS, &mut problems);
            (spot.and_then(|spot| spot.state), problems.to_string())
        };
        assert_eq!(of("RDC", Some("Haut-Katanga")), (None, String::new()));
        assert_eq!(of("USA", Some("ca")), (Some("CA".to_owned()), String::new()));
        for missing in [None, Some("California"), Some("C1")] {
            assert_eq!(of("Canada", missing).1, "the shop's state is missing or not its code of two letters");
        }
    }

    #[test]
    fn a_long_street_is_broken_between_words() {
        assert_eq!(
            lines("12 avenue de la Paix, commune de la Gombe, derrière la gare", 35).unwrap(),
            ["12 avenue de la Paix, commune de la", "Gombe, derrière la gare"]
        );
        assert_eq!(lines(&"mot ".repeat(40), 35), None);
        assert_eq!(lines("  ", 35), None);
    }
}

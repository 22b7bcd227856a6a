//! Who buys and who works in the demo shop. Nobody of them is real; their addresses reach nobody.

use serde_json::{Value, json};

/// The admin's id.
pub const ADMIN: u64 = 1;
/// The sales person's.
pub const SALES: u64 = 2;
/// The inventory manager's.
pub const KEEPER: u64 = 3;

/// Somebody who buys.
pub struct Customer {
    pub(super) id: u64,
    first_name: &'static str,
    last_name: &'static str,
    email: &'static str,
    phone: &'static str,
    locale: &'static str,
    street: &'static str,
    /// Where they live, and the zone that is delivered to.
    commune: &'static str,
}

/// The customer whose token is ready-made.
pub const FIRST_CUSTOMER: u64 = 4001;

/// Everybody who buys.
pub const CUSTOMERS: [Customer; 8] = [
    Customer {
        id: FIRST_CUSTOMER,
        first_name: "Grâce",
        last_name: "Mbuyi",
        email: "grace.mbuyi@example.com",
        phone: "+243 81 555 01 12",
        locale: "fr",
        street: "14, avenue de la Justice",
        commune: "Gombe",
    },
    Customer {
        id: 4002,
        first_name: "Patrick",
        last_name: "Ilunga",
        email: "p.ilunga@example.com",
        phone: "+243 99 555 01 27",
        locale: "fr",
        street: "27, 7e Rue, quartier Résidentiel",
        commune: "Limete",
    },
    Customer {
        id: 4003,
        first_name: "Nadine",
        last_name: "Kabongo Tshala",
        email: "nadine.kabongo@example.com",
        phone: "+243 82 555 01 38",
        locale: "fr",
        street: "8, avenue Nguma, Ma Campagne",
        commune: "Ngaliema",
    },
    Customer {
        id: 4004,
        first_name: "Christian",
        last_name: "Lukusa",
        email: "christian.lukusa@example.com",
        phone: "+243 89 555 01 41",
        locale: "fr",
        street: "33, avenue Kabambare",
        commune: "Lingwala",
    },
    Customer {
        id: 4005,
        first_name: "Béatrice",
        last_name: "Mwamba",
        email: "bea.mwamba@example.com",
        phone: "+243 84 555 01 56",
        locale: "fr",
        street: "51, avenue Kasa-Vubu",
        commune: "Bandalungwa",
    },
    Customer {
        id: 4006,
        first_name: "Jean-Claude",
        last_name: "Tshibangu",
        email: "jc.tshibangu@example.com",
        phone: "+243 97 555 01 63",
        locale: "fr",
        street: "19, avenue By-Pass, quartier Salongo",
        commune: "Lemba",
    },
    Customer {
        id: 4007,
        first_name: "Divine",
        last_name: "Nsimba",
        email: "divine.nsimba@example.com",
        phone: "+243 85 555 01 74",
        locale: "fr",
        street: "6, avenue Bangala",
        commune: "Kintambo",
    },
    Customer {
        id: 4008,
        first_name: "Sarah",
        last_name: "Okello",
        email: "sarah.okello@example.com",
        phone: "+243 90 555 01 89",
        locale: "en",
        street: "22, boulevard du 30 Juin, apt 5B",
        commune: "Gombe",
    },
];

/// What delivery costs, unless `DELIVERY_FEES` says otherwise.
pub const DELIVERY_FEES: &str =
    r#"{"Bandalungwa": 4, "Gombe": 3, "Kintambo": 4, "Lemba": 6, "Limete": 5.50, "Lingwala": 3.50, "Ngaliema": 5}"#;

impl Customer {
    pub(super) fn details(&self) -> Value {
        json!({
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "phone": self.phone,
            "locale": self.locale,
        })
    }

    pub(super) fn address(&self) -> Value {
        json!({ "street": self.street, "city": "Kinshasa", "state": self.commune, "country": "RD Congo" })
    }

    pub(super) const fn zone(&self) -> &'static str {
        self.commune
    }
}

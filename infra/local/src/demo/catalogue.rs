//! What the demo shop sells: dresses, wax prints, shirts, jeans, sandals, bags, priced in USD.

use super::{DemoError, client::Client};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most variants that one call creates.
const BATCH: usize = 25;

struct Product {
    id: u64,
    name: &'static str,
    /// Begins its SKUs.
    code: &'static str,
    /// As JSON has it.
    price: &'static str,
    sizes: &'static [&'static str],
    /// Each with its part of the SKU.
    colors: &'static [(&'static str, &'static str)],
    /// Pieces of a variant, to begin with.
    stock: u32,
}

const UNIQUE: &[&str] = &["Unique"];

const PRODUCTS: [Product; 13] = [
    Product {
        id: 101,
        name: "Robe Malaika en wax",
        code: "ROB-MAL",
        price: "65.00",
        sizes: &["S", "M", "L", "XL"],
        colors: &[("Bleu indigo", "IND"), ("Orange safran", "SAF")],
        stock: 8,
    },
    Product {
        id: 102,
        name: "Robe longue Ndenge",
        code: "ROB-NDE",
        price: "89.00",
        sizes: &["S", "M", "L"],
        colors: &[("Noir", "NOI"), ("Bordeaux", "BOR")],
        stock: 6,
    },
    Product {
        id: 103,
        name: "Ensemble pagne Liputa",
        code: "ENS-LIP",
        price: "78.00",
        sizes: &["M", "L", "XL"],
        colors: &[("Vert émeraude", "EME"), ("Rouge brique", "BRI")],
        stock: 7,
    },
    Product {
        id: 104,
        name: "Pagne wax Tata Bola, 6 yards",
        code: "PAG-TAT",
        price: "32.00",
        sizes: UNIQUE,
        colors: &[("Jaune soleil", "SOL"), ("Bleu nuit", "NUI"), ("Vert palme", "PAL")],
        stock: 40,
    },
    Product {
        id: 105,
        name: "Boubou brodé Mwinda",
        code: "BOU-MWI",
        price: "120.00",
        sizes: &["L", "XL", "XXL"],
        colors: &[("Blanc cassé", "BLA"), ("Bleu nuit", "NUI")],
        stock: 5,
    },
    Product {
        id: 106,
        name: "Chemise en lin Kimia",
        code: "CHE-KIM",
        price: "42.50",
        sizes: &["M", "L", "XL"],
        colors: &[("Blanc", "BLA"), ("Sable", "SAB")],
        stock: 12,
    },
    Product {
        id: 107,
        name: "Chemise wax Mosala",
        code: "CHE-MOS",
        price: "38.00",
        sizes: &["M", "L", "XL"],
        colors: &[("Jaune soleil", "SOL"), ("Bleu indigo", "IND")],
        stock: 12,
    },
    Product {
        id: 108,
        name: "Jean droit Matonge",
        code: "JEA-MAT",
        price: "49.90",
        sizes: &["38", "40", "42", "44"],
        colors: &[("Bleu brut", "BRU")],
        stock: 15,
    },
    Product {
        id: 109,
        name: "Jupe crayon Elegance",
        code: "JUP-ELE",
        price: "45.00",
        sizes: &["36", "38", "40"],
        colors: &[("Noir", "NOI"), ("Camel", "CAM")],
        stock: 9,
    },
    Product {
        id: 110,
        name: "Costume trois pièces La Sape",
        code: "COS-SAP",
        price: "210.00",
        sizes: &["48", "50", "52"],
        colors: &[("Bleu roi", "ROI"), ("Gris perle", "PER")],
        stock: 3,
    },
    Product {
        id: 111,
        name: "Sandales en cuir Ngwasuma",
        code: "SAN-NGW",
        price: "35.00",
        sizes: &["37", "38", "39", "40", "41"],
        colors: &[("Marron", "MAR")],
        stock: 10,
    },
    Product {
        id: 112,
        name: "Sac cabas en raphia Nzembo",
        code: "SAC-NZE",
        price: "55.00",
        sizes: UNIQUE,
        colors: &[("Naturel", "NAT"), ("Noir", "NOI")],
        stock: 14,
    },
    Product {
        id: 113,
        name: "Pochette perlée Elikya",
        code: "POC-ELI",
        price: "28.50",
        sizes: UNIQUE,
        colors: &[("Doré", "DOR"), ("Argenté", "ARG")],
        stock: 18,
    },
];

impl Product {
    fn variants(&self) -> impl Iterator<Item = Value> {
        let price: Value = serde_json::from_str(self.price).unwrap_or_default();
        self.colors.iter().flat_map(move |(color, color_code)| {
            let price = price.clone();
            self.sizes.iter().map(move |size| {
                let sku = match *size {
                    "Unique" => format!("{}-{color_code}", self.code),
                    size => format!("{}-{color_code}-{size}", self.code),
                };
                json!({
                    "productId": self.id,
                    "sku": sku,
                    "productName": self.name,
                    "size": size,
                    "color": color,
                    "price": price,
                    "currency": "USD",
                    "stockQuantity": self.stock,
                })
            })
        })
    }
}

/// Brings the catalogue in; gives the variants' ids by their SKUs.
pub async fn stock(client: &Client) -> Result<HashMap<String, u64>, DemoError> {
    let variants: Vec<Value> = PRODUCTS.iter().flat_map(Product::variants).collect();
    let mut calls = tokio::task::JoinSet::new();
    for batch in variants.chunks(BATCH) {
        let (client, body) = (client.clone(), json!({ "variants": batch }));
        calls.spawn(async move { client.put(&client.keeper, "/api/inventory", &body).await });
    }
    let mut skus = HashMap::new();
    while let Some(answer) = calls.join_next().await {
        let answer = answer??;
        for variant in answer["variants"].as_array().into_iter().flatten() {
            let id = variant["id"].as_u64().ok_or(DemoError::NoField("id"))?;
            let sku = variant["sku"].as_str().ok_or(DemoError::NoField("sku"))?;
            skus.insert(sku.to_owned(), id);
        }
    }
    Ok(skus)
}

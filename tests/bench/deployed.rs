//! The shop's tables, queues and providers, and what `template.yaml` tells each function of them.

use crate::kit::{LocalShop, Senders};
use api::aws;
use api::labels::Labels;
use local::Options;
use local::emulators::carriers::{Carriers, DHL_KEYS, FEDEX_KEYS, UPS_KEYS};
use local::emulators::http::{Port, Server, serve};
use local::emulators::labels::Bucket;
use local::emulators::outbox::Outbox;
use local::emulators::payments::{PAWAPAY_TOKEN, STRIPE_KEY};
use local::system::{CARRIER_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, TWILIO_AUTH_TOKEN};
use serde_json::{Value, json};
use serde_norway::Value as Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Deployed functions refuse the one that everybody knows.
const JWT_SECRET: &str = "what-the-tokens-of-a-measured-shop-are-signed-with";

/// Where webhooks find the shop.
pub const PUBLIC_URL: &str = "https://api.example.com";

const SHIP_FROM: &str = r#"{"name": "Aline Kasongo", "company": "ML Allure", "phone": "+243 81 555 01 00", "street": "12 avenue de la Paix",
    "city": "Kinshasa", "country": "CD"}"#;

/// Everything that a function talks to.
pub struct Deployed {
    pub shop: LocalShop,
    pub senders: Senders,
    template: Yaml,
    outbox: Server,
    carriers: Server,
    labels: Server,
}

impl Deployed {
    pub async fn start() -> Self {
        let shop = LocalShop::with(Options { pumps: false, jwt_secret: JWT_SECRET.to_owned(), ..Options::default() }).await;
        let clock = shop.system.clock.clone();
        let now: local::emulators::Now = Arc::new(move || clock.now().0);
        let port = Port::bind().await.expect("a port");
        let signer = aws::local_config(port.url(), aws_smithy_http_client::Builder::new().build_http());
        let bucket = Bucket::new(Arc::clone(&now), Labels::new(port.url().to_owned(), &signer), None);
        let template = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"));
        Self {
            shop,
            senders: Senders::start().await,
            template: serde_norway::from_str(template).expect("YAML"),
            outbox: serve(Outbox::new(Arc::clone(&now)).router()).await.expect("a server"),
            carriers: serve(Carriers::new(now).router()).await.expect("a server"),
            labels: port.serve(bucket.router()),
        }
    }

    /// Where AWS is. The functions reach it through whoever measures them.
    pub fn services(&self) -> Value {
        let sqs = self.shop.system.sqs.url("");
        let sqs = sqs.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        json!({ "dynamodb": self.shop.system.dynamodb.endpoint(), "sqs": sqs, "ses": self.outbox.url() })
    }

    /// What a function is told, as the template has it; of a secret the secret itself, as there is nobody to fetch it from.
    pub fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let resource = &self.template["Resources"][format!("{}Function", camel(function)).as_str()];
        let given = resource["Properties"]["Environment"]["Variables"].as_mapping().into_iter().flatten();
        let given = given.filter_map(|(name, _)| self.variable(name.as_str()?));
        let own = [("LOG_LEVEL", "info"), ("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];
        let own = own.into_iter().map(|(name, value)| (name, value.to_owned())).chain(self.elsewhere());
        own.chain(given).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// A variable of the template under the name by which its value is given here; none where the default does.
    fn variable<'a>(&self, name: &'a str) -> Option<(&'a str, String)> {
        let secret = |name, value: &str| Some((name, value.to_owned()));
        match name {
            "JWT_SECRET_ARN" => secret("JWT_SECRET", JWT_SECRET),
            "STRIPE_SECRET_KEY_ARN" => secret("STRIPE_SECRET_KEY", STRIPE_KEY),
            "PAWAPAY_API_TOKEN_ARN" => secret("PAWAPAY_API_TOKEN", PAWAPAY_TOKEN),
            "STRIPE_WEBHOOK_SECRET_ARN" => secret("STRIPE_WEBHOOK_SECRET", STRIPE_WEBHOOK_SECRET),
            "DHL_WEBHOOK_SECRET_ARN" => secret("DHL_WEBHOOK_SECRET", CARRIER_WEBHOOK_SECRET),
            "FEDEX_WEBHOOK_SECRET_ARN" => secret("FEDEX_WEBHOOK_SECRET", CARRIER_WEBHOOK_SECRET),
            "UPS_WEBHOOK_SECRET_ARN" => secret("UPS_WEBHOOK_SECRET", CARRIER_WEBHOOK_SECRET),
            "TWILIO_SECRET_ARN" => secret("TWILIO_AUTH_TOKEN", TWILIO_AUTH_TOKEN),
            "SENDGRID_SECRET_ARN" => secret("SENDGRID_API_KEY", "SG.local"),
            "DHL_SECRET_ARN" => secret("DHL_KEYS", DHL_KEYS),
            "FEDEX_SECRET_ARN" => secret("FEDEX_KEYS", FEDEX_KEYS),
            "UPS_SECRET_ARN" => secret("UPS_KEYS", UPS_KEYS),
            "DHL_BASE_URL" | "FEDEX_BASE_URL" | "UPS_BASE_URL" => {
                Some((name, format!("{}/{}", self.carriers.url(), name.split('_').next()?.to_lowercase())))
            }
            "TWILIO_ACCOUNT_SID" => Some((name, "AC-local".to_owned())),
            "TWILIO_FROM" => Some((name, "+243810000000".to_owned())),
            "EMAIL_FROM" => Some((name, "orders@example.com".to_owned())),
            "PUBLIC_URL" => Some((name, PUBLIC_URL.to_owned())),
            "SHIP_FROM" => Some((name, SHIP_FROM.to_owned())),
            "LABELS_URL" => Some((name, self.labels.url().to_owned())),
            "SENDGRID_WEBHOOK_KEY" | "SES_TOPIC_ARN" => Some((name, self.senders.variable(name)?)),
            "STRIPE_BASE_URL" | "PAWAPAY_BASE_URL" => None,
            table if table.ends_with("_TABLE") => Some((name, format!("shop-local-{}", table.trim_end_matches("_TABLE").to_lowercase()))),
            queue if queue.ends_with("_QUEUE_URL") => {
                let queue = self.shop.system.queue_name(&queue.trim_end_matches("_QUEUE_URL").to_lowercase());
                Some((name, self.shop.system.sqs.url(&queue)))
            }
            _ => None,
        }
    }

    /// Where everybody else is, whom the template has at their own addresses.
    fn elsewhere(&self) -> [(&'static str, String); 5] {
        let config = &self.shop.system.workers.shop.config;
        [
            ("TWILIO_BASE_URL", self.outbox.url().to_owned()),
            ("SENDGRID_BASE_URL", self.outbox.url().to_owned()),
            ("SNS_BASE_URL", self.senders.variable("SNS_BASE_URL").expect("theirs")),
            ("STRIPE_BASE_URL", config.stripe_url.clone()),
            ("PAWAPAY_BASE_URL", config.pawapay_url.clone()),
        ]
    }
}

/// `orders-cancel` is `OrdersCancel` in the template.
fn camel(name: &str) -> String {
    name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

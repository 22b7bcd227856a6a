//! The OpenAPI document, made from the handlers' own types. No function builds it: it is written to
//! `functions/openapi.json`, and a test holds that file against this.

mod codes;
mod components;
mod conventions;
mod fields;
mod links;
mod operations;
mod rules;
mod summaries;

use crate::{
    docs, email_templates, health, inventory, notifications, orders, promotions, refunds, returns, shipments, store_credit, webhooks,
};
use serde_json::Value;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Order operations", description = "Orders, cancellations, refunds, returns, shipments, promotions, inventory, store credit and notifications of a shop, and the webhooks of those it works with.\n\n\
        JSON in and out, times as epoch milliseconds, money as a number with its currency's decimals. Unknown fields and parameters are refused. \
        Texts count without the white space around them, a blank one as left out, and none has a NUL. \
        Every refusal is a problem (RFC 9457) with a stable `code`, and `errors` names every wrong field. \
        Lists are newest first; `X-Next-Cursor` and `Link` lead to the next page. \
        With an `Idempotency-Key` a request is carried out once. `ETag` and `If-Match` keep a change from undoing another's.\n\n\
        Each operation names its callers by the `role` of their token; whoever is not among them is refused with 403 `FORBIDDEN`. \
        Any other address is 404 `NOT_FOUND`, and any other method at one of these 405 `METHOD_NOT_ALLOWED`, with `Allow` (`components.responses.MethodNotAllowed`). \
        API Gateway, which stands in front, answers by itself what never gets here: 429 where there are too many calls, 413 to a body larger than it hands on, \
        503 or another 5xx where it has no answer in time. Such an answer is `{\"message\": …}`, no problem, and has no `code` (`components.responses.OfTheGateway`)."),
    paths(
        orders::find, orders::place,
        orders::status::change, orders::payment::mark, orders::cancel::cancel, orders::history::history,
        orders::packing_slip::packing_slip,
        refunds::create, refunds::find, refunds::update,
        returns::find, returns::request, returns::update,
        shipments::find, shipments::create, shipments::update,
        promotions::find, promotions::create, promotions::update, promotions::deactivate, promotions::validate::validate,
        inventory::find, inventory::put, inventory::adjust::adjust, inventory::history::history,
        store_credit::find, store_credit::redeem::redeem,
        email_templates::find, email_templates::create, email_templates::update, email_templates::remove, email_templates::preview::preview,
        notifications::find, notifications::resend::resend,
        webhooks::pawapay::receive, webhooks::stripe::receive,
        webhooks::carriers::dhl::receive, webhooks::carriers::fedex::receive, webhooks::carriers::ups::receive,
        webhooks::twilio::receive, webhooks::sendgrid::receive, webhooks::ses::receive,
        docs::document::document, docs::explorer::page, docs::explorer::file,
        health::health,
    ),
    components(schemas(api::problem::FieldError)),
    security(("bearer" = [])),
    modifiers(&Schemes),
)]
struct Api;

struct Schemes;

/// What each sender of webhooks signs with: the scheme's name, the header that carries it, and how it is made.
/// `OpenAPI` knows no signatures; a key in a header comes closest.
const SIGNATURES: [(&str, &str, &str); 8] = [
    ("dhlToken", "X-Webhook-Token", "What DHL was told to send with its pushes."),
    ("fedexSignature", "fdx-signature", "HMAC-SHA256 of the raw body with the webhook's security token, in hexadecimal or base64."),
    ("upsCredential", "credential", "What UPS was told to send with its alerts."),
    ("stripeSignature", "Stripe-Signature", "HMAC-SHA256 of time and raw body, at most five minutes old (docs.stripe.com/webhooks)."),
    (
        "pawapaySignature",
        "Signature",
        "RFC 9421, over the address and Content-Digest, at most five minutes old; where the shop has no key for it, pawaPay is asked instead.",
    ),
    ("twilioSignature", "X-Twilio-Signature", "HMAC-SHA1 of the address and the form's fields (twilio.com/docs/usage/security)."),
    (
        "sendGridSignature",
        "X-Twilio-Email-Event-Webhook-Signature",
        "ECDSA on P-256 of `X-Twilio-Email-Event-Webhook-Timestamp` and raw body, at most a day old (twilio.com/docs/sendgrid).",
    ),
    (
        "snsSignature",
        "X-Amz-Sns-Message-Type",
        "The signature is in the body: RSA of its fields by a certificate of SNS's own, at most a day old (docs.aws.amazon.com/sns).",
    ),
];

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        for (name, header, how) in SIGNATURES {
            let signature = ApiKey::Header(ApiKeyValue::with_description(header, how));
            components.add_security_scheme(name, SecurityScheme::ApiKey(signature));
        }
    }
}

/// The document: what the handlers' types say, and what holds for all of them.
///
/// # Panics
/// When it is no JSON, which a test would see.
#[must_use]
pub fn document() -> Value {
    #[expect(clippy::expect_used, reason = "made for a test alone; strings and maps are always JSON")]
    let mut document = serde_json::to_value(Api::openapi()).expect("a document");
    conventions::complete(&mut document);
    document
}

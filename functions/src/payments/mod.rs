//! What payment providers say, and what is made of it, whichever way it comes: as an answer, by webhook, or when asked.

pub(crate) mod incoming;
pub(crate) mod outgoing;
pub(crate) mod told_refunds;

use api::Shop;
use api::secrets::SecretName;
use domain::order::{Order, PaymentMethod};
use providers::{AskError, Gateway, PawaPay, Stripe};

/// Stripe, where the shop has given its key.
///
/// # Errors
/// When the key can't be fetched.
pub(crate) async fn stripe(shop: &Shop) -> Result<Option<Stripe>, AskError> {
    let make = |client, key| Stripe::new(client, shop.config.stripe_url.clone(), key);
    with_secret(shop, SecretName::StripeKey, make).await
}

/// pawaPay, where the shop has given its token.
///
/// # Errors
/// When the token can't be fetched.
pub(crate) async fn pawapay(shop: &Shop) -> Result<Option<PawaPay>, AskError> {
    let make = |client, token| PawaPay::new(client, shop.config.pawapay_url.clone(), token);
    with_secret(shop, SecretName::PawaPayToken, make).await
}

/// Whether the provider of a payment method can be asked after a payment at any time, so that nobody has to remember what it told.
pub(crate) fn can_be_asked(shop: &Shop, method: PaymentMethod) -> bool {
    match method {
        PaymentMethod::Card => shop.secrets.has(SecretName::StripeKey),
        PaymentMethod::MobileMoney => shop.secrets.has(SecretName::PawaPayToken),
        PaymentMethod::CashOnDelivery => false,
    }
}

async fn with_secret<G>(shop: &Shop, name: SecretName, make: impl FnOnce(reqwest::Client, String) -> G) -> Result<Option<G>, AskError> {
    let secret = shop.secrets.value(name).await.map_err(|error| AskError::Unknown(error.to_string()))?;
    let Some(secret) = secret else { return Ok(None) };
    let client = shop.outbound().map_err(AskError::Unknown)?;
    Ok(Some(make(client, secret.to_string())))
}

/// The reference of an order's payment, where it is one of the provider's own.
pub(crate) fn payment_at<G: Gateway>(order: &Order) -> Option<&str> {
    let is_theirs = order.payment_method == G::PROVIDER.payment_method();
    order.payment_reference.as_deref().filter(|reference| is_theirs && G::is_own(reference))
}

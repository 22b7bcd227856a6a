//! What payment providers say, and what is made of it, whichever way it comes: as an answer, by webhook, or when asked.

pub(crate) mod incoming;
pub(crate) mod outgoing;
pub(crate) mod refund_reports;

use api::Shop;
use api::secrets::SecretName;
use domain::order::{Order, PaymentMethod};
use domain::refund::Refund;
use providers::{AskError, Gateway, PawaPay, Said, Stripe};
use store::{CommitError, StorageError};

/// Why a report of a payment was not taken. It is to be told again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UntakenError {
    /// It was not written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Its provider was asked what of it was given back, and gave no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl From<StorageError> for UntakenError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}

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
    let secret = shop.secrets.value(name).await.map_err(|error| AskError::Unknown(Said::ours(error.to_string())))?;
    let Some(secret) = secret else { return Ok(None) };
    let client = shop.outbound().map_err(|error| AskError::Unknown(Said::ours(error.to_string())))?;
    Ok(Some(make(client, secret.to_string())))
}

/// Whether a payment of an order is one that the provider has.
pub(crate) fn is_at<G: Gateway>(order: &Order, reference: &str) -> bool {
    order.payment_method == G::PROVIDER.payment_method() && G::PROVIDER.hands_out(reference)
}

/// The reference of the payment that a refund gives back, where the provider has that.
pub(crate) fn payment_at<'a, G: Gateway>(refund: &'a Refund, order: &'a Order) -> Option<&'a str> {
    refund.payment(order).filter(|reference| is_at::<G>(order, reference))
}

//! Calls to services that are not AWS.

use std::time::Duration;

/// Refunds take a provider longer than messages do: a bank may be asked behind it.
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A client that follows no redirect: a key goes to the address it is for. To make one is to read every root certificate, so it is
/// made once, and goes on with the connections that it has.
///
/// # Errors
/// In words, when it can't be made.
pub(crate) fn client() -> Result<reqwest::Client, String> {
    crate::auth::install_crypto();
    let client = reqwest::Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    client.redirect(reqwest::redirect::Policy::none()).build().map_err(|error| error.to_string())
}

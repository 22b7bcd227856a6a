//! What a provider knows us by, as a worker has it.

use api::secrets::{SecretName, Secrets};
use providers::Credential;
use std::sync::Arc;

/// A provider's key, among a worker's secrets: fetched for the message that needs it, which goes back to its queue where that fails.
#[derive(Clone)]
pub struct Key {
    secrets: Arc<Secrets>,
    name: SecretName,
}

impl Key {
    pub(super) fn of(secrets: &Arc<Secrets>, name: SecretName) -> Self {
        Self { secrets: Arc::clone(secrets), name }
    }
}

impl Credential for Key {
    async fn value(&self) -> Result<Arc<str>, String> {
        let key = self.secrets.value(self.name).await.map_err(|error| error.to_string())?;
        key.ok_or_else(|| format!("no {} is set", self.name.arn_variable()))
    }
}

//! The shop's own templates as a worker has them: each version is fetched and read once, since none ever changes.

use crate::messages::Own;
use domain::ids::TemplateId;
use domain::template::TemplateHead;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{StorageError, Store};

/// More than a shop has in use at a time.
const MOST: usize = 64;

type Versions = HashMap<(TemplateId, u64), Arc<Own>>;

/// Versions that were read. A clone shares them.
#[derive(Clone, Default)]
pub struct Templates(Arc<Mutex<Versions>>);

impl Templates {
    /// The newest version, where the template is in use.
    ///
    /// # Errors
    /// When the table can't be read.
    pub(super) async fn in_use(&self, store: &Store, head: Option<TemplateHead>) -> Result<Option<Arc<Own>>, StorageError> {
        let Some(TemplateHead { id, version, .. }) = head.filter(|head| head.is_active) else { return Ok(None) };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(id, version)).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(read) = store.template_version(id, version).await?.map(|template| Arc::new(Own::from(&template))) else { return Ok(None) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert((id, version), Arc::clone(&read));
        Ok(Some(read))
    }
}

//! A client of an outside service, made when it is first used.

use std::sync::{Arc, LazyLock};

/// A client that is made when it is first used, and shared by its clones. To make one of AWS's is half a million instructions (the
/// SDK reads a list of all regions), and hardly any call needs each client that its function has.
pub type Lazy<T> = Arc<LazyLock<T, Box<dyn FnOnce() -> T + Send>>>;

/// One that is made so.
pub fn lazy<T>(make: impl FnOnce() -> T + Send + 'static) -> Lazy<T> {
    Arc::new(LazyLock::new(Box::new(make)))
}

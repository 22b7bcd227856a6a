//! Panics, by one hook: they are counted, logged as a function logs them, and printed all the same, so that a test that fails says why.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

static OURS: AtomicUsize = AtomicUsize::new(0);
static WATCHED: Once = Once::new();

/// From now on. Nobody else here sets a hook: of two that are put in front of the same one at the same time, one is lost.
pub fn watch() {
    WATCHED.call_once(|| {
        let printed = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_none_or(|at| !at.file().starts_with("tests/")) {
                OURS.fetch_add(1, Ordering::SeqCst);
            }
            api::log::panicked(panic);
            printed(panic);
        }));
    });
}

/// How often our own code has panicked since they are watched. A request's or a job's panic is caught, and would look like a
/// failure of any other kind.
pub fn panics() -> usize {
    watch();
    OURS.load(Ordering::SeqCst)
}

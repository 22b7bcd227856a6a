//! The whole system on one machine: the same functions, tables and queues in one process.

pub mod emulators;
pub mod faults;
mod mappings;
mod pumps;
pub mod system;
pub mod token;
mod workers;

pub use system::{Options, System};
pub use workers::Workers;

//! The whole system on one machine: the same functions, tables and queues in one process.

pub mod contention;
pub mod data;
pub mod demo;
pub mod emulators;
pub mod faults;
mod mappings;
pub mod next;
pub mod pages;
mod positions;
mod pumps;
pub mod system;
pub mod token;
mod variables;
mod workers;

pub use system::{Backstage, Options, System};
pub use workers::Workers;

//! Who is calling.

mod caller;
mod jwks;
mod ring;
mod token;
mod unverified;

pub(crate) use caller::CallerSlot;
pub use caller::{Admin, Caller, InventoryKeeper, OwnAddress, Staff};
pub use token::{Verifier, VerifierError};

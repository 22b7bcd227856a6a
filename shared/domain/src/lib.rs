//! The rules of the shop: types, state machines and decisions.
//!
//! Everything here is pure. The time, the random part of ids and the records that were read come in as
//! arguments; what a decision returns is the whole change, and `store` writes it or nothing of it.

mod words;

pub mod actor;
mod composed;
pub mod credit;
pub mod decimal;
pub mod delivery_report;
pub mod event;
pub mod ids;
pub mod inventory;
pub mod message;
pub mod money;
pub mod notification;
pub mod order;
pub mod promotion;
pub mod refund;
pub mod returns;
pub mod shipment;
pub mod template;
pub mod time;

pub use words::Word;

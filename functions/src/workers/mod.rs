//! Workers: what happens after an answer was given.

pub mod ask_providers;
pub mod book_shipment;
pub mod cancel_unpaid_orders;
pub mod carriers;
mod deliver;
mod email;
pub mod inventory_log;
mod key;
mod numbers;
pub mod process_refund;
pub mod reject_late_returns;
pub mod relay;
pub mod run;
pub mod send_email;
pub mod send_sms;
mod sms;
mod sweep;
mod templates;
pub mod track_shipments;

pub use deliver::Desk;
pub use email::Email;
pub use key::Key;
pub use sms::{Sms, shop_country};
pub use sweep::Swept;
pub use templates::Templates;

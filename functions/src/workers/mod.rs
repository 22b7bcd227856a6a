//! Workers: what happens after an answer was given.

mod deliver;
pub mod inventory_log;
pub mod process_refund;
pub mod relay;
pub mod run;
pub mod send_email;
pub mod send_sms;

pub use deliver::Desk;

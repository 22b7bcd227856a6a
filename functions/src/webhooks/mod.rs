//! `/api/webhooks/…` — what other systems tell us: an endpoint for each sender, which checks that sender's own signature.

pub mod carriers;
mod der;
mod hex;
pub mod pawapay;
pub mod reports;
pub mod sendgrid;
pub mod ses;
pub mod stripe;
pub mod twilio;

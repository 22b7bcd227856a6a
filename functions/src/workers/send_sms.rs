//! Sends one SMS a job; a number that is none is logged as failed and never tried again.

use super::deliver::{Desk, Draft};
use crate::messages;
use api::batch::Outcome;
use domain::event::MessageJob;
use domain::notification::{Channel, Content};
use providers::Sender;

/// Does one job.
pub async fn send<S: Sender>(desk: &Desk<S>, job: MessageJob) -> Outcome {
    let shop = messages::Shop { name: &desk.shop_name };
    let rendered = match messages::render(&job.announcement, &shop) {
        Ok(rendered) => rendered,
        // No later try renders it; the dead letters are where somebody sees it.
        Err(error) => return Outcome::Again(error.to_string()),
    };
    let number = job.announcement.phone.as_deref().unwrap_or_default();
    let draft = Draft {
        channel: Channel::Sms,
        recipient: e164(number).ok_or_else(|| (number.to_owned(), "is no E.164 number (+243…)".to_owned())),
        content: Content { subject: None, body: rendered.sms, text: None },
    };
    desk.deliver(&job, draft).await
}

/// The number without what people write between its digits; nothing unless it is one of E.164: a `+` (or `00`), no
/// zero after it, 8 to 15 digits.
fn e164(written: &str) -> Option<String> {
    let bare: String = written.chars().filter(|c| !c.is_whitespace() && !"-.()/\u{a0}\u{202f}".contains(*c)).collect();
    let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"))?;
    let sane = (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    sane.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_normalised_or_refused() {
        assert_eq!(e164("+243 81 234 56 78").as_deref(), Some("+243812345678"));
        assert_eq!(e164("00243-81-234-5678").as_deref(), Some("+243812345678"));
        for wrong in ["", "0812345678", "+", "+0812345678", "+243", "+2438123456789012", "+243 81 abc", "243812345678"] {
            assert_eq!(e164(wrong), None, "{wrong}");
        }
    }
}

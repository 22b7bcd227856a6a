//! E-mail by several providers, one after the other.

use crate::{Accepted, Credential, Said, SendError, SendGrid, Sender, Ses};
use domain::notification::{Notification, NotificationProvider};

/// One of those who send e-mail.
#[derive(Clone)]
pub enum EmailProvider<K> {
    /// Amazon SES.
    Ses(Box<Ses>),
    /// SendGrid.
    SendGrid(Box<SendGrid<K>>),
}

impl<K: Credential> Sender for EmailProvider<K> {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        match self {
            Self::Ses(ses) => ses.send(message).await,
            Self::SendGrid(send_grid) => send_grid.send(message).await,
        }
    }
}

/// Several providers: the next is asked when the one before has definitely not taken the message, and may later. One that
/// said nothing may have taken it, so nobody else is asked; what one refuses for good, the others would as well.
#[derive(Clone)]
pub struct InOrder<S>(Vec<(NotificationProvider, S)>);

impl<S: Sender> InOrder<S> {
    /// In this order.
    #[must_use]
    pub const fn new(providers: Vec<(NotificationProvider, S)>) -> Self {
        Self(providers)
    }
}

impl<S: Sender> Sender for InOrder<S> {
    async fn send(&self, message: &Notification) -> Result<Accepted, SendError> {
        let mut refusals = Vec::new();
        for (name, provider) in &self.0 {
            match provider.send(message).await {
                Err(SendError::RefusedForNow(why)) => refusals.push(why.introduced(name)),
                Err(SendError::Refused(why)) => return Err(SendError::Refused(why.introduced(name))),
                Err(SendError::Unknown(why)) => return Err(SendError::Unknown(why.introduced(name))),
                Ok(accepted) => return Ok(accepted),
            }
        }
        Err(SendError::RefusedForNow(Said::joined(&refusals)))
    }
}

/// What `EMAIL_PROVIDERS` says: `ses,sendgrid`.
///
/// # Errors
/// In words, for a name that is none, one that is there twice, and none at all.
pub fn in_order(list: &str) -> Result<Vec<NotificationProvider>, String> {
    let mut order = Vec::new();
    for name in list.split(',').map(str::trim) {
        let provider = match name {
            "ses" => NotificationProvider::Ses,
            "sendgrid" => NotificationProvider::SendGrid,
            _ => return Err(format!("`{name}` is no provider of e-mail; ses and sendgrid are")),
        };
        if order.contains(&provider) {
            return Err(format!("{name} is named twice"));
        }
        order.push(provider);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_each_provider_once() {
        use NotificationProvider::{SendGrid, Ses};
        assert_eq!(in_order("ses"), Ok(vec![Ses]));
        assert_eq!(in_order(" sendgrid , ses "), Ok(vec![SendGrid, Ses]));
        for wrong in ["", "ses,", "SES", "ses,ses", "twilio", "ses;sendgrid"] {
            assert!(in_order(wrong).is_err(), "{wrong}");
        }
    }
}

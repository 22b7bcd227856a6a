//! What customers got to read in a history, held against what the model has told them.

use super::Play;
use super::reference::{News, Told};
use crate::kit::{ByHand, column};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

/// What is sent to one address or number: of which order, and the subject of a mail or the text of an SMS.
type Read = (u64, String);

/// The numbers by which messages name an order and a return.
struct Numbers {
    orders: Vec<String>,
    returns: Vec<String>,
}

impl Numbers {
    fn of(&self, told: &Told) -> (&str, &str) {
        let rma = match told.news {
            News::Return(at, _) => self.returns[at].as_str(),
            _ => "",
        };
        (&self.orders[told.order], rma)
    }

    /// The whole subject of the mail, in each of the ways that it may be said.
    fn subjects(&self, told: &Told) -> Vec<String> {
        let (order, rma) = self.of(told);
        match told.news {
            News::Placed => vec![format!("We have received your order {order}")],
            News::Confirmed => vec![format!("Your order {order} is confirmed")],
            News::OnItsWay => ["Your order", "Part of your order"].map(|what| format!("{what} {order} is on its way")).to_vec(),
            News::Delivered => vec![format!("Your order {order} has been delivered")],
            News::Cancelled => vec![format!("Your order {order} is cancelled")],
            News::Refunded(cents) => vec![format!("Your refund of {} is complete", dollars(cents))],
            News::NotRefunded(_) => vec![format!("Your refund for order {order}")],
            News::Return(_, "REQUESTED") => vec!["We have received your return request".to_owned()],
            News::Return(_, "APPROVED") => vec![format!("Your return {rma} is approved")],
            // With nothing in it, it is another sentence.
            News::Return(_, "RECEIVED") => ["We have received", "About"].map(|what| format!("{what} your return {rma}")).to_vec(),
            News::Return(_, _) => vec![format!("Your return request {rma}")],
        }
    }

    /// Whether the SMS has the words of this kind, which that of no other has; with nothing in a return, it is another sentence.
    fn says(&self, told: &Told, sms: &str) -> bool {
        let (order, rma) = self.of(told);
        let all = |words: &[&str]| words.iter().all(|words| sms.contains(words));
        match told.news {
            News::Placed => all(&["thank you! We have received your order", order]),
            News::Confirmed => all(&[&format!("your order {order} is confirmed")]),
            News::OnItsWay => all(&[&format!("our order {order} is on its way to")]),
            News::Delivered => all(&[&format!("your order {order} has been delivered")]),
            News::Cancelled => all(&[&format!("your order {order} is cancelled")]),
            News::Refunded(cents) => all(&[&format!("we have refunded {}", dollars(cents)), &format!("for your order {order}.")]),
            News::NotRefunded(cents) => all(&[&format!("your refund of {} (order {order}) has not gone through", dollars(cents))]),
            News::Return(_, "REQUESTED") => all(&[&format!("we have received your return request {rma}")]),
            News::Return(_, "APPROVED") => all(&["your return is approved", rma]),
            News::Return(_, "RECEIVED") => all(&[rma, "and will check the items"]) || all(&[rma, "none of the items of your return"]),
            News::Return(_, _) => all(&[rma, "we cannot accept your return"]) || all(&[rma, "and we have closed it"]),
        }
    }
}

fn dollars(cents: i64) -> String {
    format!("USD {}.{:02}", cents / 100, cents % 100)
}

fn plain(text: &Value) -> String {
    text.as_str().unwrap_or_default().replace('\u{a0}', " ")
}

impl Play<'_> {
    /// A customer as their orders have them, whom nobody else's messages reach.
    pub(super) fn person(&self, n: usize) -> Value {
        let [email, phone] = self.reached_by(n);
        json!({ "firstName": "Ada", "lastName": "Ilunga", "email": email, "phone": phone, "locale": "en" })
    }

    fn reached_by(&self, n: usize) -> [String; 2] {
        let id = self.customer(n);
        [format!("customer-{id}@example.com"), format!("+24381{id:07}")]
    }

    /// In fair weather all messages are sent before time passes: what waits for long may no longer be news. Each comes twice.
    pub(super) async fn send_messages(&self, hands: &mut ByHand) {
        if !self.weather.is_foul() {
            hands.send_messages_twice().await;
        }
    }

    /// Once all is done, everything that the history has set off comes once more, and comes to nothing.
    pub(super) async fn everything_comes_again(&self, hands: &mut ByHand, since: &[Option<String>; 2]) -> Result<(), TestCaseError> {
        hands.relay_again(self.shop, since).await;
        hands.carry_shipments_out().await;
        hands.carry_refunds_out().await;
        self.send_messages(hands).await;
        self.agrees().await.map_err(|error| TestCaseError::fail(format!("after everything came again: {error}")))
    }

    /// Each customer has been told what the model has told them, once by mail and once by SMS, and nothing else; and it went to them.
    pub(super) async fn is_told_what_happened(&self) -> Result<(), TestCaseError> {
        let mut numbers = Numbers { orders: Vec::new(), returns: Vec::new() };
        for order in &self.orders {
            numbers.orders.push(plain(&self.shop.order_now(*order).await["orderNumber"]));
        }
        for rma in &self.returns {
            numbers.returns.push(plain(&self.shop.return_now(*rma).await["rmaNumber"]));
        }
        for customer in 0..2 {
            let path = format!("/api/notifications?customerId={}", self.customer(customer));
            let log = self.shop.staff().every_page(&path, 50).await;
            let told: Vec<&Told> = self.model.told.iter().filter(|told| self.model.orders[told.order].customer == customer).collect();
            for (channel, address) in ["EMAIL", "SMS"].into_iter().zip(self.reached_by(customer)) {
                let rows: Vec<Value> = log.iter().filter(|row| row["type"] == channel).cloned().collect();
                prop_assert!(rows.iter().all(|row| row["recipient"] == *address), "{:?}: {:?}", address, column(&json!(rows), "recipient"));
                self.are_sent(channel, &address, &rows)?;
                let said = if channel == "EMAIL" { "subject" } else { "content" };
                let mut there: Vec<Read> = rows.iter().map(|row| (row["orderId"].as_u64().unwrap_or(0), plain(&row[said]))).collect();
                for told in &told {
                    let says = |text: &str| match channel {
                        "EMAIL" => numbers.subjects(told).iter().any(|subject| text == subject),
                        _ => numbers.says(told, text),
                    };
                    let place = there.iter().position(|(order, text)| *order == self.orders[told.order] && says(text));
                    prop_assert!(place.is_some(), "{} of {:?} is missing among {:?}", channel, told, there);
                    there.remove(place.expect("a place"));
                }
                prop_assert!(there.is_empty(), "{} of nothing that happened: {:?}", channel, there);
            }
        }
        Ok(())
    }

    /// What has left the shop for an address or a number is what the log says, each message once. Of a storm's the log alone can tell:
    /// there some come too late to be news, and some twice.
    fn are_sent(&self, channel: &str, address: &str, rows: &[Value]) -> Result<(), TestCaseError> {
        if self.weather.is_foul() {
            return Ok(());
        }
        prop_assert!(rows.iter().all(|row| row["status"] == "SENT"), "{:?}", rows);
        let outbox = &self.shop.system.outbox;
        let (mut sent, said) = match channel {
            "EMAIL" => (outbox.emails_to(address).into_iter().map(|email| email.subject).collect::<Vec<_>>(), "subject"),
            _ => (outbox.sms_to(address).into_iter().map(|sms| sms.body).collect(), "content"),
        };
        let mut logged: Vec<String> = rows.iter().map(|row| row[said].as_str().unwrap_or_default().to_owned()).collect();
        sent.sort_unstable();
        logged.sort_unstable();
        prop_assert_eq!(sent, logged, "to {}", address);
        Ok(())
    }
}

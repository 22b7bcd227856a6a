//! What customers got to read in a history, held against what the model has told them.

use super::Play;
use super::messages::{are_far_apart, copies};
use super::payments::A_JOB_S_PAUSE;
use super::reference::{News, Step, Told, Trouble};
use crate::kit::{ByHand, column};
use domain::notification::UNKNOWN_OUTCOME_MINUTES;
use local::emulators::outbox::{Channel, Fault};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use std::time::Duration;

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
            News::Return(at, _) | News::BroughtNothing(at) => self.returns[at].as_str(),
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
            News::Packed => ["Your order", "Part of your order"].map(|what| format!("{what} {order} is packed")).to_vec(),
            News::OnItsWay => ["Your order", "Part of your order"].map(|what| format!("{what} {order} is on its way")).to_vec(),
            News::Ready => ["Your order", "Part of your order"].map(|what| format!("{what} {order} is ready to be collected")).to_vec(),
            News::Delivered => vec![format!("Your order {order} has been delivered")],
            News::Cancelled => vec![format!("Your order {order} is cancelled")],
            News::Refunded(cents) => vec![format!("Your refund of {} is complete", dollars(cents))],
            News::BroughtNothing(_) => vec![format!("There is nothing to refund for your return {rma}")],
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
            News::Packed => all(&[&format!("our order {order} is packed")]),
            News::OnItsWay => all(&[&format!("our order {order} is on its way to")]),
            News::Ready => all(&[&format!("our order {order} is ready to be collected")]),
            News::Delivered => all(&[&format!("your order {order} has been delivered")]),
            News::Cancelled => all(&[&format!("your order {order} is cancelled")]),
            News::Refunded(cents) => all(&[&format!("we have refunded {}", dollars(cents)), &format!("for your order {order}.")]),
            News::BroughtNothing(_) => all(&[&format!("there is nothing to refund for your return {rma}")]),
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

    /// Messages are sent, and whoever is asked to goes wrong once with each. A mail that SES refuses is SendGrid's; of one that it took
    /// when its answer got lost a second copy leaves when nothing has shown for long that the first did.
    pub(super) async fn trouble_messages(&mut self, hands: &mut ByHand, trouble: Trouble) -> Result<(), TestCaseError> {
        let outbox = &self.shop.system.outbox;
        let fault = || match trouble {
            Trouble::Lost => Fault::AcceptThenDrop,
            Trouble::Refused => Fault::Refuse { status: 503, code: "ServiceUnavailable".to_owned(), message: "Out of order".to_owned() },
        };
        if self.weather.is_foul() {
            for channel in [Channel::Email, Channel::Sms] {
                outbox.fail_next(channel, fault());
            }
            return Ok(());
        }
        let before = self.copies_sent();
        for channel in [Channel::Email, Channel::Sms] {
            outbox.fail_all(channel, Some(fault()));
        }
        hands.try_messages().await;
        for channel in [Channel::Email, Channel::Sms] {
            outbox.fail_all(channel, None);
        }
        if trouble == Trouble::Refused {
            self.shop.system.clock.advance(A_JOB_S_PAUSE);
            self.send_messages(hands).await;
            return Ok(());
        }
        let sent = self.copies_sent();
        self.unanswered += sent - before;
        self.shop.system.clock.advance(Duration::from_mins(UNKNOWN_OUTCOME_MINUTES - 1));
        hands.try_messages().await;
        prop_assert_eq!(self.copies_sent(), sent, "nobody knows, and somebody has sent it again");
        self.shop.system.clock.advance(Duration::from_mins(2));
        self.send_messages(hands).await;
        // By then labels that nobody has answered for are looked for, too.
        self.model.apply(&Step::Look);
        self.carried(hands, 0, &Step::Look).await?;
        self.send_messages(hands).await;
        Ok(())
    }

    /// How much has left the shop for the customers of this history.
    fn copies_sent(&self) -> usize {
        let outbox = &self.shop.system.outbox;
        let sent = |[email, phone]: [String; 2]| outbox.emails_to(&email).len() + outbox.sms_to(&phone).len();
        (0..2).map(|n| sent(self.reached_by(n))).sum()
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
        let mut made_up_for = 0;
        for customer in 0..2 {
            let path = format!("/api/notifications?customerId={}", self.customer(customer));
            let log = self.shop.staff().every_page(&path, 50).await;
            let told: Vec<&Told> = self.model.told.iter().filter(|told| self.model.orders[told.order].customer == customer).collect();
            for (channel, address) in ["EMAIL", "SMS"].into_iter().zip(self.reached_by(customer)) {
                let rows: Vec<Value> = log.iter().filter(|row| row["type"] == channel).cloned().collect();
                prop_assert!(rows.iter().all(|row| row["recipient"] == *address), "{:?}: {:?}", address, column(&json!(rows), "recipient"));
                made_up_for += self.are_sent(channel, &address, &rows)?;
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
        prop_assert_eq!(made_up_for, self.unanswered);
        Ok(())
    }

    /// What has left the shop for an address or a number is what the log says, each message once. One whose answer got lost has left
    /// twice, or was too late to be news when its second copy was due; says how many did. Of a storm's the log alone can tell: there
    /// any may come too late or twice.
    fn are_sent(&self, channel: &str, address: &str, rows: &[Value]) -> Result<usize, TestCaseError> {
        if self.weather.is_foul() {
            return Ok(0);
        }
        let outbox = &self.shop.system.outbox;
        let (emails, sms) = (outbox.emails_to(address), outbox.sms_to(address));
        let said = if channel == "EMAIL" { "subject" } else { "content" };
        let (mut known, mut made_up_for) = (0, 0);
        for row in rows {
            let copies = copies(&emails, &sms, row["id"].as_u64().expect("an id"));
            let is_late = row["status"] == "FAILED" && row["error"].as_str().is_some_and(|why| why.starts_with("superseded by"));
            prop_assert!(row["status"] == "SENT" || is_late, "{}", row);
            prop_assert!(copies.len() == 1 || (copies.len() == 2 && !is_late), "{:?} of {}", copies, row);
            prop_assert!(are_far_apart(&copies) && copies.iter().all(|(_, text)| row[said] == *text), "{:?} of {}", copies, row);
            known += copies.len();
            made_up_for += copies.len() - 1 + usize::from(is_late);
        }
        prop_assert_eq!(emails.len() + sms.len(), known, "to {}", address);
        Ok(made_up_for)
    }
}

//! The outbox: every e-mail as it would look, every SMS.

use super::Pages;
use crate::emulators::outbox::{Email, Sms};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// E-mails and SMS that one page lists.
const LISTED: usize = 200;

#[derive(Serialize)]
struct Emails {
    list: Vec<Row>,
    older: usize,
    /// The e-mail that is shown.
    open: Option<Open>,
    /// Whether it was asked for; on a phone the list comes first.
    chosen: bool,
}

#[derive(Serialize)]
struct Row {
    number: usize,
    subject: String,
    to: String,
    time: String,
    open: bool,
}

#[derive(Serialize)]
struct Open {
    number: usize,
    subject: String,
    from: String,
    to: String,
    provider: String,
    time: String,
    html: Option<String>,
    text: Option<String>,
    newer: Option<usize>,
    older: Option<usize>,
}

/// `GET /_local`
pub async fn newest(State(pages): State<Pages>) -> Response {
    let emails = pages.backstage.outbox.emails();
    let number = emails.len();
    page(&pages, &emails, number, false)
}

/// `GET /_local/emails/{number}`, the oldest being 1.
pub async fn one(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    let emails = pages.backstage.outbox.emails();
    if !(1..=emails.len()).contains(&number) {
        return (StatusCode::NOT_FOUND, "There is no such e-mail.\n").into_response();
    }
    page(&pages, &emails, number, true)
}

fn page(pages: &Pages, emails: &[Email], number: usize, chosen: bool) -> Response {
    let rows = emails.iter().enumerate().rev().take(LISTED).map(|(place, email)| Row {
        number: place + 1,
        subject: email.subject.clone(),
        to: email.to.join(", "),
        time: pages.time(email.sent_at),
        open: place + 1 == number,
    });
    let open = number.checked_sub(1).and_then(|place| emails.get(place)).map(|email| Open {
        number,
        subject: email.subject.clone(),
        from: email.from.clone(),
        to: email.to.join(", "),
        provider: email.provider.clone(),
        time: pages.time(email.sent_at),
        html: email.html.clone(),
        text: email.text.clone(),
        newer: (number < emails.len()).then_some(number + 1),
        older: (number > 1).then_some(number - 1),
    });
    let page = Emails { list: rows.collect(), older: emails.len().saturating_sub(LISTED), open, chosen };
    pages.render("emails", "E-mails", page)
}

#[derive(Serialize)]
struct Messages {
    list: Vec<Message>,
    older: usize,
}

#[derive(Serialize)]
struct Message {
    to: String,
    from: String,
    time: String,
    body: String,
    /// As they are billed: 160 of the GSM alphabet in one, 153 in each of several.
    characters: usize,
}

/// `GET /_local/sms`
pub async fn sms(State(pages): State<Pages>) -> Response {
    let sms = pages.backstage.outbox.sms();
    let message = |sms: &Sms| Message {
        to: sms.to.clone(),
        from: sms.from.clone(),
        time: pages.time(sms.sent_at),
        characters: sms.body.chars().count(),
        body: sms.body.clone(),
    };
    let list = sms.iter().rev().take(LISTED).map(message).collect();
    pages.render("sms", "SMS", Messages { list, older: sms.len().saturating_sub(LISTED) })
}

//! The queues with their depths, and what was given up.

use super::{Pages, view};
use crate::emulators::sqs::{MessageView, QueueView, Sqs};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

/// Ends the name of a queue for dead letters.
const DEAD: &str = "-dead-letters";

/// Dead letters of a queue that are shown.
const SHOWN: usize = 100;

#[derive(Serialize)]
struct Queues {
    rows: Vec<Row>,
}

/// A worker's queue, or the stream it reads, and its dead letters.
#[derive(Serialize)]
struct Row {
    name: String,
    /// Nothing for the reader of a stream, which has dead letters alone.
    depths: Option<Depths>,
    dead_queue: Option<String>,
    dead: usize,
    letters: Vec<Letter>,
    more: usize,
}

#[derive(Serialize)]
struct Depths {
    waiting: usize,
    in_flight: usize,
    delayed: usize,
}

#[derive(Serialize)]
struct Letter {
    id: String,
    time: String,
    receives: u32,
    body: String,
}

/// Jobs that are not done yet, and jobs that were given up.
pub fn depths(sqs: &Sqs) -> (usize, usize) {
    let of = |dead: bool| sqs.queues().iter().filter(|queue| queue.is_dead_letters == dead).map(QueueView::messages).sum();
    (of(false), of(true))
}

/// `GET /_local/queues`
pub async fn all(State(pages): State<Pages>) -> Response {
    let sqs = &pages.backstage.sqs;
    let (dead, live): (Vec<QueueView>, Vec<QueueView>) = sqs.queues().into_iter().partition(|queue| queue.is_dead_letters);
    let mut rows: Vec<Row> = live
        .iter()
        .map(|queue| Row {
            name: queue.name.clone(),
            depths: Some(Depths { waiting: queue.waiting, in_flight: queue.in_flight, delayed: queue.delayed }),
            dead_queue: None,
            dead: 0,
            letters: Vec::new(),
            more: 0,
        })
        .collect();
    for queue in dead {
        let name = queue.name.strip_suffix(DEAD).unwrap_or(&queue.name).to_owned();
        let place = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            rows.push(Row { name, depths: None, dead_queue: None, dead: 0, letters: Vec::new(), more: 0 });
            rows.len() - 1
        });
        let letters = sqs.peek(&queue.name).unwrap_or_default();
        if let Some(row) = rows.get_mut(place) {
            row.dead = queue.messages();
            row.more = letters.len().saturating_sub(SHOWN);
            row.letters = letters.into_iter().take(SHOWN).map(|letter| pages.letter(letter)).collect();
            row.dead_queue = Some(queue.name);
        }
    }
    pages.render("queues", "Queues", Queues { rows })
}

impl Pages {
    fn letter(&self, letter: MessageView) -> Letter {
        Letter { id: letter.id, time: self.time(letter.sent_at), receives: letter.receive_count, body: view::pretty(&letter.body) }
    }
}

/// `POST /_local/queues/{name}/redrive`: every dead letter goes back to the queue that gave it up.
pub async fn redrive(State(pages): State<Pages>, Path(name): Path<String>) -> Response {
    match pages.backstage.sqs.redrive(&name) {
        Ok(_moved) => Redirect::to("/_local/queues").into_response(),
        Err(error) => (StatusCode::NOT_FOUND, format!("{error}\n")).into_response(),
    }
}

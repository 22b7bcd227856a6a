//! Pages of lists: `limit` and `cursor` in, a bare array and a link to the next page out.

use crate::answer::Answer;
use crate::input::{Meta, Reader};
use crate::problem::Problem;
use axum::http::{HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::Ids;
use domain::time::Timestamp;
use serde::Serialize;
use store::{Page, PageRequest};

const DEFAULT_LIMIT: usize = 50;
const MOST: i64 = 100;

/// The most bytes of a body: what a function answers may have 6 MB (Lambda's quotas), and the body stands in it as a JSON string,
/// where each of its quotes and backslashes takes two.
const MOST_BYTES: usize = 5 * 1024 * 1024 / 2;

/// Reads `limit` and `cursor`.
pub fn read(request: &mut Reader<'_>) -> Option<PageRequest> {
    let limit = request.query("limit", |value| value.integer(1..=MOST, "INVALID_LIMIT"));
    let cursor = request.query("cursor", |value| {
        let text = value.text(64)?;
        position(&text).or_else(|| value.wrong_as("INVALID_CURSOR", "is none that we gave"))
    });
    let limit = limit?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    Some(PageRequest::new(limit, cursor?))
}

/// Reads `startDate` and `endDate`, both inclusive, as the range of ids that were made between them.
pub fn read_dates(request: &mut Reader<'_>) -> Option<(u64, u64)> {
    let start = request.query("startDate", |value| value.timestamp());
    let end = request.query("endDate", |value| value.timestamp());
    let (start, end): (Option<Timestamp>, Option<Timestamp>) = (start?, end?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        request.note("/endDate".to_owned(), "INVALID_DATE_RANGE", "endDate is before startDate.".to_owned());
        return None;
    }
    let to = end.map_or(u64::MAX, |end| Ids::first_at(end.plus_millis(1)).saturating_sub(1));
    Some((start.map_or(0, Ids::first_at), to))
}

/// 200 with a page's records as `view` shows them, and where the next page is.
///
/// # Errors
/// As [`Answer::ok`].
pub fn answer<T, V: Serialize>(page: Page<T>, meta: &Meta, view: impl Fn(T) -> V) -> Result<Answer, Problem> {
    let answer = Answer::ok(&page.items.into_iter().map(view).collect::<Vec<_>>())?;
    Ok(with_next(answer, page.next, meta))
}

/// The same for records whose views may be so large that a hundred don't fit an answer: as many of them as do, one at the least;
/// the next page goes on from there. There is a view for each of the page's records.
///
/// # Errors
/// As [`Answer::ok`].
pub fn answer_that_fits<T, V: Serialize>(
    page: &Page<T>,
    views: &[V],
    position: impl Fn(&T) -> u64,
    meta: &Meta,
) -> Result<Answer, Problem> {
    let whole = Answer::ok(&views)?;
    // Nearly every page fits, so that what each record takes is looked at only where one doesn't.
    if whole.body_bytes() <= MOST_BYTES {
        return Ok(with_next(whole, page.next, meta));
    }
    let (mut bytes, mut fitting) = (0, 0);
    for view in views {
        bytes += Answer::ok(view)?.body_bytes() + ",".len();
        if bytes > MOST_BYTES && fitting > 0 {
            break;
        }
        fitting += 1;
    }
    let (shown, rest) = views.split_at(fitting);
    let next = if rest.is_empty() { page.next } else { page.items.iter().take(fitting).next_back().map(position) };
    Ok(with_next(Answer::ok(&shown)?, next, meta))
}

/// The answer, with where the next page is.
#[must_use]
pub fn with_next(answer: Answer, next: Option<u64>, meta: &Meta) -> Answer {
    let Some(next) = next else { return answer };
    let cursor = cursor(next);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(meta.query.as_bytes()).filter(|(name, _)| name != "cursor") {
        query.append_pair(&name, &value);
    }
    let link = format!("<{}?{}>; rel=\"next\"", meta.path, query.append_pair("cursor", &cursor).finish());
    answer.header(header::LINK, link).header(HeaderName::from_static("x-next-cursor"), cursor)
}

/// A position, opaque to clients.
fn cursor(position: u64) -> String {
    URL_SAFE_NO_PAD.encode(position.to_be_bytes())
}

fn position(cursor: &str) -> Option<u64> {
    let bytes: [u8; 8] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
    Some(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(at: u64) {
            prop_assert_eq!(position(&cursor(at)), Some(at));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = position(&text);
        }
    }
}

//! Reading what was answered: fields, columns, and lists page by page.

use super::{Answer, Caller};
use domain::event::HistoryEntry;
use serde_json::{Value, json};

/// The names of a record's fields, sorted.
pub fn keys(record: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = record.as_object().expect("a record").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// One field of every record of a list.
pub fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list.as_array().expect("a list").iter().map(|record| &record[field]).collect()
}

/// What the history of a record says of each change, newest first: what it was, the status after it, and a note.
pub fn told(history: &[HistoryEntry]) -> Vec<(&str, Option<&str>, Option<&str>)> {
    history.iter().map(|event| (event.kind.as_str(), event.new_status.as_deref(), event.note.as_deref())).collect()
}

/// The count at the end of an order's or a return's number: how many the day had, and gaps, since whoever waits in vain for the
/// answer to a count counts again.
pub fn count(number: &Value) -> u32 {
    let digits = number.as_str().and_then(|number| number.rsplit('-').next()).filter(|digits| digits.len() == 4);
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{number} has no count"))
}

/// The greatest that the first of a day can have: so often the SDK calls.
pub const FIRST_COUNTS: std::ops::RangeInclusive<u32> = 1..=3;

/// Where the next page is; the link and the cursor must say the same.
#[track_caller]
pub fn next_page(answer: &Answer) -> Option<String> {
    let (link, cursor) = (answer.header("link"), answer.header("x-next-cursor"));
    assert_eq!(link.is_empty(), cursor.is_empty(), "link {link:?}, cursor {cursor:?}");
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    assert!(path.ends_with(&format!("cursor={cursor}")), "{link}");
    Some(path.to_owned())
}

impl Caller {
    /// Every record of a list, page by page as the links lead; no page is longer than asked for.
    pub async fn every_page(&self, first: &str, limit: usize) -> Vec<Value> {
        let and = if first.contains('?') { '&' } else { '?' };
        let (mut path, mut all) = (Some(format!("{first}{and}limit={limit}")), Vec::new());
        while let Some(at) = path {
            let answer = self.get(&at).await;
            answer.fits(&at);
            path = next_page(&answer);
            let page = answer.ok();
            let page = page.as_array().expect("a bare array");
            assert!(page.len() <= limit, "{} of {limit} at {at}", page.len());
            all.extend(page.iter().cloned());
        }
        all
    }
}

impl Answer {
    /// That Lambda takes it (6 MB): there the body is a JSON string once more, and headers come with it.
    #[track_caller]
    pub fn fits(&self, sent: &str) {
        let payload = json!(self.text).to_string().len();
        assert!(payload < 5 * 1024 * 1024, "{payload} bytes of {sent}");
    }

    /// That it is a right answer or a whole problem, whatever was sent.
    #[track_caller]
    pub fn sane(&self, sent: &str) {
        assert!(self.status < 500, "{sent}: {}", self.text);
        if self.status >= 400 {
            assert!(!self.code().is_empty(), "{sent}: {}", self.text);
            self.refused(self.status, self.code());
        }
    }
}

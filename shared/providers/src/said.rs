//! What an outside service has said, told apart from what we make of it: its own words may hold a name, an address or a number.

use std::fmt;

/// Why somebody outside did not do what they were asked. Logs get no more than our own classification (a status, a code): that is
/// all that it shows of itself. The words of the other side are for the record that they are about.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    ours: String,
    theirs: Option<String>,
}

impl Said {
    /// In our own words, with nothing in them that came from outside or is about somebody.
    #[must_use]
    pub fn ours(words: impl Into<String>) -> Self {
        Self { ours: words.into(), theirs: None }
    }

    /// In theirs, as far as they fit a record; `ours` is what may be logged of it.
    #[must_use]
    pub fn theirs(ours: impl Into<String>, theirs: impl AsRef<str>) -> Self {
        Self { ours: ours.into(), theirs: Some(capped(theirs.as_ref())) }
    }

    /// What to make of a call that was not answered. The error's own text has the address in it, and that a name, a number or a
    /// reference.
    #[must_use]
    pub(crate) fn unanswered(error: &reqwest::Error) -> Self {
        Self::from(if never_left(error) {
            NOT_REACHED
        } else if error.is_timeout() {
            NOT_IN_TIME
        } else {
            NOT_THROUGH
        })
    }

    /// The same, with who said it or what it kept from happening before it.
    #[must_use]
    pub(crate) fn introduced(&self, by: impl fmt::Display) -> Self {
        Self::theirs(format!("{by}: {self}"), format!("{by}: {}", self.for_the_record()))
    }

    /// What several have said, one after the other.
    #[must_use]
    pub(crate) fn joined(all: &[Self]) -> Self {
        let join = |words: fn(&Self) -> &str| all.iter().map(words).collect::<Vec<_>>().join("; ");
        Self::theirs(join(|said| &said.ours), join(Self::for_the_record))
    }

    /// All that was said, for the record that staff read.
    #[must_use]
    pub fn for_the_record(&self) -> &str {
        self.theirs.as_deref().unwrap_or(&self.ours)
    }
}

impl From<&'static str> for Said {
    fn from(words: &'static str) -> Self {
        Self::ours(words)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ours)
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.ours)
    }
}

/// Whether a request came to nobody, who then can't have done what it asks.
pub(crate) fn never_left(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

pub(crate) const NOT_REACHED: &str = "it was not reached";
pub(crate) const NOT_IN_TIME: &str = "it did not answer in time";
pub(crate) const NOT_THROUGH: &str = "its answer did not come through";

/// As much of what somebody outside wrote as goes into a record, so that none of it makes an item too large for DynamoDB (400 KB).
#[must_use]
pub fn capped(words: &str) -> String {
    words.chars().take(MOST_CHARACTERS).collect()
}

const MOST_CHARACTERS: usize = 500;

/// What a provider calls something of its own, for a record; nothing where it can't be a name: a part of one would be another's.
#[must_use]
pub fn reference(written: &str) -> Option<String> {
    (1..=MOST_CHARACTERS).contains(&written.len()).then(|| written.to_owned())
}

/// A status, with the code that came with it where it is one.
pub(crate) fn classified(status: impl fmt::Display, code: Option<&str>) -> String {
    match code.and_then(as_code) {
        Some(code) => format!("{status} ({code})"),
        None => status.to_string(),
    }
}

/// What somebody outside wrote where a code belongs, if it is one: a word of letters, digits, points and lines, and no sentence,
/// address or number. That may be logged.
#[must_use]
pub fn as_code(said: &str) -> Option<&str> {
    let starts = said.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_code = starts && said.len() <= LONGEST_CODE && said.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    is_code.then_some(said)
}

/// The codes of those whom we ask are shorter.
const LONGEST_CODE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_said_shows_but_in_the_record() {
        let said = Said::theirs("400", "No such person: +243819876543");
        assert_eq!((said.to_string(), format!("{said:?}")), ("400".to_owned(), "\"400\"".to_owned()));
        assert_eq!(said.for_the_record(), "No such person: +243819876543");
        assert_eq!(Said::from("not reached").for_the_record(), "not reached");
    }

    #[test]
    fn what_several_said_is_in_the_record_and_who_they_are_in_both() {
        let refusals = [Said::theirs("429", "Too many for grace@example.com").introduced("SES"), Said::from("busy").introduced("SENDGRID")];
        let both = Said::joined(&refusals);
        assert_eq!(
            (both.to_string().as_str(), both.for_the_record()),
            ("SES: 429; SENDGRID: busy", "SES: Too many for grace@example.com; SENDGRID: busy")
        );
        let longest = Said::theirs("400", "é".repeat(MOST_CHARACTERS)).introduced("SES");
        assert_eq!(Said::joined(&[longest.clone(), longest]).for_the_record().chars().count(), MOST_CHARACTERS);
    }

    #[test]
    fn no_answer_is_too_long_for_a_record() {
        let said = Said::theirs("400", "é".repeat(1_000_000));
        assert_eq!(said.for_the_record(), "é".repeat(MOST_CHARACTERS));
        assert_eq!((reference("re_1").as_deref(), reference(""), reference(&"r".repeat(501))), (Some("re_1"), None, None));
    }

    #[test]
    fn a_code_is_a_word_and_no_address_or_number() {
        for code in ["charge_disputed", "REFUNDS_NOT_ALLOWED", "X.1"] {
            assert_eq!(classified(400, Some(code)), format!("400 ({code})"));
        }
        for other in ["", "a@b.example", "+243819876543", "243819876543", "No such person", &"a".repeat(65)] {
            assert_eq!(classified(400, Some(other)), "400");
        }
        assert_eq!(classified(400, None), "400");
    }
}

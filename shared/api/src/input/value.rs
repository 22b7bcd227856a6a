//! One value of a request, and how each kind is read from it. What is wrong goes to the request's list of errors.

use super::fields::Fields;
use super::json::Node;
use crate::problem::{Code, FieldError, Place};
use domain::Word;
use domain::decimal;
use domain::message::Locale;
use domain::money::{AmountError, Currency, Decimal, Money};
use domain::time::Timestamp;
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// Where errors are gathered.
pub type Errors = RefCell<Vec<FieldError>>;

/// What stands at a place of a request.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A JSON value; never `null`.
    Json(&'a Node),
    /// The text of a query or path parameter.
    Text(&'a str),
}

const NO_TEXT: &str = "must be a text";

/// A value that is there. Every reading gives nothing when it has noted an error.
#[derive(Clone)]
pub struct Value<'a> {
    pub(super) source: Source<'a>,
    pub(super) pointer: String,
    pub(super) name: &'a str,
    /// A field of a body with nothing but white space in it: whoever reads a text gets nothing, and notes nothing.
    pub(super) is_blank: bool,
    pub(super) errors: &'a Errors,
}

impl<'a> Value<'a> {
    /// Notes that this value is wrong, with the field's own code (`INVALID_` and its name).
    #[must_use]
    pub fn wrong<T>(&self, detail: &str) -> Option<T> {
        self.wrong_as(self.own_code(), detail)
    }

    fn own_code(&self) -> String {
        own_code(self.name)
    }

    /// Notes that this value is wrong, with a code of the contract.
    pub fn wrong_as<T>(&self, code: impl Into<Code>, detail: &str) -> Option<T> {
        let detail = format!("{} {detail}.", self.name);
        self.errors.borrow_mut().push(FieldError::new(self.pointer.clone(), code, detail));
        None
    }

    /// Notes that this value is wrong at a place of its own.
    pub fn wrong_at<T>(&self, code: impl Into<Code>, place: Place, detail: &str) -> Option<T> {
        let detail = format!("{}, line {}, column {}: {detail}.", self.name, place.line, place.column);
        self.errors.borrow_mut().push(FieldError { place: Some(place), ..FieldError::new(self.pointer.clone(), code, detail) });
        None
    }

    /// A text of at most `most` characters, without the white space around it.
    #[must_use]
    pub fn text(&self, most: usize) -> Option<String> {
        self.text_as(most, self.own_code())
    }

    /// The same, with a code of the contract for what is wrong.
    #[must_use]
    pub fn text_as(&self, most: usize, code: impl Into<Code>) -> Option<String> {
        let Some(text) = self.as_text() else { return self.wrong_as(code, NO_TEXT) };
        if self.is_blank {
            return None;
        }
        let text = text.trim();
        // A blank field of a body counts as absent; a blank parameter is there and says nothing.
        if text.is_empty() && matches!(self.source, Source::Text(_)) {
            return self.wrong_as(code, "must not be blank");
        }
        if text.chars().count() > most {
            return self.wrong_as(code, &format!("has more than {most} characters"));
        }
        if text.contains('\0') {
            return self.wrong_as(code, "has a character that no text can have");
        }
        Some(text.to_owned())
    }

    /// A text of several lines, as it is written, of at most so many bytes.
    #[must_use]
    pub fn document(&self, most_bytes: usize) -> Option<String> {
        let Some(text) = self.as_text() else { return self.wrong(NO_TEXT) };
        if self.is_blank {
            return None;
        }
        if text.len() > most_bytes {
            return self.wrong(&format!("has more than {} KB", most_bytes / 1024));
        }
        if text.chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c)) {
            return self.wrong("has a character that no text can have");
        }
        Some(text.to_owned())
    }

    /// An object with whatever is in it. A number that is no whole one keeps its digits, as a text.
    #[must_use]
    pub fn anything(&self, code: &'static str) -> Option<Map<String, Json>> {
        match self.source {
            Source::Json(Node::Object(members)) => Some(members.iter().map(|(name, node)| (name.clone(), json(node))).collect()),
            Source::Json(_) | Source::Text(_) => self.wrong_as(code, "must be an object"),
        }
    }

    /// Whether the value is a text at all.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.as_text().is_some()
    }

    fn as_text(&self) -> Option<&'a str> {
        match self.source {
            Source::Json(Node::Text(text)) => Some(text),
            Source::Text(text) => Some(text),
            Source::Json(_) => None,
        }
    }

    /// One of a set of words.
    #[must_use]
    pub fn word<T: Word>(&self, code: &'static str) -> Option<T> {
        self.parsed(T::parse, code, || format!("must be one of {}", T::WORDS.join(", ")))
    }

    /// A currency by its code.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.parsed(Currency::parse, "INVALID_CURRENCY", || "must be a currency's code of ISO 4217, like USD".to_owned())
    }

    /// The locale of a language tag.
    #[must_use]
    pub fn locale(&self) -> Option<Locale> {
        self.parsed(Locale::of_tag, "INVALID_LOCALE", || {
            format!("must be {}, or a tag of one of them, like fr-CD", Locale::WORDS.join(" or "))
        })
    }

    fn parsed<T>(&self, parse: fn(&str) -> Option<T>, code: &'static str, otherwise: impl Fn() -> String) -> Option<T> {
        let Some(text) = self.as_text() else { return self.wrong_as(code, NO_TEXT) };
        parse(text).or_else(|| self.wrong_as(code, &otherwise()))
    }

    /// A positive whole number up to 2^53 − 1, as an id.
    #[must_use]
    pub fn id<T>(&self, parse: fn(u64) -> Option<T>, code: &'static str) -> Option<T> {
        self.whole()
            .and_then(|number| u64::try_from(number).ok())
            .and_then(parse)
            .or_else(|| self.wrong_as(code, "must be a positive whole number, an id"))
    }

    /// A whole number in a range.
    #[must_use]
    pub fn integer(&self, range: RangeInclusive<i64>, code: &'static str) -> Option<i64> {
        let number = self.whole().filter(|number| range.contains(number));
        number.or_else(|| self.wrong_as(code, &format!("must be a whole number from {} to {}", range.start(), range.end())))
    }

    /// Epoch milliseconds.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let millis = self.whole().and_then(|number| u64::try_from(number).ok()).filter(|number| *number <= domain::ids::MAX_ID);
        millis.map(Timestamp).or_else(|| self.wrong("must be a time in epoch milliseconds"))
    }

    /// An amount of at least nothing.
    #[must_use]
    pub fn amount(&self, currency: Currency) -> Option<Money> {
        match Money::parse(self.number("INVALID_AMOUNT")?, currency) {
            Ok(money) if money.minor < 0 => self.wrong_as("INVALID_AMOUNT", "must not be negative"),
            Ok(money) => Some(money),
            Err(AmountError::TooManyDecimals) => {
                self.wrong_as("INVALID_AMOUNT", &format!("has more than the {} decimals of {currency}", currency.decimals()))
            }
            Err(error @ (AmountError::Malformed | AmountError::TooLarge)) => self.wrong_as("INVALID_AMOUNT", &error.to_string()),
        }
    }

    /// An amount of more than nothing.
    #[must_use]
    pub fn positive_amount(&self, currency: Currency) -> Option<Money> {
        let money = self.amount(currency)?;
        if money.is_zero() { self.wrong_as("INVALID_AMOUNT", "must be more than nothing") } else { Some(money) }
    }

    /// A number, as it is written.
    #[must_use]
    pub fn number(&self, code: &'static str) -> Option<&'a str> {
        match self.source {
            Source::Json(Node::Number(text)) => Some(text),
            Source::Text(text) => Some(text),
            Source::Json(_) => self.wrong_as(code, "must be a number"),
        }
    }

    /// A number of at least nothing that is an amount of some currency, to be read as one once it is known of which.
    #[must_use]
    pub fn decimal(&self, code: &'static str) -> Option<Decimal> {
        self.decimal_from(0, "must not be negative", code)
    }

    /// The same, of more than nothing.
    #[must_use]
    pub fn positive_decimal(&self, code: &'static str) -> Option<Decimal> {
        self.decimal_from(1, "must be more than nothing", code)
    }

    fn decimal_from(&self, least: i64, otherwise: &str, code: &'static str) -> Option<Decimal> {
        let text = self.number(code)?;
        // From none to the most decimals that a currency has: what is no amount in any of them is none.
        let kinds = ["JPY", "USD", "TND"].into_iter().filter_map(Currency::parse);
        let read = kinds.map(|currency| Money::parse(text, currency)).reduce(Result::or);
        match read {
            Some(Ok(money)) if money.minor >= least => Some(Decimal::new(text)),
            Some(Ok(_)) => self.wrong_as(code, otherwise),
            Some(Err(error)) => self.wrong_as(code, &error.to_string()),
            None => self.wrong_as(code, "is not a number"),
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        self.boolean_as(self.own_code())
    }

    /// The same, with a code of the contract for what is wrong.
    #[must_use]
    pub fn boolean_as(&self, code: impl Into<Code>) -> Option<bool> {
        match self.source {
            Source::Json(Node::Bool(truth)) => Some(*truth),
            Source::Text("true") => Some(true),
            Source::Text("false") => Some(false),
            Source::Json(_) | Source::Text(_) => self.wrong_as(code, "must be true or false"),
        }
    }

    /// An object's fields.
    #[must_use]
    pub fn fields(&self, code: &'static str) -> Option<Fields<'a>> {
        match self.source {
            Source::Json(Node::Object(members)) => Some(Fields::new(members, self.pointer.clone(), self.errors)),
            Source::Json(_) | Source::Text(_) => self.wrong_as(code, "must be an object"),
        }
    }

    /// The values of an array, each read by `read`; nothing when any of them is wrong.
    #[must_use]
    pub fn list<T>(&self, code: &'static str, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Source::Json(Node::List(nodes)) = self.source else { return self.wrong_as(code, "must be an array") };
        let each = nodes.iter().enumerate().map(|(index, node)| {
            read(Value {
                source: Source::Json(node),
                pointer: format!("{}/{index}", self.pointer),
                name: self.name,
                is_blank: false,
                errors: self.errors,
            })
        });
        // Every value is read before any is missed, so that all that is wrong is noted.
        each.collect::<Vec<_>>().into_iter().collect()
    }

    /// Whether the value is an array of no values.
    #[must_use]
    pub fn is_empty_list(&self) -> bool {
        matches!(self.source, Source::Json(Node::List(nodes)) if nodes.is_empty())
    }

    /// How many values the array has.
    #[must_use]
    pub fn length(&self) -> usize {
        match self.source {
            Source::Json(Node::List(nodes)) => nodes.len(),
            Source::Json(_) | Source::Text(_) => 0,
        }
    }

    /// A whole number, however it is written: `2`, `2.0` and `2e0` are the same number.
    fn whole(&self) -> Option<i64> {
        let text = match self.source {
            Source::Json(Node::Number(text)) => text.as_str(),
            Source::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => text,
            Source::Json(_) | Source::Text(_) => return None,
        };
        text.parse().ok().or_else(|| decimal::units(text, 0, i64::MAX).ok())
    }
}

fn json(node: &Node) -> Json {
    match node {
        Node::Null => Json::Null,
        Node::Bool(truth) => Json::Bool(*truth),
        Node::Number(digits) => digits.parse::<i64>().map_or_else(|_| Json::String(digits.clone()), Json::from),
        Node::Text(text) => Json::String(text.clone()),
        Node::List(nodes) => nodes.iter().map(json).collect(),
        Node::Object(members) => Json::Object(members.iter().map(|(name, node)| (name.clone(), json(node))).collect()),
    }
}

/// The code of a field that is wrong, where the contract has none of its own: `INVALID_` and its name.
#[must_use]
pub fn own_code(name: &str) -> String {
    format!("INVALID_{}", screaming(name))
}

/// `deliveryMethod` as `DELIVERY_METHOD`.
fn screaming(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

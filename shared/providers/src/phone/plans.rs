//! The numbering plans of some countries. All of them together are 245; a shop's customers are in a few.

use prost::Message;
use prost::bytes::Bytes;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberUtil, Region};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// A `PhoneMetadataCollection` as libphonenumber's `phonemetadata.proto` has it, each country still to be read.
#[derive(Message)]
struct Plans {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    all: Vec<Bytes>,
}

/// What a `PhoneMetadata` of that file is of.
#[derive(Message)]
struct Heading {
    #[prost(string, tag = "9")]
    region: String,
    #[prost(int32, tag = "10")]
    calling_code: i32,
}

fn every() -> impl Iterator<Item = (Heading, Bytes)> {
    let plans = Plans::decode(Bytes::from_static(include_bytes!(env!("NUMBERING_PLANS")))).unwrap_or_default();
    plans.all.into_iter().filter_map(|plan| Some((Heading::decode(plan.clone()).ok()?, plan)))
}

/// The calling code of a country that has numbers; satellites and the like are none.
pub(super) fn calling_code(region: Region) -> Option<i32> {
    if region == Region::World {
        return None;
    }
    let heading = every().map(|(heading, _)| heading).find(|heading| Region::from_str(&heading.region) == Ok(region))?;
    (heading.calling_code > 0).then_some(heading.calling_code)
}

/// What knows the plans of all countries with that calling code. It is kept until another is asked for: most numbers of a shop are of
/// its own country.
pub(super) fn of(calling_code: i32) -> Option<Arc<PhoneNumberUtil>> {
    static LAST: Mutex<Option<(i32, Arc<PhoneNumberUtil>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, kept)) = last.as_ref().filter(|(kept, _)| *kept == calling_code) {
        return Some(Arc::clone(kept));
    }
    let read = Arc::new(of_all(|code| code == calling_code)?);
    *last = Some((calling_code, Arc::clone(&read)));
    Some(read)
}

/// What knows the plans of one country and of those that `digits` can be a number of: whose calling code they begin with, or may
/// begin with behind a prefix for calls abroad, which some countries have in several lengths.
pub(super) fn abroad(digits: &str, is_international: bool, home: i32) -> Option<PhoneNumberUtil> {
    let begins = |code: i32, digits: &str| digits.starts_with(&code.to_string());
    if is_international && every().any(|(heading, _)| begins(heading.calling_code, digits)) {
        return of_all(|code| code == home || begins(code, digits));
    }
    of_all(|code| code == home || (0..=LONGEST_PREFIX).filter_map(|at| digits.get(at..)).any(|digits| begins(code, digits)))
}

/// Digits of the longest prefix for calls abroad: Australia's `1466` and the like before `0011`.
const LONGEST_PREFIX: usize = 9;

fn of_all(wanted: impl Fn(i32) -> bool) -> Option<PhoneNumberUtil> {
    let wanted = every().filter(|(heading, _)| wanted(heading.calling_code));
    let metadata = wanted.map(|(_, plan)| PhoneMetadata::decode(plan)).collect::<Result<Vec<_>, _>>().ok()?;
    PhoneNumberUtil::new_for_metadata(PhoneMetadataCollection { metadata }).ok()
}

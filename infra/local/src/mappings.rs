//! What `template.yaml` says of what sets functions off: the filters that decide which records of a stream one gets, and
//! how often a schedule runs.

use crate::emulators::filter::{Filter, FilterError};
use serde_norway::Value;
use std::time::Duration;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The template says something that this can't read.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// It is no YAML.
    #[error("template.yaml: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// A mapping has no filter.
    #[error("template.yaml: {0} has no filter")]
    NoFilter(&'static str),
    /// A schedule has no rate that this can read.
    #[error("template.yaml: {0} has no schedule such as `rate(15 minutes)`")]
    NoRate(String),
    /// A filter is none.
    #[error("template.yaml: {0}: {1}")]
    Filter(&'static str, FilterError),
}

/// The filters of a mapping.
pub fn filters(mapping: &'static str) -> Result<Vec<Filter>, MappingError> {
    let template: Value = serde_norway::from_str(TEMPLATE)?;
    let filters = template["Resources"][mapping]["Properties"]["FilterCriteria"]["Filters"].as_sequence();
    let patterns = filters.into_iter().flatten().filter_map(|filter| filter["Pattern"].as_str());
    let filters = patterns.map(Filter::parse).collect::<Result<Vec<_>, _>>().map_err(|error| MappingError::Filter(mapping, error))?;
    if filters.is_empty() { Err(MappingError::NoFilter(mapping)) } else { Ok(filters) }
}

/// How often a schedule runs. `cancel-unpaid-orders` is the function `CancelUnpaidOrdersFunction`.
pub fn rate(schedule: &str) -> Result<Duration, MappingError> {
    let template: Value = serde_norway::from_str(TEMPLATE)?;
    let parts = schedule.split('-').map(|part| part[..1].to_uppercase() + &part[1..]);
    let function = parts.collect::<String>() + "Function";
    let event = &template["Resources"][function.as_str()]["Properties"]["Events"]["Schedule"]["Properties"]["Schedule"];
    event.as_str().and_then(read_rate).ok_or(MappingError::NoRate(function))
}

/// `rate(15 minutes)`
fn read_rate(expression: &str) -> Option<Duration> {
    let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "minute" | "minutes" => Some(Duration::from_mins(number)),
        "hour" | "hours" => Some(Duration::from_hours(number)),
        "day" | "days" => Some(Duration::from_hours(24 * number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_has_a_rate() {
        for schedule in functions::SCHEDULES {
            assert!(rate(schedule).unwrap() >= Duration::from_mins(1), "{schedule}");
        }
        assert_eq!(read_rate("rate(1 minute)"), Some(Duration::from_mins(1)));
        assert_eq!(read_rate("cron(0 12 * * ? *)"), None);
        assert_eq!(
            rate("nothing-there").unwrap_err().to_string(),
            "template.yaml: NothingThereFunction has no schedule such as `rate(15 minutes)`"
        );
    }
}

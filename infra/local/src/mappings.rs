//! What `template.yaml` says of its event source mappings: the filters that decide which records a function gets.

use crate::emulators::filter::{Filter, FilterError};
use serde_norway::Value;

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

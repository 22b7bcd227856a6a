//! How the pages write what the templates print.

use domain::time::Timestamp;
use handlebars::handlebars_helper;
use jiff::tz::TimeZone;
use serde_json::Value;

handlebars_helper!(same: |a: Value, b: Value| a == b);

/// `Sat 22 Nov, 14:05:09`
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    let at = i64::try_from(at.0).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()).unwrap_or_default();
    zone.to_datetime(at).strftime("%a %-d %b, %H:%M:%S").to_string()
}

/// JSON over several lines; anything else as it is.
pub fn pretty(body: &str) -> String {
    let value = serde_json::from_str::<Value>(body);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| body.to_owned())
}

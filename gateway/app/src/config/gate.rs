//! `[gate]`

use gateway_domain::gate::GatePolicy;
use gateway_domain::quiet_hours::SendingWindow;
use jiff::SignedDuration;
use jiff::civil::Time;
use serde::Deserialize;

use super::ConfigError;

/// The hospital's rules for sending.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateSection {
    /// First minute in which sending is allowed.
    pub(crate) opens: String,
    /// First minute in which it no longer is.
    pub(crate) closes: String,
    /// Zone of people whose address tells none.
    pub(crate) default_time_zone: Option<String>,
    /// How old the copy of a record may be.
    pub(crate) freshness: String,
    /// Younger people are not written to.
    pub(crate) adult_age: u8,
    /// Most messages to one person in a day.
    pub(crate) per_day: u32,
    /// Most messages to one person in seven days.
    pub(crate) per_week: u32,
    /// Holds every message.
    pub(crate) stopped: bool,
}

impl GateSection {
    /// As the gate takes it.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn policy(&self) -> Result<GatePolicy, ConfigError> {
        let time = |key: &str, text: &str| {
            text.parse::<Time>()
                .map_err(|_| ConfigError::key(format!("gate.{key}"), format!("`{text}` is no time of day (for example `08:00`)")))
        };
        let window = SendingWindow::new(time("opens", &self.opens)?, time("closes", &self.closes)?)
            .ok_or_else(|| ConfigError::key("gate.opens", "must be earlier than `closes`"))?;
        if let Some(zone) = &self.default_time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            return Err(ConfigError::key(
                "gate.default_time_zone",
                format!("`{zone}` is no IANA time zone (for example `America/Chicago`)"),
            ));
        }
        Ok(GatePolicy {
            sending_window: window,
            default_time_zone: self.default_time_zone.clone(),
            freshness: duration("gate.freshness", &self.freshness)?,
            adult_age: self.adult_age,
            per_day: self.per_day,
            per_week: self.per_week,
            stopped: self.stopped,
        })
    }
}

/// Reads `30s`, `5m`, `24h`; more than nothing, at most a year.
pub(super) fn duration(key: &str, text: &str) -> Result<SignedDuration, ConfigError> {
    text.parse::<SignedDuration>()
        .ok()
        .filter(|duration| duration.is_positive() && *duration <= SignedDuration::from_hours(24 * 365))
        .ok_or_else(|| ConfigError::key(key, format!("`{text}` is no duration (for example `30s`, `5m` or `24h`)")))
}

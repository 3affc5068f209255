//! Log lines: ids and counts, never what a record says.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{ConfigError, LogFormat, LogSection};

/// Starts logging to standard error.
///
/// # Errors
/// [`ConfigError::Key`] where `log.level` is no directive.
pub(crate) fn start(section: &LogSection) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&section.level).map_err(|error| {
        ConfigError::key("log.level", format!("expected a level such as `info`, or directives such as `info,gateway_sync=debug`: {error}"))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    // A second start, as in tests, keeps the first.
    let _ = match section.format {
        LogFormat::Text => builder.with_ansi(crate::progress::is_watched()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}

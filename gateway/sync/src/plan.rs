//! How a run reads: a pure decision.

use std::time::Duration;

use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::{EhrCapabilities, ExportLevel};
use jiff::Timestamp;

/// How a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPlan {
    pub strategy: SyncStrategy,
    /// Only what changed at or after this moment, by the server's clock.
    pub since: Option<Timestamp>,
    /// Whose data an export is asked for.
    pub level: ExportLevel,
}

/// Decides how to read. A run that is open goes on as it began. Without a complete run before, everything is read, by export where
/// the server has it. Later runs search by `_lastUpdated` where every wanted type can be, because that costs one request a type;
/// else they export or read everything anew. `None` where the server offers no way.
///
/// What is asked for begins `overlap` before the last complete moment: commits and their time stamps come in different orders.
pub fn plan(
    capabilities: &EhrCapabilities,
    types: &[String],
    open: Option<SyncStrategy>,
    complete_until: Option<Timestamp>,
    full: bool,
    level: Option<&ExportLevel>,
    overlap: Duration,
) -> Option<SyncPlan> {
    let offered =
        if capabilities.system_export { Some(ExportLevel::System) } else { capabilities.patient_export.then_some(ExportLevel::Patient) };
    let level = level.cloned().or(offered);
    let searched: Vec<&String> = types.iter().filter(|it| capabilities.searches(it)).collect();
    let by_time = !searched.is_empty() && searched.iter().all(|it| capabilities.searches_by_last_updated(it));
    let since = complete_until.map(|it| it.checked_sub(overlap).unwrap_or(Timestamp::MIN));
    let everything = || match (&level, searched.is_empty()) {
        (Some(_), _) => Some(SyncStrategy::BulkFull),
        (None, false) => Some(SyncStrategy::SearchFull),
        (None, true) => None,
    };
    let strategy = match open {
        Some(strategy) => strategy,
        None if full || since.is_none() => everything()?,
        None if by_time => SyncStrategy::SearchSince,
        None if level.is_some() => SyncStrategy::BulkSince,
        None => everything()?,
    };
    let partial = matches!(strategy, SyncStrategy::BulkSince | SyncStrategy::SearchSince);
    Some(SyncPlan { strategy, since: since.filter(|_| partial), level: level.unwrap_or(ExportLevel::System) })
}

#[cfg(test)]
mod tests {
    use gateway_ports::ehr::TypeCapabilities;

    use super::*;

    fn server(export: bool, search: bool, last_updated: bool) -> EhrCapabilities {
        let parameters = last_updated.then(|| "_lastUpdated".to_owned()).into_iter().collect();
        let patient = TypeCapabilities { search, read: true, history: false, parameters, refusal: None };
        EhrCapabilities { system_export: export, types: [("Patient".to_owned(), patient)].into(), ..EhrCapabilities::default() }
    }

    fn strategy(server: &EhrCapabilities, complete: bool, full: bool) -> Option<SyncStrategy> {
        let until = complete.then_some(Timestamp::UNIX_EPOCH);
        plan(server, &["Patient".to_owned()], None, until, full, None, Duration::from_mins(5)).map(|it| it.strategy)
    }

    #[test]
    fn the_first_run_reads_everything_by_export_where_there_is_one() {
        assert_eq!(strategy(&server(true, true, true), false, false), Some(SyncStrategy::BulkFull));
        assert_eq!(strategy(&server(false, true, true), false, false), Some(SyncStrategy::SearchFull));
        assert_eq!(strategy(&server(false, false, false), false, false), None);
    }

    #[test]
    fn later_runs_take_the_cheapest_way_that_misses_nothing() {
        assert_eq!(strategy(&server(true, true, true), true, false), Some(SyncStrategy::SearchSince));
        assert_eq!(strategy(&server(true, true, false), true, false), Some(SyncStrategy::BulkSince));
        assert_eq!(strategy(&server(false, true, false), true, false), Some(SyncStrategy::SearchFull));
        assert_eq!(strategy(&server(true, true, true), true, true), Some(SyncStrategy::BulkFull));
    }

    #[test]
    fn a_later_run_begins_before_the_last_one_ended() {
        let plan = plan(
            &server(true, true, true),
            &["Patient".to_owned()],
            None,
            Some(Timestamp::UNIX_EPOCH),
            false,
            None,
            Duration::from_mins(5),
        );
        assert_eq!(plan.unwrap().since, Timestamp::from_second(-300).ok());
    }
}

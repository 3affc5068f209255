//! How a source is read: a pure choice from what it can do and what was read before.

use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::{EhrCapabilities, ExportLevel};
use jiff::{SignedDuration, Timestamp};

/// How a run goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In what way.
    pub strategy: SyncStrategy,
    /// Level of the export, for the bulk strategies.
    pub level: ExportLevel,
    /// Types to be searched: all of them for the search strategies, those an export of patients leaves out for the bulk ones.
    pub searched: Vec<String>,
    /// Only what changed since.
    pub since: Option<Timestamp>,
}

/// Types that belong to no patient, so that an export of patients may leave them out.
const BESIDE_PATIENTS: [&str; 4] = ["Organization", "Practitioner", "PractitionerRole", "Location"];

/// Chooses. `complete_until` is the end of what was read completely; `overlap` is read again, because servers commit out of order.
pub fn choose(
    capabilities: &EhrCapabilities,
    types: &[String],
    complete_until: Option<Timestamp>,
    full: bool,
    overlap: SignedDuration,
) -> Plan {
    let exports = capabilities.system_export || capabilities.patient_export;
    let since = complete_until.filter(|_| !full).map(|until| until.checked_sub(overlap).unwrap_or(Timestamp::MIN));
    let every_type_by_time =
        types.iter().filter(|name| capabilities.searches(name)).all(|name| capabilities.searches_by_last_updated(name));
    let any_search = types.iter().any(|name| capabilities.searches(name));
    let strategy = match (since, exports) {
        (Some(_), _) if any_search && every_type_by_time => SyncStrategy::SearchSince,
        (Some(_), true) => SyncStrategy::BulkSince,
        (None, true) => SyncStrategy::BulkFull,
        (_, false) => SyncStrategy::SearchFull,
    };
    with_strategy(strategy, capabilities, types, since)
}

/// The plan of a strategy that is given, as when an interrupted run goes on.
pub fn with_strategy(strategy: SyncStrategy, capabilities: &EhrCapabilities, types: &[String], since: Option<Timestamp>) -> Plan {
    let level = if capabilities.system_export || !capabilities.patient_export { ExportLevel::System } else { ExportLevel::Patient };
    let bulk = matches!(strategy, SyncStrategy::BulkFull | SyncStrategy::BulkSince);
    let searched = types
        .iter()
        .filter(|name| capabilities.searches(name))
        .filter(|name| !bulk || (level == ExportLevel::Patient && BESIDE_PATIENTS.contains(&name.as_str())))
        .cloned()
        .collect();
    let since = since.filter(|_| matches!(strategy, SyncStrategy::BulkSince | SyncStrategy::SearchSince));
    Plan { strategy, level, searched, since }
}

#[cfg(test)]
mod tests {
    use gateway_ports::ehr::TypeCapabilities;

    use super::*;

    fn types() -> Vec<String> {
        ["Organization", "Patient", "Observation"].map(str::to_owned).to_vec()
    }

    fn capabilities(system: bool, patient: bool, by_time: bool) -> EhrCapabilities {
        let parameters = if by_time { ["_lastUpdated".to_owned()].into() } else { std::collections::BTreeSet::new() };
        let each = TypeCapabilities { search: true, read: true, history: false, parameters };
        EhrCapabilities {
            system_export: system,
            patient_export: patient,
            types: types().into_iter().map(|name| (name, each.clone())).collect(),
            ..EhrCapabilities::default()
        }
    }

    fn chosen(capabilities: &EhrCapabilities, before: bool, full: bool) -> Plan {
        let until = before.then(|| Timestamp::from_second(1_000_000).unwrap());
        choose(capabilities, &types(), until, full, SignedDuration::from_mins(5))
    }

    #[test]
    fn the_first_time_everything_is_exported() {
        let plan = chosen(&capabilities(true, true, true), false, false);
        assert_eq!((plan.strategy, plan.level, plan.since), (SyncStrategy::BulkFull, ExportLevel::System, None));
        assert!(plan.searched.is_empty());
    }

    #[test]
    fn an_export_of_patients_is_completed_by_a_search_for_organizations() {
        let plan = chosen(&capabilities(false, true, true), false, false);
        assert_eq!((plan.level, plan.searched), (ExportLevel::Patient, vec!["Organization".to_owned()]));
    }

    #[test]
    fn changes_are_searched_for_with_an_overlap() {
        let plan = chosen(&capabilities(true, true, true), true, false);
        assert_eq!(plan.strategy, SyncStrategy::SearchSince);
        assert_eq!(plan.since, Some(Timestamp::from_second(1_000_000 - 300).unwrap()));
    }

    #[test]
    fn a_server_that_can_t_be_searched_by_time_exports_its_changes_or_is_read_whole() {
        assert_eq!(chosen(&capabilities(true, true, false), true, false).strategy, SyncStrategy::BulkSince);
        let whole = chosen(&capabilities(false, false, false), true, false);
        assert_eq!((whole.strategy, whole.since, whole.searched.len()), (SyncStrategy::SearchFull, None, 3));
    }

    #[test]
    fn a_full_read_forgets_what_was_read_before() {
        assert_eq!(chosen(&capabilities(true, true, true), true, true).strategy, SyncStrategy::BulkFull);
        assert_eq!(chosen(&capabilities(false, false, true), true, true).strategy, SyncStrategy::SearchFull);
    }
}

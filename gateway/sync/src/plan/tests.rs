use gateway_ports::ehr::TypeCapabilities;

use super::*;

const NOW: &str = "2026-11-23T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A type that can be searched, with these parameters.
fn searched(history: bool, parameters: &[&str]) -> TypeCapabilities {
    let parameters = parameters.iter().map(|it| (*it).to_owned()).collect();
    TypeCapabilities { search: true, read: true, history, parameters, refusal: None, narrow: false }
}

fn refused() -> TypeCapabilities {
    TypeCapabilities { read: true, refusal: Some("status 400".to_owned()), narrow: true, ..TypeCapabilities::default() }
}

fn server<const N: usize>(export: bool, types: [(&str, TypeCapabilities); N]) -> EhrCapabilities {
    let types = types.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    EhrCapabilities { system_export: export, stated: true, types, ..EhrCapabilities::default() }
}

fn settings() -> PlanSettings {
    PlanSettings {
        full: false,
        now: false,
        export: ExportChoice::Offered,
        overlap: Duration::from_mins(5),
        refresh: Duration::from_hours(1),
        reconcile: Duration::from_hours(24),
    }
}

/// A type that was read and compared so long ago.
fn read(name: &str, ago: Duration) -> (String, TypeCursor) {
    let then = at(NOW).checked_sub(ago).unwrap();
    let cursor = TypeCursor { complete_until: Some(then), read_at: Some(then), whole_at: Some(then), ..TypeCursor::new(name) };
    (name.to_owned(), cursor)
}

fn steps<const N: usize>(server: &EhrCapabilities, cursors: [(String, TypeCursor); N], settings: &PlanSettings) -> Vec<Step> {
    let types: Vec<String> = ["Patient", "Condition"].map(str::to_owned).into();
    let held = types.iter().map(|it| (it.clone(), 100_000)).collect();
    plan(server, &types, &cursors.into(), &held, settings, at(NOW))
}

fn words(steps: &[Step]) -> Vec<String> {
    let one = |step: &Step| match step {
        Step::Export { types, since, .. } => format!("export{} {}", if since.is_some() { " changes" } else { "" }, types.join(" ")),
        Step::Search { resource_type, since, history, .. } => {
            format!("{}{} {resource_type}", if since.is_some() { "changes" } else { "all" }, if *history { " and history" } else { "" })
        }
        Step::Crawl { resource_type, parameter } => format!("crawl {resource_type} by {parameter}"),
        Step::Ids { resource_type } => format!("ids {resource_type}"),
    };
    steps.iter().map(one).collect()
}

#[test]
fn the_first_run_exports_where_the_server_does_and_searches_where_not() {
    let types = || [("Patient", searched(true, &["_lastUpdated"])), ("Condition", searched(true, &["_lastUpdated"]))];
    let exports = server(true, types());
    assert_eq!(words(&steps(&exports, [], &settings())), ["export Patient Condition"]);
    assert_eq!(words(&steps(&server(false, types()), [], &settings())), ["all Patient", "all Condition"]);
    let off = PlanSettings { export: ExportChoice::Off, ..settings() };
    assert_eq!(words(&steps(&exports, [], &off)), ["all Patient", "all Condition"]);
    assert_eq!(words(&steps(&server(false, []), [], &settings())), [""; 0]);
}

#[test]
fn a_later_run_asks_for_changes_and_begins_before_the_last_one_ended() {
    let server = server(true, [("Patient", searched(true, &["_lastUpdated"])), ("Condition", searched(true, &["_lastUpdated"]))]);
    let ago = Duration::from_mins(1);
    let steps = steps(&server, [read("Patient", ago), read("Condition", ago)], &settings());
    assert_eq!(words(&steps), ["changes and history Patient", "changes and history Condition"]);
    assert!(matches!(&steps[0], Step::Search { since: Some(since), .. } if *since == at("2026-11-23T11:54:00Z")));
    assert_eq!(strategy(&steps), SyncStrategy::SearchSince);
}

#[test]
fn each_type_is_read_by_the_way_that_suits_it() {
    // As Epic: nothing by time, and most types only for one patient at a time.
    let server = server(true, [("Patient", refused()), ("Condition", refused())]);
    let day = Duration::from_hours(25);
    assert_eq!(words(&steps(&server, [], &settings())), ["export Patient Condition"]);
    let off = PlanSettings { export: ExportChoice::Level(ExportLevel::Group("g".to_owned())), ..settings() };
    assert_eq!(words(&steps(&server, [read("Patient", day), read("Condition", day)], &off)), ["export Patient Condition"]);
    let hours = Duration::from_hours(2);
    assert_eq!(words(&steps(&server, [read("Patient", hours), read("Condition", hours)], &off)), ["export changes Patient Condition"]);

    let mixed = self::server(false, [("Patient", searched(false, &["_lastUpdated"])), ("Condition", refused())]);
    assert_eq!(words(&steps(&mixed, [], &settings())), ["all Patient", "crawl Condition by patient"]);
    let later = steps(&mixed, [read("Patient", day), read("Condition", hours)], &settings());
    assert_eq!(words(&later), ["changes Patient", "crawl Condition by patient", "ids Patient"]);
    assert_eq!(strategy(&later), SyncStrategy::Mixed);
}

#[test]
fn what_is_dear_is_done_from_time_to_time_and_at_once_where_someone_asks() {
    let server = server(false, [("Patient", searched(false, &["_lastUpdated"])), ("Condition", searched(false, &[]))]);
    let cursors = || [read("Patient", Duration::from_mins(20)), read("Condition", Duration::from_mins(20))];
    assert_eq!(words(&steps(&server, cursors(), &settings())), ["changes Patient"]);
    let now = PlanSettings { now: true, ..settings() };
    assert_eq!(
        words(&steps(&server, cursors(), &now)),
        ["changes Patient", "all Condition"],
        "100,000 ids are too many to compare at a word"
    );
    let full = PlanSettings { full: true, ..settings() };
    assert_eq!(words(&steps(&server, cursors(), &full)), ["all Patient", "all Condition"]);
}

#[test]
fn a_small_type_is_looked_through_more_often() {
    let day = Duration::from_hours(24);
    assert_eq!(scaled(day, 1_000_000), day);
    assert_eq!(scaled(day, 1_000), Duration::from_secs(864));
    assert_eq!(scaled(day, 0), Duration::from_mins(1));
}

#[test]
fn what_is_refused_is_tried_in_another_way_until_none_is_left() {
    let mut server = server(false, [("Condition", searched(false, &["_lastUpdated", "subject"]))]);
    let first = Step::Search { resource_type: "Condition".to_owned(), since: Some(at(NOW)), history: true, sorted: true };
    let unsorted = in_place_of(&first, &server);
    let whole = in_place_of(&unsorted[0], &server);
    assert_eq!(words(&whole), ["all Condition"]);
    if let Some(condition) = server.types.get_mut("Condition") {
        (condition.search, condition.narrow) = (false, true);
    }
    let crawl = in_place_of(&whole[0], &server);
    assert_eq!(words(&crawl), ["crawl Condition by subject"]);
    assert!(in_place_of(&crawl[0], &server).is_empty());
    let export = Step::Export { types: vec!["Condition".to_owned()], level: ExportLevel::System, since: None };
    assert_eq!(words(&in_place_of(&export, &server)), ["crawl Condition by subject"]);
}

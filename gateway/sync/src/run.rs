//! A run, step by step. A step that the server refuses is tried in another way; a type that can't be read in any is left out and told,
//! and its cursor stays where it is. Without the patients there is no run.

use std::collections::BTreeMap;

use gateway_domain::source::SyncRunStatus;
use gateway_domain::source::TypeCursor;
use gateway_ports::ehr::{Ehr, EhrCapabilities, EhrError, EhrErrorKind, ExportLevel, SearchRequest};
use jiff::Timestamp;

use crate::error::SyncError;
use crate::intake::Intake;
use crate::plan::{ExportChoice, Step, in_place_of, strategy};
use crate::worker::{SyncFeed, SyncOptions};
use crate::{bulk, crawl, search, sweep};

/// The type without which nothing is complete.
const PEOPLE: &str = "Patient";

/// An export as `bulk` takes it.
pub(crate) struct ExportPlan {
    pub(crate) types: Vec<String>,
    pub(crate) level: ExportLevel,
    pub(crate) since: Option<Timestamp>,
}

/// What is known of a source when a run begins.
pub(crate) struct Known {
    /// How far each type is read.
    pub(crate) cursors: BTreeMap<String, TypeCursor>,
    /// How many resources of each type are held.
    pub(crate) held: BTreeMap<String, u64>,
}

/// Does what the run has left to do, and ends it.
pub(crate) async fn make(
    feed: &SyncFeed,
    intake: &mut Intake<'_>,
    capabilities: &mut EhrCapabilities,
    known: &Known,
    options: &SyncOptions,
    note: bool,
) -> Result<(), SyncError> {
    while let Some(step) = intake.state.steps.get(intake.state.at).cloned() {
        match perform(feed, intake, capabilities, known, &step, options).await {
            Ok(until) => done(intake, &step, until),
            Err(error) => pass_over(intake, capabilities, &step, options, error)?,
        }
        intake.place = None;
        intake.save_state().await?;
    }
    sweep::sweep(&feed.ehr, intake, capabilities, &known.held, options).await?;
    let now = intake.clock.now();
    let cursors = cursors_after(intake, known, feed.reader.types(), now);
    let until = cursors.values().filter(|it| it.problem.is_none()).filter_map(|it| it.complete_until).min();
    if intake.run.is_some() || note {
        let changed: Vec<TypeCursor> =
            cursors.into_iter().filter(|(name, it)| known.cursors.get(name) != Some(it)).map(|it| it.1).collect();
        intake.store.save_cursors(intake.source.id, &changed).await?;
    }
    // Before the run ends: after a crash in between, nobody would know the jobs any more. All of them is read and noted as read.
    for job in std::mem::take(&mut intake.state.jobs) {
        bulk::end(&*feed.ehr, &job).await;
    }
    if intake.run.is_some() {
        let whole = intake.state.until.values().all(Option::is_some);
        intake.finish(SyncRunStatus::Complete, until.filter(|_| whole)).await?;
    } else if note {
        intake.store.note_unchanged(intake.source.id, until, now).await?;
    }
    Ok(())
}

/// Does a step; the moment up to which its types are complete.
async fn perform(
    feed: &SyncFeed,
    intake: &mut Intake<'_>,
    capabilities: &mut EhrCapabilities,
    known: &Known,
    step: &Step,
    options: &SyncOptions,
) -> Result<Option<Timestamp>, SyncError> {
    let ehr: &dyn Ehr = &*feed.ehr;
    match step {
        Step::Export { types, level, since } => {
            let plan = ExportPlan { types: types.clone(), level: level.clone(), since: *since };
            let (job, until) = bulk::read(ehr, intake, &plan, options, &known.held).await?;
            intake.state.jobs.insert(job);
            if until.is_none() {
                intake.warn("the export does not say up to which moment it is complete, so the next run reads everything again".to_owned());
            }
            Ok(until)
        }
        Step::Search { resource_type, since, history, sorted } => {
            if let (Some(since), true, None) = (since, history, &intake.place) {
                // Before the search: what was deleted and made anew is found by it again.
                match search::read_deletions(ehr, intake, resource_type, *since).await {
                    Err(SyncError::Ehr(error)) if !error.may_retry() => {
                        intake.warn(format!("its history is not used any more: {error}"));
                        if let Some(found) = capabilities.types.get_mut(resource_type) {
                            found.history = false;
                        }
                    }
                    other => other?,
                }
            }
            let request = SearchRequest {
                resource_type: resource_type.clone(),
                since: *since,
                sorted: *sorted,
                page_size: options.page_size,
                ..SearchRequest::default()
            };
            Ok(Some(search::read(ehr, intake, request).await?))
        }
        Step::Crawl { resource_type, parameter } => {
            let began = intake.clock.now();
            crawl::read(&feed.ehr, intake, resource_type, parameter, options).await?;
            Ok(Some(began))
        }
        Step::Ids { resource_type } => {
            let request = SearchRequest {
                resource_type: resource_type.clone(),
                ids_only: true,
                page_size: options.page_size,
                ..SearchRequest::default()
            };
            Ok(Some(search::read(ehr, intake, request).await?))
        }
    }
}

fn done(intake: &mut Intake<'_>, step: &Step, until: Option<Timestamp>) {
    for resource_type in step.types() {
        if step.reads() {
            intake.state.until.insert(resource_type.clone(), until);
        }
        if step.is_whole() {
            intake.state.whole.insert(resource_type.clone());
        }
    }
    intake.state.at += 1;
}

/// Puts another way in the place of a step that the server refused; where there is none, notes the problem of its types.
fn pass_over(
    intake: &mut Intake<'_>,
    capabilities: &mut EhrCapabilities,
    step: &Step,
    options: &SyncOptions,
    error: SyncError,
) -> Result<(), SyncError> {
    let SyncError::Ehr(refused) = &error else { return Err(error) };
    if refused.may_retry() {
        return Err(error);
    }
    let reason = refused.to_string();
    let is_export = matches!(step, Step::Export { .. });
    // A search would bring more than the operator asked for.
    let is_chosen = options.export != ExportChoice::Offered || !options.type_filters.is_empty();
    if is_export && is_chosen {
        return Err(error);
    }
    forget(capabilities, step, refused);
    let others = if is_export || refused.kind == EhrErrorKind::Unsupported { in_place_of(step, capabilities) } else { Vec::new() };
    if !others.is_empty() {
        tracing::info!(source = %intake.source.name, error = %reason, "A way to read was refused; another is taken");
        if is_export {
            intake.warn(format!("its export can't be used, so it is read by search: {reason}"));
        }
        let at = intake.state.at;
        intake.state.steps.splice(at..=at, others);
        if intake.run.is_none() {
            intake.strategy = strategy(&intake.state.steps);
        }
        return Ok(());
    }
    if step.reads() && step.types().iter().any(|it| it == PEOPLE) {
        return Err(error);
    }
    for resource_type in step.types() {
        intake.warn(format!("{resource_type} is not up to date: {reason}"));
        if step.reads() {
            intake.state.problems.insert(resource_type.clone(), refused.reason.clone());
        }
    }
    intake.state.at += 1;
    Ok(())
}

/// Takes out of what a server can do what it has just refused.
fn forget(capabilities: &mut EhrCapabilities, step: &Step, refused: &EhrError) {
    match step {
        Step::Export { .. } => {
            (capabilities.system_export, capabilities.patient_export, capabilities.group_export) = (false, false, false);
        }
        Step::Search { sorted: true, .. } | Step::Crawl { .. } | Step::Ids { .. } => {}
        Step::Search { resource_type, since, .. } => {
            if let Some(found) = capabilities.types.get_mut(resource_type) {
                found.parameters.remove("_lastUpdated");
                if since.is_none() {
                    found.search = false;
                    found.refusal = Some(refused.reason.clone());
                    found.narrow = refused.kind == EhrErrorKind::Unsupported;
                }
            }
        }
    }
}

/// How far each type is read after the run.
fn cursors_after(intake: &Intake<'_>, known: &Known, types: &[String], now: Timestamp) -> BTreeMap<String, TypeCursor> {
    let mut cursors = known.cursors.clone();
    for resource_type in types {
        let state = &intake.state;
        let cursor = cursors.entry(resource_type.clone()).or_insert_with(|| TypeCursor::new(resource_type));
        if let Some(until) = state.until.get(resource_type) {
            cursor.complete_until = *until;
            cursor.read_at = Some(now);
            cursor.problem = None;
        }
        if state.whole.contains(resource_type) && intake.strategy.shows_what_is_gone() {
            cursor.whole_at = Some(now);
        }
        if let Some(problem) = state.problems.get(resource_type) {
            cursor.problem = Some(problem.clone());
        }
    }
    cursors.retain(|name, it| types.contains(name) && *it != TypeCursor::new(name));
    cursors
}

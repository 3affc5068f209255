//! Serving what waits: gaps are filled, resources read by id and applied as a run of its own kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::source::{SyncCounts, SyncRunStatus, SyncStrategy};
use gateway_ports::ehr::{Ehr, EhrError, ExportLevel, ExportLine};
use gateway_ports::push::Hint;
use gateway_ports::store::StoreError;
use gateway_ports::store::push::PushNote;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event_numbers::EventNumbers;
use super::queue::{Heard, HintQueue};
use crate::checkpoint::RunState;
use crate::error::SyncError;
use crate::intake::Intake;
use crate::plan::ExportChoice;
use crate::progress::Quiet;
use crate::worker::{SyncFeed, SyncOptions, SyncWorker};

/// Reads by id that are under way at a time.
const MOST_READS: usize = 8;
/// Hints that are read and applied as one piece.
const PIECE: usize = 200;

/// What serving came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// Something in the model changed.
    pub(crate) changed: bool,
    /// A run of the usual kind is due now.
    pub(crate) poll: bool,
    /// Another gateway is at it; what waits is to be tried again in a moment.
    pub(crate) busy: bool,
}

impl SyncWorker {
    /// Serves what waits for a source. What goes wrong on the way becomes a reason to poll.
    pub(crate) async fn serve_hints(&self, feed: &SyncFeed, options: &SyncOptions, queue: &HintQueue) -> Served {
        let waiting = queue.take();
        let mut served = Served { poll: waiting.poll, ..Served::default() };
        let mut hints = waiting.hints;
        for (subscription, heard) in waiting.heard {
            match self.hear(queue, subscription, heard).await {
                Ok(found) => {
                    served.poll |= found.vague;
                    let now = Instant::now();
                    for hint in found.hints {
                        hints.entry(hint).or_insert(now);
                    }
                }
                Err(error) => {
                    tracing::warn!(source = %feed.source, %error, "What a server told of could not be noted");
                    served.poll = true;
                }
            }
        }
        let wanted: BTreeSet<&str> = feed.reader.types().iter().map(String::as_str).collect();
        let told = hints.len();
        hints.retain(|hint, _| wanted.contains(hint.resource_type.as_str()));
        served.poll |= hints.len() < told;
        // A source that is read for one group must not grow by what is outside of it.
        if matches!(options.export, ExportChoice::Level(ExportLevel::Group(_))) && !hints.is_empty() {
            hints.clear();
            served.poll = true;
        }
        while !hints.is_empty() {
            let rest = hints.keys().nth(PIECE).cloned().map(|first| hints.split_off(&first)).unwrap_or_default();
            let piece = std::mem::replace(&mut hints, rest);
            match self.serve_piece(feed, &piece).await {
                Ok(Piece::Applied { changed, incomplete }) => {
                    served.changed |= changed;
                    served.poll |= incomplete;
                    let now = Instant::now();
                    for since in piece.values() {
                        metrics::histogram!("push_hint_seconds").record(now.duration_since(*since).as_secs_f64());
                    }
                }
                Ok(Piece::NotNow) => {
                    served.poll = true;
                    return served;
                }
                Err(SyncError::Store(StoreError::Conflict { .. })) => {
                    hints.extend(piece);
                    queue.put_back(hints);
                    return Served { busy: true, ..served };
                }
                Err(error) => {
                    tracing::warn!(source = %feed.source, %error, "What a server told of could not be applied; everything is asked for");
                    served.poll = true;
                }
            }
        }
        served
    }

    /// Keeps account of a subscription's events, and fetches those that are missing.
    async fn hear(&self, queue: &HintQueue, id: PushSubscriptionId, heard: Heard) -> Result<Found, StoreError> {
        let Some(subscription) = queue.store.push_subscription(id).await? else { return Ok(Found::default()) };
        let mut found = Found::default();
        let mut note = PushNote { notifications: heard.notifications, heard_at: heard.at, ..PushNote::default() };
        let numbered = {
            let mut all = queue.numbers.lock().await;
            let numbers = all.entry(id).or_insert_with(|| EventNumbers::through(subscription.last_event));
            if let Some(begun) = heard.begun {
                *numbers = EventNumbers::through(Some(begun));
                note.renumbered = true;
            }
            let fresh = numbers.last().is_none();
            heard.events.iter().for_each(|it| numbers.heard(*it));
            if let Some(counted) = heard.counted {
                if numbers.last().is_some_and(|last| counted < last) {
                    // The server began to count anew.
                    *numbers = EventNumbers::through(Some(counted));
                    note.renumbered = true;
                    found.vague = true;
                }
                numbers.counted(counted);
            }
            // What was before we ever listened is polled, not missing.
            if fresh && numbers.gap().is_some() {
                numbers.healed();
                found.vague = true;
            }
            let gap = numbers.gap();
            numbers.healed();
            (gap, numbers.last().filter(|_| !heard.events.is_empty() || heard.counted.is_some() || heard.begun.is_some()))
        };
        note.last_event = numbered.1;
        if let Some(gap) = numbered.0 {
            note.gaps = 1;
            metrics::counter!("push_gaps_total").increment(1);
            match self.fetch_missing(queue, subscription.remote_id.as_deref(), *gap.start(), *gap.end()).await {
                Ok(events) => {
                    found.hints = events.hints;
                    found.vague |= events.vague;
                }
                Err(error) => {
                    tracing::info!(%error, "Events that were missed can't be had; everything is asked for");
                    found.vague = true;
                }
            }
        }
        queue.store.note_push(id, &note).await?;
        if heard.look_after {
            queue.store.expedite_push_subscription(id, self.clock.now()).await?;
            queue.attention.notify_one();
        }
        Ok(found)
    }

    async fn fetch_missing(&self, queue: &HintQueue, remote_id: Option<&str>, first: u64, last: u64) -> Result<Found, EhrError> {
        /// More than these are not worth a list.
        const MOST_MISSING: u64 = 1_000;
        let (Some(remote_id), true) = (remote_id, last - first < MOST_MISSING) else {
            return Ok(Found { vague: true, ..Found::default() });
        };
        let answer = queue.server.events(remote_id, first, last).await?;
        let all_there = (first..=last).all(|it| answer.events.contains(&it));
        Ok(Found { hints: answer.hints, vague: answer.vague || !all_there })
    }

    async fn serve_piece(&self, feed: &SyncFeed, hints: &BTreeMap<Hint, Instant>) -> Result<Piece, SyncError> {
        let source = self.sources.source_by_name(&feed.source).await?.ok_or_else(|| SyncError::NoSource(feed.source.clone()))?;
        // Before the first complete run a hint is about something that will be read anyway, and half a model takes no corrections.
        if source.complete_until.is_none() || self.store.open_run(source.id).await?.is_some() {
            return Ok(Piece::NotNow);
        }
        let (lines, absent, incomplete) = read_all(&feed.ehr, hints).await;
        let memory = self.memory(source.id);
        let deletions = std::mem::take(&mut *memory.deletions.lock().unwrap_or_else(PoisonError::into_inner));
        let mut intake = Intake {
            store: &*self.store,
            clock: &*self.clock,
            entropy: &*self.entropy,
            reader: feed.reader.clone(),
            progress: &Quiet,
            applied: &*self.applied,
            seen: &memory.seen,
            deletions,
            strategy: SyncStrategy::Hint,
            state: RunState::default(),
            place: None,
            run: None,
            source,
            counts: SyncCounts::default(),
            patients_changed: 0,
            total: None,
            warnings: Vec::new(),
        };
        let applied = apply(&mut intake, lines, absent).await;
        memory.keep_deletions(std::mem::take(&mut intake.deletions));
        applied?;
        Ok(Piece::Applied { changed: intake.counts.applied + intake.counts.deleted > 0, incomplete })
    }
}

enum Piece {
    Applied {
        changed: bool,
        /// Some of it could not be read.
        incomplete: bool,
    },
    /// The source is not ready for it.
    NotNow,
}

/// What an account of events came to.
#[derive(Default)]
struct Found {
    hints: Vec<Hint>,
    vague: bool,
}

/// Applies what was read as a run. What is known already is no news and no run.
async fn apply(intake: &mut Intake<'_>, lines: Vec<ExportLine>, absent: Vec<(String, String)>) -> Result<(), SyncError> {
    let mut batch = intake.read(lines, false).await?;
    batch.deletes = absent.into_iter().filter(|it| intake.deletions.insert(it.clone())).collect();
    if batch.deletes.is_empty() && !intake.seen.has_news(&batch) {
        return Ok(());
    }
    let deletes = batch.deletes.clone();
    let done = match intake.apply(batch, None).await {
        Ok(()) => intake.finish(SyncRunStatus::Complete, None).await,
        Err(error) => Err(error),
    };
    if done.is_err() {
        for it in &deletes {
            intake.deletions.remove(it);
        }
        if intake.run.is_some() {
            // What could not be applied is for the next run; this one must not stand in its way.
            let _left_open = intake.finish(SyncRunStatus::Complete, None).await;
        }
    }
    done
}

/// A hint and what the server has there.
type ReadHint = (Hint, Result<Option<Vec<u8>>, EhrError>);

/// Reads each by id, a few at a time: what is there, what is not, and whether some could not be read.
async fn read_all(ehr: &Arc<dyn Ehr>, hints: &BTreeMap<Hint, Instant>) -> (Vec<ExportLine>, Vec<(String, String)>, bool) {
    let mut reads: JoinSet<ReadHint> = JoinSet::new();
    let mut to_read = hints.keys();
    let (mut lines, mut absent, mut incomplete) = (Vec::new(), Vec::new(), false);
    loop {
        while reads.len() < MOST_READS
            && let Some(hint) = to_read.next()
        {
            let (ehr, hint) = (Arc::clone(ehr), hint.clone());
            reads.spawn(async move {
                let read = ehr.read(&hint.resource_type, &hint.fhir_id).await;
                (hint, read)
            });
        }
        match reads.join_next().await {
            None => return (lines, absent, incomplete),
            Some(Ok((_, Ok(Some(bytes))))) => {
                lines.push(ExportLine { number: lines.len() as u64 + 1, bytes, too_long: false });
            }
            Some(Ok((hint, Ok(None)))) => absent.push((hint.resource_type, hint.fhir_id)),
            Some(Ok((_, Err(error)))) => {
                tracing::info!(%error, "A resource the server told of could not be read");
                incomplete = true;
            }
            Some(Err(_)) => incomplete = true,
        }
    }
}

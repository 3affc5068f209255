//! What is known of a source without asking it: its runs, its quarantine, what it tells and what is written back to it.

use std::time::Duration;

use gateway_domain::push_subscription::{PushStatus, PushSubscription};
use gateway_domain::source::{QuarantineStatus, Source};
use gateway_domain::write_back::WriteBackStatus;
use gateway_ports::store::write_backs::WriteBackFilter;
use gateway_ports::store::{
    PageRequest, PushStore as _, QuarantineFilter, QuarantineStore as _, SourceStore as _, SyncLedger as _, SyncStore as _,
    WriteBackStore as _,
};
use jiff::{SignedDuration, Timestamp};

use super::Findings;
use crate::config::SourceSection;
use crate::wiring::Parts;

/// A run without an end for this long is stuck.
const LONG_RUN: SignedDuration = SignedDuration::from_hours(24);
/// More unreadable lines than one in so many resources are a matter of mapping.
const MOST_QUARANTINED: u64 = 200;

/// How the runs go.
pub(super) async fn look(findings: &mut Findings, parts: &Parts, section: &SourceSection, source: &Source) -> anyhow::Result<()> {
    let now = parts.clock.now();
    let store = &parts.store;
    let poll = SignedDuration::try_from(section.poll_interval()?).unwrap_or(SignedDuration::from_secs(30));
    match source.synced_at {
        None => {
            findings.look("lag", "no run was ever complete", format!("run `outreach sync --source {}` and read what it says", source.name));
        }
        Some(at) => {
            let lag = now.duration_since(at);
            let usual = poll * 3 + SignedDuration::from_mins(5);
            if lag > usual {
                findings.wrong(
                    "lag",
                    format!("what we know is {} old", words(lag)),
                    "see that the gateway runs (`outreach serve`), and read the notes of the last runs",
                );
            } else {
                findings.fine("lag", format!("what we know is {} old", words(lag)));
            }
        }
    }
    let lease = store.lease(source.id, now).await?;
    match (store.open_run(source.id).await?, lease) {
        (Some(run), _) if now.duration_since(run.started_at) > LONG_RUN => findings.look(
            "run",
            format!("a run began {} ago and has read {} resources", words(now.duration_since(run.started_at)), run.counts.read),
            "an export at the server may take days; if the count does not grow, look for the job at the server",
        ),
        (Some(run), Some(_)) => findings.fine("run", format!("one is under way; {} resources are read", run.counts.read)),
        (Some(run), None) => findings.look(
            "run",
            format!("one was interrupted after {} resources", run.counts.read),
            "nothing: the next one goes on from there. Until it is complete, messages to its people are held",
        ),
        (None, Some(_)) => findings.fine("run", "a gateway is at work on it"),
        (None, None) => findings.fine("run", "none is under way"),
    }
    if let Some(last) = store.sync_runs(source.id, PageRequest { offset: 0, limit: 1 }).await?.items.into_iter().next()
        && last.status == gateway_domain::source::SyncRunStatus::Failed
    {
        findings.wrong(
            "last run",
            last.note.unwrap_or_else(|| "it failed".to_owned()),
            "set right what it says; the next run reads it again",
        );
    }
    let cursors = store.cursors(source.id).await?;
    for cursor in cursors.iter().filter(|it| it.problem.is_some()) {
        let since =
            cursor.read_at.map_or_else(|| "it was never read".to_owned(), |at| format!("last read {} ago", words(now.duration_since(at))));
        let says = format!("{} is not up to date: {} ({since})", cursor.resource_type, cursor.problem.as_deref().unwrap_or(""));
        findings.wrong("type", says, "grant what is missing, or take the type out of the mapping's `types`");
    }
    let held: u64 = store.resource_counts(Some(source.id)).await?.iter().map(|it| it.1).sum();
    let open = QuarantineFilter { source: Some(source.id), status: Some(QuarantineStatus::Open), ..QuarantineFilter::default() };
    let quarantined = store.quarantine(&open, PageRequest { offset: 0, limit: 1 }).await?;
    match (quarantined.total, quarantined.items.first()) {
        (0, _) => findings.fine("quarantine", format!("empty; {held} resources are held")),
        (count, first) => {
            let why = first.map_or_else(String::new, |it| format!("; the newest: {}", it.reason));
            let says = format!("{count} lines can't be read beside {held} resources{why}");
            let advice = "look at them with `outreach quarantine list`, correct the mapping profile or the data, and read them again with `outreach quarantine replay`";
            if count * MOST_QUARANTINED > held {
                findings.wrong("quarantine", says, advice);
            } else {
                findings.look("quarantine", says, advice);
            }
        }
    }
    let wanted = section.push.is_on();
    push(findings, &store.push_subscriptions(source.id).await?, wanted, now);
    let counts = store.write_back_counts().await?;
    let count = |status| counts.iter().filter(|it| it.0 == source.id && it.1 == status).map(|it| it.2).sum();
    let failed = WriteBackFilter { status: Some(WriteBackStatus::Failed), source: Some(source.id), ..WriteBackFilter::default() };
    let newest = store.write_backs(&failed, PageRequest { offset: 0, limit: 1 }).await?.items.into_iter().next();
    let reason = newest.and_then(|it| it.reason);
    write_back(findings, count(WriteBackStatus::Failed), count(WriteBackStatus::Waiting), count(WriteBackStatus::Done), reason.as_deref());
    Ok(())
}

/// Whether the server tells of changes by itself, where it is to.
fn push(findings: &mut Findings, kept: &[PushSubscription], wanted: bool, now: Timestamp) {
    let tells = kept.iter().filter(|it| it.status == PushStatus::Active).count();
    let polled = "nothing is lost: changes are found by asking, every `poll`";
    match kept.iter().find(|it| it.status == PushStatus::Error).or_else(|| kept.iter().find(|it| it.status == PushStatus::Requested)) {
        None if kept.is_empty() && wanted => {
            findings.look("push", "it was not yet asked to tell of changes", "start the gateway; `outreach sync` alone does not ask");
        }
        None if kept.is_empty() => {}
        None => {
            let heard = kept.iter().filter_map(|it| it.heard_at).max();
            let heard =
                heard.map_or_else(|| "nothing was heard yet".to_owned(), |at| format!("last heard {} ago", words(now.duration_since(at))));
            findings.fine("push", format!("it tells of changes by {tells} subscription(s); {heard}"));
        }
        Some(one) => {
            let why = one.problem.as_deref().unwrap_or("it has not said yes yet");
            let says = format!("{} of {} subscriptions do not tell of changes: {why}", kept.len() - tells, kept.len());
            let advice = format!(
                "see that the client may write `Subscription`, that the server knows `{}`, and that it reaches `server.public_url` \
                 or `source.push.endpoint`; {polled}",
                one.criteria
            );
            findings.look("push", says, advice);
        }
    }
}

/// Whether what is to stand in the server stands there.
fn write_back(findings: &mut Findings, failed: u64, waiting: u64, done: u64, reason: Option<&str>) {
    if failed > 0 {
        findings.wrong(
            "write-back",
            format!("{failed} records were given up, {waiting} wait; the newest: {}", reason.unwrap_or("no reason is known")),
            "set right what it says (often a scope for writing), then try them again under *Written back* of the source in the console",
        );
    } else if failed + waiting + done > 0 {
        findings.fine("write-back", format!("{done} records stand there, {waiting} wait"));
    }
}

fn words(span: SignedDuration) -> String {
    let span: Duration = span.unsigned_abs();
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use gateway_domain::ids::{PushSubscriptionId, SourceId};
    use gateway_domain::push_subscription::{PushKind, PushSecret};

    use super::super::Verdict;
    use super::*;

    fn said(look: impl FnOnce(&mut Findings)) -> Vec<(Verdict, String)> {
        let mut findings = Findings::default();
        look(&mut findings);
        findings.0.into_iter().map(|it| (it.verdict, it.says)).collect()
    }

    fn subscription(status: PushStatus, problem: Option<&str>) -> PushSubscription {
        let at = Timestamp::UNIX_EPOCH;
        let (id, source) = (PushSubscriptionId::new(at, [0; 10]), SourceId::new(at, [0; 10]));
        let asked = PushSubscription::new(id, source, PushKind::Topic, "any-change".into(), PushSecret::of([0; 32]), at);
        PushSubscription { status, problem: problem.map(str::to_owned), heard_at: Some(at), ..asked }
    }

    #[test]
    fn a_server_that_does_not_tell_is_named_with_the_reason_and_one_that_is_not_to_is_not() {
        let now = Timestamp::from_second(60).unwrap();
        assert_eq!(said(|to| push(to, &[], false, now)), []);
        assert_eq!(said(|to| push(to, &[], true, now)), [(Verdict::Look, "it was not yet asked to tell of changes".to_owned())]);
        let active = subscription(PushStatus::Active, None);
        let fine = "it tells of changes by 1 subscription(s); last heard 60 s ago".to_owned();
        assert_eq!(said(|to| push(to, std::slice::from_ref(&active), true, now)), [(Verdict::Fine, fine)]);
        let refused = subscription(PushStatus::Error, Some("no such topic"));
        let look = "1 of 2 subscriptions do not tell of changes: no such topic".to_owned();
        assert_eq!(said(|to| push(to, &[active, refused], true, now)), [(Verdict::Look, look)]);
    }

    #[test]
    fn what_could_not_be_written_back_is_wrong() {
        assert_eq!(said(|to| write_back(to, 0, 0, 0, None)), []);
        assert_eq!(said(|to| write_back(to, 0, 2, 3, None)), [(Verdict::Fine, "3 records stand there, 2 wait".to_owned())]);
        let wrong = "1 records were given up, 0 wait; the newest: 403".to_owned();
        assert_eq!(said(|to| write_back(to, 1, 0, 3, Some("403"))), [(Verdict::Wrong, wrong)]);
    }
}

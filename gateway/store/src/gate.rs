//! The gate's transaction: the person's row is locked, everything the decision looks at is read, the domain decides, the verdict is
//! recorded. A refusal by the person takes the same lock, so whichever is committed first counts for the other.

use std::collections::BTreeSet;

use gateway_domain::contact_point::address_key;
use gateway_domain::gate::{GateFacts, GatePolicy, GateReason, RecordStanding, Verdict, decide};
use gateway_domain::ids::{MessageId, PatientNo};
use gateway_domain::journey::SendOutcomeEvent;
use gateway_domain::message::MessageStatus;
use gateway_domain::patient::{Demographics, RecordStatus};
use gateway_domain::resource::ContentHash;
use gateway_domain::subscription_list::ListKind;
use gateway_ports::store::StoreError;
use gateway_ports::store::messages::Prepared;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::database::{Session, args};
use crate::error::corrupt;
use crate::journey_event::tell_outcome;
use crate::message::status;
use crate::stored::{from_json, from_name};
use crate::{consent, identity, notice, person, write_back};

/// What is known of the message once the person is locked.
struct Asked {
    run: Uuid,
    step: String,
    facts: GateFacts,
}

pub(crate) async fn pass(
    session: &mut Session,
    id: MessageId,
    prepared: Result<&Prepared, &str>,
    policy: &GatePolicy,
    now: Timestamp,
) -> Result<Option<Verdict>, StoreError> {
    let Some(asked) = ask(session, id, now).await? else {
        return Ok(None);
    };
    let verdict = decide(&asked.facts, policy, now);
    match (&verdict, prepared) {
        (Verdict::Refuse(reason), _) => refuse(session, id, &asked, *reason, now).await?,
        (_, Err(failure)) => {
            end(session, id, &asked, MessageStatus::Refused, failure, now).await?;
            return Ok(None);
        }
        (Verdict::Hold { reason, until }, Ok(_)) => hold(session, id, *reason, *until).await?,
        (Verdict::Send(address), Ok(prepared)) => {
            let key = address_key(&asked.facts.medium, address.as_str());
            let_through(session, id, prepared, key, now).await?;
        }
    }
    Ok(Some(verdict))
}

async fn ask(session: &mut Session, id: MessageId, now: Timestamp) -> Result<Option<Asked>, StoreError> {
    let Some(whose) = session.optional("SELECT patient_no FROM message WHERE id = $1", args![id.as_uuid()]).await? else {
        return Ok(None);
    };
    let patient = PatientNo(whose.integer("patient_no")?);
    session.one("SELECT no FROM patient WHERE no = $1 FOR UPDATE", args![patient]).await?;
    let records = person::lock(session, patient).await?;
    // Read after the lock is held: what was committed before it, a refusal among it, is seen.
    let Some(row) = session
        .optional(
            "SELECT m.run_id, m.step, m.medium, m.purpose, m.status, m.template, m.expires_at, p.status AS record_status, \
             p.demographics, p.source_no, j.status AS journey_status, r.status AS run_status \
             FROM message m JOIN patient p ON p.no = m.patient_no \
             JOIN journey j ON j.id = m.journey_id JOIN journey_run r ON r.id = m.run_id WHERE m.id = $1 FOR UPDATE OF m",
            args![id.as_uuid()],
        )
        .await?
    else {
        return Ok(None);
    };
    if status(&row.text("status")?)? != MessageStatus::Due {
        return Ok(None);
    }
    let person = if records.len() > 1 { person::of_patient(session, patient).await? } else { None };
    let sent_last_week = sent_since(session, &records, id, later(now, -168)).await?;
    let day_ago = later(now, -24);
    let mut other_consents = Vec::with_capacity(records.len() - 1);
    for other in records.iter().filter(|other| **other != patient) {
        other_consents.push(consent::of_patient(session, *other, &records).await?);
    }
    let mut sources = BTreeSet::from([row.integer("source_no")?]);
    let mut demographics: Demographics = from_json("demographics", &row.text("demographics")?)?;
    if let Some(person) = &person {
        let living = person.records.iter().filter(|record| record.status != RecordStatus::Deleted);
        sources.extend(living.map(|record| record.source.0));
        let golden = person.golden();
        demographics = Demographics { birth: golden.youngest, ..golden.demographics };
    }
    let medium = row.text("medium")?;
    let refused_addresses = notice::refused(session, &notice::keys_of(&medium, &demographics.contact_points)).await?;
    let (synced_at, sync_incomplete) = freshness(session, &sources).await?;
    // By new rules there may be another record of this person, with a refusal.
    let sync_incomplete = sync_incomplete || identity::is_behind(session).await?;
    Ok(Some(Asked {
        run: row.uuid("run_id")?,
        step: row.text("step")?,
        facts: GateFacts {
            record: from_name("record status", row.text("record_status")?)?,
            demographics,
            standing: person.as_ref().map_or(RecordStanding::Primary, |person| person.standing(patient)),
            consents: consent::of_patient(session, patient, &records).await?,
            other_consents,
            possible_consents: identity::possible_consents(session, &records).await?,
            refused_addresses,
            already_sent: already_sent(session, id, patient, &records).await?,
            medium,
            purpose: from_name("purpose", row.text("purpose")?)?,
            list: list_of(session, &row.text("template")?).await?,
            expires_at: row.optional_time("expires_at")?,
            journey: from_name("journey status", row.text("journey_status")?)?,
            run: from_name("run status", row.text("run_status")?)?,
            synced_at,
            sync_incomplete,
            sent_last_day: sent_last_week.iter().copied().filter(|at| *at > day_ago).collect(),
            sent_last_week,
        },
    }))
}

/// The subscription list of a template. A template that names a list nobody made is taken for one people have to join.
async fn list_of(session: &mut Session, template: &str) -> Result<Option<(String, ListKind)>, StoreError> {
    let row = session
        .optional(
            "SELECT t.list, l.kind FROM message_template t LEFT JOIN subscription_list l ON l.key = t.list \
             WHERE t.key = $1 ORDER BY t.version DESC LIMIT 1",
            args![template],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let list: Option<String> = row.get("list")?;
    let kind: Option<String> = row.get("kind")?;
    let kind = kind.map_or(Ok(ListKind::OptIn), |kind| from_name("list kind", kind))?;
    Ok(list.map(|list| (list, kind)))
}

/// When the source that was read longest ago was read, `None` where one never was, and whether one is read halfway.
async fn freshness(session: &mut Session, sources: &BTreeSet<i64>) -> Result<(Option<Timestamp>, bool), StoreError> {
    let (mut synced_at, mut incomplete) = (Some(Timestamp::MAX), false);
    for source in sources {
        let row = session.one("SELECT synced_at FROM source WHERE no = $1", args![*source]).await?;
        synced_at = synced_at.min(row.optional_time("synced_at")?);
        incomplete |= sync_incomplete(session, *source).await?;
    }
    Ok((synced_at, incomplete))
}

/// Whether what this message says went, or may have gone, to another record of the person: in the same version of the journey, at the
/// same step, as many times as this one is. Where the journey lets people in again, only as far back as it would not let this one in.
async fn already_sent(session: &mut Session, id: MessageId, patient: PatientNo, records: &[PatientNo]) -> Result<bool, StoreError> {
    if records.len() < 2 {
        return Ok(false);
    }
    let others: Vec<PatientNo> = records.iter().copied().filter(|record| *record != patient).collect();
    let row = session
        .optional(
            &format!(
                "SELECT o.id FROM message m JOIN journey_run r ON r.id = m.run_id JOIN journey j ON j.id = m.journey_id \
                 JOIN message o ON o.journey_id = m.journey_id AND o.step = m.step AND o.occurrence = m.occurrence \
                 JOIN journey_run q ON q.id = o.run_id AND q.version = r.version \
                 WHERE m.id = $1 AND o.patient_no IN ({}) AND o.status IN ('in-flight', 'accepted', 'unknown') \
                 AND (j.reentry_after_days IS NULL OR o.handed_at > r.entered_at - j.reentry_after_days * 86400000000) LIMIT 1",
                listed(&others)
            ),
            args![id.as_uuid()],
        )
        .await?;
    Ok(row.is_some())
}

/// Numbers for an `IN`.
fn listed(patients: &[PatientNo]) -> String {
    patients.iter().map(|no| no.0.to_string()).collect::<Vec<_>>().join(", ")
}

/// Whether a run of the source is open, or one was given up and none has been complete since.
async fn sync_incomplete(session: &mut Session, source: i64) -> Result<bool, StoreError> {
    let row = session
        .optional(
            "SELECT r.no FROM sync_run r WHERE r.source_no = $1 AND r.strategy <> 'hint' AND (r.status = 'running' \
             OR (r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM sync_run c WHERE c.source_no = r.source_no AND c.no > r.no \
             AND c.status = 'complete' AND c.strategy <> 'hint'))) LIMIT 1",
            args![source],
        )
        .await?;
    Ok(row.is_some())
}

/// When messages that did or may have reached the person were handed over, the newest first.
async fn sent_since(session: &mut Session, records: &[PatientNo], but: MessageId, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let rows = session
        .all(
            &format!(
                "SELECT handed_at FROM message WHERE patient_no IN ({}) AND handed_at > $1 AND id <> $2 \
                 AND status IN ('in-flight', 'accepted', 'unknown') ORDER BY handed_at DESC",
                listed(records)
            ),
            args![since, but.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| row.time("handed_at")).collect()
}

async fn refuse(session: &mut Session, id: MessageId, asked: &Asked, reason: GateReason, now: Timestamp) -> Result<(), StoreError> {
    let status = match reason {
        GateReason::Expired => MessageStatus::Expired,
        _ => MessageStatus::Refused,
    };
    end(session, id, asked, status, reason.name(), now).await
}

/// Ends a message that was never handed over, and tells the run.
async fn end(
    session: &mut Session,
    id: MessageId,
    asked: &Asked,
    status: MessageStatus,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    session
        .execute("UPDATE message SET status = $2, reason = $3, lease_until = 0 WHERE id = $1", args![id.as_uuid(), status.name(), reason])
        .await?;
    write_back::note_message(session, id, now).await?;
    let outcome = SendOutcomeEvent { step: asked.step.clone(), outcome: status.name().to_owned(), reason: Some(reason.to_owned()) };
    tell_outcome(session, asked.run, outcome, now).await
}

async fn hold(session: &mut Session, id: MessageId, reason: GateReason, until: Timestamp) -> Result<(), StoreError> {
    session
        .execute("UPDATE message SET reason = $2, due_at = $3, lease_until = 0 WHERE id = $1", args![id.as_uuid(), reason.name(), until])
        .await?;
    Ok(())
}

async fn let_through(
    session: &mut Session,
    id: MessageId,
    prepared: &Prepared,
    key: ContentHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE message SET status = 'in-flight', reason = NULL, subject = $2, language = $3, handed_at = $4, \
             tries = tries + 1, lease_until = 0, address_key = $5 WHERE id = $1",
            args![id.as_uuid(), prepared.subject.as_str(), prepared.language.as_str(), now, key],
        )
        .await?;
    session.execute("DELETE FROM message_link WHERE message_id = $1", args![id.as_uuid()]).await?;
    for (link, target) in prepared.links.iter().enumerate() {
        let link = i64::try_from(link).map_err(|_| corrupt("message", "it has too many links"))?;
        session
            .execute("INSERT INTO message_link (message_id, link, target) VALUES ($1, $2, $3)", args![id.as_uuid(), link, target.as_str()])
            .await?;
    }
    Ok(())
}

fn later(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(now)
}

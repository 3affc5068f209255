//! What staff decides about records: written down with who, when and why, worked out at once, and taken back.

use std::collections::BTreeSet;

use gateway_domain::identity::{StaffDecision, pair};
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_ports::store::StoreError;
use gateway_ports::store::identity::{Decided, NewDecision};
use jiff::Timestamp;

use super::{lock, work_out};
use crate::consent::{Refusals, keep_refusals, refusals};
use crate::database::{Session, args};
use crate::error::missing;
use crate::stored::name_of;
use crate::sync::patients::mark_others_dirty;
use crate::{patient, person};

/// Writes the decision down and works out what it comes to. Where it can't hold, the caller drops the transaction.
pub(super) async fn decide(session: &mut Session, new: &NewDecision, now: Timestamp) -> Result<Decided, StoreError> {
    let rules = lock(session).await?;
    let record = number(session, new.record).await?;
    let mut others: BTreeSet<PatientNo> = BTreeSet::new();
    for other in &new.others {
        others.insert(number(session, *other).await?);
    }
    others.remove(&record);
    let concerned: BTreeSet<PatientNo> = others.iter().copied().chain([record]).collect();
    let before = together(session, &concerned).await?;
    for other in &others {
        let (a, b) = pair(record, *other);
        session
            .execute(
                "INSERT INTO identity_decision (a_no, b_no, decision, actor, reason, at) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (a_no, b_no) DO UPDATE SET decision = excluded.decision, actor = excluded.actor, \
                 reason = excluded.reason, at = excluded.at",
                args![a, b, name_of(&new.decision)?, new.by.as_str(), new.reason.as_str(), now],
            )
            .await?;
    }
    let changed = work_out(session, &rules, concerned, now).await?;
    let with = person::records(session, record).await?;
    match new.decision {
        StaffDecision::Different if others.iter().any(|other| with.contains(other)) => return Ok(Decided::MergedBySource),
        StaffDecision::Same if others.iter().any(|other| !with.contains(other)) => return Ok(Decided::KeptApart),
        StaffDecision::Different | StaffDecision::Same => {}
    }
    keep_refusals(session, &before).await?;
    mark_others_dirty(session, &changed, now).await?;
    Ok(Decided::Holds(changed.into_iter().collect()))
}

/// Forgets a decision and works out what the rules alone come to.
pub(super) async fn take_back(
    session: &mut Session,
    one: PatientId,
    other: PatientId,
    now: Timestamp,
) -> Result<Option<Vec<PatientNo>>, StoreError> {
    let rules = lock(session).await?;
    let (Some(one), Some(other)) = (patient::find_no(session, one).await?, patient::find_no(session, other).await?) else {
        return Ok(None);
    };
    let concerned = BTreeSet::from([one, other]);
    let before = together(session, &concerned).await?;
    let (a, b) = pair(one, other);
    if session.execute("DELETE FROM identity_decision WHERE a_no = $1 AND b_no = $2", args![a, b]).await? == 0 {
        return Ok(None);
    }
    let changed = work_out(session, &rules, concerned, now).await?;
    keep_refusals(session, &before).await?;
    mark_others_dirty(session, &changed, now).await?;
    Ok(Some(changed.into_iter().collect()))
}

async fn number(session: &mut Session, id: PatientId) -> Result<PatientNo, StoreError> {
    patient::find_no(session, id).await?.ok_or_else(|| missing("patient", id))
}

/// The persons of these records, with the refusals that stand with each of their records.
async fn together(session: &mut Session, concerned: &BTreeSet<PatientNo>) -> Result<Vec<Refusals>, StoreError> {
    let mut seen: BTreeSet<PatientNo> = BTreeSet::new();
    let mut persons = Vec::new();
    for record in concerned {
        if seen.contains(record) {
            continue;
        }
        let records = person::records(session, *record).await?;
        seen.extend(&records);
        if records.len() > 1 {
            persons.push(refusals(session, records).await?);
        }
    }
    Ok(persons)
}

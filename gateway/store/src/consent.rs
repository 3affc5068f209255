//! Consent: decisions are only ever added.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::ids::{ConsentId, PatientId, PatientNo};
use gateway_domain::interaction::InteractionKind;
use gateway_domain::journey::{Happening, JourneyEvent};
use gateway_domain::resource::ContentHash;
use gateway_domain::subscription_list::SubscriptionList;
use gateway_ports::store::{ConsentStore, StoreError};
use uuid::Uuid;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::journey_event::queue;
use crate::stored::{from_name, name_of};
use crate::{patient, person, subscription_list, write_back};

#[async_trait]
impl ConsentStore for Store {
    async fn record_consent(&self, patient: PatientId, consent: &Consent) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let no = patient::lock(&mut session, patient).await?;
        let records = person::lock(&mut session, no).await?;
        record(&mut session, no, &records, consent).await?;
        session.commit().await
    }

    async fn consents(&self, patient: PatientId) -> Result<Vec<Consent>, StoreError> {
        let mut session = self.database.read().await?;
        match patient::find_no(&mut session, patient).await? {
            Some(no) => of_person(&mut session, no).await,
            None => Ok(Vec::new()),
        }
    }

    async fn consents_by_record(&self, patient: PatientId) -> Result<Vec<Vec<Consent>>, StoreError> {
        let mut session = self.database.read().await?;
        let Some(no) = patient::find_no(&mut session, patient).await? else {
            return Ok(Vec::new());
        };
        let records = person::records(&mut session, no).await?;
        let mut by_record = Vec::with_capacity(records.len());
        for record in &records {
            by_record.push(of_patient(&mut session, *record, &records).await?);
        }
        Ok(by_record)
    }

    async fn put_subscription_list(&self, list: &SubscriptionList) -> Result<SubscriptionList, StoreError> {
        let mut session = self.database.write().await?;
        let stored = subscription_list::put(&mut session, list).await?;
        session.commit().await?;
        Ok(stored)
    }

    async fn subscription_lists(&self) -> Result<Vec<SubscriptionList>, StoreError> {
        let mut session = self.database.read().await?;
        subscription_list::all(&mut session).await
    }
}

/// Records a decision for all records of a person, which are locked, and tells their runs of a refusal.
pub(crate) async fn record(session: &mut Session, no: PatientNo, records: &[PatientNo], consent: &Consent) -> Result<(), StoreError> {
    if !insert(session, no, consent, None).await? {
        return Ok(());
    }
    // Repeated for each record of the person, so that it stays with each of them should they be taken apart again.
    for other in records.iter().filter(|other| **other != no) {
        let id = ConsentId::from_uuid(repeated(consent.id, *other));
        insert(session, *other, &Consent { id, ..consent.clone() }, Some(no)).await?;
    }
    if consent.decision == ConsentDecision::Deny {
        for record in records {
            tell_refusal(session, *record, consent).await?;
        }
    }
    note_write_back(session, no, consent).await
}

/// The decisions kept with one of a person's records, oldest first. A refusal that was given for another record stays for good; a
/// permission counts as long as both are the same person's.
pub(crate) async fn of_patient(session: &mut Session, patient: PatientNo, records: &[PatientNo]) -> Result<Vec<Consent>, StoreError> {
    let mut decisions = Vec::new();
    for row in &rows_of(session, patient).await? {
        let consent = consent(row)?;
        let given_for: Option<i64> = row.get("shared_from")?;
        if given_for.is_none_or(|no| records.contains(&PatientNo(no))) || consent.decision == ConsentDecision::Deny {
            decisions.push(consent);
        }
    }
    Ok(decisions)
}

/// The decisions that were given for this very record, oldest first: those that can be known to its source.
pub(crate) async fn given_for(session: &mut Session, patient: PatientNo) -> Result<Vec<Consent>, StoreError> {
    let mut decisions = Vec::new();
    for row in &rows_of(session, patient).await? {
        if row.get::<Option<i64>, _>("shared_from")?.is_none() {
            decisions.push(consent(row)?);
        }
    }
    Ok(decisions)
}

/// The decisions of a person, each once, oldest first.
async fn of_person(session: &mut Session, patient: PatientNo) -> Result<Vec<Consent>, StoreError> {
    let records = person::records(session, patient).await?;
    let mut decisions = Vec::new();
    for record in &records {
        for row in &rows_of(session, *record).await? {
            let consent = consent(row)?;
            let given_for: Option<i64> = row.get("shared_from")?;
            let is_its_own = given_for.is_none_or(|no| !records.contains(&PatientNo(no)) && consent.decision == ConsentDecision::Deny);
            if is_its_own {
                decisions.push(consent);
            }
        }
    }
    decisions.sort_by_key(|consent| (consent.at, consent.id));
    Ok(decisions)
}

/// The records of a person, each with the refusals that stand with it and the record each was given for.
pub(crate) type Refusals = BTreeMap<PatientNo, Vec<(Consent, PatientNo)>>;

/// Reads the refusals that stand with each record of a person. What was repeated from another of them is left out.
pub(crate) async fn refusals(session: &mut Session, records: Vec<PatientNo>) -> Result<Refusals, StoreError> {
    let mut found = BTreeMap::new();
    for record in &records {
        let decisions = of_patient(session, *record, &records).await?;
        let mut standing = Vec::new();
        for row in &rows_of(session, *record).await? {
            let refusal = consent(row)?;
            let given_for = row.get::<Option<i64>, _>("shared_from")?.map_or(*record, PatientNo);
            let is_its_own = given_for == *record || !records.contains(&given_for);
            let stands = refusal.decision == ConsentDecision::Deny && !decisions.iter().any(|other| is_taken_back(&refusal, other));
            if is_its_own && stands {
                standing.push((refusal, given_for));
            }
        }
        found.insert(*record, standing);
    }
    Ok(found)
}

fn is_taken_back(refusal: &Consent, by: &Consent) -> bool {
    by.decision == ConsentDecision::Permit && by.supersedes(refusal)
}

/// Leaves the refusals of persons that were parted with each of their records: nobody is written to more because of a parting.
pub(crate) async fn keep_refusals(session: &mut Session, before: &[Refusals]) -> Result<(), StoreError> {
    for person in before {
        for record in person.keys() {
            let still = person::records(session, *record).await?;
            for (_, refusals) in person.iter().filter(|(other, _)| !still.contains(other)) {
                for (refusal, given_for) in refusals {
                    let id = ConsentId::from_uuid(repeated(refusal.id, *record));
                    insert(session, *record, &Consent { id, ..refusal.clone() }, Some(*given_for)).await?;
                }
            }
        }
    }
    Ok(())
}

async fn rows_of(session: &mut Session, patient: PatientNo) -> Result<Vec<Row>, StoreError> {
    session
        .all(
            "SELECT id, decision, medium, purpose, list, at, through, evidence, shared_from FROM consent WHERE patient_no = $1 \
             ORDER BY at, id",
            args![patient],
        )
        .await
}

/// The id under which a decision is repeated for another record: always the same one.
fn repeated(id: ConsentId, patient: PatientNo) -> Uuid {
    Uuid::from_bytes(ContentHash::of([id.as_uuid().as_bytes().as_slice(), &patient.0.to_be_bytes()]).0)
}

/// Adds a decision; whether it was not there yet.
async fn insert(session: &mut Session, patient: PatientNo, consent: &Consent, given_for: Option<PatientNo>) -> Result<bool, StoreError> {
    let purpose = consent.purpose.as_ref().map(name_of).transpose()?;
    let added = session
        .execute(
            "INSERT INTO consent (id, patient_no, decision, medium, purpose, list, at, through, evidence, shared_from) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
            args![
                consent.id.as_uuid(),
                patient,
                name_of(&consent.decision)?,
                consent.medium.clone(),
                purpose,
                consent.list.clone(),
                consent.at,
                name_of(&consent.through)?,
                consent.evidence.as_str(),
                given_for,
            ],
        )
        .await?;
    Ok(added == 1)
}

/// Notes what is to be written back. What a source told us is no news to it, but it may take the place of what we wrote there.
async fn note_write_back(session: &mut Session, patient: PatientNo, consent: &Consent) -> Result<(), StoreError> {
    if !write_back::wants_consents(session, patient).await? {
        return Ok(());
    }
    let others = given_for(session, patient).await?;
    let stood = |it: &Consent| !others.iter().any(|other| other.id != consent.id && other.supersedes(it));
    let superseded = others.iter().filter(|other| consent.supersedes(other) && stood(other)).map(|other| other.id).collect::<Vec<_>>();
    let told = (consent.through != ConsentChannel::Fhir).then_some(consent.id);
    write_back::note_consent(session, patient, told, &superseded, consent.at).await
}

async fn tell_refusal(session: &mut Session, patient: PatientNo, consent: &Consent) -> Result<(), StoreError> {
    let runs = session.all("SELECT id FROM journey_run WHERE patient_no = $1 AND status = 'active' ORDER BY id", args![patient]).await?;
    let happening =
        Happening { kind: InteractionKind::OptedOut.name().to_owned(), at: consent.at, detail: consent.list.clone().unwrap_or_default() };
    for run in &runs {
        queue(session, run.uuid("id")?, &JourneyEvent::Happened(happening.clone()), consent.at).await?;
    }
    Ok(())
}

fn consent(row: &Row) -> Result<Consent, StoreError> {
    let purpose: Option<String> = row.get("purpose")?;
    Ok(Consent {
        id: ConsentId::from_uuid(row.uuid("id")?),
        decision: from_name("decision", row.text("decision")?)?,
        medium: row.get("medium")?,
        purpose: purpose.map(|purpose| from_name("purpose", purpose)).transpose()?,
        list: row.get("list")?,
        at: row.time("at")?,
        through: from_name("consent channel", row.text("through")?)?,
        evidence: row.text("evidence")?,
    })
}

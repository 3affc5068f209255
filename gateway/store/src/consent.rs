//! Consent: decisions are only ever added.

use async_trait::async_trait;
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::ids::{ConsentId, PatientId, PatientNo};
use gateway_domain::interaction::InteractionKind;
use gateway_domain::journey::{Happening, JourneyEvent};
use gateway_domain::subscription_list::SubscriptionList;
use gateway_ports::store::{ConsentStore, StoreError};

use crate::Store;
use crate::database::{Row, Session, args};
use crate::journey_event::queue;
use crate::stored::{from_name, name_of};
use crate::{patient, subscription_list, write_back};

#[async_trait]
impl ConsentStore for Store {
    async fn record_consent(&self, patient: PatientId, consent: &Consent) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let no = patient::lock(&mut session, patient).await?;
        let added = insert(&mut session, no, consent).await?;
        if added && consent.decision == ConsentDecision::Deny {
            tell_refusal(&mut session, no, consent).await?;
        }
        if added {
            note_write_back(&mut session, no, consent).await?;
        }
        session.commit().await
    }

    async fn consents(&self, patient: PatientId) -> Result<Vec<Consent>, StoreError> {
        let mut session = self.database.read().await?;
        match patient::find_no(&mut session, patient).await? {
            Some(no) => of_patient(&mut session, no).await,
            None => Ok(Vec::new()),
        }
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

/// A patient's decisions, oldest first.
pub(crate) async fn of_patient(session: &mut Session, patient: PatientNo) -> Result<Vec<Consent>, StoreError> {
    let rows = session
        .all(
            "SELECT id, decision, medium, purpose, list, at, through, evidence FROM consent WHERE patient_no = $1 \
             ORDER BY at, id",
            args![patient],
        )
        .await?;
    rows.iter().map(consent).collect()
}

/// Adds a decision; whether it was not there yet.
async fn insert(session: &mut Session, patient: PatientNo, consent: &Consent) -> Result<bool, StoreError> {
    let purpose = consent.purpose.as_ref().map(name_of).transpose()?;
    let added = session
        .execute(
            "INSERT INTO consent (id, patient_no, decision, medium, purpose, list, at, through, evidence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
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
    let others = of_patient(session, patient).await?;
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

//! What providers of channels tell: deliveries, refusals, answers.

use async_trait::async_trait;
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::contact_point::{ContactPoint, address_key};
use gateway_domain::ids::{ConsentId, InteractionId, MessageId, PatientId, PatientNo};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::resource::ContentHash;
use gateway_ports::store::{NoticeStore, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::message::record_interaction;
use crate::{consent, person};

#[async_trait]
impl NoticeStore for Store {
    async fn record_delivery(&self, medium: &str, provider_id: &str, became: InteractionKind, at: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let found = session
            .optional(
                "SELECT m.id, p.id AS patient_id FROM message m JOIN patient p ON p.no = m.patient_no \
                 WHERE m.provider_id = $1 AND m.medium = $2 ORDER BY m.id LIMIT 1",
                args![provider_id, medium],
            )
            .await?;
        let Some(row) = found else { return Ok(false) };
        record_interaction(&mut session, &interaction(&row, became, &[], at)?, None).await?;
        session.commit().await?;
        Ok(true)
    }

    async fn refuse_address(&self, medium: &str, address: &str, evidence: &str, at: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.database.write().await?;
        let key = address_key(medium, address);
        session
            .execute(
                "INSERT INTO refused_address (address_key, medium, refused_at, evidence) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (address_key) DO UPDATE SET refused_at = excluded.refused_at, evidence = excluded.evidence",
                args![key, medium, at, evidence],
            )
            .await?;
        let rows = session.all("SELECT DISTINCT patient_no FROM message WHERE address_key = $1 ORDER BY patient_no", args![key]).await?;
        let mut people = 0;
        for row in &rows {
            people += u64::from(refuse(&mut session, PatientNo(row.integer("patient_no")?), medium, key, evidence, at).await?);
        }
        session.commit().await?;
        Ok(people)
    }

    async fn record_answer(&self, medium: &str, address: &str, at: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let found = session
            .optional(
                "SELECT m.id, p.id AS patient_id FROM message m JOIN patient p ON p.no = m.patient_no \
                 WHERE m.address_key = $1 AND m.handed_at IS NOT NULL ORDER BY m.handed_at DESC, m.id DESC LIMIT 1",
                args![address_key(medium, address)],
            )
            .await?;
        let Some(row) = found else { return Ok(false) };
        // Each answer is one of its own, unless it is told twice.
        let moment = at.as_millisecond().to_be_bytes();
        record_interaction(&mut session, &interaction(&row, InteractionKind::Answered, &moment, at)?, None).await?;
        session.commit().await?;
        Ok(true)
    }
}

/// Lets a person refuse a medium, unless their last word about all of it is a refusal already.
async fn refuse(
    session: &mut Session,
    patient: PatientNo,
    medium: &str,
    key: ContentHash,
    evidence: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    session.one("SELECT no FROM patient WHERE no = $1 FOR UPDATE", args![patient]).await?;
    let records = person::lock(session, patient).await?;
    let mut has_refused = true;
    for record in &records {
        let decisions = consent::of_patient(session, *record, &records).await?;
        let about_all = |it: &&Consent| it.list.is_none() && it.purpose.is_none() && it.medium.as_deref().is_none_or(|its| its == medium);
        let last = decisions.iter().filter(about_all).max_by_key(|it| (it.at, it.decision == ConsentDecision::Deny));
        has_refused &= last.is_some_and(|it| it.decision == ConsentDecision::Deny);
    }
    if has_refused {
        return Ok(false);
    }
    let moment = at.as_millisecond().to_be_bytes();
    let id = ContentHash::of([b"refused".as_slice(), &key.0, &patient.0.to_be_bytes(), &moment]);
    let refusal = Consent {
        id: ConsentId::from_uuid(Uuid::from_bytes(id.0)),
        decision: ConsentDecision::Deny,
        medium: Some(medium.to_owned()),
        purpose: None,
        list: None,
        at,
        through: ConsentChannel::Provider,
        evidence: evidence.to_owned(),
    };
    consent::record(session, patient, &records, &refusal).await?;
    Ok(true)
}

/// What came back about a message; the same each time it is told.
fn interaction(row: &Row, kind: InteractionKind, apart: &[u8], at: Timestamp) -> Result<Interaction, StoreError> {
    let message = row.uuid("id")?;
    let id = ContentHash::of([message.as_bytes().as_slice(), kind.name().as_bytes(), apart]);
    Ok(Interaction {
        id: InteractionId::from_uuid(Uuid::from_bytes(id.0)),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        message: Some(MessageId::from_uuid(message)),
        kind,
        at,
        link: None,
    })
}

/// Which of these addresses were refused, and when.
pub(crate) async fn refused(session: &mut Session, keys: &[ContentHash]) -> Result<Vec<(ContentHash, Timestamp)>, StoreError> {
    let mut refused = Vec::new();
    for key in keys {
        let row = session.optional("SELECT refused_at FROM refused_address WHERE address_key = $1", args![*key]).await?;
        if let Some(row) = row {
            refused.push((*key, row.time("refused_at")?));
        }
    }
    Ok(refused)
}

/// Keys of a person's addresses for a medium.
pub(crate) fn keys_of(medium: &str, addresses: &[ContactPoint]) -> Vec<ContentHash> {
    let mut keys: Vec<ContentHash> = addresses.iter().map(|address| address_key(medium, &address.value)).collect();
    keys.sort_unstable_by_key(|key| key.0);
    keys.dedup();
    keys
}

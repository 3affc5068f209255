//! The send ledger.

use async_trait::async_trait;
use gateway_domain::gate::{GatePolicy, Verdict};
use gateway_domain::ids::{InteractionId, JourneyId, MessageId, PatientId, PatientNo, RunId};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::journey::{Happening, SendOutcomeEvent};
use gateway_domain::message::{Message, MessageStatus};
use gateway_domain::message_template::MessageTemplate;
use gateway_ports::store::journeys::NewMessage;
use gateway_ports::store::messages::{HandOver, MessageFilter, MessageSummary, Prepared};
use gateway_ports::store::{MessageStore, Page, PageRequest, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, Value, args};
use crate::error::{corrupt, missing};
use crate::journey_event::{pass_on, pass_on_to, tell_outcome};
use crate::page::{equal, limit as page_limit, offset};
use crate::stored::{from_name, name_of};
use crate::{gate, message_template, patient, task, write_back};

const MESSAGE: &str = "m.id, p.id AS patient_id, m.journey_id, m.run_id, m.step, m.medium, m.template, m.purpose, m.status, m.reason, \
    m.due_at, m.expires_at, m.tries, m.created_at, m.sent_at, m.provider_id, m.subject, m.language";

const OF: &str = "FROM message m JOIN patient p ON p.no = m.patient_no";

/// Whose way a message belongs to.
pub(crate) struct Owner {
    pub(crate) patient: PatientNo,
    pub(crate) journey: Uuid,
    pub(crate) run: Uuid,
}

#[async_trait]
impl MessageStore for Store {
    async fn put_message_template(&self, template: &MessageTemplate) -> Result<MessageTemplate, StoreError> {
        let mut session = self.database.write().await?;
        let stored = message_template::put(&mut session, template).await?;
        session.commit().await?;
        Ok(stored)
    }

    async fn message_templates(&self) -> Result<Vec<MessageTemplate>, StoreError> {
        let mut session = self.database.read().await?;
        message_template::all(&mut session).await
    }

    async fn message_template(&self, key: &str) -> Result<Option<MessageTemplate>, StoreError> {
        let mut session = self.database.read().await?;
        message_template::find(&mut session, key).await
    }

    async fn messages(&self, filter: &MessageFilter, page: PageRequest) -> Result<Page<MessageSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let (condition, mut values) = condition(filter);
        let total = session.one(&format!("SELECT count(*) AS total {OF} WHERE {condition}"), values).await?.count("total")?;
        (_, values) = self::condition(filter);
        let last = values.len();
        values.extend(args![page_limit(page), offset(page)]);
        let rows = session
            .all(
                &format!(
                    "SELECT {MESSAGE}, p.name, j.title {OF} JOIN journey j ON j.id = m.journey_id WHERE {condition} \
                     ORDER BY m.id DESC LIMIT ${} OFFSET ${}",
                    last + 1,
                    last + 2
                ),
                values,
            )
            .await?;
        let items = rows.iter().map(summary).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session
            .optional(
                &format!("SELECT {MESSAGE}, p.name, j.title {OF} JOIN journey j ON j.id = m.journey_id WHERE m.id = $1"),
                args![id.as_uuid()],
            )
            .await?;
        row.as_ref().map(summary).transpose()
    }

    async fn message_counts(&self) -> Result<Vec<(MessageStatus, u64)>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all("SELECT status, count(*) AS total FROM message GROUP BY status", args![]).await?;
        let mut counts =
            rows.iter().map(|row| Ok((status(&row.text("status")?)?, row.count("total")?))).collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_unstable_by_key(|(status, _)| *status as u8);
        Ok(counts)
    }

    async fn claim_due_messages(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<Message>, StoreError> {
        const ID: &[Column] = &[Column::Bytes];
        let mut session = self.database.write().await?;
        let claimed = session
            .all(
                "SELECT id FROM message WHERE status = 'due' AND due_at <= $1 AND lease_until <= $1 \
                 ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED",
                args![now, limit],
            )
            .await?;
        let ids = claimed.iter().map(|row| row.uuid("id")).collect::<Result<Vec<_>, _>>()?;
        let rows = || Rows::of(ID, ids.iter().map(|id| (*id).into()));
        session
            .execute_rows(
                &format!(
                    "WITH claimed (id) AS ({{rows}}) UPDATE message SET lease_until = {} \
                     WHERE id IN (SELECT id FROM claimed)",
                    lease.as_microsecond()
                ),
                rows(),
            )
            .await?;
        let found = session
            .all_rows(
                &format!(
                    "WITH claimed (id) AS ({{rows}}) SELECT {MESSAGE} FROM claimed c JOIN message m ON m.id = c.id \
                     JOIN patient p ON p.no = m.patient_no"
                ),
                rows(),
            )
            .await?;
        let mut messages = found.iter().map(message).collect::<Result<Vec<_>, _>>()?;
        messages.sort_unstable_by_key(|message| (message.due_at, message.id));
        session.commit().await?;
        Ok(messages)
    }

    async fn pass_gate(
        &self,
        id: MessageId,
        prepared: Result<&Prepared, &str>,
        policy: &GatePolicy,
        now: Timestamp,
    ) -> Result<Option<Verdict>, StoreError> {
        let mut session = self.database.write().await?;
        let verdict = gate::pass(&mut session, id, prepared, policy, now).await?;
        session.commit().await?;
        Ok(verdict)
    }

    async fn hold_message(&self, id: MessageId, reason: &str, until: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session
            .execute(
                "UPDATE message SET reason = $2, due_at = $3, lease_until = 0 WHERE id = $1 AND status = 'due'",
                args![id.as_uuid(), reason, until],
            )
            .await?;
        session.commit().await
    }

    async fn record_hand_over(&self, id: MessageId, hand_over: &HandOver, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        record(&mut session, id, hand_over, now).await?;
        session.commit().await
    }

    async fn recover_in_flight(&self, before: Timestamp, now: Timestamp) -> Result<Vec<MessageId>, StoreError> {
        let mut session = self.database.write().await?;
        // On SQLite there is one process, so whatever is in flight when it starts belongs to one that is gone.
        let before = if session.is_postgres() { before } else { Timestamp::MAX };
        let rows = session
            .all("SELECT id FROM message WHERE status = 'in-flight' AND handed_at <= $1 ORDER BY id FOR UPDATE SKIP LOCKED", args![before])
            .await?;
        let ids = rows.iter().map(|row| row.uuid("id").map(MessageId::from_uuid)).collect::<Result<Vec<_>, _>>()?;
        let lost = HandOver::Unknown { reason: "the gateway stopped while the message was handed over".to_owned() };
        for id in &ids {
            record(&mut session, *id, &lost, now).await?;
        }
        session.commit().await?;
        Ok(ids)
    }

    async fn release_claims(&self) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        for sql in [
            "UPDATE dirty_patient SET lease_until = 0 WHERE lease_until <> 0",
            "UPDATE journey_event SET lease_until = 0 WHERE lease_until <> 0",
            "UPDATE message SET lease_until = 0 WHERE lease_until <> 0",
            "UPDATE write_back SET lease_until = 0 WHERE lease_until <> 0",
            "DELETE FROM source_lease",
        ] {
            session.execute(sql, args![]).await?;
        }
        session.commit().await
    }

    async fn next_message_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut session = self.database.read().await?;
        session
            .one(
                "SELECT min(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) AS due_at FROM message \
                 WHERE status = 'due'",
                args![],
            )
            .await?
            .optional_time("due_at")
    }

    async fn link_target(&self, id: MessageId, link: u32) -> Result<Option<String>, StoreError> {
        let mut session = self.database.read().await?;
        session
            .optional("SELECT target FROM message_link WHERE message_id = $1 AND link = $2", args![id.as_uuid(), link])
            .await?
            .map(|row| row.text("target"))
            .transpose()
    }

    async fn record_interaction(&self, interaction: &Interaction, step_detail: Option<&str>) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        record_interaction(&mut session, interaction, step_detail).await?;
        session.commit().await
    }

    async fn interactions(&self, patient: PatientId, limit: u32) -> Result<Vec<Interaction>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT i.id, p.id AS patient_id, i.message_id, i.kind, i.at, i.link FROM interaction i \
                 JOIN patient p ON p.no = i.patient_no WHERE p.id = $1 ORDER BY i.at DESC, i.id DESC LIMIT $2",
                args![patient.as_uuid(), limit],
            )
            .await?;
        rows.iter().map(interaction).collect()
    }
}

/// Writes a proposed message, unless the same one is there.
pub(crate) async fn propose(session: &mut Session, owner: &Owner, new: &NewMessage, now: Timestamp) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO message (id, patient_no, journey_id, run_id, step, medium, occurrence, template, purpose, status, \
             due_at, expires_at, tries, created_at, lease_until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'due', $10, $11, 0, $12, 0) \
             ON CONFLICT (patient_no, run_id, step, medium, occurrence) DO NOTHING",
            args![
                new.id.as_uuid(),
                owner.patient,
                owner.journey,
                owner.run,
                new.step.as_str(),
                new.medium.as_str(),
                new.occurrence,
                new.template.as_str(),
                name_of(&new.purpose)?,
                new.due_at,
                new.expires_at,
                now,
            ],
        )
        .await?;
    Ok(())
}

/// Records how a hand-over ended, and tells the run of every end that is one.
async fn record(session: &mut Session, id: MessageId, hand_over: &HandOver, now: Timestamp) -> Result<(), StoreError> {
    let row = session
        .optional("SELECT run_id, step, status FROM message WHERE id = $1 FOR UPDATE", args![id.as_uuid()])
        .await?
        .ok_or_else(|| missing("message", id))?;
    if status(&row.text("status")?)? != MessageStatus::InFlight {
        return Err(StoreError::Stale { what: "message", key: id.to_string() });
    }
    let (status, reason) = match hand_over {
        HandOver::Later { at, reason } => return put_back(session, id, *at, reason).await,
        HandOver::Accepted { .. } => (MessageStatus::Accepted, None),
        HandOver::Rejected { reason } => (MessageStatus::Rejected, Some(reason.clone())),
        HandOver::Unknown { reason } => (MessageStatus::Unknown, Some(reason.clone())),
    };
    let provider_id = match hand_over {
        HandOver::Accepted { provider_id } => provider_id.clone(),
        _ => None,
    };
    let sent_at = (status == MessageStatus::Accepted).then_some(now);
    session
        .execute(
            "UPDATE message SET status = $2, reason = $3, sent_at = $4, provider_id = $5, lease_until = 0 WHERE id = $1",
            args![id.as_uuid(), status.name(), reason.clone(), sent_at, provider_id],
        )
        .await?;
    write_back::note_message(session, id, now).await?;
    if status == MessageStatus::Rejected {
        task::make_for_undeliverable(session, id, now).await?;
    }
    let outcome = SendOutcomeEvent { step: row.text("step")?, outcome: status.name().to_owned(), reason };
    tell_outcome(session, row.uuid("run_id")?, outcome, now).await
}

async fn put_back(session: &mut Session, id: MessageId, at: Timestamp, reason: &str) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE message SET status = 'due', reason = $2, due_at = $3, handed_at = NULL, lease_until = 0 WHERE id = $1",
            args![id.as_uuid(), reason, at],
        )
        .await?;
    Ok(())
}

pub(crate) async fn record_interaction(
    session: &mut Session,
    interaction: &Interaction,
    step_detail: Option<&str>,
) -> Result<(), StoreError> {
    let patient = patient::find_no(session, interaction.patient).await?.ok_or_else(|| missing("patient", interaction.patient))?;
    let added = session
        .execute(
            "INSERT INTO interaction (id, patient_no, message_id, kind, at, link) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO NOTHING",
            args![
                interaction.id.as_uuid(),
                patient,
                interaction.message.map(|id| *id.as_uuid()),
                interaction.kind.name(),
                interaction.at,
                interaction.link,
            ],
        )
        .await?;
    if added == 0 {
        return Ok(());
    }
    if let (InteractionKind::Bounced, Some(message)) = (interaction.kind, interaction.message) {
        write_back::note_message(session, message, interaction.at).await?;
        task::make_for_undeliverable(session, message, interaction.at).await?;
    }
    let message = match interaction.message {
        Some(id) => session.optional("SELECT run_id, step FROM message WHERE id = $1", args![id.as_uuid()]).await?,
        None => None,
    };
    let mut happening =
        Happening { kind: interaction.kind.name().to_owned(), at: interaction.at, detail: step_detail.unwrap_or_default().to_owned() };
    match message {
        Some(message) => {
            if step_detail.is_none() {
                happening.detail = message.text("step")?;
            }
            pass_on_to(session, message.uuid("run_id")?, &happening).await
        }
        None => pass_on(session, patient, &happening).await,
    }
}

/// The condition of a filter and its values.
fn condition(filter: &MessageFilter) -> (String, Vec<Value>) {
    equal([
        ("m.status", filter.status.map(|status| status.name().into())),
        ("m.journey_id", filter.journey.map(|id| id.as_uuid().into())),
        ("p.id", filter.patient.map(|id| id.as_uuid().into())),
    ])
}

pub(crate) fn status(name: &str) -> Result<MessageStatus, StoreError> {
    MessageStatus::from_name(name).ok_or_else(|| corrupt("message", "its status is not known"))
}

fn message(row: &Row) -> Result<Message, StoreError> {
    Ok(Message {
        id: MessageId::from_uuid(row.uuid("id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        journey: JourneyId::from_uuid(row.uuid("journey_id")?),
        run: RunId::from_uuid(row.uuid("run_id")?),
        step: row.text("step")?,
        medium: row.text("medium")?,
        template: row.text("template")?,
        purpose: from_name("purpose", row.text("purpose")?)?,
        status: status(&row.text("status")?)?,
        reason: row.get("reason")?,
        due_at: row.time("due_at")?,
        expires_at: row.optional_time("expires_at")?,
        tries: row.small("tries")?,
        created_at: row.time("created_at")?,
        sent_at: row.optional_time("sent_at")?,
        provider_id: row.get("provider_id")?,
        subject: row.get("subject")?,
        language: row.get("language")?,
    })
}

fn summary(row: &Row) -> Result<MessageSummary, StoreError> {
    Ok(MessageSummary { message: message(row)?, name: row.text("name")?, journey_title: row.text("title")? })
}

fn interaction(row: &Row) -> Result<Interaction, StoreError> {
    let link: Option<i64> = row.get("link")?;
    Ok(Interaction {
        id: InteractionId::from_uuid(row.uuid("id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        message: row.optional_uuid("message_id")?.map(MessageId::from_uuid),
        kind: from_name("interaction", row.text("kind")?)?,
        at: row.time("at")?,
        link: link.and_then(|link| u32::try_from(link).ok()),
    })
}

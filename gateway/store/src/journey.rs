//! Journeys and their versions.

use async_trait::async_trait;
use gateway_domain::ids::{IdEntropy, JourneyId, PatientId, SegmentId};
use gateway_domain::journey::{Journey, JourneyEvent, JourneyStatus, Run};
use gateway_domain::segment::MembershipEvent;
use gateway_ports::store::journeys::{Advance, DueEvent, JourneySummary, RunSummary};
use gateway_ports::store::{JourneyStore, Page, PageRequest, StoreError};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::error::missing;
use crate::segment::plugin_name;
use crate::stored::{from_json, from_name, name_of, to_json};
use crate::{journey_event, journey_run};

/// Columns of a journey `j` in version `v`.
pub(crate) const JOURNEY: &str = "j.id AS journey_id, j.key, j.title, j.description, j.status AS journey_status, v.version, v.plugin, \
    v.definition, v.keeps_plugin, j.entry_segment, j.reentry_after_days, j.created_at";

const CURRENT: &str = "FROM journey j JOIN journey_version v ON v.journey_id = j.id AND v.version = j.version";

#[async_trait]
impl JourneyStore for Store {
    async fn put_journey(&self, journey: &Journey, now: Timestamp) -> Result<Journey, StoreError> {
        let mut session = self.database.write().await?;
        let before =
            session.optional(&format!("SELECT {JOURNEY} {CURRENT} WHERE j.key = $1 FOR UPDATE OF j"), args![journey.key.as_str()]).await?;
        let stored = match before.as_ref().map(self::journey).transpose()? {
            None => {
                let new = Journey { version: 1, ..journey.clone() };
                insert(&mut session, &new).await?;
                insert_version(&mut session, &new, now).await?;
                new
            }
            Some(before) => {
                let differs = before.plugin != journey.plugin
                    || before.definition != journey.definition
                    || before.keeps_plugin != journey.keeps_plugin
                    || before.entry_segment != journey.entry_segment;
                let after = Journey {
                    id: before.id,
                    status: before.status,
                    version: before.version + u32::from(differs),
                    created_at: before.created_at,
                    ..journey.clone()
                };
                update(&mut session, &after).await?;
                if differs {
                    insert_version(&mut session, &after, now).await?;
                }
                after
            }
        };
        session.commit().await?;
        Ok(stored)
    }

    async fn set_journey_status(&self, id: JourneyId, status: JourneyStatus, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session.execute("UPDATE journey SET status = $2 WHERE id = $1", args![id.as_uuid(), name_of(&status)?]).await?;
        if changed == 0 {
            return Err(missing("journey", id));
        }
        if status == JourneyStatus::Stopped {
            let stopped = JourneyEvent::Cancelled("the journey was stopped".to_owned());
            journey_event::queue_for_everybody(&mut session, id, &stopped, now).await?;
        }
        session.commit().await
    }

    async fn journeys(&self) -> Result<Vec<JourneySummary>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all(&format!("SELECT {JOURNEY} {CURRENT} ORDER BY j.title, j.id"), args![]).await?;
        let mut summaries = Vec::with_capacity(rows.len());
        for row in &rows {
            summaries.push(summary(&mut session, journey(row)?).await?);
        }
        Ok(summaries)
    }

    async fn journey(&self, id: JourneyId) -> Result<Option<JourneySummary>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {JOURNEY} {CURRENT} WHERE j.id = $1"), args![id.as_uuid()]).await?;
        match row {
            Some(row) => summary(&mut session, journey(&row)?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn runs(&self, journey: JourneyId, page: PageRequest) -> Result<Page<RunSummary>, StoreError> {
        let mut session = self.database.read().await?;
        journey_run::of_journey(&mut session, journey, page).await
    }

    async fn patient_runs(&self, patient: PatientId) -> Result<Vec<Run>, StoreError> {
        let mut session = self.database.read().await?;
        journey_run::of_patient(&mut session, patient).await
    }

    async fn enrol(&self, limit: u32, now: Timestamp, entropy: &[IdEntropy]) -> Result<Vec<MembershipEvent>, StoreError> {
        let mut session = self.database.write().await?;
        let events = journey_run::enrol(&mut session, limit, now, entropy).await?;
        session.commit().await?;
        Ok(events)
    }

    async fn claim_due_events(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DueEvent>, StoreError> {
        let mut session = self.database.write().await?;
        let due = journey_event::claim(&mut session, limit, now, lease).await?;
        session.commit().await?;
        Ok(due)
    }

    async fn advance(&self, advance: &Advance, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        journey_run::advance(&mut session, advance, now).await?;
        session.commit().await
    }

    async fn put_off_event(&self, seq: i64, until: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session.execute("UPDATE journey_event SET due_at = $2, lease_until = 0 WHERE seq = $1", args![seq, until]).await?;
        session.commit().await
    }

    async fn next_event_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut session = self.database.read().await?;
        journey_event::next_due(&mut session).await
    }
}

async fn insert(session: &mut Session, journey: &Journey) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO journey (id, key, title, description, status, version, entry_segment, reentry_after_days, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                journey.id.as_uuid(),
                journey.key.as_str(),
                journey.title.as_str(),
                journey.description.as_str(),
                name_of(&journey.status)?,
                journey.version,
                journey.entry_segment.map(|id| *id.as_uuid()),
                journey.reentry_after_days,
                journey.created_at,
            ],
        )
        .await?;
    Ok(())
}

async fn update(session: &mut Session, journey: &Journey) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE journey SET title = $2, description = $3, version = $4, entry_segment = $5, reentry_after_days = $6 \
             WHERE id = $1",
            args![
                journey.id.as_uuid(),
                journey.title.as_str(),
                journey.description.as_str(),
                journey.version,
                journey.entry_segment.map(|id| *id.as_uuid()),
                journey.reentry_after_days,
            ],
        )
        .await?;
    Ok(())
}

async fn insert_version(session: &mut Session, journey: &Journey, now: Timestamp) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO journey_version (journey_id, version, plugin, definition, keeps_plugin, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                journey.id.as_uuid(),
                journey.version,
                journey.plugin.as_str(),
                to_json("journey", &journey.definition)?,
                i64::from(journey.keeps_plugin),
                now,
            ],
        )
        .await?;
    Ok(())
}

async fn summary(session: &mut Session, journey: Journey) -> Result<JourneySummary, StoreError> {
    let id = journey.id.as_uuid();
    let at_step = session
        .all(
            "SELECT at_step AS name, count(*) AS total FROM journey_run WHERE journey_id = $1 AND status = 'active' \
             GROUP BY at_step ORDER BY at_step",
            args![id],
        )
        .await?;
    let left = session
        .all(
            "SELECT coalesce(reason, '') AS name, count(*) AS total FROM journey_run WHERE journey_id = $1 \
             AND status = 'left' GROUP BY coalesce(reason, '') ORDER BY 1",
            args![id],
        )
        .await?;
    let stuck = session
        .one("SELECT count(*) AS total FROM journey_run WHERE journey_id = $1 AND status = 'stuck'", args![id])
        .await?
        .count("total")?;
    let counts =
        |rows: Vec<Row>| rows.iter().map(|row| Ok((row.text("name")?, row.count("total")?))).collect::<Result<Vec<_>, StoreError>>();
    Ok(JourneySummary { journey, at_step: counts(at_step)?, left: counts(left)?, stuck })
}

pub(crate) fn journey(row: &Row) -> Result<Journey, StoreError> {
    let days: Option<i64> = row.get("reentry_after_days")?;
    Ok(Journey {
        id: JourneyId::from_uuid(row.uuid("journey_id")?),
        key: row.text("key")?,
        title: row.text("title")?,
        description: row.text("description")?,
        status: from_name("journey status", row.text("journey_status")?)?,
        version: row.small("version")?,
        plugin: plugin_name(row)?,
        definition: from_json("journey", &row.text("definition")?)?,
        entry_segment: row.optional_uuid("entry_segment")?.map(SegmentId::from_uuid),
        reentry_after_days: days.and_then(|days| u16::try_from(days).ok()),
        keeps_plugin: row.integer("keeps_plugin")? != 0,
        created_at: row.time("created_at")?,
    })
}

//! Segments and the work of evaluating them.

use async_trait::async_trait;
use gateway_domain::ids::{PatientId, PatientNo, SegmentId};
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::{Evaluation, Membership, MembershipEvent, Segment};
use gateway_ports::store::segments::{DirtyPatient, SegmentMember, SegmentSummary};
use gateway_ports::store::{Page, PageRequest, SegmentStore, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, args};
use crate::error::corrupt;
use crate::identity;
use crate::membership;
use crate::source::half_read_sources;
use crate::stored::{day_number, from_json, to_json};

const SEGMENT: &str = "s.no, s.id, s.key, s.title, s.description, s.plugin, s.definition, s.version, s.active, s.created_at";

const COUNTS: &str = "(SELECT count(*) FROM membership m WHERE m.segment_no = s.no AND m.member = 1) AS members, \
    (SELECT e.at FROM membership_event e WHERE e.segment_no = s.no ORDER BY e.seq DESC LIMIT 1) AS changed_at";

/// Every patient a source has shown is to be evaluated anew.
pub(crate) const MARK_EVERYBODY: &str = "INSERT INTO dirty_patient (patient_no, source_no, mark, since, lease_until) \
    SELECT no, source_no, $1, $1, 0 FROM patient WHERE status <> 'referenced' \
    ON CONFLICT (patient_no) DO UPDATE SET mark = dirty_patient.mark + 1";

#[async_trait]
impl SegmentStore for Store {
    async fn put_segment(&self, segment: &Segment, now: Timestamp) -> Result<Segment, StoreError> {
        let mut session = self.database.write().await?;
        let before =
            session.optional(&format!("SELECT {SEGMENT} FROM segment s WHERE s.key = $1 FOR UPDATE"), args![segment.key.as_str()]).await?;
        let stored = match before.as_ref().map(self::segment).transpose()? {
            None => {
                let new = Segment { version: 1, ..segment.clone() };
                insert(&mut session, &new).await?;
                session.execute(MARK_EVERYBODY, args![now]).await?;
                new
            }
            Some(before) => {
                let differs = before.plugin != segment.plugin || before.definition != segment.definition;
                let after = Segment {
                    id: before.id,
                    version: before.version + u32::from(differs),
                    created_at: before.created_at,
                    ..segment.clone()
                };
                if after != before {
                    update(&mut session, &after).await?;
                }
                if differs || (after.active && !before.active) {
                    session.execute(MARK_EVERYBODY, args![now]).await?;
                }
                after
            }
        };
        session.commit().await?;
        Ok(stored)
    }

    async fn note_logic(&self, plugin: &PluginName, logic: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let noted = session.optional("SELECT logic FROM segment_logic WHERE plugin = $1 FOR UPDATE", args![plugin.as_str()]).await?;
        if noted.map(|row| row.text("logic")).transpose()?.as_deref() == Some(logic) {
            return Ok(false);
        }
        session
            .execute(
                "INSERT INTO segment_logic (plugin, logic) VALUES ($1, $2) ON CONFLICT (plugin) DO UPDATE SET logic = excluded.logic",
                args![plugin.as_str(), logic],
            )
            .await?;
        let used = "SELECT no FROM segment WHERE plugin = $1 AND active = 1 LIMIT 1";
        let is_used = session.optional(used, args![plugin.as_str()]).await?.is_some();
        if is_used {
            session.execute(MARK_EVERYBODY, args![now]).await?;
        }
        session.commit().await?;
        Ok(is_used)
    }

    async fn segments(&self) -> Result<Vec<SegmentSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all(&format!("SELECT {SEGMENT}, {COUNTS} FROM segment s ORDER BY s.title, s.id"), args![]).await?;
        rows.iter().map(summary).collect()
    }

    async fn segment(&self, id: SegmentId) -> Result<Option<SegmentSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {SEGMENT}, {COUNTS} FROM segment s WHERE s.id = $1"), args![id.as_uuid()]).await?;
        row.as_ref().map(summary).transpose()
    }

    async fn segment_by_key(&self, key: &str) -> Result<Option<Segment>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {SEGMENT} FROM segment s WHERE s.key = $1"), args![key]).await?;
        row.as_ref().map(segment).transpose()
    }

    async fn members(&self, segment: SegmentId, page: PageRequest) -> Result<Page<SegmentMember>, StoreError> {
        let mut session = self.database.read().await?;
        membership::members(&mut session, segment, page).await
    }

    async fn member_numbers(&self, segment: SegmentId) -> Result<Vec<PatientNo>, StoreError> {
        let mut session = self.database.read().await?;
        membership::numbers(&mut session, segment).await
    }

    async fn memberships(&self, patient: PatientId) -> Result<Vec<Membership>, StoreError> {
        let mut session = self.database.read().await?;
        membership::of_patient(&mut session, patient).await
    }

    async fn membership_history(&self, patient: PatientId, limit: u32) -> Result<Vec<MembershipEvent>, StoreError> {
        let mut session = self.database.read().await?;
        membership::history(&mut session, patient, limit).await
    }

    async fn mark_due_for_review(&self, today: Date, now: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.database.write().await?;
        let today = day_number(today);
        let marked = session
            .execute(
                "INSERT INTO dirty_patient (patient_no, source_no, mark, since, lease_until) \
                 SELECT p.no, p.source_no, $2, $2, 0 FROM patient p \
                 WHERE p.no IN (SELECT m.patient_no FROM membership m WHERE m.review_on <= $1) \
                 ON CONFLICT (patient_no) DO UPDATE SET mark = dirty_patient.mark + 1",
                args![today, now],
            )
            .await?;
        session.execute("UPDATE membership SET review_on = NULL WHERE review_on <= $1", args![today]).await?;
        session.commit().await?;
        Ok(marked)
    }

    async fn claim_dirty(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DirtyPatient>, StoreError> {
        const CLAIMED: &[Column] = &[Column::Integer];
        let mut session = self.database.write().await?;
        // While records are linked anew, half of a person may look like somebody else.
        if identity::is_behind(&mut session).await? {
            return Ok(Vec::new());
        }
        let held: Vec<String> = half_read_sources(&mut session).await?.iter().map(ToString::to_string).collect();
        // A person's facts are those of all records, so half of one source is half of the person.
        let but_not = if held.is_empty() {
            String::new()
        } else {
            let held = held.join(", ");
            format!(
                "AND source_no NOT IN ({held}) AND NOT EXISTS (SELECT 1 FROM patient p JOIN patient o ON o.person_no = p.person_no \
                 WHERE p.no = dirty_patient.patient_no AND o.source_no IN ({held}))"
            )
        };
        let rows = session
            .all(
                &format!(
                    "SELECT patient_no, mark FROM dirty_patient WHERE lease_until <= $1 {but_not} \
                     ORDER BY patient_no LIMIT $2 FOR UPDATE SKIP LOCKED"
                ),
                args![now, limit],
            )
            .await?;
        let claimed = rows
            .iter()
            .map(|row| Ok(DirtyPatient { patient: PatientNo(row.get(0)?), mark: row.get(1)? }))
            .collect::<Result<Vec<_>, StoreError>>()?;
        session
            .execute_rows(
                &format!(
                    "WITH claimed (patient_no) AS ({{rows}}) UPDATE dirty_patient SET lease_until = {} \
                     WHERE patient_no IN (SELECT patient_no FROM claimed)",
                    lease.as_microsecond()
                ),
                Rows::of(CLAIMED, claimed.iter().map(|dirty| dirty.patient.into())),
            )
            .await?;
        session.commit().await?;
        Ok(claimed)
    }

    async fn apply_evaluations(
        &self,
        claimed: &[DirtyPatient],
        evaluations: &[Evaluation],
        versions: &[(SegmentId, u32)],
        now: Timestamp,
    ) -> Result<Vec<MembershipEvent>, StoreError> {
        let mut session = self.database.write().await?;
        let events = membership::apply(&mut session, claimed, evaluations, versions, now).await?;
        session.commit().await?;
        Ok(events)
    }

    async fn dirty_backlog(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let mut session = self.database.read().await?;
        let row = session.one("SELECT count(*) AS total, min(since) AS since FROM dirty_patient", args![]).await?;
        Ok((row.count("total")?, row.optional_time("since")?))
    }
}

async fn insert(session: &mut Session, segment: &Segment) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO segment (id, key, title, description, plugin, definition, version, active, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                segment.id.as_uuid(),
                segment.key.as_str(),
                segment.title.as_str(),
                segment.description.as_str(),
                segment.plugin.as_str(),
                to_json("segment", &segment.definition)?,
                segment.version,
                segment.active,
                segment.created_at,
            ],
        )
        .await?;
    Ok(())
}

async fn update(session: &mut Session, segment: &Segment) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE segment SET title = $2, description = $3, plugin = $4, definition = $5, version = $6, active = $7 \
             WHERE id = $1",
            args![
                segment.id.as_uuid(),
                segment.title.as_str(),
                segment.description.as_str(),
                segment.plugin.as_str(),
                to_json("segment", &segment.definition)?,
                segment.version,
                segment.active,
            ],
        )
        .await?;
    Ok(())
}

fn segment(row: &Row) -> Result<Segment, StoreError> {
    Ok(Segment {
        id: SegmentId::from_uuid(row.uuid("id")?),
        key: row.text("key")?,
        title: row.text("title")?,
        description: row.text("description")?,
        plugin: plugin_name(row)?,
        definition: from_json("segment", &row.text("definition")?)?,
        version: row.small("version")?,
        active: row.flag("active")?,
        created_at: row.time("created_at")?,
    })
}

fn summary(row: &Row) -> Result<SegmentSummary, StoreError> {
    Ok(SegmentSummary { segment: segment(row)?, members: row.count("members")?, changed_at: row.optional_time("changed_at")? })
}

pub(crate) fn plugin_name(row: &Row) -> Result<PluginName, StoreError> {
    PluginName::new(row.text("plugin")?).map_err(|_| corrupt("plugin name", "it is not well formed"))
}

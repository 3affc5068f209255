//! Our subscriptions on sources.

use async_trait::async_trait;
use gateway_domain::ids::{PushSubscriptionId, SourceId};
use gateway_domain::push_subscription::{PushSecret, PushSubscription};
use gateway_ports::store::push::{PushCheck, PushNote};
use gateway_ports::store::{PushStore, StoreError};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::error::missing;
use crate::source::source_no;
use crate::stored::{from_name, name_of};

const SUBSCRIPTION: &str = "p.id, s.id AS source_id, p.kind, p.criteria, p.secret, p.remote_id, p.status, p.last_event, p.notifications, \
    p.gaps, p.heard_at, p.problem, p.failures, p.due_at, p.created_at \
    FROM push_subscription p JOIN source s ON s.no = p.source_no";

#[async_trait]
impl PushStore for Store {
    async fn add_push_subscription(&self, subscription: &PushSubscription) -> Result<PushSubscription, StoreError> {
        let mut session = self.database.write().await?;
        let source = source_no(&mut session, subscription.source).await?;
        session
            .execute(
                "INSERT INTO push_subscription (id, source_no, kind, criteria, secret, remote_id, status, due_at, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source_no, kind, criteria) DO NOTHING",
                args![
                    subscription.id.as_uuid(),
                    source,
                    name_of(&subscription.kind)?,
                    subscription.criteria.as_str(),
                    subscription.secret.reveal(),
                    subscription.remote_id.clone(),
                    name_of(&subscription.status)?,
                    subscription.due_at,
                    subscription.created_at,
                ],
            )
            .await?;
        let row = session
            .one(
                &format!("SELECT {SUBSCRIPTION} WHERE p.source_no = $1 AND p.kind = $2 AND p.criteria = $3"),
                args![source, name_of(&subscription.kind)?, subscription.criteria.as_str()],
            )
            .await?;
        let kept = push_subscription(&row)?;
        session.commit().await?;
        Ok(kept)
    }

    async fn push_subscriptions(&self, source: SourceId) -> Result<Vec<PushSubscription>, StoreError> {
        let mut session = self.database.read().await?;
        let rows =
            session.all(&format!("SELECT {SUBSCRIPTION} WHERE s.id = $1 ORDER BY p.kind, p.criteria"), args![source.as_uuid()]).await?;
        rows.iter().map(push_subscription).collect()
    }

    async fn push_subscription(&self, id: PushSubscriptionId) -> Result<Option<PushSubscription>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {SUBSCRIPTION} WHERE p.id = $1"), args![id.as_uuid()]).await?;
        row.as_ref().map(push_subscription).transpose()
    }

    async fn claim_push_subscription(&self, id: PushSubscriptionId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let claimed = session
            .execute("UPDATE push_subscription SET due_at = $3 WHERE id = $1 AND due_at <= $2", args![id.as_uuid(), now, until])
            .await?;
        session.commit().await?;
        Ok(claimed > 0)
    }

    async fn expedite_push_subscription(&self, id: PushSubscriptionId, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session.execute("UPDATE push_subscription SET due_at = $2 WHERE id = $1 AND due_at > $2", args![id.as_uuid(), now]).await?;
        session.commit().await
    }

    async fn put_push_check(&self, id: PushSubscriptionId, check: &PushCheck) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session
            .execute(
                "UPDATE push_subscription SET remote_id = $2, status = $3, problem = $4, failures = $5, due_at = $6 WHERE id = $1",
                args![id.as_uuid(), check.remote_id.clone(), name_of(&check.status)?, check.problem.clone(), check.failures, check.due_at,],
            )
            .await?;
        if changed == 0 {
            return Err(missing("push subscription", id));
        }
        session.commit().await
    }

    async fn note_push(&self, id: PushSubscriptionId, note: &PushNote) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        forward(&mut session, id, note).await?;
        session.commit().await
    }

    async fn delete_push_subscription(&self, id: PushSubscriptionId) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session.execute("DELETE FROM push_subscription WHERE id = $1", args![id.as_uuid()]).await?;
        session.commit().await
    }
}

/// Adds counts; numbers and moments only move forward, unless the server began to count anew.
async fn forward(session: &mut Session, id: PushSubscriptionId, note: &PushNote) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE push_subscription SET notifications = notifications + $2, gaps = gaps + $3, \
             last_event = CASE WHEN $5 = 1 OR last_event IS NULL OR last_event < $4 THEN coalesce($4, last_event) ELSE last_event END, \
             heard_at = CASE WHEN heard_at IS NULL OR heard_at < $6 THEN coalesce($6, heard_at) ELSE heard_at END WHERE id = $1",
            args![id.as_uuid(), note.notifications, note.gaps, note.last_event, note.renumbered, note.heard_at],
        )
        .await?;
    Ok(())
}

fn push_subscription(row: &Row) -> Result<PushSubscription, StoreError> {
    let last_event: Option<i64> = row.get("last_event")?;
    Ok(PushSubscription {
        id: PushSubscriptionId::from_uuid(row.uuid("id")?),
        source: SourceId::from_uuid(row.uuid("source_id")?),
        kind: from_name("push kind", row.text("kind")?)?,
        criteria: row.text("criteria")?,
        secret: PushSecret::from_stored(row.text("secret")?),
        remote_id: row.get("remote_id")?,
        status: from_name("push status", row.text("status")?)?,
        last_event: last_event.and_then(|number| u64::try_from(number).ok()),
        notifications: row.count("notifications")?,
        gaps: row.count("gaps")?,
        heard_at: row.optional_time("heard_at")?,
        problem: row.get("problem")?,
        failures: row.small("failures")?,
        due_at: row.time("due_at")?,
        created_at: row.time("created_at")?,
    })
}

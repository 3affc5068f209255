//! Topics people can join or leave.

use gateway_domain::ids::SubscriptionListId;
use gateway_domain::subscription_list::SubscriptionList;
use gateway_ports::store::StoreError;

use crate::database::{Row, Session, args};
use crate::stored::{from_name, name_of};

/// The kind is taken only when the list is made: changing it would change what silence means.
pub(crate) async fn put(session: &mut Session, list: &SubscriptionList) -> Result<SubscriptionList, StoreError> {
    let row = session
        .one(
            "INSERT INTO subscription_list (id, key, title, description, kind, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (key) DO UPDATE SET title = excluded.title, description = excluded.description \
             RETURNING id, key, title, description, kind, created_at",
            args![
                list.id.as_uuid(),
                list.key.as_str(),
                list.title.as_str(),
                list.description.as_str(),
                name_of(&list.kind)?,
                list.created_at,
            ],
        )
        .await?;
    subscription_list(&row)
}

pub(crate) async fn all(session: &mut Session) -> Result<Vec<SubscriptionList>, StoreError> {
    let rows =
        session.all("SELECT id, key, title, description, kind, created_at FROM subscription_list ORDER BY title, key", args![]).await?;
    rows.iter().map(subscription_list).collect()
}

fn subscription_list(row: &Row) -> Result<SubscriptionList, StoreError> {
    Ok(SubscriptionList {
        id: SubscriptionListId::from_uuid(row.uuid("id")?),
        key: row.text("key")?,
        title: row.text("title")?,
        description: row.text("description")?,
        kind: from_name("list kind", row.text("kind")?)?,
        created_at: row.time("created_at")?,
    })
}

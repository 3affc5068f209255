//! The documents messages are made from. Every version is kept.

use gateway_domain::ids::MessageTemplateId;
use gateway_domain::message_template::MessageTemplate;
use gateway_ports::store::StoreError;

use crate::database::{Row, Session, args};
use crate::stored::{from_json, from_name, name_of, to_json};

const TEMPLATE: &str = "t.id, t.key, t.title, t.purpose, t.list, t.document, t.version, t.created_at FROM message_template t \
    WHERE t.version = (SELECT max(n.version) FROM message_template n WHERE n.key = t.key)";

pub(crate) async fn put(session: &mut Session, template: &MessageTemplate) -> Result<MessageTemplate, StoreError> {
    let before = find(session, &template.key).await?;
    let stored = match before {
        None => MessageTemplate { version: 1, ..template.clone() },
        Some(before) => {
            let same = MessageTemplate { version: before.version, created_at: before.created_at, id: before.id, ..template.clone() };
            if same == before {
                return Ok(before);
            }
            MessageTemplate { id: before.id, version: before.version + 1, ..template.clone() }
        }
    };
    session
        .execute(
            "INSERT INTO message_template (key, version, id, title, purpose, list, document, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                stored.key.as_str(),
                stored.version,
                stored.id.as_uuid(),
                stored.title.as_str(),
                name_of(&stored.purpose)?,
                stored.list.clone(),
                to_json("message template", &stored.document)?,
                stored.created_at,
            ],
        )
        .await?;
    Ok(stored)
}

pub(crate) async fn all(session: &mut Session) -> Result<Vec<MessageTemplate>, StoreError> {
    let rows = session.all(&format!("SELECT {TEMPLATE} ORDER BY t.title, t.key"), args![]).await?;
    rows.iter().map(template).collect()
}

pub(crate) async fn find(session: &mut Session, key: &str) -> Result<Option<MessageTemplate>, StoreError> {
    let row = session.optional(&format!("SELECT {TEMPLATE} AND t.key = $1"), args![key]).await?;
    row.as_ref().map(template).transpose()
}

fn template(row: &Row) -> Result<MessageTemplate, StoreError> {
    Ok(MessageTemplate {
        id: MessageTemplateId::from_uuid(row.uuid("id")?),
        key: row.text("key")?,
        title: row.text("title")?,
        purpose: from_name("purpose", row.text("purpose")?)?,
        list: row.get("list")?,
        document: from_json("message template", &row.text("document")?)?,
        version: row.small("version")?,
        created_at: row.time("created_at")?,
    })
}

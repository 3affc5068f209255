//! Imported value sets. The codes of a version are one compressed document: they are read as a whole or not at all.

use std::collections::BTreeMap;
use std::io::Read as _;

use async_trait::async_trait;
use gateway_domain::code::Coding;
use gateway_domain::ids::SegmentId;
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetReference, ValueSetSummary, ValueSetUrl};
use gateway_ports::store::value_sets::PutValueSet;
use gateway_ports::store::{StoreError, ValueSetStore};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::error::corrupt;
use crate::segment::MARK_EVERYBODY;

const SUMMARY: &str = "v.no, v.url, v.alias, v.version, v.title, v.hash, v.code_count, v.in_use, v.imported_at, \
    (SELECT count(*) FROM value_set o WHERE o.url = v.url) AS versions";

/// Names are few and codes alike: a little more work than for resources is worth it.
const LEVEL: i32 = 6;
/// Bytes of a list of codes, however small its compressed form.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Codes by system, as they are kept: each with what it is called.
type Kept = BTreeMap<String, Vec<(String, Option<String>)>>;

#[async_trait]
impl ValueSetStore for Store {
    async fn put_value_set(&self, set: &ValueSet, use_it: bool, now: Timestamp) -> Result<PutValueSet, StoreError> {
        let (hash, codes) = (set.hash(), pack(set.codes())?);
        let (url, version) = (set.url.as_str(), set.version.as_deref().unwrap_or_default());
        let mut session = self.database.write().await?;
        // One import after the other: they move the same revision.
        session.one("SELECT revision FROM value_set_revision FOR UPDATE", args![]).await?;
        let before = session.optional("SELECT version, hash FROM value_set WHERE url = $1 AND in_use = 1 FOR UPDATE", args![url]).await?;
        let before = before.map(|row| Ok::<_, StoreError>((row.text("version")?, row.content_hash("hash")?))).transpose()?;
        let put = match &before {
            None => PutValueSet::New,
            Some((its, same)) if its == version && *same == hash => PutValueSet::Unchanged,
            Some((its, _)) if use_it => PutValueSet::Changed { before: Some(its.clone()).filter(|it| !it.is_empty()) },
            Some(_) => PutValueSet::Kept,
        };
        if matches!(put, PutValueSet::Changed { .. }) {
            session.execute("UPDATE value_set SET in_use = 0 WHERE url = $1 AND in_use = 1", args![url]).await?;
        }
        session
            .execute(
                "INSERT INTO value_set (url, alias, version, title, hash, code_count, codes, in_use, imported_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (url, version, hash) DO UPDATE SET alias = excluded.alias, title = excluded.title, codes = excluded.codes, \
                 in_use = excluded.in_use, imported_at = excluded.imported_at",
                args![
                    url,
                    set.alias.as_ref().map(ValueSetUrl::as_str),
                    version,
                    set.title.as_str(),
                    hash,
                    set.codes().len() as u64,
                    codes,
                    put != PutValueSet::Kept,
                    now,
                ],
            )
            .await?;
        if matches!(put, PutValueSet::New | PutValueSet::Changed { .. }) {
            session.execute("UPDATE value_set_revision SET revision = revision + 1", args![]).await?;
        }
        session.commit().await?;
        Ok(put)
    }

    async fn value_sets(&self) -> Result<Vec<ValueSetSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all(&format!("SELECT {SUMMARY} FROM value_set v WHERE v.in_use = 1 ORDER BY v.title, v.url"), args![]).await?;
        rows.iter().map(summary).collect()
    }

    async fn value_set(&self, reference: &ValueSetReference) -> Result<Option<ValueSet>, StoreError> {
        let mut session = self.database.read().await?;
        let Some(row) = find(&mut session, reference).await? else { return Ok(None) };
        let found = summary(&row)?;
        let row = session.one("SELECT codes FROM value_set WHERE no = $1", args![row.integer("no")?]).await?;
        let codes = unpack(&row.get::<Vec<u8>, _>("codes")?)?;
        ValueSet::new(found.url, found.alias, found.version, found.title, codes)
            .map(Some)
            .map_err(|_| corrupt("value set", "it has no codes"))
    }

    async fn find_value_set(&self, reference: &ValueSetReference) -> Result<Option<ValueSetSummary>, StoreError> {
        let mut session = self.database.read().await?;
        find(&mut session, reference).await?.as_ref().map(summary).transpose()
    }

    async fn value_set_versions(&self, url: &ValueSetUrl) -> Result<Vec<(ValueSetSummary, bool)>, StoreError> {
        let mut session = self.database.read().await?;
        let sql = format!("SELECT {SUMMARY} FROM value_set v WHERE v.url = $1 ORDER BY v.imported_at DESC, v.no DESC");
        let rows = session.all(&sql, args![url.as_str()]).await?;
        rows.iter().map(|row| Ok((summary(row)?, row.flag("in_use")?))).collect()
    }

    async fn value_set_revision(&self) -> Result<i64, StoreError> {
        let mut session = self.database.read().await?;
        session.one("SELECT revision FROM value_set_revision", args![]).await?.integer("revision")
    }

    async fn noted_value_sets(&self) -> Result<Vec<(SegmentId, String)>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all("SELECT s.id, n.noted FROM segment_value_set n JOIN segment s ON s.no = n.segment_no ORDER BY s.no", args![])
            .await?;
        rows.iter().map(|row| Ok((SegmentId::from_uuid(row.uuid("id")?), row.text("noted")?))).collect()
    }

    async fn note_value_sets(&self, noted: &[(SegmentId, String)], mark_everybody: bool, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        for (segment, noted) in noted {
            session
                .execute(
                    "INSERT INTO segment_value_set (segment_no, noted) SELECT no, $2 FROM segment WHERE id = $1 \
                     ON CONFLICT (segment_no) DO UPDATE SET noted = excluded.noted",
                    args![segment.as_uuid(), noted.as_str()],
                )
                .await?;
        }
        if mark_everybody {
            session.execute(MARK_EVERYBODY, args![now]).await?;
        }
        session.commit().await
    }
}

/// The row that a reference means: a set of this URL comes before one that has it as its second name.
async fn find(session: &mut Session, reference: &ValueSetReference) -> Result<Option<Row>, StoreError> {
    let url = reference.url.as_str();
    let Some(version) = &reference.version else {
        let sql = format!("SELECT {SUMMARY} FROM value_set v WHERE v.url = $1 AND v.in_use = 1");
        if let Some(row) = session.optional(&sql, args![url]).await? {
            return Ok(Some(row));
        }
        let sql =
            format!("SELECT {SUMMARY} FROM value_set v WHERE v.alias = $1 AND v.in_use = 1 ORDER BY v.imported_at DESC, v.no DESC LIMIT 1");
        return session.optional(&sql, args![url]).await;
    };
    let sql = format!(
        "SELECT {SUMMARY} FROM value_set v WHERE (v.url = $1 OR v.alias = $1) AND v.version = $2 \
         ORDER BY CASE WHEN v.url = $1 THEN 0 ELSE 1 END, v.imported_at DESC, v.no DESC LIMIT 1"
    );
    session.optional(&sql, args![url, version.as_str()]).await
}

fn summary(row: &Row) -> Result<ValueSetSummary, StoreError> {
    let named = |url: &str| ValueSetUrl::parse(url).map_err(|_| corrupt("value set", "its name is not well formed"));
    Ok(ValueSetSummary {
        url: named(&row.text("url")?)?,
        alias: row.get::<Option<String>, _>("alias")?.as_deref().map(named).transpose()?,
        version: Some(row.text("version")?).filter(|it| !it.is_empty()),
        title: row.text("title")?,
        codes: row.count("code_count")?,
        hash: row.content_hash("hash")?,
        origin: ValueSetOrigin::Imported { at: row.time("imported_at")?, versions: row.small("versions")? },
    })
}

fn pack(codes: &[Coding]) -> Result<Vec<u8>, StoreError> {
    let mut kept: BTreeMap<&str, Vec<(&str, Option<&str>)>> = BTreeMap::new();
    for coding in codes {
        kept.entry(&coding.system).or_default().push((&coding.code, coding.display.as_deref()));
    }
    let json = serde_json::to_vec(&kept).map_err(|error| StoreError::Statement(error.to_string()))?;
    zstd::bulk::compress(&json, LEVEL).map_err(|error| StoreError::Statement(error.to_string()))
}

fn unpack(bytes: &[u8]) -> Result<Vec<Coding>, StoreError> {
    let mut json = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(bytes).map_err(|error| corrupt("value set", error.kind()))?;
    decoder.take(LARGEST).read_to_end(&mut json).map_err(|error| corrupt("value set", error.kind()))?;
    let kept: Kept = serde_json::from_slice(&json).map_err(|_| corrupt("value set", "its codes are not what was kept"))?;
    let codings = |(system, codes): (String, Vec<(String, Option<String>)>)| {
        codes.into_iter().map(move |(code, display)| Coding { system: system.clone(), code, display })
    };
    Ok(kept.into_iter().flat_map(codings).collect())
}

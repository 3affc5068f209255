//! New rules for what is held already: all records are linked anew, piece by piece, and nobody is written to until that is done.

use std::collections::BTreeSet;

use gateway_domain::identity::IdentityRules;
use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::patient::Demographics;
use gateway_ports::store::StoreError;
use gateway_ports::store::identity::Relinked;
use jiff::Timestamp;

use super::said::{links_of, write};
use super::{Said, lock, work_out};
use crate::database::{Session, args};
use crate::stored::{from_json, to_json};
use crate::sync::patients::mark_others_dirty;

/// What stands for "up to the last record".
const ALL: i64 = i64::MAX;

/// Writes down the rules where they are others. Whether records have to be linked by them.
pub(super) async fn adopt(session: &mut Session, rules: &IdentityRules) -> Result<bool, StoreError> {
    lock(session).await?;
    let text = to_json("identity rules", rules)?;
    session.execute("UPDATE identity_state SET rules = $1, resolved_until = 0 WHERE no = 1 AND rules <> $1", args![text]).await?;
    is_behind(session).await
}

/// Whether rules were taken on by which not all records are linked yet.
pub(crate) async fn is_behind(session: &mut Session) -> Result<bool, StoreError> {
    let row = session.optional("SELECT resolved_until FROM identity_state WHERE no = 1 AND rules <> ''", args![]).await?;
    row.map_or(Ok(false), |row| Ok(row.integer("resolved_until")? != ALL))
}

/// Links the next records.
pub(super) async fn next(session: &mut Session, most: u32, now: Timestamp) -> Result<Relinked, StoreError> {
    let rules = lock(session).await?;
    let until = session.one("SELECT resolved_until FROM identity_state WHERE no = 1", args![]).await?.integer("resolved_until")?;
    let rows = session
        .all(
            "SELECT no, source_no, demographics, person_no FROM patient WHERE no > $1 ORDER BY no LIMIT $2",
            args![until, i64::from(most.max(1))],
        )
        .await?;
    let mut said: Vec<Said> = Vec::with_capacity(rows.len());
    // Records of one person speak in another order by new rules, also where they are the same ones.
    let mut evaluated: BTreeSet<PatientNo> = BTreeSet::new();
    for row in &rows {
        let patient = PatientNo(row.integer("no")?);
        let demographics: Demographics = from_json("demographics", &row.text("demographics")?)?;
        said.push(Said::of(patient, SourceNo(row.integer("source_no")?), &[], &demographics, &rules));
        if row.get::<Option<i64>, _>("person_no")?.is_some() {
            evaluated.insert(patient);
        }
    }
    let mut links = links_of(session, &said.iter().map(|said| said.patient).collect()).await?;
    for said in &mut said {
        said.links = links.remove(&said.patient).unwrap_or_default();
    }
    let seeds = write(session, &said).await?;
    let changed = work_out(session, &rules, seeds, now).await?;
    evaluated.extend(&changed);
    mark_others_dirty(session, &evaluated, now).await?;
    let done = said.len() < most.max(1) as usize;
    let last = said.last().map_or(until, |said| said.patient.0);
    session.execute("UPDATE identity_state SET resolved_until = $1 WHERE no = 1", args![if done { ALL } else { last }]).await?;
    Ok(Relinked { records: said.len() as u64, changed: changed.len() as u64, done })
}

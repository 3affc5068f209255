//! Which records are one person's, kept in step with what the records say: worked out in the transaction that writes a record, over
//! all records that hang together with it and no others.

mod gather;
mod persist;
mod said;

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use gateway_domain::identity::{IdentityRules, Trouble, resolve};
use gateway_domain::ids::PatientNo;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use crate::database::{Session, args};
use crate::stored::name_of;

pub(crate) use gather::ranks;
pub(crate) use said::{Said, links_of as links};

/// The hospital's rules, as the program was started with them.
#[derive(Default)]
pub(crate) struct Rules(RwLock<IdentityRules>);

impl Rules {
    pub(crate) fn get(&self) -> IdentityRules {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether there is anything a change of a record could concern: a person with several records, or a record that says something of
/// another. Two looks into tables that are empty nearly everywhere.
pub(crate) async fn is_there(session: &mut Session) -> Result<bool, StoreError> {
    let row = session
        .one(
            "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM patient_link) \
             OR EXISTS (SELECT 1 FROM patient_identifier) THEN 1 ELSE 0 END AS BIGINT) AS there",
            args![],
        )
        .await?;
    row.flag("there")
}

/// Lets nobody else change identities until the transaction ends. Taken before any row of a patient is locked, and because two
/// sources may bring the two halves of a person at the same moment.
pub(crate) async fn lock(session: &mut Session) -> Result<(), StoreError> {
    session.one("SELECT no FROM identity_state WHERE no = 1 FOR UPDATE", args![]).await.map(drop)
}

/// Takes in what changed records say, and works out anew whose records those are that hang together with them, or with `gone`, which
/// were deleted. The records of which the person changed; the caller marks them dirty.
pub(crate) async fn follow(
    session: &mut Session,
    rules: &IdentityRules,
    said: &[Said],
    gone: &BTreeSet<PatientNo>,
    now: Timestamp,
) -> Result<BTreeSet<PatientNo>, StoreError> {
    let mut seeds = said::write(session, said).await?;
    seeds.extend(gone);
    work_out(session, rules, seeds, now).await
}

/// Works out anew whose records these are, and those that hang together with them.
pub(crate) async fn work_out(
    session: &mut Session,
    rules: &IdentityRules,
    seeds: BTreeSet<PatientNo>,
    now: Timestamp,
) -> Result<BTreeSet<PatientNo>, StoreError> {
    let seeds = gather::with_others(session, seeds).await?;
    if seeds.is_empty() {
        return Ok(BTreeSet::new());
    }
    let gathered = gather::around(session, rules, seeds).await?;
    let records: Vec<_> = gathered.records.values().map(|record| record.identity.clone()).collect();
    let mut resolution = resolve(&records, &gathered.decisions);
    for cluster in &mut resolution.clusters {
        // Not all of it was looked at: nothing is known of the rest.
        if cluster.records.iter().any(|no| gathered.cut.contains(no)) {
            (cluster.primary, cluster.trouble) = (None, Some(Trouble::TooMany));
        }
    }
    persist::write(session, &gathered, &resolution, now).await
}

pub(crate) fn trouble_name(trouble: Option<Trouble>) -> Result<Option<String>, StoreError> {
    trouble.as_ref().map(name_of).transpose()
}

//! Which records are one person's, kept in step with what the records say: worked out in the transaction that writes a record, over
//! all records that hang together with it and no others.

mod decide;
mod gather;
mod persist;
mod relink;
mod said;
mod shown;

use std::collections::BTreeSet;

use async_trait::async_trait;
use gateway_domain::identity::{IdentityRules, Trouble, resolve};
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_domain::person::{IdentityDecision, OpenQuestion, Person};
use gateway_ports::store::identity::{Decided, NewDecision, Relinked, WrittenTo};
use gateway_ports::store::{IdentityStore, Page, PageRequest, StoreError};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, Session, args};
use crate::stored::{from_json, name_of};

pub(crate) use gather::ranks;
pub(crate) use relink::is_behind;
pub(crate) use said::{Said, links_of as links};
pub(crate) use shown::possible_consents;

#[async_trait]
impl IdentityStore for Store {
    async fn adopt_identity_rules(&self, rules: &IdentityRules) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let is_behind = relink::adopt(&mut session, rules).await?;
        session.commit().await?;
        Ok(is_behind)
    }

    async fn identity_rules(&self) -> Result<IdentityRules, StoreError> {
        rules(&mut self.database.read().await?).await
    }

    async fn relink(&self, most: u32, now: Timestamp) -> Result<Relinked, StoreError> {
        let mut session = self.database.write().await?;
        let relinked = relink::next(&mut session, most, now).await?;
        session.commit().await?;
        Ok(relinked)
    }

    async fn person(&self, patient: PatientId) -> Result<Option<Person>, StoreError> {
        shown::person(&mut self.database.read().await?, patient).await
    }

    async fn written_to(&self, patient: PatientId) -> Result<Option<WrittenTo>, StoreError> {
        shown::written_to(&mut self.database.read().await?, patient).await
    }

    async fn identity_questions(&self, page: PageRequest) -> Result<Page<OpenQuestion>, StoreError> {
        shown::questions(&mut self.database.read().await?, page).await
    }

    async fn identity_decisions(&self, page: PageRequest) -> Result<Page<IdentityDecision>, StoreError> {
        shown::decisions(&mut self.database.read().await?, page).await
    }

    async fn decide_identity(&self, new: &NewDecision, now: Timestamp) -> Result<Decided, StoreError> {
        let mut session = self.database.write().await?;
        let decided = decide::decide(&mut session, new, now).await?;
        // What does not hold leaves no trace.
        if matches!(decided, Decided::Holds(_)) {
            session.commit().await?;
        }
        Ok(decided)
    }

    async fn take_back_identity(&self, one: PatientId, other: PatientId, now: Timestamp) -> Result<Option<Vec<PatientNo>>, StoreError> {
        let mut session = self.database.write().await?;
        let changed = decide::take_back(&mut session, one, other, now).await?;
        session.commit().await?;
        Ok(changed)
    }
}

/// The rules that count, whichever process took them on.
pub(crate) async fn rules(session: &mut Session) -> Result<IdentityRules, StoreError> {
    of_row(&session.one("SELECT rules FROM identity_state WHERE no = 1", args![]).await?)
}

fn of_row(row: &Row) -> Result<IdentityRules, StoreError> {
    match row.text("rules")?.as_str() {
        "" => Ok(IdentityRules::default()),
        text => from_json("identity rules", text),
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

/// Lets nobody else change identities, or the rules, until the transaction ends; the rules that count. Taken before any row of a
/// patient is locked, and because two sources may bring the two halves of a person at the same moment.
pub(crate) async fn lock(session: &mut Session) -> Result<IdentityRules, StoreError> {
    of_row(&session.one("SELECT rules FROM identity_state WHERE no = 1 FOR UPDATE", args![]).await?)
}

/// Lets nobody change the rules until the transaction ends, and others go on; the rules that count.
pub(crate) async fn hold_rules(session: &mut Session) -> Result<IdentityRules, StoreError> {
    let share = if session.is_postgres() { " FOR SHARE" } else { "" };
    of_row(&session.one(&format!("SELECT rules FROM identity_state WHERE no = 1{share}"), args![]).await?)
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

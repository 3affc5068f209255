//! Applying a piece of a run: look, decide, write; all of it in one transaction with the checkpoint, the counts and the marks.

use std::collections::BTreeSet;

use gateway_domain::identity::IdentityRules;
use gateway_domain::ids::{IdEntropy, PatientNo, SyncRunId};
use gateway_domain::projection::{Projection, ReadResource};
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::{SyncCounts, SyncRunStatus};
use gateway_ports::store::StoreError;
use gateway_ports::store::sync::{Applied, ApplyBatch, Prepared};
use jiff::Timestamp;

use super::incoming::{is_older, key_prefix, patient_of, prepare};
use super::stored_resources::Held;
use super::write::Incoming;
use super::{patients, stored_resources, write};
use crate::Store;
use crate::database::{Session, args};
use crate::entropy::EntropySequence;
use crate::identity::{self, Said};
use crate::quarantine;
use crate::source::{OpenRun, lock_run};

impl Store {
    pub(super) async fn apply_batch(
        &self,
        run: SyncRunId,
        mut batch: ApplyBatch,
        now: Timestamp,
        entropy: IdEntropy,
    ) -> Result<Applied, StoreError> {
        if batch.prepared.is_none() {
            prepare(&mut batch, false);
        }
        let Prepared { read, bodies } = batch.prepared.take().unwrap_or_default();
        let mut bodies = bodies.into_iter();
        let mut entropy = EntropySequence::new([&entropy]);
        let mut session = self.database.write().await?;
        let open = lock_run(&mut session, run).await?;
        if open.run.status != SyncRunStatus::Running {
            return Err(StoreError::Stale { what: "sync run", key: run.to_string() });
        }
        let mut counts = SyncCounts {
            read: read + batch.quarantined.len() as u64,
            quarantined: batch.quarantined.len() as u64,
            ..SyncCounts::default()
        };
        let resources = batch.resources;
        if open.run.strategy.shows_what_is_gone() {
            let present = batch.present.iter().map(|(resource_type, id)| ResourceKey::of(open.source, resource_type, id));
            // What could not be read, and still says which resource it is, is there too.
            let unread = batch
                .quarantined
                .iter()
                .filter_map(|line| Some(ResourceKey::of(open.source, line.resource_type.as_deref()?, line.fhir_id.as_deref()?)));
            let keys: Vec<ResourceKey> = resources.iter().map(|resource| resource.key).chain(present).chain(unread).collect();
            note_seen(&mut session, &open, &keys).await?;
        }

        // Where the piece may concern others, nobody else changes identities until it is written.
        let rules = lock_identities(&mut session, &resources, &batch.deletes).await?;

        let fhir_ids: BTreeSet<&str> = resources.iter().filter_map(patient_of).collect();
        let met = patients::resolve(&mut session, open.source, fhir_ids, now, &mut entropy).await?;
        let expected: Vec<(PatientNo, ResourceKey)> = resources
            .iter()
            .map(|resource| {
                let patient = patient_of(resource).and_then(|fhir_id| met.get(fhir_id));
                (patient.map_or(PatientNo(0), |met| met.no), resource.key)
            })
            .collect();
        let shown_keys = resources.iter().map(|resource| resource.key);
        let settled: Vec<ResourceKey> =
            shown_keys.chain(batch.deletes.iter().map(|(name, id)| ResourceKey::of(open.source, name, id))).collect();
        let mut first_load = self.first_loads.take(&mut session, &open).await?;
        let held = stored_resources::look_up(&mut session, open.source, &expected, first_load.as_mut()).await?;

        let mut changed: Vec<Incoming> = Vec::with_capacity(if held.is_empty() { resources.len() } else { 0 });
        let mut newer: Vec<(Held, ReadResource)> = Vec::new();
        for (resource, (patient, key)) in resources.into_iter().zip(expected) {
            let (before, body) = (held.get(&key).copied(), bodies.next());
            match step(before.as_ref(), patient, &resource) {
                Step::Apply => changed.push(Incoming { patient, before, resource, body }),
                Step::Note => newer.extend(before.map(|before| (before, resource))),
                Step::Leave => {}
            }
        }
        counts.applied = changed.len() as u64;
        let changed_keys: Vec<ResourceKey> = changed.iter().map(|incoming| incoming.resource.key).collect();
        counts.unchanged = counts.read - counts.quarantined - counts.applied;

        let mut touched: BTreeSet<PatientNo> =
            changed.iter().flat_map(|incoming| [Some(incoming.patient), incoming.before.map(|before| before.patient)]).flatten().collect();
        let shown: BTreeSet<PatientNo> = changed
            .iter()
            .filter(|incoming| matches!(incoming.resource.projection, Projection::Patient(_)))
            .map(|incoming| incoming.patient)
            .collect();
        let said: Vec<Said> = changed
            .iter()
            .filter_map(|incoming| match (&incoming.resource.projection, &rules) {
                (Projection::Patient(says), Some(rules)) => {
                    Some(Said::of(incoming.patient, open.source, &says.links, &says.demographics, rules))
                }
                _ => None,
            })
            .collect();
        write::newer_meta(&mut session, newer).await?;
        let learned = write::changed(&mut session, self, &open, changed, first_load.as_mut(), now, &mut entropy).await?;

        if let Some(load) = first_load.as_mut().filter(|_| !batch.deletes.is_empty()) {
            load.sort_in(&mut session, open.source).await?;
        }
        let (gone, deleted) = self.delete_keys(&mut session, &open, &batch.deletes, now).await?;
        counts.deleted = gone.len() as u64;
        let mut moved = BTreeSet::new();
        if let Some(rules) = &rules {
            moved = identity::follow(&mut session, rules, &said, &gone.iter().copied().collect(), now).await?;
            patients::mark_others_dirty(&mut session, &moved, now).await?;
        }
        touched.extend(gone);
        touched.remove(&PatientNo(0));

        quarantine::settle(&mut session, &open, &settled, &batch.replayed, now).await?;
        quarantine::keep(&mut session, &open, batch.quarantined).await?;
        let unseen = met.values().filter(|met| met.referenced && !shown.contains(&met.no));
        let unseen: BTreeSet<PatientNo> = unseen.map(|met| met.no).collect();
        let dirty: BTreeSet<PatientNo> = touched.difference(&unseen).copied().collect();
        patients::mark_dirty(&mut session, open.source, &dirty, now).await?;
        move_on(&mut session, &open, &counts, batch.checkpoint.as_deref()).await?;
        session.commit().await?;
        self.codes.learn(learned);
        touched.extend(moved);
        if let Some(load) = first_load {
            self.first_loads.give_back(&open, load, counts);
        }
        Ok(Applied { counts, patients: touched.into_iter().collect(), changed: changed_keys, deleted })
    }

    async fn delete_keys(
        &self,
        session: &mut Session,
        open: &OpenRun,
        deletes: &[(String, String)],
        now: Timestamp,
    ) -> Result<(Vec<PatientNo>, Vec<ResourceKey>), StoreError> {
        if deletes.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let keys: BTreeSet<ResourceKey> =
            deletes.iter().map(|(resource_type, fhir_id)| ResourceKey::of(open.source, resource_type, fhir_id)).collect();
        let keys: Vec<ResourceKey> = keys.into_iter().collect();
        let held = stored_resources::find(session, &keys).await?;
        let deleted = held.iter().filter(|(_, held)| !held.deleted).map(|(key, _)| *key).collect();
        Ok((write::deleted(session, open.source, &held, now).await?, deleted))
    }
}

/// Keeps others from changing identities where the piece may change whose records are whose; the rules that count then.
async fn lock_identities(
    session: &mut Session,
    resources: &[ReadResource],
    deletes: &[(String, String)],
) -> Result<Option<IdentityRules>, StoreError> {
    let people =
        || resources.iter().filter_map(|resource| if let Projection::Patient(says) = &resource.projection { Some(says) } else { None });
    let shows_people = people().next().is_some();
    if !shows_people && !deletes.iter().any(|(resource_type, _)| resource_type == "Patient") {
        return Ok(None);
    }
    let mut concerns_others = people().any(|says| !says.links.is_empty()) || identity::is_there(session).await?;
    if !concerns_others && shows_people {
        // Whoever takes on new rules waits for this piece, and finds its records when all are linked anew.
        concerns_others = !identity::hold_rules(session).await?.systems.is_empty();
    }
    if concerns_others { identity::lock(session).await.map(Some) } else { Ok(None) }
}

/// What is to be done with a resource.
enum Step {
    /// Store it and what was read out of it.
    Apply,
    /// It says the same, later: only its version is noted, so that nothing between the two can replace it.
    Note,
    /// Nothing.
    Leave,
}

fn step(before: Option<&Held>, patient: PatientNo, resource: &ReadResource) -> Step {
    let Some(before) = before else {
        return Step::Apply;
    };
    if is_older(resource.last_updated, before.last_updated) {
        return Step::Leave;
    }
    if before.deleted || before.hash != resource.hash || before.patient != patient {
        return Step::Apply;
    }
    if is_older(before.last_updated, resource.last_updated) {
        return Step::Note;
    }
    Step::Leave
}

/// Notes what a full run has seen: one row for the whole piece, so that resources that did not change cost no write of their own.
async fn note_seen(session: &mut Session, open: &OpenRun, keys: &[ResourceKey]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<u8> = keys.iter().flat_map(|key| key_prefix(*key).to_be_bytes()).collect();
    session.execute("INSERT INTO sync_seen (run_no, keys) VALUES ($1, $2)", args![open.no, keys]).await?;
    Ok(())
}

async fn move_on(session: &mut Session, open: &OpenRun, counts: &SyncCounts, checkpoint: Option<&str>) -> Result<(), StoreError> {
    session
        .execute(
            "UPDATE sync_run SET checkpoint = coalesce($2, checkpoint), resources_read = resources_read + $3, \
             applied = applied + $4, unchanged = unchanged + $5, deleted = deleted + $6, \
             quarantined = quarantined + $7 WHERE no = $1",
            args![open.no, checkpoint, counts.read, counts.applied, counts.unchanged, counts.deleted, counts.quarantined,],
        )
        .await?;
    Ok(())
}

use async_trait::async_trait;
use gateway_domain::ids::{PatientId, PatientNo, SegmentId};
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::{Evaluation, Membership, MembershipChange, MembershipEvent, Segment};
use gateway_domain::value_set::{ValueSet, ValueSetReference, ValueSetSummary, ValueSetUrl};
use gateway_ports::store::segments::{DirtyPatient, SegmentMember, SegmentSummary};
use gateway_ports::store::value_sets::PutValueSet;
use gateway_ports::store::{Page, PageRequest, SegmentStore, StoreError, ValueSetStore};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Dirty, MemoryStore, not_kept};

#[async_trait]
impl SegmentStore for MemoryStore {
    async fn note_logic(&self, _: &PluginName, _: &str, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn segments(&self) -> Result<Vec<SegmentSummary>, StoreError> {
        let segments = self.kept().segments.clone();
        Ok(segments.into_iter().map(|segment| SegmentSummary { segment, members: 0, changed_at: None }).collect())
    }

    async fn segment_by_key(&self, key: &str) -> Result<Option<Segment>, StoreError> {
        Ok(self.kept().segments.iter().find(|segment| segment.key == key).cloned())
    }

    async fn member_numbers(&self, segment: SegmentId) -> Result<Vec<PatientNo>, StoreError> {
        let kept = self.kept();
        Ok(kept.members.keys().filter(|(each, _)| *each == segment).map(|(_, patient)| *patient).collect())
    }

    async fn memberships(&self, patient: PatientId) -> Result<Vec<Membership>, StoreError> {
        let kept = self.kept();
        let its = kept.members.iter().filter(|((_, no), _)| kept.patient_of(*no).is_some_and(|each| each.id == patient));
        Ok(its
            .map(|((segment, _), evaluation)| Membership {
                segment: *segment,
                patient,
                since: Timestamp::UNIX_EPOCH,
                evidence: evaluation.evidence.clone(),
                review_on: evaluation.review_on,
            })
            .collect())
    }

    async fn mark_due_for_review(&self, today: Date, now: Timestamp) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let due: Vec<_> = kept
            .members
            .values()
            .filter(|evaluation| evaluation.review_on.is_some_and(|day| day <= today))
            .map(|evaluation| evaluation.patient)
            .collect();
        for patient in &due {
            kept.dirty.insert(*patient, Dirty { mark: now.as_millisecond(), since: now, lease: now });
        }
        Ok(due.len() as u64)
    }

    async fn claim_dirty(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DirtyPatient>, StoreError> {
        let mut kept = self.kept();
        let free = kept.dirty.iter_mut().filter(|(_, dirty)| dirty.lease <= now).take(limit as usize);
        Ok(free
            .map(|(patient, dirty)| {
                dirty.lease = lease;
                DirtyPatient { patient: *patient, mark: dirty.mark }
            })
            .collect())
    }

    async fn apply_evaluations(
        &self,
        claimed: &[DirtyPatient],
        evaluations: &[Evaluation],
        versions: &[(SegmentId, u32)],
        now: Timestamp,
    ) -> Result<Vec<MembershipEvent>, StoreError> {
        let mut kept = self.kept();
        let mut events = Vec::new();
        for evaluation in evaluations {
            let current = kept.segments.iter().find(|segment| segment.id == evaluation.segment).map(|segment| segment.version);
            if !versions.iter().any(|(segment, version)| *segment == evaluation.segment && Some(*version) == current) {
                continue;
            }
            let key = (evaluation.segment, evaluation.patient);
            let was = kept.members.contains_key(&key);
            if evaluation.member {
                kept.members.insert(key, evaluation.clone());
            } else {
                kept.members.remove(&key);
            }
            if was != evaluation.member {
                let event = MembershipEvent {
                    seq: kept.membership_events.len() as i64,
                    segment: evaluation.segment,
                    patient: kept.patient_of(evaluation.patient).unwrap().id,
                    change: if was { MembershipChange::Left } else { MembershipChange::Joined },
                    at: now,
                };
                kept.membership_events.push(event.clone());
                events.push(event);
            }
        }
        for done in claimed {
            if kept.dirty.get(&done.patient).is_some_and(|dirty| dirty.mark == done.mark) {
                kept.dirty.remove(&done.patient);
            }
        }
        Ok(events)
    }

    async fn dirty_backlog(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let kept = self.kept();
        Ok((kept.dirty.len() as u64, kept.dirty.values().map(|dirty| dirty.since).min()))
    }

    async fn put_segment(&self, _: &Segment, _: Timestamp) -> Result<Segment, StoreError> {
        Err(not_kept("put_segment"))
    }

    async fn segment(&self, _: SegmentId) -> Result<Option<SegmentSummary>, StoreError> {
        Err(not_kept("segment"))
    }

    async fn members(&self, _: SegmentId, _: PageRequest) -> Result<Page<SegmentMember>, StoreError> {
        Err(not_kept("members"))
    }

    async fn membership_history(&self, _: PatientId, _: u32) -> Result<Vec<MembershipEvent>, StoreError> {
        Err(not_kept("membership_history"))
    }
}

#[async_trait]
impl ValueSetStore for MemoryStore {
    async fn put_value_set(&self, _: &ValueSet, _: bool, _: Timestamp) -> Result<PutValueSet, StoreError> {
        Err(not_kept("put_value_set"))
    }

    async fn value_sets(&self) -> Result<Vec<ValueSetSummary>, StoreError> {
        Err(not_kept("value_sets"))
    }

    async fn value_set(&self, _: &ValueSetReference) -> Result<Option<ValueSet>, StoreError> {
        Err(not_kept("value_set"))
    }

    async fn find_value_set(&self, _: &ValueSetReference) -> Result<Option<ValueSetSummary>, StoreError> {
        Err(not_kept("find_value_set"))
    }

    async fn value_set_versions(&self, _: &ValueSetUrl) -> Result<Vec<(ValueSetSummary, bool)>, StoreError> {
        Err(not_kept("value_set_versions"))
    }

    async fn value_set_revision(&self) -> Result<i64, StoreError> {
        Err(not_kept("value_set_revision"))
    }

    async fn noted_value_sets(&self) -> Result<Vec<(SegmentId, String)>, StoreError> {
        Ok(self.kept().noted_value_sets.clone().into_iter().collect())
    }

    async fn note_value_sets(&self, noted: &[(SegmentId, String)], mark_everybody: bool, now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.noted_value_sets.extend(noted.iter().cloned());
        if mark_everybody {
            let patients: Vec<_> = kept.patients.iter().map(|patient| patient.no).collect();
            for patient in patients {
                kept.dirty.entry(patient).and_modify(|dirty| dirty.mark += 1).or_insert(Dirty {
                    mark: now.as_millisecond(),
                    since: now,
                    lease: now,
                });
            }
        }
        Ok(())
    }
}

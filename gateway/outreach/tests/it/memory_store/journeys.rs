use async_trait::async_trait;
use gateway_domain::ids::{IdEntropy, JourneyId, PatientId, RunId};
use gateway_domain::journey::{Happening, Journey, JourneyEvent, JourneyStatus, Run, RunStatus};
use gateway_domain::message::{Message, MessageStatus};
use gateway_domain::segment::{MembershipChange, MembershipEvent};
use gateway_ports::store::journeys::{Advance, DueEvent, JourneySummary, RunSummary};
use gateway_ports::store::{JourneyStore, Page, PageRequest, StoreError};
use jiff::Timestamp;

use super::{KeptRun, MemoryStore, not_kept};

#[async_trait]
impl JourneyStore for MemoryStore {
    async fn enrol(&self, limit: u32, now: Timestamp, entropy: &[IdEntropy]) -> Result<Vec<MembershipEvent>, StoreError> {
        let mut kept = self.kept();
        let events: Vec<_> = kept.membership_events.iter().skip(kept.heard).take(limit as usize).cloned().collect();
        kept.heard += events.len();
        let mut entropy = entropy.iter();
        for event in &events {
            let joined = event.change == MembershipChange::Joined;
            let kind = if joined { "segment-joined" } else { "segment-left" };
            let detail = kept.segments.iter().find(|segment| segment.id == event.segment).unwrap().key.clone();
            let listening: Vec<RunId> = kept
                .runs
                .values()
                .filter(|kept| kept.run.patient == event.patient && kept.run.status == RunStatus::Active)
                .filter(|kept| kept.listeners.iter().any(|(_, kinds, _)| kinds.iter().any(|its| its == kind)))
                .map(|kept| kept.run.id)
                .collect();
            for run in listening {
                let happening = Happening { kind: kind.into(), at: now, detail: detail.clone() };
                kept.enqueue(run, JourneyEvent::Happened(happening), now);
            }
            let entered: Vec<Journey> = kept
                .journeys
                .iter()
                .filter(|journey| joined && journey.status == JourneyStatus::Live && journey.entry_segment == Some(event.segment))
                .cloned()
                .collect();
            for journey in entered {
                let run = Run {
                    id: RunId::new(now, *entropy.next().unwrap()),
                    journey: journey.id,
                    version: journey.version,
                    patient: event.patient,
                    status: RunStatus::Active,
                    at_step: String::new(),
                    entered_at: now,
                    updated_at: now,
                    reason: None,
                };
                let id = run.id;
                kept.runs.insert(id, KeptRun { run, revision: 0, state: None, listeners: Vec::new() });
                kept.enqueue(id, JourneyEvent::Entered("joined".into()), now);
            }
        }
        Ok(events)
    }

    async fn claim_due_events(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DueEvent>, StoreError> {
        let mut kept = self.kept();
        let mut due: Vec<DueEvent> = Vec::new();
        for (seq, queued) in &kept.queue {
            let run = &kept.runs[&queued.run];
            let free = queued.due_at <= now && run.run.status == RunStatus::Active;
            if !free || due.len() >= limit as usize || due.iter().any(|other| other.run.id == queued.run) {
                continue;
            }
            due.push(DueEvent {
                seq: *seq,
                run: run.run.clone(),
                revision: run.revision,
                state: run.state.clone(),
                plugin_version: None,
                event: queued.event.clone(),
                due_at: queued.due_at,
                patient: kept.patients.iter().find(|patient| patient.id == run.run.patient).unwrap().no,
                journey: kept.journeys.iter().find(|journey| journey.id == run.run.journey).unwrap().clone(),
                tries: queued.tries,
            });
        }
        for event in &due {
            let queued = kept.queue.get_mut(&event.seq).unwrap();
            queued.due_at = lease;
            queued.tries += 1;
        }
        Ok(due)
    }

    async fn advance(&self, advance: &Advance, now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let run = kept.runs.get_mut(&advance.run).unwrap();
        if run.revision != advance.revision {
            return Err(StoreError::Stale { what: "run", key: advance.run.to_string() });
        }
        run.revision += 1;
        run.state = Some(advance.state.clone());
        run.run.status = advance.status;
        run.run.reason.clone_from(&advance.reason);
        run.run.at_step.clone_from(&advance.at_step);
        run.run.updated_at = now;
        run.listeners.extend(advance.listeners.clone());
        let run = run.run.clone();
        kept.queue.remove(&advance.seq);
        for new in &advance.messages {
            let message = Message {
                id: new.id,
                patient: run.patient,
                journey: run.journey,
                run: run.id,
                step: new.step.clone(),
                medium: new.medium.clone(),
                template: new.template.clone(),
                purpose: new.purpose,
                status: MessageStatus::Due,
                reason: None,
                due_at: new.due_at,
                expires_at: new.expires_at,
                tries: 0,
                created_at: now,
                sent_at: None,
                provider_id: None,
                subject: None,
                language: None,
            };
            kept.messages.insert(new.id, message);
        }
        for (step, at) in &advance.timers {
            kept.enqueue(run.id, JourneyEvent::Timer(step.clone()), *at);
        }
        if run.status != RunStatus::Active {
            kept.queue.retain(|_, queued| queued.run != run.id);
            for message in kept.messages.values_mut().filter(|message| message.run == run.id && message.status == MessageStatus::Due) {
                message.status = MessageStatus::Cancelled;
            }
        }
        Ok(())
    }

    async fn put_off_event(&self, seq: i64, until: Timestamp) -> Result<(), StoreError> {
        if let Some(queued) = self.kept().queue.get_mut(&seq) {
            queued.due_at = until;
        }
        Ok(())
    }

    async fn next_event_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.kept().queue.values().map(|queued| queued.due_at).min())
    }

    async fn put_journey(&self, _: &Journey, _: Timestamp) -> Result<Journey, StoreError> {
        Err(not_kept("put_journey"))
    }

    async fn set_journey_status(&self, _: JourneyId, _: JourneyStatus, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("set_journey_status"))
    }

    async fn journeys(&self) -> Result<Vec<JourneySummary>, StoreError> {
        Err(not_kept("journeys"))
    }

    async fn journey(&self, _: JourneyId) -> Result<Option<JourneySummary>, StoreError> {
        Err(not_kept("journey"))
    }

    async fn runs(&self, _: JourneyId, _: PageRequest) -> Result<Page<RunSummary>, StoreError> {
        Err(not_kept("runs"))
    }

    async fn patient_runs(&self, _: PatientId) -> Result<Vec<Run>, StoreError> {
        Err(not_kept("patient_runs"))
    }
}

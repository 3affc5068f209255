use async_trait::async_trait;
use gateway_domain::gate::{GateFacts, GatePolicy, RecordStanding, Verdict, decide};
use gateway_domain::ids::{MessageId, PatientId};
use gateway_domain::interaction::Interaction;
use gateway_domain::message::{Message, MessageStatus};
use gateway_domain::message_template::MessageTemplate;
use gateway_ports::store::messages::{HandOver, MessageFilter, MessageSummary, Prepared};
use gateway_ports::store::{MessageStore, Page, PageRequest, StoreError};
use jiff::Timestamp;

use super::{MemoryStore, not_kept};

#[async_trait]
impl MessageStore for MemoryStore {
    async fn message_templates(&self) -> Result<Vec<MessageTemplate>, StoreError> {
        Ok(self.kept().templates.clone())
    }

    async fn message_template(&self, key: &str) -> Result<Option<MessageTemplate>, StoreError> {
        Ok(self.kept().templates.iter().find(|template| template.key == key).cloned())
    }

    async fn messages(&self, filter: &MessageFilter, _: PageRequest) -> Result<Page<MessageSummary>, StoreError> {
        let kept = self.kept();
        let items: Vec<_> = kept
            .messages
            .values()
            .filter(|message| filter.patient.is_none_or(|patient| message.patient == patient))
            .map(|message| MessageSummary { message: message.clone(), name: String::new(), journey_title: String::new() })
            .collect();
        Ok(Page { total: items.len() as u64, items })
    }

    async fn claim_due_messages(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<Message>, StoreError> {
        let mut kept = self.kept();
        let due = kept.messages.values_mut().filter(|message| message.status == MessageStatus::Due && message.due_at <= now);
        Ok(due
            .take(limit as usize)
            .map(|message| {
                message.due_at = lease;
                message.clone()
            })
            .collect())
    }

    async fn pass_gate(
        &self,
        id: MessageId,
        prepared: Result<&Prepared, &str>,
        policy: &GatePolicy,
        now: Timestamp,
    ) -> Result<Option<Verdict>, StoreError> {
        let mut kept = self.kept();
        let message = kept.messages[&id].clone();
        if message.status != MessageStatus::Due {
            return Ok(None);
        }
        let patient = kept.patients.iter().find(|patient| patient.id == message.patient).unwrap();
        let facts = GateFacts {
            record: patient.status,
            demographics: patient.demographics.clone(),
            standing: RecordStanding::Primary,
            consents: kept.consents.iter().filter(|(who, _)| *who == patient.id).map(|(_, consent)| consent.clone()).collect(),
            other_consents: Vec::new(),
            possible_consents: Vec::new(),
            refused_addresses: Vec::new(),
            already_sent: false,
            medium: message.medium.clone(),
            purpose: message.purpose,
            list: None,
            expires_at: message.expires_at,
            journey: kept.journeys.iter().find(|journey| journey.id == message.journey).unwrap().status,
            run: kept.runs[&message.run].run.status,
            synced_at: Some(now),
            sync_incomplete: false,
            sent_last_day: Vec::new(),
            sent_last_week: Vec::new(),
        };
        let verdict = decide(&facts, policy, now);
        let message = kept.messages.get_mut(&id).unwrap();
        match (&verdict, prepared) {
            (Verdict::Send(_), Ok(prepared)) => {
                message.status = MessageStatus::InFlight;
                message.subject = Some(prepared.subject.clone());
                message.tries += 1;
            }
            (Verdict::Hold { reason, until }, _) => {
                message.reason = Some(reason.name().into());
                message.due_at = *until;
            }
            (Verdict::Refuse(reason), _) => {
                message.status = MessageStatus::Refused;
                message.reason = Some(reason.name().into());
            }
            (Verdict::Send(_), Err(reason)) => {
                message.status = MessageStatus::Refused;
                message.reason = Some(reason.into());
            }
        }
        Ok(Some(verdict))
    }

    async fn hold_message(&self, id: MessageId, reason: &str, until: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let message = kept.messages.get_mut(&id).unwrap();
        message.reason = Some(reason.into());
        message.due_at = until;
        Ok(())
    }

    async fn record_hand_over(&self, id: MessageId, hand_over: &HandOver, now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let message = kept.messages.get_mut(&id).unwrap();
        assert_eq!(message.status, MessageStatus::InFlight, "only what is in flight has an outcome");
        match hand_over {
            HandOver::Accepted { .. } => {
                message.status = MessageStatus::Accepted;
                message.sent_at = Some(now);
            }
            HandOver::Rejected { .. } => message.status = MessageStatus::Rejected,
            HandOver::Later { at, .. } => {
                message.status = MessageStatus::Due;
                message.due_at = *at;
            }
            HandOver::Unknown { .. } => message.status = MessageStatus::Unknown,
        }
        Ok(())
    }

    async fn recover_in_flight(&self, _: Timestamp, _: Timestamp) -> Result<Vec<MessageId>, StoreError> {
        let mut kept = self.kept();
        let lost = kept.messages.values_mut().filter(|message| message.status == MessageStatus::InFlight);
        Ok(lost
            .map(|message| {
                message.status = MessageStatus::Unknown;
                message.id
            })
            .collect())
    }

    async fn next_message_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let kept = self.kept();
        Ok(kept.messages.values().filter(|message| message.status == MessageStatus::Due).map(|message| message.due_at).min())
    }

    async fn put_message_template(&self, _: &MessageTemplate) -> Result<MessageTemplate, StoreError> {
        Err(not_kept("put_message_template"))
    }

    async fn message(&self, _: MessageId) -> Result<Option<MessageSummary>, StoreError> {
        Err(not_kept("message"))
    }

    async fn message_counts(&self) -> Result<Vec<(MessageStatus, u64)>, StoreError> {
        Err(not_kept("message_counts"))
    }

    async fn release_claims(&self) -> Result<(), StoreError> {
        Err(not_kept("release_claims"))
    }

    async fn link_target(&self, _: MessageId, _: u32) -> Result<Option<String>, StoreError> {
        Err(not_kept("link_target"))
    }

    async fn record_interaction(&self, _: &Interaction, _: Option<&str>) -> Result<(), StoreError> {
        Err(not_kept("record_interaction"))
    }

    async fn interactions(&self, _: PatientId, _: u32) -> Result<Vec<Interaction>, StoreError> {
        Err(not_kept("interactions"))
    }
}

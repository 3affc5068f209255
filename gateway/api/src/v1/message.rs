//! The send ledger and the templates.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::gate::GateReason;
use gateway_domain::ids::{JourneyId, MessageId, PatientId};
use gateway_domain::message_template::MessageTemplate;
use gateway_outreach::delivery::reason::DeliveryReason;
use gateway_ports::store::messages::{MessageFilter, MessageSummary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{PatientRef, TitleRef};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::{MessageStatusWord, PurposeWord};

/// A message of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// `msg_...`
    pub id: String,
    /// The person.
    pub patient: PatientRef,
    /// The journey that proposed it.
    pub journey: TitleRef,
    /// The step that proposed it.
    pub step: String,
    /// The medium, for example `email`.
    pub medium: String,
    /// Key of the message template.
    pub template: String,
    /// What it is for.
    pub purpose: PurposeWord,
    /// Where it is on its way.
    pub status: MessageStatusWord,
    /// Why it is held, refused, rejected, unknown or expired.
    pub reason: Option<String>,
    /// The reason in a sentence.
    pub reason_text: Option<String>,
    /// Not before this.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// Not after this.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was proposed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the provider took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// Handed over how many times.
    pub tries: u32,
    /// Subject line as sent.
    pub subject: Option<String>,
    /// Language it was rendered in.
    pub language: Option<String>,
}

/// How many messages are in a status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusCount {
    /// The status.
    pub status: MessageStatusWord,
    /// Messages in it.
    pub count: u64,
}

/// A message template.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageTemplateView {
    /// `tpl_...`
    pub id: String,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// What messages made from it are for.
    pub purpose: PurposeWord,
    /// The subscription list it belongs to, by key.
    pub list: Option<String>,
    /// Its document: JSON blocks, one variant for each language.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
    /// Counted from 1.
    pub version: u32,
    /// When this version was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which messages are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageQuery {
    /// In this status.
    #[param(inline)]
    status: Option<MessageStatusWord>,
    /// Of this journey, by id.
    #[param(value_type = Option<String>)]
    journey: Option<JourneyId>,
    /// To this patient, by id.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Messages, newest first.
#[utoipa::path(get, path = "/messages", tag = "messages", params(MessageQuery), responses((status = 200, body = List<MessageView>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<MessageQuery>,
) -> Result<Shown<List<MessageView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let filter = MessageFilter { status: query.status.map(Into::into), journey: query.journey, patient: query.patient };
    let found = deps.store.messages(&filter, page).await?;
    let patients: Vec<_> = found.items.iter().map(|summary| summary.message.patient).collect();
    let items = found.items.into_iter().map(message_view).collect();
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// One message.
#[utoipa::path(get, path = "/messages/{id}", tag = "messages", params(("id" = String, Path)), responses((status = 200, body = MessageView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<MessageId>) -> Result<Shown<MessageView>, ApiError> {
    let summary = deps.store.message(id).await?.ok_or(ApiError::NotFound("message"))?;
    let patient = summary.message.patient;
    deps.show(&caller, AuditAction::Read, [patient], message_view(summary)).await
}

/// How many messages are in each status.
#[utoipa::path(get, path = "/message-counts", tag = "messages", responses((status = 200, body = Vec<StatusCount>)))]
pub(crate) async fn counts(State(deps): State<ApiDeps>) -> Result<Json<Vec<StatusCount>>, ApiError> {
    Ok(Json(status_counts(&deps).await?))
}

/// All message templates by title.
#[utoipa::path(get, path = "/message-templates", tag = "messages", responses((status = 200, body = List<MessageTemplateView>)))]
pub(crate) async fn templates(State(deps): State<ApiDeps>) -> Result<Json<List<MessageTemplateView>>, ApiError> {
    let templates = deps.store.message_templates().await?;
    Ok(Json(List::whole(templates.into_iter().map(template_view).collect())))
}

pub(crate) async fn status_counts(deps: &ApiDeps) -> Result<Vec<StatusCount>, ApiError> {
    let counts = deps.store.message_counts().await?;
    Ok(counts.into_iter().map(|(status, count)| StatusCount { status: status.into(), count }).collect())
}

/// The sentence for a reason of the gate or of the delivery before it; any other reason is a sentence already.
pub(crate) fn reason_text(reason: &str) -> String {
    let known: Option<GateReason> = serde_json::from_value(serde_json::Value::String(reason.to_owned())).ok();
    let sentence = known.map(GateReason::sentence).or_else(|| DeliveryReason::from_name(reason).map(DeliveryReason::sentence));
    sentence.unwrap_or(reason).to_owned()
}

fn message_view(MessageSummary { message, name, journey_title }: MessageSummary) -> MessageView {
    MessageView {
        id: message.id.to_string(),
        patient: PatientRef { id: message.patient.to_string(), name },
        journey: TitleRef { id: message.journey.to_string(), title: journey_title },
        step: message.step,
        medium: message.medium,
        template: message.template,
        purpose: message.purpose.into(),
        status: message.status.into(),
        reason_text: message.reason.as_deref().map(reason_text),
        reason: message.reason,
        due_at: message.due_at,
        expires_at: message.expires_at,
        created_at: message.created_at,
        sent_at: message.sent_at,
        tries: message.tries,
        subject: message.subject,
        language: message.language,
    }
}

fn template_view(template: MessageTemplate) -> MessageTemplateView {
    MessageTemplateView {
        id: template.id.to_string(),
        key: template.key,
        title: template.title,
        purpose: template.purpose.into(),
        list: template.list,
        document: template.document,
        version: template.version,
        created_at: template.created_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_becomes_a_sentence() {
        assert_eq!(reason_text("opted-out"), "The person asked not to be written to.");
        assert_eq!(reason_text("no-translation"), "The message has no version in the person's language yet.");
        assert_eq!(reason_text("mailbox full"), "mailbox full");
    }
}

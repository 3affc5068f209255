//! Our `Subscription` on a server: made, looked at, asked for anew, ended. R4 rest-hook, or R4 with topics (subscriptions-backport 1.1).

use async_trait::async_trait;
use gateway_domain::push_subscription::PushKind;
use gateway_net::egress::EgressRequest;
use gateway_ports::ehr::{EhrError, EhrErrorKind};
use gateway_ports::push::{
    Delivery, Notification, PushPayload, PushProof, RemoteStatus, RemoteSubscription, SubscriptionRequest, SubscriptionServer,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::exchange::Answer;
use super::{FHIR_JSON, FhirServer};
use crate::mapping::is_id;
use crate::mapping::lenient::Text;
use crate::notification;

const CONTENT: HeaderValue = HeaderValue::from_static("application/fhir+json");
const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
/// The header a server sends our secret in.
const SECRET_HEADER: &str = "X-Outreach-Secret";
/// Where Medplum looks for the key it signs with.
const SIGNING_SECRET: &str = "https://www.medplum.com/fhir/StructureDefinition/subscription-secret";
/// The most of a server's words that are kept.
const LONGEST_PROBLEM: usize = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Lean<'a> {
    #[serde(borrow)]
    resource_type: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    error: Text<'a>,
}

#[async_trait]
impl SubscriptionServer for FhirServer {
    async fn create_subscription(&self, request: &SubscriptionRequest) -> Result<RemoteSubscription, EhrError> {
        const ASKED: &str = "a new Subscription";
        let body = subscription(None, request).to_string();
        let mut ask = self.write(Method::POST, self.url(&["Subscription"])?, body.clone());
        // The endpoint is ours alone, so whatever has it is what an earlier try made before its answer was lost.
        let condition: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("url", &request.endpoint).finish();
        if let Ok(condition) = HeaderValue::try_from(condition) {
            ask = ask.header(IF_NONE_EXIST, condition);
        }
        let mut answer = self.exchange(ask, ASKED).await?;
        if matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::PRECONDITION_FAILED | StatusCode::NOT_IMPLEMENTED) {
            // A server that takes no condition, or does not search by this parameter.
            answer = self.exchange(self.write(Method::POST, self.url(&["Subscription"])?, body), ASKED).await?;
        }
        let found = answer.status == StatusCode::OK;
        let remote = self.remote(&self.require_success(answer, ASKED)?, None, ASKED)?;
        if found && remote.status != RemoteStatus::Active {
            return self.renew_subscription(&remote.id, request).await;
        }
        Ok(remote)
    }

    async fn renew_subscription(&self, remote_id: &str, request: &SubscriptionRequest) -> Result<RemoteSubscription, EhrError> {
        let asked = format!("Subscription/{remote_id}");
        let body = subscription(Some(remote_id), request).to_string();
        let answer = self.exchange(self.write(Method::PUT, self.url(&["Subscription", remote_id])?, body), &asked).await?;
        self.remote(&self.require_success(answer, &asked)?, Some(remote_id), &asked)
    }

    async fn subscription(&self, remote_id: &str) -> Result<Option<RemoteSubscription>, EhrError> {
        let asked = format!("Subscription/{remote_id}");
        let request = EgressRequest::get(self.url(&["Subscription", remote_id])?)
            .header(header::ACCEPT, FHIR_JSON)
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let answer = self.exchange(request, &asked).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            _ => self.remote(&self.require_success(answer, &asked)?, Some(remote_id), &asked).map(Some),
        }
    }

    async fn subscription_status(&self, remote_id: &str) -> Result<Notification, EhrError> {
        let asked = format!("Subscription/{remote_id}/$status");
        let answer = self.get_fhir(self.url(&["Subscription", remote_id, "$status"])?, &asked).await?;
        Ok(notification::read(Delivery { body: Some(&answer.body), ..Delivery::default() }))
    }

    async fn events(&self, remote_id: &str, first: u64, last: u64) -> Result<Notification, EhrError> {
        let asked = format!("Subscription/{remote_id}/$events");
        let mut url = self.url(&["Subscription", remote_id, "$events"])?;
        url.query_pairs_mut()
            .append_pair("eventsSinceNumber", &first.to_string())
            .append_pair("eventsUntilNumber", &last.to_string())
            .append_pair("content", "id-only");
        let answer = self.get_fhir(url, &asked).await?;
        Ok(notification::read(Delivery { body: Some(&answer.body), ..Delivery::default() }))
    }

    async fn delete_subscription(&self, remote_id: &str) -> Result<(), EhrError> {
        let asked = format!("Subscription/{remote_id}");
        let request = EgressRequest::new(Method::DELETE, self.url(&["Subscription", remote_id])?).header(header::ACCEPT, FHIR_JSON);
        let answer = self.exchange(request, &asked).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            _ => self.require_success(answer, &asked).map(drop),
        }
    }
}

impl FhirServer {
    #[expect(clippy::unused_self, reason = "a request of this server, beside the others")]
    fn write(&self, method: Method, url: Url, body: String) -> EgressRequest {
        let mut request = EgressRequest::new(method, url)
            .header(header::CONTENT_TYPE, CONTENT)
            .header(header::ACCEPT, FHIR_JSON)
            .header(super::PREFER, HeaderValue::from_static("return=representation"));
        request.body = body.into();
        request
    }

    /// What a server says of a Subscription. One that answers a write with nothing has taken it as it was asked for.
    fn remote(&self, answer: &Answer, known: Option<&str>, asked: &str) -> Result<RemoteSubscription, EhrError> {
        let lean: Lean<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
        let is_one = lean.resource_type.is("Subscription");
        let place = [header::LOCATION, header::CONTENT_LOCATION]
            .iter()
            .filter_map(|name| answer.headers.get(name)?.to_str().ok())
            .find_map(|place| place.split("/Subscription/").nth(1)?.split(['/', '?']).next());
        let inside = lean.id.get().filter(|_| is_one);
        let id = inside.or(place).or(known).filter(|id| is_id(id)).map(str::to_owned);
        let id = id.ok_or_else(|| {
            self.error(asked, EhrErrorKind::Unsupported, "it took the Subscription without saying under which id".to_owned())
        })?;
        let status = match lean.status.get().filter(|_| is_one) {
            Some("active") => RemoteStatus::Active,
            Some("error") => RemoteStatus::Error,
            Some("requested") | None => RemoteStatus::Requested,
            Some(_) => RemoteStatus::Off,
        };
        let problem = lean.error.get().filter(|_| is_one).map(|text| text.chars().take(LONGEST_PROBLEM).collect());
        Ok(RemoteSubscription { id, status, problem })
    }
}

/// The resource that asks. In R4 the extensions of a primitive stand beside it, under its name with an underscore.
fn subscription(id: Option<&str>, request: &SubscriptionRequest) -> Value {
    let mut header = Vec::new();
    let mut extension = Vec::new();
    match request.proof {
        PushProof::Header => header.push(format!("{SECRET_HEADER}: {}", request.secret.reveal())),
        PushProof::Signature => extension.push(json!({"url": SIGNING_SECRET, "valueString": request.secret.reveal()})),
    }
    let mut channel = json!({"type": "rest-hook", "endpoint": request.endpoint, "header": header});
    let mut resource = json!({
        "resourceType": "Subscription",
        "status": "requested",
        "reason": format!("Outreach Gateway keeps in step with this server ({})", request.id),
        "criteria": request.criteria,
        "extension": extension,
    });
    match request.kind {
        PushKind::RestHook => {
            if request.payload == PushPayload::FullResource {
                set(&mut channel, "payload", json!("application/fhir+json"));
            }
        }
        PushKind::Topic => {
            let content = match request.payload {
                PushPayload::Empty => "empty",
                PushPayload::IdOnly => "id-only",
                PushPayload::FullResource => "full-resource",
            };
            set(&mut resource, "meta", json!({"profile": [format!("{BACKPORT}/backport-subscription")]}));
            let filters: Vec<Value> = request
                .filters
                .iter()
                .map(|it| json!({"url": format!("{BACKPORT}/backport-filter-criteria"), "valueString": it}))
                .collect();
            set(&mut resource, "_criteria", json!({"extension": filters}));
            set(&mut channel, "payload", json!("application/fhir+json"));
            let payload = json!({"extension": [{"url": format!("{BACKPORT}/backport-payload-content"), "valueCode": content}]});
            set(&mut channel, "_payload", payload);
            if let Some(period) = request.heartbeat {
                let heartbeat = json!([{"url": format!("{BACKPORT}/backport-heartbeat-period"), "valueUnsignedInt": period.as_secs()}]);
                set(&mut channel, "extension", heartbeat);
            }
        }
    }
    set(&mut resource, "channel", channel);
    if let Some(id) = id {
        set(&mut resource, "id", json!(id));
    }
    without_empty(&mut resource);
    resource
}

fn set(value: &mut Value, name: &str, to: Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert(name.to_owned(), to);
    }
}

/// FHIR knows no empty lists and objects.
fn without_empty(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.values_mut().for_each(without_empty);
        object.retain(|_, it| !(it.as_array().is_some_and(Vec::is_empty) || it.as_object().is_some_and(serde_json::Map::is_empty)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gateway_domain::ids::PushSubscriptionId;
    use gateway_domain::push_subscription::PushSecret;
    use jiff::Timestamp;

    use super::*;

    fn request(kind: PushKind) -> SubscriptionRequest {
        SubscriptionRequest {
            id: PushSubscriptionId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            kind,
            criteria: "Patient?".into(),
            filters: Vec::new(),
            endpoint: "https://outreach.example.org/webhooks/fhir/psh_1".into(),
            secret: PushSecret::of([1; 32]),
            proof: PushProof::Header,
            payload: PushPayload::IdOnly,
            heartbeat: Some(Duration::from_mins(1)),
        }
    }

    #[test]
    fn a_rest_hook_asks_for_no_content_unless_told_to() {
        let asked = subscription(None, &request(PushKind::RestHook));
        assert_eq!(asked.pointer("/channel/payload"), None);
        assert_eq!(asked.get("extension"), None);
        assert!(asked.pointer("/channel/header/0").unwrap().as_str().unwrap().starts_with("X-Outreach-Secret: 0101"));
        let full = SubscriptionRequest { payload: PushPayload::FullResource, proof: PushProof::Signature, ..request(PushKind::RestHook) };
        let asked = subscription(Some("9"), &full);
        assert_eq!(asked.pointer("/channel/payload").unwrap(), "application/fhir+json");
        assert_eq!(asked.pointer("/extension/0/url").unwrap(), SIGNING_SECRET);
        assert_eq!((asked.get("id").unwrap().as_str(), asked.pointer("/channel/header")), (Some("9"), None));
    }

    #[test]
    fn a_topic_asks_for_ids_a_heartbeat_and_its_filters() {
        let asked = subscription(None, &SubscriptionRequest { filters: vec!["Patient?active=true".into()], ..request(PushKind::Topic) });
        assert_eq!(asked.pointer("/channel/_payload/extension/0/valueCode").unwrap(), "id-only");
        assert_eq!(asked.pointer("/channel/extension/0/valueUnsignedInt").unwrap(), 60);
        assert_eq!(asked.pointer("/_criteria/extension/0/valueString").unwrap(), "Patient?active=true");
        assert_eq!(asked.pointer("/meta/profile/0").unwrap(), &format!("{BACKPORT}/backport-subscription"));
    }
}

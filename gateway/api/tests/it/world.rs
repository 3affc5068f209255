//! A gateway with one hospital, one patient, one segment, one journey and one message that was sent, on SQLite in memory, with a clock
//! that stands until it is moved.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a world that can't be made fails the test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use gateway_api::{ApiDeps, Attempts, ChannelWebhooks, PrebuiltMeasure, Replayed, SyncTrigger};
use gateway_auth::password::{PasswordParameters, Passwords};
use gateway_auth::signed_link::{LinkKeyRing, LinkPurpose};
use gateway_domain::code::Coding;
use gateway_domain::consent::Purpose;
use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{FactFlags, FactKind, ReadFact};
use gateway_domain::gate::{GatePolicy, Verdict};
use gateway_domain::ids::{JourneyId, MessageId, PatientId, QuarantineId, SegmentId, SourceId, SubscriptionListId, SyncRunId, UserId};
use gateway_domain::issue::Issue;
use gateway_domain::journey::{Journey, JourneyStatus, RunStatus};
use gateway_domain::patient::{Demographics, RecordStatus};
use gateway_domain::plugin::PluginName;
use gateway_domain::projection::{Projection, ReadClinical, ReadPatient, ReadResource};
use gateway_domain::push_subscription::PushSubscription;
use gateway_domain::quiet_hours::SendingWindow;
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::segment::{Evaluation, Segment};
use gateway_domain::source::{QuarantineStatus, Quarantined, SyncRunStatus, SyncStrategy};
use gateway_domain::subscription_list::{ListKind, SubscriptionList};
use gateway_domain::user::{Role, User};
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetSummary, ValueSetUrl};
use gateway_net::layers::{LayerOptions, with_layers};
use gateway_outreach::lookup::{ClinicalLookup, LookupLimits};
use gateway_outreach::workers::Wake;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::plugins::{
    ChannelDescription, ChannelPlugin, DeliveryState, Notice, OutgoingMessage, PluginError, SendOutcome, WebhookReceipt, WebhookRequest,
};
use gateway_ports::push::{Delivery, PushInbox};
use gateway_ports::store::journeys::{Advance, NewMessage};
use gateway_ports::store::messages::Prepared;
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{
    ConsentStore as _, JourneyStore as _, MessageStore as _, PatientStore as _, QuarantineFilter, SegmentStore as _, SourceStore as _,
    SyncStore as _, UserStore as _,
};
use gateway_ports::terminology::{Terminology, TerminologyError};
use gateway_store::Store;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::plugins::{OnePlugin, missing};

/// The origin of the gateway.
pub(crate) const ORIGIN: &str = "https://outreach.example.org";
/// The password of every user.
pub(crate) const PASSWORD: &str = "a long enough password";
/// A name that must never show where it does not belong.
pub(crate) const FAMILY: &str = "Lovelace<script>";

/// A clock that stands.
pub(crate) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Bytes that count.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let bytes = next.to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// A channel, which is told what its provider has to say in plain words.
pub(crate) struct OneChannel(pub(crate) PluginName);

#[async_trait]
impl ChannelPlugin for OneChannel {
    fn name(&self) -> &PluginName {
        &self.0
    }

    async fn check(&self, _: &str) -> Result<Vec<Issue>, PluginError> {
        Ok(Vec::new())
    }

    async fn describe(&self, _: &str) -> Result<ChannelDescription, PluginError> {
        Err(missing("channel", "described"))
    }

    async fn send(&self, _: &str, _: &[OutgoingMessage]) -> Result<Vec<SendOutcome>, PluginError> {
        Err(missing("channel", "sent"))
    }

    fn has_webhook(&self) -> bool {
        true
    }

    async fn receive(&self, config: &str, request: &WebhookRequest) -> Result<WebhookReceipt, PluginError> {
        let plugin = self.0.to_string();
        let reason = format!("{config} {} {}", request.method, request.url);
        let words = String::from_utf8_lossy(&request.body).into_owned();
        let notice = match words.split_once(' ') {
            _ if words == "forged" => return Err(PluginError::Refused { plugin, reason }),
            _ if words == "unreadable" => return Err(PluginError::Invalid { plugin, reason }),
            _ if words == "trap" => return Err(PluginError::Stopped { plugin, reason }),
            Some(("delivered", id)) => Notice::Delivery { provider_id: id.to_owned(), state: DeliveryState::Delivered, reason: None },
            Some(("stop", address)) => Notice::OptedOut(address.to_owned()),
            _ => Notice::Answered(words.clone()),
        };
        let body = if words == "html" { b"<script>alert(1)</script>".to_vec() } else { reason.into_bytes() };
        Ok(WebhookReceipt { notices: vec![notice], status: 202, content_type: Some("text/html".to_owned()), body })
    }
}

/// An imported value set, and a starter set.
struct TwoValueSets;

#[async_trait]
impl Terminology for TwoValueSets {
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        let url = ValueSetUrl::parse(value_set).map_err(|_| TerminologyError::Unknown(value_set.to_owned()))?;
        let named = |code: &str, display: &str| Coding { display: Some(display.into()), ..Coding::new("http://loinc.org", code) };
        let (title, codes) = match url.oid() {
            Some("1.2.3") => ("Mammography", vec![named("24606-6", "MG Breast Screening"), named("26175-0", "MG Breast bilateral")]),
            Some("1.2.5") => ("Breast imaging", vec![named("24606-6", "MG Breast Screening")]),
            _ => return Err(TerminologyError::Unknown(value_set.to_owned())),
        };
        Ok(ValueSet::new(url, None, Some("2024".into()), title.into(), codes).unwrap())
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        let set = self.value_set(value_set).await?;
        let imported = ValueSetOrigin::Imported { at: Timestamp::UNIX_EPOCH, versions: 1 };
        Ok(set.summary(if set.url.oid() == Some("1.2.3") { imported } else { ValueSetOrigin::Starter }))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        Ok(vec![self.find("1.2.5").await?, self.find("1.2.3").await?])
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        Ok(0)
    }

    async fn display(&self, _: &Coding) -> Option<String> {
        None
    }
}

/// Remembers which sources were asked for.
#[derive(Default)]
pub(crate) struct Asked(pub(crate) Mutex<Vec<SourceId>>);

#[async_trait]
impl SyncTrigger for Asked {
    fn request(&self, source: SourceId) {
        self.0.lock().unwrap().push(source);
    }

    async fn replay(&self, _: SourceId, _: QuarantineFilter) -> Result<Replayed, String> {
        Ok(Replayed { readable: 1, ..Replayed::default() })
    }
}

/// Notifications that were let in, as text.
#[derive(Default)]
pub(crate) struct HeardOf(pub(crate) Mutex<Vec<String>>);

impl PushInbox for HeardOf {
    fn take(&self, subscription: &PushSubscription, delivery: Delivery<'_>) {
        let place = delivery.place.map_or_else(String::new, |(resource_type, id)| format!("{resource_type}/{id}"));
        let body = delivery.body.map_or_else(|| "too large".into(), String::from_utf8_lossy);
        self.0.lock().unwrap().push(format!("{}|{place}|{}|{body}", subscription.criteria, delivery.deleted.unwrap_or_default()));
    }
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// The gateway and what is in it.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) asked: Arc<Asked>,
    pub(crate) heard: Arc<HeardOf>,
    pub(crate) links: Arc<LinkKeyRing>,
    pub(crate) source: SourceId,
    pub(crate) patient: PatientId,
    pub(crate) segment: SegmentId,
    pub(crate) journey: JourneyId,
    pub(crate) message: MessageId,
    pub(crate) quarantined: QuarantineId,
    users: BTreeMap<&'static str, UserId>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(StandingClock(AtomicI64::new(1_795_000_000)));
        let entropy = Arc::new(Counting(AtomicU64::new(1)));
        let now = clock.now();
        let store = Arc::new(Store::open(&"sqlite::memory:".parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();

        let passwords = Passwords::new(PasswordParameters::for_testing()).unwrap();
        let hash = passwords.hash(PASSWORD.to_owned().into(), &mut StdRng::seed_from_u64(1)).await.unwrap();
        let mut users = BTreeMap::new();
        for role in Role::ALL {
            let id = UserId::new(now, entropy.for_id());
            let email = format!("{}@example.org", role.name());
            let user = User { id, email, name: role.name().into(), role, disabled: false, created_at: now };
            store.add_user(&user, &hash).await.unwrap();
            users.insert(role.name(), id);
        }

        let (source, quarantined) = sync(&store, &entropy, now).await;
        let patient = store.patient_by_fhir_id("hospital", "p1").await.unwrap().unwrap();
        let list = |key: &str, kind| SubscriptionList {
            id: SubscriptionListId::new(now, entropy.for_id()),
            key: key.into(),
            title: format!("{key} & more"),
            description: "One sentence.".into(),
            kind,
            created_at: now,
        };
        store.put_subscription_list(&list("care-reminders", ListKind::OptOut)).await.unwrap();
        store.put_subscription_list(&list("newsletter", ListKind::OptIn)).await.unwrap();
        let segment = Segment {
            id: SegmentId::new(now, entropy.for_id()),
            key: "due".into(),
            title: "Screening due".into(),
            description: "People a screening is due for.".into(),
            plugin: PluginName::new("segment-rules").unwrap(),
            definition: json!({}),
            version: 1,
            active: true,
            created_at: now,
        };
        let segment = store.put_segment(&segment, now).await.unwrap();
        let journey = Journey {
            id: JourneyId::new(now, entropy.for_id()),
            key: "invite".into(),
            title: "Invitation".into(),
            description: "Invites.".into(),
            status: JourneyStatus::Live,
            version: 1,
            plugin: PluginName::new("journey-flow").unwrap(),
            definition: json!({}),
            entry_segment: Some(segment.id),
            reentry_after_days: None,
            keeps_plugin: false,
            created_at: now,
        };
        let journey = store.put_journey(&journey, now).await.unwrap();
        let message = send(&store, &entropy, &segment, patient.no, now).await;

        let links = Arc::new(LinkKeyRing::generate(&mut StdRng::seed_from_u64(2)));
        let asked = Arc::new(Asked::default());
        let heard = Arc::new(HeardOf::default());
        let deps = ApiDeps {
            webhooks: Arc::new(ChannelWebhooks::new(BTreeMap::new())),
            lookup: Arc::new(ClinicalLookup::new(Arc::clone(&store) as _, Arc::new(TwoValueSets), LookupLimits::default())),
            store: Arc::clone(&store) as _,
            plugins: Arc::new(OnePlugin),
            clock: Arc::clone(&clock) as _,
            entropy,
            sync: Arc::clone(&asked) as _,
            push: Arc::clone(&heard) as _,
            links: Arc::clone(&links),
            passwords,
            attempts: Arc::new(Attempts::default()),
            jwks: Arc::new(json!({ "keys": [] })),
            public_url: ORIGIN.parse().unwrap(),
            secure_cookies: true,
            wake: Wake::default(),
            gate_policy: Arc::new(GatePolicy::default()),
            organization: "St. Brigid's <Hospital>".into(),
            measures: Arc::new([PrebuiltMeasure {
                key: "cms1".into(),
                title: "A measure".into(),
                document: json!({ "value_sets": [{ "url": "1.2.3" }, { "url": "1.2.4" }] }),
            }]),
        };
        let router = with_layers(gateway_api::router(deps), &LayerOptions::new(true, 7));
        let (segment, journey, patient) = (segment.id, journey.id, patient.id);
        Self { router, store, clock, asked, heard, links, source, patient, segment, journey, message, quarantined, users }
    }

    pub(crate) fn user(&self, role: Role) -> UserId {
        self.users[role.name()]
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Method::GET, path, &[("cookie", cookie)], Body::empty()).await
    }

    /// Sends JSON, as our own pages do.
    pub(crate) async fn write(&self, method: Method, path: &str, cookie: &str, body: &Value) -> Answer {
        let headers = [("cookie", cookie), ("origin", ORIGIN), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string()).await
    }

    /// Tries to sign in.
    pub(crate) async fn try_sign_in(&self, email: &str, password: &str) -> Answer {
        self.write(Method::POST, "/api/v1/session", "", &json!({ "email": email, "password": password })).await
    }

    /// Signs in; the cookie.
    pub(crate) async fn sign_in(&self, role: Role) -> String {
        let answer = self.try_sign_in(&format!("{}@example.org", role.name()), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A token in a link of the message.
    pub(crate) fn token(&self, purpose: LinkPurpose) -> String {
        self.links.sign(purpose, self.message.as_uuid().as_bytes(), None).unwrap()
    }
}

/// One complete sync: a patient, a mammogram, and a line that can't be read.
async fn sync(store: &Store, entropy: &Counting, now: Timestamp) -> (SourceId, QuarantineId) {
    let source = store.put_source(SourceId::new(now, entropy.for_id()), "hospital", "https://ehr.example.org/fhir").await.unwrap();
    let run = store.begin_run(SyncRunId::new(now, entropy.for_id()), source.id, SyncStrategy::BulkFull, now).await.unwrap();
    let resource = |resource_type: &str, fhir_id: &str, raw: Value, projection| {
        let raw = raw.to_string().into_bytes();
        ReadResource {
            key: ResourceKey::of(source.no, resource_type, fhir_id),
            resource_type: resource_type.into(),
            fhir_id: fhir_id.into(),
            version_id: None,
            last_updated: None,
            hash: ContentHash::of([raw.as_slice()]),
            raw,
            projection,
        }
    };
    let email = ContactPoint {
        kind: ContactKind::Email,
        value: "ada@example.org".into(),
        used_for: ContactUse::Home,
        rank: None,
        from: None,
        until: None,
    };
    let demographics = Demographics {
        given: vec!["Ada".into()],
        family: Some(FAMILY.into()),
        birth: PartialDate::parse("1965-04-01"),
        language: Some("es".into()),
        time_zone: Some("America/Chicago".into()),
        contact_points: vec![email],
        ..Demographics::default()
    };
    let person = ReadPatient { status: RecordStatus::Active, replaced_by: None, links: Vec::new(), demographics, data_quality: Vec::new() };
    let mammogram = ReadFact {
        part: 0,
        kind: FactKind::Procedure,
        codes: Vec::new(),
        flags: FactFlags::EFFECTIVE.into(),
        start: PartialDate::parse("2024-03-01"),
        end: None,
        value: None,
        unit: None,
        value_code: None,
        encounter: None,
        text: Some("Mammography".into()),
    };
    let clinical = ReadClinical { patient: Some("p1".into()), facts: vec![mammogram], care_team: None };
    let quarantined = QuarantineId::new(now, entropy.for_id());
    let batch = ApplyBatch {
        resources: vec![
            resource("Patient", "p1", json!({ "resourceType": "Patient", "id": "p1" }), Projection::Patient(Box::new(person))),
            resource("Procedure", "m1", json!({ "resourceType": "Procedure", "id": "m1" }), Projection::Clinical(clinical)),
        ],
        quarantined: vec![Quarantined {
            id: quarantined,
            source: source.id,
            run: run.id,
            resource_type: Some("Patient".into()),
            fhir_id: Some("p1".into()),
            line: Some(3),
            reason: "The line is not JSON.".into(),
            raw: b"{\"resourceType\":\"Patient\"".to_vec(),
            whole: true,
            at: now,
            status: QuarantineStatus::Open,
            tries: 0,
            resolved_at: None,
        }],
        ..ApplyBatch::default()
    };
    store.apply(run.id, batch, now, entropy.for_id()).await.unwrap();
    store.finish_run(run.id, SyncRunStatus::Complete, Some(now), None, now).await.unwrap();
    (source.id, quarantined)
}

/// The patient joins the segment, enters the journey, and a message passes the gate.
async fn send(store: &Store, entropy: &Counting, segment: &Segment, patient: gateway_domain::ids::PatientNo, now: Timestamp) -> MessageId {
    let lease = now + SignedDuration::from_secs(60);
    let claimed = store.claim_dirty(10, now, lease).await.unwrap();
    let member = Evaluation { patient, segment: segment.id, member: true, populations: vec![32], evidence: Vec::new(), review_on: None };
    store.apply_evaluations(&claimed, &[member], &[(segment.id, segment.version)], now).await.unwrap();
    let ids: Vec<_> = (0..10).map(|_| entropy.for_id()).collect();
    store.enrol(10, now, &ids).await.unwrap();
    let event = store.claim_due_events(10, now, lease).await.unwrap().remove(0);
    let message = MessageId::new(now, entropy.for_id());
    let advance = Advance {
        seq: event.seq,
        run: event.run.id,
        revision: event.revision,
        state: "{}".into(),
        at_step: "invite".into(),
        status: RunStatus::Active,
        reason: None,
        messages: vec![NewMessage {
            id: message,
            step: "invite".into(),
            occurrence: 0,
            medium: "email".into(),
            template: "invitation".into(),
            purpose: Purpose::Treatment,
            due_at: now,
            expires_at: None,
        }],
        tasks: Vec::new(),
        timers: Vec::new(),
        listeners: Vec::new(),
        branches: Vec::new(),
        plugin_version: None,
    };
    store.advance(&advance, now).await.unwrap();
    store.claim_due_messages(10, now, lease).await.unwrap();
    let prepared = Prepared {
        subject: "Your appointment".into(),
        language: "es".into(),
        links: vec!["https://hospital.example/book".into(), "javascript:alert(1)".into()],
    };
    let open =
        GatePolicy { sending_window: SendingWindow { opens: time(0, 0, 0, 0), closes: time(23, 59, 59, 0) }, ..GatePolicy::default() };
    let verdict = store.pass_gate(message, Ok(&prepared), &open, now).await.unwrap();
    assert!(matches!(verdict, Some(Verdict::Send(_))), "{verdict:?}");
    message
}

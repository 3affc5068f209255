//! A small hospital: one patient, plugins that follow a script, a clock that is moved by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gateway_domain::code::Coding;
use gateway_domain::columns::{ClinicalRecord, PatientColumns};
use gateway_domain::consent::{Consent, Purpose};
use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{Fact, FactFlags, FactKey, FactKind, FactKinds};
use gateway_domain::gate::GatePolicy;
use gateway_domain::ids::{JourneyId, MessageId, MessageTemplateId, PatientId, PatientNo, SegmentId, SourceId};
use gateway_domain::issue::Issue;
use gateway_domain::journey::{Answer, Effect, Journey, JourneyEvent, JourneyStatus, Listener, SendProposal, Transition, Wake as WakeAt};
use gateway_domain::message::Message;
use gateway_domain::message_template::MessageTemplate;
use gateway_domain::patient::{Demographics, Patient, RecordStatus, Sex};
use gateway_domain::plugin::{Plugin, PluginName};
use gateway_domain::plugin_call::{PluginCall, PluginReport};
use gateway_domain::resource::ResourceKey;
use gateway_domain::segment::Segment;
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetSummary, ValueSetUrl};
use gateway_outreach::delivery::LinkSigner;
use gateway_outreach::delivery::deliver::Deliver;
use gateway_outreach::journeys::advance::AdvanceStage;
use gateway_outreach::journeys::enrol::Enrol;
use gateway_outreach::lookup::{ClinicalLookup, LookupLimits};
use gateway_outreach::problems::Problems;
use gateway_outreach::segments::evaluate::Evaluate;
use gateway_outreach::settings::OutreachSettings;
use gateway_outreach::workers::{OutreachDeps, Stage, Wake};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::content::{ContentError, EmailEnvelope, MessageContent, RenderRequest, RenderedMessage};
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};
use gateway_ports::plugins::{
    ChannelDescription, ChannelPlugin, CodeSetNeed, DeliveryPromise, JourneyPlugin, OutgoingMessage, PluginError, Plugins,
    SegmentDescription, SegmentInfo, SegmentNeeds, SegmentPlugin, SegmentQuestion, SendOutcome, Verdicts, WebhookReceipt, WebhookRequest,
    population,
};
use gateway_ports::terminology::{Terminology, TerminologyError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::memory_store::{Dirty, MemoryStore};

pub(crate) const PATIENT: PatientNo = PatientNo(1);

/// Noon in Chicago.
pub(crate) fn noon() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) script: Arc<Script>,
    pub(crate) value_sets: Arc<GivenValueSets>,
    pub(crate) deps: OutreachDeps,
    _policy: watch::Sender<GatePolicy>,
}

/// What the plugins do.
pub(crate) struct Script {
    /// Whether everybody is a member.
    pub(crate) member: AtomicBool,
    /// Whether the plugin `fragile` traps.
    pub(crate) traps: AtomicBool,
    /// 0 accepts, 1 traps, 2 never answers.
    pub(crate) channel: AtomicU8,
    /// Keys of the messages a channel was handed.
    pub(crate) sent: Mutex<Vec<String>>,
    /// How many facts the plugin `curious` found at each look.
    pub(crate) looked_up: Mutex<Vec<usize>>,
    /// A consent that arrives while a message is rendered.
    pub(crate) consent_while_rendering: Mutex<Option<Consent>>,
    store: Arc<MemoryStore>,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(HandClock(Mutex::new(noon())));
        let script = Arc::new(Script {
            member: AtomicBool::new(true),
            traps: AtomicBool::new(false),
            channel: AtomicU8::new(0),
            sent: Mutex::default(),
            looked_up: Mutex::default(),
            consent_while_rendering: Mutex::default(),
            store: store.clone(),
        });
        let (policy, seen) = watch::channel(GatePolicy::default());
        let plugins = Arc::new(Installed(script.clone()));
        let value_sets = Arc::new(GivenValueSets::default());
        let deps = OutreachDeps {
            store: store.clone(),
            plugins,
            content: script.clone(),
            clock: clock.clone(),
            entropy: Arc::new(Counting(Mutex::new(0))),
            links: Arc::new(Signer),
            lookup: Arc::new(ClinicalLookup::new(store.clone(), value_sets.clone(), LookupLimits::default())),
            problems: Arc::new(Problems::default()),
            policy: seen,
            settings: Arc::new(OutreachSettings::for_testing()),
        };
        let world = Self { store, clock, script, value_sets, deps, _policy: policy };
        world.admit();
        world
    }

    fn admit(&self) {
        let mut kept = self.store.kept();
        kept.patients.push(Patient {
            id: PatientId::new(noon(), [1; 10]),
            no: PATIENT,
            source: SourceId::new(noon(), [1; 10]),
            fhir_id: "p1".into(),
            status: RecordStatus::Active,
            replaced_by: None,
            demographics: Demographics {
                given: vec!["Ada".into()],
                birth: PartialDate::parse("1965-04-01"),
                language: Some("en".into()),
                time_zone: Some("America/Chicago".into()),
                contact_points: vec![ContactPoint {
                    kind: ContactKind::Email,
                    value: "ada@example.org".into(),
                    used_for: ContactUse::Home,
                    rank: None,
                    from: None,
                    until: None,
                }],
                ..Demographics::default()
            },
            data_quality: Vec::new(),
            updated_at: noon(),
        });
        let record = ClinicalRecord { patient: PATIENT, birth: None, sex: Sex::Female, deceased: false, facts: Vec::new() };
        kept.records.insert(PATIENT, record);
        for template in ["invitation", "reminder"] {
            kept.templates.push(MessageTemplate {
                id: MessageTemplateId::new(noon(), [0; 10]),
                key: template.into(),
                title: template.into(),
                purpose: Purpose::Treatment,
                list: None,
                document: json!({}),
                version: 1,
                created_at: noon(),
            });
        }
    }

    /// A segment decided by a plugin.
    pub(crate) fn segment(&self, key: &str, plugin: &str, definition: Value) -> SegmentId {
        let mut kept = self.store.kept();
        let id = SegmentId::new(noon(), [kept.segments.len() as u8 + 1; 10]);
        kept.segments.push(Segment {
            id,
            key: key.into(),
            title: key.into(),
            description: String::new(),
            plugin: PluginName::new(plugin).unwrap(),
            definition,
            version: 1,
            active: true,
            created_at: noon(),
        });
        id
    }

    /// A live journey that the members of the segment enter.
    pub(crate) fn journey(&self, entry: SegmentId, plugin: &str) {
        self.store.kept().journeys.push(Journey {
            id: JourneyId::new(noon(), [1; 10]),
            key: "screening".into(),
            title: "Screening".into(),
            description: String::new(),
            status: JourneyStatus::Live,
            version: 1,
            plugin: PluginName::new(plugin).unwrap(),
            definition: json!({}),
            entry_segment: Some(entry),
            reentry_after_days: None,
            keeps_plugin: false,
            created_at: noon(),
        });
    }

    pub(crate) fn mark_dirty(&self) {
        let now = self.clock.now();
        let dirty = Dirty { mark: now.as_millisecond(), since: now, lease: Timestamp::MIN };
        self.store.kept().dirty.insert(PATIENT, dirty);
    }

    /// One more fact of the patient, without a code.
    pub(crate) fn learn(&self, start: &str, kind: FactKind) {
        let mut kept = self.store.kept();
        let facts = &mut kept.records.get_mut(&PATIENT).unwrap().facts;
        facts.push(Fact {
            key: FactKey { resource: ResourceKey([facts.len() as u8; 16]), part: 0 },
            kind,
            codes: Vec::new(),
            flags: FactFlags::EFFECTIVE,
            start: PartialDate::parse(start),
            end: None,
            value: None,
            unit: None,
            value_code: None,
            encounter: None,
        });
    }

    pub(crate) fn pass(&self, span: SignedDuration) {
        *self.clock.0.lock().unwrap() += span;
    }

    pub(crate) async fn evaluate(&self) {
        work_off(&Evaluate::new(self.deps.clone(), Wake::default())).await;
    }

    pub(crate) async fn travel(&self) {
        work_off(&Enrol::new(self.deps.clone(), Wake::default())).await;
        work_off(&AdvanceStage::new(self.deps.clone(), Wake::default())).await;
    }

    pub(crate) fn delivery(&self) -> Deliver {
        Deliver::new(self.deps.clone(), Wake::default())
    }

    /// A patient who has entered a journey and whose invitation is due.
    pub(crate) async fn invited() -> Self {
        let world = Self::new();
        let segment = world.segment("due", "steady", json!({}));
        world.journey(segment, "remind");
        world.mark_dirty();
        world.evaluate().await;
        world.travel().await;
        assert_eq!(world.messages().len(), 1);
        world
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.store.kept().messages.values().cloned().collect()
    }

    pub(crate) fn sent(&self) -> usize {
        self.script.sent.lock().unwrap().len()
    }

    pub(crate) fn is_member(&self, segment: SegmentId) -> bool {
        self.store.kept().members.contains_key(&(segment, PATIENT))
    }
}

/// Until there is nothing to do now.
pub(crate) async fn work_off(stage: &dyn Stage) {
    for _ in 0..50 {
        if !stage.work().await.unwrap().worked {
            return;
        }
    }
    panic!("{} never comes to rest", stage.name());
}

pub(crate) struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Counting(Mutex<u64>);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let mut number = self.0.lock().unwrap();
        *number += 1;
        buffer.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
}

struct Signer;

impl LinkSigner for Signer {
    fn click(&self, message: MessageId) -> String {
        format!("https://outreach.riverside.example/p/c/{message}/{{n}}")
    }
    fn preferences(&self, message: MessageId) -> String {
        format!("https://outreach.riverside.example/p/preferences/{message}")
    }
    fn unsubscribe(&self, message: MessageId) -> String {
        format!("https://outreach.riverside.example/p/unsubscribe/{message}")
    }
}

/// Value sets that a test gives.
#[derive(Default)]
pub(crate) struct GivenValueSets {
    sets: Mutex<BTreeMap<ValueSetUrl, ValueSet>>,
    revision: AtomicI64,
    pub(crate) is_away: AtomicBool,
}

impl GivenValueSets {
    /// Takes a value set as an import does.
    pub(crate) fn put(&self, url: &str, codes: &[&str]) {
        let (url, codes) = (ValueSetUrl::parse(url).unwrap(), codes.iter().map(|code| Coding::new("s", *code)).collect());
        let set = ValueSet::new(url.clone(), None, None, "Given".into(), codes).unwrap();
        self.sets.lock().unwrap().insert(url, set);
        self.revision.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Terminology for GivenValueSets {
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(TerminologyError::Unavailable("locked".into()));
        }
        let url = ValueSetUrl::parse(value_set).unwrap();
        self.sets.lock().unwrap().get(&url).cloned().ok_or_else(|| TerminologyError::Unknown(value_set.into()))
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        Ok(self.value_set(value_set).await?.summary(ValueSetOrigin::Starter))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        Ok(Vec::new())
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        Ok(self.revision.load(Ordering::SeqCst))
    }

    async fn display(&self, _: &Coding) -> Option<String> {
        None
    }
}

/// English only.
impl MessageContent for Script {
    fn check(&self, _: &Value) -> Vec<Issue> {
        Vec::new()
    }

    fn render(&self, request: &RenderRequest<'_>) -> Result<RenderedMessage, ContentError> {
        if let Some(consent) = self.consent_while_rendering.lock().unwrap().take() {
            let mut kept = self.store.kept();
            let patient = kept.patients[0].id;
            kept.consents.push((patient, consent));
        }
        match request.language {
            None | Some("en") => Ok(RenderedMessage {
                subject: "A message from your hospital".into(),
                html: String::new(),
                text: String::new(),
                language: "en".into(),
                links: Vec::new(),
            }),
            Some(other) => Err(ContentError::NoLanguage(other.into())),
        }
    }

    fn assemble(&self, envelope: &EmailEnvelope<'_>, rendered: &RenderedMessage) -> Result<Vec<u8>, ContentError> {
        Ok(format!("To: {}\r\nSubject: {}\r\n", envelope.to, rendered.subject).into_bytes())
    }
}

struct Installed(Arc<Script>);

impl Plugins for Installed {
    fn list(&self) -> Vec<Plugin> {
        Vec::new()
    }
    fn segment(&self, name: &PluginName) -> Result<Arc<dyn SegmentPlugin>, PluginError> {
        Ok(Arc::new(Deciding(name.clone(), self.0.clone())))
    }
    fn journey(&self, name: &PluginName, _: Option<&str>) -> Result<Arc<dyn JourneyPlugin>, PluginError> {
        Ok(Arc::new(Moving(name.clone())))
    }
    fn channel(&self, medium: &str) -> Result<Arc<dyn ChannelPlugin>, PluginError> {
        match medium {
            "email" => Ok(Arc::new(Carrying(PluginName::new("carrier").unwrap(), self.0.clone()))),
            other => Err(PluginError::Missing { kind: "channel", name: other.into() }),
        }
    }
    fn resume(&self, _: &PluginName) -> Result<(), PluginError> {
        Ok(())
    }
    fn report(&self, name: &PluginName) -> Result<PluginReport, PluginError> {
        Err(PluginError::Missing { kind: "any", name: name.to_string() })
    }
    fn calls(&self, name: &PluginName) -> Result<Vec<PluginCall>, PluginError> {
        Err(PluginError::Missing { kind: "any", name: name.to_string() })
    }
}

fn unavailable(plugin: &PluginName) -> PluginError {
    PluginError::Unavailable { plugin: plugin.to_string(), retry_after: None }
}

fn trap(plugin: &PluginName) -> PluginError {
    PluginError::Stopped { plugin: plugin.to_string(), reason: "unreachable executed".into() }
}

/// Everybody is a member, or nobody.
struct Deciding(PluginName, Arc<Script>);

#[async_trait]
impl SegmentPlugin for Deciding {
    fn name(&self) -> &PluginName {
        &self.0
    }
    fn logic(&self) -> &'static str {
        "all or nobody"
    }
    async fn check(&self, _: &str) -> Result<Vec<Issue>, PluginError> {
        Ok(Vec::new())
    }
    async fn describe(&self, config: &str) -> Result<SegmentDescription, PluginError> {
        let config: Value = serde_json::from_str(config).unwrap();
        let code_sets = config["value_set"].as_str().map(|url| CodeSetNeed::ValueSet(url.into()));
        Ok(SegmentDescription {
            segments: vec![SegmentInfo { key: "only".into(), title: "Only".into(), groups: vec!["all".into()] }],
            needs: SegmentNeeds { facts: FactKinds::PROCEDURE, code_sets: code_sets.into_iter().collect(), lookback_years: None },
        })
    }
    async fn evaluate(
        &self,
        _: &SegmentQuestion,
        patients: &PatientColumns,
        lookup: Option<Arc<dyn PatientLookup>>,
    ) -> Result<Verdicts, PluginError> {
        if self.0.as_str() == "curious" {
            let lookup = lookup.unwrap();
            let seen = lookup.facts(&self.0, 0, FactKinds::CONDITION).await.map_err(|_| unavailable(&self.0))?;
            self.1.looked_up.lock().unwrap().push(seen.len());
            assert_eq!(lookup.facts(&self.0, patients.len(), FactKinds::CONDITION).await, Err(PatientLookupError::Nobody(patients.len())));
            lookup.refused(&self.0, 0, FactKinds::ORDER).await.map_err(|_| unavailable(&self.0))?;
        }
        if self.0.as_str() == "fragile" && self.1.traps.load(Ordering::SeqCst) {
            return Err(trap(&self.0));
        }
        let bits = if self.1.member.load(Ordering::SeqCst) { population::MEMBER } else { population::INITIAL };
        Ok(Verdicts {
            populations: vec![bits; patients.len()],
            groups: 1,
            review_on: vec![None; patients.len()],
            evidence: vec![Vec::new(); patients.len()],
        })
    }
}

/// `remind`: invites, reminds after a week, leaves when the person leaves the segment. Any other traps.
struct Moving(PluginName);

#[async_trait]
impl JourneyPlugin for Moving {
    fn name(&self) -> &PluginName {
        &self.0
    }
    fn version(&self) -> &'static str {
        "0.1.0"
    }
    async fn check(&self, _: &str) -> Result<Vec<Issue>, PluginError> {
        Ok(Vec::new())
    }
    async fn advance(
        &self,
        _: &str,
        state: Option<&str>,
        event: &JourneyEvent,
        _: &[Answer],
        now: Timestamp,
    ) -> Result<Transition, PluginError> {
        if self.0.as_str() != "remind" {
            return Err(trap(&self.0));
        }
        let send = |step: &str, message: &str| {
            Effect::Send(SendProposal { step: step.into(), message: message.into(), channels: vec!["email".into()], expires_at: None })
        };
        let effects = match event {
            JourneyEvent::Entered(_) => vec![
                send("invite", "invitation"),
                Effect::WakeAt(WakeAt { step: "wait".into(), at: now + SignedDuration::from_hours(7 * 24) }),
                Effect::ListenFor(Listener { step: "exit".into(), kinds: vec!["segment-left".into()], until: None }),
            ],
            JourneyEvent::Timer(_) => vec![send("remind", "reminder")],
            JourneyEvent::Happened(happening) if happening.kind == "segment-left" => vec![Effect::Leave("screened".into())],
            _ => Vec::new(),
        };
        Ok(Transition { state: state.unwrap_or("on").into(), effects, questions: Vec::new(), at_step: "wait".into() })
    }
}

struct Carrying(PluginName, Arc<Script>);

#[async_trait]
impl ChannelPlugin for Carrying {
    fn name(&self) -> &PluginName {
        &self.0
    }
    async fn check(&self, _: &str) -> Result<Vec<Issue>, PluginError> {
        Ok(Vec::new())
    }
    async fn describe(&self, _: &str) -> Result<ChannelDescription, PluginError> {
        Ok(ChannelDescription {
            medium: "email".into(),
            content_kinds: vec!["message/rfc822".into()],
            promise: DeliveryPromise::AtMostOnce,
            max_batch: 1,
            per_second: None,
        })
    }
    async fn send(&self, _: &str, messages: &[OutgoingMessage]) -> Result<Vec<SendOutcome>, PluginError> {
        self.1.sent.lock().unwrap().extend(messages.iter().map(|message| message.key.clone()));
        match self.1.channel.load(Ordering::SeqCst) {
            0 => Ok(messages.iter().map(|_| SendOutcome::Accepted(None)).collect()),
            1 => Err(trap(&self.0)),
            _ => std::future::pending().await,
        }
    }
    fn has_webhook(&self) -> bool {
        false
    }
    async fn receive(&self, _: &str, _: &WebhookRequest) -> Result<WebhookReceipt, PluginError> {
        Err(trap(&self.0))
    }
}

//! What the gateway did, as records of the source it did it for: `Communication`, `Consent` and `Task`, each exactly once.
//!
//! A record carries an identifier of ours, and everything hangs on it. Where the server says that it takes conditional creates, one with
//! `If-None-Exist` is enough. Where it does not say so, the server is searched first and read back afterwards; where it says that it does
//! not, the record is put under an id of our choice, if it takes those. After a try whose end is not known, the server is searched in
//! any case. Later changes go by `If-Match`, and what somebody else changed there is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gateway_auth::AuthorizedClient;
use gateway_domain::write_back::{Record, RemoteRecord, WriteBackKind};
use gateway_net::budget::{Budget, BudgetLimits};
use gateway_ports::clock::Clock;
use gateway_ports::ehr::{EhrError, EhrErrorKind};
use gateway_ports::write_back::{KeepAbility, Kept, NotKept, RecordKeeper, Says};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use url::Url;

use self::found::{Found, Members};
use self::identifier::Identifier;

mod abilities;
mod communication;
mod concept;
mod consent;
mod exchange;
mod found;
mod identifier;
mod task;

const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// What a server said about writing is believed for so long.
const BELIEVED: SignedDuration = SignedDuration::from_hours(1);

/// Members of a record that follow the ledger; the others are written once.
const fn follows(kind: WriteBackKind) -> &'static [&'static str] {
    match kind {
        WriteBackKind::Communication => &["status", "statusReason", "sent"],
        WriteBackKind::Consent => &["status"],
        WriteBackKind::Task => &["status", "businessStatus", "executionPeriod", "lastModified"],
    }
}

/// Statuses of ours that another of ours can follow. What has any other was changed by somebody else.
const fn goes_on_from(kind: WriteBackKind) -> &'static [&'static str] {
    match kind {
        WriteBackKind::Communication => &["preparation", "in-progress", "unknown", "completed", "not-done"],
        WriteBackKind::Consent => &["active"],
        WriteBackKind::Task => &["requested"],
    }
}

/// What is said of a message's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CommunicationContent {
    /// Nothing.
    None,
    /// Key of the message template.
    Key,
    /// Title of the message template.
    #[default]
    Title,
    /// The subject line as it was sent.
    Subject,
}

/// How records are written.
#[derive(Clone, Debug)]
pub struct RecordKeeperConfig {
    /// The FHIR base URL.
    pub base_url: Url,
    /// What the identifier and code systems of ours begin with, without a slash at the end.
    pub systems: String,
    /// What is said of a message's content.
    pub content: CommunicationContent,
}

/// A FHIR server as a keeper of records.
pub struct FhirRecordKeeper {
    config: RecordKeeperConfig,
    client: AuthorizedClient,
    clock: Arc<dyn Clock>,
    budget: Arc<Budget>,
    said: Mutex<Option<(Timestamp, BTreeMap<WriteBackKind, KeepAbility>)>>,
}

/// What is to be written, and by what it is known.
struct Wanted {
    kind: WriteBackKind,
    resource_type: &'static str,
    identifier: Identifier,
    members: Members,
}

impl FhirRecordKeeper {
    /// A server that is spoken to through `client`, which is bound to the origin of its base URL and may write.
    pub fn new(config: RecordKeeperConfig, client: AuthorizedClient, clock: Arc<dyn Clock>) -> Self {
        Self { config, client, clock, budget: Arc::new(Budget::new(BudgetLimits::default())), said: Mutex::new(None) }
    }

    /// The same, within a budget that others who ask the server share.
    #[must_use]
    pub fn within(self, budget: Arc<Budget>) -> Self {
        Self { budget, ..self }
    }

    fn wanted(&self, record: &Record) -> Result<Wanted, NotKept> {
        let object = record.object();
        let identifier = Identifier::of(&self.config.systems, object);
        let members = match record {
            Record::Communication(record) => communication::build(record, &identifier, &self.config),
            Record::Consent(record) => consent::build(record, &identifier, &self.config),
            Record::Task(record) => task::build(record, &identifier, &self.config),
        };
        let members = members.map_err(|reason| refused(format!("the record can't be written down: {reason}")))?;
        Ok(Wanted { kind: object.kind(), resource_type: object.kind().resource_type(), identifier, members })
    }

    async fn said(&self) -> Result<BTreeMap<WriteBackKind, KeepAbility>, NotKept> {
        let now = self.clock.now();
        let mut said = self.said.lock().await;
        if let Some((at, abilities)) = said.as_ref()
            && now.duration_since(*at) < BELIEVED
        {
            return Ok(abilities.clone());
        }
        let answer = self.send(self.request(Method::GET, &["metadata"])?, "its CapabilityStatement").await?;
        // A server without a statement says nothing, whatever it answers with.
        let abilities = if answer.status.is_success() { abilities::read(&answer.body) } else { BTreeMap::new() };
        *said = Some((now, abilities.clone()));
        Ok(abilities)
    }

    /// The records there with our identifier.
    async fn find(&self, wanted: &Wanted) -> Result<Vec<Found>, NotKept> {
        let asked = format!("a search of {} by identifier", wanted.resource_type);
        let mut request = self.request(Method::GET, &[wanted.resource_type])?;
        request.url.query_pairs_mut().append_pair("identifier", &wanted.identifier.token());
        let answer = self.send(request, &asked).await?;
        if !answer.status.is_success() {
            return Err(exchange::refusal(&answer, &asked));
        }
        let (ours, others) = found::of_bundle(&answer.body, wanted.resource_type, &wanted.identifier)
            .map_err(|reason| NotKept::Later { reason: format!("{asked}: {reason}") })?;
        if others > 0 {
            return Err(refused(format!("{asked} brought others too, so it can't be told whether the record is there")));
        }
        Ok(ours)
    }

    async fn read(&self, wanted: &Wanted, id: &str) -> Result<Option<Found>, NotKept> {
        let asked = format!("{}/{id}", wanted.resource_type);
        let answer = self.send(self.request(Method::GET, &[wanted.resource_type, id])?, &asked).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status if status.is_success() => {
                let found = Found::read(&answer, wanted.resource_type);
                found.map(Some).ok_or_else(|| NotKept::Later { reason: format!("{asked}: it answered with something else") })
            }
            _ => Err(exchange::refusal(&answer, &asked)),
        }
    }

    /// Makes the record where it is not there yet.
    async fn create(&self, wanted: &Wanted, ability: &KeepAbility, asked_before: bool) -> Result<Kept, NotKept> {
        let certain = ability.conditional_create == Says::Yes;
        if (asked_before || !certain) && ability.search_by_identifier != Says::No {
            let there = self.find(wanted).await?;
            if let Some(kept) = self.adopt(wanted, ability, there).await? {
                return Ok(kept);
            }
        }
        if ability.conditional_create == Says::No && ability.update_create == Says::Yes {
            return self.put_under_our_id(wanted, ability).await;
        }
        let asked = format!("a new {}", wanted.resource_type);
        let condition = HeaderValue::try_from(format!("identifier={}", wanted.identifier.token()));
        let condition = condition.map_err(|_| refused("the identifier system has characters no header can carry".to_owned()))?;
        let request = self
            .request(Method::POST, &[wanted.resource_type])?
            .header(IF_NONE_EXIST, condition)
            .header(PREFER, HeaderValue::from_static("return=representation"));
        let answer = self.send(exchange::with_body(request, &wanted.members), &asked).await?;
        match answer.status {
            StatusCode::PRECONDITION_FAILED => {
                return Err(refused(format!("{asked}: several with the identifier {} are there", wanted.identifier.value)));
            }
            StatusCode::CONFLICT => return Err(NotKept::Later { reason: exchange::reason(&answer, &asked) }),
            status if !status.is_success() => return Err(exchange::refusal(&answer, &asked)),
            _ => {}
        }
        let made = answer.status == StatusCode::CREATED;
        let found = self.made(wanted, &answer).await?;
        if !found.carries(&wanted.identifier) {
            return Err(refused(format!(
                "{asked}: it is there as {}, without its identifier, so a second one could not be told from it",
                found.id
            )));
        }
        if !made {
            // One was there already, perhaps as it was before.
            return self.take_up(wanted, ability, found).await;
        }
        let mut note = differing(wanted, &found);
        if !certain && ability.search_by_identifier != Says::No {
            let there = self.find(wanted).await?;
            if there.len() > 1 {
                let ids: Vec<&str> = there.iter().map(|it| it.id.as_str()).collect();
                note = Some(format!("it is there {} times: {}", there.len(), ids.join(", ")));
            }
        }
        Ok(Kept { remote: found.remote(), note })
    }

    /// The record that a successful create left there: in the answer, where the answer points to, or wherever it is found.
    async fn made(&self, wanted: &Wanted, answer: &exchange::Answer) -> Result<Found, NotKept> {
        if let Some(found) = Found::read(answer, wanted.resource_type) {
            return Ok(found);
        }
        if let Some(id) = answer.location_id(wanted.resource_type)
            && let Some(found) = self.read(wanted, &id).await?
        {
            return Ok(found);
        }
        let lost = || NotKept::Later { reason: format!("it said that the new {} is there, and it is not found", wanted.resource_type) };
        self.find(wanted).await?.into_iter().next().ok_or_else(lost)
    }

    async fn put_under_our_id(&self, wanted: &Wanted, ability: &KeepAbility) -> Result<Kept, NotKept> {
        let id = wanted.identifier.as_id();
        if let Some(found) = self.read(wanted, &id).await? {
            return self.take_up(wanted, ability, found).await;
        }
        let asked = format!("{}/{id}", wanted.resource_type);
        let mut members = wanted.members.clone();
        found::put(&mut members, "id", &id).map_err(refused)?;
        let request = self.request(Method::PUT, &[wanted.resource_type, &id])?;
        let answer = self.send(exchange::with_body(request, &members), &asked).await?;
        match answer.status {
            status if status.is_success() => {
                let found = Found::read(&answer, wanted.resource_type);
                let version = found.and_then(|it| it.version).or_else(|| answer.version());
                Ok(Kept { remote: RemoteRecord { id, version }, note: None })
            }
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Err(NotKept::Later { reason: exchange::reason(&answer, &asked) }),
            _ => Err(exchange::refusal(&answer, &asked)),
        }
    }

    async fn adopt(&self, wanted: &Wanted, ability: &KeepAbility, mut there: Vec<Found>) -> Result<Option<Kept>, NotKept> {
        if there.len() > 1 {
            let ids: Vec<&str> = there.iter().map(|it| it.id.as_str()).collect();
            return Err(refused(format!("{} with our identifier are there: {}; keep one of them", there.len(), ids.join(", "))));
        }
        match there.pop() {
            Some(found) => self.take_up(wanted, ability, found).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes up a record that is there without our knowing which version we wrote: its status alone tells whether it is as we left it.
    async fn take_up(&self, wanted: &Wanted, ability: &KeepAbility, found: Found) -> Result<Kept, NotKept> {
        let status = found::text(&found.members, "status").unwrap_or_default();
        let as_left = goes_on_from(wanted.kind).contains(&status.as_str());
        if !as_left && !found.is_withdrawn() && !found.says_the_same(&wanted.members) {
            return Err(changed_there(wanted, &found.id));
        }
        self.bring_up_to_date(wanted, ability, found).await
    }

    /// Changes the record we made where the ledger went on. What somebody else changed is left alone.
    async fn update(&self, wanted: &Wanted, ability: &KeepAbility, known: &RemoteRecord) -> Result<Kept, NotKept> {
        let Some(found) = self.read(wanted, &known.id).await? else {
            return Err(refused(format!("{}/{} was deleted there; it is not made again", wanted.resource_type, known.id)));
        };
        let changed = known.version.is_some() && found.version.is_some() && known.version != found.version;
        if changed && !found.says_the_same(&wanted.members) && !found.is_withdrawn() {
            return Err(changed_there(wanted, &known.id));
        }
        self.bring_up_to_date(wanted, ability, found).await
    }

    async fn bring_up_to_date(&self, wanted: &Wanted, ability: &KeepAbility, found: Found) -> Result<Kept, NotKept> {
        if found.is_withdrawn() {
            return Ok(Kept { remote: found.remote(), note: Some("it was marked as entered in error there, and left so".to_owned()) });
        }
        if found.says_the_same(&wanted.members) {
            return Ok(Kept { remote: found.remote(), note: None });
        }
        let asked = format!("{}/{}", wanted.resource_type, found.id);
        if ability.update == Says::No {
            return Err(refused(format!("{asked} has changed, and its CapabilityStatement does not offer to update it")));
        }
        let members = found.laid_over(&wanted.members, follows(wanted.kind));
        let mut request = self.request(Method::PUT, &[wanted.resource_type, &found.id])?;
        if let Some(version) = &found.version
            && let Ok(tag) = HeaderValue::try_from(format!("W/\"{version}\""))
        {
            request = request.header(header::IF_MATCH, tag);
        }
        let answer = self.send(exchange::with_body(request, &members), &asked).await?;
        match answer.status {
            status if status.is_success() => {
                let version = Found::read(&answer, wanted.resource_type).and_then(|it| it.version).or_else(|| answer.version());
                Ok(Kept { remote: RemoteRecord { id: found.id, version }, note: None })
            }
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Err(NotKept::Later { reason: exchange::reason(&answer, &asked) }),
            _ => Err(exchange::refusal(&answer, &asked)),
        }
    }
}

#[async_trait]
impl RecordKeeper for FhirRecordKeeper {
    async fn abilities(&self) -> Result<BTreeMap<WriteBackKind, KeepAbility>, EhrError> {
        self.said().await.map_err(|error| {
            let (reason, kind) = match error {
                NotKept::Unavailable { reason, wait } => (reason, EhrErrorKind::Later(wait)),
                NotKept::Later { reason } => (reason, EhrErrorKind::Later(None)),
                NotKept::Refused { reason } => (reason, EhrErrorKind::Refused),
            };
            EhrError { server: self.config.base_url.to_string(), asked: "what may be written".to_owned(), reason, kind }
        })
    }

    async fn keep(&self, record: &Record, known: Option<&RemoteRecord>, asked: bool) -> Result<Kept, NotKept> {
        let wanted = self.wanted(record)?;
        let kind = record.object().kind();
        let ability = self.said().await?.get(&kind).copied().unwrap_or_default();
        if let Some(known) = known {
            return self.update(&wanted, &ability, known).await;
        }
        if let Some(obstacle) = ability.obstacle(kind) {
            return Err(refused(obstacle));
        }
        self.create(&wanted, &ability, asked).await
    }
}

const fn refused(reason: String) -> NotKept {
    NotKept::Refused { reason }
}

fn changed_there(wanted: &Wanted, id: &str) -> NotKept {
    let status = found::text(&wanted.members, "status").unwrap_or_default();
    refused(format!("somebody else changed {}/{id} there; it is left as it is, and the ledger says `{status}`", wanted.resource_type))
}

/// What the server made of the record, where it is not what was written.
fn differing(wanted: &Wanted, found: &Found) -> Option<String> {
    (!found.says_the_same(&wanted.members)).then(|| {
        let status = found::text(&found.members, "status").unwrap_or_else(|| "none".to_owned());
        format!("it stands there with the status `{status}`")
    })
}

//! A gateway of which everything is known.

use std::collections::{BTreeMap, VecDeque};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::fact::FactKind;
use crate::gateway::{Gateway, Hash, HttpError, HttpRequest, HttpResponse, RelayOutcome};
use crate::segment::{PluginError, Segment};
use crate::testing::clinical::Clinical;
use crate::testing::{Answer, Codes, PatientBuilder, ask};

/// A server on the other side: answers in turn, and keeps what it was asked.
///
/// ```
/// use outreach_plugin_sdk::gateway::{Gateway as _, HttpError, HttpRequest};
/// use outreach_plugin_sdk::testing::FakeGateway;
///
/// let mut gateway = FakeGateway::default().answer_http(202, r#"{"id": "m1"}"#).fail_http(HttpError::Unknown("cut".into()));
/// let request = HttpRequest::get("https://api.sms.example/");
/// assert_eq!(gateway.http(&request).unwrap().status, 202);
/// assert_eq!(gateway.http(&request), Err(HttpError::Unknown("cut".into())));
/// // A request that no answer was planned for is refused, as one to an origin that was not granted.
/// assert!(matches!(gateway.http(&request), Err(HttpError::NotSent(_))));
/// assert_eq!(gateway.asked().len(), 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FakeHttp {
    answers: VecDeque<Result<HttpResponse, HttpError>>,
    asked: Vec<HttpRequest>,
}

/// A gateway that grants everything it was told of, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct FakeGateway {
    relay: Option<RelayOutcome>,
    mail: Vec<(String, String, Vec<u8>)>,
    http: FakeHttp,
    kept: BTreeMap<String, Vec<u8>>,
    secrets: BTreeMap<String, Vec<u8>>,
    clinical: Clinical,
}

impl FakeGateway {
    /// The relay gives this answer each time; without one, none is configured.
    pub fn answer_mail(mut self, outcome: RelayOutcome) -> Self {
        self.relay = Some(outcome);
        self
    }

    /// The next request gets this answer.
    pub fn answer_http(mut self, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.http.answers.push_back(Ok(HttpResponse { status, headers: Vec::new(), body: body.into() }));
        self
    }

    /// The next request gets this answer, with a header.
    pub fn answer_http_with(mut self, status: u16, header: (&str, &str), body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![(header.0.to_owned(), header.1.to_owned())];
        self.http.answers.push_back(Ok(HttpResponse { status, headers, body: body.into() }));
        self
    }

    /// The next request gets no answer.
    pub fn fail_http(mut self, error: HttpError) -> Self {
        self.http.answers.push_back(Err(error));
        self
    }

    /// There is a secret of this name.
    pub fn secret(mut self, name: &str, secret: &[u8]) -> Self {
        self.secrets.insert(name.to_owned(), secret.to_vec());
        self
    }

    /// It knows a value set.
    pub fn value_set(mut self, url: &str, codes: &[(&str, &str)]) -> Self {
        let codes = codes.iter().map(|(system, code)| ((*system).to_owned(), (*code).to_owned())).collect();
        self.clinical.value_sets.insert(url.to_owned(), codes);
        self
    }

    /// It knows what a code is called.
    pub fn display(mut self, system: &str, code: &str, display: &str) -> Self {
        self.clinical.displays.insert((system.to_owned(), code.to_owned()), display.to_owned());
        self
    }

    /// Facts of these kinds may be looked up.
    pub fn grant_lookup(mut self, kinds: impl IntoIterator<Item = FactKind>) -> Self {
        self.clinical.granted.extend(kinds);
        self
    }

    /// Does something while this gateway answers what is looked up.
    pub fn within<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (clinical, done) = std::mem::take(&mut self.clinical).within(work);
        self.clinical = clinical;
        done
    }

    /// Asks a segment plugin about patients on a day, with evidence. As the gateway does, it sends facts of the kinds the plugin needs, and lets
    /// the others be looked up as far as they were granted.
    ///
    /// # Errors
    /// Whatever the plugin answers.
    pub fn ask<S: Segment>(
        &mut self,
        config: &str,
        codes: &mut Codes,
        on: &str,
        patients: &[PatientBuilder],
    ) -> Result<Answer, PluginError> {
        let needed = S::describe(config)?.needs.facts;
        let sent: Vec<PatientBuilder> = patients.iter().map(|patient| patient.with_facts_of(needed)).collect();
        self.clinical.patients = patients.iter().map(PatientBuilder::known_facts).collect();
        self.within(|| ask::<S>(config, codes, on, &sent))
    }

    /// The patients that were looked at, by their places, in turn.
    pub fn looked_up(&self) -> &[usize] {
        &self.clinical.looked_up
    }

    /// What was handed to the relay: from, to, message.
    pub fn mail(&self) -> &[(String, String, Vec<u8>)] {
        &self.mail
    }

    /// What was asked of servers.
    pub fn asked(&self) -> &[HttpRequest] {
        &self.http.asked
    }
}

impl Gateway for FakeGateway {
    fn relay(&mut self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
        self.mail.push((envelope_from.to_owned(), envelope_to.to_owned(), message.to_vec()));
        self.relay.clone().unwrap_or_else(|| RelayOutcome::Later("no mail relay is configured".into()))
    }

    fn http(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.http.asked.push(request.clone());
        self.http.answers.pop_front().unwrap_or_else(|| Err(HttpError::NotSent("no answer is planned for this request".into())))
    }

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, PluginError> {
        Ok(self.kept.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), PluginError> {
        self.kept.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), PluginError> {
        self.kept.remove(key);
        Ok(())
    }

    fn sign(&mut self, secret: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, PluginError> {
        let Some(key) = self.secrets.get(secret) else {
            return Err(PluginError::Refused(format!("there is no secret `{secret}`")));
        };
        Ok(match hash {
            Hash::Sha1 => Hmac::<Sha1>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Hash::Sha256 => Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Hash::Sha512 => Hmac::<Sha512>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
        }
        .unwrap_or_default())
    }

    fn verify(&mut self, secret: &str, hash: Hash, message: &[u8], signature: &[u8]) -> Result<bool, PluginError> {
        Ok(self.sign(secret, hash, message)? == signature)
    }
}

//! What a Subscription asks for.

use std::time::Duration;

use serde_json::Value;
use url::form_urlencoded;

use crate::{
    resource::{Resource, kind_named},
    search::Query,
    store::Action,
};

/// The one topic: any change of any record.
pub(crate) const ANY_CHANGE: &str = "http://ehr-sandbox.example.org/SubscriptionTopic/any-change";
const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";

/// How much is sent of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Empty,
    IdOnly,
    Full,
}

/// What a Subscription asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) topic: bool,
    criteria: Vec<Criteria>,
    pub(crate) endpoint: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Signs the body.
    pub(crate) signing_secret: Option<String>,
    pub(crate) content: Content,
    pub(crate) heartbeat: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Criteria {
    kind: &'static str,
    query: Option<Query>,
}

impl Wanted {
    /// Reads a Subscription; the reason where it can't be done.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let text = |path: &str| value.pointer(path).and_then(Value::as_str);
        if text("/channel/type") != Some("rest-hook") {
            return Err("channel.type must be rest-hook".to_owned());
        }
        let endpoint = text("/channel/endpoint").filter(|it| it.starts_with("http")).ok_or("channel.endpoint must be an http address")?;
        let asked = text("/criteria").ok_or("criteria is missing")?;
        let content_code = extension(value.pointer("/channel/_payload"), "backport-payload-content");
        let topic = asked.contains("://");
        let criteria = if topic {
            if asked != ANY_CHANGE {
                return Err(format!("there is no topic {asked}; {ANY_CHANGE} is one"));
            }
            let filters = value.pointer("/_criteria/extension").and_then(Value::as_array).into_iter().flatten();
            filters.filter_map(|it| it.get("valueString")?.as_str()).map(criteria).collect::<Result<_, _>>()?
        } else {
            vec![criteria(asked)?]
        };
        let content = match (topic, content_code.and_then(|it| it.get("valueCode")?.as_str())) {
            (true, Some("id-only")) => Content::IdOnly,
            (true, Some("full-resource")) => Content::Full,
            (false, _) if text("/channel/payload").is_some() => Content::Full,
            _ => Content::Empty,
        };
        let header = value.pointer("/channel/header").and_then(Value::as_array).into_iter().flatten();
        let headers = header.filter_map(Value::as_str).filter_map(|it| it.split_once(':'));
        let period = extension(value.get("channel"), "backport-heartbeat-period").and_then(|it| it.get("valueUnsignedInt")?.as_u64());
        let secrets = value.get("extension").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            topic,
            criteria,
            endpoint: endpoint.to_owned(),
            headers: headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect(),
            signing_secret: secrets
                .filter(|it| it.get("url").and_then(Value::as_str).is_some_and(|url| url.ends_with("/subscription-secret")))
                .find_map(|it| it.get("valueString")?.as_str().map(str::to_owned)),
            content,
            heartbeat: period.filter(|it| topic && *it > 0).map(Duration::from_secs),
        })
    }

    /// Whether a change is to be told. A deleted record has no content to match, so its type decides.
    pub(crate) fn matches(&self, resource: &Resource, action: Action) -> bool {
        if resource.kind == "Subscription" {
            return false;
        }
        let fits = |it: &Criteria| {
            it.kind == resource.kind && (action == Action::Delete || it.query.as_ref().is_none_or(|query| query.matches(resource)))
        };
        self.criteria.iter().any(fits) || (self.topic && self.criteria.is_empty())
    }
}

fn extension<'a>(of: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    let all = of?.get("extension")?.as_array()?;
    all.iter().find(|it| it.get("url").and_then(Value::as_str).and_then(|url| url.strip_prefix(BACKPORT)) == Some(name))
}

fn criteria(text: &str) -> Result<Criteria, String> {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    let kind = kind_named(name).ok_or_else(|| format!("{name} is no type"))?;
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if parameters.is_empty() {
        return Ok(Criteria { kind, query: None });
    }
    let query = Query::read(kind, &parameters).map_err(|error| error.to_string())?;
    if query.unknown.is_empty() { Ok(Criteria { kind, query: Some(query) }) } else { Err(format!("not known: {:?}", query.unknown)) }
}

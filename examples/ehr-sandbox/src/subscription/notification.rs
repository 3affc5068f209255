//! Notifications in R4: a Bundle of type history whose first entry is Parameters with the status (subscriptions-backport 1.1).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::wanted::Content;
use crate::resource::Resource;
use crate::store::Action;

/// An event of a subscription.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) resource: std::sync::Arc<Resource>,
    pub(crate) action: Action,
}

/// A notification, or an answer to `$status` and `$events`.
pub(crate) fn bundle(base: &str, id: &str, kind: &str, status: &str, count: u64, events: &[Told], content: Content) -> Value {
    let mut parameter = vec![
        json!({"name": "subscription", "valueReference": {"reference": format!("{base}/Subscription/{id}")}}),
        json!({"name": "topic", "valueCanonical": super::ANY_CHANGE}),
        json!({"name": "status", "valueCode": status}),
        json!({"name": "type", "valueCode": kind}),
        json!({"name": "events-since-subscription-start", "valueString": count.to_string()}),
    ];
    let mut entry = Vec::new();
    for told in events {
        let resource = &told.resource;
        let place = format!("{base}/{}/{}", resource.kind, resource.id);
        let mut part = vec![
            json!({"name": "event-number", "valueString": told.number.to_string()}),
            json!({"name": "timestamp", "valueInstant": told.at.to_string()}),
        ];
        if content != Content::Empty {
            part.push(json!({"name": "focus", "valueReference": {"reference": place}}));
            let method = match told.action {
                Action::Create => "POST",
                Action::Update => "PUT",
                Action::Delete => "DELETE",
            };
            let mut one = json!({"fullUrl": place, "request": {"method": method, "url": format!("{}/{}", resource.kind, resource.id)}});
            if let (Content::Full, false, Some(object)) = (content, told.action == Action::Delete, one.as_object_mut()) {
                object.insert("resource".to_owned(), resource.value());
            }
            entry.push(one);
        }
        parameter.push(json!({"name": "notification-event", "part": part}));
    }
    let status = json!({
        "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "resource": {
            "resourceType": "Parameters",
            "meta": {"profile": ["http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"]},
            "parameter": parameter
        },
        "request": {"method": "GET", "url": format!("{base}/Subscription/{id}/$status")},
        "response": {"status": "200"}
    });
    entry.insert(0, status);
    json!({"resourceType": "Bundle", "type": "history", "entry": entry})
}

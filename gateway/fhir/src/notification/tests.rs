//! Notifications of all shapes, the broken ones included.

use super::*;

fn hints(notification: &Notification) -> Vec<String> {
    notification.hints.iter().map(|it| format!("{}/{}", it.resource_type, it.fhir_id)).collect()
}

fn body(text: &str) -> Notification {
    read(Delivery { body: Some(text.as_bytes()), ..Delivery::default() })
}

const R4: &str = r#"{"resourceType":"Bundle","type":"history","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Parameters","parameter":[
        {"name":"subscription","valueReference":{"reference":"https://h/fhir/Subscription/s"}},
        {"name":"topic","valueCanonical":"http://example.org/topic"},
        {"name":"status","valueCode":"active"},
        {"name":"type","valueCode":"event-notification"},
        {"name":"events-since-subscription-start","valueString":"3"},
        {"name":"notification-event","part":[{"name":"event-number","valueString":"2"},{"name":"timestamp","valueInstant":"2026-01-01T00:00:00Z"},
            {"name":"focus","valueReference":{"reference":"https://elsewhere.example.org/x/Patient/1/_history/5"}}]},
        {"name":"notification-event","part":{"name":"event-number","valueUnsignedInt":3}}]},
     "request":{"method":"GET","url":"https://h/fhir/Subscription/s/$status"},"response":{"status":"200"}}]}"#;

#[test]
fn the_backport_in_r4_names_events_by_parameters() {
    let read = body(R4);
    assert_eq!((read.kind, read.events.as_slice(), read.events_since_start), (NotificationKind::Event, &[2, 3][..], Some(3)));
    assert_eq!(hints(&read), ["Patient/1"]);
    assert!(read.vague, "the second event does not say what changed");
    assert!(!read.failing);
}

#[test]
fn r5_and_r4b_say_it_in_a_status() {
    let read = body(
        r#"{"resourceType":"Bundle","type":"subscription-notification","entry":[{"resource":{"resourceType":"SubscriptionStatus",
        "status":"active","type":"event-notification","eventsSinceSubscriptionStart":"9","notificationEvent":[
            {"eventNumber":"9","focus":{"reference":"Observation/a.b"}}]}},
        {"fullUrl":"https://h/Observation/a.b","resource":{"resourceType":"Observation","id":"a.b"}},
        {"resource":{"resourceType":"Patient","id":"context"}}]}"#,
    );
    assert_eq!((hints(&read), read.events.as_slice(), read.vague), (vec!["Observation/a.b".to_owned()], &[9][..], false));
}

#[test]
fn handshake_heartbeat_and_error_are_told_apart() {
    let status = |kind: &str, status: &str| {
        body(&format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"SubscriptionStatus","type":"{kind}","status":"{status}","eventsSinceSubscriptionStart":4}}}}]}}"#
        ))
    };
    let handshake = status("handshake", "requested");
    assert_eq!((handshake.kind, handshake.vague, handshake.events.len()), (NotificationKind::Handshake, false, 0));
    let heartbeat = status("heartbeat", "active");
    assert_eq!((heartbeat.kind, heartbeat.events_since_start, heartbeat.vague), (NotificationKind::Heartbeat, Some(4), false));
    assert!(status("heartbeat", "error").failing);
    let empty = status("event-notification", "active");
    assert_eq!((empty.kind, empty.vague, empty.events.as_slice()), (NotificationKind::Event, true, &[4][..]));
    let answer = status("query-status", "active");
    assert_eq!((answer.kind, answer.vague, answer.events_since_start), (NotificationKind::Answer, false, Some(4)));
}

#[test]
fn rest_hooks_come_bare_as_bundle_by_address_by_header_or_with_nothing() {
    assert_eq!(hints(&body(r#"{"resourceType":"Patient","id":"7","name":[{"family":"x"}]}"#)), ["Patient/7"]);
    let bundle = body(
        r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"1"}},
            {"request":{"method":"DELETE","url":"Condition/2"}},{"fullUrl":"https://h/r4/Encounter/3"},null]}"#,
    );
    assert_eq!((hints(&bundle), bundle.vague), (vec!["Condition/2".into(), "Encounter/3".into(), "Patient/1".into()], false));
    let by_address = read(Delivery { place: Some(("Patient", "9")), body: Some(b""), deleted: None });
    assert_eq!((hints(&by_address), by_address.vague), (vec!["Patient/9".to_owned()], false));
    let by_header = read(Delivery { place: None, body: Some(b"{}"), deleted: Some("Observation/4") });
    assert_eq!((hints(&by_header), by_header.vague), (vec!["Observation/4".to_owned()], false));
    assert_eq!(body(""), Notification::unreadable());
    assert_eq!(read(Delivery::default()), Notification::unreadable(), "a body that was too large");
}

#[test]
fn what_can_not_be_read_is_a_reason_to_look() {
    let deep = "[".repeat(300) + &"]".repeat(300);
    for text in [
        "null",
        "true",
        "7",
        "[]",
        "{",
        "<html>",
        "\"Patient/1\"",
        "{\"resourceType\":7}",
        "{\"resourceType\":\"Bundle\"}",
        "{\"resourceType\":\"Bundle\",\"entry\":{\"resource\":[1]}}",
        "{\"resourceType\":\"Parameters\",\"parameter\":[]}",
        &deep,
    ] {
        let read = body(text);
        assert!(read.vague && read.hints.is_empty() && read.kind == NotificationKind::Event, "{text}: {read:?}");
    }
    assert!(read(Delivery { body: Some(&[0xff, 0xfe, 0, 1]), ..Delivery::default() }).vague);
}

#[test]
fn no_id_leads_out_of_its_place() {
    for id in ["..", ".", "_history", "_search", "$export", "a/b", "a?b", "a#b", "%2e%2e", "", "a b", "a\\b"] {
        let read = read(Delivery { place: Some(("Patient", id)), body: Some(b""), deleted: None });
        assert!(read.hints.is_empty() && read.vague, "{id}");
        let read = body(&serde_json::json!({"resourceType": "Patient", "id": id}).to_string());
        assert!(read.hints.is_empty() && read.vague, "{id}");
    }
    for resource_type in ["patient", "../Patient", "", "Pat ient", "$export"] {
        assert!(read(Delivery { place: Some((resource_type, "1")), body: Some(b""), deleted: None }).hints.is_empty(), "{resource_type}");
    }
}

#[test]
fn a_flood_of_names_becomes_a_look_at_everything() {
    let entries: Vec<String> = (0..2_000).map(|it| format!(r#"{{"fullUrl":"https://h/Patient/{it}"}}"#)).collect();
    let read = body(&format!(r#"{{"resourceType":"Bundle","entry":[{}]}}"#, entries.join(",")));
    assert!(read.vague);
    assert_eq!(read.hints.len(), MOST_HINTS);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300)) {
        let _ = read(Delivery { body: Some(&bytes), ..Delivery::default() });
    }

    #[test]
    fn no_change_to_a_real_one_panics(at in 0..R4.len(), byte in proptest::arbitrary::any::<u8>(), cut in 0..R4.len()) {
        let mut bytes = R4.as_bytes().to_vec();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = read(Delivery { body: Some(&bytes), ..Delivery::default() });
        bytes.truncate(cut);
        let _ = read(Delivery { body: Some(&bytes), ..Delivery::default() });
    }
}

//! What a CapabilityStatement says about writing. What can't be read says nothing.

use std::collections::BTreeMap;

use gateway_domain::write_back::WriteBackKind;
use gateway_ports::write_back::{KeepAbility, Says};
use serde_json::Value;

pub(super) fn read(body: &[u8]) -> BTreeMap<WriteBackKind, KeepAbility> {
    let Ok(statement) = serde_json::from_slice::<Value>(body) else { return BTreeMap::new() };
    if statement.get("resourceType").and_then(Value::as_str) != Some("CapabilityStatement") {
        return BTreeMap::new();
    }
    let rests = list(statement.get("rest")).filter(|rest| word(rest, "mode") != Some("client"));
    let types: Vec<&Value> = rests.flat_map(|rest| list(rest.get("resource"))).collect();
    if types.is_empty() {
        return BTreeMap::new();
    }
    let one = |kind: WriteBackKind| {
        let named = types.iter().find(|it| word(it, "type") == Some(kind.resource_type()));
        (kind, named.map_or(NOTHING_OFFERED, |named| ability(named)))
    };
    WriteBackKind::ALL.into_iter().map(one).collect()
}

/// A statement that names other types and not this one.
const NOTHING_OFFERED: KeepAbility = KeepAbility {
    create: Says::No,
    update: Says::No,
    conditional_create: Says::Nothing,
    update_create: Says::No,
    search_by_identifier: Says::No,
};

fn ability(named: &Value) -> KeepAbility {
    let can = |code: &str| list(named.get("interaction")).any(|it| word(it, "code") == Some(code));
    let flag = |name: &str| match named.get(name).and_then(Value::as_bool) {
        Some(true) => Says::Yes,
        Some(false) => Says::No,
        None => Says::Nothing,
    };
    let offered = |yes: bool| if yes { Says::Yes } else { Says::No };
    let identifier = list(named.get("searchParam")).any(|it| word(it, "name") == Some("identifier"));
    KeepAbility {
        create: offered(can("create")),
        update: offered(can("update")),
        conditional_create: flag("conditionalCreate"),
        update_create: if can("update") { flag("updateCreate") } else { Says::No },
        search_by_identifier: match (can("search-type"), identifier) {
            (false, _) => Says::No,
            (true, true) => Says::Yes,
            (true, false) => Says::Nothing,
        },
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let all: &[Value] = match value {
        Some(Value::Array(all)) => all,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    all.iter()
}

fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_told_from_what_is_denied() {
        let body = br#"{"resourceType":"CapabilityStatement","rest":[{"mode":"server","resource":[{"type":"Communication",
            "interaction":[{"code":"create"},{"code":"search-type"}],"conditionalCreate":false,"searchParam":[{"name":"identifier"}]}]}]}"#;
        let read = read(body);
        let communication = read[&WriteBackKind::Communication];
        assert_eq!((communication.create, communication.update), (Says::Yes, Says::No));
        assert_eq!((communication.conditional_create, communication.update_create), (Says::No, Says::No));
        assert_eq!(communication.search_by_identifier, Says::Yes);
        assert_eq!(communication.obstacle(WriteBackKind::Communication), None);
        let obstacle = read[&WriteBackKind::Consent].obstacle(WriteBackKind::Consent).unwrap();
        assert!(obstacle.contains("Consent"), "{obstacle}");
    }

    #[test]
    fn what_is_no_statement_says_nothing() {
        for body in [&b"<html>"[..], br#"{"resourceType":"Bundle"}"#, br#"{"resourceType":"CapabilityStatement"}"#, b"[]"] {
            assert!(read(body).is_empty());
        }
        assert_eq!(KeepAbility::default().obstacle(WriteBackKind::Communication), None);
    }
}

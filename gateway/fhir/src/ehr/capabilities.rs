//! What a CapabilityStatement says, read leniently.

use std::collections::BTreeSet;

use gateway_ports::ehr::{EhrCapabilities, TypeCapabilities};
use serde::Deserialize;

use crate::mapping::lenient::{Many, One, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(borrow)]
    resource_type: Text<'a>,
    #[serde(borrow)]
    fhir_version: Text<'a>,
    #[serde(borrow)]
    software: One<Software<'a>>,
    #[serde(borrow)]
    rest: Many<Rest<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Software<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rest<'a> {
    #[serde(borrow)]
    mode: Text<'a>,
    #[serde(borrow)]
    resource: Many<TypeStatement<'a>>,
    #[serde(borrow)]
    search_param: Many<Named<'a>>,
    #[serde(borrow)]
    operation: Many<Named<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TypeStatement<'a> {
    #[serde(borrow)]
    r#type: Text<'a>,
    #[serde(borrow)]
    interaction: Many<Interaction<'a>>,
    #[serde(borrow)]
    search_param: Many<Named<'a>>,
    #[serde(borrow)]
    operation: Many<Named<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Interaction<'a> {
    #[serde(borrow)]
    code: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    definition: Text<'a>,
}

impl Named<'_> {
    /// Whether this is `$export` at a level: `export`, `patient-export` or `group-export` by its definition; where the definition
    /// tells no level, `plain` decides.
    fn exports(&self, level: &str, plain: bool) -> bool {
        let named = self.name.get().is_some_and(|it| it.trim_start_matches('$').ends_with("export"));
        let last = self.definition.get().and_then(|it| it.rsplit(['/', '|']).find(|it| it.ends_with("export")));
        match last {
            Some(definition) => definition == level,
            None => named && plain,
        }
    }
}

/// Reads a CapabilityStatement; the reason where the body is none.
pub(super) fn read(body: &[u8]) -> Result<EhrCapabilities, String> {
    let text = std::str::from_utf8(body).map_err(|_| "its answer is not UTF-8".to_owned())?;
    let statement: Statement<'_> =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|_| "its answer is no FHIR JSON".to_owned())?;
    if !statement.resource_type.is("CapabilityStatement") {
        return Err("its answer is no CapabilityStatement; check the base URL".to_owned());
    }
    let mut found = EhrCapabilities {
        fhir_version: statement.fhir_version.owned(),
        software: statement.software.get().and_then(|it| {
            let name = it.name.get()?;
            Some(it.version.get().map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
        }),
        ..EhrCapabilities::default()
    };
    for rest in statement.rest.iter().filter(|it| !it.mode.is("client")) {
        let everywhere: BTreeSet<String> = rest.search_param.iter().filter_map(|it| it.name.owned()).collect();
        found.system_export |= rest.operation.iter().any(|it| it.exports("export", true));
        found.patient_export |= rest.operation.iter().any(|it| it.exports("patient-export", false));
        found.group_export |= rest.operation.iter().any(|it| it.exports("group-export", false));
        for resource in rest.resource.iter() {
            let Some(name) = resource.r#type.owned() else { continue };
            found.patient_export |= resource.operation.iter().any(|it| it.exports("patient-export", name == "Patient"));
            found.group_export |= resource.operation.iter().any(|it| it.exports("group-export", name == "Group"));
            // A type without any interaction is one of a statement that does not go into that.
            let silent = resource.interaction.iter().next().is_none();
            let can = |code: &str| resource.interaction.iter().any(|it| it.code.is(code)) || (silent && !code.starts_with("history"));
            let mut parameters = everywhere.clone();
            parameters.extend(resource.search_param.iter().filter_map(|it| it.name.owned()));
            let capabilities = TypeCapabilities {
                search: can("search-type"),
                read: can("read"),
                history: can("history-type"),
                parameters,
                refusal: None,
                narrow: false,
            };
            found.types.insert(name, capabilities);
        }
    }
    found.stated = !found.types.is_empty();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_export_types_and_parameters_are_told() {
        let body = br#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","software":{"name":"S","version":"1"},"rest":[{"mode":"server",
            "searchParam":[{"name":"_lastUpdated"}],
            "operation":[{"name":"export","definition":"http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"}],
            "resource":[{"type":"Patient","interaction":[{"code":"read"},{"code":"search-type"}],"searchParam":[{"name":"name"}],"operation":[{"name":"export"}]},
                        {"type":"Group","operation":{"name":"$export","definition":"http://x/OperationDefinition/group-export|2.0"}},
                        {"type":"Binary","interaction":null}]}]}"#;
        let found = read(body).unwrap();
        assert!(found.system_export && found.patient_export && found.group_export);
        assert!(found.searches_by_last_updated("Patient") && found.searches("Group") && !found.has_history("Patient"));
        assert_eq!(found.software.as_deref(), Some("S 1"));
    }

    #[test]
    fn a_web_page_is_no_capability_statement() {
        assert!(read(b"<html>").is_err());
        assert!(read(br#"{"resourceType":"Bundle"}"#).is_err());
    }
}

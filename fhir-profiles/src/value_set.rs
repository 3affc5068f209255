//! FHIR `ValueSet` documents that spell out their codes.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::error::ProfileError;

const WHAT: &str = "value set";

/// A value set with all its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// Canonical URL, without a version.
    pub url: String,
    /// The OID of the published value set that it stands in for, where it does.
    pub oid: Option<String>,
    pub version: Option<String>,
    /// The name of its file.
    pub name: String,
    pub title: String,
    /// What it is, and how much of it.
    pub description: String,
    pub codes: Vec<ValueSetCode>,
}

/// A code of a value set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueSetCode {
    pub system: String,
    pub code: String,
    pub display: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    resource_type: String,
    url: String,
    #[serde(default)]
    identifier: Vec<Identifier>,
    version: Option<String>,
    title: Option<String>,
    name: Option<String>,
    #[serde(default)]
    description: String,
    compose: Option<Compose>,
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Compose {
    #[serde(default)]
    include: Vec<Include>,
    #[serde(default)]
    exclude: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Include {
    #[serde(default)]
    system: String,
    #[serde(default)]
    concept: Vec<Concept>,
    #[serde(default)]
    filter: Vec<serde_json::Value>,
    #[serde(default)]
    value_set: Vec<String>,
}

#[derive(Deserialize)]
struct Concept {
    code: String,
    display: Option<String>,
}

#[derive(Deserialize)]
struct Expansion {
    #[serde(default)]
    contains: Vec<Contained>,
}

#[derive(Deserialize)]
struct Contained {
    #[serde(default)]
    system: String,
    code: Option<String>,
    display: Option<String>,
    #[serde(default)]
    contains: Vec<Contained>,
}

impl ValueSet {
    /// Reads a FHIR R4 `ValueSet` in JSON. Its codes come from the expansion where there is one, else from the concepts that
    /// `compose` spells out.
    ///
    /// # Errors
    /// [`ProfileError`] also where the codes are not spelled out (filters, other value sets, exclusions), are none, or are doubled:
    /// half a value set is worse than none.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let wrong = |path: &str, reason: &str| ProfileError::Value {
            what: WHAT,
            name: name.to_owned(),
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let document: Document = serde_json::from_str(text).map_err(|error| ProfileError::Document {
            what: WHAT,
            name: name.to_owned(),
            reason: error.to_string(),
        })?;
        if document.resource_type != "ValueSet" {
            return Err(wrong("/resourceType", "expected `ValueSet`"));
        }
        if !document.url.contains(':') || document.url.contains('|') {
            return Err(wrong("/url", "expected a canonical URL without a version"));
        }
        let mut codes = Vec::new();
        if let Some(expansion) = document.expansion {
            collect(expansion.contains, &mut codes);
        } else if let Some(compose) = document.compose {
            if !compose.exclude.is_empty() {
                return Err(wrong("/compose/exclude", "exclusions are not understood; list the codes that remain"));
            }
            for (at, include) in compose.include.into_iter().enumerate() {
                if !include.filter.is_empty() || !include.value_set.is_empty() || include.concept.is_empty() {
                    return Err(wrong(&format!("/compose/include/{at}"), "expected `concept` with the codes spelled out"));
                }
                if include.system.is_empty() {
                    return Err(wrong(&format!("/compose/include/{at}/system"), "expected the URI of the code system"));
                }
                let system = include.system;
                codes.extend(include.concept.into_iter().map(|it| ValueSetCode {
                    system: system.clone(),
                    code: it.code.trim().to_owned(),
                    display: it.display,
                }));
            }
        }
        let mut seen = BTreeSet::new();
        if let Some(double) = codes.iter().find(|it| !seen.insert((it.system.as_str(), it.code.as_str()))) {
            return Err(wrong("/compose", &format!("the code `{}` is there twice; remove one", double.code)));
        }
        if codes.is_empty() {
            return Err(wrong("/compose", "it has no codes"));
        }
        Ok(Self {
            url: document.url,
            oid: document.identifier.iter().find_map(|it| it.value.strip_prefix("urn:oid:")).map(str::to_owned),
            version: document.version,
            name: name.to_owned(),
            title: document.title.or(document.name).unwrap_or_else(|| name.to_owned()),
            description: document.description,
            codes,
        })
    }
}

fn collect(contained: Vec<Contained>, codes: &mut Vec<ValueSetCode>) {
    for item in contained {
        if let Some(code) = item.code {
            codes.push(ValueSetCode { system: item.system, code: code.trim().to_owned(), display: item.display });
        }
        collect(item.contains, codes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_set_whose_codes_are_not_spelled_out_is_refused_with_the_place() {
        let text = r#"{"resourceType":"ValueSet","url":"http://example.org/v","compose":{"include":[{"system":"http://loinc.org","filter":[{}]}]}}"#;
        let error = ValueSet::parse("v", text).unwrap_err().to_string();
        assert!(error.contains("/compose/include/0"), "{error}");
    }

    #[test]
    fn an_expansion_is_read_with_its_nested_codes() {
        let text = r#"{"resourceType":"ValueSet","url":"http://example.org/v","expansion":{"contains":[{"system":"s","code":"a","contains":[{"system":"s","code":" b "}]}]}}"#;
        let codes = ValueSet::parse("v", text).unwrap().codes;
        assert_eq!(codes.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}

//! What the Value Set Authority Center answers to `RetrieveMultipleValueSets` and `RetrieveValueSet` (IHE Sharing Value Sets), in XML.

use super::xml::{Event, Reader};
use super::{Content, Draft, Notes, cut, named, version};
use crate::TerminologyFileError;

pub(super) fn read(text: &str, notes: &mut Notes) -> Result<Vec<Draft>, TerminologyFileError> {
    let mut reader = Reader::new(text);
    let mut drafts = Vec::new();
    let mut root = true;
    while let Some(event) = reader.next()? {
        let Event::Begin { name, attributes } = event else { continue };
        if root {
            expect_root(name, &reader)?;
            root = false;
        } else if matches!(name, "DescribedValueSet" | "ValueSet") {
            drafts.push(value_set(name, &attributes, &mut reader, notes)?);
        }
    }
    Ok(drafts)
}

fn expect_root(name: &str, reader: &Reader<'_>) -> Result<(), TerminologyFileError> {
    match name {
        "RetrieveMultipleValueSetsResponse" | "RetrieveValueSetResponse" => Ok(()),
        "ValueSet" | "Bundle" => {
            let reason = "FHIR is read in JSON alone; ask the server for `Accept: application/fhir+json`";
            Err(TerminologyFileError::new(reader.line(), reason))
        }
        _ => {
            let reason = format!("the element `{name}` is not known; expected `RetrieveMultipleValueSetsResponse`");
            Err(TerminologyFileError::new(reader.line(), reason))
        }
    }
}

fn value_set(
    element: &str,
    attributes: &[(&str, String)],
    reader: &mut Reader<'_>,
    notes: &mut Notes,
) -> Result<Draft, TerminologyFileError> {
    let place = reader.line();
    let oid = attribute(attributes, "ID").ok_or_else(|| TerminologyFileError::new(&place, "a value set has no `ID`"))?;
    let url = named(&place, oid)?;
    let (mut codes, mut revision, mut in_revision) = (Vec::new(), String::new(), false);
    loop {
        match reader.next()? {
            Some(Event::Begin { name: "Concept", attributes }) => {
                let of = |name| attribute(&attributes, name);
                // The OID is the name of the system; a name beside it is for people.
                let system = of("codeSystem").filter(|it| !it.is_empty()).or_else(|| of("codeSystemName")).unwrap_or_default();
                codes.push(notes.coding(&reader.line(), system, of("code").unwrap_or_default(), of("displayName"))?);
            }
            Some(Event::Begin { name: "RevisionDate", .. }) => in_revision = true,
            Some(Event::Text(text)) if in_revision => revision.push_str(&text),
            Some(Event::End("RevisionDate")) => in_revision = false,
            Some(Event::End(name)) if name == element => break,
            Some(_) => {}
            None => return Err(TerminologyFileError::new(reader.line(), "the XML ends too early; the file is cut off")),
        }
    }
    // The date of the definition, as FHIR has it as the version; that of the expansion where it is not told.
    let revision: String = revision.chars().filter(char::is_ascii_digit).collect();
    Ok(Draft {
        alias: None,
        version: version(Some(&revision)).or_else(|| version(attribute(attributes, "version"))),
        title: attribute(attributes, "displayName").map(cut).filter(|it| !it.is_empty()).unwrap_or_else(|| url.to_string()),
        place,
        content: Content::Codes(codes),
        url,
    })
}

fn attribute<'a>(attributes: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

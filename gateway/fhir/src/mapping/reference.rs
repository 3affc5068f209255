//! Where a reference leads.

use super::resource_types;

/// A reference, resolved as far as its text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolved<'a> {
    /// A resource of the same server.
    Own { resource_type: &'a str, id: &'a str },
    /// A resource inside the one that refers to it.
    Contained(&'a str),
    /// A resource by the UUID that it is known by wherever it goes; its type is the one that is expected.
    Uuid(&'a str),
    /// A resource of another server, an identifier only, or nothing that can be followed.
    Elsewhere,
}

/// Resolves a reference of a server at one of `bases` (with or without a slash at its end): relative, absolute, versioned, contained or
/// by UUID (FHIR R4, section 2.3). A server behind a proxy may call itself by `http` where it is reached by `https`.
pub(super) fn resolve<'a>(reference: &'a str, bases: &[&str]) -> Resolved<'a> {
    let reference = reference.trim();
    if let Some(id) = reference.strip_prefix('#') {
        return if id.is_empty() { Resolved::Elsewhere } else { Resolved::Contained(id) };
    }
    if let Some(id) = reference.strip_prefix("urn:uuid:") {
        return if is_id(id) { Resolved::Uuid(id) } else { Resolved::Elsewhere };
    }
    let relative = if reference.contains("://") {
        match bases.iter().find_map(|base| below(reference, base)) {
            Some(relative) => relative,
            None => return Resolved::Elsewhere,
        }
    } else {
        reference.trim_start_matches('/')
    };
    let mut parts = relative.trim_end_matches('/').split('/');
    let own = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(resource_type), Some(id), None, None, None) | (Some(resource_type), Some(id), Some("_history"), _, None) => {
            Some((resource_type, id))
        }
        _ => None,
    };
    match own {
        Some((resource_type, id)) if is_id(id) && !id.contains(['?', '#']) => match resource_types::known(resource_type) {
            Some(resource_type) => Resolved::Own { resource_type, id },
            None => Resolved::Elsewhere,
        },
        _ => Resolved::Elsewhere,
    }
}

/// What follows the base in an absolute reference, where it begins with it.
fn below<'a>(reference: &'a str, base: &str) -> Option<&'a str> {
    let without_scheme = |url: &str| url.find("://").map_or(0, |at| at + 3);
    let base = base.trim_end_matches('/');
    let (reference, base) = (reference.get(without_scheme(reference)..)?, base.get(without_scheme(base)..)?);
    let (start, rest) = reference.split_at_checked(base.len())?;
    (start.eq_ignore_ascii_case(base) && rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

/// Whether a text can be an id: 1 to 256 bytes, no blanks, slashes or control characters. The standard's 64 characters of a narrow
/// alphabet are exceeded by large servers.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_graphic() && it != b'/';
    (1..=256).contains(&text.len())
        && (text.bytes().all(plain) || !text.contains(|it: char| it.is_control() || it.is_whitespace() || it == '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_reference_leads_where_it_says() {
        let bases = ["https://fhir.example.org/r4/", "http://inside:8080/fhir"];
        let own = |id| Resolved::Own { resource_type: "Patient", id };
        for (reference, leads_to) in [
            ("Patient/1", own("1")),
            (" Patient/1 ", own("1")),
            ("/Patient/1", own("1")),
            ("Patient/1/_history/4", own("1")),
            ("https://fhir.example.org/r4/Patient/1", own("1")),
            ("HTTPS://FHIR.example.org/r4/Patient/1/_history/2", own("1")),
            ("https://other.example.org/r4/Patient/1", Resolved::Elsewhere),
            ("https://fhir.example.org/r4b/Patient/1", Resolved::Elsewhere),
            ("urn:uuid:6c5d9ca9-54d7-42f5-bfae-a7c19cd217f2", Resolved::Uuid("6c5d9ca9-54d7-42f5-bfae-a7c19cd217f2")),
            ("Patient?identifier=x|1", Resolved::Elsewhere),
            ("http://fhir.example.org/r4/Patient/1", own("1")),
            ("http://inside:8080/fhir/Patient/1", own("1")),
            ("Patient/1/", own("1")),
            ("patient/1", own("1")),
            ("PATIENT/1", own("1")),
            ("Dragon/1", Resolved::Elsewhere),
            ("Patient", Resolved::Elsewhere),
            ("Patient/1#name", Resolved::Elsewhere),
            ("Patient/a b", Resolved::Elsewhere),
            ("ftp:/Patient/1", Resolved::Elsewhere),
            ("urn:uuid:", Resolved::Elsewhere),
            ("urn:oid:1.2.3", Resolved::Elsewhere),
            ("#med", Resolved::Contained("med")),
            ("#", Resolved::Elsewhere),
            ("", Resolved::Elsewhere),
        ] {
            assert_eq!(resolve(reference, &bases), leads_to, "{reference}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(reference in "\\PC{0,60}", base in "\\PC{0,20}") {
            let _ = resolve(&reference, &[&base]);
        }
    }
}

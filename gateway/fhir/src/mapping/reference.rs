//! Where a reference leads.

/// A reference, resolved as far as its text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolved<'a> {
    /// A resource of the same server.
    Own { resource_type: &'a str, id: &'a str },
    /// A resource inside the one that refers to it.
    Contained(&'a str),
    /// A resource of another server, an identifier only, a URN, or nothing that can be followed.
    Elsewhere,
}

/// Resolves a reference of a server at `base` (with or without a slash at its end): relative, absolute, versioned or contained
/// (FHIR R4, section 2.3). A URN names nothing outside of its bundle, so it leads nowhere.
pub(super) fn resolve<'a>(reference: &'a str, base: &str) -> Resolved<'a> {
    let reference = reference.trim();
    if let Some(id) = reference.strip_prefix('#') {
        return if id.is_empty() { Resolved::Elsewhere } else { Resolved::Contained(id) };
    }
    let relative = if reference.contains("://") {
        let base = base.trim_end_matches('/');
        match reference.split_at_checked(base.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(base) && rest.starts_with('/') => rest.trim_start_matches('/'),
            _ => return Resolved::Elsewhere,
        }
    } else {
        reference.trim_start_matches('/')
    };
    let mut parts = relative.split('/');
    let own = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(resource_type), Some(id), None, None, None) | (Some(resource_type), Some(id), Some("_history"), Some(_), None) => {
            Some((resource_type, id))
        }
        _ => None,
    };
    match own {
        Some((resource_type, id))
            if resource_type.starts_with(|it: char| it.is_ascii_uppercase())
                && resource_type.bytes().all(|it| it.is_ascii_alphabetic())
                && is_id(id)
                && !id.contains(['?', '#']) =>
        {
            Resolved::Own { resource_type, id }
        }
        _ => Resolved::Elsewhere,
    }
}

/// Whether a text can be an id: 1 to 256 bytes, no blanks, slashes or control characters. The standard's 64 characters of a narrow
/// alphabet are exceeded by large servers.
pub(super) fn is_id(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.contains(|it: char| it.is_control() || it.is_whitespace() || it == '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_reference_leads_where_it_says() {
        let base = "https://fhir.example.org/r4/";
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
            ("urn:uuid:6c5d9ca9-54d7-42f5-bfae-a7c19cd217f2", Resolved::Elsewhere),
            ("Patient?identifier=x|1", Resolved::Elsewhere),
            ("patient/1", Resolved::Elsewhere),
            ("#med", Resolved::Contained("med")),
            ("#", Resolved::Elsewhere),
            ("", Resolved::Elsewhere),
        ] {
            assert_eq!(resolve(reference, base), leads_to, "{reference}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(reference in "\\PC{0,60}", base in "\\PC{0,20}") {
            let _ = resolve(&reference, &base);
        }
    }
}

//! The origin of a URL, to which credentials are bound, and the part of a URL that may be told.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// Scheme, host and port of an `http` or `https` URL (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of `url`; `None` for schemes that have none here.
    ///
    /// A host name with a trailing dot has another origin than the one without.
    pub fn of(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        Some(Self { scheme: url.scheme().to_owned(), host: url.host_str()?.to_owned(), port: url.port_or_known_default()? })
    }

    /// Whether `url` has this origin.
    pub fn owns(&self, url: &Url) -> bool {
        Self::of(url).is_some_and(|origin| origin == *self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("http", 80) | ("https", 443) => Ok(()),
            (_, port) => write!(formatter, ":{port}"),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let wrong = || OriginError(text.to_owned());
        let url = Url::parse(text).map_err(|_| wrong())?;
        let bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        Self::of(&url).filter(|_| bare).ok_or_else(wrong)
    }
}

/// A text that is not an origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin: expected scheme, host and port, such as https://fhir.example.org")]
pub struct OriginError(String);

/// Where a request went, as far as logs and errors may tell: no user, no query, no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    place: String,
}

impl Target {
    /// The part of `url` that may be told, cut to 300 characters.
    pub fn of(url: &Url) -> Self {
        const LONGEST: usize = 300;
        let origin = match (Origin::of(url), url.host()) {
            (Some(origin), _) => origin.to_string(),
            (None, Some(Host::Domain(host))) => format!("{}://{host}", url.scheme()),
            (None, _) => format!("{}:", url.scheme()),
        };
        let mut place: String = format!("{origin}{}", url.path());
        if let Some((cut, _)) = place.char_indices().nth(LONGEST) {
            place.truncate(cut);
            place.push('…');
        }
        Self { place }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn origin_owns_only_its_own_urls() {
        let origin: Origin = "https://fhir.example.org".parse().unwrap();
        assert!(origin.owns(&url("https://fhir.example.org:443/r4/Patient?name=x")));
        assert!(origin.owns(&url("https://FHIR.example.ORG/")));
        for foreign in [
            "http://fhir.example.org/",
            "https://fhir.example.org:8443/",
            "https://fhir.example.org./",
            "https://fhir.example.org.evil.test/",
            "https://fhir.example.org@evil.test/",
            "https://evil.test/fhir.example.org",
            "ftp://fhir.example.org/",
        ] {
            assert!(!origin.owns(&url(foreign)), "{foreign}");
        }
    }

    #[test]
    fn target_tells_neither_user_nor_query() {
        let target = Target::of(&url("https://me:secret@h.test:8443/a/b?name=Maria#frag"));
        assert_eq!(target.to_string(), "https://h.test:8443/a/b");
    }
}

//! Where a request arrived, and what is remembered of it.

use serde::Deserialize;

/// Which listener a request came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The FHIR server itself.
    #[default]
    Server,
    /// The host of signed files, which must never get a credential.
    Foreign,
}

/// A request as it was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Which listener it came to.
    pub place: Place,
    /// GET, POST, ...
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query, without the question mark.
    pub query: String,
    /// It carried an `Authorization` header.
    pub with_authorization: bool,
}

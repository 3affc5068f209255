//! System scopes of SMART, version 1 (`system/Patient.read`) and 2 (`system/Patient.rs`).

use std::fmt;

use crate::{error::Error, resource::kind_named};

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

impl Access {
    const fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }
}

/// What a token allows.
#[derive(Clone, Debug)]
pub(crate) enum Scopes {
    /// The sandbox runs without sign-in.
    Everything,
    /// As granted.
    Granted(Vec<Scope>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// None is `*`.
    kind: Option<&'static str>,
    letters: String,
    text: String,
}

impl Scopes {
    /// Reads the scope of a token request. The error says which part is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let scopes = text.split_ascii_whitespace().map(scope).collect::<Result<Vec<_>, _>>()?;
        if scopes.is_empty() {
            return Err("scope is missing; system/*.read or system/*.rs reads everything".to_owned());
        }
        Ok(Self::Granted(scopes))
    }

    pub(crate) fn allow(&self, access: Access, kind: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Granted(scopes) => {
                scopes.iter().any(|scope| scope.kind.is_none_or(|allowed| allowed == kind) && scope.letters.contains(access.letter()))
            }
        }
    }

    pub(crate) fn require(&self, access: Access, kind: &str) -> Result<(), Error> {
        if self.allow(access, kind) {
            return Ok(());
        }
        Err(Error::Forbidden(format!("The token does not allow that: system/{kind}.{} is needed, and {self} was granted", access.letter())))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => formatter.write_str("system/*.cruds"),
            Self::Granted(scopes) => {
                let words: Vec<_> = scopes.iter().map(|scope| scope.text.as_str()).collect();
                formatter.write_str(&words.join(" "))
            }
        }
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let unknown = || format!("scope {text:?} is not known; system/*.read, system/*.rs or system/Patient.rs would be");
    let (name, letters) = text.strip_prefix("system/").and_then(|rest| rest.split_once('.')).ok_or_else(unknown)?;
    let kind = match name {
        "*" => None,
        name => Some(kind_named(name).ok_or_else(unknown)?),
    };
    let letters = match letters {
        "read" => "rs",
        "write" => "cud",
        "*" => "cruds",
        letters => letters,
    };
    // The letters of version 2 stand in this order, each at most once.
    let mut order = "cruds".chars();
    if letters.is_empty() || !letters.chars().all(|letter| order.any(|known| known == letter)) {
        return Err(unknown());
    }
    Ok(Scope { kind, letters: letters.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_scopes_allow_reading_and_nothing_more() {
        for text in ["system/*.read", "system/*.rs"] {
            let scopes = Scopes::parse(text).expect("it is a scope");
            assert!(scopes.allow(Access::Read, "Patient") && scopes.allow(Access::Search, "Group"));
            assert!(!scopes.allow(Access::Update, "Patient"));
        }
        let narrow = Scopes::parse("system/Patient.rs system/Group.read").expect("these are scopes");
        assert!(narrow.allow(Access::Read, "Group") && !narrow.allow(Access::Read, "Observation"));
    }

    #[test]
    fn a_scope_that_means_nothing_here_is_refused() {
        for text in ["", "user/*.read", "system/Foo.read", "system/*.sr", "system/*.", "openid"] {
            assert!(Scopes::parse(text).is_err(), "{text}");
        }
    }
}

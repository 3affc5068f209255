//! Which scopes to ask for: SMART's first or second syntax, and only what the server lists.

use crate::discovery::SmartConfiguration;

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeRequest {
    /// Every resource type, or all the server lists.
    All,
    /// These resource types.
    Types(Vec<String>),
    /// These scopes, word for word, whatever the server lists.
    Exactly(Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// `system/Patient.read`
    First,
    /// `system/Patient.rs`
    Second,
}

/// The scopes to ask for, given what the server says about itself.
///
/// The second syntax is used where the server lists scopes of it and none of the first, or has
/// the capability `permission-v2`. A server that says nothing gets the first, which all know.
/// Types the server does not list are left out, unless it lists none of them.
pub fn choose_scopes(request: &ScopeRequest, server: &SmartConfiguration) -> Vec<String> {
    let types: &[String] = match request {
        ScopeRequest::Exactly(scopes) => return scopes.clone(),
        ScopeRequest::All => &[],
        ScopeRequest::Types(types) => types,
    };
    let listed: Vec<(Syntax, &str)> = server.scopes_supported.iter().filter_map(|scope| readable(scope)).collect();
    let lists = |syntax| listed.iter().any(|(it, _)| *it == syntax);
    let second = lists(Syntax::Second) && (!lists(Syntax::First) || server.capabilities.iter().any(|it| it == "permission-v2"));
    let syntax = if second { Syntax::Second } else { Syntax::First };
    let scope = |resource: &str| match syntax {
        Syntax::First => format!("system/{resource}.read"),
        Syntax::Second => format!("system/{resource}.rs"),
    };
    let offered: Vec<&str> = listed.iter().filter(|(it, _)| *it == syntax).map(|(_, resource)| *resource).collect();

    let anything = offered.is_empty() || offered.contains(&"*");
    if types.is_empty() {
        let mut all = if anything { vec!["*"] } else { offered };
        all.sort_unstable();
        all.dedup();
        return all.into_iter().map(scope).collect();
    }
    let covered: Vec<String> = types.iter().filter(|it| anything || offered.contains(&it.as_str())).map(|it| scope(it)).collect();
    if covered.is_empty() {
        return types.iter().map(|it| scope(it)).collect();
    }
    covered
}

/// The syntax and resource type of a scope that lets a system read and search.
fn readable(scope: &str) -> Option<(Syntax, &str)> {
    let (resource, access) = scope.strip_prefix("system/")?.split_once('.')?;
    // The second syntax may go on with a query: `rs?category=...`.
    let access = access.split_once('?').map_or(access, |(it, _)| it);
    match access {
        "read" | "*" => Some((Syntax::First, resource)),
        _ if access.contains('r') && access.contains('s') => {
            let known = access.chars().all(|it| "cruds".contains(it));
            known.then_some((Syntax::Second, resource))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(request: &ScopeRequest, scopes: &[&str], capabilities: &[&str]) -> String {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let server = SmartConfiguration {
            token_endpoint: String::new(),
            scopes_supported: words(scopes),
            signing_algorithms: Vec::new(),
            capabilities: words(capabilities),
        };
        choose_scopes(request, &server).join(" ")
    }

    #[test]
    fn syntax_follows_what_the_server_lists() {
        let all = ScopeRequest::All;
        for (scopes, capabilities, expected) in [
            (&[][..], &[][..], "system/*.read"),
            (&["openid", "user/*.rs"], &[], "system/*.read"),
            (&["system/*.read"], &[], "system/*.read"),
            (&["system/*.*"], &[], "system/*.read"),
            (&["system/*.rs"], &[], "system/*.rs"),
            (&["system/*.cruds"], &[], "system/*.rs"),
            (&["system/*.read", "system/*.rs"], &[], "system/*.read"),
            (&["system/*.read", "system/*.rs"], &["permission-v2"], "system/*.rs"),
            (&["system/Patient.rs", "system/Group.rs", "system/Patient.rs?x=y"], &[], "system/Group.rs system/Patient.rs"),
        ] {
            assert_eq!(chosen(&all, scopes, capabilities), expected, "{scopes:?}");
        }
    }

    #[test]
    fn unlisted_types_are_left_out_unless_nothing_else_remains() {
        let types = ScopeRequest::Types(vec!["Patient".to_owned(), "Condition".to_owned()]);
        let scopes = ["system/Patient.read", "system/Group.read"];
        assert_eq!(chosen(&types, &scopes, &[]), "system/Patient.read");
        let scopes = ["system/Group.read"];
        assert_eq!(chosen(&types, &scopes, &[]), "system/Patient.read system/Condition.read");
        let exactly = ScopeRequest::Exactly(vec!["system/Anything.x".to_owned()]);
        assert_eq!(chosen(&exactly, &scopes, &[]), "system/Anything.x");
    }
}

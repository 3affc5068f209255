//! Which scopes to ask for: SMART's first or second syntax, and only what the server lists.

use crate::discovery::SmartConfiguration;

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeRequest {
    /// Every resource type, or all the server lists.
    All,
    /// These resource types.
    Types(Vec<String>),
    /// These resource types, to be searched, read, created and updated.
    Write(Vec<String>),
    /// To make, change and end resources of these types.
    Manage(Vec<String>),
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
        ScopeRequest::Write(types) => return choose_writing(types, server),
        ScopeRequest::All => &[],
        ScopeRequest::Types(types) | ScopeRequest::Manage(types) => types,
    };
    let listed: Vec<(Syntax, &str)> = server.scopes_supported.iter().filter_map(|scope| readable(scope)).collect();
    let lists = |syntax| listed.iter().any(|(it, _)| *it == syntax);
    let second = lists(Syntax::Second) && (!lists(Syntax::First) || server.capabilities.iter().any(|it| it == "permission-v2"));
    let syntax = if second { Syntax::Second } else { Syntax::First };
    if matches!(request, ScopeRequest::Manage(_)) {
        let managed = |it: &String| match syntax {
            Syntax::First => vec![format!("system/{it}.read"), format!("system/{it}.write")],
            Syntax::Second => vec![format!("system/{it}.cruds")],
        };
        return types.iter().flat_map(managed).collect();
    }
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

/// The scopes for writing these types. Of the second syntax, what the server lists of create, read, update and search is asked for, and
/// all four where it lists nothing for the type.
fn choose_writing(types: &[String], server: &SmartConfiguration) -> Vec<String> {
    const WANTED: &str = "crus";
    let is_second = |access: &&str| !access.is_empty() && access.chars().all(|letter| "cruds".contains(letter));
    let prefers_second = server.capabilities.iter().any(|it| it == "permission-v2");
    let mut scopes = Vec::new();
    for resource in types {
        let listed = accesses(server, resource);
        let (second, first): (Vec<&str>, Vec<&str>) = listed.into_iter().partition(is_second);
        if second.is_empty() || !(prefers_second || first.is_empty()) {
            scopes.extend([format!("system/{resource}.read"), format!("system/{resource}.write")]);
            continue;
        }
        let letters: String = WANTED.chars().filter(|letter| second.iter().any(|access| access.contains(*letter))).collect();
        scopes.push(format!("system/{resource}.{letters}"));
    }
    scopes
}

/// What the server lists for a type: `read`, `cruds`...
fn accesses<'a>(server: &'a SmartConfiguration, resource: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for scope in &server.scopes_supported {
        if let Some((named, access)) = scope.strip_prefix("system/").and_then(|rest| rest.split_once('.'))
            && (named == resource || named == "*")
        {
            found.push(access.split_once('?').map_or(access, |(access, _)| access));
        }
    }
    found
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
    fn writing_is_asked_for_by_itself_and_only_as_far_as_it_is_listed() {
        let types = ScopeRequest::Write(vec!["Communication".to_owned()]);
        for (scopes, capabilities, expected) in [
            (&[][..], &[][..], "system/Communication.read system/Communication.write"),
            (&["system/*.read", "system/*.write"], &[], "system/Communication.read system/Communication.write"),
            (&["system/*.*"], &["permission-v2"], "system/Communication.read system/Communication.write"),
            (&["system/*.cruds"], &[], "system/Communication.crus"),
            (&["system/*.read", "system/*.cruds"], &["permission-v2"], "system/Communication.crus"),
            (&["system/*.rs", "system/Communication.c"], &[], "system/Communication.crs"),
            (&["system/Communication.c", "system/Patient.rs"], &[], "system/Communication.c"),
        ] {
            assert_eq!(chosen(&types, scopes, capabilities), expected, "{scopes:?}");
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

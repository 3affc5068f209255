//! How a person can be reached. An address hides itself in `Debug`.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::resource::ContentHash;

/// The kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactKind {
    /// An email address.
    Email,
    /// A telephone.
    Phone,
    /// A telephone that takes text messages.
    Sms,
    /// Anything else a source may give.
    Other,
}

/// What an address is used for (FHIR `ContactPoint.use`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactUse {
    /// At home.
    Home,
    /// At work.
    Work,
    /// A mobile phone.
    Mobile,
    /// For the time being.
    Temp,
    /// No longer in use.
    Old,
    /// The source does not say.
    Unknown,
}

/// One address of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// What kind of address it is.
    pub kind: ContactKind,
    /// The address as given, blanks trimmed.
    pub value: String,
    /// What it is used for.
    pub used_for: ContactUse,
    /// The person's order of preference; 1 is first.
    pub rank: Option<u32>,
    /// First day of use.
    pub from: Option<Date>,
    /// Last day of use.
    pub until: Option<Date>,
}

impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactPoint").field("kind", &self.kind).field("used_for", &self.used_for).finish_non_exhaustive()
    }
}

impl ContactPoint {
    /// Whether it is in use on that day.
    pub fn is_current(&self, on: Date) -> bool {
        self.used_for != ContactUse::Old && self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }
}

/// An email address that can be written to: one `@`, a dotted domain, no blanks, quotes or control characters, ASCII, at most
/// 254 characters (RFC 5321, section 4.5.3.1, in the form mail systems really take).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address; `None` where nobody could be written to. The domain is folded to lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().split_once('@')?;
        let local_ok = (1..=64).contains(&local.len())
            && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_ok = domain.len() <= 189 && domain.contains('.') && domain.split('.').all(label_ok);
        (local_ok && domain_ok).then(|| Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// The email address to write to on that day: current, well formed, lowest rank first, home before work before the rest.
pub fn preferred_email(contact_points: &[ContactPoint], on: Date) -> Option<EmailAddress> {
    let order = |point: &ContactPoint| {
        let used_for = match point.used_for {
            ContactUse::Home => 0,
            ContactUse::Mobile => 1,
            ContactUse::Unknown => 2,
            ContactUse::Work => 3,
            ContactUse::Temp => 4,
            ContactUse::Old => 5,
        };
        (point.rank.unwrap_or(u32::MAX), used_for)
    };
    let mut candidates: Vec<(_, EmailAddress)> = contact_points
        .iter()
        .filter(|point| point.kind == ContactKind::Email && point.is_current(on))
        .filter_map(|point| EmailAddress::parse(&point.value).map(|address| (order(point), address)))
        .collect();
    candidates.sort_by_key(|(order, _)| *order);
    candidates.into_iter().next().map(|(_, address)| address)
}

/// By what an address is known again where it is written in another way: an email address by its letters in lower case, a number by its
/// last ten digits. Numbers of two countries can be taken for one, which keeps somebody from being written to, and never the other way.
pub fn address_key(medium: &str, address: &str) -> ContentHash {
    let plain = if address.contains('@') {
        address.trim().to_lowercase()
    } else {
        let digits: String = address.chars().filter(char::is_ascii_digit).collect();
        let last = digits.len().saturating_sub(10);
        if digits.is_empty() { address.trim().to_lowercase() } else { digits.split_at(last).1.to_owned() }
    };
    ContentHash::of([medium.as_bytes(), b"\n", plain.as_bytes()])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    fn email(value: &str, used_for: ContactUse, rank: Option<u32>) -> ContactPoint {
        ContactPoint { kind: ContactKind::Email, value: value.into(), used_for, rank, from: None, until: None }
    }

    #[rstest]
    #[case("ada@example.org", true)]
    #[case(" ada.l+list@Mail.Example.ORG ", true)]
    #[case("ada@example", false)]
    #[case("ada@@example.org", false)]
    #[case("ada@example.org\r\nBcc: eve@example.org", false)]
    #[case("\"ada\"@example.org", false)]
    #[case(".ada@example.org", false)]
    #[case("ada@-example.org", false)]
    #[case("аda@example.org", false)]
    #[case("", false)]
    fn only_an_address_that_can_be_written_to_is_one(#[case] text: &str, #[case] good: bool) {
        assert_eq!(EmailAddress::parse(text).is_some(), good);
    }

    #[test]
    fn an_old_or_ended_address_is_not_used() {
        let mut ended = email("ended@example.org", ContactUse::Home, Some(1));
        ended.until = Some(date(2020, 1, 1));
        let points = [email("old@example.org", ContactUse::Old, Some(1)), ended, email("work@example.org", ContactUse::Work, None)];
        assert_eq!(preferred_email(&points, date(2026, 1, 1)).unwrap().as_str(), "work@example.org");
    }

    #[test]
    fn the_rank_goes_before_the_use() {
        let points = [email("home@example.org", ContactUse::Home, Some(2)), email("work@example.org", ContactUse::Work, Some(1))];
        assert_eq!(preferred_email(&points, date(2026, 1, 1)).unwrap().as_str(), "work@example.org");
    }

    #[test]
    fn an_address_hides_itself() {
        assert!(!format!("{:?}", email("ada@example.org", ContactUse::Home, None)).contains("ada"));
    }

    #[test]
    fn an_address_is_known_again_however_it_is_written() {
        let key = |address: &str| address_key("sms", address);
        for same in ["+15550100123", "15550100123", "(555) 010-0123", "001 555 010 0123"] {
            assert_eq!(key(same), key("5550100123"), "{same}");
        }
        assert_eq!(address_key("email", " Ana@Example.org"), address_key("email", "ana@example.org"));
        assert_ne!(key("5550100124"), key("5550100123"));
        assert_ne!(address_key("email", "5550100123"), key("5550100123"));
        assert_ne!(key("short"), key("code"));
    }
}

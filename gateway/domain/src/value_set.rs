//! Value sets: named sets of codes that criteria and measures refer to.
//!
//! A value set is known by one canonical URL. What the Value Set Authority Center publishes is written in several ways: its canonical
//! `http://cts.nlm.nih.gov/fhir/ValueSet/<OID>`, `urn:oid:<OID>` and the bare OID are one name here, with `|<version>` behind it or not.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

use crate::code::Coding;
use crate::resource::ContentHash;

/// What the canonical URLs of the Value Set Authority Center begin with.
const VSAC: &str = "http://cts.nlm.nih.gov/fhir/ValueSet/";
/// Letters of a name, of a version and of a title; longer ones are nobody's.
pub const LONGEST_NAME: usize = 500;

/// The canonical URL of a value set, without a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueSetUrl(String);

/// Why a text is no name of a value set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a value set; expected its canonical URL, `urn:oid:` and an OID, or an OID")]
pub struct NotAValueSet(String);

impl ValueSetUrl {
    /// Reads a canonical URL, `urn:oid:` with an OID, or an OID.
    pub fn parse(text: &str) -> Result<Self, NotAValueSet> {
        let text = text.trim();
        if text.len() > LONGEST_NAME {
            return Err(NotAValueSet(text.chars().take(40).chain(['…']).collect()));
        }
        if let Some(oid) = oid_of(text) {
            return Ok(Self(format!("{VSAC}{oid}")));
        }
        let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
            !rest.is_empty() && scheme.starts_with(|it: char| it.is_ascii_alphabetic()) && scheme.chars().all(is_of_a_scheme)
        });
        if has_scheme && !text.contains(|it: char| it.is_whitespace() || it.is_control() || it == '|') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAValueSet(text.to_owned()))
        }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The OID, where the URL is made of one.
    pub fn oid(&self) -> Option<&str> {
        self.0.strip_prefix(VSAC).and_then(oid_of)
    }
}

impl fmt::Display for ValueSetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const fn is_of_a_scheme(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.')
}

/// The OID that a text is, however it is written.
fn oid_of(text: &str) -> Option<&str> {
    let lower = |prefix: &str| text.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    let prefixes = [VSAC, "https://cts.nlm.nih.gov/fhir/ValueSet/", "urn:oid:"];
    let bare = prefixes.iter().find(|prefix| lower(prefix)).and_then(|prefix| text.get(prefix.len()..)).unwrap_or(text);
    let mut arcs = bare.split('.');
    let root = arcs.next().is_some_and(|it| matches!(it, "0" | "1" | "2"));
    let is_arc = |it: &str| !it.is_empty() && it.bytes().all(|digit| digit.is_ascii_digit()) && (it.len() == 1 || !it.starts_with('0'));
    let rest: Vec<&str> = arcs.collect();
    (root && rest.len() >= 2 && rest.into_iter().all(is_arc)).then_some(bare)
}

/// A reference to a value set: its URL, and a version where one alone is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueSetReference {
    /// Which.
    pub url: ValueSetUrl,
    /// In which version; the one in use where none is named.
    pub version: Option<String>,
}

impl ValueSetReference {
    /// Reads a name of a value set, with `|<version>` behind it or not.
    pub fn parse(text: &str) -> Result<Self, NotAValueSet> {
        let (url, version) = text.split_once('|').map_or((text, None), |(url, version)| (url, Some(version.trim())));
        let version = version.filter(|it| !it.is_empty() && it.len() <= LONGEST_NAME).map(str::to_owned);
        Ok(Self { url: ValueSetUrl::parse(url)?, version })
    }
}

/// A value set with all its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// Its canonical URL.
    pub url: ValueSetUrl,
    /// A second name: that of its OID, where the URL is another one.
    pub alias: Option<ValueSetUrl>,
    /// Its version; `None` where its publisher gives none.
    pub version: Option<String>,
    /// What people call it.
    pub title: String,
    /// Its codes, each once, by system and code.
    codes: Vec<Coding>,
}

/// A value set without codes, which would say that nobody has what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value set `{0}` has no codes")]
pub struct NoCodes(pub ValueSetUrl);

impl ValueSet {
    /// A value set of these codes; of those that are there twice the first one stays.
    pub fn new(
        url: ValueSetUrl,
        alias: Option<ValueSetUrl>,
        version: Option<String>,
        title: String,
        mut codes: Vec<Coding>,
    ) -> Result<Self, NoCodes> {
        if codes.is_empty() {
            return Err(NoCodes(url));
        }
        codes.sort_by(|one, other| (&one.system, &one.code).cmp(&(&other.system, &other.code)));
        codes.dedup_by(|later, first| later.system == first.system && later.code == first.code);
        let alias = alias.filter(|alias| *alias != url);
        Ok(Self { url, alias, version, title, codes })
    }

    /// Its codes, each once, by system and code.
    pub fn codes(&self) -> &[Coding] {
        &self.codes
    }

    /// Its codes.
    pub fn into_codes(self) -> Vec<Coding> {
        self.codes
    }

    /// Stands for which codes it has, whatever they are called: what has the same hash decides alike.
    pub fn hash(&self) -> ContentHash {
        let pieces = self.codes.iter().flat_map(|it| [it.system.as_bytes(), b"\0".as_slice(), it.code.as_bytes(), b"\n".as_slice()]);
        ContentHash::of(pieces)
    }

    /// What is said of it without its codes.
    pub fn summary(&self, origin: ValueSetOrigin) -> ValueSetSummary {
        ValueSetSummary {
            url: self.url.clone(),
            alias: self.alias.clone(),
            version: self.version.clone(),
            title: self.title.clone(),
            codes: self.codes.len() as u64,
            hash: self.hash(),
            origin,
        }
    }
}

/// Where a value set is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSetOrigin {
    /// It came with the program: freely usable codes alone, and therefore a part of what its name stands for.
    Starter,
    /// It was imported.
    Imported {
        /// When, last.
        at: Timestamp,
        /// How many versions of it are kept.
        versions: u32,
    },
}

/// A value set without its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSetSummary {
    /// Its canonical URL.
    pub url: ValueSetUrl,
    /// A second name: that of its OID, where the URL is another one.
    pub alias: Option<ValueSetUrl>,
    /// Its version.
    pub version: Option<String>,
    /// What people call it.
    pub title: String,
    /// How many codes it has.
    pub codes: u64,
    /// Stands for which codes these are.
    pub hash: ContentHash,
    /// Where it is from.
    pub origin: ValueSetOrigin,
}

impl ValueSetSummary {
    /// Its OID, by its URL or its second name.
    pub fn oid(&self) -> Option<&str> {
        self.url.oid().or_else(|| self.alias.as_ref()?.oid())
    }
}

/// Which of two versions is the later one: numbers in them are compared as numbers, so that `1.10` is later than `1.9`; without a version
/// is earliest.
pub fn later(one: Option<&str>, other: Option<&str>) -> Ordering {
    let (Some(one), Some(other)) = (one, other) else { return one.is_some().cmp(&other.is_some()) };
    let mut others = parts(other);
    for part in parts(one) {
        let Some(another) = others.next() else { return Ordering::Greater };
        let number = |it: &str| it.bytes().all(|digit| digit.is_ascii_digit()).then(|| it.trim_start_matches('0').to_owned());
        let order = match (number(part), number(another)) {
            (Some(part), Some(another)) => part.len().cmp(&another.len()).then_with(|| part.cmp(&another)),
            _ => part.cmp(another),
        };
        if order.is_ne() {
            return order;
        }
    }
    if others.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

fn parts(version: &str) -> impl Iterator<Item = &str> {
    version.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const OID: &str = "2.16.840.1.113883.3.464.1003.108.12.1018";

    #[rstest]
    #[case::bare(OID)]
    #[case::urn(&format!("urn:oid:{OID}"))]
    #[case::shouted(&format!(" URN:OID:{OID} "))]
    #[case::canonical(&format!("http://cts.nlm.nih.gov/fhir/ValueSet/{OID}"))]
    #[case::over_tls(&format!("https://cts.nlm.nih.gov/fhir/ValueSet/{OID}"))]
    fn a_set_of_vsac_has_one_name_however_it_is_written(#[case] text: &str) {
        let url = ValueSetUrl::parse(text).unwrap();
        assert_eq!((url.as_str(), url.oid()), (format!("{VSAC}{OID}").as_str(), Some(OID)));
        let versioned = ValueSetReference::parse(&format!("{}|20240105", text.trim())).unwrap();
        assert_eq!((versioned.url, versioned.version.as_deref()), (url, Some("20240105")));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::a_word("mammography")]
    #[case::no_oid("2.16.x")]
    #[case::too_short("2.16")]
    #[case::a_leading_zero("2.016.840")]
    #[case::no_scheme("://example.org/v")]
    #[case::nothing_behind_the_scheme("http:")]
    #[case::blanks("http://example.org/a b")]
    fn what_is_no_name_is_refused(#[case] text: &str) {
        let error = ValueSetReference::parse(text).unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("canonical URL"), "{error}");
    }

    #[test]
    fn another_publishers_name_stays_as_it_is() {
        for text in ["http://hl7.org/fhir/ValueSet/x", "urn:uuid:3f8c", "http://cts.nlm.nih.gov/fhir/ValueSet/some-name"] {
            let url = ValueSetUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), url.oid()), (text, None));
        }
        let bare = ValueSetReference::parse("http://example.org/v|").unwrap();
        assert_eq!(bare.version, None);
    }

    #[test]
    fn a_value_set_has_each_code_once_and_a_hash_that_order_and_displays_do_not_change() {
        let url = || ValueSetUrl::parse("http://example.org/v").unwrap();
        let named = |code: &str| Coding { display: Some("named".into()), ..Coding::new("s", code) };
        let one = ValueSet::new(url(), None, None, "One".into(), vec![named("b"), Coding::new("s", "a"), Coding::new("s", "b")]).unwrap();
        assert_eq!(one.codes(), [Coding::new("s", "a"), named("b")]);
        let other =
            ValueSet::new(url(), None, Some("2".into()), "Other".into(), vec![Coding::new("s", "a"), Coding::new("s", "b")]).unwrap();
        assert_eq!(one.hash(), other.hash());
        let more = ValueSet::new(url(), None, None, "One".into(), vec![Coding::new("s", "a"), Coding::new("sb", "")]).unwrap();
        assert_ne!(one.hash(), more.hash());
        assert_eq!(ValueSet::new(url(), None, None, "None".into(), Vec::new()), Err(NoCodes(url())));
    }

    #[rstest]
    #[case(Some("20240105"), Some("20171219"), Ordering::Greater)]
    #[case(Some("1.9"), Some("1.10"), Ordering::Less)]
    #[case(Some("1.10.0"), Some("1.10"), Ordering::Greater)]
    #[case(Some("2024-01-05"), Some("2024-1-5"), Ordering::Equal)]
    #[case(Some("1.0"), None, Ordering::Greater)]
    #[case(None, None, Ordering::Equal)]
    fn versions_are_compared_number_by_number(#[case] one: Option<&str>, #[case] other: Option<&str>, #[case] expected: Ordering) {
        assert_eq!((later(one, other), later(other, one)), (expected, expected.reverse()));
    }

    proptest! {
        #[test]
        fn a_name_that_was_read_reads_as_itself(text in "[ -~]{0,60}") {
            if let Ok(url) = ValueSetUrl::parse(&text) {
                prop_assert_eq!(ValueSetUrl::parse(url.as_str()).unwrap(), url);
            }
        }
    }
}

//! What a script says.

use std::{collections::BTreeMap, io::Write as _, path::Path, time::Duration};

use axum::extract::Request;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Place;
use crate::error::Error;

/// Faults to be played. Read from JSON with [`FaultScript::read`]; the empty one plays none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultScript {
    /// What chance decides, this decides.
    #[serde(default)]
    pub(crate) seed: u64,
    /// All rules that meet a request act on it, in this order.
    pub(crate) rules: Vec<Rule>,
}

impl FaultScript {
    /// Reads a script.
    ///
    /// # Errors
    /// `Config` with the place and the reason.
    pub fn read(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Config(format!("The fault script can't be read: {error}")))
    }

    /// Reads a script from a file.
    ///
    /// # Errors
    /// `Read`, and as [`FaultScript::read`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
        Self::read(&text)
    }

    /// This script with the rules of another one before its own.
    #[must_use]
    pub fn after(mut self, mut first: Self) -> Self {
        first.rules.append(&mut self.rules);
        Self { seed: self.seed, rules: first.rules }
    }
}

/// Which requests, and what happens to them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default)]
    pub(crate) when: When,
    pub(crate) then: Vec<Action>,
}

/// Which requests are met. What is not said is not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct When {
    /// The listener.
    at: Place,
    method: Option<String>,
    /// The whole path; `*` stands for anything.
    path: Option<String>,
    /// The whole query as it was sent; `*` stands for anything, an empty text for no query.
    query: Option<String>,
    /// A header that is there, with this value; `*` stands for anything.
    header: Option<(String, String)>,
    /// Only these of the requests that are met, counted from 1.
    nth: Option<Vec<u64>>,
    /// Only from this one on.
    from: Option<u64>,
    /// Only up to this one.
    until: Option<u64>,
    /// Only this share of them, by chance.
    share: Option<f64>,
}

impl When {
    pub(super) fn meets(&self, request: &Request, place: Place) -> bool {
        let is = |pattern: &Option<String>, text: &str| pattern.as_deref().is_none_or(|pattern| like(pattern, text));
        self.at == place
            && self.method.as_deref().is_none_or(|method| method == request.method().as_str())
            && is(&self.path, request.uri().path())
            && is(&self.query, request.uri().query().unwrap_or_default())
            && self.header.as_ref().is_none_or(|(name, pattern)| {
                request.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| like(pattern, value))
            })
    }

    /// Whether this rule acts on the `met`th request it meets.
    pub(super) fn is_turn(&self, met: u64, random: u64) -> bool {
        self.nth.as_ref().is_none_or(|nth| nth.contains(&met))
            && self.from.is_none_or(|from| met >= from)
            && self.until.is_none_or(|until| met <= until)
            && self.share.is_none_or(|share| (random >> 11) as f64 / ((1_u64 << 53) as f64) < share)
    }
}

/// What happens. Texts may hold `{origin}`, `{base}`, `{foreign}`, `{path}`, `{query}`, `{now}` and `{now+2s}` (an HTTP date).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Waits before anything else.
    Delay(Time),
    /// Ends the connection without an answer.
    Drop,
    /// Answers in place of the server.
    Answer(Answer),
    /// Writes a resource before the server answers.
    Write(Value),
    /// Writes a resource with a `lastUpdated` that lies back: a transaction that was committed late.
    WriteLate { resource: Value, ago: Time },
    /// Deletes a resource (`Type/id`) before the server answers.
    Delete(String),
    /// Answers as before for this long, unless the client sends `Cache-Control: no-cache`.
    Cache(Time),
    /// Another status in place of one.
    Turn { from: u16, to: u16 },
    /// Another status.
    Status(u16),
    /// Headers set, or with null taken out.
    Headers(BTreeMap<String, Option<String>>),
    /// Changes in the JSON of the body.
    Json(Vec<Change>),
    /// A text in the body replaced wherever it is.
    Replace { find: String, with: String },
    /// The link to the next page.
    Next(NextLink),
    /// The manifest cut into pages of so many files each, linked by `next`.
    ManifestPages(usize),
    /// All resources in this many files of mixed types.
    MixedFiles(u64),
    /// Changes in the lines of a file.
    Lines(Vec<LineChange>),
    /// Packs the body.
    Gzip(Packing),
    /// Turns a byte in the body into another; where is given as a share of it, or by chance.
    Corrupt { at: Option<f64> },
    /// Ends the body early; after how much is given in bytes, as a share, or by chance. `clean` lets it look whole.
    Cut {
        after: Option<usize>,
        share: Option<f64>,
        #[serde(default)]
        clean: bool,
    },
}

/// An answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// A text as it is, or JSON.
    #[serde(default)]
    pub(super) body: Value,
}

/// A change at a JSON pointer, in which `*` stands for each member.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(super) at: String,
    /// The new value; without one the member is taken out.
    pub(super) to: Option<Value>,
    /// A value added at the end of the list there.
    pub(super) add: Option<Value>,
}

/// What becomes of a link to the next page.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NextLink {
    /// Without scheme and host.
    Relative,
    /// The query alone.
    Query,
    /// To the page itself.
    Itself,
    /// To the first page.
    First,
    /// Not there.
    Missing,
    /// Longer than servers take.
    Long,
    /// The same path and query at this origin.
    At(String),
}

/// What becomes of the lines of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LineChange {
    /// Each line twice, next to each other.
    Twice,
    /// The whole file twice.
    FileTwice,
    /// The last line first.
    Reverse,
    /// By chance.
    Shuffle,
    /// Before each line an older version of the resource.
    OlderBefore,
    /// After each line an older version of the resource.
    OlderAfter,
    /// None at all.
    None,
    /// A byte order mark first.
    Bom,
    /// Line ends of another system.
    Crlf,
    /// An empty line after each.
    Blank,
    /// Without the last line end.
    NoEnd,
    /// These at the end.
    Add(Vec<Value>),
    /// These at the beginning.
    AddFirst(Vec<Value>),
    /// Without this element of the resources.
    Without(String),
}

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Packing {
    /// A file that is compressed, as it lies on a disk.
    File,
    /// A body that is compressed on its way, with `Content-Encoding`.
    Encoding,
    /// A compressed file in two members, one after the other.
    Members,
}

impl Packing {
    pub(super) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let one = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let written = packer.write_all(bytes);
            written.and_then(|()| packer.finish()).unwrap_or_default()
        };
        if self == Self::Members {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            return [one(first), one(second)].concat();
        }
        one(bytes)
    }
}

/// A time like `200ms` or `5s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(super) Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let signed: SignedDuration = text.parse().map_err(serde::de::Error::custom)?;
        Duration::try_from(signed).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Whether a text is like a pattern in which `*` stands for anything.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = rest.get(at + before.len()..).unwrap_or_default();
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// A number that looks like chance, the same for the same arguments (SplitMix64).
pub(super) fn random(seed: u64, rule: u64, met: u64) -> u64 {
    let mut state = seed ^ rule.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ met.wrapping_mul(0xd1b5_4a32_d192_ed03);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_anything_where_there_is_a_star() {
        for (pattern, text, yes) in [
            ("/fhir/*", "/fhir/Patient", true),
            ("/fhir/*/1", "/fhir/Patient/1", true),
            ("/fhir/*/1", "/fhir/Patient/12", false),
            ("*_since*", "_type=a&_since=b", true),
            ("*", "", true),
            ("", "x", false),
            ("", "", true),
            ("a*b*c", "a-b-b-c", true),
        ] {
            assert_eq!(like(pattern, text), yes, "{pattern} {text}");
        }
    }

    #[test]
    fn a_script_with_a_word_that_is_not_known_is_refused_with_its_place() {
        let error = FaultScript::read(r#"{"rules":[{"then":["explode"]}]}"#).map(|_| ()).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("explode") && error.contains("line 1")));
    }
}

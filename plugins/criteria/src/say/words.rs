//! The phrases, each once: how documents say it, and how English does.

/// Words of documents and phrases of English.
pub(super) type Table = &'static [(&'static str, &'static str)];

pub(super) const KINDS: Table = &[
    ("condition", "a condition"),
    ("medication", "a medication"),
    ("allergy", "an allergy"),
    ("immunization", "an immunization"),
    ("procedure", "a procedure"),
    ("observation", "an observation"),
    ("encounter", "an encounter"),
    ("order", "an order"),
    ("coverage", "an insurance"),
    ("appointment", "an appointment"),
    ("care-team", "a care team"),
    ("interaction", "a touch by outreach"),
    ("subscription", "a subscription"),
];

pub(super) const SEXES: Table = &[("female", "is female"), ("male", "is male"), ("other", "is of a sex other than female or male")];

pub(super) const DECEASED: Table = &[("true", "has died"), ("false", "is not known to have died")];

pub(super) const GROUPS: Table = &[("all", "all of"), ("any", "any of"), ("none", "none of")];

/// What of a fact lies in its window; the first stands where nothing is said.
pub(super) const RELATIONS: Table = &[
    ("", "dated"),
    ("starts", "starting"),
    ("ends", "ending"),
    ("within", "wholly"),
    ("overlaps", "at least partly"),
    ("latest", "with its latest moment"),
    ("earliest", "with its earliest moment"),
];

/// Other words for relations.
pub(super) const SAME_RELATIONS: Table = &[("active", "overlaps"), ("happened", "latest")];

/// The edges of a window. The third stands for `to` where there is no beginning.
pub(super) const EDGES: Table = &[("from", " from "), ("after", " after "), ("to", " up to "), ("before", " before "), ("to", " to ")];

pub(super) const INSTANT: &str = ", by the instant";

pub(super) const ANCHORS: Table = &[
    ("as-of", "today"),
    ("start of year", "the start of the year"),
    ("end of year", "the end of the year"),
    ("period start", "the start of the period"),
    ("period end", "the end of the period"),
    ("birth", "birth"),
];

/// The start and the end of a fact with a name, which follows in brackets.
pub(super) const OF_FACT: Table = &[(" start", "the start of "), (" end", "the end of ")];

pub(super) const OFFSETS: Table = &[("+", "plus"), ("-", "less")];

pub(super) const PICKS: Table =
    &[("last", "the one that started last"), ("last ended", "the one that ended last"), ("first", "the one that started first")];

pub(super) const COMPARISONS: Table = &[
    ("<", "with a value below "),
    ("<=", "with a value of at most "),
    (">", "with a value above "),
    (">=", "with a value of at least "),
    ("=", "with a value of exactly "),
];

pub(super) const PRESENCE: Table = &[("true", "with any value"), ("false", "without a value")];

pub(super) const ANSWER: &str = "answered by one of";

/// What stands at the head of a document, and of the public measure it is aligned with.
pub(super) const HEAD: Table = &[("title", "Title"), ("key", "Key"), ("description", "Description"), ("note", "Note")];
pub(super) const MEASURE: Table = &[
    ("id", "Measure"),
    ("title", "Title of the measure"),
    ("url", "Address of the measure"),
    ("version", "Version of the measure"),
    ("steward", "Steward of the measure"),
];

pub(super) const POPULATIONS: Table = &[
    ("initial_population", "Initial population"),
    ("denominator", "Denominator"),
    ("denominator_exclusion", "Denominator exclusion"),
    ("denominator_exception", "Denominator exception"),
    ("numerator", "Numerator"),
];

pub(super) const GROUP_FLAGS: Table = &[("inverse", "The numerator is what should not be"), ("gap", "A segment of its own")];

/// How a clause about a fact goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// With a text.
    Text,
    /// With words and commas between them.
    Words,
    /// With a name in brackets.
    Name,
    /// With a whole number.
    Number,
    /// Not at all.
    True,
    /// With one of the phrases.
    Choice(Table),
    /// With a value set.
    ValueSet,
    /// With value sets in the lines below.
    ValueSets,
    /// With codes in the lines below.
    Codes,
    /// With one set of codes in the lines below.
    Set,
    /// With a condition in the line below.
    Condition,
}

/// The clauses about a fact in the order in which they are written; no phrase begins another.
pub(super) const CLAUSES: &[(&str, &str, Shape)] = &[
    ("status", "of status", Shape::Text),
    ("flags", "marked as", Shape::Words),
    ("without", "not marked as", Shape::Words),
    ("value_set", "of the value set", Shape::ValueSet),
    ("value_sets", "of one of the value sets", Shape::ValueSets),
    ("codes", "with one of the codes", Shape::Codes),
    ("with_end", "having an end of its own", Shape::True),
    ("body_site", "at one of the body sites", Shape::Set),
    ("reason", "for one of the reasons", Shape::Set),
    ("disposition", "leaving with one of the dispositions", Shape::Set),
    ("visit_without", "during no visit marked as", Shape::Words),
    ("at_least", "number at least", Shape::Number),
    ("distinct_days", "counting days rather than records", Shape::True),
    ("as", "called", Shape::Name),
    ("such_that", "such that", Shape::Condition),
    ("pick", "of which is taken", Shape::Choice(PICKS)),
    ("most_recent", "of which the most recent has to have that value", Shape::True),
    ("is", "and of the one taken", Shape::Condition),
    ("note", "note", Shape::Text),
];

/// The phrase for a word of documents.
pub(super) fn english(table: Table, word: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == word).map(|(_, phrase)| *phrase)
}

/// The word of documents for a phrase.
pub(super) fn word(table: Table, phrase: &str) -> Option<&'static str> {
    table.iter().find(|(_, known)| *known == phrase).map(|(word, _)| *word)
}

/// The word for the phrase a text begins with, and what follows it.
pub(super) fn begun(table: Table, text: &str) -> Option<(&'static str, &str)> {
    table.iter().find_map(|(word, phrase)| text.strip_prefix(phrase).map(|rest| (*word, rest)))
}

//! Merge fields: `{{ patient.given_name }}`, or with a fall-back
//! `{{ patient.given_name | default("there") }}`, and nothing else.

use std::collections::BTreeMap;

use gateway_ports::content::ContentError;
use minijinja::{Environment, UndefinedBehavior, Value};

/// The merge fields a document may use.
pub const KNOWN_FIELDS: [&str; 8] = [
    "patient.given_name",
    "patient.family_name",
    "practitioner.name",
    "care_team.name",
    "organization.name",
    "organization.phone",
    "organization.address",
    "sender.name",
];

/// The longest text of a block, in bytes.
const LONGEST_TEXT: usize = 20_000;
/// The longest value, in characters; names and addresses are shorter.
const LONGEST_VALUE: usize = 400;
const FUEL: u64 = 20_000;

/// A merge field in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Such as `patient.given_name`.
    pub(crate) name: &'a str,
    pub(crate) has_fall_back: bool,
}

/// The merge fields in a text.
///
/// # Errors
/// A sentence about what is not a merge field. Statements, comments, calculations and other
/// filters are refused before the template engine sees them.
pub(crate) fn fields(text: &str) -> Result<Vec<Field<'_>>, String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("the text is longer than {LONGEST_TEXT} bytes"));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (_, from) = rest.split_at(start);
        if from.starts_with("{%") || from.starts_with("{#") {
            return Err("statements and comments are not possible here, only merge fields".to_owned());
        }
        let Some(inside) = from.strip_prefix("{{") else {
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        let (field, after) = field(inside).ok_or_else(|| {
            let shown: String = from.chars().take(40).collect();
            format!(
                "`{shown}` is not a merge field, expected {{{{ patient.given_name }}}} or \
                 {{{{ patient.given_name | default(\"there\") }}}}"
            )
        })?;
        found.push(field);
        rest = after;
    }
    Ok(found)
}

/// Reads one field after its `{{`; what comes after its `}}` is the rest.
fn field(text: &str) -> Option<(Field<'_>, &str)> {
    let text = text.trim_start();
    let is_word = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let end = text.find(|it: char| !is_word(it) && it != '.')?;
    let (name, rest) = text.split_at(end);
    let (group, member) = name.split_once('.')?;
    let starts_well = |word: &str| word.starts_with(|it: char| it.is_ascii_lowercase());
    if !starts_well(group) || !starts_well(member) || member.contains('.') {
        return None;
    }
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix("}}") {
        return Some((Field { name, has_fall_back: false }, rest));
    }
    let rest = rest.strip_prefix('|')?.trim_start().strip_prefix("default(")?.trim_start();
    let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let (literal, rest) = rest.get(1..)?.split_once(quote)?;
    if literal.trim().is_empty() || literal.contains(['\\', '\n', '\r', '{', '}']) {
        return None;
    }
    let rest = rest.trim_start().strip_prefix(')')?.trim_start().strip_prefix("}}")?;
    Some((Field { name, has_fall_back: true }, rest))
}

/// The values of one message, made fit to be text.
pub(crate) struct Merge {
    environment: Environment<'static>,
    values: BTreeMap<String, String>,
    context: Value,
}

impl Merge {
    pub(crate) fn new(values: &BTreeMap<String, String>) -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("default", minijinja::filters::default);

        let values: BTreeMap<String, String> =
            values.iter().map(|(name, value)| (name.clone(), as_text(value))).filter(|(_, value)| !value.is_empty()).collect();
        // A group is there even where it has no value, so that a fall-back can step in.
        let mut groups: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        let known = KNOWN_FIELDS.iter().copied();
        for name in known.chain(values.keys().map(String::as_str)) {
            let Some((group, member)) = name.split_once('.') else {
                continue;
            };
            let members = groups.entry(group).or_default();
            if let Some(value) = values.get(name) {
                members.insert(member, value);
            }
        }
        let context = Value::from_pairs(groups.into_iter().map(|(group, members)| (group, Value::from_pairs(members))));
        Self { environment, values, context }
    }

    /// `text` with its merge fields filled in: plain text, not yet escaped for anything.
    pub(crate) fn fill(&self, text: &str) -> Result<String, ContentError> {
        let fields = fields(text).map_err(ContentError::Render)?;
        if fields.is_empty() {
            return Ok(text.to_owned());
        }
        let missing = fields.iter().find(|field| !field.has_fall_back && !self.values.contains_key(field.name));
        if let Some(field) = missing {
            return Err(ContentError::MissingValue(field.name.to_owned()));
        }
        // The message of an error could hold values; its kind does not.
        self.environment
            .render_str(text, &self.context)
            .map_err(|error| ContentError::Render(format!("a text of {} bytes: {:?}", text.len(), error.kind())))
    }
}

/// A value as one line: without control characters and marks that turn the direction of writing,
/// without space at its ends, cut to a length.
fn as_text(value: &str) -> String {
    let is_turning = |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_break = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
    let clean: String =
        value.chars().filter(|it| !is_turning(*it)).map(|it| if is_break(it) { ' ' } else { it }).take(LONGEST_VALUE).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merge(pairs: &[(&str, &str)]) -> Merge {
        let values = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Merge::new(&values.collect())
    }

    #[test]
    fn values_and_fall_backs_fill_fields() {
        let text = r#"Hello {{ patient.given_name | default("there") }} from {{organization.name}}"#;
        let with = merge(&[("patient.given_name", "Ana"), ("organization.name", "Clinic")]);
        assert_eq!(with.fill(text).unwrap(), "Hello Ana from Clinic");
        let without = merge(&[("patient.given_name", " \t"), ("organization.name", "Clinic")]);
        assert_eq!(without.fill(text).unwrap(), "Hello there from Clinic");
    }

    #[test]
    fn missing_value_is_an_error_that_names_the_field() {
        let nothing = merge(&[]);
        for name in ["patient.given_name", "unknown.field"] {
            let text = format!("Hello {{{{ {name} }}}}");
            assert_eq!(nothing.fill(&text), Err(ContentError::MissingValue(name.to_owned())));
        }
    }

    #[test]
    fn anything_but_a_merge_field_is_refused() {
        for text in [
            "{% for x in [1] %}{% endfor %}",
            "{# comment #}",
            "{{ 7 * 7 }}",
            "{{ \"x\" * 1000000 }}",
            "{{ patient }}",
            "{{ patient.a.b }}",
            "{{ patient.name | upper }}",
            "{{ patient.name | default(\"\") }}",
            "{{ patient.name | default(patient.other) }}",
            "{{ patient.name | default(\"a\\n\") }}",
            "{{- patient.name }}",
            "{{ patient.name",
            "{{}}",
            "{{{ patient.name }}}",
        ] {
            assert!(fields(text).is_err(), "{text}");
        }
        assert_eq!(fields("a { b } c }} d"), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn value_is_never_read_as_a_template(value in "\\PC{1,40}|\\{\\{ ?[a-z._]{1,20} ?\\}\\}|\\{% .{0,20}") {
            let filled = merge(&[("patient.given_name", &value)]).fill("{{ patient.given_name | default('-') }}").unwrap();
            let expected = as_text(&value);
            prop_assert_eq!(filled, if expected.is_empty() { "-" } else { &expected });
        }

        #[test]
        fn no_text_panics(text in ".{0,200}|(\\{\\{|\\}\\}|\\{%|[ a-z.|()'\"]){0,40}") {
            drop(fields(&text));
            drop(merge(&[("patient.given_name", "x")]).fill(&text));
        }
    }
}

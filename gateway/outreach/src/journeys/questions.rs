//! What a journey plugin may ask about a person, and what is answered. What is not known is answered as not known.

use gateway_domain::date::{PartialDate, age_on};
use gateway_domain::journey::QuestionCriteria;
use jiff::civil::Date;

/// What is known of the person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonKnown {
    /// Language (BCP 47).
    pub language: Option<String>,
    /// Birth date.
    pub birth: Option<PartialDate>,
    /// Whether the person belongs to the segment that is asked about; `None` where there is no such segment.
    pub member: Option<bool>,
}

/// The criteria of a question; `None` where they can't be read.
pub fn read(criteria: &str) -> Option<QuestionCriteria> {
    serde_json::from_str(criteria).ok()
}

/// Answers; `None` where it is not known.
pub fn answer(criteria: &QuestionCriteria, person: &PersonKnown, today: Date) -> Option<bool> {
    match criteria {
        QuestionCriteria::MemberOf(_) => person.member,
        QuestionCriteria::Language(asked) => Some(same_language(person.language.as_deref()?, asked)),
        QuestionCriteria::AgeAtLeast(years) => {
            let birth = person.birth?;
            let years = i32::from(*years);
            let (oldest, youngest) = (age_on(birth.first_day(), today), age_on(birth.last_day(), today));
            match (i32::from(youngest) >= years, i32::from(oldest) >= years) {
                (true, true) => Some(true),
                (false, false) => Some(false),
                _ => None,
            }
        }
    }
}

/// Compared by primary subtag: `es-MX` is Spanish.
fn same_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    primary(one) == primary(other)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    fn person(language: Option<&str>, birth: &str) -> PersonKnown {
        PersonKnown { language: language.map(Into::into), birth: PartialDate::parse(birth), member: None }
    }

    #[rstest]
    #[case(r#"{"language":"es"}"#, Some("es-MX"), "1980", Some(true))]
    #[case(r#"{"language":"es"}"#, Some("en"), "1980", Some(false))]
    #[case(r#"{"language":"es"}"#, None, "1980", None)]
    #[case(r#"{"age-at-least":52}"#, None, "1974-11-23", Some(true))]
    #[case(r#"{"age-at-least":52}"#, None, "1974-11-24", Some(false))]
    #[case(r#"{"age-at-least":52}"#, None, "1974", None)]
    #[case(r#"{"age-at-least":52}"#, None, "1973", Some(true))]
    #[case(r#"{"age-at-least":52}"#, None, "", None)]
    #[case(r#"{"member-of":"no-such-segment"}"#, None, "1980", None)]
    fn what_is_not_known_is_not_guessed(
        #[case] criteria: &str,
        #[case] language: Option<&str>,
        #[case] birth: &str,
        #[case] expected: Option<bool>,
    ) {
        let criteria = read(criteria).unwrap();
        assert_eq!(answer(&criteria, &person(language, birth), date(2026, 11, 23)), expected);
    }

    #[rstest]
    #[case("")]
    #[case(r#"{"shoe-size":43}"#)]
    #[case("null")]
    fn a_question_nobody_understands_has_no_criteria(#[case] text: &str) {
        assert_eq!(read(text), None);
    }
}

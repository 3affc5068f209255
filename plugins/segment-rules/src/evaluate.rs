//! From a condition and a patient to a truth, and the day until which it stands.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::{CodeSets, Fact, Patient, Sex, Span};

use crate::document::{Compare, Condition, FactTest, Test, ValueTest};
use crate::truth::{Outcome, Truth};
use crate::window::Window;

/// The truth of a condition about a patient.
pub(crate) fn group(condition: &Condition, patient: Patient<'_>, sets: CodeSets<'_>, as_of: Day) -> Outcome {
    let each = |parts: &'_ [Condition]| parts.iter().map(|part| group(part, patient, sets, as_of)).collect::<Vec<_>>();
    match &condition.test {
        Test::All(parts) => Outcome::all(each(parts).into_iter()),
        Test::Any(parts) => Outcome::any(each(parts).into_iter()),
        Test::None(parts) => Outcome::any(each(parts).into_iter()).negated(),
        Test::Age { from, to, at_end_of_year } => age(patient.birth(), *from, *to, *at_end_of_year, as_of),
        Test::Sex(sex) => Outcome::fixed(match patient.sex() {
            Sex::Unknown => Truth::Unknown,
            known => Truth::of(known == *sex),
        }),
        Test::Deceased(deceased) => Outcome::fixed(Truth::of(patient.is_deceased() == *deceased)),
        Test::Fact(test) if test.most_recent => most_recent(test, patient, sets, as_of),
        Test::Fact(test) => counted(test, patient, sets, as_of),
    }
}

fn age(birth: Option<Day>, from: Option<i32>, to: Option<i32>, at_end_of_year: bool, as_of: Day) -> Outcome {
    let Some(birth) = birth else { return Outcome::fixed(Truth::Unknown) };
    // The first day on which one counts as so old.
    let reaches = |years: i32| {
        let birthday = Day::birthday(birth, years);
        if at_end_of_year { Day::of(birthday.year(), 1, 1) } else { birthday }
    };
    let enters = from.map_or(Day(i32::MIN), reaches);
    let leaves = to.map_or(Day::NEVER, |to| reaches(to + 1));
    let until = [enters, leaves].into_iter().filter(|day| *day > as_of).min().unwrap_or(Day::NEVER);
    Outcome { truth: Truth::of(enters <= as_of && as_of < leaves), until }
}

/// The facts a test is about, whenever they were.
pub(crate) fn candidates<'a>(test: &FactTest, patient: Patient<'a>, sets: CodeSets<'a>) -> impl Iterator<Item = Fact<'a>> {
    let facts = patient.of_kind(test.kind).with(test.with).without(test.without);
    match test.codes {
        Some(place) => facts.in_set(sets.get(place)),
        None => facts,
    }
}

/// Whether one fact counts: in its window, and with its value.
pub(crate) fn counts(test: &FactTest, fact: Fact<'_>, sets: CodeSets<'_>, as_of: Day) -> Outcome {
    let time = in_window(if test.lasting { fact.lasted() } else { fact.happened() }, test.window, as_of);
    match &test.value {
        Some(value) => Outcome::all([Outcome::fixed(compares(value, fact, sets)), time].into_iter()),
        None => time,
    }
}

/// Whether something overlaps a window, and when that can change. What happened on a day overlaps exactly if that day is inside.
fn in_window(span: Span, window: Window, as_of: Day) -> Outcome {
    let to = window.to.on(as_of);
    let begun = if to >= span.latest_start {
        Outcome::fixed(Truth::True)
    } else if to >= span.earliest_start {
        Outcome { truth: Truth::Unknown, until: window.to.first_reaching(span.latest_start, as_of) }
    } else {
        Outcome { truth: Truth::False, until: window.to.first_reaching(span.earliest_start, as_of) }
    };
    let Some(from) = window.from else { return begun };
    let passing = |day: Day| if day == Day::NEVER { Day::NEVER } else { from.first_reaching(day.plus_days(1), as_of) };
    let first = from.on(as_of);
    let not_over = if first > span.latest_end {
        Outcome::fixed(Truth::False)
    } else if first > span.earliest_end {
        Outcome { truth: Truth::Unknown, until: passing(span.latest_end) }
    } else {
        Outcome { truth: Truth::True, until: passing(span.earliest_end) }
    };
    Outcome::all([begun, not_over].into_iter())
}

fn compares(test: &ValueTest, fact: Fact<'_>, sets: CodeSets<'_>) -> Truth {
    let Some(value) = fact.value() else { return Truth::Unknown };
    // Another unit is not converted: its number says nothing here.
    if !fact.unit().is_some_and(|unit| sets.get(test.unit).contains(unit)) {
        return Truth::Unknown;
    }
    Truth::of(match test.compare {
        Compare::Less => value < test.number,
        Compare::AtMost => value <= test.number,
        Compare::Greater => value > test.number,
        Compare::AtLeast => value >= test.number,
        Compare::Equal => (value - test.number).abs() < f64::EPSILON,
    })
}

/// At least so many facts count.
fn counted(test: &FactTest, patient: Patient<'_>, sets: CodeSets<'_>, as_of: Day) -> Outcome {
    let (mut certain, mut possible) = (0, 0);
    let mut earliest = Day::NEVER;
    // Last days of those that count, and first days of those that may yet: the n-th of them changes the count.
    let (mut leaving, mut coming) = (Vec::new(), Vec::new());
    for fact in candidates(test, patient, sets) {
        let outcome = counts(test, fact, sets, as_of);
        earliest = earliest.min(outcome.until);
        match outcome.truth {
            Truth::True => {
                certain += 1;
                possible += 1;
                leaving.push(outcome.until);
            }
            Truth::Unknown => possible += 1,
            Truth::False => coming.push(outcome.until),
        }
    }
    if certain >= test.at_least {
        leaving.sort_unstable_by(|one, other| other.cmp(one));
        Outcome { truth: Truth::True, until: leaving.get(test.at_least - 1).copied().unwrap_or(earliest) }
    } else if possible < test.at_least {
        coming.sort_unstable();
        Outcome { truth: Truth::False, until: coming.get(test.at_least - possible - 1).copied().unwrap_or(Day::NEVER) }
    } else {
        Outcome { truth: Truth::Unknown, until: earliest }
    }
}

/// The value of the fact in the window that began last.
fn most_recent(test: &FactTest, patient: Patient<'_>, sets: CodeSets<'_>, as_of: Day) -> Outcome {
    let window = |fact: Fact<'_>| in_window(if test.lasting { fact.lasted() } else { fact.happened() }, test.window, as_of);
    let mut latest = Outcome::fixed(Truth::False);
    for fact in candidates(test, patient, sets) {
        let time = window(fact);
        latest = match time.truth {
            Truth::True => {
                let truth = test.value.as_ref().map_or(Truth::True, |value| compares(value, fact, sets));
                Outcome { truth, until: time.until }
            }
            // It may be the most recent, or not.
            Truth::Unknown => Outcome { truth: Truth::Unknown, until: time.until.min(latest.until) },
            Truth::False => Outcome { truth: latest.truth, until: time.until.min(latest.until) },
        };
    }
    latest
}

/// The fact whose value made `most_recent` true.
pub(crate) fn most_recent_fact<'a>(test: &FactTest, patient: Patient<'a>, sets: CodeSets<'a>, as_of: Day) -> Option<Fact<'a>> {
    candidates(test, patient, sets)
        .filter(|fact| in_window(if test.lasting { fact.lasted() } else { fact.happened() }, test.window, as_of).truth == Truth::True)
        .last()
}

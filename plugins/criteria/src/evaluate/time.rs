//! Whether a fact was in a window, and until which day that stands.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::Fact;

use super::{Evaluation, Who};
use crate::document::{Relation, TimeTest};
use crate::moment::{Moment, Window};
use crate::outcome::{Outcome, Truth};
use crate::span::{Point, Precision, Span};

impl Evaluation<'_> {
    pub(super) fn time(&self, test: &TimeTest, fact: Fact<'_>, who: &Who<'_>) -> Outcome {
        let span = span_of(fact, who);
        let (window, precision) = (&test.window, test.precision);
        match test.relation {
            Relation::Starts => self.point(span.start, window, precision, who),
            Relation::Ends => self.point(span.end, window, precision, who),
            Relation::Latest => self.point(span.latest(), window, precision, who),
            Relation::Earliest => self.point(span.earliest(), window, precision, who),
            Relation::Within => self.not_before(span.start, window, precision, who).and(self.not_beyond(span.end, window, precision, who)),
            Relation::Overlaps => {
                let still = match span.end {
                    Some(end) => self.not_before(Some(end), window, precision, who),
                    // An end that is not known is no earlier than the start: what began in the window was going on in it.
                    None => self.not_before(span.start, window, precision, who).or(Outcome::fixed(Truth::Unknown)),
                };
                self.not_beyond(span.start, window, precision, who).and(still)
            }
        }
    }

    fn point(&self, at: Option<Point>, window: &Window, precision: Precision, who: &Who<'_>) -> Outcome {
        self.not_before(at, window, precision, who).and(self.not_beyond(at, window, precision, who))
    }

    /// Whether a moment is not before the window begins.
    fn not_before(&self, at: Option<Point>, window: &Window, precision: Precision, who: &Who<'_>) -> Outcome {
        let Some(from) = window.from else { return Outcome::fixed(Truth::True) };
        // Windows move on with the days: what one has left behind stays behind.
        let lasting = Truth::False;
        self.compare(at, from, precision, who, lasting, |at, from| if window.after { at.after(from) } else { at.at_or_after(from) })
    }

    /// Whether a moment is not after the window ends.
    fn not_beyond(&self, at: Option<Point>, window: &Window, precision: Precision, who: &Who<'_>) -> Outcome {
        let Some(to) = window.to else { return Outcome::fixed(Truth::True) };
        let lasting = Truth::True;
        self.compare(at, to, precision, who, lasting, |at, to| if window.before { to.after(at) } else { to.at_or_after(at) })
    }

    fn compare(
        &self,
        at: Option<Point>,
        moment: Moment,
        precision: Precision,
        who: &Who<'_>,
        lasting: Truth,
        truth: impl Fn(Point, Point) -> Truth,
    ) -> Outcome {
        let (Some(at), Some(edge)) = (at, self.moment(moment, who)) else { return Outcome::fixed(Truth::Unknown) };
        let truth = truth(at.by(precision), edge.by(precision));
        if truth == lasting || at == Point::NEVER || at == Point::EVER {
            return Outcome::fixed(truth);
        }
        // The edge moves on with the days: the answer can change when it comes to the moment, and when it leaves it behind.
        let (first, last) = (Day::of_instant(at.first), if at.last == i64::MAX { Day::NEVER } else { Day::of_instant(at.last) });
        let days = [first, first.plus_days(1), last, last.plus_days(1)];
        let until = days.into_iter().filter(|day| day.0 < i32::MAX - 1).map(|day| self.reaches(moment, day)).min().unwrap_or(Day::NEVER);
        Outcome { truth, until }
    }
}

/// The span of a fact. Where only an age at its beginning is known, the year of that age.
fn span_of(fact: Fact<'_>, who: &Who<'_>) -> Span {
    let mut span = Span::of(fact);
    if span.start.is_none_or(|start| start == Point::EVER)
        && let (Some(age), Some(birth)) = (fact.age_at_start(), who.patient.birth())
    {
        let months = (age * 12.0).round().clamp(0.0, 2_400.0) as i32;
        let (first, next) = (birth.plus_months(months), birth.plus_months(months + 12));
        span.start = Some(Point { first: super::start_of(first), last: super::start_of(next) - 1, exact: false });
    }
    span
}

//! One person's way through a journey, and a clock that is moved by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::day;
use crate::journey::{Answer, Effect, Event, Happening, Journey, Listener, PluginError, SendOutcome, Transition, Wake};

const DAY: i64 = 86_400_000;
/// A gateway asks no more often for one event.
const MOST_ROUNDS: usize = 8;
/// More timers than this in one walk are a journey that never comes to rest.
const MOST_TIMERS: usize = 10_000;

/// Why a simulation does not go on.
#[derive(Clone, Debug, PartialEq)]
pub enum SimulatorError {
    /// The journey said so.
    Journey(PluginError),
    /// It asked this question, and the test has no answer: [`Simulator::answer`].
    Unanswered(String),
    /// It asks on and on.
    AsksForever,
    /// It sets timers on and on that are due at once.
    NeverRests,
    /// The person has not entered, or has entered already.
    Entry(&'static str),
    /// The person has left; why.
    Left(String),
    /// No message of this step waits for what becomes of it.
    NothingSent(String),
}

impl fmt::Display for SimulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journey(error) => write!(f, "the journey answered {error:?}"),
            Self::Unanswered(key) => write!(f, "the journey asks `{key}`; give an answer with `Simulator::answer`"),
            Self::AsksForever => write!(f, "the journey still asks after {MOST_ROUNDS} rounds of answers"),
            Self::NeverRests => f.write_str("the journey sets timers on and on that are due at once"),
            Self::Entry(what) => f.write_str(what),
            Self::Left(why) => write!(f, "the person has left: {why}"),
            Self::NothingSent(step) => write!(f, "no message of step `{step}` waits for what becomes of it"),
        }
    }
}

impl std::error::Error for SimulatorError {}

type Advance = fn(&str, Option<&str>, &Event, &[Answer], i64) -> Result<Transition, PluginError>;

/// One person in a journey. It does what the gateway does: answers questions, wakes the journey at its timers in their order, and passes
/// on only happenings the journey listens for.
///
/// ```
/// use outreach_plugin_sdk::journey::{Answer, Effect, Event, Issue, Journey, PluginError, SendProposal, Transition, Wake};
/// use outreach_plugin_sdk::testing::{Simulator, SimulatorError};
///
/// /// Writes a week after somebody entered, and lets the person out.
/// struct AfterAWeek;
///
/// impl Journey for AfterAWeek {
///     fn check(_definition: &str) -> Vec<Issue> {
///         Vec::new()
///     }
///
///     fn advance(_: &str, _: Option<&str>, event: &Event, _: &[Answer], now: i64) -> Result<Transition, PluginError> {
///         let (at_step, effects) = match event {
///             Event::Entered(_) => ("wait", vec![Effect::WakeAt(Wake { step: "wait".into(), at: now + 7 * 86_400_000 })]),
///             Event::Timer(_) => {
///                 let send = SendProposal { step: "write".into(), message: "hello".into(), channels: vec!["sms".into()], expires_at: None };
///                 ("write", vec![Effect::Send(send)])
///             }
///             Event::SendOutcome(_) => ("end", vec![Effect::Leave("done".into())]),
///             _ => return Err(PluginError::Refused("nothing else was listened for".into())),
///         };
///         Ok(Transition { state: at_step.into(), effects, questions: Vec::new(), at_step: at_step.into() })
///     }
/// }
///
/// let mut simulator = Simulator::of::<AfterAWeek>("{}").starting("2026-11-23");
/// simulator.enter("joined").unwrap();
/// simulator.advance_days(6).unwrap();
/// assert!(simulator.sends().is_empty());
/// simulator.advance_days(1).unwrap();
/// assert_eq!(simulator.sends(), ["hello"]);
/// simulator.send_outcome("write", "accepted").unwrap();
/// assert_eq!(simulator.left(), Some("done"));
///
/// // What can't happen to a person is an error, not a passing test.
/// assert_eq!(simulator.send_outcome("write", "accepted"), Err(SimulatorError::Left("done".into())));
/// ```
#[derive(Clone, Debug)]
pub struct Simulator {
    advance: Advance,
    definition: String,
    state: Option<String>,
    at_step: String,
    now: i64,
    answers: BTreeMap<String, Option<bool>>,
    timers: BTreeSet<(i64, String)>,
    listeners: Vec<Listener>,
    /// Steps of which a message waits for what becomes of it.
    sent: Vec<String>,
    effects: Vec<(i64, Effect)>,
    left: Option<String>,
}

impl Simulator {
    /// Nobody has entered yet, and it is the start of 1970-01-01.
    pub fn of<J: Journey>(definition: &str) -> Self {
        Self {
            advance: J::advance,
            definition: definition.to_owned(),
            state: None,
            at_step: String::new(),
            now: 0,
            answers: BTreeMap::new(),
            timers: BTreeSet::new(),
            listeners: Vec::new(),
            sent: Vec::new(),
            effects: Vec::new(),
            left: None,
        }
    }

    /// It is the start of this day, `YYYY-MM-DD`.
    pub fn starting(self, on: &str) -> Self {
        Self { now: i64::from(day(on).0) * DAY, ..self }
    }

    /// The answer to a question, by its key; `None` where the gateway does not know. It can be given anew on the way.
    pub fn answer(mut self, key: &str, truth: impl Into<Option<bool>>) -> Self {
        self.set_answer(key, truth);
        self
    }

    /// As [`Simulator::answer`], on the way.
    pub fn set_answer(&mut self, key: &str, truth: impl Into<Option<bool>>) {
        self.answers.insert(key.to_owned(), truth.into());
    }

    /// The person enters.
    ///
    /// # Errors
    /// [`SimulatorError`]; the same for all that follow.
    pub fn enter(&mut self, why: &str) -> Result<(), SimulatorError> {
        if self.state.is_some() {
            return Err(SimulatorError::Entry("the person has entered already"));
        }
        self.take(&Event::Entered(why.to_owned()))
    }

    /// Time goes on, and the journey is woken at each of its timers, in their order.
    ///
    /// # Errors
    /// [`SimulatorError`]
    pub fn advance_days(&mut self, days: i32) -> Result<(), SimulatorError> {
        self.advance_to(self.now.saturating_add(i64::from(days) * DAY))
    }

    /// Time goes on to a moment in milliseconds since 1970; an earlier one than now changes nothing.
    ///
    /// # Errors
    /// [`SimulatorError`]
    pub fn advance_to(&mut self, moment: i64) -> Result<(), SimulatorError> {
        for _ in 0..MOST_TIMERS {
            let Some((due, step)) = self.timers.first().filter(|(due, _)| *due <= moment && self.left.is_none()).cloned() else {
                self.now = self.now.max(moment);
                return Ok(());
            };
            self.timers.remove(&(due, step.clone()));
            self.now = self.now.max(due);
            self.inside()?;
            self.take(&Event::Timer(step))?;
        }
        Err(SimulatorError::NeverRests)
    }

    /// Something happens to the person now. Says whether the journey listened: only then it was told.
    ///
    /// # Errors
    /// [`SimulatorError`]
    pub fn happens(&mut self, kind: &str, detail: &str) -> Result<bool, SimulatorError> {
        self.inside()?;
        let now = self.now;
        let hears = |listener: &Listener| listener.until.is_none_or(|until| now <= until) && listener.kinds.iter().any(|it| it == kind);
        if !self.listeners.iter().any(hears) {
            return Ok(false);
        }
        self.take(&Event::Happened(Happening { kind: kind.to_owned(), at: now, detail: detail.to_owned() }))?;
        Ok(true)
    }

    /// What became of the message of a step: `accepted`, `rejected`, `refused`, `unknown` or `expired`.
    ///
    /// # Errors
    /// [`SimulatorError::NothingSent`] where the step has not proposed one, and others.
    pub fn send_outcome(&mut self, step: &str, outcome: &str) -> Result<(), SimulatorError> {
        self.inside()?;
        let Some(place) = self.sent.iter().position(|sent| sent == step) else {
            return Err(SimulatorError::NothingSent(step.to_owned()));
        };
        self.sent.remove(place);
        self.take(&Event::SendOutcome(SendOutcome { step: step.to_owned(), outcome: outcome.to_owned(), reason: None }))
    }

    /// The journey is stopped, or the person taken out.
    ///
    /// # Errors
    /// [`SimulatorError`]
    pub fn cancel(&mut self, why: &str) -> Result<(), SimulatorError> {
        self.inside()?;
        self.take(&Event::Cancelled(why.to_owned()))
    }

    /// This moment, in milliseconds since 1970.
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// The step the person is at; empty before the entry.
    pub fn at_step(&self) -> &str {
        &self.at_step
    }

    /// Why the person has left, if so.
    pub fn left(&self) -> Option<&str> {
        self.left.as_deref()
    }

    /// Everything proposed so far, and when.
    pub fn effects(&self) -> &[(i64, Effect)] {
        &self.effects
    }

    /// The keys of the messages proposed so far.
    pub fn sends(&self) -> Vec<&str> {
        self.effects
            .iter()
            .filter_map(|(_, effect)| if let Effect::Send(send) = effect { Some(send.message.as_str()) } else { None })
            .collect()
    }

    /// When the journey is woken next, and for which step.
    pub fn next_timer(&self) -> Option<(i64, &str)> {
        self.timers.first().map(|(due, step)| (*due, step.as_str()))
    }

    fn inside(&self) -> Result<(), SimulatorError> {
        match &self.left {
            Some(why) => Err(SimulatorError::Left(why.clone())),
            None if self.state.is_none() => Err(SimulatorError::Entry("the person has not entered yet")),
            None => Ok(()),
        }
    }

    /// Tells the journey, answers what it asks, and keeps what it proposes.
    fn take(&mut self, event: &Event) -> Result<(), SimulatorError> {
        let mut answers: Vec<Answer> = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let said = (self.advance)(&self.definition, self.state.as_deref(), event, &answers, self.now);
            let transition = said.map_err(SimulatorError::Journey)?;
            if transition.questions.is_empty() {
                self.keep(transition);
                return Ok(());
            }
            for question in transition.questions {
                let truth = *self.answers.get(&question.key).ok_or_else(|| SimulatorError::Unanswered(question.key.clone()))?;
                answers.retain(|answer| answer.key != question.key);
                answers.push(Answer { key: question.key, truth });
            }
        }
        Err(SimulatorError::AsksForever)
    }

    fn keep(&mut self, transition: Transition) {
        self.state = Some(transition.state);
        self.at_step = transition.at_step;
        for effect in transition.effects {
            match &effect {
                Effect::Send(send) => self.sent.push(send.step.clone()),
                Effect::WakeAt(Wake { step, at }) => {
                    self.timers.insert((*at, step.clone()));
                }
                Effect::ListenFor(listener) => {
                    self.listeners.retain(|other| other.step != listener.step);
                    self.listeners.push(listener.clone());
                }
                Effect::Leave(why) => self.left = Some(why.clone()),
                _ => {}
            }
            self.effects.push((self.now, effect));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::Issue;

    /// Wakes at what its definition says, in milliseconds from now, and asks `who` at the first timer.
    struct Waker;

    impl Journey for Waker {
        fn check(_: &str) -> Vec<Issue> {
            Vec::new()
        }

        fn advance(definition: &str, _: Option<&str>, event: &Event, answers: &[Answer], now: i64) -> Result<Transition, PluginError> {
            let mut questions = Vec::new();
            let effects = match event {
                Event::Entered(_) => {
                    let wake = |at: &str| Effect::WakeAt(Wake { step: at.to_owned(), at: now + at.parse::<i64>().unwrap_or_default() });
                    let listen = Listener { step: "start".into(), kinds: vec!["clicked".into()], until: Some(now + DAY) };
                    definition.split(' ').map(wake).chain([Effect::ListenFor(listen)]).collect()
                }
                Event::Timer(step) if step == "0" => vec![Effect::WakeAt(Wake { step: step.clone(), at: now })],
                Event::Timer(_) if answers.is_empty() => {
                    questions.push(crate::journey::Question { key: "who".into(), criteria: "{}".into() });
                    Vec::new()
                }
                Event::Cancelled(why) => vec![Effect::Leave(why.clone())],
                _ => Vec::new(),
            };
            let at_step = if let Event::Timer(step) = event { step.clone() } else { "start".into() };
            Ok(Transition { state: "{}".into(), effects, questions, at_step })
        }
    }

    fn entered(definition: &str) -> Simulator {
        let mut simulator = Simulator::of::<Waker>(definition).starting("2026-11-23");
        simulator.enter("joined").unwrap();
        simulator
    }

    #[test]
    fn timers_wake_the_journey_in_their_order_and_not_before() {
        let mut simulator = entered("172800000 86400000").answer("who", true);
        assert_eq!(simulator.next_timer().map(|(_, step)| step), Some("86400000"));
        simulator.advance_days(1).unwrap();
        assert_eq!(simulator.at_step(), "86400000");
        simulator.advance_days(5).unwrap();
        assert_eq!(simulator.at_step(), "172800000");
        assert_eq!(simulator.now(), (i64::from(day("2026-11-23").0) + 6) * DAY);
    }

    #[test]
    fn what_nobody_listens_for_is_not_passed_on() {
        let mut simulator = entered("900000000");
        assert_eq!(simulator.happens("opened", ""), Ok(false));
        assert_eq!(simulator.happens("clicked", ""), Ok(true));
        simulator.advance_days(2).unwrap();
        assert_eq!(simulator.happens("clicked", ""), Ok(false), "the listener's time is over");
    }

    #[test]
    fn what_a_test_forgot_is_an_error_that_names_it() {
        let mut before = Simulator::of::<Waker>("1");
        assert!(matches!(before.happens("clicked", ""), Err(SimulatorError::Entry(_))));
        let mut simulator = entered("1");
        assert!(matches!(simulator.enter("again"), Err(SimulatorError::Entry(_))));
        assert_eq!(simulator.advance_days(1), Err(SimulatorError::Unanswered("who".into())));
        assert_eq!(simulator.send_outcome("start", "accepted"), Err(SimulatorError::NothingSent("start".into())));
        assert_eq!(entered("0").advance_days(1), Err(SimulatorError::NeverRests));
        simulator.cancel("stopped").unwrap();
        assert_eq!(simulator.left(), Some("stopped"));
        assert_eq!(simulator.happens("clicked", ""), Err(SimulatorError::Left("stopped".into())));
    }
}

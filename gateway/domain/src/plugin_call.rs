//! What plugins did: figures of each function, and traces of single calls.
//!
//! Architecture invariant: nothing that crossed the border of a plugin is here, only the names of fields, how many there were, how large
//! they were, and how long it took.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

/// What a plugin is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginFunction {
    /// To be there at all, once when it is installed.
    Start,
    /// To look at a configuration or definition.
    Check,
    /// To say what it offers and needs.
    Describe,
    /// To decide about a batch of patients.
    Evaluate,
    /// To move one person through a journey.
    Advance,
    /// To carry messages.
    Send,
    /// To read what its provider tells.
    Receive,
}

impl PluginFunction {
    /// All functions, in the order in which they are shown.
    pub const ALL: [Self; 7] = [Self::Start, Self::Check, Self::Describe, Self::Evaluate, Self::Advance, Self::Send, Self::Receive];

    /// The name in metrics and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Check => "check",
            Self::Describe => "describe",
            Self::Evaluate => "evaluate",
            Self::Advance => "advance",
            Self::Send => "send",
            Self::Receive => "receive",
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// With an answer.
    Answered,
    /// The plugin said itself that it can't or won't; it is well.
    Said,
    /// It trapped or went over a limit.
    Stopped,
    /// It answered what can't be.
    Nonsense,
    /// It took too long, with all its waiting.
    TimedOut,
}

impl CallOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Said, Self::Stopped, Self::Nonsense, Self::TimedOut];

    /// The name in metrics and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Said => "said",
            Self::Stopped => "stopped",
            Self::Nonsense => "nonsense",
            Self::TimedOut => "timed-out",
        }
    }
}

/// What a plugin can ask of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostFunction {
    /// A line for the log.
    LogWrite,
    /// Whether a code is in a value set.
    LookupInValueSet,
    /// How a code is called.
    LookupDisplay,
    /// The codes of a value set.
    LookupExpand,
    /// What is known of one patient.
    PatientLookup,
    /// A message for the relay.
    MailRelay,
    /// A value it kept.
    KeyValueGet,
    /// A value to keep.
    KeyValueSet,
    /// A value to keep no longer.
    KeyValueDelete,
    /// The keys of what it kept.
    KeyValueKeys,
    /// A signature with a secret.
    SecretSign,
    /// Whether a signature was made with a secret.
    SecretVerify,
    /// A request to a server; its time is that of the exchange, whether or not the plugin waited for it.
    HttpRequest,
    /// Any other function of WASI: clocks, streams, and waiting for them.
    Wasi,
}

impl HostFunction {
    /// All functions, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::LogWrite,
        Self::LookupInValueSet,
        Self::LookupDisplay,
        Self::LookupExpand,
        Self::PatientLookup,
        Self::MailRelay,
        Self::KeyValueGet,
        Self::KeyValueSet,
        Self::KeyValueDelete,
        Self::KeyValueKeys,
        Self::SecretSign,
        Self::SecretVerify,
        Self::HttpRequest,
        Self::Wasi,
    ];

    /// Interface and function, as in metrics and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogWrite => "log.write",
            Self::LookupInValueSet => "lookup.in-value-set",
            Self::LookupDisplay => "lookup.display",
            Self::LookupExpand => "lookup.expand",
            Self::PatientLookup => "patient-lookup.facts",
            Self::MailRelay => "mail.relay",
            Self::KeyValueGet => "key-value.get",
            Self::KeyValueSet => "key-value.set",
            Self::KeyValueDelete => "key-value.delete",
            Self::KeyValueKeys => "key-value.keys",
            Self::SecretSign => "secret.sign",
            Self::SecretVerify => "secret.verify",
            Self::HttpRequest => "http.request",
            Self::Wasi => "wasi",
        }
    }
}

/// A field of what a plugin was given: its name and size, never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInput {
    /// Its name, as in the WIT; below `attributes` and `headers` the names that came with the call.
    pub name: Cow<'static, str>,
    /// How many there were, where there can be several.
    pub count: Option<u64>,
    /// Bytes of all of them together, where they have a size of their own.
    pub bytes: Option<u64>,
    /// What is inside.
    pub fields: Vec<Self>,
}

impl CallInput {
    /// A field that was there.
    pub const fn named(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), count: None, bytes: None, fields: Vec::new() }
    }

    /// A field of so many bytes.
    pub fn sized(name: &'static str, bytes: usize) -> Self {
        Self { bytes: Some(bytes as u64), ..Self::named(name) }
    }

    /// So many of a kind.
    pub fn counted(name: &'static str, count: usize) -> Self {
        Self { count: Some(count as u64), ..Self::named(name) }
    }

    /// With these inside.
    #[must_use]
    pub fn of(mut self, fields: Vec<Self>) -> Self {
        self.fields = fields;
        self
    }
}

/// How often, and how long, a call used a function of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostUse {
    /// The function.
    pub function: HostFunction,
    /// How often.
    pub calls: u64,
    /// How long, all calls together.
    pub time: Duration,
}

/// HTTP of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpTraffic {
    /// Requests, those that were refused among them.
    pub requests: u64,
    /// Bytes of the bodies of requests.
    pub sent_bytes: u64,
    /// Bytes of the bodies of responses.
    pub received_bytes: u64,
}

/// The trace of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCall {
    /// The how-manieth call of the plugin it is, in any version, since the plugin was first installed or the gateway started; from 1.
    pub number: u64,
    /// When it began.
    pub at: Timestamp,
    /// The version of the plugin that was called.
    pub version: String,
    /// What the plugin was called for.
    pub function: PluginFunction,
    /// How it ended.
    pub outcome: CallOutcome,
    /// Why there is no answer, in the gateway's words: what the plugin itself says is not kept.
    pub reason: Option<Cow<'static, str>>,
    /// What it was given.
    pub inputs: Vec<CallInput>,
    /// What it used of the host; only what it used.
    pub host: Vec<HostUse>,
    /// From its begin to its end.
    pub time: Duration,
    /// Of that, what the plugin computed.
    pub computing: Duration,
    /// Of that, what it waited for the host.
    pub waiting: Duration,
    /// The wait for a free place before it began, and while it ran for its turn to compute.
    pub queueing: Duration,
    /// Units of fuel, about one for each instruction.
    pub fuel: u64,
    /// The most bytes of memory it held.
    pub memory_bytes: u64,
    /// Its HTTP.
    pub http: HttpTraffic,
}

/// Calls added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFigures {
    /// Calls that ended.
    pub calls: u64,
    /// Of them, with an answer.
    pub answered: u64,
    /// Of them, with an error the plugin itself named.
    pub said: u64,
    /// Of them, with a trap or at a limit.
    pub stopped: u64,
    /// Of them, with an answer that can't be.
    pub nonsense: u64,
    /// Of them, that took too long.
    pub timed_out: u64,
    /// Time of all calls together.
    pub time: Duration,
    /// Time of the longest.
    pub longest: Duration,
    /// Time the plugin computed.
    pub computing: Duration,
    /// Time it waited for the host.
    pub waiting: Duration,
    /// Time calls waited for a free place, and for their turns to compute.
    pub queueing: Duration,
    /// Units of fuel, about one for each instruction.
    pub fuel: u64,
    /// The most bytes of memory one call held.
    pub most_memory_bytes: u64,
    /// Calls of the host, HTTP requests aside.
    pub host_calls: u64,
    /// Of them, lines for the log.
    pub log_lines: u64,
    /// Of them, look-ups of codes, value sets and patients.
    pub lookups: u64,
    /// Of them, messages for the relay.
    pub mails: u64,
    /// HTTP of all calls.
    pub http: HttpTraffic,
}

impl CallFigures {
    /// Adds a call.
    pub fn count(&mut self, call: &PluginCall) {
        self.calls += 1;
        let outcome = match call.outcome {
            CallOutcome::Answered => &mut self.answered,
            CallOutcome::Said => &mut self.said,
            CallOutcome::Stopped => &mut self.stopped,
            CallOutcome::Nonsense => &mut self.nonsense,
            CallOutcome::TimedOut => &mut self.timed_out,
        };
        *outcome += 1;
        self.time = self.time.saturating_add(call.time);
        self.longest = self.longest.max(call.time);
        self.computing = self.computing.saturating_add(call.computing);
        self.waiting = self.waiting.saturating_add(call.waiting);
        self.queueing = self.queueing.saturating_add(call.queueing);
        self.fuel = self.fuel.saturating_add(call.fuel);
        self.most_memory_bytes = self.most_memory_bytes.max(call.memory_bytes);
        for used in &call.host {
            let counted = match used.function {
                HostFunction::LogWrite => Some(&mut self.log_lines),
                HostFunction::LookupInValueSet | HostFunction::LookupDisplay | HostFunction::LookupExpand | HostFunction::PatientLookup => {
                    Some(&mut self.lookups)
                }
                HostFunction::MailRelay => Some(&mut self.mails),
                HostFunction::HttpRequest => continue,
                _ => None,
            };
            if let Some(counted) = counted {
                *counted = counted.saturating_add(used.calls);
            }
            self.host_calls = self.host_calls.saturating_add(used.calls);
        }
        self.http.add(call.http);
    }

    /// Adds the figures of other calls.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.calls, other.calls),
            (&mut self.answered, other.answered),
            (&mut self.said, other.said),
            (&mut self.stopped, other.stopped),
            (&mut self.nonsense, other.nonsense),
            (&mut self.timed_out, other.timed_out),
            (&mut self.fuel, other.fuel),
            (&mut self.host_calls, other.host_calls),
            (&mut self.log_lines, other.log_lines),
            (&mut self.lookups, other.lookups),
            (&mut self.mails, other.mails),
        ] {
            *sum = sum.saturating_add(more);
        }
        for (sum, more) in [
            (&mut self.time, other.time),
            (&mut self.computing, other.computing),
            (&mut self.waiting, other.waiting),
            (&mut self.queueing, other.queueing),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.longest = self.longest.max(other.longest);
        self.most_memory_bytes = self.most_memory_bytes.max(other.most_memory_bytes);
        self.http.add(other.http);
    }
}

impl HttpTraffic {
    const fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.sent_bytes = self.sent_bytes.saturating_add(other.sent_bytes);
        self.received_bytes = self.received_bytes.saturating_add(other.received_bytes);
    }
}

/// A call without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Its number, by which its trace is found.
    pub number: u64,
    /// When it began.
    pub at: Timestamp,
    /// What the plugin was called for.
    pub function: PluginFunction,
    /// How it ended.
    pub outcome: CallOutcome,
    /// Why, in the gateway's words.
    pub reason: Cow<'static, str>,
}

/// What a plugin did, all its versions together, since it was first installed or the gateway started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginReport {
    /// Since when.
    pub since: Timestamp,
    /// Each function that was called.
    pub functions: Vec<(PluginFunction, CallFigures)>,
    /// The last calls without an answer, the newest first.
    pub errors: Vec<CallError>,
}

impl PluginReport {
    /// All functions together.
    pub fn total(&self) -> CallFigures {
        self.functions.iter().fold(CallFigures::default(), |mut total, (_, figures)| {
            total.add(figures);
            total
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: PluginFunction, outcome: CallOutcome, seconds: u64, host: Vec<HostUse>) -> PluginCall {
        PluginCall {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            version: "1.0.0".to_owned(),
            function,
            outcome,
            reason: None,
            inputs: vec![CallInput::counted("messages", 3).of(vec![CallInput::sized("body", 12)])],
            host,
            time: Duration::from_secs(seconds),
            computing: Duration::from_secs(1),
            waiting: Duration::from_secs(seconds - 1),
            queueing: Duration::ZERO,
            fuel: 10,
            memory_bytes: seconds * 100,
            http: HttpTraffic { requests: 1, sent_bytes: 2, received_bytes: 3 },
        }
    }

    fn used(function: HostFunction, calls: u64) -> HostUse {
        HostUse { function, calls, time: Duration::ZERO }
    }

    #[test]
    fn calls_are_added_up_by_outcome_and_the_longest_and_largest_are_kept() {
        let mut figures = CallFigures::default();
        let asked = vec![used(HostFunction::MailRelay, 3), used(HostFunction::HttpRequest, 1), used(HostFunction::Wasi, 5)];
        figures.count(&call(PluginFunction::Send, CallOutcome::Answered, 5, asked));
        figures.count(&call(PluginFunction::Send, CallOutcome::TimedOut, 2, vec![used(HostFunction::LookupDisplay, 4)]));
        assert_eq!((figures.calls, figures.answered, figures.timed_out), (2, 1, 1));
        assert_eq!(
            (figures.time, figures.longest, figures.waiting),
            (Duration::from_secs(7), Duration::from_secs(5), Duration::from_secs(5))
        );
        assert_eq!((figures.fuel, figures.most_memory_bytes), (20, 500));
        assert_eq!((figures.host_calls, figures.mails, figures.lookups, figures.log_lines), (12, 3, 4, 0));
        assert_eq!(figures.http, HttpTraffic { requests: 2, sent_bytes: 4, received_bytes: 6 });
    }

    #[test]
    fn the_total_of_a_report_is_that_of_all_its_calls() {
        let (first, second) = (
            call(PluginFunction::Check, CallOutcome::Said, 9, vec![used(HostFunction::LogWrite, 2)]),
            call(PluginFunction::Send, CallOutcome::Nonsense, 3, Vec::new()),
        );
        let (mut whole, mut one, mut other) = (CallFigures::default(), CallFigures::default(), CallFigures::default());
        whole.count(&first);
        whole.count(&second);
        one.count(&first);
        other.count(&second);
        let functions = vec![(PluginFunction::Check, one), (PluginFunction::Send, other)];
        let report = PluginReport { since: Timestamp::UNIX_EPOCH, functions, errors: Vec::new() };
        assert_eq!(report.total(), whole);
    }

    #[test]
    fn the_functions_of_the_host_stand_at_their_numbers() {
        for (number, function) in HostFunction::ALL.into_iter().enumerate() {
            assert_eq!(function as usize, number, "{}", function.name());
        }
        for (number, function) in PluginFunction::ALL.into_iter().enumerate() {
            assert_eq!(function as usize, number, "{}", function.name());
        }
        for (number, outcome) in CallOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number, "{}", outcome.name());
        }
    }
}

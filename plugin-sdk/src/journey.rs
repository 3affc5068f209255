//! Journeys: a plan of communication, and one person's way through it.
//!
//! ```
//! use outreach_plugin_sdk::journey::{Answer, Effect, Event, Issue, Journey, PluginError, Transition};
//!
//! /// Lets everybody out again at once.
//! struct InAndOut;
//!
//! impl Journey for InAndOut {
//!     fn check(_definition: &str) -> Vec<Issue> {
//!         Vec::new()
//!     }
//!
//!     fn advance(_: &str, _: Option<&str>, _: &Event, _: &[Answer], _now: i64) -> Result<Transition, PluginError> {
//!         let effects = vec![Effect::Leave("nothing to do".into())];
//!         Ok(Transition { state: String::new(), effects, questions: Vec::new(), at_step: "start".into() })
//!     }
//! }
//!
//! outreach_plugin_sdk::export_journey!(InAndOut);
//!
//! let answer = InAndOut::advance("{}", None, &Event::Entered("joined".into()), &[], 0).unwrap();
//! assert_eq!(answer.effects.len(), 1);
//! ```
//!
//! A state that was not written by this plugin is an error, never a guess. [`Simulator`](crate::testing::Simulator) walks a person through:
//!
//! ```
//! use outreach_plugin_sdk::journey::{Answer, Event, Issue, Journey, PluginError, Transition};
//! use outreach_plugin_sdk::testing::Simulator;
//!
//! /// Counts what happens.
//! struct Counting;
//!
//! impl Journey for Counting {
//!     fn check(_definition: &str) -> Vec<Issue> {
//!         Vec::new()
//!     }
//!
//!     fn advance(_: &str, state: Option<&str>, _: &Event, _: &[Answer], _now: i64) -> Result<Transition, PluginError> {
//!         let unreadable = |_| PluginError::Invalid("the state of this run was not written by this plugin".into());
//!         let count: u32 = state.map_or(Ok(0), str::parse).map_err(unreadable)?;
//!         Ok(Transition { state: (count + 1).to_string(), effects: Vec::new(), questions: Vec::new(), at_step: "count".into() })
//!     }
//! }
//!
//! let mut simulator = Simulator::of::<Counting>("{}");
//! simulator.enter("joined").unwrap();
//! assert_eq!(simulator.at_step(), "count");
//! assert!(Counting::advance("{}", Some("many"), &Event::Timer("count".into()), &[], 0).is_err());
//! ```

pub use crate::bindings::journey::exports::outreach::plugin::journey::{
    Answer, Branch, Effect, Event, Happening, ListChange, Listener, Question, SendOutcome, SendProposal, TaskKind, TaskProposal,
    Transition, Wake,
};
pub use crate::bindings::segment::outreach::plugin::types::{Issue, PluginError};

/// A journey plugin. Both functions are pure: the same arguments give the same answer.
pub trait Journey {
    /// Findings about a definition; none means it can be used.
    fn check(definition: &str) -> Vec<Issue>;

    /// The next state and what is proposed; `now` in milliseconds since 1970.
    ///
    /// # Errors
    /// Where the definition or the state can't be used.
    fn advance(definition: &str, state: Option<&str>, event: &Event, answers: &[Answer], now: i64) -> Result<Transition, PluginError>;
}

/// The plugin as what the world exports.
#[doc(hidden)]
pub struct JourneyGuest<J>(std::marker::PhantomData<J>);

impl<J: Journey + 'static> crate::bindings::journey::exports::outreach::plugin::journey::Guest for JourneyGuest<J> {
    fn check(definition: String) -> Vec<Issue> {
        crate::silence_panics();
        J::check(&definition)
    }

    fn advance(definition: String, state: Option<String>, event: Event, answers: Vec<Answer>, now: i64) -> Result<Transition, PluginError> {
        crate::silence_panics();
        J::advance(&definition, state.as_deref(), &event, &answers, now)
    }
}

/// Makes a type that is a [`Journey`] the plugin of this component. Natively it does nothing.
#[macro_export]
macro_rules! export_journey {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Guest = $crate::journey::JourneyGuest<$plugin>;
    $crate::bindings::journey::export_journey_world!(Guest with_types_in $crate::bindings::journey);
        };
    };
}

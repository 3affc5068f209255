//! Channels: how messages reach people.
//!
//! ```
//! use outreach_plugin_sdk::channel::{Channel, Description, Issue, Message, Outcome, PluginError, Promise};
//! use outreach_plugin_sdk::gateway::Gateway;
//!
//! /// Carries nothing, and says so.
//! struct Closed;
//!
//! impl Channel for Closed {
//!     fn check(_config: &str) -> Vec<Issue> {
//!         Vec::new()
//!     }
//!
//!     fn describe(_config: &str) -> Result<Description, PluginError> {
//!         let (medium, content_kinds) = ("letter".into(), vec!["application/pdf".into()]);
//!         Ok(Description { medium, content_kinds, promise: Promise::AtMostOnce, max_batch: 10, per_second: None })
//!     }
//!
//!     fn send(_config: &str, messages: &[Message], _gateway: &mut impl Gateway) -> Result<Vec<Outcome>, PluginError> {
//!         Ok(messages.iter().map(|_| Outcome::Rejected("the post office is closed".into())).collect())
//!     }
//! }
//!
//! outreach_plugin_sdk::export_channel!(Closed);
//!
//! let letter = Message {
//!     key: "msg_1".into(),
//!     to: "1 Main Street".into(),
//!     content_kind: "application/pdf".into(),
//!     subject: None,
//!     body: Vec::new(),
//!     attributes: vec![("paper".into(), "thick".into())],
//! };
//! assert_eq!(letter.attribute("paper"), Some("thick"));
//! let mut gateway = outreach_plugin_sdk::testing::FakeGateway::default();
//! let outcomes = Closed::send("{}", &[letter], &mut gateway).unwrap();
//! assert_eq!(outcomes, [Outcome::Rejected("the post office is closed".into())]);
//! ```
//!
//! What was never handed over may be tried again; of what may have been, nobody knows, and it must never be sent again by itself:
//!
//! ```
//! use outreach_plugin_sdk::channel::Outcome;
//! use outreach_plugin_sdk::gateway::{Gateway as _, HttpError, HttpRequest};
//! use outreach_plugin_sdk::testing::FakeGateway;
//!
//! fn outcome(gateway: &mut FakeGateway) -> Outcome {
//!     match gateway.http(&HttpRequest::post("https://api.sms.example/v1/messages", "application/json", "{}")) {
//!         Ok(response) if response.is_success() => Outcome::Accepted(None),
//!         Ok(response) => Outcome::Rejected(format!("status {}", response.status)),
//!         Err(HttpError::NotSent(_)) => Outcome::Later(None),
//!         Err(HttpError::Unknown(_)) => Outcome::Unknown("the exchange was cut off".into()),
//!     }
//! }
//!
//! assert_eq!(outcome(&mut FakeGateway::default().answer_http(400, "")), Outcome::Rejected("status 400".into()));
//! assert_eq!(outcome(&mut FakeGateway::default().fail_http(HttpError::NotSent("refused".into()))), Outcome::Later(None));
//! let cut = HttpError::Unknown("cut".into());
//! assert!(matches!(outcome(&mut FakeGateway::default().fail_http(cut)), Outcome::Unknown(_)));
//! ```

pub use crate::bindings::channel::exports::outreach::plugin::channel::{Description, Message, Outcome, Promise};
pub use crate::bindings::segment::outreach::plugin::types::{Issue, PluginError};
use crate::gateway::Gateway;

/// A channel plugin.
pub trait Channel {
    /// Findings about a configuration; none means it can be used.
    fn check(config: &str) -> Vec<Issue>;

    /// What the channel carries and promises.
    ///
    /// # Errors
    /// Where the configuration can't be used.
    fn describe(config: &str) -> Result<Description, PluginError>;

    /// Sends; one outcome for each message, in order.
    ///
    /// # Errors
    /// Where nothing was sent at all.
    fn send(config: &str, messages: &[Message], gateway: &mut impl Gateway) -> Result<Vec<Outcome>, PluginError>;
}

impl Message {
    /// An attribute by its name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The plugin as what the world exports.
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub struct ChannelGuest<C>(std::marker::PhantomData<C>);

#[cfg(target_arch = "wasm32")]
impl<C: Channel + 'static> crate::bindings::channel::exports::outreach::plugin::channel::Guest for ChannelGuest<C> {
    fn check(config: String) -> Vec<Issue> {
        crate::silence_panics();
        C::check(&config)
    }

    fn describe(config: String) -> Result<Description, PluginError> {
        crate::silence_panics();
        C::describe(&config)
    }

    fn send(config: String, messages: Vec<Message>) -> Result<Vec<Outcome>, PluginError> {
        crate::silence_panics();
        C::send(&config, &messages, &mut crate::gateway::RealGateway)
    }
}

/// Makes a type that is a [`Channel`] the plugin of this component. Natively it does nothing.
#[macro_export]
macro_rules! export_channel {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Guest = $crate::channel::ChannelGuest<$plugin>;
    $crate::bindings::channel::export_channel_world!(Guest with_types_in $crate::bindings::channel);
        };
    };
}

//! Webhooks: what a channel's provider tells the gateway. A channel that has them names them in a second macro.
//!
//! ```
//! use outreach_plugin_sdk::gateway::{Gateway, Hash};
//! use outreach_plugin_sdk::testing::FakeGateway;
//! use outreach_plugin_sdk::webhook::{Notice, PluginError, Receipt, Request, Webhook};
//!
//! /// Takes `STOP <address>`, signed.
//! struct Stops;
//!
//! impl Webhook for Stops {
//!     fn receive(_config: &str, request: &Request, gateway: &mut impl Gateway) -> Result<Receipt, PluginError> {
//!         let signature = request.header("x-signature").and_then(outreach_plugin_sdk::webhook::from_hex).unwrap_or_default();
//!         if !gateway.verify("webhook", Hash::Sha256, &request.body, &signature)? {
//!             return Err(PluginError::Refused("the signature is not the provider's".into()));
//!         }
//!         let words = std::str::from_utf8(&request.body).map_err(|_| PluginError::Invalid("the body is no text".into()))?;
//!         Ok(Receipt::of(words.strip_prefix("STOP ").map(|address| Notice::OptedOut(address.into()))))
//!     }
//! }
//!
//! outreach_plugin_sdk::export_webhook!(Stops);
//!
//! let mut gateway = FakeGateway::default().secret("webhook", b"hush");
//! let signature = gateway.sign("webhook", Hash::Sha256, b"STOP +15550100").unwrap();
//! let signed = Request::post(b"STOP +15550100").with("x-signature", &outreach_plugin_sdk::webhook::to_hex(&signature));
//! let receipt = Stops::receive("{}", &signed, &mut gateway).unwrap();
//! assert_eq!(receipt.notices, [Notice::OptedOut("+15550100".into())]);
//!
//! // A request that anybody sent is refused.
//! let forged = Request::post(b"STOP +15550100").with("x-signature", "00");
//! assert!(matches!(Stops::receive("{}", &forged, &mut gateway), Err(PluginError::Refused(_))));
//! ```

pub use crate::bindings::segment::outreach::plugin::types::PluginError;
pub use crate::bindings::webhook::exports::outreach::plugin::webhook::{Delivery, DeliveryState, Notice, Receipt, Request, Response};
use crate::gateway::Gateway;

/// A channel that is told by its provider what became of its messages, and what people answered.
pub trait Webhook {
    /// Reads a request, after it has made sure that it is the provider's.
    ///
    /// # Errors
    /// `Refused` where it is not the provider's, `Invalid` where it can't be read, `Unavailable` where the provider should try again.
    fn receive(config: &str, request: &Request, gateway: &mut impl Gateway) -> Result<Receipt, PluginError>;
}

impl Request {
    /// A `POST` to the channel's address, for tests.
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        let url = "https://outreach.hospital.example/webhooks/channel/sms".into();
        Self { method: "POST".into(), url, headers: Vec::new(), body: body.into(), received_at: 0 }
    }

    /// One more header, for tests.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Receipt {
    /// These notices, and an empty answer that says all is well.
    pub fn of(notices: impl IntoIterator<Item = Notice>) -> Self {
        Self { notices: notices.into_iter().collect(), response: Response { status: 200, content_type: None, body: Vec::new() } }
    }
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Hexadecimal digits as bytes; `None` where they are none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// The plugin as what the world exports.
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub struct WebhookGuest<W>(std::marker::PhantomData<W>);

#[cfg(target_arch = "wasm32")]
impl<W: Webhook + 'static> crate::bindings::webhook::exports::outreach::plugin::webhook::Guest for WebhookGuest<W> {
    fn receive(config: String, request: Request) -> Result<Receipt, PluginError> {
        crate::silence_panics();
        W::receive(&config, &request, &mut crate::gateway::RealGateway)
    }
}

/// Makes a type that is a [`Webhook`] that of the plugin of this component, beside its channel. Natively it does nothing.
#[macro_export]
macro_rules! export_webhook {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Hook = $crate::webhook::WebhookGuest<$plugin>;
    $crate::bindings::webhook::export_webhook_world!(Hook with_types_in $crate::bindings::webhook);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_read_back_and_others_do_not() {
        assert_eq!(from_hex(&to_hex(&[0, 15, 255])), Some(vec![0, 15, 255]));
        for wrong in ["0", "0g", "é", "+1"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }
}

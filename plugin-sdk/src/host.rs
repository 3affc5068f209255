//! What the gateway does for a plugin that asked for it and was granted it. Natively, in tests, the log goes nowhere, and what is looked up is
//! known where a [`FakeGateway`](crate::testing::FakeGateway) asks the plugin.

/// Writes to the gateway's log: ids and counts only.
pub mod log {
    pub use crate::bindings::segment::outreach::plugin::log::Level;

    /// Writes a line.
    pub fn write(level: Level, message: &str) {
        #[cfg(target_arch = "wasm32")]
        crate::bindings::segment::outreach::plugin::log::write(level, message);
        #[cfg(not(target_arch = "wasm32"))]
        let _ = (level, message);
    }
}

/// Terminology. Capability `lookup`.
///
/// ```
/// use outreach_plugin_sdk::host::lookup;
/// use outreach_plugin_sdk::testing::FakeGateway;
///
/// let mut gateway = FakeGateway::default().value_set("urn:mammography", &[("http://loinc.org", "24606-6"), ("http://loinc.org", "24605-8")]);
/// gateway.within(|| {
///     let codes = lookup::expand("urn:mammography").unwrap().unwrap();
///     assert_eq!(codes[0].code, "24605-8");
///     assert_eq!(lookup::in_value_set("urn:mammography", &codes[0]), Ok(Some(true)));
///     // A value set that the gateway does not have is none, and not an empty one.
///     assert_eq!(lookup::expand("urn:unheard-of"), Ok(None));
/// });
/// ```
pub mod lookup {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::segment::outreach::plugin::lookup as gateway;
    use crate::segment::{Coding, PluginError};
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing::clinical as gateway;

    /// Whether a code is in a value set; `None` where the gateway does not know the value set.
    ///
    /// # Errors
    /// Where the gateway can't answer now.
    pub fn in_value_set(value_set: &str, code: &Coding) -> Result<Option<bool>, PluginError> {
        gateway::in_value_set(value_set, code)
    }

    /// What a code is called; `None` where the gateway does not know it.
    ///
    /// # Errors
    /// Where the gateway can't answer now.
    pub fn display(code: &Coding) -> Result<Option<String>, PluginError> {
        gateway::display(code)
    }

    /// All codes of a value set, in the order of system and code; `None` where the gateway does not know it. To ask whether facts are in a value
    /// set, name it in the description instead: that costs nothing.
    ///
    /// # Errors
    /// `Refused` where the set has more codes than the gateway hands out, and where the gateway can't answer now.
    pub fn expand(value_set: &str) -> Result<Option<Vec<Coding>>, PluginError> {
        let mut codes = Vec::new();
        let mut first = 0;
        loop {
            let Some(page) = gateway::expand(value_set, first)? else { return Ok(None) };
            codes.extend(page.codes);
            match page.next {
                Some(next) => first = next,
                None => return Ok(Some(codes)),
            }
        }
    }
}

/// Makes a panic a plain trap. The message of a panic may tell of a patient, and there is no standard error to write it to.
pub fn silence_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|_| core::arch::wasm32::unreachable()));
}

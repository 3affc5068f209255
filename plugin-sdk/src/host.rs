//! What the gateway does for a plugin that asked for it and was granted it. Natively, in tests, there is no gateway: the log goes
//! nowhere and terminology is not known.

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

/// Terminology.
pub mod lookup {
    use crate::segment::{Coding, PluginError};

    /// Whether a code is in a value set; `None` where the gateway does not know the value set.
    ///
    /// # Errors
    /// Where the gateway can't answer now.
    pub fn in_value_set(value_set: &str, code: &Coding) -> Result<Option<bool>, PluginError> {
        #[cfg(target_arch = "wasm32")]
        return crate::bindings::segment::outreach::plugin::lookup::in_value_set(value_set, code);
        #[cfg(not(target_arch = "wasm32"))]
        {
            let _ = (value_set, code);
            Ok(None)
        }
    }

    /// What a code is called; `None` where the gateway does not know it.
    ///
    /// # Errors
    /// Where the gateway can't answer now.
    pub fn display(code: &Coding) -> Result<Option<String>, PluginError> {
        #[cfg(target_arch = "wasm32")]
        return crate::bindings::segment::outreach::plugin::lookup::display(code);
        #[cfg(not(target_arch = "wasm32"))]
        {
            let _ = code;
            Ok(None)
        }
    }
}

/// Makes a panic a plain trap. The message of a panic may tell of a patient, and there is no standard error to write it to.
pub fn silence_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|_| core::arch::wasm32::unreachable()));
}

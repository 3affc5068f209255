//! The bundled plugins, as WebAssembly components inside the binary. The build script builds them; here is only the table.
//!
//! Architecture invariant: no logic. A bundled plugin is installed, granted and limited like any other.

#![deny(missing_docs)]

/// A plugin that comes with the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundledPlugin {
    /// Its name.
    pub name: &'static str,
    /// Its `plugin.toml`.
    pub manifest: &'static str,
    /// The component.
    pub component: &'static [u8],
}

/// All of them.
pub const fn all() -> [BundledPlugin; 4] {
    include!(concat!(env!("OUT_DIR"), "/table.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_plugin_is_a_component_under_its_own_name() {
        for plugin in all() {
            // The WebAssembly preamble of a component: magic, version 13, layer 1.
            assert_eq!(plugin.component.get(..8), Some(b"\0asm\x0d\0\x01\0".as_slice()), "{}", plugin.name);
            assert!(plugin.manifest.contains(&format!("name = \"{}\"", plugin.name)));
        }
    }
}

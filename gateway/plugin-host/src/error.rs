//! Why a plugin can't be installed.

use gateway_ports::plugins::PluginError;

/// Why a plugin can't be installed, or the engine not be started.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The engine did not start.
    #[error("the plugin engine did not start: {0}")]
    Engine(String),
    /// The manifest can't be read.
    #[error("the plugin.toml can't be used: {0}")]
    Manifest(String),
    /// The component is too large.
    #[error("the component of plugin `{plugin}` has {bytes} bytes; at most {most} are taken")]
    TooLarge {
        /// Its name.
        plugin: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// It has more of something than is compiled.
    #[error("the component of plugin `{plugin}` has {count} {what}; at most {most} are taken")]
    TooMuch {
        /// Its name.
        plugin: String,
        /// What it has too much of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        most: usize,
    },
    /// It defines a kind of resource.
    #[error(
        "the component of plugin `{plugin}` defines a resource of its own, which no plugin needs; build it from the WIT of the gateway"
    )]
    OwnResource {
        /// Its name.
        plugin: String,
    },
    /// It takes too long to compile.
    #[error("the component of plugin `{plugin}` was not compiled within {seconds} s")]
    Slow {
        /// Its name.
        plugin: String,
        /// The limit.
        seconds: u64,
    },
    /// The component does not compile.
    #[error("the component of plugin `{plugin}` can't be compiled: {reason}")]
    Compile {
        /// Its name.
        plugin: String,
        /// Why.
        reason: String,
    },
    /// It imports something its manifest does not ask for.
    #[error("plugin `{plugin}` imports `{import}`, and its plugin.toml does not ask for it; add `{capability}` to `asks`")]
    NotAsked {
        /// Its name.
        plugin: String,
        /// What it imports.
        import: String,
        /// The capability that gives it, as a manifest names it.
        capability: &'static str,
    },
    /// It imports something that was not granted.
    #[error("plugin `{plugin}` imports `{import}`, and `{capability}` was not granted to it; grant it or do without the plugin")]
    NotGranted {
        /// Its name.
        plugin: String,
        /// What it imports.
        import: String,
        /// The capability that gives it, as a manifest names it.
        capability: &'static str,
    },
    /// It imports or asks for something the gateway does not have.
    #[error("plugin `{plugin}` needs `{import}`, which this gateway does not offer")]
    NotOffered {
        /// Its name.
        plugin: String,
        /// What it imports or asks for.
        import: String,
    },
    /// It is not of the kind its manifest says.
    #[error("the component of plugin `{plugin}` is no {kind} plugin of outreach:plugin@0.1.0: {reason}")]
    World {
        /// Its name.
        plugin: String,
        /// The kind of the manifest.
        kind: &'static str,
        /// What is missing.
        reason: String,
    },
    /// Another channel carries the same.
    #[error(
        "`{medium}` is carried by plugin `{carrier}`; `{plugin}` can't carry it too, because which of them writes to a person must be clear"
    )]
    MediumTaken {
        /// Its name.
        plugin: String,
        /// What it would carry.
        medium: String,
        /// Who carries it.
        carrier: String,
    },
    /// It did not start, or as a channel not say what it carries.
    #[error("the plugin can't be used: {0}")]
    Describe(#[from] PluginError),
}

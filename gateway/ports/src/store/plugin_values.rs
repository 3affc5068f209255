//! The small things plugins keep.

use async_trait::async_trait;
use gateway_domain::plugin::PluginName;

use super::StoreError;

/// Keeps values of plugins by key, each plugin's apart from those of others.
#[async_trait]
pub trait PluginValueStore: Send + Sync {
    /// What is kept under a key.
    async fn plugin_value(&self, plugin: &PluginName, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keeps a value in the place of what was there, unless the plugin would then keep more than so many bytes of keys and values
    /// together; false where it would.
    async fn put_plugin_value(&self, plugin: &PluginName, key: &str, value: &[u8], most_bytes: u64) -> Result<bool, StoreError>;
    /// Forgets a key.
    async fn delete_plugin_value(&self, plugin: &PluginName, key: &str) -> Result<(), StoreError>;
    /// The keys that begin so, in the order of their bytes, at most so many.
    async fn plugin_value_keys(&self, plugin: &PluginName, prefix: &str, limit: u32) -> Result<Vec<String>, StoreError>;
}

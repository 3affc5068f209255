//! Small things plugins keep.

use async_trait::async_trait;
use gateway_domain::plugin::PluginName;
use gateway_ports::store::{PluginValueStore, StoreError};

use crate::Store;
use crate::database::args;

#[async_trait]
impl PluginValueStore for Store {
    async fn plugin_value(&self, plugin: &PluginName, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional("SELECT value FROM plugin_value WHERE plugin = $1 AND key = $2", args![plugin.as_str(), key]).await?;
        row.map(|row| row.get("value")).transpose()
    }

    async fn put_plugin_value(&self, plugin: &PluginName, key: &str, value: &[u8], most_bytes: u64) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let others = session
            .one(
                "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) AS bytes FROM plugin_value \
                 WHERE plugin = $1 AND key <> $2",
                args![plugin.as_str(), key],
            )
            .await?;
        let bytes = u64::try_from(others.integer("bytes")?).unwrap_or(u64::MAX).saturating_add((key.len() + value.len()) as u64);
        if bytes > most_bytes {
            return Ok(false);
        }
        session
            .execute(
                "INSERT INTO plugin_value (plugin, key, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value",
                args![plugin.as_str(), key, value.to_vec()],
            )
            .await?;
        session.commit().await?;
        Ok(true)
    }

    async fn delete_plugin_value(&self, plugin: &PluginName, key: &str) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session.execute("DELETE FROM plugin_value WHERE plugin = $1 AND key = $2", args![plugin.as_str(), key]).await?;
        session.commit().await
    }

    async fn plugin_value_keys(&self, plugin: &PluginName, prefix: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT key FROM plugin_value WHERE plugin = $1 AND substr(key, 1, length($2)) = $2 ORDER BY key LIMIT $3",
                args![plugin.as_str(), prefix, i64::from(limit)],
            )
            .await?;
        rows.iter().map(|row| row.text("key")).collect()
    }
}

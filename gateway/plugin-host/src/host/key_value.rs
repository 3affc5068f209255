//! `key-value`: small things a plugin keeps, for itself alone.

use gateway_domain::plugin_call::HostFunction;
use gateway_ports::store::StoreError;

use crate::abi::v0_1::key_value::Host;
use crate::abi::v0_1::types::PluginError;
use crate::host::CallState;

/// Bytes of a key, and of a value.
const LONGEST_KEY: usize = 128;
const LARGEST: usize = 64 << 10;
/// Keys of one answer.
const MOST_KEYS: u32 = 1_000;

impl CallState {
    fn keeps(&mut self, function: HostFunction, key: &str) -> Result<(), PluginError> {
        if !self.calls(function) {
            return Err(PluginError::Refused("the host was called too often".to_owned()));
        }
        if key.len() > LONGEST_KEY || key.chars().any(char::is_control) {
            return Err(PluginError::Refused(format!("a key has at most {LONGEST_KEY} bytes, and no control characters")));
        }
        Ok(())
    }
}

impl Host for CallState {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, PluginError> {
        self.keeps(HostFunction::KeyValueGet, &key)?;
        let services = self.services.clone();
        let Some(values) = &services.values else { return Err(PluginError::Unavailable(None)) };
        values.plugin_value(&self.plugin, &key).await.map_err(|error| away(&error))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), PluginError> {
        self.keeps(HostFunction::KeyValueSet, &key)?;
        if value.len() > LARGEST {
            return Err(PluginError::Refused(format!("a value has at most {LARGEST} bytes, not {}", value.len())));
        }
        let services = self.services.clone();
        let Some(values) = &services.values else { return Err(PluginError::Unavailable(None)) };
        let kept = values.put_plugin_value(&self.plugin, &key, &value, services.value_bytes).await.map_err(|error| away(&error))?;
        if kept { Ok(()) } else { Err(PluginError::Refused(format!("the plugin keeps at most {} bytes", services.value_bytes))) }
    }

    async fn delete(&mut self, key: String) -> Result<(), PluginError> {
        self.keeps(HostFunction::KeyValueDelete, &key)?;
        let services = self.services.clone();
        let Some(values) = &services.values else { return Err(PluginError::Unavailable(None)) };
        values.delete_plugin_value(&self.plugin, &key).await.map_err(|error| away(&error))
    }

    async fn keys(&mut self, prefix: String) -> Result<Vec<String>, PluginError> {
        self.keeps(HostFunction::KeyValueKeys, &prefix)?;
        let services = self.services.clone();
        let Some(values) = &services.values else { return Err(PluginError::Unavailable(None)) };
        values.plugin_value_keys(&self.plugin, &prefix, MOST_KEYS).await.map_err(|error| away(&error))
    }
}

fn away(error: &StoreError) -> PluginError {
    tracing::warn!(%error, "What a plugin keeps can't be reached");
    PluginError::Unavailable(None)
}

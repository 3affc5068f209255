//! A resource as it came from a source. Its raw JSON is the truth; everything else in the model is a projection of it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::ids::SourceNo;

/// Sixteen bytes that stand for (source, type, id): half a SHA-256, so that a reference can be followed without a look-up and two
/// resources never share a key in practice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey(pub [u8; 16]);

impl ResourceKey {
    /// The key of a resource of a source.
    pub fn of(source: SourceNo, resource_type: &str, fhir_id: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(source.0.to_be_bytes())
            .chain_update(resource_type.as_bytes())
            .chain_update([0])
            .chain_update(fhir_id.as_bytes())
            .finalize();
        Self(first_half(&digest))
    }
}

/// Sixteen bytes that stand for the content of a resource, its `meta` left out: what has the same hash says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl ContentHash {
    /// Hashes the pieces in order.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self(first_half(&hasher.finalize()))
    }
}

fn first_half(digest: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ResourceKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 32)
            .map(|number| Self(number.to_be_bytes()))
            .ok_or_else(|| serde::de::Error::custom("expected 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_sources_types_and_ids_apart() {
        let key = ResourceKey::of(SourceNo(1), "Patient", "a");
        assert_eq!(key, ResourceKey::of(SourceNo(1), "Patient", "a"));
        assert_ne!(key, ResourceKey::of(SourceNo(2), "Patient", "a"));
        assert_ne!(key, ResourceKey::of(SourceNo(1), "Patienta", ""));
    }

    #[test]
    fn a_key_reads_back_as_written() {
        let key = ResourceKey::of(SourceNo(1), "Patient", "a");
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<ResourceKey>(&text).unwrap(), key);
    }
}

//! The raw JSON of a resource, as kept: plain where it is short, else zstd.

use std::io::Read;

use gateway_ports::store::StoreError;

use crate::error::corrupt;

const PLAIN: i64 = 0;
const ZSTD: i64 = 1;
/// Below this a compressed body is hardly smaller and costs more to read.
const WORTH_COMPRESSING: usize = 256;
/// No resource is larger than this, however small its compressed form.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Compresses many bodies with one context.
pub(crate) struct Compressor(Option<zstd::bulk::Compressor<'static>>);

impl Compressor {
    pub(crate) fn new() -> Self {
        Self(zstd::bulk::Compressor::new(1).ok())
    }

    /// The encoding and the bytes to keep.
    pub(crate) fn pack(&mut self, raw: Vec<u8>) -> (i64, Vec<u8>) {
        if raw.len() < WORTH_COMPRESSING {
            return (PLAIN, raw);
        }
        match self.0.as_mut().and_then(|zstd| zstd.compress(&raw).ok()) {
            Some(packed) if packed.len() < raw.len() => (ZSTD, packed),
            _ => (PLAIN, raw),
        }
    }
}

/// The body as it came.
pub(crate) fn unpack(encoding: i64, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    match encoding {
        PLAIN => Ok(bytes),
        ZSTD => {
            let unreadable = |error: std::io::Error| corrupt("raw resource", error.kind());
            let mut raw = Vec::new();
            zstd::stream::read::Decoder::new(bytes.as_slice())
                .map_err(unreadable)?
                .take(LARGEST)
                .read_to_end(&mut raw)
                .map_err(unreadable)?;
            Ok(raw)
        }
        _ => Err(corrupt("raw resource", "its encoding is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_as_it_went_in() {
        for raw in [b"{}".to_vec(), b"{\"a\":\"b\"}".repeat(1000)] {
            let (encoding, packed) = Compressor::new().pack(raw.clone());
            assert!(packed.len() <= raw.len());
            assert_eq!(unpack(encoding, packed).unwrap(), raw);
        }
    }
}

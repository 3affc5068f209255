//! The raw JSON of a resource, as kept: plain where it is short, else zstd. Bodies are short and alike, so a text of what FHIR has in
//! common stands before each of them: that makes them half as large and spares most of the work.

use std::io::Read;
use std::sync::LazyLock;

use gateway_ports::store::StoreError;
use gateway_ports::store::sync::PackedBody;
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::error::corrupt;

const PLAIN: i64 = 0;
const ZSTD: i64 = 1;
const ZSTD_AFTER_PHRASES: i64 = 2;
/// Below this a compressed body is hardly smaller and costs more to read.
const WORTH_COMPRESSING: usize = 128;
/// Larger bodies have enough in common with themselves.
const PHRASES_HELP: usize = 64 << 10;
/// No resource is larger than this, however small its compressed form.
const LARGEST: u64 = 256 * 1024 * 1024;
const LEVEL: i32 = 1;

/// What FHIR has in common: the lines of `phrases-1.txt`, written by hand, the common last; before them zstd's tables of how often what
/// follows what. It never changes, because bodies in databases can't be read without it; a better one gets a file and an encoding of its
/// own.
const PHRASES: &[u8] = include_bytes!("raw_body/phrases-1.zdict");

static TO_PACK: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(PHRASES, LEVEL));
static TO_UNPACK: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(PHRASES));

/// Compresses many bodies with one context.
pub(crate) struct Compressor {
    short: Option<zstd::bulk::Compressor<'static>>,
    /// Made when it is needed, which is seldom.
    long: Option<zstd::bulk::Compressor<'static>>,
    packed: Vec<u8>,
}

impl Compressor {
    pub(crate) fn new() -> Self {
        Self { short: zstd::bulk::Compressor::with_prepared_dictionary(&TO_PACK).ok(), long: None, packed: Vec::new() }
    }

    /// The body as it is to be kept.
    pub(crate) fn pack(&mut self, raw: Vec<u8>) -> PackedBody {
        if raw.len() < WORTH_COMPRESSING {
            return PackedBody { encoding: PLAIN, bytes: raw };
        }
        let (encoding, zstd) = if raw.len() <= PHRASES_HELP {
            (ZSTD_AFTER_PHRASES, &mut self.short)
        } else {
            if self.long.is_none() {
                self.long = zstd::bulk::Compressor::new(LEVEL).ok();
            }
            (ZSTD, &mut self.long)
        };
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        match zstd.as_mut().and_then(|zstd| zstd.compress_to_buffer(&raw, &mut self.packed).ok()) {
            Some(length) if length < raw.len() => PackedBody { encoding, bytes: self.packed.clone() },
            _ => PackedBody { encoding: PLAIN, bytes: raw },
        }
    }
}

/// The body as it came.
pub(crate) fn unpack(encoding: i64, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let unreadable = |error: std::io::Error| corrupt("raw resource", error.kind());
    let mut raw = Vec::new();
    match encoding {
        PLAIN => return Ok(bytes),
        ZSTD => zstd::stream::read::Decoder::new(bytes.as_slice()).and_then(|it| it.take(LARGEST).read_to_end(&mut raw)),
        ZSTD_AFTER_PHRASES => zstd::stream::read::Decoder::with_prepared_dictionary(bytes.as_slice(), &TO_UNPACK)
            .and_then(|it| it.take(LARGEST).read_to_end(&mut raw)),
        _ => return Err(corrupt("raw resource", "its encoding is not known")),
    }
    .map_err(unreadable)?;
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use gateway_domain::resource::ContentHash;

    use super::*;

    const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o-1","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"subject":{"reference":"Patient/p-1"}}"#;

    #[test]
    fn a_body_comes_back_as_it_went_in() {
        let mut compressor = Compressor::new();
        let long = OBSERVATION.repeat(1000);
        for (raw, encoded) in [("{}", PLAIN), (OBSERVATION, ZSTD_AFTER_PHRASES), (&long, ZSTD), (OBSERVATION, ZSTD_AFTER_PHRASES)] {
            let PackedBody { encoding, bytes: packed } = compressor.pack(raw.as_bytes().to_vec());
            assert!(packed.len() <= raw.len());
            assert_eq!(encoding, encoded);
            assert_eq!(unpack(encoding, packed).unwrap(), raw.as_bytes());
        }
    }

    #[test]
    fn what_was_kept_by_earlier_versions_can_be_read() {
        let packed = zstd::bulk::compress(OBSERVATION.as_bytes(), 1).unwrap();
        assert_eq!(unpack(ZSTD, packed).unwrap(), OBSERVATION.as_bytes());
        let hash = ContentHash::of([PHRASES]).0.map(|byte| format!("{byte:02x}")).concat();
        assert!(PHRASES.ends_with(include_bytes!("raw_body/phrases-1.txt")), "what can be read is what is used");
        assert_eq!(hash, "4652bdcd7ae3ae65464ae020994393f4", "the phrases are part of every database");
    }
}

//! A batch made ready: each resource once, with its type, its patient and the place of its key.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use gateway_domain::code::Coding;
use gateway_domain::projection::{Projection, ReadResource};
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::sync::{ApplyBatch, Prepared};
use jiff::Timestamp;

use crate::raw_body::Compressor;

/// By resource. A key is half a SHA-256: eight of its bytes are as good as a hash of it.
pub(super) type ByKey<V> = HashMap<ResourceKey, V, BuildHasherDefault<KeyHasher>>;

#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // The last eight: the first are the index's prefix, by which batches are sorted.
        self.0 ^= bytes.last_chunk().map_or(0, |last| u64::from_ne_bytes(*last));
    }
}

/// The first eight bytes of a key, as a number: what the index of places is sorted by.
pub(super) fn key_prefix(key: ResourceKey) -> i64 {
    i64::from_be_bytes(*key.0.first_chunk().unwrap_or(&[0; 8]))
}

/// The FHIR id of the patient a resource is kept with.
pub(super) fn patient_of(resource: &ReadResource) -> Option<&str> {
    match &resource.projection {
        Projection::Patient(_) => Some(&resource.fhir_id),
        Projection::Clinical(clinical) => clinical.patient.as_deref(),
        Projection::Account(_) | Projection::Practitioner(_) | Projection::Medication(_) | Projection::Kept => None,
    }
}

/// Keeps each resource once, with what both databases can keep.
pub(super) fn prepare(batch: &mut ApplyBatch, pack: bool) {
    let read = batch.resources.len() as u64;
    batch.resources = deduplicate(std::mem::take(&mut batch.resources));
    make_storable(&mut batch.resources);
    let mut bodies = Vec::new();
    if pack {
        let mut compressor = Compressor::new();
        bodies.extend(batch.resources.iter_mut().map(|resource| compressor.pack(std::mem::take(&mut resource.raw))));
    }
    batch.prepared = Some(Prepared { read, bodies });
}

/// Of several with the same key the last counts, unless it says it is older.
fn deduplicate(resources: Vec<ReadResource>) -> Vec<ReadResource> {
    let mut known: HashSet<ResourceKey, BuildHasherDefault<KeyHasher>> =
        HashSet::with_capacity_and_hasher(resources.len(), BuildHasherDefault::default());
    if resources.iter().all(|resource| known.insert(resource.key)) {
        return resources;
    }
    let mut places: ByKey<usize> = ByKey::with_capacity_and_hasher(resources.len(), BuildHasherDefault::default());
    let mut kept: Vec<ReadResource> = Vec::with_capacity(resources.len());
    for resource in resources {
        match places.entry(resource.key) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(resource);
            }
            Entry::Occupied(place) => {
                if let Some(before) = kept.get_mut(*place.get())
                    && !is_older(resource.last_updated, before.last_updated)
                {
                    *before = resource;
                }
            }
        }
    }
    kept
}

/// Bytes of a system and a code together that are interned; longer ones fit into no index, and no terminology has them.
const LONGEST_CODE: usize = 2_000;

/// Takes out of the facts what one of the databases could not keep, so that no resource stops the others of its piece: U+0000, and codes
/// that are too long. The raw resource stays as it came.
fn make_storable(resources: &mut [ReadResource]) {
    let mut looked_at = LookedAt::default();
    for resource in resources {
        let Projection::Clinical(clinical) = &mut resource.projection else { continue };
        for fact in &mut clinical.facts {
            fact.codes.retain_mut(|coding| looked_at.keeps(coding));
            fact.unit.take_if(|coding| !looked_at.keeps(coding));
            fact.value_code.take_if(|coding| !looked_at.keeps(coding));
        }
    }
}

/// Codings that were looked at: most are shared, and each is looked at once.
#[derive(Default)]
struct LookedAt(HashMap<*const Coding, Looked, foldhash::fast::RandomState>);

struct Looked {
    /// Held, so that no other takes its address.
    _as_it_came: Arc<Coding>,
    kept: Option<Arc<Coding>>,
}

impl LookedAt {
    /// Whether the coding can be kept; it is then as it is to be kept.
    fn keeps(&mut self, coding: &mut Arc<Coding>) -> bool {
        let look = || Looked { _as_it_came: Arc::clone(coding), kept: storable(coding) };
        let Some(kept) = &self.0.entry(Arc::as_ptr(coding)).or_insert_with(look).kept else { return false };
        if !Arc::ptr_eq(coding, kept) {
            *coding = Arc::clone(kept);
        }
        true
    }
}

/// The coding as both databases can keep it; `None` where neither can.
fn storable(coding: &Arc<Coding>) -> Option<Arc<Coding>> {
    let has_nul = |text: &str| text.contains('\0');
    if coding.system.len() + coding.code.len() > LONGEST_CODE {
        None
    } else if has_nul(&coding.system) || has_nul(&coding.code) {
        let clean = |text: &str| text.replace('\0', "\u{fffd}");
        Some(Arc::new(Coding { system: clean(&coding.system), code: clean(&coding.code), display: coding.display.clone() }))
    } else {
        Some(Arc::clone(coding))
    }
}

/// Whether one moment is before another, where both are known.
pub(super) fn is_older(this: Option<Timestamp>, that: Option<Timestamp>) -> bool {
    matches!((this, that), (Some(this), Some(that)) if this < that)
}

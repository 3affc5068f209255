//! Towns over several states and time zones. The states, cities and postal code prefixes exist; the streets are made up.

/// A town people live in.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    /// The first three digits of its postal codes.
    pub(crate) zip: &'static str,
}

const fn place(city: &'static str, state: &'static str, zip: &'static str) -> Place {
    Place { city, state, zip }
}

pub(crate) const PLACES: &[Place] = &[
    place("Worcester", "MA", "016"),
    place("Springfield", "MA", "011"),
    place("Rochester", "NY", "146"),
    place("Richmond", "VA", "232"),
    place("Columbus", "OH", "432"),
    place("Jacksonville", "FL", "322"),
    place("Chicago", "IL", "606"),
    place("Houston", "TX", "770"),
    place("San Antonio", "TX", "782"),
    place("Nashville", "TN", "372"),
    place("Minneapolis", "MN", "554"),
    place("Denver", "CO", "802"),
    place("Albuquerque", "NM", "871"),
    place("Phoenix", "AZ", "850"),
    place("Sacramento", "CA", "958"),
    place("San Jose", "CA", "951"),
    place("Seattle", "WA", "981"),
    place("Anchorage", "AK", "995"),
    place("Honolulu", "HI", "968"),
];

pub(crate) const STREETS: &[&str] = &[
    "Alder Creek Road",
    "Bellflower Lane",
    "Brickyard Avenue",
    "Cedar Hollow Drive",
    "Clover Hill Street",
    "Copper Kettle Way",
    "Dovecote Lane",
    "Elm Orchard Street",
    "Fern Valley Road",
    "Foxglove Court",
    "Granite Ledge Road",
    "Harvest Moon Drive",
    "Juniper Bend",
    "Kestrel Street",
    "Lantern Hill Road",
    "Maple Grove Avenue",
    "Mill Pond Road",
    "Northstar Boulevard",
    "Old Ferry Road",
    "Pebble Brook Lane",
    "Quarry Street",
    "Redbud Terrace",
    "Saltmarsh Road",
    "Thistledown Way",
    "Violet Street",
    "Willow Run",
    "Windmill Road",
];

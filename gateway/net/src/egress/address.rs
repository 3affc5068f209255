//! Which network addresses the program may connect to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// What kind of place an address is. Only [`AddressKind::Public`] is open to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// Reachable over the public Internet.
    Public,
    /// This machine.
    Loopback,
    /// RFC 1918, and unique local addresses of RFC 4193.
    Private,
    /// RFC 6598, the shared space behind a carrier's address translation.
    CarrierNat,
    /// RFC 3927 and RFC 4291 section 2.5.6; the home of most cloud metadata services.
    LinkLocal,
    /// A cloud's metadata service outside of the link-local range.
    Metadata,
    /// `0.0.0.0/8` and `::`.
    Unspecified,
    /// One to many.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// Documentation, benchmarking, protocol assignments, tunnels and what is not yet given out.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::CarrierNat => "carrier NAT",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
        })
    }
}

/// Says what kind of place `address` is, looking through the ways IPv6 can carry an IPv4 address.
pub(super) fn kind(address: IpAddr) -> AddressKind {
    match address.to_canonical() {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    match address.octets() {
        // Azure's and Alibaba's metadata and wire servers live at these two.
        [168, 63, 129, 16] | [100, 100, 100, 200] => AddressKind::Metadata,
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => AddressKind::Private,
        [100, 64..=127, ..] => AddressKind::CarrierNat,
        [169, 254, ..] => AddressKind::LinkLocal,
        [224..=239, ..] => AddressKind::Multicast,
        [255, 255, 255, 255] => AddressKind::Broadcast,
        // RFC 6890 and its successors: assignments, documentation, 6to4 relays, benchmarking,
        // and the whole of class E.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [240..=255, ..] => {
            AddressKind::Reserved
        }
        _ => AddressKind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        // IPv4-compatible (RFC 4291 section 2.5.5.1), IPv4-translated (RFC 2765) and the
        // well-known NAT64 prefix (RFC 6052): the IPv4 address inside is where it goes.
        [0, 0, 0, 0, 0 | 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => kind_v4(embedded(high, low)),
        // NAT64 for local use (RFC 8215), 6to4 and Teredo are tunnels to an address nobody
        // checks; then documentation (RFC 3849, RFC 9637).
        [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Reserved,
        // AWS and Google keep their IPv6 metadata services here.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => AddressKind::Metadata,
        // The second range, site-local, is deprecated (RFC 3879) and still routed in old networks.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        // Outside of global unicast nothing is given out.
        [0x2000..=0x3fff, ..] => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

/// A range of addresses in CIDR notation, such as `10.20.0.0/16`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// The address `first` and all that share its first `prefix` bits.
    ///
    /// # Errors
    /// [`NetworkError`] where the prefix is longer than the address, or bits after it are set
    /// (`10.1.2.3/8` is more likely a slip than a wish for all of `10.0.0.0/8`).
    pub fn new(first: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let network = Self { first, prefix };
        let width = if first.is_ipv4() { 32 } else { 128 };
        if prefix > width || bits(first) & !mask(width, prefix) != 0 {
            return Err(NetworkError(network.to_string()));
        }
        Ok(network)
    }

    /// Whether `address` lies in this range. An IPv4 address inside IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_ipv4() != self.first.is_ipv4() {
            return false;
        }
        let width = if address.is_ipv4() { 32 } else { 128 };
        (bits(address) ^ bits(self.first)) & mask(width, self.prefix) == 0
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The bits of a `width`-bit address that a prefix of `prefix` bits covers.
fn mask(width: u8, prefix: u8) -> u128 {
    let low_bits = u32::from(width.saturating_sub(prefix));
    let all = u128::MAX >> (128 - u32::from(width));
    all & u128::MAX.checked_shl(low_bits).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        Self::new(address, prefix.unwrap_or(width)).map_err(|_| wrong())
    }
}

/// A text that is not a range of addresses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network: expected CIDR notation without host bits, such as 10.20.0.0/16")]
pub struct NetworkError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let network: Network = "10.20.0.0/16".parse().unwrap();
        for (address, inside) in
            [("10.20.0.0", true), ("10.20.255.255", true), ("::ffff:10.20.1.1", true), ("10.21.0.0", false), ("::10.20.1.1", false)]
        {
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{address}");
        }
        let everything: Network = "0.0.0.0/0".parse().unwrap();
        assert!(everything.contains("8.8.8.8".parse().unwrap()));
        assert!(!everything.contains("::1".parse().unwrap()));
        let one: Network = "fd00::1".parse().unwrap();
        assert!(one.contains("fd00::1".parse().unwrap()));
        assert!(!one.contains("fd00::2".parse().unwrap()));
    }

    #[test]
    fn slips_in_network_notation_are_refused() {
        for text in ["", "10.1.2.3/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "host/8", "10.0/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_public_however_they_are_carried() {
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"] {
            assert_eq!(kind(address.parse().unwrap()), AddressKind::Public, "{address}");
        }
    }
}

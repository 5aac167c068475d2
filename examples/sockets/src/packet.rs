//! What an event says, beyond its fields.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::layouts::{IpFamily, PacketEvent};

/// Reading a [`PacketEvent`] as people mean it.
pub(crate) trait Packet {
    /// Where it comes from.
    fn source(&self) -> SocketAddr;
    /// Where it goes to.
    fn destination(&self) -> SocketAddr;
    /// Process id, in the initial pid namespace.
    fn pid(&self) -> u32;
    /// Thread id, likewise.
    fn tid(&self) -> u32;
    /// User id.
    fn uid(&self) -> u32;
    /// Group id.
    fn gid(&self) -> u32;
}

impl Packet for PacketEvent {
    fn source(&self) -> SocketAddr {
        SocketAddr::new(address(self.family, self.saddr.into()), self.sport)
    }

    fn destination(&self) -> SocketAddr {
        SocketAddr::new(address(self.family, self.daddr.into()), self.dport)
    }

    fn pid(&self) -> u32 {
        upper(self.pid_tgid)
    }

    fn tid(&self) -> u32 {
        lower(self.pid_tgid)
    }

    fn uid(&self) -> u32 {
        lower(self.uid_gid)
    }

    fn gid(&self) -> u32 {
        upper(self.uid_gid)
    }
}

/// An IPv4 packet has its addresses inside of IPv6 ones.
fn address(family: IpFamily, address: Ipv6Addr) -> IpAddr {
    match address.to_ipv4_mapped() {
        Some(v4) if family == IpFamily::INET => v4.into(),
        _ => address.into(),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
fn lower(number: u64) -> u32 {
    number as u32
}

fn upper(number: u64) -> u32 {
    lower(number >> 32)
}

#[cfg(test)]
mod tests {
    use bpf_layout::Ipv6;

    use super::*;

    #[test]
    fn addresses_are_those_of_the_packet() {
        let mapped: Ipv6Addr = "::ffff:127.0.0.1".parse().expect("an address");
        let mut event =
            PacketEvent { family: IpFamily::INET, saddr: Ipv6::from(mapped), sport: 80, ..PacketEvent::default() };
        assert_eq!(event.source().to_string(), "127.0.0.1:80");
        event.family = IpFamily::INET6;
        assert_eq!(event.source().to_string(), "[::ffff:127.0.0.1]:80");
    }

    #[test]
    fn ids_are_halves() {
        let event = PacketEvent { pid_tgid: 7 << 32 | 8, uid_gid: 9 << 32 | 10, ..PacketEvent::default() };
        assert_eq!((event.pid(), event.tid(), event.gid(), event.uid()), (7, 8, 9, 10));
    }
}

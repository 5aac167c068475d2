//! What an event says, as this program keeps it.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    ops::Deref,
};

use bpf_layout::{FromLayout, StrRef, convert::Text};

use crate::layouts::{IpFamily, PacketEvent, PacketEventHeader, PathId};

/// A packet. A copy of as many bytes as there are, as what prints events is not to be bound to the life of a record.
#[derive(Clone, Debug, Default, FromLayout)]
#[from_layout(PacketEvent<'_>)]
pub(crate) struct Packet {
    /// What has the same size in all of them.
    #[from_layout(whole, with = "header")]
    pub(crate) header: PacketEventHeader,
    /// Ids of both paths, where the event has them.
    #[from_layout(accessor)]
    pub(crate) cwd_id: Option<PathId>,
    #[from_layout(accessor)]
    pub(crate) exepath_id: Option<PathId>,
    /// Working directory of who opened the socket; `None` if it is not known, or, until they are resolved, if the event
    /// has only its id.
    #[from_layout(accessor, with = "known")]
    pub(crate) cwd: Option<Text<Vec<u8>>>,
    /// Executable, likewise.
    #[from_layout(accessor, with = "known")]
    pub(crate) exepath: Option<Text<Vec<u8>>>,
}

fn header(event: &PacketEvent<'_>) -> PacketEventHeader {
    **event
}

/// Every path has a byte at least.
fn known(path: Option<StrRef<'_>>) -> Option<Text<Vec<u8>>> {
    let path = path.filter(|path| !path.as_bytes().is_empty())?;
    Some(Text { value: path.as_bytes().to_vec(), is_truncated: path.is_truncated() })
}

impl Deref for Packet {
    type Target = PacketEventHeader;

    fn deref(&self) -> &PacketEventHeader {
        &self.header
    }
}

impl Packet {
    /// Where it comes from.
    pub(crate) fn source(&self) -> SocketAddr {
        SocketAddr::new(address(self.family, self.saddr.into()), self.sport)
    }

    /// Where it goes to.
    pub(crate) fn destination(&self) -> SocketAddr {
        SocketAddr::new(address(self.family, self.daddr.into()), self.dport)
    }

    /// Process id, in the initial pid namespace.
    pub(crate) fn pid(&self) -> u32 {
        upper(self.pid_tgid)
    }

    /// Thread id, likewise.
    pub(crate) fn tid(&self) -> u32 {
        lower(self.pid_tgid)
    }

    /// User id.
    pub(crate) fn uid(&self) -> u32 {
        lower(self.uid_gid)
    }

    /// Group id.
    pub(crate) fn gid(&self) -> u32 {
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
    use bpf_layout::{Ipv6, Recorder};

    use super::*;

    #[test]
    fn a_packet_is_what_its_record_says() {
        let mut record = Recorder::<PacketEventHeader>::new();
        record.header.sport = 53;
        let bytes = record.record();
        let packet = Packet::from_layout(&PacketEvent::parse(&bytes).expect("an event")).expect("it fits");
        assert_eq!((packet.sport, packet.cwd, packet.exepath), (53, None, None));
    }

    /// The event has paths or their ids, as its profile says.
    #[test]
    fn a_path_is_known_if_it_has_bytes() {
        assert_eq!(known(None), None);
        assert_eq!(known(Some(StrRef::new(b"", false))), None);
        let path = known(Some(StrRef::new(b"/usr/bin/nc", true))).expect("it is there");
        assert_eq!((path.value.as_slice(), path.is_truncated), (&b"/usr/bin/nc"[..], true));
    }

    #[test]
    fn addresses_are_those_of_the_packet() {
        let mapped: Ipv6Addr = "::ffff:127.0.0.1".parse().expect("an address");
        let mut event = Packet::default();
        event.header.saddr = Ipv6::from(mapped);
        event.header.sport = 80;
        event.header.family = IpFamily::INET;
        assert_eq!(event.source().to_string(), "127.0.0.1:80");
        event.header.family = IpFamily::INET6;
        assert_eq!(event.source().to_string(), "[::ffff:127.0.0.1]:80");
    }

    #[test]
    fn ids_are_halves() {
        let header = PacketEventHeader { pid_tgid: 7 << 32 | 8, uid_gid: 9 << 32 | 10, ..Default::default() };
        let event = Packet { header, ..Packet::default() };
        assert_eq!((event.pid(), event.tid(), event.gid(), event.uid()), (7, 8, 9, 10));
    }
}

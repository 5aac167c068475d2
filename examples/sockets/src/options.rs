//! The command line.

use std::{sync::LazyLock, time::Duration};

use clap::Parser;
use tool::{Common, seconds};

use crate::{layouts, packet::Packet};

/// Names the owner of each TCP and UDP packet: which process opened the socket that it comes from or goes to.
///
/// Prints a table, or with --json one object per line; a packet on the loopback device is seen at both of its ends. Totals,
/// lost packets among them, go to stderr at the end. Sockets that were opened before have no name. Needs Linux 5.17 with
/// BTF and a mounted cgroup2, and CAP_BPF with CAP_PERFMON and CAP_NET_ADMIN (or root).
#[derive(Clone, Debug, Parser)]
#[command(name = "sockets", version, long_version = LONG_VERSION.as_str(), after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,

    /// Print only packets from or to this port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Print only packets of sockets that a thread of this name opened
    #[arg(long, value_name = "NAME")]
    comm: Option<String>,

    /// Where owners stand apart from sockets (profile lean): keep paths that no owner has any more this long at least
    #[arg(long, value_name = "SECS", value_parser = seconds, default_value = "60")]
    pub(crate) path_age: Duration,
}

const EXAMPLES: &str = "\
Examples:
  sockets                              everything, until Ctrl-C
  sockets --port 53                    who asks for names, and who answers
  sockets --json --duration 10 | jq .  ten seconds, for a program to read";

static LONG_VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{}", env!("CARGO_PKG_VERSION"), layouts::summary()));

impl Options {
    /// Whether this packet is to be printed.
    pub(crate) fn wants(&self, event: &Packet) -> bool {
        self.port.is_none_or(|port| event.sport == port || event.dport == port)
            && self.comm.as_ref().is_none_or(|comm| event.named.get() && event.task.as_bytes() == comm.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::layouts::PacketEventHeader;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn filters_hold_together() {
        let options = Options::parse_from(["sockets", "--port", "53", "--comm", ""]);
        let header = PacketEventHeader { dport: 53, named: true.into(), ..PacketEventHeader::default() };
        let wants = |header| options.wants(&Packet { header, ..Packet::default() });
        assert!(wants(header));
        assert!(!wants(PacketEventHeader { dport: 54, ..header }));
        assert!(!wants(PacketEventHeader { named: false.into(), ..header }));
    }
}

//! The columns of the table.

use tool::{Column, Cut, clock, escape, path};

use crate::{
    layouts::{Direction, IpProto},
    packet::Packet,
};

/// In the order of the line.
pub(crate) static COLUMNS: [Column<Packet>; 11] = [
    Column {
        title: "TIME (UTC)",
        min: 12,
        share: 0,
        cut: Cut::End,
        text: |e, clock| clock::time_of_day(clock, e.timestamp),
    },
    Column { title: "", min: 1, share: 0, cut: Cut::End, text: |e, _| arrow(e.direction).to_owned() },
    Column { title: "PROTO", min: 5, share: 0, cut: Cut::End, text: |e, _| proto(e.proto).to_owned() },
    Column { title: "SOURCE", min: 15, share: 1, cut: Cut::End, text: |e, _| e.source().to_string() },
    Column { title: "DESTINATION", min: 15, share: 1, cut: Cut::End, text: |e, _| e.destination().to_string() },
    Column { title: "SIZE", min: 5, share: 0, cut: Cut::End, text: |e, _| e.size.to_string() },
    Column { title: "PID", min: 7, share: 0, cut: Cut::End, text: |e, _| known(e, || e.pid().to_string()) },
    Column { title: "UID", min: 5, share: 0, cut: Cut::End, text: |e, _| known(e, || e.uid().to_string()) },
    Column { title: "COMM", min: 10, share: 0, cut: Cut::End, text: |e, _| known(e, || escape(e.task.as_bytes())) },
    Column { title: "PCOMM", min: 10, share: 0, cut: Cut::End, text: |e, _| known(e, || escape(e.ptask.as_bytes())) },
    Column {
        title: "EXE",
        min: 14,
        share: 2,
        cut: Cut::Start,
        text: |e, _| known(e, || e.exepath.as_ref().map_or("-".to_owned(), path)),
    },
];

/// Columns by title, the first to go where the terminal is too narrow for all.
pub(crate) const EXPENDABLE: [&str; 5] = ["PCOMM", "UID", "SIZE", "TIME (UTC)", "EXE"];

/// Of a packet whose socket is not known, nothing is known of the owner.
fn known(event: &Packet, text: impl Fn() -> String) -> String {
    if event.named.get() { text() } else { "-".to_owned() }
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::SENT => ">",
        Direction::RECEIVED => "<",
        _ => "?",
    }
}

/// Its name, as people write it.
pub(crate) fn proto(proto: IpProto) -> &'static str {
    match proto {
        IpProto::TCP => "tcp",
        IpProto::UDP => "udp",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Str, libbpf::BootClock};
    use tool::Table;

    use super::*;
    use crate::layouts::PacketEventHeader;

    #[test]
    fn a_row_says_who_it_was_if_that_is_known() {
        let header = PacketEventHeader {
            proto: IpProto::UDP,
            direction: Direction::SENT,
            sport: 5353,
            task: Str::from_bytes(b"resolver"),
            ..PacketEventHeader::default()
        };
        let mut event = Packet { header, ..Packet::default() };
        let table = Table::new(&COLUMNS, &EXPENDABLE, Some(160));
        let row = |event: &Packet| table.row(event, BootClock::now());
        assert!(!row(&event).contains("resolver"));
        event.header.named = true.into();
        assert!(
            row(&event).contains("resolver") && row(&event).contains(" > udp") && row(&event).contains("[::]:5353")
        );
    }
}

//! The columns of the table.

use tool::{Column, Cut, clock, escape};

use crate::{event::Event, path::Path};

/// In the order of the line.
pub(crate) static COLUMNS: [Column<Event>; 9] = [
    Column {
        title: "TIME (UTC)",
        min: 12,
        share: 0,
        cut: Cut::End,
        text: |e, clock| clock::time_of_day(clock, e.request().timestamp),
    },
    Column { title: "PID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.actor().pid.to_string() },
    Column { title: "PPID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.actor().ppid.to_string() },
    Column { title: "UID", min: 5, share: 0, cut: Cut::End, text: |e, _| e.actor().uid.to_string() },
    Column { title: "COMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.actor().comm.as_bytes()) },
    Column { title: "PCOMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.actor().pcomm.as_bytes()) },
    Column { title: "RET", min: 4, share: 0, cut: Cut::End, text: |e, _| e.retval().to_string() },
    Column { title: "OP", min: 8, share: 0, cut: Cut::End, text: |e, _| operation(e) },
    Column { title: "FILE", min: 20, share: 1, cut: Cut::Start, text: |e, _| file(e) },
];

/// Columns by title, the first to go where the terminal is too narrow for all.
pub(crate) const EXPENDABLE: [&str; 4] = ["PCOMM", "UID", "PPID", "TIME (UTC)"];

/// The call by its name, or `create` if it has opened a file that was not there before.
fn operation(event: &Event) -> String {
    if event.created() {
        return "create".to_owned();
    }
    let op = event.request().op;
    op.name().map_or_else(|| op.0.to_string(), str::to_owned)
}

fn file(event: &Event) -> String {
    let first = shown(&event.path());
    event.to().map_or_else(|| first.clone(), |to| format!("{first} -> {}", shown(&to)))
}

fn shown(path: &Path<'_>) -> String {
    let [before, behind] = [path.lacks_beginning(), path.lacks_end()].map(|cut| if cut { "…" } else { "" });
    format!("{before}{}{behind}", escape(&path.whole()))
}

#[cfg(test)]
mod tests {
    use bpf_layout::{convert::Text, libbpf::BootClock};
    use tool::Table;

    use super::*;
    use crate::{
        event::{Call, Pair},
        layouts::FileOp,
    };

    fn row(event: &Event) -> String {
        Table::new(&COLUMNS, &EXPENDABLE, None).row(event, BootClock::now())
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let header = Table::new(&COLUMNS, &EXPENDABLE, Some(80)).header();
        assert!(["PID", "COMM", "RET", "OP", "FILE"].iter().all(|title| header.contains(title)), "{header}");
        assert!(!header.contains("PCOMM"), "{header}");
    }

    #[test]
    fn a_rename_has_two_paths() {
        let text = |text: &[u8]| Text { value: text.to_vec(), is_truncated: false };
        let mut pair =
            Pair { path: text(b"a\n"), place: text(b"/tmp"), to: text(b"/b"), to_place: text(b"/"), ..Pair::default() };
        pair.request.op = FileOp::RENAME;
        let row = row(&Event::Pair(Box::new(pair)));
        assert!(row.contains("rename") && row.ends_with(r"/tmp/a\n -> /b"), "{row}");
    }

    #[test]
    fn what_was_cut_is_shown() {
        let cut = Text { value: vec![b'x'; 100], is_truncated: true };
        let mut call = Call { path: cut, ..Call::default() };
        call.request.op = FileOp::OPEN;
        assert!(row(&Event::Call(Box::new(call.clone()))).ends_with("xx…"));
        call.exact = true;
        call.created = true;
        call.place = call.path.clone();
        let row = row(&Event::Call(Box::new(call)));
        assert!(row.contains("create") && row.contains(" …xx") && row.ends_with("xx"), "{row}");
    }
}

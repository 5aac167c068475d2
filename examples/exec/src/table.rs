//! The columns of the table.

use tool::{Column, Cut, clock, command_line, escape, path};

use crate::{event::Exec, layouts::ExecEvent};

/// In the order of the line.
pub(crate) static COLUMNS: [Column<ExecEvent>; 10] = [
    Column {
        title: "TIME (UTC)",
        min: 12,
        share: 0,
        cut: Cut::End,
        text: |e, clock| clock::time_of_day(clock, e.timestamp),
    },
    Column { title: "PID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.pid.to_string() },
    Column { title: "PPID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.ppid.to_string() },
    Column { title: "UID", min: 5, share: 0, cut: Cut::End, text: |e, _| e.uid.to_string() },
    Column { title: "RET", min: 4, share: 0, cut: Cut::End, text: |e, _| e.retval.to_string() },
    Column { title: "COMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.comm.as_bytes()) },
    Column { title: "PCOMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.pcomm.as_bytes()) },
    Column { title: "CWD", min: 12, share: 1, cut: Cut::Start, text: |e, _| e.cwd().map_or_else(String::new, path) },
    Column { title: "EXE", min: 14, share: 1, cut: Cut::Start, text: |e, _| executable(e) },
    Column { title: "ARGS", min: 20, share: 2, cut: Cut::End, text: |e, _| arguments(e) },
];

/// Columns by title, the first to go where the terminal is too narrow for all.
pub(crate) const EXPENDABLE: [&str; 5] = ["CWD", "PCOMM", "UID", "PPID", "TIME (UTC)"];

/// What runs now, or what could not be started.
fn executable(event: &ExecEvent) -> String {
    if event.retval == 0
        && let Some(exe) = event.exepath()
    {
        return path(exe);
    }
    // Unlike the paths that the kernel side puts together, this one was cut at its end.
    event.file().map_or_else(String::new, |file| {
        let mark = if file.is_truncated() { "…" } else { "" };
        format!("{}{mark}", escape(file.as_bytes()))
    })
}

fn arguments(event: &ExecEvent) -> String {
    let mark = if event.args_cut.get() { " …" } else { "" };
    format!("{}{mark}", command_line(event.arguments()))
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Str, libbpf::BootClock};
    use tool::Table;

    use super::*;

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let header = |width| Table::new(&COLUMNS, &EXPENDABLE, Some(width)).header();
        assert!(["PID", "RET", "COMM", "EXE", "ARGS"].iter().all(|title| header(80).contains(title)), "{}", header(80));
        assert!(!header(80).contains("CWD"), "{}", header(80));
        assert!(header(140).contains("CWD"));
    }

    #[test]
    fn a_row_has_the_arguments() {
        let mut event =
            ExecEvent { comm: Str::from_bytes("größe".as_bytes()), args_cut: true.into(), ..ExecEvent::default() };
        let args = b"ls\0two words\0";
        event.args[..args.len()].copy_from_slice(args);
        event.args_size = args.len().try_into().expect("a short list");
        let row = Table::new(&COLUMNS, &EXPENDABLE, None).row(&event, BootClock::now());
        assert!(row.contains("größe") && row.ends_with("ls \"two words\" …"), "{row}");
    }
}

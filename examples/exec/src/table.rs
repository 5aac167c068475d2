//! The columns of the table.

use tool::{Column, Cut, clock, command_line, escape, path};

use crate::event::Call;

/// In the order of the line.
pub(crate) static COLUMNS: [Column<Call>; 10] = [
    Column {
        title: "TIME (UTC)",
        min: 12,
        share: 0,
        cut: Cut::End,
        text: |e, clock| clock::time_of_day(clock, e.info.timestamp),
    },
    Column { title: "PID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.info.pid.to_string() },
    Column { title: "PPID", min: 7, share: 0, cut: Cut::End, text: |e, _| e.info.ppid.to_string() },
    Column { title: "UID", min: 5, share: 0, cut: Cut::End, text: |e, _| e.info.uid.to_string() },
    Column { title: "RET", min: 4, share: 0, cut: Cut::End, text: |e, _| e.info.retval.to_string() },
    Column { title: "COMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.info.comm.as_bytes()) },
    Column { title: "PCOMM", min: 10, share: 0, cut: Cut::End, text: |e, _| escape(e.info.pcomm.as_bytes()) },
    Column {
        title: "CWD",
        min: 12,
        share: 1,
        cut: Cut::Start,
        text: |e, _| e.cwd.as_ref().map_or_else(String::new, path),
    },
    Column { title: "EXE", min: 14, share: 1, cut: Cut::Start, text: |e, _| executable(e) },
    Column { title: "ARGS", min: 20, share: 2, cut: Cut::End, text: |e, _| arguments(e) },
];

/// Columns by title, the first to go where the terminal is too narrow for all.
pub(crate) const EXPENDABLE: [&str; 5] = ["CWD", "PCOMM", "UID", "PPID", "TIME (UTC)"];

/// What runs now, or what could not be started.
fn executable(call: &Call) -> String {
    if call.info.retval == 0
        && let Some(exe) = &call.exepath
    {
        return path(exe);
    }
    // Unlike the paths that the kernel side puts together, this one was cut at its end.
    call.file.as_ref().map_or_else(String::new, |file| {
        let mark = if file.is_truncated { "…" } else { "" };
        format!("{}{mark}", escape(&file.value))
    })
}

fn arguments(call: &Call) -> String {
    let mark = if call.info.args_cut.get() { " …" } else { "" };
    format!("{}{mark}", command_line(call.arguments()))
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Str, libbpf::BootClock};
    use tool::Table;

    use super::*;
    use crate::layouts::ExecInfo;

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let header = |width| Table::new(&COLUMNS, &EXPENDABLE, Some(width)).header();
        assert!(["PID", "RET", "COMM", "EXE", "ARGS"].iter().all(|title| header(80).contains(title)), "{}", header(80));
        assert!(!header(80).contains("CWD"), "{}", header(80));
        assert!(header(140).contains("CWD"));
    }

    #[test]
    fn a_row_has_the_arguments() {
        let info =
            ExecInfo { comm: Str::from_bytes("größe".as_bytes()), args_cut: true.into(), ..ExecInfo::default() };
        let call = Call { info, args: b"ls\0two words\0".to_vec(), ..Call::default() };
        let row = Table::new(&COLUMNS, &EXPENDABLE, None).row(&call, BootClock::now());
        assert!(row.contains("größe") && row.ends_with("ls \"two words\" …"), "{row}");
    }
}

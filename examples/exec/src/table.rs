//! An event as one line of a table that fits the terminal.

use bpf_layout::libbpf::BootClock;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    clock,
    escape::{command_line, escape},
    event::Exec,
    layouts::ExecEvent,
};

/// How a column is cut where its text is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// `averylongn…`
    End,
    /// `…/bin/tool`, as the end of a path says more than its beginning.
    Start,
}

/// A column, with the text that it shows of an event.
struct Column {
    title: &'static str,
    /// Cells at least.
    min: usize,
    /// Its share of the room that is left when every column has `min`.
    share: usize,
    cut: Cut,
    text: fn(&ExecEvent, BootClock) -> String,
}

/// In the order of the line.
static COLUMNS: [Column; 10] = [
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
const EXPENDABLE: [&str; 5] = ["CWD", "PCOMM", "UID", "PPID", "TIME (UTC)"];

/// Cells of a line where it may be as long as it is, such as in a file: columns have some width so that most lines
/// align, but nothing is cut.
const UNLIMITED: usize = 160;

/// The columns that fit, with their widths.
pub(crate) struct Table {
    columns: Vec<(&'static Column, usize)>,
    cut: bool,
}

impl Table {
    /// For lines of at most `width` cells, or of any length.
    pub(crate) fn new(width: Option<usize>) -> Self {
        let room = width.unwrap_or(UNLIMITED);
        let mut columns: Vec<&'static Column> = COLUMNS.iter().collect();
        for title in EXPENDABLE {
            if needed(&columns) > room {
                columns.retain(|column| column.title != title);
            }
        }
        let spare = room.saturating_sub(needed(&columns));
        let shares: usize = columns.iter().map(|column| column.share).sum();
        let columns = columns.into_iter().map(|column| (column, column.min + spare * column.share / shares.max(1)));
        Table { columns: columns.collect(), cut: width.is_some() }
    }

    /// The titles.
    pub(crate) fn header(&self) -> String {
        self.line(|column| column.title.to_owned())
    }

    /// The line of an event, without a line break.
    pub(crate) fn row(&self, event: &ExecEvent, clock: BootClock) -> String {
        self.line(|column| (column.text)(event, clock))
    }

    fn line(&self, text: impl Fn(&Column) -> String) -> String {
        let mut line = String::new();
        for (column, width) in &self.columns {
            let text = text(column);
            let text = if self.cut { fit(&text, *width, column.cut) } else { text };
            let padding = width.saturating_sub(text.width()) + 1;
            line.push_str(&text);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Cells that these columns take at least, with a space between them.
fn needed(columns: &[&Column]) -> usize {
    columns.iter().map(|column| column.min + 1).sum::<usize>().saturating_sub(1)
}

/// The text in at most `width` cells, with `…` where something is missing.
fn fit(text: &str, width: usize, cut: Cut) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    match cut {
        Cut::End => format!("{}…", take(text.chars(), room).into_iter().collect::<String>()),
        Cut::Start => format!("…{}", take(text.chars().rev(), room).into_iter().rev().collect::<String>()),
    }
}

fn take(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    chars
        .scan(0, |used, c| {
            *used += c.width().unwrap_or(0);
            (*used <= room).then_some(c)
        })
        .collect()
}

/// A path that was cut has lost its beginning.
fn path<const N: usize>(path: &bpf_layout::Str<N>) -> String {
    let mark = if path.is_truncated() { "…" } else { "" };
    format!("{mark}{}", escape(path.as_bytes()))
}

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
    use bpf_layout::Str;

    use super::*;

    fn event() -> ExecEvent {
        let mut event = ExecEvent::default();
        let args = b"ls\0--color=auto\0a very long name indeed, of more than fits in eighty cells\0";
        event.pid = 4_194_304;
        event.comm = Str::from_bytes("größe".as_bytes());
        event.args[..args.len()].copy_from_slice(args);
        event.args_size = args.len().try_into().expect("a short list");
        event
    }

    #[test]
    fn lines_fit_the_terminal() {
        let clock = BootClock::now();
        for width in 60..300 {
            let table = Table::new(Some(width));
            assert!(table.header().width() <= width, "{}", table.header());
            assert!(table.row(&event(), clock).width() <= width, "{}", table.row(&event(), clock));
        }
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let narrow = Table::new(Some(80)).header();
        assert!(["PID", "RET", "COMM", "EXE", "ARGS"].iter().all(|title| narrow.contains(title)), "{narrow}");
        assert!(!narrow.contains("CWD"), "{narrow}");
        assert!(Table::new(Some(140)).header().contains("CWD"));
    }

    #[test]
    fn nothing_is_cut_in_a_file() {
        let row = Table::new(None).row(&event(), BootClock::now());
        assert!(row.ends_with("eighty cells\""), "{row}");
    }

    #[test]
    fn columns_begin_below_their_titles() {
        let table = Table::new(Some(120));
        let header = table.header();
        let row = table.row(&event(), BootClock::now());
        let at = |line: &str, text: &str| line.find(text).map(|byte| line[..byte].width());
        assert_eq!(at(&header, "ARGS"), at(&row, "ls --color"), "{header}\n{row}");
    }

    #[test]
    fn cutting_counts_cells_and_not_bytes() {
        assert_eq!(fit("größe", 5, Cut::End), "größe");
        assert_eq!(fit("größen", 5, Cut::End), "größ…");
        assert_eq!(fit("/usr/bin/ls", 6, Cut::Start), "…in/ls");
        assert_eq!(fit("日本語", 5, Cut::End), "日本…");
        assert_eq!(fit("日本語", 4, Cut::End), "日…");
    }
}

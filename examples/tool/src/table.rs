//! An event as one line of a table that fits the terminal.

use std::iter;

use bpf_layout::libbpf::BootClock;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{escape, written::Written};

/// How a column is cut where its text is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `averylongn…`
    End,
    /// `…/bin/tool`, as the end of a path says more than its beginning.
    Start,
}

/// A column, with the text that it shows of an event.
#[derive(Debug)]
pub struct Column<E> {
    /// What stands above it.
    pub title: &'static str,
    /// Cells at least.
    pub min: usize,
    /// Its share of the room that is left when every column has `min`.
    pub share: usize,
    /// Where its text is cut.
    pub cut: Cut,
    /// Its text.
    pub text: fn(&E, BootClock) -> String,
}

/// Cells of a line where it may be as long as it is, such as in a file: columns have some width so that most lines
/// align, but nothing is cut.
const UNLIMITED: usize = 160;

/// The columns that fit, with their widths.
#[derive(Debug)]
pub struct Table<E: 'static> {
    columns: Vec<(&'static Column<E>, usize)>,
    cut: bool,
}

impl<E> Table<E> {
    /// For lines of at most `width` cells, or of any length. Where these are too few for all columns, those with the titles
    /// `expendable` go, the first of them first.
    #[must_use]
    pub fn new(columns: &'static [Column<E>], expendable: &[&str], width: Option<usize>) -> Self {
        let room = width.unwrap_or(UNLIMITED);
        let mut columns: Vec<&'static Column<E>> = columns.iter().collect();
        for title in expendable {
            if needed(&columns) > room {
                columns.retain(|column| column.title != *title);
            }
        }
        let spare = room.saturating_sub(needed(&columns));
        let shares: usize = columns.iter().map(|column| column.share).sum();
        let columns = columns.into_iter().map(|column| (column, column.min + spare * column.share / shares.max(1)));
        Table { columns: columns.collect(), cut: width.is_some() }
    }

    /// The titles.
    #[must_use]
    pub fn header(&self) -> String {
        self.line(|column| column.title.to_owned())
    }

    /// The line of an event, without a line break.
    #[must_use]
    pub fn row(&self, event: &E, clock: BootClock) -> String {
        self.line(|column| (column.text)(event, clock))
    }

    fn line(&self, text: impl Fn(&Column<E>) -> String) -> String {
        let mut line = String::new();
        for (column, width) in &self.columns {
            let text = text(column);
            let text = if self.cut { fit(&text, *width, column.cut) } else { text };
            let padding = width.saturating_sub(text.width()) + 1;
            line.push_str(&text);
            line.extend(iter::repeat_n(' ', padding));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Cells that these columns take at least, with a space between them.
fn needed<E>(columns: &[&Column<E>]) -> usize {
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

/// A path as the BPF programs put it together: one that was cut has lost its beginning.
#[must_use]
pub fn path(path: &impl Written) -> String {
    let mark = if path.is_cut() { "…" } else { "" };
    format!("{mark}{}", escape(path.written()))
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [Column<&str>; 3] = [
        Column { title: "FIRST", min: 8, share: 0, cut: Cut::End, text: |_, _| "one".into() },
        Column {
            title: "SECOND",
            min: 12,
            share: 1,
            cut: Cut::Start,
            text: |_, _| "/usr/share/doc/a/long/path".into(),
        },
        Column { title: "THIRD", min: 20, share: 2, cut: Cut::End, text: |text, _| (*text).to_owned() },
    ];

    const LONG: &str =
        "größe, of more than fits into eighty cells, with 日本語 in it; and then there is even more of it";

    fn table(width: Option<usize>) -> Table<&'static str> {
        Table::new(&COLUMNS, &["SECOND"], width)
    }

    #[test]
    fn lines_fit_the_terminal() {
        let clock = BootClock::now();
        for width in 30..300 {
            let table = table(Some(width));
            assert!(table.header().width() <= width, "{}", table.header());
            assert!(table.row(&LONG, clock).width() <= width, "{}", table.row(&LONG, clock));
        }
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        assert_eq!(table(Some(40)).header(), "FIRST    THIRD");
        assert!(table(Some(42)).header().contains("SECOND"));
    }

    #[test]
    fn nothing_is_cut_in_a_file() {
        let row = table(None).row(&LONG, BootClock::now());
        assert!(row.ends_with("even more of it"), "{row}");
    }

    #[test]
    fn columns_begin_below_their_titles() {
        let table = table(Some(120));
        let (header, row) = (table.header(), table.row(&LONG, BootClock::now()));
        let at = |line: &str, text: &str| line.find(text).map(|byte| line[..byte].width());
        assert_eq!(at(&header, "THIRD"), at(&row, "größe"), "{header}\n{row}");
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

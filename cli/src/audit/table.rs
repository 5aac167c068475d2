//! An audit for people: maps, strings, proposals.

use std::{cmp::Reverse, fmt::Write as _};

use bpf_layout_memory::text::{grouped, percent, rounded};

use bpf_layout_usage::{Document, Row, Strings};

use super::{
    Judged,
    propose::{Proposal, Saving},
};
use crate::report::table::{BOLD, DIM, Kind, Line, lines, words};

/// Columns that names take; a longer one has a line of its own.
const LONGEST_NAME: usize = 34;
/// The longest bar of a histogram.
const BAR: u64 = 40;

/// Everything, coloured with ANSI escapes; `together` is what all proposals save.
pub(super) fn text(judged: &Judged, together: Option<Saving>) -> String {
    let document = &judged.document;
    let mut text = heading(document);
    text += &maps(document);
    text += &strings(document);
    text += &proposals(&judged.proposals, together);
    for row in &document.maps {
        if let Some(failed) = row.failed.filter(|failed| *failed > 0) {
            let _ = writeln!(
                text,
                "note: {} updates of map `{}` failed, as its program counted",
                grouped(failed),
                name(row)
            );
        }
    }
    for note in &judged.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn heading(document: &Document) -> String {
    let mut text = String::new();
    for machine in &document.machines {
        let cpus = if machine.cpus == 1 { "1 possible CPU".into() } else { format!("{} possible CPUs", machine.cpus) };
        let runs = if machine.runs == 1 { String::new() } else { format!(", {} runs", machine.runs) };
        let kernel = printable(&machine.kernel);
        let _ = writeln!(
            text,
            "{BOLD}kernel {kernel}, {cpus}, pages of {} bytes{runs}{BOLD:#}",
            grouped(machine.page_size)
        );
    }
    text
}

fn maps(document: &Document) -> String {
    if document.maps.is_empty() {
        return "no maps are loaded\n".into();
    }
    let heading = ["id", "type", "in use", "peak", "of", "peak share", "memlock", "predicted", "really taken"];
    let mut table = vec![Line { name: "map".into(), cells: words(&heading), kind: Kind::Heading }];
    let mut rows: Vec<&Row> = document.maps.iter().collect();
    rows.sort_by_key(|row| Reverse(row.real.unwrap_or(0).max(row.memlock)));
    table.extend(rows.iter().map(|row| line(row)));
    let sum = |figure: fn(&Row) -> u64| grouped(rows.iter().fold(0, |sum, row| figure(row).saturating_add(sum)));
    let mut total = vec![String::new(); 6];
    total.extend([sum(|row| row.memlock), sum(|row| row.predicted.unwrap_or(0)), sum(|row| row.real.unwrap_or(0))]);
    table.push(Line { name: "total".into(), cells: total, kind: Kind::Total });
    lines(LONGEST_NAME, &table) + &incomplete(&rows)
}

fn line(row: &Row) -> Line {
    let seen = |number: Option<u64>| number.map_or_else(|| "-".into(), grouped);
    let (last, peak) = (row.in_use.map(|in_use| in_use.last), row.in_use.map(|in_use| in_use.peak));
    let more = if row.in_use.is_some_and(|in_use| !in_use.complete) { "≥ " } else { "" };
    // A map that was there in an earlier round.
    let last = match last {
        Some(None) if row.id.is_some() => "gone".into(),
        last => seen(last.flatten()),
    };
    let share = peak.filter(|_| row.max_entries > 0).map_or_else(|| "-".into(), |peak| percent(peak, row.max_entries));
    let cells = vec![
        row.id.map(|id| id.to_string()).unwrap_or_default(),
        printable(&row.ty),
        last,
        format!("{more}{}", seen(peak)),
        grouped(row.max_entries),
        share,
        grouped(row.memlock),
        seen(row.predicted),
        seen(row.real),
    ];
    let over = row.in_use.is_some_and(|in_use| row.max_entries > 0 && in_use.peak >= row.max_entries);
    Line { name: name(row), cells, kind: Kind::Map { over } }
}

fn name(row: &Row) -> String {
    let name = row.map.as_deref().unwrap_or(&row.name);
    if name.is_empty() { "(unnamed)".into() } else { printable(name) }
}

fn incomplete(rows: &[&Row]) -> String {
    if rows.iter().all(|row| row.in_use.is_none_or(|in_use| in_use.complete)) {
        return String::new();
    }
    "≥: not everything could be counted in time; `--time-limit` gives more\n".into()
}

fn strings(document: &Document) -> String {
    let mut text = String::new();
    let heading = ["bytes", "values", "p50", "p90", "p99", "p99.9", "most", "filled"];
    let mut table = vec![Line { name: "string, with its NUL".into(), cells: words(&heading), kind: Kind::Heading }];
    for (row, strings) in all_strings(document) {
        table.push(string(row, strings));
    }
    if table.len() > 1 {
        text += "\n";
        text += &lines(LONGEST_NAME, &table);
        all_strings(document).for_each(|(row, strings)| text += &histogram(row, strings));
    }
    for row in &document.maps {
        if let Some(why) = &row.skipped {
            let _ = writeln!(text, "strings of {} were not measured: {}", name(row), printable(why));
        }
    }
    text
}

fn all_strings(document: &Document) -> impl Iterator<Item = (&Row, &Strings)> {
    document.maps.iter().flat_map(|row| row.strings.iter().map(move |strings| (row, strings)))
}

fn string(row: &Row, strings: &Strings) -> Line {
    let percentile = |percent| strings.lengths.percentile(percent).map_or_else(|| "-".into(), grouped);
    let mut cells = vec![grouped(strings.length), grouped(strings.lengths.count())];
    cells.extend([50.0, 90.0, 99.0, 99.9, 100.0].map(percentile));
    cells.push(grouped(strings.filled));
    let name = format!("{} {}", name(row), printable(&strings.field));
    Line { name, cells, kind: Kind::Map { over: strings.filled > 0 } }
}

/// Bars by powers of two, from the shortest to the longest that was seen.
fn histogram(row: &Row, strings: &Strings) -> String {
    let bars = bars(strings);
    let most = bars.iter().map(|(.., count)| *count).max().unwrap_or(0).max(1);
    let mut text = format!("{DIM}{} {}{DIM:#}\n", name(row), printable(&strings.field));
    for (first, last, count) in bars {
        // At least one mark for whatever was seen.
        let marks = u64::try_from(u128::from(count) * u128::from(BAR) / u128::from(most)).unwrap_or(BAR);
        let bar = "#".repeat(usize::try_from(marks.max(u64::from(count > 0))).unwrap_or(0));
        let line = format!("  {:>11}  {:>12}  {bar}", format!("{first}-{last}"), grouped(count));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// First and last length of each bar, and how many values have them.
fn bars(strings: &Strings) -> Vec<(u64, u64, u64)> {
    let longest = strings.lengths.max().unwrap_or(0);
    let mut bars = Vec::new();
    let mut first: u64 = 1;
    while first <= longest {
        let last = first.checked_next_power_of_two().unwrap_or(u64::MAX).max(8);
        bars.push((first, last, strings.lengths.between(first, last)));
        let Some(next) = last.checked_add(1) else { break };
        first = next;
    }
    let empty = bars.iter().take_while(|(.., count)| *count == 0).count();
    bars.split_off(empty)
}

fn proposals(proposals: &[Proposal], together: Option<Saving>) -> String {
    let mut text = String::new();
    if !proposals.is_empty() {
        let _ = writeln!(text, "\n{BOLD}proposals{BOLD:#}");
    }
    for proposal in proposals {
        let Proposal { name, from, to, at, unseen, .. } = proposal;
        let _ = writeln!(text, "{BOLD}{name} {from} -> {to}{BOLD:#} ({at}) {}", proposal.reason());
        if !unseen.is_empty() {
            let _ = writeln!(text, "  not seen, and decided by it as well: {}", unseen.join(", "));
        }
    }
    if let Some(saving) = together {
        let (reported, taken) = (rounded(saving.memlock_full), rounded(saving.real_full));
        let _ = writeln!(
            text,
            "together they save {reported} of what is reported, {taken} of what is taken, all maps full"
        );
    }
    text
}

/// What others wrote, without what a terminal would take for commands.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

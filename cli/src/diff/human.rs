//! Changes for people.

use std::fmt::Write as _;

use bpf_layout_memory::text::grouped;
use bpf_layout_spec::diff::Change;
use clap::builder::styling::{AnsiColor, Style};

use super::{
    Outcome,
    costs::{Full, Pair},
    words::{SECTIONS, groups, how, presence, sentence, signed, verdicts},
};
use crate::report::table::{BOLD, Kind, Line, lines, provenance, words};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Columns of a line, as far as names let it be so.
const COLUMNS: usize = 100;

/// Columns that names of maps take: less than in a report, for six numbers stand beside them.
const LONGEST_NAME: usize = 18;

pub(super) fn text(outcome: &Outcome) -> String {
    let mut text = format!("{BOLD}{} -> {}{BOLD:#}\n", outcome.old.label, outcome.new.label);
    if outcome.changes.is_empty() {
        return text + "no differences\n";
    }
    for (title, subjects) in SECTIONS {
        let changes: Vec<&Change> =
            outcome.changes.iter().filter(|change| subjects.contains(&change.subject)).collect();
        if !changes.is_empty() {
            let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
            changes.into_iter().for_each(|change| text += &block(change));
        }
    }
    text += &compatibility(outcome);
    if !outcome.costs.maps.is_empty() {
        text += &bytes(outcome);
    }
    text
}

/// The relations, in the order of `Relation::ALL`, in few columns.
const HEADINGS: [&str; 4] = ["new user", "old user", "pinned", "buffer"];

/// Who each change breaks: a column for each relation, a line for each finding that means something for one.
fn compatibility(outcome: &Outcome) -> String {
    let rows: Vec<(String, &str, [&str; 4])> = (outcome.findings.iter())
        .filter_map(|finding| Some((finding.on(), finding.rule.id, verdicts(finding)?)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let width = |of: fn(&(String, &str, [&str; 4])) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let name = width(|(on, ..)| on.chars().count()).max("Compatibility".len() - 2);
    let rule = width(|(_, rule, _)| rule.len());
    let mut text = format!("\n{BOLD}Compatibility{BOLD:#}{:1$}", "", name + 2 + rule + 2 - "Compatibility".len() + 2);
    text += &HEADINGS.join("  ");
    text.push('\n');
    for (on, id, words) in &rows {
        let _ = write!(text, "  {on:name$}  {id:rule$}");
        for (heading, word) in HEADINGS.into_iter().zip(words) {
            let style = if *word == "breaks" { RED } else { Style::new() };
            let _ = write!(text, "{:1$}{style}{word}{style:#}", "", heading.len() + 2 - word.len());
        }
        text.push('\n');
    }
    text
}

/// The thing with what is otherwise of the whole, then a line for each field or value.
fn block(change: &Change) -> String {
    let groups = groups(&change.details);
    let whole = groups.iter().find(|(of, _)| of.is_none()).map_or(&[][..], |(_, details)| details);
    let mut text = line("  ", &change.name, how(change), &sentence(whole, how(change)));
    for (of, details) in &groups {
        if let Some(of) = of {
            let how = presence(details);
            text += &line("      ", of, how, &sentence(details, how));
        }
    }
    text
}

fn line(indent: &str, name: &str, how: &str, what: &str) -> String {
    let (sign, style) = match how {
        "added" => ('+', GREEN),
        "removed" => ('-', RED),
        _ => ('~', YELLOW),
    };
    let mut text = format!("{indent}{style}{sign} {name}{style:#}");
    let mut column = indent.len() + 2 + name.chars().count();
    // Facts are kept whole; those that do not fit go on in a line of their own.
    for (index, fact) in what.split(", ").enumerate().filter(|(_, fact)| !fact.is_empty()) {
        let width = fact.chars().count();
        let fits = column + 2 + width < COLUMNS;
        match (index, fits) {
            (0, _) => text += "  ",
            (_, true) => text += ", ",
            (_, false) => {
                let _ = write!(text, ",\n{indent}    ");
                column = indent.len() + 2;
            }
        }
        text += fact;
        column += 2 + width;
    }
    text + "\n"
}

/// What all maps cost, before and after.
fn bytes(outcome: &Outcome) -> String {
    let machine = &outcome.machine;
    let cpus = if machine.cpus == 1 { "1 possible CPU".into() } else { format!("{} possible CPUs", machine.cpus) };
    let mut text =
        format!("\n{BOLD}Bytes of full maps{BOLD:#} on {cpus}, with pages of {} bytes\n", grouped(machine.page_size));
    text += &provenance(machine, outcome.exact);
    let heading = words(&["memlock", "after", "difference", "really taken", "after", "difference"]);
    let mut table = vec![Line { name: "map".into(), cells: heading, kind: Kind::Heading }];
    for map in &outcome.costs.maps {
        table.push(Line { name: map.name.clone(), cells: cells(&map.costs), kind: Kind::Map { over: false } });
    }
    table.push(Line { name: "total".into(), cells: cells(&outcome.costs.total), kind: Kind::Total });
    if let Some(empty) = outcome.costs.other_empty() {
        table.push(Line { name: "of empty maps".into(), cells: cells(empty), kind: Kind::Total });
    }
    text + &lines(LONGEST_NAME, &table)
}

/// Before, after and the difference of both figures.
pub(super) fn cells(pair: &Pair) -> Vec<String> {
    let figures: [fn(&Full) -> u64; 2] = [|full| full.memlock, |full| full.real];
    let side = |full: Option<&Full>, figure: fn(&Full) -> u64| {
        full.map_or_else(|| "-".to_owned(), |full| grouped(figure(full)))
    };
    let three = |figure: fn(&Full) -> u64| {
        [side(pair.old.as_ref(), figure), side(pair.new.as_ref(), figure), signed(pair.difference(figure), "+")]
    };
    figures.into_iter().flat_map(three).collect()
}

//! Changes as tables for a pull request.

use std::fmt::Write as _;

use bpf_layout_memory::text::grouped;
use bpf_layout_spec::{
    breaking::Relation,
    diff::{Change, Detail},
};

use super::{
    Outcome,
    human::cells,
    words::{SECTIONS, how, noun, value, verdicts},
};

pub(super) fn text(outcome: &Outcome) -> String {
    let mut text = format!("**{} → {}**\n\n", code(&outcome.old.label), code(&outcome.new.label));
    if outcome.changes.is_empty() {
        return text + "No differences.\n";
    }
    text += &bytes(outcome);
    for (title, subjects) in SECTIONS {
        let rows: Vec<String> =
            outcome.changes.iter().filter(|change| subjects.contains(&change.subject)).flat_map(rows).collect();
        if !rows.is_empty() {
            let _ = write!(text, "### {title}\n\n| name | what | before | after |\n| --- | --- | --- | --- |\n");
            text += &rows.concat();
            text.push('\n');
        }
    }
    text += &compatibility(outcome);
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Who each change breaks, and what then.
fn compatibility(outcome: &Outcome) -> String {
    let rows = outcome.findings.iter().filter_map(|finding| Some((finding, verdicts(finding)?)));
    let rows: String = rows
        .map(|(finding, words)| {
            let words = words.map(|word| if word == "breaks" { "**breaks**" } else { word });
            format!("| {} | {} | {} |\n", code(&finding.on()), finding.rule.id, words.join(" | "))
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = Relation::ALL.map(Relation::id).join(" | ");
    format!("### Compatibility\n\n| what | rule | {columns} |\n| --- | --- | --- | --- | --- | --- |\n{rows}")
}

fn bytes(outcome: &Outcome) -> String {
    let (machine, costs) = (&outcome.machine, &outcome.costs);
    if costs.maps.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "### Bytes of full maps\n\n| map | memlock | after | difference | really taken | after | difference |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for map in &costs.maps {
        let _ = writeln!(text, "| {} | {} |", code(&map.name), cells(&map.costs).join(" | "));
    }
    let total: Vec<String> = cells(&costs.total).into_iter().map(|cell| format!("**{cell}**")).collect();
    let _ = writeln!(text, "| **total** | {} |", total.join(" | "));
    if let Some(empty) = costs.other_empty() {
        let _ = writeln!(text, "| of empty maps | {} |", cells(empty).join(" | "));
    }
    text += "\n";
    let cpus = if machine.cpus == 1 { "1 possible CPU".into() } else { format!("{} possible CPUs", machine.cpus) };
    let (page, kernel) = (grouped(machine.page_size), code(&machine.kernel.name));
    let _ = writeln!(text, "On {cpus}, with pages of {page} bytes; struct sizes of kernel {kernel}.\n");
    text
}

/// A row for the thing if it was added or removed, otherwise one for each detail.
fn rows(change: &Change) -> Vec<String> {
    let whole = how(change);
    if whole != "changed" {
        let sides: Vec<String> = (change.details.iter())
            .map(|detail| {
                let side = detail.old.as_ref().or(detail.new.as_ref());
                format!("{} {}", noun(detail.aspect), code(&value(detail.aspect, side)))
            })
            .collect();
        let all = sides.join(", ");
        let (before, after) = if whole == "added" { ("", all.as_str()) } else { (all.as_str(), "") };
        return vec![format!("| {} | {whole} | {before} | {after} |\n", code(&change.name))];
    }
    change.details.iter().map(|detail| row(change, detail)).collect()
}

fn row(change: &Change, detail: &Detail) -> String {
    let name = detail.of.as_ref().map_or_else(|| change.name.clone(), |of| format!("{}.{of}", change.name));
    let side = |side| code(&value(detail.aspect, side));
    let (before, after) = (side(detail.old.as_ref()), side(detail.new.as_ref()));
    format!("| {} | {} | {before} | {after} |\n", code(&name), noun(detail.aspect))
}

/// As code that no table or other markup can end.
fn code(text: &str) -> String {
    if text == "-" { "-".into() } else { format!("`{}`", text.replace('`', "'").replace('|', "\\|")) }
}

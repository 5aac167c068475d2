//! What all tools were found to cost on this machine, in each profile.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use bpf_layout_memory::{Cost, KernelSizes, Machine, possible_cpus, text::grouped};

use crate::{
    load::{LOADS, Load},
    measure::{Measurement, measure},
    spec::{self, PROFILES},
    table::Table,
};

/// Bytes of a map's or program's name that the kernel keeps: `BPF_OBJ_NAME_LEN` without the NUL.
const NAME: usize = 15;

/// Runs every tool in every profile, and says what was found.
pub(crate) fn report(tools: &Path, markdown: bool) -> Result<String, String> {
    let cpus = possible_cpus().map_err(|error| error.to_string())?;
    let machine = Machine::new(KernelSizes::running(), cpus);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut text = format!("\nMeasured on Linux {} with {cpus} possible CPUs\n", release.trim());
    for load in &LOADS {
        let mut found = Vec::new();
        for profile in PROFILES {
            found.push(measure(&tools.join(profile).join(load.tool), load)?);
        }
        section(&mut text, load, &found, &machine, markdown)?;
    }
    Ok(text)
}

fn section(
    text: &mut String,
    load: &Load,
    found: &[Measurement],
    machine: &Machine,
    markdown: bool,
) -> Result<(), String> {
    let heading = if markdown { format!("### `{}`", load.tool) } else { load.tool.to_owned() };
    let parts = [
        ("bytes that the kernel reports of each map, idle", maps(found, machine)?),
        ("instructions that the verifier processed", verified(found)),
        (load.what, run_times(found)),
    ];
    let _ = write!(text, "\n{heading}\n");
    for (caption, table) in parts {
        let _ = write!(text, "\n{}:\n\n{}", capital(caption), table.text(markdown));
    }
    Ok(())
}

/// A caption begins like a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn with_profiles(first: &str) -> Table {
    let [before, after, lean] = PROFILES;
    Table::new(&[first, before, after, lean])
}

/// Maps, with what was predicted wherever that is something else.
fn maps(found: &[Measurement], machine: &Machine) -> Result<Table, String> {
    let predicted = PROFILES.map(|profile| spec::costs(profile, machine));
    let mut table = with_profiles("map");
    for name in names(found.iter().map(|measurement| &measurement.maps)) {
        let mut cells = Vec::new();
        for (measurement, costs) in found.iter().zip(&predicted) {
            let cost = costs.as_ref().map_err(Clone::clone)?.iter().find(|(full, _)| is_cut(full, name));
            cells.push(bytes(measurement.maps.get(name).copied(), cost.map(|(_, cost)| cost)));
        }
        table.row(&full_name(name, predicted[0].as_ref().map_err(Clone::clone)?), cells);
    }
    Ok(table)
}

fn bytes(reported: Option<u64>, cost: Option<&Cost>) -> String {
    match (reported, cost) {
        (None, _) => "–".to_owned(),
        (Some(reported), Some(cost)) if cost.memlock == reported => grouped(reported),
        (Some(reported), Some(cost)) => format!("{} (predicted {})", grouped(reported), grouped(cost.memlock)),
        // Scratch space that the header defines, and no spec.
        (Some(reported), None) => format!("{} (not in the spec)", grouped(reported)),
    }
}

/// Whether the kernel's name is this one, cut.
fn is_cut(full: &str, name: &str) -> bool {
    full == name || (name.len() == NAME && full.starts_with(name))
}

fn full_name(name: &str, costs: &BTreeMap<String, Cost>) -> String {
    let full = costs.keys().find(|full| is_cut(full, name));
    full.map_or_else(|| format!("`{name}`"), |full| format!("`{full}`"))
}

fn verified(found: &[Measurement]) -> Table {
    let mut table = with_profiles("program");
    for name in names(found.iter().map(|measurement| &measurement.programs)) {
        let of = |measurement: &Measurement| measurement.programs.get(name).map(|program| grouped(program.verified));
        table.row(
            &format!("`{name}`"),
            found.iter().map(|measurement| of(measurement).unwrap_or_else(|| "–".to_owned())),
        );
    }
    table
}

/// Nanoseconds, as the kernel has counted them.
fn run_times(found: &[Measurement]) -> Table {
    let mut table = with_profiles("nanoseconds");
    for name in names(found.iter().map(|measurement| &measurement.programs)) {
        let of = |measurement: &Measurement| {
            let program = measurement.programs.get(name)?;
            Some(grouped(program.nanos.checked_div(program.runs)?))
        };
        let cells = found.iter().map(|measurement| of(measurement).unwrap_or_else(|| "–".to_owned()));
        table.row(&format!("a run of `{name}`"), cells);
    }
    table.row("all of them, for each event", found.iter().map(|measurement| grouped(measurement.nanos_per_event())));
    table.row("(events)", found.iter().map(|measurement| grouped(measurement.events)));
    table
}

/// All names that any of them has, in order.
fn names<'a, T: 'a>(all: impl Iterator<Item = &'a BTreeMap<String, T>>) -> Vec<&'a str> {
    let mut names: Vec<&str> = all.flat_map(|map| map.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_cuts_are_found_again() {
        assert!(is_cut("enriched_fsnotify_events", "enriched_fsnoti"));
        assert!(is_cut("execs", "execs") && !is_cut("execs_of_old", "execs"));
    }

    #[test]
    fn captions_begin_like_sentences() {
        assert_eq!([capital("ünder load"), capital("500 times"), capital("")], ["Ünder load", "500 times", ""]);
    }

    #[test]
    fn what_was_predicted_stands_there_only_if_it_is_something_else() {
        let cost = |memlock| Cost { memlock, memlock_full: 0, real: 0, real_full: 0, parts: Vec::new(), exact: true };
        assert_eq!(bytes(Some(1000), Some(&cost(1000))), "1,000");
        assert_eq!(bytes(Some(1000), Some(&cost(999))), "1,000 (predicted 999)");
        assert_eq!(bytes(None, Some(&cost(999))), "–");
    }
}

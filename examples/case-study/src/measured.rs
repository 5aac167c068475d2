//! What all tools were found to cost on this machine, in each profile.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use bpf_layout_memory::{Cost, KernelSizes, Machine, possible_cpus, text::grouped};

use tool::testing::LoadedMap;

use crate::{
    load::{LOADS, Load},
    measure::{Measurement, measure},
    spec::{self, PROFILES},
    table::Table,
};

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
    Ok(text + EXPLANATION)
}

/// What the tables do not say.
const EXPLANATION: &str = "
Maps of the spec cost what was predicted for them, to the byte, wherever no prediction stands beside the number. Names are cut by
the kernel. Run times are those of bpf_stats; the programs also run on calls that make no event, of whatever else the machine does
meanwhile, and `for each event` has all of that. What the tool itself takes is its CPU time while it reads the events and prints none,
built without optimisation.
";

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
    let mut predicted = Vec::new();
    for profile in PROFILES {
        predicted.push(spec::costs(profile, machine)?);
    }
    let mut table = with_profiles("map");
    for name in names(found.iter().flat_map(|measurement| measurement.maps.iter().map(own_name))) {
        let cells = found.iter().zip(&predicted).map(|(measurement, costs)| {
            let map = measurement.maps.iter().find(|map| own_name(map) == name);
            bytes(map.map(|map| map.memlock), map.and_then(|map| cost_of(map, costs)).map(|(_, cost)| cost))
        });
        table.row(&format!("`{}`", full_name(name, found, &predicted)), cells);
    }
    Ok(table)
}

/// The name without what libbpf puts before that of a section: its object's, which of one in memory is an address.
fn own_name(map: &LoadedMap) -> &str {
    let name = map.info.name.as_str();
    name.find('.').map_or(name, |dot| &name[dot..])
}

/// What the spec has of a map.
fn cost_of<'a>(map: &LoadedMap, costs: &'a BTreeMap<String, Cost>) -> Option<(&'a String, &'a Cost)> {
    costs.iter().find(|(name, _)| map.is_called(name))
}

/// The name in the spec, of which the kernel has only the beginning.
fn full_name<'a>(name: &'a str, found: &[Measurement], predicted: &'a [BTreeMap<String, Cost>]) -> &'a str {
    let map = found.iter().flat_map(|measurement| &measurement.maps).find(|map| own_name(map) == name);
    let known = map.and_then(|map| predicted.iter().find_map(|costs| cost_of(map, costs)));
    known.map_or(name, |(full, _)| full)
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

fn verified(found: &[Measurement]) -> Table {
    let mut table = with_profiles("program");
    for name in programs(found) {
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
    for name in programs(found) {
        let of = |measurement: &Measurement| {
            let program = measurement.programs.get(name)?;
            Some(grouped(program.nanos.checked_div(program.runs)?))
        };
        let cells = found.iter().map(|measurement| of(measurement).unwrap_or_else(|| "–".to_owned()));
        table.row(&format!("a run of `{name}`"), cells);
    }
    table.row("all of them, for each event", found.iter().map(|measurement| grouped(measurement.nanos_per_event())));
    let tool = |found: &Measurement| grouped(found.tool_nanos.checked_div(found.events).unwrap_or(0));
    table.row("the tool itself, for each event", found.iter().map(tool));
    let bytes = |found: &Measurement| found.event_bytes.map_or_else(|| "–".to_owned(), grouped);
    table.row("(bytes of an event)", found.iter().map(bytes));
    table.row("(events)", found.iter().map(|measurement| grouped(measurement.events)));
    table
}

/// The names of all programs.
fn programs(found: &[Measurement]) -> Vec<&str> {
    names(found.iter().flat_map(|measurement| measurement.programs.keys().map(String::as_str)))
}

/// Each name once, in order.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = all.collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_there_once() {
        assert_eq!(names(["b", "a", "b"].into_iter()), ["a", "b"]);
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

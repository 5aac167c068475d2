//! Costs for people: one line a map, the largest first, then where the bytes go.

use std::{cmp::Reverse, fmt::Write as _};

use bpf_layout_memory::{
    Machine, MapReport, Report, Source, Totals,
    budget::Budgets,
    text::{exact, grouped, percent},
};
use bpf_layout_spec::model::Model;
use clap::builder::styling::{AnsiColor, Style};

use super::{Side, advice, detail, objects::ObjectCost};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();

/// Columns that names take; a longer one has a line of its own.
const LONGEST_NAME: usize = 26;

/// Everything, coloured with ANSI escapes. Several reports differ in their numbers of CPUs and stand side by side.
pub(super) fn text(side: &Side) -> String {
    let Side { loaded, reports, objects } = side;
    let model = &loaded.layouts.model;
    let Some(first) = reports.first() else { return String::new() };
    if model.maps.is_empty() {
        return format!("`{}` defines no maps\n", model.spec_name);
    }
    let mut order: Vec<&MapReport> = first.maps.iter().collect();
    order.sort_by_key(|map| Reverse((map.cost.memlock_full.max(map.cost.real_full), map.cost.memlock_full)));
    let mut text = heading(model, reports);
    if reports.len() == 1 {
        text += &lines(LONGEST_NAME, &single(model, first, &order, &objects[0]));
        let mut blocks = detail::blocks(loaded, first, &order);
        blocks.push(advice::text(loaded, first));
        for block in blocks.iter().filter(|block| !block.is_empty()) {
            text.push('\n');
            text += block;
        }
    } else {
        text += &lines(LONGEST_NAME, &side_by_side(model, side, &order));
    }
    text
}

/// What was reckoned, for which machine, and how far it can be trusted.
fn heading(model: &Model, reports: &[Report]) -> String {
    let machine = &reports[0].machine;
    let profile = model.profile.as_ref().map(|profile| format!(", profile {profile}")).unwrap_or_default();
    let cpus = reports.iter().map(|report| report.machine.cpus.to_string()).collect::<Vec<_>>().join(" and ");
    let cpus = if cpus == "1" { "1 possible CPU".into() } else { format!("{cpus} possible CPUs") };
    let mut text = format!(
        "{BOLD}{}{profile}{BOLD:#}: bytes on {cpus}, with pages of {} bytes\n",
        model.spec_name,
        grouped(machine.page_size)
    );
    text += &provenance(machine, reports.iter().all(Report::is_exact));
    text
}

/// Where the figures come from, and how far they can be trusted. `exact`: to the byte for every map.
pub(crate) fn provenance(machine: &Machine, exact: bool) -> String {
    let kernel = &machine.kernel;
    let trust = match (&kernel.source, exact) {
        (Source::Nearest, _) => "some hundred bytes off for each map",
        (_, true) => "to the byte",
        (_, false) => "to the byte, but for devmaps, which differ between releases of 5.10",
    };
    let sizes = match kernel.source {
        Source::RunningKernel => format!("BTF of the running kernel {}", kernel.name),
        Source::File => format!("BTF file {}", kernel.name),
        Source::Table => format!("bundled table, kernel {}", kernel.name),
        Source::Nearest => format!("bundled table, kernel {}, as the running one has no BTF", kernel.name),
    };
    format!(
        "struct sizes: {sizes}\nmemlock is what the kernel reports, {trust}; really taken is within two percent\n\n"
    )
}

/// A line of the table: the name, then cells that are aligned to the right.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) cells: Vec<String>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Heading,
    Map { over: bool },
    Total,
}

fn single(model: &Model, report: &Report, order: &[&MapReport], objects: &[ObjectCost]) -> Vec<Line> {
    let totals = report.totals();
    let budgets = Budgets::exist(model);
    let mut table = vec![Line {
        name: "map".into(),
        cells: words(&[
            "memlock",
            "when full",
            "really taken",
            "when full",
            "share",
            if budgets { "budget" } else { "" },
        ]),
        kind: Kind::Heading,
    }];
    let budget = |budget: Option<u64>| budget.map(exact).unwrap_or_default();
    for map in order {
        let cost = &map.cost;
        let own = model.map(map.id).budget;
        let mut cells: Vec<String> = [cost.memlock, cost.memlock_full, cost.real, cost.real_full].map(grouped).into();
        cells.extend([percent(cost.memlock_full, totals.memlock_full), budget(own)]);
        let over = own.is_some_and(|budget| cost.memlock_full > budget);
        table.push(Line { name: model.map(map.id).name.spec.to_string(), cells, kind: Kind::Map { over } });
    }
    for room in &report.rooms {
        let cost = &room.cost;
        let mut cells: Vec<String> = [cost.memlock, cost.memlock_full, cost.real, cost.real_full].map(grouped).into();
        cells.push(percent(cost.memlock_full, totals.memlock_full));
        table.push(Line { name: room.name(model), cells, kind: Kind::Map { over: false } });
    }
    for group in &model.groups {
        let totals = report.totals_of(&group.maps);
        let mut cells: Vec<String> = figures(totals).into();
        cells.extend([String::new(), exact(group.budget)]);
        let over = totals.memlock_full > group.budget;
        table.push(Line { name: format!("group {}", group.name), cells, kind: Kind::Map { over } });
    }
    for object in objects {
        let cells = figures(object.totals).into();
        table.push(Line { name: object.title(), cells, kind: Kind::Map { over: false } });
    }
    let mut cells: Vec<String> = figures(totals).into();
    cells.extend([String::new(), budget(model.budget.and_then(|budget| budget.total))]);
    table.push(Line { name: "total".into(), cells, kind: Kind::Total });
    table
}

fn figures(totals: Totals) -> [String; 4] {
    [totals.memlock, totals.memlock_full, totals.real, totals.real_full].map(grouped)
}

/// The full figures for each number of CPUs.
fn side_by_side(model: &Model, side: &Side, order: &[&MapReport]) -> Vec<Line> {
    let reports = &side.reports;
    let cpus =
        |report: &Report| format!("{} CPU{}", report.machine.cpus, if report.machine.cpus == 1 { "" } else { "s" });
    let heading = reports.iter().flat_map(|report| [format!("full, {}", cpus(report)), "really taken".into()]);
    let mut table = vec![Line { name: "map".into(), cells: heading.collect(), kind: Kind::Heading }];
    for map in order {
        let costs = reports.iter().map(|report| &report.maps[map.id.0 as usize].cost);
        let cells = costs.flat_map(|cost| [cost.memlock_full, cost.real_full]).map(grouped).collect();
        table.push(Line { name: model.map(map.id).name.spec.to_string(), cells, kind: Kind::Map { over: false } });
    }
    for (index, room) in reports[0].rooms.iter().enumerate() {
        let costs = reports.iter().map(|report| &report.rooms[index].cost);
        let cells = costs.flat_map(|cost| [cost.memlock_full, cost.real_full]).map(grouped).collect();
        table.push(Line { name: room.name(model), cells, kind: Kind::Map { over: false } });
    }
    for (index, object) in side.objects[0].iter().enumerate() {
        let totals = side.objects.iter().map(|objects| objects[index].totals);
        let cells = totals.flat_map(|totals| [totals.memlock_full, totals.real_full]).map(grouped).collect();
        table.push(Line { name: object.title(), cells, kind: Kind::Map { over: false } });
    }
    let totals = reports.iter().map(Report::totals);
    let cells = totals.flat_map(|totals| [totals.memlock_full, totals.real_full]).map(grouped).collect();
    table.push(Line { name: "total".into(), cells, kind: Kind::Total });
    table
}

pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Cells aligned. A name longer than `longest_name` has a line of its own.
pub(crate) fn lines(longest_name: usize, table: &[Line]) -> String {
    let longest = table.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let name_width = longest.clamp(5, longest_name);
    let mut widths = vec![0; table.iter().map(|line| line.cells.len()).max().unwrap_or(0)];
    for line in table {
        for (width, cell) in widths.iter_mut().zip(&line.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in table {
        let cells = line.cells.iter().zip(&widths).map(|(cell, &width)| format!("  {cell:>width$}"));
        let cells = cells.collect::<String>();
        let cells = cells.trim_end();
        let style = match line.kind {
            Kind::Heading => DIM,
            Kind::Map { over: true } => RED,
            Kind::Map { over: false } => Style::new(),
            Kind::Total => BOLD,
        };
        if line.name.chars().count() > name_width {
            let _ = writeln!(text, "{style}{}\n{:name_width$}{cells}{style:#}", line.name, "");
        } else {
            let _ = writeln!(text, "{style}{:name_width$}{cells}{style:#}", line.name);
        }
    }
    text
}

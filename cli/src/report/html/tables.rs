//! Figures in tables: what each map costs, and what its bytes are for.

use std::cmp::Reverse;

use bpf_layout_memory::{
    Cost, MapReport, Report, Totals,
    budget::Budgets,
    reason,
    text::{exact, grouped, percent},
    uncounted,
};
use maud::{Markup, html};

use super::{
    cpus,
    tiles::{self, Tile},
};
use crate::report::{Side, detail};

/// Every map, the largest first; full figures side by side if there are several numbers of CPUs.
pub(super) fn maps(side: &Side) -> Markup {
    let model = &side.loaded.layouts.model;
    if model.maps.is_empty() {
        return html! { p { code { (model.spec_name) } " defines no maps." } };
    }
    match side.reports.as_slice() {
        [one] => single(side, one),
        several => side_by_side(side, several),
    }
}

/// Maps of a report, the largest first, as in the table for terminals.
pub(super) fn ordered(report: &Report) -> Vec<&MapReport> {
    let mut order: Vec<&MapReport> = report.maps.iter().collect();
    order.sort_by_key(|map| Reverse((map.cost.memlock_full.max(map.cost.real_full), map.cost.memlock_full)));
    order
}

fn single(side: &Side, report: &Report) -> Markup {
    let model = &side.loaded.layouts.model;
    let totals = report.totals();
    let total_budget = model.budget.and_then(|budget| budget.total);
    let budgets = Budgets::exist(model);
    html! {
        div.wide { table {
            thead { tr {
                th scope="col" { "map" }
                @for head in ["memlock", "when full", "really taken", "when full", "share"] {
                    th.number scope="col" { (head) }
                }
                @if budgets { th.number scope="col" { "budget" } }
            } }
            tbody { @for found in ordered(report) {
                @let map = model.map(found.id);
                @let cost = &found.cost;
                @let over = map.budget.is_some_and(|budget| cost.memlock_full > budget);
                tr {
                    th scope="row" {
                        code { (map.name.spec) }
                        small { (detail::parameters(&side.loaded.layouts, map, found)) }
                    }
                    td.number { (grouped(cost.memlock)) }
                    td.number.over[over] { (grouped(cost.memlock_full)) }
                    td.number { (grouped(cost.real)) }
                    td.number { (grouped(cost.real_full)) }
                    td.number { (percent(cost.memlock_full, totals.memlock_full)) }
                    @if budgets { td.number { (map.budget.map(exact).unwrap_or_default()) } }
                }
            } }
            tbody { @for room in &report.rooms {
                @let cost = &room.cost;
                tr {
                    th scope="row" { code { (room.name(model)) } small { (detail::room_parameters(model, room)) } }
                    @for bytes in [cost.memlock, cost.memlock_full, cost.real, cost.real_full] {
                        td.number { (grouped(bytes)) }
                    }
                    td.number { (percent(cost.memlock_full, totals.memlock_full)) }
                    @if budgets { td.number {} }
                }
            } }
            tfoot {
                @for group in &model.groups {
                    @let name = format!("group {}", group.name);
                    (sums(&name, report.totals_of(&group.maps), Some(group.budget), budgets))
                }
                @for object in side.objects.iter().take(1).flatten() {
                    (sums(&object.title(), object.totals, None, budgets))
                }
                (sums("total", totals, total_budget, budgets))
            }
        } }
    }
}

/// What several maps cost together, against their budget. `budgets`: whether the table has a column for these.
fn sums(name: &str, totals: Totals, budget: Option<u64>, budgets: bool) -> Markup {
    let over = budget.is_some_and(|budget| totals.memlock_full > budget);
    html! {
        tr {
            th scope="row" { (name) }
            td.number { (grouped(totals.memlock)) }
            td.number.over[over] { (grouped(totals.memlock_full)) }
            td.number { (grouped(totals.real)) }
            td.number { (grouped(totals.real_full)) }
            td {}
            @if budgets { td.number { (budget.map(exact).unwrap_or_default()) } }
        }
    }
}

fn side_by_side(side: &Side, reports: &[Report]) -> Markup {
    let layouts = &side.loaded.layouts;
    html! {
        div.wide { table {
            thead { tr {
                th scope="col" { "map" }
                @for report in reports {
                    th.number scope="col" { "full, " (report.machine.cpus) " CPUs" }
                    th.number scope="col" { "really taken" }
                }
            } }
            tbody { @for found in ordered(&reports[0]) {
                @let map = layouts.model.map(found.id);
                tr {
                    th scope="row" { code { (map.name.spec) } small { (detail::parameters(layouts, map, found)) } }
                    @for report in reports {
                        @let cost = &report.maps[found.id.0 as usize].cost;
                        td.number { (grouped(cost.memlock_full)) }
                        td.number { (grouped(cost.real_full)) }
                    }
                }
            } }
            tbody { @for (index, room) in reports[0].rooms.iter().enumerate() {
                @let model = &layouts.model;
                tr {
                    th scope="row" { code { (room.name(model)) } small { (detail::room_parameters(model, room)) } }
                    @for report in reports {
                        @let cost = &report.rooms[index].cost;
                        td.number { (grouped(cost.memlock_full)) }
                        td.number { (grouped(cost.real_full)) }
                    }
                }
            } }
            tfoot {
                @for (index, object) in side.objects.iter().take(1).flatten().enumerate() {
                    (full_sums(&object.title(), side.objects.iter().map(|objects| objects[index].totals)))
                }
                (full_sums("total", reports.iter().map(Report::totals)))
            }
        } }
    }
}

/// The full figures of several maps, on each number of CPUs.
fn full_sums(name: &str, totals: impl Iterator<Item = Totals>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @for totals in totals {
                td.number { (grouped(totals.memlock_full)) }
                td.number { (grouped(totals.real_full)) }
            }
        }
    }
}

/// What the treemaps show, in numbers, with what neither figure says.
pub(super) fn parts(side: &Side) -> Markup {
    html! {
        details {
            summary { "The same in numbers" }
            @for report in &side.reports {
                @if side.reports.len() > 1 { h3 { (cpus([report.machine.cpus])) } }
                @for found in ordered(report) { (map_parts(side, report, found)) }
                @for room in &report.rooms {
                    (part_table(&room.name(&side.loaded.layouts.model), &room.cost, &tiles::room_tiles(room)))
                }
            }
        }
    }
}

fn map_parts(side: &Side, report: &Report, found: &MapReport) -> Markup {
    let layouts = &side.loaded.layouts;
    html! {
        (part_table(&layouts.model.map(found.id).name.spec, &found.cost, &tiles::tiles(layouts, found)))
        @if let Some(reason) = reason(&found.shape, &report.machine, &found.cost) {
            p.quiet { "Over a tenth off what the kernel reports: " (reason) "." }
        }
        @if let Some(missing) = uncounted(&found.shape, &report.machine) { p.quiet { "Not counted: " (missing) "." } }
    }
}

/// What the bytes of one map are for.
fn part_table(name: &str, cost: &Cost, tiles: &[Tile]) -> Markup {
    let total = cost.real_full;
    html! {
        div.wide { table {
            caption.quiet { code { (name) } ": " (grouped(total)) " bytes really taken when full" }
            thead { tr {
                @for head in ["bytes", "share"] { th.number scope="col" { (head) } }
                th scope="col" { "what for" }
            } }
            tbody { @for tile in tiles {
                tr {
                    td.number { (grouped(tile.bytes)) }
                    td.number { (percent(tile.bytes, total)) }
                    td { (tile.label) }
                }
            } }
        } }
    }
}

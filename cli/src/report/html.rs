//! The report as one page for a browser: tables, a treemap of all maps, and each struct byte by byte.
//!
//! Takes what the memory model and the layouts say and reckons nothing. The page is one file that loads nothing and
//! runs nothing, is the same for the same input, and follows the reader's light or dark scheme.

mod advice;
mod byte_map;
mod compare;
mod structs;
mod tables;
mod tiles;
mod treemap;

use bpf_layout_memory::{
    Report, Use,
    budget::{Budgets, Excess},
    text::{exact, grouped, rounded},
};
use bpf_layout_spec::{model::Model, source::is_deceptive};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Side, table};

/// Nothing but the style within the page is ever used, whatever a spec says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("html/page.css");

/// In the order of the legend.
const USES: [Use; 11] = [
    Use::Values,
    Use::Copies,
    Use::Keys,
    Use::Padding,
    Use::Headers,
    Use::Spares,
    Use::Index,
    Use::Buffer,
    Use::Fixed,
    Use::Allocator,
    Use::Inner,
];

/// The page. `before`: what it is compared with.
pub(super) fn text(side: &Side, before: Option<&Side>, budgets: Option<&Budgets>) -> String {
    let model = &side.loaded.layouts.model;
    let title = format!("What the maps of {} cost", model.spec_name);
    let sections = sections(side, before);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (title) } (machine(side, before)) (contents(&sections)) }
                main {
                    @if let Some(budgets) = budgets { (over(budgets, model)) }
                    @for Section { id, title, body } in &sections { section id=(id) { h2 { (title) } (body) } }
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// A part of the page that can be linked to.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// All that there is something to say of.
fn sections(side: &Side, before: Option<&Side>) -> Vec<Section> {
    let maps = !side.loaded.layouts.model.maps.is_empty();
    let section = |id, title, body: Option<Markup>| Some(Section { id, title, body: body? });
    let sections = [
        section("maps", "Maps", Some(tables::maps(side))),
        section("compared", "Before and after", before.map(|before| compare::section(before, side))),
        section("memory", "Where the bytes go", maps.then(|| memory(side))),
        section("advice", "Advice", advice::section(side)),
        section("structs", "Structs, byte by byte", Some(structs::section(side, before))),
    ];
    sections.into_iter().flatten().collect()
}

/// What was reckoned, for which machine, and how far it can be trusted.
fn machine(side: &Side, before: Option<&Side>) -> Markup {
    let Some(first) = side.reports.first() else { return html! {} };
    let exact = side.reports.iter().all(Report::is_exact);
    html! {
        p {
            code { (side.loaded.layouts.model.spec_name) } ", " (profile(&side.loaded.layouts.model))
            @if let Some(before) = before { ", compared with " (profile(&before.loaded.layouts.model)) }
            ". On " (cpus(side.reports.iter().map(|report| report.machine.cpus)))
            ", with pages of " (grouped(first.machine.page_size)) " bytes. All sizes are bytes."
        }
        @for line in table::provenance(&first.machine, exact).lines().filter(|line| !line.is_empty()) {
            p.quiet { (line) }
        }
    }
}

/// `profile lean`, or that there is none.
fn profile(model: &Model) -> String {
    model.profile.as_ref().map_or_else(|| "without a profile".into(), |profile| format!("profile {profile}"))
}

/// The numbers of CPUs in words: `2 and 64 possible CPUs`.
fn cpus(numbers: impl IntoIterator<Item = u64>) -> String {
    let numbers = numbers.into_iter().map(|cpus| cpus.to_string()).collect::<Vec<_>>().join(" and ");
    if numbers == "1" { "1 possible CPU".into() } else { format!("{numbers} possible CPUs") }
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="On this page" {
            ul { @for section in sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } }
        }
    }
}

/// Every budget that does not hold, with the ways back under it.
fn over(budgets: &Budgets, model: &Model) -> Markup {
    html! {
        @for excess in budgets.over.iter().filter(|excess| excess.is_error()) { (excess_of(excess, budgets, model)) }
        @for warning in budgets.warnings(model) { div.callout.warning { p { (prose(&warning)) } } }
    }
}

fn excess_of(excess: &Excess, budgets: &Budgets, model: &Model) -> Markup {
    html! {
        div.callout {
            p {
                strong.over { "Over budget: " } (prose(&excess.scope.text(model))) ", "
                (grouped(excess.memlock_full)) " bytes when full, "
                (rounded(excess.memlock_full.saturating_sub(excess.budget)))
                " over the budget of " (exact(excess.budget)) " (on " (cpus([budgets.machine.cpus])) ")"
            }
            @let ways = excess.help();
            @if !ways.is_empty() { ul { @for way in ways { li { (prose(&way)) } } } }
        }
    }
}

/// A treemap for each number of CPUs, and the same as tables.
fn memory(side: &Side) -> Markup {
    html! {
        p {
            "What all maps really take with every entry in use: a group of tiles for each map, areas in proportion to "
            "bytes. Point at a tile for its figures."
        }
        (legend(side))
        @for report in &side.reports {
            figure {
                @if side.reports.len() > 1 {
                    figcaption { (cpus([report.machine.cpus])) ": " (rounded(report.totals().real_full)) }
                }
                (tiles::picture(&side.loaded.layouts, report, 1.0))
            }
        }
        (tables::parts(side))
    }
}

/// A text of the spec or of the memory model: what stands between backticks as code, and without what HTML
/// forbids or a reader would be deceived by.
fn prose(text: &str) -> Markup {
    let printable = |c: char| if is_deceptive(c) && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    let text: String = text.chars().map(printable).collect();
    // Only pairs of backticks are quotes.
    let parts: Vec<&str> =
        if text.matches('`').count().is_multiple_of(2) { text.split('`').collect() } else { vec![&text] };
    html! {
        @for (index, part) in parts.into_iter().enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// What the colours mean, of those that occur.
fn legend(side: &Side) -> Markup {
    let parts = || side.reports.iter().flat_map(|report| &report.maps).flat_map(|map| &map.cost.parts);
    html! {
        ul.legend {
            @for of in USES.into_iter().filter(|of| parts().any(|part| part.of == *of)) {
                li { i.(of.id()) {} (of.text()) }
            }
        }
    }
}

//! Two profiles side by side: treemaps of one scale, and what each map costs in both.

use bpf_layout_memory::{
    Report,
    text::{grouped, rounded},
};
use maud::{Markup, html};

use super::{cpus, profile, tiles};
use crate::{
    diff::costs::{Costs, Full, Pair},
    report::Side,
};

/// For each number of CPUs both treemaps, then a table.
pub(super) fn section(before: &Side, after: &Side) -> Markup {
    html! {
        p {
            "What all maps really take with every entry in use, both at one scale: an area is the same number of bytes "
            "in both pictures."
        }
        @for (old, new) in before.reports.iter().zip(&after.reports) {
            @if after.reports.len() > 1 { h3 { (cpus([new.machine.cpus])) } }
            (pictures((before, old), (after, new)))
            (costs((before, old), (after, new)))
        }
    }
}

fn pictures((before, old): (&Side, &Report), (after, new): (&Side, &Report)) -> Markup {
    let larger = old.totals().real_full.max(new.totals().real_full);
    html! {
        div.pair {
            @for (side, report) in [(before, old), (after, new)] {
                figure {
                    figcaption {
                        strong { (profile(&side.loaded.layouts.model)) } ": " (rounded(report.totals().real_full))
                    }
                    (tiles::picture(&side.loaded.layouts, report, scale(report.totals().real_full, larger)))
                }
            }
        }
    }
}

/// Share of width and of height at which a picture has the area of its share.
#[allow(clippy::cast_precision_loss, reason = "a share of a picture, not a number that is told")]
fn scale(bytes: u64, larger: u64) -> f64 {
    if larger == 0 { 1.0 } else { (bytes as f64 / larger as f64).sqrt() }
}

fn costs((before, old): (&Side, &Report), (after, new): (&Side, &Report)) -> Markup {
    let costs = Costs::new((&before.loaded.layouts.model, old), (&after.loaded.layouts.model, new));
    html! {
        div.wide { table {
            thead {
                tr {
                    td rowspan="2" {}
                    th.number colspan="3" scope="colgroup" { "reported when full" }
                    th.number colspan="3" scope="colgroup" { "really taken when full" }
                }
                tr { @for head in ["before", "after", "difference"].repeat(2) { th.number scope="col" { (head) } } }
            }
            tbody { @for map in &costs.maps { tr { th scope="row" { code { (map.name) } } (figures(&map.costs)) } } }
            tfoot { tr { th scope="row" { "total" } (figures(&costs.total)) } }
        } }
    }
}

fn figures(pair: &Pair) -> Markup {
    html! {
        (figure(pair, |full| full.memlock))
        (figure(pair, |full| full.real))
    }
}

fn figure(pair: &Pair, of: impl Fn(&Full) -> u64) -> Markup {
    let difference = pair.difference(&of);
    let sign = match difference {
        0 => "",
        1.. => "+",
        _ => "\u{2212}",
    };
    let bytes = u64::try_from(difference.unsigned_abs()).unwrap_or(u64::MAX);
    let side = |full: &Option<Full>| full.as_ref().map_or_else(|| "\u{2013}".into(), |full| grouped(of(full)));
    html! {
        @for full in [&pair.old, &pair.new] { td.number { (side(full)) } }
        td.number.more[difference > 0].less[difference < 0] { (sign) (grouped(bytes)) }
    }
}

//! What could be smaller, as a table.

use bpf_layout_memory::advice::{Advice, advise};
use maud::{Markup, html};

use super::{cpus, prose};
use crate::report::Side;

/// All advice for the largest machine of the report; `None` if there is none.
pub(super) fn section(side: &Side) -> Option<Markup> {
    let report = side.reports.iter().max_by_key(|report| report.machine.cpus)?;
    let advice = advise(&side.loaded.layouts, report);
    (!advice.is_empty()).then(|| {
        html! {
            p {
                "Each by itself, reckoned by laying the whole spec out anew for " (cpus([report.machine.cpus]))
                ". What saves most comes first."
            }
            div.wide { table {
                thead { tr { th scope="col" { "what" } th scope="col" { "saves" } th scope="col" { "advice" } } }
                tbody { @for advice in &advice { (row(side, advice)) } }
            } }
        }
    })
}

fn row(side: &Side, advice: &Advice) -> Markup {
    let subject = advice.subject(&side.loaded.layouts.model);
    html! {
        tr {
            th scope="row" { code { (subject) } small { (advice.rule) } }
            td { (advice.saving()) }
            td { (prose(&advice.text)) small { (side.loaded.sources.place(advice.span(&side.loaded.layouts.model))) } }
        }
    }
}

//! Every struct of the spec, those that differ between two profiles side by side.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Record, TypeId},
};
use maud::{Markup, html};

use super::{byte_map, profile};
use crate::report::Side;

/// All records that have a name, in the order of the spec.
pub(super) fn section(side: &Side, before: Option<&Side>) -> Markup {
    let layouts = &side.loaded.layouts;
    let records: Vec<(TypeId, &Record)> = named(layouts).collect();
    html! {
        p {
            "A row is a cache line of 64 bytes, counted from the start of the struct. Hatched is padding, which holds "
            "nothing."
        }
        @if records.is_empty() { p { code { (layouts.model.spec_name) } " defines no structs." } }
        @for (id, record) in records {
            @match before.and_then(|before| Some((before, changed(before, layouts, id, record)?))) {
                Some((before, old)) => div.pair {
                    (captioned(before, old))
                    (captioned(side, id))
                },
                None => (byte_map::picture(&side.loaded, id)),
            }
        }
    }
}

fn captioned(side: &Side, id: TypeId) -> Markup {
    html! {
        figure {
            figcaption { strong { (profile(&side.loaded.layouts.model)) } }
            (byte_map::picture(&side.loaded, id))
        }
    }
}

fn named(layouts: &Layouts) -> impl Iterator<Item = (TypeId, &Record)> {
    layouts.model.records().filter(|(_, record)| !record.anonymous)
}

/// The record of the same name, if it lies in memory in another way.
fn changed(before: &Side, layouts: &Layouts, id: TypeId, record: &Record) -> Option<TypeId> {
    let layouts_before = &before.loaded.layouts;
    let (old, _) = named(layouts_before).find(|(_, old)| old.name.spec == record.name.spec)?;
    (layouts_before.of(old) != layouts.of(id)).then_some(old)
}

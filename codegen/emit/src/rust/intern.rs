//! Dictionaries of interned strings: which types and maps belong together.

use bpf_layout_spec::layout::Layouts;

use super::out::Out;

/// `::bpf_layout::dictionary! { … }` for each.
pub(super) fn write(out: &mut Out, layouts: &Layouts) {
    let model = &layouts.model;
    for intern in &model.interns {
        let ty = |id| &model.ty(id).name().rust;
        out.blank();
        out.open("::bpf_layout::dictionary!");
        out.write(format_args!(
            "maps::{}: {} => {},",
            model.map(intern.strings).name.rust,
            ty(intern.id),
            ty(intern.string)
        ));
        out.write(format_args!("maps::{}: {}", model.map(intern.scratch).name.rust, ty(intern.interning)));
        out.close();
    }
}

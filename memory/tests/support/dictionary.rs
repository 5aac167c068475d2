//! The maps of a dictionary of interned strings, as its spec has them.

use std::path::Path;

use bpf_layout_memory::{Cost, Machine, MapShape, Report};
use bpf_layout_spec::{Options, load_with};

/// Its map of strings, and what each CPU puts one together in, with what they cost on a machine. `settings` are further
/// lines of `[intern.PATH]`.
pub(crate) fn maps(entries: u64, settings: &str, machine: &Machine) -> [(MapShape, Cost); 2] {
    let spec = format!("spec = 1\n[lengths]\nPATH = 512\n[intern.PATH]\nmax_entries = {entries}\n{settings}\n");
    let loaded = load_with(Path::new("layouts.toml"), &mut |_| Ok(spec.clone()), &Options::default());
    let loaded = loaded.expect("a valid spec");
    let report = Report::new(&loaded.layouts, machine).expect("hashes and arrays are in every kernel");
    ["path_strings", "path_interning"].map(|name| {
        let found = report.maps.iter().find(|map| loaded.layouts.model.map(map.id).name.spec == name);
        let found = found.expect("a dictionary has both");
        (found.shape, found.cost.clone())
    })
}

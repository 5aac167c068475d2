//! Whole specs through every stage.

use std::path::Path;

use bpf_layout_spec::{Options, load};

#[test]
fn the_projects_own_spec_loads_under_every_profile() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../layouts.toml"));
    for profile in [None, Some("before"), Some("after")] {
        let options = Options { profile: profile.map(str::to_owned) };
        let loaded = load(path, &options).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics));
        assert!(loaded.warnings.is_empty(), "{:#?}", loaded.warnings);
        assert_eq!(loaded.layouts.model.stem, "layouts");
        assert!(loaded.layouts.model.maps.iter().any(|map| map.name.spec == "execs"));
    }
}

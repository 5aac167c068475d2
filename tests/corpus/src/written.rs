//! Units as specs.

use std::path::Path;

use bpf_layout_import::{Imported, write};
use bpf_layout_spec::{Options, layout::Layouts};

use crate::{Unit, projects, units};

/// A unit that was written down and taken by the language.
pub struct Written {
    /// The facts.
    pub unit: Unit,
    /// Its `layouts.toml`.
    pub imported: Imported,
    /// What comes of that.
    pub layouts: Layouts,
}

impl Written {
    /// Writes a unit down.
    ///
    /// # Panics
    /// If it cannot be, or is no valid spec then.
    #[must_use]
    pub fn new(unit: Unit) -> Self {
        let imported = write(&unit.found(), "Of the corpus.").unwrap_or_else(|error| panic!("{}: {error}", unit.name));
        let read = &mut |_: &Path| Ok(imported.toml.clone());
        let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default());
        let loaded =
            loaded.unwrap_or_else(|failure| panic!("{}: {:?}\n{}", unit.name, failure.diagnostics, imported.toml));
        Written { layouts: loaded.layouts, imported, unit }
    }
}

/// Every unit of every project.
#[must_use]
pub fn written() -> Vec<Written> {
    projects().iter().flat_map(units).map(Written::new).collect()
}

//! What must hold for any input at all.
//!
//! Each function takes bytes and does with them what a user's tool does with a file or record of these bytes. It returns
//! whatever they are; if it panics, there is a bug. The targets in `fuzz/` call them with what libFuzzer thinks of,
//! `tests/replay.rs` and `tests/records.rs` with what is kept in `fuzz/seeds/`, which includes everything that was ever found.
#![forbid(unsafe_code)]

mod audit;
mod commands;
mod compact;
mod conversions;
mod generated;
mod header;
mod import;
mod lock;
mod objects;
mod parsers;
mod printable;
mod records;
mod rust;
mod skew;
mod sound;
mod sources;
mod spec;
mod versions;
mod without_docs;

pub use printable::{assert_plain, assert_styled};
pub use without_docs::{c_code, documentation_stripped, rust_code};

/// One thing that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As `cargo xtask fuzz` calls it, and the folder in `fuzz/seeds/`.
    pub name: &'static str,
    /// What is given any bytes.
    pub run: fn(&[u8]),
}

/// What reads files.
pub const READERS: &[Target] = &[
    Target { name: "spec", run: spec::run },
    Target { name: "commands", run: commands::run },
    Target { name: "versions", run: versions::run },
    Target { name: "lock", run: lock::run },
    Target { name: "audit", run: audit::run },
    Target { name: "objects", run: objects::run },
    Target { name: "import", run: import::run },
    Target { name: "header", run: header::run },
    Target { name: "rust", run: rust::run },
    Target { name: "sources", run: sources::run },
];

/// What reads records: the runtime, and the code that is generated for it.
pub const RECORDS: &[Target] = &[
    Target { name: "parsers", run: parsers::run },
    Target { name: "compact", run: compact::run },
    Target { name: "conversions", run: conversions::run },
    Target { name: "skew", run: skew::run },
];

/// Everything that is fuzzed.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    READERS.iter().chain(RECORDS)
}

/// The target of this name.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn target(name: &str) -> &'static Target {
    targets().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target `{name}`"))
}

/// A spec of the workspace, which is valid.
fn workspace_spec(path: &str) -> bpf_layout_spec::Loaded {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    bpf_layout_spec::load(&root.join(path), &bpf_layout_spec::Options::default())
        .unwrap_or_else(|failure| panic!("{path} is not valid: {:?}", failure.diagnostics))
}

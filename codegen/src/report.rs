//! What was made, and what cargo has to know about it.

use std::path::{Path, PathBuf};

use bpf_layout_emit::files::Written;
use bpf_layout_spec::Loaded;

/// What a build has made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Output {
    /// The C header, `<stem>.h`.
    pub header: PathBuf,
    /// The Rust types, `<stem>.rs`.
    pub rust: PathBuf,
    /// One for each C source, in the order they were given.
    pub objects: Vec<Object>,
    /// What clang, the spec's reader and the check of objects warn of, one message each; a message may take several lines.
    pub warnings: Vec<String>,
    /// The files that it all depends on: the spec and what it includes, the C sources, and the headers they include
    /// that neither belong to the system nor were generated; and `layouts.lock`, if there is one.
    pub inputs: Vec<PathBuf>,
    /// The environment variables that had a say.
    pub variables: Vec<&'static str>,
}

/// What was made of one C source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Object {
    /// The C source.
    pub source: PathBuf,
    /// The BPF object, `<name>.bpf.o`.
    pub object: PathBuf,
    /// Its skeleton for libbpf-rs, `<name>.skel.rs`.
    pub skeleton: PathBuf,
}

impl Output {
    pub(crate) fn new([header, rust]: [Written; 2], loaded: &Loaded) -> Self {
        Output {
            header: header.path,
            rust: rust.path,
            objects: Vec::new(),
            warnings: Vec::new(),
            inputs: loaded.sources.paths().map(Path::to_path_buf).collect(),
            variables: Vec::new(),
        }
    }

    /// Prints the lines that cargo reads: when to run the build script again, and the warnings.
    pub fn tell_cargo(&self) {
        for path in &self.inputs {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        for name in &self.variables {
            println!("cargo::rerun-if-env-changed={name}");
        }
        for line in self.warnings.iter().flat_map(|warning| warning.lines()) {
            println!("cargo::warning={line}");
        }
    }
}

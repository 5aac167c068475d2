//! What a build script calls: from one `layouts.toml` the C header, the Rust types, and the BPF objects and skeletons
//! that use them.
//!
//! ```no_run
//! // build.rs
//! bpf_layout_codegen::Builder::new("layouts.toml").source("src/bpf/tracer.bpf.c").run();
//! ```
//!
//! In `src/bpf/tracer.bpf.c`:
//!
//! ```c
//! #include "layouts.h"
//! #include <bpf/bpf_helpers.h>
//! ```
//!
//! and in Rust:
//!
//! ```ignore
//! bpf_layout::include_layouts!();
//! mod skel {
//!     include!(concat!(env!("OUT_DIR"), "/tracer.skel.rs"));
//! }
//! ```
//!
//! What it takes: clang 14 or newer, and libelf for libbpf, which libbpf-sys brings along. Whoever has no C source
//! (`Builder` without [`Builder::source`]) needs neither at run time.
#![forbid(unsafe_code)]

mod budget;
mod check;
mod clang;
mod clashes;
mod depfile;
mod error;
mod literals;
mod lock;
mod object;
mod report;
mod skeleton_names;
mod vmlinux;
mod warnings;

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process,
};

use bpf_layout_emit::{files, render};
use bpf_layout_spec::{Loaded, Options};

pub use crate::{
    error::Error,
    literals::Lint,
    lock::Lock,
    report::{Object, Output},
    vmlinux::Vmlinux,
};

/// The variable that names the profile where the build script names none.
const PROFILE_VARIABLE: &str = "BPF_LAYOUT_PROFILE";

/// One spec with the BPF programs that share its layouts. See the [crate's documentation](crate).
#[derive(Clone, Debug)]
#[must_use = "nothing is built before `run` or `build`"]
pub struct Builder {
    spec: PathBuf,
    profile: Option<String>,
    sources: Vec<PathBuf>,
    clang: Option<PathBuf>,
    clang_args: Vec<OsString>,
    vmlinux: Option<Vmlinux>,
    out_dir: Option<PathBuf>,
    lock: Lock,
    literals: Lint,
}

impl Builder {
    /// Builds from the spec at this path, relative to the package's folder (`CARGO_MANIFEST_DIR`).
    pub fn new(spec: impl Into<PathBuf>) -> Self {
        Builder {
            spec: spec.into(),
            profile: None,
            sources: Vec::new(),
            clang: None,
            clang_args: Vec::new(),
            vmlinux: None,
            out_dir: None,
            lock: Lock::default(),
            literals: Lint::default(),
        }
    }

    /// Applies one of the spec's profiles. Without this call the environment variable `BPF_LAYOUT_PROFILE` names it, so
    /// that one build can differ: `BPF_LAYOUT_PROFILE=lean cargo build`.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Compiles a BPF program `NAME.bpf.c` to `NAME.bpf.o`, compares the object's BTF with the spec, and generates the
    /// skeleton `NAME.skel.rs`. A type or map that is not as the spec says is an error, and so is a record of another size
    /// than the events of its buffer; maps with structs and buffers that the spec does not have are warnings. Any number of
    /// them; paths are relative to the package's folder. Warnings of clang become cargo's; those that hide a wrong layout
    /// (an incompatible pointer, an undeclared function) are errors.
    pub fn source(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.push(path.into());
        self
    }

    /// Compiles with this clang, a path or the name of a program. Without this call the environment variable `CLANG`
    /// names it, and without that it is `clang`.
    pub fn clang(mut self, program: impl Into<PathBuf>) -> Self {
        self.clang = Some(program.into());
        self
    }

    /// Passes one more argument to clang, such as `-DDEBUG` or `-mcpu=v3`. Any number of them, in order, after those
    /// that are passed anyway.
    pub fn clang_arg(mut self, argument: impl Into<OsString>) -> Self {
        self.clang_args.push(argument.into());
        self
    }

    /// Makes `#include "vmlinux.h"` work: the types of a kernel. Needed only by programs that read kernel structures
    /// which no header of their own declares; generated headers need none.
    pub fn vmlinux(mut self, from: Vmlinux) -> Self {
        self.vmlinux = Some(from);
        self
    }

    /// What comes of numbers in the C sources that the spec has a name for, and of those that are no longer what it says:
    /// a length written as `512` instead of `PATH_LEN`, a mask that was made for another length. The default is to warn,
    /// with file, line and what to write instead; a comment in the source, `bpf-layout: allow(RULE)`, allows one place.
    pub fn literals(mut self, lint: Lint) -> Self {
        self.literals = lint;
        self
    }

    /// Writes to this folder instead of `OUT_DIR`. `bpf_layout::include_layouts!()` reads `OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// What to do about a `layouts.lock` beside the spec that is not up to date; without this call, to warn.
    /// `cargo bpf-layout lock` writes it.
    pub fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }

    /// Does it all and says what was made; prints nothing. A build script that calls this instead of [`Builder::run`]
    /// ends with [`Output::tell_cargo`].
    ///
    /// # Errors
    /// If the spec is not valid, a map is over its budget, the lock is stale and that is denied, a file cannot be read or
    /// written, clang is missing, too old, or refuses a source, an object is not as the spec says, or a number in a source
    /// is denied. `Display` says it in as many lines as it takes, with what
    /// to do about it.
    pub fn build(self) -> Result<Output, Error> {
        let out_dir = match &self.out_dir {
            Some(folder) => located(folder),
            None => env::var_os("OUT_DIR").map(PathBuf::from).ok_or(Error::NoOutDir)?,
        };
        let (profile, asked_environment) = self.chosen_profile(|| env::var(PROFILE_VARIABLE).ok());
        let spec = located(&self.spec);
        let loaded = bpf_layout_spec::load(&spec, &Options { profile })?;
        let looked = lock::check(&spec, self.lock)?;
        let budget_warnings = budget::check(&loaded)?;
        let written = files::write(&loaded.layouts, &out_dir)?;

        let mut report = Output::new(written, &loaded);
        if asked_environment {
            report.variables.push(PROFILE_VARIABLE);
        }
        report.warnings.extend(spec_warnings(&loaded));
        report.warnings.extend(budget_warnings);
        report.warnings.extend(looked.warning);
        report.inputs.extend(looked.input);
        if !self.sources.is_empty() {
            object::build_all(&self, &loaded, &out_dir, &mut report)?;
        }
        Ok(report)
    }

    /// Does it all and tells cargo: what to watch, clang's warnings, and the errors, with which the build then fails.
    /// This is the last line of most build scripts.
    ///
    /// Does not return after an error.
    pub fn run(self) -> Output {
        match self.build() {
            Ok(output) => {
                output.tell_cargo();
                output
            }
            Err(error) => {
                // `cargo::error` makes cargo fail with just these lines. An exit status or a panic would wrap them in
                // everything else that this script has printed. Standard error is for those who are not cargo.
                for line in error.to_string().lines() {
                    println!("cargo::error={line}");
                    eprintln!("{line}");
                }
                process::exit(0)
            }
        }
    }

    /// The profile to apply, and whether the environment had a say.
    fn chosen_profile(&self, environment: impl FnOnce() -> Option<String>) -> (Option<String>, bool) {
        match &self.profile {
            Some(name) => (Some(name.clone()), false),
            None => (environment().filter(|name| !name.is_empty()), true),
        }
    }
}

/// A path of the build script's author. Cargo runs build scripts in the package's folder, where the path works as it
/// is and messages show it as it was written; elsewhere it is completed.
fn located(path: &Path) -> PathBuf {
    located_in(env::var_os("CARGO_MANIFEST_DIR").as_deref(), env::current_dir().ok().as_deref(), path)
}

/// The same, in this package and this current folder.
fn located_in(package: Option<&OsStr>, here: Option<&Path>, path: &Path) -> PathBuf {
    match (package, here) {
        (Some(package), Some(here)) if here != Path::new(package) => Path::new(package).join(path),
        _ => path.to_path_buf(),
    }
}

fn spec_warnings(loaded: &Loaded) -> impl Iterator<Item = String> + '_ {
    loaded.warnings.iter().map(|warning| render::one_line(warning, &loaded.sources))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_a_profile_where_the_script_does_not() {
        let chosen = |script: Option<&str>, environment: Option<&str>| {
            let builder = Builder::new("layouts.toml");
            let builder = script.map_or(builder.clone(), |name| builder.profile(name));
            builder.chosen_profile(|| environment.map(str::to_owned))
        };
        assert_eq!(chosen(None, None), (None, true));
        assert_eq!(chosen(None, Some("")), (None, true));
        assert_eq!(chosen(None, Some("lean")), (Some("lean".to_owned()), true));
        assert_eq!(chosen(Some("small"), Some("lean")), (Some("small".to_owned()), false));
    }

    #[test]
    fn paths_are_those_of_the_package() {
        let located = |package: Option<&str>, here: Option<&str>, path: &str| {
            located_in(package.map(OsStr::new), here.map(Path::new), Path::new(path))
        };
        assert_eq!(located(Some("/package"), Some("/package"), "a.toml"), Path::new("a.toml"));
        assert_eq!(located(Some("/package"), Some("/elsewhere"), "a.toml"), Path::new("/package/a.toml"));
        assert_eq!(located(Some("/package"), Some("/elsewhere"), "/b/a.toml"), Path::new("/b/a.toml"));
        assert_eq!(located(None, Some("/elsewhere"), "a.toml"), Path::new("a.toml"));
        assert_eq!(located(Some("/package"), None, "a.toml"), Path::new("a.toml"));
    }
}

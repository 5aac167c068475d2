//! The language of `layouts.toml`: reading, checking, and the one place where layouts are computed.
//!
//! ```text
//! text ── read ──▶ Spec ── check ──▶ Model ── lay_out ──▶ Layouts
//!                  as written        resolved             sizes, offsets, padding
//! ```
//!
//! Between the first two, a dictionary of interned strings becomes the structs and maps that it consists of.
//!
//! Pure but for reading the files it is asked for: nothing here prints, panics on bad input or exits. Each stage reports
//! every problem it finds to one [`diag::Diagnostics`]; a later stage leaves out what an earlier one could not trust.
#![forbid(unsafe_code)]

pub mod breaking;
mod check;
pub mod compare;
pub mod decimal;
pub mod definition;
pub mod diag;
pub mod diff;
mod expr;
pub mod file;
pub mod fingerprint;
mod foreign;
mod intern;
pub mod kernel;
pub mod layout;
mod lex;
pub mod lock;
pub mod model;
mod names;
mod read;
pub mod scalar;
pub mod source;
mod spec;
pub mod suggest;
pub mod threads;
mod ty;
pub mod wakeup;
pub mod word;

use std::{io, path::Path};

use diag::{Diagnostic, Diagnostics};
use layout::Layouts;
use read::Origin;
use source::Sources;
use threads::both;

/// What to load a spec with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The profile to apply; none if left out.
    pub profile: Option<String>,
}

/// A spec that is valid.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The spec with its layouts.
    pub layouts: Layouts,
    /// What does not stop generation.
    pub warnings: Vec<Diagnostic>,
    /// Every file that was read.
    pub sources: Sources,
}

/// A spec that is not.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Everything found, in file order; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read.
    pub sources: Sources,
}

/// Loads a spec from the file system, with what it includes.
///
/// ```no_run
/// use std::path::Path;
///
/// let loaded = bpf_layout_spec::load(Path::new("layouts.toml"), &bpf_layout_spec::Options::default());
/// match loaded {
///     Ok(loaded) => println!("{} types", loaded.layouts.model.types.len()),
///     Err(failure) => println!("{} problems", failure.diagnostics.len()),
/// }
/// ```
///
/// # Errors
/// Everything that is wrong with the spec, as far as it can be told at once.
pub fn load(path: &Path, options: &Options) -> Result<Loaded, Failure> {
    load_in(Path::new(""), path, options)
}

/// Loads a spec from the file system, as [`load`]. What `path` and includes name is looked for from `folder`, and shown
/// without it.
///
/// # Errors
/// As [`load`].
pub fn load_in(folder: &Path, path: &Path, options: &Options) -> Result<Loaded, Failure> {
    let identity = |path: &Path| folder.join(path).canonicalize().unwrap_or_else(|_| read::normal(path));
    let mut reader = |path: &Path| file::read_text(&folder.join(path));
    load_from(path, Origin { reader: &mut reader, identity: &identity }, options)
}

/// Loads a spec whose text comes from `reader`. Paths it is asked for are `path` itself, and those of includes, joined
/// to the folder of the file that names them.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    path: &Path,
    reader: &mut dyn FnMut(&Path) -> io::Result<String>,
    options: &Options,
) -> Result<Loaded, Failure> {
    load_from(path, Origin { reader, identity: &read::normal }, options)
}

fn load_from(path: &Path, origin: Origin<'_, '_>, options: &Options) -> Result<Loaded, Failure> {
    let mut sources = Sources::default();
    let mut cx = Diagnostics::new();
    let layouts = run(path, origin, options, &mut sources, &mut cx);
    match (layouts, cx.into_result()) {
        (Some(layouts), Ok(warnings)) => Ok(Loaded { layouts, warnings, sources }),
        (_, Ok(diagnostics) | Err(diagnostics)) => Err(Failure { diagnostics, sources }),
    }
}

/// The stages, one after another. A stage runs only on what all before it found sound.
fn run(
    path: &Path,
    origin: Origin<'_, '_>,
    options: &Options,
    sources: &mut Sources,
    cx: &mut Diagnostics,
) -> Option<Layouts> {
    let mut spec = read::read(path, origin, sources, cx)?;
    intern::expand(&mut spec, cx);
    let model = check::check(&spec, path, options.profile.as_deref(), cx)?;
    let mut clashes = Diagnostics::new();
    // Neither asks what the other finds.
    let (types, ()) = both(
        model.types.len() >= MANY,
        || {
            drop(spec);
            layout::lay_out_types(&model, cx)
        },
        || check::check_clashes(&model, &mut clashes),
    );
    cx.append(clashes);
    let layouts = Layouts { types: types?, model };
    if !cx.has_errors() {
        check::check_limits(&layouts, cx);
    }
    (!cx.has_errors()).then_some(layouts)
}

/// Types of which so many take longer to check than a thread takes to start.
const MANY: usize = 100;

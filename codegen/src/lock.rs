//! `layouts.lock`, if there is one, compared on every build, so that nobody forgets to write it again.

use std::path::{Path, PathBuf};

use bpf_layout_check::sentence;
use bpf_layout_spec::{
    file,
    lock::{self, Lock as Locked},
    source::Sources,
};

use crate::Error;

/// What a build does about a `layouts.lock` beside the spec that is not up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// It warns. Where there is no lock, it says nothing.
    #[default]
    Warn,
    /// It fails, also where there is no lock.
    Deny,
    /// It does not look.
    Ignore,
}

/// What a look at the lock came to.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// The lock, if there is one.
    pub(crate) input: Option<PathBuf>,
    /// What is wrong with it.
    pub(crate) warning: Option<String>,
}

/// Compares the lock of this spec with it.
///
/// # Errors
/// If it is not up to date or cannot be read, and that is denied.
pub(crate) fn check(spec: &Path, mode: Lock) -> Result<Looked, Error> {
    if mode == Lock::Ignore {
        return Ok(Looked::default());
    }
    let path = lock::path_of(spec);
    if !path.exists() {
        let missing = || Error::Lock(format!("there is no `{}`{}", path.display(), help(spec)));
        return if mode == Lock::Deny { Err(missing()) } else { Ok(Looked::default()) };
    }
    let found = complaint(spec, &path)?;
    match (found, mode) {
        (Some(complaint), Lock::Deny) => Err(Error::Lock(complaint)),
        (warning, _) => Ok(Looked { input: Some(path), warning }),
    }
}

/// What is wrong with a lock, if anything is.
fn complaint(spec: &Path, path: &Path) -> Result<Option<String>, Error> {
    let text = match file::read_text(path) {
        Ok(text) => text,
        Err(error) => return Ok(Some(format!("cannot read `{}`: {error}{}", path.display(), help(spec)))),
    };
    let locked = match Locked::parse(&text) {
        Ok(locked) => locked,
        Err(error) => {
            let mut sources = Sources::default();
            sources.add(path, text);
            return Ok(Some(format!("{}: {error}\n  = help: {}", sources.place(error.span), error.help)));
        }
    };
    let (base, profiles) = lock::load_all(spec)?;
    let differences = locked.stale(&base.layouts, &profiles, &path.display().to_string());
    let Some((first, rest)) = differences.split_first() else { return Ok(None) };
    let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
    let first = sentence(first, &base.sources);
    Ok(Some(format!("{} is stale: {first}{more}{}", path.display(), help(spec))))
}

fn help(spec: &Path) -> String {
    format!("\n  = help: run `cargo bpf-layout lock --spec {}`", spec.display())
}

//! `layouts.lock`: what a spec comes to, resolved, under each of its profiles, in a form to be committed and reviewed.
//!
//! One line says one fact, in columns whose width does not depend on other lines, so that a diff shows the facts that
//! changed and no others. Definitions stand in the order of generated code: as in the spec, but each before those that
//! are made of it. A profile lists only the definitions that it changes.
//!
//! [`Lock::of`] makes one of a spec, [`Lock::text`] writes it, [`Lock::parse`] reads it back, and [`Lock::stale`] says in
//! the words of [`compare`](mod@crate::compare) what the spec has otherwise.

mod body;
mod facts;
mod observe;
mod parse;
mod stale;
mod tokens;
mod write;

use std::path::{Path, PathBuf};

pub use tokens::Error;

use crate::{
    Failure, Loaded, Options,
    definition::{Definition, definitions},
    fingerprint::{Fingerprint, Known},
    layout::Layouts,
};

/// Version of the format, which the file begins with.
pub const FORMAT: u32 = 1;

/// What a lock says, or would say of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The version of the layouts: `version` of the spec.
    pub version: u32,
    /// Without a profile.
    pub base: Vec<Locked>,
    /// Under each profile: its name, and everything as it is under it, in the order of the base.
    pub profiles: Vec<(String, Vec<Locked>)>,
}

/// A definition with its fingerprint.
#[derive(Clone, Debug)]
pub struct Locked {
    /// The type or map.
    pub definition: Definition,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Where the lock has it, a line from 1; 0 if it comes from a spec.
    pub line: usize,
}

impl PartialEq for Locked {
    /// Whether both say the same, wherever they stand.
    fn eq(&self, other: &Self) -> bool {
        self.definition == other.definition && self.fingerprint == other.fingerprint
    }
}

impl Eq for Locked {}

impl Lock {
    /// What the lock of a spec says. Takes the spec as [`load_all`] gives it.
    #[must_use]
    pub fn of(base: &Layouts, profiles: &[Layouts]) -> Self {
        let named = profiles.iter().filter_map(|layouts| Some((layouts.model.profile.clone()?, locked(layouts))));
        Lock { version: base.model.version.number, base: locked(base), profiles: named.collect() }
    }

    /// What it says under a profile, or without one.
    #[must_use]
    pub fn under(&self, profile: Option<&str>) -> Option<&[Locked]> {
        match profile {
            None => Some(&self.base),
            Some(name) => self.profiles.iter().find(|(found, _)| found == name).map(|(_, locked)| locked.as_slice()),
        }
    }
}

fn locked(layouts: &Layouts) -> Vec<Locked> {
    let mut known = Known::default();
    let lock = |definition: Definition| Locked { fingerprint: known.add(&definition), definition, line: 0 };
    definitions(layouts).into_iter().map(lock).collect()
}

/// Where the lock of a spec lies: beside it, `layouts.lock` for `layouts.toml`.
#[must_use]
pub fn path_of(spec: &Path) -> PathBuf {
    spec.with_extension("lock")
}

/// A spec under every profile, first without one, then in the order of the file.
///
/// # Errors
/// The first of them that is not valid.
pub fn load_all(spec: &Path) -> Result<(Loaded, Vec<Layouts>), Failure> {
    let base = crate::load(spec, &Options::default())?;
    let under = |name: &String| Ok(crate::load(spec, &Options { profile: Some(name.clone()) })?.layouts);
    let profiles = base.layouts.model.profiles.iter().map(under).collect::<Result<Vec<_>, _>>()?;
    Ok((base, profiles))
}

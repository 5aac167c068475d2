//! Each object is compared with the spec before anyone gets to use it. A header that was included from elsewhere, a
//! struct repeated by hand, a `#pragma pack` before the include: the static assertions of the header see none of what
//! happens outside of it, the object's BTF shows all of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_check as check;
use bpf_layout_emit::write::WriteError;
use bpf_layout_spec::{Loaded, diag::Severity};

use crate::error::Error;

/// The rule about types of one name.
const TWO_LAYOUTS: &str = "two-layouts";

/// Refuses an object whose types, maps or records are not as the spec says. What the spec does not have is told by the
/// warnings that are returned, a line each.
pub(crate) fn refuse_mismatch(loaded: &Loaded, source: &Path, object: &Path) -> Result<Vec<String>, Error> {
    let (name, bytes) = read(object)?;
    let outcome = check::check(&loaded.layouts, [(name.as_str(), bytes.as_slice())]).map_err(Error::Unreadable)?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        outcome.differences.into_iter().partition(|difference| difference.rule.severity == Severity::Error);
    // Two types of one name are told of all objects together, as warnings if the spec does not have them.
    let errors: Vec<_> = errors.into_iter().filter(|difference| difference.span.is_some()).collect();
    if !errors.is_empty() {
        let differences = check::plain(&errors, &loaded.sources);
        return Err(Error::Mismatch { path: source.to_path_buf(), differences });
    }
    Ok(warnings.iter().map(|warning| check::one_line(warning, &loaded.sources)).collect())
}

/// What all objects together say in two ways: maps whose keys or values are structs of one name and two layouts. The spec
/// does not have them, or the objects would have been refused, so each is a warning, of a line.
pub(crate) fn two_layouts(loaded: &Loaded, objects: &[PathBuf]) -> Result<Vec<String>, Error> {
    let contents = objects.iter().map(|object| read(object)).collect::<Result<Vec<_>, _>>()?;
    let objects = contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let outcome = check::check(&loaded.layouts, objects).map_err(Error::Unreadable)?;
    let twins = outcome.differences.iter().filter(|difference| difference.rule.id == TWO_LAYOUTS);
    // An error where somebody asks for a check, as nothing says here that anyone reads both maps.
    let told = |difference| format!("warning[{TWO_LAYOUTS}]: {}", check::sentence(difference, &loaded.sources));
    Ok(twins.map(told).collect())
}

/// An object's name and bytes.
fn read(object: &Path) -> Result<(String, Vec<u8>), WriteError> {
    let bytes = fs::read(object).map_err(|source| WriteError { action: "read", path: object.to_path_buf(), source })?;
    Ok((object.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes))
}

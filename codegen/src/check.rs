//! Each object is compared with the spec before anyone gets to use it. A header that was included from elsewhere, a
//! struct repeated by hand, a `#pragma pack` before the include: the static assertions of the header see none of what
//! happens outside of it, the object's BTF shows all of it.

use std::{fs, path::Path};

use bpf_layout_check as check;
use bpf_layout_emit::write::WriteError;
use bpf_layout_spec::{Loaded, diag::Severity};

use crate::error::Error;

/// Refuses an object whose types, maps or records are not as the spec says. What the spec does not have is told by the
/// warnings that are returned, a line each.
pub(crate) fn refuse_mismatch(loaded: &Loaded, source: &Path, object: &Path) -> Result<Vec<String>, Error> {
    let bytes = fs::read(object).map_err(|source| WriteError { action: "read", path: object.to_path_buf(), source })?;
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    let outcome = check::check(&loaded.layouts, [(&*name, bytes.as_slice())]).map_err(Error::Unreadable)?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        outcome.differences.into_iter().partition(|difference| difference.rule.severity == Severity::Error);
    // Two types of one name that the spec does not have are the program's own business.
    let errors: Vec<_> = errors.into_iter().filter(|difference| difference.span.is_some()).collect();
    if !errors.is_empty() {
        let differences = check::plain(&errors, &loaded.sources);
        return Err(Error::Mismatch { path: source.to_path_buf(), differences });
    }
    Ok(warnings.iter().map(|warning| check::one_line(warning, &loaded.sources)).collect())
}

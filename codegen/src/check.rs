//! Each object is compared with the spec before anyone gets to use it. A header that was included from elsewhere, a
//! struct repeated by hand, a `#pragma pack` before the include: the static assertions of the header see none of what
//! happens outside of it, the object's BTF shows all of it.

use std::{fs, path::Path};

use bpf_layout_check as check;
use bpf_layout_emit::write::WriteError;
use bpf_layout_spec::Loaded;

use crate::error::Error;

/// Refuses an object whose types or maps are not as the spec says.
pub(crate) fn refuse_mismatch(loaded: &Loaded, source: &Path, object: &Path) -> Result<(), Error> {
    let bytes = fs::read(object).map_err(|source| WriteError { action: "read", path: object.to_path_buf(), source })?;
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    let outcome = check::check(&loaded.layouts, [(&*name, bytes.as_slice())]).map_err(Error::Unreadable)?;
    // Two types of one name that the spec does not have are the program's own business.
    let differences: Vec<_> = outcome.differences.into_iter().filter(|difference| difference.span.is_some()).collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::Mismatch { path: source.to_path_buf(), differences: check::plain(&differences, &loaded.sources) })
}

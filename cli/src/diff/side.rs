//! One of the two specs: `[REVISION:]FILE[#PROFILE]`.

use std::path::Path;

use bpf_layout_emit::render;
use bpf_layout_spec::{Loaded, Options, source::Sources};

use super::git::Revision;
use crate::{failure::Failure, remark};

/// A spec that was asked for.
pub(super) struct Side {
    /// As it was asked for.
    pub(super) label: String,
    pub(super) loaded: Loaded,
}

impl Side {
    /// Loads what `label` names. A file of exactly this name comes before every other reading of it.
    pub(super) fn load(label: &str) -> Result<Side, Failure> {
        let (file, profile) = match label.rsplit_once('#') {
            Some((file, profile)) if !Path::new(label).exists() => (file, Some(profile.to_owned())),
            _ => (label, None),
        };
        if file.is_empty() || profile.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::new(
                format_args!("`{label}` names no spec"),
                "write `[REVISION:]FILE[#PROFILE]`, such as `layouts.toml#lean` or `HEAD:layouts.toml`",
            ));
        }
        let options = Options { profile };
        let loaded = match file.split_once(':') {
            Some((revision, path)) if !Path::new(file).exists() => from_git(revision, path, &options)?,
            _ => bpf_layout_spec::load(Path::new(file), &options)?,
        };
        Ok(Side { label: label.to_owned(), loaded })
    }
}

fn from_git(revision: &str, path: &str, options: &Options) -> Result<Loaded, Failure> {
    let tree = Revision::find(revision)?;
    let path = tree.path(path);
    let named = |sources: &Sources| {
        let mut named = Sources::default();
        for (_, source) in sources.iter() {
            named.add(format!("{revision}:{}", source.path.display()), source.text.as_str());
        }
        named
    };
    match bpf_layout_spec::load_with(Path::new(&path), &mut |path| tree.read(path), options) {
        Ok(loaded) => Ok(Loaded { sources: named(&loaded.sources), ..loaded }),
        Err(failure) => Err(bpf_layout_spec::Failure { sources: named(&failure.sources), ..failure }.into()),
    }
}

/// Prints the warnings of both, those that are the same once.
pub(super) fn warn(old: &Side, new: &Side) {
    let text = |side: &Side| match side.loaded.warnings.as_slice() {
        [] => String::new(),
        warnings => render::styled(warnings, &side.loaded.sources),
    };
    let (before, after) = (text(old), text(new));
    remark(&before);
    if after != before {
        remark(&after);
    }
}

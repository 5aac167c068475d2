//! Finding and loading the spec.

use std::{
    env,
    path::{Path, PathBuf},
};

use bpf_layout_emit::render;
use bpf_layout_spec::{Loaded, Options};

use crate::{args::SpecOptions, failure::Failure, remark};

/// What the spec is called where nothing else is said.
const DEFAULT: &str = "layouts.toml";

/// Loads the spec that was asked for, printing its warnings to standard error.
pub(crate) fn load(options: &SpecOptions) -> Result<Loaded, Failure> {
    let path = path(options.spec.as_deref())?;
    // A variable that is set to nothing asks for no profile; so does `--profile ""`.
    let profile = options.profile.clone().filter(|name| !name.is_empty());
    let loaded = bpf_layout_spec::load(&path, &Options { profile })?;
    warn(&loaded);
    Ok(loaded)
}

/// Prints the warnings of a spec to standard error.
pub(crate) fn warn(loaded: &Loaded) {
    if !loaded.warnings.is_empty() {
        remark(&render::styled(&loaded.warnings, &loaded.sources));
    }
}

/// The spec that was asked for, or the nearest.
pub(crate) fn path(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    asked.map_or_else(nearest, |path| Ok(path.to_path_buf()))
}

/// The `layouts.toml` of this folder or the nearest above it, as a path relative to this folder.
fn nearest() -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|error| {
        Failure::new(format_args!("cannot tell the current folder: {error}"), "name the spec: `--spec FILE`")
    })?;
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(DEFAULT).is_file() {
            return Ok(up.join(DEFAULT));
        }
        up.push("..");
    }
    Err(Failure::new(
        format_args!("there is no `{DEFAULT}` in `{}` or above", Path::display(&here)),
        "write one with `cargo bpf-layout init`, or name another: `--spec FILE`",
    ))
}

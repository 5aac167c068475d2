//! A spec as a file or a git revision has it: `[REVISION:]FILE[#PROFILE]`.

mod git;

use std::path::Path;

use bpf_layout_emit::render;
use bpf_layout_spec::{Loaded, Options, source::Sources};

use self::git::Revision;
use crate::{failure::Failure, remark};

/// A spec that was asked for.
pub(crate) struct Side {
    /// As it was asked for.
    pub(crate) label: String,
    pub(crate) loaded: Loaded,
}

impl Side {
    /// Loads what `label` names. A file of exactly this name comes before every other reading of it.
    pub(crate) fn load(label: &str) -> Result<Side, Failure> {
        let (file, profile) = parts(label, "`layouts.toml#lean` or `HEAD:layouts.toml`")?;
        let options = Options { profile };
        let loaded = match file.split_once(':') {
            Some((revision, path)) if !Path::new(file).exists() => from_git(revision, path, Path::new("."), &options)?,
            _ => bpf_layout_spec::load(Path::new(file), &options)?,
        };
        Ok(Side { label: label.to_owned(), loaded })
    }

    /// Loads what another spec is to be compared with. A revision alone means the same file there, and without `#PROFILE`
    /// the profile is the same, too.
    pub(crate) fn load_beside(label: &str, spec: &Loaded) -> Result<Side, Failure> {
        let (file, profile) = parts(label, "`main`, `HEAD~3:layouts.toml` or `released.toml#lean`")?;
        let options = Options { profile: profile.or_else(|| spec.layouts.model.profile.clone()) };
        let loaded = match file.split_once(':') {
            _ if Path::new(file).is_file() => bpf_layout_spec::load(Path::new(file), &options)?,
            Some((revision, path)) => from_git(revision, path, Path::new("."), &options)?,
            None => {
                let path = spec.sources.paths().next().unwrap_or(Path::new("layouts.toml"));
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                from_git(file, &format!("./{name}"), folder, &options)?
            }
        };
        Ok(Side { label: label.to_owned(), loaded })
    }
}

/// What stands before `#`, and the profile after it. A file of exactly this name has no profile.
fn parts<'a>(label: &'a str, examples: &str) -> Result<(&'a str, Option<String>), Failure> {
    let (file, profile) = match label.rsplit_once('#') {
        Some((file, profile)) if !Path::new(label).exists() => (file, Some(profile.to_owned())),
        _ => (label, None),
    };
    if file.is_empty() || profile.as_ref().is_some_and(String::is_empty) {
        let help = format!("write `[REVISION:]FILE[#PROFILE]`, such as {examples}");
        return Err(Failure::new(format_args!("`{label}` names no spec"), &help));
    }
    Ok((file, profile))
}

/// Reads a spec and what it includes from a revision of the repository that `folder` lies in.
fn from_git(revision: &str, path: &str, folder: &Path, options: &Options) -> Result<Loaded, Failure> {
    if path.is_empty() {
        let help = format!("write the path of the spec after it, or `{revision}` alone for this spec there");
        return Err(Failure::new(format_args!("`{revision}:` names no file"), &help));
    }
    let tree = Revision::find(revision, folder)?;
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
pub(crate) fn warn(old: &Side, new: &Side) {
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

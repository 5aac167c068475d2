//! From C sources to BPF objects and their skeletons, through libbpf-cargo.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_emit::write::{self, WriteError};
use bpf_layout_spec::Loaded;
use libbpf_cargo::SkeletonBuilder;
use libbpf_rs::{ObjectBuilder, libbpf_sys};

use crate::{
    Builder, Object, Output, check,
    clang::{CLANG_VARIABLE, Clang},
    clashes, depfile,
    error::Error,
    literals, located, skeleton_names, vmlinux, warnings,
};

/// What all sources of a build share.
struct Workshop<'a> {
    loaded: &'a Loaded,
    out_dir: &'a Path,
    clang: Clang,
    /// With libbpf's headers.
    libbpf: PathBuf,
    vmlinux: Option<PathBuf>,
    more: &'a [OsString],
    /// The generated header.
    header: PathBuf,
}

/// Builds every source of `builder` and adds what came of it to `output`.
pub(crate) fn build_all(builder: &Builder, loaded: &Loaded, out_dir: &Path, output: &mut Output) -> Result<(), Error> {
    let sources: Vec<PathBuf> = builder.sources.iter().map(|path| located(path)).collect();
    let names = names(&sources)?;
    if builder.clang.is_none() {
        output.variables.push(CLANG_VARIABLE);
    }
    let (vmlinux, watched) = match &builder.vmlinux {
        Some(from) => vmlinux::provide(from, out_dir).map(|(folder, watched)| (Some(folder), watched))?,
        None => (None, None),
    };
    output.inputs.extend(watched);
    let workshop = Workshop {
        loaded,
        out_dir,
        clang: Clang::find(builder.clang.as_deref())?,
        libbpf: libbpf_headers(out_dir)?,
        vmlinux,
        more: &builder.clang_args,
        header: output.header.clone(),
    };
    literals::check(builder.literals, loaded, &sources, output)?;
    for (source, name) in sources.iter().zip(names) {
        workshop.build(source, name, output)?;
    }
    let objects: Vec<PathBuf> = output.objects.iter().map(|object| object.object.clone()).collect();
    output.warnings.extend(check::two_layouts(loaded, &objects)?);
    Ok(())
}

/// What objects and skeletons are named after: each source's file name without `.bpf.c`.
fn names(sources: &[PathBuf]) -> Result<Vec<&str>, Error> {
    let mut names: Vec<&str> = Vec::new();
    for path in sources {
        let refuse = |reason| Err(Error::SourceName { path: path.clone(), reason });
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = file.strip_suffix(".bpf.c") else {
            return refuse("the name of a BPF program's source ends in `.bpf.c`");
        };
        // libbpf-cargo makes Rust types of the name, a word for each part between underscores.
        let is_word = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric());
        if !name.split('_').all(is_word) || name.starts_with(|letter: char| letter.is_ascii_digit()) {
            return refuse("Rust types are named after it: letters, digits and single underscores only");
        }
        if names.contains(&name) {
            return refuse("another source has the same name, and their objects would be one file");
        }
        names.push(name);
    }
    Ok(names)
}

/// Puts libbpf's headers where they keep one path. libbpf-cargo has them in a folder of another name for each run, and
/// that name would get into the object's line information and so change the skeleton each time.
fn libbpf_headers(out_dir: &Path) -> Result<PathBuf, Error> {
    let folder = out_dir.join("libbpf");
    let headers = libbpf_sys::API_HEADERS.iter().map(|(name, contents)| write::Output {
        path: folder.join("bpf").join(name),
        contents: contents.as_bytes().to_vec(),
    });
    write::write_if_changed(&headers.collect::<Vec<_>>())?;
    Ok(folder)
}

impl Workshop<'_> {
    /// Builds one source in a folder of its own, and moves the results to their places when all went well.
    fn build(&self, source: &Path, name: &str, output: &mut Output) -> Result<(), Error> {
        let staging = tempfile::Builder::new()
            .prefix(".bpf-layout-")
            .tempdir_in(self.out_dir)
            .map_err(|source| WriteError { action: "write to", path: self.out_dir.to_path_buf(), source })?;
        let object = staging.path().join(format!("{name}.bpf.o"));
        let skeleton = staging.path().join(format!("{name}.skel.rs"));
        let depfile = staging.path().join("depfile");

        let mut builder = SkeletonBuilder::new();
        builder.source(source).obj(&object).clang(&self.clang.program).clang_args(self.arguments(source, &depfile));
        // Skeletons are for rustc; rustfmt, where it is missing, broken or of another version, only makes them differ.
        builder.rustfmt(staging.path().join("no-rustfmt"));
        let (built, warnings) = warnings::collected(|| builder.build());
        built.map_err(|error| self.compile_error(source, error.root_cause().to_string()))?;
        if !warnings.is_empty() {
            output.warnings.push(warnings.join("\n"));
        }
        self.watch(&depfile, output)?;
        output.warnings.extend(check::refuse_mismatch(self.loaded, source, &object)?);
        refuse_breaking_names(source, &object)?;
        builder
            .generate(&skeleton)
            .map_err(|error| Error::Skeleton { path: source.to_path_buf(), reason: format!("{error:#}") })?;

        let finished = [self.finish(&object)?, self.finish(&skeleton)?];
        write::write_if_changed(&finished)?;
        let [object, skeleton] = finished.map(|file| file.path);
        output.objects.push(Object { source: source.to_path_buf(), object, skeleton });
        Ok(())
    }

    fn arguments(&self, source: &Path, depfile: &Path) -> Vec<OsString> {
        let mut folders = vec![self.out_dir, self.libbpf.as_path()];
        folders.extend(source.parent().filter(|folder| !folder.as_os_str().is_empty()));
        let mut arguments = self.clang.arguments(&folders, self.vmlinux.as_deref(), self.more);
        // Line information names files. The same sources give the same object wherever package and target folder are.
        let here = env::current_dir().ok();
        let renamed = here.iter().map(|folder| (folder.as_path(), "=.")).chain([(self.out_dir, "=generated")]);
        for (folder, name) in renamed {
            let mut map = OsString::from("-ffile-prefix-map=");
            map.push(folder);
            map.push(name);
            arguments.push(map);
        }
        arguments.extend(["-MMD".into(), "-MT".into(), "object".into(), "-MF".into(), depfile.into()]);
        arguments
    }

    /// clang's messages, or the likelier reason for them: it took another header for the generated one.
    fn compile_error(&self, source: &Path, messages: String) -> Error {
        let beside = self.header.file_name().map(|name| source.with_file_name(name));
        match beside.filter(|path| path.is_file()) {
            Some(found) => Error::HiddenHeader { found, generated: self.header.clone() },
            None => {
                let help = clashes::advice(&messages, self.loaded, &self.header);
                Error::Compile { path: source.to_path_buf(), messages, help }
            }
        }
    }

    /// Adds to the inputs what clang read, unless it is the system's or was made here.
    fn watch(&self, depfile: &Path, output: &mut Output) -> Result<(), Error> {
        let rule = fs::read_to_string(depfile).map_err(|source| WriteError {
            action: "read",
            path: depfile.to_path_buf(),
            source,
        })?;
        for path in depfile::prerequisites(&rule) {
            if path.starts_with(self.out_dir) {
                continue;
            }
            if path.file_name() == self.header.file_name() {
                return Err(Error::HiddenHeader { found: path, generated: self.header.clone() });
            }
            if !output.inputs.contains(&path) {
                output.inputs.push(path);
            }
        }
        Ok(())
    }

    /// A staged file as one to be written to its place in the output folder.
    fn finish(&self, staged: &Path) -> Result<write::Output, WriteError> {
        let contents =
            fs::read(staged).map_err(|source| WriteError { action: "read", path: staged.to_path_buf(), source })?;
        let path = staged.file_name().map_or_else(|| staged.to_path_buf(), |name| self.out_dir.join(name));
        Ok(write::Output { path, contents })
    }
}

/// Refuses what would become a skeleton that does not compile.
fn refuse_breaking_names(source: &Path, object: &Path) -> Result<(), Error> {
    let failed = |error: libbpf_rs::Error| Error::Skeleton { path: source.to_path_buf(), reason: error.to_string() };
    let object = ObjectBuilder::default().open_file(object).map_err(failed)?;
    let programs = object.progs().map(|program| ("program", program.name().to_string_lossy().into_owned()));
    let maps = object.maps().map(|map| ("map", map.name().to_string_lossy().into_owned()));
    let breaking = programs.chain(maps).find(|(what, name)| match *what {
        "program" => skeleton_names::breaks_as_program(name),
        _ => skeleton_names::breaks_as_map(name),
    });
    match breaking {
        Some((what, name)) => Err(Error::SkeletonName { path: source.to_path_buf(), what, name }),
        None => Ok(()),
    }
}

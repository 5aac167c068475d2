//! Why a build failed, said so that its reader knows what to do.

use std::{fmt, io, path::PathBuf};

use bpf_layout_emit::{render, write::WriteError};

use crate::clang::OLDEST_CLANG;

/// Why a build failed. `Display` takes several lines where that helps.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no `OUT_DIR`: this is no build script, and [`crate::Builder::out_dir`] was not called.
    NoOutDir,
    /// The spec is not valid.
    Spec(bpf_layout_spec::Failure),
    /// Maps cost more than their budget allows: which, and the ways back under it.
    Budget(String),
    /// `layouts.lock` is missing, stale or damaged, and [`crate::Lock::Deny`] asks for it.
    Lock(String),
    /// A file cannot be read or written.
    File(WriteError),
    /// A C source has a name that no object or skeleton can be named after.
    SourceName {
        /// The source.
        path: PathBuf,
        /// What is wrong with its name.
        reason: &'static str,
    },
    /// clang cannot be run.
    NoClang {
        /// What was run: `clang`, or the value of the variable `CLANG`.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// clang does not say its version as clang does.
    NotClang {
        /// What was run.
        program: PathBuf,
    },
    /// clang is older than version 14, the oldest that the generated headers are tested with.
    OldClang {
        /// What was run.
        program: PathBuf,
        /// Its major version.
        version: u32,
    },
    /// clang refuses a source.
    Compile {
        /// The source.
        path: PathBuf,
        /// What clang says.
        messages: String,
        /// What to do about it, where that can be told: a line each.
        help: Vec<String>,
    },
    /// Another header of the same name hides the generated one.
    HiddenHeader {
        /// The header that clang took.
        found: PathBuf,
        /// The generated one.
        generated: PathBuf,
    },
    /// The BTF of an object cannot be read.
    Unreadable(bpf_layout_check::Unreadable),
    /// An object has types or maps that are not as the spec says.
    Mismatch {
        /// The source.
        path: PathBuf,
        /// Each difference with both sides, at its line of the spec.
        differences: String,
    },
    /// A source has numbers that the spec has a name for, and [`crate::Builder::literals`] denies them: each at its line.
    Literals(String),
    /// libbpf or libbpf-cargo cannot make a skeleton of an object.
    Skeleton {
        /// The source.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A program or map has a name that libbpf-cargo's skeletons use for themselves.
    SkeletonName {
        /// The source.
        path: PathBuf,
        /// `program` or `map`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is no `vmlinux.h` to be had.
    Vmlinux(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoOutDir => {
                write!(f, "there is no OUT_DIR, which cargo sets for build scripts\n  = help: call `.out_dir(...)`")
            }
            Error::Spec(failure) => f.write_str(render::plain(&failure.diagnostics, &failure.sources).trim_end()),
            Error::Budget(text) | Error::Lock(text) => f.write_str(text),
            Error::File(error) => error.fmt(f),
            Error::SourceName { path, reason } => write!(f, "`{}`: {reason}", path.display()),
            Error::NoClang { program, source } => write!(
                f,
                "cannot run `{}`, which compiles the BPF programs: {source}\n{INSTALL_CLANG}",
                program.display()
            ),
            Error::NotClang { program } => write!(
                f,
                "`{}` is not clang, which compiles the BPF programs\n  = help: set CLANG to one, such as `clang-19`",
                program.display()
            ),
            Error::OldClang { program, version } => write!(
                f,
                "`{}` is clang {version}; BPF programs need clang {OLDEST_CLANG} or newer\n{INSTALL_CLANG}\n  \
                 = help: or set CLANG to another one, such as `clang-19`",
                program.display()
            ),
            Error::Compile { path, messages, help } => {
                write!(f, "clang refuses `{}`\n{}", path.display(), messages.trim_end())?;
                help.iter().try_for_each(|help| write!(f, "\n  = help: {help}"))
            }
            Error::HiddenHeader { found, generated } => write!(
                f,
                "`{}` hides the generated header of the same name, so C and Rust may disagree\n  \
                 = note: clang looks beside the including file first; the generated one is `{}`\n  \
                 = help: remove it, or include it by another name",
                found.display(),
                generated.display()
            ),
            Error::Unreadable(error) => error.fmt(f),
            Error::Mismatch { path, differences } => write!(
                f,
                "{}\n\n`{}` does not agree with the spec\n  \
                 = help: take types and maps from the generated header, or write in the spec what is meant",
                differences.trim_end(),
                path.display()
            ),
            Error::Literals(findings) => write!(
                f,
                "{}\n\nnumbers that the spec has a name for are denied by the build script\n  \
                 = help: write the names, or allow a place: `/* bpf-layout: allow(RULE) why */`",
                findings.trim_end()
            ),
            Error::Skeleton { path, reason } => write!(f, "no skeleton of `{}`: {reason}", path.display()),
            Error::SkeletonName { path, what, name } => write!(
                f,
                "`{}`: the {what} `{name}` would break its skeleton, in which libbpf-cargo uses that name itself\n  \
                 = help: rename the {what}",
                path.display()
            ),
            Error::Vmlinux(reason) => write!(f, "there is no vmlinux.h: {reason}"),
        }
    }
}

const INSTALL_CLANG: &str =
    "  = help: sudo apt-get install clang\n  = help: or, on Fedora and its kin: sudo dnf install clang";

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::File(error) => Some(error),
            Error::NoClang { source, .. } => Some(source),
            Error::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<bpf_layout_spec::Failure> for Error {
    fn from(failure: bpf_layout_spec::Failure) -> Self {
        Error::Spec(failure)
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Error::File(error)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn what_the_system_or_a_reader_said_is_the_source() {
        let said = |error: Error| error.source().map(ToString::to_string);
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let file = WriteError { action: "read", path: "a.c".into(), source: denied() };
        assert_eq!(said(Error::File(file)), Some(format!("cannot read `a.c`: {}", denied())));
        assert_eq!(said(Error::NoClang { program: "clang".into(), source: denied() }), Some(denied().to_string()));
        let spec = |_: &std::path::Path| Ok("spec = 1\n".to_owned());
        let loaded = bpf_layout_spec::load_with("a.toml".as_ref(), &mut { spec }, &Default::default()).expect("a spec");
        let object = bpf_layout_check::check(&loaded.layouts, [("a.o", &b"text"[..])]).expect_err("no object");
        assert_eq!(said(Error::Unreadable(object.clone())), Some(object.to_string()));
        assert_eq!(said(Error::NoOutDir), None);
    }
}

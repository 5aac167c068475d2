//! BPF programs of the benchmarks, built as a build script builds them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::c;
use bpf_layout_spec::{Options, load};
use libbpf_rs::libbpf_sys;

/// The object of a program of `kernel/` with a profile of `kernel/layouts.toml`, and with something defined.
///
/// # Errors
/// If clang refuses it, or a file cannot be written.
pub(crate) fn compile(
    program: &str,
    profile: Option<&str>,
    define: Option<&str>,
    folder: &Path,
) -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel");
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded =
        load(&sources.join("layouts.toml"), &options).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let headers = folder.join("bpf");
    let write = |path: &Path, text: &str| fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    fs::create_dir_all(&headers).map_err(|error| format!("{}: {error}", headers.display()))?;
    for (name, text) in libbpf_sys::API_HEADERS {
        write(&headers.join(name), text)?;
    }
    write(&folder.join("layouts.h"), &c::header(&loaded.layouts))?;
    let object = folder.join("program.bpf.o");
    let mut clang = Command::new("clang");
    clang.args(["--target=bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", "/usr/include", "-idirafter"]);
    clang.arg(format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH)).arg("-I").arg(folder);
    clang.args(define.map(|name| format!("-D{name}")));
    clang.arg("-c").arg(sources.join(program)).arg("-o").arg(&object);
    let output = clang.output().map_err(|error| format!("cannot run clang: {error}"))?;
    if output.status.success() { Ok(object) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

//! BPF objects of generated headers, and compilers for other machines.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use bpf_layout_emit::c;
use bpf_layout_spec::layout::Layouts;

use crate::{Unit, foreign_header};

/// Compilers of BPF, the first that is there.
const BPF_COMPILERS: &[&str] = &["clang-19", "clang", "clang-16", "clang-14"];

/// Whether a program is there. If not, says so, and fails where the environment says that every tool must be.
///
/// # Panics
/// If it is missing, and `BPF_LAYOUT_REQUIRE_TOOLS=1` asks for it.
#[must_use]
pub fn has_tool(program: &str) -> bool {
    if Command::new(program).arg("--version").output().is_ok() {
        return true;
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
    println!("skipped: {program} is not installed");
    false
}

/// The first compiler of BPF that is there.
#[must_use]
pub fn bpf_compiler() -> Option<&'static str> {
    BPF_COMPILERS.iter().copied().find(|program| Command::new(program).arg("--version").output().is_ok())
}

/// Writes what a unit's program is made of: its header, what it has from the kernel, and a source that uses all of it.
///
/// # Panics
/// If the folder cannot be written.
pub fn write(unit: &Unit, layouts: &Layouts, folder: &Path) {
    let file = |name: &str| folder.join(format!("{}.{name}", unit.name));
    let (foreign, header) = (format!("{}.foreign.h", unit.name), format!("{}.layouts.h", unit.name));
    let mut source = format!("#include \"{foreign}\"\n#include \"{header}\"\n\n");
    let named = layouts.model.records().filter(|(_, record)| !record.anonymous);
    for (number, (_, record)) in named.enumerate() {
        let keyword = if record.kind == bpf_layout_spec::model::RecordKind::Union { "union" } else { "struct" };
        let _ = writeln!(source, "{keyword} {} use{number};", record.name.c);
    }
    source.push_str("\n#ifdef __BPF__\n");
    for map in &layouts.model.maps {
        let _ = writeln!(source, "DEFINE_{}_MAP;", map.name.upper);
    }
    source.push_str("#endif\n");
    for (name, text) in [("foreign.h", foreign_header(unit)), ("layouts.h", c::header(layouts)), ("c", source)] {
        fs::write(file(name), text).expect("a writable folder");
    }
}

/// Compiles what [`write()`] has written into an object, and gives its bytes.
///
/// # Panics
/// If the compiler refuses it.
#[must_use]
pub fn compile(compiler: &str, unit: &Unit, folder: &Path) -> Vec<u8> {
    let object = format!("{}.o", unit.name);
    let source = format!("{}.c", unit.name);
    run(compiler, &["--target=bpf", "-g", "-O2", "-w", "-c", &source, "-o", &object], folder);
    fs::read(folder.join(object)).expect("an object")
}

/// Compiles a text of C for BPF, and gives the bytes of the object.
///
/// # Panics
/// If the compiler refuses it.
#[must_use]
pub fn compile_text(compiler: &str, text: &str, folder: &Path) -> Vec<u8> {
    let (source, object) = (folder.join("text.c"), folder.join("text.o"));
    fs::write(source, text).expect("a writable folder");
    run(compiler, &["--target=bpf", "-g", "-w", "-c", "text.c", "-o", "text.o"], folder);
    fs::read(object).expect("an object")
}

/// Runs a program to its end.
///
/// # Panics
/// If it fails, with what it says.
pub fn run(program: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}:\n{said}", arguments.join(" "));
}

//! Objects that compilers make.

use std::{
    fs,
    process::{Command, Stdio},
};

/// A compiler that makes BPF objects, with its arguments beside the files.
pub(crate) type Compiler = (&'static str, &'static [&'static str]);

/// Every compiler whose objects must be understood, in both byte orders, and with the newest instructions.
pub(crate) const COMPILERS: &[Compiler] = &[
    ("clang-14", &["--target=bpf", "-g", "-O2"]),
    ("clang-16", &["--target=bpf", "-g", "-O2"]),
    ("clang-19", &["--target=bpf", "-g", "-O2"]),
    ("clang-19", &["--target=bpf", "-g", "-O2", "-mcpu=v4"]),
    ("clang-19", &["--target=bpfeb", "-g", "-O2"]),
    // At -O2, GCC 12 takes the numbers of helpers out of loops, and then refuses its own code.
    ("bpf-gcc", &["-gbtf", "-O1", "-fno-tree-loop-im", "-fno-move-loop-invariants"]),
];

/// Whether a program is there. If not, says so, and fails where the environment says that every tool must be.
pub(crate) fn has_tool(program: &str) -> bool {
    if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return true;
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
    eprintln!("skipped: {program} is not installed");
    false
}

/// Compiles a program and gives the bytes of its object, or what the compiler said.
pub(crate) fn compile(compiler: Compiler, program: &str) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, object) = (folder.path().join("program.c"), folder.path().join("program.o"));
    fs::write(&source, program).expect("a writable file");
    let (command, arguments) = compiler;
    let output = Command::new(command)
        .args(arguments)
        .args(["-w", "-c"])
        .arg(&source)
        .arg("-o")
        .arg(&object)
        .output()
        .unwrap_or_else(|error| panic!("{command}: {error}"));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(fs::read(object).expect("the compiler wrote an object"))
}

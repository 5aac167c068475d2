//! BPF objects built by clang from a spec and a program, as a build script would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bpf_layout::libbpf::libbpf_rs::{MapCore as _, MapHandle, Object, libbpf_sys};
use bpf_layout_emit::c;
use bpf_layout_spec::Options;

/// Whether clang is there. If not, says so, and fails where the environment says that every tool must be.
pub(crate) fn clang() -> bool {
    let found = Command::new("clang").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "clang is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
    eprintln!("skipped: clang is not installed");
    false
}

/// Compiles `program`, which includes the header of `spec`, both beside the tests.
pub(crate) fn compile(spec: &str, program: &str, arguments: &[&str]) -> Vec<u8> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let loaded = bpf_layout_spec::load(&tests.join(spec), &Options::default()).expect("the spec is valid");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let headers = folder.path().join("bpf");
    fs::create_dir_all(&headers).expect("a writable folder");
    for (name, text) in libbpf_sys::API_HEADERS {
        fs::write(headers.join(name), text).expect("a writable file");
    }
    fs::write(folder.path().join("layouts.h"), c::header(&loaded.layouts)).expect("a writable file");
    let object = folder.path().join("program.o");
    let output = Command::new("clang")
        .args(["--target=bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", "/usr/include", "-idirafter"])
        .args([&multiarch(), Path::new("-I"), folder.path()])
        .args(arguments)
        .arg("-c")
        .args([&tests.join(program), Path::new("-o"), &object])
        .output()
        .expect("clang runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(&object).expect("clang wrote an object")
}

/// Where the headers of this machine lie that depend on it.
fn multiarch() -> PathBuf {
    let found = Command::new("clang").arg("-print-multiarch").output();
    let triple = found.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let triple = if triple.is_empty() { format!("{}-linux-gnu", std::env::consts::ARCH) } else { triple };
    Path::new("/usr/include").join(triple)
}

/// A map of a loaded object.
#[allow(dead_code, reason = "each test binary uses its part")]
pub(crate) fn handle(object: &Object, name: &str) -> MapHandle {
    let map = object.maps().find(|map| map.name() == name).expect("the object has the map");
    MapHandle::try_from(&map).expect("a handle")
}

/// The BTF of an object, by the header of its section: what `objcopy -O binary --only-section=.BTF` writes.
#[allow(dead_code, reason = "each test binary uses its part")]
pub(crate) fn section(object: &[u8]) -> &[u8] {
    let number = |at: usize, len: usize| {
        let part = object[at..at + len].iter().rev();
        part.fold(0, |value, byte| value << 8 | usize::from(*byte))
    };
    // Elf64_Ehdr and Elf64_Shdr of elf(5), little-endian as this machine.
    let (headers, size, count, names) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2), number(0x3e, 2));
    let header = |index: usize| headers + index * size;
    let names = number(header(names) + 0x18, 8);
    let found = (0..count).map(header).find(|header| object[names + number(*header, 4)..].starts_with(b".BTF\0"));
    let found = found.expect("clang -g writes it");
    let start = number(found + 0x18, 8);
    &object[start..start + number(found + 0x20, 8)]
}

//! A package with a derived struct, built by the real cargo: that it is built again when the spec changes and not
//! otherwise, and that the spec is found.
#![forbid(unsafe_code)]

mod common;

use common::{Package, manifest};

const SPEC: &str = r#"spec = 1
include = ["lengths.toml"]

[struct.file]
fields = [{ name = "pid", type = "u32" }, { name = "path", type = "str[PATH]" }]

[profile.long]
lengths.PATH = 128
"#;

const LENGTHS: &str = "spec = 1\n[lengths]\nPATH = 64\n";

const MAIN: &str = r#"#![forbid(unsafe_code)]
#[derive(Clone, Copy, bpf_layout::BpfLayout)]
#[bpf_layout(name = "file")]
#[repr(C)]
struct File {
    pid: u32,
    path: [u8; LEN],
}
const LEN: usize = 64;
fn main() {
    let file = <File as bpf_layout::Layout>::zeroed();
    println!("{} {}", size_of_val(&file), file.pid as usize + file.path.len());
}
"#;

/// What a build came to.
#[derive(Debug, PartialEq, Eq)]
enum Build {
    /// Nothing had to be done.
    Fresh,
    Built,
    /// The lines that begin with `error[`.
    Failed(Vec<String>),
}

fn build(package: &Package, variables: &[(&str, &str)]) -> Build {
    let output = package.cargo(&["build", "--verbose"], variables);
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let errors: Vec<_> = text.lines().filter(|line| line.starts_with("error[")).map(String::from).collect();
        assert!(!errors.is_empty(), "{text}");
        return Build::Failed(errors);
    }
    // Shown when a test fails: why cargo built what it should not have.
    text.lines().filter(|line| line.contains("Dirty")).for_each(|line| eprintln!("{line}"));
    if text.contains(&format!("Fresh {} v0.1.0", package.name)) { Build::Fresh } else { Build::Built }
}

fn error(found: usize, line: usize, expected: usize) -> Build {
    let message = format!(
        "error[E0080]: evaluation panicked: `path` is `[u8; {found}]` here, {found} bytes; layouts.toml:{line} says \
         `str[PATH]`, {expected} bytes: write `bpf_layout::Str<{expected}>` or `[u8; {expected}]`"
    );
    Build::Failed(vec![message])
}

#[test]
fn a_changed_spec_is_seen_and_nothing_else_builds_again() {
    let package = Package::new("derived-follows");
    package.write("layouts.toml", SPEC);
    package.write("lengths.toml", LENGTHS);
    package.write("src/main.rs", MAIN);
    assert_eq!(build(&package, &[]), Build::Built);
    assert_eq!(build(&package, &[]), Build::Fresh);

    package.edit("notes.txt", "nothing depends on this");
    assert_eq!(build(&package, &[]), Build::Fresh);
    package.edit("lengths.toml", &LENGTHS.replace("64", "32"));
    assert_eq!(build(&package, &[]), error(64, 5, 32));
    package.edit("lengths.toml", LENGTHS);
    package.edit("layouts.toml", &SPEC.replace("u32", "i32"));
    assert!(
        matches!(build(&package, &[]), Build::Failed(errors) if errors.len() == 1 && errors[0].contains("`pid` is `u32` here"))
    );
    package.edit("layouts.toml", SPEC);
    assert_eq!(build(&package, &[]), Build::Built);

    assert_eq!(build(&package, &[("BPF_LAYOUT_PROFILE", "long")]), error(64, 5, 128));
    package.write(
        "other/layouts.toml",
        &format!("\n{}", SPEC.replace("include = [\"lengths.toml\"]", "lengths = { PATH = 16 }")),
    );
    assert_eq!(build(&package, &[("BPF_LAYOUT_SPEC", "other/layouts.toml")]), {
        let Build::Failed(errors) = error(64, 6, 16) else { unreachable!("it is an error") };
        Build::Failed(errors.into_iter().map(|error| error.replace("layouts.toml:", "other/layouts.toml:")).collect())
    });
    assert_eq!(build(&package, &[]), Build::Built);
}

#[test]
fn a_crate_finds_the_spec_above_it_and_says_when_there_is_none() {
    let package = Package::new("derived-above");
    package.write("src/main.rs", MAIN);
    let output = package.cargo(&["build"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("error: there is no `layouts.toml` in the crate's folder, nor in one above it"), "{text}");
    assert!(text.contains("--> src/main.rs:5:8"), "at the struct: {text}");

    package.write("agent/src/lib.rs", &MAIN.replace("= 64", "= 63").replace("fn main", "pub fn run"));
    package.write("layouts.toml", SPEC);
    package.write("lengths.toml", LENGTHS);
    package.write("agent/Cargo.toml", &manifest("derived-inside"));
    let output = package.cargo(&["build", "--manifest-path", "agent/Cargo.toml"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("`path` is `[u8; 63]` here, 63 bytes; ../layouts.toml:5 says"), "{text}");
}

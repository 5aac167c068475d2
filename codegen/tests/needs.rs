//! The package's own build script, which says what to install before libbpf-sys fails without it.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The build script, compiled, in a folder with programs that stand for the machine's.
struct Machine {
    folder: TempDir,
    script: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let script = folder.path().join("script");
        let compiled = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", "2024", "-o"])
            .arg(&script)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs"))
            .status();
        assert!(compiled.is_ok_and(|status| status.success()), "build.rs does not compile");
        Machine { folder, script }
    }

    /// A program that is there and does this.
    fn with(self, name: &str, does: &str) -> Self {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        self
    }

    /// What the script tells cargo, without what to watch.
    fn says(&self, variables: &[(&str, &str)]) -> Vec<String> {
        let output = Command::new(&self.script)
            .env_clear()
            .env("PATH", self.folder.path())
            .envs(variables.iter().copied())
            .output()
            .expect("the script runs");
        assert!(output.status.success());
        let lines = String::from_utf8(output.stdout).expect("text");
        lines.lines().filter(|line| !line.starts_with("cargo::rerun-if")).map(String::from).collect()
    }
}

#[test]
fn a_machine_with_everything_hears_nothing() {
    let machine = Machine::new().with("cc", "").with("make", "").with("pkg-config", "");
    assert_eq!(machine.says(&[]), [""; 0]);
}

#[test]
fn missing_libraries_are_named_with_their_packages() {
    let compiler = "case \"$*\" in *libelf.h*|*zlib.h*) exit 1;; esac";
    let machine = Machine::new().with("cc", compiler).with("make", "").with("pkg-config", "[ $1 != --exists ]");
    assert_eq!(
        machine.says(&[]),
        [
            "cargo::error=libbpf cannot be built: libelf.h, zlib.h missing",
            "cargo::error=  = help: sudo apt-get install libelf-dev zlib1g-dev",
            "cargo::error=  = help: or, on Fedora and its kin: sudo dnf install elfutils-libelf-devel zlib-devel",
            "cargo::error=  = help: or enable the feature `vendored` of bpf-layout-codegen, which builds both from source",
        ]
    );
    assert_eq!(machine.says(&[("CARGO_FEATURE_VENDORED", "1")]), [""; 0]);
}

#[test]
fn a_library_that_only_pkg_config_knows_is_there() {
    let machine = Machine::new().with("cc", "[ \"$1\" = --version ]").with("make", "").with("pkg-config", "");
    assert_eq!(machine.says(&[]), [""; 0]);
}

#[test]
fn missing_programs_are_named_with_their_packages() {
    let machine = Machine::new();
    let said = machine.says(&[]);
    assert_eq!(said[0], "cargo::error=libbpf cannot be built: a C compiler, make, pkg-config missing");
    assert_eq!(said[1], "cargo::error=  = help: sudo apt-get install gcc make pkg-config");
    let machine = machine.with("gcc", "").with("make", "").with("pkgconf", "");
    assert_eq!(machine.says(&[("CC", "gcc"), ("PKG_CONFIG", "pkgconf")]), [""; 0]);
}

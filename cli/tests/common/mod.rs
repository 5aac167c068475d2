//! Running the real command in a folder of its own.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_cargo-bpf-layout");

/// A small valid spec.
pub(crate) const SPEC: &str = r#"spec = 1

[lengths]
PATH = 64

[struct.value]
fields = [{ name = "pid", type = "u32" }, { name = "path", type = "str[PATH]" }]

[map.values]
type = "hash"
key = "u32"
value = "value"
max_entries = 16

[profile.long]
lengths.PATH = 4096
"#;

/// What a run of the command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            status: output.status.code().expect("it exits by itself"),
            out: String::from_utf8(output.stdout).expect("output is text"),
            err: String::from_utf8(output.stderr).expect("errors are text"),
        }
    }
}

/// The command, to be run in `folder`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    command.args(arguments).current_dir(folder).env_remove("BPF_LAYOUT_PROFILE").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the command in `folder`.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    command(folder, arguments).output().expect("the command can be run").into()
}

/// Whether there is a clang; says so if not.
pub(crate) fn has_clang() -> bool {
    has("clang")
}

pub(crate) fn has(program: &str) -> bool {
    let has = Command::new(program).arg("--version").output().is_ok();
    if !has {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "{program} is missing and was required");
        eprintln!("skipped: there is no {program}");
    }
    has
}

/// A temporary folder with [`SPEC`] as its `layouts.toml`.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), SPEC).expect("writable");
    folder
}

/// The names in a folder, sorted; hidden ones, as temporary files are, included.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Compares with `tests/golden/<name>`, or writes it if `BPF_LAYOUT_BLESS` is 1.
pub(crate) fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, found).expect("the golden can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expected, found, "{} differs; BPF_LAYOUT_BLESS=1 rewrites it", path.display());
}

/// Whether the tests that mount a file system can run; says so if not.
pub(crate) fn can_mount() -> bool {
    let folder = TempDir::new().expect("a temporary folder");
    let can = Mounted::new(folder.path(), "size=64k").is_some();
    if !can {
        assert!(env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none(), "mounting is not permitted and was required");
        eprintln!("skipped: mounting a tmpfs takes root");
    }
    can
}

/// A tmpfs, until it is dropped.
pub(crate) struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// Mounts a tmpfs with these options; `None` if that is not permitted.
    pub(crate) fn new(place: &'a Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place).output().ok()?;
        mounted.status.success().then_some(Mounted(place))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

//! A package outside the workspace, built by the real cargo.
#![allow(dead_code, reason = "each test has its own copy of this module and uses a part of it")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// It has the workspace's target folder and so its dependencies, built already. Packages in one target folder need different
/// names: cargo does not tell them apart by their folders.
pub(crate) struct Package {
    folder: TempDir,
    pub(crate) name: &'static str,
}

impl Package {
    pub(crate) fn new(name: &'static str) -> Self {
        let package = Package { folder: TempDir::new().expect("a temporary folder"), name };
        package.write("Cargo.toml", &manifest(name));
        package.write("Cargo.lock", &fs::read_to_string(workspace().join("Cargo.lock")).expect("readable"));
        package
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders");
        fs::write(path, text).expect("writable");
    }

    /// cargo compares times of modification; an edit within their granularity would go unseen.
    pub(crate) fn edit(&self, name: &str, text: &str) {
        thread::sleep(Duration::from_millis(1100));
        self.write(name, text);
    }

    pub(crate) fn cargo(&self, task: &[&str], variables: &[(&str, &str)]) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder");
        Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(task)
            .args(["--offline", "--color", "never"])
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", target)
            .env_remove("BPF_LAYOUT_PROFILE")
            .env_remove("BPF_LAYOUT_SPEC")
            .envs(variables.iter().copied())
            .output()
            .expect("cargo can be run")
    }
}

/// The `Cargo.toml` of a package that needs `bpf-layout` and is in no workspace.
pub(crate) fn manifest(name: &str) -> String {
    format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nbpf-layout = {{ path = {runtime:?} }}\n\n[workspace]\n",
        runtime = workspace().join("runtime"),
    )
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is there")
}

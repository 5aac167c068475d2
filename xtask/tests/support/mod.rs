//! The workspace as its manifest has it.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders of the workspace's crates.
pub(crate) fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    let list = manifest.lines().find_map(|line| line.strip_prefix("members = [")).expect("a line of members");
    let members: Vec<_> =
        list.trim_end_matches(']').split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    assert!(members.len() > 15 && members.iter().any(|member| member == "codegen/emit"), "{members:?}");
    members
}

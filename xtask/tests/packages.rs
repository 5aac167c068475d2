//! Every crate that is not kept back becomes a package that a registry takes: what it needs has versions, and none needs one
//! that needs it.

mod support;

use std::{env, fs, process::Command};

use support::{members, root};

/// The name in a member's manifest, if it may be published.
fn published(member: &str) -> Option<String> {
    let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("readable");
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("a name");
    let is_kept_back = manifest.lines().any(|line| line == "publish = false");
    (!is_kept_back).then(|| name.trim_matches('"').to_owned())
}

#[test]
fn every_published_crate_becomes_a_package() {
    let names: Vec<String> = members().iter().filter_map(|member| published(member)).collect();
    for needed in ["bpf-layout", "bpf-layout-codegen", "cargo-bpf-layout"] {
        assert!(names.iter().any(|name| name == needed), "{needed} is not among {names:?}");
    }
    let folder = root().join("target").join("packages");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["package", "--quiet", "--offline", "--allow-dirty", "--no-verify"]);
    cargo.arg("--target-dir").arg(&folder).args(names.iter().flat_map(|name| ["--package", name]));
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in names {
        let made = fs::read_dir(folder.join("package")).expect("readable").flatten().any(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            file.strip_prefix(&format!("{name}-")).is_some_and(|rest| rest.starts_with('0') && rest.ends_with(".crate"))
        });
        assert!(made, "no package of {name}");
    }
}

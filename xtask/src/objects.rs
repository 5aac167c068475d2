//! The workspace's own objects against the workspace's own spec, under every profile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{cargo, root, shown, succeeds};

/// The variable that names the profile, to build scripts and to `check`.
const PROFILE: &str = "BPF_LAYOUT_PROFILE";

/// Builds the objects of the example and checks them, without a profile last: what is built afterwards is then as it was.
pub(crate) fn check() -> Result<(), String> {
    let mut profiles = profiles()?;
    profiles.push(String::new());
    for profile in &profiles {
        let object = build(profile)?;
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked", "--package", "cargo-bpf-layout", "--", "check"]);
        command.args(["--spec", "layouts.toml", "--object"]).arg(object).env(PROFILE, profile);
        let name = if profile.is_empty() { "no profile".to_owned() } else { format!("profile {profile}") };
        println!("$ {}    # {name}", shown(&command));
        if !succeeds(&mut command)? {
            return Err(format!("the example's object does not agree with layouts.toml ({name})"));
        }
    }
    Ok(())
}

/// The profiles of the spec. That it is valid is for others to see.
fn profiles() -> Result<Vec<String>, String> {
    let path = root().join("layouts.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = |line: &str| line.strip_prefix("[profile.")?.split_once(']').map(|(name, _)| name.to_owned());
    let profiles: Vec<String> = text.lines().filter_map(name).collect();
    if profiles.is_empty() { Err(format!("{} has no profiles", path.display())) } else { Ok(profiles) }
}

/// Runs the example's build script, and gives the path of the object that it made.
fn build(profile: &str) -> Result<PathBuf, String> {
    let mut command = cargo();
    command.args(["check", "--quiet", "--locked", "--package", "exec", "--message-format", "json"]);
    let output = command.env(PROFILE, profile).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run `{}`: {error}", shown(&command)))?;
    if !output.status.success() {
        return Err(format!("`{}` failed", shown(&command)));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let folder = out_dir(&messages).ok_or("cargo does not say where the build script of `exec` wrote to")?;
    Ok(Path::new(folder).join("exec.bpf.o"))
}

/// `OUT_DIR` of the build script of `exec`, from cargo's messages, each of which is JSON in a line.
fn out_dir(messages: &str) -> Option<&str> {
    let is_ours =
        |line: &&str| line.contains(r#""reason":"build-script-executed""#) && line.contains("/examples/exec#");
    let (_, rest) = messages.lines().find(is_ours)?.split_once(r#""out_dir":""#)?;
    rest.split_once('"').map(|(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_found_among_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"build-script-executed","package_id":"path+file:///w/other#0.1.0","out_dir":"/t/other/out"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/examples/exec#0.1.0"}"#,
            "\n",
            r#"{"reason":"build-script-executed","package_id":"path+file:///w/examples/exec#0.1.0","env":[],"out_dir":"/t/exec/out"}"#,
        );
        assert_eq!(out_dir(messages), Some("/t/exec/out"));
        assert_eq!(out_dir(""), None);
    }

    #[test]
    fn the_spec_has_profiles() {
        assert_eq!(profiles().expect("the workspace's spec"), ["before", "after"]);
    }
}

//! The workspace's own objects, sources and lock against the workspace's own spec, under every profile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{cargo, root, shown, succeeds};

/// The variable that names the profile, to build scripts and to `check`.
pub(crate) const PROFILE: &str = "BPF_LAYOUT_PROFILE";

/// The tools, whose objects are called like them.
pub(crate) const TOOLS: &[&str] = &["exec", "fsnotify", "sockets"];

/// Builds the objects of the tools and checks them, without a profile last: what is built afterwards is then as it was.
pub(crate) fn check() -> Result<(), String> {
    let mut profiles = profiles()?;
    profiles.push(String::new());
    for profile in &profiles {
        let objects = build(profile)?;
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked", "--package", "cargo-bpf-layout", "--", "check"]);
        command.args(["--spec", "layouts.toml", "--deny-warnings", "--lock"]).env(PROFILE, profile);
        for (tool, object) in TOOLS.iter().zip(&objects) {
            command.arg("--object").arg(object).arg("--source").arg(format!("bpf-src/{tool}.bpf.c"));
        }
        let name = if profile.is_empty() { "no profile".to_owned() } else { format!("profile {profile}") };
        println!("$ {}    # {name}", shown(&command));
        if !succeeds(&mut command)? {
            return Err(format!("the tools do not agree with layouts.toml ({name})"));
        }
        import(&objects, &name)?;
    }
    Ok(())
}

/// Imports the objects: what comes of it is proven to be identical by the command itself, and is then checked like any spec.
fn import(objects: &[PathBuf], name: &str) -> Result<(), String> {
    let spec = root().join("target/tmp/imported.toml");
    let objects: Vec<&Path> = objects.iter().map(PathBuf::as_path).collect();
    for words in [&["import", "--force", "--output"][..], &["check", "--spec"]] {
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked", "--package", "cargo-bpf-layout", "--"]);
        command.args(words).arg(&spec).env_remove(PROFILE);
        objects.iter().for_each(|object| {
            command.arg("--object").arg(object);
        });
        println!("$ {}    # {name}", shown(&command));
        if !succeeds(&mut command)? {
            return Err(format!("what is imported of the tools is not what they are ({name})"));
        }
    }
    Ok(())
}

/// The profiles of the spec. That it is valid is for others to see.
pub(crate) fn profiles() -> Result<Vec<String>, String> {
    let path = root().join("layouts.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = |line: &str| line.strip_prefix("[profile.")?.split_once(']').map(|(name, _)| name.to_owned());
    let profiles: Vec<String> = text.lines().filter_map(name).collect();
    if profiles.is_empty() { Err(format!("{} has no profiles", path.display())) } else { Ok(profiles) }
}

/// Runs the tools' build scripts, and gives the paths of the objects that they made.
fn build(profile: &str) -> Result<Vec<PathBuf>, String> {
    let mut command = cargo();
    command.args(["check", "--quiet", "--locked", "--message-format", "json"]);
    command.args(TOOLS.iter().flat_map(|tool| ["--package", tool]));
    let output = command.env(PROFILE, profile).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run `{}`: {error}", shown(&command)))?;
    if !output.status.success() {
        return Err(format!("`{}` failed", shown(&command)));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let object = |tool: &&str| {
        let folder = out_dir(&messages, tool);
        let folder = folder.ok_or_else(|| format!("cargo does not say where the build script of `{tool}` wrote to"))?;
        Ok(Path::new(folder).join(format!("{tool}.bpf.o")))
    };
    TOOLS.iter().map(object).collect()
}

/// `OUT_DIR` of a tool's build script, from cargo's messages, each of which is JSON in a line.
fn out_dir<'a>(messages: &'a str, tool: &str) -> Option<&'a str> {
    let package = format!("/examples/{tool}#");
    let is_ours = |line: &&str| line.contains(r#""reason":"build-script-executed""#) && line.contains(&package);
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
        assert_eq!(out_dir(messages, "exec"), Some("/t/exec/out"));
        assert_eq!(out_dir(messages, "sockets"), None);
    }

    #[test]
    fn the_spec_has_profiles() {
        assert_eq!(profiles().expect("the workspace's spec"), ["before", "after", "lean"]);
    }
}

//! What docs/ci.md tells people to copy, run as it stands there.

mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{COMMAND, SPEC, folder};
use saphyr::{LoadableYamlNode as _, Yaml};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/ci.md");

/// The block of code after `<!-- name -->`.
fn block(name: &str) -> &'static str {
    let (_, after) = PAGE.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("no block `{name}`"));
    let (_, code) = after.split_once("```").and_then(|(_, code)| code.split_once('\n')).expect("a block of code");
    code.split_once("\n```").expect("it ends").0
}

/// A repository whose only commit has the spec, its lock and a program; its origin is another one with the same commit.
struct Repository {
    folder: TempDir,
    _origin: TempDir,
}

impl Repository {
    fn new() -> Self {
        let (folder, origin) = (folder(), TempDir::new().expect("a temporary folder"));
        let repository = Repository { folder, _origin: origin };
        repository
            .runs("git init --quiet --initial-branch main && git config user.name a && git config user.email a@b");
        fs::create_dir_all(repository.path().join("src/bpf")).expect("writable");
        fs::write(repository.path().join("src/bpf/a.bpf.c"), "int one;\n").expect("writable");
        repository.runs("cargo bpf-layout lock && git add . && git commit --quiet -m first");
        let origin = repository._origin.path().display().to_string();
        repository.runs(&format!(
            "git clone --quiet --bare . '{origin}' && git remote add origin '{origin}' && git fetch --quiet"
        ));
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a script in bash, in which `cargo bpf-layout` is the command that is tested.
    fn bash(&self, script: &str) -> Output {
        let folder = Path::new(COMMAND).parent().expect("it is in a folder").to_path_buf();
        let others = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([folder].into_iter().chain(env::split_paths(&others))).expect("folders");
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", script]).current_dir(self.path()).env("PATH", path);
        bash.env_remove("BPF_LAYOUT_PROFILE").env("GITHUB_BASE_REF", "main").env("GITHUB_STEP_SUMMARY", self.summary());
        bash.output().expect("bash runs")
    }

    fn runs(&self, script: &str) -> String {
        let output = self.bash(script);
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn summary(&self) -> PathBuf {
        self.path().join("summary.md")
    }

    fn write(&self, spec: &str) {
        fs::write(self.path().join("layouts.toml"), spec).expect("writable");
    }
}

/// The scripts of a workflow's steps, by name.
fn scripts(workflow: &Yaml<'_>) -> Vec<(String, String)> {
    let steps = workflow["jobs"]["layouts"]["steps"].as_vec().expect("steps");
    let script = |step: &Yaml<'_>| {
        let run = step.as_mapping_get("run")?.as_str()?.to_owned();
        Some((step["name"].as_str().unwrap_or_default().to_owned(), run))
    };
    steps.iter().filter_map(script).collect()
}

/// Steps that use the command, in a repository where `change` was made to the spec; whether each succeeded.
fn workflow(change: impl Fn(&Repository)) -> Vec<(String, bool, Repository)> {
    let documents = Yaml::load_from_str(block("workflow")).expect("the workflow is YAML");
    let steps = scripts(&documents[0]).into_iter().filter(|(name, _)| !["Tools", "Build"].contains(&name.as_str()));
    let run = |(name, script): (String, String)| {
        let repository = Repository::new();
        change(&repository);
        let succeeded = repository.bash(&format!("mkdir -p target\n{script}")).status.success();
        (name, succeeded, repository)
    };
    steps.map(run).collect()
}

#[test]
fn the_workflow_passes_where_nothing_is_wrong() {
    let steps = workflow(|_| ());
    let names: Vec<&str> = steps.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["Layouts", "Memory", "What changes"]);
    assert!(
        steps.iter().all(|(_, succeeded, _)| *succeeded),
        "{:?}",
        steps.iter().map(|step| step.1).collect::<Vec<_>>()
    );
}

#[test]
fn the_workflow_fails_for_what_breaks_and_says_what_changes() {
    let steps = workflow(|repository| {
        repository.write(&SPEC.replace("PATH = 64", "PATH = 128"));
        repository.runs("cargo bpf-layout lock");
    });
    assert_eq!(steps.iter().map(|step| step.1).collect::<Vec<_>>(), [false, true, true]);
    let summary = fs::read_to_string(steps[2].2.summary()).expect("a summary");
    assert!(summary.contains("PATH") && summary.contains('|'), "{summary}");
}

#[test]
fn the_workflow_fails_for_a_lock_that_was_forgotten() {
    let steps = workflow(|repository| {
        repository.write(&SPEC.replace(
            "max_entries = 16",
            "max_entries = 16\n\n[map.more]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u32\"\nmax_entries = 1",
        ));
    });
    assert!(!steps[0].1);
}

#[test]
fn the_hook_keeps_the_lock_up_to_date_and_tells_what_breaks() {
    let repository = Repository::new();
    let hook = repository.path().join(".git/hooks/pre-commit");
    fs::write(&hook, block("hook")).expect("writable");
    repository.runs("chmod +x .git/hooks/pre-commit");

    repository.runs("echo >>src/bpf/a.bpf.c && git commit --quiet -am unrelated");
    repository.write(&SPEC.replace("PATH = 64", "PATH = 128"));
    let output = repository.bash("git commit --quiet -am longer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("This commit breaks somebody"), "{told}");
    assert!(repository.runs("git show --stat HEAD").contains("layouts.lock"));
    repository.runs("cargo bpf-layout check --lock");
}

#[test]
fn the_configuration_of_pre_commit_runs_what_there_is() {
    let documents = Yaml::load_from_str(block("pre-commit")).expect("it is YAML");
    let hook = &documents[0]["repos"][0]["hooks"][0];
    let repository = Repository::new();
    repository.runs(hook["entry"].as_str().expect("a command"));
    repository.write(&SPEC.replace("PATH = 64", "PATH = 128"));
    assert!(!repository.bash(hook["entry"].as_str().expect("a command")).status.success());
}

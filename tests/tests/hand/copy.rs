//! A user's copy of the example: its sources and its `layouts.toml`, in a workspace of their own.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

use serde_json::Value;

/// What the copy consists of, from the root of the repository.
const PARTS: &[&str] = &["layouts.toml", "bpf-src", "examples/exec", "Cargo.lock"];

/// Prints, in the example's own package and so from its own generated types, what Rust knows.
const PROBE: &str = r#"
//! What Rust knows of the example's layouts.
bpf_layout::include_layouts!();

fn main() {
    let call = ExecInFlight::default();
    println!(
        "{{\"call\": {}, \"path\": {}, \"cwd\": {}, \"exepath\": {}, \"file\": {}}}",
        size_of::<ExecInFlight>(), PATH_LEN, size_of_val(&call.cwd), size_of_val(&call.exepath), size_of_val(&call.file),
    );
}
"#;

/// A copy of the example that can be edited and built.
pub(crate) struct Copy {
    folder: PathBuf,
    target: PathBuf,
}

/// What one `cargo build` made.
pub(crate) struct Built {
    /// The example.
    pub(crate) program: PathBuf,
    /// The program that prints what Rust knows.
    pub(crate) probe: PathBuf,
    /// The folder of generated files and the BPF object.
    pub(crate) out_dir: PathBuf,
    /// Whether anything was compiled, or the build script was run again.
    pub(crate) anything_rebuilt: bool,
}

impl Copy {
    /// A fresh copy. Its folder has always the same name, so that cargo knows again what it compiled last time.
    pub(crate) fn new() -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder").to_owned();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hand");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last copy can be removed");
        }
        fs::create_dir_all(&folder).expect("the target folder can be written");
        let root = fs::canonicalize("..").expect("tests/ lies in the repository");
        for part in PARTS {
            copy(&root.join(part), &folder.join(part)).unwrap_or_else(|error| panic!("{part}: {error}"));
        }
        fs::create_dir_all(folder.join("examples/exec/examples")).expect("the copy can be written");
        fs::write(folder.join("examples/exec/examples/probe.rs"), PROBE).expect("the copy can be written");
        fs::write(folder.join("Cargo.toml"), manifest(&root)).expect("the copy can be written");
        Copy { folder, target }
    }

    /// The spec.
    pub(crate) fn spec(&self) -> PathBuf {
        self.folder.join("layouts.toml")
    }

    /// Every file with its text, but for what cargo itself keeps.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        read_all(&self.folder, &mut files).expect("the copy can be read");
        files.retain(|path, _| !path.ends_with("Cargo.lock"));
        files
    }

    /// `cargo build`, as the user runs it, into the target folder that this test was itself built into.
    pub(crate) fn build(&self) -> Built {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--bins", "--examples", "--message-format=json-render-diagnostics"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("BPF_LAYOUT_PROFILE")
            .stderr(Stdio::piped())
            .output()
            .expect("cargo can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo build failed:\n{said}");
        let messages = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
        let messages: Vec<Value> = messages.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        Built {
            program: executable(&messages, "exec"),
            probe: executable(&messages, "probe"),
            out_dir: out_dir(&messages),
            anything_rebuilt: said.contains("Compiling") || messages.iter().any(|message| message["fresh"] == false),
        }
    }
}

/// The workspace's manifest for a workspace elsewhere: the same dependencies, ours by their absolute paths.
fn manifest(root: &Path) -> String {
    let text = fs::read_to_string(root.join("Cargo.toml")).expect("the repository has a manifest");
    let mut changed = String::new();
    for line in text.lines() {
        if line.starts_with("members = ") {
            changed.push_str("members = [\"examples/exec\"]");
        } else {
            changed.push_str(&line.replace("{ path = \"", &format!("{{ path = \"{}/", root.display())));
        }
        changed.push('\n');
    }
    changed
}

fn executable(messages: &[Value], name: &str) -> PathBuf {
    let made = messages.iter().find(|message| message["target"]["name"] == name && message["executable"].is_string());
    made.and_then(|message| message["executable"].as_str()).unwrap_or_else(|| panic!("cargo made no {name}")).into()
}

fn out_dir(messages: &[Value]) -> PathBuf {
    let is_ours = |message: &&Value| {
        message["reason"] == "build-script-executed"
            && message["package_id"].as_str().is_some_and(|id| id.contains("examples/exec"))
    };
    let message = messages.iter().find(is_ours).expect("the example's build script was run");
    message["out_dir"].as_str().expect("it has an OUT_DIR").into()
}

/// When each file of a folder was last written.
pub(crate) fn times(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let entries = fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("an entry"));
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|entry| (entry.path(), entry.metadata().and_then(|data| data.modified()).expect("a time"))).collect()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().expect("a file lies in a folder"))?;
        return fs::copy(from, to).map(|_| ());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn read_all(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_all(&path, files)?;
        } else {
            files.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(())
}

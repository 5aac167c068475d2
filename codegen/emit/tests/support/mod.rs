//! What the tests of generated C share: the golden specs, and the compilers they are given to.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod age;
pub mod bpf;
pub mod compact;
pub mod judge;
pub mod objects;
pub mod pages;
pub mod rooms;
pub mod uses;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use bpf_layout_emit::render;
use bpf_layout_spec::{Options, layout::Layouts};

/// The folder of golden cases.
pub fn golden_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

/// The spec of one case under one profile, and the header made of it.
pub struct Header {
    /// The folder of the case.
    pub case: String,
    /// `layouts.h`, or `layouts.lean.h` under the profile `lean`.
    pub file_name: String,
    /// Where the golden file lies.
    pub path: PathBuf,
    /// What the emitter writes.
    pub text: String,
    /// What it was made of.
    pub layouts: Layouts,
}

/// The header of every golden case under every profile, in order of names.
pub fn headers() -> Vec<Header> {
    let root = golden_root();
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap_or_else(|error| panic!("{}: {error}", root.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no golden cases in {}", root.display());
    cases.iter().flat_map(|case| headers_of(case)).collect()
}

fn headers_of(case: &Path) -> Vec<Header> {
    let spec = case.join("layouts.toml");
    let plain = load(&spec, None);
    let profiles = plain.model.profiles.clone();
    let mut all = vec![(None, plain)];
    all.extend(profiles.into_iter().map(|profile| (Some(profile.clone()), load(&spec, Some(&profile)))));
    all.into_iter()
        .map(|(profile, layouts)| {
            let file_name = profile.map_or_else(|| "layouts.h".to_owned(), |profile| format!("layouts.{profile}.h"));
            Header {
                case: case.file_name().expect("a name").to_string_lossy().into_owned(),
                path: case.join(&file_name),
                file_name,
                text: bpf_layout_emit::c::header(&layouts),
                layouts,
            }
        })
        .collect()
}

/// Loads a spec that must be valid.
pub fn load(spec: &Path, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    match bpf_layout_spec::load(spec, &options) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}", render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// Loads the text of a spec that must be valid.
pub fn load_text(text: &str, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    let mut read = |_: &Path| Ok(text.to_owned());
    match bpf_layout_spec::load_with(Path::new("layouts.toml"), &mut read, &options) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}", render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// Writes each header to a folder of its own: `<folder>/<case>/<file>`, as the golden files lie.
pub fn write_headers(folder: &Path, headers: &[Header]) -> Vec<PathBuf> {
    headers
        .iter()
        .map(|header| {
            let case = folder.join(&header.case);
            fs::create_dir_all(&case).expect("a writable folder");
            let path = case.join(&header.file_name);
            fs::write(&path, &header.text).expect("a writable file");
            path
        })
        .collect()
}

/// Whether a program is there. If not, says so, and fails where the environment says that every tool must be.
pub fn has_tool(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    assert!(!is_set("BPF_LAYOUT_REQUIRE_TOOLS"), "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS is set");
    eprintln!("skipped: {program} is not installed");
    false
}

/// Whether an environment variable asks for something to be required.
pub fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

/// Runs a command that must succeed without a word.
pub fn run_silently(command: &mut Command) {
    let output = run(command);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.is_empty(), "{command:?} gave {}:\n{text}", output.status);
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Where the host's <asm/types.h> is, which compilers for other targets do not look into.
pub fn host_includes() -> Vec<String> {
    static MULTIARCH: OnceLock<String> = OnceLock::new();
    let multiarch = MULTIARCH.get_or_init(|| {
        let output = run(Command::new("gcc").arg("-print-multiarch"));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    });
    vec!["-idirafter".into(), format!("/usr/include/{multiarch}"), "-idirafter".into(), "/usr/include".into()]
}

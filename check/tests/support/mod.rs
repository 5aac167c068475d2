//! Specs, programs that use all of one, and compilers to build them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

pub mod mutants;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bpf_layout_emit::{c, render};
use bpf_layout_spec::{
    Loaded, Options,
    compare::flags_tag,
    layout::Layouts,
    model::{RecordKind, TypeDef},
};
use libbpf_rs::libbpf_sys;

/// A compiler that makes BPF objects, with its arguments beside the files.
pub type Compiler = (&'static str, &'static [&'static str]);

/// Every compiler whose BTF must be understood, in both byte orders.
pub const COMPILERS: &[Compiler] = &[
    ("clang-13", &["--target=bpf", "-g", "-O2"]),
    ("clang-14", &["--target=bpf", "-g", "-O2"]),
    ("clang-15", &["--target=bpf", "-g", "-O2"]),
    ("clang-16", &["--target=bpf", "-g", "-O2"]),
    ("clang-19", &["--target=bpf", "-g", "-O2"]),
    ("clang-19", &["--target=bpfeb", "-g", "-O2"]),
    ("bpf-gcc", &["-gbtf", "-O2"]),
];

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Loads a spec that must be valid.
pub fn load(path: &Path, profile: Option<&str>) -> Loaded {
    let options = Options { profile: profile.map(str::to_owned) };
    bpf_layout_spec::load(path, &options)
        .unwrap_or_else(|failure| panic!("{}", render::plain(&failure.diagnostics, &failure.sources)))
}

/// A spec from its text.
pub fn spec(text: &str) -> Loaded {
    let read = &mut |_: &Path| Ok(text.to_owned());
    bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default())
        .unwrap_or_else(|failure| panic!("{}", render::plain(&failure.diagnostics, &failure.sources)))
}

/// Whether a program is there. If not, says so, and fails where the environment says that every tool must be. Where it
/// names the programs that may be asked, no other is.
pub fn has_tool(program: &str) -> bool {
    if std::env::var("BPF_LAYOUT_TOOLS").is_ok_and(|tools| !tools.split(' ').any(|tool| tool == program)) {
        return false;
    }
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
    eprintln!("skipped: {program} is not installed");
    false
}

/// A folder with libbpf's headers in it.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let headers = folder.path().join("libbpf/bpf");
    fs::create_dir_all(&headers).expect("a writable folder");
    for (name, text) in libbpf_sys::API_HEADERS {
        fs::write(headers.join(name), text).expect("a writable file");
    }
    folder
}

/// A program that has every record, enum and map of a spec in its BTF, the header being part of it.
pub fn program(layouts: &Layouts) -> String {
    everything(layouts, &c::header(layouts))
}

/// As [`program`], with another header.
pub fn everything(layouts: &Layouts, header: &str) -> String {
    let mut text = format!("{header}\n#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n\n");
    for map in &layouts.model.maps {
        let _ = writeln!(text, "DEFINE_{}_MAP;", map.name.upper);
    }
    for (_, record) in layouts.model.records().filter(|(_, record)| !record.anonymous) {
        let keyword = if record.kind == RecordKind::Union { "union" } else { "struct" };
        let _ = writeln!(text, "{keyword} {0} uses_{0};", record.name.c);
    }
    for def in &layouts.model.types {
        let (tag, values) = match def {
            TypeDef::Enum(def) => (def.name.c.to_string(), &def.variants),
            TypeDef::Flags(def) => (flags_tag(def), &def.bits),
            TypeDef::Record(_) | TypeDef::Extern(_) => continue,
        };
        // Values that need 64 bits are macros in C; without others there is no enum.
        if values.iter().any(|variant| header.contains(&format!("\n\t{} = ", variant.name.c))) {
            let _ = writeln!(text, "enum {tag} uses_enum_{tag};");
        }
    }
    text
}

/// Compiles a program and gives the bytes of its object, or what the compiler said.
pub fn compile(compiler: Compiler, folder: &Path, name: &str, program: &str) -> Result<Vec<u8>, String> {
    let (source, object) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.o")));
    fs::write(&source, program).expect("a writable file");
    let (command, arguments) = compiler;
    let multiarch = Command::new("gcc").arg("-print-multiarch").output();
    let multiarch = multiarch.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let host = format!("/usr/include/{}", multiarch.unwrap_or_default());
    let output = Command::new(command)
        .args(arguments)
        .args(["-w", "-idirafter", &host, "-idirafter", "/usr/include", "-I"])
        .arg(folder.join("libbpf"))
        .arg("-c")
        .arg(&source)
        .arg("-o")
        .arg(&object)
        .output()
        .unwrap_or_else(|error| panic!("{command}: {error}"));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(fs::read(object).expect("the compiler wrote an object"))
}

/// The specs that every gate must pass: the root's and all golden cases, each under every profile.
pub fn specs() -> Vec<(String, Loaded)> {
    let golden = root().join("tests/golden");
    let cases = fs::read_dir(&golden).expect("the golden cases").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = cases.filter(|path| path.is_dir()).map(|path| path.join("layouts.toml")).collect();
    paths.push(root().join("layouts.toml"));
    paths.sort();
    let mut specs = Vec::new();
    for path in paths {
        let plain = load(&path, None);
        let profiles = plain.layouts.model.profiles.clone();
        let case = path.parent().and_then(Path::file_name).map_or("root".into(), |name| name.to_string_lossy());
        specs.push((case.clone().into_owned(), plain));
        for profile in profiles {
            specs.push((format!("{case}-{profile}"), load(&path, Some(&profile))));
        }
    }
    specs
}

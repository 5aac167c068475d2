//! The BPF objects that kernels are asked about: of every golden header, of the programs that other tests run, and of the
//! example tools, by each compiler. They are built here, or were built before for a kernel that has no compilers beside it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    Header,
    bpf::{Compiler, Program},
    compact::Case,
    headers, load, rooms, uses,
};

/// The folder of objects that were built before.
const BUILT: &str = "BPF_LAYOUT_OBJECTS";

/// Specs of compact events whose programs are among the objects: `compact-0` is of the first.
const COMPACT: u64 = 3;

/// The example tools, whose sources are called like them.
const TOOLS: [&str; 3] = ["exec", "fsnotify", "sockets"];

/// Sends compact events in the way that takes newer helpers.
const DYNPTR: &str = "BPF_LAYOUT_DYNPTR";

/// An object, called `SOURCE.COMPILER.bpf.o`.
pub struct Built {
    pub source: String,
    pub compiler: String,
    pub path: PathBuf,
}

/// Which objects are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// For kernels that are asked once in a while: all.
    All,
    /// For every run of the tests: not those of the tools, whose own tests load them, and by compilers that are told what
    /// instructions to take only those with functions whose bounds verifiers have to see.
    Usual,
}

/// The objects, in order of their sources. Where none were built before, the usual ones are built in this folder.
pub fn objects(folder: &Path) -> Vec<Built> {
    let before = env::var_os(BUILT).map(PathBuf::from);
    if before.is_none() {
        build(folder, Extent::Usual);
    }
    let folder = before.as_deref().unwrap_or(folder);
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut all: Vec<Built> = entries.map(|entry| Built::of(entry.expect("a folder entry").path())).collect();
    all.sort_by(|a, b| (&a.source, &a.compiler).cmp(&(&b.source, &b.compiler)));
    all
}

impl Built {
    /// The number of its spec, of a program of random compact events.
    pub fn compact(&self) -> Option<u64> {
        let number = self.source.strip_prefix("compact-")?;
        number.strip_suffix("-dynptr").unwrap_or(number).parse().ok()
    }

    fn of(path: PathBuf) -> Self {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let parts = name.strip_suffix(".bpf.o").and_then(|name| name.split_once('.'));
        let (source, compiler) = parts.unwrap_or_else(|| panic!("what is {name}?"));
        Built { source: source.into(), compiler: compiler.into(), path }
    }
}

/// Builds objects into a folder, which has nothing else afterwards.
pub fn build(folder: &Path, extent: Extent) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("a writable folder");
    let (sources, next) = (sources(), AtomicUsize::new(0));
    let one_after_another = || {
        while let Some((name, program)) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
            let own = tempfile::tempdir().expect("a temporary folder");
            for compiler in
                Compiler::all().filter(|compiler| takes(name, *compiler) && extent.has(name, program, *compiler))
            {
                let object = program.compile(compiler, own.path());
                fs::copy(object, folder.join(format!("{name}.{compiler}.bpf.o"))).expect("a writable folder");
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(one_after_another);
        }
    });
}

impl Extent {
    fn has(self, source: &str, program: &Program, compiler: Compiler) -> bool {
        let is_bounded = || program.header.contains("__bpf_layout_bound(");
        self == Extent::All || !source.starts_with("tool-") && (compiler.cpu.is_none() || is_bounded())
    }
}

/// Whether a source can be compiled so. `sockets` asks for what an atomic operation found, as v3 and later can.
fn takes(source: &str, compiler: Compiler) -> bool {
    !source.starts_with("tool-sockets") || compiler.cpu.is_some()
}

/// What objects are made of, each by its name.
fn sources() -> Vec<(String, Program)> {
    let mut all: Vec<(String, Program)> = Vec::new();
    for header in headers() {
        all.push((golden_name(&header), uses::program(&header)));
    }
    for number in 0..COMPACT {
        all.push((format!("compact-{number}"), Case::new(number).program()));
    }
    all.push(("rooms".into(), rooms::program()));
    for (name, program) in all.clone() {
        if program.header.contains(DYNPTR) {
            all.push((format!("{name}-dynptr"), program.defining(DYNPTR)));
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let of_tests = [
        ("init", "codegen/emit/tests/kernel/layouts.toml", "codegen/emit/tests/kernel/init.bpf.c"),
        ("readers", "codegen/emit/tests/kernel/layouts.toml", "codegen/emit/tests/kernel/readers.bpf.c"),
        ("intern", "runtime/tests/intern/layouts.toml", "runtime/tests/intern/program.bpf.c"),
        ("wakeups", "runtime/tests/wakeups/layouts.toml", "runtime/tests/wakeups/program.bpf.c"),
    ];
    for (name, spec, source) in of_tests {
        all.push((name.into(), including(&root.join(spec), None, &root.join(source))));
    }
    let spec = root.join("layouts.toml");
    let profiles = load(&spec, None).model.profiles;
    for profile in profiles.iter().map(|profile| Some(profile.as_str())).chain([None]) {
        for tool in TOOLS {
            let name = format!("tool-{tool}{}", profile.map(|profile| format!("-{profile}")).unwrap_or_default());
            let program = including(&spec, profile, &root.join(format!("bpf-src/{tool}.bpf.c")));
            // As their build scripts have them compiled, which ask for less warnings.
            let text = format!("#pragma clang diagnostic ignored \"-Wunused-parameter\"\n{}", program.text);
            all.push((name, Program { text, ..program }.defining(&format!("__TARGET_ARCH_{}", architecture()))));
        }
    }
    all
}

/// What libbpf's headers call this machine.
fn architecture() -> &'static str {
    match env::consts::ARCH {
        "x86_64" => "x86",
        "aarch64" => "arm64",
        "riscv64" => "riscv",
        other => other,
    }
}

/// `golden-optional-lean`: the case and, if there is one, the profile.
fn golden_name(header: &Header) -> String {
    let profile = header.file_name.strip_prefix("layouts.").and_then(|name| name.strip_suffix(".h"));
    format!("golden-{}{}", header.case, profile.map(|profile| format!("-{profile}")).unwrap_or_default())
}

/// A program that lies elsewhere, with the header of a spec.
fn including(spec: &Path, profile: Option<&str>, source: &Path) -> Program {
    let header = bpf_layout_emit::c::header(&load(spec, profile));
    Program { header, text: format!("#include \"{}\"\n", source.display()) }
}

//! Building BPF objects from generated headers, and running them in this kernel.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use libbpf_rs::{MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, ProgramInput, libbpf_sys};

use super::{has_tool, host_includes, is_set, run_silently};

/// The compilers that BPF programs are built with.
pub const CLANGS: [&str; 3] = ["clang-14", "clang-16", "clang-19"];

/// Each with the instructions that it takes by itself, and with those that it can be told to take. Newer ones change how a
/// bound is checked in one register and used in another: v3 has jumps on 32 bits, v4 loads and moves that extend the sign.
pub const COMPILERS: [Compiler; 7] = [
    Compiler { clang: "clang-14", cpu: None },
    Compiler { clang: "clang-16", cpu: None },
    Compiler { clang: "clang-19", cpu: None },
    Compiler { clang: "clang-14", cpu: Some("v3") },
    Compiler { clang: "clang-16", cpu: Some("v3") },
    Compiler { clang: "clang-19", cpu: Some("v3") },
    Compiler { clang: "clang-19", cpu: Some("v4") },
];

/// A compiler, and the instructions that it is told to use.
#[derive(Clone, Copy, Debug)]
pub struct Compiler {
    pub clang: &'static str,
    pub cpu: Option<&'static str>,
}

impl Compiler {
    /// Those that are installed.
    pub fn all() -> impl Iterator<Item = Compiler> {
        static INSTALLED: OnceLock<Vec<&str>> = OnceLock::new();
        let installed = INSTALLED.get_or_init(|| CLANGS.into_iter().filter(|clang| has_tool(clang)).collect());
        COMPILERS.into_iter().filter(|compiler| installed.contains(&compiler.clang))
    }

    /// Compiles a program against the headers of `folder` and of libbpf, without a warning.
    pub fn compile(self, folder: &Path, source: &Path) -> PathBuf {
        let libbpf = folder.join("libbpf/bpf");
        if !libbpf.exists() {
            fs::create_dir_all(&libbpf).expect("a writable folder");
            for (name, text) in libbpf_sys::API_HEADERS {
                fs::write(libbpf.join(name), text).expect("a writable file");
            }
        }
        let name = source.file_name().expect("a name").to_string_lossy().replace(".bpf.c", "").replace(".c", "");
        let object = folder.join(format!("{name}.{self}.bpf.o"));
        let mut command = Command::new(self.clang);
        command.args(["--target=bpf", "-std=gnu11", "-g", "-O2", "-Wall", "-Wextra", "-Werror"]);
        command.args(self.cpu.map(|cpu| format!("-mcpu={cpu}")));
        command.arg("-isystem").arg(folder.join("libbpf")).arg("-I").arg(folder).args(host_includes());
        run_silently(command.arg("-c").arg(source).arg("-o").arg(&object));
        object
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.clang)?;
        self.cpu.map_or(Ok(()), |cpu| write!(f, "-{cpu}"))
    }
}

/// A program and the header that it includes.
#[derive(Clone)]
pub struct Program {
    /// `layouts.h`.
    pub header: String,
    pub text: String,
}

impl Program {
    /// With a line before everything else.
    #[must_use]
    pub fn defining(self, name: &str) -> Self {
        Program { text: format!("#define {name}\n{}", self.text), ..self }
    }

    /// Compiles it in a folder.
    pub fn compile(&self, compiler: Compiler, folder: &Path) -> PathBuf {
        fs::write(folder.join("layouts.h"), &self.header).expect("a writable file");
        let source = folder.join("program.bpf.c");
        fs::write(&source, &self.text).expect("a writable file");
        compiler.compile(folder, &source)
    }
}

/// Compiles a program with what a clang takes by itself.
pub fn compile(clang: &'static str, folder: &Path, source: &Path) -> PathBuf {
    Compiler { clang, cpu: None }.compile(folder, source)
}

/// Whether this process may load BPF programs. If not, says so, and fails where the environment says that it must.
pub fn is_permitted() -> bool {
    let options = libbpf_sys::bpf_map_create_opts {
        sz: size_of::<libbpf_sys::bpf_map_create_opts>() as libbpf_sys::size_t,
        ..Default::default()
    };
    match MapHandle::create(MapType::Array, Some("probe"), 4, 4, 1, &options) {
        Ok(_) => true,
        Err(error) => {
            assert!(!is_set("BPF_LAYOUT_REQUIRE_KERNEL"), "BPF is not permitted: {error}");
            eprintln!("skipped: BPF is not permitted: {error}");
            false
        }
    }
}

/// Loads an object with all its maps and programs.
pub fn load(object: &Path) -> Object {
    let open = ObjectBuilder::default().open_file(object);
    let open = open.unwrap_or_else(|error| panic!("{}: {error:?}", object.display()));
    open.load().unwrap_or_else(|error| panic!("{}: {error:?}", object.display()))
}

/// Runs a raw tracepoint program in this process with these arguments, and gives what it returns.
pub fn run_program(object: &Object, name: &str, arguments: &[u64]) -> i32 {
    let program = object.progs_mut().find(|program| program.name() == name);
    let program = program.unwrap_or_else(|| panic!("no program {name}"));
    let mut context: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_ne_bytes()).collect();
    let context_in = (!context.is_empty()).then_some(context.as_mut_slice());
    let input = ProgramInput { context_in, ..ProgramInput::default() };
    let output = program.test_run(input).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    output.return_value.cast_signed()
}

/// The value of a map's first entry.
pub fn first_value(object: &Object, map: &str) -> Vec<u8> {
    with_map(object, map, |map| map.lookup(&0u32.to_ne_bytes(), MapFlags::ANY)).expect("a lookup").expect("an entry")
}

/// Sets the value of a map's first entry.
pub fn set_first_value(object: &Object, map: &str, value: &[u8]) {
    with_map(object, map, |map| map.update(&0u32.to_ne_bytes(), value, MapFlags::ANY)).expect("an update");
}

/// Calls `f` with a map of an object.
pub fn with_map<T>(object: &Object, name: &str, f: impl FnOnce(&libbpf_rs::Map<'_>) -> T) -> T {
    let map = object.maps().find(|map| map.name() == name);
    f(&map.unwrap_or_else(|| panic!("no map {name}")))
}

//! Building BPF objects from generated headers, and running them in this kernel.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
};

use bpf_layout_spec::layout::Layouts;
use libbpf_rs::{
    MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, ProgramInput, RingBufferBuilder, libbpf_sys,
};

use super::{has_tool, host_includes, is_set, run_silently};

/// The compilers that BPF programs are built with.
pub const CLANGS: [&str; 3] = ["clang-14", "clang-16", "clang-19"];

/// What has a program send through dynptrs.
pub const DYNPTR: &str = "#define BPF_LAYOUT_DYNPTR\n";

/// Compiles a program against the headers of `folder` and of libbpf, without a warning.
pub fn compile(clang: &str, folder: &Path, source: &Path) -> PathBuf {
    let libbpf = folder.join("libbpf/bpf");
    if !libbpf.exists() {
        fs::create_dir_all(&libbpf).expect("a writable folder");
        for (name, text) in libbpf_sys::API_HEADERS {
            fs::write(libbpf.join(name), text).expect("a writable file");
        }
    }
    let name = source.file_name().expect("a name").to_string_lossy().replace(".bpf.c", "").replace(".c", "");
    let object = folder.join(format!("{name}.{clang}.bpf.o"));
    let mut command = Command::new(clang);
    command.args(["--target=bpf", "-std=gnu11", "-g", "-O2", "-Wall", "-Wextra", "-Werror"]);
    command.arg("-isystem").arg(folder.join("libbpf")).arg("-I").arg(folder).args(host_includes());
    run_silently(command.arg("-c").arg(source).arg("-o").arg(&object));
    object
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

/// Those of them that are there.
pub fn clangs() -> Vec<&'static str> {
    CLANGS.into_iter().filter(|clang| has_tool(clang)).collect()
}

/// A program of a spec, compiled and loaded.
pub fn build(folder: &Path, clang: &str, spec: &str, program: impl FnOnce(&Layouts) -> String) -> (Object, Layouts) {
    let path = folder.join("layouts.toml");
    fs::write(&path, spec).expect("a writable file");
    let layouts = super::load(&path, None);
    fs::write(folder.join("layouts.h"), bpf_layout_emit::c::header(&layouts)).expect("a writable file");
    let source = folder.join("program.bpf.c");
    fs::write(&source, program(&layouts)).expect("a writable file");
    (load(&compile(clang, folder, &source)), layouts)
}

/// All records that wait in the ring buffer.
pub fn all_arrived(object: &Object) -> Vec<Vec<u8>> {
    let records = Rc::new(RefCell::new(Vec::new()));
    with_map(object, "ring", |map| {
        let sink = Rc::clone(&records);
        let mut builder = RingBufferBuilder::new();
        let add = builder.add(map, move |record| {
            sink.borrow_mut().push(record.to_vec());
            0
        });
        add.expect("a ring buffer");
        builder.build().expect("a ring buffer").consume().expect("records");
    });
    records.take()
}

/// Tests run on one CPU, since a record grows in the room of the CPU that a program runs on.
pub fn stay_on_one_cpu() {
    // SAFETY: the set is as large as the kernel is told, and this thread is the one that is meant by 0.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::try_from(libc::sched_getcpu()).expect("a CPU"), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(result, 0);
}

/// What all rooms of all CPUs say at a place of their account: 1 is `lost`, 2 is `taken`.
pub fn account(object: &Object, rooms: u32, place: usize) -> u64 {
    with_map(object, "__sent_event_scratch", |map| {
        let values = (0..rooms).flat_map(|room| {
            let room = map.lookup_percpu(&room.to_ne_bytes(), MapFlags::ANY).expect("a map's value");
            room.expect("as many rooms as the spec says")
        });
        values.map(|value| u64::from_ne_bytes(value[8 * place..8 * place + 8].try_into().expect("8 bytes"))).sum()
    })
}

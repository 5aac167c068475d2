//! Programs that load maps, as agents do: built from the generated header by clang, loaded by libbpf.

use std::{
    env, fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use bpf_layout_live::{Map, MapOptions};
use libbpf_rs::{MapCore as _, Object, ObjectBuilder};
use tempfile::TempDir;

use crate::common::{Ran, run};

/// What `bpf_helpers.h` has, as far as it is needed here.
const HELPERS: &str = r#"#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define SEC(name) __attribute__((section(name), used))
#define LIBBPF_PIN_BY_NAME 1
static void *(*lookup)(void *, const void *) = (void *)1;
static void *(*reserve)(void *, unsigned long long, unsigned long long) = (void *)131;
static void (*discard)(void *, unsigned long long) = (void *)133;
char LICENSE[] SEC("license") = "GPL";
"#;

/// Whether maps can be loaded here and objects be built; says so if not, or fails if that is required.
pub(crate) fn can_load() -> bool {
    let array = MapOptions { kind: 2, key_size: 4, value_size: 4, max_entries: 1, ..MapOptions::default() };
    let required = |variable: &str| env::var_os(variable).is_some_and(|value| value == "1");
    if let Err(error) = Map::create(&array) {
        assert!(!required("BPF_LAYOUT_REQUIRE_KERNEL"), "required, but {error}");
        eprintln!("skipped: no map can be created: {error}");
        return false;
    }
    if Command::new("clang").arg("--version").output().is_err() {
        assert!(!required("BPF_LAYOUT_REQUIRE_TOOLS"), "clang is required, and missing");
        eprintln!("skipped: there is no clang");
        return false;
    }
    true
}

/// A beginning for names of maps that no other test has, nor another run of it: the kernel is shared.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "t{}{}_",
        std::process::id(),
        char::from(b'a' + u8::try_from(NEXT.fetch_add(1, Ordering::Relaxed)).expect("few tests"))
    )
}

/// A folder with a spec, and the header that is generated from it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(spec: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
        Folder(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `check --live` with this spec.
    pub(crate) fn check(&self, options: &[&str]) -> Ran {
        run(self.path(), &[&["check", "--live"], options].concat())
    }

    /// As [`Folder::check`], as JSON.
    pub(crate) fn json(&self, options: &[&str]) -> (i32, serde_json::Value) {
        let ran = self.check(&[options, &["--format", "json"]].concat());
        (ran.status, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)))
    }

    /// Compiles a program that includes the header.
    pub(crate) fn compile(&self, program: &str) -> Vec<u8> {
        let ran = run(self.path(), &["generate", "--out-dir", "."]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        let source = self.path().join("agent.bpf.c");
        fs::write(&source, format!("{HELPERS}#include \"layouts.h\"\n{program}")).expect("writable");
        let object = self.path().join("agent.bpf.o");
        let mut clang = Command::new("clang");
        clang.args(["--target=bpf", "-g", "-O2", "-w", "-c"]).arg(&source).arg("-o").arg(&object);
        let output = clang.output().expect("clang runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(object).expect("clang wrote it")
    }

    /// Compiles and loads it.
    pub(crate) fn load(&self, program: &str) -> Object {
        load(&self.compile(program), |_| {})
    }
}

/// Loads an object whose maps were changed first; what is pinned by name, below a folder of its own.
pub(crate) fn load(object: &[u8], change: impl Fn(&mut libbpf_rs::OpenMapMut<'_>)) -> Object {
    let mut open = ObjectBuilder::default().open_memory(object).expect("libbpf reads it");
    for mut map in open.maps_mut() {
        change(&mut map);
    }
    open.load().expect("the kernel takes it")
}

/// The id of a map of an object.
pub(crate) fn id(object: &Object, name: &str) -> String {
    let map = object.maps().find(|map| map.name() == name).unwrap_or_else(|| panic!("there is no {name}"));
    map.info().expect("it is loaded").info.id.to_string()
}

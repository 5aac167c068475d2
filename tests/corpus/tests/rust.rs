//! What rustc makes of the corpus: every module proves itself, and every byte of every member that C marks is found in Rust,
//! and the other way around. Both in one package of generated code, so that rustc compiles it once.

#[path = "../../build/graffiti.rs"]
mod graffiti;
#[path = "../../build/graffiti_c.rs"]
mod graffiti_c;
#[path = "../../build/graffiti_rust.rs"]
mod graffiti_rust;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_corpus::{Written, foreign_header, objects, written};
use bpf_layout_emit::{c, rust};

/// Runs the cases.
const MAIN: &str = include_str!("../graffiti/main.rs");

/// Records that the modules have: those of the facts, and all that they are made of.
const RECORDS: usize = 608;

#[test]
fn modules_prove_themselves_and_every_member_keeps_its_bytes_from_c_to_rust_and_back() {
    if !objects::has_tool("gcc") {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    fs::create_dir_all(folder.join("src")).expect("a writable folder");
    let mut package = Package::new(folder);
    written().iter().for_each(|written| package.add(written));
    package.compile_c();
    let said = package.run();
    println!("{said}");
    let records: usize = said.split(' ').next().and_then(|number| number.parse().ok()).expect("a number of records");
    assert_eq!(records, RECORDS, "{said}");
}

/// The package that is compiled and run.
struct Package {
    folder: PathBuf,
    /// The library: what is generated, and nothing else.
    library: String,
    /// Of the program: for each unit a module that marks records and looks for marks, and its row.
    proofs: String,
    rows: String,
    sources: Vec<String>,
    largest: u64,
}

impl Package {
    fn new(folder: PathBuf) -> Self {
        let library =
            "//! Every unit.\n#![no_std]\n#![forbid(unsafe_code)]\n#![allow(dead_code, missing_docs)]\n".to_owned();
        let (proofs, rows, sources) = (String::new(), String::new(), Vec::new());
        Package { folder, library, proofs, rows, sources, largest: 0 }
    }

    fn add(&mut self, Written { unit, layouts, .. }: &Written) {
        let name = unit.name.replace('-', "_");
        let _ = write!(self.library, "\npub mod {name} {{\n{}}}\n", rust::module(layouts));
        if layouts.model.records().next().is_none() {
            return;
        }
        let (foreign, header) = (format!("{name}.foreign.h"), format!("{name}.h"));
        let source = format!("#include \"{foreign}\"\n{}", graffiti_c::source(&name, layouts, &header));
        self.file(&foreign, &foreign_header(unit));
        self.file(&header, &c::header(layouts));
        self.file(&format!("{name}.c"), &source);
        self.sources.push(format!("{name}.c"));
        let sizes = layouts.model.records().map(|(id, _)| layouts.of(id).size);
        self.largest = self.largest.max(sizes.max().unwrap_or(0));
        let _ = write!(
            self.proofs,
            "mod {name} {{\nuse corpus::{name}::*;\npub mod proof {{\nuse bpf_layout::Layout;\n\
             use crate::marks::{{Case, holds, mark, marked, whole, zeroed}};\n{}}}\n}}\n",
            graffiti_rust::source(&name, layouts)
        );
        let _ = writeln!(self.rows, "    (\"{name}\", {name}::proof::CASES),");
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).expect("a writable folder");
    }

    fn compile_c(&self) {
        let sources = self.sources.iter().map(String::as_str);
        let arguments: Vec<&str> = ["-std=gnu11", "-O1", "-w", "-c"].into_iter().chain(sources).collect();
        objects::run("gcc", &arguments, &self.folder);
    }

    /// Writes the rest, compiles it, and gives what the program prints.
    fn run(&self) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
        let manifest = format!(
            "[package]\nname = \"corpus\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [profile.dev]\ndebug = false\n\n[dependencies.bpf-layout]\npath = {:?}\ndefault-features = false\n",
            root.join("runtime")
        );
        let objects = self.sources.iter().map(|source| self.folder.join(source).with_extension("o"));
        let links =
            objects.map(|object| format!("    println!(\"cargo::rustc-link-arg-bins={}\");\n", object.display()));
        let main = format!(
            "#![allow(dead_code, unused_imports, non_snake_case)]\n#[path = {:?}]\nmod marks;\n\n\
             /// Bytes of the largest record.\nconst LARGEST: usize = {};\n\n\
             static UNITS: &[(&str, &[marks::Case])] = &[\n{}];\n\n{MAIN}\n{}",
            root.join("tests/src/marks.rs"),
            self.largest,
            self.rows,
            self.proofs
        );
        fs::copy(root.join("Cargo.lock"), self.folder.join("Cargo.lock")).expect("the lock file");
        self.file("Cargo.toml", &manifest);
        self.file("build.rs", &format!("fn main() {{\n{}}}\n", links.collect::<String>()));
        self.file("src/lib.rs", &self.library);
        self.file("src/main.rs", &main);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--offline", "--target-dir"]).arg(self.folder.join("target"));
        let output = cargo.current_dir(&self.folder).output().expect("cargo can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}", said.lines().take(60).collect::<Vec<_>>().join("\n"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

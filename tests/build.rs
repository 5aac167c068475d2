//! Makes the random specs, and from them and the root spec what the tests are built from: headers, Rust types, and both
//! sides of the graffiti test.
//!
//! `BPF_LAYOUT_ORACLE_SPECS` is the number of random specs (120 if not set), `BPF_LAYOUT_ORACLE_SEED` the seed (1).

#[path = "build/graffiti.rs"]
mod graffiti;
#[path = "build/graffiti_c.rs"]
mod graffiti_c;
#[path = "build/graffiti_rust.rs"]
mod graffiti_rust;
#[path = "build/parsers.rs"]
mod parsers;

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use bpf_layout_emit::{c, render, rust};
use bpf_layout_spec::{Options, layout::Layouts, load};

/// Random specs in one file; compilers are started once per file.
const CHUNKS_PER_BUNDLE: u64 = 30;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut build = Build { out, modules: String::new(), rows: String::new(), c_files: Vec::new() };
    build.add_all_profiles("root", Path::new("../layouts.toml"))?;
    for (name, spec) in goldens()? {
        build.add_all_profiles(&format!("golden_{name}"), &spec)?;
    }
    let (seed, cases) = (setting("BPF_LAYOUT_ORACLE_SEED", 1), setting("BPF_LAYOUT_ORACLE_SPECS", 120));
    for number in 0..cases.div_ceil(CHUNKS_PER_BUNDLE) {
        let path = build.out.join(format!("random{number}.toml"));
        let first = number * CHUNKS_PER_BUNDLE;
        fs::write(&path, bpf_layout_random::bundle(seed, first..cases.min(first + CHUNKS_PER_BUNDLE)))?;
        build.add(&format!("random{number}"), &path, None)?;
        if number % 4 == 0 {
            build.add(&format!("random{number}_lean"), &path, Some("lean"))?;
        }
    }
    build.finish()
}

/// Name and spec of every golden, in order.
fn goldens() -> io::Result<Vec<(String, PathBuf)>> {
    println!("cargo::rerun-if-changed=golden");
    let folders =
        fs::read_dir("golden")?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut goldens: Vec<_> = folders
        .iter()
        .map(|folder| (name(folder), folder.join("layouts.toml")))
        .filter(|(_, spec)| spec.is_file())
        .collect();
    goldens.sort();
    Ok(goldens)
}

fn setting(variable: &str, default: u64) -> u64 {
    println!("cargo::rerun-if-env-changed={variable}");
    let Some(value) = env::var_os(variable) else { return default };
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.unwrap_or_else(|| panic!("{variable} must be a number, not {}", value.display()))
}

struct Build {
    out: PathBuf,
    modules: String,
    rows: String,
    c_files: Vec<PathBuf>,
}

impl Build {
    /// Generates everything for one spec as it stands and under each of its profiles.
    fn add_all_profiles(&mut self, name: &str, spec: &Path) -> io::Result<()> {
        println!("cargo::rerun-if-changed={}", spec.display());
        self.add(name, spec, None)?;
        for profile in read(spec, None).model.profiles {
            self.add(&format!("{name}_{profile}"), spec, Some(&profile))?;
        }
        Ok(())
    }

    /// Generates everything for one spec under one profile.
    fn add(&mut self, name: &str, spec: &Path, profile: Option<&str>) -> io::Result<()> {
        let layouts = read(spec, profile);
        let header = format!("{name}.h");
        fs::write(self.out.join(&header), c::header(&layouts))?;
        fs::write(self.out.join(format!("{name}.rs")), rust::module(&layouts))?;
        let c_file = self.out.join(format!("{name}.c"));
        fs::write(&c_file, graffiti_c::source(name, &layouts, &header))?;
        self.c_files.push(c_file);
        let proof = format!("{}{}", parsers::source(&layouts), graffiti_rust::source(name, &layouts));
        fs::write(self.out.join(format!("{name}_proof.rs")), proof)?;
        let _ = write!(
            self.modules,
            "/// Generated from `{name}`.\npub mod {name} {{\n    include!(concat!(env!(\"OUT_DIR\"), \"/{name}.rs\"));\n\n    \
             /// What is asked of these types.\n    pub mod proof {{\n        #![allow(unused_imports, non_snake_case, clippy::all)]\n        use bpf_layout::Layout;\n\n        \
             use crate::{{marks::{{Case, holds, mark, marked, whole, zeroed}}, \
             parsers::{{Buffer, Parser, exercise}}}};\n\n        \
             include!(concat!(env!(\"OUT_DIR\"), \"/{name}_proof.rs\"));\n    }}\n}}\n\n"
        );
        let path = fs::canonicalize(spec)?;
        let _ = writeln!(
            self.rows,
            "    Spec {{ name: \"{name}\", path: {path:?}, profile: {profile:?}, \
             cases: {name}::proof::CASES, parsers: {name}::proof::PARSERS, buffers: {name}::proof::BUFFERS }},"
        );
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        let rows = self.rows;
        let text = format!("{}/// Every spec.\npub static SPECS: &[Spec] = &[\n{rows}];\n", self.modules);
        fs::write(self.out.join("specs.rs"), text)?;
        let mut library = cc::Build::new();
        library.files(&self.c_files).include(&self.out).std("c11").opt_level(1).warnings_into_errors(true);
        library.extra_warnings(true).flag_if_supported("-Wno-packed-bitfield-compat").compile("graffiti");
        Ok(())
    }
}

fn read(spec: &Path, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    match load(spec, &options) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}\n{}", spec.display(), render::plain(&failure.diagnostics, &failure.sources)),
    }
}

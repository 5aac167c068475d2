//! What cargo takes for a tool with libbpf-rs, with and without bpf-layout, and for derives.

mod registry;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_emit::c;
use bpf_layout_spec::{Options, load};
use tempfile::TempDir;

use crate::{
    Extent,
    child::read,
    inputs,
    measure::{Cost, Costs, once},
    report::{Bound, Section, milliseconds, number},
};

/// Structs that are derived.
const STRUCTS: usize = 100;

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let mut section = Section::default();
    if extent == Extent::Short {
        // Two tools from nothing are minutes; `cargo xtask test` builds such tools anyway.
        return Ok(section.skipped("the short form builds no package"));
    }
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let maker = Maker { registry: registry::make(folder.path())?, folder: folder.path() };
    tools(&mut section, [maker.plain()?, maker.ours()?])?;
    derives(&mut section, [maker.zerocopy()?, maker.derived()?])?;
    Ok(section)
}

/// Makes packages.
struct Maker<'a> {
    folder: &'a Path,
    /// What has cargo take packages from it.
    registry: PathBuf,
}

impl Maker<'_> {
    /// libbpf-rs, libbpf-cargo, and types written by hand.
    fn plain(&self) -> Result<Package, String> {
        let dependencies = "[build-dependencies]\nlibbpf-cargo = \"0.27\"\n[dependencies]\nlibbpf-rs = \"0.27\"\n";
        let package = self.package("libbpf-cargo alone", "plain", dependencies)?;
        let spec = bench().join("kernel/layouts.toml");
        let loaded = load(&spec, &Options::default()).map_err(|failure| format!("{:?}", failure.diagnostics))?;
        package.write("src/layouts.h", &c::header(&loaded.layouts))?;
        package.tool("plain")
    }

    /// The same with bpf-layout.
    fn ours(&self) -> Result<Package, String> {
        let dependencies = "[build-dependencies]\nbpf-layout-codegen = \"0.1\"\n[dependencies]\nlibbpf-rs = \"0.27\"\n\
                            bpf-layout = { version = \"0.1\", features = [\"libbpf\"] }\n";
        let package = self.package("bpf-layout", "ours", dependencies)?;
        package.write("layouts.toml", &read(&bench().join("kernel/layouts.toml"))?)?;
        package.tool("ours")
    }

    /// Structs with zerocopy's derives.
    fn zerocopy(&self) -> Result<Package, String> {
        let dependencies = "[dependencies]\nzerocopy = { version = \"0.8\", features = [\"derive\"] }\n";
        let package = self.package("zerocopy's derives", "zero", dependencies)?;
        package.write("src/main.rs", &format!("{}\nfn main() {{}}\n", inputs::zerocopy(STRUCTS)))?;
        Ok(package)
    }

    /// Structs with `#[derive(BpfLayout)]`.
    fn derived(&self) -> Result<Package, String> {
        let package = self.package("`derive(BpfLayout)`", "derived", "[dependencies]\nbpf-layout = \"0.1\"\n")?;
        package.write("layouts.toml", &inputs::spec(STRUCTS))?;
        package.write("src/main.rs", &format!("{}\nfn main() {{}}\n", inputs::derived(STRUCTS)))?;
        Ok(package)
    }

    /// The manifest, and the versions of everything below.
    fn package(&self, name: &'static str, package: &str, dependencies: &str) -> Result<Package, String> {
        let made = Package { name, folder: self.folder.join(package), registry: self.registry.clone() };
        let manifest = format!(
            "[workspace]\n[package]\nname = \"{package}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{dependencies}"
        );
        made.write("Cargo.toml", &manifest)?;
        made.write("Cargo.lock", &read(&root().join("Cargo.lock"))?)?;
        Ok(made)
    }
}

/// A package of its own, with a target folder of its own.
struct Package {
    name: &'static str,
    folder: PathBuf,
    /// As [`Maker`] has it.
    registry: PathBuf,
}

impl Package {
    /// The program, its build script and the BPF program.
    fn tool(self, sources: &str) -> Result<Self, String> {
        let of = |path: &str| read(&bench().join(path));
        self.write("build.rs", &of(&format!("building/{sources}/build.rs"))?)?;
        self.write("src/main.rs", &of(&format!("building/{sources}/main.rs"))?)?;
        self.write("src/fixed.bpf.c", &of("kernel/fixed.bpf.c")?)?;
        self.write("src/openat.h", &of("kernel/openat.h")?)?;
        Ok(self)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(name);
        let failed = |error| format!("{}: {error}", path.display());
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::write(&path, text).map_err(failed)
    }

    /// After an empty comment was added to a file of Rust or C, so that cargo has something to do.
    fn changed_build(&self, name: &str) -> Result<Cost, String> {
        self.write(name, &format!("{}//\n", read(&self.folder.join(name))?))?;
        self.build()
    }

    fn build(&self) -> Result<Cost, String> {
        let manifest = self.folder.join("Cargo.toml");
        let target = self.folder.join("target");
        let word = OsStr::new;
        let cargo = cargo();
        let build: &[&OsStr] = &[
            &cargo,
            word("build"),
            word("--offline"),
            word("--quiet"),
            word("--config"),
            self.registry.as_os_str(),
            word("--manifest-path"),
            manifest.as_os_str(),
            word("--target-dir"),
            target.as_os_str(),
        ];
        once("run", build)
    }

    /// From nothing.
    fn clean_build(&self) -> Result<Cost, String> {
        match fs::remove_dir_all(self.folder.join("target")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.to_string()),
            _ => {}
        }
        self.build()
    }
}

/// What was changed before a build, and the file where.
const CHANGES: &[(&str, &str)] =
    &[("a line of the program", "src/main.rs"), ("a line of the BPF program", "src/fixed.bpf.c")];

fn tools(section: &mut Section, packages: [Package; 2]) -> Result<(), String> {
    const CLEAN: usize = 3;
    const CHANGED: usize = 9;
    let [plain, ours] = &packages;
    let clean = alternately(&packages, CLEAN, Package::clean_build)?;
    let mut rows = vec![
        ("from nothing".to_owned(), clean.each_ref().map(Costs::wall)),
        ("from nothing, CPU time".to_owned(), clean.each_ref().map(Costs::cpu)),
    ];
    for (what, file) in CHANGES {
        let costs = alternately(&packages, CHANGED, |package| package.changed_build(file))?;
        rows.push((format!("after {what}"), costs.each_ref().map(Costs::wall)));
    }
    let title = "A tool with libbpf-rs, a BPF program and its skeleton, `cargo build`, median (least to most):";
    let table = section.table(title, &["", plain.name, ours.name, "ratio"]);
    for (what, [plain, ours]) in &rows {
        let ratio = format!("{}x", number(ours.median / plain.median));
        table.row(vec![what.clone(), milliseconds(*plain), milliseconds(*ours), ratio]);
    }
    section.aim("from nothing, ratio", rows[0].1[1].median / rows[0].1[0].median, Bound::AtMost(1.05));
    for (what, [plain, ours]) in &rows[2..] {
        let added = (ours.median - plain.median) * 1e3;
        section.aim(&format!("{what}, milliseconds added"), added, Bound::AtMost(100.0));
    }
    Ok(())
}

fn derives(section: &mut Section, packages: [Package; 2]) -> Result<(), String> {
    const RUNS: usize = 9;
    for package in &packages {
        eprintln!("{}: what is below it", package.name);
        package.build()?;
    }
    let costs = alternately(&packages, RUNS, |package| package.changed_build("src/main.rs"))?;
    let [zerocopy, ours] = costs.each_ref().map(Costs::cpu);
    let title = format!(
        "{STRUCTS} structs of 10 fields, CPU time of `cargo build` after a line was added, median (least to most):"
    );
    let table = section.table(&title, &["", "CPU time", "of zerocopy's"]);
    for (package, figure) in packages.iter().zip([zerocopy, ours]) {
        let ratio = format!("{}x", number(figure.median / zerocopy.median));
        table.row(vec![package.name.into(), milliseconds(figure), ratio]);
    }
    section.aim("`derive(BpfLayout)` to zerocopy's derives", ours.median / zerocopy.median, Bound::AtMost(1.0));
    Ok(())
}

/// The costs of the two, built in turn, so that whatever else the machine does meets both.
fn alternately(
    packages: &[Package; 2],
    runs: usize,
    build: impl Fn(&Package) -> Result<Cost, String>,
) -> Result<[Costs; 2], String> {
    let mut costs = [Costs::default(), Costs::default()];
    for _ in 0..runs {
        for (package, costs) in packages.iter().zip(&mut costs) {
            eprintln!("{}", package.name);
            costs.push(build(package)?);
        }
    }
    Ok(costs)
}

/// The one that has started this, if one has.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn bench() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn root() -> PathBuf {
    bench().join("..")
}

//! What rustc takes for generated Rust, beside what it takes for the same structs from others.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::rust;
use bpf_layout_spec::{Options, load};
use tempfile::TempDir;

use crate::{
    Extent, inputs,
    measure::{Child, Costs, in_turn},
    report::{Bound, Section, megabytes, milliseconds, number},
};

/// One source of Rust types.
struct Way {
    name: &'static str,
    text: fn(&Path, usize) -> Result<String, String>,
}

const OURS: usize = 0;
const COPIED: usize = 2;
const DERIVED: usize = 3;
const BINDGEN: usize = 4;

/// What bpf-layout's types can do, but for `Default`, which arrays this long do not have.
const SAME_TRAITS: &str = "Clone, Copy, PartialEq, Eq, Hash, Debug";

const WAYS: [Way; 5] = [
    Way { name: "bpf-layout: every assertion and trait, safe parsing", text: |folder, count| ours(folder, count) },
    Way { name: "bare `repr(C)` structs, no trait", text: |_, count| Ok(inputs::bare(count, "")) },
    Way { name: "the same, `derive(Clone, Copy)`", text: |_, count| Ok(inputs::bare(count, "Clone, Copy")) },
    Way { name: "the same, deriving what bpf-layout's have", text: |_, count| Ok(inputs::bare(count, SAME_TRAITS)) },
    Way { name: "bindgen with layout tests", text: |folder, count| bindgen(folder, count) },
];

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let (counts, seconds, most): (&[usize], u64, usize) = match extent {
        Extent::Full => (&[100, 1_000], 12, 5),
        Extent::Short => (&[10], 0, 1),
    };
    let runtime = Runtime::build()?;
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut section = Section::default();
    for &count in counts {
        eprintln!("{count} structs");
        let mut children = Vec::new();
        for (number, way) in WAYS.iter().enumerate() {
            let source = folder.path().join(format!("way{number}.rs"));
            let text = (way.text)(folder.path(), count)?;
            fs::write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
            children.extend([runtime.compile(&source, "metadata"), runtime.compile(&source, "link")]);
        }
        let measured = in_turn(&children, seconds, most)?;
        rows(&mut section, count, &measured);
    }
    Ok(section)
}

/// `measured` has what checking and building take, way by way.
fn rows(section: &mut Section, count: usize, measured: &[Costs]) {
    let measured: Vec<(&Costs, &Costs)> = measured.chunks_exact(2).map(|two| (&two[0], &two[1])).collect();
    let title = format!("{count} structs of 10 fields, CPU time of rustc, without optimisation:");
    let head = ["", "`cargo check`", "of bpf-layout's", "`cargo build`", "of bpf-layout's", "peak memory"];
    let table = section.table(&title, &head);
    let (check, build) = (measured[OURS].0.cpu().median, measured[OURS].1.cpu().median);
    for (way, (checked, built)) in WAYS.iter().zip(&measured) {
        table.row(vec![
            way.name.into(),
            milliseconds(checked.cpu()),
            format!("{}x", number(checked.cpu().median / check)),
            milliseconds(built.cpu()),
            format!("{}x", number(built.cpu().median / build)),
            megabytes(built.peak()),
        ]);
    }
    let mut aim = |what: &str, found, bound| section.aim(&format!("{count} structs, {what}"), found, bound);
    for (name, costs) in [
        ("check", measured.iter().map(|(check, _)| check.cpu().median).collect::<Vec<_>>()),
        ("build", measured.iter().map(|(_, build)| build.cpu().median).collect()),
    ] {
        aim(&format!("{name}: bpf-layout to bindgen"), costs[OURS] / costs[BINDGEN], Bound::AtMost(0.5));
        aim(
            &format!("{name}: bpf-layout to bare, `derive(Clone, Copy)`"),
            costs[OURS] / costs[COPIED],
            Bound::AtMost(2.0),
        );
        aim(&format!("{name}: bpf-layout to bare with its traits"), costs[OURS] / costs[DERIVED], Bound::AtMost(2.0));
    }
}

fn ours(folder: &Path, count: usize) -> Result<String, String> {
    let path = folder.join("layouts.toml");
    fs::write(&path, inputs::spec(count)).map_err(|error| format!("{}: {error}", path.display()))?;
    let loaded = load(&path, &Options::default()).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    Ok(format!("#![forbid(unsafe_code)]\n{}", rust::module(&loaded.layouts)))
}

fn bindgen(_: &Path, count: usize) -> Result<String, String> {
    let builder = bindgen::Builder::default().header_contents("structs.h", &inputs::header(count));
    Ok(builder.generate().map_err(|error| error.to_string())?.to_string())
}

/// The runtime, compiled as a dependency is, without features that the types would have to pay for.
struct Runtime {
    /// The compiler itself: through rustup's proxy each start costs as much as small inputs do.
    rustc: PathBuf,
    library: PathBuf,
    dependencies: PathBuf,
    output: TempDir,
}

impl Runtime {
    fn build() -> Result<Self, String> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let target = Path::new(root).join("target/bench-runtime");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--locked", "--package", "bpf-layout", "--no-default-features"]);
        cargo.args(["--features", "std", "--target-dir"]).arg(&target).current_dir(root);
        cargo.env_remove("CARGO_TARGET_DIR");
        match cargo.status() {
            Ok(status) if status.success() => Ok(Runtime {
                rustc: rustc()?,
                library: target.join("debug/libbpf_layout.rlib"),
                dependencies: target.join("debug/deps"),
                output: TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?,
            }),
            Ok(_) => Err("cargo does not build the runtime".into()),
            Err(error) => Err(format!("cannot run cargo: {error}")),
        }
    }

    /// rustc for one file.
    fn compile(&self, source: &Path, emit: &str) -> Child {
        let text = |text: &str| OsString::from(text);
        let with = |before: &str, path: &Path| {
            let mut word = OsString::from(before);
            word.push(path);
            word
        };
        let arguments = vec![
            self.rustc.clone().into(),
            text("--edition=2024"),
            text("--crate-type=lib"),
            text("--crate-name=types"),
            text("--cap-lints=allow"),
            text("-Cdebuginfo=2"),
            text(&format!("--emit={emit}")),
            with("--out-dir=", self.output.path()),
            with("--extern=bpf_layout=", &self.library),
            with("-Ldependency=", &self.dependencies),
            source.as_os_str().to_owned(),
        ];
        Child { name: "run", arguments, makes: None }
    }
}

/// The compiler itself, where `rustc` is a proxy of rustup.
fn rustc() -> Result<PathBuf, String> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.map_err(|error| format!("cannot run rustc: {error}"))?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("bin/rustc"))
}

//! From a description to files: time, peak memory, and how both grow.

use std::{
    fs, iter,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    Extent, inputs,
    measure::{Child, Costs, in_turn},
    report::{Bound, Section, megabytes, milliseconds, number},
};

/// One generator: what it is called in the table, which child it is, what it reads, and what it writes, if it does.
struct Way {
    name: &'static str,
    child: &'static str,
    reads: fn(&Inputs) -> &Path,
    writes: fn(&Inputs) -> Option<&Path>,
}

const OURS: usize = 0;
const TOML: usize = 1;
const BINDGEN: usize = 2;
const BINDGEN_RAW: usize = 3;
const SKELETON: usize = 4;
const SKELETON_RAW: usize = 5;

const WAYS: [Way; 6] = [
    Way {
        name: "bpf-layout: header and Rust",
        child: "bpf-layout",
        reads: |at| &at.spec,
        writes: |at| Some(&at.folder),
    },
    Way { name: "parsing the TOML alone", child: "toml", reads: |at| &at.spec, writes: |_| None },
    Way { name: "bindgen with rustfmt", child: "bindgen", reads: |at| &at.header, writes: |at| Some(&at.output) },
    Way { name: "bindgen", child: "bindgen-raw", reads: |at| &at.header, writes: |at| Some(&at.output) },
    Way {
        name: "libbpf-cargo with rustfmt",
        child: "libbpf-cargo",
        reads: |at| &at.object,
        writes: |at| Some(&at.output),
    },
    Way { name: "libbpf-cargo", child: "libbpf-cargo-raw", reads: |at| &at.object, writes: |at| Some(&at.output) },
];

/// Files of so many structs.
struct Inputs {
    spec: PathBuf,
    header: PathBuf,
    object: PathBuf,
    output: PathBuf,
    folder: PathBuf,
}

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let (counts, seconds): (&[usize], u64) = match extent {
        Extent::Full => (&[10, 100, 1_000, 10_000], 8),
        Extent::Short => (&[10, 100], 0),
    };
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut measured = Vec::new();
    for &count in counts {
        let inputs = Inputs::write(folder.path(), count)?;
        eprintln!("{count} structs");
        let child = |way: &Way| {
            let (reads, writes) = ((way.reads)(&inputs), (way.writes)(&inputs));
            let arguments = iter::once(reads).chain(writes).map(|path| path.as_os_str().to_owned()).collect();
            Child { name: way.child, arguments, makes: writes.map(Path::to_path_buf) }
        };
        measured.push((count, in_turn(&WAYS.each_ref().map(child), seconds, 9)?));
    }
    Ok(section(&measured))
}

impl Inputs {
    fn write(folder: &Path, count: usize) -> Result<Self, String> {
        let at = |name: &str| folder.join(format!("structs{count}{name}"));
        let inputs =
            Inputs { spec: at(".toml"), header: at(".h"), object: at(".bpf.o"), output: at(".rs"), folder: at("out") };
        let program = at(".bpf.c");
        for (path, text) in [
            (&inputs.spec, inputs::spec(count)),
            (&inputs.header, inputs::header(count)),
            (&program, inputs::program(count)),
        ] {
            fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let mut clang = Command::new("clang");
        clang.args(["-target", "bpf", "-g", "-O2", "-c"]).arg(&program).arg("-o").arg(&inputs.object);
        match clang.status() {
            Ok(status) if status.success() => Ok(inputs),
            Ok(_) => Err("clang does not compile the structs".into()),
            Err(error) => Err(format!("cannot run clang: {error}")),
        }
    }
}

fn section(measured: &[(usize, Vec<Costs>)]) -> Section {
    let mut section = Section::default();
    for (count, costs) in measured {
        let title = format!("{count} structs of 10 fields, whole process, median (least to most):");
        let table = section.table(&title, &["", "time", "of bpf-layout's", "peak memory", "of bpf-layout's"]);
        let (time, peak) = (costs[OURS].wall().median, costs[OURS].peak().median);
        for (way, cost) in WAYS.iter().zip(costs) {
            table.row(vec![
                way.name.into(),
                milliseconds(cost.wall()),
                format!("{}x", number(cost.wall().median / time)),
                megabytes(cost.peak()),
                format!("{}x", number(cost.peak().median / peak)),
            ]);
        }
    }
    growth(&mut section, measured);
    if let Some((count, costs)) = measured.iter().find(|(count, _)| *count == 1_000).or(measured.last()) {
        let ratio = |one: usize, other: usize| costs[one].wall().median / costs[other].wall().median;
        let mut aim = |what: &str, found, bound| section.aim(&format!("{count} structs, {what}"), found, bound);
        aim("bindgen with rustfmt to bpf-layout", ratio(BINDGEN, OURS), Bound::AtLeast(30.0));
        aim("libbpf-cargo with rustfmt to bpf-layout", ratio(SKELETON, OURS), Bound::AtLeast(30.0));
        aim("bindgen to bpf-layout", ratio(BINDGEN_RAW, OURS), Bound::AtLeast(10.0));
        aim("libbpf-cargo to bpf-layout", ratio(SKELETON_RAW, OURS), Bound::AtLeast(1.0));
        aim("bpf-layout to parsing the TOML alone", ratio(OURS, TOML), Bound::AtMost(1.5));
    }
    section
}

/// How time and memory grow from the last count but one to the last.
fn growth(section: &mut Section, measured: &[(usize, Vec<Costs>)]) {
    let [.., (fewer, before), (more, after)] = measured else { return };
    let title = format!("From {fewer} to {more} structs:");
    let table = section.table(&title, &["", "time grows", "peak memory grows"]);
    for (way, (before, after)) in WAYS.iter().zip(before.iter().zip(after)) {
        let time = after.wall().median / before.wall().median;
        let peak = after.peak().median / before.peak().median;
        table.row(vec![way.name.into(), format!("{}x", number(time)), format!("{}x", number(peak))]);
    }
    let (before, after) = (&before[OURS], &after[OURS]);
    let bound = Bound::AtMost(*more as f64 / *fewer as f64);
    section.aim("growth of bpf-layout's time", after.wall().median / before.wall().median, bound);
    section.aim("growth of bpf-layout's peak memory", after.peak().median / before.peak().median, bound);
}

//! Reading values of another layout, beside parsing values of one's own.

use std::{fs, hint::black_box, process::Command, time::Instant};

use bpf_layout::{Layout, skew::Plan};
use bpf_layout_btf::Object;
use bpf_layout_emit::c;
use bpf_layout_spec::{Options, load};
use tempfile::TempDir;

use crate::{
    Extent,
    measure::Figure,
    report::{Bound, Section, number},
};

mod old {
    bpf_layout::include_layouts!("../runtime/tests/skew/old.toml");
}

mod new {
    bpf_layout::include_layouts!("../runtime/tests/skew/new.toml");
}

/// Bytes aligned for every type here.
#[repr(C, align(16))]
struct Aligned([u8; 256]);

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let (reads, rounds) = match extent {
        Extent::Full => (200_000, 15),
        Extent::Short => (100, 1),
    };
    let (older, newer) = (object("old")?, object("new")?);
    let (same, other) = (plan::<new::FileValue>(&newer)?, plan::<new::FileValue>(&older)?);
    let bytes = Aligned([1; 256]);
    let theirs = &bytes.0[..size_of::<old::FileValue>()];
    let ours = &bytes.0[..size_of::<new::FileValue>()];
    let time = |read: &dyn Fn()| {
        let round = |_| {
            let started = Instant::now();
            (0..reads).for_each(|_| read());
            started.elapsed().as_secs_f64() * 1e9 / f64::from(reads)
        };
        Figure::of((0..rounds).map(round).collect())
    };
    let parse = time(&|| {
        black_box(new::FileValue::parse(black_box(ours)).map_or(0, |value| value.count));
    });
    let copy = time(&|| {
        black_box(new::FileValue::parse(black_box(ours)).map(|value| value.into_owned()).ok());
    });
    let identical = time(&|| {
        black_box(same.read(black_box(ours)).map_or(0, |value| value.count));
    });
    let converted = time(&|| {
        black_box(other.read(black_box(theirs)).map_or(0, |value| value.count));
    });
    let planned = plan_time(&older)?;
    let mut section = Section::default();
    let title =
        format!("A value of {} bytes whose older layout differs in {} ways:", ours.len(), other.differences().len());
    let table = section.table(&title, &["", "ns", "of a plain parse's"]);
    for (name, figure) in [
        ("plain parse, borrowed", parse),
        ("plain parse, then copied", copy),
        ("by the plan of an equal layout", identical),
        ("by the plan of the older layout", converted),
        ("making that plan, once", planned),
    ] {
        table.row(vec![name.into(), number(figure.least), format!("{}x", number(figure.least / parse.least))]);
    }
    section.aim("an equal layout to a plain parse", identical.least / parse.least, Bound::AtMost(1.1));
    section.aim("a differing layout to a plain parse", converted.least / parse.least, Bound::AtMost(5.0));
    section.aim("a differing layout to a plain parse with its copy", converted.least / copy.least, Bound::AtMost(5.0));
    Ok(section)
}

fn plan<T: Layout>(object: &[u8]) -> Result<Plan<T>, String> {
    let object = Object::parse(object).map_err(|error| error.to_string())?;
    Plan::by_name(object.btf()).map_err(|error| error.to_string())
}

/// Nanoseconds to compare two layouts and find the way from one to the other.
fn plan_time(object: &[u8]) -> Result<Figure, String> {
    let object = Object::parse(object).map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        black_box(Plan::<new::FileValue>::by_name(object.btf()).map_err(|error| error.to_string())?);
        times.push(started.elapsed().as_secs_f64() * 1e9);
    }
    Ok(Figure::of(times))
}

/// An object that has the value's type in its BTF, as clang writes it.
fn object(version: &str) -> Result<Vec<u8>, String> {
    let spec = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/tests/skew/{}.toml"), version);
    let loaded = load(spec.as_ref(), &Options::default()).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let (program, object) = (folder.path().join("program.bpf.c"), folder.path().join("program.bpf.o"));
    let text = c::header(&loaded.layouts) + "\nstruct file_value value;\n";
    fs::write(&program, text).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut clang = Command::new("clang");
    clang.args(["--target=bpf", "-g", "-O2", "-c"]).arg(&program).arg("-o").arg(&object);
    let status = clang.status().map_err(|error| format!("cannot run clang: {error}"))?;
    if !status.success() {
        return Err("clang does not compile the header".into());
    }
    fs::read(&object).map_err(|error| format!("{}: {error}", object.display()))
}

//! Reading values of another layout, beside parsing values of one's own.

use std::{fs, hint::black_box, path::Path, process::Command, time::Instant};

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

mod event {
    bpf_layout::include_layouts!("skew.toml");
}

mod new {
    bpf_layout::include_layouts!("../runtime/tests/skew/new.toml");
}

/// Bytes aligned for every type here, of which each string has a NUL, and none is cut.
#[repr(C, align(16))]
struct Bytes([u8; 2048]);

impl Bytes {
    fn new() -> Self {
        let mut bytes = [1; 2048];
        bytes.iter_mut().skip(7).step_by(8).for_each(|byte| *byte = 0);
        Bytes(bytes)
    }
}

/// How often, and how many times over.
type Rounds = (u32, usize);

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let rounds = match extent {
        Extent::Full => (200_000, 15),
        Extent::Short => (100, 1),
    };
    let mut section = Section::default();
    let exec = |profile| object("skew.toml", profile, "exec_event");
    let value = |version: &str| object(&format!("../runtime/tests/skew/{version}.toml"), None, "file_value");
    compare::<event::ExecEvent>(
        &mut section,
        "An exec event",
        &exec(None)?,
        &[("lacks two fields", exec(Some("fewer"))?), ("has strings twice as long", exec(Some("longer"))?)],
        rounds,
    )?;
    let others = [("differs in every way that can be read", value("old")?)];
    compare::<new::FileValue>(&mut section, "A value of a map", &value("new")?, &others, rounds)?;
    Ok(section)
}

/// Reads `T` as itself, and out of other layouts of it.
fn compare<T: Layout>(
    section: &mut Section,
    what: &str,
    same: &[u8],
    others: &[(&str, Vec<u8>)],
    rounds: Rounds,
) -> Result<(), String> {
    let bytes = Bytes::new();
    let (ours, same) = (&bytes.0[..size_of::<T>()], plan::<T>(same)?);
    let parse = time(rounds, || T::parse(black_box(ours)).is_ok());
    let copy = time(rounds, || black_box(T::parse(black_box(ours)).map(|value| value.into_owned())).is_ok());
    let identical = time(rounds, || same.read(black_box(ours)).is_ok());
    let mut rows = vec![
        ("plain parse, borrowed".to_owned(), parse),
        ("plain parse, then copied".to_owned(), copy),
        ("by the plan of an equal layout".to_owned(), identical),
    ];
    let mut aims = vec![("an equal layout to a plain parse".to_owned(), identical.least / parse.least, 1.1)];
    for (name, object) in others {
        let plan = plan::<T>(object)?;
        let theirs = &bytes.0[..plan.size()];
        let converted = time(rounds, || black_box(plan.read(black_box(theirs))).is_ok());
        let ways = plan.differences().len();
        rows.push((format!("an older layout, which {name} ({ways} differences)"), converted));
        rows.push(("making that plan, once".into(), plan_time::<T>(object)?));
        aims.push((format!("a layout that {name} to a plain parse with its copy"), converted.least / copy.least, 5.0));
    }
    let title = format!("{what} of {} bytes:", ours.len());
    let table = section.table(&title, &["", "ns", "of a plain parse's", "of one with a copy"]);
    for (name, figure) in rows {
        let ratio = |peer: Figure| format!("{}x", number(figure.least / peer.least));
        table.row(vec![name, number(figure.least), ratio(parse), ratio(copy)]);
    }
    for (name, found, most) in aims {
        section.aim(&format!("{what}: {name}"), found, Bound::AtMost(most));
    }
    Ok(())
}

/// Nanoseconds of one reading, which has to succeed.
fn time((reads, rounds): Rounds, read: impl Fn() -> bool) -> Figure {
    let round = |_| {
        let started = Instant::now();
        let all = (0..reads).all(|_| black_box(read()));
        assert!(all, "what is measured fails");
        started.elapsed().as_secs_f64() * 1e9 / f64::from(reads)
    };
    Figure::of((0..rounds).map(round).collect())
}

fn plan<T: Layout>(object: &[u8]) -> Result<Plan<T>, String> {
    let object = Object::parse(object).map_err(|error| error.to_string())?;
    Plan::by_name(object.btf()).map_err(|error| error.to_string())
}

/// Nanoseconds to compare two layouts and find the way from one to the other.
fn plan_time<T: Layout>(object: &[u8]) -> Result<Figure, String> {
    let object = Object::parse(object).map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        black_box(Plan::<T>::by_name(object.btf()).map_err(|error| error.to_string())?);
        times.push(started.elapsed().as_secs_f64() * 1e9);
    }
    Ok(Figure::of(times))
}

/// An object that has a type of a spec in its BTF, as clang writes it.
fn object(spec: &str, profile: Option<&str>, ty: &str) -> Result<Vec<u8>, String> {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join(spec);
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded = load(&spec, &options).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let (program, object) = (folder.path().join("program.bpf.c"), folder.path().join("program.bpf.o"));
    let text = c::header(&loaded.layouts) + &format!("\nstruct {ty} value;\n");
    fs::write(&program, text).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut clang = Command::new("clang");
    clang.args(["--target=bpf", "-g", "-O2", "-c"]).arg(&program).arg("-o").arg(&object);
    let status = clang.status().map_err(|error| format!("cannot run clang: {error}"))?;
    if !status.success() {
        return Err("clang does not compile the header".into());
    }
    fs::read(&object).map_err(|error| format!("{}: {error}", object.display()))
}

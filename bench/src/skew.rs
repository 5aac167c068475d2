//! Reading values of another layout, beside parsing values of one's own.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use bpf_layout::{Layout, ParseError, skew::Plan};
use bpf_layout_emit::c;
use bpf_layout_spec::{Options, load};
use tempfile::TempDir;

use crate::{
    Extent,
    measure::{Figure, instructions},
    report::{Bound, Section, counted, number},
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

/// One way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Parsed, and looked at where it lies.
    Borrowed,
    /// Parsed and copied.
    Copied,
    /// Read by a plan, and looked at.
    Planned,
}

const WAYS: [Way; 3] = [Way::Borrowed, Way::Copied, Way::Planned];

/// A type that is read, and objects that have it.
struct Subject {
    /// What a child calls it.
    word: &'static str,
    what: &'static str,
    same: Object,
    /// Those that have other layouts of it, and what is otherwise in them.
    others: Vec<(&'static str, Object)>,
}

/// An object in a file, for children.
struct Object {
    path: PathBuf,
    bytes: Vec<u8>,
    _folder: TempDir,
}

/// How often, and how many times over.
type Rounds = (usize, usize);

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let exec = |profile| object("skew.toml", profile, "exec_event");
    let value = |version: &str| object(&format!("../runtime/tests/skew/{version}.toml"), None, "file_value");
    let event = Subject {
        word: EVENT,
        what: "An exec event",
        same: exec(None)?,
        others: vec![("lacks two fields", exec(Some("fewer"))?), ("has strings twice as long", exec(Some("longer"))?)],
    };
    let value = Subject {
        word: VALUE,
        what: "A value of a map",
        same: value("new")?,
        others: vec![("differs in every way that can be read", value("old")?)],
    };
    let mut section = Section::default();
    compare::<event::ExecEvent>(&mut section, &event, extent)?;
    compare::<new::FileValue>(&mut section, &value, extent)?;
    Ok(section)
}

const EVENT: &str = "event";
const VALUE: &str = "value";

/// Reads `T` as itself, and out of other layouts of it.
fn compare<T: Layout>(section: &mut Section, subject: &Subject, extent: Extent) -> Result<(), String> {
    let same = [
        ("plain parse, borrowed", Way::Borrowed),
        ("plain parse, then copied", Way::Copied),
        ("by the plan of an equal layout", Way::Planned),
    ];
    let mut rows = vec![];
    for (name, way) in same {
        rows.push((name.to_owned(), measure::<T>(subject, &subject.same, way, extent)?));
    }
    let [parse, copy, equal] = [0, 1, 2].map(|way: usize| rows[way].1.0.least);
    let what = subject.what;
    section.aim(&format!("{what}: an equal layout to a plain parse"), equal / parse, Bound::AtMost(1.1));
    for (name, object) in &subject.others {
        let differences = plan::<T>(&object.bytes)?.differences().len();
        let (figure, instructions) = measure::<T>(subject, object, Way::Planned, extent)?;
        rows.push((format!("an older layout, which {name} ({differences} differences)"), (figure, instructions)));
        rows.push(("making that plan, once".into(), (plan_time::<T>(&object.bytes)?, None)));
        let aim = format!("{what}: a layout that {name} to a plain parse with its copy");
        section.aim(&aim, figure.least / copy, Bound::AtMost(5.0));
    }
    let title = format!("{what} of {} bytes:", size_of::<T>());
    let head = ["", "ns", "of a plain parse's", "of one with a copy", "instructions"];
    let table = section.table(&title, &head);
    for (name, (figure, instructions)) in rows {
        let ratio = |peer| format!("{}x", number(figure.least / peer));
        table.row(vec![name, number(figure.least), ratio(parse), ratio(copy), counted(instructions)]);
    }
    Ok(())
}

/// Nanoseconds and instructions of one reading.
fn measure<T: Layout>(
    subject: &Subject,
    object: &Object,
    way: Way,
    extent: Extent,
) -> Result<(Figure, Option<f64>), String> {
    let (reads, rounds): Rounds = match extent {
        Extent::Full => (200_000, 15),
        Extent::Short => (100, 1),
    };
    let plan = plan::<T>(&object.bytes)?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        read(&plan, way, reads)?;
        times.push(started.elapsed().as_secs_f64() * 1e9 / reads as f64);
    }
    // A run under valgrind takes a second: one way shows that it works.
    let counts = extent == Extent::Full || way == Way::Borrowed;
    let number = WAYS.iter().position(|known| *known == way).unwrap_or_default().to_string();
    let path = object.path.to_string_lossy();
    let instructions = if counts { instructions(&["skew", subject.word, &number, &path])? } else { None };
    Ok((Figure::of(times), instructions))
}

/// Reads a value of the plan's layout so many times, each time successfully.
fn read<T: Layout>(plan: &Plan<T>, way: Way, times: usize) -> Result<(), String> {
    let all = Bytes::new();
    let bytes = &all.0[..plan.size()];
    let looked_at = |value: &T| {
        black_box(value);
    };
    let failed = |error: ParseError| format!("what is measured fails: {error}");
    for _ in 0..times {
        let bytes = black_box(bytes);
        match way {
            Way::Borrowed => looked_at(&*T::parse(bytes).map_err(failed)?),
            Way::Copied => looked_at(&T::parse(bytes).map_err(failed)?.into_owned()),
            Way::Planned => looked_at(&*plan.read(bytes).map_err(failed)?),
        }
    }
    Ok(())
}

/// What instructions are counted of: a type, a way to it, an object that has it, and how often.
pub(crate) fn child(subject: &str, way: &str, object: &str, times: &str) -> Result<(), String> {
    let way = way.parse().ok().and_then(|number: usize| WAYS.get(number)).ok_or("no such way")?;
    let times = times.parse().map_err(|error| format!("`{times}`: {error}"))?;
    let object = fs::read(object).map_err(|error| format!("{object}: {error}"))?;
    match subject {
        EVENT => read(&plan::<event::ExecEvent>(&object)?, *way, times),
        VALUE => read(&plan::<new::FileValue>(&object)?, *way, times),
        _ => Err(format!("there is no `{subject}`")),
    }
}

fn plan<T: Layout>(object: &[u8]) -> Result<Plan<T>, String> {
    let object = bpf_layout_btf::Object::parse(object).map_err(|error| error.to_string())?;
    Plan::by_name(object.btf()).map_err(|error| error.to_string())
}

/// Nanoseconds to compare two layouts and find the way from one to the other.
fn plan_time<T: Layout>(object: &[u8]) -> Result<Figure, String> {
    let object = bpf_layout_btf::Object::parse(object).map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        black_box(Plan::<T>::by_name(object.btf()).map_err(|error| error.to_string())?);
        times.push(started.elapsed().as_secs_f64() * 1e9);
    }
    Ok(Figure::of(times))
}

/// An object that has a type of a spec in its BTF, as clang writes it.
fn object(spec: &str, profile: Option<&str>, ty: &str) -> Result<Object, String> {
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
    let bytes = fs::read(&object).map_err(|error| format!("{}: {error}", object.display()))?;
    Ok(Object { path: object, bytes, _folder: folder })
}

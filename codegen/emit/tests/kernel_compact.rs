//! Compact events of random specs, filled by this kernel: every function of their headers is taken by the verifier, what it
//! returns and sends is what a naive model of the documentation says, and the generated Rust reads it all back.

mod support;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
};

use bpf_layout_spec::{
    model::{Type, TypeDef, Variable, VariableKind},
    scalar::{Scalar, ScalarClass},
};
use libbpf_rs::{Object, PerfBufferBuilder};
use support::{
    bpf::{Compiler, Program, is_permitted, load, run_program, set_first_value, with_map},
    compact::{
        Case, Fixed, How, Model, Place, RECORDS, SOURCE, Sent, USER, all_arrived, arrived, ask, fill, fixed,
        stay_on_one_cpu,
    },
    pages::Pages,
    rooms,
};

/// Specs, unless `BPF_LAYOUT_COMPACT_SPECS` asks for another number, from that of `BPF_LAYOUT_COMPACT_SEED` on.
const SPECS: u64 = 6;

/// A spec, and the records that were sent of it.
struct Done {
    case: Case,
    sent: Vec<Sent>,
}

/// One compiler after another, by the number of the spec.
fn run(number: u64, defines: Option<&str>) -> Done {
    let mut case = Case::new(number);
    let mut program = case.program();
    if let Some(name) = defines {
        program = program.defining(name);
    }
    let compilers: Vec<Compiler> = Compiler::all().collect();
    let object = loaded(&program, compilers[number as usize % compilers.len()]);
    let sent = (0..RECORDS).map(|_| case.send(&object)).collect();
    Done { case, sent }
}

/// A program, compiled and loaded.
fn loaded(program: &Program, compiler: Compiler) -> Object {
    let folder = tempfile::tempdir().expect("a temporary folder");
    load(&program.compile(compiler, folder.path()))
}

/// A program, compiled by the first compiler that there is.
fn loaded_by_any(program: &Program) -> Object {
    loaded(program, Compiler::all().next().expect("one of them"))
}

#[test]
fn kernel_sends_random_compact_events_and_rust_reads_them() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
    };
    let first = number("BPF_LAYOUT_COMPACT_SEED", 0);
    let numbers = first..first + number("BPF_LAYOUT_COMPACT_SPECS", SPECS);
    let cases: Vec<Done> = numbers.map(|number| run(number, None)).collect();
    let filled = cases.iter().flat_map(|case| &case.sent).flat_map(|sent| &sent.fields);
    let (cut, full): (Vec<_>, Vec<_>) = filled.filter(|field| !field.bytes.is_empty()).partition(|field| field.cut);
    assert!(cut.len() > 20 && full.len() > 50, "the specs are not what they were: {} {}", cut.len(), full.len());
    let has: BTreeSet<&str> = cases.iter().flat_map(|done| has(&done.case)).collect();
    assert_eq!(has.len(), 13, "the specs are not what they were: {has:?}");
    read_back(&cases);
}

/// What a spec has beside fields of variable length, by kinds.
fn has(case: &Case) -> Vec<&'static str> {
    let (id, record) = case.event();
    let model = &case.layouts.model;
    let kind = |Fixed { field, place }: &Fixed<'_>| match (&field.ty, place) {
        (Type::Def(_), Place::Bits { .. }) => "bitfield of an enum",
        (_, Place::Bits { unit: Scalar::Bool, .. }) => "bitfield of bool",
        (_, Place::Bits { unit, .. }) if unit.info().class == ScalarClass::Signed => "signed bitfield",
        (_, Place::Bits { .. }) => "bitfield",
        (Type::Array(..), _) => "array",
        (Type::Def(id), _) => match model.ty(*id) {
            TypeDef::Record(record) if record.anonymous => "unnamed member",
            TypeDef::Record(_) => "record",
            _ => "enum or flags",
        },
        (Type::Scalar(Scalar::Be16 | Scalar::Be32 | Scalar::Be64), _) => "big-endian",
        (Type::Scalar(_), _) => "scalar",
        _ => "text or bytes",
    };
    let mut all: Vec<&str> = fixed(&case.layouts, id, record).iter().map(kind).collect();
    all.extend((record.rooms > 1).then_some("rooms"));
    all.extend(record.fields.iter().any(|field| field.omitted).then_some("omitted"));
    all
}

/// Every length at an edge, from everywhere, into every kind of field, each as often as it can be filled and once more.
#[test]
fn kernel_takes_every_length_at_the_edges_of_a_limit() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let compilers: Vec<Compiler> = Compiler::all().collect();
    let mut records = 0;
    for (number, limit) in [1_usize, 2, 7, 256, 4096].into_iter().enumerate() {
        let case = Case::of(&format!(
            "spec = 1\n\n[event.sent]\ntag = {{ tag = 7 }}\nfields = [\n  {{ name = \"tag\", type = \"u16\" }},\n  \
             {{ name = \"f0\", type = \"str[..{limit}]\" }},\n  {{ name = \"f1\", type = \"bytes[..{limit}]\" }},\n  \
             {{ name = \"f2\", type = \"str[..{limit}][..3]\" }},\n]\n"
        ));
        let object = loaded(&case.program(), compilers[number % compilers.len()]);
        let (id, record) = case.event();
        let lengths = [0, 1, limit.saturating_sub(2), limit - 1, limit, limit + 1, (3 * limit).min(SOURCE - 1)];
        for (index, (_, variable)) in record.variable().enumerate() {
            let times = variable.most() as usize / limit + 1;
            for (how, len) in
                [How::FromKernel, How::FromUser, How::Copy].into_iter().flat_map(|how| lengths.map(|len| (how, len)))
            {
                let mut model = Model::new(&case.layouts, id, record);
                assert_eq!(run_program(&object, "start", &[]), 0);
                for time in 0..times {
                    fill(&object, &mut model, (index, variable), how, &vec![b'a' + time as u8; len]);
                }
                assert_eq!(
                    arrived(&object),
                    model.record(&case.layouts, id, record),
                    "{how:?}, {times} times {len} bytes into {variable:?}"
                );
                records += 1;
            }
        }
    }
    assert_eq!(records, 5 * 3 * 3 * 7);
}

#[test]
fn kernel_sends_through_dynptrs() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    assert_eq!(run(3, Some("BPF_LAYOUT_DYNPTR")).sent.len(), RECORDS);
}

#[test]
fn kernel_builds_as_many_records_at_once_as_there_are_rooms() {
    if !is_permitted() {
        return;
    }
    stay_on_one_cpu();
    for compiler in Compiler::all() {
        for program in [rooms::program(), rooms::program().defining("BPF_LAYOUT_DYNPTR")] {
            rooms::check(&loaded(&program, compiler), &compiler.to_string());
        }
    }
}

#[test]
fn kernel_sends_several_events_with_all_fields_full() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let mut sent = 0;
    for number in 0..4 {
        let case = Case::new(number);
        let object = loaded_by_any(&case.program());
        let (id, record) = case.event();
        let variables: Vec<&Variable> = record.variable().map(|(_, variable)| variable).collect();
        let mut expected = Vec::new();
        // Each field is the first once, and they all wait in the buffer together.
        for first in 0..variables.len() {
            let mut model = Model::new(&case.layouts, id, record);
            assert_eq!(run_program(&object, "start", &[]), 0);
            for index in (0..variables.len()).map(|index| (first + index) % variables.len()) {
                let variable = variables[index];
                let limit = variable.limit.value as usize;
                let len = if variable.kind == VariableKind::Bytes { limit } else { limit - 1 };
                let bytes = vec![b'a' + index as u8; len];
                let mut source = bytes.clone();
                source.resize(SOURCE, 0);
                set_first_value(&object, "source", &source);
                for _ in 0..variable.most() as usize / limit {
                    let result = model.fill(index, variable, How::FromKernel, &bytes).expect("it can be read");
                    assert_eq!(result, limit as i64);
                    let arguments = [index as u64, 0, 0, bytes.len() as u64];
                    assert_eq!(i64::from(run_program(&object, "fill", &arguments)), result, "{variable:?}");
                }
            }
            assert_eq!(run_program(&object, "send", &[]), 0);
            let full = model.record(&case.layouts, id, record);
            assert_eq!(full.len() as u64, case.layouts.largest(id), "no byte is left");
            expected.push(full);
        }
        sent += expected.len();
        assert_eq!(all_arrived(&object), expected);
    }
    assert!(sent > 8, "the specs are not what they were: {sent}");
}

#[test]
fn kernel_reads_bytes_at_the_end_of_what_can_be_read() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let text = "spec = 1\n\n[event.sent]\ntag = { tag = 7 }\nfields = [\n  { name = \"tag\", type = \"u16\" },\n  \
        { name = \"data\", type = \"bytes[..16]\" },\n]\n";
    let object = loaded_by_any(&Case::of(text).program());
    let pages = Pages::new();
    let fill = |bytes: &[u8], len: u64| {
        assert_eq!(run_program(&object, "start", &[]), 0);
        let result = run_program(&object, "fill", &[0, USER, pages.ending(bytes), len]);
        (result, arrived(&object)[6..].to_vec())
    };
    assert_eq!(fill(b"abcd", 4), (4, b"abcd".to_vec()), "they end where the page does");
    assert_eq!(fill(&[b'x'; 16], 17), (17, vec![b'x'; 16]), "cut before that");
    for (bytes, len) in [(&b"abcd"[..], 5), (b"", 1)] {
        assert_eq!(fill(bytes, len), (-14, Vec::new()), "EFAULT: nothing of what reaches beyond");
    }
}

/// Texts as long as a limit and its neighbours, with a NUL as the last byte that can be read, and without any.
#[test]
fn kernel_reads_texts_of_every_length_at_the_end_of_what_can_be_read() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let compilers: Vec<Compiler> = Compiler::all().collect();
    let pages = Pages::new();
    let mut unreadable = 0;
    for (number, limit) in [1_usize, 2, 16, 255].into_iter().enumerate() {
        let case = Case::of(&format!(
            "spec = 1\n\n[event.sent]\ntag = {{ tag = 7 }}\nfields = [\n  {{ name = \"tag\", type = \"u16\" }},\n  \
             {{ name = \"f0\", type = \"str[..{limit}]\" }},\n  {{ name = \"f1\", type = \"str[..{limit}][..3]\" }},\n]\n"
        ));
        let object = loaded(&case.program(), compilers[number % compilers.len()]);
        let (id, record) = case.event();
        let lengths: BTreeSet<usize> = [0, 1, limit - 1, limit, limit + 1].into();
        for (index, (_, variable)) in record.variable().enumerate() {
            for (len, has_nul) in lengths.iter().flat_map(|&len| [(len, true), (len, false)]) {
                let place = format!("{len} bytes, NUL: {has_nul}, into {variable:?}");
                let mut model = Model::new(&case.layouts, id, record);
                assert_eq!(run_program(&object, "start", &[]), 0);
                // What was added before stays, whatever becomes of the next.
                if matches!(variable.kind, VariableKind::Strs(_)) {
                    fill(&object, &mut model, (index, variable), How::FromUser, b"x");
                }
                let text = vec![b'a'; len];
                // The byte behind the limit is read, too: it tells what just fits from what is cut.
                let how = if has_nul || len > limit { How::FromUser } else { How::Unreadable };
                let address = pages.ending_text(&text, has_nul);
                let result = ask(&object, &mut model, (index, variable), how, &text, [USER, address]);
                if how == How::Unreadable {
                    assert_eq!(result, -14, "EFAULT: {place}");
                    unreadable += 1;
                }
                // And a field of which nothing could be read is empty: it takes another text.
                fill(&object, &mut model, (index, variable), How::FromUser, b"y");
                assert_eq!(arrived(&object), model.record(&case.layouts, id, record), "{place}");
            }
        }
    }
    assert_eq!(unreadable, 2 * (2 + 3 + 4 + 4));
}

#[test]
fn kernel_sends_to_perf_buffers() {
    if !is_permitted() || Compiler::all().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let mut case = Case::new(1);
    let object = loaded_by_any(&case.program());
    let samples = Rc::new(RefCell::new(Vec::new()));
    with_map(&object, "perf", |map| {
        let sink = Rc::clone(&samples);
        let buffer =
            PerfBufferBuilder::new(map).sample_cb(move |_, sample: &[u8]| sink.borrow_mut().push(sample.to_vec()));
        let buffer = buffer.build().expect("a perf buffer");
        for _ in 0..8 {
            let sent = case.send(&object);
            assert_eq!(run_program(&object, "perf_send", &[]), 0);
            buffer.consume().expect("a sample");
            let sample = samples.borrow_mut().pop().expect("a sample");
            // A sample and its length field together fill whole u64s.
            assert_eq!(sample.len(), (sent.bytes.len() + 4).next_multiple_of(8) - 4);
            assert_eq!(sample[..sent.bytes.len()], sent.bytes);
        }
    });
}

/// Has a crate of the generated modules read every record: as it was sent, at every alignment, with what transports append,
/// cut short, and with every one of its descriptors' bytes changed.
fn read_back(cases: &[Done]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-compact");
    fs::create_dir_all(folder.join("src")).expect("a writable folder");
    let manifest = format!(
        "[package]\nname = \"compact\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies.bpf-layout]\n\
         path = {:?}\ndefault-features = false\nfeatures = [\"std\"]\n\n[profile.dev]\ndebug = 0\n",
        root.join("runtime")
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a writable file");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    fs::write(folder.join("src/main.rs"), reader(cases)).expect("a writable file");
    let records = write_records(&folder, cases);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline", "--target-dir"]).arg(folder.join("target")).arg("--").arg(records);
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").current_dir(&folder);
    let output = support::run(&mut cargo);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let expected = format!("{} records\n", cases.iter().map(|case| case.sent.len()).sum::<usize>());
    assert_eq!(text, expected);
}

/// One line for each record: its spec, its bytes, and bytes and cut of each field, those of variable length first.
fn write_records(folder: &Path, cases: &[Done]) -> PathBuf {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = String::new();
    for (index, case) in cases.iter().enumerate() {
        for sent in &case.sent {
            let _ = write!(text, "{index} :{}", hex(&sent.bytes));
            for field in &sent.fields {
                let _ = write!(text, " {}:{}", u8::from(field.cut), hex(&field.bytes));
            }
            for bytes in &sent.fixed {
                let _ = write!(text, " 0:{}", hex(bytes));
            }
            text.push('\n');
        }
    }
    let path = folder.join("records.txt");
    fs::write(&path, text).expect("a writable file");
    path
}

fn reader(cases: &[Done]) -> String {
    let mut text = "#![forbid(unsafe_code)]\n".to_owned();
    let mut arms = String::new();
    for (index, case) in cases.iter().enumerate() {
        let module = bpf_layout_emit::rust::module(&case.case.layouts);
        let (id, record) = case.case.event();
        let variable = record.variable().map(|(field, variable)| {
            let name = &field.name.rust;
            // By its path, since a method of the prelude's traits that takes `self`, such as `into`, comes first.
            let value = format!("m{index}::SentEvent::{name}(&event)");
            let value = if field.optional { format!("{value}.unwrap()") } else { value };
            match variable.kind {
                VariableKind::Bytes => format!("({value}.to_vec(), event.{name}.is_truncated())"),
                VariableKind::Str => format!(
                    "{{ let text = {value}; assert!(text.as_cstr().is_none_or(|c| c.to_bytes() == text.as_bytes())); \
                     (text.raw().to_vec(), text.is_truncated()) }}"
                ),
                VariableKind::Strs(_) => {
                    format!("({value}.iter().flat_map(|text| text.raw().to_vec()).collect(), {value}.is_truncated())")
                }
            }
        });
        let fixed = fixed(&case.case.layouts, id, record);
        let fixed = fixed.iter().map(|Fixed { field, place }| {
            let name = &field.name.rust;
            match place {
                Place::Bytes { .. } => format!("(bpf_layout::Layout::as_bytes(&event.{name}).to_vec(), false)"),
                Place::Bits { unit: Scalar::Bool, .. } => {
                    format!("(vec![u8::from(m{index}::SentEventHeader::{name}(&event))], false)")
                }
                Place::Bits { .. } => format!(
                    "(bpf_layout::Layout::as_bytes(&m{index}::SentEventHeader::{name}(&event)).to_vec(), false)"
                ),
            }
        });
        let fields: Vec<String> = variable.chain(fixed).collect();
        let _ = write!(text, "\nmod m{index} {{\n{module}}}\n");
        let _ = writeln!(
            arms,
            "        {index} => {{ let event = m{index}::SentEvent::parse(bytes).ok()?; let _ = format!(\"{{event:?}}\"); \
             Some(vec![{}]) }}",
            fields.join(", ")
        );
    }
    text + &include_str!("kernel/compact.rs.txt").replace("// ARMS\n", &arms)
}

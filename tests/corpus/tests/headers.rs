//! The corpus as C headers, imported as bindgen reads them and as clang does: what comes of it lies where the facts have it. What
//! of C bindgen cannot say is found on a header that has it.
//!
//! `cargo test -p bpf-layout-corpus --test headers -- --nocapture` prints the figures.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use bindgen::{Builder, EnumVariation, Formatter, NonCopyUnionStyle};
use bpf_layout_corpus::{Unit, Written, objects, projects, source_header, units};
use bpf_layout_import::{Compiler, Found, Header, Imported, Note, Rust, Verdict, compare, write};
use bpf_layout_spec::{compare::ObservedType, kernel::KernelField};

/// What the corpus has.
const TYPES: usize = 439;

/// Structs of the kernel's headers for userspace, which an import leaves there.
const OF_THE_KERNEL: &[&str] = &["bpf_cpumap_val", "bpf_devmap_val"];

#[test]
fn bindgen_says_the_same_of_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tally = Tally::of(&mut |written, text| {
        let header = folder.path().join(format!("{}.h", written.unit.name));
        fs::write(&header, text).expect("a writable folder");
        let bindings = bindings(&header, &|builder| builder);
        let rust = Rust::parse("bindings.rs", &bindings).expect("bindgen writes Rust");
        let (found, notes) = rust.found();
        differences(&written.unit, &found, &notes)
    });
    println!("{} of {} types the same through bindgen", tally.same, tally.all);
    assert_eq!(tally.exceptions, "");
    assert_eq!((tally.all, tally.same), (TYPES, TYPES));
}

#[test]
fn clang_says_the_same_of_all() {
    let Some(compiler) = objects::bpf_compiler() else {
        assert!(!objects::has_tool("clang"));
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tally = Tally::of(&mut |written, text| {
        // It includes nothing and has no macros, so that the preprocessor would only add where it is from.
        let preprocessed = format!("# 1 \"/{}.h\" 1\n{text}", written.unit.name);
        let object = objects::compile_text(compiler, &uses(&written.unit, text), folder.path());
        let header = Header::compiled(Path::new("unit.h"), &preprocessed, &mut |_| Some(text.to_owned()), object);
        let (found, notes) = header.found().expect("BTF");
        differences(&written.unit, &found, &notes)
    });
    println!("{} of {} types the same through {compiler}", tally.same, tally.all);
    assert_eq!(tally.exceptions, "");
    assert_eq!((tally.all, tally.same), (TYPES, TYPES));
}

/// A header, and a pointer to each of its records, which keeps them in the object.
fn uses(unit: &Unit, header: &str) -> String {
    let mut text = header.to_owned();
    for (index, record) in unit.records.iter().enumerate() {
        let word = if record.union { "union" } else { "struct" };
        let _ = writeln!(text, "{word} {} *use_{index};", record.name);
    }
    text
}

/// Each type by its name, and how it is otherwise, if it is.
type Verdicts = Vec<(String, Option<String>)>;

/// Types, and those of them that are the same to the byte.
#[derive(Default)]
struct Tally {
    all: usize,
    same: usize,
    /// A line for each that is not.
    exceptions: String,
}

impl Tally {
    /// Asks, for each header of the corpus, which types are otherwise, and how.
    fn of(ask: &mut dyn FnMut(&Written, &str) -> Verdicts) -> Self {
        let mut tally = Tally::default();
        for project in projects() {
            for unit in units(&project).into_iter().filter(|unit| !unit.roots.is_empty()) {
                let written = Written::new(unit);
                for (name, wrong) in ask(&written, &source_header(&written.unit, &written.layouts)) {
                    tally.all += 1;
                    match wrong {
                        Some(wrong) => tally.exceptions += &format!("{} {name}: {wrong}\n", project.name),
                        None => tally.same += 1,
                    }
                }
            }
        }
        tally
    }
}

/// What bindgen writes of a header, in one of its styles.
fn bindings(header: &Path, style: &dyn Fn(Builder) -> Builder) -> String {
    let builder = Builder::default().header(header.to_string_lossy()).clang_arg("-w");
    // The headers include none of the system's, and to look for these takes longer than all else.
    let builder = style(builder.detect_include_paths(false).formatter(Formatter::None));
    builder.generate().unwrap_or_else(|error| panic!("{}: {error}", header.display())).to_string()
}

/// Each type of a unit, and how it is otherwise in what is imported, if it is.
fn differences(unit: &Unit, found: &Found<'_>, notes: &[Note]) -> Verdicts {
    let imported = write(found, "Of the corpus.").unwrap_or_else(|error| panic!("{}: {error}", unit.name));
    let in_facts = |name: &str| unit.record(name);
    let proof = compare(&renumbered(&imported, found, &in_facts), &unit.found()).expect("what was written loads");
    let of_root = |root: usize| {
        let record = &unit.records[root];
        let verdict = proof.types.iter().find(|verdict| verdict.index == root);
        let wrong = match (KernelField::from_name(&record.name), verdict) {
            (Some(field), _) => (u64::from(field.info().size) != record.size).then(|| "is of another size".to_owned()),
            (None, Some(verdict)) => told(verdict, notes),
            (None, None) if OF_THE_KERNEL.contains(&record.name.as_str()) => None,
            (None, None) => Some(noted(&record.name, notes).unwrap_or_else(|| "is not written".to_owned())),
        };
        (record.name.clone(), wrong)
    };
    unit.roots.iter().map(|root| of_root(*root)).collect()
}

/// The same spec, its records by another index, which `place` gives by their name in C.
fn renumbered(imported: &Imported, found: &Found<'_>, place: &dyn Fn(&str) -> Option<usize>) -> Imported {
    let mut imported = imported.clone();
    let index_of = |index: usize| match &found.observed.types[index] {
        ObservedType::Record(record) => place(record.name),
        ObservedType::Enum(_) => None,
    };
    imported.types = imported.types.into_iter().filter_map(|(index, name)| Some((index_of(index)?, name))).collect();
    imported.maps.clear();
    imported
}

fn told(verdict: &Verdict, notes: &[Note]) -> Option<String> {
    let sentences = verdict.sentences();
    if !sentences.is_empty() {
        return Some(sentences.join(", "));
    }
    let opaque = verdict.opaque && !OF_THE_KERNEL.contains(&verdict.name.as_str());
    opaque.then(|| noted(&verdict.name, notes).unwrap_or_else(|| "is written as bytes".to_owned()))
}

fn noted(name: &str, notes: &[Note]) -> Option<String> {
    notes.iter().find(|note| note.subject == name).map(|note| note.message.clone())
}

/// The definitions of a spec, in no order: bindgen may sort what it writes.
fn definitions(toml: &str) -> BTreeSet<String> {
    toml.split("\n\n").map(|definition| definition.trim_end().to_owned()).collect()
}

/// What bindgen can be asked to write otherwise, and what it is hard to write at all.
const HARD: &str = include_str!("../headers/hard.h");

/// What comes of it otherwise than clang has it for BPF, with the reason; what neither can say is among it.
const NOT_SAID: &[(&str, &str)] = &[
    ("pka: `b` starts at byte 4, and was byte 1", "bindgen has no word for packed and aligned: it writes `packed(4)`"),
    (
        "user: `d` is u64, and was a floating point number of 8 bytes, `f2` is u32, and was a floating point number of 4 bytes",
        "the language has no floating point",
    ),
    (
        "bigs: has 32 bytes, and was 24 bytes, `ld` is u128, and was a floating point number of 8 bytes",
        "bindgen asks for the host, where a `long double` has 16 bytes",
    ),
    ("usev: `at` is i32, and was void", "clang writes no BTF of `_Atomic`"),
];

#[test]
fn every_style_of_bindgen_becomes_one_spec() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let header = folder.path().join("hard.h");
    fs::write(&header, HARD).expect("a writable folder");
    let of = |style: &dyn Fn(Builder) -> Builder| {
        let bindings = bindings(&header, style);
        let rust = Rust::parse("hard.rs", &bindings).expect("bindgen writes Rust");
        let (found, notes) = rust.found();
        (definitions(&write(&found, "hard.h").expect("a spec").toml), notes)
    };
    let enums = |style: EnumVariation| move |builder: Builder| builder.default_enum_style(style);
    let (plain, notes) = of(&|builder| builder);
    let new_type = |is_bitfield, is_global| EnumVariation::NewType { is_bitfield, is_global };
    for (name, style) in [
        ("enums of Rust", &enums(EnumVariation::Rust { non_exhaustive: false }) as &dyn Fn(Builder) -> Builder),
        ("enums that may have other values", &enums(EnumVariation::Rust { non_exhaustive: true })),
        ("newtypes", &enums(new_type(false, false))),
        ("newtypes with global constants", &enums(new_type(false, true))),
        ("bitfields", &enums(new_type(true, false))),
        ("constants in modules", &enums(EnumVariation::ModuleConsts)),
        ("constants without the name of their enum", &|builder| builder.prepend_enum_name(false)),
        ("sorted by kinds", &|builder| builder.sort_semantically(true).merge_extern_blocks(true)),
        ("types of core", &|builder| builder.use_core().ctypes_prefix("cty")),
        ("unions with ManuallyDrop", &|builder| {
            builder.no_copy(".*").default_non_copy_union_style(NonCopyUnionStyle::ManuallyDrop)
        }),
        ("unions as structs", &|builder| builder.no_copy(".*")),
        ("without a first line", &|builder| builder.disable_header_comment()),
        ("aliases as types", &|builder| builder.default_alias_style(bindgen::AliasVariation::NewType)),
    ] {
        let (toml, own) = of(style);
        let other: Vec<&String> = toml.symmetric_difference(&plain).collect();
        assert!(other.is_empty(), "{name}: {other:#?}");
        assert_eq!(own, notes, "{name}");
    }
}

#[test]
fn what_bindgen_cannot_say_is_listed() {
    let Some(compiler) = objects::bpf_compiler() else {
        assert!(!objects::has_tool("clang"));
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let header = folder.path().join("hard.h");
    fs::write(&header, HARD).expect("a writable folder");
    let compiler = Compiler { program: compiler.into(), ..Compiler::default() };
    let clang = Header::read(&header, &compiler, &["-w".into()]).expect("a header of C");
    let (in_c, _) = clang.found().expect("BTF");
    let rust = Rust::parse("hard.rs", &bindings(&header, &|builder| builder)).expect("bindgen writes Rust");
    let (found, notes) = rust.found();
    let imported = write(&found, "hard.h").expect("a spec");
    let in_clang = |name: &str| {
        let is_it = |ty: &ObservedType<'_>| matches!(ty, ObservedType::Record(record) if record.name == name);
        in_c.observed.types.iter().position(is_it).filter(|_| !name.is_empty())
    };
    let proof = compare(&renumbered(&imported, &found, &in_clang), &in_c).expect("what was written loads");
    let wrong = proof.types.iter().filter_map(|verdict| Some(format!("{}: {}", verdict.name, told(verdict, &notes)?)));
    let wrong: Vec<String> = wrong.collect();
    assert_eq!(wrong, NOT_SAID.iter().map(|(what, _)| *what).collect::<Vec<_>>());
}

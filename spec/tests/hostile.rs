//! Input that nobody would write in good faith: it is refused, or taken, without a panic and in reasonable time.

#[path = "support/patience.rs"]
mod patience;

use std::{fmt::Write as _, fs, io, os::unix::fs::symlink, path::Path};

use bpf_layout_spec::{Failure, Loaded, Options, diag::Code, load_with};
use patience::timed;
use proptest::prelude::*;

fn load(text: &str) -> Result<Loaded, Failure> {
    let mut reader = |path: &Path| match path.to_str() {
        Some("layouts.toml") => Ok(text.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    load_with(Path::new("layouts.toml"), &mut reader, &Options::default())
}

fn codes(text: &str) -> Vec<Code> {
    match load(text) {
        Ok(loaded) => loaded.warnings.iter().map(|found| found.code).collect(),
        Err(failure) => failure.diagnostics.iter().map(|found| found.code).collect(),
    }
}

fn one_field(ty: &str) -> String {
    format!("spec = 1\n[struct.s]\nfields = [{{ name = \"a\", type = \"{ty}\" }}]\n")
}

#[test]
fn deep_arrays() {
    assert_eq!(codes(&one_field(&format!("u8{}", "[1]".repeat(1000)))), [Code::TypeSyntax]);
    assert_eq!(codes(&one_field(&format!("u8{}", "[4294967295]".repeat(16)))), [Code::TooLarge]);
    assert_eq!(codes(&one_field(&format!("u8[{}1{}]", "(".repeat(1000), ")".repeat(1000)))), [Code::TypeSyntax]);
    assert_eq!(codes(&one_field(&format!("u8[1{}]", " + 1".repeat(100_000)))), [Code::TypeSyntax]);
    assert_eq!(codes(&one_field(&"u8[".repeat(100_000))), [Code::TypeSyntax]);
}

#[test]
fn deep_toml() {
    for text in [
        format!("spec = 1\na = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("spec = 1\n{}a = 1", "a.".repeat(100_000)),
        format!("spec = 1\na = {}", "{ a = ".repeat(100_000)),
    ] {
        assert!(timed(|| codes(&text)).contains(&Code::Syntax));
    }
}

#[test]
fn deep_unnamed_members() {
    let nested = |depth: usize| {
        let inner = format!("{}{{ name = \"x\", type = \"u8\" }}{}", "{ union = [".repeat(depth), "] }".repeat(depth));
        codes(&format!("spec = 1\n[struct.s]\nfields = [{inner}]\n"))
    };
    assert_eq!(nested(16), []);
    assert_eq!(nested(17), [Code::TooLarge]);
}

#[test]
fn a_hundred_thousand_structs_in_a_chain() {
    // Each contains the next, so that the order of the file is the worst one.
    let mut text = String::from("spec = 1\n");
    for index in 0..100_000 {
        let _ = writeln!(text, "[struct.s{index}]\nfields = [{{ name = \"a\", type = \"s{}\" }}]", index + 1);
    }
    text.push_str("[struct.s100000]\nfields = [{ name = \"a\", type = \"u8\" }]\n");
    let loaded = timed(|| load(&text)).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics.first()));
    assert_eq!(loaded.layouts.model.types.len(), 100_001);
    assert_eq!(loaded.layouts.model.types[0].name().spec, "s100000");
}

#[test]
fn long_chains_of_aliases_and_constants() {
    let mut text = String::from("spec = 1\n[alias]\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "a{index} = \"a{}\"", index + 1);
    }
    text.push_str("a20000 = \"u32\"\n[lengths]\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "C{index} = \"C{}\"", index + 1);
    }
    text.push_str("C20000 = 7\n[struct.s]\nfields = [{ name = \"a\", type = \"a0[C0]\" }]\n");
    let loaded = timed(|| load(&text)).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics.first()));
    assert_eq!(loaded.layouts.types[0].size, 28);
}

#[test]
fn long_circles() {
    let mut text = String::from("spec = 1\n[alias]\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "a{index} = \"a{}\"", (index + 1) % 20_000);
    }
    text.push_str("[lengths]\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "C{index} = \"C{}\"", (index + 1) % 20_000);
    }
    for index in 0..20_000 {
        let next = (index + 1) % 20_000;
        let _ = writeln!(text, "[struct.s{index}]\nfields = [{{ name = \"a\", type = \"s{next}\" }}]");
    }
    let found = timed(|| codes(&text));
    assert_eq!(found, [Code::Recursion, Code::ExpressionCycle, Code::Recursion]);
}

#[test]
fn many_errors() {
    let mut text = String::from("spec = 1\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "[struct.s{index}]\nfields = [{{ name = \"a\", type = \"t{index}\" }}]");
    }
    assert_eq!(timed(|| codes(&text)).len(), 20_000);
}

#[test]
fn many_fields_variants_and_keys() {
    let mut text = String::from("spec = 1\n[enum.e]\nrepr = \"u32\"\nvariants = [\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "{{ name = \"v{index}\", value = {index} }},");
    }
    text.push_str("]\n[struct.s]\nfields = [\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "{{ name = \"f{index}\", type = \"e\", optional = true }},");
    }
    text.push_str("]\n");
    let loaded = timed(|| load(&text)).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics.first()));
    assert_eq!(loaded.layouts.types[1].size, 80_000);
    let mut text = String::from("spec = 1\n");
    for index in 0..20_000 {
        let _ = writeln!(text, "lengthz{index} = 1");
    }
    assert_eq!(timed(|| codes(&text)).len(), 20_000);
}

#[test]
fn many_second_names() {
    let names: String = (0..100_000).map(|number| format!("{{ name = \"n{number}\", same_as = \"last\" }},")).collect();
    let text = format!(
        "spec = 1\n[enum.e]\nrepr = \"u8\"\nvariants = [{}{names}{{ name = \"last\", value = 1 }}]\n",
        (2..200).map(|number| format!("{{ name = \"v{number}\", value = {number} }},")).collect::<String>()
    );
    let loaded = timed(|| load(&text)).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics.first()));
    assert_eq!(loaded.layouts.model.types.len(), 1);
}

#[test]
fn huge_numbers() {
    let digits = "9".repeat(10_000);
    assert_eq!(codes(&format!("spec = 1\n[lengths]\nA = {digits}\n")), [Code::Overflow]);
    assert_eq!(codes(&format!("spec = 1\n[lengths]\nA = \"{digits}\"\n")), [Code::Overflow]);
    assert_eq!(codes("spec = 1\n[lengths]\nA = -170141183460469231731687303715884105728\n"), [Code::Overflow]);
    assert_eq!(codes("spec = 1\n[lengths]\nA = \"1 << 18446744073709551615\"\n"), [Code::Overflow]);
    assert_eq!(
        codes("spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u8\", offset = 18446744073709551615 }]\n"),
        [Code::Placement]
    );
}

#[test]
fn includes_without_end() {
    // A reader that invents a new file for each include.
    let mut count = 0;
    let mut reader = |_: &Path| {
        count += 1;
        Ok(format!("spec = 1\ninclude = [\"{count}.toml\"]\n"))
    };
    let failure = load_with(Path::new("layouts.toml"), &mut reader, &Options::default()).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Code::IncludeCycle);
    assert!(count < 100);
}

#[test]
fn includes_that_fan_out() {
    // Each file includes two that nobody has seen, so that there are 2^64 within the depth that is allowed.
    let mut count = 0;
    let mut reader = |path: &Path| {
        count += 1;
        let name = path.with_extension("").display().to_string();
        Ok(format!("spec = 1\ninclude = [\"{name}0.toml\", \"{name}1.toml\"]\n"))
    };
    let failure = timed(|| load_with(Path::new("a.toml"), &mut reader, &Options::default())).unwrap_err();
    let codes: Vec<Code> = failure.diagnostics.iter().map(|found| found.code).collect();
    assert!(codes.contains(&Code::Unreadable) && codes.len() < 2000, "{} errors", codes.len());
    assert!(count <= 1024, "{count} files were read");
}

#[test]
fn includes_of_too_much() {
    let mut reader = |path: &Path| {
        let number: u32 = path.with_extension("").to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
        let include = if number < 20 { format!("include = [\"{}.toml\"]\n", number + 1) } else { String::new() };
        Ok(format!("spec = 1\n{include}#{}\n", "x".repeat(8 << 20)))
    };
    let failure = timed(|| load_with(Path::new("0.toml"), &mut reader, &Options::default())).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Code::Unreadable);
    assert!(failure.diagnostics[0].message.contains("64 MiB"), "{:?}", failure.diagnostics[0]);
    assert_eq!(failure.sources.iter().count(), 7);
}

#[test]
fn circles_of_symbolic_links() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    // The same folder under two more names, and in each of them again.
    symlink(".", folder.path().join("left")).expect("links can be made");
    symlink(".", folder.path().join("right")).expect("links can be made");
    write("layouts.toml", "spec = 1\ninclude = [\"left/common.toml\", \"right/left/common.toml\", \"common.toml\"]\n");
    write("common.toml", "spec = 1\n[lengths]\nPATH = 4\n");
    let loaded = bpf_layout_spec::load(&folder.path().join("layouts.toml"), &Options::default());
    let loaded = loaded.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    assert_eq!(loaded.sources.iter().count(), 2, "a file is read once, whatever it is called");

    write("common.toml", "spec = 1\ninclude = [\"right/common.toml\", \"left/layouts.toml\"]\n");
    let failure = bpf_layout_spec::load(&folder.path().join("layouts.toml"), &Options::default()).unwrap_err();
    let codes: Vec<Code> = failure.diagnostics.iter().map(|found| found.code).collect();
    assert!(codes.iter().all(|code| *code == Code::IncludeCycle) && codes.len() <= 8, "{codes:?}");
}

#[test]
fn what_is_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("layouts.toml");
    let says = |path: &Path, what: &str| {
        let failure = bpf_layout_spec::load(path, &Options::default()).unwrap_err();
        let found = &failure.diagnostics[0];
        assert_eq!(found.code, Code::Unreadable);
        assert!(found.message.contains(what), "{}: {}", path.display(), found.message);
    };
    says(folder.path(), "it is a folder");
    says(Path::new("/dev/zero"), "device");
    says(&path, "No such file");
    // Nobody listens, and nobody will.
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("it can be made");
    says(&folder.path().join("socket"), "socket");
    symlink("layouts.toml", &path).expect("links can be made");
    says(&path, "symbolic links");
    fs::remove_file(&path).expect("it is there");
    fs::write(&path, b"spec = 1\n# caf\xe9\n").expect("writable");
    says(&path, "it is not UTF-8 text, from line 2 on");
    // A terabyte, of which nothing takes room on the disk.
    fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("file systems have sparse files");
    says(&path, "larger than 64 MiB");
}

#[test]
fn fifty_megabytes() {
    const LEN: usize = 50 << 20;
    let comments = format!("spec = 1\n#{}", "x".repeat(LEN));
    assert_eq!(timed(|| codes(&comments)), []);
    let doc = "x".repeat(LEN);
    let doc = format!("spec = 1\n[struct.s]\ndoc = \"{doc}\"\nfields = [{{ name = \"a\", type = \"u8\" }}]\n");
    assert_eq!(timed(|| codes(&doc)), []);
    let brackets = format!("spec = 1\na = {}", "[".repeat(LEN));
    assert!(timed(|| codes(&brackets)).contains(&Code::Syntax));
}

#[test]
fn profiles_that_contradict() {
    let spec = |profile: &str| {
        let text = format!(
            "spec = 1\n[lengths]\nPATH = 64\nTAIL = \"PATH - 32\"\n[capacities]\nRING = 4096\n[struct.value]\nfields = [\n  \
             {{ name = \"path\", type = \"str[PATH]\", optional = true }},\n  {{ name = \"tail\", type = \"str[TAIL]\", optional = true \
             }},\n]\n[map.ring]\ntype = \"ringbuf\"\nmax_entries = \"RING\"\n{profile}"
        );
        let mut reader = |_: &Path| Ok(text.clone());
        let options = Options { profile: Some("p".into()) };
        match load_with(Path::new("layouts.toml"), &mut reader, &options) {
            Ok(loaded) => loaded.warnings.iter().map(|found| found.code).collect::<Vec<_>>(),
            Err(failure) => failure.diagnostics.iter().map(|found| found.code).collect(),
        }
    };
    assert_eq!(spec("[profile.p]\nlengths.PATH = 128\n"), []);
    // Each by itself could be: together they leave nothing, or a number that cannot be.
    assert_eq!(spec("[profile.p]\nomit = [\"value.path\", \"value.tail\"]\n"), [Code::EmptyType]);
    assert_eq!(spec("[profile.p]\nlengths.PATH = 16\n"), [Code::Overflow]);
    assert_eq!(spec("[profile.p]\ncapacities.RING = 4097\n"), [Code::NotPowerOfTwo]);
    assert_eq!(spec("[profile.p]\nlengths.TAIL = 0\n"), [Code::ZeroLength]);
    // The same said twice, or of what is not there.
    assert_eq!(spec("[profile.p]\nlengths.PATH = 1\nlengths.PATH = 2\n"), [Code::DuplicateName]);
    assert_eq!(spec("[profile.p]\nlengths.PATH = 128\n[profile.p]\nlengths.PATH = 64\n"), [Code::DuplicateName]);
    assert_eq!(spec("[profile.p]\nlengths.PTAH = 128\n[profile.q]\n"), [Code::UnknownName]);
    assert_eq!(spec("[profile.p]\ncapacities.PATH = 128\n"), [Code::UnknownName]);
    assert_eq!(spec("[profile.p]\nmap.ring.max_entries = \"PATH * (RING\"\n"), [Code::ExpressionSyntax]);
}

#[test]
fn odd_paths_and_texts() {
    for path in ["", "/", "..", "a/..", "\u{feff}.toml"] {
        let mut reader = |_: &Path| Ok("spec = 1\n".to_owned());
        let loaded = load_with(Path::new(path), &mut reader, &Options { profile: Some(String::new()) });
        assert_eq!(loaded.unwrap_err().diagnostics[0].code, Code::UnknownName);
    }
    assert_eq!(codes(""), [Code::SpecVersion]);
    assert_eq!(codes("\u{feff}spec = 1\r\n"), []);
    assert_eq!(codes("spec = 1\r\n[struct.\"\u{202e}\"]\r\n"), [Code::MissingKey, Code::InvalidName]);
    assert!(codes("\0").contains(&Code::Syntax));
}

/// Good specs, to be damaged.
const GOOD: &[&str] = &[
    include_str!("specs/design.toml"),
    include_str!("specs/tags.toml"),
    include_str!("specs/maps.toml"),
    include_str!("../../layouts.toml"),
];

/// Words of the language, to put where they do not belong.
const WORDS: &[&str] = &[
    "spec",
    "= 1",
    "[struct.a]",
    "[map.events]",
    "{ union = [",
    "] }",
    "\"u8[",
    "..",
    "\"",
    "'''",
    "type = ",
    "bits = ",
    "offset = -1",
    "packed = true",
    "tag = \"",
    "when = ",
    "0x",
    "<<",
    "KiB",
    "include = [\"x\"]",
    "kptr[",
    "bpf_list_head",
    "[[struct]]",
    "profile.a.b = 1",
    "é",
    "\u{202e}",
    "\0",
    "\r",
    "\n",
    ",",
    "=",
    "#",
];

fn assert_well_formed(text: &str) {
    let (diagnostics, sources) = match load(text) {
        Ok(loaded) => (loaded.warnings, loaded.sources),
        Err(failure) => {
            assert!(!failure.diagnostics.is_empty(), "a failure says why");
            (failure.diagnostics, failure.sources)
        }
    };
    for label in diagnostics.iter().flat_map(|found| found.primary.iter().chain(&found.secondary)) {
        let text = &sources.get(label.span.file).text;
        let (start, end) = (label.span.start as usize, label.span.end as usize);
        assert!(text.get(start..end).is_some(), "{start}..{end} is no part of the text");
        let place = sources.line_column(label.span);
        assert!(place.line >= 1 && place.column >= 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        assert_well_formed(&text);
        assert_well_formed(&format!("spec = 1\n{text}"));
    }

    #[test]
    fn any_type(ty in "[a-z0-9_\\[\\]().+*/<> -]{0,40}") {
        assert_well_formed(&one_field(&ty));
        assert_well_formed(&format!("spec = 1\n[lengths]\nA = \"{ty}\"\n"));
    }

    #[test]
    fn damaged_specs(
        which in 0..GOOD.len(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, 0..WORDS.len(), 0..40usize), 1..6),
    ) {
        let mut text: Vec<char> = GOOD[which].chars().collect();
        for (place, kind, word, len) in damages {
            let start = place.index(text.len().max(1)).min(text.len());
            let end = (start + len).min(text.len());
            match kind {
                0 => drop(text.drain(start..end)),
                1 => drop(text.splice(start..start, WORDS[word].chars())),
                _ => {
                    let copy: Vec<char> = text[start..end].to_vec();
                    let at = place.index(text.len().max(1));
                    drop(text.splice(at..at, copy));
                }
            }
        }
        assert_well_formed(&text.into_iter().collect::<String>());
    }

    #[test]
    fn damaged_words(which in 0..GOOD.len(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        // Swaps one word for another of the same spec, so that most stays valid TOML.
        let text = GOOD[which];
        let words: Vec<&str> =
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        let (from, to) = (words[from.index(words.len())], words[to.index(words.len())]);
        assert_well_formed(&text.replacen(from, to, 1));
        assert_well_formed(&text.replace(from, to));
    }
}

//! No bytes make the lint panic, and none make it slow.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bpf_layout_emit::render;
use bpf_layout_lint::{Report, lint};
use bpf_layout_spec::{Loaded, Options, diag::Severity};
use proptest::prelude::*;

fn loaded() -> Loaded {
    bpf_layout_spec::load(Path::new("tests/cases/layouts.toml"), &Options::default()).expect("the spec is valid")
}

/// Lints a source of these bytes, and says what was found as a door would.
fn lint_bytes(loaded: &Loaded, bytes: &[u8]) -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("hostile.c");
    fs::write(&path, bytes).expect("writable");
    let report = lint(loaded, &[&path]).expect("the source can be read");
    for finding in &report.findings {
        let source = &report.sources.get(finding.at.span.file).text;
        assert!(source.get(finding.at.span.start as usize..finding.at.span.end as usize).is_some(), "{finding:?}");
    }
    report
}

/// Pieces that mean something to the lint, so that random sources go deep.
const PIECES: &[&str] = &[
    "event->path",
    "event->args[",
    "buffer.text[i",
    "struct exec_event *event",
    "bpf_probe_read_kernel(",
    "sizeof(",
    "512",
    "511",
    "0x1ff",
    "&",
    "& 511",
    "&=",
    "%",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "=",
    "i",
    "i < 512",
    "for (i = 0;",
    "if (",
    "\n",
    "\n#define X 512\n",
    "\n#define F(a) a->path[511]\n",
    "\n#if 0\n",
    "\n#if X\n",
    "\n#else\n",
    "\n#endif\n",
    "\\\n",
    "/*",
    "*/",
    "/* bpf-layout: allow(literal-length) */",
    "// bpf-layout:\n",
    "\"",
    "'",
    "enum {",
    "A = 512,",
    "const int",
    "__uint(max_entries, 1024)",
    "} execs SEC(\".maps\")",
    "->",
    ".",
    "*",
    "-",
    "\r\n",
    "é",
    "\u{1F980}",
    "X",
    "\0",
    "char path[512]",
    "__attribute__((",
    "p = event->path;",
    "p[511]",
    "return",
    "#",
    "##",
    "0b",
    "1e+",
    "<<",
    "1 << 9",
    "18446744073709551615",
    "& 0xffffffffffffffff",
    "18446744073709551615",
    "0xffffffffffffffff",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        lint_bytes(&loaded(), &bytes);
    }

    #[test]
    fn any_mixture_of_c_is_read(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..120)) {
        let report = lint_bytes(&loaded(), pieces.join(" ").as_bytes());
        let findings: Vec<_> = report.findings.iter().map(|finding| finding.rendered(Severity::Warning)).collect();
        prop_assert_eq!(render::plain_findings(&findings, &report.sources).is_empty(), findings.is_empty());
    }

    #[test]
    fn line_ends_and_continuations_change_nothing(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let loaded = loaded();
        let plain = pieces.join(" ").replace("\r\n", "\n").replace("\\\n", " ");
        let ids = |text: &str| -> Vec<&str> {
            lint_bytes(&loaded, text.as_bytes()).findings.iter().map(|finding| finding.rule.id).collect()
        };
        prop_assert_eq!(ids(&plain), ids(&plain.replace('\n', "\r\n")));
        // A continuation in a comment or a string is in neither for us if it was in neither before.
        prop_assert_eq!(ids(&plain), ids(&plain.replace("->", "-\\\n>")));
    }
}

/// Without optimisation, on a busy machine. What takes the square of the length takes hours.
const LONGEST: Duration = Duration::from_secs(120);

/// A hundred thousand lines, of every kind that could be walked again and again.
#[test]
fn long_sources_take_no_longer_than_they_must() {
    const LINES: usize = 100_000;
    let loaded = loaded();
    let repeated: [(&str, &str); 14] = [
        ("open parentheses", "("),
        ("open and stray brackets", "( [ { ] "),
        ("nested calls", "bpf_probe_read_kernel(event->path, 8, "),
        ("signs", "- "),
        ("members", "event->path."),
        ("subscripts", "event->path["),
        ("one variable", "event->path[i] = 0; if (i < 600) x = 0;\n"),
        ("one buffer", "bpf_probe_read_kernel(event->path, len, buf);\n"),
        ("pointers", "p = event->path; p[1] = 0;\n"),
        ("attributes", "__attribute__(()) "),
        ("conditions", "#if EXECS_MAX_ENTRY\n"),
        ("comments", "/* bpf-layout: allow(stale-literal) */\n"),
        ("strings", "\" \\"),
        ("continuations", "\\\n"),
    ];
    for (name, line) in repeated {
        let text = format!("int f(struct exec_event *event, int i, int len) {{\n{}", line.repeat(LINES));
        let start = Instant::now();
        lint_bytes(&loaded, text.as_bytes());
        assert!(start.elapsed() < LONGEST, "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn numbers_at_the_limits_are_no_lengths() {
    let numbers =
        ["0", "1", "0xffffffffffffffff", "18446744073709551616", "0x7fffffffffffffff + 1", "-1", "1 << 63", "1 << 64"];
    let loaded = loaded();
    for number in numbers {
        let text = format!(
            "#define N {number}\nint f(struct exec_event *event, long at)\n{{\n\tevent->path[at & {number}] = 0;\n\tat &= N;\n\t\
             if (at > {number})\n\t\treturn 0;\n\treturn bpf_probe_read_user(&event->args[at], {number}, event->path[N]);\n}}\n"
        );
        let found = lint_bytes(&loaded, text.as_bytes()).findings;
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.id).collect();
        assert!(rules.iter().all(|rule| *rule == "stale-literal"), "{number}: {rules:?}");
    }
}

#[test]
fn long_chains_of_definitions_end() {
    let loaded = loaded();
    let mut text = String::new();
    for index in 0..20_000 {
        writeln!(text, "#define A{index} (A{} + A{})\nenum {{ B{index} = A{index} }};", index + 1, index + 2)
            .expect("a string takes everything");
        writeln!(text, "struct s{index} *everywhere;").expect("a string takes everything");
    }
    let start = Instant::now();
    lint_bytes(&loaded, text.as_bytes());
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
}

#[test]
fn headers_that_include_one_another_are_read_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("a.c", "#include \"a.h\"\n#include \"layouts.h\"\n#include \"generated.h\"\n#include \"elsewhere.h\"\n");
    write("b.c", "#include \"b.h\"\n#include \"vmlinux.h\"\n");
    write("a.h", "#include \"b.h\"\n#define MAX_PATH 512\n");
    write("b.h", "#include \"a.h\"\n");
    write("layouts.h", "#define PATH_LEN 512\n");
    write("vmlinux.h", "#define PATH_LEN 512\n");
    write(
        "generated.h",
        "/* @generated by bpf-layout 0.1.0 from layouts.toml; do not edit. */\n#define PATH_LEN 512\n",
    );
    let report = lint(&loaded(), &[folder.path().join("a.c"), folder.path().join("b.c")]).expect("readable");
    let names: Vec<_> = report.files.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["a.c", "a.h", "b.h", "b.c"]);
    assert_eq!(report.findings.iter().map(|finding| finding.rule.id).collect::<Vec<_>>(), ["shadow-define"]);
    assert!(lint(&loaded(), &[folder.path().join("none.c")]).expect_err("missing").to_string().contains("none.c"));
}

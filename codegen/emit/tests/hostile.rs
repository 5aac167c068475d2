//! Documentation that tries to become code, in every place that has one: no compiler says a word, and what it compiles is
//! the same as without.

mod support;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::{c, rust};
use bpf_layout_spec::{Options, layout::Layouts, load_with};
use support::{has_tool, run, run_silently};

/// What people and machines have tried elsewhere.
const HOSTILE: &[&str] = &[
    "*/ int broken; /*",
    "*\\\n/ int broken;",
    "*??/\n/ int broken;",
    "/* nested */ /",
    "ends with a backslash \\",
    "ends with a trigraph ??/",
    "// line \\\n#error broken",
    "\n#define struct broken\n#error broken\n#include \"/etc/passwd\"",
    "\" \\\" ' '\"' \\x41 \\u{41} %s %n {} {0} {{",
    "r#\"raw\"# \"## b\"\" c\"\"",
    "#![allow(x)]\n//! inner\n/** block */ /*! inner */",
    "```rust\npanic!()\n```\n~~~\n</pre>\n    indented()",
    "[`crate::Nothing`] [x]: http://x [a](javascript:alert(1)) <b onload=x> <!-- --> &amp;",
    "\u{202e}\u{2066} \u{2028}\u{2029} \u{0} \u{7} \u{1b}[2J \u{85} \u{9b}m \u{200b}\u{feff} \r \r\n \t",
    "_Pragma(\"GCC poison struct\") __attribute__((weak)) \\N{DIGIT ONE} $crate r#type '\\''",
];

/// A spec with one documentation wherever there may be one.
fn spec(doc: &str) -> String {
    let mut quoted = String::from("doc = \"");
    for c in doc.chars() {
        let _ = write!(quoted, "\\U{:08X}", u32::from(c));
    }
    quoted.push('"');
    format!(
        "spec = 1\n[lengths]\nPATH = 16\n[enum.kind]\nrepr = \"u32\"\n{quoted}\nvariants = [{{ name = \"a\", value = 1, {quoted} }}]\n\
         [flags.bits]\nrepr = \"u32\"\n{quoted}\nbits = [{{ name = \"a\", value = 1, {quoted} }}]\n\
         [extern.foreign]\nsize = 8\nalign = 8\nc = \"unsigned long long\"\n{quoted}\n\
         [union.either]\n{quoted}\nfields = [{{ name = \"a\", type = \"u64\", {quoted} }}, {{ name = \"b\", type = \"foreign\", {quoted} }}]\n\
         [struct.value]\n{quoted}\nfields = [{{ name = \"kind\", type = \"kind\", {quoted} }}, {{ name = \"bits\", type = \"bits\", {quoted} }},\n  \
         {{ name = \"low\", type = \"u32\", bits = 3, {quoted} }}, {{ name = \"high\", type = \"u32\", bits = 29, {quoted} }},\n  \
         {{ name = \"path\", type = \"str[PATH]\", optional = true, {quoted} }}, {{ name = \"late\", type = \"u32\", {quoted} }},\n  \
         {{ name = \"either\", type = \"either\", {quoted} }}]\n\
         [event.seen]\n{quoted}\nfields = [{{ name = \"value\", type = \"value\", {quoted} }}]\n\
         [map.values]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"value\"\nmax_entries = 16\n{quoted}\n\
         [map.events]\ntype = \"ringbuf\"\nmax_entries = \"4 KiB\"\nevents = [\"seen\"]\n{quoted}\n"
    )
}

fn layouts(name: &str, text: &str) -> Layouts {
    let loaded = load_with(Path::new(name), &mut |_| Ok(text.to_owned()), &Options::default());
    loaded.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics)).layouts
}

/// Every hostile header, in a folder of its own; the last by the name of its spec.
fn headers(folder: &Path) -> Vec<PathBuf> {
    let named = ("evil */ int broken; \\", "harmless");
    let specs = HOSTILE.iter().map(|doc| ("layouts", *doc)).chain([named]);
    let write = |(index, (name, doc)): (usize, (&str, &str))| {
        let path = folder.join(format!("hostile{index}.h"));
        let header = c::header(&layouts(&format!("{name}.toml"), &spec(doc)));
        fs::write(&path, header).expect("a writable folder");
        path
    };
    specs.enumerate().map(write).collect()
}

#[test]
fn no_compiler_says_a_word() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let headers = headers(folder.path());
    let both = ["-fsyntax-only", "-Wall", "-Wextra", "-Wcomment", "-Wtrigraphs", "-Werror"];
    for (compiler, options) in [
        ("gcc", &["-std=c11", "-x", "c"][..]),
        ("gcc", &["-std=gnu11", "-trigraphs", "-x", "c"]),
        ("g++", &["-std=c++11", "-x", "c++"]),
        ("clang", &["-std=c11", "-x", "c"]),
        ("clang", &["-std=gnu11", "-trigraphs", "-x", "c", "--target=bpf"]),
    ] {
        if has_tool(compiler) {
            // Headers by themselves, one after another: guards must not hide one behind another.
            for header in &headers {
                run_silently(Command::new(compiler).args(options).args(both).arg(header));
            }
        }
    }
}

#[test]
fn what_is_compiled_is_the_same_as_without() {
    if !has_tool("gcc") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let code = |text: &str| {
        let path = folder.path().join("layouts.h");
        fs::write(&path, text).expect("a writable folder");
        let output = run(Command::new("gcc").args(["-E", "-P", "-trigraphs", "-x", "c"]).arg(&path));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let harmless = code(&c::header(&layouts("layouts.toml", &spec("harmless"))));
    assert!(harmless.contains("struct value {"));
    for doc in HOSTILE {
        assert_eq!(code(&c::header(&layouts("layouts.toml", &spec(doc)))), harmless, "{doc:?}");
    }
}

#[test]
fn rustdoc_finds_no_code_and_no_links() {
    // The runtime's macros, as far as documentation goes through them: rustdoc shall see what it sees in a user's crate.
    const STUB: &str = "#![allow(unused)]\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (index, doc) in HOSTILE.iter().enumerate() {
        let module = rust::module(&layouts("layouts.toml", &spec(doc)));
        let docs: Vec<&str> = module.lines().map(str::trim).filter(|line| line.starts_with("///")).collect();
        assert!(docs.len() > 20, "{module}");
        let path = folder.path().join(format!("hostile{index}.rs"));
        fs::write(&path, format!("//! Types.\n{STUB}{}\npub struct S;\n", docs.join("\n"))).expect("a writable folder");
        let rustdoc = std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
        let lints = ["-D", "warnings", "-D", "rustdoc::all"];
        let mut command = Command::new(rustdoc);
        command.args(["--edition=2024", "--crate-name", "hostile", "-o"]).arg(folder.path().join("doc"));
        run_silently(command.args(lints).arg(&path));
    }
}

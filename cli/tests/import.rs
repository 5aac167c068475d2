//! `import`: what it writes, what it says of it, and what it leaves alone.

mod common;

use std::{fs, path::Path, process::Command};

use common::{has_clang, names, run};
use tempfile::TempDir;

const HEADER: &str = "
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef unsigned char __u8;

#define COMM_LEN 16 /* with its NUL */
#ifndef PATH_LEN
#define PATH_LEN 512
#endif

/* What was done. */
enum op { OP_OPEN = 1, OP_CLOSE = 2 };

/* One call. */
struct call_event {
	__u64 time; /* nanoseconds */
	__u32 pid;
	enum op op;
	char comm[COMM_LEN];
#ifndef NO_CWD
	char cwd[PATH_LEN];
#endif
	__u8 args[2 * PATH_LEN];
};

typedef struct {
	__u32 low : 3;
	__u32 high : 5;
} bits_t;
";

const PROGRAM: &str = "
#include \"calls.h\"
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) __typeof__(val) *name
struct { __uint(type, 1); __uint(max_entries, 64); __type(key, __u32); __type(value, struct call_event); } calls SEC(\".maps\");
bits_t bits = { 1 };
char LICENSE[] SEC(\"license\") = \"GPL\";
";

const SPEC: &str = r#"# Imported from calls.h by `cargo bpf-layout import`.
spec = 1

[lengths]
COMM_LEN = 16    # with its NUL
PATH_LEN = 512

[enum.op]
repr = "u32"
doc = "What was done."
variants = [{ name = "open", value = 1 }, { name = "close", value = 2 }]

[struct.call_event]
doc = "One call."
fields = [
  { name = "time", type = "u64",           doc = "nanoseconds" },
  { name = "pid",  type = "u32" },
  { name = "op",   type = "op" },
  { name = "comm", type = "str[COMM_LEN]" },
  { name = "cwd",  type = "str[PATH_LEN]", optional = true },
  { name = "args", type = "bytes[2 * PATH_LEN]" },
]

[struct.bits_t]
c = "bits_t"
fields = [
  { name = "low",  type = "u32", bits = 3 },
  { name = "high", type = "u32", bits = 5 },
]

[profile.lean]
lengths.PATH_LEN = 128
omit = ["call_event.cwd"]
"#;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("calls.h"), HEADER).expect("writable");
    fs::write(folder.path().join("calls.c"), PROGRAM).expect("writable");
    folder
}

fn compile(folder: &Path) {
    let ran = Command::new("clang")
        .current_dir(folder)
        .args(["--target=bpf", "-g", "-O2", "-c", "calls.c", "-o", "calls.bpf.o"])
        .status()
        .expect("clang runs");
    assert!(ran.success());
}

#[test]
fn headers_come_with_their_names_comments_and_variants() {
    if !has_clang() {
        return;
    }
    let folder = folder();
    let variant = "lean=-DPATH_LEN=128 -DNO_CWD";
    let ran = run(folder.path(), &["import", "--header", "calls.h", "--variant", variant, "--output", "calls.toml"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.path().join("calls.toml")).expect("readable"), SPEC);
    assert!(ran.err.starts_with("wrote calls.toml: 3 types, 0 maps\n"), "{}", ran.err);
    assert!(ran.err.contains("\n3 of 3 types identical\n"), "{}", ran.err);
    assert!(ran.err.contains("\n3 of 3 types, profile lean identical\n"), "{}", ran.err);
    for profile in ["", "lean"] {
        let ran = run(folder.path(), &["generate", "--spec", "calls.toml", "--out-dir", "out", "--profile", profile]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "profile {profile:?}");
    }
}

#[test]
fn objects_are_imported_and_agree_with_what_was_written() {
    if !has_clang() {
        return;
    }
    let folder = folder();
    compile(folder.path());
    let ran =
        run(folder.path(), &["import", "--object", "calls.bpf.o", "--header", "calls.h", "--output", "calls.toml"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    let text = fs::read_to_string(folder.path().join("calls.toml")).expect("readable");
    for line in ["PATH_LEN = 512", "doc = \"One call.\"", "[map.calls]", "[struct.bits_t]"] {
        assert!(text.lines().any(|written| written == line), "{line} is missing:\n{text}");
    }
    let ran = run(folder.path(), &["check", "--spec", "calls.toml", "--object", "calls.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(ran.out, "3 types and 1 map agree with 1 object\n");
}

/// A dictionary of interned strings comes as the structs and maps that it consists of: the object tells no more.
#[test]
fn dictionaries_are_imported_as_their_maps() {
    if !has_clang() {
        return;
    }
    const SPEC: &str = "spec = 1\n[lengths]\nPATH = 512\n[intern.PATH]\nmax_entries = 64\n[struct.owner]\n\
         fields = [{ name = \"exe\", type = \"intern[PATH]\" }]\n[map.owners]\ntype = \"hash\"\nkey = \"u32\"\n\
         value = \"owner\"\nmax_entries = 8\n";
    const PROGRAM: &str = "#define SEC(name) __attribute__((section(name), used))\n\
         #define __uint(name, val) int (*name)[val]\n#define __type(name, val) __typeof__(val) *name\n\
         #include \"layouts.h\"\nDEFINE_OWNERS_MAP;\nDEFINE_PATH_INTERN;\n\
         SEC(\"socket\") int uses(void *ctx)\n{\n\treturn path_intern_kernel(ctx).id != 0;\n}\n";
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), SPEC).expect("writable");
    fs::write(folder.path().join("calls.c"), PROGRAM).expect("writable");
    assert_eq!(run(folder.path(), &["generate", "--out-dir", "."]).status, 0);
    compile(folder.path());
    let ran = run(folder.path(), &["import", "--object", "calls.bpf.o", "--output", "imported.toml"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("\n4 of 4 types identical\n"), "{}", ran.err);
    assert!(ran.err.contains("\n3 of 3 maps identical\n"), "{}", ran.err);
    let text = fs::read_to_string(folder.path().join("imported.toml")).expect("readable");
    for line in ["[struct.path_string]", "[map.path_strings]", "key = \"path_id\"", "[map.path_interning]"] {
        assert!(text.lines().any(|written| written == line), "{line} is missing:\n{text}");
    }
    let ran = run(folder.path(), &["check", "--spec", "imported.toml", "--object", "calls.bpf.o"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "4 types and 3 maps agree with 1 object\n"), "{}", ran.err);
}

#[test]
fn rust_becomes_a_spec_on_standard_output() {
    let folder = folder();
    let rust = "pub const COMM: usize = 16;\n/// One call.\n#[repr(C)]\npub struct CallEvent { pub pid: u32, pub comm: [u8; COMM] }\n";
    fs::write(folder.path().join("abi.rs"), rust).expect("writable");
    let ran = run(folder.path(), &["import", "--rust", "abi.rs", "--clang", "no-such-compiler"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    for line in
        ["COMM = 16", "[event.call_event]", "doc = \"One call.\"", r#"  { name = "comm", type = "str[COMM]" },"#]
    {
        assert!(ran.out.lines().any(|written| written == line), "{line} is missing:\n{}", ran.out);
    }
    assert!(ran.err.contains("compared by the layout engine only, not by clang: `no-such-compiler`"), "{}", ran.err);
}

#[test]
fn what_differs_is_status_1_and_told() {
    let folder = folder();
    fs::write(folder.path().join("abi.rs"), "#[repr(C)]\npub struct Sample { pub value: f64 }\n").expect("writable");
    let ran = run(folder.path(), &["import", "--rust", "abi.rs", "--clang", "no-such-compiler"]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.out.contains("# a floating point number of 8 bytes; BPF has no floating point"), "{}", ran.out);
    assert!(
        ran.err.contains("differs    sample\n           `value` is u64, and was a floating point number of 8 bytes\n"),
        "{}",
        ran.err
    );
}

#[test]
fn never_replaces_a_file_unless_forced_and_leaves_nothing_half_written() {
    let folder = folder();
    fs::write(folder.path().join("abi.rs"), "#[repr(C)]\npub struct Sample { pub value: u64 }\n").expect("writable");
    fs::write(folder.path().join("mine.toml"), "mine").expect("writable");
    let arguments = ["import", "--rust", "abi.rs", "--clang", "no-such-compiler", "--output", "mine.toml"];
    let ran = run(folder.path(), &arguments);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err, "error: `mine.toml` exists already\n  = help: keep it, or replace it with `--force`\n");
    assert_eq!(fs::read_to_string(folder.path().join("mine.toml")).expect("readable"), "mine");
    let forced: Vec<&str> = arguments.into_iter().chain(["--force"]).collect();
    assert_eq!(run(folder.path(), &forced).status, 0);
    assert!(fs::read_to_string(folder.path().join("mine.toml")).expect("readable").contains("[struct.sample]"));

    let before = names(folder.path());
    for (arguments, expected) in [
        (&["import", "--rust", "calls.h", "--output", "new.toml"][..], "error: calls.h:"),
        (
            &["import", "--object", "calls.c", "--output", "new.toml"],
            "error: `calls.c` is no BPF object that can be imported: ",
        ),
        (&["import", "--object", "missing.o", "--output", "new.toml"], "error: cannot read `missing.o`: "),
        (&["import", "--header", "missing.h", "--output", "new.toml"], "error: cannot read `missing.h`: "),
        (
            &["import", "--rust", "abi.rs", "--variant", "x=-DX", "--output", "new.toml"],
            "error: `--variant` compiles headers",
        ),
    ] {
        let ran = run(folder.path(), arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.starts_with(expected), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(names(folder.path()), before);
}

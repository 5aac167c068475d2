//! What docs/adopting.md tells people to do, done as it stands there.

mod common;

use std::{fs, path::Path, process::Command};

use common::{Ran, has_clang, run};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/adopting.md");

/// As much of libbpf's header as the programs need.
const HELPERS: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) __typeof__(val) *name
static __u64 (*const bpf_ktime_get_boot_ns)(void) = (void *)125;
static __u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *, __u32) = (void *)16;
static void *(*const bpf_ringbuf_reserve)(void *, __u64, __u64) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *, __u64) = (void *)132;
"#;

/// The block of code after `<!-- name -->`, with its last line's end.
fn block(name: &str) -> String {
    let (_, after) = PAGE.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("no block `{name}`"));
    let (_, code) = after.split_once("```").and_then(|(_, code)| code.split_once('\n')).expect("a block of code");
    code.split_once("```").expect("it ends").0.to_owned()
}

/// The project as it is before anything is done.
fn project() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    write("include/bpf/bpf_helpers.h", HELPERS);
    write("src/tracer.h", &block("tracer.h"));
    write("src/tracer.bpf.c", &block("tracer.bpf.c"));
    write("src/compact.bpf.c", &block("compact.bpf.c"));
    folder
}

fn compile(folder: &Path, program: &str) {
    let system = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    let (source, object) = (format!("src/{program}.bpf.c"), format!("{program}.bpf.o"));
    let clang = Command::new("clang")
        .args(["--target=bpf", "-g", "-O2", "-Wall", "-Werror", "-Iinclude", "-idirafter", &system])
        .args(["-c", &source, "-o", &object])
        .current_dir(folder)
        .output()
        .expect("clang runs");
    assert!(clang.status.success(), "{}", String::from_utf8_lossy(&clang.stderr));
}

/// Runs the command of a line `cargo bpf-layout ...`.
fn says(folder: &Path, line: &str) -> Ran {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some((["cargo", "bpf-layout"], arguments)) = words.split_first_chunk() else {
        panic!("`{line}` is not the command")
    };
    run(folder, arguments)
}

#[test]
fn the_steps_do_what_the_page_says() {
    if !has_clang() {
        return;
    }
    let project = project();
    let folder = project.path();
    compile(folder, "tracer");
    let ran = says(folder, &block("import"));
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.starts_with(&block("proof")), "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.join("layouts.toml")).expect("readable"), block("layouts.toml"));

    let ran = says(folder, &block("check"));
    assert_eq!((ran.status, ran.out.as_str()), (0, "1 type and 2 maps agree with 1 object\n"), "{}", ran.err);

    let (header, steps) = (block("header"), ["\"tracer.h\"", "\"layouts.h\""]);
    assert!(header.contains(&format!("s/{}/{}/", steps[0], steps[1])), "{header}");
    let ran = says(folder, header.lines().next().expect("a line"));
    assert_eq!(ran.status, 0, "{}", ran.err);
    let source = folder.join("src/tracer.bpf.c");
    let text = fs::read_to_string(&source).expect("readable");
    fs::write(&source, text.replace(steps[0], steps[1])).expect("writable");
    compile(folder, "tracer");
    assert_eq!(says(folder, &block("check")).status, 0);

    // A spec whose path is longer than the object's is noticed.
    let spec = block("layouts.toml");
    fs::write(folder.join("layouts.toml"), spec.replace("PATH_LEN = 4096", "PATH_LEN = 512")).expect("writable");
    assert_eq!(says(folder, &block("check")).status, 1);
}

#[test]
fn the_event_can_be_made_compact() {
    if !has_clang() {
        return;
    }
    let project = project();
    let folder = project.path();
    let spec = block("layouts.toml").replace("str[PATH_LEN]", "str[..PATH_LEN]");
    let (spec, _) = spec.split_once("\n[map.opens]").expect("the map is last");
    fs::write(folder.join("layouts.toml"), spec).expect("writable");
    let ran = says(folder, "cargo bpf-layout generate --out-dir src");
    assert_eq!(ran.status, 0, "{}", ran.err);
    compile(folder, "compact");
    let ran = says(folder, "cargo bpf-layout check --object compact.bpf.o");
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
}

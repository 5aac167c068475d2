//! `Builder::build`, called as a build script would, on small specs and programs in a folder of their own.

mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_codegen::{Builder, Error, Lint, Output, Vmlinux};
use tempfile::TempDir;

use crate::common::{SPEC, has_clang};

const PROGRAM: &str = r#"
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"
#include "own.h"

DEFINE_EVENTS_MAP;

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int NAME(void *ctx)
{
    struct open_event *event = open_event_reserve(&events);

    if (!event)
        return OWN;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_ringbuf_submit(event, 0);
    return 0;
}
"#;

/// A package's folder with a spec, a program and a header of its own.
struct Package(TempDir);

impl Package {
    fn new(program: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::write(folder.path().join("layouts.toml"), SPEC).expect("writable");
        fs::write(folder.path().join("own.h"), "#define OWN 0\n").expect("writable");
        fs::write(folder.path().join("tracer.bpf.c"), program).expect("writable");
        fs::create_dir(folder.path().join("out")).expect("a folder");
        Package(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn builder(&self) -> Builder {
        Builder::new(self.path("layouts.toml")).source(self.path("tracer.bpf.c")).out_dir(self.path("out"))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("readable")
    }

    fn out(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("out")).expect("the folder can be read");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The program, its function named `enter`.
fn program() -> String {
    PROGRAM.replace("NAME", "enter")
}

fn build(package: &Package) -> Output {
    package.builder().build().unwrap_or_else(|error| panic!("{error}"))
}

/// The error as people see it, without the temporary folder's name.
fn error(package: &Package, builder: Builder) -> String {
    let error = builder.build().expect_err("it cannot be built");
    error.to_string().replace(&package.0.path().display().to_string(), "DIR")
}

#[test]
fn header_types_object_and_skeleton_come_out() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program());
    let output = build(&package);
    assert_eq!(package.out(), ["layouts.h", "layouts.rs", "libbpf", "tracer.bpf.o", "tracer.skel.rs"]);
    assert_eq!((output.header, output.rust), (package.path("out/layouts.h"), package.path("out/layouts.rs")));
    assert_eq!(output.objects.len(), 1);
    assert_eq!(output.objects[0].skeleton, package.path("out/tracer.skel.rs"));
    assert_eq!(output.warnings, [""; 0]);
    assert_eq!(output.inputs, ["layouts.toml", "tracer.bpf.c", "own.h"].map(|name| package.path(name)));
    assert_eq!(output.variables, ["BPF_LAYOUT_PROFILE", "CLANG"]);
    let skeleton = package.read("out/tracer.skel.rs");
    assert!(skeleton.contains("TracerSkel") && skeleton.contains("pub enter:") && skeleton.contains("pub events:"));
}

#[test]
fn the_same_sources_give_the_same_bytes_anywhere_and_are_not_written_twice() {
    if !has_clang() {
        return;
    }
    let (one, two) = (Package::new(&program()), Package::new(&program()));
    build(&one);
    build(&two);
    let all = ["out/layouts.h", "out/layouts.rs", "out/tracer.bpf.o", "out/tracer.skel.rs"];
    for name in &all[..2] {
        assert_eq!(fs::read(one.path(name)).expect("readable"), fs::read(two.path(name)).expect("readable"), "{name}");
    }
    let state = || all.map(|name| fs::metadata(one.path(name)).and_then(|it| it.modified()).expect("it exists"));
    let before = state();
    build(&one);
    assert_eq!(state(), before);
}

#[test]
fn a_spec_without_programs_needs_no_clang() {
    let package = Package::new("");
    let output = Builder::new(package.path("layouts.toml"))
        .out_dir(package.path("out"))
        .clang("/nowhere/clang")
        .build()
        .expect("it can be built");
    assert_eq!(package.out(), ["layouts.h", "layouts.rs"]);
    assert_eq!(output.inputs, [package.path("layouts.toml")]);
    assert_eq!(output.variables, ["BPF_LAYOUT_PROFILE"]);
}

#[test]
fn warnings_of_the_spec_are_returned() {
    let package = Package::new("");
    fs::write(package.path("layouts.toml"), format!("{SPEC}[alias]\nidle = \"u32\"\n")).expect("writable");
    let builder = Builder::new(package.path("layouts.toml")).out_dir(package.path("out"));
    let output = builder.build().expect("it can be built");
    let expected =
        format!("{}:17:1: warning[unused]: the alias `idle` is used nowhere", package.path("layouts.toml").display());
    assert!(matches!(&output.warnings[..], [warning] if warning.starts_with(&expected)), "{:?}", output.warnings);
}

#[test]
fn an_invalid_spec_is_shown_as_everywhere_and_writes_nothing() {
    let package = Package::new(&program());
    fs::write(package.path("layouts.toml"), SPEC.replace("\"u32\"", "\"u31\"")).expect("writable");
    let text = error(&package, package.builder());
    assert!(text.starts_with("error[unknown-type]: ") && text.contains(" --> DIR/layouts.toml:7:"), "{text}");
    assert_eq!(package.out(), [""; 0]);
}

#[test]
fn clang_that_is_missing_old_or_another_program_is_explained() {
    let package = Package::new(&program());
    let text = error(&package, package.builder().clang("/nowhere/clang"));
    assert!(text.starts_with("cannot run `/nowhere/clang`"), "{text}");
    assert!(text.contains("apt-get install clang") && text.contains("dnf install clang"), "{text}");

    let text = error(&package, package.builder().clang("true"));
    assert!(text.starts_with("`true` is not clang"), "{text}");

    let old = script(&package, "echo 'Debian clang version 11.0.1-2' >&2");
    let text = error(&package, package.builder().clang(old));
    assert!(text.starts_with("`DIR/old-clang` is clang 11; BPF programs need clang 14 or newer"), "{text}");
}

fn script(package: &Package, line: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = package.path("old-clang");
    fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    path
}

#[test]
fn headers_beside_a_source_are_found_with_either_bracket() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program().replace("\"own.h\"", "<own.h>"));
    assert_eq!(build(&package).inputs, ["layouts.toml", "tracer.bpf.c", "own.h"].map(|name| package.path(name)));
}

#[test]
fn errors_of_clang_are_passed_on_and_leave_the_last_object() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program());
    build(&package);
    let before = package.read("out/tracer.skel.rs");
    fs::write(package.path("tracer.bpf.c"), program().replace("event->pid", "event->pdi")).expect("writable");
    let text = error(&package, package.builder());
    assert!(text.starts_with("clang refuses `DIR/tracer.bpf.c`\nDIR/tracer.bpf.c:"), "{text}");
    assert!(text.contains("no member named 'pdi'"), "{text}");
    assert_eq!(package.read("out/tracer.skel.rs"), before);
    assert_eq!(package.out(), ["layouts.h", "layouts.rs", "libbpf", "tracer.bpf.o", "tracer.skel.rs"]);
}

#[test]
fn warnings_of_clang_are_returned_and_layout_mistakes_are_errors() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program().replace("if (!event)", "int unused;\n    if (!event)"));
    let output = build(&package);
    assert_eq!(output.warnings.len(), 1);
    assert!(output.warnings[0].contains("unused variable"), "{:?}", output.warnings);

    let wrong = program().replace("struct open_event *event", "struct other { int a; } *event");
    let package = Package::new(&wrong);
    assert!(error(&package, package.builder()).contains("-Wincompatible-pointer-types"));
}

#[test]
fn a_header_that_hides_the_generated_one_is_refused() {
    if !has_clang() {
        return;
    }
    for stale in ["#define STALE\n", "@generated"] {
        let package = Package::new(&program());
        build(&package);
        let stale = stale.replace("@generated", &package.read("out/layouts.h"));
        fs::write(package.path("layouts.h"), stale).expect("writable");
        let text = error(&package, package.builder());
        assert!(text.starts_with("`DIR/layouts.h` hides the generated header"), "{text}");
    }
}

#[test]
fn names_that_break_skeletons_are_refused() {
    if !has_clang() {
        return;
    }
    for name in ["prog", "name", "object", "match"] {
        let package = Package::new(&PROGRAM.replace("NAME", name));
        let text = error(&package, package.builder());
        assert!(text.contains(&format!("the program `{name}` would break its skeleton")), "{text}");
        assert_eq!(package.out(), ["layouts.h", "layouts.rs", "libbpf"]);
    }
}

#[test]
fn sources_that_nothing_can_be_named_after_are_refused() {
    for (name, reason) in [
        ("tracer.c", "ends in `.bpf.c`"),
        ("my-tracer.bpf.c", "letters, digits and single underscores"),
        ("a__b.bpf.c", "letters, digits and single underscores"),
        ("9.bpf.c", "letters, digits and single underscores"),
        (".bpf.c", "letters, digits and single underscores"),
        ("other/tracer.bpf.c", "another source has the same name"),
    ] {
        let package = Package::new("");
        let text = error(&package, package.builder().source(package.path(name)));
        assert!(text.starts_with(&format!("`DIR/{name}`: ")) && text.contains(reason), "{name}: {text}");
    }
}

#[test]
fn vmlinux_h_of_a_file_is_found_and_watched() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program().replace("<linux/types.h>", "\"vmlinux.h\""));
    assert!(error(&package, package.builder()).contains("'vmlinux.h' file not found"));
    fs::write(package.path("types.h"), "typedef unsigned int u32;\n").expect("writable");
    let output = package.builder().vmlinux(Vmlinux::File(package.path("types.h"))).build();
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    assert!(output.inputs.contains(&package.path("types.h")), "{:?}", output.inputs);
    assert_eq!(package.read("out/vmlinux/vmlinux.h"), "typedef unsigned int u32;\n");
}

#[test]
fn vmlinux_h_of_the_running_kernel_compiles_with_the_header() {
    let can = Path::new("/sys/kernel/btf/vmlinux").exists() && Command::new("bpftool").arg("version").output().is_ok();
    if !can || !has_clang() {
        assert!(env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "bpftool or the kernel's BTF is missing");
        eprintln!("skipped: bpftool or the kernel's BTF is missing");
        return;
    }
    let source = program().replace("#include <linux/bpf.h>\n", "").replace("<linux/types.h>", "\"vmlinux.h\"");
    let package = Package::new(&source);
    let output = package.builder().vmlinux(Vmlinux::RunningKernel).build().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.warnings, [""; 0]);
    assert!(package.read("out/vmlinux/vmlinux.h").contains("struct task_struct {"));
}

#[test]
fn numbers_that_the_spec_has_a_name_for_are_warnings_unless_said_otherwise() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program().replace("bpf_ringbuf_submit", "OWN_PATH;\n    bpf_ringbuf_submit"));
    let own = "#define OWN 0\n#define OWN_PATH event->path[63] = 0\n#if 0\n#include \"gone.h\"\n#endif\n";
    fs::write(package.path("own.h"), own).expect("writable");
    let warnings = build(&package).warnings.join("\n");
    assert_eq!(
        warnings.replace(&package.0.path().display().to_string(), "DIR"),
        "DIR/own.h:2:30: warning[literal-length]: `63` is one less than the length of `open.path`; \
         DIR/layouts.toml:4:1: `PATH` is 64; help: write `PATH_LEN - 1`"
    );
    let allowed = package.builder().literals(Lint::Allow).build().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(allowed.warnings, [""; 0]);

    let text = error(&package, package.builder().literals(Lint::Deny));
    assert!(text.starts_with("error[literal-length]: `63` is one less than the length of `open.path`\n"), "{text}");
    assert!(text.contains("--> DIR/own.h:2:30\n") && text.contains("allow(RULE)"), "{text}");
    fs::write(package.path("own.h"), own.replace("63", "PATH_LEN - 1")).expect("writable");
    let clean = package.builder().literals(Lint::Deny).build().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(clean.warnings, [""; 0]);
}

#[test]
fn headers_that_only_the_lint_reads_are_watched() {
    if !has_clang() {
        return;
    }
    let package = Package::new(&program());
    fs::write(package.path("own.h"), "#define OWN 0\n#ifdef NEVER\n#include \"never.h\"\n#endif\n").expect("writable");
    fs::write(package.path("never.h"), "#define MAX_PATH 64\n").expect("writable");
    let output = build(&package);
    assert!(output.inputs.contains(&package.path("never.h")), "{:?}", output.inputs);
    assert!(matches!(output.warnings.as_slice(), [one] if one.contains("never.h:1:9: warning[shadow-define]")));
}

#[test]
fn a_source_that_is_not_there_is_named() {
    if !has_clang() {
        return;
    }
    let package = Package::new("");
    let text = error(&package, package.builder().source(package.path("other.bpf.c")));
    assert!(text.starts_with("cannot read `DIR/other.bpf.c`"), "{text}");
}

#[test]
fn without_a_folder_to_write_to_it_says_so() {
    if env::var_os("OUT_DIR").is_some() {
        return;
    }
    let package = Package::new("");
    let error = Builder::new(package.path("layouts.toml")).build().expect_err("there is no OUT_DIR");
    assert!(matches!(error, Error::NoOutDir));
}

#[test]
fn over_a_budget_is_no_build() {
    let package = Package::new(&program());
    let builder = || Builder::new(package.path("layouts.toml")).out_dir(package.path("out"));
    let map = "\n[map.opens]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"open\"\nmax_entries = 16384\n";
    let budget = "budget = \"1 MiB\"\n[budget]\ncpus = 8\n";
    fs::write(package.path("layouts.toml"), format!("{SPEC}{map}{budget}")).expect("writable");
    assert_eq!(
        error(&package, builder()),
        "\
error: `opens` costs 2,361,280 bytes when full, 1.3 MB over the budget of 1 MiB
  --> DIR/layouts.toml:17:6
  = note: reckoned for 8 possible CPUs, with the struct sizes of the kernel 7.3.4+deb13-amd64
  = help: max_entries of opens 16384 -> 4096 saves 1.8 MB
  = help: PATH 64 -> 32 saves 524.5 kB, which is not enough alone
  = help: `flags = [\"no_prealloc\"]` takes 270.0 kB until entries are used; full, it really takes 3.5 MB"
    );
    assert_eq!(package.out(), [""; 0], "nothing is generated");

    let group = "[group.few]\nmaps = [\"opens\"]\nbudget = \"1 MiB\"\n";
    fs::write(package.path("layouts.toml"), format!("{SPEC}{map}{group}")).expect("writable");
    let over = error(&package, builder());
    assert!(over.starts_with("error: the maps of group `few` together cost "), "{over}");

    // Within the budget by what the kernel reports, but each element fills a slab object that is larger.
    let sparse = map.replace("max_entries", "flags = [\"no_prealloc\"]\nmax_entries");
    fs::write(package.path("layouts.toml"), format!("{SPEC}{sparse}{}", budget.replace('1', "3"))).expect("writable");
    let warnings = builder().build().unwrap_or_else(|error| panic!("{error}")).warnings;
    assert!(matches!(warnings.as_slice(), [one] if one.contains("`opens`") && one.contains("3.5 MB")), "{warnings:?}");
}

/// The build script of [`cargo_is_told`], a process of its own.
#[test]
#[ignore = "a process that another test runs"]
fn build_script() {
    Builder::new("layouts.toml").run();
}

/// What a build script tells cargo of a spec, and what it says to those who are not cargo.
fn told(spec: &str, profile: &str) -> (Vec<String>, String) {
    let package = Package::new("");
    fs::write(package.path("layouts.toml"), spec).expect("writable");
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["build_script", "--exact", "--ignored", "--nocapture"])
        .current_dir(package.0.path())
        .env("OUT_DIR", package.path("out"))
        .env("CARGO_MANIFEST_DIR", package.0.path())
        .env("BPF_LAYOUT_PROFILE", profile)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines = lines.lines().filter_map(|line| line.find("cargo::").map(|at| line[at..].to_owned()));
    (lines.collect(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn cargo_is_told() {
    let watched = ["cargo::rerun-if-changed=layouts.toml", "cargo::rerun-if-env-changed=BPF_LAYOUT_PROFILE"];
    assert_eq!(told(SPEC, "").0, watched);
    assert_eq!(told(SPEC, "long").0, watched);
    let (lines, _) = told(&format!("{SPEC}[alias]\nidle = \"u32\"\n"), "");
    assert_eq!(lines[..2], watched);
    assert!(matches!(&lines[2..], [line] if line.starts_with("cargo::warning=layouts.toml:17:1: ")), "{lines:?}");

    let (lines, errors) = told(SPEC, "short");
    assert_eq!(lines[0], "cargo::error=error[unknown-name]: there is no profile `short`");
    assert!(lines.iter().all(|line| line.starts_with("cargo::error=")), "{lines:?}");
    assert!(errors.contains("error[unknown-name]: there is no profile `short`"), "{errors}");
}

//! Every generated header is compiled by every compiler that it promises to compile with, without a warning.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::{Header, bpf::CLANGS, has_tool, headers, host_includes, run, run_silently, write_headers};

/// What every compiler is asked to warn of.
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpadded", "-Werror"];

/// What BPF programs are often also built with.
const MORE_WARNINGS: [&str; 3] = ["-Wshadow", "-Wconversion", "-Wunused-function"];

/// Targets whose alignments, byte orders or integer types differ from those of x86-64.
const FOREIGN_TARGETS: [&str; 11] = [
    "i386-linux-gnu",
    "s390x-linux-gnu",
    "aarch64-linux-gnu",
    "arm-linux-gnueabihf",
    "powerpc64-linux-gnu",
    "powerpc64le-linux-gnu",
    "riscv64-linux-gnu",
    "mips-linux-gnu",
    "mips64-linux-gnuabi64",
    "sparc64-linux-gnu",
    "loongarch64-linux-gnu",
];

/// The case whose types come from <linux/in6.h>.
const WITH_INCLUDE: &str = "externs";

/// The case whose kernel types another header may define, if it comes first.
const WITH_KERNEL_TYPES: &str = "kernel_fields";

/// The headers, in a folder of their own.
struct Written {
    folder: tempfile::TempDir,
    headers: Vec<Header>,
    paths: Vec<PathBuf>,
}

impl Written {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let headers = headers();
        let paths = write_headers(folder.path(), &headers);
        Written { folder, headers, paths }
    }

    fn without(&self, cases: &[&str]) -> Vec<&Path> {
        let kept = self.headers.iter().zip(&self.paths).filter(|(header, _)| !cases.contains(&header.case.as_str()));
        kept.map(|(_, path)| path.as_path()).collect()
    }

    /// A C file for each header, with lines before and behind its inclusion.
    fn wrapped(&self, without: &[&str], before: &str, behind: &str) -> Vec<PathBuf> {
        let wrap = |path: &&Path| {
            let text = format!("{before}\n#include \"{}\"\n{behind}\n", path.display());
            let name = path.strip_prefix(self.folder.path()).expect("lies there").to_string_lossy().replace('/', "_");
            let file = self.folder.path().join(format!("{name}.c"));
            fs::write(&file, text).expect("a writable file");
            file
        };
        self.without(without).iter().map(wrap).collect()
    }
}

/// Compiles without a word, if the compiler is there.
fn check<P: AsRef<Path>>(compiler: &str, options: &[&str], paths: impl IntoIterator<Item = P>) {
    if !has_tool(compiler) {
        return;
    }
    let mut command = Command::new(compiler);
    command.args(options).args(WARNINGS).arg("-fsyntax-only");
    let paths: Vec<P> = paths.into_iter().collect();
    assert!(!paths.is_empty(), "nothing to compile");
    run_silently(command.args(paths.iter().map(AsRef::as_ref)));
}

#[test]
fn clang_for_bpf() {
    let written = Written::new();
    let includes = host_includes();
    let includes: Vec<&str> = includes.iter().map(String::as_str).collect();
    for clang in CLANGS {
        for target in ["--target=bpfel", "--target=bpfeb"] {
            let options = [&[target, "-std=gnu11", "-O2", "-g", "-xc"], &MORE_WARNINGS[..], &includes].concat();
            check(clang, &options, &written.paths);
        }
    }
}

#[test]
fn gcc_for_bpf() {
    let written = Written::new();
    let includes = host_includes();
    let mut options = vec!["-std=gnu11", "-O2", "-xc"];
    options.extend(includes.iter().map(String::as_str));
    check("bpf-gcc", &options, &written.paths);
}

#[test]
fn compilers_for_this_host() {
    let written = Written::new();
    for (compiler, options) in [
        ("gcc", ["-std=c11", "-xc"]),
        ("gcc", ["-std=gnu17", "-xc"]),
        ("g++", ["-std=c++17", "-xc++"]),
        ("g++", ["-std=c++20", "-xc++"]),
        ("clang", ["-std=c11", "-xc"]),
        ("clang", ["-std=gnu17", "-xc"]),
        ("clang", ["-std=c++17", "-xc++"]),
        ("clang-19", ["-std=c2x", "-xc"]),
        ("clang-19", ["-std=c++20", "-xc++"]),
    ] {
        check(compiler, &[&options[..], &MORE_WARNINGS].concat(), &written.paths);
    }
}

#[test]
fn other_targets() {
    let written = Written::new();
    let paths = written.without(&[WITH_INCLUDE]);
    check("gcc", &["-m32", "-std=c11", "-xc"], &paths);
    check("g++", &["-m32", "-std=c++17", "-xc++"], &paths);
    for target in FOREIGN_TARGETS {
        check("clang-16", &["-std=c11", "-xc", &format!("--target={target}")], &paths);
    }
}

#[test]
fn beside_headers_of_the_system() {
    let written = Written::new();
    let includes = host_includes();
    let includes: Vec<&str> = includes.iter().map(String::as_str).collect();
    for system in ["#include <linux/types.h>", "#include <linux/bpf.h>"] {
        let bpf = [&["--target=bpf", "-std=gnu11", "-O2", "-g"], &includes[..]].concat();
        for (before, behind, without) in [(system, "", &[][..]), ("", system, &[WITH_KERNEL_TYPES][..])] {
            // <linux/bpf.h> of a distribution is older than some kernel types.
            let without = if system.contains("bpf.h") { &[WITH_KERNEL_TYPES][..] } else { without };
            let files = written.wrapped(without, before, behind);
            for clang in CLANGS {
                check(clang, &bpf, &files);
            }
            check("gcc", &["-std=c11"], &files);
            check("g++", &["-std=c++17", "-xc++"], &files);
        }
    }
}

#[test]
fn beside_vmlinux_h() {
    let written = Written::new();
    let Some(vmlinux) = vmlinux(written.folder.path()) else { return };
    // The kernel's own types have padding, which is not to be warned of.
    let system = format!("-isystem{}", vmlinux.display());
    let bpf = ["--target=bpf", "-std=gnu11", "-O2", "-g", &system];
    // Types of the kernel come from vmlinux.h, so it must be there first. It is large enough to be compiled once only.
    let files = written.wrapped(&[], "", "");
    for clang in CLANGS.into_iter().filter(|clang| has_tool(clang)) {
        let compiled = vmlinux.join(format!("{clang}.pch"));
        let mut command = Command::new(clang);
        command.args(bpf).args(["-xc-header", "-o"]).arg(&compiled).arg(vmlinux.join("vmlinux.h"));
        run_silently(&mut command);
        check(clang, &[&bpf[..], &["-include-pch", &compiled.to_string_lossy()]].concat(), &files);
    }
    let files = written.wrapped(&[WITH_INCLUDE, WITH_KERNEL_TYPES], "", "#include <vmlinux.h>");
    check("clang-19", &bpf, &files);
}

/// A folder with the running kernel's types as C.
fn vmlinux(folder: &Path) -> Option<PathBuf> {
    const BTF: &str = "/sys/kernel/btf/vmlinux";
    if !Path::new(BTF).exists() {
        assert!(!support::is_set("BPF_LAYOUT_REQUIRE_KERNEL"), "{BTF} is missing");
        eprintln!("skipped: {BTF} is missing");
        return None;
    }
    if !has_tool("bpftool") {
        return None;
    }
    let output = run(Command::new("bpftool").args(["btf", "dump", "file", BTF, "format", "c"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let system = folder.join("system");
    fs::create_dir(&system).expect("a writable folder");
    fs::write(system.join("vmlinux.h"), output.stdout).expect("a writable file");
    Some(system)
}

#[test]
fn several_headers_at_once_and_twice() {
    let written = Written::new();
    let together = ["scalars", "u128", "strings", "bitfields", "kernel_fields"];
    let mut text = String::new();
    for (header, path) in written.headers.iter().zip(&written.paths) {
        if together.contains(&header.case.as_str()) {
            // Each case is called layouts.toml, so they share one guard and the name of one table; two specs of one
            // program do not.
            let own = header
                .text
                .replace("__BPF_LAYOUT_LAYOUTS_H__", &format!("__BPF_LAYOUT_{}_H__", header.case.to_uppercase()))
                .replace("__bpf_layout_fingerprints_layouts", &format!("__bpf_layout_fingerprints_{}", header.case));
            fs::write(path, own).expect("a writable file");
            text.push_str(&format!("#include \"{0}\"\n#include \"{0}\"\n", path.display()));
        }
    }
    let file = written.folder.path().join("together.c");
    fs::write(&file, text).expect("a writable file");
    for clang in CLANGS {
        check(clang, &["--target=bpf", "-std=gnu11", "-O2", "-g"], [&file]);
    }
    check("gcc", &["-std=c11"], [&file]);
    check("g++", &["-std=c++17", "-xc++"], [&file]);
}

#[test]
fn a_member_at_another_byte_is_an_error() {
    let written = Written::new();
    let (header, path) =
        written.headers.iter().zip(&written.paths).find(|(header, _)| header.case == "design").expect("the case");
    for (from, to, message) in [
        ("__u32 netns;", "__u64 netns;", "struct socket_key: family is not at byte 4"),
        ("__u8 _pad1[2];", "__u8 _pad1[4];", "struct socket_key is not of 12 bytes"),
    ] {
        assert!(header.text.contains(from), "{from} is not in the header");
        fs::write(path, header.text.replacen(from, to, 1)).expect("a writable file");
        for (compiler, language) in [("gcc", "-xc"), ("g++", "-xc++"), ("clang", "-xc")] {
            if !has_tool(compiler) {
                continue;
            }
            let output = run(Command::new(compiler).args([language, "-fsyntax-only"]).arg(path));
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && text.contains(message), "{compiler}: {text}");
        }
    }
}

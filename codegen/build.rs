//! Says what to install where libelf or zlib are missing.
//!
//! libbpf-sys, further down in our dependencies, needs them to build libbpf, and its own complaint is a page of make's
//! output. This script has no dependencies, so it runs long before.

use std::{
    env,
    ffi::OsString,
    process::{Command, Stdio},
};

/// Header, its pkg-config module, and the packages of Debian and Fedora that bring it.
const LIBRARIES: &[(&str, &str, &str, &str)] =
    &[("libelf.h", "libelf", "libelf-dev", "elfutils-libelf-devel"), ("zlib.h", "zlib", "zlib1g-dev", "zlib-devel")];

/// Program and its packages.
const PROGRAMS: &[(&str, &str, &str)] = &[("make", "make", "make"), ("pkg-config", "pkg-config", "pkgconf-pkg-config")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_VENDORED").is_some() {
        return;
    }
    let mut missing = Vec::new();
    for name in ["HOST_CC", "CC", "CFLAGS", "LIBBPF_SYS_EXTRA_CFLAGS", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let compiler = env::var_os("HOST_CC").or_else(|| env::var_os("CC")).unwrap_or_else(|| "cc".into());
    if !runs(Command::new(&compiler).arg("--version")) {
        missing.push(("a C compiler", "gcc", "gcc"));
    } else {
        let absent = LIBRARIES.iter().filter(|(header, module, ..)| !has_header(&compiler, header) && !knows(module));
        missing.extend(absent.map(|&(header, _, apt, dnf)| (header, apt, dnf)));
    }
    let pkg_config = env::var_os("PKG_CONFIG");
    let absent = PROGRAMS.iter().filter(|(program, ..)| {
        let program = pkg_config.clone().filter(|_| *program == "pkg-config").unwrap_or_else(|| program.into());
        !runs(Command::new(program).arg("--version"))
    });
    missing.extend(absent);
    complain(&missing);
}

fn complain(missing: &[(&str, &str, &str)]) {
    if missing.is_empty() {
        return;
    }
    let list = |pick: fn(&(&str, &str, &str)) -> String| missing.iter().map(pick).collect::<Vec<_>>();
    println!("cargo::error=libbpf cannot be built: {} missing", list(|need| need.0.into()).join(", "));
    println!("cargo::error=  = help: sudo apt-get install {}", list(|need| need.1.into()).join(" "));
    println!(
        "cargo::error=  = help: or, on Fedora and its kin: sudo dnf install {}",
        list(|need| need.2.into()).join(" ")
    );
    println!(
        "cargo::error=  = help: or enable the feature `vendored` of bpf-layout-codegen, which builds both from source"
    );
}

fn has_header(compiler: &OsString, header: &str) -> bool {
    let mut command = Command::new(compiler);
    for name in ["CFLAGS", "LIBBPF_SYS_EXTRA_CFLAGS"] {
        command.args(env::var(name).unwrap_or_default().split_whitespace());
    }
    runs(command.args(["-E", "-include", header, "-x", "c", "/dev/null"]))
}

fn knows(module: &str) -> bool {
    let pkg_config = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    runs(Command::new(pkg_config).args(["--exists", module]))
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

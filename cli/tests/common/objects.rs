//! Objects that clang builds.

use std::{fs, path::Path, process::Command};

/// Map macros of libbpf, without the need for its headers.
const MACROS: &str = "#define __uint(name, val) int(*name)[val]\n#define __type(name, val) typeof(val) *name\n\
                      #define SEC(name) __attribute__((section(name), used))\n";

pub(crate) fn compile(folder: &Path, name: &str, text: &str) {
    compile_with("clang", folder, name, text);
}

pub(crate) fn compile_with(clang: &str, folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(format!("{name}.c")), format!("{MACROS}{text}")).expect("writable");
    let (source, object) = (format!("{name}.c"), format!("{name}.bpf.o"));
    let clang = Command::new(clang)
        .args(["--target=bpf", "-g", "-O2", "-w", "-c", &source, "-o", &object])
        .current_dir(folder)
        .output()
        .expect("clang runs");
    assert!(clang.status.success(), "{}", String::from_utf8_lossy(&clang.stderr));
}

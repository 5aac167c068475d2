//! As libbpf-cargo's users write it.

use std::{env, path::PathBuf};

use libbpf_cargo::SkeletonBuilder;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let system = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    SkeletonBuilder::new()
        .source("src/fixed.bpf.c")
        .clang_args(["-Isrc", "-idirafter", &system])
        .build_and_generate(out.join("fixed.skel.rs"))
        .expect("the program builds");
    println!("cargo::rerun-if-changed=src/fixed.bpf.c");
    println!("cargo::rerun-if-changed=src/openat.h");
    println!("cargo::rerun-if-changed=src/layouts.h");
}

//! What the tests need of the kernel that runs.

#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod create;
pub(crate) mod dictionary;
pub(crate) mod group;
pub(crate) mod shapes;

use std::{env, fs};

use bpf_layout_memory::{KernelSizes, Source};

/// The sizes of the kernel that runs, from its BTF; `None`, and says so, if it has none.
pub(crate) fn running_kernel() -> Option<KernelSizes> {
    match fs::read("/sys/kernel/btf/vmlinux") {
        Ok(data) => Some(KernelSizes::from_btf(&data, "running", Source::RunningKernel).expect("the kernel's BTF")),
        Err(error) => {
            skipped(&format!("/sys/kernel/btf/vmlinux: {error}"));
            None
        }
    }
}

/// Says that a test is left out, or fails if the tests of the kernel are required.
pub(crate) fn skipped(reason: &str) {
    assert!(env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none_or(|value| value != "1"), "required, but {reason}");
    eprintln!("skipped: {reason}");
}

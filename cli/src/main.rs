//! The command `cargo bpf-layout`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_bpf_layout::main(std::env::args_os())
}

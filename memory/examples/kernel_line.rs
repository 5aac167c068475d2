//! Prints the line of `data/kernels.csv` for the kernel that runs. `cargo xtask kernels` runs it inside of each kernel.

use std::{env::consts::ARCH, process::ExitCode};

use bpf_layout_memory::{KernelSizes, Source};

fn main() -> ExitCode {
    let mut running = KernelSizes::running();
    if running.source != Source::RunningKernel {
        eprintln!("error: this kernel has no BTF that can be read");
        return ExitCode::FAILURE;
    }
    running.arch = Some(ARCH.to_owned());
    println!("{}", running.table_line());
    ExitCode::SUCCESS
}

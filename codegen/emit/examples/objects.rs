//! Builds into a folder the BPF objects that `tests/kernel_objects.rs` asks kernels about. `cargo xtask kernels` takes them
//! into each kernel, which has no compilers beside it.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{env, path::Path};

fn main() {
    let folder = env::args().nth(1).expect("the folder to build them into");
    support::objects::build(Path::new(&folder), support::objects::Extent::All);
}

//! Everything that the C and the Rust side share comes from the workspace's `layouts.toml`.

fn main() {
    bpf_layout_codegen::Builder::new("../../layouts.toml")
        .source("../../bpf-src/sockets.bpf.c")
        // Atomic operations that return what was there before.
        .clang_arg("-mcpu=v3")
        .run();
}

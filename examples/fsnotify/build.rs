//! Everything that the C and the Rust side share comes from the workspace's `layouts.toml`.

fn main() {
    bpf_layout_codegen::Builder::new("../../layouts.toml").source("../../bpf-src/fsnotify.bpf.c").run();
}

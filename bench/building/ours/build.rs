//! As bpf-layout's users write it.

fn main() {
    bpf_layout_codegen::Builder::new("layouts.toml").source("src/fixed.bpf.c").run();
}

//! The procedural macros of `bpf-layout`. Users find them there.
#![forbid(unsafe_code)]

mod include;

use proc_macro::TokenStream;

/// Puts the types and maps of a `layouts.toml` where it stands.
///
/// ```ignore
/// bpf_layout::include_layouts!();                                          // $OUT_DIR/layouts.rs
/// bpf_layout::include_layouts!("network");                                 // $OUT_DIR/network.rs
/// bpf_layout::include_layouts!("layouts.toml");                            // read and generated here
/// bpf_layout::include_layouts!("layouts.toml", profile = "before");        // under a profile
/// ```
///
/// The first two include what the build script wrote (`bpf_layout_codegen::Builder`). With a path that ends in `.toml`,
/// relative to the crate's `Cargo.toml`, the macro itself reads the spec: no build script, no clang, no libbpf. Where no
/// profile is given, the environment variable `BPF_LAYOUT_PROFILE` names it, if it is set and not empty. Cargo builds
/// again when the spec, a file that it includes, or that variable changes.
///
/// Mistakes in the spec are errors of the build, with file, line and column in the spec.
#[proc_macro]
pub fn include_layouts(input: TokenStream) -> TokenStream {
    match syn::parse(input) {
        Ok(arguments) => include::expand(&arguments).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

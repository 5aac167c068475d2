//! The procedural macros of `bpf-layout`. Users find them there.
#![forbid(unsafe_code)]

mod derive;
mod include;
mod spec;

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

/// Checks a struct that you wrote against `layouts.toml`, and reads and writes it like a generated one.
///
/// ```ignore
/// use bpf_layout::{BpfLayout, Pad};
///
/// #[derive(Clone, Copy, BpfLayout)]
/// #[bpf_layout(name = "socket_key", derive(Debug, Default, PartialEq, Eq, Hash))]
/// #[repr(C)]
/// struct Key {
///     netns: u32,
///     family: u16,
///     proto: Proto,
///     _pad0: Pad<1>,
///     #[bpf_layout(name = "port")]
///     dport: u16,
///     _pad1: Pad<2>,
/// }
///
/// #[derive(Clone, Copy, BpfLayout)]
/// #[repr(transparent)]
/// struct Proto(u8);
/// ```
///
/// The struct must have the fields of the spec's struct or event, each at its offset, of a type that means the same, and
/// nothing else: padding is written out. Whatever differs is an error at the field, with the line of the spec; all of
/// them come out at once. rustc computes sizes, offsets and meanings, so aliases, newtypes and constants are seen through.
/// On that proof the struct is a `bpf_layout::Layout`: it parses, prints and serializes like the generated type, and can be
/// the key or value of a typed map.
///
/// On the struct:
/// - `name = "socket_key"`: its name in the spec; its own in snake case if left out.
/// - `spec = "path/layouts.toml"`, relative to the crate's `Cargo.toml`. Left out, the environment variable
///   `BPF_LAYOUT_SPEC` names it, or it is the first `layouts.toml` in the crate's folder or one above it.
/// - `profile = "before"`; left out, `BPF_LAYOUT_PROFILE` names it, if it is set and not empty.
/// - `derive(...)`: of `Debug`, `Default`, `PartialEq`, `Eq`, `Hash`, `Serialize`, `Pod` those that it shall have as
///   generated types have them: strings as text, enums by name, a tagged event's tag set.
///
/// On a field:
/// - `name = "port"`: its name in the spec.
/// - `padding`: it is padding, whatever its name. Without it, what is called `pad`, `padding`, `reserved` or `unused`, with
///   any underscores and a number, is padding if the spec has no field of that name.
/// - `bits`: it holds a run of bitfields, whatever its name; one that begins with `_bits` does so anyway.
///
/// On a newtype (`repr(transparent)`, one field) it gives the meaning of what is wrapped, or with a `name` that of an enum
/// or flags of the spec.
///
/// Cargo builds again when the spec, a file that it includes, or one of the variables changes.
#[proc_macro_derive(BpfLayout, attributes(bpf_layout))]
pub fn derive_bpf_layout(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    derive::expand(&input).into()
}

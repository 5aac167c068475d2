//! The procedural macros of `bpf-layout`. Users find them there.
#![forbid(unsafe_code)]

mod from;
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

/// Makes a struct or enum of the program's own convertible from what the spec defines: from a record or several
/// (`#[from_layout(ExecEvent)]`), an enum (`#[from_layout(FileOp)]`), the members of a tagged union
/// (`#[from_layout(AddressRef<'_>)]`), or the events of a buffer (`#[from_layout(maps::EventsRecord<'_>)]`).
///
/// It implements `bpf_layout::FromLayout` and `TryFrom<&…>` for each. Which types a field can become, the module
/// `bpf_layout::convert` lists; each conversion is checked by the compiler, at the field.
///
/// On a struct or enum, `#[from_layout(…)]` takes the types to convert from, and those words of fields that are marked with
/// a star, which then hold for all its fields. A struct of one unnamed field is converted as that field is.
///
/// | on a field | |
/// | --- | --- |
/// | `field = "timestamp"` | the field of the record; without it, that of the same name |
/// | `accessor` | the record gives it by a method: an optional field, a bitfield, a union that a tag selects |
/// | `len = "args_size"` | only the first elements of an array, as many as this field says |
/// | `with = "function"` | `fn(&F) -> T` makes it, where `F` is the record's field; with `accessor`, `fn(A) -> T`, where `A` is what that gives |
/// | `try_with = "function"` | the same with `Result<T, impl Display>` |
/// | `whole` | the function is given the whole record, by reference |
/// | `skip` | `Default::default()`, whatever the record holds |
/// | `lossy` \* | text that is not UTF-8 is converted with U+FFFD instead of refused |
/// | `deny_truncated` \* | a string that was truncated is an error |
/// | `monotonic` \* | moments are of `bpf_ktime_get_ns()`, instead of `bpf_ktime_get_boot_ns()` |
///
/// | on a variant | |
/// | --- | --- |
/// | `variant = "RENAME"` | the constant of an enum of the spec, or the variant, by its name in Rust; without it, that of the same name (`OpenAt` is the constant `OPEN_AT`) |
/// | `other` | everything that no variant stands for: a unit, or for an enum of the spec also a value made from it (`Other(u8)`) |
///
/// An enum whose variants hold nothing, `other` left aside, is one of values; an enum with data is one of members or
/// events. All mistakes are reported in one run.
#[proc_macro_derive(FromLayout, attributes(from_layout))]
pub fn derive_from_layout(input: TokenStream) -> TokenStream {
    match syn::parse(input) {
        Ok(input) => from::expand(input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

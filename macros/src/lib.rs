//! The procedural macros of `bpf-layout`. Users find them there.
#![forbid(unsafe_code)]

mod derive;
mod from;
mod include;
mod loaded;
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

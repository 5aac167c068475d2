//! Every rule of the comparer by itself: a spec in a line, a witness made by hand, and what is told of the two.

mod by_name;
mod maps;
mod members;
mod rooms;
mod rules;
mod twins;
mod values;
mod witnesses;

use std::path::Path;

use bpf_layout_spec::{
    Loaded, Options,
    compare::{Difference, Observed, ObservedMember, ObservedType, Shape, Sign, compare},
};

fn load(text: &str) -> Loaded {
    let text = format!("spec = 1\n{text}");
    let read = &mut |_: &Path| Ok(text.clone());
    bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default())
        .unwrap_or_else(|failure| panic!("{text}\n{:#?}", failure.diagnostics))
}

fn observed(types: Vec<ObservedType<'_>>) -> Observed<'_> {
    Observed { witness: "witness".to_owned(), types, ..Observed::default() }
}

/// `rule field: expected / found` of each difference.
fn told(spec: &Loaded, observed: &Observed<'_>) -> Vec<String> {
    let tell = |found: &Difference| {
        let field = found.field.as_deref().unwrap_or("-");
        format!("{} {field}: {} / {}", found.rule.id, found.expected, found.found)
    };
    compare(&spec.layouts, observed).differs.iter().map(tell).collect()
}

/// A member of four bytes.
fn member(name: &str, bit_offset: u64, shape: Shape) -> ObservedMember<'_> {
    ObservedMember { name, bit_offset, bit_size: 32, bitfield: false, shape }
}

fn int(size: u64, sign: Sign) -> Shape {
    Shape::Int { size, sign, bool: false, big_endian: false }
}

fn array(element: Shape, len: u64) -> Shape {
    Shape::Array(Box::new(element), len)
}

const U32: Shape = Shape::Int { size: 4, sign: Sign::Unsigned, bool: false, big_endian: false };
const CHAR: Shape = Shape::Int { size: 1, sign: Sign::Signed, bool: false, big_endian: false };

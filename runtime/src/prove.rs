//! The proof, at compile time, that a type lies in memory as its `layouts.toml` says.
//!
//! **The argument.** `layout!` writes the struct itself, as `repr(C, align(N))`, and allows no attribute on it but
//! documentation. `repr(C)` places fields in the order written, without overlap. So if the sizes of all fields add up to
//! the size of the struct, there is no room for padding anywhere, and the offset of each field is the sum of the sizes
//! before it ([`List`] has it). That sum is compared with the offset that the spec says. Every field's type is `Layout`, so any bytes are
//! valid for it; without padding, any bytes are valid for the whole.
//!
//! This needs one const evaluation per type where `offset_of!` would need one per field.

pub mod derived;
mod fields;
mod meaning;
mod message;

pub use fields::{Fields, List, offsets};
use message::{Message, digits, word};

use crate::{layout::Layout, shape::TypeInfo};

/// Proves a struct and returns its table. The offsets that the layout says are given by value: a reference to them would be
/// a constant of its own, which costs rustc as much as the rest of the proof does.
///
/// # Panics
/// At compile time, if any of it is not so.
#[must_use]
pub const fn record<T, const N: usize>(
    name: &'static str,
    (size, align): (usize, usize),
    names: &'static str,
    stated: [usize; N],
    fields: List,
) -> TypeInfo {
    assert_size_align::<T>(name, size, align);
    let List { shapes, sizes, offsets } = fields;
    assert!(offsets.len() == N && sizes.len() == N && shapes.len() == N);
    let mut end = 0;
    let mut index = 0;
    while index < N {
        let offset = offsets[index];
        if stated[index] != offset {
            fail(
                &[name, ".", word(names, index), " is at offset ", digits(&mut [0; 20], offset), " in Rust"],
                stated[index],
            );
        }
        end = offset + sizes[index];
        index += 1;
    }
    if end != size {
        fail(&[name, ": its fields are ", digits(&mut [0; 20], end), " bytes together"], size);
    }
    TypeInfo { name, size, names, offsets, shapes, details: &[], fingerprint: None }
}

/// Proves a union's bytes and returns its table. That each member fits is proved where it is accessed.
///
/// # Panics
/// At compile time, if any of it is not so.
#[must_use]
pub const fn union<T>(
    name: &'static str,
    (size, align): (usize, usize),
    names: &'static str,
    members: List,
) -> TypeInfo {
    assert_size_align::<T>(name, size, align);
    let List { shapes, sizes, .. } = members;
    assert!(shapes.len() == sizes.len());
    let mut index = 0;
    while index < sizes.len() {
        if sizes[index] > size {
            let have = sizes[index];
            fail(&[name, ".", word(names, index), " is ", digits(&mut [0; 20], have), " bytes in Rust"], size);
        }
        index += 1;
    }
    TypeInfo { name, size, names, offsets: &[], shapes, details: &[], fingerprint: None }
}

/// Proves size and alignment alone.
///
/// # Panics
/// At compile time, if they are not so.
pub const fn assert_size_align<T>(name: &'static str, size: usize, align: usize) {
    if size_of::<T>() != size {
        fail(&[name, " is ", digits(&mut [0; 20], size_of::<T>()), " bytes in Rust"], size);
    }
    if align_of::<T>() != align {
        fail(&[name, " is aligned to ", digits(&mut [0; 20], align_of::<T>()), " in Rust"], align);
    }
}

/// Proves that a type defined elsewhere can stand for what the spec says of it.
///
/// # Panics
/// At compile time, if its size or alignment is another.
pub const fn extern_type<T: Layout>(name: &'static str, size: usize, align: usize) {
    assert_size_align::<T>(name, size, align);
}

/// Stops the build: the parts, and the number that the spec says instead.
const fn fail(parts: &[&str], expected: usize) -> ! {
    let mut message = Message::new();
    let mut index = 0;
    while index < parts.len() {
        message.push(parts[index]);
        index += 1;
    }
    message.push(", but the layout says ");
    message.push(digits(&mut [0; 20], expected));
    panic!("{}", message.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C, align(4))]
    struct Key([u32; 2]);

    fn key(size: usize, align: usize, offsets: [usize; 2], fields: List) -> TypeInfo {
        record::<Key, 2>("key", (size, align), "netns r#type", offsets, fields)
    }

    const WORDS: List = <(u32, u32)>::LIST;

    #[test]
    fn what_holds_is_proved() {
        let info = key(8, 4, [0, 4], WORDS);
        let fields: std::vec::Vec<_> = info.fields().map(|field| (field.name, field.offset)).collect();
        assert_eq!(fields, [("netns", 0), ("type", 4)]);
    }

    #[test]
    #[should_panic(expected = "key.r#type is at offset 4 in Rust, but the layout says 6")]
    fn a_wrong_offset_is_named() {
        key(8, 4, [0, 6], WORDS);
    }

    #[test]
    #[should_panic(expected = "key is 8 bytes in Rust, but the layout says 12")]
    fn a_wrong_size_is_named() {
        key(12, 4, [0, 4], WORDS);
    }

    #[test]
    #[should_panic(expected = "key is aligned to 4 in Rust, but the layout says 8")]
    fn a_wrong_alignment_is_named() {
        key(8, 8, [0, 4], WORDS);
    }

    #[test]
    #[should_panic(expected = "key: its fields are 6 bytes together, but the layout says 8")]
    fn padding_is_refused() {
        key(8, 4, [0, 4], <(u32, u16)>::LIST);
    }

    #[test]
    #[should_panic(expected = "key.netns is 16 bytes in Rust, but the layout says 8")]
    fn a_member_larger_than_its_union_is_refused() {
        let _ = union::<Key>("key", (8, 4), "netns", <(crate::Ipv6,)>::LIST);
    }
}

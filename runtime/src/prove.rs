//! The proof, at compile time, that a type lies in memory as its `layouts.toml` says.
//!
//! **The argument.** `layout!` writes the struct itself, as `repr(C, align(N))`, and allows no attribute on it but
//! documentation. `repr(C)` places fields in the order written, without overlap. So if the sizes of all fields add up to
//! the size of the struct, there is no room for padding anywhere, and the offset of each field is the sum of the sizes
//! before it. That sum is compared with the offset that the spec says. Every field's type is `Layout`, so any bytes are
//! valid for it; without padding, any bytes are valid for the whole.
//!
//! This needs one const evaluation per type where `offset_of!` would need one per field.

use crate::{
    layout::Layout,
    shape::{Detail, Shape, TypeInfo},
};

/// Proves a struct and returns its table.
///
/// # Panics
/// At compile time, if any of it is not so.
#[must_use]
pub const fn record<T>(
    name: &'static str,
    (size, align): (usize, usize),
    names: &'static str,
    offsets: &'static [usize],
    shapes: &'static [Shape],
    details: &'static [Detail],
) -> TypeInfo {
    assert_size_align::<T>(name, size, align);
    assert!(offsets.len() == shapes.len());
    let mut end = 0;
    let mut index = 0;
    while index < offsets.len() {
        if offsets[index] != end {
            fail(
                &[name, ".", word(names, index), " is at offset ", digits(&mut [0; 20], end), " in Rust"],
                offsets[index],
            );
        }
        end += shapes[index].size();
        index += 1;
    }
    if end != size {
        fail(&[name, ": its fields are ", digits(&mut [0; 20], end), " bytes together"], size);
    }
    TypeInfo { name, size, names, offsets, shapes, details, fingerprint: None }
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
    shapes: &'static [Shape],
    details: &'static [Detail],
) -> TypeInfo {
    assert_size_align::<T>(name, size, align);
    let mut index = 0;
    while index < shapes.len() {
        if shapes[index].size() > size {
            let have = shapes[index].size();
            fail(&[name, ".", word(names, index), " is ", digits(&mut [0; 20], have), " bytes in Rust"], size);
        }
        index += 1;
    }
    TypeInfo { name, size, names, offsets: &[], shapes, details, fingerprint: None }
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
    let mut message = Message { bytes: [0; 256], len: 0 };
    let mut index = 0;
    while index < parts.len() {
        message.push(parts[index]);
        index += 1;
    }
    message.push(", but the layout says ");
    message.push(digits(&mut [0; 20], expected));
    panic!("{}", message.as_str())
}

/// Text put together at compile time. What does not fit is left out.
struct Message {
    bytes: [u8; 256],
    len: usize,
}

impl Message {
    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "a type does not lie in memory as its layout says",
        }
    }
}

/// A number in decimal.
const fn digits(buffer: &mut [u8; 20], mut number: usize) -> &str {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    match core::str::from_utf8(buffer.split_at(start).1) {
        Ok(text) => text,
        Err(_) => "?",
    }
}

/// The n-th word of a text whose words white space separates.
const fn word(text: &str, mut n: usize) -> &str {
    let mut rest = text.as_bytes().trim_ascii();
    loop {
        let mut end = 0;
        while end < rest.len() && !rest[end].is_ascii_whitespace() {
            end += 1;
        }
        let (first, others) = rest.split_at(end);
        if n == 0 {
            return match core::str::from_utf8(first) {
                Ok(first) => first,
                Err(_) => "?",
            };
        }
        rest = others.trim_ascii_start();
        n -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C, align(4))]
    struct Key([u32; 2]);

    fn key(size: usize, align: usize, offsets: &'static [usize], shapes: &'static [Shape]) -> TypeInfo {
        record::<Key>("key", (size, align), "netns r#type", offsets, shapes, &[])
    }

    const WORDS: &[Shape] = &[Shape::Unsigned(4), Shape::Unsigned(4)];

    #[test]
    fn what_holds_is_proved() {
        let info = key(8, 4, &[0, 4], WORDS);
        let fields: std::vec::Vec<_> = info.fields().map(|field| (field.name, field.offset)).collect();
        assert_eq!(fields, [("netns", 0), ("type", 4)]);
    }

    #[test]
    #[should_panic(expected = "key.r#type is at offset 4 in Rust, but the layout says 6")]
    fn a_wrong_offset_is_named() {
        key(8, 4, &[0, 6], WORDS);
    }

    #[test]
    #[should_panic(expected = "key is 8 bytes in Rust, but the layout says 12")]
    fn a_wrong_size_is_named() {
        key(12, 4, &[0, 4], WORDS);
    }

    #[test]
    #[should_panic(expected = "key is aligned to 4 in Rust, but the layout says 8")]
    fn a_wrong_alignment_is_named() {
        key(8, 8, &[0, 4], WORDS);
    }

    #[test]
    #[should_panic(expected = "key: its fields are 6 bytes together, but the layout says 8")]
    fn padding_is_refused() {
        key(8, 4, &[0, 4], &[Shape::Unsigned(4), Shape::Unsigned(2)]);
    }

    #[test]
    #[should_panic(expected = "key.netns is 16 bytes in Rust, but the layout says 8")]
    fn a_member_larger_than_its_union_is_refused() {
        let _ = union::<Key>("key", (8, 4), "netns", &[Shape::Ipv6], &[]);
    }

    #[test]
    fn messages_have_an_end() {
        let mut message = Message { bytes: [0; 256], len: 0 };
        for _ in 0..100 {
            message.push("0123456789");
        }
        assert_eq!(message.as_str().len(), 256);
        assert_eq!(digits(&mut [0; 20], usize::MAX), std::format!("{}", usize::MAX));
        assert_eq!((word(" a  b ", 1), word("a", 5)), ("b", ""));
    }
}

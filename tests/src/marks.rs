//! The marks of the graffiti test, and one row of it for each record and round. `build/graffiti_c.rs` has the same marks
//! in C.

use bpf_layout::Layout;

/// One record in one round, from C to Rust and back.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The record's name in the spec.
    pub record: &'static str,
    /// The round; each picks other members of unions.
    pub round: usize,
    /// Bytes.
    pub size: usize,
    /// C: clears the record and marks every member.
    pub fill: unsafe extern "C" fn(*mut u8),
    /// C: 0 if every member holds its marks, or one more than the number of the first that does not.
    pub check: unsafe extern "C" fn(*const u8) -> u32,
    /// Rust: looks for the marks through the generated type.
    pub read: fn(&[u8]) -> Result<(), String>,
    /// Rust: the bytes of a record whose members were marked through the generated type.
    pub write: fn() -> Vec<u8>,
}

/// The mark of byte `byte` of member `number`.
#[must_use]
pub fn mark_of(number: u32, byte: u32) -> u8 {
    let mut mixed = (number + 1).wrapping_mul(0x9e37_79b1) ^ (byte + 1).wrapping_mul(0x85eb_ca6b);
    mixed ^= mixed >> 15;
    mixed = mixed.wrapping_mul(0x2c1b_3c6d);
    mixed.to_be_bytes()[0]
}

/// Marks the bytes of a member.
pub fn mark(member: &mut [u8], number: u32) {
    for (byte, index) in member.iter_mut().zip(0..) {
        *byte = mark_of(number, index);
    }
}

/// Fails unless a member holds its own marks.
///
/// # Errors
/// Which byte holds what instead.
pub fn marked(name: &str, number: u32, member: &[u8]) -> Result<(), String> {
    for (&byte, index) in member.iter().zip(0..) {
        let mark = mark_of(number, index);
        if byte != mark {
            return Err(format!(
                "byte {index} of `{name}` (member {number}) holds {byte:#04x}, its mark is {mark:#04x}"
            ));
        }
    }
    Ok(())
}

/// Fails unless a bitfield holds its value.
///
/// # Errors
/// What it holds instead.
pub fn holds(name: &str, found: i128, value: i128) -> Result<(), String> {
    if found == value { Ok(()) } else { Err(format!("`{name}` holds {found}, not {value}")) }
}

/// A record from exactly its bytes. Not by `parse`, which would refuse a marked tag.
///
/// # Errors
/// If their number is wrong.
pub fn whole<T: Layout>(bytes: &[u8]) -> Result<T, String> {
    T::read_from(bytes).map_err(|error| error.to_string())
}

/// A record of zeros.
#[must_use]
pub fn zeroed<T: Layout>() -> T {
    T::zeroed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_tell_members_and_bytes_apart() {
        let marks = |number| (0..16).map(|byte| mark_of(number, byte)).collect::<Vec<_>>();
        for number in 0..200 {
            assert!((0..number).all(|other| marks(number) != marks(other)), "member {number}");
            assert!(marks(number).windows(2).any(|pair| pair[0] != pair[1]), "member {number}");
        }
        let mut bytes = [0; 4];
        mark(&mut bytes, 7);
        assert_eq!(marked("f", 7, &bytes), Ok(()));
        bytes.swap(1, 2);
        assert!(marked("f", 7, &bytes).is_err());
        assert!(holds("f", 1, 2).is_err());
    }
}

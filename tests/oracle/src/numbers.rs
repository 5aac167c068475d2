//! The numbers that a compiler has written into an object for [`source`](crate::source).

use object::{Object, ObjectSection, ObjectSymbol};

use crate::{
    facts::{Facts, What},
    source::{Questions, words},
};

/// Bytes of a word of the table.
const WORD: usize = 8;

/// What the table of numbers says, and where the bits of bitfields are, if the source has them.
///
/// # Errors
/// What is not as it must be in the object.
pub fn read(object: &[u8], questions: &Questions, with_bits: bool) -> Result<Facts, String> {
    let file = object::File::parse(object).map_err(|error| error.to_string())?;
    let mut facts = Facts::default();
    read_table(&file, questions, &mut facts)?;
    if with_bits {
        read_bits(&file, questions, &mut facts)?;
    }
    Ok(facts)
}

fn read_table(file: &object::File<'_>, questions: &Questions, facts: &mut Facts) -> Result<(), String> {
    let name = format!(".{}", questions.view().numbers());
    let section = file.section_by_name(&name).ok_or("the object has no table of numbers")?;
    let data = section.data().map_err(|error| error.to_string())?;
    let expected = questions.facts().map(|fact| words(fact.what)).sum::<usize>() * WORD;
    if data.len() != expected {
        return Err(format!("the table of numbers has {} bytes instead of {expected}", data.len()));
    }
    let mut table = data.chunks_exact(WORD).map(|bytes| word(file, bytes));
    for fact in questions.facts() {
        let mut next = || table.next().expect("they were counted");
        let value = next();
        let negative = words(fact.what) == 2 && next() != 0;
        let value = if negative { i128::from(value.cast_signed()) } else { value.into() };
        facts.state(&fact.ty, &fact.member, fact.what, value);
    }
    Ok(())
}

fn word(file: &object::File<'_>, bytes: &[u8]) -> u64 {
    let bytes: [u8; WORD] = bytes.try_into().expect("a word");
    if file.is_little_endian() { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) }
}

fn read_bits(file: &object::File<'_>, questions: &Questions, facts: &mut Facts) -> Result<(), String> {
    let prefix = questions.view().bits();
    let mut found = vec![None; questions.bitfields().len()];
    for symbol in file.symbols() {
        let number = symbol.name().ok().and_then(|name| name.strip_prefix(&prefix)).and_then(|name| name.parse().ok());
        let Some(number) = number.filter(|&number: &usize| number < found.len()) else { continue };
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let section = section.ok_or_else(|| format!("{prefix}{number} lies in no section"))?;
        let data = section.data_range(symbol.address(), symbol.size()).ok().flatten();
        let data = data.ok_or_else(|| format!("{prefix}{number} has no bytes"))?;
        found[number] = Some(ones(data, file.is_little_endian()));
    }
    for ((ty, member), run) in questions.bitfields().zip(found) {
        let (first, count) = run.ok_or_else(|| format!("the object has no bits of {ty}.{member}"))??;
        facts.place_bitfield(ty, member, first, count);
    }
    Ok(())
}

/// The only run of ones: first bit and number of bits, in the order in which the target allocates them, which is from the
/// least significant bit of a byte on little-endian targets, and from the most significant one on others.
fn ones(bytes: &[u8], little_endian: bool) -> Result<(u64, u64), String> {
    let is_set = |bit: u64| {
        let in_byte = if little_endian { bit % 8 } else { 7 - bit % 8 };
        let byte = usize::try_from(bit / 8).expect("an index into a slice");
        bytes[byte] >> in_byte & 1 == 1
    };
    let all = bytes.len() as u64 * 8;
    let first = (0..all).find(|&bit| is_set(bit)).ok_or("a bitfield has no bits")?;
    let count = (first..all).take_while(|&bit| is_set(bit)).count() as u64;
    match (first + count..all).find(|&bit| is_set(bit)) {
        Some(other) => Err(format!("a bitfield has bits at {first} and at {other}, and others between them")),
        None => Ok((first, count)),
    }
}

/// What [`read`] finds in an object with bits.
pub const KNOWS: &[What] =
    &[What::Size, What::Align, What::BitOffset, What::BitSize, What::BitfieldOffset, What::BitfieldSize, What::Value];

/// What [`read`] finds in an object without bits.
pub const KNOWS_WITHOUT_BITS: &[What] = &[What::Size, What::Align, What::BitOffset, What::BitSize, What::Value];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_as_they_are_allocated() {
        assert_eq!(ones(&[0, 0b1111_1000, 1], true), Ok((11, 6)));
        assert_eq!(ones(&[0, 0b0001_1111, 0b1000_0000], false), Ok((11, 6)));
    }

    #[test]
    fn bits_in_several_places_are_refused() {
        assert!(ones(&[1, 0, 1], true).is_err());
        assert!(ones(&[0, 0], true).is_err());
    }
}

//! Records as pahole prints them.

use std::path::Path;

use crate::{
    tools,
    types::{Member, Record, Types},
};

/// Which part of an object pahole reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Its DWARF.
    Dwarf,
    /// Its BTF.
    Btf,
}

/// All structs and unions that pahole prints.
///
/// # Errors
/// If pahole cannot read the object, or prints something else than C.
pub fn read(object: &Path, format: Format) -> Result<Types, String> {
    let format = match format {
        Format::Dwarf => "dwarf",
        Format::Btf => "btf",
    };
    let folder = object.parent().unwrap_or(Path::new("."));
    let printed = tools::run("pahole", &["-F", format, &object.to_string_lossy()], folder)?;
    parse(&printed)
}

/// A record that has begun and not ended.
struct Open {
    /// The tag, if it has one.
    name: Option<String>,
    record: Record,
}

fn parse(printed: &str) -> Result<Types, String> {
    let mut types = Types::new();
    let mut open: Vec<Open> = Vec::new();
    for line in printed.lines() {
        let (code, comment) = split(line);
        let odd = || format!("pahole printed `{line}`");
        if let Some(head) = code.strip_suffix('{') {
            let name = head.split_whitespace().nth(1).map(str::to_owned);
            open.push(Open { name, record: Record::default() });
        } else if let Some(tail) = code.strip_prefix('}') {
            let closed = open.pop().ok_or_else(odd)?;
            let Some(parent) = open.last_mut() else {
                types.extend(closed.name.map(|name| (name, closed.record)));
                continue;
            };
            // From DWARF, pahole prints the type of an unnamed member once more, behind it, without a place.
            if comment.is_empty() {
                continue;
            }
            let place = Place::of(comment).ok_or_else(odd)?;
            parent.record.members.push(member(tail, place, Some(closed.record)).ok_or_else(odd)?);
        } else if let Some(size) = comment.strip_prefix("size: ") {
            let size = size.split(',').next().and_then(|size| size.parse().ok());
            if let [outermost] = open.as_mut_slice() {
                outermost.record.size = Some(size.ok_or_else(odd)?);
            }
        } else if code.ends_with(';') && code.contains(':') && comment.is_empty() {
            // An unnamed bitfield that pahole thinks the source had, to explain a gap.
        } else if let (Some(parent), false) = (open.last_mut(), code.is_empty()) {
            let place = Place::of(comment).ok_or_else(odd)?;
            parent.record.members.push(member(code, place, None).ok_or_else(odd)?);
        }
    }
    relative(&mut types);
    Ok(types)
}

/// The code on a line, and its last comment without its marks.
fn split(line: &str) -> (&str, &str) {
    let (code, comment) = line.split_once("/*").unwrap_or((line, ""));
    let comment = comment.rsplit("/*").next().unwrap_or_default();
    (code.trim(), comment.trim().trim_end_matches("*/").trim())
}

/// `offset:bit size`, in bytes but for the bit.
struct Place {
    offset: u64,
    bit: Option<u64>,
    size: u64,
}

impl Place {
    fn of(comment: &str) -> Option<Place> {
        let (place, size) = comment.rsplit_once(char::is_whitespace)?;
        let (offset, bit) = match place.split_once(':') {
            Some((offset, bit)) => (offset, Some(bit.trim().parse().ok()?)),
            None => (place, None),
        };
        Some(Place { offset: offset.trim().parse().ok()?, bit, size: size.trim().parse().ok()? })
    }
}

/// A member by its declaration, `__u32 x:9;` or `char name[4][16];`; where pahole prints a record in place, what is behind
/// its brace.
fn member(declaration: &str, place: Place, record: Option<Record>) -> Option<Member> {
    let declaration = declaration.split(';').next()?;
    // Attributes may stand behind the name.
    let declaration = declaration.split("__attribute__").next()?.trim();
    let (declarator, width) = match declaration.split_once(':') {
        Some((declarator, width)) => (declarator, Some(width.trim().parse().ok()?)),
        None => (declaration, None),
    };
    let bit_offset = place.offset * 8 + place.bit.unwrap_or(0);
    let name = declarator.split('[').next()?.split_whitespace().last().map(|name| name.trim_start_matches('*'));
    match (name, record) {
        (None, Some(record)) => Some(Member::Unnamed { bit_offset, record }),
        (None, None) => None,
        (Some(name), _) => Some(Member::Named {
            name: name.to_owned(),
            bit_offset,
            bit_size: width.unwrap_or(place.size * 8),
            is_bitfield: width.is_some(),
        }),
    }
}

/// pahole counts the offsets of an unnamed record's members from the start of the record around it.
fn relative(types: &mut Types) {
    fn within(record: &mut Record, start: u64) {
        for member in &mut record.members {
            match member {
                Member::Named { bit_offset, .. } => *bit_offset -= start,
                Member::Unnamed { bit_offset, record } => {
                    within(record, *bit_offset);
                    *bit_offset -= start;
                }
            }
        }
    }
    types.values_mut().for_each(|record| within(record, 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
struct gaps {
\t__u8                       head;                 /*     0     1 */

\t/* Force alignment to the next boundary: */
\tunsigned int               :0;

\t__u64                      wide:40;              /*     8:21  8 */
\tstruct {
\t\t__u16              x[9][2] __attribute__((__aligned__(2))); /*    18    36 */
\t};                                               /*    18    36 */
\tstruct {
\t\t__u16                      x[9][2];              /*     0    36 */

\t\t/* size: 36, cachelines: 1, members: 1 */
\t};

\t/* size: 56, cachelines: 1, members: 3 */
} __attribute__((__aligned__(8)));
";

    #[test]
    fn what_pahole_prints_is_read() {
        let types = parse(PRINTED).expect("it is read");
        let named = |name: &str, bit_offset, bit_size, is_bitfield| Member::Named {
            name: name.to_owned(),
            bit_offset,
            bit_size,
            is_bitfield,
        };
        let inner = Record { size: None, members: vec![named("x", 0, 288, false)] };
        let members = vec![
            named("head", 0, 8, false),
            named("wide", 85, 40, true),
            Member::Unnamed { bit_offset: 144, record: inner },
        ];
        assert_eq!(types["gaps"], Record { size: Some(56), members });
    }
}

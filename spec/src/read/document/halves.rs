//! Documents whose halves are parsed at once, and put together.
//!
//! A document that ends with its line can be continued by any other that begins with a header. Where the line of a header
//! stands in a text or an array, the half before it is no document, and nothing comes of it.

use crate::threads::both;

use super::{
    Array, Entry, Kind, Made, Table,
    plain::{all_differ, known, may_grow, parse_part},
};

/// Bytes of a document that take longer to parse than a thread takes to start. In tests there are no short ones.
const LONG: usize = if cfg!(test) { 1 } else { 1 << 16 };

/// The document, if it is long and each of its halves is plain.
pub(super) fn parse(text: &str) -> Option<Table<'_>> {
    let (first, second) = text.split_at(middle(text)?);
    let (one, other) = both(true, || parse_part(first, 0), || parse_part(second, first.len()));
    together(one?, other?)
}

/// Where the line of a header begins, about in the middle.
fn middle(text: &str) -> Option<usize> {
    if text.len() < LONG {
        return None;
    }
    // No part of a longer character is one of ASCII.
    text.as_bytes()[..text.len() / 2].windows(2).rposition(|two| two == b"\n[").map(|at| at + 1)
}

/// All that the two have, in the order of the file. `None` if the second adds something to the first other than tables of
/// their own, or both have a name in one of their tables.
fn together<'t>(first: Table<'t>, second: Table<'t>) -> Option<Table<'t>> {
    let Table { mut entries, made } = first;
    for Entry { key, value } in second.entries {
        match (known(&mut entries, &key.name), value.kind) {
            (None, kind) => entries.push(Entry { key, value: super::Value { kind, place: value.place } }),
            (Some(Kind::Table(one)), Kind::Table(other))
                if other.made == Made::ByLongerHeader && may_grow(one.made, other.made) =>
            {
                one.entries.extend(other.entries);
                if !all_differ(&one.entries) {
                    return None;
                }
            }
            // The second begins with a header, so that its arrays are of headers, too.
            (Some(Kind::Array(Array { items, of_headers: true })), Kind::Array(other)) => items.extend(other.items),
            _ => return None,
        }
    }
    all_differ(&entries).then_some(Table { entries, made })
}

#[cfg(test)]
mod tests {
    use super::{middle, parse};

    /// The two halves of a text.
    fn halves(text: &str) -> Option<(&str, &str)> {
        middle(text).map(|at| text.split_at(at))
    }

    #[test]
    fn the_second_half_begins_with_the_last_header_of_the_first() {
        assert_eq!(
            halves("[a]\nx = 1\n[b]\ny = 2\nz = 3\nw = 4\n"),
            Some(("[a]\nx = 1\n", "[b]\ny = 2\nz = 3\nw = 4\n"))
        );
        let three = "[a]\n[b]\nx = 1\n[c]\ny = 2\n";
        assert_eq!(halves(three), Some(("[a]\n", "[b]\nx = 1\n[c]\ny = 2\n")));
        assert_eq!(halves("é = 1\n[é]\né = \"é\"\n"), Some(("é = 1\n", "[é]\né = \"é\"\n")));
        for text in ["", "\n", "[a]\nx = 1\n", "x = [[1],\n [2], [3], [4]]\n", "x = 1\ny = 2\n[b]\n"] {
            assert_eq!(halves(text), None, "{text:?}");
        }
    }

    #[test]
    fn halves_are_put_together_where_the_second_only_adds_tables() {
        let names = |text: &str| {
            let table = parse(text)?;
            Some(table.entries.iter().map(|entry| entry.name().to_owned()).collect::<Vec<_>>().join(" "))
        };
        let padded = |first: &str, second: &str| format!("{first}{second}{}", "# nothing more\n".repeat(4));
        for (first, second, all) in [
            ("[a]\n", "[b]\n", Some("a b")),
            ("[s.a]\n", "[s.b]\n", Some("s")),
            ("[s]\n", "[s.b]\n", Some("s")),
            ("[[l]]\n", "[[l]]\n", Some("l")),
            ("[s.b]\n", "[s]\n", None),
            ("[s.a]\n", "[s.a]\n", None),
            ("s.a = 1\n", "[s.b]\n", None),
            ("[a]\n[b]\n", "[a]\n", None),
            ("[s.a]\n[s.b]\n", "[s.a]\n", None),
            ("[[l]]\n", "[l.b]\n", None),
            ("l = []\n", "[[l]]\n", None),
            ("x = [\n", "[1], 2]\n", None),
            ("x = \"\"\"\n", "[a]\n\"\"\"\n", None),
        ] {
            assert_eq!(names(&padded(first, second)).as_deref(), all, "{first}{second}");
        }
        // So many that they are not looked through one by one.
        for prefix in ["", "s."] {
            let tables =
                |numbers: std::ops::Range<u32>| numbers.map(|n| format!("[{prefix}t{n}]\n")).collect::<String>();
            assert!(parse(&[tables(0..40), tables(40..60)].concat()).is_some());
            assert!(parse(&[tables(0..40), tables(0..1), tables(41..60)].concat()).is_none());
        }
    }
}

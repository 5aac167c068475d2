//! Text in JSON, which has no bytes.
//!
//! A string that is not UTF-8 is given with U+FFFD in place of what is wrong, and then `raw` has the field's bytes in
//! hexadecimal: nothing is lost, and nobody who does not care is bothered.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write};

use crate::written::Written;

/// What the strings of an event could not say themselves.
#[derive(Debug, Default)]
pub struct Notes {
    /// Names of the fields whose text was too long.
    pub truncated: Vec<&'static str>,
    /// Fields that are not UTF-8, in hexadecimal.
    pub raw: BTreeMap<&'static str, String>,
}

impl Notes {
    /// The text of a field, what it cannot say being noted under its name.
    pub fn text<'a>(&mut self, field: &'static str, text: &'a impl Written) -> Cow<'a, str> {
        if text.is_cut() {
            self.truncated.push(field);
        }
        self.bytes(field, text.written());
        String::from_utf8_lossy(text.written())
    }

    /// Notes the bytes of a field that are not text.
    pub fn bytes(&mut self, field: &'static str, bytes: &[u8]) {
        if str::from_utf8(bytes).is_err() {
            self.raw.insert(field, hexadecimal(bytes));
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use bpf_layout::Str;

    use super::*;

    #[test]
    fn what_is_no_text_is_kept_and_what_was_cut_is_named() {
        let mut notes = Notes::default();
        assert_eq!(notes.text("wrong", &Str::<8>::from_bytes(b"x\xfe")), "x\u{fffd}");
        assert_eq!(notes.text("long", &Str::<8>::from_bytes(&[b'x'; 100])), "xxxxxx");
        assert_eq!(notes.text("right", &Str::<8>::from_bytes("größe".as_bytes())), "größe");
        assert_eq!(notes.truncated, ["long"]);
        assert_eq!(notes.raw, BTreeMap::from([("wrong", "78fe".to_owned())]));
    }
}

//! How libclang reads the header, as bindgen tells it.
//!
//! bindgen writes its numbers as assertions (`["Offset of field: a::b"][offset_of!(a, b) - 8usize]`) beside the types, and
//! these are what is read here. A record that Rust cannot express it makes opaque, and states its size and alignment alone.

use std::{collections::HashMap, path::Path};

use bpf_layout_spec::layout::Layouts;

use crate::{
    expected,
    facts::{Fact, Facts, What},
};

/// What bindgen states of every record.
pub const KNOWS: &[What] = &[What::Size, What::Align];

/// What bindgen says of the header, where `ours` has the names that it may have to change.
///
/// # Errors
/// If bindgen refuses the header.
pub fn ask(layouts: &Layouts, header: &Path, ours: &Facts) -> Result<Facts, String> {
    let builder = bindgen::Builder::default().header(header.to_string_lossy()).layout_tests(true);
    let bindings = builder.formatter(bindgen::Formatter::None).generate().map_err(|error| error.to_string())?;
    let reading = Reading::of(&bindings.to_string())?;
    let mut facts = Facts::default();
    for (_, record) in expected::named_records(&layouts.model) {
        let name = &record.name.c;
        for what in [What::Size, What::Align] {
            if let Some(&number) = reading.types.get(&(name.to_string(), what)) {
                facts.state(name, "", what, number);
            }
        }
        reading.state(name, name, 0, &mut facts);
    }
    Ok(renamed(&facts, ours))
}

/// bindgen appends `_` to what Rust reserves; the facts here have C's names.
fn renamed(facts: &Facts, ours: &Facts) -> Facts {
    let mut renamed = Facts::default();
    for (fact, value) in facts.iter() {
        let stripped =
            Fact { member: fact.member.strip_suffix('_').unwrap_or(&fact.member).to_owned(), ..fact.clone() };
        let name = if ours.get(fact).is_none() && ours.get(&stripped).is_some() { &stripped } else { fact };
        renamed.state(&name.ty, &name.member, name.what, value);
    }
    renamed
}

/// The numbers in one output of bindgen.
#[derive(Default)]
struct Reading {
    types: HashMap<(String, What), u64>,
    /// By type: member and offset in bytes.
    offsets: HashMap<String, Vec<(String, u64)>>,
    /// By type and unnamed member: the member's type.
    unnamed: HashMap<(String, String), String>,
}

impl Reading {
    fn of(text: &str) -> Result<Self, String> {
        let mut reading = Reading::default();
        let (mut record, mut label) = ("", "");
        let tokens: Vec<Token<'_>> = Tokens(text).collect();
        for window in tokens.windows(4) {
            match window {
                [Token::Word("pub"), Token::Word("struct" | "union"), Token::Word(name), ..] => record = name,
                [Token::Word("pub"), Token::Word(member), Token::Mark(':'), Token::Word(ty)]
                    if member.starts_with("__bindgen_anon_") =>
                {
                    reading.unnamed.insert((record.to_owned(), (*member).to_owned()), (*ty).to_owned());
                }
                [Token::Mark('['), Token::Text(text), Token::Mark(']'), _] => label = text,
                [Token::Mark('-'), Token::Word(number), Token::Mark(']'), Token::Mark(';')] => {
                    let number = number.strip_suffix("usize").and_then(|number| number.parse().ok());
                    reading.number(label, number.ok_or_else(|| format!("bindgen's number for `{label}` is none"))?);
                }
                _ => {}
            }
        }
        Ok(reading)
    }

    fn number(&mut self, label: &str, number: u64) {
        if let Some(ty) = label.strip_prefix("Size of ") {
            self.types.insert((ty.to_owned(), What::Size), number);
        } else if let Some(ty) = label.strip_prefix("Alignment of ") {
            self.types.insert((ty.to_owned(), What::Align), number);
        } else if let Some((ty, member)) =
            label.strip_prefix("Offset of field: ").and_then(|path| path.split_once("::"))
        {
            self.offsets.entry(ty.to_owned()).or_default().push((member.to_owned(), number));
        }
    }

    /// States the members of `ty`, and those of its unnamed members, as `record`'s.
    fn state(&self, record: &str, ty: &str, base: u64, facts: &mut Facts) {
        for (member, offset) in self.offsets.get(ty).into_iter().flatten() {
            let offset = base + offset;
            if let Some(inner) = self.unnamed.get(&(ty.to_owned(), member.clone())) {
                self.state(record, inner, offset, facts);
            } else if !member.starts_with("_bitfield_") && member != "_bindgen_opaque_blob" {
                facts.state(record, member, What::BitOffset, offset * 8);
            }
        }
    }
}

/// A token of Rust, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A name or number.
    Word(&'a str),
    /// What stands between quotes.
    Text(&'a str),
    /// Any other character.
    Mark(char),
}

/// The tokens of what is left of a text.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0 = self.0.trim_start();
        let first = self.0.chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (token, length) = if first == '"' {
            let body = &self.0[1..];
            let end = end_of_text(body);
            (Token::Text(&body[..end]), end + 2)
        } else if is_word(first) {
            let end = self.0.find(|c| !is_word(c)).unwrap_or(self.0.len());
            (Token::Word(&self.0[..end]), end)
        } else {
            (Token::Mark(first), first.len_utf8())
        };
        self.0 = self.0.get(length..).unwrap_or_default();
        Some(token)
    }
}

/// Where the quote is that ends a text.
fn end_of_text(body: &str) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assertions_are_read_through_unnamed_members() {
        let text = r#"
            # [doc = " [\"Size of a\"] [ 3usize ] ; pub struct b"]
            pub struct a { pub __bindgen_anon_1 : a__bindgen_ty_1 , }
            const _ : () = {
                ["Size of a"] [:: std :: mem :: size_of :: < a > () - 24usize] ;
                ["Offset of field: a::__bindgen_anon_1"] [:: std :: mem :: offset_of ! (a , __bindgen_anon_1) - 8usize] ;
                ["Offset of field: a__bindgen_ty_1::deep"] [:: std :: mem :: offset_of ! (a__bindgen_ty_1 , deep) - 4usize] ;
            } ;"#;
        let reading = Reading::of(text).expect("it is read");
        assert_eq!(reading.types.get(&("a".to_owned(), What::Size)), Some(&24));
        let mut facts = Facts::default();
        reading.state("a", "a", 0, &mut facts);
        let mut expected = Facts::default();
        expected.state("a", "deep", What::BitOffset, 96);
        assert_eq!(facts, expected);
    }
}

//! A TOML document as this crate reads it: entries in the order of the file, each with its place, in little memory.
//!
//! The documents of `toml` keep each table in a tree that has room for eleven entries, and nearly every table of a spec is
//! a field, of two or three. Of a thousand structs that is most of the memory that reading, checking and generating take
//! together. So [`plain`] builds what specs consist of from the events of `toml_parser`, of long ones [two halves at
//! once](halves), and leaves everything else to `toml`, errors first of all: what is TOML, and what is said of what is
//! not, is `toml`'s word alone.

mod halves;
mod plain;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

use crate::source::{FileId, Span};

/// Part of a text, in bytes. A spec has at most 64 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    start: u32,
    end: u32,
}

impl Place {
    pub(super) fn new(range: Range<usize>) -> Self {
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Place { start: at(range.start), end: at(range.end) }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn in_file(self, file: FileId) -> Span {
        Span { file, start: self.start, end: self.end }
    }
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    key: Key<'t>,
    value: Value<'t>,
}

impl<'t> Entry<'t> {
    /// The key, without quotes and escapes.
    pub(super) fn name(&self) -> &str {
        &self.key.name
    }

    /// Where the key stands; of a table that only longer headers name, the first of them.
    pub(super) fn key_span(&self) -> Place {
        self.key.place
    }

    pub(super) fn value(&self) -> &Value<'t> {
        &self.value
    }
}

#[derive(Debug)]
struct Key<'t> {
    name: Cow<'t, str>,
    place: Place,
}

/// A value and where it stands; a table that has a header stands there.
#[derive(Debug)]
pub(super) struct Value<'t> {
    kind: Kind<'t>,
    place: Place,
}

impl<'t> Value<'t> {
    pub(super) fn get_ref(&self) -> &Kind<'t> {
        &self.kind
    }

    pub(super) fn span(&self) -> Place {
        self.place
    }
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind<'t> {
    String(Cow<'t, str>),
    /// Digits with their sign, without prefix and underscores, and the base.
    Integer(Cow<'t, str>, u32),
    Float,
    Boolean(bool),
    Datetime,
    Array(Array<'t>),
    Table(Table<'t>),
}

/// An array, written out or as `[[name]]`.
#[derive(Debug)]
pub(super) struct Array<'t> {
    pub(super) items: Vec<Value<'t>>,
    /// Whether it grows with each `[[name]]`.
    of_headers: bool,
}

/// A table; nothing stands in it twice.
#[derive(Debug)]
pub(super) struct Table<'t> {
    /// In the order of the file.
    pub(super) entries: Vec<Entry<'t>>,
    made: Made,
}

/// What has made a table, on which it hangs what may be added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// Braces.
    Inline,
    /// Its own header.
    ByHeader,
    /// Headers of tables in it.
    ByLongerHeader,
    /// Keys with dots.
    ByDots,
}

/// Reads a document.
///
/// # Errors
/// All that `toml` finds wrong.
pub(super) fn parse(text: &str) -> Result<Table<'_>, Vec<Error>> {
    match halves::parse(text).or_else(|| plain::parse(text)) {
        Some(document) => Ok(document),
        None => by_toml(text),
    }
}

fn by_toml(text: &str) -> Result<Table<'_>, Vec<Error>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() { Ok(Table::from(document.into_inner())) } else { Err(errors) }
}

impl<'t> From<DeTable<'t>> for Table<'t> {
    fn from(table: DeTable<'t>) -> Self {
        let entry = |(key, value): (Spanned<Cow<'t, str>>, Spanned<DeValue<'t>>)| {
            let place = Place::new(key.span());
            Entry { key: Key { name: key.into_inner(), place }, value: value.into() }
        };
        let mut entries: Vec<Entry<'_>> = table.into_iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key.place);
        Table { entries, made: Made::ByHeader }
    }
}

impl<'t> From<Spanned<DeValue<'t>>> for Value<'t> {
    fn from(value: Spanned<DeValue<'t>>) -> Self {
        let place = Place::new(value.span());
        let kind = match value.into_inner() {
            DeValue::String(string) => Kind::String(string),
            DeValue::Integer(integer) => Kind::Integer(integer.as_str().to_owned().into(), integer.radix()),
            DeValue::Float(_) => Kind::Float,
            DeValue::Boolean(boolean) => Kind::Boolean(boolean),
            DeValue::Datetime(_) => Kind::Datetime,
            DeValue::Array(items) => {
                Kind::Array(Array { items: items.into_iter().map(Value::from).collect(), of_headers: false })
            }
            DeValue::Table(table) => Kind::Table(table.into()),
        };
        Value { kind, place }
    }
}

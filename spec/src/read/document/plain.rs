//! Documents as specs have them, from the events of `toml_parser`.
//!
//! Every event that reports an error, and every table that is added to in a way that TOML may forbid, ends it: nothing is
//! decided here that could be decided wrongly.

use std::{borrow::Cow, mem};

use toml_parser::{
    ErrorSink, ParseError, Source, Span,
    decoder::{Encoding, ScalarKind},
    lexer::{Token, TokenKind},
    parser::{EventReceiver, parse_document},
};

use super::{Array, Entry, Key, Kind, Made, Place, Table, Value};

/// How deep values may lie in one another, and how many parts a key may have: less than `toml` allows.
const DEEPEST: usize = 64;

/// Tokens of which so many, and the rest of a table, are parsed together. In tests each table is parsed by itself.
const PART: usize = if cfg!(test) { 1 } else { 4096 };

/// Entries that are looked through one by one. Beyond that, only the last one is looked at before another is added, and
/// their names are sorted at the end to see whether there are equal ones.
const FEW: usize = 16;

/// The document, if it is one that can be told to be TOML here.
pub(super) fn parse(text: &str) -> Option<Table<'_>> {
    parse_part(text, 0)
}

/// The same of a part that begins at this byte of the document.
pub(super) fn parse_part(text: &str, start: usize) -> Option<Table<'_>> {
    let source = Source::new(text);
    let mut builder = Builder {
        source,
        start,
        root: Table { entries: Vec::new(), made: Made::ByHeader },
        current: Table { entries: Vec::new(), made: Made::ByHeader },
        header: None,
        keys: Vec::new(),
        open: Vec::new(),
        entries: Vec::new(),
        items: Vec::new(),
        plain: true,
    };
    let mut sound = true;
    for_each_part(source, |tokens| {
        parse_document(tokens, &mut builder, &mut |_: ParseError| sound = false);
        sound && builder.plain
    });
    builder.finish_table();
    let Builder { root, plain, .. } = builder;
    (sound && plain).then_some(root).filter(is_without_repetition)
}

/// Calls `parse` with the tokens of the document, a number of whole tables at a time: those of all of it would take more
/// memory than all that is made of them. Ends where `parse` says that the rest is not wanted.
fn for_each_part(source: Source<'_>, mut parse: impl FnMut(&[Token]) -> bool) {
    let mut tokens: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for token in source.lex() {
        let starts_line = tokens.last().is_some_and(|last| last.kind() == TokenKind::Newline);
        if token.kind() == TokenKind::LeftSquareBracket && starts_line && depth == 0 && tokens.len() >= PART {
            if !parse(&tokens) {
                return;
            }
            tokens.clear();
        }
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push(token);
    }
    parse(&tokens);
}

/// Whether no two entries of a table, or of a table in it, are of one name.
fn is_without_repetition(table: &Table<'_>) -> bool {
    all_differ(&table.entries) && table.entries.iter().all(|entry| is_value_without_repetition(&entry.value))
}

fn is_value_without_repetition(value: &Value<'_>) -> bool {
    match &value.kind {
        Kind::Table(table) => is_without_repetition(table),
        Kind::Array(array) => array.items.iter().all(is_value_without_repetition),
        _ => true,
    }
}

pub(super) fn all_differ(entries: &[Entry<'_>]) -> bool {
    if entries.len() <= FEW {
        let is_new = |(at, entry): (usize, &Entry<'_>)| entries[..at].iter().all(|other| other.name() != entry.name());
        return entries.iter().enumerate().all(is_new);
    }
    let mut names: Vec<&str> = entries.iter().map(Entry::name).collect();
    names.sort_unstable();
    names.windows(2).all(|two| two[0] != two[1])
}

/// `[a.b]` or `[[a.b]]`
struct Header<'t> {
    path: Vec<Key<'t>>,
    place: Place,
    of_array: bool,
}

/// A value that has not ended.
enum Open {
    Array {
        start: usize,
        /// How many items of arrays around it wait for their ends.
        items: usize,
    },
    Table {
        start: usize,
        /// How many keys of tables around it wait for their values.
        keys: usize,
        /// How many entries of tables around it wait for their ends.
        entries: usize,
    },
}

struct Builder<'t> {
    source: Source<'t>,
    /// Where it begins in the document.
    start: usize,
    root: Table<'t>,
    /// The table whose header was read last, which gets to its place when it is whole; the root before any header.
    current: Table<'t>,
    header: Option<Header<'t>>,
    /// Parts of the header that is being read, or of keys that wait for their values.
    keys: Vec<Key<'t>>,
    open: Vec<Open>,
    /// Entries of tables in braces that have not ended, so that each table takes the memory that it needs and no more.
    entries: Vec<Entry<'t>>,
    /// The same of items of arrays.
    items: Vec<Value<'t>>,
    /// Whether everything so far could be told to be TOML.
    plain: bool,
}

impl<'t> Builder<'t> {
    fn open_header(&mut self, span: Span, of_array: bool) {
        self.finish_table();
        self.keys.clear();
        self.header = Some(Header { path: Vec::new(), place: self.place(span), of_array });
    }

    fn close_header(&mut self, span: Span) {
        let end = self.place(span).end;
        if let Some(header) = &mut self.header {
            header.path = mem::take(&mut self.keys);
            header.place.end = end;
        }
    }

    /// Gives the table that ends here to the one that it is in.
    fn finish_table(&mut self) {
        let table = mem::replace(&mut self.current, Table { entries: Vec::new(), made: Made::ByHeader });
        let Some(Header { mut path, place, of_array }) = self.header.take() else {
            self.root = table;
            return;
        };
        // What is too deep must not be built: to drop it would take as much of the stack.
        if !self.plain {
            return;
        }
        let Some(key) = path.pop() else { return self.give_up() };
        let value = Value { kind: Kind::Table(table), place };
        let root = Growing { entries: &mut self.root.entries, from: 0 };
        let Some(mut parent) = descend(root, path, Made::ByLongerHeader) else { return self.give_up() };
        match (known(parent.own(), &key.name), of_array) {
            (None, false) => parent.entries.push(Entry { key, value }),
            (None, true) => {
                let kind = Kind::Array(Array { items: vec![value], of_headers: true });
                parent.entries.push(Entry { key, value: Value { kind, place } });
            }
            (Some(Kind::Array(Array { items, of_headers: true })), true) => items.push(value),
            _ => self.give_up(),
        }
    }

    fn give_up(&mut self) {
        self.plain = false;
    }

    fn place(&self, span: Span) -> Place {
        self.between(span.start(), span.end())
    }

    /// From one byte of what is parsed to another.
    fn between(&self, start: usize, end: usize) -> Place {
        Place::new(self.start + start..self.start + end)
    }

    /// Gives a whole value to the array or table that it is in.
    fn close(&mut self, value: Value<'t>) {
        if !self.plain {
            return;
        }
        let (table, keys) = match self.open.last() {
            Some(Open::Array { .. }) => return self.items.push(value),
            Some(Open::Table { keys, entries, .. }) => (Growing { entries: &mut self.entries, from: *entries }, *keys),
            None => (Growing { entries: &mut self.current.entries, from: 0 }, 0),
        };
        // Of the keys that wait, those of this value, which has a path if they are several.
        let table = match self.keys.len().checked_sub(keys) {
            None | Some(0) => None,
            Some(1) => self.keys.pop().map(|key| (table, key)),
            Some(_) => {
                self.keys.pop().and_then(|key| Some((descend(table, self.keys.drain(keys..), Made::ByDots)?, key)))
            }
        };
        match table {
            Some((table, key)) => table.entries.push(Entry { key, value }),
            None => self.give_up(),
        }
    }
}

/// The entries of a table that grows, behind those of others.
struct Growing<'a, 't> {
    entries: &'a mut Vec<Entry<'t>>,
    from: usize,
}

impl<'t> Growing<'_, 't> {
    fn own(&mut self) -> &mut [Entry<'t>] {
        &mut self.entries[self.from..]
    }
}

/// The table at this path, made on the way where it is not there yet. `None` if something stands there that may not be
/// added to.
fn descend<'a, 't>(
    table: Growing<'a, 't>,
    path: impl IntoIterator<Item = Key<'t>>,
    made: Made,
) -> Option<Growing<'a, 't>> {
    let mut table = table;
    for key in path {
        // Two lookups, since the borrow of what is found would last to the end.
        if known(table.own(), &key.name).is_none() {
            let kind = Kind::Table(Table { entries: Vec::new(), made });
            let value = Value { kind, place: key.place };
            table.entries.push(Entry { key, value });
            let Kind::Table(last) = &mut table.entries.last_mut()?.value.kind else { return None };
            table = Growing { entries: &mut last.entries, from: 0 };
            continue;
        }
        let Growing { entries, from } = table;
        match known(&mut entries[from..], &key.name)? {
            Kind::Table(inner) if may_grow(inner.made, made) => {
                table = Growing { entries: &mut inner.entries, from: 0 };
            }
            _ => return None,
        }
    }
    Some(table)
}

/// Whether headers or dots may add to a table without asking what else TOML says.
pub(super) fn may_grow(table: Made, by: Made) -> bool {
    match by {
        Made::ByDots => table == Made::ByDots,
        _ => matches!(table, Made::ByHeader | Made::ByLongerHeader),
    }
}

/// The value of this name, if it is among few or is the last one.
pub(super) fn known<'a, 't>(entries: &'a mut [Entry<'t>], name: &str) -> Option<&'a mut Kind<'t>> {
    let is_it = |entry: &Entry<'_>| entry.name() == name;
    let at = match entries.last() {
        Some(last) if is_it(last) => Some(entries.len() - 1),
        _ if entries.len() <= FEW => entries.iter().position(is_it),
        _ => None,
    };
    at.map(|at| &mut entries[at].value.kind)
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(span, false);
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(span, true);
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::Table { start: span.start(), keys: self.keys.len(), entries: self.entries.len() });
        self.plain &= self.open.len() < DEEPEST;
        self.plain
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let Some(Open::Table { start, entries, .. }) = self.open.pop() else { return self.give_up() };
        let table = Table { entries: self.entries.drain(entries..).collect(), made: Made::Inline };
        self.close(Value { kind: Kind::Table(table), place: self.between(start, span.end()) });
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::Array { start: span.start(), items: self.items.len() });
        self.plain &= self.open.len() < DEEPEST;
        self.plain
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let Some(Open::Array { start, items }) = self.open.pop() else { return self.give_up() };
        let kind = Kind::Array(Array { items: self.items.drain(items..).collect(), of_headers: false });
        self.close(Value { kind, place: self.between(start, span.end()) });
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut name = Cow::Borrowed("");
        let Some(raw) = self.source.get(span) else { return self.give_up() };
        toml_parser::Raw::new_unchecked(raw.as_str(), encoding, span).decode_key(&mut name, error);
        self.keys.push(Key { name, place: self.place(span) });
        self.plain &= self.keys.len() < DEEPEST;
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut text = Cow::Borrowed("");
        let Some(raw) = self.source.get(span) else { return self.give_up() };
        let kind = toml_parser::Raw::new_unchecked(raw.as_str(), encoding, span).decode_scalar(&mut text, error);
        let kind = match kind {
            ScalarKind::String => Kind::String(text),
            ScalarKind::Boolean(boolean) => Kind::Boolean(boolean),
            ScalarKind::Integer(radix) => Kind::Integer(text, radix.value()),
            // No key of a spec takes either; whether they are well-formed, `toml` says.
            ScalarKind::Float | ScalarKind::DateTime => return self.give_up(),
        };
        self.close(Value { kind, place: self.place(span) });
    }

    fn comment(&mut self, span: Span, error: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(span) {
            raw.decode_comment(error);
        }
    }

    fn newline(&mut self, span: Span, error: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(span) {
            raw.decode_newline(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that the text is parsed in, but no more than `most`.
    fn parts(text: &str, most: usize) -> Vec<&str> {
        let mut parts = Vec::new();
        for_each_part(Source::new(text), |tokens| {
            let ends = tokens
                .first()
                .zip(tokens.last())
                .map_or((0, 0), |(first, last)| (first.span().start(), last.span().end()));
            parts.push(&text[ends.0..ends.1]);
            parts.len() < most
        });
        parts
    }

    #[test]
    fn parts_are_whole_tables() {
        let tables = ["a = [[1], { b = [\n[2]] }]\n", "[a]\nb = 1\nc = [\n[\n1] ]\n", " [b]\n", "[[c]]\n", "[[c]] # d"];
        assert_eq!(parts(&tables.concat(), 9), [tables[0], &tables[1..3].concat(), tables[3], tables[4]]);
        assert_eq!(parts(&tables.concat(), 2), [tables[0], &tables[1..3].concat()]);
        assert_eq!(parts("a = ]\n[b]\n", 9), ["a = ]\n", "[b]\n"]);
    }
}

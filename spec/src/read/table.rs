//! A TOML table as a rule reads it: key by key, in the order of the file, saying what is missing, wrong or not known.

use std::{borrow::Cow, fmt};

use super::document::{self, Entry, Kind, Place, Value};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    source::{FileId, Span},
    spec::{At, Number, Text},
    suggest,
    threads::both,
};

/// Definitions of which so many take longer to read than a thread takes to start. In tests there are no few.
const MANY: usize = if cfg!(test) { 2 } else { 100 };

/// What every reader needs: where problems go, and which file and text it reads.
pub(super) struct Cx<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) file: FileId,
    pub(super) text: &'a str,
}

impl Cx<'_> {
    pub(super) fn span(&self, place: Place) -> Span {
        place.in_file(self.file)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Says that a value has another TOML type than its key takes.
    pub(super) fn wrong_type(&mut self, what: &str, expected: &str, value: &Value<'_>) -> Diagnostic {
        let found = describe(value.get_ref());
        let span = self.span(value.span());
        Diagnostic::new(
            Code::WrongType,
            format!("{what} must be {expected}, not {found}"),
            span,
            format!("expected {expected}"),
        )
    }

    /// What is read of each item, in their order. Many are read by two threads.
    pub(super) fn each<T: Send, R: Send>(
        &mut self,
        mut items: Vec<T>,
        read: impl Fn(&mut Cx<'_>, T) -> R + Sync,
    ) -> Vec<R> {
        if items.len() < MANY {
            return items.into_iter().map(|item| read(self, item)).collect();
        }
        let rest = items.split_off(items.len() / 2);
        let mut of_rest = Diagnostics::new();
        let mut beside = Cx { diagnostics: &mut of_rest, file: self.file, text: self.text };
        let (mut found, more) = both(
            true,
            || items.into_iter().map(|item| read(self, item)).collect::<Vec<R>>(),
            || rest.into_iter().map(|item| read(&mut beside, item)).collect::<Vec<R>>(),
        );
        self.diagnostics.append(of_rest);
        found.extend(more);
        found
    }

    /// The key of an entry.
    pub(super) fn key<'t>(&self, entry: &'t Entry<'_>) -> At<&'t str> {
        At { value: entry.name(), span: self.span(entry.key_span()) }
    }

    /// A string with a grammar of its own.
    pub(super) fn text(&self, value: &str, place: Place) -> Text {
        let raw = self.text.get(place.range()).unwrap_or("");
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        let inner = raw.get(usize::from(quotes)..).is_some_and(|rest| rest.starts_with(value)).then_some(quotes);
        Text { value: value.to_owned(), span: self.span(place), inner }
    }
}

/// A TOML type with its article.
pub(super) fn describe(value: &Kind<'_>) -> &'static str {
    match value {
        Kind::String(_) => "a string",
        Kind::Integer(..) => "an integer",
        Kind::Float => "a floating-point number",
        Kind::Boolean(_) => "a boolean",
        Kind::Datetime => "a date",
        Kind::Array(_) => "an array",
        Kind::Table(_) => "a table",
    }
}

/// A table that is being read. Every key it is asked for counts as known; [`Table::finish`] reports the others.
pub(super) struct Table<'t> {
    title: Title<'t>,
    /// Where it is named: the key that defines it.
    span: Span,
    entries: &'t [Entry<'t>],
    known: Vec<&'static str>,
    sound: bool,
}

/// What a table is called in messages. There are thousands of tables and few messages, so it is put together for them.
enum Title<'t> {
    /// "the map `events`"
    Text(Cow<'static, str>),
    /// A kind and a name: "the field" `pid`.
    Named(&'static str, &'t str),
}

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Title::Text(text) => f.write_str(text),
            Title::Named(kind, name) => write!(f, "{kind} `{}`", name.escape_debug()),
        }
    }
}

impl Title<'_> {
    /// The whole file has none.
    fn is_empty(&self) -> bool {
        matches!(self, Title::Text(text) if text.is_empty())
    }
}

/// Keys that most tables are asked for, so that the list of them need not grow.
const USUAL_KEYS: usize = 16;

impl<'t> Table<'t> {
    /// Opens a value that must be a table; `None`, reported, if it is not.
    pub(super) fn open(
        cx: &mut Cx<'_>,
        what: impl Into<Cow<'static, str>>,
        span: Span,
        value: &'t Value<'t>,
    ) -> Option<Self> {
        let what = what.into();
        match value.get_ref() {
            Kind::Table(table) => Some(Self::of(what, span, table)),
            _ => {
                let wrong = cx.wrong_type(&what, "a table", value);
                cx.push(wrong);
                None
            }
        }
    }

    pub(super) fn of(what: impl Into<Cow<'static, str>>, span: Span, table: &'t document::Table<'t>) -> Self {
        let (title, known) = (Title::Text(what.into()), Vec::with_capacity(USUAL_KEYS));
        Table { title, span, entries: &table.entries, known, sound: true }
    }

    /// The table's `name`, by which messages call it from now on: "the field", and the name.
    pub(super) fn name(&mut self, cx: &mut Cx<'_>, kind: &'static str) -> Option<At<String>> {
        let name = self.borrowed(cx, "name", "a string", None)?;
        self.title = Title::Named(kind, name.value);
        Some(name.owned())
    }

    /// What messages call it.
    pub(super) fn what(&self) -> String {
        self.title.to_string()
    }

    /// Where the table is named.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Where a key stands, whether it was taken or not.
    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|entry| entry.key_span().in_file(self.span.file))
    }

    fn entry(&self, key: &str) -> Option<&'t Entry<'t>> {
        self.entries.iter().find(|entry| entry.name() == key)
    }

    /// Whether it has keys besides these.
    pub(super) fn has_others(&self, keys: &[&str]) -> bool {
        self.entries.iter().any(|entry| !keys.contains(&entry.name()))
    }

    /// Takes a key. It may be asked for again.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'t Value<'t>> {
        self.known.push(key);
        self.entry(key).map(Entry::value)
    }

    /// Says that something in a table of this one was wrong.
    pub(super) fn spoil(&mut self) {
        self.sound = false;
    }

    /// Says that a key that must be given is missing.
    pub(super) fn missing(&mut self, cx: &mut Cx<'_>, key: &str, help: &str) {
        self.sound = false;
        let message = format!("{} has no `{key}`", self.title);
        cx.push(Diagnostic::new(Code::MissingKey, message, self.span, format!("`{key}` is missing")).help(help));
    }

    fn wrong(&mut self, cx: &mut Cx<'_>, key: &str, expected: &str, value: &Value<'_>, help: Option<&str>) {
        self.sound = false;
        let what = if self.title.is_empty() { format!("`{key}`") } else { format!("`{key}` of {}", self.title) };
        let mut wrong = cx.wrong_type(&what, expected, value);
        wrong.help.extend(help.map(str::to_owned));
        cx.push(wrong);
    }

    pub(super) fn string(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<At<String>> {
        self.string_or(cx, key, "a string", None)
    }

    /// A string, where something else may stand that the caller has looked for.
    pub(super) fn string_or(
        &mut self,
        cx: &mut Cx<'_>,
        key: &'static str,
        expected: &str,
        help: Option<&str>,
    ) -> Option<At<String>> {
        self.borrowed(cx, key, expected, help).map(At::owned)
    }

    fn borrowed(
        &mut self,
        cx: &mut Cx<'_>,
        key: &'static str,
        expected: &str,
        help: Option<&str>,
    ) -> Option<At<&'t str>> {
        let value = self.take(key)?;
        if let Kind::String(string) = value.get_ref() {
            return Some(At { value: string.as_ref(), span: cx.span(value.span()) });
        }
        self.wrong(cx, key, expected, value, help);
        None
    }

    /// Documentation.
    pub(super) fn doc(&mut self, cx: &mut Cx<'_>) -> Option<String> {
        self.string(cx, "doc").map(|doc| doc.value)
    }

    /// A type or another string with a grammar.
    pub(super) fn text(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<Text> {
        let value = self.take(key)?;
        if let Kind::String(string) = value.get_ref() {
            return Some(cx.text(string, value.span()));
        }
        let help = match value.get_ref() {
            Kind::Array(_) => Some("the element comes first, in one string: `\"u8[16]\"`"),
            _ => None,
        };
        self.wrong(cx, key, "a string", value, help);
        None
    }

    pub(super) fn boolean(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        if let Kind::Boolean(boolean) = value.get_ref() {
            return Some(*boolean);
        }
        self.wrong(cx, key, "`true` or `false`", value, None);
        None
    }

    pub(super) fn integer(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<At<i128>> {
        let value = self.take(key)?;
        if let Some(integer) = integer(cx, value) {
            return integer;
        }
        self.wrong(cx, key, "an integer", value, None);
        None
    }

    pub(super) fn number(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<Number> {
        let value = self.take(key)?;
        let what = format!("`{key}` of {}", self.title);
        let number = number(cx, &what, value);
        self.sound &= number.is_some();
        number
    }

    /// An array, as its elements.
    pub(super) fn array(
        &mut self,
        cx: &mut Cx<'_>,
        key: &'static str,
        of: &str,
        keyed: Option<&str>,
    ) -> Option<At<&'t [Value<'t>]>> {
        let value = self.take(key)?;
        match value.get_ref() {
            Kind::Array(array) => Some(At { value: &array.items[..], span: cx.span(value.span()) }),
            other => {
                let help = if matches!(other, Kind::Table(_)) { keyed } else { None };
                self.wrong(cx, key, &format!("an array of {of}"), value, help);
                None
            }
        }
    }

    /// An array of strings.
    pub(super) fn strings(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Option<At<Vec<At<String>>>> {
        let items = self.array(cx, key, "strings", None)?;
        let mut strings = Vec::with_capacity(items.value.len());
        for item in items.value {
            match item.get_ref() {
                Kind::String(string) => {
                    strings.push(At { value: string.to_string(), span: cx.span(item.span()) });
                }
                _ => self.wrong(cx, key, "an array of strings", item, None),
            }
        }
        Some(At { value: strings, span: items.span })
    }

    /// A table in the table.
    pub(super) fn table(
        &mut self,
        cx: &mut Cx<'_>,
        key: &'static str,
        what: impl Into<Cow<'static, str>>,
    ) -> Option<Table<'t>> {
        let value = self.take(key)?;
        let span = self.key_span(key).unwrap_or(self.span);
        let table = Table::open(cx, what, span, value);
        self.sound &= table.is_some();
        table
    }

    /// The entries of a table whose keys are names that the user chooses.
    pub(super) fn named(&mut self, cx: &mut Cx<'_>, key: &'static str) -> Vec<(At<String>, &'t Value<'t>)> {
        let what = if self.title.is_empty() { format!("`[{key}]`") } else { format!("`{key}` of {}", self.title) };
        let entries = self.table(cx, key, what).map(|table| table.entries).unwrap_or_default();
        entries.iter().map(|entry| (cx.key(entry).owned(), entry.value())).collect()
    }

    /// Reports the keys that nobody asked for, and says whether nothing was wrong with the table.
    pub(super) fn finish(mut self, cx: &mut Cx<'_>) -> bool {
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&entry.name())) {
            self.sound = false;
            cx.push(unknown_key(&self.title, &cx.key(entry), &self.known));
        }
        self.sound
    }
}

fn unknown_key(what: &Title<'_>, key: &At<&str>, known: &[&'static str]) -> Diagnostic {
    let shown = key.value.escape_debug();
    let message = if what.is_empty() {
        format!("a spec has no key `{shown}`")
    } else {
        format!("{what} has an unknown key `{shown}`")
    };
    let wrong = Diagnostic::new(Code::UnknownKey, message, key.span, "not known");
    if let Some(near) = suggest::nearest(key.value, known.iter().copied()) {
        return wrong.help(format!("did you mean `{near}`?"));
    }
    let mut once: Vec<&str> = Vec::new();
    for key in known {
        if !once.contains(key) {
            once.push(key);
        }
    }
    wrong.help(format!("keys here are {}", list(&once)))
}

/// `` `a`, `b` and `c` ``
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A TOML integer. `None` if it is none; `Some(None)` if it is too large, which has been reported.
pub(super) fn integer(cx: &mut Cx<'_>, value: &Value<'_>) -> Option<Option<At<i128>>> {
    let Kind::Integer(digits, radix) = value.get_ref() else { return None };
    let span = cx.span(value.span());
    match i128::from_str_radix(digits, *radix) {
        // Beyond 65 bits no key takes a number; the bound keeps later arithmetic on i128 from overflowing.
        Ok(number) if number.unsigned_abs() <= 1 << 64 => Some(Some(At { value: number, span })),
        _ => {
            cx.push(Diagnostic::new(Code::Overflow, "the number does not fit 64 bits", span, "too large"));
            Some(None)
        }
    }
}

/// An integer, or a string with an expression; `None`, reported, if it is neither.
pub(super) fn number(cx: &mut Cx<'_>, what: &str, value: &Value<'_>) -> Option<Number> {
    if let Some(integer) = integer(cx, value) {
        return integer.map(Number::Integer);
    }
    if let Kind::String(string) = value.get_ref() {
        return Some(Number::Expr(cx.text(string, value.span())));
    }
    let wrong = cx.wrong_type(what, "an integer or an expression in a string", value);
    cx.push(wrong.help("write `4096`, `\"8 * PATH\"` or `\"256 KiB\"`"));
    None
}

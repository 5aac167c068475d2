//! A draft as text, laid out as a person would: fields in columns, a blank line between definitions, comments where
//! something could not be said.

use std::fmt::Write as _;
use std::ops::Range;

use crate::{
    draft::{Body, Constant, Definition, Draft, Entry, Extern, Field, Map, Profile, Record, Values},
    numbers::in_units,
};

/// Columns of a comment line.
const COLUMNS: usize = 120;

/// What a part of the text defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// An index into [`Draft::definitions`].
    Definition(usize),
    /// An index into [`Draft::maps`].
    Map(usize),
}

/// Text, and which bytes of it define what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) toml: String,
    pub(crate) parts: Vec<(Range<usize>, Part)>,
}

/// Writes a draft down. `title` is the first comment, in lines.
pub(crate) fn text(draft: &Draft, title: &str) -> Text {
    let mut out = Text::default();
    comment(&mut out.toml, title);
    out.toml += "spec = 1\n";
    constants(&mut out.toml, "lengths", &draft.lengths);
    constants(&mut out.toml, "capacities", &draft.capacities);
    for (index, definition) in draft.definitions.iter().enumerate() {
        let start = out.toml.len();
        define(&mut out.toml, definition);
        out.parts.push((start..out.toml.len(), Part::Definition(index)));
    }
    for (index, map) in draft.maps.iter().enumerate() {
        let start = out.toml.len();
        define_map(&mut out.toml, map);
        out.parts.push((start..out.toml.len(), Part::Map(index)));
    }
    draft.profiles.iter().for_each(|profile| define_profile(&mut out.toml, draft, profile));
    out
}

fn define_profile(out: &mut String, draft: &Draft, profile: &Profile) {
    let _ = writeln!(out, "\n[profile.{}]", key(&profile.name));
    for (table, constants) in [("lengths", &draft.lengths), ("capacities", &draft.capacities)] {
        // What is computed of others follows them.
        for constant in constants.iter().filter(|constant| constant.expr.is_none()) {
            if let Some(value) = profile.numbers.get(&constant.name) {
                let _ = writeln!(out, "{table}.{} = {value}", constant.name);
            }
        }
    }
    list(out, "omit", &profile.omit);
}

/// A key, quoted if it is no bare one.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { name.to_owned() } else { quoted(name) }
}

fn constants(out: &mut String, table: &str, constants: &[Constant]) {
    if constants.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n[{table}]");
    let width = constants.iter().map(|constant| constant.name.len()).max().unwrap_or(0);
    let values: Vec<String> =
        constants.iter().map(|constant| number(constant.value, constant.expr.as_deref())).collect();
    let value_width = values.iter().map(String::len).max().unwrap_or(0);
    for (constant, value) in constants.iter().zip(values) {
        match &constant.comment {
            Some(text) => {
                let text = one_line(text);
                let _ = writeln!(out, "{:width$} = {value:value_width$}   # {text}", constant.name);
            }
            None => {
                let _ = writeln!(out, "{:width$} = {value}", constant.name);
            }
        }
    }
}

fn number(value: u64, expr: Option<&str>) -> String {
    expr.map_or_else(|| value.to_string(), quoted)
}

fn define(out: &mut String, definition: &Definition) {
    out.push('\n');
    definition.comments.iter().for_each(|text| comment(out, text));
    let word = match &definition.body {
        Body::Record(word, _) => word.text(),
        Body::Values(_) => "enum",
        Body::Extern(_) => "extern",
    };
    let _ = writeln!(out, "[{word}.{}]", definition.name);
    c_name(out, definition.c.as_deref());
    match &definition.body {
        Body::Record(_, record) => {
            doc(out, definition.doc.as_deref());
            if let Some(packed) = record.packed {
                let packed = if packed == 1 { "true".to_owned() } else { packed.to_string() };
                let _ = writeln!(out, "packed = {packed}");
            }
            if let Some(align) = record.align {
                let _ = writeln!(out, "align = {align}");
            }
            out.push_str("fields = [\n");
            fields(out, &record.entries, 1);
            out.push_str("]\n");
        }
        Body::Values(values) => define_values(out, definition, values),
        Body::Extern(def) => define_extern(out, definition, def),
    }
}

fn c_name(out: &mut String, name: Option<&str>) {
    if let Some(name) = name {
        let _ = writeln!(out, "c = {}", quoted(name));
    }
}

fn doc(out: &mut String, text: Option<&str>) {
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        let _ = writeln!(out, "doc = {}", quoted(text));
    }
}

fn define_values(out: &mut String, definition: &Definition, values: &Values) {
    let _ = writeln!(out, "repr = {}", quoted(values.repr));
    let default = format!("{}_", upper(&definition.name));
    if values.prefix != default {
        let _ = writeln!(out, "prefix = {}", quoted(&values.prefix));
    }
    doc(out, definition.doc.as_deref());
    let rows = values.variants.iter().map(|variant| {
        let value = match &variant.same_as {
            Some(first) => format!("same_as = {}", quoted(first)),
            None => format!("value = {}", variant.value),
        };
        let mut row = vec![format!("name = {}", quoted(&variant.name)), value];
        row.extend(variant.c.iter().map(|c| format!("c = {}", quoted(c))));
        row.extend(doc_cell(variant.doc.as_deref()));
        Row { cells: row, comment: None }
    });
    let rows: Vec<Row> = rows.collect();
    let short = rows.iter().all(|row| row.cells.len() == 2);
    let line = format!("variants = [{}]", rows.iter().map(Row::plain).collect::<Vec<_>>().join(", "));
    if short && rows.len() <= 4 && line.len() <= COLUMNS {
        let _ = writeln!(out, "{line}");
        return;
    }
    out.push_str("variants = [\n");
    table(out, &rows, 1);
    out.push_str("]\n");
}

/// The language's own prefix of an enum's constants: the name as a constant.
fn upper(name: &str) -> String {
    let mut upper = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            upper.push('_');
        }
        upper.push(letter.to_ascii_uppercase());
        previous = letter;
    }
    upper
}

fn define_extern(out: &mut String, definition: &Definition, def: &Extern) {
    doc(out, definition.doc.as_deref());
    let _ = writeln!(out, "size = {}\nalign = {}\nc = {}", def.size, def.align, quoted(&def.c));
    if let Some(include) = &def.include {
        let _ = writeln!(out, "include = {}", quoted(include));
    }
}

/// Fields one below the other; those that follow one another have their parts in columns.
fn fields(out: &mut String, entries: &[Entry], depth: usize) {
    let indent = "  ".repeat(depth);
    let mut rows = Vec::new();
    for entry in entries {
        if !matches!(entry, Entry::Field(_)) {
            table(out, &rows, depth);
            rows.clear();
        }
        match entry {
            Entry::Field(field) => rows.push(row(field)),
            Entry::Comment(text) => {
                let _ = writeln!(out, "{indent}# {}", one_line(text));
            }
            Entry::Unnamed { union, record, offset, doc } => {
                let _ = writeln!(out, "{indent}{{ {} = [", if *union { "union" } else { "struct" });
                fields(out, &record.entries, depth + 1);
                let _ = writeln!(out, "{indent}]{} }},", unnamed_keys(record, *offset, doc.as_deref()));
            }
        }
    }
    table(out, &rows, depth);
}

fn unnamed_keys(record: &Record, offset: Option<u64>, doc: Option<&str>) -> String {
    let packed = record.packed.map(|packed| match packed {
        1 => "packed = true".to_owned(),
        packed => format!("packed = {packed}"),
    });
    let align = record.align.map(|align| format!("align = {align}"));
    let offset = offset.map(|offset| format!("offset = {offset}"));
    let cells = [offset, packed, align, doc_cell(doc)];
    cells.into_iter().flatten().fold(String::new(), |text, cell| format!("{text}, {cell}"))
}

fn doc_cell(doc: Option<&str>) -> Option<String> {
    let doc = doc.map(str::trim).filter(|doc| !doc.is_empty())?;
    Some(format!("doc = {}", quoted(doc)))
}

fn row(field: &Field) -> Row {
    let mut cells = vec![format!("name = {}", quoted(&field.name)), format!("type = {}", quoted(&field.ty.text()))];
    let mut rest: Vec<String> = Vec::new();
    rest.extend(field.c.iter().map(|c| format!("c = {}", quoted(c))));
    rest.extend(field.bits.map(|bits| format!("bits = {bits}")));
    rest.extend(field.offset.map(|offset| format!("offset = {offset}")));
    rest.extend(field.contains.as_ref().map(|(of, node)| format!("contains = {}", quoted(&format!("{of}.{node}")))));
    rest.extend(field.optional.then(|| "optional = true".to_owned()));
    rest.extend(doc_cell(field.doc.as_deref()));
    cells.extend((!rest.is_empty()).then(|| rest.join(", ")));
    let notes = [field.ty.comment.as_deref(), field.ty.loss.as_deref()];
    let notes: Vec<&str> = notes.into_iter().flatten().collect();
    Row { cells, comment: (!notes.is_empty()).then(|| notes.join("; ")) }
}

/// An inline table, and what stands behind it.
struct Row {
    cells: Vec<String>,
    comment: Option<String>,
}

impl Row {
    fn plain(&self) -> String {
        format!("{{ {} }}", self.cells.join(", "))
    }
}

/// Inline tables one below the other, each cell but the last as wide as the widest of its column.
fn table(out: &mut String, rows: &[Row], depth: usize) {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let width = |column: usize| {
        let behind = rows.iter().filter(|row| row.cells.len() > column + 1);
        behind.map(|row| row.cells[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = Vec::new();
    for row in rows {
        let mut line = format!("{}{{ ", "  ".repeat(depth));
        for (column, cell) in row.cells.iter().enumerate() {
            line += cell;
            if column + 1 < row.cells.len() {
                let gap = widths[column].saturating_sub(cell.chars().count());
                line += ",";
                line.extend(std::iter::repeat_n(' ', gap + 1));
            }
        }
        lines.push(line + " },");
    }
    let width = rows.iter().zip(&lines).filter(|(row, _)| row.comment.is_some());
    let width = width.map(|(_, line)| line.chars().count()).max().unwrap_or(0);
    for (row, line) in rows.iter().zip(lines) {
        match &row.comment {
            Some(comment) => {
                let gap = width - line.chars().count();
                let _ = writeln!(out, "{line}{:gap$}   # {}", "", one_line(comment));
            }
            None => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

fn define_map(out: &mut String, map: &Map) {
    out.push('\n');
    map.comments.iter().for_each(|text| comment(out, text));
    let mut text = String::new();
    let _ = writeln!(text, "[map.{}]", map.name);
    c_name(&mut text, map.c.as_deref());
    doc(&mut text, map.doc.as_deref());
    let _ = writeln!(text, "type = {}", quoted(&map.kind));
    for (what, part) in [("key", &map.key), ("value", &map.value)] {
        let Some(written) = part else { continue };
        let comment = [written.comment.as_deref(), written.loss.as_deref()];
        let comment = comment.into_iter().flatten().fold(String::new(), |text, note| format!("{text}   # {note}"));
        let _ = writeln!(text, "{what} = {}{comment}", quoted(&written.text()));
    }
    if let Some(entries) = &map.max_entries {
        let units = if entries.bytes { in_units(entries.value) } else { None };
        let _ = writeln!(text, "max_entries = {}", number(entries.value, entries.expr.as_deref().or(units.as_deref())));
    }
    list(&mut text, "flags", &map.flags);
    if let Some(node) = map.numa_node {
        let _ = writeln!(text, "numa_node = {node}");
    }
    if let Some(extra) = map.map_extra {
        let extra = if extra > 0xffff { quoted(&format!("{extra:#x}")) } else { extra.to_string() };
        let _ = writeln!(text, "map_extra = {extra}");
    }
    if map.pinned {
        text += "pinning = \"by_name\"\n";
    }
    list(&mut text, "events", &map.events);
    if let Some(inner) = &map.inner {
        let _ = writeln!(text, "inner = {}", quoted(inner));
    }
    match &map.refused {
        None => *out += &text,
        Some(reason) => {
            comment(out, &format!("Left out: {reason}"));
            text.lines().for_each(|line| {
                let _ = writeln!(out, "# {line}");
            });
        }
    }
}

fn list(out: &mut String, key: &str, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let _ = writeln!(out, "{key} = [{}]", names.join(", "));
    }
}

/// A TOML string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Text that can stand in a comment: TOML allows no control characters there.
fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lines of a comment, broken between words.
fn comment(out: &mut String, text: &str) {
    for paragraph in text.lines() {
        let mut line = String::from("#");
        for word in one_line(paragraph).split(' ') {
            if line.len() > 1 && line.len() + 1 + word.len() > COLUMNS {
                let _ = writeln!(out, "{line}");
                line = String::from("#");
            }
            line = line + " " + word;
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hold_what_toml_allows() {
        assert_eq!(quoted("a\"b\\c\n\u{7f}\u{1}"), "\"a\\\"b\\\\c\\n\\u007F\\u0001\"");
        assert_eq!(one_line(" a\nb\u{1}c "), "a b c");
        let mut out = String::new();
        comment(&mut out, &"word ".repeat(40));
        assert!(out.lines().all(|line| line.len() <= COLUMNS && line.starts_with("# ")));
    }
}

//! Layouts for people, in the manner of pahole: one line a member, with the cache lines it lies in.

use std::fmt::Write as _;

use bpf_layout_memory::advice::field_order;
use bpf_layout_spec::{
    Loaded,
    layout::{Layouts, Room},
    model::{Map, Record, RecordKind, TypeId},
};
use clap::builder::styling::Style;

use super::{
    rows::{Row, record, rows},
    select::Selection,
    types::{bytes_text, count_text, interned, longest, type_text},
};

/// Bytes of a cache line on x86-64 and arm64 servers, where BPF agents run.
pub(crate) const CACHE_LINE: u64 = 64;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// What was selected, as tables. Coloured with ANSI escapes.
pub(super) fn text(loaded: &Loaded, selection: &Selection) -> String {
    let layouts = &loaded.layouts;
    let mut blocks: Vec<String> = selection
        .records
        .iter()
        .filter(|&&id| selection.records.len() == 1 || !record(layouts, id).anonymous)
        .map(|&id| record_block(loaded, id))
        .collect();
    if !selection.maps.is_empty() {
        blocks.push(maps_block(layouts, selection.maps.iter().map(|&id| layouts.model.map(id))));
    }
    if blocks.is_empty() {
        return format!("`{}` defines no structs and no maps\n", layouts.model.spec_name);
    }
    blocks.join("\n")
}

fn record_block(loaded: &Loaded, id: TypeId) -> String {
    let layouts = &loaded.layouts;
    let record = record(layouts, id);
    let mut text = title(loaded, record);
    let mut table = Table::default();
    table.add_record(layouts, id, 0, 0);
    text += &table.finish();
    let _ = writeln!(text, "  {}", totals(layouts, id));
    text += &interned_lines(layouts, record);
    let omitted: Vec<&str> =
        record.fields.iter().filter(|field| field.omitted).map(|field| field.name.spec.as_str()).collect();
    if !omitted.is_empty() {
        let _ = writeln!(text, "  omitted by the profile: {}", omitted.join(", "));
    }
    if let Some(advice) = field_order(layouts, id) {
        let _ = writeln!(text, "  advice: {}: {} less", advice.text, count(advice.per_struct, "byte"));
    }
    text
}

/// What the ids of interned strings among the fields stand for: a line for each dictionary.
fn interned_lines(layouts: &Layouts, record: &Record) -> String {
    let model = &layouts.model;
    let mut text = String::new();
    for intern in &model.interns {
        let fields = record.fields.iter().filter(|field| !field.omitted);
        let ids = fields.filter(|field| interned(model, &field.ty).is_some_and(|found| found.id == intern.id));
        let ids: Vec<&str> = ids.map(|field| field.name.spec.as_str()).collect();
        if !ids.is_empty() {
            let strings = model.map(intern.strings);
            let most = strings.max_entries.as_ref().map_or_else(String::new, |most| count_text(model, most));
            let _ = writeln!(
                text,
                "  interned: {}: the string stands in {}, up to {}, once for all that have it; room for {most}",
                ids.join(", "),
                strings.name.spec,
                count(longest(model, intern), "byte"),
            );
        }
    }
    text
}

/// What it is called, in the spec and on both sides, and where it is defined.
fn title(loaded: &Loaded, record: &Record) -> String {
    let (kind, c) = (kind_name(record), if record.kind == RecordKind::Union { "union" } else { "struct" });
    let place = loaded.sources.place(record.name.span);
    let mut text = format!("{BOLD}{kind} {}{BOLD:#}  {DIM}{place}", record.name.spec);
    if !record.anonymous {
        let _ = write!(text, "  C: {c} {}  Rust: {}", record.name.c, record.name.rust);
    }
    let _ = writeln!(text, "{DIM:#}");
    text
}

/// What the spec calls this kind of record.
pub(crate) fn kind_name(record: &Record) -> &'static str {
    match record.kind {
        RecordKind::Struct => "struct",
        RecordKind::Event { .. } => "event",
        RecordKind::Union => "union",
    }
}

/// Size, alignment, fields, padding and cache lines in one line.
pub(crate) fn totals(layouts: &Layouts, id: TypeId) -> String {
    let layout = layouts.of(id);
    let rows = rows(layouts, id);
    let fields = rows.iter().filter(|row| !row.padding).count();
    let mut parts =
        vec![count(layout.size, "byte"), format!("alignment {}", layout.align), count(fields as u64, "field")];
    // What a union's member leaves free is in use by another.
    if record(layouts, id).kind != RecordKind::Union {
        parts.push(format!("{} of padding", padding(&rows)));
    }
    let lines = layout.size.div_ceil(CACHE_LINE);
    parts.push(count(lines, "cache line"));
    let mut text = parts.join(", ");
    match layout.size % CACHE_LINE {
        0 => {}
        last if lines > 1 => text += &format!(" (the last holds {})", count(last, "byte")),
        _ => {}
    }
    if let Some(Room { smallest, typical, worst, .. }) = layouts.room(id) {
        text += &format!("; on the wire {smallest} to {worst} bytes, typically {typical}");
    }
    text
}

fn padding(rows: &[Row<'_>]) -> String {
    let padding = rows.iter().filter(|row| row.padding);
    let bits: u64 = padding.map(|row| row.bits.map_or(row.size * 8, |bits| bits.width.into())).sum();
    match (bits / 8, bits % 8) {
        (bytes, 0) => count(bytes, "byte"),
        (0, bits) => count(bits, "bit"),
        (bytes, bits) => format!("{} and {}", count(bytes, "byte"), count(bits, "bit")),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The members of one record, in columns.
#[derive(Default)]
struct Table {
    lines: Vec<Line>,
    /// The last cache line whose beginning has been marked.
    cache_line: u64,
}

enum Line {
    Member { offset: String, size: String, ty: String, name: String, padding: bool },
    CacheLine(String),
}

impl Table {
    /// Adds a record's members; an unnamed member's own follow it, indented, at their place in the outer record.
    fn add_record(&mut self, layouts: &Layouts, id: TypeId, base: u64, depth: usize) {
        for row in rows(layouts, id) {
            self.mark_cache_line(base + row.offset);
            self.lines.push(member_line(layouts, &row, base, depth));
            if let Some(inner) = row.anonymous {
                self.add_record(layouts, inner, base + row.offset, depth + 1);
            }
        }
    }

    fn mark_cache_line(&mut self, offset: u64) {
        let line = offset / CACHE_LINE;
        if line <= self.cache_line {
            return;
        }
        self.cache_line = line;
        let start = line * CACHE_LINE;
        let mut text = format!("--- cache line {line} ({start} bytes)");
        if offset > start {
            text += &format!(" began {} ago", count(offset - start, "byte"));
        }
        self.lines.push(Line::CacheLine(text + " ---"));
    }

    fn finish(self) -> String {
        let cells = self.lines.iter().filter_map(|line| match line {
            Line::Member { offset, size, ty, .. } => Some((offset.len(), size.len(), ty.chars().count())),
            Line::CacheLine(_) => None,
        });
        let widths = cells.fold((6, 4, 4), |all, one| (all.0.max(one.0), all.1.max(one.1), all.2.max(one.2)));
        let (o, s, t) = widths;
        let mut text = format!("  {DIM}{:>o$}  {:>s$}  {:t$}  name{DIM:#}\n", "offset", "size", "type");
        for line in self.lines {
            let _ = match line {
                Line::Member { offset, size, ty, name, padding: true } => {
                    writeln!(text, "  {DIM}{offset:>o$}  {size:>s$}  {ty:t$}  {name}{DIM:#}")
                }
                Line::Member { offset, size, ty, name, padding: false } => {
                    writeln!(text, "  {offset:>o$}  {size:>s$}  {ty:t$}  {BOLD}{name}{BOLD:#}")
                }
                Line::CacheLine(mark) => writeln!(text, "  {DIM}{mark}{DIM:#}"),
            };
        }
        text
    }
}

fn member_line(layouts: &Layouts, row: &Row<'_>, base: u64, depth: usize) -> Line {
    let indent = "  ".repeat(depth);
    let offset = base + row.offset;
    let (offset, size) = match row.bits {
        // As pahole does: the byte, then the bit in it.
        Some(bits) => (format!("{offset}:{}", bits.bit_offset % 8), count(bits.width.into(), "bit")),
        None => (offset.to_string(), row.size.to_string()),
    };
    let ty = match row.anonymous {
        Some(id) if record(layouts, id).kind == RecordKind::Union => "union",
        Some(_) => "struct",
        None if row.padding => "padding",
        None => &row.ty,
    };
    let name = if row.anonymous.is_some() { "(unnamed)" } else { &row.name };
    Line::Member { offset, size, ty: format!("{indent}{ty}"), name: format!("{indent}{name}"), padding: row.padding }
}

/// One line a map: type, key and value with their sizes, entries, flags.
fn maps_block<'a>(layouts: &Layouts, maps: impl Iterator<Item = &'a Map>) -> String {
    let mut table = vec![["map", "type", "key", "value", "max_entries", ""].map(String::from)];
    table.extend(maps.map(|map| map_cells(layouts, map)));
    let mut widths = [0; 6];
    for cells in &table {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for (index, cells) in table.iter().enumerate() {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        let _ = match (index, line.strip_prefix(cells[0].as_str())) {
            (1.., Some(rest)) => writeln!(text, "{BOLD}{}{BOLD:#}{rest}", cells[0]),
            _ => writeln!(text, "{DIM}{line}{DIM:#}"),
        };
    }
    text
}

fn map_cells(layouts: &Layouts, map: &Map) -> [String; 6] {
    let model = &layouts.model;
    let sized = |ty| format!("{} ({} B)", type_text(model, ty), layouts.size_align(ty).0);
    let events: Vec<&str> = map.events.iter().map(|&id| model.ty(id).name().spec.as_str()).collect();
    let value = match (&map.value, map.inner) {
        // The kernel's own value of a perf buffer is a file descriptor, which says nothing of what it carries.
        _ if !events.is_empty() => events.join(", "),
        (Some(value), _) => sized(value),
        (None, Some(inner)) => format!("map {}", model.map(inner).name.spec),
        (None, None) => "-".into(),
    };
    let max_entries = match &map.max_entries {
        // A ring buffer has no entries; the kernel reads the number as its size in bytes.
        Some(count) if map.kind.name.ends_with("ringbuf") => bytes_text(count.value),
        Some(count) => count_text(model, count),
        None => "-".into(),
    };
    let mut extra: Vec<String> = map.flags.iter().map(|flag| flag.name.to_owned()).collect();
    if map.pinned_by_name {
        extra.push("pinned by name".into());
    }
    [
        map.name.spec.to_string(),
        map.kind.name.into(),
        map.key.as_ref().map_or_else(|| "-".into(), sized),
        value,
        max_entries,
        extra.join(", "),
    ]
}

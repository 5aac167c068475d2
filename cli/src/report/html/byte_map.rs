//! A struct byte by byte: a row for each cache line, a box for each member, holes hatched.

use bpf_layout_memory::text::grouped;
use bpf_layout_spec::{
    Loaded,
    layout::Layouts,
    model::{Record, RecordKind, TypeId},
};
use maud::{Markup, html};

use super::prose;
use crate::show::{
    CACHE_LINE, kind_name,
    rows::{Row, record, rows},
    totals,
};

const LINE_BITS: u64 = CACHE_LINE * 8;
/// Whole lines of one member from which only the first and the last are drawn.
const MOST_ALIKE: u64 = 4;

/// A member in bits from the start of its record.
struct Segment {
    name: String,
    title: String,
    padding: bool,
    start: u64,
    end: u64,
}

/// One row of the picture.
enum Line<'a> {
    /// The line with this number, and what lies in it.
    Drawn(u64, Vec<&'a Segment>),
    /// So many lines of the member above.
    Left(u64),
}

/// The picture of one record, with a table of its members.
pub(super) fn picture(loaded: &Loaded, id: TypeId) -> Markup {
    let layouts = &loaded.layouts;
    let record = record(layouts, id);
    let rows = rows(layouts, id);
    let name = &record.name.spec;
    let label = format!("Byte map of {name}; the table below has the same in numbers");
    html! {
        article.struct {
            h3 { (kind_name(record)) " " code { (name) } }
            @if let Some(doc) = &record.doc { p { (prose(doc)) } }
            p.totals { (totals(layouts, id)) }
            @if !rows.is_empty() {
                div.bytes role="img" aria-label=(label) {
                    @for segments in lanes(record, &rows) { (lane(&segments)) }
                }
                (members(layouts, &rows))
            }
        }
    }
}

/// What is drawn under one another: of a union each member by itself, as all of them begin at its first byte.
fn lanes(record: &Record, rows: &[Row<'_>]) -> Vec<Vec<Segment>> {
    match record.kind {
        RecordKind::Union => rows.iter().map(|row| vec![segment(row)]).collect(),
        RecordKind::Struct | RecordKind::Event { .. } => vec![rows.iter().map(segment).collect()],
    }
}

fn segment(row: &Row<'_>) -> Segment {
    let name = if row.anonymous.is_some() { "(unnamed)".into() } else { row.name.clone() };
    let (start, end) = match row.bits {
        Some(bits) => (bits.bit_offset, bits.bit_offset + u64::from(bits.width)),
        None => (row.offset * 8, (row.offset + row.size) * 8),
    };
    let title = match (row.bits, row.padding) {
        (Some(bits), false) => format!("{name}: {} bits at bit {} of byte {}", bits.width, start % 8, row.offset),
        (Some(bits), true) => format!("{} unused bits at bit {} of byte {}", bits.width, start % 8, row.offset),
        (None, true) => format!("hole: {} bytes at {}", grouped(row.size), grouped(row.offset)),
        (None, false) => format!("{name}: {}, {} bytes at {}", row.ty, grouped(row.size), grouped(row.offset)),
    };
    Segment { name, title, padding: row.padding, start, end }
}

fn lane(segments: &[Segment]) -> Markup {
    html! {
        div.lane {
            @for line in lines(segments) {
                @match line {
                    Line::Left(count) => div.left { (grouped(count)) " more cache lines of the same" },
                    Line::Drawn(number, segments) => div.line {
                        span.at { (grouped(number * CACHE_LINE)) }
                        div.cells { @for segment in segments { (cell(segment, number * LINE_BITS)) } }
                    },
                }
            }
        }
    }
}

fn cell(segment: &Segment, line_start: u64) -> Markup {
    let start = segment.start.max(line_start) - line_start;
    let end = segment.end.min(line_start + LINE_BITS) - line_start;
    let begins = segment.start >= line_start;
    let goes_on = segment.end > line_start + LINE_BITS;
    let style = format!("left:{};width:{}", share(start), share(end - start));
    html! {
        div.cell.hole[segment.padding].goes-on[goes_on] style=(style) title=(segment.title) {
            @if begins && !segment.padding { span { (segment.name) } }
        }
    }
}

/// Bits as a share of a line, in percent: exact, as 512 divides it into steps of 0.1953125.
fn share(bits: u64) -> String {
    let millionths = bits * 100_000_000 / LINE_BITS;
    format!("{}.{:06}%", millionths / 1_000_000, millionths % 1_000_000)
}

/// The lines that something lies in. Where one member goes on for long, those in the middle are left out.
fn lines(segments: &[Segment]) -> Vec<Line<'_>> {
    let end = segments.iter().map(|segment| segment.end).max().unwrap_or(0).div_ceil(LINE_BITS);
    let mut lines = Vec::new();
    let mut number = 0;
    // Members come in order of their ends, so that those behind a line need not be looked at again.
    let mut first = 0;
    while number < end {
        let start = number * LINE_BITS;
        while segments.get(first).is_some_and(|segment| segment.end <= start) {
            first += 1;
        }
        let inside = segments[first..].iter().take_while(|segment| segment.start < start + LINE_BITS);
        let inside: Vec<&Segment> = inside.filter(|segment| segment.end > start).collect();
        let alike = match inside.as_slice() {
            [one] if one.start <= start => one.end / LINE_BITS - number,
            _ => 0,
        };
        lines.push(Line::Drawn(number, inside));
        if alike > MOST_ALIKE {
            lines.push(Line::Left(alike - 2));
            number += alike - 1;
        } else {
            number += 1;
        }
    }
    lines
}

fn members(layouts: &Layouts, rows: &[Row<'_>]) -> Markup {
    html! {
        details {
            summary { "Members" }
            div.wide { table {
                thead { tr {
                    @for head in ["offset", "size"] { th.number scope="col" { (head) } }
                    @for head in ["type", "name"] { th scope="col" { (head) } }
                } }
                tbody { @for row in rows { (member(layouts, row, 0, 0)) } }
            } }
        }
    }
}

/// A line of the table; those of an unnamed member's own members follow it.
fn member(layouts: &Layouts, row: &Row<'_>, base: u64, depth: usize) -> Markup {
    let offset = base + row.offset;
    let name = if row.anonymous.is_some() { "(unnamed)" } else { &row.name };
    let ty = if row.padding { "padding" } else { &row.ty };
    html! {
        tr.pad[row.padding] {
            @match row.bits {
                Some(bits) => {
                    td.number { (grouped(offset)) ":" (bits.bit_offset % 8) }
                    td.number { (bits.width) " bits" }
                },
                None => { td.number { (grouped(offset)) } td.number { (grouped(row.size)) } },
            }
            td { (ty) }
            td { code style=[(depth > 0).then(|| format!("margin-left:{depth}em"))] { (name) } }
        }
        @if let Some(inner) = row.anonymous {
            @for row in rows(layouts, inner) { (member(layouts, &row, offset, depth + 1)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(bytes: &[u64]) -> Vec<Segment> {
        let mut start = 0;
        let segment = |&bytes: &u64| {
            let this =
                Segment { name: "f".into(), title: String::new(), padding: false, start, end: start + bytes * 8 };
            start = this.end;
            this
        };
        bytes.iter().map(segment).collect()
    }

    /// `number:boxes` of each line, `+count` of those left out.
    fn drawn(bytes: &[u64]) -> String {
        let segments = segments(bytes);
        let line = |line: Line<'_>| match line {
            Line::Drawn(number, segments) => format!("{number}:{}", segments.len()),
            Line::Left(count) => format!("+{count}"),
        };
        lines(&segments).into_iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_member_is_in_its_lines() {
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[8, 56]), "0:2");
        assert_eq!(drawn(&[8, 57]), "0:2 1:1");
        assert_eq!(drawn(&[60, 8, 60]), "0:2 1:2");
        assert_eq!(drawn(&[256]), "0:1 1:1 2:1 3:1");
    }

    #[test]
    fn long_members_are_cut_in_the_middle() {
        assert_eq!(drawn(&[320]), "0:1 +3 4:1");
        assert_eq!(drawn(&[8, 4096, 8]), "0:2 1:1 +61 63:1 64:2");
        assert_eq!(drawn(&[64, 640]), "0:1 1:1 +8 10:1");
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(share(512), "100.000000%");
        assert_eq!(share(1), "0.195312%");
        assert_eq!(share(8), "1.562500%");
    }
}

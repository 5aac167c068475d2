//! Structs, events and unions: members at their bytes, and the assertions that hold them there.

use std::collections::HashSet;

use bpf_layout_spec::{
    decimal::Decimal,
    fingerprint::Fingerprint,
    layout::{BitRun, Bits, Layouts, Member, TypeLayout},
    model::{Field, Record, RecordKind, TagValue, Type, TypeDef, TypeId},
};

use super::{
    comment::{comment, inline},
    expr::number,
    fingerprints,
    out::{Out, push_spaces},
    types::{Declarator, Needs, declarator, enum_tag, note, userspace_kptr},
};

/// Writes one record that has a name, with everything unnamed in it, its assertions, and what its profile omits.
pub(super) fn definition(
    out: &mut Out,
    layouts: &Layouts,
    followed: &Followed,
    fingerprint: Fingerprint,
    (id, record): (TypeId, &Record),
) {
    out.blank();
    if let Some(doc) = &record.doc {
        let lines = comment(doc, out.room());
        out.lines(lines);
    }
    let layout = layouts.of(id);
    let column = Column::of(layouts, record, layout);
    let writer = Writer { layouts, column, is_followed: followed.0.contains(&id) };
    let ty = [keyword(record), " ", &record.name.c].concat();
    out.parts(&[&ty, " {"]);
    writer.members(out, record, layout, 0);
    out.line_with(|line| {
        line.push('}');
        fingerprints::push_tag(line, fingerprint);
        push_attributes(line, layout);
        line.push(';');
    });
    if record.typedef {
        out.write(format_args!("typedef {0} {1} {1};", keyword(record), record.name.c));
    }
    out.call(&["__BPF_LAYOUT_SIZE"], &[&ty, &Decimal::of(layout.size), &Decimal::of(layout.align.into())], ";");
    offsets(layouts, record, layout, 0, &mut |name, offset| {
        out.call(&["__BPF_LAYOUT_AT"], &[&ty, name, &Decimal::of(offset)], ";");
    });
    presence(out, layouts, record, record);
}

/// Everything that the members of a record refer to.
pub(super) fn collect_needs(needs: &mut Needs, layouts: &Layouts, id: TypeId, record: &Record) {
    let layout = layouts.of(id);
    for member in &layout.members {
        match member {
            Member::Field { field, offset, .. } => {
                let field = &record.fields[*field];
                needs.add(layouts, &field.ty);
                needs.contains |= field.contains.is_some();
                let (_, align) = layouts.size_align(&field.ty);
                needs.packed_not_aligned |= layout.is_unaligned(*offset, align) && is_record(layouts, &field.ty);
            }
            Member::Bits(run) => run.bits.iter().for_each(|bits| needs.add_scalar(bits.unit)),
            Member::Padding { .. } => {}
        }
    }
}

fn is_record(layouts: &Layouts, ty: &Type) -> bool {
    match ty {
        Type::Array(element, _) => is_record(layouts, element),
        Type::Def(id) => matches!(layouts.model.ty(*id), TypeDef::Record(_) | TypeDef::Extern(_)),
        _ => false,
    }
}

/// `struct` or `union`.
pub(super) fn keyword(record: &Record) -> &'static str {
    if record.kind == RecordKind::Union { "union" } else { "struct" }
}

/// Adds what C must be told beyond the members. 32-bit x86 aligns what is aligned to 8 elsewhere to 4, so alignments from 8
/// on are always written; `packed` only where a member really lies unaligned, since compilers access what is packed byte
/// by byte.
fn push_attributes(line: &mut String, layout: &TypeLayout) {
    let natural = layout.members.iter().map(natural_align).max().unwrap_or(1);
    let align = layout.align;
    let packed = layout.needs_packed();
    if packed || align >= 8 || align != natural {
        line.push_str(if packed { " __attribute__((packed, aligned(" } else { " __attribute__((aligned(" });
        line.push_str(&Decimal::of(align.into()));
        line.push_str(")))");
    }
}

fn natural_align(member: &Member) -> u32 {
    match member {
        Member::Field { align, .. } => *align,
        Member::Bits(run) => run.bits.iter().map(|bits| bits.unit.info().align).max().unwrap_or(1),
        Member::Padding { .. } => 1,
    }
}

/// The column of offsets at the left: how wide its numbers are, and whether some name a bit.
#[derive(Clone, Copy)]
struct Column {
    digits: usize,
    bits: bool,
}

impl Column {
    fn of(layouts: &Layouts, record: &Record, layout: &TypeLayout) -> Self {
        Column { digits: Decimal::of(layout.size.saturating_sub(1)).len(), bits: has_bits(layouts, record, layout) }
    }

    fn byte(self, byte: u64) -> Place {
        Place { column: self, byte, bit: None }
    }

    fn bit(self, bit_offset: u64) -> Place {
        Place { column: self, byte: bit_offset / 8, bit: Some(bit_offset % 8) }
    }
}

/// Where a member lies.
#[derive(Clone, Copy)]
struct Place {
    column: Column,
    byte: u64,
    /// Bit of that byte where a bitfield starts.
    bit: Option<u64>,
}

impl Place {
    /// Adds the comment that says so to a line.
    fn push(self, line: &mut String) {
        let byte: &str = &Decimal::of(self.byte);
        line.push_str("/* ");
        push_spaces(line, self.column.digits.saturating_sub(byte.len()));
        line.push_str(byte);
        if let Some(bit) = self.bit {
            line.push(':');
            line.push_str(&Decimal::of(bit));
        } else if self.column.bits {
            line.push_str("  ");
        }
        line.push_str(" */");
    }
}

fn has_bits(layouts: &Layouts, record: &Record, layout: &TypeLayout) -> bool {
    layout.members.iter().any(|member| match member {
        Member::Bits(_) => true,
        Member::Field { field, .. } => {
            unnamed(layouts, &record.fields[*field]).is_some_and(|(id, inner)| has_bits(layouts, inner, layouts.of(id)))
        }
        Member::Padding { .. } => false,
    })
}

/// The record that stands in place of a named field.
pub(super) fn unnamed<'a>(layouts: &'a Layouts, field: &Field) -> Option<(TypeId, &'a Record)> {
    match (&field.ty, field.anonymous) {
        (Type::Def(id), true) => match layouts.model.ty(*id) {
            TypeDef::Record(record) => Some((*id, record)),
            _ => None,
        },
        _ => None,
    }
}

/// How a declarator writes the first dimension of `T[]`. C has a flexible array member of its own, but only at the end of a
/// struct; elsewhere it is an extension that GCC and clang have in common.
const OPEN: &str = "[0]";

/// Whether it is a struct that has a name.
fn is_plain(record: &Record) -> bool {
    !record.anonymous && record.kind != RecordKind::Union
}

/// Records behind which something lies where they are members. C++ knows no flexible array member there, and clang warns of
/// one in C.
pub(super) struct Followed(HashSet<TypeId>);

impl Followed {
    pub(super) fn of(layouts: &Layouts) -> Self {
        let mut followed = HashSet::new();
        let records: Vec<_> = layouts.model.records().collect();
        // Those that have a record as a member stand behind it.
        for (id, record) in records.into_iter().rev() {
            let members = &layouts.of(id).members;
            for (index, member) in members.iter().enumerate() {
                let Member::Field { field, .. } = member else { continue };
                let ends = index + 1 == members.len() || record.kind == RecordKind::Union;
                match &record.fields[*field].ty {
                    Type::Def(inner) if !ends || followed.contains(&id) => followed.insert(*inner),
                    Type::Array(element, _) => element_id(element).is_some_and(|inner| followed.insert(inner)),
                    _ => false,
                };
            }
        }
        Followed(followed)
    }
}

fn element_id(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Array(element, _) => element_id(element),
        Type::Def(id) => Some(*id),
        _ => None,
    }
}

struct Writer<'a> {
    layouts: &'a Layouts,
    column: Column,
    /// Whether something may lie behind the record.
    is_followed: bool,
}

impl Writer<'_> {
    /// The members of one record; `base` is where it starts in the record that has a name.
    fn members(&self, out: &mut Out, record: &Record, layout: &TypeLayout, base: u64) {
        out.indent();
        let mut written = vec![false; record.fields.len()];
        for (index, member) in layout.members.iter().enumerate() {
            match member {
                Member::Field { field, offset, .. } => {
                    self.omitted_before(out, record, *field, &mut written);
                    let ends = index + 1 == layout.members.len() && is_plain(record) && !self.is_followed;
                    self.field(out, &record.fields[*field], base + offset, ends);
                }
                Member::Bits(run) => self.bits(out, record, run, base, &mut written),
                Member::Padding { index, offset, len } => {
                    let place = self.column.byte(base + offset);
                    self.member(out, place, &padding(*index, *len), None);
                }
            }
        }
        self.omitted_before(out, record, record.fields.len(), &mut written);
        out.dedent();
    }

    /// Names the fields that the profile leaves out, where the spec has them.
    fn omitted_before(&self, out: &mut Out, record: &Record, end: usize, written: &mut [bool]) {
        for (field, written) in record.fields.iter().zip(written).take(end) {
            if field.omitted && !std::mem::replace(written, true) {
                out.line(&inline(&format!("{} is left out by the profile.", field.name.c)));
            }
        }
    }

    /// `ends` says that nothing of the record follows, so that C may have an array of no length there.
    fn field(&self, out: &mut Out, field: &Field, offset: u64, ends: bool) {
        self.doc(out, field);
        let place = self.column.byte(offset);
        if let Some((id, record)) = unnamed(self.layouts, field) {
            let layout = self.layouts.of(id);
            out.line_with(|line| {
                place.push(line);
                [" ", keyword(record), " {"].iter().for_each(|part| line.push_str(part));
            });
            self.members(out, record, layout, offset);
            out.line_with(|line| {
                line.push('}');
                push_attributes(line, layout);
                line.push(';');
            });
            return;
        }
        let mut declarator = declarator(self.layouts, &field.ty);
        if field.ty.is_open() && ends {
            declarator.suffix.replace_range(..OPEN.len(), "[]");
        }
        let note = note(self.layouts, &field.ty);
        let tail = self.contains(field);
        let declaration = Declaration { declarator: &declarator, name: &field.name.c, tail: &tail };
        if declarator.star.is_empty() {
            self.member(out, place, &declaration, note.as_deref());
            return;
        }
        out.verbatim("#ifdef __BPF__\n");
        self.member(out, place, &declaration, None);
        out.verbatim("#else\n");
        let elsewhere = userspace_kptr(&declarator);
        self.member(out, place, &Declaration { declarator: &elsewhere, ..declaration }, Some("a kernel pointer"));
        out.verbatim("#endif\n");
    }

    /// `__contains()` of a list or tree, with the names that C has for the struct that it contains and the node in it.
    fn contains(&self, field: &Field) -> String {
        let Some((of, node)) = field.contains.as_deref() else { return String::new() };
        let record = self.layouts.model.records().map(|(_, record)| record).find(|record| record.name.spec == *of);
        let field = record.and_then(|record| record.fields.iter().find(|field| field.name.spec == *node));
        let of = record.map_or(of, |record| &record.name.c);
        let node = field.map_or(node, |field| &field.name.c);
        format!(" __bpf_layout_contains({of}, {node})")
    }

    fn bits(&self, out: &mut Out, record: &Record, run: &BitRun, base: u64, written: &mut [bool]) {
        for bits in &run.bits {
            let place = self.column.bit(base * 8 + bits.bit_offset);
            let unit = bits.unit.info().c;
            let Some(field) = bits.field else {
                // In a union each bitfield starts at bit 0, and what is behind it has no place of its own.
                if record.kind != RecordKind::Union {
                    self.member(out, place, &bitfield(unit, &format!("_pad{}", bits.pad_index), bits), None);
                }
                continue;
            };
            self.omitted_before(out, record, field, written);
            let field = &record.fields[field];
            self.doc(out, field);
            let note = note(self.layouts, &field.ty).or_else(|| self.natural_enum(&field.ty));
            self.member(out, place, &bitfield(unit, &field.name.c, bits), note.as_deref());
        }
    }

    /// A bitfield is declared with the integer even where the enum would do: C++ compilers warn of an enum in few bits.
    fn natural_enum(&self, ty: &Type) -> Option<String> {
        match ty {
            Type::Def(id) => Some(format!("enum {}", enum_tag(self.layouts.model.ty(*id)))),
            _ => None,
        }
    }

    fn doc(&self, out: &mut Out, field: &Field) {
        let mut doc = field.doc.as_deref().unwrap_or_default().trim_end().to_owned();
        if !field.when.is_empty() {
            let values: Vec<String> = field.when.iter().map(|value| tag_value(self.layouts, value)).collect();
            let gap = if doc.is_empty() { "" } else { "\n" };
            doc = format!("{doc}{gap}When the tag is {}.", values.join(" or "));
        }
        if !doc.is_empty() {
            let lines = comment(&doc, out.room());
            out.lines(lines);
        }
    }

    /// One member behind its offset. What does not fit on one line takes the comments, then the name, to their own.
    fn member(&self, out: &mut Out, place: Place, declaration: &impl Declare, note: Option<&str>) {
        let note = note.map(inline);
        if let Some(note) = &note {
            let fits = out.line_if_it_fits(|line| {
                place.push(line);
                line.push(' ');
                declaration.push(line);
                line.push(' ');
                line.push_str(note);
            });
            if fits {
                return;
            }
            out.line(note);
        }
        let fits = out.line_if_it_fits(|line| {
            place.push(line);
            line.push(' ');
            declaration.push(line);
        });
        if fits {
            return;
        }
        out.line_with(|line| place.push(line));
        if out.line_if_it_fits(|line| declaration.push(line)) {
            return;
        }
        let (first, second) = declaration.on_two_lines();
        out.line(&first);
        out.write(format_args!("\t{second}"));
    }
}

/// A value that a tag holds, by name where it has one.
pub(super) fn tag_value(layouts: &Layouts, value: &TagValue) -> String {
    match value {
        TagValue::Number(number) => number.to_string(),
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].name.c.to_string(),
            TypeDef::Flags(def) => def.bits[*index].name.c.to_string(),
            TypeDef::Record(_) | TypeDef::Extern(_) => index.to_string(),
        },
    }
}

/// A member that may have to be broken.
trait Declare {
    /// Adds all of it to a line.
    fn push(&self, line: &mut String);
    fn on_two_lines(&self) -> (String, String);
}

#[derive(Clone, Copy)]
struct Declaration<'a> {
    declarator: &'a Declarator,
    name: &'a str,
    tail: &'a str,
}

impl Declare for Declaration<'_> {
    fn push(&self, line: &mut String) {
        let Declarator { base, star, suffix } = self.declarator;
        [base, " ", star, self.name, suffix, self.tail, ";"].iter().for_each(|part| line.push_str(part));
    }

    fn on_two_lines(&self) -> (String, String) {
        let Declarator { base, star, suffix } = self.declarator;
        if suffix.is_empty() {
            (base.clone().into_owned(), format!("{star}{}{};", self.name, self.tail))
        } else {
            (format!("{base} {star}{}", self.name), format!("{suffix}{};", self.tail))
        }
    }
}

/// A member of two words.
struct Simple {
    ty: &'static str,
    rest: String,
}

impl Declare for Simple {
    fn push(&self, line: &mut String) {
        [self.ty, " ", &self.rest, ";"].iter().for_each(|part| line.push_str(part));
    }

    fn on_two_lines(&self) -> (String, String) {
        (self.ty.to_owned(), format!("{};", self.rest))
    }
}

fn padding(index: u32, len: u64) -> Simple {
    Simple { ty: "__u8", rest: ["_pad", &Decimal::of(index.into()), "[", &number(len), "]"].concat() }
}

fn bitfield(unit: &'static str, name: &str, bits: &Bits) -> Simple {
    Simple { ty: unit, rest: format!("{name} : {}", bits.width) }
}

/// Calls `each` with every member that has a name and an address, through unnamed members, in order of offset.
fn offsets(layouts: &Layouts, record: &Record, layout: &TypeLayout, base: u64, each: &mut impl FnMut(&str, u64)) {
    for member in &layout.members {
        let Member::Field { field, offset, .. } = member else { continue };
        let field = &record.fields[*field];
        match unnamed(layouts, field) {
            Some((id, inner)) => offsets(layouts, inner, layouts.of(id), base + offset, each),
            None => each(&field.name.c, base + offset),
        }
    }
}

/// `SOCKET_VALUE_HAS_CWD`: whether the profile keeps an optional field.
fn presence(out: &mut Out, layouts: &Layouts, named: &Record, record: &Record) {
    for field in &record.fields {
        if field.optional && !field.anonymous {
            let present = u8::from(!field.omitted);
            let name = format!("{}_HAS_{}", named.name.upper, field.name.upper);
            out.define(&name, &present.to_string());
        }
        if let Some((_, inner)) = unnamed(layouts, field) {
            presence(out, layouts, named, inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::layouts;

    /// The header of a packed struct with a field that does not lie where its type would be aligned.
    fn of_unaligned(ty: &str) -> String {
        let text = format!(
            "spec = 1\n[struct.pair]\nfields = [{{ name = \"a\", type = \"u32\" }}]\n[struct.tight]\npacked = true\n\
             fields = [{{ name = \"first\", type = \"u8\" }}, {{ name = \"second\", type = \"{ty}\" }}]"
        );
        crate::c::header(&layouts(&text, None))
    }

    #[test]
    fn long_bitfields_take_two_lines() {
        let name = "n".repeat(64);
        let field = format!("{{ name = \"{name}\", type = \"u64\", bits = 3 }}");
        let header = crate::c::header(&layouts(&format!("spec = 1\n[struct.s]\nfields = [{field}]"), None));
        assert!(header.contains(&format!("\t/* 0:0 */\n\t__u64\n\t\t{name} : 3;\n")), "{header}");
    }

    #[test]
    fn records_that_lie_unaligned_are_no_reason_to_warn() {
        for (ty, expected) in [("pair", 1), ("pair[2]", 1), ("pair[2][3]", 1), ("u32", 0), ("u32[2]", 0)] {
            assert_eq!(of_unaligned(ty).matches("ignored \"-Wpacked-not-aligned\"").count(), expected, "{ty}");
        }
    }
}

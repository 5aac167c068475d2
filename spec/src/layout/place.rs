//! The rules that put members at their bytes.
//!
//! They are those of the System V ABI for x86-64 (3.1.2, "Aggregates and Unions" and "Bit-Fields"), which clang and GCC
//! follow for BPF too: each member at the lowest offset that is a multiple of its alignment, the record aligned as its
//! most aligned member, its size a multiple of that; a bitfield at the next free bit unless it would then lie across two
//! units of its type. Whatever C would leave out implicitly is a member here, so that every compiler on every host, also
//! one with other alignments such as 32-bit x86, finds nothing to add.

use std::collections::BTreeSet;

use super::{BitRun, Bits, Layouts, MAX_SIZE, MAX_SIZE_WITH_BITS, Member, TypeLayout, size_align};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Field, Model, Record, RecordKind, Type, TypeDef, TypeId},
    scalar::Scalar,
};

/// Puts every member of every type at its byte. `None` if a record cannot be laid out; why, is in `cx`.
#[must_use]
pub fn lay_out(model: Model, cx: &mut Diagnostics) -> Option<Layouts> {
    let types = lay_out_types(&model, cx)?;
    Some(Layouts { model, types })
}

/// The same, for whoever still needs the model.
pub(crate) fn lay_out_types(model: &Model, cx: &mut Diagnostics) -> Option<Vec<TypeLayout>> {
    let mut laid = Laid { model, types: Vec::with_capacity(model.types.len()) };
    let mut complete = true;
    for def in &model.types {
        let layout = lay_out_type(&laid, def, cx);
        complete &= layout.is_some();
        // A stand-in, so that records that use this one are still checked.
        laid.types.push(layout.unwrap_or(TypeLayout { size: 1, align: 1, members: Vec::new() }));
    }
    complete.then(|| {
        number_padding(&mut laid);
        laid.types
    })
}

/// What is laid out so far of a model. A definition comes after those that it is made of.
struct Laid<'m> {
    model: &'m Model,
    types: Vec<TypeLayout>,
}

fn lay_out_type(laid: &Laid<'_>, def: &TypeDef, cx: &mut Diagnostics) -> Option<TypeLayout> {
    let opaque = |size, align| Some(TypeLayout { size, align, members: Vec::new() });
    match def {
        TypeDef::Enum(def) => opaque(def.repr.info().size.into(), def.repr.info().align),
        TypeDef::Flags(def) => opaque(def.repr.info().size.into(), def.repr.info().align),
        TypeDef::Extern(def) => opaque(def.size, def.align),
        TypeDef::Record(record) => {
            if record.fields.iter().all(|field| field.omitted) {
                cx.push(no_fields(record));
                return None;
            }
            let layout = match record.kind {
                RecordKind::Struct | RecordKind::Event { .. } => lay_out_struct(laid, record, cx),
                RecordKind::Union => lay_out_union(laid, record, cx),
            }?;
            check_size(record, layout, cx)
        }
    }
}

fn lay_out_struct(laid: &Laid<'_>, record: &Record, cx: &mut Diagnostics) -> Option<TypeLayout> {
    let mut cursor = Cursor::default();
    for (index, field) in present(record) {
        let wanted = Wanted::of(laid, record, field);
        let start = fixed_offset(field, &wanted, cursor.bit, cx)?.unwrap_or_else(|| wanted.natural_bit(cursor.bit));
        // Checked at every step, so that no sum further on can overflow.
        if start.saturating_add(wanted.bits()) > MAX_SIZE * 8 {
            cx.push(too_large(record, field));
            return None;
        }
        match wanted.place {
            Place::Bytes { size, align } => cursor.put_field(index, start / 8, size, align),
            Place::Bits { unit, width } => cursor.put_bits(index, start, unit, width),
        }
        cursor.align = cursor.align.max(wanted.align);
    }
    let align = record_align(record, cursor.align, cx)?;
    if cursor.bit == 0 {
        cx.push(no_bytes(record));
        return None;
    }
    Some(cursor.finish(align))
}

fn lay_out_union(laid: &Laid<'_>, record: &Record, cx: &mut Diagnostics) -> Option<TypeLayout> {
    let mut members = Vec::new();
    let (mut size, mut align) = (0, 1);
    for (index, field) in present(record) {
        let wanted = Wanted::of(laid, record, field);
        if let Some(offset) = field.offset.filter(|&offset| offset != 0) {
            cx.push(
                Diagnostic::new(
                    Code::Placement,
                    format!("`{}` is put at byte {offset} of a union", field.name.spec),
                    field.offset_span,
                    "every member of a union starts at byte 0",
                )
                .help("leave `offset` out"),
            );
            return None;
        }
        let mut cursor = Cursor::default();
        match wanted.place {
            Place::Bytes { size, align } => cursor.put_field(index, 0, size, align),
            Place::Bits { unit, width } => cursor.put_bits(index, 0, unit, width),
        }
        let alone = cursor.finish(1);
        size = size.max(alone.size);
        align = align.max(wanted.align);
        members.extend(alone.members);
    }
    let align = record_align(record, align, cx)?;
    if size == 0 {
        cx.push(no_bytes(record));
        return None;
    }
    let padded = round_up(size, align.into());
    if padded > size {
        members.push(Member::Padding { index: 0, offset: 0, len: padded });
    }
    Some(TypeLayout { size: padded, align, members })
}

fn present(record: &Record) -> impl Iterator<Item = (usize, &Field)> {
    record.fields.iter().enumerate().filter(|(_, field)| !field.omitted)
}

/// How much room a field takes, and how it must be aligned.
struct Wanted {
    place: Place,
    /// Bytes: the type's alignment, lowered by `packed`, raised by the field's own `align`.
    align: u32,
    /// Bytes: the alignment that the field itself asks for.
    asked: Option<u32>,
    /// Whether bitfields ignore units, as they do in any packed record: GCC's `packed_p || maximum_field_alignment`
    /// (`place_field`, stor-layout.cc), clang's `AllowPadding` (RecordLayoutBuilder.cpp).
    packed_bits: bool,
}

#[derive(Clone, Copy)]
enum Place {
    /// `align` is the type's own.
    Bytes {
        size: u64,
        align: u32,
    },
    Bits {
        unit: Scalar,
        width: u32,
    },
}

impl Wanted {
    fn of(laid: &Laid<'_>, record: &Record, field: &Field) -> Self {
        let (size, own_align) = size_align(&laid.types, &field.ty);
        let place = match (field.bits, &field.ty) {
            (Some(width), ty) => Place::Bits { unit: bit_unit(laid, ty), width },
            (None, _) => Place::Bytes { size, align: own_align },
        };
        let lowered = record.packed.map_or(own_align, |packed| own_align.min(packed));
        let align = lowered.max(field.align.unwrap_or(1));
        Wanted { place, align, asked: field.align, packed_bits: record.packed.is_some() }
    }

    fn bits(&self) -> u64 {
        match self.place {
            Place::Bytes { size, .. } => size.saturating_mul(8),
            Place::Bits { width, .. } => width.into(),
        }
    }

    /// The first bit at or behind `bit` where C would put it.
    fn natural_bit(&self, bit: u64) -> u64 {
        match self.place {
            Place::Bytes { .. } => round_up(bit, u64::from(self.align) * 8),
            Place::Bits { .. } => {
                // Any `align` of a bitfield, 1 included, starts it on a byte. Should it then lie across two units, GCC
                // moves it to the next and clang leaves it; no bitfield across units is the rule that holds elsewhere.
                let start = self.asked.map_or(bit, |asked| round_up(bit, u64::from(asked) * 8));
                if self.splits_unit(start) { round_up(start, u64::from(self.align) * 8) } else { start }
            }
        }
    }

    /// Whether this is a bitfield that must not, but at `bit` would, lie across two units of its type.
    fn splits_unit(&self, bit: u64) -> bool {
        match self.place {
            Place::Bits { unit, width } if !self.packed_bits => {
                let unit_bits = u64::from(unit.info().size) * 8;
                bit % unit_bits + u64::from(width) > unit_bits
            }
            Place::Bits { .. } | Place::Bytes { .. } => false,
        }
    }

    /// The alignment in bytes that a fixed offset must keep.
    fn offset_align(&self) -> u32 {
        match self.place {
            Place::Bytes { .. } => self.align,
            Place::Bits { .. } => self.asked.unwrap_or(1),
        }
    }
}

/// The integer that a bitfield is declared with. An enum or flags stands for its `repr`; the check of the spec has
/// refused whatever has no bits to share.
fn bit_unit(laid: &Laid<'_>, ty: &Type) -> Scalar {
    match ty {
        Type::Scalar(scalar) => *scalar,
        Type::Def(id) => match laid.model.ty(*id) {
            TypeDef::Enum(def) => def.repr,
            TypeDef::Flags(def) => def.repr,
            TypeDef::Record(_) | TypeDef::Extern(_) => Scalar::U8,
        },
        Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Array(..) | Type::Kernel(_) | Type::Kptr(..) => {
            Scalar::U8
        }
    }
}

/// The bit that `offset` asks for, `None` inside if the field has none. `None` outside if it cannot be met.
fn fixed_offset(field: &Field, wanted: &Wanted, bit: u64, cx: &mut Diagnostics) -> Option<Option<u64>> {
    let Some(offset) = field.offset else { return Some(None) };
    let name = &field.name.spec;
    let free = bit.div_ceil(8);
    if offset < free {
        cx.push(
            Diagnostic::new(
                Code::Placement,
                format!("`{name}` is put at byte {offset}, where another field still is"),
                field.offset_span,
                format!("the first free byte is {free}"),
            )
            .help(format!("write `offset = {}`, or leave it out", round_up(free, wanted.align.into()))),
        );
        return None;
    }
    let align = wanted.offset_align();
    if !offset.is_multiple_of(align.into()) {
        cx.push(
            Diagnostic::new(
                Code::Placement,
                format!("`{name}` is put at byte {offset}, which is no multiple of its alignment, {align}"),
                field.offset_span,
                format!("{align} bytes of alignment are needed here"),
            )
            .help("if an existing layout has it there, give the struct `packed = true`"),
        );
        return None;
    }
    if wanted.splits_unit(offset.saturating_mul(8)) {
        cx.push(
            Diagnostic::new(
                Code::Placement,
                format!("`{name}` is put at byte {offset}, where it would lie across two units of its type"),
                field.offset_span,
                "a bitfield lies within one unit of its type",
            )
            .help("if an existing layout has it there, give the struct `packed = true`"),
        );
        return None;
    }
    // Offsets come from the spec and may be anything; the caller's size check refuses what saturates.
    Some(Some(offset.saturating_mul(8)))
}

/// The record's alignment: that of its most aligned member, or the larger one it asks for.
fn record_align(record: &Record, members: u32, cx: &mut Diagnostics) -> Option<u32> {
    match record.align {
        Some(align) if align < members => {
            cx.push(
                Diagnostic::new(
                    Code::Placement,
                    format!("`{}` cannot be aligned to {align}: a field needs {members}", record.name.spec),
                    record.name.span,
                    format!("has a field of alignment {members}"),
                )
                .help(format!("write `align = {members}` or more, or lower the fields with `packed = {align}`")),
            );
            None
        }
        Some(align) => Some(align),
        None => Some(members),
    }
}

fn check_size(record: &Record, layout: TypeLayout, cx: &mut Diagnostics) -> Option<TypeLayout> {
    let has_bits = layout.members.iter().any(|member| matches!(member, Member::Bits(_)));
    let max = if has_bits { MAX_SIZE_WITH_BITS } else { MAX_SIZE };
    if layout.size <= max {
        return Some(layout);
    }
    let what = if has_bits { "a record with bitfields" } else { "a type" };
    cx.push(
        Diagnostic::new(
            Code::TooLarge,
            format!("`{}` has {} bytes", record.name.spec, layout.size),
            record.name.span,
            format!("BTF can describe {what} of up to {max} bytes"),
        )
        .help("make its arrays shorter, or move the data into a map of its own"),
    );
    None
}

fn too_large(record: &Record, field: &Field) -> Diagnostic {
    Diagnostic::new(
        Code::TooLarge,
        format!("`{}` ends beyond byte {MAX_SIZE} of `{}`", field.name.spec, record.name.spec),
        field.ty_span,
        format!("BTF can describe a type of up to {MAX_SIZE} bytes"),
    )
    .help("make its arrays shorter, or move the data into a map of its own")
}

fn no_fields(record: &Record) -> Diagnostic {
    Diagnostic::new(
        Code::EmptyType,
        format!("`{}` has no fields left", record.name.spec),
        record.name.span,
        "the profile omits every one of them",
    )
    .help("keep one field: C++ gives an empty struct a size of 1, C a size of 0")
}

fn no_bytes(record: &Record) -> Diagnostic {
    let label = "every field is an array of no length";
    Diagnostic::new(Code::EmptyType, format!("`{}` has no bytes", record.name.spec), record.name.span, label)
        .help("give it a field that has some: C++ gives such a struct a size of 1, C a size of 0")
}

/// `value`, or the next multiple of `align` above it.
fn round_up(value: u64, align: u64) -> u64 {
    value.div_ceil(align).saturating_mul(align)
}

/// Builds a record's members one after another and fills what lies between them.
struct Cursor {
    /// First free bit.
    bit: u64,
    align: u32,
    members: Vec<Member>,
}

impl Default for Cursor {
    fn default() -> Self {
        Cursor { bit: 0, align: 1, members: Vec::new() }
    }
}

impl Cursor {
    fn put_field(&mut self, field: usize, offset: u64, size: u64, align: u32) {
        self.pad_to(offset);
        self.members.push(Member::Field { field, offset, size, align });
        self.bit = (offset + size) * 8;
    }

    fn put_bits(&mut self, field: usize, start: u64, unit: Scalar, width: u32) {
        // A gap that ends inside this unit belongs to the run; what lies before it is whole bytes of padding.
        let unit_start = start - start % (u64::from(unit.info().size) * 8);
        if unit_start > self.bit {
            self.pad_to(unit_start / 8);
        }
        self.push_gap(start, unit);
        self.push_bits(Bits { field: Some(field), pad_index: 0, unit, bit_offset: start, width });
    }

    /// Unnamed bits up to `end`, which lies in the same unit as the first free bit.
    fn push_gap(&mut self, end: u64, unit: Scalar) {
        if end > self.bit {
            let width = u32::try_from(end - self.bit).expect("a gap is smaller than its unit");
            self.push_bits(Bits { field: None, pad_index: 0, unit, bit_offset: self.bit, width });
        }
    }

    fn push_bits(&mut self, bits: Bits) {
        self.bit = bits.bit_offset + u64::from(bits.width);
        if let Some(Member::Bits(run)) = self.members.last_mut() {
            run.bits.push(bits);
        } else {
            let offset = bits.bit_offset / 8;
            self.members.push(Member::Bits(BitRun { index: 0, offset, len: 0, bits: vec![bits] }));
        }
    }

    /// Fills up to the byte `offset`: the open bits of a run first, then bytes.
    fn pad_to(&mut self, offset: u64) {
        self.push_gap(round_up(self.bit, 8), Scalar::U8);
        let free = self.bit / 8;
        if let Some(Member::Bits(run)) = self.members.last_mut() {
            run.len = free - run.offset;
        }
        if offset > free {
            self.members.push(Member::Padding { index: 0, offset: free, len: offset - free });
            self.bit = offset * 8;
        }
    }

    fn finish(mut self, align: u32) -> TypeLayout {
        let size = round_up(self.bit, u64::from(align) * 8) / 8;
        self.pad_to(size);
        TypeLayout { size, align, members: self.members }
    }
}

/// Gives padding and runs their numbers. An unnamed member shares its parent's namespace in C, so one count goes through
/// a named record and everything unnamed in it.
fn number_padding(laid: &mut Laid<'_>) {
    let named: Vec<TypeId> = laid.model.records().filter(|(_, record)| !record.anonymous).map(|(id, _)| id).collect();
    for id in named {
        let mut next = Numbers::default();
        collect_paddings(laid.model, id, &mut next.taken);
        number_record(laid.model, &mut laid.types, id, &mut next);
    }
}

/// Fields that C calls `_pad0` or the like.
fn collect_paddings(model: &Model, id: TypeId, taken: &mut BTreeSet<u32>) {
    let TypeDef::Record(record) = model.ty(id) else { return };
    for field in &record.fields {
        match &field.ty {
            Type::Def(inner) if field.anonymous => collect_paddings(model, *inner, taken),
            _ => taken.extend(field.name.c.strip_prefix("_pad").and_then(|number| number.parse::<u32>().ok())),
        }
    }
}

#[derive(Default)]
struct Numbers {
    pad: u32,
    run: u32,
    /// Numbers of padding that fields have in C.
    taken: BTreeSet<u32>,
}

impl Numbers {
    fn pad(&mut self) -> u32 {
        while self.taken.contains(&self.pad) {
            self.pad += 1;
        }
        take(&mut self.pad)
    }
}

fn take(counter: &mut u32) -> u32 {
    let number = *counter;
    *counter += 1;
    number
}

fn number_record(model: &Model, types: &mut [TypeLayout], id: TypeId, next: &mut Numbers) {
    let TypeDef::Record(record) = model.ty(id) else { return };
    let mut members = std::mem::take(&mut types[id.0 as usize].members);
    for member in &mut members {
        match member {
            Member::Padding { index, .. } => *index = next.pad(),
            Member::Bits(run) => {
                run.index = take(&mut next.run);
                for gap in run.bits.iter_mut().filter(|bits| bits.field.is_none()) {
                    gap.pad_index = next.pad();
                }
            }
            Member::Field { field, .. } => {
                if let (true, Type::Def(inner)) = (record.fields[*field].anonymous, &record.fields[*field].ty) {
                    number_record(model, types, *inner, next);
                }
            }
        }
    }
    types[id.0 as usize].members = members;
}

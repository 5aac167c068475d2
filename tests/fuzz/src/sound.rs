//! Whether layouts are possible at all: asked of the numbers alone, by nothing that computed them.

use bpf_layout_spec::{
    layout::{BitRun, Layouts, MAX_SIZE, Member, TypeLayout},
    model::{Record, RecordKind, TypeDef},
};

/// Asserts that every byte and bit of every record belongs to exactly one member, and every field has one.
///
/// # Panics
/// If not.
pub(crate) fn assert_sound(layouts: &Layouts) {
    assert_eq!(layouts.types.len(), layouts.model.types.len());
    for (def, layout) in layouts.model.types.iter().zip(&layouts.types) {
        let name = &def.name().spec;
        assert!(layout.align.is_power_of_two(), "{name} is aligned to {}", layout.align);
        assert!(layout.size <= MAX_SIZE, "{name} has {} bytes", layout.size);
        assert!(layout.size.is_multiple_of(layout.align.into()), "{name} could not stand in an array");
        if let TypeDef::Record(record) = def {
            assert_record(layouts, record, layout);
        }
    }
}

fn assert_record(layouts: &Layouts, record: &Record, layout: &TypeLayout) {
    let name = &record.name.spec;
    let mut seen = vec![0; record.fields.len()];
    let mut end = 0;
    for member in &layout.members {
        let (start, bits) = match member {
            Member::Field { field, offset, size, .. } => {
                let of = &record.fields[*field];
                let (own, align) = layouts.size_align(&of.ty);
                assert_eq!(*size, own, "{name}.{} has the size of its type", of.name.spec);
                assert!(of.offset.is_none_or(|fixed| fixed == *offset), "{name}.{} is where it must be", of.name.spec);
                let natural = record.packed.is_none() && offset.is_multiple_of(align.into()) && align <= layout.align;
                assert!(natural || record.packed.is_some(), "{name}.{} is aligned", of.name.spec);
                seen[*field] += 1;
                (offset * 8, size * 8)
            }
            Member::Bits(run) => {
                run.bits.iter().filter_map(|bits| bits.field).for_each(|field| seen[field] += 1);
                assert_run(name, record, run);
                (run.offset * 8, run.len * 8)
            }
            Member::Padding { offset, len, .. } => (offset * 8, len * 8),
        };
        if record.kind == RecordKind::Union {
            assert_eq!(start, 0, "every member of the union {name} starts at its first byte");
            end = end.max(bits);
        } else {
            assert_eq!(start, end, "in {name} a member starts where the one before it ends");
            end = start + bits;
        }
    }
    assert_eq!(end, layout.size * 8, "the members of {name} are all of it");
    for (field, seen) in record.fields.iter().zip(seen) {
        assert_eq!(seen, usize::from(!field.omitted), "{name}.{} is there once, or omitted", field.name.spec);
    }
}

fn assert_run(name: &str, record: &Record, run: &BitRun) {
    let mut next = run.offset * 8;
    for bits in &run.bits {
        assert_eq!(bits.bit_offset, next, "in {name} a bitfield starts where the one before it ends");
        assert!(bits.width > 0 && bits.width <= bits.unit.info().size * 8, "{name}: {} bits", bits.width);
        if let Some(field) = bits.field {
            assert_eq!(record.fields[field].bits, Some(bits.width), "{name}: as many bits as asked for");
        }
        next += u64::from(bits.width);
    }
    assert_eq!(next, (run.offset + run.len) * 8, "the bitfields of {name} fill whole bytes");
}

//! A table, in Rust, of what rustc says of the generated types.

use std::fmt::Write as _;

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Record, RecordKind, TypeDef, TypeId},
};

/// Rows of type, member, what and number, for a module beside the generated types.
pub(crate) fn source(layouts: &Layouts) -> String {
    let mut rows = String::new();
    for (id, record) in layouts.model.records() {
        write_record(layouts, id, record, &mut rows);
    }
    for constant in &layouts.model.constants {
        let name = &constant.name.rust;
        let _ = writeln!(rows, "    (\"\", \"{name}\", What::Value, super::{name} as i128),");
    }
    for def in &layouts.model.types {
        let (variants, number) = match def {
            TypeDef::Enum(def) => (&def.variants, ".0"),
            TypeDef::Flags(def) => (&def.bits, ".bits()"),
            TypeDef::Record(_) | TypeDef::Extern(_) => continue,
        };
        let ty = &def.name().rust;
        for variant in variants {
            let name = &variant.name.rust;
            let _ = writeln!(rows, "    (\"{ty}\", \"{name}\", What::Value, super::{ty}::{name}{number} as i128),");
        }
    }
    format!("\npub static FACTS: &[RustFact] = &[\n{rows}];\n")
}

fn write_record(layouts: &Layouts, id: TypeId, record: &Record, rows: &mut String) {
    let ty = record.rust_struct();
    let _ = writeln!(rows, "    (\"{ty}\", \"\", What::Size, size_of::<super::{ty}>() as i128),");
    let _ = writeln!(rows, "    (\"{ty}\", \"\", What::Align, align_of::<super::{ty}>() as i128),");
    if record.kind == RecordKind::Union {
        return;
    }
    for member in &layouts.of(id).members {
        let name = match member {
            Member::Padding { index, .. } => format!("_pad{index}"),
            Member::Bits(run) => format!("_bits{}", run.index),
            Member::Field { field, .. } => record.fields[*field].name.rust.clone(),
        };
        let _ = writeln!(
            rows,
            "    (\"{ty}\", \"{name}\", What::BitOffset, 8 * std::mem::offset_of!(super::{ty}, {name}) as i128),"
        );
    }
}

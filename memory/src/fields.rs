//! Which fields of a value its bytes go to.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{RecordKind, Type, TypeDef, TypeId},
};

/// A field of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldBytes {
    /// Its name, with those of the structs it lies in: `task.comm`; `padding` for all that belongs to no field.
    pub path: String,
    /// Bytes of it in one value.
    pub bytes: u64,
}

/// The fields of a type, the largest first, with those of nested structs in their place. They cover every byte; a type
/// without fields has none.
#[must_use]
pub fn fields_of(layouts: &Layouts, ty: &Type) -> Vec<FieldBytes> {
    let mut walk = Walk { layouts, fields: Vec::new(), padding: 0 };
    if let Some(id) = struct_of(layouts, ty) {
        walk.record(id, "", 0);
    }
    let Walk { mut fields, padding, .. } = walk;
    if padding > 0 {
        fields.push(FieldBytes { path: "padding".into(), bytes: padding });
    }
    fields.sort_by_key(|field| std::cmp::Reverse(field.bytes));
    fields
}

/// The struct that a type is, if it is one; a union is one field, since its members share their bytes.
fn struct_of(layouts: &Layouts, ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Record(record) if record.kind != RecordKind::Union => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

/// Structs that are looked into behind one another, and fields that are told apart. What lies deeper or comes later is
/// one field, so that no spec makes a walk long: structs of two structs of two structs have many fields in few lines.
const MAX_DEPTH: usize = 8;
const MAX_FIELDS: usize = 4096;

struct Walk<'a> {
    layouts: &'a Layouts,
    fields: Vec<FieldBytes>,
    padding: u64,
}

impl Walk<'_> {
    fn record(&mut self, id: TypeId, prefix: &str, depth: usize) {
        let TypeDef::Record(record) = self.layouts.model.ty(id) else { return };
        for member in &self.layouts.of(id).members {
            match member {
                Member::Field { field, size, .. } => {
                    let field = &record.fields[*field];
                    let deeper = depth < MAX_DEPTH && self.fields.len() < MAX_FIELDS;
                    match struct_of(self.layouts, &field.ty).filter(|_| deeper) {
                        Some(inner) if field.anonymous => self.record(inner, prefix, depth + 1),
                        Some(inner) => self.record(inner, &format!("{prefix}{}.", field.name.spec), depth + 1),
                        None => self.push(format!("{prefix}{}", field.name.spec), *size),
                    }
                }
                Member::Bits(run) => {
                    let names: Vec<&str> = (run.bits.iter())
                        .filter_map(|bits| bits.field.map(|field| record.fields[field].name.spec.as_str()))
                        .collect();
                    self.push(format!("{prefix}{}", names.join("+")), run.len);
                }
                Member::Padding { len, .. } => self.padding += len,
            }
        }
    }

    fn push(&mut self, path: String, bytes: u64) {
        self.fields.push(FieldBytes { path, bytes });
    }
}

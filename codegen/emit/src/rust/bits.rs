//! Bitfields: accessors, and what the record's table says of them.

use bpf_layout_spec::{
    layout::{BitRun, Bits, Layouts, Member},
    model::{Field, Record, RecordKind, Type, TypeDef, TypeId},
    scalar::{Scalar, ScalarClass},
};

use super::{
    docs,
    out::Out,
    records::{plain, setter},
    types::Scope,
};

/// Every bitfield of a record with the run it lies in.
pub(super) fn fields<'a>(
    layouts: &'a Layouts,
    (id, record): (TypeId, &'a Record),
) -> impl Iterator<Item = (&'a BitRun, &'a Bits, &'a Field)> {
    let runs = layouts.of(id).members.iter().filter_map(|member| match member {
        Member::Bits(run) => Some(run),
        Member::Field { .. } | Member::Padding { .. } => None,
    });
    runs.flat_map(|run| run.bits.iter().map(move |bits| (run, bits)))
        .filter_map(|(run, bits)| Some((run, bits, &record.fields[bits.field?])))
}

/// For the record's table.
pub(super) fn details(layouts: &Layouts, (id, record): (TypeId, &Record)) -> Vec<String> {
    fields(layouts, (id, record))
        .map(|(run, bits, field)| {
            let BitRun { offset, len, .. } = run;
            let (ty, name) = (Scope::top(layouts).ty(&field.ty), docs::literal(plain(&field.name.rust)));
            let (first, width) = (first_bit(run, bits), bits.width);
            format!("::bpf_layout::Detail::bits::<{ty}>({name}, ({offset}, {len}), ({first}, {width}))")
        })
        .collect()
}

/// Bit of the run where a bitfield starts.
fn first_bit(run: &BitRun, bits: &Bits) -> u64 {
    bits.bit_offset - 8 * run.offset
}

/// The getter and the setter of a union's run, which is a member like others: `_bits0` and `_set_bits0`.
pub(super) fn union_member(run: &BitRun) -> String {
    format!("_bits{}, _set_bits{}: ::bpf_layout::Bits<{}>,", run.index, run.index, run.len)
}

/// `fn flag(&self) -> u32` and `fn set_flag(&mut self, value: u32)`.
pub(super) fn accessors(
    out: &mut Out,
    layouts: &Layouts,
    kind: &RecordKind,
    (run, bits, field): (&BitRun, &Bits, &Field),
) {
    let value = Value::of(layouts, &field.ty);
    let place = format!("{}, {}", first_bit(run, bits), bits.width);
    let get = if value.signed { "get_signed" } else { "get" };
    let call = if *kind == RecordKind::Union { "()" } else { "" };
    let read = value.reading(&format!("self._bits{}{call}.{get}({place})", run.index));
    let doc = format!("Bitfield `{}`.", field.name.spec);
    out.blank();
    docs::write(out, field.doc.as_deref(), Some(&doc));
    out.line("#[must_use]");
    if field.optional {
        let result = format!("::core::option::Option<{}>", value.name);
        let body = format!("::core::option::Option::Some({read})");
        out.method(&field.name.rust, &["&self"], Some(&result), &[body]);
    } else {
        out.method(&field.name.rust, &["&self"], Some(&value.name), &[read]);
    }
    out.blank();
    let set = format!(".set({place}, {});", value.writing("value"));
    let (zeroed, body) = if *kind == RecordKind::Union {
        let start = format!("let mut bits = ::bpf_layout::Bits::<{}>::ZERO;", run.len);
        (
            ", and zeroes the rest of the union",
            vec![start, format!("bits{set}"), format!("self._set_bits{}(bits);", run.index)],
        )
    } else {
        ("", vec![format!("self._bits{}{set}", run.index)])
    };
    out.write(format_args!("/// Sets `{}`{zeroed}; higher bits of the value are dropped.", field.name.spec));
    out.method(&setter(field), &["&mut self", &format!("value: {}", value.name)], None, &body);
}

/// What a bitfield's getter returns.
pub(super) fn value_type(layouts: &Layouts, field: &Field) -> String {
    Value::of(layouts, &field.ty).name
}

/// How a bitfield's bits and its Rust value become each other.
struct Value {
    /// The type in Rust; plain `bool` for `Bool`, whose byte a bitfield does not have.
    name: String,
    signed: bool,
    form: Form,
    /// The integer that it is made of.
    integer: &'static str,
}

enum Form {
    Integer,
    Bool,
    Enum,
    Flags,
}

impl Value {
    fn of(layouts: &Layouts, ty: &Type) -> Self {
        let (form, scalar) = match ty {
            Type::Scalar(Scalar::Bool) => (Form::Bool, Scalar::Bool),
            Type::Scalar(scalar) => (Form::Integer, *scalar),
            Type::Def(id) => match layouts.model.ty(*id) {
                TypeDef::Enum(def) => (Form::Enum, def.repr),
                TypeDef::Flags(def) => (Form::Flags, def.repr),
                TypeDef::Record(_) | TypeDef::Extern(_) => (Form::Integer, Scalar::U64),
            },
            Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Array(..) | Type::Kernel(_) | Type::Kptr(..) => {
                (Form::Integer, Scalar::U64)
            }
        };
        let name = if scalar == Scalar::Bool { "bool".into() } else { Scope::top(layouts).ty(ty) };
        let name = name.into_owned();
        Value { name, signed: scalar.info().class == ScalarClass::Signed, form, integer: scalar.info().rust }
    }

    fn reading(&self, bits: &str) -> String {
        match self.form {
            Form::Bool => format!("{bits} != 0"),
            Form::Integer => format!("{bits} as {}", self.integer),
            Form::Enum => format!("{}({bits} as {})", self.name, self.integer),
            Form::Flags => format!("{}::from_bits_retain({bits} as {})", self.name, self.integer),
        }
    }

    fn writing(&self, value: &str) -> String {
        match self.form {
            Form::Bool | Form::Integer => format!("{value} as u64"),
            Form::Enum => format!("{value}.0 as u64"),
            Form::Flags => format!("{value}.bits() as u64"),
        }
    }
}

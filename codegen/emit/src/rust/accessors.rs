//! Methods of records: bitfields, optional fields, tagged unions.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, Type, TypeId},
};

use super::{
    bits, docs,
    names::{Names, record_methods},
    open_impl,
    out::Out,
    records::is_aligned,
    tagged,
    types::Scope,
};

/// `impl ExecEvent { … }`, if there is anything to say.
pub(super) fn write(out: &mut Out, layouts: &Layouts, names: &Names, (id, record): (TypeId, &Record)) {
    let mut methods = Out::default();
    methods.indented();
    for bitfield in bits::fields(layouts, (id, record)) {
        bits::accessors(&mut methods, layouts, &record.kind, bitfield);
    }
    let mut taken = record_methods(record);
    for (index, field) in record.fields.iter().enumerate() {
        if matches!(field.ty, Type::Variable(_)) {
            continue; // read from the view
        }
        // In packed records by value: see `optional`.
        let by_value = field.optional && record.packed.is_some();
        if !by_value && tagged::accessors(&mut methods, layouts, names, (id, record), index, &mut taken) {
            continue;
        }
        if field.optional {
            optional(&mut methods, layouts, (id, record), index, field);
        }
    }
    write_impl(out, &record.rust_struct(), &methods.finish());
}

/// The methods of a union: its bitfields. Members of whole bytes have theirs from `layout_union!`.
pub(super) fn write_union(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record)) {
    let mut methods = Out::default();
    methods.indented();
    for bitfield in bits::fields(layouts, (id, record)) {
        bits::accessors(&mut methods, layouts, &record.kind, bitfield);
    }
    write_impl(out, &record.name.rust, &methods.finish());
}

fn write_impl(out: &mut Out, of: &str, methods: &str) {
    if methods.is_empty() {
        return;
    }
    out.blank();
    open_impl(out, &format!("impl {of}"), methods);
    out.verbatim(methods);
    out.close();
}

/// `fn cwd(&self) -> Option<&Str<PATH_LEN>>`, in every profile. In packed records by value: a reference to a field that
/// lies askew would have another type, and whether it does depends on the profile.
fn optional(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record), index: usize, field: &Field) {
    if field.bits.is_some() && !field.omitted {
        return; // its getter says so itself
    }
    let scope = Scope::top(layouts);
    let member =
        layouts.of(id).members.iter().find(|member| matches!(member, Member::Field { field, .. } if *field == index));
    let aligned = member.is_none_or(|member| is_aligned(layouts, id, member));
    let by_value = record.packed.is_some() || field.bits.is_some();
    let name = &field.name.rust;
    let (ty, value) = match (by_value, aligned) {
        (true, true) => (scope.ty(&field.ty), format!("self.{name}")),
        (true, false) => (scope.ty(&field.ty), format!("self.{name}.get()")),
        (false, _) => (format!("&{}", scope.placed(&field.ty, aligned)).into(), format!("&self.{name}")),
    };
    let ty = if field.bits.is_some() && ty == "::bpf_layout::Bool" { "bool".into() } else { ty };
    out.blank();
    docs::write(out, field.doc.as_deref(), Some(&format!("Field `{}`.", field.name.spec)));
    out.line("///");
    out.line("/// `None` in profiles that omit it.");
    out.line("#[must_use]");
    let body = if field.omitted {
        "::core::option::Option::None".to_owned()
    } else {
        format!("::core::option::Option::Some({value})")
    };
    out.method(name, &["&self"], Some(&format!("::core::option::Option<{ty}>")), &[body]);
}

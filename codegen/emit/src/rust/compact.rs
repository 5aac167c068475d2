//! Events with fields of variable length: the view of a record, and what reads its fields.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Field, Record, Type, TypeId, Variable, VariableKind},
};

use super::{docs, open_impl, out::Out};

/// `::bpf_layout::compact! { … }` and its accessors, for a record that is a compact event.
pub(super) fn view(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record)) {
    let Some(room) = layouts.room(id) else { return };
    let name = &record.name;
    out.blank();
    out.open("::bpf_layout::compact!");
    docs::write(out, record.doc.as_deref(), Some(&format!("Event `{}`.", name.spec)));
    let fields: Vec<&str> = record.variable().map(|(field, _)| field.name.rust.as_str()).collect();
    let list = if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) };
    out.write(format_args!("pub struct {}: {} {list}", name.rust, record.rust_struct()));
    let map = docs::literal(&record.scratch_map());
    out.write(format_args!("rooms {map}: {} of {} bytes", room.count, room.size));
    out.close();
    out.blank();
    let mut methods = Out::default();
    methods.indented();
    for field in &record.fields {
        if let Type::Variable(variable) = &field.ty {
            methods.blank();
            accessor(&mut methods, field, variable);
        }
    }
    let methods = methods.finish();
    open_impl(out, &format!("impl<'a> {}<'a>", name.rust), &methods);
    out.verbatim(&methods);
    out.close();
}

/// `fn path(&self) -> StrRef<'a>`; of an optional field an `Option` in every profile.
fn accessor(out: &mut Out, field: &Field, Variable { kind, .. }: &Variable) {
    let name = &field.name.rust;
    docs::write(out, field.doc.as_deref(), Some(&format!("Field `{}`.", field.name.spec)));
    let ty = match kind {
        VariableKind::Str => "::bpf_layout::StrRef<'a>",
        VariableKind::Bytes => "&'a [::core::primitive::u8]",
        VariableKind::Strs(_) => "::bpf_layout::StrsRef<'a>",
    };
    let value = format!("self.{name}.of(self.as_bytes())");
    let (ty, body) = match (field.optional, field.omitted) {
        (false, _) => (ty.to_owned(), value),
        (true, false) => (format!("::core::option::Option<{ty}>"), format!("::core::option::Option::Some({value})")),
        (true, true) => (format!("::core::option::Option<{ty}>"), "::core::option::Option::None".to_owned()),
    };
    if field.optional {
        out.line("///");
        out.line("/// `None` in profiles that omit it.");
    }
    out.line("#[must_use]");
    out.method(name, &["&self"], Some(&ty), &[body]);
}

//! The Rust side of the graffiti test: for each record and round, a function that looks for the marks through the
//! generated type's fields and accessors, one that sets them, and the row that joins both with their counterparts in C.

use std::fmt::Write as _;

use bpf_layout_spec::{
    layout::Layouts,
    model::{Field, Record, RecordKind, Type, TypeDef, TypeId},
    scalar::Scalar,
};

use crate::graffiti::{self, Node};

/// The Rust text for one spec, for a module beside its generated types.
pub(crate) fn source(name: &str, layouts: &Layouts) -> String {
    let mut writer = Writer { layouts, text: String::new(), externs: String::new(), rows: String::new() };
    for (id, record) in layouts.model.records().filter(|(_, record)| !record.anonymous) {
        for round in 0..graffiti::rounds(&layouts.model, record) {
            writer.write_round(name, id, record, round);
        }
    }
    let Writer { text, externs, rows, .. } = writer;
    format!("{text}\nunsafe extern \"C\" {{\n{externs}}}\n\npub static CASES: &[Case] = &[\n{rows}];\n")
}

struct Writer<'a> {
    layouts: &'a Layouts,
    text: String,
    externs: String,
    rows: String,
}

impl Writer<'_> {
    fn write_round(&mut self, name: &str, id: TypeId, record: &Record, round: usize) {
        let nodes = graffiti::plan(self.layouts, id, record, round);
        let (spec, rust) = (&record.name.spec, record.rust_struct());
        let function = format!("{name}_{spec}_{round}");
        let (mut read, mut write) = (String::new(), String::new());
        self.write_read(&nodes, "v", id, &mut read);
        self.write_write(&nodes, "v", id, &mut write);
        let _ = write!(
            self.text,
            "\nfn {function}_read(bytes: &[u8]) -> Result<(), String> {{\n    let v = whole::<super::{rust}>(bytes)?;\n\
             {read}    Ok(())\n}}\n\nfn {function}_write() -> Vec<u8> {{\n    let mut v = zeroed::<super::{rust}>();\n\
             {write}    Layout::as_bytes(&v).to_vec()\n}}\n"
        );
        let _ = write!(
            self.externs,
            "    fn {function}_fill(record: *mut u8);\n    fn {function}_check(record: *const u8) -> u32;\n"
        );
        let _ = writeln!(
            self.rows,
            "    Case {{ record: \"{spec}\", round: {round}, size: size_of::<super::{rust}>(), fill: {function}_fill, \
             check: {function}_check, read: {function}_read, write: {function}_write }},"
        );
    }

    /// `target` is a value of the type `id`, or a reference to one.
    fn write_read(&self, nodes: &[Node<'_>], target: &str, id: TypeId, out: &mut String) {
        let in_union = self.is_union(id);
        for node in nodes {
            match node {
                Node::Bytes { field, number } => {
                    let member = self.access(target, field, id);
                    let borrow = if in_union { "" } else { "&" };
                    let spec = &field.name.spec;
                    let _ = writeln!(out, "    marked(\"{spec}\", {number}, Layout::as_bytes({borrow}{member}))?;");
                }
                Node::Bits { field, value, .. } => {
                    // The accessor of what a profile may omit gives an `Option`.
                    let present = if field.optional { ".ok_or(\"is omitted\")?" } else { "" };
                    let got = self.bits_to_number(&field.ty, &(self.call(target, field, id) + present));
                    let spec = &field.name.spec;
                    let _ = writeln!(out, "    holds(\"{spec}\", {got}, {value})?;");
                }
                Node::Unnamed { field, id: inner, unaligned, nodes } => {
                    let get = if *unaligned { ".get()" } else { "" };
                    let place = self.access(target, field, id) + get;
                    self.write_read(nodes, &place, *inner, out);
                }
            }
        }
    }

    fn write_write(&self, nodes: &[Node<'_>], target: &str, id: TypeId, out: &mut String) {
        let in_union = self.is_union(id);
        for node in nodes {
            match node {
                Node::Bytes { field, number } if in_union => {
                    let (get, set) = (self.call(target, field, id), method(field));
                    let _ = writeln!(
                        out,
                        "    {target}.set_{set}({{ let mut x = *{get}; mark(Layout::as_bytes_mut(&mut x), {number}); x }});"
                    );
                }
                Node::Bytes { field, number } => {
                    let member = self.access(target, field, id);
                    let _ = writeln!(out, "    mark(Layout::as_bytes_mut(&mut {member}), {number});");
                }
                Node::Bits { field, value, .. } => {
                    let value = self.bits_from_number(&field.ty, *value);
                    let _ = writeln!(out, "    {target}.set_{}({value});", method(field));
                }
                Node::Unnamed { field, id: inner, unaligned: false, nodes } if !in_union => {
                    self.write_write(nodes, &self.access(target, field, id), *inner, out);
                }
                Node::Unnamed { field, id: inner, nodes, .. } => {
                    let mut text = String::new();
                    self.write_write(nodes, "x", *inner, &mut text);
                    let (place, name) = (self.access(target, field, id), method(field));
                    let _ = match in_union {
                        true => writeln!(out, "    {target}.set_{name}({{ let mut x = *{place};\n{text}    x }});"),
                        false => writeln!(out, "    {place}.set({{ let mut x = {place}.get();\n{text}    x }});"),
                    };
                }
            }
        }
    }

    /// A member of `target`, which is of the type `id`: a place in a struct, a borrow from a union's accessor.
    fn access(&self, target: &str, field: &Field, id: TypeId) -> String {
        match self.is_union(id) {
            true => self.call(target, field, id),
            false => format!("{target}.{}", field.name.rust),
        }
    }

    /// A call of a field's accessor. By its path, so that a member `into` or `eq` is not taken for that of a trait,
    /// however many references `target` is.
    fn call(&self, target: &str, field: &Field, id: TypeId) -> String {
        let TypeDef::Record(record) = self.layouts.model.ty(id) else { unreachable!("only records have members") };
        format!("super::{}::{}(&{target})", record.rust_struct(), field.name.rust)
    }

    fn is_union(&self, id: TypeId) -> bool {
        matches!(self.layouts.model.ty(id), TypeDef::Record(record) if record.kind == RecordKind::Union)
    }

    fn bits_to_number(&self, ty: &Type, got: &str) -> String {
        match self.definition(ty) {
            Some(TypeDef::Enum(_)) => format!("{got}.0 as i128"),
            Some(TypeDef::Flags(_)) => format!("{got}.bits() as i128"),
            _ => format!("{got} as i128"),
        }
    }

    fn bits_from_number(&self, ty: &Type, value: i128) -> String {
        match self.definition(ty) {
            Some(TypeDef::Enum(def)) => format!("super::{}({value})", def.name.rust),
            Some(TypeDef::Flags(def)) => format!("super::{}::from_bits_retain({value})", def.name.rust),
            _ if *ty == Type::Scalar(Scalar::Bool) => (value != 0).to_string(),
            _ => value.to_string(),
        }
    }

    fn definition(&self, ty: &Type) -> Option<&TypeDef> {
        match ty {
            Type::Def(id) => Some(self.layouts.model.ty(*id)),
            _ => None,
        }
    }
}

/// The part of accessors' names that a field gives them.
fn method(field: &Field) -> &str {
    field.name.rust.strip_prefix("r#").unwrap_or(&field.name.rust)
}

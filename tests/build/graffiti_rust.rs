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
        let is_union = record.kind == RecordKind::Union;
        self.write_read(&nodes, "v", is_union, &mut read);
        self.write_write(&nodes, "v", is_union, &mut write);
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

    fn write_read(&self, nodes: &[Node<'_>], target: &str, in_union: bool, out: &mut String) {
        for node in nodes {
            match node {
                Node::Bytes { field, number } => {
                    let member = access(target, field, in_union);
                    let borrow = if in_union { "" } else { "&" };
                    let spec = &field.name.spec;
                    let _ = writeln!(out, "    marked(\"{spec}\", {number}, Layout::as_bytes({borrow}{member}))?;");
                }
                Node::Bits { field, value, .. } => {
                    // The accessor of what a profile may omit gives an `Option`.
                    let present = if field.optional { ".ok_or(\"is omitted\")?" } else { "" };
                    let got = self.bits_to_number(&field.ty, &(access(target, field, true) + present));
                    let spec = &field.name.spec;
                    let _ = writeln!(out, "    holds(\"{spec}\", {got}, {value})?;");
                }
                Node::Unnamed { field, id, unaligned, nodes } => {
                    let get = if *unaligned { ".get()" } else { "" };
                    let inner = access(target, field, in_union) + get;
                    self.write_read(nodes, &inner, self.is_union(*id), out);
                }
            }
        }
    }

    fn write_write(&self, nodes: &[Node<'_>], target: &str, in_union: bool, out: &mut String) {
        for node in nodes {
            match node {
                Node::Bytes { field, number } if in_union => {
                    let (get, set) = (access(target, field, true), method(field));
                    let _ = writeln!(
                        out,
                        "    {target}.set_{set}({{ let mut x = *{get}; mark(Layout::as_bytes_mut(&mut x), {number}); x }});"
                    );
                }
                Node::Bytes { field, number } => {
                    let member = access(target, field, false);
                    let _ = writeln!(out, "    mark(Layout::as_bytes_mut(&mut {member}), {number});");
                }
                Node::Bits { field, value, .. } => {
                    let value = self.bits_from_number(&field.ty, *value);
                    let _ = writeln!(out, "    {target}.set_{}({value});", method(field));
                }
                Node::Unnamed { field, id, unaligned: false, nodes } if !in_union => {
                    self.write_write(nodes, &access(target, field, false), self.is_union(*id), out);
                }
                Node::Unnamed { field, id, nodes, .. } => {
                    let mut inner = String::new();
                    self.write_write(nodes, "x", self.is_union(*id), &mut inner);
                    let (place, name) = (access(target, field, in_union), method(field));
                    let _ = match in_union {
                        true => writeln!(out, "    {target}.set_{name}({{ let mut x = *{place};\n{inner}    x }});"),
                        false => writeln!(out, "    {place}.set({{ let mut x = {place}.get();\n{inner}    x }});"),
                    };
                }
            }
        }
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

/// A member of `target`: a place in a struct, a borrow from a union's accessor.
fn access(target: &str, field: &Field, in_union: bool) -> String {
    match in_union {
        // Through a reference, so that a member `into` is not taken for that of `Into`.
        true => format!("(&{target}).{}()", field.name.rust),
        false => format!("{target}.{}", field.name.rust),
    }
}

/// The part of accessors' names that a field gives them.
fn method(field: &Field) -> &str {
    field.name.rust.strip_prefix("r#").unwrap_or(&field.name.rust)
}

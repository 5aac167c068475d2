//! Mutants of a generated header: each one change of one line, with what a check has to say of it.

use std::collections::BTreeMap;

use bpf_layout_spec::{
    layout::Layouts,
    model::{Field, Map, Model, Record, Type, TypeDef},
    scalar::Scalar,
};

/// Headers are changed under their assertions, which would catch most of it first. Mutants use any of the kernel's types.
const PRELUDE: &str = "#define __BPF_LAYOUT_ASSERT\n#define __BPF_LAYOUT_SIZE(...) _Static_assert(1, \"\")\n\
                       #define __BPF_LAYOUT_AT(...) _Static_assert(1, \"\")\n#include <linux/types.h>\n\
                       enum other_enum { OTHER_ENUM };\n";

/// Without the functions of the header, which name fields that a mutant does not have.
pub fn types_and_maps(header: &str) -> String {
    // The functions begin with what all of them need.
    let basics = header.find("#ifndef __bpf_layout_inline").unwrap_or(header.len());
    let functions = header[..basics].rfind("#ifdef __BPF__").unwrap_or(header.len());
    let mut text = format!("{PRELUDE}{}", &header[..functions]);
    for definition in header.split("#define DEFINE_").skip(1) {
        let body: Vec<&str> = definition.split_inclusive('\n').collect();
        let last = body.iter().position(|line| !line.trim_end().ends_with('\\')).unwrap_or(body.len() - 1);
        let lines = body[..=last].concat();
        if lines.starts_with(|letter: char| letter.is_ascii_uppercase()) && lines.contains("SEC(\".maps\")") {
            text += &format!("#define DEFINE_{}\n", without_senders(without_keeper(&lines)));
        }
    }
    text + "#endif\n"
}

/// A map's macro without the function that keeps its events.
fn without_keeper(lines: &str) -> String {
    let Some(start) = lines.find("\tstatic __attribute__((used))") else { return lines.to_owned() };
    let end = lines[start..].find("\n\tstruct").map_or(lines.len(), |at| start + at + 1);
    format!("{}{}", &lines[..start], &lines[end..])
}

/// A ring buffer's macro without the functions that send its events.
fn without_senders(mut lines: String) -> String {
    const END: &str = "SEC(\".maps\")";
    if let Some(at) = lines.find(END) {
        lines.truncate(at + END.len());
    }
    lines
}

/// A header with one change.
pub struct Mutant {
    /// What was done to it, for messages.
    pub name: String,
    /// The changed header.
    pub header: String,
    /// The rule that must find it.
    pub code: &'static str,
    /// The type or map.
    pub what: String,
    /// The field, value or parameter.
    pub field: Option<String>,
    /// What the check must say that the spec says, if that is a number; and the object.
    pub numbers: (Option<i128>, Option<i128>),
}

/// Where a line stands.
#[derive(Clone, Default)]
struct Inside<'a> {
    /// The record or enum around it, by its name in C.
    record: &'a str,
    /// Whether each of the records around it, from the outermost, is a union.
    unions: Vec<bool>,
}

/// Lines of a header, and all that is needed to change one.
struct Bench<'a> {
    layouts: &'a Layouts,
    lines: Vec<&'a str>,
    mutants: Vec<Mutant>,
}

/// Every mutant of a header that was made of these layouts.
pub fn mutants(layouts: &Layouts, header: &str) -> Vec<Mutant> {
    let mut bench = Bench { layouts, lines: header.lines().collect(), mutants: Vec::new() };
    let mut inside = Inside::default();
    for at in 0..bench.lines.len() {
        let line = bench.lines[at];
        let code = code_of(line);
        if code.ends_with('{') && !line.starts_with('#') {
            if !line.starts_with('\t') {
                inside = Inside { record: code.split(' ').nth(1).unwrap_or_default(), unions: Vec::new() };
            }
            inside.unions.push(code.starts_with("union"));
        } else if code.starts_with('}') {
            bench.ends(at, &inside);
            inside.unions.pop();
        } else if !inside.unions.is_empty() && code.contains(" = ") {
            bench.value(at, inside.record);
        } else if !inside.unions.is_empty() && line.trim_start().starts_with("/*") && code.contains(';') {
            bench.member(at, code, &inside);
        }
    }
    for map in &layouts.model.maps {
        bench.map(map);
    }
    bench.mutants
}

fn record<'a>(model: &'a Model, c: &str) -> Option<&'a Record> {
    model.records().map(|(_, record)| record).find(|record| !record.anonymous && record.name.c == c)
}

/// A field of a record or of an unnamed one in it.
fn field<'a>(model: &'a Model, record: &'a Record, c: &str) -> Option<&'a Field> {
    record.fields.iter().find_map(|candidate| match &candidate.ty {
        Type::Def(id) if candidate.anonymous => match model.ty(*id) {
            TypeDef::Record(inner) => field(model, inner, c),
            _ => None,
        },
        _ => (candidate.name.c == c).then_some(candidate),
    })
}

/// A line without the offset that stands in a comment before a member.
fn code_of(line: &str) -> &str {
    let line = line.trim_start();
    if line.starts_with("/*") { line.split_once("*/ ").map_or("", |(_, code)| code) } else { line }
}

impl Bench<'_> {
    fn with(&self, at: usize, new: &str) -> String {
        let mut lines = self.lines.clone();
        lines[at] = new;
        lines.join("\n")
    }

    fn add(
        &mut self,
        at: usize,
        new: &str,
        code: &'static str,
        what: &str,
        field: Option<&str>,
        numbers: (Option<i128>, Option<i128>),
    ) {
        self.mutants.push(Mutant {
            name: format!("`{}` -> `{}`", self.lines[at].trim(), new.trim()),
            header: self.with(at, new),
            code,
            what: what.to_owned(),
            field: field.map(str::to_owned),
            numbers,
        });
    }

    /// The end of a record: its alignment, and its packing without padding.
    fn ends(&mut self, at: usize, inside: &Inside<'_>) {
        let Some(record) = record(&self.layouts.model, inside.record).filter(|_| inside.unions.len() == 1) else {
            return;
        };
        let (what, size) = (record.name.spec.clone(), self.size(inside.record));
        let aligned = size.next_multiple_of(64);
        if aligned != size {
            let numbers = (Some(size.into()), Some(aligned.into()));
            self.add(at, "} __attribute__((aligned(64)));", "type-size", &what, None, numbers);
        }
        if self.lines[at].contains("packed") {
            self.add(at, "};", "type-size", &what, None, (Some(size.into()), None));
        }
        self.packed(at, &what, size);
    }

    /// The record without its padding and packed: as C programmers save bytes.
    fn packed(&mut self, at: usize, what: &str, size: u64) {
        let start = (0..at).rev().find(|line| self.lines[*line].ends_with('{') && !self.lines[*line].starts_with('\t'));
        let Some(start) = start.filter(|start| !self.lines[*start].starts_with("union")) else { return };
        let body = &self.lines[start..at];
        let nested = body.iter().skip(1).any(|line| line.ends_with('{'));
        let bytes = |line: &&str| line.split_once("_pad")?.1.split(['[', ']']).nth(1)?.parse::<u64>().ok();
        let padding: u64 = body.iter().filter_map(bytes).sum();
        if padding == 0 || nested {
            return;
        }
        let kept: Vec<&str> = body.iter().copied().filter(|line| bytes(line).is_none()).collect();
        let mut lines = self.lines[..start].to_vec();
        lines.extend(kept);
        lines.push("} __attribute__((packed));");
        lines.extend(&self.lines[at + 1..]);
        self.mutants.push(Mutant {
            name: format!("{what} packed, without padding"),
            header: lines.join("\n"),
            code: "type-size",
            what: what.to_owned(),
            field: None,
            numbers: (Some(size.into()), Some((size - padding).into())),
        });
    }

    fn size(&self, c: &str) -> u64 {
        let id = self.layouts.model.records().find(|(_, record)| !record.anonymous && record.name.c == c);
        id.map_or(0, |(id, _)| self.layouts.of(id).size)
    }

    /// A value of an enum: another, or none; and one more.
    fn value(&mut self, at: usize, tag: &str) {
        let line = self.lines[at];
        let Some((name, rest)) = line.trim().split_once(" = ") else { return };
        let found = self.layouts.model.types.iter().find_map(|def| {
            let variants = match def {
                TypeDef::Enum(def) if def.name.c == tag => &def.variants,
                TypeDef::Flags(def) if format!("__{}", def.name.c) == tag => &def.bits,
                _ => return None,
            };
            let value = variants.iter().find(|variant| variant.name.c == name)?.value;
            Some((def.name().spec.clone(), value))
        });
        let Some((what, value)) = found else { return };
        let rest = rest.trim_end_matches(',');
        let changed = format!("\t{name} = {rest} ^ 4,");
        self.add(at, &changed, "enum-value", &what, Some(name), (Some(value), Some(value ^ 4)));
        self.add(at, "", "missing-variant", &what, Some(name), (Some(value), None));
        let more = format!("{line} {name}_TOO = 77,");
        self.add(at, &more, "extra-variant", &what, Some(&format!("{name}_TOO")), (None, Some(77)));
    }

    fn member(&mut self, at: usize, code: &str, inside: &Inside<'_>) {
        let model = &self.layouts.model;
        let Some(record) = record(model, inside.record) else { return };
        let declaration = code.split(';').next().unwrap_or_default();
        let head = declaration.split(['[', ':']).next().unwrap_or_default().trim_end();
        let (base, name) = head.rsplit_once(' ').unwrap_or(("", head));
        let Some(field) = field(model, record, name) else { return };
        let (what, field, layouts) = (record.name.spec.clone(), field.clone(), self.layouts);
        let tail = &declaration[head.len()..];
        let in_union = inside.unions.contains(&true);

        self.add(at, &format!("{base} {name}_{tail};"), "missing-field", &what, Some(name), (None, None));
        self.add(at, &format!("{base} {name}_{tail};"), "extra-field", &what, Some(&format!("{name}_")), (None, None));
        self.add(at, "__u8 _pad99;", "missing-field", &what, Some(name), (None, None));
        if let Some(bits) = field.bits {
            self.bitfield(at, (base, name), bits, &what);
            return;
        }
        if !in_union {
            // 32 bytes keep every alignment, so that the field moves by just as many.
            let offset = i128::from(offset_of(layouts, inside.record, name).unwrap_or_default());
            let moved = format!("char added[32]; {declaration};");
            self.add(at, &moved, "field-offset", &what, Some(name), (Some(offset), Some(offset + 32)));
            self.swapped(at, &what, inside.record);
        }
        if let Some((_, length)) = tail.split_once('[') {
            let (length, rest) = length.split_once(']').unwrap_or_default();
            let expected = i128::from(first_length(&field.ty));
            let longer = format!("{base} {name}[({length}) + 1]{rest};");
            self.add(at, &longer, "array-length", &what, Some(name), (Some(expected), Some(expected + 1)));
        }
        self.types(at, base, &format!("{name}{tail};"), &what, name, &field.ty);
    }

    /// A member and the one before it in each other's place: the latter moves, to where the compiler decides.
    fn swapped(&mut self, at: usize, what: &str, record: &str) {
        let is_member = |line: &&str| line.trim_start().starts_with("/*") && code_of(line).contains(';');
        let mut before = (0..at).rev().take_while(|line| !self.lines[*line].contains(['{', '}']));
        let Some(before) = before.find(|line| is_member(&self.lines[*line])) else { return };
        let head = code_of(self.lines[before]).split(['[', ':', ';']).next().unwrap_or_default().trim_end();
        let name = head.rsplit_once(' ').map_or(head, |(_, name)| name).to_owned();
        let Some(offset) = offset_of(self.layouts, record, &name) else { return };
        let mut lines = self.lines.clone();
        lines.swap(before, at);
        self.mutants.push(Mutant {
            name: format!("{what}.{name} behind the field behind it"),
            header: lines.join("\n"),
            code: "field-offset",
            what: what.to_owned(),
            field: Some(name),
            numbers: (Some(offset.into()), None),
        });
    }

    fn bitfield(&mut self, at: usize, (base, name): (&str, &str), bits: u32, what: &str) {
        // C has no named field of no bits.
        let other = if bits == 1 { 2 } else { bits - 1 };
        let changed = format!("{base} {name} : {other};");
        self.add(at, &changed, "bit-width", what, Some(name), (Some(bits.into()), Some(other.into())));
        let shifted = format!("{base} added : 1; {base} {name} : {bits};");
        self.add(at, &shifted, "bit-offset", what, Some(name), (None, None));
        let other = if base.starts_with("__u") { base.replace("__u", "__s") } else { base.replace("__s", "__u") };
        self.add(at, &format!("{other} {name} : {bits};"), "field-sign", what, Some(name), (None, None));
    }

    /// The member with other types of its own.
    fn types(&mut self, at: usize, base: &str, rest: &str, what: &str, name: &str, ty: &Type) {
        let sizes: BTreeMap<&str, (i128, &str, i128)> = BTreeMap::from([
            ("__u8", (1, "__u16", 2)),
            ("__u16", (2, "__u32", 4)),
            ("__u32", (4, "__u64", 8)),
            ("__u64", (8, "__u32", 4)),
            ("__s8", (1, "__s16", 2)),
            ("__s16", (2, "__s32", 4)),
            ("__s32", (4, "__s64", 8)),
            ("__s64", (8, "__s32", 4)),
            ("__u128", (16, "__u64", 8)),
            ("__s128", (16, "__s64", 8)),
            ("__be16", (2, "__be32", 4)),
            ("__be32", (4, "__be64", 8)),
            ("__be64", (8, "__be32", 4)),
        ]);
        let bytes = matches!(ty, Type::Bytes(_) | Type::Str(_) | Type::Scalar(Scalar::Ipv6 | Scalar::Mac));
        if let Some((size, other, found)) = sizes.get(base).filter(|_| !bytes && !is_mac_array(ty)) {
            let line = format!("{other} {rest}");
            self.add(at, &line, "field-size", what, Some(name), (Some(*size), Some(*found)));
        }
        if base.starts_with("enum ") {
            self.add(at, &format!("__u64 {rest}"), "field-size", what, Some(name), (Some(4), Some(8)));
            self.add(at, &format!("enum other_enum {rest}"), "field-type", what, Some(name), (None, None));
        }
        let signed = base.replacen("__u", "__s", 1);
        let unsigned = base.replacen("__s", "__u", 1);
        for other in [signed, unsigned].iter().filter(|other| *other != base && !bytes && !is_mac_array(ty)) {
            self.add(at, &format!("{other} {rest}"), "field-sign", what, Some(name), (None, None));
        }
        let alien = if base.starts_with("struct ") || base.starts_with("union ") { "__u64" } else { "float" };
        self.add(at, &format!("{alien} {rest}"), "field-type", what, Some(name), (None, None));
        if let "__u16" | "__u32" | "__u64" = base {
            let swapped = base.replace("__u", "__be");
            let is_plain =
                !matches!(ty, Type::Scalar(Scalar::Ktime | Scalar::Ptr)) && !is_flags(&self.layouts.model, ty);
            if is_plain {
                self.add(at, &format!("{swapped} {rest}"), "field-type", what, Some(name), (None, None));
            }
        }
        if base == "_Bool" {
            self.add(at, &format!("__u8 {rest}"), "field-type", what, Some(name), (None, None));
        }
    }

    /// Every line of a map's macro.
    fn map(&mut self, map: &Map) {
        let start = format!("#define DEFINE_{}_MAP ", map.name.upper);
        let Some(start) = self.lines.iter().position(|line| line.starts_with(&start)) else { return };
        let mut prefix = "";
        for at in start + 1.. {
            let line = self.lines[at].trim_end_matches('\\').trim();
            match line {
                "};" => prefix = "",
                "struct {" => {}
                _ if line.starts_with("struct ") => prefix = "inner.",
                _ if line.starts_with('}') => break,
                _ => self.parameter(at, line, prefix, map),
            }
        }
    }

    fn parameter(&mut self, at: usize, line: &str, prefix: &str, map: &Map) {
        let Some((macro_name, rest)) = line.split_once('(') else { return };
        let Some((name, rest)) = rest.split_once(", ") else { return };
        let Some((value, _)) = rest.rsplit_once(");") else { return };
        let target = match map.inner {
            Some(inner) if prefix == "inner." => self.layouts.model.map(inner).clone(),
            _ => map.clone(),
        };
        let code = match name {
            "type" => "map-type",
            "key" => "map-key",
            "value" => "map-value",
            "max_entries" => "map-max-entries",
            "map_flags" => "map-flags",
            "numa_node" => "map-numa-node",
            "pinning" => "map-pinning",
            "map_extra" => "map-extra",
            _ => "map-inner",
        };
        let field = match name {
            "map_flags" => "flags",
            "values" => "inner",
            _ => name,
        };
        let field = format!("{prefix}{field}");
        let what = map.name.spec.clone();
        let number = match name {
            "max_entries" => target.max_entries.as_ref().map(|count| i128::from(count.value)),
            "numa_node" => target.numa_node.map(i128::from),
            "map_extra" => target.map_extra.map(i128::from),
            "key" => target.key.as_ref().map(|ty| self.layouts.size_align(ty).0.into()),
            "value" => target.value.as_ref().map(|ty| self.layouts.size_align(ty).0.into()),
            _ => None,
        };
        let mut add = |new: String, numbers| self.add(at, &format!("\t\t{new} \\"), code, &what, Some(&field), numbers);
        match name {
            "key" | "value" => {
                add(format!("__type({name}, char[4321]);"), (number, Some(4321)));
                add(format!("__uint({name}_size, 4321);"), (number, Some(4321)));
                if number == Some(4) {
                    add(format!("__type({name}, float);"), (None, None));
                }
            }
            "type" => add(format!("{macro_name}({name}, ({value}) + 1);"), (None, None)),
            "map_flags" => add(format!("{macro_name}({name}, ({value}) ^ 8);"), (None, None)),
            "pinning" | "values" => {}
            _ => add(
                format!("{macro_name}({name}, ({}) + 1);", value.trim_end_matches(['\t', ' '])),
                (number, number.map(|number| number + 1)),
            ),
        }
        if !matches!(name, "key" | "value") || number.is_some() {
            add(String::new(), (number, None));
        }
    }
}

fn is_flags(model: &Model, ty: &Type) -> bool {
    matches!(ty, Type::Def(id) if matches!(model.ty(*id), TypeDef::Flags(_) | TypeDef::Enum(_)))
}

fn is_mac_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(element, _) if matches!(**element, Type::Scalar(Scalar::Mac | Scalar::Ipv6) | Type::Str(_) | Type::Bytes(_)))
}

fn first_length(ty: &Type) -> u64 {
    match ty {
        Type::Str(count) | Type::Bytes(count) | Type::Array(_, count) => count.value,
        Type::Scalar(scalar) => scalar.info().c_array.into(),
        _ => 0,
    }
}

/// Where the assertions of the header say that a field is.
fn offset_of(layouts: &Layouts, record: &str, field: &str) -> Option<u64> {
    let header = bpf_layout_emit::c::header(layouts).replace("\n\t\t", " ");
    let ending = format!(" {record}, {field}, ");
    let line = header.lines().find(|line| line.starts_with("__BPF_LAYOUT_AT(") && line.contains(&ending))?;
    line.rsplit_once(", ")?.1.trim_end_matches(");").parse().ok()
}

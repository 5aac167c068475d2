//! The same structs in each language: ten fields each, integers, two strings and a struct.

use std::fmt::Write as _;

/// What a field is in each language.
struct Field {
    name: &'static str,
    spec: &'static str,
    /// Type, and what follows the name.
    c: (&'static str, &'static str),
    rust: &'static str,
}

const fn field(name: &'static str, spec: &'static str, c: (&'static str, &'static str), rust: &'static str) -> Field {
    Field { name, spec, c, rust }
}

/// In an order that needs padding, as such structs have it.
const FIELDS: &[Field] = &[
    field("timestamp", "u64", ("unsigned long long", ""), "u64"),
    field("pid", "u32", ("unsigned int", ""), "u32"),
    field("tid", "u32", ("unsigned int", ""), "u32"),
    field("port", "u16", ("unsigned short", ""), "u16"),
    field("family", "u16", ("unsigned short", ""), "u16"),
    field("result", "i32", ("int", ""), "i32"),
    field("kind", "u8", ("unsigned char", ""), "u8"),
    field("owner", "owner", ("struct owner", ""), "Owner"),
    field("comm", "str[16]", ("char", "[16]"), "[i8; 16]"),
    field("path", "str[512]", ("char", "[512]"), "[i8; 512]"),
];

/// `layouts.toml` of `count` structs.
pub(crate) fn spec(count: usize) -> String {
    let mut text = String::from(
        "spec = 1\n\n[struct.owner]\nfields = [{ name = \"uid\", type = \"u32\" }, { name = \"gid\", type = \"u32\" }]\n",
    );
    for number in 0..count {
        let _ = writeln!(text, "\n[struct.event{number}]\nfields = [");
        for Field { name, spec, .. } in FIELDS {
            let _ = writeln!(text, "  {{ name = \"{name}\", type = \"{spec}\" }},");
        }
        text += "]\n";
    }
    text
}

/// `count` hash maps of the structs, to follow [`spec`].
pub(crate) fn maps(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let _ = writeln!(
            text,
            "\n[map.map{number}]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"event{number}\"\nmax_entries = 1024"
        );
    }
    text
}

/// A C header with the same structs, for bindgen.
pub(crate) fn header(count: usize) -> String {
    let mut text = String::from("struct owner {\n\tunsigned int uid;\n\tunsigned int gid;\n};\n");
    for number in 0..count {
        let _ = writeln!(text, "\nstruct event{number} {{");
        for Field { name, c: (ty, array), .. } in FIELDS {
            let _ = writeln!(text, "\t{ty} {name}{array};");
        }
        text += "};\n";
    }
    text
}

/// A BPF program with a variable of each struct, for libbpf-cargo, which generates the types of variables.
pub(crate) fn program(count: usize) -> String {
    let mut text = header(count) + "\n";
    for number in 0..count {
        let _ = writeln!(text, "struct event{number} v{number};");
    }
    text
}

/// The structs as somebody would write them in Rust who checks nothing, with these derives.
pub(crate) fn bare(count: usize, derives: &str) -> String {
    let derive = if derives.is_empty() { String::new() } else { format!("#[derive({derives})]\n") };
    let mut text = format!("{derive}#[repr(C)]\npub struct Owner {{\n    pub uid: u32,\n    pub gid: u32,\n}}\n");
    for number in 0..count {
        let _ = writeln!(text, "\n{derive}#[repr(C)]\npub struct Event{number} {{");
        for Field { name, rust, .. } in FIELDS {
            let _ = writeln!(text, "    pub {name}: {rust},");
        }
        text += "}\n";
    }
    text
}

/// The structs by hand, padding written out, with this before each.
fn by_hand(count: usize, pad: fn(usize) -> String, before: impl Fn(&str) -> String) -> String {
    let mut text = format!("{}pub struct Owner {{\n    pub uid: u32,\n    pub gid: u32,\n}}\n", before("owner"));
    for number in 0..count {
        let _ = writeln!(text, "\n{}pub struct Event{number} {{", before(&format!("event{number}")));
        for Field { name, rust, .. } in FIELDS {
            let rust = rust.replace("i8;", "u8;");
            if *name == "owner" {
                let _ = writeln!(text, "    pub _pad0: {},", pad(3));
            }
            let _ = writeln!(text, "    pub {name}: {rust},");
        }
        let _ = writeln!(text, "    pub _pad1: {},\n}}", pad(4));
    }
    text
}

/// The structs with zerocopy's derives.
pub(crate) fn zerocopy(count: usize) -> String {
    let before = |_: &str| {
        "#[derive(Clone, Copy, zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)]\n#[repr(C)]\n".to_owned()
    };
    by_hand(count, |bytes| format!("[u8; {bytes}]"), before)
}

/// The structs with `#[derive(BpfLayout)]`.
pub(crate) fn derived(count: usize) -> String {
    let before = |name: &str| {
        format!("#[derive(Clone, Copy, bpf_layout::BpfLayout)]\n#[bpf_layout(name = \"{name}\")]\n#[repr(C)]\n")
    };
    by_hand(count, |bytes| format!("bpf_layout::Pad<{bytes}>"), before)
}

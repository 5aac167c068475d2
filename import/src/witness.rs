//! The proof on the spot: the header that is generated of the spec is compiled, and its BTF is held against what was found.

use std::{collections::HashMap, fmt::Write as _, io, path::Path};

use bpf_layout_btf::{Kind, Object, TypeId};
use bpf_layout_check::observe_types;
use bpf_layout_emit::c;
use bpf_layout_spec::{
    Options,
    compare::flags_tag,
    kernel::KERNEL_FIELDS,
    layout::Layouts,
    model::{Extern, RecordKind, TypeDef},
};

use crate::{
    Found, Imported,
    clang::{Compiler, CompilerError},
    contrast::Contrast,
    proof::Verdict,
};

/// Why no compiler could testify.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NoWitness {
    /// There is none, or it does not take the header.
    Compiler(CompilerError),
    /// What it made cannot be read.
    Unreadable(String),
}

impl std::fmt::Display for NoWitness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoWitness::Compiler(CompilerError::Missing(why)) => f.write_str(why),
            NoWitness::Compiler(CompilerError::Refused(said)) => {
                write!(f, "the compiler does not take the generated header:\n{said}")
            }
            NoWitness::Unreadable(why) => write!(f, "what the compiler made cannot be read: {why}"),
        }
    }
}

impl std::error::Error for NoWitness {}

/// What a compiler makes of one type or map of the spec.
#[derive(Clone, Debug)]
pub struct Testimony {
    /// The type or map, by its name in the spec.
    pub name: String,
    /// How it is otherwise than it was found, in sentences.
    pub differences: Vec<String>,
}

/// Everything that a compiler says.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// Types that have definitions, in the order of the text. What the spec only knows the size of is not among them.
    pub types: Vec<Testimony>,
    /// Maps that are part of the spec, in the order of the text.
    pub maps: Vec<Testimony>,
}

/// Generates the header of a spec, compiles it, and holds the BTF that comes of it against what was found.
///
/// # Errors
/// If there is no compiler, or none that takes the header.
pub fn witness(imported: &Imported, found: &Found<'_>, compiler: &Compiler) -> Result<Witness, NoWitness> {
    let read = &mut |_: &Path| -> io::Result<String> { Ok(imported.toml.clone()) };
    let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default());
    let layouts = loaded.map_err(|_| NoWitness::Unreadable("the spec does not load".to_owned()))?.layouts;
    let data = compiler.compile(&program(&layouts), &[]).map_err(NoWitness::Compiler)?;
    let unreadable = |error: bpf_layout_btf::Error| NoWitness::Unreadable(error.to_string());
    let object = Object::parse(&data).map_err(unreadable)?;
    let named = named(&object);
    let by_name: Vec<(&str, Option<TypeId>)> =
        imported.types.iter().map(|(_, name)| (name.as_str(), made_of(&layouts, name, &named))).collect();
    let wanted: Vec<TypeId> = by_name.iter().filter_map(|(_, id)| *id).collect();
    let seen = observe_types("the generated header", &object, &wanted).map_err(unreadable)?;
    let indices: HashMap<TypeId, usize> =
        wanted.iter().copied().zip(&seen.wanted).filter_map(|(id, index)| Some((id, (*index)?))).collect();
    let opaque: Vec<usize> = imported
        .types
        .iter()
        .filter(|(_, name)| matches!(find(&layouts, name), Some(TypeDef::Extern(_))))
        .map(|(index, _)| *index)
        .collect();
    let contrast = Contrast { found: &found.observed, made: &seen.observed, is_opaque: &|ty| opaque.contains(&ty) };
    let mut witness = Witness::default();
    for ((index, name), (_, id)) in imported.types.iter().zip(&by_name) {
        if opaque.contains(index) {
            continue;
        }
        let made = id.and_then(|id| indices.get(&id));
        let differences = match made {
            Some(made) => contrast.types(*index, *made),
            // C has no enum of values that all need 64 bits.
            None if is_all_wide(&layouts, name) => Vec::new(),
            None => vec!["is not in the BTF of the generated header".to_owned()],
        };
        witness.types.push(Testimony { name: name.clone(), differences });
    }
    for (index, name) in &imported.maps {
        let c = layouts.model.maps.iter().find(|map| map.name.spec == *name).map(|map| map.name.c.as_str());
        let made = seen.observed.maps.iter().find(|map| Some(map.name) == c);
        let differences = match (found.observed.maps.get(*index), made) {
            (Some(found), Some(made)) => contrast.maps(found, made),
            _ => vec!["is not in the BTF of the generated header".to_owned()],
        };
        witness.maps.push(Testimony { name: name.clone(), differences });
    }
    Ok(witness)
}

fn find<'l>(layouts: &'l Layouts, name: &str) -> Option<&'l TypeDef> {
    layouts.model.types.iter().find(|def| def.name().spec == name)
}

fn is_all_wide(layouts: &Layouts, name: &str) -> bool {
    let fits = |value: i128| i32::try_from(value).is_ok() || u32::try_from(value).is_ok();
    matches!(find(layouts, name), Some(TypeDef::Enum(def)) if !def.variants.iter().any(|variant| fits(variant.value)))
}

/// Structs, unions and enums of an object, by their names.
fn named<'a>(object: &Object<'a>) -> HashMap<(&'a str, bool), TypeId> {
    let types = object.btf().types();
    let defined = types.filter(|ty| matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64));
    defined.map(|ty| ((ty.name(), matches!(ty.kind(), Kind::Enum | Kind::Enum64)), ty.id())).collect()
}

fn made_of(layouts: &Layouts, name: &str, named: &HashMap<(&str, bool), TypeId>) -> Option<TypeId> {
    match find(layouts, name)? {
        TypeDef::Record(record) => named.get(&(record.name.c.as_str(), false)).copied(),
        TypeDef::Enum(def) => named.get(&(def.name.c.as_str(), true)).copied(),
        TypeDef::Flags(def) => named.get(&(flags_tag(def).as_str(), true)).copied(),
        TypeDef::Extern(_) => None,
    }
}

/// A program that has all of a spec in its BTF.
fn program(layouts: &Layouts) -> String {
    // As if vmlinux.h had been included: then the header includes no system headers, which may not be there.
    let mut text = String::from(
        "#define __VMLINUX_H__\n\
         #define SEC(name) __attribute__((section(name), used))\n\
         #define __uint(name, val) int (*name)[val]\n\
         #define __type(name, val) __typeof__(val) *name\n\
         #define __array(name, val) __typeof__(val) *name[]\n\
         #define __bpf_layout_concat_(a, b) a##b\n\
         #define __bpf_layout_concat(a, b) __bpf_layout_concat_(a, b)\n\
         #define __ulong(name, val) enum { __bpf_layout_concat(__value_, __COUNTER__) = val } name\n\
         enum libbpf_pin_type { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };\n",
    );
    for info in KERNEL_FIELDS {
        let _ = writeln!(text, "{}", stand_in(&format!("struct {}", info.name), info.size.into(), info.align));
    }
    for def in &layouts.model.types {
        if let TypeDef::Extern(Extern { c_type, size, align, .. }) = def {
            let _ = writeln!(text, "{}", stand_in(c_type, *size, *align));
        }
    }
    text += &c::header(layouts);
    for map in &layouts.model.maps {
        let _ = writeln!(text, "DEFINE_{}_MAP;", map.name.upper);
    }
    for (_, record) in layouts.model.records().filter(|(_, record)| !record.anonymous) {
        let word = if record.kind == RecordKind::Union { "union" } else { "struct" };
        let _ = writeln!(text, "{word} {0} *__import_uses_{0};", record.name.c);
    }
    for def in &layouts.model.types {
        let (tag, variants) = match def {
            TypeDef::Enum(def) => (def.name.c.to_string(), &def.variants),
            TypeDef::Flags(def) => (flags_tag(def), &def.bits),
            TypeDef::Record(_) | TypeDef::Extern(_) => continue,
        };
        let fits = |value: i128| i32::try_from(value).is_ok() || u32::try_from(value).is_ok();
        if variants.iter().any(|variant| fits(variant.value)) {
            let _ = writeln!(text, "enum {tag} __import_uses_enum_{tag};");
        }
    }
    text
}

/// A type of the kernel as far as the spec knows it: its size and alignment.
fn stand_in(c: &str, size: u64, align: u32) -> String {
    let body = format!("{{ unsigned char bytes[{size}]; }} __attribute__((aligned({align})))");
    match c.split_once(' ') {
        Some(("struct" | "union", _)) => format!("{c} {body};"),
        _ => format!("typedef struct {body} {c};"),
    }
}

impl Verdict {
    /// How it is otherwise, in sentences, as the language's own layouts have it.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let sentences = self.differences.iter().map(|difference| {
            let field = difference.field.as_ref().map(|field| format!("`{field}` ")).unwrap_or_default();
            let unit = difference.rule.unit;
            let (found, expected) = (unit.show(&difference.found), unit.show(&difference.expected));
            format!("{field}{} {expected}, and was {found}", difference.rule.verb)
        });
        sentences.collect()
    }
}

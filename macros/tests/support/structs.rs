//! Structs as somebody would write them by hand, and mutants of them.

use std::ops::RangeInclusive;

/// A struct with its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Struct {
    /// Name in the spec.
    pub(crate) spec: String,
    /// What stands in `repr(...)`.
    pub(crate) repr: String,
    align: u32,
    /// Names and types.
    fields: Vec<(String, String)>,
}

/// The structs of a generated module, with its types.
pub(crate) fn structs(module: &str) -> Vec<Struct> {
    let mut found: Vec<Struct> = Vec::new();
    let mut inside = false;
    for line in module.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("pub struct ").filter(|rest| rest.ends_with('{')) {
            let spec = rest.split('"').nth(1).expect("a name").to_owned();
            let align = rest.split("align ").nth(1).expect("an alignment");
            let align = align.split([' ', ',']).next().and_then(|align| align.parse().ok()).expect("a number");
            found.push(Struct { spec, repr: format!("C, align({align})"), align, fields: Vec::new() });
            inside = true;
        } else if line.starts_with('}') {
            inside = false;
        } else if let (true, Some(field)) = (inside, line.strip_prefix("pub ")) {
            let (name, rest) = field.split_once(": ").expect("a field");
            let (ty, _) = rest.rsplit_once(" = ").expect("an offset");
            found.last_mut().expect("a struct").fields.push((name.to_owned(), ty.to_owned()));
        }
    }
    found.retain(|found| !found.fields.is_empty());
    found
}

/// A changed struct.
pub(crate) struct Mutant {
    /// What was changed.
    pub(crate) what: String,
    pub(crate) text: Struct,
    pub(crate) at: At,
}

/// Where an error is expected.
pub(crate) enum At {
    /// At one of these fields of the mutant.
    Fields(Vec<usize>),
    /// At the name of the struct, or one of these fields.
    Struct(Vec<usize>),
    /// At its attributes or anywhere inside.
    Anywhere,
}

impl At {
    /// The lines that it may be in.
    pub(crate) fn lines(&self, lines: &Lines) -> Vec<usize> {
        match self {
            At::Fields(fields) => fields.iter().map(|field| lines.field(*field)).collect(),
            At::Struct(fields) => fields.iter().map(|field| lines.field(*field)).chain([lines.name]).collect(),
            At::Anywhere => lines.all().collect(),
        }
    }
}

/// Every mutant of a struct; `others` are those of its spec.
pub(crate) fn mutants(original: &Struct, others: &[Struct]) -> Vec<Mutant> {
    let mut mutants = whole(original, others);
    for index in 0..original.fields.len() {
        mutants.extend(retyped(original, index));
        mutants.extend(moved(original, index));
    }
    mutants
}

/// Another representation or name.
fn whole(original: &Struct, others: &[Struct]) -> Vec<Mutant> {
    let align = original.align;
    let with = |repr: String| Struct { repr, ..original.clone() };
    let mut mutants = vec![
        Mutant { what: "no repr(C)".into(), text: with(format!("align({align})")), at: At::Struct(vec![]) },
        Mutant { what: "aligned more".into(), text: with(format!("C, align({})", 2 * align)), at: At::Struct(vec![]) },
    ];
    if align > 1 {
        mutants.push(Mutant { what: "packed".into(), text: with("C, packed".into()), at: At::Struct(vec![]) });
    }
    let other = others.iter().find(|other| other.fields != original.fields);
    mutants.extend(other.map(|other| Mutant {
        what: format!("named `{}`", other.spec),
        text: Struct { spec: other.spec.clone(), ..original.clone() },
        at: At::Anywhere,
    }));
    mutants
}

/// Another type in a field's place.
fn retyped(original: &Struct, index: usize) -> Vec<Mutant> {
    let (name, ty) = &original.fields[index];
    let mut types = vec![format!("[{ty}; 2]"), format!("::core::mem::MaybeUninit<{ty}>"), format!("(u8, {ty})")];
    if !name.starts_with("_pad") {
        types.push(format!("::bpf_layout::Pad<{{ ::core::mem::size_of::<{ty}>() }}>"));
        types.extend(other_integers(ty));
    }
    let mutant = |ty: String| {
        let what = format!("`{name}: {ty}`");
        let mut text = original.clone();
        text.fields[index].1 = ty;
        Mutant { what, text, at: At::Fields(vec![index]) }
    };
    types.into_iter().map(mutant).collect()
}

/// Integers of the same size: of the other sign, of another byte order, of another meaning.
fn other_integers(ty: &str) -> Vec<String> {
    let sizes =
        [("u8", "i8", None), ("u16", "i16", Some("Be16")), ("u32", "i32", Some("Be32")), ("u64", "i64", Some("Be64"))];
    let mut others = Vec::new();
    for (unsigned, signed, big_endian) in sizes {
        let big_endian = big_endian.map(|name| format!("::bpf_layout::{name}"));
        let all = [Some(unsigned.to_owned()), Some(signed.to_owned()), big_endian];
        if all.iter().flatten().any(|known| known == ty) {
            others.extend(all.into_iter().flatten().filter(|known| known != ty));
        }
    }
    match ty {
        "u8" => others.extend(["bool".into(), "::bpf_layout::Bool".into()]),
        "u32" => others.extend(["char".into(), "::bpf_layout::Ipv4".into(), "f32".into()]),
        "u64" => others.extend(["::bpf_layout::Ktime".into(), "::bpf_layout::KernelPtr".into(), "usize".into()]),
        _ => {}
    }
    others
}

/// A field that is away, elsewhere, of another name, or has a new one before it.
fn moved(original: &Struct, index: usize) -> Vec<Mutant> {
    let (name, _) = &original.fields[index];
    let is_special = |index: usize| original.fields[index].0.starts_with("_pad");
    let mut mutants = Vec::new();
    if original.fields.len() > 1 {
        let mut text = original.clone();
        text.fields.remove(index);
        // Padding is missed at the field before it, or where the field behind it lies then.
        let around = [index.checked_sub(1), Some(index).filter(|index| *index < text.fields.len())];
        let around = if is_special(index) { around.into_iter().flatten().collect() } else { vec![] };
        mutants.push(Mutant { what: format!("no `{name}`"), text, at: At::Struct(around) });
    }
    if index + 1 < original.fields.len() {
        let mut text = original.clone();
        text.fields.swap(index, index + 1);
        let at =
            if is_special(index) || is_special(index + 1) { At::Anywhere } else { At::Fields(vec![index, index + 1]) };
        mutants.push(Mutant { what: format!("`{name}` behind the next"), text, at });
    }
    let mut text = original.clone();
    text.fields.insert(index, ("added_by_hand".into(), "u8".into()));
    mutants.push(Mutant { what: format!("a field before `{name}`"), text, at: At::Fields(vec![index]) });
    if !is_special(index) && !name.starts_with("_bits") {
        let mut text = original.clone();
        text.fields[index].0 = format!("another_{}", name.trim_start_matches("r#"));
        mutants.push(Mutant { what: format!("`{name}` by another name"), text, at: At::Fields(vec![index]) });
    }
    mutants
}

/// The text of a crate, put together line by line.
#[derive(Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    lines: usize,
    modules: usize,
}

/// Where a struct stands in the text. Lines are counted from one.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    module: RangeInclusive<usize>,
    name: usize,
}

impl Lines {
    /// Every line of its module.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + use<> {
        self.module.clone()
    }

    fn field(&self, index: usize) -> usize {
        self.name + 1 + index
    }
}

impl Text {
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines += 1;
    }

    /// Writes a struct in a module of its own; `generated` is the one whose types it uses.
    pub(crate) fn module(&mut self, spec: &str, generated: &Struct, text: &Struct) -> Lines {
        let first = self.lines + 1;
        let Struct { spec: name, repr, fields, .. } = text;
        self.line(&format!("pub mod by_hand{} {{ // {}", self.modules, generated.spec));
        self.modules += 1;
        self.line(&format!("    #[allow(unused_imports)] use super::{spec}_spec::*;"));
        self.line("    #[derive(Clone, Copy, ::bpf_layout::BpfLayout)]");
        self.line(&format!("    #[bpf_layout(name = {name:?}, spec = \"specs/{spec}.toml\")]"));
        self.line(&format!("    #[repr({repr})]"));
        self.line("    pub struct ByHand {");
        let name = self.lines;
        fields.iter().for_each(|(name, ty)| self.line(&format!("        pub {name}: {ty},")));
        self.line("    }");
        self.line("}");
        Lines { module: first..=self.lines, name }
    }
}

//! Names of the spec that something else defines too, as clang finds them: a `struct key` beside that of vmlinux.h. What
//! clang says of them leads into generated files; what helps is another name in the spec.

use std::path::Path;

use bpf_layout_spec::{
    Loaded,
    model::{TypeDef, Variant},
    source::Span,
};

/// What clang says of a type, and of a constant of an enum, that it has seen already.
const SAID: &[&str] = &["redefinition of enumerator '", "redefinition of '", "use of '"];

/// For each name of the spec that clang found defined by another file than the generated header: what to do about it, a
/// line each.
pub(crate) fn advice(messages: &str, loaded: &Loaded, header: &Path) -> Vec<String> {
    let mut advice = Vec::new();
    let lines: Vec<&str> = messages.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some((file, name)) = clash(line) else { continue };
        let previous = lines[at + 1..].iter().find_map(|line| Some(line.split_once(": note: previous ")?.0));
        let Some(theirs) = previous.map(file_of).and_then(|previous| other(file, previous, header)) else { continue };
        let told = subject(loaded, name).map(|subject| subject.advice(theirs, loaded));
        advice.extend(told.filter(|told| !advice.contains(told)).into_iter().collect::<Vec<_>>());
    }
    advice
}

/// The file that clang complains of, and the name.
fn clash(line: &str) -> Option<(&str, &str)> {
    let (place, said) = line.split_once(": error: ")?;
    let rest = SAID.iter().find_map(|start| said.strip_prefix(start))?;
    let (name, rest) = rest.split_once('\'')?;
    let is_clash = rest.is_empty() || rest.starts_with(" with tag type") || rest.starts_with(" as different kind");
    is_clash.then_some((file_of(place), name))
}

/// The file of `FILE:LINE:COLUMN`.
fn file_of(place: &str) -> &str {
    place.rsplitn(3, ':').last().unwrap_or(place)
}

/// Of two files, the one that is not the generated header; none if neither or both are.
fn other<'a>(one: &'a str, two: &'a str, header: &Path) -> Option<&'a str> {
    let is_ours = |file: &str| Path::new(file).file_name() == header.file_name();
    match (is_ours(one), is_ours(two)) {
        (true, false) => Some(two),
        (false, true) => Some(one),
        _ => None,
    }
}

/// What of the spec has the name in C.
enum Subject<'a> {
    Type { word: &'a str, c: &'a str, spec: &'a str, span: Span },
    Value { c: &'a str, of: &'a str, span: Span },
}

fn subject<'a>(loaded: &'a Loaded, c: &str) -> Option<Subject<'a>> {
    loaded.layouts.model.types.iter().find_map(|def| {
        let name = def.name();
        if name.c == c {
            return Some(Subject::Type { word: word(def), c: &name.c, spec: &name.spec, span: name.span });
        }
        let value = variants(def).iter().find(|variant| variant.name.c == c)?;
        Some(Subject::Value { c: &value.name.c, of: &name.spec, span: value.name.span })
    })
}

/// What C calls it.
fn word(def: &TypeDef) -> &'static str {
    match def {
        TypeDef::Record(record) if record.kind == bpf_layout_spec::model::RecordKind::Union => "union",
        TypeDef::Record(_) => "struct",
        TypeDef::Enum(_) | TypeDef::Flags(_) => "enum",
        TypeDef::Extern(_) => "type",
    }
}

fn variants(def: &TypeDef) -> &[Variant] {
    match def {
        TypeDef::Enum(def) => &def.variants,
        TypeDef::Flags(def) => &def.bits,
        TypeDef::Record(_) | TypeDef::Extern(_) => &[],
    }
}

impl Subject<'_> {
    fn advice(&self, theirs: &str, loaded: &Loaded) -> String {
        let kernel = Path::new(theirs).file_name().is_some_and(|name| name == "vmlinux.h");
        let whose = if kernel { "the kernel's, in vmlinux.h".to_owned() } else { format!("that of {theirs}") };
        match self {
            Subject::Type { word, c, spec, span } => {
                let place = loaded.sources.place(*span);
                let otherwise = if kernel { "" } else { ", or remove that one and use the generated one" };
                format!(
                    "`{spec}` of {place} is `{word} {c}` in C, and so is {whose}: give it another name in the spec, such as \
                     `{}_{spec}`{otherwise}",
                    loaded.layouts.model.stem
                )
            }
            Subject::Value { c, of, span } => format!(
                "{} is `{c}` in C, and so is {whose}: give the enum `{of}` another `prefix`",
                loaded.sources.place(*span)
            ),
        }
    }
}

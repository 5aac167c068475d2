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
        let previous = lines[at..].iter().find_map(|line| Some(line.split_once(": note: previous ")?.0));
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

#[cfg(test)]
mod tests {
    use bpf_layout_spec::{Options, load_with};

    use super::*;

    const SPEC: &str = "spec = 1\n[struct.key]\nfields = [{ name = \"a\", type = \"u32\" }]\n\
        [union.word]\nfields = [{ name = \"a\", type = \"u32\" }]\n\
        [enum.op]\nrepr = \"u32\"\nvariants = [{ name = \"read\", value = 1 }]\n\
        [flags.mode]\nrepr = \"u32\"\nbits = [{ name = \"wait\", value = 1 }]\n\
        [extern.addr]\nc = \"struct in_addr\"\nsize = 4\nalign = 4\n";

    /// What is advised when clang says this, `HEADER` being the generated one.
    fn advised(messages: &str) -> Vec<String> {
        let loaded = load_with(Path::new("a.toml"), &mut |_: &Path| Ok(SPEC.to_owned()), &Options::default());
        let header = Path::new("out/a.h");
        advice(&messages.replace("HEADER", "/tmp/out/a.h"), &loaded.expect("a spec"), header)
    }

    fn at(place: &str, what: &str, whose: &str, name: &str) -> String {
        let kernel = whose.contains("vmlinux.h");
        let otherwise = if kernel { "" } else { ", or remove that one and use the generated one" };
        format!(
            "`{name}` of {place} is `{what}` in C, and so is {whose}: give it another name in the spec, such as `a_{name}`{otherwise}"
        )
    }

    #[test]
    fn each_kind_of_type_is_called_as_c_does() {
        let said = |name: &str| {
            advised(&format!(
                "own.h:3:8: error: redefinition of '{name}'\nHEADER:9:8: note: previous definition is here\n"
            ))
        };
        assert_eq!(said("key"), [at("a.toml:2:9", "struct key", "that of own.h", "key")]);
        assert_eq!(said("word"), [at("a.toml:4:8", "union word", "that of own.h", "word")]);
        assert_eq!(said("op"), [at("a.toml:6:7", "enum op", "that of own.h", "op")]);
        assert_eq!(said("mode"), [at("a.toml:9:8", "enum mode", "that of own.h", "mode")]);
        assert_eq!(said("addr"), [at("a.toml:12:9", "type addr", "that of own.h", "addr")]);
        assert_eq!(said("another"), [""; 0]);
    }

    #[test]
    fn the_other_file_is_named_whoever_came_first() {
        let kernel = "the kernel's, in vmlinux.h";
        let first = "HEADER:9:8: error: redefinition of 'key'\n/usr/vmlinux.h:7:8: note: previous definition is here\n";
        assert_eq!(advised(first), [at("a.toml:2:9", "struct key", kernel, "key")]);
        let second = "vmlinux.h:7:8: error: redefinition of 'key'\nHEADER:9:8: note: previous definition is here\n";
        assert_eq!(advised(second), [at("a.toml:2:9", "struct key", kernel, "key")]);
        for (error, note) in [("own.h", "other.h"), ("HEADER", "HEADER")] {
            let said =
                format!("{error}:3:8: error: redefinition of 'key'\n{note}:7:8: note: previous definition is here\n");
            assert_eq!(advised(&said), [""; 0], "{error} {note}");
        }
    }

    #[test]
    fn the_note_is_the_one_behind_the_error() {
        let said = "early.h:1:1: note: previous definition is here\nHEADER:9:8: error: redefinition of 'key'\n struct key {\n\
            late.h:7:8: note: previous definition is here\n";
        assert_eq!(advised(said), [at("a.toml:2:9", "struct key", "that of late.h", "key")]);
        assert_eq!(advised("HEADER:9:8: error: redefinition of 'key'\n"), [""; 0]);
    }

    #[test]
    fn values_are_told_with_their_enum_and_each_once() {
        let value = |name: &str| {
            format!(
                "own.h:3:8: error: redefinition of enumerator '{name}'\nHEADER:9:8: note: previous definition is here\n"
            )
        };
        let read = "a.toml:8:22 is `OP_READ` in C, and so is that of own.h: give the enum `op` another `prefix`";
        assert_eq!(advised(&value("OP_READ")), [read]);
        assert_eq!(advised(&value("OP_READ").repeat(2)), [read]);
        let wait = "a.toml:11:18 is `MODE_WAIT` in C, and so is that of own.h: give the enum `mode` another `prefix`";
        assert_eq!(advised(&(value("OP_READ") + &value("MODE_WAIT"))), [read, wait]);
    }

    #[test]
    fn a_name_of_another_kind_is_a_clash_too_and_other_errors_are_none() {
        let said = |error: &str| {
            advised(&format!("HEADER:9:8: error: {error}\nown.h:3:8: note: previous use is here\n")).len()
        };
        assert_eq!(said("use of 'key' with tag type that does not match previous declaration"), 1);
        assert_eq!(said("redefinition of 'op' as different kind of symbol"), 1);
        assert_eq!(said("use of 'key' as a value"), 0);
        assert_eq!(said("unknown type name 'key'"), 0);
        assert_eq!(said("redefinition of 'key"), 0);
    }
}

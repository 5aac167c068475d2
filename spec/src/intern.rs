//! Interned strings: `[intern.PATH]` is short for the structs and maps of a dictionary, and `intern[PATH]` for the id of a
//! string in it.
//!
//! They are written out here, as if the user had, before anything is checked; so whatever knows structs and maps (layouts,
//! both emitters, memory, locks, checks, rules of what breaks) knows dictionaries. What is more to them, the functions that
//! put strings in and read them, hangs on [`Intern`](crate::model::Intern).
//!
//! **Ids.** An id is a hash of the string's bytes, of 64 bits. If another string has it already, it is the next number that
//! is free, of [`Intern::PROBES`](crate::model::Intern::PROBES). So it tells nothing else but the string, two CPUs that meet a string at once give it the same,
//! and a string that was removed and comes back gets the one it had. 0 is no string.

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    names,
    source::Span,
    spec::{
        At, Body, Definition, FieldDef, FieldKind, FieldMore, InternDef, MapDef, MapSettings, Number, RecordDef, Shape,
        Spec, Text,
    },
    suggest,
};

/// Names of what a dictionary consists of. `strings` is a map, `interning` both a struct and a map.
pub(crate) struct Parts {
    /// What they all start with: `path`.
    pub(crate) base: String,
    pub(crate) id: String,
    pub(crate) string: String,
    pub(crate) interning: String,
    pub(crate) strings: String,
}

impl Parts {
    /// Those of a length.
    pub(crate) fn of(length: &str) -> Self {
        let base = names::upper_snake(length).to_ascii_lowercase();
        Parts {
            id: format!("{base}_id"),
            string: format!("{base}_string"),
            interning: format!("{base}_interning"),
            strings: format!("{base}_strings"),
            base,
        }
    }
}

/// Writes every dictionary out, after all else. One that is no dictionary of a length is reported and left out; of one that
/// says something wrong, the rest is there, so that what refers to it is not wrong, too.
pub(crate) fn expand(spec: &mut Spec, cx: &mut Diagnostics) {
    let mut interns = std::mem::take(&mut spec.interns);
    for index in 0..interns.len() {
        let (before, rest) = interns.split_at_mut(index);
        let def = &mut rest[0];
        def.sound &= is_new(def, before, cx) && is_length(def, spec, cx);
        if def.sound {
            check_kind(def, cx);
            check_profiles(def, spec, cx);
            spec.types.extend(structs(def).into_iter().map(Definition::Record));
            spec.maps.extend(maps(def));
        }
    }
    spec.interns = interns;
}

/// A length has one dictionary.
fn is_new(def: &InternDef, before: &[InternDef], cx: &mut Diagnostics) -> bool {
    let Some(first) = before.iter().find(|first| first.name.value == def.name.value) else { return true };
    let message = format!("the dictionary `{}` is defined twice", def.name.value.escape_debug());
    cx.push(
        Diagnostic::new(Code::DuplicateName, message, def.name.span, "defined again")
            .also(first.name.span, "first defined here")
            .help("remove one of the two; strings that are kept apart need a length of their own"),
    );
    false
}

/// It is named after the length of its strings.
fn is_length(def: &InternDef, spec: &Spec, cx: &mut Diagnostics) -> bool {
    let name = &def.name.value;
    let mut lengths = spec.lengths.iter().map(|length| length.name.value.as_str());
    if lengths.clone().any(|length| length == name) {
        return true;
    }
    let message = format!("there is no length `{}`", name.escape_debug());
    let unknown = Diagnostic::new(Code::UnknownName, message, def.name.span, "a dictionary has the name of a length");
    let near = suggest::nearest(name, &mut lengths).map(|near| format!("did you mean `[intern.{near}]`?"));
    cx.push(unknown.help(near.unwrap_or_else(|| {
        "define the length of its longest string, the NUL included, under `[lengths]`: `PATH = 512`".to_owned()
    })));
    false
}

/// Strings are found by their ids, so the map is a hash; any other kind is reported and taken for one.
fn check_kind(def: &mut InternDef, cx: &mut Diagnostics) {
    if let Some(kind) = def.settings.kind.take_if(|kind| !is_hash(kind)) {
        cx.push(no_hash(&kind));
    }
}

fn is_hash(kind: &At<String>) -> bool {
    matches!(kind.value.as_str(), "hash" | "lru_hash")
}

fn no_hash(kind: &At<String>) -> Diagnostic {
    let message = format!("a dictionary cannot be of the type `{}`", kind.value.escape_debug());
    Diagnostic::new(Code::InvalidValue, message, kind.span, "expected `hash` or `lru_hash`")
        .note("every CPU finds a string by its id, a hash of 64 bits")
        .help(
            "leave `type` out for a `hash`; an `lru_hash` drops what was not used for long, also if ids of it are kept",
        )
}

/// Profiles change the map of strings as any other, but not to another kind of map, and not what CPUs work in.
fn check_profiles(def: &InternDef, spec: &Spec, cx: &mut Diagnostics) {
    let parts = Parts::of(&def.name.value);
    for map in spec.profiles.iter().flat_map(|profile| &profile.maps) {
        let kind = map.settings.kind.as_ref().filter(|_| map.name.value == parts.strings);
        if let Some(kind) = kind.filter(|kind| !is_hash(kind)) {
            cx.push(no_hash(kind));
        }
        if map.name.value == parts.interning {
            let message = format!("the map `{}` is what `[intern.{}]` needs", parts.interning, def.name.value);
            cx.push(
                Diagnostic::new(Code::Profile, message, map.name.span, "has nothing to override")
                    .help(format!("what a profile can change is `map.{}`", parts.strings)),
            );
        }
    }
}

fn structs(def: &InternDef) -> [RecordDef; 3] {
    let parts = Parts::of(&def.name.value);
    let length = &def.name.value;
    let described = |doc: &str| FieldMore { doc: (!doc.is_empty()).then(|| doc.to_owned()), ..FieldMore::NONE };
    let field = |name: &str, ty: &str, doc: &str| field(def.name.span, name, ty, described(doc));
    let text = FieldMore {
        // Whole words are hashed and compared.
        align: Some(At { value: 8, span: def.name.span }),
        ..described("The string; what does not fit is cut off, and marked as any `str` is.")
    };
    let aligned = self::field(def.name.span, "text", &format!("str[{length}]"), text);
    [
        record(
            def,
            &parts.id,
            &format!("An interned string of up to {length} bytes: its id in `{}`; 0 for none.", parts.strings),
            vec![field("id", "u64", "")],
        ),
        record(
            def,
            &parts.string,
            "An interned string.",
            vec![
                field("used", "ktime", "When it was last met, to about a second."),
                field("size", "u32", "Bytes of `text` in use, its NUL included."),
                aligned,
            ],
        ),
        record(
            def,
            &parts.interning,
            "What a CPU puts a string together in, and what became of those it met.",
            vec![
                field("busy", "u64", "Programs that are at it; a second one that interrupts the first cannot."),
                field("hits", "u64", "Strings that were there."),
                field("inserts", "u64", "Strings that were new."),
                field("lost_full", "u64", "New strings that found no room."),
                field("lost_collision", "u64", "New strings all of whose ids other strings had."),
                field("lost_unreadable", "u64", "Strings that could not be read."),
                field("lost_busy", "u64", "Strings that were met while another one was put together on this CPU."),
                field("string", &parts.string, "The string."),
            ],
        ),
    ]
}

fn record(def: &InternDef, name: &str, doc: &str, fields: Vec<FieldDef>) -> RecordDef {
    RecordDef {
        name: At { value: name.to_owned(), span: def.name.span },
        c: None,
        shape: Shape::Struct,
        body: Body { doc: Some(doc.to_owned()), packed: None, align: None, fields: Some(fields) },
        tag: None,
        rooms: None,
        reserved: Vec::new(),
    }
}

fn field(span: Span, name: &str, ty: &str, more: FieldMore) -> FieldDef {
    let kind = FieldKind::Named { name: At { value: name.to_owned(), span }, ty: text(span, ty) };
    FieldDef { span, kind, more: Some(Box::new(more)) }
}

/// A text that stands nowhere: places in it are where the dictionary is named.
fn text(span: Span, value: &str) -> Text {
    Text { value: value.to_owned(), span, inner: None }
}

fn maps(def: &InternDef) -> [MapDef; 2] {
    let parts = Parts::of(&def.name.value);
    let span = def.name.span;
    let at = |value: &str| At { value: value.to_owned(), span };
    let map = |name: &str, doc: String, settings: MapSettings, key: &str, value: &str| MapDef {
        name: at(name),
        c: None,
        doc: Some(doc),
        settings,
        key: Some(text(span, key)),
        value: Some(text(span, value)),
        events: None,
        inner: None,
        map_extra: None,
        numa_node: None,
        budget: None,
        sound: true,
    };
    let kind = def.settings.kind.clone().or_else(|| Some(at("hash")));
    let doc = def.doc.clone().unwrap_or_else(|| format!("Strings of up to {} bytes, by their ids.", def.name.value));
    let strings = MapDef {
        budget: def.budget.clone(),
        ..map(&parts.strings, doc, MapSettings { kind, ..def.settings.clone() }, &parts.id, &parts.string)
    };
    let one = MapSettings {
        kind: Some(at("percpu_array")),
        max_entries: Some(Number::Integer(At { value: 1, span })),
        ..MapSettings::default()
    };
    let doc = format!("One entry, in which each CPU puts strings of `{}` together, and counts them.", parts.strings);
    [strings, map(&parts.interning, doc, one, "u32", &parts.interning)]
}

//! Where the kernel's own fields may stand (`btf_parse_fields` in `kernel/bpf/btf.c`, `map_check_btf` in
//! `kernel/bpf/syscall.c`).

use super::{
    maps::rule_of,
    records::Checked,
    types::{Types, element},
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    kernel::{FieldSupport, KernelField},
    model::{Field, Map, Record, RecordKind, Type, TypeDef},
    source::Span,
    spec::At,
    word::Word,
};

/// What a kernel field is for; decides where it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Class {
    /// Locks: one in a struct, in the struct itself.
    Lock,
    /// Timers, work queues, task work: one of each, in the struct itself.
    Callback,
    /// Heads of lists and roots of trees: also in arrays and nested structs.
    Root,
    /// Nodes of lists and trees: in objects that a program allocates.
    Node,
    /// Reference counts: one, in the struct itself.
    Count,
    /// Pointers to kernel objects: also in arrays and nested structs.
    Kptr,
}

impl Class {
    fn of(ty: &Type) -> Option<Class> {
        match ty {
            Type::Kptr(..) => Some(Class::Kptr),
            Type::Kernel(field) => Some(match field {
                KernelField::SpinLock | KernelField::ResSpinLock => Class::Lock,
                KernelField::Timer | KernelField::Workqueue | KernelField::TaskWork => Class::Callback,
                KernelField::ListHead | KernelField::RbRoot => Class::Root,
                KernelField::ListNode | KernelField::RbNode => Class::Node,
                KernelField::Refcount => Class::Count,
            }),
            _ => None,
        }
    }

    /// Whether it may lie in arrays and in structs within structs.
    const fn nests(self) -> bool {
        matches!(self, Class::Root | Class::Kptr)
    }

    fn supported(self, support: FieldSupport) -> bool {
        match self {
            Class::Lock => support.locks,
            Class::Callback => support.callbacks,
            Class::Root => support.roots,
            Class::Count | Class::Kptr => support.kptrs,
            Class::Node => false,
        }
    }
}

/// A kernel field that a type holds, itself or somewhere inside.
#[derive(Clone, Copy)]
struct Held {
    class: Class,
    /// Where its type is written.
    span: Span,
}

/// Checks where the kernel's fields stand, in records and in maps.
pub(super) fn check_placement(types: &[TypeDef], maps: &[Map], cx: &mut Diagnostics) {
    let mut held: Vec<Vec<Held>> = Vec::with_capacity(types.len());
    for def in types {
        held.push(match def {
            TypeDef::Record(record) => check_record(record, types, &held, cx),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => Vec::new(),
        });
    }
    for map in maps {
        check_map(map, types, &held, cx);
    }
}

/// What the type of a field holds. At most one of each class is kept: no rule counts beyond the record itself.
fn held_by(ty: &Type, span: Span, held: &[Vec<Held>]) -> Vec<Held> {
    let inner = element(ty);
    if let Some(class) = Class::of(inner) {
        return vec![Held { class, span }];
    }
    match inner {
        Type::Def(id) => held.get(id.0 as usize).cloned().unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn check_record(record: &Record, types: &[TypeDef], held: &[Vec<Held>], cx: &mut Diagnostics) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for field in &record.fields {
        for inside in held_by(&field.ty, field.ty_span, held) {
            if let Some(wrong) = misplaced(record, field, inside, types) {
                cx.push(wrong);
            }
            if !all.iter().any(|known| known.class == inside.class) {
                all.push(inside);
            }
        }
    }
    check_single(record, cx);
    all
}

/// Why a kernel field cannot stand in this field of this record, if it cannot.
fn misplaced(record: &Record, field: &Field, inside: Held, types: &[TypeDef]) -> Option<Diagnostic> {
    let what = spelled(element(&field.ty), types);
    let (label, note) = if record.kind == RecordKind::Union {
        ("the kernel cannot know when it is in use", "no field that the kernel manages may lie in a union")
    } else if record.kind != RecordKind::Struct {
        ("an event is copied to userspace", "fields that the kernel manages live in map values")
    } else if record.packed.is_some() {
        ("may be misaligned", "the kernel refuses a field that is not aligned as its type (`btf_find_field`)")
    } else if inside.class.nests() {
        return None;
    } else if matches!(field.ty, Type::Array(..)) {
        ("is an array", "only kptrs, `bpf_list_head` and `bpf_rb_root` may lie in arrays")
    } else if matches!(field.ty, Type::Def(_)) {
        ("lies in a struct within a struct", "only kptrs, `bpf_list_head` and `bpf_rb_root` may lie in nested structs")
    } else {
        return None;
    };
    let message = format!("`{}` of `{}` cannot be {what}", field.name.spec, record.name.spec);
    let wrong = Diagnostic::new(Code::MisplacedType, message, field.ty_span, label).note(note);
    let wrong = if inside.span == field.ty_span { wrong } else { wrong.also(inside.span, "the kernel's field") };
    Some(wrong.help("put it directly into the struct that is the map's value"))
}

fn spelled(ty: &Type, types: &[TypeDef]) -> String {
    match ty {
        Type::Kernel(field) => format!("a `{}`", field.info().name),
        Type::Kptr(kind, target) => format!("a `{}[{target}]`", kind.name()),
        Type::Def(id) => match types.get(id.0 as usize) {
            Some(def) => format!("`{}`", def.name().spec),
            None => "this".to_owned(),
        },
        _ => "this".to_owned(),
    }
}

/// One lock, and one of each callback and count, in a record.
fn check_single(record: &Record, cx: &mut Diagnostics) {
    let mut seen: Vec<(Class, KernelField, &Field)> = Vec::new();
    for field in &record.fields {
        let (Type::Kernel(kernel), Some(class)) = (&field.ty, Class::of(&field.ty)) else { continue };
        if !matches!(class, Class::Lock | Class::Callback | Class::Count) {
            continue;
        }
        let same = |(other, earlier, _): &&(Class, KernelField, &Field)| {
            *other == class && (class == Class::Lock || earlier == kernel)
        };
        if let Some((_, _, first)) = seen.iter().find(same) {
            let what = if class == Class::Lock { "lock" } else { kernel.info().name };
            let message = format!("`{}` has a second {what}", record.name.spec);
            cx.push(
                Diagnostic::new(Code::MisplacedType, message, field.ty_span, "one too many")
                    .also(first.ty_span, "the first one")
                    .note("the kernel takes one of them in a map value (`btf_parse_fields`)"),
            );
        }
        seen.push((class, *kernel, field));
    }
}

fn check_map(map: &Map, types: &[TypeDef], held: &[Vec<Held>], cx: &mut Diagnostics) {
    if let Some(key) = &map.key {
        for inside in held_by(key, map.key_span, held) {
            let message = format!("the key of `{}` holds a field that the kernel manages", map.name.spec);
            cx.push(
                Diagnostic::new(Code::MisplacedType, message, map.key_span, "is compared byte by byte")
                    .also(inside.span, "the kernel's field"),
            );
        }
    }
    let Some(value) = &map.value else { return };
    let all = held_by(value, map.value_span, held);
    if !all.is_empty() && !matches!(value, Type::Def(_)) {
        let message = format!("the value of `{}` is {} and no struct", map.name.spec, spelled(element(value), types));
        cx.push(
            Diagnostic::new(Code::MisplacedType, message, map.value_span, "needs a struct around it")
                .help("define a struct with this field and make it the value"),
        );
        return;
    }
    for inside in &all {
        if let Some(wrong) = unsupported(map, *inside) {
            cx.push(wrong);
        }
    }
    let has = |class: Class| all.iter().find(|inside| inside.class == class);
    if let Some(root) = has(Class::Root).filter(|_| has(Class::Lock).is_none()) {
        let message = format!("the value of `{}` has a list or tree, but no lock", map.name.spec);
        cx.push(
            Diagnostic::new(Code::MisplacedType, message, root.span, "needs a lock in the same struct")
                .also(map.value_span, "used as a value here")
                .help("add `{ name = \"lock\", type = \"bpf_spin_lock\" }` to the struct"),
        );
    }
}

fn unsupported(map: &Map, inside: Held) -> Option<Diagnostic> {
    let kind = map.kind;
    if let Some(flag) = map.flags.iter().find(|flag| matches!(flag.name, "rdonly_prog" | "wronly_prog")) {
        let message = format!("`{}` has the flag `{}` and a field that the kernel manages", map.name.spec, flag.name);
        return Some(
            Diagnostic::new(Code::MisplacedType, message, map.name.span, "programs must read and write it")
                .also(inside.span, "the kernel's field")
                .note("the kernel checks this in `map_check_btf`"),
        );
    }
    if inside.class == Class::Node {
        let message = format!("the value of `{}` holds a node of a list or tree", map.name.spec);
        return Some(
            Diagnostic::new(Code::MisplacedType, message, inside.span, "belongs in an allocated object")
                .also(map.value_span, "used as a value here")
                .note("nodes lie in objects that a program allocates with `bpf_obj_new`"),
        );
    }
    if inside.class.supported(kind.fields) {
        return None;
    }
    let message = format!("a map of type `{}` cannot hold this field", kind.name);
    Some(
        Diagnostic::new(Code::MisplacedType, message, inside.span, "not supported by the map's type")
            .also(map.value_span, "used as a value here")
            .note(if kind.fields == NO_SUPPORT {
                rule_of(kind)
            } else {
                "the kernel checks this in `map_check_btf`".into()
            }),
    )
}

const NO_SUPPORT: FieldSupport = FieldSupport { locks: false, callbacks: false, roots: false, kptrs: false };

/// `contains = "struct.field"` of list heads and tree roots: what they hold must be a struct with such a node.
pub(super) fn check_contains(
    checked: &[Checked<'_>],
    defs: &mut [Option<TypeDef>],
    types: &Types<'_>,
    cx: &mut Diagnostics,
) {
    for record in checked {
        for (index, def) in record.body.fields.iter().flatten().enumerate() {
            let Some(Some(TypeDef::Record(own))) = defs.get(record.id.0 as usize) else { continue };
            let found = check_contained(&own.fields[index], def.more().contains.as_ref(), defs, types, cx);
            if let Some(Some(TypeDef::Record(own))) = defs.get_mut(record.id.0 as usize) {
                own.fields[index].contains = found.map(Box::new);
            }
        }
    }
}

fn check_contained(
    field: &Field,
    contains: Option<&At<String>>,
    defs: &[Option<TypeDef>],
    types: &Types<'_>,
    cx: &mut Diagnostics,
) -> Option<(Word, Word)> {
    let node = match element(&field.ty) {
        Type::Kernel(KernelField::ListHead) => KernelField::ListNode,
        Type::Kernel(KernelField::RbRoot) => KernelField::RbNode,
        _ => {
            if let Some(contains) = contains {
                let message = format!("`{}` contains no nodes", field.name.spec);
                cx.push(
                    Diagnostic::new(Code::MisplacedType, message, contains.span, "has no effect")
                        .also(field.ty_span, "neither `bpf_list_head` nor `bpf_rb_root`")
                        .help("remove `contains`"),
                );
            }
            return None;
        }
    };
    let node = node.info().name;
    let Some(contains) = contains else {
        let message = format!("`{}` does not say what it contains", field.name.spec);
        cx.push(
            Diagnostic::new(Code::MissingKey, message, field.ty_span, "`contains` is missing")
                .help(format!("write `contains = \"STRUCT.FIELD\"`, where FIELD is a `{node}`")),
        );
        return None;
    };
    let found = find_node(&contains.value, node, defs, types);
    if found.is_none() {
        let message = format!("`{}` is no `{node}` of a struct", contains.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::UnknownName, message, contains.span, "not found")
                .help(format!("write `contains = \"STRUCT.FIELD\"`, where FIELD is a `{node}`")),
        );
    }
    found
}

/// The C names of a struct and its node.
fn find_node(path: &str, node: &str, defs: &[Option<TypeDef>], types: &Types<'_>) -> Option<(Word, Word)> {
    let (record, field) = path.split_once('.')?;
    let (index, _) = types.find(record)?;
    let Some(Some(TypeDef::Record(record))) = defs.get(index) else { return None };
    let field = record.fields.iter().find(|candidate| candidate.name.spec == field)?;
    let is_node = matches!(field.ty, Type::Kernel(kernel) if kernel.info().name == node);
    is_node.then(|| (record.name.c.clone(), field.name.c.clone()))
}

//! Dependency order: a definition precedes its users, otherwise the order of the file holds.

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{RecordKind, TagValue, Type, TypeDef, TypeId},
};

use super::types::element;

/// Puts definitions, given by provisional id, in dependency order and renumbers every id in them. The first `roots`
/// are definitions of the file, in its order; what follows are unnamed members, which come just before their parents.
///
/// `None` if a type contains itself, which has been reported.
pub(super) struct Ordered {
    pub(super) types: Vec<TypeDef>,
    /// By provisional id; `None` for what is no definition (aliases).
    pub(super) ids: Vec<Option<TypeId>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the path from a root.
    Open,
    Done,
}

/// See [`Ordered`].
pub(super) fn order(defs: Vec<Option<TypeDef>>, roots: usize, cx: &mut Diagnostics) -> Option<Ordered> {
    let mut marks = vec![Mark::New; defs.len()];
    let mut sequence = Vec::with_capacity(defs.len());
    let mut sound = true;
    for root in 0..roots {
        sound &= visit(&defs, root, &mut marks, &mut sequence, cx);
    }
    sound.then(|| renumber(defs, &sequence))
}

/// Depth first from one root. The stack is explicit: a chain of structs may be as long as the file.
fn visit(
    defs: &[Option<TypeDef>],
    root: usize,
    marks: &mut [Mark],
    sequence: &mut Vec<usize>,
    cx: &mut Diagnostics,
) -> bool {
    let mut sound = true;
    let mut path: Vec<(usize, usize)> = Vec::new();
    if marks[root] == Mark::New {
        marks[root] = Mark::Open;
        path.push((root, 0));
    }
    while let Some((node, next)) = path.last_mut() {
        let Some(dependency) = next_dependency(&defs[*node], next) else {
            marks[*node] = Mark::Done;
            sequence.push(*node);
            path.pop();
            continue;
        };
        match marks[dependency] {
            Mark::Done => {}
            Mark::New => {
                marks[dependency] = Mark::Open;
                path.push((dependency, 0));
            }
            Mark::Open => {
                sound = false;
                report_recursion(defs, &path, dependency, cx);
            }
        }
    }
    sound
}

/// The definition that the next field from `next` on contains; moves `next` behind it.
fn next_dependency(def: &Option<TypeDef>, next: &mut usize) -> Option<usize> {
    let Some(TypeDef::Record(record)) = def else { return None };
    while let Some(field) = record.fields.get(*next) {
        *next += 1;
        if let Type::Def(id) = element(&field.ty) {
            return Some(id.0 as usize);
        }
    }
    None
}

fn report_recursion(defs: &[Option<TypeDef>], path: &[(usize, usize)], back_to: usize, cx: &mut Diagnostics) {
    let Some((TypeDef::Record(inner), next)) =
        path.last().and_then(|(node, next)| Some((defs[*node].as_ref()?, *next)))
    else {
        return;
    };
    let Some(outer) = defs[back_to].as_ref() else { return };
    let field = &inner.fields[next - 1];
    let name = &outer.name().spec;
    let start = path.iter().position(|(node, _)| *node == back_to).unwrap_or(0);
    // Unnamed members are no name that a reader knows.
    let named = |node: usize| match defs[node].as_ref()? {
        TypeDef::Record(record) if record.anonymous => None,
        def => Some(format!("`{}`", def.name().spec)),
    };
    let mut circle: Vec<String> = path[start..].iter().take(10).filter_map(|(node, _)| named(*node)).collect();
    circle.push(format!("`{name}`"));
    let mut recursion =
        Diagnostic::new(Code::Recursion, format!("`{name}` contains itself"), field.ty_span, "would never end");
    if circle.len() > 2 {
        recursion = recursion.also(outer.name().span, "defined here").note(circle.join(" contains "));
    }
    cx.push(recursion.help("a field that refers to another record holds its address (`ptr`) or its key"));
}

fn renumber(defs: Vec<Option<TypeDef>>, sequence: &[usize]) -> Ordered {
    let mut ids = vec![None; defs.len()];
    let present: Vec<usize> = sequence.iter().copied().filter(|&old| defs[old].is_some()).collect();
    for (new, &old) in (0..).zip(&present) {
        ids[old] = Some(TypeId(new));
    }
    let mut defs = defs;
    let mut types: Vec<TypeDef> = present.iter().filter_map(|&old| defs[old].take()).collect();
    for def in &mut types {
        if let TypeDef::Record(record) = def {
            renumber_record(record, &ids);
        }
    }
    Ordered { types, ids }
}

fn renumber_record(record: &mut crate::model::Record, ids: &[Option<TypeId>]) {
    if let RecordKind::Event { tag: Some(tag) } = &mut record.kind {
        renumber_value(&mut tag.value, ids);
    }
    for field in &mut record.fields {
        renumber_type(&mut field.ty, ids);
        field.when.iter_mut().for_each(|value| renumber_value(value, ids));
    }
}

fn renumber_value(value: &mut TagValue, ids: &[Option<TypeId>]) {
    if let TagValue::Variant(id, _) = value {
        renumber_id(id, ids);
    }
}

/// Replaces a provisional id in a type by the final one.
pub(super) fn renumber_type(ty: &mut Type, ids: &[Option<TypeId>]) {
    match ty {
        Type::Array(element, _) => renumber_type(element, ids),
        Type::Def(id) => renumber_id(id, ids),
        Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => {}
    }
}

/// Replaces a provisional id by the final one. A definition in which something was wrong has none, and there will be no
/// model; what is looked at until then must not take another for it.
pub(super) fn renumber_id(id: &mut TypeId, ids: &[Option<TypeId>]) {
    const NO_DEFINITION: TypeId = TypeId(u32::MAX);
    *id = ids.get(id.0 as usize).copied().flatten().unwrap_or(NO_DEFINITION);
}

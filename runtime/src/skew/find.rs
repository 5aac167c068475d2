//! Types of the other layout by the name that ours has.

use std::{format, string::String, vec::Vec};

use bpf_layout_btf::{Btf, Error, Kind, TypeId};

use super::theirs::{self, Theirs, look};
use crate::shape::{Shape, TypeInfo};

/// The types that have the name of ours, as C writes it: those that share most fields with it, several if these are as
/// many.
///
/// An event of the spec is called `exec`, in C `exec_event`, since the kernel may well have a `struct exec` of its own.
pub(super) fn candidates(btf: &Btf<'_>, shape: &Shape) -> Result<Vec<TypeId>, Error> {
    let (Shape::Record(info) | Shape::Union(info)) = shape else { return Ok(Vec::new()) };
    let mut best: (usize, Vec<TypeId>) = (1, Vec::new());
    for id in named(btf, info.name) {
        let Theirs::Record(record) = look(btf, id)? else { continue };
        let members = theirs::members(btf, &record)?;
        let shared = info.fields().filter(|field| theirs::named(&members, info.c_name(field.name)).is_some()).count();
        let shared = if is_empty(info) { 1 } else { shared };
        match shared.cmp(&best.0) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => best.1.push(id),
            std::cmp::Ordering::Greater => best = (shared, Vec::from([id])),
        }
    }
    Ok(best.1)
}

/// Whether a record has no field of its own name to know it by: bitfields or unnamed members alone.
fn is_empty(info: &TypeInfo) -> bool {
    let has_name = |shape: &Shape| !matches!(shape, Shape::BitRun(_) | Shape::Padding(_));
    !info.fields().any(|field| has_name(field.shape) && !field.name.starts_with("anon"))
}

/// Most types of one name that are looked at: hostile input must not take time without end.
const MAX_CANDIDATES: usize = 64;

fn named(btf: &Btf<'_>, name: &str) -> Vec<TypeId> {
    let names: [String; 3] = [format!("{name}_event"), name.into(), format!("{name}_")];
    let kinds = [Kind::Struct, Kind::Union, Kind::Typedef];
    let all = names.iter().flat_map(|name| kinds.map(|kind| btf.find_all(kind, name).collect::<Vec<_>>()));
    let mut ids: Vec<TypeId> = all.flatten().filter(|id| is_own(btf, *id)).take(MAX_CANDIDATES).collect();
    ids.dedup();
    ids
}

/// Whether a type has its name itself, or is a typedef of one that has none.
fn is_own(btf: &Btf<'_>, id: TypeId) -> bool {
    let is_typedef = btf.get(id).is_some_and(|ty| ty.kind() == Kind::Typedef);
    !is_typedef || btf.resolve(id).is_ok_and(|ty| ty.name().is_empty())
}

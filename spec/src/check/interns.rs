//! Dictionaries of interned strings: which of the checked types and maps are whose.

use crate::{
    intern::Parts,
    model::{Intern, Map, MapId, Name, Spellings, TypeDef, TypeId},
    spec::Spec,
    word::Word,
};

/// Every dictionary of which all parts are sound. What is wrong with the others has been reported.
pub(super) fn find(spec: &Spec, types: &[TypeDef], maps: &[Map]) -> Vec<Intern> {
    let ty = |name: &str| {
        let found = (0..).map(TypeId).zip(types).find(|(_, def)| def.name().spec == name);
        found.map(|(id, _)| id)
    };
    let map = |name: &str| {
        let found = (0..).map(MapId).zip(maps).find(|(_, map)| map.name.spec == name);
        found.map(|(id, _)| id)
    };
    let of = |def: &crate::spec::InternDef| {
        let parts = Parts::of(&def.name.value);
        let base = Word::from(parts.base.as_str());
        let spellings = Spellings {
            spec: def.name.value.as_str().into(),
            upper: Word::in_upper_case(&base),
            rust: base.clone(),
            c: base,
        };
        Some(Intern {
            name: Name::new(spellings, def.name.span),
            id: ty(&parts.id)?,
            string: ty(&parts.string)?,
            interning: ty(&parts.interning)?,
            strings: map(&parts.strings)?,
            scratch: map(&parts.interning)?,
        })
    };
    spec.interns.iter().filter(|def| def.sound).filter_map(of).collect()
}

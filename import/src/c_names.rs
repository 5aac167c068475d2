//! Names that C has for what the spec calls otherwise.
//!
//! The language is asked what it calls everything in C. Where that is not the name of the source, the spec says so with `c`;
//! where the language refuses the name of the source, a comment does.

use std::collections::HashMap;

use bpf_layout_spec::{
    compare::ObservedType,
    diag::Severity,
    layout::Layouts,
    model::{Model, Record as ModelRecord, Type, TypeDef, Variant as ModelVariant},
};

use crate::{
    draft::{Body, Definition, Draft, Word},
    found::Found,
    refusal::load,
    toml::{self, Part, Text},
};

/// Says what C calls otherwise, as far as the language takes it. `layouts` is what the draft comes to without it.
pub(crate) fn keep(found: &Found<'_>, draft: &mut Draft, layouts: &Layouts, title: &str) -> Text {
    name(found, draft, &layouts.model);
    loop {
        let text = toml::text(draft, title);
        let Err(failure) = load(&text.toml) else { return text };
        let errors = failure.diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
        let mut dropped = false;
        for span in errors.filter_map(|error| error.primary.as_ref()).map(|label| label.span) {
            let at = span.start as usize;
            let token = text.toml.get(at..span.end as usize).unwrap_or_default().trim_matches('"');
            let part = text.parts.iter().find(|(range, _)| range.contains(&at)).map(|(_, part)| *part);
            dropped |= part.is_some_and(|part| drop_one(draft, part, token));
        }
        if !dropped {
            // Nothing that can be told apart: the names of the spec will do, as they did before.
            forget(draft);
            return toml::text(draft, title);
        }
    }
}

fn name(found: &Found<'_>, draft: &mut Draft, model: &Model) {
    let types: HashMap<&str, &TypeDef> = model.types.iter().map(|def| (def.name().spec.as_str(), def)).collect();
    for definition in &mut draft.definitions {
        let (Some(def), Some(source)) = (types.get(definition.name.as_str()), found.observed.types.get(definition.ty))
        else {
            continue;
        };
        name_definition(definition, def, source, model);
    }
    for map in draft.maps.iter_mut().filter(|map| !map.is_inner && map.refused.is_none()) {
        let known = model.maps.iter().find(|known| known.name.spec == map.name);
        let source = found.observed.maps.get(map.map).map_or("", |source| source.name);
        map.c = known.and_then(|known| other(&known.name.c, source));
    }
}

/// The name of the source, if there is one and C would have another.
fn other(in_c: &str, source: &str) -> Option<String> {
    (!source.is_empty() && source != in_c).then(|| source.to_owned())
}

fn name_definition(definition: &mut Definition, def: &TypeDef, source: &ObservedType<'_>, model: &Model) {
    match (&mut definition.body, def, source) {
        (Body::Record(word, record), TypeDef::Record(known), ObservedType::Record(source)) => {
            let keyword = if *word == Word::Union { "union" } else { "struct" };
            definition.c = if source.alias {
                Some(source.name.to_owned())
            } else {
                other(&known.name.c, source.name).map(|name| format!("{keyword} {name}"))
            };
            let mut fields = HashMap::new();
            add_fields(model, known, &mut fields);
            record.each_field(&mut |field| {
                let in_c = fields.get(field.name.as_str()).copied().unwrap_or_default();
                field.c = other(in_c, &field.source);
            });
        }
        (Body::Values(values), TypeDef::Enum(known), ObservedType::Enum(source)) => {
            definition.c = other(&known.name.c, source.name).map(|name| format!("enum {name}"));
            for variant in &mut values.variants {
                let of_name = |known: &&ModelVariant| known.name.spec == variant.name;
                let in_c = known.variants.iter().find(of_name).map_or("", |known| &known.name.c);
                variant.c = other(in_c, &variant.source);
            }
        }
        _ => {}
    }
}

/// Names of C by those of the spec, of a record and of the unnamed members in it.
fn add_fields<'m>(model: &'m Model, record: &'m ModelRecord, fields: &mut HashMap<&'m str, &'m str>) {
    for field in &record.fields {
        match (&field.ty, field.anonymous) {
            (Type::Def(id), true) => {
                if let TypeDef::Record(inner) = model.ty(*id) {
                    add_fields(model, inner, fields);
                }
            }
            _ => {
                fields.insert(&field.name.spec, &field.name.c);
            }
        }
    }
}

/// Takes back one name that was refused: `token` is the name in C, or that in the spec of what needs it.
fn drop_one(draft: &mut Draft, part: Part, token: &str) -> bool {
    let refused = |name: &str, c: &Option<String>| c.as_deref() == Some(token) || c.is_some() && name == token;
    let (Part::Definition(index) | Part::Map(index)) = part;
    if matches!(part, Part::Map(_)) {
        let map = &mut draft.maps[index];
        let c = map.c.take_if(|_| true);
        map.comments.extend(c.iter().map(|c| format!("C calls it {c}, which the language refuses")));
        return c.is_some();
    }
    let definition = &mut draft.definitions[index];
    let mut gone: Vec<(String, String)> = Vec::new();
    if refused(&definition.name, &definition.c) {
        gone.extend(definition.c.take().map(|c| (definition.name.clone(), c)));
    }
    match &mut definition.body {
        Body::Record(_, record) => record.each_field(&mut |field| {
            if refused(&field.name, &field.c) {
                gone.extend(field.c.take().map(|c| (field.name.clone(), c)));
            }
        }),
        Body::Values(values) => {
            for variant in values.variants.iter_mut().filter(|variant| refused(&variant.name, &variant.c)) {
                gone.extend(variant.c.take().map(|c| (variant.name.clone(), c)));
            }
        }
        Body::Extern(_) => {}
    }
    definition
        .comments
        .extend(gone.iter().map(|(name, c)| format!("C calls {name} {c}, which the language refuses as a name")));
    !gone.is_empty()
}

fn forget(draft: &mut Draft) {
    for definition in &mut draft.definitions {
        definition.c = None;
        match &mut definition.body {
            Body::Record(_, record) => record.each_field(&mut |field| field.c = None),
            Body::Values(values) => values.variants.iter_mut().for_each(|variant| variant.c = None),
            Body::Extern(_) => {}
        }
    }
    draft.maps.iter_mut().for_each(|map| map.c = None);
}

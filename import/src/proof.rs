//! Whether what was written says the same as what was found.

use std::{io, path::Path};

use bpf_layout_spec::{
    Options,
    compare::{Difference, ObservedType, compare_map_as, compare_type_as},
};

use crate::{Error, Found, Imported};

/// What became of everything that was found and crosses the boundary.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Types that have definitions, in the order of the text.
    pub types: Vec<Verdict>,
    /// Maps that are part of the spec, in the order of the text.
    pub maps: Vec<Verdict>,
}

/// What became of one type or map.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its index in `Observed::types` or `Observed::maps`.
    pub index: usize,
    /// Its name in the spec.
    pub name: String,
    /// How it is otherwise than it was found; `expected` is what the spec says.
    pub differences: Vec<Difference>,
    /// Whether the spec only says how large it is: an extern type.
    pub opaque: bool,
}

impl Verdict {
    /// Whether every byte means the same.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Proof {
    /// Whether everything is as it was found.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.types.iter().chain(&self.maps).all(Verdict::is_identical)
    }
}

/// Takes a text through the language, and holds each layout that comes of it against what was found: size, place and type of
/// every member, values of enums, parameters of maps.
///
/// # Errors
/// If the language refuses the text, which it does not as long as nobody has changed it.
pub fn compare(imported: &Imported, found: &Found<'_>) -> Result<Proof, Error> {
    let read = &mut |_: &Path| -> io::Result<String> { Ok(imported.toml.clone()) };
    let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default());
    let layouts = loaded.map_err(|failure| {
        let first = failure.diagnostics.first();
        Error::Refused(first.map(|diagnostic| diagnostic.message.clone()).unwrap_or_default())
    })?;
    let layouts = &layouts.layouts;
    let missing = |name: &str| Error::Refused(format!("`{name}` is not in the spec"));
    let mut proof = Proof::default();
    for (index, name) in &imported.types {
        let compared = compare_type_as(layouts, name, &found.observed, *index).ok_or_else(|| missing(name))?;
        let mut differences = compared.differences;
        let without_bytes = without_bytes(found, *index);
        differences.retain(|difference| {
            !is_filler(imported, name, difference) && !is_named(&without_bytes, "extra-field", difference)
        });
        proof.types.push(Verdict { index: *index, name: name.clone(), differences, opaque: compared.opaque });
    }
    for (index, name) in &imported.maps {
        let differences = compare_map_as(layouts, name, &found.observed, *index).ok_or_else(|| missing(name))?;
        proof.maps.push(Verdict { index: *index, name: name.clone(), differences, opaque: false });
    }
    Ok(proof)
}

/// Names of members that have no bytes: where an array begins whose length no type has. The text has them as comments.
fn without_bytes<'a>(found: &Found<'a>, index: usize) -> Vec<&'a str> {
    match found.observed.types.get(index) {
        Some(ObservedType::Record(record)) => {
            let empty = record.members.iter().filter(|member| member.bit_size == 0);
            empty.map(|member| member.name).collect()
        }
        _ => Vec::new(),
    }
}

fn is_named(names: &[&str], rule: &str, difference: &Difference) -> bool {
    difference.rule.id == rule && difference.field.as_deref().is_some_and(|field| names.contains(&field))
}

/// Whether all that is found is that the source has no name for bytes that it leaves unused.
fn is_filler(imported: &Imported, ty: &str, difference: &Difference) -> bool {
    let is_field = |(owner, field): &(String, String)| owner == ty && difference.field.as_ref() == Some(field);
    difference.rule.id == "missing-field" && imported.fillers.iter().any(is_field)
}

//! Asks libclang, through bindgen, how it reads the header.
//!
//! bindgen writes its numbers as assertions (`["Offset of field: a::b"][offset_of!(a, b) - 8usize]`) beside the types, and
//! these are what is read here. A record that Rust cannot express it makes opaque, and states its size and alignment alone.

use std::{collections::HashMap, path::Path};

use bpf_layout_spec::layout::Layouts;

use crate::{
    expected,
    facts::{Facts, What, Witness},
};

/// What bindgen says of the header in `folder`.
///
/// # Panics
/// If bindgen refuses the header.
#[must_use]
pub fn ask(layouts: &Layouts, header: &str, folder: &Path) -> Witness {
    let header = folder.join(header);
    let bindings = bindgen::Builder::default()
        .header(header.to_string_lossy())
        .layout_tests(true)
        .formatter(bindgen::Formatter::Prettyplease)
        .generate()
        .unwrap_or_else(|error| panic!("bindgen refuses {}: {error}", header.display()));
    let reading = Reading::of(&bindings.to_string());
    let mut facts = Facts::default();
    for (_, record) in expected::named_records(&layouts.model) {
        let name = &record.name.c;
        for what in [What::Size, What::Align] {
            if let Some(&number) = reading.types.get(&(name.clone(), what)) {
                facts.state(name, "", what, number);
            }
        }
        reading.state(name, name, 0, &mut facts);
    }
    rename_keywords(layouts, &mut facts);
    Witness { name: "bindgen (libclang)".to_owned(), facts, knows: &[What::Size, What::Align] }
}

/// bindgen appends `_` to what Rust reserves; the facts here have C's names.
fn rename_keywords(layouts: &Layouts, facts: &mut Facts) {
    let ours = expected::in_c(layouts);
    let mut renamed = Facts::default();
    for (fact, value) in facts.iter() {
        let stripped = fact.member.strip_suffix('_').unwrap_or(&fact.member);
        let known = ours.get(fact).is_some();
        renamed.state(&fact.ty, if known { &fact.member } else { stripped }, fact.what, value);
    }
    *facts = renamed;
}

/// The numbers in one output of bindgen.
#[derive(Default)]
struct Reading {
    types: HashMap<(String, What), u64>,
    /// By type: member and offset in bytes.
    offsets: HashMap<String, Vec<(String, u64)>>,
    /// By type and unnamed member: the member's type.
    unnamed: HashMap<(String, String), String>,
}

impl Reading {
    fn of(text: &str) -> Self {
        let mut reading = Reading::default();
        let mut record = String::new();
        // Long assertions are broken over several lines: a label waits for its number.
        let mut label = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub union ")) {
                record = name.trim_end_matches(" {").to_owned();
            } else if let Some(member) = line.strip_prefix("pub __bindgen_anon_") {
                let (number, ty) = member.trim_end_matches(',').split_once(": ").expect("a field has a type");
                reading.unnamed.insert((record.clone(), format!("__bindgen_anon_{number}")), ty.to_owned());
            }
            if let Some(text) = line.split('"').nth(1) {
                label = text.to_owned();
            }
            if let Some((_, number)) = line.strip_suffix("usize];").and_then(|line| line.rsplit_once(" - ")) {
                reading.number(&label, number.parse().expect("bindgen writes numbers"));
            }
        }
        reading
    }

    fn number(&mut self, label: &str, number: u64) {
        if let Some(ty) = label.strip_prefix("Size of ") {
            self.types.insert((ty.to_owned(), What::Size), number);
        } else if let Some(ty) = label.strip_prefix("Alignment of ") {
            self.types.insert((ty.to_owned(), What::Align), number);
        } else if let Some((ty, member)) =
            label.strip_prefix("Offset of field: ").and_then(|path| path.split_once("::"))
        {
            self.offsets.entry(ty.to_owned()).or_default().push((member.to_owned(), number));
        }
    }

    /// States the members of `ty`, and those of its unnamed members, as `record`'s.
    fn state(&self, record: &str, ty: &str, base: u64, facts: &mut Facts) {
        for (member, offset) in self.offsets.get(ty).into_iter().flatten() {
            let offset = base + offset;
            if let Some(inner) = self.unnamed.get(&(ty.to_owned(), member.clone())) {
                self.state(record, inner, offset, facts);
            } else if !member.starts_with("_bitfield_") && member != "_bindgen_opaque_blob" {
                facts.state(record, member, What::BitOffset, offset * 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assertions_are_read_through_unnamed_members() {
        let text = r#"
            pub struct a {
                pub __bindgen_anon_1: a__bindgen_ty_1,
            }
            const _: () = {
                ["Size of a"][::std::mem::size_of::<a>() - 24usize];
                [
                    "Offset of field: a::__bindgen_anon_1",
                ][::std::mem::offset_of!(a, __bindgen_anon_1) - 8usize];
                ["Offset of field: a__bindgen_ty_1::deep"][::std::mem::offset_of!(a__bindgen_ty_1, deep) - 4usize];
            };"#;
        let mut facts = Facts::default();
        Reading::of(text).state("a", "a", 0, &mut facts);
        let mut expected = Facts::default();
        expected.state("a", "deep", What::BitOffset, 96);
        assert_eq!(facts, expected);
    }
}

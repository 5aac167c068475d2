//! The proof: of each type and map, whether the spec says the same as what it was imported from.

use std::collections::BTreeMap;

use bpf_layout_import::{
    CompilerError, Error, Found, Imported, NoWitness, Verdict, Witness, compare, compare_profile, witness,
};

use super::source::compiler;
use crate::{args::Import, failure::Failure};

/// What the proof came to, and how it is told.
pub(super) struct Proven {
    pub(super) identical: bool,
    pub(super) text: String,
}

pub(super) fn prove(
    options: &Import,
    imported: &Imported,
    found: &Found<'_>,
    variants: &[(String, Found<'_>)],
) -> Result<Proven, Failure> {
    let refused =
        |error: Error| Failure::new(error, "this is a fault of the import: please report it, with what was imported");
    let proof = compare(imported, found).map_err(refused)?;
    let compiled = match witness(imported, found, &compiler(options)) {
        Ok(witness) => Ok(witness),
        Err(NoWitness::Compiler(CompilerError::Missing(why))) => Err(format!("not by clang: {why}")),
        Err(error) => return Ok(unproven(&error)),
    };
    let mut said = BTreeMap::new();
    if let Ok(witness) = &compiled {
        collect(witness, &mut said);
    }
    let mut table = Table::default();
    table.add("types", &proof.types, |verdict| said.get(&(false, verdict.name.as_str())).copied());
    table.add("maps", &proof.maps, |verdict| said.get(&(true, verdict.name.as_str())).copied());
    for (name, variant) in variants {
        let verdicts = compare_profile(imported, name, found, variant).map_err(refused)?;
        table.add(&format!("types, profile {name}"), &verdicts, |_| None);
    }
    let by = match compiled {
        Ok(_) => "compared by the layout engine, and by the BTF that clang makes of the generated header".to_owned(),
        Err(why) => format!("compared by the layout engine only, {why}"),
    };
    Ok(Proven { identical: table.identical, text: format!("{}{by}\n", table.text) })
}

fn unproven(error: &NoWitness) -> Proven {
    Proven { identical: false, text: format!("not proven: {error}\n") }
}

fn collect<'w>(witness: &'w Witness, said: &mut BTreeMap<(bool, &'w str), &'w [String]>) {
    for (is_map, testimonies) in [(false, &witness.types), (true, &witness.maps)] {
        for testimony in testimonies {
            said.insert((is_map, testimony.name.as_str()), testimony.differences.as_slice());
        }
    }
}

/// One line for each type and map, more for those that differ.
struct Table {
    text: String,
    identical: bool,
}

impl Default for Table {
    fn default() -> Self {
        Table { text: String::new(), identical: true }
    }
}

impl Table {
    fn add<'s>(&mut self, what: &str, verdicts: &'s [Verdict], compiled: impl Fn(&'s Verdict) -> Option<&'s [String]>) {
        let mut same = 0;
        let mut opaque = 0;
        for verdict in verdicts {
            let mut differences = verdict.sentences();
            for sentence in compiled(verdict).unwrap_or_default() {
                if !differences.contains(sentence) {
                    differences.push(format!("clang: {sentence}"));
                }
            }
            if !differences.is_empty() {
                self.identical = false;
                self.text += &format!("differs    {}\n", verdict.name);
                differences.iter().for_each(|sentence| self.text += &format!("           {sentence}\n"));
            } else if verdict.opaque {
                opaque += 1;
                self.text +=
                    &format!("as large   {} (of other headers: its size is compared, not its members)\n", verdict.name);
            } else {
                same += 1;
                self.text += &format!("identical  {}\n", verdict.name);
            }
        }
        if !verdicts.is_empty() {
            let opaque = if opaque > 0 { format!(", {opaque} as large") } else { String::new() };
            self.text += &format!("{same} of {} {what} identical{opaque}\n\n", verdicts.len());
        }
    }
}

//! A lock out of its text.
//!
//! Everything is checked that the writer guarantees: what a type is made of is defined before it, nothing is defined
//! twice, nothing is missing, and each fingerprint is that of what stands below it. So whoever edits a lock by hand, or
//! merges two, hears of it.

use std::collections::HashSet;

use super::{
    FORMAT, Lock, Locked, body,
    tokens::{self, Error, Line, WRITE_AGAIN, Word},
};
use crate::{
    definition::Definition,
    fingerprint::{Fingerprint, Known},
};

impl Lock {
    /// Reads the text of a lock.
    ///
    /// # Errors
    /// If it is of a newer format, has yet to be merged, is damaged, or was edited.
    pub fn parse(text: &str) -> Result<Lock, Error> {
        let lines = tokens::lines(text)?;
        let mut rest = lines.as_slice();
        format(&mut rest, text.len())?;
        let version = head(&mut rest, "version", text.len())?.value("a version")?.number("a version from 1 on")?;
        let base = section(&mut rest, &[])?;
        let mut profiles: Vec<(String, Vec<Locked>)> = Vec::new();
        while let Some((line, behind)) = rest.split_first() {
            let name = line.value("the name of a profile")?;
            if profiles.iter().any(|(known, _)| known == name.text) {
                return Err(name.error(format!("the profile `{}` stands here twice", name.text)));
            }
            rest = behind;
            profiles.push((name.text.to_owned(), section(&mut rest, &base)?));
        }
        Ok(Lock { version, base, profiles })
    }
}

/// Takes a line that must come next.
fn head<'a, 'l>(rest: &mut &'l [Line<'a>], word: &str, end: usize) -> Result<&'l Line<'a>, Error> {
    match rest.split_first() {
        Some((line, behind)) if line.first().text == word && !line.indented => {
            *rest = behind;
            Ok(line)
        }
        Some((line, _)) if line.indented => {
            Err(line.first().error(format!("expected `{word}` at the start of a line")))
        }
        Some((line, _)) => Err(line.first().error(format!("expected `{word}`, found `{}`", line.first().text))),
        None => Err(tokens::error(end, end, format!("expected `{word}`, found the end of the file"), WRITE_AGAIN)),
    }
}

fn format(rest: &mut &[Line<'_>], end: usize) -> Result<(), Error> {
    let word = head(rest, "lock", end)?.value("the version of the format")?;
    match word.number::<u32>("the version of the format")? {
        FORMAT => Ok(()),
        newer if newer > FORMAT => {
            let message = format!("this lock has format {newer}, and this release reads {FORMAT}");
            Err(Error { help: "use the release of bpf-layout that wrote it, or a newer one", ..word.error(message) })
        }
        other => Err(word.error(format!("there is no format {other} of locks"))),
    }
}

/// The definitions up to the next profile. In a profile they replace those of the base.
fn section(rest: &mut &[Line<'_>], base: &[Locked]) -> Result<Vec<Locked>, Error> {
    let mut section = Section { definitions: base.to_vec(), known: Known::default(), seen: HashSet::new() };
    for locked in base {
        section.known.add(&locked.definition);
    }
    let mut places = Vec::new();
    while let Some((head, behind)) = rest.split_first() {
        if head.indented {
            return Err(head.first().error("this line belongs to no definition"));
        }
        if head.first().text == "profile" {
            break;
        }
        let len = behind.iter().take_while(|line| line.indented).count();
        let (body, behind) = behind.split_at(len);
        *rest = behind;
        places.push(section.define(head, body, !base.is_empty())?);
    }
    // A profile may change what a definition is made of that it does not list itself: so all are computed in the end.
    let mut known = Known::default();
    let computed: Vec<Fingerprint> = section.definitions.iter().map(|locked| known.add(&locked.definition)).collect();
    for (index, word) in places {
        let (locked, computed) = (&section.definitions[index], computed[index]);
        if locked.fingerprint != computed {
            let message = format!("`{}` was edited: its fingerprint is {computed}", locked.definition.name);
            return Err(word.error(message));
        }
    }
    Ok(section.definitions)
}

/// Definitions as they are read.
struct Section {
    definitions: Vec<Locked>,
    known: Known,
    /// Names of maps, and of types, that this section has defined.
    seen: HashSet<(bool, String)>,
}

impl Section {
    /// Reads one definition. Returns its index, and where its fingerprint stands.
    fn define<'a>(&mut self, head: &Line<'a>, body: &[Line<'a>], in_profile: bool) -> Result<(usize, Word<'a>), Error> {
        let name = head.value("a name")?;
        let (body, fingerprint) = body::parse(&self.known, head, body)?;
        let definition = Definition { name: name.text.to_owned(), body };
        let key = (definition.is_map(), definition.name.clone());
        if self.seen.contains(&key) {
            return Err(name.error(format!("`{}` is defined twice", name.text)));
        }
        self.known.add(&definition);
        let locked = Locked { fingerprint: body::fingerprint(fingerprint)?, definition, line: head.number };
        let same = |known: &Locked| (known.definition.is_map(), &known.definition.name) == (key.0, &key.1);
        let index = match self.definitions.iter().position(same) {
            Some(index) => {
                self.definitions[index] = locked;
                index
            }
            None if in_profile => {
                return Err(name.error(format!("a profile changes definitions, and there is no `{}`", name.text)));
            }
            None => {
                self.definitions.push(locked);
                self.definitions.len() - 1
            }
        };
        self.seen.insert(key);
        Ok((index, fingerprint))
    }
}

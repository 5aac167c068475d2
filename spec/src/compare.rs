//! Layouts against what a witness says: the BTF of an object, or whoever else can name sizes and offsets.
//!
//! A witness is read into an [`Observed`], which is all that is known here of it; [`compare()`] holds it against the
//! spec by one table of [`RULES`]. There are three answers for each type and map: it agrees, it differs, or the witness
//! does not have it. Where a witness is known to say nothing reliable, the answer is [`Report::unknown`], and no rule
//! guesses.
//!
//! What is compared is where bytes lie and what they mean. Padding is not: an unnamed hole and a member `_pad0` are the
//! same bytes. Members of unnamed structs and unions count as those of the record around them, as in C.

mod boundary;
mod enums;
pub(crate) mod flat;
mod maps;
mod members;
mod observed;
mod records;
mod room;
mod rules;
mod shape;
mod text;
mod twins;

use std::fmt;

pub use boundary::{ObservedOutput, boundary};
pub use observed::{
    Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape, Sign,
};
pub use records::is_padding_name;
pub use room::room_name;
pub use rules::{RULES, Rule, Unit};
pub(crate) use text::type_text;
pub use text::{DESCRIPTOR, flags_tag};
pub use twins::twins;

use crate::{
    layout::Layouts,
    model::{Enum, Flags, Map, Record, TypeDef, TypeId},
    source::Span,
};

/// What a comparison came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the witness has, all of it as the spec says.
    pub agrees: Vec<Thing>,
    /// Everything that is otherwise, in the order of the spec.
    pub differs: Vec<Difference>,
    /// What the witness has but says nothing reliable of, with the reason.
    pub unknown: Vec<(Thing, &'static str)>,
    /// What the witness does not have.
    pub not_in_object: Vec<Thing>,
}

/// A type or map of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Which of them.
    pub kind: ThingKind,
    /// Its name in the spec.
    pub name: String,
    /// Where it is defined.
    pub span: Span,
}

/// Types and maps have namespaces of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThingKind {
    /// A struct, event, union, enum or flags.
    Type,
    /// A map.
    Map,
}

/// One thing that is otherwise than the spec says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// The type or map, by its name in the spec.
    pub what: String,
    /// The field, value or parameter, as C names it; none if it is about the whole.
    pub field: Option<String>,
    /// What the spec says.
    pub expected: Value,
    /// What the witness says.
    pub found: Value,
    /// Where the spec says it; none for a type that only witnesses have.
    pub span: Option<Span>,
    /// The witness, such as the path of an object.
    pub witness: String,
    /// Where in the witness, such as `struct exec_event, BTF type 12`.
    pub place: String,
    /// The line of C, where the witness knows it.
    pub source: Option<SourceLine>,
}

/// A line of a C source, as the compiler read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Its file, as the compiler was given it, or as it was told to call it.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1; 0 if it is not known.
    pub column: u32,
    /// The line itself; empty if the compiler did not have it.
    pub text: String,
}

/// A number or a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i128),
    /// Anything else.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

/// Holds a witness against the spec.
#[must_use]
pub fn compare(layouts: &Layouts, observed: &Observed<'_>) -> Report {
    let mut report = Report::default();
    for (id, def) in (0..).map(TypeId).zip(&layouts.model.types) {
        match def {
            TypeDef::Record(record) if !record.anonymous => compare_record(layouts, observed, id, record, &mut report),
            TypeDef::Enum(def) => compare_values(observed, enums::Set::of_enum(def), &mut report),
            TypeDef::Flags(def) => compare_values(observed, enums::Set::of_flags(def), &mut report),
            TypeDef::Record(_) | TypeDef::Extern(_) => {}
        }
    }
    for map in &layouts.model.maps {
        compare_map(layouts, observed, map, &mut report);
    }
    report
}

/// What a comparison of one type came to.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Everything that is otherwise.
    pub differences: Vec<Difference>,
    /// Whether only sizes were compared, since the spec says no more: an extern type.
    pub opaque: bool,
}

/// Holds one type of a witness against the definition of this name, whatever the two are called in C. `None` if the spec
/// has no such definition, or the witness has no such type.
#[must_use]
pub fn compare_type_as(layouts: &Layouts, name: &str, observed: &Observed<'_>, index: usize) -> Option<Compared> {
    let mut types = (0..).map(TypeId).zip(&layouts.model.types);
    let (id, def) = types.find(|(_, def)| def.name().spec == name)?;
    let found = observed.types.get(index)?;
    let mut subject = Subject::new(ThingKind::Type, name, def.name().span, observed);
    match (def, found) {
        (TypeDef::Record(record), ObservedType::Record(found)) => {
            let pair = records::Pair::new(layouts, id, record, observed, index, found);
            records::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
        }
        (TypeDef::Enum(_) | TypeDef::Flags(_), ObservedType::Enum(found)) => {
            let set = match def {
                TypeDef::Flags(def) => enums::Set::of_flags(def),
                TypeDef::Enum(def) => enums::Set::of_enum(def),
                _ => return None,
            };
            let pair = enums::Pair { set: &set, found, by_gcc: observed.by_gcc };
            enums::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
        }
        (TypeDef::Extern(def), found) => {
            let (size, place) = found.size_place();
            let rule = Rule::from_id("type-size")?;
            let expected = Value::from(def.size);
            let finding = Finding { field: None, expected, found: size.into(), span: def.name.span };
            subject.add(rule, place, (def.size != size).then_some(finding));
        }
        _ => return None,
    }
    Some(Compared { differences: subject.found, opaque: matches!(def, TypeDef::Extern(_)) })
}

/// Holds one map of a witness against the definition of this name, whatever the two are called in C. `None` if one of them
/// is missing.
#[must_use]
pub fn compare_map_as(layouts: &Layouts, name: &str, observed: &Observed<'_>, index: usize) -> Option<Vec<Difference>> {
    let map = layouts.model.maps.iter().find(|map| map.name.spec == name)?;
    let found = observed.maps.get(index)?;
    let mut subject = Subject::new(ThingKind::Map, name, map.name.span, observed);
    let pair = maps::Pair { layouts, observed, map, found, prefix: "" };
    maps::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
    Some(subject.found)
}

/// What one rule has found; the rest of a [`Difference`] is the same for all findings of a subject.
#[derive(Clone, Debug)]
struct Finding {
    field: Option<String>,
    expected: Value,
    found: Value,
    span: Span,
}

/// Collects what all rules find of one type or map.
struct Subject<'a> {
    thing: Thing,
    observed: &'a Observed<'a>,
    found: Vec<Difference>,
    seen: bool,
    unknown: Option<&'static str>,
}

impl<'a> Subject<'a> {
    fn new(kind: ThingKind, name: &str, span: Span, observed: &'a Observed<'a>) -> Self {
        let thing = Thing { kind, name: name.to_owned(), span };
        Subject { thing, observed, found: Vec::new(), seen: false, unknown: None }
    }

    fn add(&mut self, rule: &'static Rule, place: &str, findings: impl IntoIterator<Item = Finding>) {
        self.found.extend(findings.into_iter().map(|finding| Difference {
            rule,
            what: self.thing.name.clone(),
            field: finding.field,
            expected: finding.expected,
            found: finding.found,
            span: Some(finding.span),
            witness: self.observed.witness.clone(),
            place: place.to_owned(),
            source: None,
        }));
    }

    fn file(mut self, report: &mut Report) {
        // In the order of the spec, what is about the whole first: its span is that of the name.
        self.found.sort_by_key(|difference| difference.span.map(|span| (span.file, span.start)));
        if !self.seen {
            report.not_in_object.push(self.thing);
        } else if !self.found.is_empty() {
            report.differs.append(&mut self.found);
        } else if let Some(reason) = self.unknown {
            report.unknown.push((self.thing, reason));
        } else {
            report.agrees.push(self.thing);
        }
    }
}

fn compare_record(layouts: &Layouts, observed: &Observed<'_>, id: TypeId, record: &Record, report: &mut Report) {
    let mut subject = Subject::new(ThingKind::Type, &record.name.spec, record.name.span, observed);
    for (index, found) in observed.records(&record.name.c) {
        let pair = records::Pair::new(layouts, id, record, observed, index, found);
        // The kernel has typedefs of unnamed structs, and C keeps their names apart from those of structs.
        if found.alias && !pair.is_related() {
            continue;
        }
        subject.seen = true;
        records::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
    }
    room::apply(layouts, observed, record, &mut |rule, place, findings| subject.add(rule, place, findings));
    subject.file(report);
}

fn compare_values(observed: &Observed<'_>, set: enums::Set<'_>, report: &mut Report) {
    let mut subject = Subject::new(ThingKind::Type, &set.name.spec, set.name.span, observed);
    for found in set.tags().iter().flat_map(|tag| observed.enums(tag)) {
        let pair = enums::Pair { set: &set, found, by_gcc: observed.by_gcc };
        // Flags have a tag of their own in C because the kernel may have an enum of the plain name.
        if found.name != set.tag && !pair.is_related() {
            continue;
        }
        subject.seen = true;
        subject.unknown = subject.unknown.or(pair.unknown());
        enums::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
    }
    // That nobody wrote one by hand either is no news where generated C has macros in its place.
    if subject.seen || set.is_in_c() {
        subject.file(report);
    }
}

fn compare_map(layouts: &Layouts, observed: &Observed<'_>, map: &Map, report: &mut Report) {
    let mut subject = Subject::new(ThingKind::Map, &map.name.spec, map.name.span, observed);
    for found in observed.maps.iter().filter(|found| found.name == map.name.c) {
        subject.seen = true;
        subject.unknown = subject.unknown.or(found.unknown);
        let pair = maps::Pair { layouts, observed, map, found, prefix: "" };
        maps::apply(&pair, &mut |rule, findings| subject.add(rule, &found.place, findings));
    }
    subject.file(report);
}

impl<'a> enums::Set<'a> {
    fn of_enum(def: &'a Enum) -> Self {
        enums::Set { name: &def.name, tag: def.name.c.to_string(), repr: def.repr, values: &def.variants }
    }

    fn of_flags(def: &'a Flags) -> Self {
        enums::Set { name: &def.name, tag: flags_tag(def), repr: def.repr, values: &def.bits }
    }
}

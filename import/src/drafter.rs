//! From what was found to a draft.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use bpf_layout_spec::{
    compare::{ObservedEnum, ObservedMember, ObservedRecord, ObservedType, Shape, Sign, is_padding_name},
    kernel::KernelField,
    scalar::Scalar,
};

use crate::{
    draft::{Body, Definition, Draft, Entry, Extern, Field, Profile, Record, Word},
    found::Found,
    maps,
    names::{self, Names},
    place::{self, Goal, Plan, PlanField, Room, Slot, What},
    reach::{self, Reached, is_inline},
    values,
    written::{Base, Written, integer, written},
};

/// What is done to one type or map, because the language has refused it otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Other names, by those that were refused: of types and maps, and of fields as `type.field`.
    pub(crate) renamed: HashMap<String, String>,
    /// Types that are written as runs of bytes, and why.
    pub(crate) opaque: HashMap<usize, String>,
    /// Maps that are written as comments, and why.
    pub(crate) refused: HashMap<usize, String>,
    /// Maps whose events are left out, and why.
    pub(crate) without_events: HashMap<usize, String>,
    /// Maps without `max_entries` as found, and what is written instead.
    pub(crate) entries: HashMap<usize, (u64, String)>,
    /// Names of lengths and capacities that were refused.
    pub(crate) constants: BTreeSet<String>,
    /// How records are written, found once for all attempts.
    plans: RefCell<HashMap<Goal, Option<Plan>>>,
}

impl Changes {
    fn plan(&self, goal: Goal) -> Option<Plan> {
        if let Some(known) = self.plans.borrow().get(&goal) {
            return known.clone();
        }
        let plan = place::plan(&goal);
        self.plans.borrow_mut().insert(goal, plan.clone());
        plan
    }
}

/// Writes everything that was found and crosses the boundary into a draft.
pub(crate) fn draft(found: &Found<'_>, changes: &Changes) -> Draft {
    let mut drafter = Drafter {
        found,
        changes,
        names: Names::default(),
        resolved: HashMap::new(),
        events: found
            .observed
            .maps
            .iter()
            .enumerate()
            .flat_map(|(map, _)| found.map_hint(map).events.clone())
            .collect(),
        draft: Draft::default(),
    };
    let profiles = found.profiles.iter().map(|profile| Profile {
        name: profile.name.clone(),
        numbers: profile.numbers.clone(),
        omit: Vec::new(),
    });
    drafter.draft.profiles = profiles.collect();
    for reached in reach::reached(found) {
        drafter.define(&reached);
    }
    maps::draft(&mut drafter);
    drafter.draft
}

pub(crate) struct Drafter<'f, 'a> {
    pub(crate) found: &'f Found<'a>,
    pub(crate) changes: &'f Changes,
    names: Names,
    /// How each type that was reached is written where it is used.
    resolved: HashMap<usize, Written>,
    events: Vec<usize>,
    pub(crate) draft: Draft,
}

/// A member that has bytes, and how it is written.
struct Part {
    entry: Entry,
    slot: Slot,
}

impl<'a> Drafter<'_, 'a> {
    /// How a type is written where it is used, if it has been defined.
    pub(crate) fn named(&self, ty: usize) -> Option<Written> {
        if let Some(ObservedType::Record(record)) = self.found.observed.types.get(ty)
            && let Some(field) = KernelField::from_name(record.name)
            && u64::from(field.info().size) == record.size
        {
            return Some(Written::of(Base::Kernel(field), (record.size, field.info().align)));
        }
        self.resolved.get(&ty).cloned()
    }

    /// A name for a map.
    pub(crate) fn map_name(&mut self, wanted: &str) -> String {
        names::identifier(self.renamed(wanted), "unnamed")
    }

    fn renamed<'n>(&'n self, name: &'n str) -> &'n str {
        self.changes.renamed.get(name).map_or(name, String::as_str)
    }

    fn type_name(&mut self, wanted: &str) -> String {
        let wanted = self.renamed(wanted).to_owned();
        self.names.ty(&wanted)
    }

    fn define(&mut self, reached: &Reached) {
        let found = self.found;
        match &found.observed.types[reached.ty] {
            ObservedType::Enum(def) => self.define_enum(reached, def),
            ObservedType::Record(record) => self.define_record(reached, record),
        }
    }

    fn define_enum(&mut self, reached: &Reached, def: &ObservedEnum<'a>) {
        let hint = self.found.hint(reached.ty);
        let what = if def.name.is_empty() { "an unnamed enum".to_owned() } else { format!("enum {}", def.name) };
        let integer = values::repr(def).map_or_else(|| Written::bytes(def.size.max(1)), Written::scalar);
        let as_integer = Written { comment: Some(what), ..integer };
        let opaque = self.changes.opaque.contains_key(&reached.ty);
        match values::values(def, hint).filter(|_| !hint.foreign && !opaque) {
            Some((values, comments)) => {
                let name = self.type_name(&reached.name);
                let element = as_integer.element;
                self.resolved.insert(reached.ty, Written::of(Base::Named(name.clone()), element));
                let doc = hint.doc.clone();
                self.draft.definitions.push(Definition {
                    ty: reached.ty,
                    name,
                    c: None,
                    doc,
                    comments,
                    body: Body::Values(values),
                });
            }
            None => {
                self.resolved.insert(reached.ty, as_integer);
            }
        }
    }

    fn define_record(&mut self, reached: &Reached, record: &ObservedRecord<'a>) {
        let ty = reached.ty;
        let hint = self.found.hint(ty);
        if record.size == 0 {
            return;
        }
        let refused = self.changes.opaque.get(&ty).cloned();
        let mut comments = Vec::new();
        let built = if hint.foreign || refused.is_some() { None } else { self.record(ty, record, hint.align, 0) };
        let name = self.type_name(&reached.name);
        let (body, align) = match built {
            Some(mut built) => {
                self.omit(&mut built, &name, record.name);
                let word = match (record.union, hint.event || self.events.contains(&ty)) {
                    (true, _) => Word::Union,
                    (false, true) => Word::Event,
                    (false, false) => Word::Struct,
                };
                let align = built.natural_align;
                (Body::Record(word, built), align)
            }
            None => {
                if let Some(reason) = refused {
                    comments.push(format!("written as bytes: {reason}"));
                } else if !hint.foreign {
                    comments.push("written as bytes: the language has no way to put its members where they lie".into());
                }
                let align = self.foreign_align(record, hint.align);
                let word = if record.union { "union" } else { "struct" };
                let c = if record.alias { record.name.to_owned() } else { format!("{word} {}", reached.name) };
                let include = hint.include.as_ref().map(|include| include.to_string());
                (Body::Extern(Extern { size: record.size, align, c, include }), align)
            }
        };
        self.resolved.insert(ty, Written::of(Base::Named(name.clone()), (record.size, align)));
        self.draft.definitions.push(Definition { ty, name, c: None, doc: hint.doc.clone(), comments, body });
    }

    /// Marks the fields that a profile omits.
    fn omit(&mut self, record: &mut Record, name: &str, c: &str) {
        let found = self.found;
        for (profile, draft) in found.profiles.iter().zip(&mut self.draft.profiles) {
            record.each_field(&mut |field| {
                if profile.omits.contains(&(c.to_owned(), field.source.clone())) {
                    field.optional = true;
                    draft.omit.push(format!("{name}.{}", field.name));
                }
            });
        }
    }

    /// The alignment of a record that is not written down: that of its most aligned member, as far as its size allows.
    fn foreign_align(&self, record: &ObservedRecord<'a>, known: Option<u32>) -> u32 {
        let mut align = known.unwrap_or(8);
        if known.is_none() {
            let aligns = record.members.iter().filter(|member| !member.bitfield).map(|member| {
                let offset = member.bit_offset / 8;
                let own = self.natural_align(&member.shape, 0);
                if offset.is_multiple_of(own.into()) { own } else { 1 }
            });
            align = aligns.max().unwrap_or(1);
        }
        while !record.size.is_multiple_of(align.into()) {
            align /= 2;
        }
        align.max(1)
    }

    fn natural_align(&self, shape: &Shape, depth: usize) -> u32 {
        let observed = &self.found.observed;
        match shape {
            Shape::Int { size, .. } | Shape::Float(size) | Shape::Pointer(size) => {
                u32::try_from(*size).ok().filter(|size| size.is_power_of_two() && *size <= 16).unwrap_or(1)
            }
            Shape::Array(element, _) if depth < reach::MAX_UNNAMED => self.natural_align(element, depth + 1),
            Shape::Def(index) => match (self.named(*index), observed.types.get(*index)) {
                (Some(written), _) => written.align(),
                (None, Some(ObservedType::Record(record))) if depth < reach::MAX_UNNAMED => {
                    let aligns = record.members.iter().map(|member| self.natural_align(&member.shape, depth + 1));
                    aligns.max().unwrap_or(1)
                }
                (None, Some(ObservedType::Enum(def))) => u32::try_from(def.size).unwrap_or(1).max(1),
                _ => 1,
            },
            Shape::Array(..) | Shape::Other(_) => 1,
        }
    }

    /// A record with its members, or `None` if the language has no way to write it.
    fn record(&self, ty: usize, record: &ObservedRecord<'a>, align: Option<u32>, depth: usize) -> Option<Record> {
        let (mut parts, mut empty) = (Vec::new(), Vec::new());
        for (index, member) in record.members.iter().enumerate() {
            match self.part(ty, index, member, depth) {
                Some(part) => parts.push(part),
                None if self.is_empty(member) => empty.push((parts.len(), Self::without_bytes(member))),
                None => return None,
            }
        }
        if parts.is_empty() {
            return None;
        }
        let slots: Vec<Slot> = parts.iter().map(|part| part.slot).collect();
        let plan = self.changes.plan(Goal { union: record.union, size: record.size, align, slots })?;
        let mut entries = Vec::new();
        let mut fillers = 0;
        let mut parts: Vec<Option<Part>> = parts.into_iter().map(Some).collect();
        for PlanField { what, offset } in plan.fields {
            match what {
                What::Slot(slot) => {
                    entries.extend(empty.extract_if(.., |(before, _)| *before <= slot).map(|(_, comment)| comment));
                    entries.extend(parts[slot].take().map(|part| part.entry.at(offset)));
                }
                What::FillerBits(unit, width) => entries.push(filler(&mut fillers, Written::scalar(unit), Some(width))),
                What::FillerBytes(len) => entries.push(filler(&mut fillers, Written::bytes(len), None)),
            }
        }
        entries.extend(empty.into_iter().map(|(_, comment)| comment));
        let (size, natural_align) = (record.size, plan.natural_align);
        Some(Record { packed: plan.packed, align: plan.align, entries, size, natural_align })
    }

    fn is_empty(&self, member: &ObservedMember<'_>) -> bool {
        member.bit_size == 0 || self.found.observed.size_of(&member.shape) == Some(0)
    }

    fn without_bytes(member: &ObservedMember<'_>) -> Entry {
        let (name, at) = (member.name, member.bit_offset / 8);
        Entry::Comment(match member.shape {
            Shape::Array(..) => {
                format!("{name}[] begins at byte {at}: as many elements as there are, which no type counts")
            }
            _ => format!("{name}, at byte {at}, has no bytes"),
        })
    }

    fn part(&self, ty: usize, index: usize, member: &ObservedMember<'a>, depth: usize) -> Option<Part> {
        let observed = &self.found.observed;
        let hint = self.found.member_hint(ty, index);
        let bit_offset = member.bit_offset;
        let open = matches!(member.shape, Shape::Array(_, 0));
        if self.is_empty(member) && !open {
            return None;
        }
        if is_inline(observed, member.name, &member.shape, depth)
            && let Shape::Def(inner) = member.shape
            && let Some(ObservedType::Record(inner_record)) = observed.types.get(inner)
        {
            let record = self.record(inner, inner_record, self.found.hint(inner).align, depth + 1)?;
            let room = Room::Bytes { size: record.size, align: record.natural_align };
            let doc = hint.doc.clone().or_else(|| self.found.hint(inner).doc.clone());
            let entry = Entry::Unnamed { union: inner_record.union, record, offset: None, doc };
            return Some(Part { entry, slot: Slot { room, bit_offset, padding: false } });
        }
        let named = |ty| self.named(ty);
        let (written, room, bits) = if member.bitfield {
            let width = u32::try_from(member.bit_size).ok()?;
            let (written, unit) = self.bitfield(&member.shape)?;
            (written, Room::Bits { unit, width }, Some(width))
        } else {
            let written = written(observed, &member.shape, &hint.spelling, member.name, &named)?;
            let room = Room::Bytes { size: written.size()?, align: written.align() };
            (written, room, None)
        };
        let path = format!("{ty}.{}", member.name);
        let name = names::field(self.renamed_field(&path, member.name));
        let contains = hint.contains.map(|(record, node)| (record.to_owned(), node.to_owned()));
        let padding = is_padding_name(member.name) && !member.name.is_empty();
        let field = Field {
            name,
            source: member.name.to_owned(),
            c: None,
            ty: written,
            bits,
            offset: None,
            contains,
            doc: hint.doc.clone(),
            filler: false,
            optional: false,
        };
        Some(Part { entry: Entry::Field(Box::new(field)), slot: Slot { room, bit_offset, padding } })
    }

    fn renamed_field<'n>(&'n self, path: &str, name: &'n str) -> &'n str {
        self.changes.renamed.get(path).map_or(name, String::as_str)
    }

    /// The type of a bitfield, and the integer that it takes bits of.
    fn bitfield(&self, shape: &Shape) -> Option<(Written, Scalar)> {
        match shape {
            Shape::Int { size: 1, bool: true, .. } => Some((Written::scalar(Scalar::Bool), Scalar::Bool)),
            Shape::Int { size, sign, .. } => {
                let unit = integer(*size, *sign == Sign::Signed).filter(|unit| unit.info().size <= 8)?;
                Some((Written::scalar(unit), unit))
            }
            Shape::Def(index) => match self.found.observed.types.get(*index)? {
                ObservedType::Enum(def) => Some((self.named(*index)?, values::repr(def)?)),
                ObservedType::Record(_) => None,
            },
            _ => None,
        }
    }
}

impl Entry {
    fn at(self, offset: Option<u64>) -> Entry {
        match self {
            Entry::Field(field) => Entry::Field(Box::new(Field { offset, ..*field })),
            Entry::Unnamed { union, record, doc, .. } => Entry::Unnamed { union, record, offset, doc },
            Entry::Comment(text) => Entry::Comment(text),
        }
    }
}

/// A field for bits or bytes that have no name in the source.
fn filler(count: &mut u32, ty: Written, bits: Option<u32>) -> Entry {
    let name = format!("unused{count}");
    *count += 1;
    Entry::Field(Box::new(Field {
        name,
        source: String::new(),
        c: None,
        ty,
        bits,
        offset: None,
        contains: None,
        doc: None,
        filler: true,
        optional: false,
    }))
}

//! One project of several sources: types that are equal become one, types of one name that are not are told.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use bpf_layout_spec::compare::{
    Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape,
};

use crate::{
    Note,
    found::{Found, MapHint, TypeHint},
};

/// Makes one of several. What has one name and is otherwise in another source is noted; that of the first source is kept under
/// the name, and the other beside it.
#[must_use]
pub fn merge<'a>(sources: Vec<Found<'a>>) -> (Found<'a>, Vec<Note>) {
    let mut merger = Merger::default();
    for source in sources {
        merger.add(source);
    }
    (merger.whole, merger.notes)
}

#[derive(Default)]
struct Merger<'a> {
    whole: Found<'a>,
    notes: Vec<Note>,
    /// Types by all that is said of them.
    types: HashMap<String, usize>,
    /// The first type of each name.
    names: HashMap<(&'a str, bool), usize>,
}

impl<'a> Merger<'a> {
    fn add(&mut self, source: Found<'a>) {
        let Found { observed, mut types, maps, roots, numbers } = source;
        let Observed { witness, types: mut own, by_gcc, maps: own_maps } = observed;
        types.resize_with(own.len(), TypeHint::default);
        let order = children_first(&own);
        let mut places: Vec<Option<usize>> = vec![None; own.len()];
        for index in order {
            renumber_type(&mut own[index], &places);
            let key = described(&own[index]);
            let place = match self.types.get(&key) {
                Some(place) => {
                    add_hint(&mut self.whole.types[*place], std::mem::take(&mut types[index]));
                    *place
                }
                None => self.new_type(key, own[index].clone(), std::mem::take(&mut types[index]), &witness),
            };
            places[index] = Some(place);
        }
        self.add_maps(own_maps, maps, &places, &witness);
        let mut known: BTreeSet<usize> = self.whole.roots.iter().copied().collect();
        let new = roots.into_iter().filter_map(|root| *places.get(root)?).filter(|root| known.insert(*root));
        self.whole.roots.extend(new);
        for number in numbers {
            if !self.whole.numbers.iter().any(|known| known.name == number.name) {
                self.whole.numbers.push(number);
            }
        }
        let whole = &mut self.whole.observed;
        whole.by_gcc |= by_gcc;
        let gap = if whole.witness.is_empty() { "" } else { ", " };
        let _ = write!(whole.witness, "{gap}{witness}");
    }

    fn new_type(&mut self, key: String, mut ty: ObservedType<'a>, hint: TypeHint<'a>, witness: &str) -> usize {
        let place = self.whole.observed.types.len();
        let name = match &ty {
            ObservedType::Record(record) => (record.name, record.alias),
            ObservedType::Enum(def) => (def.name, false),
        };
        if !name.0.is_empty() {
            let first = *self.names.entry(name).or_insert(place);
            if first != place && !hint.foreign {
                let there = place_of(&self.whole.observed.types[first]);
                let here = format!("{witness} ({})", place_of(&ty));
                let message = format!(
                    "is otherwise in {here} than in {there}: both are written, and one header can have only one"
                );
                self.notes.push(Note { subject: name.0.to_owned(), message });
            }
        }
        let (ObservedType::Record(ObservedRecord { place: at, .. })
        | ObservedType::Enum(ObservedEnum { place: at, .. })) = &mut ty;
        *at = format!("{witness}, {at}");
        self.whole.observed.types.push(ty);
        self.whole.types.push(hint);
        self.types.insert(key, place);
        place
    }

    fn add_maps(
        &mut self,
        maps: Vec<ObservedMap<'a>>,
        mut hints: Vec<MapHint<'a>>,
        places: &[Option<usize>],
        witness: &str,
    ) {
        hints.resize_with(maps.len(), MapHint::default);
        for (mut map, mut hint) in maps.into_iter().zip(hints) {
            renumber_map(&mut map, places);
            hint.events = hint.events.iter().filter_map(|event| *places.get(*event)?).collect();
            match self.whole.observed.maps.iter().position(|known| known.name == map.name) {
                Some(at) => self.same_map(at, &map, hint, witness),
                None => {
                    map.place = format!("{witness}, {}", map.place);
                    self.whole.observed.maps.push(map);
                    self.whole.maps.push(hint);
                }
            }
        }
    }

    /// A map of a name that there is already: the objects of a project may share it.
    fn same_map(&mut self, at: usize, map: &ObservedMap<'a>, hint: MapHint<'a>, witness: &str) {
        let known = &self.whole.observed.maps[at];
        if described_map(known) != described_map(map) {
            let message = format!("is otherwise in {witness} than in {}, which is written", known.place);
            self.notes.push(Note { subject: map.name.to_owned(), message });
        }
        let own = &mut self.whole.maps[at];
        for event in hint.events {
            if !own.events.contains(&event) {
                own.events.push(event);
            }
        }
    }
}

fn place_of<'b>(ty: &'b ObservedType<'_>) -> &'b str {
    match ty {
        ObservedType::Record(record) => &record.place,
        ObservedType::Enum(def) => &def.place,
    }
}

/// The order in which each type comes behind those that it is made of. Types that are made of themselves, which only damaged
/// sources have, come in any order.
fn children_first(types: &[ObservedType<'_>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(types.len());
    let mut seen = vec![false; types.len()];
    for start in 0..types.len() {
        let mut steps = vec![(start, false)];
        while let Some((index, done)) = steps.pop() {
            if done {
                order.push(index);
                continue;
            }
            if types.get(index).is_none() || std::mem::replace(&mut seen[index], true) {
                continue;
            }
            steps.push((index, true));
            if let ObservedType::Record(record) = &types[index] {
                steps.extend(
                    record.members.iter().filter_map(|member| Some((crate::reach::element(&member.shape)?, false))),
                );
            }
        }
    }
    order
}

fn renumber(shape: &mut Shape, places: &[Option<usize>]) {
    let mut inner = shape;
    while let Shape::Array(element, _) = inner {
        inner = element;
    }
    if let Shape::Def(index) = inner {
        match places.get(*index).copied().flatten() {
            Some(place) => *index = place,
            None => *inner = Shape::Other("a type that is made of itself"),
        }
    }
}

fn renumber_type(ty: &mut ObservedType<'_>, places: &[Option<usize>]) {
    if let ObservedType::Record(record) = ty {
        record.members.iter_mut().for_each(|member| renumber(&mut member.shape, places));
    }
}

fn renumber_map(map: &mut ObservedMap<'_>, places: &[Option<usize>]) {
    for part in [&mut map.key, &mut map.value].into_iter().flatten() {
        part.shape.iter_mut().for_each(|shape| renumber(shape, places));
    }
    if let Some(inner) = &mut map.inner {
        renumber_map(inner, places);
    }
}

/// All that is said of a type but where; types that it is made of stand by their place in the whole.
fn described(ty: &ObservedType<'_>) -> String {
    match ty {
        ObservedType::Record(record) => {
            let mut text = format!("{} {} {} {}", record.union, record.alias, record.size, record.name.escape_debug());
            for ObservedMember { name, bit_offset, bit_size, bitfield, shape } in &record.members {
                let _ = write!(text, "\n{} {bit_offset} {bit_size} {bitfield} {shape:?}", name.escape_debug());
            }
            text
        }
        ObservedType::Enum(def) => format!("{} {} {:?} {:?}", def.name.escape_debug(), def.size, def.sign, def.values),
    }
}

fn described_map(map: &ObservedMap<'_>) -> String {
    let part = |part: &Option<ObservedPart>| part.as_ref().map(|part| (part.size, format!("{:?}", part.shape)));
    let inner = map.inner.as_ref().map(|inner| described_map(inner));
    let numbers = (map.kind, map.max_entries, map.flags, map.numa_node, map.map_extra, map.pinned_by_name);
    format!("{:?}", (numbers, part(&map.key), part(&map.value), inner))
}

/// Adds what another source knows of the same type.
fn add_hint<'a>(known: &mut TypeHint<'a>, new: TypeHint<'a>) {
    known.doc = known.doc.take().or(new.doc);
    known.align = known.align.or(new.align);
    known.foreign |= new.foreign;
    known.include = known.include.take().or(new.include);
    if known.members.is_empty() {
        known.members = new.members;
    }
}

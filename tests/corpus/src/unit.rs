//! What can be one spec. A project's programs are built one by one, and many have a `struct event` of their own.

use std::collections::BTreeSet;

use crate::facts::{Map, MemberType, Project, Record};

/// Types and maps of a project of which no two have one name.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Names the project and counts its units: `scx_2`.
    pub name: String,
    /// Structs and unions that cross the boundary, by their index in `records`.
    pub roots: Vec<usize>,
    /// These and what they are made of.
    pub records: Vec<Record>,
    /// Names of records that C gives by a typedef.
    pub typedefs: BTreeSet<String>,
    /// Names of enums, and a name for the one value that each has here: the facts have none.
    pub enums: Vec<(String, String)>,
    /// Maps.
    pub maps: Vec<Map>,
}

/// Divides what is known of a project.
#[must_use]
pub fn units(project: &Project) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for ty in &project.types {
        let place = units.iter().position(|unit| unit.takes(ty));
        let unit = place.unwrap_or_else(|| {
            units.push(Unit { name: format!("{}_{}", project.name, units.len()), ..Unit::default() });
            units.len() - 1
        });
        units[unit].add(ty);
    }
    if units.is_empty() {
        units.push(Unit { name: format!("{}_0", project.name), ..Unit::default() });
    }
    for map in &project.maps {
        add_map(&project.name, &mut units, map);
    }
    for unit in &mut units {
        unit.name_the_rest();
    }
    units
}

/// Puts a map where the records are that it is made of. Where another map has its name, they are once more in a unit of its
/// own.
fn add_map(project: &str, units: &mut Vec<Unit>, map: &Map) {
    let free = |unit: &Unit| unit.maps.iter().all(|other| other.name != map.name);
    let describes = |unit: &Unit| unit.describes(map);
    let place = units.iter().position(|unit| free(unit) && describes(unit));
    let place = place.or_else(|| {
        let records = records_of(units, map)?;
        units.push(Unit { name: format!("{project}_{}", units.len()), records, ..Unit::default() });
        Some(units.len() - 1)
    });
    // Of records that are nowhere, their sizes will do.
    let place = place.or_else(|| units.iter().position(free)).unwrap_or_else(|| {
        units.push(Unit { name: format!("{project}_{}", units.len()), ..Unit::default() });
        units.len() - 1
    });
    units[place].maps.push(map.clone());
}

/// The records that a map names and what they are made of, wherever they are; `None` if one is nowhere, or if two of one
/// name are not the same.
fn records_of(units: &[Unit], map: &Map) -> Option<Vec<Record>> {
    let mut all = Unit::default();
    for (text, size) in map.parts() {
        let Some(name) = text.and_then(record_name) else { continue };
        let is_it = |unit: &&Unit| unit.record(name).is_some_and(|index| unit.records[index].size == size);
        let unit = units.iter().find(is_it)?;
        let mut names = vec![name.to_owned()];
        while let Some(name) = names.pop() {
            let record = &unit.records[unit.meant(&name)?];
            if all.record(&record.name).is_none() {
                let mut texts = Vec::new();
                member_texts(record, &mut texts);
                names.extend(texts.iter().filter(|text| unit.names(text)).map(|text| base(text).to_owned()));
            }
            all.roots.clear();
            if !all.takes(record) {
                return None;
            }
            all.add(record);
        }
    }
    Some(all.records)
}

impl Unit {
    /// Whether a type is a record here.
    fn names(&self, text: &str) -> bool {
        !text.contains('*') && self.meant(base(text)).is_some()
    }

    /// The record of this name.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<usize> {
        self.records.iter().position(|record| record.name == name)
    }

    /// The record that C means by a name, with or without its keyword.
    #[must_use]
    pub(crate) fn meant(&self, base: &str) -> Option<usize> {
        let name = base.strip_prefix("struct ").or_else(|| base.strip_prefix("union ")).unwrap_or(base);
        // The kernel's typedefs of structs with other names.
        self.record(match name {
            "cpumask_t" => "cpumask",
            "seqcount_t" => "seqcount",
            "seqcount_spinlock_t" => "seqcount_spinlock",
            "spinlock_t" => "spinlock",
            "arch_spinlock_t" => "qspinlock",
            "refcount_t" => "refcount_struct",
            // And a project's own.
            "activity_t" => "activity",
            name => name,
        })
    }

    fn takes(&self, ty: &Record) -> bool {
        let same = |own: &Record, other: &Record| {
            (own.union, own.size, &own.members) == (other.union, other.size, &other.members)
        };
        // One name twice is two units, also if the two are the same.
        let is_root = self.record(&ty.name).is_some_and(|index| self.roots.contains(&index));
        let all = || std::iter::once(ty).chain(&ty.nested);
        // C has one namespace for tags.
        let tags = |records: &mut dyn Iterator<Item = &Record>| -> (BTreeSet<String>, BTreeSet<String>) {
            records.map(|record| (record.name.clone(), enums_of(record))).fold(
                Default::default(),
                |mut all, (name, enums)| {
                    all.0.insert(name);
                    all.1.extend(enums);
                    all
                },
            )
        };
        let (records, enums) = tags(&mut self.records.iter().chain(all()));
        !is_root
            && records.is_disjoint(&enums)
            && all().all(|new| self.record(&new.name).is_none_or(|own| same(&self.records[own], new)))
    }

    fn add(&mut self, ty: &Record) {
        for record in ty.nested.iter().chain([ty]) {
            match self.record(&record.name) {
                Some(own) => {
                    let own = &mut self.records[own];
                    own.align = own.align.or(record.align);
                    if own.features.is_empty() {
                        own.features.clone_from(&record.features);
                    }
                }
                None => self.records.push(Record { nested: Vec::new(), ..record.clone() }),
            }
        }
        self.roots.extend(self.record(&ty.name));
    }

    /// Whether the records that the map names are here, as large as the map has them.
    fn describes(&self, map: &Map) -> bool {
        map.parts().into_iter().all(|(text, size)| {
            let Some(named) = text.and_then(record_name) else { return true };
            self.record(named).is_some_and(|index| self.records[index].size == size)
        })
    }

    fn name_the_rest(&mut self) {
        let mut texts: Vec<String> = Vec::new();
        self.records.iter().for_each(|record| member_texts(record, &mut texts));
        texts.extend(self.maps.iter().flat_map(|map| map.key.iter().chain(&map.value)).cloned());
        let mut enums = BTreeSet::new();
        for text in &texts {
            let base = base(text);
            if let Some(name) = base.strip_prefix("enum ") {
                enums.insert(name.to_owned());
            } else if self.record(base).is_some() && !text.contains('*') {
                self.typedefs.insert(base.to_owned());
            }
        }
        self.enums = enums.into_iter().map(|name| (name.clone(), format!("{name}_zero"))).collect();
    }
}

/// Names of the enums that a record is made of.
fn enums_of(record: &Record) -> BTreeSet<String> {
    let mut texts = Vec::new();
    member_texts(record, &mut texts);
    texts.iter().filter_map(|text| base(text).strip_prefix("enum ")).map(str::to_owned).collect()
}

fn member_texts(record: &Record, texts: &mut Vec<String>) {
    for member in &record.members {
        match &member.ty {
            MemberType::Text(text) => texts.push(text.clone()),
            MemberType::Inline(inner) => member_texts(inner, texts),
        }
    }
}

/// A type without `typeof()`, qualifiers and dimensions.
#[must_use]
pub(crate) fn base(text: &str) -> &str {
    let text = text.strip_prefix("typeof(").and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let text = text.find('[').map_or(text, |at| &text[..at]).trim();
    ["volatile ", "const "].iter().fold(text, |text, word| text.strip_prefix(word).unwrap_or(text))
}

/// The record that a type is, if it is one by its keyword.
fn record_name(text: &str) -> Option<&str> {
    let base = base(text);
    let name = base.strip_prefix("struct ").or_else(|| base.strip_prefix("union "))?;
    (!text.contains('*')).then_some(name)
}

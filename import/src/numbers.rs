//! Numbers that recur, each with one name: a name that the source has, or else one from the fields that it is the length of.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{
    draft::{Constant, Draft, Field},
    found::{Found, NamedNumber},
    names,
    written::{Base, Length},
};

/// Lengths below this are of too little consequence for a name that only coincides.
const SMALL: u64 = 8;

/// Names the lengths and capacities of a draft, by none of the names that the language has `refused`.
pub(crate) fn name(found: &Found<'_>, draft: &mut Draft, refused: &BTreeSet<String>) {
    let mut namer = Namer { numbers: &found.numbers, refused, taken: HashSet::new(), used: BTreeSet::new() };
    namer.check_lengths(draft);
    let groups = groups(draft);
    let mut named: HashMap<Key, String> = HashMap::new();
    for (key, uses) in &groups {
        if let Some(name) = namer.name_of(key, uses, &mut draft.lengths) {
            named.insert(key.clone(), name);
        }
    }
    draft.each_field(&mut |field| apply(field, &named));
    namer.capacities(draft);
    namer.define(draft);
}

/// Lengths that are likely the same: those of text by their value, others by their value and the name of the field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    value: u64,
    /// The word that the name is made of; empty for text.
    word: String,
    text: bool,
}

/// Names of the fields that have a length, in the order of the draft.
type Uses = Vec<String>;

fn each_length(field: &mut Field, each: &mut dyn FnMut(&mut Length, bool)) {
    match &mut field.ty.base {
        Base::Str(length) => each(length, true),
        Base::Bytes(length) => each(length, false),
        _ => {}
    }
    field.ty.dimensions.iter_mut().for_each(|length| each(length, false));
}

fn key(value: u64, field: &str, text: bool) -> Key {
    let word = if text { String::new() } else { field.to_ascii_uppercase() };
    Key { value, word, text }
}

fn groups(draft: &mut Draft) -> BTreeMap<Key, Uses> {
    let mut groups: BTreeMap<Key, Uses> = BTreeMap::new();
    draft.each_field(&mut |field| {
        let name = field.name.clone();
        each_length(field, &mut |length, text| {
            if length.expr.is_none() && length.value > 1 {
                groups.entry(key(length.value, &name, text)).or_default().push(name.clone());
            }
        });
    });
    groups
}

fn apply(field: &mut Field, named: &HashMap<Key, String>) {
    let name = field.name.clone();
    each_length(field, &mut |length, text| {
        if length.expr.is_none() {
            length.expr = named.get(&key(length.value, &name, text)).cloned();
        }
    });
}

struct Namer<'a> {
    numbers: &'a [NamedNumber<'a>],
    refused: &'a BTreeSet<String>,
    /// Names of constants that have been given out.
    taken: HashSet<String>,
    /// Numbers of the source that are in use, by their index.
    used: BTreeSet<usize>,
}

impl Namer<'_> {
    /// Takes up the names in lengths as the source writes them; what uses a name that the source does not give is written as
    /// a number.
    fn check_lengths(&mut self, draft: &mut Draft) {
        draft.each_field(&mut |field| {
            each_length(field, &mut |length, _| {
                length.expr = length.expr.take().filter(|expr| self.take_up(expr));
            });
        });
    }

    /// Whether all names of an expression are known. Those are then in use, with all that they are made of.
    fn take_up(&mut self, expr: &str) -> bool {
        let (mut waiting, mut found) = (vec![expr.to_owned()], BTreeSet::new());
        while let Some(expr) = waiting.pop() {
            for word in words(&expr) {
                let Some(index) = self.numbers.iter().position(|number| number.name == word) else { return false };
                if !self.is_usable(&self.numbers[index]) || self.numbers[index].value == 0 {
                    return false;
                }
                if found.insert(index) {
                    waiting.extend(self.numbers[index].expr.clone());
                }
            }
        }
        self.used.extend(found);
        true
    }

    fn is_usable(&self, number: &NamedNumber<'_>) -> bool {
        names::identifier(&number.name, "") == number.name && !self.refused.contains(&*number.name)
    }

    /// A name for the lengths of a group, if there should be one. What the source has no name for is added to `lengths`.
    fn name_of(&mut self, key: &Key, uses: &Uses, lengths: &mut Vec<Constant>) -> Option<String> {
        if let Some(name) = self.in_source(key.value, uses, key.text) {
            return Some(name);
        }
        if uses.len() < 2 {
            return None;
        }
        let wanted = if key.text { text_name(key.value, uses) } else { key.word.clone() };
        let name = self.free(&wanted, key.value);
        lengths.push(Constant { name: name.clone(), value: key.value, expr: None, comment: None });
        Some(name)
    }

    /// A number of the source that these likely are, which is then in use: of this value, and with a word in common, or the
    /// only one.
    fn in_source(&mut self, value: u64, uses: &[String], text: bool) -> Option<String> {
        let same = || self.numbers.iter().enumerate().filter(|(_, number)| number.value == value);
        let usable = |(_, number): &(usize, &NamedNumber<'_>)| self.is_usable(number);
        let shares = |(_, number): &(usize, &NamedNumber<'_>)| {
            let number = number.name.to_ascii_lowercase();
            uses.iter().any(|field| {
                let field = field.to_ascii_lowercase();
                field.split('_').any(|word| word.len() > 2 && number.split('_').any(|other| related(word, other)))
            })
        };
        let counts = |(_, number): &(usize, &NamedNumber<'_>)| {
            let number = number.name.to_ascii_uppercase();
            ["LEN", "SIZE", "MAX"].iter().any(|word| number.contains(word))
        };
        let related = same().filter(usable).find(shares);
        let only = || {
            let mut counting = same().filter(usable).filter(counts);
            counting.next().filter(|_| counting.next().is_none() && text && value >= SMALL)
        };
        let (_, number) = related.or_else(only)?;
        let name = number.name.clone().into_owned();
        self.take_up(&name).then_some(name)
    }

    fn free(&mut self, wanted: &str, value: u64) -> String {
        let wanted = names::identifier(wanted, "LENGTH");
        let source: HashSet<&str> = self.numbers.iter().map(|number| &*number.name).collect();
        let mut candidates = [wanted.clone(), format!("{wanted}_{value}")]
            .into_iter()
            .chain((2..).map(|count: u64| format!("{wanted}_{value}_{count}")));
        let free = candidates
            .find(|name| !source.contains(name.as_str()) && !self.taken.contains(name) && !self.refused.contains(name));
        let free = free.unwrap_or(wanted);
        self.taken.insert(free.clone());
        free
    }

    /// `max_entries` that several maps have in common, or that the source has a name for.
    fn capacities(&mut self, draft: &mut Draft) {
        let mut uses: BTreeMap<(u64, bool), Vec<String>> = BTreeMap::new();
        for map in draft.maps.iter_mut().filter(|map| map.refused.is_none()) {
            let Some(entries) = &mut map.max_entries else { continue };
            entries.expr = entries.expr.take().filter(|expr| self.take_up(expr));
            if entries.expr.is_none() && entries.value > 1 {
                uses.entry((entries.value, entries.bytes)).or_default().push(map.name.clone());
            }
        }
        let mut named = HashMap::new();
        for ((value, bytes), maps) in uses {
            if let Some(name) = self.in_source(value, &maps, false) {
                named.insert((value, bytes), name);
            } else if maps.len() > 1 {
                let name = self.free(if bytes { "BUFFER" } else { "SHARED" }, value);
                let expr = bytes.then(|| in_units(value)).flatten();
                draft.capacities.push(Constant { name: name.clone(), value, expr, comment: None });
                named.insert((value, bytes), name);
            }
        }
        for entries in draft.maps.iter_mut().filter_map(|map| map.max_entries.as_mut()) {
            if entries.expr.is_none() {
                entries.expr = named.get(&(entries.value, entries.bytes)).cloned();
            }
        }
    }

    /// Defines the numbers of the source that are in use: as lengths, if one of a type is made of them, and otherwise as
    /// capacities.
    fn define(&mut self, draft: &mut Draft) {
        let mut of_types = BTreeSet::new();
        draft.each_field(&mut |field| {
            each_length(field, &mut |length, _| of_types.extend(length.expr.iter().flat_map(|expr| owned_words(expr))));
        });
        let mut waiting: Vec<String> = of_types.iter().cloned().collect();
        while let Some(name) = waiting.pop() {
            let number = self.numbers.iter().find(|number| number.name == name.as_str());
            for word in number.and_then(|number| number.expr.as_deref()).iter().flat_map(|expr| owned_words(expr)) {
                if of_types.insert(word.clone()) {
                    waiting.push(word);
                }
            }
        }
        let (mut lengths, mut capacities) = (Vec::new(), Vec::new());
        for number in self.used.iter().map(|index| &self.numbers[*index]) {
            let list = if of_types.contains(&*number.name) { &mut lengths } else { &mut capacities };
            list.push(Constant {
                name: number.name.clone().into_owned(),
                value: number.value,
                expr: number.expr.clone(),
                comment: number.doc.clone(),
            });
        }
        draft.lengths.splice(0..0, lengths);
        draft.capacities.splice(0..0, capacities);
    }
}

/// Whether two words are about the same: `comm` and `COMM`, `path` and `PATHNAME`.
fn related(one: &str, other: &str) -> bool {
    one == other || one.len() > 3 && other.starts_with(one) || other.len() > 3 && one.starts_with(other)
}

/// The names in an expression.
fn words(expr: &str) -> impl Iterator<Item = &str> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = expr.split(move |letter| !is_word(letter));
    words
        .filter(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') && !is_unit(word))
}

fn owned_words(expr: &str) -> Vec<String> {
    words(expr).map(str::to_owned).collect()
}

fn is_unit(word: &str) -> bool {
    matches!(word, "KiB" | "MiB" | "GiB")
}

/// What the text in fields of these names is commonly called.
fn text_name(value: u64, uses: &Uses) -> String {
    let any =
        |words: &[&str]| uses.iter().any(|field| words.iter().any(|word| field.to_ascii_lowercase().contains(word)));
    if value == 16 && any(&["comm", "task"]) {
        return "COMM".to_owned();
    }
    if any(&["path", "cwd", "exe", "file"]) {
        return "PATH".to_owned();
    }
    // The name that most of them have, the first of those if there are several.
    let count = |name: &String| uses.iter().filter(|other| *other == name).count();
    let most = uses.iter().map(count).max().unwrap_or(0);
    let first = uses.iter().find(|name| count(name) == most);
    first.map_or_else(|| "TEXT".to_owned(), |name| name.to_ascii_uppercase())
}

/// A number of bytes as the language writes it, if it is a multiple of 1024.
pub(crate) fn in_units(bytes: u64) -> Option<String> {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let (unit, factor) = units.into_iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))?;
    Some(format!("{} {unit}", bytes / factor))
}

//! A map from names that is looked through one by one while it has few entries, as those of the fields of a record have:
//! hashing each name takes longer.

use std::{borrow::Cow, collections::hash_map::Entry};

use rustc_hash::FxHashMap;

/// Entries up to which looking is faster than hashing.
const FEW: usize = 16;

/// A map from names.
pub(super) struct Few<'n, V> {
    few: Vec<(Cow<'n, str>, V)>,
    /// All of them, once they are more.
    many: FxHashMap<Cow<'n, str>, V>,
}

impl<V> Default for Few<'_, V> {
    fn default() -> Self {
        Few { few: Vec::new(), many: FxHashMap::default() }
    }
}

impl<'n, V> Few<'n, V> {
    /// An empty one with room for about so many.
    pub(super) fn with_room(count: usize) -> Self {
        let mut map = Self::default();
        if count > FEW {
            map.many.reserve(count);
        }
        map
    }

    /// Removes all, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    /// The entry of a name, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        if self.many.is_empty() {
            self.few.iter().find(|(other, _)| other == name).map(|(_, value)| value)
        } else {
            self.many.get(name)
        }
    }

    /// Enters a name. If it has an entry already, that stays and is given back.
    pub(super) fn insert(&mut self, name: Cow<'n, str>, value: V) -> Option<(&str, &V)> {
        if self.many.is_empty() && self.few.len() == FEW {
            self.many.extend(self.few.drain(..));
        }
        if self.many.is_empty() {
            if let Some(at) = self.few.iter().position(|(other, _)| *other == name) {
                let (name, value) = &self.few[at];
                return Some((name, value));
            }
            self.few.push((name, value));
            return None;
        }
        let taken = match self.many.entry(name) {
            Entry::Occupied(entry) => entry.key().clone(),
            Entry::Vacant(entry) => {
                entry.insert(value);
                return None;
            }
        };
        self.many.get_key_value(&taken).map(|(name, value)| (name.as_ref(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_of_a_name_stays() {
        for count in [1, FEW - 1, FEW, FEW + 1, 3 * FEW] {
            let mut map = Few::default();
            for number in 0..count {
                assert_eq!(map.insert(format!("n{number}").into(), number), None);
            }
            for number in 0..count {
                let name = format!("n{number}");
                assert_eq!(map.insert(name.clone().into(), count), Some((&*name, &number)), "of {count}");
                assert_eq!(map.get(&format!("n{number}")), Some(&number), "of {count}");
            }
            assert_eq!(map.get("n"), None);
            map.clear();
            assert_eq!(map.get("n0"), None, "of {count}, removed");
            assert_eq!(map.insert("n0".into(), 7), None, "of {count}, removed");
        }
    }
}

//! Values of enums and bits of flags whose numbers changed between the layouts, told by their names.
//!
//! The number is what travels, so a number is handed on as it is wherever the names do not speak against it. They do if
//! both layouts have a name for different numbers: then it becomes the number that the name has here. And they do if the
//! other layout has a name that ours lacks for a number that means something else here: it must not be read as that.

use std::{collections::BTreeMap, string::String, vec::Vec};

use bpf_layout_btf::{Btf, Kind, Type};

use super::{
    rule::{Difference, Handling, Rule},
    theirs::enum_sign,
};
use crate::shape::NamesInfo;

/// How numbers of one enum, or of flags, become those of the other layout's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Theirs and ours, of each name that moved.
    moved: Vec<(i128, i128)>,
    /// Numbers of theirs that mean something else here.
    strangers: Vec<i128>,
    /// Whether they are masks.
    flags: bool,
    /// All bits of theirs that are not handed on as they are; none if a mask without bits is among them, which is in every
    /// value.
    touched: Option<i128>,
    /// What a stranger becomes: for an enum the largest number without a name, for flags no bit.
    unnamed: i128,
}

impl Names {
    /// Compares an enum of theirs with ours; `None` if numbers mean the same. `flags` says that they are masks.
    pub(super) fn new(
        info: &'static NamesInfo,
        flags: bool,
        theirs: &Type<'_>,
        differences: &mut Vec<Difference>,
    ) -> Option<Self> {
        let values = enumerators(theirs, info.signed);
        let prefix = prefix(info, &values);
        let ours = |name: &str| {
            let of = |own: &str| plain(name).strip_prefix(&*prefix).is_some_and(|rest| rest == plain(own));
            info.values.iter().find(|(own, _)| of(own))
        };
        let (mut moved, mut strangers) = (Vec::new(), Vec::new());
        for (name, value) in &values {
            match ours(name) {
                Some((_, own)) if own == value => {}
                Some((own_name, own)) => {
                    moved.push((*value, *own));
                    differences.push(difference(info, Rule::EnumValue, own_name, *value, number(*own)));
                }
                None => {
                    let Some((other, _)) = info.values.iter().find(|(_, own)| own == value) else { continue };
                    // An alias of a value that has its name in both layouts.
                    if values.iter().any(|(name, same)| same == value && ours(name).is_some()) {
                        continue;
                    }
                    strangers.push(*value);
                    differences.push(difference(info, Rule::ExtraVariant, name, *value, std::format!("`{other}`")));
                }
            }
        }
        let unnamed = if flags { 0 } else { unnamed(info) };
        (!moved.is_empty() || !strangers.is_empty()).then(|| Names::of(moved, strangers, flags, unnamed))
    }

    fn of(moved: Vec<(i128, i128)>, strangers: Vec<i128>, flags: bool, unnamed: i128) -> Self {
        let masks = || moved.iter().map(|(theirs, _)| theirs).chain(&strangers);
        let touched = masks().all(|mask| *mask != 0).then(|| masks().fold(0, |bits, mask| bits | mask));
        Names { moved, strangers, flags, touched, unnamed }
    }

    /// A number of theirs as ours, and whether all of it has a meaning here.
    pub(super) fn read(&self, value: i128) -> (i128, bool) {
        if self.flags { self.read_flags(value) } else { self.read_enum(value) }
    }

    fn read_enum(&self, value: i128) -> (i128, bool) {
        match self.moved.iter().find(|(theirs, _)| *theirs == value) {
            Some((_, ours)) => (*ours, true),
            None if self.strangers.contains(&value) => (self.unnamed, false),
            None => (value, true),
        }
    }

    fn read_flags(&self, value: i128) -> (i128, bool) {
        if self.touched.is_some_and(|touched| value & touched == 0) {
            return (value, true);
        }
        let strange = self.strangers.iter().fold(0, |bits, mask| bits | mask);
        let known = value & !strange;
        // A part of a mask that moved has no place here.
        let masks = self.moved.iter().map(|(theirs, _)| theirs);
        let whole = masks.clone().filter(|mask| known & *mask == **mask).fold(0, |bits, mask| bits | mask);
        let parts = masks.fold(0, |bits, mask| bits | mask) & known & !whole;
        (self.exchange(known, |pair| *pair), value & strange == 0 && parts == 0)
    }

    /// A number of ours as theirs. One that cannot be theirs does not come back from there.
    pub(super) fn write(&self, value: i128) -> i128 {
        let turned = |(theirs, ours): &(i128, i128)| (*ours, *theirs);
        if self.flags {
            return self.exchange(value, turned);
        }
        self.moved.iter().map(turned).find(|(ours, _)| *ours == value).map_or(value, |(_, theirs)| theirs)
    }

    /// Replaces each mask that is wholly set by its other.
    fn exchange(&self, value: i128, order: impl Fn(&(i128, i128)) -> (i128, i128)) -> i128 {
        let pairs = || self.moved.iter().map(&order);
        let rest = pairs().fold(value, |rest, (from, _)| rest & !from);
        pairs().filter(|(from, _)| value & from == *from).fold(rest, |bits, (_, to)| bits | to)
    }
}

fn difference(info: &NamesInfo, rule: Rule, name: &str, found: i128, expected: String) -> Difference {
    let handling = if rule == Rule::EnumValue { Handling::Converted } else { Handling::Narrowed };
    Difference { rule, what: info.name, field: Some(name.into()), found: number(found), expected, handling }
}

fn number(value: i128) -> String {
    std::format!("{value}")
}

/// How many values an enum may have: hostile input must not take time without end.
const MAX_VALUES: usize = 4096;

/// Names and values of theirs, read with our sign where their writer did not say.
fn enumerators<'a>(theirs: &Type<'a>, signed: bool) -> Vec<(&'a str, i128)> {
    // clang before 15 cuts the values of an enum of 64 bits to 32.
    if theirs.kind() == Kind::Enum && theirs.size().is_none_or(|size| size > 4) {
        return Vec::new();
    }
    let most = theirs.enumerators().take(MAX_VALUES);
    let unsaid = enum_sign(theirs).is_none() && signed;
    let value = |value: i128| if unsaid && value > i128::from(i32::MAX) { value - (1 << 32) } else { value };
    most.map(|enumerator| (enumerator.name, value(enumerator.value))).collect()
}

/// A name as both C and Rust write it: in capitals, without underscores.
fn plain(name: &str) -> String {
    name.strip_prefix("r#").unwrap_or(name).chars().filter(|c| *c != '_').map(|c| c.to_ascii_uppercase()).collect()
}

/// What stands before our names in theirs, in [`plain`] form: that which gives most of them a meaning. A spec may set it,
/// and hand-written C has its own (`AF_INET`).
fn prefix(info: &NamesInfo, values: &[(&str, i128)]) -> String {
    let own = plain(info.name);
    let mut votes = BTreeMap::from([(own.clone(), 0)]);
    for (name, _) in values {
        let name = plain(name);
        for prefix in info.values.iter().filter_map(|(own, _)| name.strip_suffix(&*plain(own))) {
            *votes.entry(prefix.into()).or_insert(0) += 1;
        }
    }
    let best = votes.into_iter().max_by_key(|(prefix, count)| (*count, *prefix == own));
    best.map(|(prefix, _)| prefix).unwrap_or_default()
}

/// The largest number of an enum that has no name here.
fn unnamed(info: &NamesInfo) -> i128 {
    let bits = 8 * info.size.clamp(1, 8) - usize::from(info.signed);
    let largest = (1 << bits) - 1;
    (0..=largest).rev().find(|value| info.values.iter().all(|(_, named)| named != value)).unwrap_or(largest)
}

/// The other layout's enum of this name, for a field that is declared as an integer: one that shares a name with ours.
pub(super) fn find<'a>(btf: &Btf<'a>, info: &NamesInfo) -> Option<Type<'a>> {
    let own = info.name;
    let names = [own.into(), std::format!("__{own}"), std::format!("{own}_")];
    let ids = names
        .iter()
        .flat_map(|name| [Kind::Enum, Kind::Enum64].map(|kind| btf.find_all(kind, name).collect::<Vec<_>>()))
        .flatten();
    ids.filter_map(|id| btf.get(id)).find(|ty| is_related(info, ty))
}

fn is_related(info: &NamesInfo, theirs: &Type<'_>) -> bool {
    let ends = |name: &str| info.values.iter().any(|(own, _)| plain(name).ends_with(&*plain(own)));
    theirs.enumerators().take(MAX_VALUES).any(|enumerator| ends(enumerator.name))
}

/// Whether a field that is declared with this enum is declared with ours: flags are `__open_flags` in C, and a reserved
/// name has an underscore behind it.
pub(super) fn is_ours(info: &NamesInfo, theirs: &Type<'_>) -> bool {
    theirs.name().trim_matches('_') == info.name.trim_matches('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(flags: bool, moved: &[(i128, i128)], strangers: &[i128]) -> Names {
        Names::of(moved.to_vec(), strangers.to_vec(), flags, if flags { 0 } else { 255 })
    }

    #[test]
    fn a_value_that_moved_is_translated_and_a_stranger_is_not_taken_for_another() {
        let names = names(false, &[(2, 3)], &[4]);
        let read = [1, 2, 3, 4].map(|value| names.read(value));
        assert_eq!(read, [(1, true), (3, true), (3, true), (255, false)]);
        assert_eq!([1, 3].map(|value| names.write(value)), [1, 2]);
    }

    #[test]
    fn values_can_change_places() {
        let names = names(false, &[(1, 2), (2, 1)], &[]);
        assert_eq!([1, 2].map(|value| names.read(value).0), [2, 1]);
        assert_eq!([1, 2].map(|value| names.write(value)), [2, 1]);
    }

    #[test]
    fn bits_are_translated_one_by_one() {
        let names = names(true, &[(1, 4), (4, 1), (0x30, 0xc0)], &[8]);
        assert_eq!(names.read(0x1), (0x4, true));
        assert_eq!(names.read(0x5), (0x5, true));
        assert_eq!(names.read(0x32), (0xc2, true));
        assert_eq!(names.read(0x10), (0, false), "a part of a mask is not the mask");
        assert_eq!(names.read(0x9), (0x4, false));
        assert_eq!(names.write(0xc4), 0x31);
        assert_eq!((names.read(0x2), names.read(0)), ((0x2, true), (0, true)));
    }

    #[test]
    fn a_mask_without_bits_is_in_every_value() {
        let names = names(true, &[(0, 8)], &[]);
        assert_eq!((names.read(0x2), names.read(0)), ((0xa, true), (0x8, true)));
    }

    #[test]
    fn a_number_without_a_name_is_found() {
        let info = |size, signed, values| NamesInfo { name: "e", size, signed, values };
        assert_eq!(unnamed(&info(1, false, &[("a", 255), ("b", 254)])), 253);
        assert_eq!(unnamed(&info(1, true, &[("a", 1)])), 127);
        assert_eq!(unnamed(&info(8, false, &[("a", 1)])), u64::MAX.into());
    }

    #[test]
    fn names_are_the_same_in_c_and_in_rust() {
        for (c, rust) in [("FILE_OP", "file_op"), ("CAMEL_CASE", "CamelCase"), ("CLASS_", "class"), ("TYPE", "r#type")]
        {
            assert_eq!(plain(c), plain(rust));
        }
        let info =
            NamesInfo { name: "family", size: 2, signed: false, values: &[("inet", 2), ("inet6", 10), ("unix", 1)] };
        assert_eq!(prefix(&info, &[("AF_UNIX", 1), ("AF_INET", 2), ("FAMILY_INET6", 10)]), "AF");
        assert_eq!(prefix(&info, &[("OTHER", 1)]), "FAMILY");
    }
}

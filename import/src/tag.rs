//! Which field may say of which type a record is: where a buffer carries several events, the language asks for one.

use bpf_layout_spec::compare::{Observed, ObservedMember, ObservedType, Shape};

/// Words in the names of fields that tell records apart.
const WORDS: &[&str] = &["type", "kind", "tag", "op", "id", "what"];

/// The way on for a map that carries these events, of which no tag is known: the fields that all of them have in one place, the
/// likeliest first.
pub(crate) fn way_on(observed: &Observed<'_>, events: &[usize]) -> String {
    let candidates = candidates(observed, events);
    let Some((first, others)) = candidates.split_first() else {
        return "no integer or enum is in all of them at one place: a new one that says which it is, at the start of each, can be their tag"
            .to_owned();
    };
    let also = match others {
        [] => String::new(),
        others => {
            format!(" (or {})", others.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    format!(
        "`{first}`{also} is in all of them at one place: if it says which it is, write `tag = {{ {first} = VALUE }}` in each event, \
         and `events` here"
    )
}

/// Fields of whole bytes that each of these types has at the same place and of the same type.
fn candidates<'a>(observed: &Observed<'a>, events: &[usize]) -> Vec<&'a str> {
    let members = |event: &usize| match observed.types.get(*event) {
        Some(ObservedType::Record(record)) => record.members.as_slice(),
        _ => &[],
    };
    let Some((first, others)) = events.split_first() else { return Vec::new() };
    let is_same = |one: &ObservedMember<'_>, other: &ObservedMember<'_>| {
        (one.name, one.bit_offset, &one.shape) == (other.name, other.bit_offset, &other.shape)
    };
    let is_enum = |shape: &Shape| matches!(shape, Shape::Def(index) if matches!(observed.types.get(*index), Some(ObservedType::Enum(_))));
    let may = |member: &&ObservedMember<'a>| {
        let integer = matches!(member.shape, Shape::Int { size: 1..=8, bool: false, big_endian: false, .. });
        !member.name.is_empty() && !member.bitfield && (integer || is_enum(&member.shape))
    };
    let in_all = |member: &&ObservedMember<'a>| {
        others.iter().all(|event| members(event).iter().any(|other| is_same(member, other)))
    };
    let mut found: Vec<&ObservedMember<'a>> = members(first).iter().filter(may).filter(in_all).collect();
    let says = |member: &ObservedMember<'_>| member.name.split('_').any(|word| WORDS.contains(&word));
    found.sort_by_key(|member| (!is_enum(&member.shape), !says(member), member.bit_offset));
    found.into_iter().map(|member| member.name).collect()
}

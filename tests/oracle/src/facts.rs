//! What somebody says about layouts, as facts that can be compared one by one.

use std::{collections::HashMap, fmt};

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Size of a type, in bytes.
    Size,
    /// Alignment of a type, in bytes.
    Align,
    /// Where a member starts, in bits from the start of its record.
    BitOffset,
    /// How long a member is, in bits.
    BitSize,
    /// Where a bitfield starts, in bits from the start of its record.
    BitfieldOffset,
    /// How wide a bitfield is, in bits.
    BitfieldSize,
    /// The value of a constant, an enum's variant or a flag.
    Value,
}

/// One thing that can be said: of a type, or of a member of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fact {
    /// The type; empty for a constant.
    pub ty: String,
    /// The member or constant; empty for the type as a whole.
    pub member: String,
    /// What is said of it.
    pub what: What,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fact { ty, member, what } = self;
        let dot = if ty.is_empty() || member.is_empty() { "" } else { "." };
        write!(f, "{ty}{dot}{member} {what:?}")
    }
}

/// Everything that one witness says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(HashMap<Fact, i128>);

impl Facts {
    /// Adds one statement.
    ///
    /// # Panics
    /// If something else was said of the same thing before.
    pub fn state(&mut self, ty: &str, member: &str, what: What, value: impl Into<i128>) {
        let fact = Fact { ty: ty.to_owned(), member: member.to_owned(), what };
        let value = value.into();
        if let Some(before) = self.0.insert(fact.clone(), value) {
            assert_eq!(before, value, "{fact} was stated twice, differently");
        }
    }

    /// The number stated for each fact, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Fact, &mut i128)> {
        self.0.iter_mut()
    }

    /// Adds where a member of a record lies.
    pub fn place(&mut self, ty: &str, member: &str, bit_offset: u64, bit_size: u64) {
        self.state(ty, member, What::BitOffset, bit_offset);
        self.state(ty, member, What::BitSize, bit_size);
    }

    /// Adds where a bitfield of a record lies.
    pub fn place_bitfield(&mut self, ty: &str, member: &str, bit_offset: u64, bit_size: u64) {
        self.state(ty, member, What::BitfieldOffset, bit_offset);
        self.state(ty, member, What::BitfieldSize, bit_size);
    }

    /// The number stated for a fact, if any is.
    #[must_use]
    pub fn get(&self, fact: &Fact) -> Option<i128> {
        self.0.get(fact).copied()
    }

    /// All facts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Fact, i128)> {
        self.0.iter().map(|(fact, value)| (fact, *value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Someone who says how types are laid out, and the kinds of facts they can know.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Who: a compiler and its target, say.
    pub name: String,
    /// What they said, or why they refuse to say anything.
    pub said: Result<Facts, String>,
    /// The kinds of facts that they must state wherever there is one.
    pub knows: &'static [What],
}

impl Witness {
    /// The number that the witness gives for a fact, if any.
    #[must_use]
    pub fn number(&self, fact: &Fact) -> Option<i128> {
        self.said.as_ref().ok()?.get(fact)
    }

    /// Every fact on which the witness disagrees with `expected`: says something else, is silent on what it must know, or
    /// knows of something that `expected` does not. One that refuses to speak disputes nothing here.
    #[must_use]
    pub fn disputes(&self, expected: &Facts) -> Vec<Fact> {
        let Ok(facts) = &self.said else { return Vec::new() };
        let must = expected.iter().filter(|(fact, _)| self.knows.contains(&fact.what));
        let silent = must.filter(|(fact, _)| facts.get(fact).is_none());
        let other = facts.iter().filter(|(fact, value)| expected.get(fact) != Some(*value));
        let mut disputed: Vec<Fact> = silent.chain(other).map(|(fact, _)| fact.clone()).collect();
        disputed.sort();
        disputed
    }
}

/// What every witness says of one fact, a line each.
#[must_use]
pub fn testimony<'a>(fact: &Fact, expected: &Facts, witnesses: impl IntoIterator<Item = &'a Witness>) -> String {
    let say = |number: Option<i128>| number.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let mut text = format!("{fact}\n  {:44} {}\n", "bpf-layout", say(expected.get(fact)));
    for witness in witnesses {
        text.push_str(&format!("  {:44} {}\n", witness.name, say(witness.number(fact))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(size: i128, offset: u64) -> Facts {
        let mut facts = Facts::default();
        facts.state("s", "", What::Size, size);
        facts.place("s", "f", offset, 8);
        facts
    }

    fn witness(facts: Facts, knows: &'static [What]) -> Witness {
        Witness { name: "w".to_owned(), said: Ok(facts), knows }
    }

    #[test]
    fn a_witness_that_agrees_is_quiet() {
        let knows = &[What::Size, What::BitOffset, What::BitSize];
        assert!(witness(facts(4, 0), knows).disputes(&facts(4, 0)).is_empty());
    }

    #[test]
    fn another_number_is_found_and_printed_with_all_witnesses() {
        let (ours, theirs) = (facts(4, 0), witness(facts(4, 16), &[]));
        let found = theirs.disputes(&ours);
        assert_eq!(found.len(), 1);
        let text = testimony(&found[0], &ours, [&theirs]);
        assert!(text.contains("s.f BitOffset") && text.contains("bpf-layout") && text.contains("16"), "{text}");
    }

    #[test]
    fn silence_counts_only_where_a_witness_must_know() {
        assert!(witness(Facts::default(), &[]).disputes(&facts(4, 0)).is_empty());
        assert_eq!(witness(Facts::default(), &[What::Size]).disputes(&facts(4, 0)).len(), 1);
    }

    #[test]
    fn a_member_that_we_do_not_know_is_found() {
        let mut more = facts(4, 0);
        more.place("s", "hidden", 8, 8);
        assert_eq!(witness(more, &[]).disputes(&facts(4, 0)).len(), 2);
    }
}

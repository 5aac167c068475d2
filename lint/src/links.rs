//! Variables that say how much of a field is read or written: an index of it, or a size.
//!
//! A number that such a variable is compared with, masked with or set to says something of the field's length.

use std::collections::{HashMap, HashSet};

use crate::{
    access::Access,
    calls::{Call, Callee, argument},
    chain::{self, Chain},
    code::Code,
    eval::precedence,
    facts::Facts,
};

/// How a variable has to do with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It chooses an element of this dimension.
    Index(usize),
    /// It is a number of bytes.
    Size,
    /// It is a buffer that is copied to or from the field.
    Buffer,
}

/// One place where a variable has to do with a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The token where that is.
    pub(crate) at: usize,
    /// The access, by its index.
    pub(crate) access: usize,
    pub(crate) role: Role,
    /// Whether the variable itself is the index or size, not a part of it.
    pub(crate) exact: bool,
}

/// A variable by the function it is used in.
type Key = (u32, String);

/// All links of one file.
#[derive(Debug, Default)]
pub(crate) struct Links {
    by_variable: HashMap<Key, Vec<Link>>,
    /// Where linked variables get another value.
    assigned: HashMap<Key, Vec<usize>>,
    /// Variables that are compared with a name of the spec or a `sizeof`.
    bounded: HashSet<Key>,
    /// Members that have to do with a field, and the access that they do it with.
    pub(crate) members: Vec<(Chain, Link)>,
}

/// Expressions of more tokens are not looked into.
const LONGEST: usize = 32;

impl Links {
    /// Finds them. `calls` has the call of each access, if it is in one.
    pub(crate) fn new(code: &Code<'_>, facts: &Facts<'_>, accesses: &[Access], calls: &[Option<Call>]) -> Self {
        let mut links = Links::default();
        for (index, (access, call)) in accesses.iter().zip(calls).enumerate() {
            for (level, &open) in access.subscripts.iter().enumerate() {
                if let Some(close) = code.partner(open) {
                    links.expression(code, (open + 1, close), index, Role::Index(level));
                }
            }
            if let Some(call) = call {
                links.call(code, index, call);
            }
        }
        if !links.by_variable.is_empty() {
            links.sort();
            links.assignments(code);
            links.copies(code);
            links.sort();
            links.bounds(code, facts);
        }
        links
    }

    /// What a variable at this token has to do with fields, as far as it has the same value there: the nearest such places.
    pub(crate) fn of(&self, code: &Code<'_>, chain: Chain, at: usize) -> impl Iterator<Item = &Link> {
        /// On each side.
        const NEAREST: usize = 4;
        let key = key(code, chain);
        let links = self.by_variable.get(&key).map_or(&[][..], Vec::as_slice);
        let assigned = self.assigned.get(&key).map_or(&[][..], Vec::as_slice);
        let next = assigned.partition_point(|token| *token <= at);
        let from = next.checked_sub(1).map_or(0, |last| assigned[last]);
        let to = assigned.get(next).copied().unwrap_or(usize::MAX);
        let here = links.partition_point(|link| link.at < at);
        let (before, after) = links.split_at(here);
        let before = before.iter().rev().take(NEAREST).take_while(move |link| link.at >= from);
        before.chain(after.iter().take(NEAREST).take_while(move |link| link.at < to))
    }

    /// Whether a variable is held within a name of the spec somewhere.
    pub(crate) fn is_bounded(&self, code: &Code<'_>, chain: Chain) -> bool {
        self.bounded.contains(&key(code, chain))
    }

    fn add(&mut self, code: &Code<'_>, chain: Chain, link: Link) {
        if chain.start < chain.last && link.role != Role::Buffer {
            self.members.push((chain, link));
        }
        self.by_variable.entry(key(code, chain)).or_default().push(link);
    }

    fn sort(&mut self) {
        self.by_variable.values_mut().for_each(|links| links.sort_by_key(|link| link.at));
    }

    /// What holds of a variable holds of what it was copied from, or is copied to: `start = buffer->start;`
    fn copies(&mut self, code: &Code<'_>) {
        let mut copied = Vec::new();
        for equals in (1..code.tokens.len()).filter(|&at| code.word(at) == "=") {
            let left = chain::ending_at(code, equals - 1);
            let right = chain::starting_at(code, equals + 1);
            let Some((left, right)) =
                left.zip(right).filter(|(_, right)| matches!(code.word(right.last + 1), ";" | ","))
            else {
                continue;
            };
            let of = |chain| self.of(code, chain, equals).find(|link| link.role != Role::Buffer);
            copied.extend(of(left).map(|link| (right, *link)));
            copied.extend(of(right).map(|link| (left, *link)));
        }
        for (chain, link) in copied {
            self.add(code, chain, Link { at: chain.start, exact: false, ..link });
        }
    }

    fn call(&mut self, code: &Code<'_>, access: usize, call: &Call) {
        let Callee::Sized { size, string } = call.callee else { return };
        if let Some(range) = argument(code, call.open, size) {
            self.expression(code, range, access, Role::Size);
        }
        // `len = bpf_probe_read_str(...)`
        let target = call.open.checked_sub(3).filter(|_| string && code.word(call.open - 2) == "=");
        if let Some(chain) = target.and_then(|last| chain::ending_at(code, last)) {
            self.add(code, chain, Link { at: call.open, access, role: Role::Size, exact: true });
        }
        for other in (0..size.max(3)).filter(|&other| other != size && other != call.argument) {
            let Some((start, end)) = argument(code, call.open, other) else { continue };
            let start = if code.word(start) == "&" { start + 1 } else { start };
            if let Some(chain) = chain::starting_at(code, start).filter(|chain| chain.last + 1 == end) {
                self.add(code, chain, Link { at: call.open, access, role: Role::Buffer, exact: false });
            }
        }
    }

    /// Links the variables of an index or size.
    fn expression(&mut self, code: &Code<'_>, (start, end): (usize, usize), access: usize, role: Role) {
        let mut at = start;
        while at < end.min(start + LONGEST) {
            let Some(chain) = chain::starting_at(code, at).filter(|chain| chain.last < end) else {
                at += 1;
                continue;
            };
            let exact = chain.start == start && chain.last + 1 == end;
            // Of a quotient or a masked value, the variable itself may be anything.
            let linear = |operator: &str| precedence(operator).is_none() || matches!(operator, "+" | "-");
            if linear(code.before(chain.start)) && linear(code.word(chain.last + 1)) {
                self.add(code, chain, Link { at: chain.start, access, role, exact });
            }
            at = chain.last + 1;
        }
    }

    /// Notes where linked variables are assigned something else than a number that cuts them off.
    fn assignments(&mut self, code: &Code<'_>) {
        for equals in (1..code.tokens.len()).filter(|&at| code.word(at) == "=") {
            let Some(chain) = chain::ending_at(code, equals - 1) else { continue };
            let key = key(code, chain);
            if self.by_variable.contains_key(&key) && !cuts_off(code, chain, equals) {
                self.assigned.entry(key).or_default().push(equals);
            }
        }
    }

    /// Notes which linked variables are compared with something that follows the spec.
    fn bounds(&mut self, code: &Code<'_>, facts: &Facts<'_>) {
        let follows = |at: usize| code.word(at) == "sizeof" || facts.generated(code.word(at)).is_some();
        for at in (2..code.tokens.len()).filter(|&at| code.is_word(at) && follows(at)) {
            let compares = |word: &str| is_comparison(word) || matches!(word, "&" | "&=" | "%" | "%=");
            let before = compares(code.before(at)).then(|| chain::ending_at(code, at - 2)).flatten();
            let after = compares(code.word(at + 1)).then(|| chain::starting_at(code, at + 2)).flatten();
            for chain in before.into_iter().chain(after) {
                self.bounded.insert(key(code, chain));
            }
        }
    }
}

/// `<`, `>=`, `==` and the rest.
pub(crate) fn is_comparison(word: &str) -> bool {
    matches!(word, "<" | "<=" | ">" | ">=" | "==" | "!=")
}

fn key(code: &Code<'_>, chain: Chain) -> Key {
    (code.function(chain.start), chain.text(code))
}

/// `len = 512` after `if (len > 512)`, or `len = len & 511`: the variable is held in bounds, and still the same.
/// `for (i = 0;` begins something new.
fn cuts_off(code: &Code<'_>, chain: Chain, equals: usize) -> bool {
    let header = code.parent(equals).is_some_and(|open| code.before(open) == "for");
    let name = code.word(chain.last);
    let value = (equals + 1..equals + 1 + LONGEST).take_while(|&at| !matches!(code.word(at), ";" | "," | ""));
    let (mut words, mut same) = (false, false);
    for at in value.filter(|&at| code.is_word(at)) {
        words |= code.word(at + 1) == "(" || code.word(at).chars().any(|letter| letter.is_ascii_lowercase());
        same |= code.word(at) == name;
    }
    !header && (same || !words)
}

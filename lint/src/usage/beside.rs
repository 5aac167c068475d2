//! Numbers that a variable is compared with, masked with or set to, where the variable is an index or size of a field.

use super::{Purpose, Unit, Usage, Use};
use crate::{
    access, calls,
    chain::{self, Chain},
    links::{Role, is_comparison},
    number::Number,
    types::Owner,
};

impl<'a> Usage<'_, 'a> {
    /// The number stands beside a variable that is an index or size, or beside a field that says how long another is.
    pub(super) fn beside(&self, number: Number<'a>) -> Vec<Use<'a>> {
        let code = self.code;
        let mut found: Vec<(Chain, Purpose)> = Vec::new();
        if number.start >= 2 {
            let purpose = operator(code.before(number.start), true);
            found.extend(purpose.and_then(|purpose| Some((chain::ending_at(code, number.start - 2)?, purpose))));
        }
        let purpose = operator(code.word(number.end), false);
        found.extend(purpose.and_then(|purpose| Some((chain::starting_at(code, number.end + 1)?, purpose))));
        found.extend(self.assigned(number));
        found.extend(self.loop_bound(number));
        found.into_iter().flat_map(|(chain, purpose)| self.through(number, chain, purpose)).collect()
    }

    /// `V = anything & 511;`
    fn assigned(&self, number: Number<'a>) -> Option<(Chain, Purpose)> {
        /// Longer statements are not looked through.
        const LONGEST: usize = 32;
        let (purpose, _) = self.purpose(number);
        let purpose = purpose.filter(|purpose| matches!(purpose, Purpose::Mask | Purpose::Modulus))?;
        if self.code.word(number.end) != ";" {
            return None;
        }
        let before = (number.start.saturating_sub(LONGEST)..number.start).rev();
        let mut statement = before.take_while(|&at| !matches!(self.code.word(at), ";" | "{" | "}"));
        let equals = statement.find(|&at| self.code.word(at) == "=")?;
        Some((chain::ending_at(self.code, equals.checked_sub(1)?)?, purpose))
    }

    /// `bpf_for(i, 0, 512)`, and `min(len, 512)`.
    fn loop_bound(&self, number: Number<'a>) -> Option<(Chain, Purpose)> {
        let (open, argument) = self.code.meaningful_parent(number.start)?;
        let name = self.code.before(open);
        let bounds = argument == 2 && name == "bpf_for" || argument == 1 && matches!(name, "min" | "MIN");
        if !(bounds && self.purpose(number).1) {
            return None;
        }
        let (start, end) = calls::argument(self.code, open, 0)?;
        let chain = chain::starting_at(self.code, start).filter(|chain| chain.last + 1 == end)?;
        Some((chain, Purpose::Bound))
    }

    /// The uses of a number through a variable or member.
    fn through(&self, number: Number<'a>, chain: Chain, purpose: Purpose) -> Vec<Use<'a>> {
        let mut uses: Vec<Use<'a>> = self.measured(number, chain, purpose).into_iter().collect();
        let bounded = purpose == Purpose::Bound && self.links.is_bounded(self.code, chain);
        for link in self.links.of(self.code, chain, number.start) {
            let access = &self.accesses[link.access];
            let (level, unit) = match link.role {
                Role::Index(level) => (level, Unit::Elements),
                Role::Size => (self.level(access), Unit::Bytes),
                Role::Buffer => continue,
            };
            let sure = access.known && link.exact && !bounded;
            let whole = self.is_whole(access, level);
            // A loop may use a field many times; once says it.
            let same = |known: &Use<'_>| {
                (known.level, known.unit, known.sure, known.whole) == (level, unit, sure, whole)
                    && known.fields == access.fields
            };
            if uses.iter().any(same) {
                continue;
            }
            let through = Some((self.span(link.at, link.at), chain.text(self.code)));
            uses.push(Use { sure, whole, through, ..self.direct(number, purpose, &access.fields, level, unit) });
        }
        if uses.is_empty() {
            uses.extend(self.elsewhere(number, chain, purpose));
        }
        uses
    }

    /// The use of a number through a member that is an index or size of a field in another place.
    fn elsewhere(&self, number: Number<'a>, chain: Chain, purpose: Purpose) -> Option<Use<'a>> {
        let name = self.code.word(chain.last);
        if self.members.is_empty() || chain.start == chain.last {
            return None;
        }
        let Owner::Spec(tags) = self.types.owner(self.code, chain) else { return None };
        let link = tags.iter().find_map(|tag| self.members.get(&(*tag, name)))?;
        let access = &self.accesses[link.access];
        let (level, unit) = match link.role {
            Role::Index(level) => (level, Unit::Elements),
            Role::Size | Role::Buffer => (self.level(access), Unit::Bytes),
        };
        let through = Some((self.span(link.at, link.at), chain.text(self.code)));
        Some(Use { through, ..self.direct(number, purpose, &access.fields, level, unit) })
    }

    /// A member that says by its name how long another is: `path_len` of `path`.
    fn measured(&self, number: Number<'a>, chain: Chain, purpose: Purpose) -> Option<Use<'a>> {
        const ENDINGS: &[&str] = &["_len", "_length", "_size", "_sz", "_bytes"];
        let name = self.code.word(chain.last);
        let field = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
        let member = chain.last > chain.start && matches!(self.code.before(chain.last), "." | "->");
        let (fields, _) = if member { access::fields_of(self.code, self.types, chain, field) } else { return None };
        (!fields.is_empty()).then(|| self.direct(number, purpose, &fields, 0, Unit::Bytes))
    }
}

/// What an operator makes of the number beside it; `after` if the number is on its right.
fn operator(word: &str, after: bool) -> Option<Purpose> {
    match word {
        "<" | "<=" | ">" | ">=" => Some(Purpose::Bound),
        // `len & 511` by itself says nothing of `len`.
        "&=" if after => Some(Purpose::Mask),
        "%=" if after => Some(Purpose::Modulus),
        "=" if after => Some(Purpose::Part),
        "+" | "-" => Some(Purpose::Part),
        word if is_comparison(word) => Some(Purpose::Part),
        _ => None,
    }
}

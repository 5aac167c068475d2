//! Numbers that are the length of an array.

use super::{Purpose, Unit, Usage, Use};
use crate::{chain::Chain, links::Role, number::Number};

impl<'a> Usage<'_, 'a> {
    /// The length of an array that has the name of a field, or that is copied to or from one.
    pub(super) fn array(&self, number: Number<'a>) -> Vec<Use<'a>> {
        let code = self.code;
        let Some(open) = code.parent(number.start).filter(|&open| code.word(open) == "[" && open >= 2) else {
            return Vec::new();
        };
        let name = open - 1;
        let declares = code.is_word(name) && (code.is_word(open - 2) || matches!(code.word(open - 2), "*" | ","));
        if !(declares && self.purpose(number).1 && code.before(name) != "return") {
            return Vec::new();
        }
        let mut uses: Vec<Use<'a>> = self.named_alike(number, name).into_iter().collect();
        let variable = Chain { start: name, last: name };
        for link in self.links.of(code, variable, usize::MAX).filter(|link| link.role == Role::Buffer) {
            let access = &self.accesses[link.access];
            let through = Some((self.span(link.at, link.at), code.word(name).to_owned()));
            let one = self.direct(number, Purpose::Array, &access.fields, self.level(access), Unit::Bytes);
            uses.push(Use { through, ..one });
        }
        uses
    }

    /// The declaration of an array that has a field's name: a variable, or a member of a struct that is not the kernel's.
    fn named_alike(&self, number: Number<'a>, name: usize) -> Option<Use<'a>> {
        /// Shorter ones of other structs are of their own: 16 bytes are a task's name, or an address.
        const DISTINCTIVE: u64 = 32;
        let facts = self.types.facts;
        let named = facts.fields_named(self.code.word(name));
        let (fields, sure) = match self.aggregate(name) {
            None => (self.mentioned(named, Some(self.code.function(name))), false),
            Some(tag) if facts.record(tag).is_some() => {
                let of_tag = |field: &&usize| facts.field_at(**field).record.name.c == tag;
                (named.iter().filter(of_tag).copied().collect(), true)
            }
            Some(tag) if number.value < DISTINCTIVE || tag.contains("___") || self.is_kernels(name) => return None,
            Some(_) => (self.mentioned(named, None), false),
        };
        let one = || Use { sure, ..self.direct(number, Purpose::Array, &fields, 0, Unit::Elements) };
        (!fields.is_empty()).then(one)
    }

    /// The tag of the struct or union that a member is declared in.
    fn aggregate(&self, name: usize) -> Option<&'a str> {
        let open = self.code.parent(name).filter(|&open| self.code.word(open) == "{")?;
        self.code.aggregate(open)
    }

    /// The fields whose structs a function mentions, or the file.
    fn mentioned(&self, named: &[usize], function: Option<u32>) -> Vec<usize> {
        let record = |field: usize| self.types.facts.field_at(field).record;
        let mentions = |field: &usize| self.types.locals.mentions(function, &record(*field).name.c);
        named.iter().copied().filter(mentions).collect()
    }

    /// Whether a member belongs to a struct whose accesses libbpf relocates.
    fn is_kernels(&self, member: usize) -> bool {
        /// `} __attribute__((preserve_access_index))`
        const ATTRIBUTES: usize = 12;
        let close = self.code.parent(member).and_then(|open| self.code.partner(open));
        let after = close.map(|close| close + 1..close + 1 + ATTRIBUTES).unwrap_or_default();
        self.file.is_relocated(&self.code.tokens[member])
            || after
                .map(|at| self.code.word(at))
                .take_while(|word| *word != ";")
                .any(|word| word == "preserve_access_index")
    }
}

//! What numbers do with fields of the spec: every [`Use`] of one file.

use std::collections::HashMap;

use bpf_layout_spec::source::Span;

use crate::{
    access::{self, Access},
    calls::{self, Call, Callee},
    chain::{self, Chain},
    code::Code,
    constants::Constants,
    file::File,
    links::{Link, Links, Role, is_comparison},
    number::{Number, numbers},
    types::{Owner, Types},
};

/// What a number is to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The size that is copied; of a string, if `string`.
    Size { string: bool },
    /// An index, by itself.
    Index,
    /// The largest value of an index or size, or the first beyond it.
    Bound,
    /// What is left of an index or size by `&`.
    Mask,
    /// What is left of an index or size by `%`.
    Modulus,
    /// Added, subtracted, assigned, compared for equality.
    Part,
    /// An argument of a function that also takes the field.
    Argument,
    /// The length of an array of the field's name, or that is copied to or from it.
    Array,
}

/// What a length is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Elements of the dimension.
    Elements,
    /// Bytes from the dimension on in.
    Bytes,
}

/// One number that has to do with a field.
#[derive(Clone, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) number: Number<'a>,
    /// Where it stands.
    pub(crate) span: Span,
    pub(crate) purpose: Purpose,
    /// The fields, by index: more than one if it cannot be told which.
    pub(crate) fields: Vec<usize>,
    /// The dimension of the field.
    pub(crate) level: usize,
    pub(crate) unit: Unit,
    /// Whether it must be the field's length: the field is known, and the number applies to nothing else.
    pub(crate) sure: bool,
    /// Whether less than the length is as wrong as more: not where a part of the field is meant.
    pub(crate) whole: bool,
    /// Where a variable, whose number this is, is used with the field; with the variable.
    pub(crate) through: Option<(Span, String)>,
}

/// Everything about one run of code.
pub(crate) struct Usage<'t, 'a> {
    pub(crate) file: &'a File,
    pub(crate) code: &'t Code<'a>,
    pub(crate) types: Types<'t, 'a>,
    accesses: Vec<Access>,
    calls: Vec<Option<Call>>,
    links: Links,
    /// By struct of the spec and member: an access that the member is an index or size of somewhere in the file.
    members: HashMap<(&'a str, &'a str), Link>,
}

impl<'t, 'a> Usage<'t, 'a> {
    /// Finds the fields in the code, and what has to do with them.
    fn new(file: &'a File, code: &'t Code<'a>, types: Types<'t, 'a>) -> Self {
        let accesses = access::accesses(code, types);
        let calls: Vec<Option<Call>> = accesses.iter().map(|access| calls::call_of(code, access)).collect();
        let links = Links::new(code, types.facts, &accesses, &calls);
        let mut members = HashMap::new();
        for &(chain, link) in &links.members {
            if let Owner::Spec(tags) = types.owner(code, chain) {
                members.extend(tags.into_iter().map(|tag| ((tag, code.word(chain.last)), link)));
            }
        }
        Usage { file, code, types, accesses, calls, links, members }
    }

    fn span(&self, first: usize, last: usize) -> Span {
        self.file.span(&self.code.tokens[first], &self.code.tokens[last])
    }

    /// A use through no variable.
    fn direct(&self, number: Number<'a>, purpose: Purpose, fields: &[usize], level: usize, unit: Unit) -> Use<'a> {
        let span = self.span(number.start, number.end - 1);
        Use { number, span, purpose, fields: fields.to_vec(), level, unit, sure: false, whole: false, through: None }
    }

    /// The number stands in a subscript of a field, or beside one in a call.
    fn enclosed(&self, places: &Places, number: Number<'a>) -> Vec<Use<'a>> {
        let Some((open, argument)) = self.code.meaningful_parent(number.start) else { return Vec::new() };
        let (Some(purpose), whole) = self.purpose(number) else { return Vec::new() };
        let alone = whole && self.code.parent(number.start) == Some(open);
        let masked = purpose == Purpose::Mask || purpose == Purpose::Modulus;
        let exact = alone || masked && self.code.parent(number.start) == Some(open);
        let mut uses = Vec::new();
        for &(index, level) in places.subscripts(open) {
            let access = &self.accesses[index];
            let purpose = if alone { Purpose::Index } else { purpose };
            let (sure, whole) = (access.known && exact, self.is_whole(access, level));
            uses.push(Use { sure, whole, ..self.direct(number, purpose, &access.fields, level, Unit::Elements) });
        }
        for (index, call) in places.calls(open).iter().filter_map(|&index| Some((index, self.calls[index]?))) {
            let access = &self.accesses[index];
            let (purpose, sure) = match call.callee {
                _ if argument == call.argument => continue,
                Callee::Sized { size, .. } if size != argument => continue,
                Callee::Sized { string, .. } if alone => (Purpose::Size { string }, true),
                Callee::Sized { .. } => (purpose, exact),
                Callee::Unknown if alone => (Purpose::Argument, false),
                Callee::Unknown => continue,
            };
            let (level, sure) = (self.level(access), sure && access.known);
            let whole = self.is_whole(access, level);
            uses.push(Use { sure, whole, ..self.direct(number, purpose, &access.fields, level, Unit::Bytes) });
        }
        uses
    }

    /// Whether an access is of all that there is from a dimension on: what is copied to `&text[i]` or `text + i`, and what
    /// `i` is there, leaves room for something else.
    fn is_whole(&self, access: &Access, level: usize) -> bool {
        let element = level < access.subscripts.len();
        let address = self.code.before(access.start) == "&";
        self.code.word(access.end) != "+" && !(element && address)
    }

    /// The dimension that a call starts at: of `&path[i]` the one around what `i` chooses.
    fn level(&self, access: &Access) -> usize {
        let address = access.start > 0 && self.code.before(access.start) == "&";
        access.subscripts.len() - usize::from(address && !access.subscripts.is_empty())
    }

    /// What the operators around a number make of it (nothing, if it divides or shifts), and whether there are none.
    fn purpose(&self, number: Number<'a>) -> (Option<Purpose>, bool) {
        let before = access::before_cast(self.code, number.start).map_or("", |at| self.code.word(at));
        let after = self.code.word(number.end);
        let whole = matches!(before, "[" | "(" | ",") && matches!(after, "]" | ")" | ",");
        let purpose = match (self.code.before(number.start), after) {
            ("&", _) | (_, "&") => Some(Purpose::Mask),
            ("%", _) => Some(Purpose::Modulus),
            ("*" | "/" | "<<" | ">>" | "|" | "^", _) | (_, "*" | "/" | "%" | "<<" | ">>" | "|" | "^") => None,
            _ => Some(Purpose::Part),
        };
        (purpose, whole)
    }

    /// The number stands beside a variable that is an index or size, or beside a field that says how long another is.
    fn beside(&self, number: Number<'a>) -> Vec<Use<'a>> {
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

    /// The length of an array that has the name of a field, or that is copied to or from one.
    fn array(&self, number: Number<'a>) -> Vec<Use<'a>> {
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
        let (code, facts) = (self.code, self.types.facts);
        let named = facts.fields_named(code.word(name));
        let aggregate = code.parent(name).filter(|&open| code.word(open) == "{").and_then(|open| code.aggregate(open));
        let mentions = |function| {
            let mentioned =
                |field: &&usize| self.types.locals.mentions(function, &facts.field_at(**field).record.name.c);
            named.iter().filter(mentioned).copied().collect::<Vec<usize>>()
        };
        let (fields, sure) = match aggregate {
            None => (mentions(Some(code.function(name))), false),
            Some(tag) if facts.record(tag).is_some() => {
                let of_tag = |field: &&usize| facts.field_at(**field).record.name.c == tag;
                (named.iter().filter(of_tag).copied().collect(), true)
            }
            Some(tag) => {
                let own = number.value >= DISTINCTIVE && !tag.contains("___") && !self.is_kernels(name);
                (if own { mentions(None) } else { Vec::new() }, false)
            }
        };
        let one = || Use { sure, ..self.direct(number, Purpose::Array, &fields, 0, Unit::Elements) };
        (!fields.is_empty()).then(one)
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

/// The accesses that brackets belong to.
#[derive(Default)]
struct Places {
    subscripts: HashMap<usize, Vec<(usize, usize)>>,
    calls: HashMap<usize, Vec<usize>>,
}

impl Places {
    fn new(accesses: &[Access], calls: &[Option<Call>]) -> Self {
        let mut places = Places::default();
        for (index, access) in accesses.iter().enumerate() {
            for (level, &open) in access.subscripts.iter().enumerate() {
                places.subscripts.entry(open).or_default().push((index, level));
            }
        }
        for (index, call) in calls.iter().enumerate() {
            if let Some(call) = call {
                places.calls.entry(call.open).or_default().push(index);
            }
        }
        places
    }

    fn subscripts(&self, open: usize) -> &[(usize, usize)] {
        self.subscripts.get(&open).map_or(&[], Vec::as_slice)
    }

    fn calls(&self, open: usize) -> &[usize] {
        self.calls.get(&open).map_or(&[], Vec::as_slice)
    }
}

/// Every use of a number in this code.
pub(crate) fn uses<'a>(
    file: &'a File,
    code: &Code<'a>,
    types: Types<'_, 'a>,
    constants: &Constants<'_>,
) -> Vec<Use<'a>> {
    let usage = Usage::new(file, code, types);
    let places = Places::new(&usage.accesses, &usage.calls);
    let mut uses = Vec::new();
    for number in numbers(code, constants) {
        uses.extend(usage.enclosed(&places, number));
        uses.extend(usage.beside(number));
        uses.extend(usage.array(number));
    }
    uses
}

//! Which struct a variable or member is of, as far as declarations `struct TAG *name` tell.
//!
//! C needs a whole compiler to know the type of an expression. This knows the declarations that BPF programs use, and says
//! "unknown" of everything else.

use std::collections::{BTreeSet, HashMap, HashSet};

use bpf_layout_spec::model::{Type, TypeDef};

use crate::{chain::Chain, code::Code, facts::Facts};

/// What something is a struct of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner<'a> {
    /// One of these structs of the spec, by their tags in C.
    Spec(Vec<&'a str>),
    /// Structs that the spec does not have.
    Foreign,
    Unknown,
}

/// The declarations of a source and its headers that hold everywhere: members and variables outside of functions.
#[derive(Debug, Default)]
pub(crate) struct Globals<'a>(HashMap<&'a str, BTreeSet<&'a str>>);

/// What holds in one file.
#[derive(Debug, Default)]
pub(crate) struct Locals<'a> {
    /// Declarations by function and name: the token and the tag, in order.
    declarations: HashMap<(u32, &'a str), Vec<(usize, &'a str)>>,
    /// The tags that each function mentions.
    mentioned: HashSet<(u32, &'a str)>,
    /// The tags that the file mentions.
    anywhere: HashSet<&'a str>,
}

impl Locals<'_> {
    /// Whether a function mentions a struct; or the file, for what stands outside of functions.
    pub(crate) fn mentions(&self, function: Option<u32>, tag: &str) -> bool {
        function.map_or_else(|| self.anywhere.contains(tag), |function| self.mentioned.contains(&(function, tag)))
    }
}

/// Collects the declarations of one file.
pub(crate) fn declarations<'a>(code: &Code<'a>, globals: &mut Globals<'a>) -> Locals<'a> {
    let mut locals = Locals::default();
    for keyword in (0..code.tokens.len()).filter(|&at| matches!(code.word(at), "struct" | "union")) {
        let tag = code.word(keyword + 1);
        locals.mentioned.insert((code.function(keyword), tag));
        locals.anywhere.insert(tag);
        for name in declared(code, keyword) {
            let parent = code.parent(name);
            let everywhere = parent.is_none_or(|open| code.word(open) == "{" && code.aggregate(open).is_some());
            if everywhere {
                globals.0.entry(code.word(name)).or_default().insert(tag);
            } else {
                let function = code.function(name);
                locals.declarations.entry((function, code.word(name))).or_default().push((name, tag));
            }
        }
    }
    locals
}

/// The names that `struct TAG *a, b[2];` declares.
fn declared(code: &Code<'_>, keyword: usize) -> Vec<usize> {
    /// More stars, qualifiers or names than this are nobody's writing.
    const LONGEST: usize = 12;
    let mut names = Vec::new();
    let mut at = keyword + 2;
    if !code.is_word(keyword + 1) {
        return names;
    }
    for _ in 0..LONGEST {
        match code.word(at) {
            "*" | "const" | "volatile" | "__attribute__" | "restrict" => at += 1,
            "(" if code.before(at) == "__attribute__" => at = code.partner(at).map_or(at, |close| close + 1),
            "[" => at = code.partner(at).map_or(at, |close| close + 1),
            // After the first name, only another declarator is one: in parameters, a type follows the comma.
            "," if !names.is_empty() => at += 1,
            _ if code.is_word(at) && (names.is_empty() || matches!(code.word(at + 1), "," | ";" | "=" | "[")) => {
                names.push(at);
                at += 1;
            }
            _ => break,
        }
    }
    names
}

/// Everything that is known of types at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types<'t, 'a> {
    pub(crate) facts: &'t Facts<'a>,
    pub(crate) globals: &'t Globals<'a>,
    pub(crate) locals: &'t Locals<'a>,
}

impl<'a> Types<'_, 'a> {
    /// The struct that the last member of a chain belongs to; the chain has a member.
    pub(crate) fn owner(self, code: &Code<'a>, chain: Chain) -> Owner<'a> {
        let mut names = Vec::new();
        let mut at = chain.last;
        // From the last member to the variable, without subscripts.
        while at > chain.start + 1 && matches!(code.before(at), "." | "->") {
            let Some(name) = without_brackets(code, at - 2) else { return self.in_parentheses(code, at - 2, &names) };
            names.push(name);
            at = name;
        }
        let Some(variable) = names.pop().filter(|&name| name == chain.start) else { return Owner::Unknown };
        names.iter().rev().fold(self.variable(code, variable), |owner, &member| self.member(&owner, code.word(member)))
    }

    /// `((struct TAG *)p)->member`, or `(*p).member`.
    fn in_parentheses(self, code: &Code<'a>, close: usize, members: &[usize]) -> Owner<'a> {
        /// A cast and a name.
        const LONGEST: usize = 8;
        let Some(open) = code.partner(close).filter(|open| close - open <= LONGEST && !code.is_call(*open)) else {
            return Owner::Unknown;
        };
        let tag = (open..close).find(|&at| code.word(at) == "struct").map(|keyword| code.word(keyword + 1));
        let owner = match tag {
            Some(tag) => self.tags([tag]),
            None => (open..close)
                .find(|&at| code.is_word(at))
                .map_or(Owner::Unknown, |variable| self.variable(code, variable)),
        };
        members.iter().rev().fold(owner, |owner, &member| self.member(&owner, code.word(member)))
    }

    fn variable(self, code: &Code<'a>, at: usize) -> Owner<'a> {
        let name = code.word(at);
        let local = self.locals.declarations.get(&(code.function(at), name)).and_then(|declarations| {
            let before = declarations.partition_point(|(token, _)| *token < at);
            before.checked_sub(1).map(|last| declarations[last].1)
        });
        match local {
            Some(tag) => self.tags([tag]),
            None => self.global(name),
        }
    }

    fn global(self, name: &str) -> Owner<'a> {
        self.globals.0.get(name).map_or(Owner::Unknown, |tags| self.tags(tags.iter().copied()))
    }

    /// What a member of `owner` is a struct of.
    fn member(self, owner: &Owner<'a>, name: &str) -> Owner<'a> {
        let Owner::Spec(tags) = owner else {
            return match (self.global(name), owner) {
                // What is reached through structs of the kernel is the kernel's.
                (Owner::Unknown, Owner::Foreign) => Owner::Foreign,
                (known, _) => known,
            };
        };
        let records = tags.iter().filter_map(|tag| self.facts.record(tag));
        let members = records.flat_map(|record| &record.fields).filter(|field| field.name.c == name);
        let types: Vec<&'a str> = members.filter_map(|field| self.record_of(&field.ty)).collect();
        if types.is_empty() { Owner::Unknown } else { Owner::Spec(types) }
    }

    fn record_of(self, ty: &'a Type) -> Option<&'a str> {
        match ty {
            Type::Array(element, _) => self.record_of(element),
            Type::Def(id) => match self.facts.model().ty(*id) {
                TypeDef::Record(record) => Some(&record.name.c),
                TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
            },
            _ => None,
        }
    }

    fn tags(self, tags: impl IntoIterator<Item = &'a str>) -> Owner<'a> {
        let known: Vec<&'a str> = tags.into_iter().filter(|tag| self.facts.record(tag).is_some()).collect();
        if known.is_empty() { Owner::Foreign } else { Owner::Spec(known) }
    }
}

/// The name before the subscripts that end here.
fn without_brackets(code: &Code<'_>, last: usize) -> Option<usize> {
    let mut at = last;
    while code.word(at) == "]" {
        at = code.partner(at)?.checked_sub(1)?;
    }
    code.is_word(at).then_some(at)
}

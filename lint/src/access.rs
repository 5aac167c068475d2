//! Where code reads or writes fields of the spec that have a length.

use std::collections::HashMap;

use bpf_layout_spec::model::Record;

use crate::{
    chain::{self, Chain},
    code::Code,
    facts::Facts,
    types::{Owner, Types},
};

/// One use of a field, or of a pointer that was set to it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// First token: of `event->path[i]`, `event`.
    pub(crate) start: usize,
    /// The subscripts' opening brackets.
    pub(crate) subscripts: Vec<usize>,
    /// The fields that it may be, by index. More than one if only the name is known.
    pub(crate) fields: Vec<usize>,
    /// Whether it surely is one of them.
    pub(crate) known: bool,
    /// One past the last token.
    pub(crate) end: usize,
}

/// Every access, in order of their fields' names.
pub(crate) fn accesses<'a>(code: &Code<'a>, types: Types<'_, 'a>) -> Vec<Access> {
    let mut accesses: Vec<Access> = (0..code.tokens.len()).filter_map(|at| member(code, types, at)).collect();
    let aliases = aliases(code, &accesses);
    if !aliases.is_empty() {
        accesses
            .extend((0..code.tokens.len()).filter_map(|at| aliased(code, &aliases, &accesses, at)).collect::<Vec<_>>());
    }
    accesses
}

/// The fields of the spec that the last member of a chain may be, and whether it surely is one.
pub(crate) fn fields_of<'a>(code: &Code<'a>, types: Types<'_, 'a>, chain: Chain, name: &str) -> (Vec<usize>, bool) {
    let named = types.facts.fields_named(name);
    if named.is_empty() {
        return (Vec::new(), false);
    }
    match types.owner(code, chain) {
        Owner::Foreign => (Vec::new(), false),
        Owner::Unknown => (named.to_vec(), false),
        Owner::Spec(tags) => {
            let is_of = |record: &Record| tags.iter().any(|tag| *tag == record.name.c);
            (named.iter().copied().filter(|&field| is_of(types.facts.field_at(field).record)).collect(), true)
        }
    }
}

/// The access of a member whose name is this token.
fn member<'a>(code: &Code<'a>, types: Types<'_, 'a>, at: usize) -> Option<Access> {
    let name = code.word(at);
    if !code.is_word(at) || types.facts.fields_named(name).is_empty() || code.word(at + 1) == "(" {
        return None;
    }
    let chain = chain::ending_at(code, at).filter(|chain| chain.start < at)?;
    let (fields, known) = fields_of(code, types, chain, name);
    (!fields.is_empty()).then(|| access(code, types.facts, chain.start, at, fields, known))
}

/// An access with the subscripts that follow its name.
fn access(code: &Code<'_>, facts: &Facts<'_>, start: usize, name: usize, fields: Vec<usize>, known: bool) -> Access {
    let most = fields.iter().map(|&field| facts.field_at(field).lengths.len()).max().unwrap_or_default();
    with_subscripts(code, most, Access { start, subscripts: Vec::new(), fields, known, end: name + 1 })
}

fn with_subscripts(code: &Code<'_>, most: usize, mut access: Access) -> Access {
    while access.subscripts.len() < most && code.word(access.end) == "[" {
        let Some(close) = code.partner(access.end) else { break };
        access.subscripts.push(access.end);
        access.end = close + 1;
    }
    access
}

/// Pointers by function and name: the token that sets one, and the access it is set to; none for anything else.
type Aliases<'a> = HashMap<(u32, &'a str), Vec<(usize, Option<usize>)>>;

/// The pointers that are set to a field, such as `p = event->path;`.
fn aliases<'a>(code: &Code<'a>, accesses: &[Access]) -> Aliases<'a> {
    let mut aliases = Aliases::new();
    for (index, access) in accesses.iter().enumerate().filter(|(_, access)| access.subscripts.is_empty()) {
        let equals = before_cast(code, access.start);
        let Some(name) = equals.filter(|&at| code.word(at) == "=").and_then(|at| at.checked_sub(1)) else { continue };
        let variable = code.is_word(name) && !matches!(code.before(name), "." | "->");
        if variable && matches!(code.word(access.end), ";" | ",") {
            aliases.entry((code.function(name), code.word(name))).or_default().push((name, Some(index)));
        }
    }
    if !aliases.is_empty() {
        changes(code, &mut aliases);
    }
    aliases
}

/// Adds where such a pointer is set to something else.
fn changes<'a>(code: &Code<'a>, aliases: &mut Aliases<'a>) {
    for at in (0..code.tokens.len()).filter(|&at| matches!(code.word(at + 1), "=" | "+=" | "-=" | "++" | "--")) {
        if let Some(settings) = aliases.get_mut(&(code.function(at), code.word(at))) {
            settings.push((at, None));
        }
    }
    for settings in aliases.values_mut() {
        // Stable: where both are known, the field stands before the none.
        settings.sort_by_key(|(token, _)| *token);
        settings.dedup_by_key(|(token, _)| *token);
    }
}

/// The access through a pointer at this token.
fn aliased(code: &Code<'_>, aliases: &Aliases<'_>, accesses: &[Access], at: usize) -> Option<Access> {
    if !code.is_word(at) || matches!(code.before(at), "." | "->") || code.word(at + 1) == "=" {
        return None;
    }
    let settings = aliases.get(&(code.function(at), code.word(at)))?;
    let before = settings.partition_point(|(token, _)| *token < at).checked_sub(1)?;
    let target = &accesses[settings[before].1?];
    let one = Access { start: at, end: at + 1, ..target.clone() };
    Some(with_subscripts(code, 1, one))
}

/// The token before this one, casts and `&` left out.
pub(crate) fn before_cast(code: &Code<'_>, at: usize) -> Option<usize> {
    /// `(void *)(const char *)&`
    const MOST: usize = 4;
    let mut before = at.checked_sub(1)?;
    for _ in 0..MOST {
        match code.word(before) {
            "&" if before > 0 && !code.is_word(before - 1) && !matches!(code.word(before - 1), ")" | "]") => {
                before -= 1
            }
            "&" if before > 0 && is_cast(code, before - 1) => before -= 1,
            ")" if is_cast(code, before) => before = code.partner(before)?.checked_sub(1)?,
            _ => break,
        }
    }
    Some(before)
}

/// Whether the parenthesis that closes here holds a type: names and stars, and nothing that it could be the call of.
fn is_cast(code: &Code<'_>, close: usize) -> bool {
    let Some(open) = code.partner(close).filter(|open| code.word(close) == ")" && close - open < 8) else {
        return false;
    };
    close > open + 1 && !code.is_call(open) && (open + 1..close).all(|at| code.is_word(at) || code.word(at) == "*")
}

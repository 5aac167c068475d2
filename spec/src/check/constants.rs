//! Lengths, capacities and every expression over them.

use std::{collections::HashMap, ops::Range};

use super::duplicate;
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    expr::{self, Node, NodeKind},
    lex::{Fault, Wrong},
    model::{ConstId, ConstKind, Constant, Count, Expr},
    names,
    source::Span,
    spec::{ConstantDef, Number, ProfileDef, Spec, Text},
    suggest,
};

/// Largest length or capacity: what C, Rust on 32-bit hosts and `max_entries` hold.
const MAX: u64 = u32::MAX as u64;

/// Which names an expression may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Lengths: in types and in lengths.
    Lengths,
    /// Lengths and capacities: in capacities and in maps.
    All,
}

/// Where an expression is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    Text(&'a Text),
    Integer(Span),
}

impl Origin<'_> {
    fn at(self, at: Range<usize>) -> Span {
        match self {
            Origin::Text(text) => text.at(at),
            Origin::Integer(span) => span,
        }
    }

    fn whole(self) -> Span {
        match self {
            Origin::Text(text) => text.span,
            Origin::Integer(span) => span,
        }
    }
}

/// A parsed expression and where it is written.
#[derive(Clone, Debug)]
struct Written<'a> {
    node: Node,
    origin: Origin<'a>,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Computing,
    /// `None` if it has no value, which has been reported.
    Done(Option<(u64, Expr)>),
}

struct Entry<'a> {
    def: &'a ConstantDef,
    kind: ConstKind,
    written: Option<Written<'a>>,
    state: State,
}

/// Every length and capacity with its value under the profile. An entry's index is its [`ConstId`].
pub(super) struct Constants<'a> {
    entries: Vec<Entry<'a>>,
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Constants<'a> {
    /// Declares and computes everything that `[lengths]` and `[capacities]` define.
    pub(super) fn compute(spec: &'a Spec, profile: Option<&'a ProfileDef>, cx: &mut Diagnostics) -> Self {
        let mut constants = Constants { entries: Vec::new(), by_name: HashMap::new() };
        constants.declare(&spec.lengths, ConstKind::Length, cx);
        constants.declare(&spec.capacities, ConstKind::Capacity, cx);
        if let Some(profile) = profile {
            constants.override_values(profile, cx);
        }
        for index in 0..constants.entries.len() {
            constants.compute_entry(index, cx);
        }
        constants
    }

    fn declare(&mut self, defs: &'a [ConstantDef], kind: ConstKind, cx: &mut Diagnostics) {
        for def in defs {
            if !super::check_name(&def.name, cx) {
                continue;
            }
            if let Some(&first) = self.by_name.get(def.name.value.as_str()) {
                let first = &self.entries[first];
                let mut twice = duplicate("length or capacity", &def.name, first.def.name.span);
                if first.kind != kind {
                    twice = twice.note("lengths and capacities share one namespace: expressions use both by name");
                }
                cx.push(twice);
                continue;
            }
            self.by_name.insert(&def.name.value, self.entries.len());
            let written = def.value.as_ref().and_then(|value| parse(value, cx));
            self.entries.push(Entry { def, kind, written, state: State::Waiting });
        }
    }

    /// Puts a profile's values in the place of the spec's. That they exist is checked for every profile elsewhere.
    fn override_values(&mut self, profile: &'a ProfileDef, cx: &mut Diagnostics) {
        for def in profile.lengths.iter().chain(&profile.capacities) {
            let Some(&index) = self.by_name.get(def.name.value.as_str()) else { continue };
            if let Some(written) = def.value.as_ref().and_then(|value| parse(value, cx)) {
                self.entries[index].written = Some(written);
            }
        }
    }

    /// Computes one entry and what it depends on, depth first. The stack is explicit: a chain of constants may be as
    /// long as the file.
    fn compute_entry(&mut self, index: usize, cx: &mut Diagnostics) {
        let mut path = vec![index];
        while let Some(&index) = path.last() {
            if matches!(self.entries[index].state, State::Done(_)) {
                path.pop();
                continue;
            }
            self.entries[index].state = State::Computing;
            match self.next_dependency(index) {
                Some((dependency, _)) if matches!(self.entries[dependency].state, State::Waiting) => {
                    path.push(dependency);
                }
                Some((dependency, at)) => {
                    self.report_cycle(&path, dependency, at, cx);
                    self.entries[index].state = State::Done(None);
                    path.pop();
                }
                None => {
                    let value = self.value_of(index, cx);
                    self.entries[index].state = State::Done(value);
                    path.pop();
                }
            }
        }
    }

    /// The first constant that the entry's expression uses and that has not been computed.
    fn next_dependency(&self, index: usize) -> Option<(usize, Span)> {
        let written = self.entries[index].written.as_ref()?;
        let mut next = None;
        written.node.names(&mut |name, at| {
            let used = self.by_name.get(name).copied();
            if let Some(used) = used.filter(|&used| !matches!(self.entries[used].state, State::Done(_))) {
                next = next.or_else(|| Some((used, written.origin.at(at))));
            }
        });
        next
    }

    fn report_cycle(&self, path: &[usize], back_to: usize, at: Span, cx: &mut Diagnostics) {
        let name = |index: usize| &self.entries[index].def.name;
        let start = path.iter().position(|&index| index == back_to).unwrap_or(0);
        let circle: Vec<String> =
            path[start..].iter().chain([&back_to]).take(10).map(|&index| format!("`{}`", name(index).value)).collect();
        let first = name(back_to);
        let message = format!("`{}` is defined by itself", first.value);
        let mut cycle = Diagnostic::new(Code::ExpressionCycle, message, at, "this closes the circle");
        if path.len() - start > 1 {
            cycle = cycle.also(first.span, "defined here").note(circle.join(" needs "));
        }
        cx.push(cycle.help("give one of them a number"));
    }

    fn value_of(&mut self, index: usize, cx: &mut Diagnostics) -> Option<(u64, Expr)> {
        let written = self.entries[index].written.take()?;
        let kind = self.entries[index].kind;
        let scope = if kind == ConstKind::Length { Scope::Lengths } else { Scope::All };
        let found = self.evaluate(&written.node, written.origin, scope, cx);
        self.entries[index].written = Some(written.clone());
        let name = &self.entries[index].def.name.value;
        let (value, expr) = found?;
        let span = written.origin.whole();
        let what = if kind == ConstKind::Length { "length" } else { "capacity" };
        if value == 0 {
            let message = format!("the {what} `{name}` is zero");
            cx.push(Diagnostic::new(Code::ZeroLength, message, span, "must be at least 1"));
            return None;
        }
        if value > MAX {
            let message = format!("the {what} `{name}` is {value}");
            cx.push(Diagnostic::new(Code::TooLarge, message, span, "does not fit 32 bits"));
            return None;
        }
        Some((value, expr))
    }

    /// The value of a parsed expression; `None` if it has none, which has been reported.
    pub(super) fn evaluate(
        &mut self,
        node: &Node,
        origin: Origin<'_>,
        scope: Scope,
        cx: &mut Diagnostics,
    ) -> Option<(u64, Expr)> {
        let value = expr::evaluate(node, &mut |name, at| self.look_up(name, origin.at(at), scope, cx));
        match value {
            Ok(value) => value,
            Err(none) => {
                cx.push(Diagnostic::new(Code::Overflow, none.message, origin.at(none.at), "has no value"));
                None
            }
        }
    }

    fn look_up(&mut self, name: &str, at: Span, scope: Scope, cx: &mut Diagnostics) -> Option<(ConstId, u64)> {
        let Some(&index) = self.by_name.get(name) else {
            cx.push(self.unknown(name, at, scope));
            return None;
        };
        let entry = &self.entries[index];
        if scope == Scope::Lengths && entry.kind == ConstKind::Capacity {
            let message = format!("`{name}` is a capacity, and a length is needed here");
            cx.push(
                Diagnostic::new(Code::UnknownName, message, at, "not a length")
                    .also(entry.def.name.span, "defined under [capacities]")
                    .help("lengths are for types, capacities for maps: define a length, and let the capacity use it"),
            );
            return None;
        }
        match &entry.state {
            State::Done(value) => value.as_ref().map(|(value, _)| (ConstId(id(index)), *value)),
            State::Waiting | State::Computing => None,
        }
    }

    /// A name that no length or capacity has.
    pub(super) fn unknown(&self, name: &str, at: Span, scope: Scope) -> Diagnostic {
        let what = if scope == Scope::Lengths { "length" } else { "length or capacity" };
        let message = format!("there is no {what} `{name}`");
        let unknown = Diagnostic::new(Code::UnknownName, message, at, "not defined");
        let fits = |entry: &&Entry<'_>| scope == Scope::All || entry.kind == ConstKind::Length;
        let names = self.entries.iter().filter(fits).map(|entry| entry.def.name.value.as_str());
        match suggest::nearest(name, names) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None if scope == Scope::Lengths => unknown.help(format!("define it under [lengths]: `{name} = 64`")),
            None => unknown.help(format!("define it under [capacities]: `{name} = 1024`")),
        }
    }

    /// Whether a length (or capacity) of this name is defined.
    pub(super) fn kind(&self, name: &str) -> Option<ConstKind> {
        self.by_name.get(name).map(|&index| self.entries[index].kind)
    }

    /// The names of one kind, to suggest.
    pub(super) fn names(&self, kind: ConstKind) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(move |entry| entry.kind == kind).map(|entry| entry.def.name.value.as_str())
    }

    /// The value of a number as it is written.
    pub(super) fn count(&mut self, number: &Number, scope: Scope, cx: &mut Diagnostics) -> Option<Count> {
        let written = parse(number, cx)?;
        let (value, expr) = self.evaluate(&written.node, written.origin, scope, cx)?;
        Some(Count { value, expr })
    }

    /// Checks that an expression of a profile, applied or not, can be read and uses names that exist.
    pub(super) fn check_unapplied(&mut self, number: &Number, scope: Scope, cx: &mut Diagnostics) {
        let Some(written) = parse(number, cx) else { return };
        let mut unknown = Vec::new();
        written.node.names(&mut |name, at| {
            if self.kind(name).is_none() {
                unknown.push(self.unknown(name, written.origin.at(at), scope));
            }
        });
        unknown.into_iter().for_each(|diagnostic| cx.push(diagnostic));
    }

    /// The constants of the model; `None` if one has no value.
    pub(super) fn into_model(self) -> Option<Vec<Constant>> {
        let constant = |entry: Entry<'_>| {
            let State::Done(Some((value, expr))) = entry.state else { return None };
            let suffix = if entry.kind == ConstKind::Length { "_LEN" } else { "_MAX_ENTRIES" };
            Some(Constant { name: names::constant(&entry.def.name, suffix), kind: entry.kind, value, expr })
        };
        self.entries.into_iter().map(constant).collect()
    }
}

/// An index as an id. Files are smaller than 64 MiB, so there are fewer than 2^32 of anything.
fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn parse<'a>(number: &'a Number, cx: &mut Diagnostics) -> Option<Written<'a>> {
    match number {
        Number::Expr(text) => match expr::parse(&text.value) {
            Ok(node) => Some(Written { node, origin: Origin::Text(text) }),
            Err(wrong) => {
                cx.push(wrong_diagnostic(text, wrong, Code::ExpressionSyntax));
                None
            }
        },
        Number::Integer(integer) => match u64::try_from(integer.value) {
            Ok(value) => Some(Written {
                node: Node { at: 0..0, kind: NodeKind::Number(value) },
                origin: Origin::Integer(integer.span),
            }),
            Err(_) => {
                let what = if integer.value.is_negative() { "negative" } else { "too large" };
                let message = format!("{} is {what}", integer.value);
                cx.push(Diagnostic::new(Code::Overflow, message, integer.span, "expected 0 to 2^64 - 1"));
                None
            }
        },
    }
}

/// What the parsers of expressions and types found, as a diagnostic.
pub(super) fn wrong_diagnostic(text: &Text, wrong: Wrong, grammar: Code) -> Diagnostic {
    let code = match wrong.fault {
        Fault::Grammar => grammar,
        Fault::Overflow => Code::Overflow,
    };
    let mut diagnostic = Diagnostic::new(code, wrong.message, text.at(wrong.at), "");
    diagnostic.help.extend(wrong.help);
    diagnostic
}

//! The constants that C sources define for themselves: macros without parameters, enumerators and `const` variables.
//!
//! A constant that is made of names of the spec follows the spec and has no value here: only what is made of raw numbers
//! can fall behind it.

use std::{cell::RefCell, collections::HashMap};

use bpf_layout_spec::source::Span;

use crate::{code::Code, eval::evaluate, facts::Facts, file::File, lex::Token};

/// One definition of a constant.
#[derive(Clone, Debug)]
pub(crate) struct Definition<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    /// `#define`, `enum` or `const`.
    pub(crate) how: &'static str,
    text: &'a str,
    value: Vec<Token>,
}

/// All constants of a source and its headers.
#[derive(Debug)]
pub(crate) struct Constants<'a> {
    facts: &'a Facts<'a>,
    definitions: Vec<Definition<'a>>,
    by_name: HashMap<&'a str, Vec<usize>>,
    known: RefCell<HashMap<&'a str, Option<i128>>>,
}

/// Constants of the kernel and of POSIX that sources define again because vmlinux.h has no macros. Their values are fixed.
const OF_THE_SYSTEM: &[(&str, u64)] =
    &[("PATH_MAX", 4096), ("NAME_MAX", 255), ("ARG_MAX", 131_072), ("TASK_COMM_LEN", 16), ("IFNAMSIZ", 16)];

/// Whether the value of a name is fixed by the kernel or POSIX.
pub(crate) fn is_of_the_system(name: &str) -> bool {
    OF_THE_SYSTEM.iter().any(|(system, _)| *system == name)
}

/// Longer expressions are nobody's idea of a constant.
const LONGEST: usize = 64;

/// A macro defined by another, and so on, this many times, has no value.
const DEEPEST: u32 = 32;

impl<'a> Constants<'a> {
    /// Gathers them.
    pub(crate) fn new(facts: &'a Facts<'a>, files: &[(&'a File, &Code<'a>)]) -> Self {
        let mut constants =
            Constants { facts, definitions: Vec::new(), by_name: HashMap::new(), known: RefCell::default() };
        for (file, code) in files {
            constants.macros(file);
            constants.variables(file, code);
        }
        constants
    }

    /// Every definition.
    pub(crate) fn definitions(&self) -> &[Definition<'a>] {
        &self.definitions
    }

    /// The definitions of a name.
    pub(crate) fn of(&self, name: &str) -> impl Iterator<Item = &Definition<'a>> {
        self.by_name.get(name).into_iter().flatten().map(|&index| &self.definitions[index])
    }

    /// The value of a name that is a raw number: not the spec's, and the same wherever it is defined.
    pub(crate) fn value(&self, name: &str) -> Option<u64> {
        self.resolve(name, DEEPEST).and_then(|value| u64::try_from(value).ok())
    }

    /// The value of one definition.
    pub(crate) fn value_of(&self, definition: &Definition<'_>) -> Option<i128> {
        self.compute(definition, DEEPEST)
    }

    /// The value of some tokens.
    pub(crate) fn evaluate(&self, text: &str, tokens: &[Token]) -> Option<u64> {
        let value = evaluate(text, tokens, &mut |name| self.resolve(name, DEEPEST))?;
        u64::try_from(value).ok()
    }

    fn resolve(&self, name: &str, depth: u32) -> Option<i128> {
        if self.facts.generated(name).is_some() {
            return None;
        }
        let Some((&name, indices)) = self.by_name.get_key_value(name) else {
            return OF_THE_SYSTEM.iter().find(|(known, _)| *known == name).map(|(_, value)| i128::from(*value));
        };
        if let Some(value) = self.known.borrow().get(name) {
            return *value;
        }
        // Of a constant that is defined by itself, the value is none.
        self.known.borrow_mut().insert(name, None);
        let mut values = indices.iter().map(|&index| self.compute(&self.definitions[index], depth));
        let first = values.next().flatten();
        let value = first.filter(|first| values.all(|other| other == Some(*first)));
        self.known.borrow_mut().insert(name, value);
        value
    }

    fn compute(&self, definition: &Definition<'_>, depth: u32) -> Option<i128> {
        let depth = depth.checked_sub(1)?;
        if definition.value.len() > LONGEST {
            return None;
        }
        evaluate(definition.text, &definition.value, &mut |name| self.resolve(name, depth))
    }

    fn add(&mut self, definition: Definition<'a>) {
        self.by_name.entry(definition.name).or_default().push(self.definitions.len());
        self.definitions.push(definition);
    }

    fn macros(&mut self, file: &'a File) {
        for define in file.defines.iter().filter(|define| !define.function && !define.body.is_empty()) {
            self.add(Definition {
                name: define.name.text(file.text()),
                span: file.span(&define.name, &define.name),
                how: "#define",
                text: file.text(),
                value: define.body.iter().take(LONGEST + 1).copied().collect(),
            });
        }
    }

    /// Enumerators with a value of their own, and `const` variables that no one can change.
    fn variables(&mut self, file: &'a File, code: &Code<'a>) {
        for equals in (0..code.tokens.len()).filter(|&at| code.word(at) == "=") {
            let Some(how) = equals.checked_sub(1).and_then(|name| constant_before(code, name)) else { continue };
            let value = (equals + 1..=equals + 1 + LONGEST).map_while(|at| code.tokens.get(at));
            let ends = |token: &&Token| matches!(token.text(code.text), "," | ";" | "}");
            let name = &code.tokens[equals - 1];
            self.add(Definition {
                name: name.text(file.text()),
                span: file.span(name, name),
                how,
                text: file.text(),
                value: value.take_while(|token| !ends(token)).copied().collect(),
            });
        }
    }
}

/// What kind of constant a name is that `=` follows.
fn constant_before(code: &Code<'_>, name: usize) -> Option<&'static str> {
    if !code.is_word(name) {
        return None;
    }
    if let Some(open) = code.parent(name).filter(|&open| code.word(open) == "{" && is_enum(code, open)) {
        return (name == open + 1 || code.before(name) == ",").then_some("enum");
    }
    // Specifiers before the name, as in `static const unsigned int`.
    let specifiers = || (0..name).rev().take(6).take_while(|&at| code.is_word(at)).map(|at| code.word(at));
    let constant = specifiers().any(|word| matches!(word, "const" | "constexpr"));
    (constant && !specifiers().any(|word| word == "volatile")).then_some("const")
}

/// `enum {`, `enum tag {`, `enum tag : type {`.
fn is_enum(code: &Code<'_>, open: usize) -> bool {
    (open.saturating_sub(5)..open)
        .rev()
        .map(|at| code.word(at))
        .take_while(|word| *word != ";")
        .any(|word| word == "enum")
}

//! One C source with the headers that it includes, as rules look at it.

use std::collections::HashSet;

use bpf_layout_spec::source::{Sources, Span};

use crate::{
    code::Code,
    constants::Constants,
    facts::Facts,
    file::File,
    finding::Finding,
    number::{Number, numbers},
    rules::{Check, RULES},
    types::{self, Globals, Locals, Types},
    usage::{self, Use},
};

/// What rules see.
pub(crate) struct Unit<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) files: &'a [&'a File],
    /// The code of each file.
    pub(crate) codes: &'a [Code<'a>],
    pub(crate) constants: &'a Constants<'a>,
    sources: &'a Sources,
    uses: Vec<Use<'a>>,
    /// Names of all macros.
    defined: HashSet<&'a str>,
}

/// Runs every rule on one source and its headers.
pub(crate) fn check(facts: &Facts<'_>, sources: &Sources, files: &[&File]) -> Vec<Finding> {
    let codes: Vec<Code<'_>> = files.iter().map(|file| Code::new(file.text(), file.code.clone())).collect();
    let with_code: Vec<(&File, &Code<'_>)> = files.iter().copied().zip(&codes).collect();
    let constants = Constants::new(facts, &with_code);
    let mut globals = Globals::default();
    let locals: Vec<Locals<'_>> = codes.iter().map(|code| types::declarations(code, &mut globals)).collect();
    let mut uses = Vec::new();
    for ((file, code), locals) in with_code.iter().zip(&locals) {
        uses.extend(usage::uses(file, code, Types { facts, globals: &globals, locals }, &constants));
    }
    let nowhere = Locals::default();
    let in_macros = Types { facts, globals: &globals, locals: &nowhere };
    for file in files {
        for define in &file.defines {
            let body = Code::new(file.text(), define.body.clone());
            uses.extend(usage::uses(file, &body, in_macros, &constants));
        }
    }
    let defines = files.iter().flat_map(|file| file.defines.iter().map(|define| define.name.text(file.text())));
    let unit = Unit { facts, files, codes: &codes, constants: &constants, sources, uses, defined: defines.collect() };
    let checks = RULES.iter().filter_map(|rule| match rule.check {
        Check::Unit(check) => Some(check),
        Check::Comments => None,
    });
    checks.flat_map(|check| check(&unit)).collect()
}

impl<'a> Unit<'a> {
    /// The numbers that have to do with fields.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &Use<'a>> {
        self.uses.iter()
    }

    /// Every number of some code.
    pub(crate) fn numbers_of(&self, code: &Code<'a>) -> impl Iterator<Item = Number<'a>> + use<'a> {
        numbers(code, self.constants).into_iter()
    }

    /// Whether a file defines a macro of this name.
    pub(crate) fn is_defined(&self, name: &str) -> bool {
        self.defined.contains(name)
    }

    /// How something is written in its file, in one line.
    pub(crate) fn written(&self, span: Span) -> String {
        let words = self.sources.text(span).split_whitespace().filter(|word| *word != "\\");
        words.collect::<Vec<_>>().join(" ")
    }
}

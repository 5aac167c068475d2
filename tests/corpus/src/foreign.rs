//! What a program has from the kernel's headers, written in C by the facts.

use std::{collections::BTreeSet, fmt::Write as _};

use bpf_layout_spec::{
    compare::{Shape, Sign},
    kernel::KernelField,
};

use crate::{
    facts::{Member, MemberType, Record},
    pool::scalar,
    unit::{Unit, base},
};

/// A header with every struct and union that the kernel or the system defines, and the macros that libbpf's headers have.
#[must_use]
pub fn header(unit: &Unit) -> String {
    let mut writer = Writer { unit, text: PRELUDE.to_owned(), done: BTreeSet::new() };
    for (index, record) in unit.records.iter().enumerate() {
        if record.foreign && KernelField::from_name(&record.name).is_none() {
            writer.define(index);
        }
    }
    writer.text
}

const PRELUDE: &str = "\
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]

";

struct Writer<'u> {
    unit: &'u Unit,
    text: String,
    done: BTreeSet<usize>,
}

impl Writer<'_> {
    /// A record behind those that it is made of.
    fn define(&mut self, index: usize) {
        if !self.done.insert(index) {
            return;
        }
        let record = &self.unit.records[index];
        let body = self.body(record);
        let (keyword, name) = (keyword(record), &record.name);
        let _ = writeln!(self.text, "{keyword} {name} {body};");
        if self.unit.typedefs.contains(name) {
            let _ = writeln!(self.text, "typedef {keyword} {name} {name};");
        }
    }

    fn body(&mut self, record: &Record) -> String {
        let members: Vec<String> = record.members.iter().map(|member| self.member(member)).collect();
        format!("{{ {} }}", members.join(" "))
    }

    fn member(&mut self, member: &Member) -> String {
        let name = &member.name;
        match &member.ty {
            MemberType::Inline(inner) => format!("{} {} {name};", keyword(inner), self.body(inner)),
            MemberType::Text(text) => {
                let dimensions = text.find('[').map_or("", |at| &text[at..]);
                format!("{} {name}{dimensions};", self.element(text))
            }
        }
    }

    /// A type without its dimensions, in words that every compiler has.
    fn element(&mut self, text: &str) -> String {
        if text.contains('*') {
            return "void *".to_owned();
        }
        match (scalar(base(text)), self.unit.meant(base(text))) {
            (Some(Shape::Int { size, sign, .. }), _) => words(size, sign).to_owned(),
            (_, Some(index)) => {
                self.define(index);
                let record = &self.unit.records[index];
                format!("{} {}", keyword(record), record.name)
            }
            _ => panic!("{text} is no type that is known"),
        }
    }
}

pub(crate) fn words(size: u64, sign: Sign) -> &'static str {
    match (size, sign) {
        (1, Sign::Signed) => "signed char",
        (1, _) => "unsigned char",
        (2, Sign::Signed) => "short",
        (2, _) => "unsigned short",
        (4, Sign::Signed) => "int",
        (4, _) => "unsigned int",
        (_, Sign::Signed) => "long long",
        _ => "unsigned long long",
    }
}

pub(crate) fn keyword(record: &Record) -> &'static str {
    if record.union { "union" } else { "struct" }
}

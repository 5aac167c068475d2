//! The questions to a C or C++ compiler, as a source file: tables of numbers that the compiler computes, and for each
//! bitfield a record in which only its bits are set. Nothing of it has to run, so that any target can be asked.

use std::fmt::Write as _;

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Record, Type, TypeDef, TypeId},
};

use crate::{
    expected,
    facts::{Fact, What},
    naive::{self, Dialect},
};

/// Which C is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The generated header.
    Generated,
    /// The spec as somebody would write it without a generator.
    Naive(Dialect),
}

impl View {
    /// What tells the variables of one view from those of the other.
    fn suffix(self) -> &'static str {
        match self {
            View::Generated => "generated",
            View::Naive(_) => "naive",
        }
    }

    /// The section of the table of numbers, and the variable's name: for each question as many words of 64 bits as
    /// [`words`] says.
    #[must_use]
    pub fn numbers(self) -> String {
        format!("oracle_numbers_{}", self.suffix())
    }

    /// What the names of variables begin with that have the bits of one bitfield set.
    #[must_use]
    pub fn bits(self) -> String {
        format!("oracle_bits_{}_", self.suffix())
    }
}

/// Names that no spec has: it may call a constant `SIZE`.
const PRELUDE: &str = "\
#ifdef __cplusplus
#define ORACLE_ALIGN_OF(type) alignof(type)
#else
#define ORACLE_ALIGN_OF(type) _Alignof(type)
#endif
#define ORACLE_DATA __attribute__((used)) static const
#define ORACLE_SIZE(type) sizeof(type),
#define ORACLE_ALIGN(type) ORACLE_ALIGN_OF(type),
#define ORACLE_AT(type, path) 8ull * __builtin_offsetof(type, path),
#define ORACLE_LENGTH(type, path) 8ull * sizeof(((type *)0)->path),
#define ORACLE_OPEN() 0,
#define ORACLE_VALUE(name) (unsigned long long)(name), (name) < 0,
#define ORACLE_BITS(variable, type, path) ORACLE_DATA type variable = { .path = -1 };
";

/// Words of the table that a question takes: a value has a second one, which says whether it is negative.
#[must_use]
pub fn words(what: What) -> usize {
    if what == What::Value { 2 } else { 1 }
}

/// The source file with the questions about every view, each with the name of its header. `with_bits` for compilers of C:
/// C++ has no initialiser of one member that every record can have.
#[must_use]
pub fn file<'a>(views: impl IntoIterator<Item = (&'a str, &'a Questions)> + Clone, with_bits: bool) -> String {
    let mut text = String::new();
    for (header, _) in views.clone() {
        let _ = writeln!(text, "#include \"{header}\"");
    }
    text.push_str(PRELUDE);
    views.into_iter().for_each(|(_, questions)| questions.write(with_bits, &mut text));
    text
}

/// One number, and what it is about.
struct Question {
    fact: Fact,
    /// C, ready for the table.
    call: String,
}

/// A bitfield to be found by its bits.
struct Bitfield {
    ty: String,
    member: String,
    call: String,
}

/// Everything that is asked about one spec.
pub struct Questions {
    numbers: Vec<Question>,
    bits: Vec<Bitfield>,
    /// Types in C, each of which gets a variable, so that debugging information has it.
    used: Vec<String>,
    view: View,
}

impl Questions {
    /// All questions about a spec.
    #[must_use]
    pub fn about(layouts: &Layouts, view: View) -> Self {
        let mut questions = Questions { numbers: Vec::new(), bits: Vec::new(), used: Vec::new(), view };
        for (id, record) in expected::named_records(&layouts.model) {
            let ty = match view {
                View::Generated => expected::c_type(record),
                View::Naive(dialect) if !naive::is_expressible(layouts, record, dialect) => continue,
                View::Naive(_) => naive::c_type(id, record),
            };
            let name = &record.name.c;
            questions.ask(name, "", What::Size, format!("ORACLE_SIZE({ty})"));
            questions.ask(name, "", What::Align, format!("ORACLE_ALIGN({ty})"));
            Asked { questions: &mut questions, layouts, ty: &ty, name }.members(id, record, "");
            questions.used.push(ty);
        }
        if view == View::Generated {
            for (name, _) in expected::c_values(&layouts.model) {
                questions.ask("", name, What::Value, format!("ORACLE_VALUE({name})"));
            }
        }
        questions
    }

    fn ask(&mut self, ty: &str, member: &str, what: What, call: String) {
        self.numbers.push(Question { fact: Fact { ty: ty.to_owned(), member: member.to_owned(), what }, call });
    }

    /// What the numbers in the table are about, in order.
    pub fn facts(&self) -> impl ExactSizeIterator<Item = &Fact> {
        self.numbers.iter().map(|question| &question.fact)
    }

    /// Type and member of each bitfield, in the order of the variables' numbers.
    pub fn bitfields(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.bits.iter().map(|bitfield| (bitfield.ty.as_str(), bitfield.member.as_str()))
    }

    fn write(&self, with_bits: bool, text: &mut String) {
        let numbers = self.view.numbers();
        let _ = writeln!(
            text,
            "\n__attribute__((section(\".{numbers}\"))) ORACLE_DATA unsigned long long {numbers}[] = {{"
        );
        for question in &self.numbers {
            let _ = writeln!(text, "{}", question.call);
        }
        text.push_str("};\n\n");
        if with_bits {
            for bitfield in &self.bits {
                let _ = writeln!(text, "{}", bitfield.call);
            }
        }
        for (number, ty) in self.used.iter().enumerate() {
            let _ = writeln!(text, "{ty} oracle_use_{}_{number};", self.view.suffix());
        }
    }

    /// What is asked about.
    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }
}

/// The questions about one record.
struct Asked<'a> {
    questions: &'a mut Questions,
    layouts: &'a Layouts,
    ty: &'a str,
    name: &'a str,
}

impl Asked<'_> {
    /// Asks about every member of `record`, which lies at `path` (with a dot behind it, if it is not empty).
    fn members(&mut self, id: TypeId, record: &Record, path: &str) {
        let layouts = self.layouts;
        for member in &layouts.of(id).members {
            match member {
                Member::Padding { index, .. } if self.is_generated() => {
                    let name = format!("_pad{index}");
                    self.member(&name, &name);
                }
                Member::Padding { .. } => {}
                Member::Bits(run) => {
                    for bits in expected::nameable(record, run) {
                        match bits.field {
                            Some(field) => self.bitfield(&record.fields[field].name.c, &self.path(record, field, path)),
                            None if self.is_generated() => {
                                let name = format!("_pad{}", bits.pad_index);
                                self.bitfield(&name, &name);
                            }
                            None => {}
                        }
                    }
                }
                Member::Field { field, .. } => match (record.fields[*field].anonymous, &record.fields[*field].ty) {
                    (true, Type::Def(inner)) => self.unnamed(*inner, *field, path),
                    (_, ty) if ty.is_open() => {
                        self.open(&record.fields[*field].name.c, &self.path(record, *field, path));
                    }
                    _ => self.member(&record.fields[*field].name.c, &self.path(record, *field, path)),
                },
            }
        }
    }

    fn unnamed(&mut self, inner: TypeId, field: usize, path: &str) {
        let TypeDef::Record(record) = self.layouts.model.ty(inner) else { return };
        if self.is_generated() {
            self.members(inner, record, "");
        } else {
            self.members(inner, record, &format!("{path}{}.", naive::member(field)));
        }
    }

    fn is_generated(&self) -> bool {
        self.questions.view == View::Generated
    }

    fn path(&self, record: &Record, field: usize, path: &str) -> String {
        match self.is_generated() {
            true => record.fields[field].name.c.to_string(),
            false => format!("{path}{}", naive::member(field)),
        }
    }

    fn member(&mut self, name: &str, path: &str) {
        let ty = self.ty;
        self.questions.ask(self.name, name, What::BitOffset, format!("ORACLE_AT({ty}, {path})"));
        self.questions.ask(self.name, name, What::BitSize, format!("ORACLE_LENGTH({ty}, {path})"));
    }

    /// Asks about an array of no length, of which C has a place and no size.
    fn open(&mut self, name: &str, path: &str) {
        self.questions.ask(self.name, name, What::BitOffset, format!("ORACLE_AT({}, {path})", self.ty));
        self.questions.ask(self.name, name, What::BitSize, "ORACLE_OPEN()".to_owned());
    }

    fn bitfield(&mut self, name: &str, path: &str) {
        let variable = format!("{}{}", self.questions.view.bits(), self.questions.bits.len());
        let call = format!("ORACLE_BITS({variable}, {}, {path})", self.ty);
        self.questions.bits.push(Bitfield { ty: self.name.to_owned(), member: name.to_owned(), call });
    }
}

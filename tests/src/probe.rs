//! Asks a C or C++ compiler of this machine where everything lies, by a program that prints it.

use std::{fmt::Write as _, fs, path::Path};

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Record, Type, TypeDef, TypeId},
};

use crate::{
    expected,
    facts::{Fact, Facts, What, Witness},
    naive, tools,
};

/// A compiler that makes programs which run here.
#[derive(Clone, Copy, Debug)]
pub struct HostCompiler {
    /// The program.
    pub program: &'static str,
    /// Its arguments beside the files.
    pub arguments: &'static [&'static str],
}

/// Every compiler that is asked.
pub const HOST_COMPILERS: &[HostCompiler] = &[
    HostCompiler { program: "gcc", arguments: &["-std=c11"] },
    HostCompiler { program: "gcc", arguments: &["-std=gnu11", "-m32"] },
    HostCompiler { program: "clang", arguments: &["-std=c11"] },
    HostCompiler { program: "g++", arguments: &["-std=c++17", "-x", "c++"] },
    HostCompiler { program: "clang++", arguments: &["-std=c++17", "-x", "c++"] },
];

/// Prints what the macros below are given; `BITS` finds a bitfield by setting it and looking for the bits, counted from
/// the least significant bit of the first byte, since these hosts are little-endian.
const PRELUDE: &str = r#"
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
#define ALIGN(type) alignof(type)
#define ONES(member) (decltype(member))-1
#else
#define ALIGN(type) _Alignof(type)
#define ONES(member) -1
#endif

static void say(const char *type, const char *member, const char *what, unsigned long long value)
{
	printf("%s\t%s\t%s\t%llu\n", type, member, what, value);
}

static void find(const char *type, const char *member, const unsigned char *bytes, unsigned long size)
{
	unsigned long bit, first = 0, last = 0, count = 0;

	for (bit = 0; bit < size * 8; bit++) {
		if (!(bytes[bit / 8] >> bit % 8 & 1))
			continue;
		if (!count++)
			first = bit;
		last = bit;
	}
	if (!count || last - first + 1 != count)
		printf("%s\t%s\tbits in several places\t0\n", type, member);
	say(type, member, "BitfieldOffset", first);
	say(type, member, "BitfieldSize", count);
}

#define TYPE(type, name) say(name, "", "Size", sizeof(type)), say(name, "", "Align", ALIGN(type));
#define MEMBER(type, name, member, path) \
	say(name, member, "BitOffset", 8ull * __builtin_offsetof(type, path)); \
	say(name, member, "BitSize", 8ull * sizeof(((type *)0)->path));
#define OPEN(type, name, member, path) \
	say(name, member, "BitOffset", 8ull * __builtin_offsetof(type, path)); \
	say(name, member, "BitSize", 0);
#define BITS(type, name, member, path) { \
	static type probe; \
	probe.path = ONES(probe.path); \
	find(name, member, (const unsigned char *)&probe, sizeof(probe)); \
}
#define VALUE(name) \
	if ((name) < 0) \
		printf("\t" #name "\tValue\t-%llu\n", -(unsigned long long)(name)); \
	else \
		say("", #name, "Value", (name));
"#;

/// Asks about the generated header, which `folder` holds. `None` if the compiler is not there.
///
/// # Panics
/// If the compiler refuses the header.
#[must_use]
pub fn ask(compiler: &HostCompiler, layouts: &Layouts, header: &str, folder: &Path) -> Option<Witness> {
    let mut questions = Questions::about(layouts, View::Generated);
    for (name, _) in expected::c_values(&layouts.model) {
        questions.values.push(format!("VALUE({name})"));
    }
    run(compiler, &questions, header, folder)
}

/// Asks about the spec as [`naive`] C. `None` if the compiler is not there.
///
/// # Panics
/// If the compiler refuses it.
#[must_use]
pub fn ask_naively(compiler: &HostCompiler, layouts: &Layouts, folder: &Path) -> Option<Witness> {
    fs::write(folder.join("naive.h"), naive::header(layouts)).expect("the folder can be written");
    let mut witness = run(compiler, &Questions::about(layouts, View::Naive), "naive.h", folder)?;
    witness.name.insert_str(0, "naive C by ");
    witness.knows = PLACES;
    Some(witness)
}

/// What a probe of naive C can say: there are no constants in it.
const PLACES: &[What] =
    &[What::Size, What::Align, What::BitOffset, What::BitSize, What::BitfieldOffset, What::BitfieldSize];

fn run(compiler: &HostCompiler, questions: &Questions, header: &str, folder: &Path) -> Option<Witness> {
    if !tools::available(compiler.program) {
        return None;
    }
    fs::write(folder.join("probe.c"), questions.program(header)).expect("the folder can be written");
    let mut arguments = compiler.arguments.to_vec();
    arguments.extend(["-w", "-O0", "-o", "probe", "probe.c"]);
    tools::run(compiler.program, &arguments, folder);
    let printed = tools::run("./probe", &[], folder);
    let name = format!("{} {}", compiler.program, compiler.arguments.join(" "));
    let knows = &[
        What::Size,
        What::Align,
        What::BitOffset,
        What::BitSize,
        What::BitfieldOffset,
        What::BitfieldSize,
        What::Value,
    ];
    Some(Witness { name, facts: read(&printed), knows })
}

/// Which C is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Generated,
    Naive,
}

/// Macro calls: for each record one list, and those about constants.
struct Questions {
    records: Vec<Vec<String>>,
    values: Vec<String>,
}

impl Questions {
    fn about(layouts: &Layouts, view: View) -> Self {
        let mut records = Vec::new();
        for (id, record) in expected::named_records(&layouts.model) {
            if view == View::Naive && !naive::is_expressible(layouts, record) {
                continue;
            }
            let ty = match view {
                View::Generated => expected::c_type(record),
                View::Naive => naive::c_type(id, record),
            };
            let name = &record.name.c;
            let mut asked = Asked { layouts, view, ty: &ty, name, lines: vec![format!("TYPE({ty}, \"{name}\")")] };
            asked.members(id, record, "");
            records.push(asked.lines);
        }
        Questions { records, values: Vec::new() }
    }

    fn program(&self, header: &str) -> String {
        let mut text = format!("#include \"{header}\"\n{PRELUDE}\n");
        for (number, lines) in self.records.iter().enumerate() {
            let _ = writeln!(text, "static void record{number}(void)\n{{\n\t{}\n}}\n", lines.join("\n\t"));
        }
        text.push_str("int main(void)\n{\n");
        for number in 0..self.records.len() {
            let _ = writeln!(text, "\trecord{number}();");
        }
        let _ = writeln!(text, "\t{}\n\treturn 0;\n}}", self.values.join("\n\t"));
        text
    }
}

/// The questions about one record.
struct Asked<'a> {
    layouts: &'a Layouts,
    view: View,
    ty: &'a str,
    name: &'a str,
    lines: Vec<String>,
}

impl Asked<'_> {
    /// Asks about every member of `record`, which lies at `path` (with a dot behind it, if it is not empty).
    fn members(&mut self, id: TypeId, record: &Record, path: &str) {
        let layouts = self.layouts;
        for member in &layouts.of(id).members {
            match member {
                Member::Padding { index, .. } => self.padding("MEMBER", *index),
                Member::Bits(run) => {
                    for bits in expected::nameable(record, run) {
                        match bits.field {
                            Some(field) => self.member("BITS", record, field, path),
                            None => self.padding("BITS", bits.pad_index),
                        }
                    }
                }
                Member::Field { field, .. } => match (record.fields[*field].anonymous, &record.fields[*field].ty) {
                    (true, Type::Def(inner)) => self.unnamed(*inner, *field, path),
                    // C has no size for what is an array of no length.
                    (_, ty) if ty.is_open() => self.member("OPEN", record, *field, path),
                    _ => self.member("MEMBER", record, *field, path),
                },
            }
        }
    }

    fn unnamed(&mut self, inner: TypeId, field: usize, path: &str) {
        let TypeDef::Record(record) = self.layouts.model.ty(inner) else { return };
        match self.view {
            View::Generated => self.members(inner, record, ""),
            View::Naive => self.members(inner, record, &format!("{path}{}.", naive::member(field))),
        }
    }

    fn member(&mut self, call: &str, record: &Record, field: usize, path: &str) {
        let member = &record.fields[field].name.c;
        let path = match self.view {
            View::Generated => member.clone(),
            View::Naive => format!("{path}{}", naive::member(field)),
        };
        self.lines.push(format!("{call}({}, \"{}\", \"{member}\", {path})", self.ty, self.name));
    }

    /// Asks about padding, which only generated C names.
    fn padding(&mut self, call: &str, index: u32) {
        if self.view == View::Generated {
            self.lines.push(format!("{call}({}, \"{}\", \"_pad{index}\", _pad{index})", self.ty, self.name));
        }
    }
}

fn read(printed: &str) -> Facts {
    let mut facts = Facts::default();
    for line in printed.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let &[ty, member, what, value] = parts.as_slice() else { panic!("the probe printed `{line}`") };
        let what = match what {
            "Size" => What::Size,
            "Align" => What::Align,
            "BitOffset" => What::BitOffset,
            "BitSize" => What::BitSize,
            "BitfieldOffset" => What::BitfieldOffset,
            "BitfieldSize" => What::BitfieldSize,
            "Value" => What::Value,
            other => panic!("{}: {other}", Fact { ty: ty.into(), member: member.into(), what: What::BitfieldOffset }),
        };
        facts.state(ty, member, what, value.parse::<i128>().expect("the probe prints numbers"));
    }
    facts
}

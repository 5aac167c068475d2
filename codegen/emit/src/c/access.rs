//! What a BPF program does with a record: initialise it, read strings into it, reserve it in a ring buffer, keep one per
//! CPU.

use std::{collections::BTreeSet, iter};

use bpf_layout_spec::{
    decimal::Decimal,
    layout::{Layouts, Member, SCRATCH_MAX},
    model::{EventTag, Field, Record, RecordKind, Type, TypeDef, TypeId},
};

use super::{
    compact, expr,
    facts::Facts,
    helpers::Helper,
    keep,
    out::Out,
    record::{keyword, tag_value, unnamed},
};

/// Start of every function.
pub(super) const INLINE: &str = "__bpf_layout_inline";

/// Start of every function that gives nothing.
pub(super) const INLINE_VOID: &str = "__bpf_layout_inline void";

/// Start of every function that gives a length or an error.
pub(super) const INLINE_LONG: &str = "__bpf_layout_inline long";

/// The stack of a BPF program (`MAX_BPF_STACK` in include/linux/filter.h).
const STACK: u64 = 512;

/// Names of the indices into arrays of strings, from the outermost.
const INDICES: [&str; 4] = ["i", "j", "k", "l"];

/// Every function of one record that has a name.
pub(super) fn functions(
    out: &mut Out,
    helpers: &mut BTreeSet<Helper>,
    layouts: &Layouts,
    facts: &Facts,
    (id, record): (TypeId, &Record),
) {
    let ty = [keyword(record), " ", &record.name.c].concat();
    let pointer = [&ty, " *p"].concat();
    let access = Access { layouts, facts, id, record, ty, pointer };
    keep::record(out, layouts, facts, id, &access.pointer);
    if record.is_compact() {
        return compact::functions(out, helpers, &access);
    }
    if layouts.model.is_internal(id) {
        return;
    }
    access.init(out, helpers);
    for string in strings(layouts, record) {
        access.readers(out, helpers, &string);
    }
    if let RecordKind::Event { .. } = record.kind {
        access.reserve(out, helpers);
    }
    access.scratch(out, helpers);
}

/// One record that functions are written for.
pub(super) struct Access<'a> {
    pub(super) layouts: &'a Layouts,
    facts: &'a Facts,
    pub(super) id: TypeId,
    pub(super) record: &'a Record,
    /// `struct exec_event`
    pub(super) ty: String,
    /// `struct exec_event *p`
    pub(super) pointer: String,
}

impl Access<'_> {
    /// The name of a function, in parts.
    pub(super) fn name<'b>(&'b self, what: &'b str) -> [&'b str; 2] {
        [&self.record.name.c, what]
    }

    /// Zeroes every byte, but for what only the kernel may write: the verifier refuses stores into a `bpf_spin_lock`.
    fn init(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>) {
        self.init_with(out, helpers, |_| {});
    }

    /// [`init`](Self::init) with further lines at its end.
    pub(super) fn init_with(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>, further: impl FnOnce(&mut Out)) {
        let layout = self.layouts.of(self.id);
        let mut managed = Vec::new();
        self.managed_ranges(self.id, 0, &mut managed);
        out.blank();
        out.line(if managed.is_empty() {
            "/* Zeroes every byte, padding included. */"
        } else {
            "/* Zeroes every byte but those that only the kernel may write. */"
        });
        out.signature(INLINE_VOID, &self.name("_init"), &[&self.pointer]);
        out.body(|out| {
            keep::statement(out, self.layouts, self.id);
            if managed.is_empty() {
                let helper = Helper::zero(layout.align);
                helpers.insert(helper);
                out.call(&[helper.name()], &["p", "sizeof(*p)"], ";");
            }
            for (start, end) in gaps(&managed, layout.size) {
                let helper = Helper::zero(layout.align.min(power_of_two_in(start | end)));
                helpers.insert(helper);
                let (at, len) = (format!("(char *)p + {start}"), (end - start).to_string());
                out.call(&[helper.name()], &[if start == 0 { "p" } else { &at }, &len], ";");
            }
            if let RecordKind::Event { tag: Some(EventTag { field, value }) } = &self.record.kind {
                let name = &self.record.fields[*field].name.c;
                out.write(format_args!("p->{name} = {};", tag_value(self.layouts, value)));
            }
            further(out);
        });
    }

    /// A function for each place that a string may be read from.
    fn readers(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>, string: &StringField<'_>) {
        let field = &string.field.name.c;
        let indices: Vec<String> = (0..string.lengths.len())
            .map(|depth| INDICES.get(depth).map_or_else(|| format!("i{depth}"), |&name| name.to_owned()))
            .collect();
        let numbered: Vec<String> = indices.iter().map(|index| ["__u32 ", index].concat()).collect();
        let between = numbered.iter().map(String::as_str);
        let parameters: Vec<&str> = iter::once(&*self.pointer).chain(between).chain(["const void *src"]).collect();
        let mut member = ["p->", field].concat();
        for index in &indices {
            ["[", index, "]"].iter().for_each(|part| member.push_str(part));
        }
        let size = ["sizeof(", &member, ")"].concat();
        for (space, helper) in [("kernel", Helper::ReadKernel), ("user", Helper::ReadUser)] {
            out.blank();
            let name = [&self.record.name.c, "_read_", field, "_", space];
            out.signature(INLINE_LONG, &name, &parameters);
            out.body(|out| {
                if string.field.omitted {
                    let unused = iter::once("p").chain(indices.iter().map(String::as_str)).chain(["src"]);
                    out.lines(unused.map(|name| format!("(void){name};")));
                    return out.line("return 0; /* left out by the profile */");
                }
                helpers.insert(helper);
                for (index, length) in indices.iter().zip(&string.lengths) {
                    out.write(format_args!("if ({index} >= {length})"));
                    out.line("\treturn -34; /* ERANGE */");
                }
                out.call(&["return ", helper.name()], &[&member, &size, "src"], ";");
            });
        }
    }

    fn reserve(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>) {
        helpers.insert(Helper::Reserve);
        out.blank();
        out.line("/* An initialised record in a ring buffer; NULL if that is full. */");
        out.signature(&self.inline_pointer(), &self.name("_reserve"), &["void *ringbuf"]);
        out.body(|out| {
            out.parts(&[&self.pointer, " = __bpf_layout_reserve(ringbuf, sizeof(*p));"]);
            out.blank();
            out.line("if (p)");
            out.parts(&["\t", &self.record.name.c, "_init(p);"]);
            out.line("return p;");
        });
    }

    /// Start of a function that gives a record.
    fn inline_pointer(&self) -> String {
        [INLINE, " ", &self.ty, " *"].concat()
    }

    /// A per-CPU array of one, for what does not fit on the stack, or would not if a number were changed. Locks and the
    /// like cannot be in one.
    fn scratch(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>) {
        let size = self.layouts.of(self.id).size;
        let fact = self.facts.get(self.id);
        if (size <= STACK && !fact.elastic) || size > SCRATCH_MAX || fact.managed {
            return;
        }
        out.blank();
        out.line("/*");
        let (name, bytes) = (&self.record.name.c, Decimal::of(size));
        if size > STACK {
            out.parts(&[" * ", &bytes, " bytes do not fit on the stack: at file scope, this defines one per CPU,"]);
            out.parts(&[" * and ", name, "_scratch(), which gives it as it was left."]);
        } else {
            out.parts(&[" * ", &bytes, " bytes may grow beyond the stack: at file scope, this defines one per"]);
            out.parts(&[" * CPU, and ", name, "_scratch(), which gives it as it was left."]);
        }
        out.line(" */");
        self.scratch_map(out, helpers, (&self.ty, 1), |out, map| {
            out.call(&["return ", Helper::Lookup.name()], &[map, "0"], ";");
        });
    }

    /// `DEFINE_X_SCRATCH`: a per-CPU array of so many of a value, and a function that gives the record in one. `body`
    /// writes the function's lines, given the map's address.
    pub(super) fn scratch_map(
        &self,
        out: &mut Out,
        helpers: &mut BTreeSet<Helper>,
        (value, count): (&str, u32),
        body: impl FnOnce(&mut Out, &str),
    ) {
        helpers.insert(Helper::Lookup);
        let map = self.record.scratch_map();
        out.macro_definition(&["DEFINE_", &self.record.name.upper, "_SCRATCH"].concat(), |out| {
            out.line("struct {");
            out.line("\t__uint(type, 6); /* BPF_MAP_TYPE_PERCPU_ARRAY */");
            out.parts(&["\t__uint(max_entries, ", &Decimal::of(count.into()), ");"]);
            out.line("\t__type(key, __u32);");
            out.parts(&["\t__type(value, ", value, ");"]);
            out.parts(&["} ", &map, " SEC(\".maps\");"]);
            out.signature(&self.inline_pointer(), &self.name("_scratch"), &["void"]);
            out.body(|out| body(out, &["&", &map].concat()));
            out.line(&self.ty);
        });
    }

    /// Bytes of a record, start and end, that only the kernel may write.
    fn managed_ranges(&self, id: TypeId, base: u64, ranges: &mut Vec<(u64, u64)>) {
        let TypeDef::Record(record) = self.layouts.model.ty(id) else { return };
        for member in &self.layouts.of(id).members {
            if let Member::Field { field, offset, size, .. } = member {
                self.managed_in(&record.fields[*field].ty, base + offset, *size, ranges);
            }
        }
    }

    fn managed_in(&self, ty: &Type, start: u64, size: u64, ranges: &mut Vec<(u64, u64)>) {
        if !self.facts.is_managed(ty) {
            return;
        }
        match ty {
            Type::Def(id) => self.managed_ranges(*id, start, ranges),
            Type::Array(element, count) => {
                let each = size.checked_div(count.value).unwrap_or(0);
                (0..count.value).for_each(|index| self.managed_in(element, start + index * each, each, ranges));
            }
            _ => ranges.push((start, start + size)),
        }
    }
}

/// A field that holds a string, or an array of them.
struct StringField<'a> {
    field: &'a Field,
    /// Lengths of the array, outermost first.
    lengths: Vec<String>,
}

/// Every string that `p->name` reaches, also in unnamed members.
fn strings<'a>(layouts: &'a Layouts, record: &'a Record) -> Vec<StringField<'a>> {
    let mut found = Vec::new();
    for field in &record.fields {
        if let Some((_, inner)) = unnamed(layouts, field) {
            found.extend(strings(layouts, inner));
            continue;
        }
        let mut lengths = Vec::new();
        let mut ty = &field.ty;
        while let Type::Array(element, count) = ty {
            lengths.push(expr::count(&layouts.model, count));
            ty = element;
        }
        if matches!(ty, Type::Str(_)) && !field.ty.is_open() {
            found.push(StringField { field, lengths });
        }
    }
    found
}

/// What lies between the ranges and the end, if there are any ranges.
fn gaps(ranges: &[(u64, u64)], size: u64) -> Vec<(u64, u64)> {
    if ranges.is_empty() {
        return Vec::new();
    }
    let starts = std::iter::once(0).chain(ranges.iter().map(|range| range.1));
    let ends = ranges.iter().map(|range| range.0).chain([size]);
    starts.zip(ends).filter(|(start, end)| start < end).collect()
}

/// The largest power of two, up to 8, that divides `value`.
fn power_of_two_in(value: u64) -> u32 {
    1 << value.trailing_zeros().min(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layouts;

    /// The header of a struct of so many bytes: a number, or an expression of `N`.
    fn of_bytes(count: &str, n: u64) -> String {
        let text = format!(
            "spec = 1\n[lengths]\nN = {n}\n[struct.record]\nfields = [{{ name = \"data\", type = \"bytes[{count}]\" }}]"
        );
        crate::c::header(&layouts(&text, None))
    }

    #[test]
    fn what_does_not_fit_on_the_stack_has_scratch_memory() {
        for (size, expected) in [(STACK, false), (STACK + 1, true), (SCRATCH_MAX, true), (SCRATCH_MAX + 1, false)] {
            let header = of_bytes(&size.to_string(), 1);
            assert_eq!(header.contains("#define DEFINE_RECORD_SCRATCH"), expected, "{size}");
            assert_eq!(header.contains(&format!("{size} bytes do not fit on the stack")), expected, "{size}");
        }
    }

    #[test]
    fn what_may_grow_has_scratch_memory() {
        for count in ["N", "2 * N", "N * 2", "N / 2 * 4"] {
            let header = of_bytes(count, STACK / if count == "N" { 1 } else { 2 });
            assert!(header.contains("512 bytes may grow beyond the stack"), "{count}: {header}");
        }
        assert!(of_bytes("N", STACK + 1).contains("513 bytes do not fit on the stack"));
        assert!(!of_bytes("2 * 256", 1).contains("SCRATCH"));
    }
}

//! Names that differ in the spec and become one in C or in Rust, generated ones included.
//!
//! C has one namespace for tags of structs, unions and enums, and one for everything else: enum constants, variables,
//! functions. Macros reach into both. Rust has one for types and one for values, and `maps` is a module of its own.

use std::{borrow::Cow, collections::HashSet};

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Constant, Field, Intern, Map, Name, Record, RecordKind, Spellings, Type, TypeDef, VariableKind, Variant},
    source::Span,
};

use super::{few::Few, types::element};

/// Reports every clash among the names that these definitions bring forth.
pub(super) fn check_clashes(
    constants: &[Constant],
    types: &[TypeDef],
    maps: &[Map],
    interns: &[Intern],
    cx: &mut Diagnostics,
) {
    let mut spaces = Spaces::new(types.len());
    let mut members = Members::new();
    let cx = &mut Reporter { cx, reported: HashSet::new() };
    for constant in constants {
        spaces.claim_constant(constant, cx);
    }
    for def in types {
        spaces.claim_type(def, cx);
        if let TypeDef::Record(record) = def
            && !record.anonymous
        {
            members.check(record, types, cx);
        }
    }
    for map in first_of_name(&mut Few::default(), maps.iter(), |map| &map.name) {
        spaces.claim_map(map, cx);
    }
    for intern in interns {
        spaces.claim_macro(intern.c_macro(), &intern.name, cx);
        for function in intern.functions() {
            spaces.c_ordinary.claim(format!("__{function}"), &intern.name, cx);
            spaces.c_ordinary.claim(function, &intern.name, cx);
        }
    }
    for record in types.iter().filter_map(as_record) {
        spaces.check_macros(record, cx);
    }
}

fn as_record(def: &TypeDef) -> Option<&Record> {
    match def {
        TypeDef::Record(record) => Some(record),
        TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
    }
}

/// The first of each name, none of which has been seen: that a name is defined once is another rule's.
fn first_of_name<'s, 'n: 's, T: 'n>(
    seen: &'s mut Few<'n, ()>,
    items: impl Iterator<Item = &'n T> + 's,
    name: impl Fn(&'n T) -> &'n Name + 's,
) -> impl Iterator<Item = &'n T> + 's {
    seen.clear();
    items.filter(move |item| seen.insert(Cow::Borrowed(name(item).spec.as_str()), ()).is_none())
}

/// Reports each pair of definitions once: where two clash, most of what is generated for them does.
struct Reporter<'c> {
    cx: &'c mut Diagnostics,
    reported: HashSet<(Span, Span)>,
}

impl Reporter<'_> {
    /// Two definitions, or one that needs a name twice, which is nothing to report.
    fn clash(&mut self, name: &str, first: &Name, second: &Name, language: &str) {
        if first.span == second.span || !self.reported.insert((first.span, second.span)) {
            return;
        }
        let (this, that) = (&second.spec, &first.spec);
        let message = format!("`{that}` and `{this}` both need the name `{name}` {language}");
        self.cx.push(
            Diagnostic::new(Code::ClashingName, message, second.span, format!("needs `{name}`"))
                .also(first.span, format!("has `{name}`"))
                .help("rename one of the two"),
        );
    }
}

/// One namespace of one language.
struct Space<'n> {
    /// "in C"
    language: &'static str,
    /// Who has a name.
    taken: Few<'n, &'n Name>,
}

impl<'n> Space<'n> {
    fn new(language: &'static str, room: usize) -> Self {
        Space { language, taken: Few::with_room(room) }
    }

    /// Takes a name for the definition `by`, or says who has it.
    fn claim(&mut self, name: impl Into<Cow<'n, str>>, by: &'n Name, cx: &mut Reporter<'_>) {
        if let Some((name, first)) = self.taken.insert(name.into(), by) {
            cx.clash(name, first, by, self.language);
        }
    }
}

struct Spaces<'n> {
    c_tags: Space<'n>,
    c_ordinary: Space<'n>,
    /// Macros, which replace the names of members, too.
    c_macros: Space<'n>,
    rust_types: Space<'n>,
    rust_values: Space<'n>,
    rust_maps: Space<'n>,
}

impl<'n> Spaces<'n> {
    /// `types` is about how many definitions there are.
    fn new(types: usize) -> Self {
        Spaces {
            c_tags: Space::new("in C", 2 * types),
            c_ordinary: Space::new("in C", 4 * types),
            c_macros: Space::new("in C", types),
            rust_types: Space::new("in Rust", types),
            rust_values: Space::new("in Rust", 0),
            rust_maps: Space::new("in Rust", 0),
        }
    }

    /// A macro takes its name from everything.
    fn claim_macro(&mut self, name: impl Into<Cow<'n, str>>, by: &'n Name, cx: &mut Reporter<'_>) {
        let name = name.into();
        self.c_tags.claim(name.clone(), by, cx);
        self.c_macros.claim(name.clone(), by, cx);
        self.c_ordinary.claim(name, by, cx);
    }

    /// No member may have the name of a macro.
    fn check_macros(&mut self, record: &Record, cx: &mut Reporter<'_>) {
        for field in record.fields.iter().filter(|field| !field.anonymous) {
            if let Some(first) = self.c_macros.taken.get(&field.name.c) {
                cx.clash(&field.name.c, first, &field.name, self.c_macros.language);
            }
        }
    }

    fn claim_constant(&mut self, constant: &'n Constant, cx: &mut Reporter<'_>) {
        let name = &constant.name;
        self.claim_macro(&name.c, name, cx);
        self.rust_values.claim(&name.rust, name, cx);
        if constant.value.is_power_of_two() {
            self.claim_macro(format!("{}_MASK", name.c), name, cx);
            self.rust_values.claim(format!("{}_MASK", name.rust), name, cx);
        }
    }

    fn claim_type(&mut self, def: &'n TypeDef, cx: &mut Reporter<'_>) {
        match def {
            TypeDef::Enum(def) => {
                self.claim_enum(&def.name, &def.variants, cx);
                if def.typedef {
                    self.c_ordinary.claim(&def.name.c, &def.name, cx);
                }
            }
            TypeDef::Flags(def) => self.claim_enum(&def.name, &def.bits, cx),
            TypeDef::Record(record) => self.claim_record(record, cx),
            // C has it from elsewhere.
            TypeDef::Extern(def) => self.rust_types.claim(&def.name.rust, &def.name, cx),
        }
    }

    fn claim_enum(&mut self, name: &'n Name, variants: &'n [Variant], cx: &mut Reporter<'_>) {
        self.c_tags.claim(&name.c, name, cx);
        self.rust_types.claim(&name.rust, name, cx);
        let mut associated = Space::new("in Rust", 0);
        for variant in first_of_name(&mut Few::default(), variants.iter(), |variant| &variant.name) {
            if (i128::from(i32::MIN)..=i128::from(u32::MAX)).contains(&variant.value) {
                self.c_ordinary.claim(&variant.name.c, &variant.name, cx);
            } else {
                // Older clang and kernels have no enum constants of 64 bits.
                self.claim_macro(&variant.name.c, &variant.name, cx);
            }
            associated.claim(&variant.name.rust, &variant.name, cx);
        }
    }

    fn claim_record(&mut self, record: &'n Record, cx: &mut Reporter<'_>) {
        let name = &record.name;
        self.rust_types.claim(&name.rust, name, cx);
        if record.fields.iter().any(|field| !field.when.is_empty()) {
            self.rust_types.claim([&name.rust, "Ref"].concat(), name, cx);
        }
        if record.anonymous {
            return;
        }
        self.c_tags.claim(&name.c, name, cx);
        if record.typedef {
            self.c_ordinary.claim(&name.c, name, cx);
        }
        self.c_ordinary.claim([&name.c, "_init"].concat(), name, cx);
        self.c_ordinary.claim([&name.c, "_scratch"].concat(), name, cx);
        self.claim_macro(["DEFINE_", &name.upper, "_SCRATCH"].concat(), name, cx);
        if record.is_compact() {
            self.rust_types.claim([&name.rust, "Header"].concat(), name, cx);
            self.c_tags.claim([&name.c, "_room"].concat(), name, cx);
            for function in ["submit", "perf_submit", "discard"] {
                self.c_ordinary.claim(format!("{}_{function}", name.c), name, cx);
            }
        } else if matches!(record.kind, RecordKind::Event { .. }) {
            self.c_ordinary.claim([&name.c, "_reserve"].concat(), name, cx);
        }
        let with_names = record.fields.iter().filter(|field| brings_names(field));
        for field in first_of_name(&mut Few::default(), with_names, |field| &field.name) {
            self.claim_field(record, field, cx);
        }
    }

    fn claim_field(&mut self, record: &Record, field: &'n Field, cx: &mut Reporter<'_>) {
        if matches!(element(&field.ty), Type::Str(_)) {
            for from in ["_kernel", "_user"] {
                self.c_ordinary.claim([&record.name.c, "_read_", &field.name.c, from].concat(), &field.name, cx);
            }
        }
        if let Type::Variable(variable) = &field.ty {
            let text = !matches!(variable.kind, VariableKind::Bytes);
            let read = ["read_{}_kernel", "read_{}_user", "cut_{}"].into_iter().chain(text.then_some("copy_{}"));
            for function in read.map(|function| function.replace("{}", &field.name.c)) {
                self.c_ordinary.claim(format!("{}_{function}", record.name.c), &field.name, cx);
            }
        }
        if field.optional {
            let has = format!("{}_HAS_{}", record.name.upper, field.name.upper);
            self.claim_macro(has, &field.name, cx);
        }
    }

    fn claim_map(&mut self, map: &'n Map, cx: &mut Reporter<'_>) {
        let name = &map.name;
        self.c_ordinary.claim(&name.c, name, cx);
        self.claim_macro(format!("DEFINE_{}_MAP", name.upper), name, cx);
        self.rust_maps.claim(&name.rust, name, cx);
        if map.kind.name == "ringbuf" {
            for function in ["wakeup", "submit"] {
                self.c_ordinary.claim(format!("{}_{function}", name.c), name, cx);
            }
        }
        if !map.events.is_empty() {
            self.rust_maps.claim(format!("{}Record", name.rust), name, cx);
        }
    }
}

/// Whether a field has one name everywhere and no method, so that it clashes only with one of the same name in the spec.
fn is_plain(field: &Field) -> bool {
    let Spellings { spec, c, rust, .. } = &*field.name;
    let has_methods = field.optional || field.bits.is_some() || field.tag.is_some();
    c == spec && rust == spec && !has_methods && !field.anonymous && !matches!(field.ty, Type::Variable(_))
}

/// Whether something is named after a field, besides itself.
fn brings_names(field: &Field) -> bool {
    field.optional || matches!(field.ty, Type::Variable(_)) || matches!(element(&field.ty), Type::Str(_))
}

/// The members of one named record after another: fields in both languages, and in Rust methods, which fields do not clash
/// with.
struct Members<'t> {
    c: Space<'t>,
    rust_fields: Space<'t>,
    rust_methods: Space<'t>,
    /// Names in the spec: that they differ is another rule's.
    seen: Few<'t, ()>,
}

impl<'t> Members<'t> {
    fn new() -> Self {
        Members {
            c: Space::new("in C", 0),
            rust_fields: Space::new("in Rust", 0),
            rust_methods: Space::new("in Rust", 0),
            seen: Few::default(),
        }
    }

    fn check(&mut self, record: &'t Record, types: &'t [TypeDef], cx: &mut Reporter<'_>) {
        if record.kind != RecordKind::Union && record.fields.iter().all(is_plain) {
            return;
        }
        self.c.taken.clear();
        self.seen.clear();
        self.claim_in_c(record, types, cx);
        self.rust_fields.taken.clear();
        self.rust_methods.taken.clear();
        if record.is_compact() {
            ["parse", "as_bytes"].into_iter().for_each(|method| self.rust_methods.claim(method, &record.name, cx));
        }
        for field in first_of_name(&mut self.seen, record.fields.iter(), |field| &field.name) {
            let name = &field.name;
            let is_variable = matches!(field.ty, Type::Variable(_));
            let has_setter = field.bits.is_some() || record.kind == RecordKind::Union;
            if has_setter || field.optional || field.tag.is_some() || is_variable {
                self.rust_methods.claim(&name.rust, name, cx);
            }
            if has_setter {
                self.rust_methods.claim(format!("set_{}", name.spec), name, cx);
            } else {
                self.rust_fields.claim(&name.rust, name, cx);
            }
        }
    }

    /// In C, those of unnamed members are the record's own. How deep they lie is bounded, and so is this recursion.
    fn claim_in_c(&mut self, record: &'t Record, types: &'t [TypeDef], cx: &mut Reporter<'_>) {
        for field in &record.fields {
            match &field.ty {
                Type::Def(id) if field.anonymous => {
                    if let Some(TypeDef::Record(inner)) = types.get(id.0 as usize) {
                        self.claim_in_c(inner, types, cx);
                    }
                }
                _ => {
                    if self.seen.insert(Cow::Borrowed(&field.name.spec), ()).is_none() {
                        self.c.claim(&field.name.c, &field.name, cx);
                    }
                }
            }
        }
    }
}

//! Names that differ in the spec and become one in C or in Rust, generated ones included.
//!
//! C has one namespace for tags of structs, unions and enums, and one for everything else: enum constants, variables,
//! functions. Macros reach into both. Rust has one for types and one for values, and `maps` is a module of its own.

use std::collections::HashMap;

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Constant, Field, Map, Name, Record, RecordKind, Type, TypeDef},
    source::Span,
};

use super::types::element;

/// Reports every clash among the names that these definitions bring forth.
pub(super) fn check_clashes(constants: &[Constant], types: &[TypeDef], maps: &[Map], cx: &mut Diagnostics) {
    let mut spaces = Spaces::new();
    for constant in constants {
        spaces.claim_constant(constant, cx);
    }
    for def in types {
        spaces.claim_type(def, cx);
        if let TypeDef::Record(record) = def
            && !record.anonymous
        {
            check_members(record, types, cx);
        }
    }
    for map in maps {
        spaces.claim_map(map, cx);
    }
}

/// One namespace of one language.
struct Space {
    /// "in C"
    language: &'static str,
    taken: HashMap<String, Claim>,
}

/// Who has a name.
#[derive(Clone)]
struct Claim {
    spec: String,
    span: Span,
}

impl Space {
    fn new(language: &'static str) -> Self {
        Space { language, taken: HashMap::new() }
    }

    /// Takes a name for the definition `by`, or says who has it.
    fn claim(&mut self, name: impl Into<String>, by: &Name, cx: &mut Diagnostics) {
        let name = name.into();
        let claim = Claim { spec: by.spec.clone(), span: by.span };
        let Some(first) = self.taken.get(&name) else {
            self.taken.insert(name, claim);
            return;
        };
        if first.span == claim.span {
            return;
        }
        // Said so by the rule that a name is defined once.
        if first.spec == claim.spec && name == claim.spec {
            return;
        }
        let message = format!("`{}` and `{}` both bring forth `{name}` {}", first.spec, claim.spec, self.language);
        cx.push(
            Diagnostic::new(Code::ClashingName, message, claim.span, format!("needs `{name}`"))
                .also(first.span, format!("already has `{name}`"))
                .help("rename one of the two"),
        );
    }
}

struct Spaces {
    c_tags: Space,
    c_ordinary: Space,
    rust_types: Space,
    rust_values: Space,
    rust_maps: Space,
}

impl Spaces {
    fn new() -> Self {
        Spaces {
            c_tags: Space::new("in C"),
            c_ordinary: Space::new("in C"),
            rust_types: Space::new("in Rust"),
            rust_values: Space::new("in Rust"),
            rust_maps: Space::new("in Rust"),
        }
    }

    fn claim_constant(&mut self, constant: &Constant, cx: &mut Diagnostics) {
        let name = &constant.name;
        self.c_ordinary.claim(&name.c, name, cx);
        self.rust_values.claim(&name.rust, name, cx);
        if constant.value.is_power_of_two() {
            self.c_ordinary.claim(format!("{}_MASK", name.c), name, cx);
            self.rust_values.claim(format!("{}_MASK", name.rust), name, cx);
        }
    }

    fn claim_type(&mut self, def: &TypeDef, cx: &mut Diagnostics) {
        match def {
            TypeDef::Enum(def) => {
                self.claim_enum(&def.name, def.variants.iter().map(|variant| &variant.name), cx);
            }
            TypeDef::Flags(def) => self.claim_enum(&def.name, def.bits.iter().map(|bit| &bit.name), cx),
            TypeDef::Record(record) => self.claim_record(record, cx),
            // C has it from elsewhere.
            TypeDef::Extern(def) => self.rust_types.claim(&def.name.rust, &def.name, cx),
        }
    }

    fn claim_enum<'n>(&mut self, name: &Name, variants: impl Iterator<Item = &'n Name>, cx: &mut Diagnostics) {
        self.c_tags.claim(&name.c, name, cx);
        self.rust_types.claim(&name.rust, name, cx);
        let mut associated = Space::new("in Rust");
        for variant in variants {
            self.c_ordinary.claim(&variant.c, variant, cx);
            associated.claim(&variant.rust, variant, cx);
        }
    }

    fn claim_record(&mut self, record: &Record, cx: &mut Diagnostics) {
        let name = &record.name;
        self.rust_types.claim(&name.rust, name, cx);
        if record.fields.iter().any(|field| !field.when.is_empty()) {
            self.rust_types.claim(format!("{}Ref", name.rust), name, cx);
        }
        if record.anonymous {
            return;
        }
        self.c_tags.claim(&name.c, name, cx);
        self.c_ordinary.claim(format!("{}_init", name.c), name, cx);
        self.c_ordinary.claim(format!("{}_scratch", name.c), name, cx);
        self.c_ordinary.claim(format!("DEFINE_{}_SCRATCH", name.upper), name, cx);
        if matches!(record.kind, RecordKind::Event { .. }) {
            self.c_ordinary.claim(format!("{}_reserve", name.c), name, cx);
        }
        for field in &record.fields {
            self.claim_field(record, field, cx);
        }
    }

    fn claim_field(&mut self, record: &Record, field: &Field, cx: &mut Diagnostics) {
        if matches!(element(&field.ty), Type::Str(_)) {
            for from in ["kernel", "user"] {
                self.c_ordinary.claim(format!("{}_read_{}_{from}", record.name.c, field.name.c), &field.name, cx);
            }
        }
        if field.optional {
            let has = format!("{}_HAS_{}", record.name.upper, field.name.upper);
            self.c_ordinary.claim(has, &field.name, cx);
        }
    }

    fn claim_map(&mut self, map: &Map, cx: &mut Diagnostics) {
        let name = &map.name;
        self.c_ordinary.claim(&name.c, name, cx);
        self.c_ordinary.claim(format!("DEFINE_{}_MAP", name.upper), name, cx);
        self.rust_maps.claim(&name.rust, name, cx);
        if !map.events.is_empty() {
            self.rust_maps.claim(format!("{}Record", name.rust), name, cx);
        }
    }
}

/// The members of one named record: fields in both languages, and in Rust methods, which fields do not clash with.
fn check_members(record: &Record, types: &[TypeDef], cx: &mut Diagnostics) {
    let mut c = Space::new("in C");
    claim_c_members(record, types, &mut c, cx);
    let mut fields = Space::new("in Rust");
    let mut methods = Space::new("in Rust");
    for field in &record.fields {
        let name = &field.name;
        let has_setter = field.bits.is_some() || record.kind == RecordKind::Union;
        if has_setter || field.optional || field.tag.is_some() {
            methods.claim(&name.rust, name, cx);
        }
        if has_setter {
            methods.claim(format!("set_{}", name.spec), name, cx);
        } else {
            fields.claim(&name.rust, name, cx);
        }
    }
}

/// C looks up the members of unnamed members as the record's own. How deep they lie is bounded.
fn claim_c_members(record: &Record, types: &[TypeDef], space: &mut Space, cx: &mut Diagnostics) {
    for field in &record.fields {
        if !field.anonymous {
            space.claim(&field.name.c, &field.name, cx);
            continue;
        }
        if let Type::Def(id) = &field.ty
            && let Some(TypeDef::Record(inner)) = types.get(id.0 as usize)
        {
            claim_c_members(inner, types, space, cx);
        }
    }
}

//! What a spec says, fact by fact.

mod maps;
mod records;

use super::{Aspect, Side, Subject, Value};
use crate::{
    layout::Layouts,
    model::{Budget, ConstKind, Constant, Extern, Model, TagValue, TypeDef, TypeId, Variant},
    scalar::Scalar,
    source::Span,
};

/// A length, capacity, type, map or budget.
pub(super) struct Thing {
    pub(super) subject: Subject,
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) facts: Vec<Fact>,
}

/// One thing that can be compared.
pub(super) struct Fact {
    pub(super) aspect: Aspect,
    pub(super) of: Option<String>,
    pub(super) side: Side,
}

/// Facts of one thing while they are gathered.
struct Facts {
    /// Where the thing is defined.
    span: Span,
    facts: Vec<Fact>,
}

impl Facts {
    fn new(span: Span) -> Self {
        Facts { span, facts: Vec::new() }
    }

    fn push(&mut self, aspect: Aspect, of: Option<&str>, value: Value, span: Span) {
        self.facts.push(Fact { aspect, of: of.map(str::to_owned), side: Side { value, span } });
    }

    /// A number about the whole; nothing if there is none.
    fn number(&mut self, aspect: Aspect, number: impl Into<Option<u64>>) {
        if let Some(number) = number.into() {
            self.push(aspect, None, Value::Number(number.into()), self.span);
        }
    }

    /// A text about the whole; nothing if there is none.
    fn text(&mut self, aspect: Aspect, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.push(aspect, None, Value::Text(text.into()), self.span);
        }
    }
}

/// Everything that a spec defines.
pub(super) fn things(layouts: &Layouts) -> Vec<Thing> {
    let model = &layouts.model;
    let constants = model.constants.iter().map(constant);
    let types = (0..).map(TypeId).zip(&model.types).filter_map(|(id, def)| ty(layouts, id, def));
    let maps = model.maps.iter().map(|map| maps::map(layouts, map));
    constants
        .chain(types)
        .chain(maps)
        .chain(model.groups.iter().map(|group| maps::group(model, group)))
        .chain(model.budget.as_ref().map(budget))
        .collect()
}

fn constant(constant: &Constant) -> Thing {
    let subject = match constant.kind {
        ConstKind::Length => Subject::Length,
        ConstKind::Capacity => Subject::Capacity,
    };
    let mut facts = Facts::new(constant.name.span);
    facts.number(Aspect::Value, constant.value);
    Thing { subject, name: constant.name.spec.to_string(), span: facts.span, facts: facts.facts }
}

fn budget(budget: &Budget) -> Thing {
    let mut facts = Facts::new(budget.span);
    facts.number(Aspect::Budget, budget.total);
    facts.number(Aspect::Cpus, budget.cpus.map(u64::from));
    Thing { subject: Subject::Budget, name: "budget".into(), span: budget.span, facts: facts.facts }
}

/// A definition; `None` for an unnamed record, whose fields are facts of the record around it.
fn ty(layouts: &Layouts, id: TypeId, def: &TypeDef) -> Option<Thing> {
    let (name, layout) = (def.name(), layouts.of(id));
    let mut facts = Facts::new(name.span);
    facts.text(Aspect::Kind, Some(kind(def)));
    facts.number(Aspect::Size, layout.size);
    facts.number(Aspect::Align, u64::from(layout.align));
    match def {
        TypeDef::Enum(def) => values(&mut facts, def.repr, &def.variants),
        TypeDef::Flags(def) => values(&mut facts, def.repr, &def.bits),
        TypeDef::Record(record) if record.anonymous => return None,
        TypeDef::Record(record) => records::record(&mut facts, layouts, id, record),
        TypeDef::Extern(def) => external(&mut facts, def),
    }
    Some(Thing { subject: Subject::Type, name: name.spec.to_string(), span: name.span, facts: facts.facts })
}

fn kind(def: &TypeDef) -> &'static str {
    match def {
        TypeDef::Enum(_) => "enum",
        TypeDef::Flags(_) => "flags",
        TypeDef::Record(record) => records::kind(record),
        TypeDef::Extern(_) => "extern",
    }
}

fn values(facts: &mut Facts, repr: Scalar, variants: &[Variant]) {
    facts.text(Aspect::Repr, Some(repr.info().name));
    for variant in variants {
        facts.push(Aspect::Value, Some(&variant.name.spec), Value::Number(variant.value), variant.name.span);
    }
}

fn external(facts: &mut Facts, def: &Extern) {
    facts.text(Aspect::CType, Some(&def.c_type));
    facts.text(Aspect::Include, def.include.as_ref());
    facts.text(Aspect::RustType, def.rust_type.as_ref());
}

/// A tag's value as the spec writes it.
fn tag_text(model: &Model, value: &TagValue) -> String {
    match value {
        TagValue::Number(number) => number.to_string(),
        TagValue::Variant(id, index) => match model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].name.spec.to_string(),
            // Tags are integers or enums.
            other => format!("{}[{index}]", other.name().spec),
        },
    }
}

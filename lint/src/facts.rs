//! What of a spec matters to its C sources: the fields that have a length, and the names that the generated header defines.

use std::collections::HashMap;

use bpf_layout_spec::{
    layout::Layouts,
    model::{ConstId, ConstKind, Constant, Count, Expr, Field, Model, Record, Type, TypeDef},
    source::Span,
};

/// A field with a length: a string, bytes or an array.
#[derive(Debug)]
pub(crate) struct LongField<'a> {
    /// The struct, event or union that C finds it in: of an unnamed member, the one around it.
    pub(crate) record: &'a Record,
    pub(crate) field: &'a Field,
    /// Its lengths, from the outermost in.
    pub(crate) lengths: Vec<&'a Count>,
    /// Bytes of what it is made of: 1 for strings.
    pub(crate) element: u64,
}

impl LongField<'_> {
    /// `socket_value.cwd`, as the spec calls it.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.record.name.spec, self.field.name.spec)
    }

    /// Bytes from the `level`-th dimension on in.
    pub(crate) fn bytes(&self, level: usize) -> u64 {
        self.lengths.iter().skip(level).fold(self.element, |bytes, length| bytes.saturating_mul(length.value))
    }

    /// Whether it is one string, which is read into it as a whole.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self.field.ty, Type::Str(_))
    }

    /// Whether its elements are bytes, so that as many of them as bytes are copied.
    pub(crate) fn is_bytes(&self) -> bool {
        self.element == 1 && self.lengths.len() == 1
    }
}

/// A name that the generated header defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generated {
    /// Its value, if it is a number.
    pub(crate) value: Option<i128>,
    /// What of the spec it comes from.
    pub(crate) span: Span,
}

/// The facts of one spec.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) layouts: &'a Layouts,
    fields: Vec<LongField<'a>>,
    by_name: HashMap<&'a str, Vec<usize>>,
    records: HashMap<&'a str, &'a Record>,
    generated: HashMap<String, Generated>,
}

impl<'a> Facts<'a> {
    /// Gathers them.
    pub(crate) fn new(layouts: &'a Layouts) -> Self {
        let model = &layouts.model;
        let mut facts = Facts {
            layouts,
            fields: Vec::new(),
            by_name: HashMap::new(),
            records: HashMap::new(),
            generated: generated(model),
        };
        for (_, record) in model.records().filter(|(_, record)| !record.anonymous) {
            facts.records.insert(&record.name.c, record);
            facts.members(record, record);
        }
        facts
    }

    /// Adds the fields of `inner`, which C finds in `record`.
    fn members(&mut self, record: &'a Record, inner: &'a Record) {
        for field in &inner.fields {
            match unnamed(&self.layouts.model, field) {
                Some(unnamed) => self.members(record, unnamed),
                None => self.field(record, field, &field.ty),
            }
            if field.optional && !field.anonymous {
                let name = format!("{}_HAS_{}", record.name.upper, field.name.upper);
                let present = Generated { value: Some((!field.omitted).into()), span: field.name.span };
                self.generated.insert(name, present);
            }
        }
    }

    fn field(&mut self, record: &'a Record, field: &'a Field, ty: &'a Type) {
        let (mut lengths, mut element) = (Vec::new(), ty);
        while let Type::Array(inner, length) = element {
            lengths.push(length);
            element = inner;
        }
        let bytes = match element {
            Type::Str(length) | Type::Bytes(length) => {
                lengths.push(length);
                1
            }
            other => self.layouts.size_align(other).0,
        };
        if !lengths.is_empty() {
            self.by_name.entry(&field.name.c).or_default().push(self.fields.len());
            self.fields.push(LongField { record, field, lengths, element: bytes });
        }
    }

    pub(crate) fn model(&self) -> &'a Model {
        &self.layouts.model
    }

    /// A field by its index, as [`Facts::fields_named`] gives it.
    pub(crate) fn field_at(&self, index: usize) -> &LongField<'a> {
        &self.fields[index]
    }

    /// Fields with a length that have this name in C, whatever their struct.
    pub(crate) fn fields_named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The struct, event or union of this tag in C.
    pub(crate) fn record(&self, tag: &str) -> Option<&'a Record> {
        self.records.get(tag).copied()
    }

    /// What the generated header defines under this name.
    pub(crate) fn generated(&self, name: &str) -> Option<Generated> {
        self.generated.get(name).copied()
    }

    /// The names that the generated header defines, in order.
    pub(crate) fn generated_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.generated.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Structs, events and unions of the spec.
    pub(crate) fn records(&self) -> impl Iterator<Item = &'a Record> {
        self.model().records().map(|(_, record)| record).filter(|record| !record.anonymous)
    }

    /// The capacities, or the lengths.
    pub(crate) fn constants(&self, kind: ConstKind) -> impl Iterator<Item = &'a Constant> {
        self.model().constants.iter().filter(move |constant| constant.kind == kind)
    }
}

/// The unnamed struct or union that stands in place of a field.
fn unnamed<'a>(model: &'a Model, field: &Field) -> Option<&'a Record> {
    match (&field.ty, field.anonymous) {
        (Type::Def(id), true) => match model.ty(*id) {
            TypeDef::Record(record) => Some(record),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        },
        _ => None,
    }
}

/// The constants that an expression is made of, those first that it names, each once.
pub(crate) fn constants_in(model: &Model, expr: &Expr) -> Vec<ConstId> {
    let mut found = Vec::new();
    named_in(expr, &mut found);
    let mut next = 0;
    while let Some(id) = found.get(next) {
        named_in(&model.constant(*id).expr, &mut found);
        next += 1;
    }
    found
}

fn named_in(expr: &Expr, found: &mut Vec<ConstId>) {
    match expr {
        Expr::Literal(_) => {}
        Expr::Const(id) if found.contains(id) => {}
        Expr::Const(id) => found.push(*id),
        Expr::Binary(_, left, right) => {
            named_in(left, found);
            named_in(right, found);
        }
    }
}

/// The macros and enumerators of the header that stand for something of the spec.
fn generated(model: &Model) -> HashMap<String, Generated> {
    let mut names = HashMap::new();
    let mut add = |name: String, value, span| {
        names.insert(name, Generated { value, span });
    };
    for constant in &model.constants {
        add(constant.name.c.to_string(), Some(constant.value.into()), constant.name.span);
        if constant.value.is_power_of_two() {
            add(format!("{}_MASK", constant.name.c), Some(i128::from(constant.value) - 1), constant.name.span);
        }
    }
    for def in &model.types {
        let values = match def {
            TypeDef::Enum(def) => def.variants.as_slice(),
            TypeDef::Flags(def) => def.bits.as_slice(),
            TypeDef::Record(_) | TypeDef::Extern(_) => &[],
        };
        for value in values {
            add(value.name.c.to_string(), Some(value.value), value.name.span);
        }
    }
    names
}

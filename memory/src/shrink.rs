//! A spec with other numbers: what it would be if a length or a capacity were smaller.

use bpf_layout_spec::{
    diag::Diagnostics,
    kernel::Entries,
    layout::{Layouts, lay_out},
    model::{BinaryOp, ConstId, ConstKind, Count, Expr, MapId, Model, Type, TypeDef, TypeId, VariableKind},
};

/// A number of the spec that decides what maps cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    /// A length or capacity.
    Constant(ConstId),
    /// `max_entries` of a map, where it is a plain number.
    Entries(MapId),
    /// The length of a `str`, `bytes` or array, where it is a plain number: record and field.
    Length(TypeId, usize),
}

/// Rounds in which constants that depend on one another settle. Deeper specs exist only to be hostile.
const MAX_ROUNDS: usize = 64;

/// Shorter strings and buffers hold nothing of use.
const SHORTEST: u64 = 16;
/// A ring buffer is no smaller than a page.
const SMALLEST_RING: u64 = 4096;

impl Knob {
    /// All numbers of a spec that could be smaller.
    #[must_use]
    pub fn all(model: &Model) -> Vec<Knob> {
        let constants = (0..).map(ConstId).zip(&model.constants);
        let constants = constants.filter(|(_, constant)| matches!(constant.expr, Expr::Literal(_)));
        let mut knobs: Vec<Knob> = constants.map(|(id, _)| Knob::Constant(id)).collect();
        let maps = (0..).map(MapId).zip(&model.maps);
        knobs.extend(maps.filter(|(_, map)| is_literal(map.max_entries.as_ref())).map(|(id, _)| Knob::Entries(id)));
        for (id, record) in model.records() {
            let literal = |(_, field): &(usize, &bpf_layout_spec::model::Field)| is_literal(length(&field.ty));
            knobs.extend(record.fields.iter().enumerate().filter(literal).map(|(index, _)| Knob::Length(id, index)));
        }
        knobs
    }

    /// What the spec calls it.
    ///
    /// # Panics
    /// If it is of another model; so do the others.
    #[must_use]
    pub fn name(self, model: &Model) -> String {
        match self {
            Knob::Constant(id) => model.constant(id).name.spec.to_string(),
            Knob::Entries(id) => format!("max_entries of {}", model.map(id).name.spec),
            Knob::Length(id, field) => {
                let TypeDef::Record(record) = model.ty(id) else { return String::new() };
                format!("length of {}.{}", record.name.spec, record.fields[field].name.spec)
            }
        }
    }

    /// Its value: bytes, elements or entries.
    #[must_use]
    pub fn value(self, model: &Model) -> u64 {
        match self {
            Knob::Constant(id) => model.constant(id).value,
            Knob::Entries(id) => model.map(id).max_entries.as_ref().map_or(0, |count| count.value),
            Knob::Length(id, field) => match model.ty(id) {
                TypeDef::Record(record) => length(&record.fields[field].ty).map_or(0, |count| count.value),
                TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => 0,
            },
        }
    }

    /// The least that makes sense.
    pub(crate) fn least(self, model: &Model) -> u64 {
        match self {
            Knob::Constant(id) if model.constant(id).kind == ConstKind::Capacity => 1,
            Knob::Entries(id) if model.map(id).kind.entries == Entries::RingBytes => SMALLEST_RING,
            Knob::Entries(_) => 1,
            Knob::Constant(_) | Knob::Length(..) => SHORTEST,
        }
    }
}

fn is_literal(count: Option<&Count>) -> bool {
    count.is_some_and(|count| matches!(count.expr, Expr::Literal(_)))
}

fn length(ty: &Type) -> Option<&Count> {
    match ty {
        Type::Str(count) | Type::Bytes(count) | Type::Array(_, count) => Some(count),
        Type::Scalar(_) | Type::Variable(_) | Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => None,
    }
}

/// The spec with these numbers instead of its own; `None` if it would not be valid.
#[must_use]
pub fn with(layouts: &Layouts, numbers: &[(Knob, u64)]) -> Option<Layouts> {
    let mut model = layouts.model.clone();
    for (knob, number) in numbers {
        set(&mut model, *knob, *number);
    }
    settle_constants(&mut model)?;
    recount(&mut model)?;
    laid_out(model)
}

/// A model laid out; `None` if it would not be valid.
pub(crate) fn laid_out(model: Model) -> Option<Layouts> {
    let mut cx = Diagnostics::new();
    let layouts = lay_out(model, &mut cx)?;
    (!cx.has_errors()).then_some(layouts)
}

fn set(model: &mut Model, knob: Knob, number: u64) {
    let count = Count { value: number, expr: Expr::Literal(number) };
    match knob {
        Knob::Constant(id) => {
            let constant = &mut model.constants[id.0 as usize];
            (constant.value, constant.expr) = (count.value, count.expr);
        }
        Knob::Entries(id) => model.maps[id.0 as usize].max_entries = Some(count),
        Knob::Length(id, field) => {
            if let TypeDef::Record(record) = &mut model.types[id.0 as usize] {
                match &mut record.fields[field].ty {
                    Type::Str(length) | Type::Bytes(length) | Type::Array(_, length) => *length = count,
                    Type::Scalar(_) | Type::Variable(_) | Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => {}
                }
            }
        }
    }
}

/// Evaluates the constants again until none changes.
fn settle_constants(model: &mut Model) -> Option<()> {
    for _ in 0..MAX_ROUNDS {
        let mut settled = true;
        for index in 0..model.constants.len() {
            let value = evaluate(model, &model.constants[index].expr)?;
            settled &= value == model.constants[index].value;
            model.constants[index].value = value;
        }
        if settled {
            return Some(());
        }
    }
    None
}

/// Evaluates every count that is not a constant's. `None` if one comes to zero, overflows, or is no size of a ring.
fn recount(model: &mut Model) -> Option<()> {
    let mut types = std::mem::take(&mut model.types);
    let mut maps = std::mem::take(&mut model.maps);
    for def in &mut types {
        if let TypeDef::Record(record) = def {
            record.fields.iter_mut().try_for_each(|field| recount_type(model, &mut field.ty))?;
        }
    }
    for map in &mut maps {
        map.key.iter_mut().chain(&mut map.value).try_for_each(|ty| recount_type(model, ty))?;
        if let Some(count) = &mut map.max_entries {
            recount_one(model, count)?;
            let ring = map.kind.entries == Entries::RingBytes;
            if ring && !(count.value.is_power_of_two() && count.value >= SMALLEST_RING) {
                return None;
            }
        }
    }
    (model.types, model.maps) = (types, maps);
    Some(())
}

fn recount_type(model: &Model, mut ty: &mut Type) -> Option<()> {
    loop {
        match ty {
            Type::Str(count) | Type::Bytes(count) => return recount_one(model, count),
            Type::Variable(variable) => {
                if let VariableKind::Strs(several) = &mut variable.kind {
                    recount_one(model, several)?;
                }
                return recount_one(model, &mut variable.limit);
            }
            Type::Array(element, count) => {
                recount_one(model, count)?;
                ty = element;
            }
            Type::Scalar(_) | Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => return Some(()),
        }
    }
}

fn recount_one(model: &Model, count: &mut Count) -> Option<()> {
    count.value = evaluate(model, &count.expr).filter(|&value| value > 0)?;
    Some(())
}

/// The value of an expression, whose depth the spec's reader has bounded.
fn evaluate(model: &Model, expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Literal(number) => Some(*number),
        Expr::Const(id) => Some(model.constant(*id).value),
        Expr::Binary(op, left, right) => {
            let (left, right) = (evaluate(model, left)?, evaluate(model, right)?);
            match op {
                BinaryOp::Add => left.checked_add(right),
                BinaryOp::Sub => left.checked_sub(right),
                BinaryOp::Mul => left.checked_mul(right),
                BinaryOp::Div => left.checked_div(right),
                BinaryOp::Shl => {
                    let shift = u32::try_from(right).ok().filter(|&shift| shift < 64)?;
                    left.checked_mul(1 << shift)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SPEC: &str = r#"
spec = 1
[lengths]
PATH = 64
TWICE = "2 * PATH"
REST = "PATH - 20"
[capacities]
MANY = 100
[struct.value]
fields = [
  { name = "path", type = "str[PATH]" },
  { name = "twice", type = "bytes[TWICE]" },
  { name = "rest", type = "bytes[REST]" },
  { name = "plain", type = "str[32]" },
]
[map.values]
type = "hash"
key = "u32"
value = "value"
max_entries = "MANY"
[map.ring]
type = "ringbuf"
max_entries = 8192
"#;

    fn layouts() -> Layouts {
        let load = bpf_layout_spec::load_with(Path::new("s.toml"), &mut |_| Ok(SPEC.into()), &Default::default());
        load.expect("a valid spec").layouts
    }

    fn value_size(layouts: &Layouts) -> u64 {
        layouts.size_align(layouts.model.maps[0].value.as_ref().unwrap()).0
    }

    fn knob(layouts: &Layouts, name: &str) -> Knob {
        let mut knobs = Knob::all(&layouts.model).into_iter();
        knobs.find(|knob| knob.name(&layouts.model) == name).unwrap_or_else(|| panic!("no {name}"))
    }

    #[test]
    fn what_depends_on_a_number_follows() {
        let layouts = layouts();
        assert_eq!(value_size(&layouts), 64 + 128 + 44 + 32);
        let path = knob(&layouts, "PATH");
        assert_eq!(value_size(&with(&layouts, &[(path, 32)]).unwrap()), 32 + 64 + 12 + 32);
        let plain = knob(&layouts, "length of value.plain");
        assert_eq!(value_size(&with(&layouts, &[(path, 32), (plain, 16)]).unwrap()), 32 + 64 + 12 + 16);
        let many = with(&layouts, &[(knob(&layouts, "MANY"), 50)]).unwrap();
        assert_eq!(many.model.maps[0].max_entries.as_ref().unwrap().value, 50);
    }

    #[test]
    fn what_would_not_be_valid_is_none() {
        let layouts = layouts();
        assert!(with(&layouts, &[(knob(&layouts, "PATH"), 16)]).is_none(), "16 - 20");
        assert!(with(&layouts, &[(knob(&layouts, "PATH"), 20)]).is_none(), "a length of zero");
        assert!(with(&layouts, &[(knob(&layouts, "PATH"), u64::MAX)]).is_none(), "overflow");
        let ring = knob(&layouts, "max_entries of ring");
        assert!(with(&layouts, &[(ring, 4096)]).is_some());
        assert!(with(&layouts, &[(ring, 5000)]).is_none());
    }

    #[test]
    fn expressions_are_no_knobs() {
        let layouts = layouts();
        let names: Vec<String> = Knob::all(&layouts.model).iter().map(|knob| knob.name(&layouts.model)).collect();
        assert_eq!(names, ["PATH", "MANY", "max_entries of ring", "length of value.plain"]);
    }
}

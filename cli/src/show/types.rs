//! Types and numbers as the spec writes them.

use bpf_layout_spec::model::{Count, Expr, Intern, Model, Type, TypeDef, VariableKind};

/// `u32`, `str[PATH]`, `addr[4][2]`.
pub(crate) fn type_text(model: &Model, ty: &Type) -> String {
    match ty {
        Type::Scalar(scalar) => scalar.info().name.into(),
        Type::Str(count) => format!("str[{}]", expression(model, &count.expr)),
        Type::Bytes(count) => format!("bytes[{}]", expression(model, &count.expr)),
        Type::Variable(variable) => {
            let limit = expression(model, &variable.limit.expr);
            match &variable.kind {
                VariableKind::Str => format!("str[..{limit}]"),
                VariableKind::Bytes => format!("bytes[..{limit}]"),
                VariableKind::Strs(several) => format!("str[..{limit}][..{}]", expression(model, &several.expr)),
            }
        }
        Type::Array(..) => array(model, ty),
        Type::Def(id) => match model.interned(*id) {
            Some(intern) => format!("intern[{}]", intern.name.spec),
            None => model.ty(*id).name().spec.to_string(),
        },
        Type::Kernel(field) => field.info().name.into(),
        Type::Kptr(kind, target) => format!("{}[{target}]", kind.name()),
    }
}

/// The dictionary whose ids a type has, by itself or as an array.
pub(super) fn interned<'a>(model: &'a Model, ty: &Type) -> Option<&'a Intern> {
    match ty {
        Type::Def(id) => model.interned(*id),
        Type::Array(element, _) => interned(model, element),
        Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => None,
    }
}

/// Bytes of the longest string of a dictionary, its NUL included.
pub(super) fn longest(model: &Model, intern: &Intern) -> u64 {
    let TypeDef::Record(string) = model.ty(intern.string) else { return 0 };
    let text = string.fields.iter().find_map(|field| match &field.ty {
        Type::Str(room) => Some(room.value),
        _ => None,
    });
    text.unwrap_or(0)
}

/// The innermost type, then the lengths from the outermost on, as in C.
fn array(model: &Model, ty: &Type) -> String {
    let (mut element, mut lengths) = (ty, String::new());
    while let Type::Array(inner, count) = element {
        lengths += &format!("[{}]", expression(model, &count.expr));
        element = inner;
    }
    type_text(model, element) + &lengths
}

/// `1024`, or `1024 (EXECS)` where it was written as an expression.
pub(crate) fn count_text(model: &Model, count: &Count) -> String {
    match &count.expr {
        Expr::Literal(_) => count.value.to_string(),
        named => format!("{} ({})", count.value, expression(model, named)),
    }
}

/// An expression with no more parentheses than it needs.
fn expression(model: &Model, expr: &Expr) -> String {
    match expr {
        Expr::Literal(number) => number.to_string(),
        Expr::Const(id) => model.constant(*id).name.spec.to_string(),
        Expr::Binary(op, left, right) => {
            // The operators bind to the left: `a - (b - c)` keeps its parentheses, `(a - b) - c` does not.
            let left = operand(model, left, op.precedence());
            let right = operand(model, right, op.precedence() + 1);
            format!("{left} {} {right}", op.symbol())
        }
    }
}

fn operand(model: &Model, expr: &Expr, least: u8) -> String {
    let text = expression(model, expr);
    match expr {
        Expr::Binary(op, ..) if op.precedence() < least => format!("({text})"),
        _ => text,
    }
}

/// Bytes in the largest unit that they are a whole number of: `256 KiB`.
pub(super) fn bytes_text(bytes: u64) -> String {
    match bytes {
        0 => "0 B".into(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}

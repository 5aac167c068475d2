//! Lengths and capacities, and expressions over them.

use bpf_layout_spec::model::{BinaryOp, ConstKind, Constant, Count, Expr, Model};

use super::{docs, out::Out};

/// `::bpf_layout::constants! { … }`
pub(super) fn write(out: &mut Out, model: &Model) {
    if model.constants.is_empty() {
        return;
    }
    out.blank();
    out.open("::bpf_layout::constants!");
    model.constants.iter().for_each(|constant| definition(out, model, constant));
    out.close();
}

fn definition(out: &mut Out, model: &Model, constant: &Constant) {
    let Constant { name, kind, value, expr } = constant;
    let doc = match kind {
        ConstKind::Length => format!("Length `{}`.", name.spec),
        ConstKind::Capacity => format!("Capacity `{}`.", name.spec),
    };
    let ty = rust_type(*kind);
    docs::write(out, None, Some(&doc));
    out.line(&format!("pub const {}: {ty} = {};", name.rust, text(model, "", *kind, *value, expr)));
    if value.is_power_of_two() {
        docs::write(out, None, Some(&format!("`{} - 1`, all bits of an index below it.", name.rust)));
        out.line(&format!("pub const {0}_MASK: {ty} = {0} - 1;", name.rust));
    }
}

/// A count of bytes, elements or entries, where constants are found under `prefix`.
pub(super) fn count(model: &Model, prefix: &str, kind: ConstKind, count: &Count) -> String {
    text(model, prefix, kind, count.value, &count.expr)
}

/// The expression as it was written, or its value where a step of it does not fit the type: Rust computes in the type of
/// the result, the spec in 64 bits.
fn text(model: &Model, prefix: &str, kind: ConstKind, value: u64, expr: &Expr) -> String {
    match evaluate(model, expr) {
        Some(same) if same == value => print(model, prefix, kind, expr),
        _ => value.to_string(),
    }
}

const fn rust_type(kind: ConstKind) -> &'static str {
    match kind {
        ConstKind::Length => "usize",
        ConstKind::Capacity => "u32",
    }
}

/// Its value if no step leaves 32 bits, the narrowest that `usize` is where BPF runs.
fn evaluate(model: &Model, expr: &Expr) -> Option<u64> {
    let value = match expr {
        Expr::Literal(value) => *value,
        Expr::Const(id) => model.constant(*id).value,
        Expr::Binary(op, left, right) => {
            let (left, right) = (evaluate(model, left)?, evaluate(model, right)?);
            match op {
                BinaryOp::Add => left.checked_add(right)?,
                BinaryOp::Sub => left.checked_sub(right)?,
                BinaryOp::Mul => left.checked_mul(right)?,
                BinaryOp::Div => left.checked_div(right)?,
                BinaryOp::Shl => left.checked_mul(1u64.checked_shl(u32::try_from(right).ok()?)?)?,
            }
        }
    };
    (value <= u32::MAX.into()).then_some(value)
}

fn print(model: &Model, prefix: &str, kind: ConstKind, expr: &Expr) -> String {
    match expr {
        Expr::Literal(value) => value.to_string(),
        Expr::Const(id) => {
            let constant = model.constant(*id);
            let name = format!("{prefix}{}", constant.name.rust);
            // Without brackets, `X as usize << 1` would begin a generic argument.
            if constant.kind == kind { name } else { format!("({name} as {})", rust_type(kind)) }
        }
        Expr::Binary(op, left, right) => {
            // All operators group to the left: an operand on the right that binds no tighter needs brackets.
            let left = operand(model, prefix, kind, left, op.precedence());
            let right = operand(model, prefix, kind, right, op.precedence() + 1);
            format!("{left} {} {right}", op.symbol())
        }
    }
}

/// An operand, in brackets if it binds less than `at_least`.
fn operand(model: &Model, prefix: &str, kind: ConstKind, expr: &Expr, at_least: u8) -> String {
    let text = print(model, prefix, kind, expr);
    match expr {
        Expr::Binary(op, ..) if op.precedence() < at_least => format!("({text})"),
        _ => text,
    }
}

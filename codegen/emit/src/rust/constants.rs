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
    out.write(format_args!("pub const {}: {ty} = {};", name.rust, text(model, "", *kind, *value, expr)));
    if value.is_power_of_two() {
        docs::write(out, None, Some(&format!("`{} - 1`, all bits of an index below it.", name.rust)));
        out.write(format_args!("pub const {0}_MASK: {ty} = {0} - 1;", name.rust));
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
        _ => number(value.into()),
    }
}

/// A decimal number, its digits in groups if there are many.
pub(super) fn number(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    if digits.len() < 6 { format!("{sign}{digits}") } else { format!("{sign}{}", grouped(&digits, 3)) }
}

/// A hexadecimal number, its digits in groups if there are many.
pub(super) fn hexadecimal(value: i128) -> String {
    let digits = format!("{value:x}");
    if digits.len() < 5 { format!("0x{digits}") } else { format!("0x{}", grouped(&digits, 4)) }
}

/// Digits in groups of so many, from the right.
pub(super) fn grouped(digits: &str, size: usize) -> String {
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(size) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
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
        Expr::Literal(value) => number((*value).into()),
        Expr::Const(id) => {
            let constant = model.constant(*id);
            let name = format!("{prefix}{}", constant.name.rust);
            // Without brackets, `X as usize << 1` would begin a generic argument.
            if constant.kind == kind { name } else { format!("({name} as {})", rust_type(kind)) }
        }
        Expr::Binary(op, left, right) => {
            // All operators group to the left: an operand on the right that binds no tighter needs brackets.
            let left = operand(model, prefix, kind, *op, (left, op.precedence()));
            let right = operand(model, prefix, kind, *op, (right, op.precedence() + 1));
            format!("{left} {} {right}", op.symbol())
        }
    }
}

/// An operand of `outer`, in brackets if it binds less than `at_least`, and for the reader's sake in a shift.
fn operand(model: &Model, prefix: &str, kind: ConstKind, outer: BinaryOp, (expr, at_least): (&Expr, u8)) -> String {
    let text = print(model, prefix, kind, expr);
    match expr {
        Expr::Binary(op, ..) if op.precedence() < at_least || outer == BinaryOp::Shl => format!("({text})"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{EXPRESSIONS, expressions};

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([number(16384), number(-100_000), number(1_234_567)], ["16384", "-100_000", "1_234_567"]);
        assert_eq!([hexadecimal(0x1000), hexadecimal(0x1_0000)], ["0x1000", "0x1_0000"]);
    }

    #[test]
    fn brackets_stand_where_the_value_needs_them() {
        let module = crate::rust::module(&expressions());
        for (name, _, text) in EXPRESSIONS {
            assert!(module.contains(&format!("pub const {name}_LEN: usize = {text};\n")), "{name}: {module}");
        }
    }
}

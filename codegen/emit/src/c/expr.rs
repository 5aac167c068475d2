//! Constant expressions, by the names they were written with.

use bpf_layout_spec::model::{BinaryOp, ConstKind, Constant, Count, Expr, Model};

use super::out::Out;

/// Largest value of C's `int`: where every step of an expression stays within it, C computes the spec's value.
const INT_MAX: u64 = i32::MAX as u64;

/// A count as C writes it: `20 * ARG_LEN`.
pub(super) fn count(model: &Model, count: &Count) -> String {
    match evaluate(model, &count.expr) {
        Some(value) if value == count.value => print(model, &count.expr),
        _ => number(count.value),
    }
}

/// Like [`count`], with multiples of 1024 written as such: `256 * 1024`.
pub(super) fn bytes(model: &Model, bytes: &Count) -> String {
    match bytes.expr {
        Expr::Literal(value) if value > 1024 && value.is_multiple_of(1024) => {
            format!("{} * 1024", number(value / 1024))
        }
        _ => count(model, bytes),
    }
}

/// `#define PATH_LEN 512`, and the mask of a power of two.
pub(super) fn define(out: &mut Out, model: &Model, constant: &Constant) {
    let name = &constant.name.c;
    let text = count(model, &Count { value: constant.value, expr: constant.expr.clone() });
    let text = if text.contains(' ') { format!("({text})") } else { text };
    out.define(name, &text);
    if constant.value.is_power_of_two() {
        out.define(&format!("{name}_MASK"), &format!("({name} - 1)"));
    }
}

/// What a group of constants counts, for the comment above it.
pub(super) const fn kind_doc(kind: ConstKind) -> &'static str {
    match kind {
        ConstKind::Length => "Bytes or elements; a string's length includes its NUL.",
        ConstKind::Capacity => "Entries of maps.",
    }
}

/// A number that has its value in C, whatever the width of `int`.
pub(super) fn number(value: u64) -> String {
    if value <= INT_MAX {
        value.to_string()
    } else if value <= u32::MAX.into() {
        format!("{value}U")
    } else {
        format!("{value}ULL")
    }
}

/// The value that C's `int` arithmetic gives; `None` where a step leaves `int`.
fn evaluate(model: &Model, expr: &Expr) -> Option<u64> {
    let (op, left, right) = match expr {
        // Alone, it may be larger: its suffix gives it a type that holds it.
        Expr::Literal(value) => return Some(*value),
        Expr::Const(id) => return Some(model.constant(*id).value),
        Expr::Binary(op, left, right) => (op, evaluate(model, left)?, evaluate(model, right)?),
    };
    let value = match op {
        BinaryOp::Add => left.checked_add(right)?,
        BinaryOp::Sub => left.checked_sub(right)?,
        BinaryOp::Mul => left.checked_mul(right)?,
        BinaryOp::Div => left.checked_div(right)?,
        BinaryOp::Shl => left.checked_mul(1u64.checked_shl(u32::try_from(right).ok()?)?)?,
    };
    (value <= INT_MAX).then_some(value)
}

fn print(model: &Model, expr: &Expr) -> String {
    match expr {
        Expr::Literal(value) => number(*value),
        Expr::Const(id) => model.constant(*id).name.c.to_string(),
        Expr::Binary(op, left, right) => {
            // All operators group to the left: an operand on the right that binds no tighter needs brackets.
            let left = operand(model, *op, left, op.precedence());
            let right = operand(model, *op, right, op.precedence() + 1);
            format!("{left} {} {right}", op.symbol())
        }
    }
}

/// An operand of `outer`, in brackets if it binds less than `at_least`. Compilers warn of sums in a shift without them.
fn operand(model: &Model, outer: BinaryOp, expr: &Expr, at_least: u8) -> String {
    let text = print(model, expr);
    let bracketed = match expr {
        Expr::Binary(op, ..) => {
            op.precedence() < at_least || outer == BinaryOp::Shl && matches!(op, BinaryOp::Add | BinaryOp::Sub)
        }
        Expr::Literal(_) | Expr::Const(_) => false,
    };
    if bracketed { format!("({text})") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Count, Expr, bytes};
    use crate::testing::{EXPRESSIONS, expressions, layouts};

    #[test]
    fn brackets_stand_where_the_value_needs_them() {
        let layouts = expressions();
        let header = crate::c::header(&layouts);
        for (name, _, text) in EXPRESSIONS {
            assert!(header.contains(&format!("#define {name}_LEN ({text})\n")), "{name}: {header}");
            let constant = layouts.model.constants.iter().find(|constant| constant.name.spec == *name);
            let constant = constant.expect("a length").clone();
            let count = Count { value: constant.value, expr: constant.expr };
            assert_eq!(crate::c::count(&layouts.model, &count), text);
        }
    }
    #[test]
    fn bytes_are_multiples_of_1024_where_that_is_shorter() {
        let model = layouts("spec = 1", None).model;
        let texts = [(1000, "1000"), (1024, "1024"), (1500, "1500"), (2048, "2 * 1024"), (1 << 32, "4194304 * 1024")];
        for (value, expected) in texts {
            assert_eq!(bytes(&model, &Count { value, expr: Expr::Literal(value) }), expected);
        }
    }
}

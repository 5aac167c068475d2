//! Where numbers stand in code: single ones, constants by name, and expressions of nothing else, such as `(512 - 1)`.

use crate::{code::Code, constants::Constants, eval::precedence, lex::Kind};

/// A constant expression that is as long as it can be, made of raw numbers only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    /// First token and the one past the last.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) value: u64,
    /// The constant, if it is a single one by name.
    pub(crate) name: Option<&'a str>,
}

/// Parentheses around more than this are not looked into as a whole.
const LONGEST: usize = 32;

/// Every number of `code`, in order.
pub(crate) fn numbers<'a>(code: &Code<'a>, constants: &Constants<'_>) -> Vec<Number<'a>> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < code.tokens.len() {
        let found = expression(code, constants, at);
        at = found.map_or(at + 1, |number| number.end);
        let Some(found) = found.filter(|number| !is_changed(code, number.start)) else { continue };
        numbers.push(found);
        numbers.extend(first_of_sum(code, constants, found));
    }
    numbers
}

/// Of `512 - 2`, the `512`: by itself it may be a length.
fn first_of_sum<'a>(code: &Code<'a>, constants: &Constants<'_>, sum: Number<'a>) -> Option<Number<'a>> {
    let end = operand(code, constants, sum.start).filter(|end| matches!(code.word(*end), "+" | "-"))?;
    (end < sum.end).then(|| number(code, constants, sum.start, end)).flatten()
}

/// The longest constant expression that starts here.
fn expression<'a>(code: &Code<'a>, constants: &Constants<'_>, start: usize) -> Option<Number<'a>> {
    let mut end = operand(code, constants, start)?;
    let first = end;
    while let Some(next) = precedence(code.word(end)).and_then(|_| operand(code, constants, end + 1)) {
        if next - start > LONGEST {
            break;
        }
        end = next;
    }
    if end != first && !stands_alone(code, start, end) {
        end = first;
    }
    number(code, constants, start, end)
}

fn number<'a>(code: &Code<'a>, constants: &Constants<'_>, start: usize, end: usize) -> Option<Number<'a>> {
    let value = constants.evaluate(code.text, &code.tokens[start..end])?;
    let name = (end - start == 1 && code.is_word(start)).then(|| code.word(start));
    Some(Number { start, end, value, name })
}

/// Where the operand that starts here ends.
fn operand(code: &Code<'_>, constants: &Constants<'_>, start: usize) -> Option<usize> {
    match code.tokens.get(start)?.kind {
        Kind::Number => Some(start + 1),
        Kind::Word => {
            // A member, or the name of what is called, is no constant.
            let other = matches!(code.before(start), "." | "->") || code.word(start + 1) == "(";
            (!other && constants.value(code.word(start)).is_some()).then_some(start + 1)
        }
        Kind::Mark if code.word(start) == "(" && !code.is_call(start) => {
            let close = code.partner(start).filter(|close| close - start <= LONGEST)?;
            constants.evaluate(code.text, &code.tokens[start + 1..close]).map(|_| close + 1)
        }
        Kind::Mark | Kind::Quoted | Kind::If | Kind::Else | Kind::EndIf => None,
    }
}

/// Whether C takes the tokens from `start` to `end` together, with what stands before and after them.
fn stands_alone(code: &Code<'_>, start: usize, end: usize) -> bool {
    let inside = (start..end).filter(|&at| code.parent(at) == code.parent(start));
    let loosest = inside.filter_map(|at| precedence(code.word(at))).min().unwrap_or(u8::MAX);
    precedence(code.before(start)).is_none_or(|before| before < loosest)
        && precedence(code.word(end)).is_none_or(|after| after <= loosest)
}

/// Whether an operator before a number makes another of it: `-1`, `~511`, `!512`.
fn is_changed(code: &Code<'_>, start: usize) -> bool {
    match code.before(start) {
        "~" | "!" => true,
        "-" => {
            // A sign, unless an operand stands before it.
            let operand = start >= 2 && {
                let before = code.tokens[start - 2].kind;
                matches!(before, Kind::Number) || matches!(code.word(start - 2), ")" | "]") || is_value(code, start - 2)
            };
            !operand
        }
        _ => false,
    }
}

fn is_value(code: &Code<'_>, at: usize) -> bool {
    code.is_word(at) && !matches!(code.word(at), "return" | "case")
}

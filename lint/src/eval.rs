//! The value of a constant expression (C11 6.6): numbers, names of constants, operators, parentheses and casts.
//!
//! Computed in 128 bits. What depends on the width of a type, such as `~0` or a sum that overflows, has no value here, and
//! neither has `sizeof`.

use crate::lex::{Kind, Token, integer};

/// Deeper nesting than this has no value: it is nobody's writing, and the stack is finite.
const DEEPEST: u32 = 32;

/// Finds the value of a name.
pub(crate) type Resolve<'r> = dyn FnMut(&str) -> Option<i128> + 'r;

/// The value of tokens of `text`, if they are one whole constant expression.
pub(crate) fn evaluate(text: &str, tokens: &[Token], resolve: &mut Resolve<'_>) -> Option<i128> {
    let mut parser = Parser { text, tokens, at: 0, depth: 0, resolve };
    let value = parser.expression(1)?;
    (parser.at == tokens.len()).then_some(value)
}

/// How tightly a binary operator on numbers binds, as in C (larger is tighter); nothing for other tokens.
pub(crate) fn precedence(operator: &str) -> Option<u8> {
    match operator {
        "*" | "/" | "%" => Some(6),
        "+" | "-" => Some(5),
        "<<" | ">>" => Some(4),
        "&" => Some(3),
        "^" => Some(2),
        "|" => Some(1),
        _ => None,
    }
}

struct Parser<'a, 'r> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: u32,
    resolve: &'a mut Resolve<'r>,
}

impl<'a> Parser<'a, '_> {
    fn word(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text(self.text))
    }

    fn expression(&mut self, least: u8) -> Option<i128> {
        let mut left = self.operand()?;
        while let Some(binds) = precedence(self.word(0)).filter(|binds| *binds >= least) {
            let operator = self.word(0);
            self.at += 1;
            let right = self.expression(binds + 1)?;
            left = apply(operator, left, right)?;
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<i128> {
        self.depth += 1;
        let value = if self.depth > DEEPEST { None } else { self.operand_within_depth() };
        self.depth -= 1;
        value
    }

    fn operand_within_depth(&mut self) -> Option<i128> {
        let token = self.tokens.get(self.at)?;
        let word = self.word(0);
        self.at += 1;
        match (token.kind, word) {
            (Kind::Number, _) => integer(word).map(i128::from),
            (Kind::Word, _) => (self.resolve)(word),
            (_, "-") => self.operand()?.checked_neg(),
            (_, "+") => self.operand(),
            (_, "(") => {
                if let Some(close) = self.cast() {
                    self.at += close + 1;
                    return self.operand();
                }
                let value = self.expression(1)?;
                let closed = self.word(0) == ")";
                self.at += 1;
                closed.then_some(value)
            }
            _ => None,
        }
    }

    /// Where a cast such as `(unsigned int)` closes: nothing but names and stars in it, an operand after it.
    fn cast(&self) -> Option<usize> {
        /// `const unsigned long long int *`
        const LONGEST: usize = 6;
        let close = (0..=LONGEST).find(|&ahead| self.word(ahead) == ")")?;
        let is_type = |ahead: usize| {
            let token = self.tokens[self.at + ahead];
            token.kind == Kind::Word || token.text(self.text) == "*"
        };
        let after = self.tokens.get(self.at + close + 1)?;
        let operand = matches!(after.kind, Kind::Number | Kind::Word) || after.text(self.text) == "(";
        (close > 0 && operand && (0..close).all(is_type)).then_some(close)
    }
}

fn apply(operator: &str, left: i128, right: i128) -> Option<i128> {
    let shift = || u32::try_from(right).ok().filter(|bits| *bits < 64);
    match operator {
        "*" => left.checked_mul(right),
        "/" => left.checked_div(right),
        "%" => left.checked_rem(right),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "<<" => left.checked_mul(1i128 << shift()?),
        ">>" => Some(left >> shift()?),
        "&" => Some(left & right),
        "^" => Some(left ^ right),
        "|" => Some(left | right),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex::lex;

    fn value(text: &str) -> Option<i128> {
        evaluate(text, &lex(text).tokens, &mut |name| (name == "N").then_some(512))
    }

    #[test]
    fn expressions_have_the_values_of_c() {
        for (text, expected) in [
            ("512", Some(512)),
            ("(1 << 9) - 1", Some(511)),
            ("1 + 2 * 3 % 4 << 1 & 7 ^ 1 | 8", Some(15)),
            ("10 - 4 - 3", Some(3)),
            ("((__u32)512)", Some(512)),
            ("(unsigned long)(N)", Some(512)),
            ("-(N) + 1", Some(-511)),
            ("N * unknown", None),
            ("N 1", None),
            ("1 / 0", None),
            ("1 << 64", None),
            ("-(1 << 63 << 63) * 2", Some(i128::MIN)),
            ("-(-(1 << 63 << 63) * 2)", None),
            ("(N", None),
            ("sizeof(N)", None),
            ("~0", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn deep_nesting_has_no_value_and_needs_no_stack() {
        let deep = "(".repeat(100_000) + "1" + &")".repeat(100_000);
        assert_eq!(value(&deep), None);
        assert_eq!(value(&("-".repeat(100_000) + "1")), None);
    }
}

//! Constant expressions: `20 * ARG`, `1 << 12`, `(PATH - 1) / 8`, `256 KiB`. Unsigned 64-bit, checked.

use std::ops::Range;

use crate::{
    lex::{Cursor, Fault, OPERATORS, Token, Wrong},
    model::{BinaryOp, ConstId, Expr},
};

/// What may stand behind a number, and how much it is.
pub(crate) const UNITS: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Operators and parentheses in one expression. Bounds the depth of the tree, so that walking it cannot exhaust the
/// stack.
const MAX_OPERATORS: usize = 128;

/// An expression as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where, in bytes of the text.
    pub(crate) at: Range<usize>,
    pub(crate) kind: NodeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Number(u64),
    Name(String),
    Binary(BinaryOp, Box<Node>, Box<Node>),
}

impl Node {
    /// Calls `see` with each name in the expression.
    pub(crate) fn names<'a>(&'a self, see: &mut dyn FnMut(&'a str, Range<usize>)) {
        match &self.kind {
            NodeKind::Number(_) => {}
            NodeKind::Name(name) => see(name, self.at.clone()),
            NodeKind::Binary(_, left, right) => {
                left.names(see);
                right.names(see);
            }
        }
    }
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<Node, Wrong> {
    let mut cursor = Cursor::new(text)?;
    let node = parse_at(&mut cursor)?;
    match cursor.peek() {
        Token::End => Ok(node),
        other => Err(after_value(other, cursor.at())),
    }
}

fn after_value(token: &Token<'_>, at: Range<usize>) -> Wrong {
    if let Token::Name(name @ ("KB" | "kB" | "K" | "k" | "MB" | "M" | "GB" | "G")) = token {
        let unit = format!("{}iB", name[..1].to_ascii_uppercase());
        return Wrong::grammar(at, format!("`{name}` is not a unit")).help(format!("write `{unit}`: powers of 1024"));
    }
    Wrong::grammar(at, format!("expected an operator, found {}", token.describe())).help(OPERATORS)
}

/// Parses an expression that ends before the first token that cannot continue it.
pub(crate) fn parse_at(cursor: &mut Cursor<'_>) -> Result<Node, Wrong> {
    Parser { cursor, operators: 0 }.expression(1)
}

struct Parser<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    operators: usize,
}

impl Parser<'_, '_> {
    /// Operands joined by operators that bind at least as tightly as `least`, from left to right.
    fn expression(&mut self, least: u8) -> Result<Node, Wrong> {
        let mut left = self.operand()?;
        while let Some(op) = self.operator().filter(|op| op.precedence() >= least) {
            self.count()?;
            self.cursor.advance()?;
            let right = self.expression(op.precedence() + 1)?;
            let at = left.at.start..right.at.end;
            left = Node { at, kind: NodeKind::Binary(op, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<BinaryOp> {
        match self.cursor.peek() {
            Token::Symbol("+") => Some(BinaryOp::Add),
            Token::Symbol("-") => Some(BinaryOp::Sub),
            Token::Symbol("*") => Some(BinaryOp::Mul),
            Token::Symbol("/") => Some(BinaryOp::Div),
            Token::Symbol("<<") => Some(BinaryOp::Shl),
            _ => None,
        }
    }

    fn count(&mut self) -> Result<(), Wrong> {
        self.operators += 1;
        if self.operators <= MAX_OPERATORS {
            return Ok(());
        }
        Err(Wrong::grammar(self.cursor.at(), format!("the expression has more than {MAX_OPERATORS} operators"))
            .help("name a part of it in [lengths] or [capacities]"))
    }

    fn operand(&mut self) -> Result<Node, Wrong> {
        let (token, at) = self.cursor.advance()?;
        match token {
            Token::Number(value) => self.with_unit(value, at),
            Token::Name(name) => Ok(Node { at, kind: NodeKind::Name(name.to_owned()) }),
            Token::Symbol("(") => {
                self.count()?;
                let inner = self.expression(1)?;
                let close = self.cursor.expect(")", "after the expression")?;
                Ok(Node { at: at.start..close.end, kind: inner.kind })
            }
            Token::Symbol("-") => Err(Wrong::grammar(at, "a constant is never negative").help("subtract: `PATH - 1`")),
            other => Err(Wrong::grammar(at, format!("expected a number or a name, found {}", other.describe()))),
        }
    }

    /// `256 KiB` is one number.
    fn with_unit(&mut self, value: u64, at: Range<usize>) -> Result<Node, Wrong> {
        let unit = match self.cursor.peek() {
            Token::Name(name) => UNITS.iter().find(|(unit, _)| unit == name),
            _ => None,
        };
        let Some((_, factor)) = unit else { return Ok(Node { at, kind: NodeKind::Number(value) }) };
        let (_, unit_at) = self.cursor.advance()?;
        let at = at.start..unit_at.end;
        match value.checked_mul(*factor) {
            Some(value) => Ok(Node { at, kind: NodeKind::Number(value) }),
            None => Err(Wrong { fault: Fault::Overflow, ..Wrong::grammar(at, "the number does not fit 64 bits") }),
        }
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoValue {
    /// The part that has none, in bytes of the text.
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

/// Gives the id and value of a name, or reports that it has none.
pub(crate) type Lookup<'l> = dyn FnMut(&str, Range<usize>) -> Option<(ConstId, u64)> + 'l;

/// The value of an expression. `lookup` knows the names; it returns `None` for one that has no value, which it has
/// reported, and then there is no result and nothing to report.
pub(crate) fn evaluate(node: &Node, lookup: &mut Lookup<'_>) -> Result<Option<(u64, Expr)>, NoValue> {
    match &node.kind {
        NodeKind::Number(value) => Ok(Some((*value, Expr::Literal(*value)))),
        NodeKind::Name(name) => Ok(lookup(name, node.at.clone()).map(|(id, value)| (value, Expr::Const(id)))),
        NodeKind::Binary(op, left, right) => {
            let (left, right) = (evaluate(left, lookup)?, evaluate(right, lookup)?);
            let (Some((l, left)), Some((r, right))) = (left, right) else { return Ok(None) };
            let value = apply(*op, l, r).map_err(|message| NoValue { at: node.at.clone(), message })?;
            Ok(Some((value, Expr::Binary(*op, Box::new(left), Box::new(right)))))
        }
    }
}

fn apply(op: BinaryOp, left: u64, right: u64) -> Result<u64, String> {
    let symbol = op.symbol();
    let too_large = || format!("{left} {symbol} {right} does not fit 64 bits");
    match op {
        BinaryOp::Add => left.checked_add(right).ok_or_else(too_large),
        BinaryOp::Sub => left.checked_sub(right).ok_or_else(|| format!("{left} - {right} is negative")),
        BinaryOp::Mul => left.checked_mul(right).ok_or_else(too_large),
        BinaryOp::Div => left.checked_div(right).ok_or_else(|| format!("{left} / {right} divides by zero")),
        BinaryOp::Shl => u32::try_from(right)
            .ok()
            .and_then(|bits| 1u64.checked_shl(bits))
            .and_then(|factor| left.checked_mul(factor))
            .ok_or_else(too_large),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a text in which `ARG` is 16 and `PATH` 512, or what is wrong, and where.
    fn value(text: &str) -> Result<u64, (Range<usize>, String)> {
        let node = parse(text).map_err(|wrong| (wrong.at, wrong.message))?;
        let mut lookup = |name: &str, _| match name {
            "ARG" => Some((ConstId(0), 16)),
            "PATH" => Some((ConstId(1), 512)),
            _ => None,
        };
        match evaluate(&node, &mut lookup) {
            Ok(value) => Ok(value.expect("every name is known").0),
            Err(none) => Err((none.at, none.message)),
        }
    }

    #[test]
    fn operators_bind_as_in_c_and_from_left_to_right() {
        for (text, expected) in [
            ("2 + 3 * 4", 14),
            ("2 * 3 + 4", 10),
            ("2 + 12 / 4", 5),
            ("20 - 5 - 3", 12),
            ("20 - 5 + 3", 18),
            ("64 / 4 / 2", 8),
            ("64 / 4 * 2", 32),
            ("1 << 2 + 1", 8),
            ("1 + 1 << 2", 8),
            ("1 << 1 << 2", 8),
            ("1 << 2 * 3", 64),
            ("(2 + 3) * 4", 20),
            ("64 / (4 / 2)", 32),
            ("20 - (5 - (3 - 1))", 17),
            ("((7)) / 2", 3),
            ("20 * ARG", 320),
            ("(PATH - 1) / 8", 63),
            ("2 KiB + 1", 2049),
            ("3 MiB / 1024 KiB", 3),
            ("1 GiB", 1 << 30),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_64_bits_or_is_negative_has_no_value() {
        for (text, at, message) in [
            ("18446744073709551615 + 1", 0..24, "18446744073709551615 + 1 does not fit 64 bits"),
            ("4294967296 * 4294967296", 0..23, "4294967296 * 4294967296 does not fit 64 bits"),
            ("2 << 63", 0..7, "2 << 63 does not fit 64 bits"),
            ("0 << 64", 0..7, "0 << 64 does not fit 64 bits"),
            ("1 << 4294967296", 0..15, "1 << 4294967296 does not fit 64 bits"),
            ("3 + (1 - 2)", 4..11, "1 - 2 is negative"),
            ("ARG / (ARG - 16)", 0..16, "16 / 0 divides by zero"),
            ("17179869184 GiB", 0..15, "the number does not fit 64 bits"),
            ("1 + 18446744073709551616", 4..24, "the number does not fit 64 bits"),
        ] {
            assert_eq!(value(text), Err((at, message.to_owned())), "{text}");
        }
        assert_eq!(parse("17179869184 GiB").map_err(|wrong| wrong.fault), Err(Fault::Overflow));
        assert_eq!(value("1 << 63"), Ok(1 << 63));
        assert_eq!(value("18446744073709551614 + 1"), Ok(u64::MAX));
        assert_eq!(value("17179869183 GiB"), Ok(17_179_869_183 << 30));
        assert_eq!(value("2 - 2"), Ok(0));
    }

    #[test]
    fn what_is_no_expression_is_refused_at_its_place() {
        for (text, at, message) in [
            ("", 0..0, "expected a number or a name, found the end"),
            ("2 *", 3..3, "expected a number or a name, found the end"),
            ("2 3", 2..3, "expected an operator, found `3`"),
            ("2 * * 3", 4..5, "expected a number or a name, found `*`"),
            ("(2 + 3", 6..6, "expected `)` after the expression, found the end"),
            ("2)", 1..2, "expected an operator, found `)`"),
            ("2 + -3", 4..5, "a constant is never negative"),
            ("4 KB", 2..4, "`KB` is not a unit"),
            ("4 bytes", 2..7, "expected an operator, found `bytes`"),
            ("2 % 3", 2..3, "`%` has no meaning here"),
        ] {
            assert_eq!(value(text), Err((at, message.to_owned())), "{text}");
        }
        let help = |text: &str| parse(text).expect_err(text).help;
        assert_eq!(help("4 kB").as_deref(), Some("write `KiB`: powers of 1024"));
        assert_eq!(help("4 M").as_deref(), Some("write `MiB`: powers of 1024"));
        assert_eq!(help("2 % 3").as_deref(), Some(OPERATORS));
        assert_eq!(help("2 ; 3"), None);
    }

    #[test]
    fn an_expression_has_as_many_operators_as_walking_it_can_bear() {
        let sum = |operators: usize| format!("1{}", " + 1".repeat(operators));
        assert_eq!(value(&sum(MAX_OPERATORS)), Ok(MAX_OPERATORS as u64 + 1));
        assert!(parse(&sum(MAX_OPERATORS + 1)).is_err_and(|wrong| wrong.message.contains("more than 128 operators")));
        let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(value(&nested(MAX_OPERATORS)), Ok(1));
        assert!(parse(&nested(MAX_OPERATORS + 1)).is_err(), "parentheses are counted, too");
    }

    #[test]
    fn names_are_seen_with_their_places_and_one_without_a_value_leaves_none() {
        let node = parse("(A + 2) * B1_c / A").expect("valid");
        let mut seen = Vec::new();
        node.names(&mut |name, at| seen.push((name, at)));
        assert_eq!(seen, [("A", 1..2), ("B1_c", 10..14), ("A", 17..18)]);
        assert_eq!(evaluate(&node, &mut |name, _| (name == "A").then_some((ConstId(0), 1))), Ok(None));
    }

    #[test]
    fn a_value_comes_with_the_expression_that_gives_it() {
        let node = parse("2 * (ARG + 1)").expect("valid");
        let sum = Expr::Binary(BinaryOp::Add, Box::new(Expr::Const(ConstId(7))), Box::new(Expr::Literal(1)));
        let product = Expr::Binary(BinaryOp::Mul, Box::new(Expr::Literal(2)), Box::new(sum));
        assert_eq!(evaluate(&node, &mut |_, _| Some((ConstId(7), 16))), Ok(Some((34, product))));
    }
}

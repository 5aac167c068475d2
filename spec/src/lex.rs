//! The tokens of expressions and types, which share one alphabet.

use std::ops::Range;

/// Something is not written as the grammar asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Where, in bytes of the text.
    pub(crate) at: Range<usize>,
    /// One sentence for the head of the message.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
    /// What kind of mistake it is.
    pub(crate) fault: Fault,
}

/// What kind of mistake a [`Wrong`] is; decides the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not follow the grammar.
    Grammar,
    /// It is a number that cannot be represented.
    Overflow,
}

impl Wrong {
    pub(crate) fn grammar(at: Range<usize>, message: impl Into<String>) -> Self {
        Wrong { at, message: message.into(), help: None, fault: Fault::Grammar }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Number(u64),
    Name(&'a str),
    /// One of `+ - * / << ( ) [ ] ..`.
    Symbol(&'static str),
    End,
}

impl Token<'_> {
    /// As it is called in messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Token::Number(number) => format!("`{number}`"),
            Token::Name(name) => format!("`{name}`"),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::End => "the end".to_owned(),
        }
    }
}

/// What can join two numbers.
pub(crate) const OPERATORS: &str = "operators are `+`, `-`, `*`, `/` and `<<`";

const SYMBOLS: &[&str] = &["<<", "..", "+", "-", "*", "/", "(", ")", "[", "]"];

/// A text and how far it has been read, one token ahead.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    token: Token<'a>,
    at: Range<usize>,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first token.
    pub(crate) fn new(text: &'a str) -> Result<Self, Wrong> {
        let mut cursor = Cursor { text, token: Token::End, at: 0..0 };
        cursor.advance()?;
        Ok(cursor)
    }

    /// The next token, not yet taken.
    pub(crate) fn peek(&self) -> &Token<'a> {
        &self.token
    }

    /// Where the next token stands.
    pub(crate) fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    /// Takes the next token.
    pub(crate) fn advance(&mut self) -> Result<(Token<'a>, Range<usize>), Wrong> {
        let (token, at) = next_token(self.text, self.at.end)?;
        Ok((std::mem::replace(&mut self.token, token), std::mem::replace(&mut self.at, at)))
    }

    /// Takes the next token if it is this symbol.
    pub(crate) fn eat(&mut self, symbol: &str) -> Result<bool, Wrong> {
        let found = matches!(self.token, Token::Symbol(next) if next == symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Takes this symbol, or says that it is missing.
    pub(crate) fn expect(&mut self, symbol: &str, after: &str) -> Result<Range<usize>, Wrong> {
        let at = self.at();
        if self.eat(symbol)? {
            return Ok(at);
        }
        Err(Wrong::grammar(at, format!("expected `{symbol}` {after}, found {}", self.token.describe())))
    }
}

fn next_token(text: &str, from: usize) -> Result<(Token<'_>, Range<usize>), Wrong> {
    let start = text.len() - text[from..].trim_start().len();
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, text.len()..text.len())) };
    if first.is_ascii_digit() {
        return number(text, start);
    }
    if first == '_' || first.is_ascii_alphabetic() {
        let end = start + word_len(rest);
        return Ok((Token::Name(&text[start..end]), start..end));
    }
    if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        return Ok((Token::Symbol(symbol), start..start + symbol.len()));
    }
    let at = start..start + first.len_utf8();
    let wrong = Wrong::grammar(at, format!("`{}` has no meaning here", first.escape_debug()));
    Err(if "%&|^~<>!=?".contains(first) { wrong.help(OPERATORS) } else { wrong })
}

fn word_len(text: &str) -> usize {
    text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(text.len())
}

/// A number as TOML writes them: `4096`, `4_096`, `0x1000`, `0o17`, `0b1`.
fn number(text: &str, start: usize) -> Result<(Token<'_>, Range<usize>), Wrong> {
    let at = start..start + word_len(&text[start..]);
    let word = &text[at.clone()];
    let (radix, digits) = match word.get(..2) {
        Some("0x" | "0X") => (16, &word[2..]),
        Some("0o") => (8, &word[2..]),
        Some("0b") => (2, &word[2..]),
        _ => (10, word),
    };
    if let Some(unit) = glued_unit(word) {
        let digits = &word[..word.len() - unit.len()];
        return Err(Wrong::grammar(at, "a number and its unit stand apart").help(format!("write `{digits} {unit}`")));
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(Wrong::grammar(at, format!("`{word}` is not a number"))
            .help("write numbers as `4096`, `4_096` or `0x1000`"));
    }
    match u64::from_str_radix(&digits, radix) {
        Ok(value) => Ok((Token::Number(value), at)),
        Err(_) => Err(Wrong { fault: Fault::Overflow, ..Wrong::grammar(at, "the number does not fit 64 bits") }),
    }
}

/// The unit in `256KiB`.
fn glued_unit(word: &str) -> Option<&'static str> {
    crate::expr::UNITS.iter().map(|(name, _)| *name).find(|unit| {
        word.strip_suffix(unit)
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Placed<'a> = (Token<'a>, Range<usize>);

    /// Each token with its place, or what is wrong, and where.
    fn tokens(text: &str) -> Result<Vec<Placed<'_>>, (Range<usize>, String)> {
        let wrong = |wrong: Wrong| (wrong.at, wrong.message);
        let mut cursor = Cursor::new(text).map_err(wrong)?;
        let mut tokens = Vec::new();
        while *cursor.peek() != Token::End {
            let place = cursor.at();
            let taken = cursor.advance().map_err(wrong)?;
            assert_eq!(place, taken.1, "what comes next is what is taken");
            tokens.push(taken);
        }
        assert_eq!(cursor.at(), text.len()..text.len());
        Ok(tokens)
    }

    #[test]
    fn tokens_have_their_places() {
        let expected = vec![
            (Token::Name("u8"), 0..2),
            (Token::Symbol("["), 2..3),
            (Token::Symbol(".."), 3..5),
            (Token::Name("_A9"), 6..9),
            (Token::Symbol("<<"), 9..11),
            (Token::Number(2), 11..12),
            (Token::Symbol("]"), 13..14),
        ];
        assert_eq!(tokens("u8[.. _A9<<2 ]  "), Ok(expected));
        assert_eq!(tokens(" "), Ok(vec![]));
        assert_eq!(tokens("\u{a0}é"), Err((2..4, "`é` has no meaning here".to_owned())));
        assert_eq!(tokens("a \u{1b}"), Err((2..3, "`\\u{1b}` has no meaning here".to_owned())));
    }

    #[test]
    fn numbers_are_those_of_toml() {
        for (text, expected) in [
            ("0", 0),
            ("4096", 4096),
            ("4_096", 4096),
            ("0x1000", 4096),
            ("0Xff_ff", 65535),
            ("0o17", 15),
            ("0b101", 5),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(tokens(text), Ok(vec![(Token::Number(expected), 0..text.len())]), "{text}");
        }
        for (text, message) in [
            ("12a", "`12a` is not a number"),
            ("0x", "`0x` is not a number"),
            ("0x_", "`0x_` is not a number"),
            ("0b2", "`0b2` is not a number"),
            ("0o8", "`0o8` is not a number"),
            ("0xg", "`0xg` is not a number"),
            ("18446744073709551616", "the number does not fit 64 bits"),
            ("256KiB", "a number and its unit stand apart"),
            ("1_0GiB", "a number and its unit stand apart"),
            ("1xKiB", "`1xKiB` is not a number"),
        ] {
            assert_eq!(tokens(text), Err((0..text.len(), message.to_owned())), "{text}");
        }
        let help = Cursor::new("256KiB").expect_err("glued").help;
        assert_eq!(help.as_deref(), Some("write `256 KiB`"));
        let fault = |text| Cursor::new(text).expect_err("no number").fault;
        assert_eq!((fault("18446744073709551616"), fault("0x")), (Fault::Overflow, Fault::Grammar));
    }

    #[test]
    fn what_is_expected_is_eaten_and_nothing_else() {
        let mut cursor = Cursor::new("[ 7").expect("tokens");
        assert_eq!(cursor.eat("]"), Ok(false));
        assert_eq!(cursor.eat("["), Ok(true));
        assert_eq!(
            cursor.expect("]", "after the length").map_err(|wrong| (wrong.at, wrong.message)),
            Err((2..3, "expected `]` after the length, found `7`".to_owned()))
        );
        assert_eq!(cursor.advance(), Ok((Token::Number(7), 2..3)));
        assert_eq!(*cursor.peek(), Token::End);
    }
}

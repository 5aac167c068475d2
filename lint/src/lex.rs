//! Text as preprocessing tokens (C11 6.4), each with its place. Nothing is refused: what is no token of C, such as a quote
//! that is not closed, ends with its line.

use crate::splice::offset;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword.
    Word,
    /// A preprocessing number: `512`, `0x1ffUL`, `1.5e3`.
    Number,
    /// A string or character constant.
    Quoted,
    /// An operator or another character.
    Mark,
    /// In a [`crate::code::Code`]: where `#if` stood, …
    If,
    /// … `#else` or `#elif`, …
    Else,
    /// … or `#endif`.
    EndIf,
}

/// One token: where it stands in the text that was lexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Whether it is the first of its line, so that `#` begins a directive.
    pub(crate) first: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    /// How it is written in `text`, which it is a token of.
    pub(crate) fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start as usize..self.end as usize]
    }
}

/// A text's tokens and its comments.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    /// First byte and the one past the last, with the marks.
    pub(crate) comments: Vec<(u32, u32)>,
}

/// Operators of more than one character, longer ones first.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=", "/=", "%=", "+=",
    "-=", "&=", "^=", "|=", "##",
];

/// The tokens of a text without continued lines.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { text, at: 0, first: true, lexed: Lexed::default() };
    while let Some(&byte) = text.as_bytes().get(lexer.at) {
        lexer.step(byte);
    }
    lexer.lexed
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    first: bool,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn step(&mut self, byte: u8) {
        let rest = &self.text.as_bytes()[self.at..];
        match byte {
            b'\n' => {
                self.first = true;
                self.at += 1;
            }
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
            b'/' if rest.get(1) == Some(&b'/') => self.comment(line(rest)),
            b'/' if rest.get(1) == Some(&b'*') => {
                let end = self.text[self.at + 2..].find("*/");
                self.comment(end.map_or(rest.len(), |end| end + 4));
            }
            b'"' | b'\'' => self.token(Kind::Quoted, quoted(rest)),
            _ if byte.is_ascii_digit() => self.token(Kind::Number, number(rest)),
            b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => self.token(Kind::Number, number(rest)),
            _ if in_word(byte) => self.token(Kind::Word, rest.iter().take_while(|&&byte| in_word(byte)).count()),
            _ => {
                let operator = OPERATORS.iter().find(|operator| rest.starts_with(operator.as_bytes()));
                self.token(Kind::Mark, operator.map_or(1, |operator| operator.len()));
            }
        }
    }

    fn token(&mut self, kind: Kind, len: usize) {
        let start = self.at;
        self.at += len;
        self.lexed.tokens.push(Token { kind, first: self.first, start: offset(start), end: offset(self.at) });
        self.first = false;
    }

    fn comment(&mut self, len: usize) {
        self.lexed.comments.push((offset(self.at), offset(self.at + len)));
        self.at += len;
    }
}

/// Letters beyond ASCII are taken for letters, as clang does with most of them.
fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// Bytes up to the end of the line.
fn line(rest: &[u8]) -> usize {
    rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
}

/// A string or character constant, up to its closing quote or the end of the line.
fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'\n' {
        match rest[at] {
            b'\\' if rest.get(at + 1).is_some_and(|&byte| byte != b'\n') => at += 2,
            byte if byte == rest[0] => return at + 1,
            _ => at += 1,
        }
    }
    // What a backslash protects may be the first byte of several.
    while rest.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at += 1;
    }
    at.min(rest.len())
}

/// A preprocessing number (C11 6.4.8), with the digit separators of C23.
fn number(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        let sign = matches!(byte, b'+' | b'-') && matches!(rest[at - 1], b'e' | b'E' | b'p' | b'P');
        let separator = byte == b'\'' && rest.get(at + 1).is_some_and(|&next| in_word(next) && next < 0x80);
        if !(in_word(byte) || byte == b'.' || sign || separator) {
            break;
        }
        at += 1;
    }
    at
}

/// The value of an integer constant (C11 6.4.4.1, with binary ones); nothing for what is none, or has more than 64 bits.
pub(crate) fn integer(text: &str) -> Option<u64> {
    let lower = text.replace('\'', "").to_ascii_lowercase();
    let digits_and_suffix = |prefix: &str| lower.strip_prefix(prefix);
    let (radix, rest) = match (digits_and_suffix("0x"), digits_and_suffix("0b"), lower.len()) {
        (Some(rest), _, _) => (16, rest),
        (_, Some(rest), _) => (2, rest),
        (_, _, 2..) if lower.starts_with('0') && lower[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            (8, &lower[1..])
        }
        _ => (10, lower.as_str()),
    };
    let end = rest.find(|c: char| !c.is_digit(radix)).unwrap_or(rest.len());
    let (digits, suffix) = rest.split_at(end);
    let known =
        matches!(suffix, "" | "u" | "l" | "ul" | "lu" | "ll" | "ull" | "llu" | "z" | "uz" | "zu" | "wb" | "uwb");
    if known { u64::from_str_radix(digits, radix).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        lex(text).tokens.iter().map(|token| token.text(text)).collect()
    }

    #[test]
    fn tokens_are_those_of_c() {
        for (text, expected) in [
            ("a->b[i>>=1]...", &["a", "->", "b", "[", "i", ">>=", "1", "]", "..."][..]),
            ("x/* 512 */=0x1ffUL;// 512\ny", &["x", "=", "0x1ffUL", ";", "y"]),
            ("\"512 \\\" 512\" '\\'' L'x'", &["\"512 \\\" 512\"", "'\\''", "L", "'x'"]),
            ("1.5e+3-.5 1'000'000 0x1p-2", &["1.5e+3", "-", ".5", "1'000'000", "0x1p-2"]),
            ("größe=512", &["größe", "=", "512"]),
            ("/* open", &[]),
            ("\"open\n512", &["\"open", "512"]),
            ("#error don't\n512", &["#", "error", "don", "'t", "512"]),
            ("'\\ö", &["'\\ö"]),
            ("@`\\é", &["@", "`", "\\", "é"]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_and_first_tokens_of_lines_are_known() {
        let lexed = lex("/* a\n */ # if\n  b // c");
        assert_eq!(lexed.comments, [(0, 8), (18, 22)]);
        assert_eq!(lexed.tokens.iter().map(|token| token.first).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn integers_have_their_values() {
        for (text, expected) in [
            ("512", Some(512)),
            ("0", Some(0)),
            ("0x1FFull", Some(511)),
            ("0777", Some(511)),
            ("0b101U", Some(5)),
            ("16'384", Some(16384)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1.5", None),
            ("08", None),
            ("0x", None),
            ("512abc", None),
            ("1e3", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }
}

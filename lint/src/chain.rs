//! What C reads and writes: variables and members, `event->args[i].path`.

use crate::code::Code;

/// A variable or member, from its first token to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) start: usize,
    /// The last token.
    pub(crate) last: usize,
}

/// Longer ones are cut.
const LONGEST: usize = 16;

/// The chain that ends with this token.
pub(crate) fn ending_at(code: &Code<'_>, last: usize) -> Option<Chain> {
    let mut start = name_or_bracket(code, last)?;
    for _ in 0..LONGEST {
        if start < 2 || !matches!(code.before(start), "." | "->") {
            break;
        }
        let Some(before) = name_or_bracket(code, start - 2) else { break };
        start = before;
    }
    let named = code.is_word(start) && !is_keyword(code.word(start)) || code.word(start) == "(";
    named.then_some(Chain { start, last })
}

/// The chain that starts with this token.
pub(crate) fn starting_at(code: &Code<'_>, start: usize) -> Option<Chain> {
    if !code.is_word(start) || is_keyword(code.word(start)) {
        return None;
    }
    let mut last = start;
    for _ in 0..LONGEST {
        match code.word(last + 1) {
            "." | "->" if code.is_word(last + 2) => last += 2,
            "[" => match code.partner(last + 1) {
                Some(close) => last = close,
                None => break,
            },
            _ => break,
        }
    }
    (code.word(last + 1) != "(").then_some(Chain { start, last })
}

/// The start of a name with its subscripts or arguments, or of a parenthesis, that ends with this token.
fn name_or_bracket(code: &Code<'_>, last: usize) -> Option<usize> {
    let mut at = last;
    for _ in 0..LONGEST {
        match code.word(at) {
            "]" => at = code.partner(at)?.checked_sub(1)?,
            ")" => {
                let open = code.partner(at)?;
                return Some(if code.is_call(open) && code.is_word(open - 1) { open - 1 } else { open });
            }
            _ => return code.is_word(at).then_some(at),
        }
    }
    None
}

impl Chain {
    /// Its tokens without what is between them, so that the same chain is the same text.
    pub(crate) fn text(self, code: &Code<'_>) -> String {
        /// Whoever reads it is shown no more.
        const TOKENS: usize = 64;
        (self.start..=self.last).take(TOKENS).map(|at| code.word(at)).collect()
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "case"
            | "sizeof"
            | "if"
            | "else"
            | "while"
            | "for"
            | "do"
            | "goto"
            | "struct"
            | "union"
            | "enum"
            | "const"
            | "static"
            | "int"
            | "char"
            | "long"
            | "unsigned"
            | "void"
            | "_Static_assert"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex::lex;

    #[test]
    fn chains_are_found_from_both_ends() {
        for text in ["a", "a->b.c", "a[i + 1].b[2][3]", "a->b->c[d->e]"] {
            let code = Code::new(text, lex(text).tokens);
            let whole = Chain { start: 0, last: code.tokens.len() - 1 };
            assert_eq!(ending_at(&code, whole.last), Some(whole), "{text}");
            assert_eq!(starting_at(&code, 0), Some(whole), "{text}");
        }
        for text in ["f(x)->a", "(*p).a"] {
            let code = Code::new(text, lex(text).tokens);
            assert_eq!(ending_at(&code, code.tokens.len() - 1).map(|chain| chain.start), Some(0), "{text}");
        }
        let code = Code::new("return x", lex("return x").tokens);
        assert_eq!(ending_at(&code, 0), None);
    }
}

//! The brackets and functions of a run of tokens: what encloses what, so that every later question about a token is
//! answered without walking the text again.

use crate::lex::{Kind, Token};

/// No token.
pub(crate) const NONE: u32 = u32::MAX;

/// Tokens of one file without its directives, or of one macro's body.
#[derive(Debug)]
pub(crate) struct Code<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: Vec<Token>,
    /// Of a bracket, the one that closes or opens it; [`NONE`] for other tokens, and where it is missing.
    partner: Vec<u32>,
    /// The bracket that a token stands in; [`NONE`] outside of all.
    parent: Vec<u32>,
    /// Commas before a token in its bracket: for a call, the argument's number.
    argument: Vec<u32>,
    /// Grows from one function or other definition of the file to the next.
    function: Vec<u32>,
}

impl<'a> Code<'a> {
    /// Finds the brackets and functions.
    pub(crate) fn new(text: &'a str, tokens: Vec<Token>) -> Self {
        let len = tokens.len();
        let (partner, parent) = (vec![NONE; len], Vec::with_capacity(len));
        let (argument, function) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let mut code = Code { text, tokens, partner, parent, argument, function };
        let mut walk = Walk::default();
        for at in 0..len {
            walk.step(&mut code, at);
        }
        code
    }

    /// How a token is written; empty beyond the last one.
    pub(crate) fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    /// How the token before this one is written.
    pub(crate) fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |at| self.word(at))
    }

    /// Whether this token is a name or keyword.
    pub(crate) fn is_word(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Word)
    }

    /// The bracket that belongs to this one.
    pub(crate) fn partner(&self, at: usize) -> Option<usize> {
        self.partner.get(at).copied().filter(|&partner| partner != NONE).map(|partner| partner as usize)
    }

    /// The innermost bracket around a token.
    pub(crate) fn parent(&self, at: usize) -> Option<usize> {
        self.parent.get(at).copied().filter(|&parent| parent != NONE).map(|parent| parent as usize)
    }

    /// The commas before a token in its bracket.
    pub(crate) fn argument(&self, at: usize) -> usize {
        self.argument[at] as usize
    }

    /// The function or other definition that a token stands in.
    pub(crate) fn function(&self, at: usize) -> u32 {
        self.function[at]
    }

    /// The innermost bracket around a token that does more than group: not the parentheses of `(a + b)`.
    pub(crate) fn meaningful_parent(&self, at: usize) -> Option<(usize, usize)> {
        /// Deeper nesting than this is nobody's writing.
        const DEEPEST: usize = 8;
        let mut at = at;
        for _ in 0..DEEPEST {
            let parent = self.parent(at)?;
            if self.word(parent) != "(" || self.is_call(parent) || is_header(self.before(parent)) {
                return Some((parent, self.argument(at)));
            }
            at = parent;
        }
        None
    }

    /// Whether this parenthesis opens the arguments of a call.
    pub(crate) fn is_call(&self, open: usize) -> bool {
        self.word(open) == "("
            && open > 0
            && (self.is_word(open - 1) && !is_header(self.before(open)) && self.before(open) != "return"
                || matches!(self.before(open), ")" | "]") && !self.follows_cast(open))
    }

    /// `(type)(value)` is no call of what the first parentheses hold.
    fn follows_cast(&self, open: usize) -> bool {
        let Some(first) = open.checked_sub(1).and_then(|close| self.partner(close)) else { return false };
        self.word(first) == "(" && !self.is_word(first.wrapping_sub(1))
    }

    /// The struct or union whose members stand in these braces, with its tag (empty if it has none).
    pub(crate) fn aggregate(&self, open: usize) -> Option<&'a str> {
        /// More attributes are nobody's writing.
        const ATTRIBUTES: usize = 4;
        let mut at = open.checked_sub(1)?;
        for _ in 0..ATTRIBUTES {
            if self.word(at) != ")" {
                break;
            }
            let attribute = self.partner(at)?.checked_sub(1)?;
            if !matches!(self.word(attribute), "__attribute__" | "__attribute") {
                return None;
            }
            at = attribute.checked_sub(1)?;
        }
        match (self.before(at), self.word(at)) {
            (_, "struct" | "union") => Some(""),
            ("struct" | "union", tag) => Some(tag),
            (")", tag) if self.is_word(at) => self.tag_after_attribute(at).then_some(tag),
            _ => None,
        }
    }

    /// `struct __attribute__((packed)) tag`.
    fn tag_after_attribute(&self, tag: usize) -> bool {
        let attribute = self.partner(tag - 1).and_then(|open| open.checked_sub(1));
        attribute.is_some_and(|at| self.word(at) == "__attribute__" && matches!(self.before(at), "struct" | "union"))
    }
}

/// Keywords whose parentheses are no call's.
fn is_header(word: &str) -> bool {
    matches!(word, "if" | "while" | "for" | "switch")
}

/// What is open while walking from the first token to the last.
#[derive(Default)]
struct Walk {
    /// Open brackets, each with the commas seen in it.
    open: Vec<(usize, u32)>,
    /// How many of `open` are of each kind, so that one that closes nothing is known at once.
    counts: [usize; 3],
    /// How many brackets were open at each `#if`: all branches start with the same.
    branches: Vec<usize>,
    function: u32,
    /// Commas outside of all brackets.
    commas: u32,
}

impl Walk {
    fn step(&mut self, code: &mut Code<'_>, at: usize) {
        let word = code.word(at);
        let close = closes(word);
        if let Some(kind) = close {
            self.close(code, at, kind);
        }
        code.parent.push(self.open.last().map_or(NONE, |(open, _)| index(*open)));
        code.argument.push(self.open.last().map_or(self.commas, |(_, commas)| *commas));
        code.function.push(self.function);
        match code.tokens[at].kind {
            Kind::If => self.branches.push(self.open.len()),
            Kind::Else => self.truncate(code, self.branches.last().copied()),
            Kind::EndIf => drop(self.branches.pop()),
            Kind::Word | Kind::Number | Kind::Quoted => {}
            Kind::Mark => self.mark(code, at, close.is_some()),
        }
    }

    fn mark(&mut self, code: &Code<'_>, at: usize, closes: bool) {
        let word = code.word(at);
        if let Some(kind) = opens(word) {
            self.counts[kind] += 1;
            self.open.push((at, 0));
        } else if word == "," {
            *self.open.last_mut().map_or(&mut self.commas, |(_, commas)| commas) += 1;
        } else if self.open.is_empty() && (word == ";" || closes && word == "}") {
            self.function += 1;
            self.commas = 0;
        }
    }

    /// Closes the innermost bracket of this kind, and with it those inside that are never closed.
    fn close(&mut self, code: &mut Code<'_>, at: usize, kind: usize) {
        if self.counts[kind] == 0 {
            return;
        }
        while let Some((open, _)) = self.open.pop() {
            let found = opens(code.word(open)).unwrap_or(kind);
            self.counts[found] -= 1;
            if found == kind {
                (code.partner[open], code.partner[at]) = (index(at), index(open));
                return;
            }
        }
    }

    /// Forgets the brackets that only the branch before had opened.
    fn truncate(&mut self, code: &Code<'_>, len: Option<usize>) {
        while self.open.len() > len.unwrap_or(usize::MAX) {
            let Some((open, _)) = self.open.pop() else { return };
            if let Some(kind) = opens(code.word(open)) {
                self.counts[kind] -= 1;
            }
        }
    }
}

fn index(at: usize) -> u32 {
    crate::splice::offset(at)
}

fn opens(word: &str) -> Option<usize> {
    ["(", "[", "{"].iter().position(|bracket| *bracket == word)
}

fn closes(word: &str) -> Option<usize> {
    [")", "]", "}"].iter().position(|bracket| *bracket == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex::lex;

    fn code(text: &str) -> Code<'_> {
        Code::new(text, lex(text).tokens)
    }

    fn find(code: &Code<'_>, word: &str) -> usize {
        (0..code.tokens.len()).find(|&at| code.word(at) == word).expect("the word is there")
    }

    #[test]
    fn brackets_know_what_they_enclose() {
        let code = code("int f(int a, int b) { g(a[1], (2 + (b))); }");
        let (two, a) = (find(&code, "2"), find(&code, "1"));
        assert_eq!(code.meaningful_parent(two), Some((find(&code, "g") + 1, 1)));
        assert_eq!(code.word(code.parent(a).expect("a bracket")), "[");
        assert_eq!(code.partner(find(&code, "{")), Some(code.tokens.len() - 1));
    }

    #[test]
    fn stray_brackets_end_nothing() {
        let code = code("( ] } ) { ( } x");
        assert_eq!(code.partner(0), Some(3));
        assert_eq!(code.partner(4), Some(6));
        assert_eq!(code.partner(5), None);
        assert_eq!(code.parent(7), None);
    }

    #[test]
    fn casts_and_headers_are_no_calls() {
        for (text, call) in
            [("f(1)", true), ("(int)(1)", false), ("if (1)", false), ("return (1)", false), ("f()(1)", true)]
        {
            let code = code(text);
            let open = code.parent(find(&code, "1")).expect("in parentheses");
            assert_eq!(code.is_call(open), call, "{text}");
        }
    }

    #[test]
    fn members_stand_in_their_struct() {
        for (text, tag) in [
            ("struct a { 1 }", Some("a")),
            ("typedef union { 1 } x;", Some("")),
            ("struct __attribute__((packed)) a { 1 }", Some("a")),
            ("struct a f(void) { 1 }", None),
            ("x = (struct a){ 1 }", None),
            ("enum a { 1 }", None),
        ] {
            let code = code(text);
            let open = code.parent(find(&code, "1")).expect("in braces");
            assert_eq!(code.aggregate(open), tag, "{text}");
        }
    }
}

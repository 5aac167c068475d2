//! One C file: its code, and the directives that stand in it. Code under `#if 0` is left out.

use bpf_layout_spec::source::{FileId, Span};

use crate::{
    lex::{Kind, Token, lex},
    splice::Spliced,
};

/// `#define NAME body`.
#[derive(Clone, Debug)]
pub(crate) struct Define {
    pub(crate) name: Token,
    /// Whether it takes parameters.
    pub(crate) function: bool,
    pub(crate) body: Vec<Token>,
}

/// A file that was read, in tokens.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) id: FileId,
    spliced: Spliced,
    /// What is no directive, with a mark where each `#if` and its like stood.
    pub(crate) code: Vec<Token>,
    pub(crate) defines: Vec<Define>,
    /// `"x.h"` of each `#include "x.h"`, with the quotes.
    pub(crate) includes: Vec<Token>,
    /// Names in the conditions of `#if`, `#ifdef` and their like.
    pub(crate) conditions: Vec<Token>,
    /// First byte and the one past the last, with the marks.
    pub(crate) comments: Vec<(u32, u32)>,
    /// Where each line that has a token begins its first.
    pub(crate) lines: Vec<u32>,
    /// Whether a `#pragma clang attribute` relocates accesses: the structs are the kernel's.
    relocated: Vec<(u32, bool)>,
}

impl File {
    /// The tokens of a text.
    pub(crate) fn new(id: FileId, original: &str) -> Self {
        let spliced = Spliced::new(original);
        let lexed = lex(&spliced.text);
        let lines = lexed.tokens.iter().filter(|token| token.first).map(|token| token.start).collect();
        let mut file = File {
            id,
            spliced,
            code: Vec::new(),
            defines: Vec::new(),
            includes: Vec::new(),
            conditions: Vec::new(),
            comments: lexed.comments,
            lines,
            relocated: Vec::new(),
        };
        let mut skipped = None;
        let mut rest = lexed.tokens.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let len = 1 + after.iter().take_while(|token| !token.first).count();
            let (line, after) = rest.split_at(len);
            rest = after;
            if first.text(&file.spliced.text) == "#" {
                file.directive(line, &mut skipped);
            } else if skipped.is_none() {
                file.code.extend(line);
            }
        }
        file
    }

    /// The text that tokens are of.
    pub(crate) fn text(&self) -> &str {
        &self.spliced.text
    }

    /// Where tokens, from the first to the last of them, stood in the file.
    pub(crate) fn span(&self, first: &Token, last: &Token) -> Span {
        let (start, end) = (self.spliced.original_start(first.start), self.spliced.original_end(last.end));
        Span { file: self.id, start, end }
    }

    /// Whether a struct at this token belongs to the kernel, by a `#pragma clang attribute push` before it.
    pub(crate) fn is_relocated(&self, token: &Token) -> bool {
        let before = self.relocated.partition_point(|(at, _)| *at < token.start);
        before.checked_sub(1).is_some_and(|last| self.relocated[last].1)
    }

    /// One line that begins with `#`. `skipped` counts the conditions that are open inside an `#if 0`.
    fn directive(&mut self, line: &[Token], skipped: &mut Option<usize>) {
        let word = |at: usize| line.get(at).map_or("", |token: &Token| token.text(&self.spliced.text));
        let name = word(1).to_owned();
        match (name.as_str(), skipped.as_mut()) {
            ("if" | "ifdef" | "ifndef", Some(depth)) => *depth += 1,
            ("endif", Some(depth @ 1..)) => *depth -= 1,
            ("else" | "elif" | "endif", Some(0)) => {
                *skipped = None;
                self.branch(&name, line);
            }
            (_, Some(_)) => {}
            ("if", None) if word(2) == "0" && line.len() == 3 => {
                *skipped = Some(0);
                self.branch(&name, line);
            }
            ("if" | "ifdef" | "ifndef" | "elif" | "elifdef" | "elifndef" | "else" | "endif", None) => {
                self.branch(&name, line);
            }
            ("define", None) => self.define(line),
            ("include", None) => self.includes.extend(line.get(2).filter(|token| token.kind == Kind::Quoted)),
            ("pragma", None) => self.pragma(line),
            _ => {}
        }
    }

    fn branch(&mut self, name: &str, line: &[Token]) {
        let kind = match name {
            "endif" => Kind::EndIf,
            "else" | "elif" | "elifdef" | "elifndef" => Kind::Else,
            _ => Kind::If,
        };
        self.code.push(Token { kind, ..line[0] });
        let names = line.iter().skip(2).filter(|token| token.kind == Kind::Word);
        self.conditions.extend(names);
    }

    fn define(&mut self, line: &[Token]) {
        let Some((&name, rest)) = line.get(2..).and_then(<[Token]>::split_first) else { return };
        let text = &self.spliced.text;
        // Only a parenthesis that follows at once begins parameters (C11 6.10.3).
        let function = rest.first().is_some_and(|next| next.start == name.end && next.text(text) == "(");
        let parameters = if function { rest.iter().position(|token| token.text(text) == ")") } else { None };
        let body = rest[parameters.map_or(0, |close| close + 1)..].to_vec();
        self.defines.push(Define { name, function, body });
    }

    /// `#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)` up to `pop`.
    fn pragma(&mut self, line: &[Token]) {
        let words = || line.iter().map(|token| token.text(&self.spliced.text));
        if !words().any(|word| word == "attribute") {
            return;
        }
        if words().any(|word| word == "preserve_access_index") {
            self.relocated.push((line[0].start, true));
        } else if words().any(|word| word == "pop") {
            self.relocated.push((line[0].start, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::new(FileId(0), text)
    }

    fn words<'a>(file: &'a File, tokens: &[Token]) -> Vec<&'a str> {
        tokens.iter().map(|token| token.text(file.text())).collect()
    }

    #[test]
    fn directives_are_taken_apart() {
        let file = file(
            "#include <a.h>\n# include \"b.h\"\n#define N (1 + \\\n  2)\n#define F(x) (x)\n#if N > X\nint a;\n#endif\n",
        );
        assert_eq!(words(&file, &file.includes), ["\"b.h\""]);
        assert_eq!(words(&file, &file.conditions), ["N", "X"]);
        assert_eq!(words(&file, &file.code), ["#", "int", "a", ";", "#"]);
        let [number, function] = file.defines.as_slice() else { panic!("two macros") };
        assert_eq!((number.function, words(&file, &number.body)), (false, vec!["(", "1", "+", "2", ")"]));
        assert_eq!((function.function, words(&file, &function.body)), (true, vec!["(", "x", ")"]));
    }

    #[test]
    fn what_is_switched_off_is_not_read() {
        let file = file("#if 0\na\n#if X\nb\n#endif\nc\n#else\nd\n#endif\ne\n");
        assert_eq!(words(&file, &file.code), ["#", "#", "d", "#", "e"]);
        assert_eq!(words(&file, &file.conditions), ["0"; 0]);
    }

    #[test]
    fn a_pragma_marks_structs_of_the_kernel() {
        let file = file(
            "a\n#pragma clang attribute push(__attribute__((preserve_access_index)), \\\n apply_to = record)\nb\n\
             #pragma clang attribute pop\nc\n",
        );
        let relocated: Vec<bool> = file.code.iter().map(|token| file.is_relocated(token)).collect();
        assert_eq!(relocated, [false, true, false]);
    }
}

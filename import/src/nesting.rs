//! How deep a text of Rust nests. A parser calls itself for each level, and where the stack ends there is no error. So what
//! nests deeper than anybody writes is refused before it is parsed, and what is left is parsed on a stack that it cannot fill.

use std::{io, panic, thread};

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree, token_stream::IntoIter};

/// Tokens that may stand in one another. Each may be a level, as in `&&&&u8`, unless a `,`, a `;` or a body ends what began.
const MAX: usize = 10_000;

/// A pair of brackets counts as so many tokens: between it and what is in it lie many calls.
const BRACKETS: usize = 16;

/// Bytes: a page that nobody touches is not taken. No level of [`MAX`] needs a hundredth of its share.
const STACK: usize = 256 << 20;

/// Calls `parse` on a stack for [`MAX`] levels.
///
/// # Errors
/// If the system gives no thread.
pub(crate) fn on_deep_stack<T: Send>(parse: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, parse)?;
        Ok(thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
    })
}

/// Where a text nests too deep.
pub(crate) fn too_deep(text: &str) -> Option<Span> {
    // A first line `#!/usr/bin/...` is no Rust, and a file may have one.
    let without = text.starts_with("#!").then(|| text.split_once('\n').map_or("", |(_, rest)| rest));
    // What has no tokens, a parser refuses before it takes one.
    let tokens = [Some(text), without].into_iter().flatten().filter_map(|text| text.parse::<TokenStream>().ok());
    tokens.into_iter().find_map(deepest)
}

/// The tokens of one pair of brackets, as far as they have been seen.
struct Level {
    rest: std::iter::Peekable<IntoIter>,
    /// Tokens around it.
    outside: usize,
    /// Tokens in it that may still be what the next stands in.
    run: usize,
    /// `<` that no `>` has closed. Those that compare or shift count, too, so that a comma behind them ends nothing.
    angles: usize,
    /// Whether the token before belongs to a `>` behind it: `->`, `=>`.
    arrow: bool,
}

impl Level {
    fn new(tokens: TokenStream, outside: usize) -> Self {
        Level { rest: tokens.into_iter().peekable(), outside, run: 0, angles: 0, arrow: false }
    }

    fn ends(&mut self) {
        self.run = 0;
        self.angles = 0;
    }

    fn punctuation(&mut self, letter: char, spacing: Spacing) {
        match letter {
            ';' => self.ends(),
            ',' if self.angles == 0 => self.ends(),
            '<' => self.angles += 1,
            '>' if !self.arrow => self.angles = self.angles.saturating_sub(1),
            _ => {}
        }
        self.arrow = matches!(letter, '-' | '=') && spacing == Spacing::Joint;
    }

    /// A body ends what it is the body of, unless that goes on behind it.
    fn body(&mut self) {
        match self.rest.peek() {
            Some(TokenTree::Ident(next)) if next != "else" => self.ends(),
            Some(TokenTree::Punct(next)) if next.as_char() == '#' => self.ends(),
            _ => {}
        }
    }
}

/// The first token that stands in more than [`MAX`] others.
fn deepest(tokens: TokenStream) -> Option<Span> {
    let mut levels = vec![Level::new(tokens, 0)];
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.rest.next() else {
            levels.pop();
            continue;
        };
        level.run += 1;
        if level.outside + level.run > MAX {
            return Some(token.span());
        }
        match token {
            TokenTree::Punct(punct) => level.punctuation(punct.as_char(), punct.spacing()),
            TokenTree::Group(group) => {
                let outside = level.outside + level.run + BRACKETS;
                if group.delimiter() == Delimiter::Brace {
                    level.body();
                }
                levels.push(Level::new(group.stream(), outside));
            }
            _ => level.arrow = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_deep() {
        let fields: String = (0..2_000).map(|index| format!("f{index}: [Option<u8>; 1 << 4], ")).collect();
        let functions = "pub fn f(x: u8) -> u8 { if x > 1 { 2 } else { 3 } }\n#[inline] fn g() {}\n".repeat(1_000);
        let constants = "const X: u32 = 1 << 3;\n".repeat(3_000);
        for text in [format!("struct S {{ {fields} }}"), functions, constants] {
            assert!(too_deep(&text).is_none());
        }
        assert!(too_deep(include_str!("rust.rs")).is_none());
    }

    #[test]
    fn every_way_to_nest_is_seen() {
        for (start, level, end) in [
            ("const X: u8 = ", "(", ")"),
            ("const X: u8 = ", "-", "1;"),
            ("const X: u8 = ", "1 + ", "1;"),
            ("const X: u8 = ", "|| {} | ", "1;"),
            ("const X: u8 = ", "return ", ";"),
            ("type X = ", "&", "u8;"),
            ("type X = ", "*const ", "u8;"),
            ("type X = ", "A<", "u8>;"),
            ("type X = ", "A<u8, ", "u8>;"),
            ("type X = ", "A<<B>::C, ", "u8>;"),
            ("type X = ", "fn() -> ", "u8;"),
            ("fn f() { ", "if a {} else ", "{} }"),
            ("", "mod m {", "}"),
        ] {
            let text = |count: usize| {
                let closing = if level.ends_with(['(', '{']) { count } else { 1 };
                format!("{start}{}{}", level.repeat(count), end.repeat(closing))
            };
            assert!(too_deep(&text(100)).is_none(), "{level}");
            let found = too_deep(&text(20_000)).map(|span| span.start().line);
            assert_eq!(found, Some(1), "{level}");
            assert!(too_deep(&format!("#!/usr/bin/env \"\n{}", text(20_000))).is_some(), "{level}");
        }
    }
}

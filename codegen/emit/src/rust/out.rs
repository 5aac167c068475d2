//! Rust text under construction, broken into lines as rustfmt breaks them by default.

use crate::lines::{Language, Lines};

/// Columns of a line.
const COLUMNS: usize = 100;

/// Rust, as far as lines are concerned.
#[derive(Default)]
pub(super) struct Rust;

impl Language for Rust {
    const INDENT: &'static str = "    ";
}

/// Lines of Rust, with blank lines between items.
pub(super) type Out = Lines<Rust>;

impl Out {
    /// A blank line, unless one is there already or a block has just begun.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// `head {`, and everything up to [`close`](Self::close) indented.
    pub(super) fn open(&mut self, head: &str) {
        self.parts(&[head, " {"]);
        self.indent += 1;
    }

    /// `}`
    pub(super) fn close(&mut self) {
        self.close_with("}");
    }

    /// `}` with something behind it.
    pub(super) fn close_with(&mut self, text: &str) {
        self.indent -= 1;
        self.line(text);
    }

    /// `left = right;`, in two lines if one is too short.
    pub(super) fn assign(&mut self, left: &str, right: &str) {
        if self.fits(left.len() + 3 + right.len() + 1) {
            self.parts(&[left, " = ", right, ";"]);
        } else {
            self.parts(&[left, " ="]);
            self.indent += 1;
            self.parts(&[right, ";"]);
            self.indent -= 1;
        }
    }

    /// `pub fn name(arguments) -> result { body }`.
    pub(super) fn method(&mut self, name: &str, arguments: &[&str], result: Option<&str>, body: &[String]) {
        let result = result.map_or_else(String::new, |result| format!(" -> {result}"));
        let head = format!("pub fn {name}({}){result}", arguments.join(", "));
        if self.fits(head.len() + 2) {
            self.open(&head);
        } else {
            self.write(format_args!("pub fn {name}("));
            arguments.iter().for_each(|argument| self.write(format_args!("    {argument},")));
            self.open(&format!("){result}"));
        }
        body.iter().for_each(|line| self.line(line));
        self.close();
    }

    /// Begins at the indentation of an `impl` block's items.
    pub(super) fn indented(&mut self) {
        self.indent = 1;
    }

    fn fits(&self, columns: usize) -> bool {
        4 * self.indent + columns <= COLUMNS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::written;

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        for indent in [0, 1, 3] {
            let room = COLUMNS - 4 * indent;
            let assigned = |length: usize| written(indent, |out| out.assign("left", &"r".repeat(length)));
            let longest = room - "left = ;".len();
            assert_eq!(assigned(longest).lines().map(str::len).collect::<Vec<_>>(), [COLUMNS]);
            assert_eq!(assigned(longest + 1).lines().count(), 2, "{indent}");
            let method = |length: usize| {
                written(indent, |out| out.method(&"m".repeat(length), &["&self"], Some("u8"), &["1".to_owned()]))
            };
            let longest = room - "pub fn (&self) -> u8 {".len();
            assert_eq!(method(longest).lines().map(str::len).max(), Some(COLUMNS));
            assert_eq!(method(longest).lines().count(), 3);
            assert_eq!(method(longest + 1).lines().count(), 5, "{indent}");
        }
    }
}

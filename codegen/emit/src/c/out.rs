//! C text under construction, broken into lines as the kernel's `.clang-format` breaks them: tabs of 8 columns, lines of
//! 80, arguments aligned behind their opening bracket, backslashes of a macro in one column as far left as possible.
//!
//! A way of breaking lines is written, and taken back if its lines are too long.

use crate::lines::{Language, Lines};

/// Columns that a tab spans.
const TAB: usize = 8;

/// Columns of a line.
const LINE: usize = 80;

/// Columns of a line of a macro, which a backslash follows.
const MACRO_LINE: usize = LINE - 2;

/// Lines that most macros have at most.
const USUAL_MACRO: usize = 16;

/// C, as far as lines are concerned.
#[derive(Default)]
pub(super) struct C {
    /// Whether lines are those of a macro.
    in_macro: bool,
}

impl Language for C {
    const INDENT: &'static str = "\t";
}

/// Lines of C, with blank lines between sections.
pub(super) type Out = Lines<C>;

/// What became of a call or declaration.
struct Shape {
    lines: usize,
    /// Whether no line is too long.
    fits: bool,
}

impl Out {
    /// Lines at the current indentation.
    pub(super) fn lines<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = T>) {
        for line in lines {
            self.line(line.as_ref());
        }
    }

    /// `head(arguments)tail` at the current indentation, the parts of `head` together, in as few lines as hold it: each
    /// further one aligned behind the bracket or, if that is too far to the right, all arguments on lines of their own, one
    /// tab deeper.
    pub(super) fn call(&mut self, head: &[&str], arguments: &[&str], tail: &str) {
        self.broken("", head, arguments, tail);
    }

    /// The first lines of a function: on as many as parameters need behind the bracket or, if the name leaves no room for
    /// that, or one line would do without it, with the return type on a line of its own.
    pub(super) fn signature(&mut self, return_type: &str, name: &[&str], parameters: &[&str]) {
        let start = self.text.len();
        if self.language.in_macro {
            // clang-format takes a definition in a macro for a call.
            if !self.broken(return_type, name, parameters, "").fits {
                self.text.truncate(start);
                self.line(return_type);
                self.broken("", name, parameters, "");
            }
            return;
        }
        let aligned = self.aligned(return_type, name, parameters, "");
        if aligned.fits && aligned.lines <= 2 {
            return;
        }
        self.text.truncate(start);
        self.line(return_type);
        let apart = self.broken("", name, parameters, "");
        if aligned.fits && apart.lines > 1 {
            self.text.truncate(start);
            self.aligned(return_type, name, parameters, "");
        }
    }

    /// The body of a function, between its brackets.
    pub(super) fn body(&mut self, write: impl FnOnce(&mut Self)) {
        self.line("{");
        self.indent();
        write(self);
        self.dedent();
        self.line("}");
    }

    /// `#define NAME value`, on two lines if one does not hold it.
    pub(super) fn define(&mut self, name: &str, value: &str) {
        let line = ["#define ", name, " ", value];
        if !self.line_if_it_fits(|text| line.iter().for_each(|part| text.push_str(part))) {
            self.parts(&["#define ", name, " \\"]);
            self.parts(&["\t", value]);
        }
    }

    /// `#define head` and a body, one tab deep.
    pub(super) fn macro_definition(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.continued(|out| {
            out.parts(&["#define ", head]);
            out.indent();
            body(out);
            out.dedent();
        });
    }

    /// Lines that the preprocessor joins, with the backslashes in one column as far left as possible.
    pub(super) fn continued(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.text.len();
        self.language.in_macro = true;
        write(self);
        self.language.in_macro = false;
        let written = self.text.split_off(start);
        let mut lines = Vec::with_capacity(USUAL_MACRO);
        lines.extend(written.lines().map(|line| (line, width(line))));
        let Some((last, continued)) = lines.split_last() else { return };
        let column = continued.iter().map(|(_, width)| width + 1).max().unwrap_or(0);
        for (line, width) in continued {
            self.text.push_str(line);
            push_spaces(&mut self.text, column - width);
            self.text.push_str("\\\n");
        }
        self.text.push_str(last.0);
        self.text.push('\n');
    }

    /// A blank line, unless one is there already or nothing is.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Indents what follows by one more tab.
    pub(super) fn indent(&mut self) {
        self.indent += 1;
    }

    /// Ends one [`Out::indent`].
    pub(super) fn dedent(&mut self) {
        self.indent -= 1;
    }

    /// Whether `text` fits on one line at the current indentation.
    pub(super) fn fits(&self, text: &str) -> bool {
        width(text) <= self.room()
    }

    /// Writes what `write` does as a line at the current indentation, if it fits; nothing, and says so, if not.
    pub(super) fn line_if_it_fits(&mut self, write: impl FnOnce(&mut String)) -> bool {
        let start = self.text.len();
        self.begin_line();
        write(&mut self.text);
        let fits = width(&self.text[start..]) <= self.columns();
        if fits {
            self.text.push('\n');
        } else {
            self.text.truncate(start);
        }
        fits
    }

    /// Columns that are left at the current indentation.
    pub(super) fn room(&self) -> usize {
        self.columns().saturating_sub(self.indent * TAB)
    }

    fn columns(&self) -> usize {
        if self.language.in_macro { MACRO_LINE } else { LINE }
    }

    /// A [`call`](Self::call), behind a return type if there is one.
    fn broken(&mut self, return_type: &str, head: &[&str], arguments: &[&str], tail: &str) -> Shape {
        let start = self.text.len();
        let aligned = self.aligned(return_type, head, arguments, tail);
        if aligned.fits {
            return aligned;
        }
        self.text.truncate(start);
        self.head(return_type, head);
        let column = width(&self.text[start..]);
        self.text.push('\n');
        let deeper = (self.indent + 1) * TAB;
        push_space_to(&mut self.text, deeper);
        let below = self.fill(deeper, deeper, arguments, tail);
        let broken = Shape { lines: 1 + below.lines, fits: column <= self.columns() && below.fits };
        if broken.fits {
            return broken;
        }
        // No way fits. In a macro the bracket stays where it is; elsewhere a declaration is broken within.
        let lines = self.text.split_off(start);
        if self.language.in_macro {
            return self.aligned(return_type, head, arguments, tail);
        }
        for line in lines.lines() {
            match line.rsplit_once(' ') {
                Some((first, last)) if width(line) > LINE => {
                    self.text.push_str(first);
                    self.text.push('\n');
                    push_space_to(&mut self.text, deeper + TAB);
                    self.text.push_str(last);
                }
                _ => self.text.push_str(line),
            }
            self.text.push('\n');
        }
        broken
    }

    /// `head(a, b)tail`, each further line aligned behind the bracket.
    fn aligned(&mut self, return_type: &str, head: &[&str], arguments: &[&str], tail: &str) -> Shape {
        let start = self.text.len();
        self.head(return_type, head);
        let open = self.text.len();
        for (index, argument) in arguments.iter().enumerate() {
            self.text.push_str(if index == 0 { "" } else { ", " });
            self.text.push_str(argument);
        }
        self.text.push(')');
        self.text.push_str(tail);
        if width(&self.text[start..]) <= self.columns() {
            self.text.push('\n');
            return Shape { lines: 1, fits: true };
        }
        self.text.truncate(open);
        let column = width(&self.text[start..]);
        self.fill(column, column, arguments, tail)
    }

    /// `head(` at the current indentation.
    fn head(&mut self, return_type: &str, head: &[&str]) {
        self.begin_line();
        self.text.push_str(return_type);
        self.text.push_str(gap_behind(return_type));
        head.iter().for_each(|part| self.text.push_str(part));
        self.text.push('(');
    }

    /// Arguments one after another, `)tail`, and the end of the line: the first from `column` on, further lines from
    /// column `behind` on.
    fn fill(&mut self, mut column: usize, behind: usize, arguments: &[&str], tail: &str) -> Shape {
        let columns = self.columns();
        let mut shape = Shape { lines: 1, fits: true };
        for (index, argument) in arguments.iter().enumerate() {
            // With the comma or what ends the call.
            let wide = width(argument) + 1 + if index + 1 == arguments.len() { width(tail) } else { 0 };
            if index > 0 && column + 1 + wide > columns {
                self.text.push_str(",\n");
                push_space_to(&mut self.text, behind);
                column = behind;
                shape.lines += 1;
            } else if index > 0 {
                self.text.push_str(", ");
                column += 1;
            }
            self.text.push_str(argument);
            column += wide;
            shape.fits &= column <= columns;
        }
        self.text.push(')');
        self.text.push_str(tail);
        self.text.push('\n');
        shape
    }
}

/// Columns of one line, or of a part of one, which has tabs at its start only.
fn width(line: &str) -> usize {
    let text = line.trim_start_matches('\t');
    let columns = if text.is_ascii() { text.len() } else { text.chars().count() };
    (line.len() - text.len()) * TAB + columns
}

/// What stands between the type of a function, if it has one, and its name.
fn gap_behind(return_type: &str) -> &'static str {
    if return_type.is_empty() || return_type.ends_with('*') { "" } else { " " }
}

/// White space from the start of a line up to `column`, tabs first.
fn push_space_to(text: &mut String, column: usize) {
    (0..column / TAB).for_each(|_| text.push('\t'));
    push_spaces(text, column % TAB);
}

/// So many spaces.
pub(super) fn push_spaces(text: &mut String, mut count: usize) {
    const SPACES: &str = "                                ";
    while count > 0 {
        let some = count.min(SPACES.len());
        text.push_str(&SPACES[..some]);
        count -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::written;

    #[test]
    fn aligns_arguments_behind_the_bracket() {
        let long = "b".repeat(60);
        assert_eq!(written(0, |out| out.call(&["f"], &["a", "b"], ";")), "f(a, b);\n");
        let call = written(0, |out| out.call(&["function"], &[&long, "c", "d"], ";"));
        assert_eq!(call, format!("function({long}, c, d);\n"));
        let wrapped = written(0, |out| out.call(&["function"], &["a", &long, "ccccccc"], ";"));
        assert_eq!(wrapped, format!("function(a, {long},\n\t ccccccc);\n"));
        let name = "f".repeat(30);
        let far = written(1, |out| out.call(&[&name], &[&long], ""));
        assert_eq!(far, format!("\t{name}(\n\t\t{long})\n"));
    }

    #[test]
    fn breaks_within_what_no_way_fits() {
        let (name, ty) = ("f".repeat(50), "t".repeat(80));
        let parameter = format!("struct {ty} *p");
        let call = written(0, |out| out.call(&[&name], &[&parameter], ";"));
        assert_eq!(call, format!("{name}(\n\tstruct {ty}\n\t\t*p);\n"));
        let mut out = Out::default();
        out.continued(|out| out.call(&[&name], &[&parameter], ";"));
        assert_eq!(out.finish(), format!("{name}({parameter});\n"));
        // Only the name is too long.
        let (name, parameter) = ("f".repeat(LINE), format!("struct {} *p", "t".repeat(LINE - TAB - 12)));
        let call = written(0, |out| out.call(&[&name], &[&parameter], ";"));
        assert_eq!(call, format!("{name}(\n\t{parameter});\n"));
        assert_eq!(width(call.lines().last().expect("a line")), LINE);
    }

    #[test]
    fn puts_the_return_type_apart_only_if_it_must() {
        let name = "n".repeat(50);
        assert_eq!(written(0, |out| out.signature("int *", &["f"], &["void"])), "int *f(void)\n");
        let declared = written(0, |out| out.signature("static long", &[&name], &["void *context"]));
        assert_eq!(declared.lines().count(), 1);
        let wide = format!("struct {} *p", "w".repeat(20));
        let apart = written(0, |out| out.signature("static long", &[&name], &[&wide]));
        assert_eq!(apart.lines().next(), Some("static long"));
        let mut out = Out::default();
        out.macro_definition("M", |out| out.signature("static long", &[&name], &[&wide]));
        assert_eq!(out.finish().lines().last().map(str::to_owned), Some(format!("\t\t{wide})")));
    }

    #[test]
    fn puts_backslashes_in_one_column() {
        let mut out = Out::default();
        out.macro_definition("DEFINE_IT", |out| out.lines(["int a;", "", "long b"]));
        assert_eq!(out.finish(), "#define DEFINE_IT \\\n\tint a;    \\\n                  \\\n\tlong b\n");
    }

    #[test]
    fn columns_are_those_of_characters_and_tabs() {
        assert_eq!([width(""), width("abc"), width("\t\ta"), width("\té 漢")], [0, 3, 17, 11]);
    }

    #[test]
    fn a_line_has_room_for_what_fills_it() {
        let out = Out { indent: 1, ..Out::default() };
        assert!(out.fits(&"a".repeat(LINE - TAB)) && !out.fits(&"a".repeat(LINE - TAB + 1)));
    }

    #[test]
    fn leaves_one_blank_line() {
        let mut out = Out::default();
        out.blank();
        out.line("a");
        out.blank();
        out.blank();
        out.line("b");
        assert_eq!(out.finish(), "a\n\nb\n");
    }
}

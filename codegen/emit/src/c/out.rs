//! C text under construction, broken into lines as the kernel's `.clang-format` breaks them: tabs of 8 columns, lines of
//! 80, arguments aligned behind their opening bracket, backslashes of a macro in one column as far left as possible.

use crate::lines::{Language, Lines};

/// Columns that a tab spans.
const TAB: usize = 8;

/// Columns of a line.
pub(super) const LINE: usize = 80;

/// Columns of a line of a macro, which a backslash follows.
pub(super) const MACRO_LINE: usize = LINE - 2;

/// C, as far as lines are concerned.
pub(super) struct C;

impl Language for C {
    const INDENT: &'static str = "\t";
}

/// Lines of C, with blank lines between sections.
pub(super) type Out = Lines<C>;

impl Out {
    /// Lines at the current indentation.
    pub(super) fn lines<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = T>) {
        for line in lines {
            self.line(line.as_ref());
        }
    }

    /// `head(arguments)tail` at the current indentation, in as few lines as hold it.
    pub(super) fn call(&mut self, head: &str, arguments: &[&str], tail: &str) {
        if self.indent * TAB + width_together(head, arguments, tail) <= LINE {
            self.text.extend(std::iter::repeat_n('\t', self.indent));
            push_together(&mut self.text, head, arguments, tail);
            self.text.push('\n');
            return;
        }
        let head = format!("{}{head}", "\t".repeat(self.indent));
        for line in call(LINE, &head, arguments, tail) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// The first lines of a function, as [`signature`] breaks them.
    pub(super) fn signature(&mut self, return_type: &str, name: &str, parameters: &[&str]) {
        let gap = gap_behind(return_type);
        let width = self.indent * TAB + width(return_type) + gap.len() + width_together(name, parameters, "");
        if width > LINE {
            return self.lines(signature(return_type, name, parameters));
        }
        self.text.extend(std::iter::repeat_n('\t', self.indent));
        self.text.push_str(return_type);
        self.text.push_str(gap);
        push_together(&mut self.text, name, parameters, "");
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
        self.indent * TAB + width(text) <= LINE
    }

    /// Writes what `write` does as a line at the current indentation, if it fits; nothing, and says so, if not.
    pub(super) fn line_if_it_fits(&mut self, write: impl FnOnce(&mut String)) -> bool {
        let start = self.text.len();
        self.text.extend(std::iter::repeat_n('\t', self.indent));
        write(&mut self.text);
        let fits = width(&self.text[start..]) <= LINE;
        if fits {
            self.text.push('\n');
        } else {
            self.text.truncate(start);
        }
        fits
    }

    /// Columns that are left at the current indentation.
    pub(super) fn room(&self) -> usize {
        LINE.saturating_sub(self.indent * TAB)
    }
}

/// Columns of one line, which may start with tabs.
fn width(line: &str) -> usize {
    // Without leaving the loop early, which lets the compiler look at many bytes at once.
    let is_printable = |line: &str| line.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte));
    if is_printable(line) {
        return line.len();
    }
    let text = line.trim_start_matches('\t');
    let indented = (line.len() - text.len()) * TAB;
    if is_printable(text) {
        return indented + text.len();
    }
    text.chars().fold(indented, |column, c| if c == '\t' { (column / TAB + 1) * TAB } else { column + 1 })
}

/// Columns of `head(a, b)tail` on one line.
fn width_together(head: &str, arguments: &[&str], tail: &str) -> usize {
    let gaps = 2 * arguments.len().saturating_sub(1);
    width(head) + "()".len() + arguments.iter().map(|argument| width(argument)).sum::<usize>() + gaps + width(tail)
}

/// `head(a, b)tail`.
fn push_together(text: &mut String, head: &str, arguments: &[&str], tail: &str) {
    text.push_str(head);
    text.push('(');
    for (index, argument) in arguments.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        text.push_str(argument);
    }
    text.push(')');
    text.push_str(tail);
}

/// `head(a, b)tail` on one line, if so many columns hold it.
fn together(columns: usize, head: &str, arguments: &[&str], tail: &str) -> Option<String> {
    let width = width_together(head, arguments, tail);
    (width <= columns).then(|| {
        let mut line = String::with_capacity(width);
        push_together(&mut line, head, arguments, tail);
        line
    })
}

/// White space up to `column`, tabs first.
fn space_to(column: usize) -> String {
    let mut space = "\t".repeat(column / TAB);
    push_spaces(&mut space, column % TAB);
    space
}

/// `head(a, b)tail` in as few lines as hold it: each further one aligned behind the bracket or, if that is too far to the
/// right, all arguments on lines of their own, one tab deeper. `head` starts with the tabs that it is indented by.
pub(super) fn call(columns: usize, head: &str, arguments: &[&str], tail: &str) -> Vec<String> {
    if let Some(line) = together(columns, head, arguments, tail) {
        return vec![line];
    }
    let (open, close) = ([head, "("].concat(), [")", tail].concat());
    let aligned = fill(columns, &open, &space_to(width(&open)), arguments, &close);
    if fits(columns, &aligned) || arguments.is_empty() {
        return aligned;
    }
    let indent = "\t".repeat(head.chars().take_while(|&c| c == '\t').count() + 1);
    let mut broken = vec![open];
    broken.extend(fill(columns, &indent, &indent, arguments, &close));
    if fits(columns, &broken) {
        return broken;
    }
    // No way fits. In a macro the bracket stays where it is; elsewhere a declaration is broken within.
    if columns == MACRO_LINE {
        aligned
    } else {
        broken.iter().flat_map(|line| split_at_last_word(&indent, line)).collect()
    }
}

fn split_at_last_word(indent: &str, line: &str) -> Vec<String> {
    match line.rsplit_once(' ') {
        Some((first, last)) if width(line) > LINE => vec![first.to_owned(), format!("{indent}\t{last}")],
        _ => vec![line.to_owned()],
    }
}

/// Arguments one after another; `start` begins the first line, `indent` each further one.
fn fill(columns: usize, start: &str, indent: &str, arguments: &[&str], close: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = start.to_owned();
    let mut column = width(start);
    for (index, argument) in arguments.iter().enumerate() {
        let end = if index + 1 == arguments.len() { close } else { "," };
        let gap = if index == 0 { "" } else { " " };
        let wide = width(argument) + width(end);
        if index > 0 && column + gap.len() + wide > columns {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
            column = width(indent);
        } else {
            line.push_str(gap);
            column += gap.len();
        }
        line.push_str(argument);
        line.push_str(end);
        column += wide;
    }
    lines.push(line);
    lines
}

fn fits(columns: usize, lines: &[String]) -> bool {
    lines.iter().all(|line| width(line) <= columns)
}

/// The first lines of a function: on as many as parameters need behind the bracket or, if the name leaves no room for
/// that, or one line would do without it, with the return type on a line of its own.
pub(super) fn signature(return_type: &str, name: &str, parameters: &[&str]) -> Vec<String> {
    let declared = declared(return_type, name);
    if let Some(line) = together(LINE, &declared, parameters, "") {
        return vec![line];
    }
    let open = [&declared, "("].concat();
    let aligned = fill(LINE, &open, &space_to(width(&open)), parameters, ")");
    if aligned.len() <= 2 && fits(LINE, &aligned) {
        return aligned;
    }
    let mut apart = vec![return_type.to_owned()];
    apart.extend(call(LINE, name, parameters, ""));
    let shorter = aligned.len() > apart.len() && apart.len() == 2;
    if fits(LINE, &aligned) && !shorter { aligned } else { apart }
}

/// Like [`signature`], one tab deep in a macro, where clang-format takes a definition for a call.
pub(super) fn macro_signature(return_type: &str, name: &str, parameters: &[&str]) -> Vec<String> {
    let together = call(MACRO_LINE, &["\t", &declared(return_type, name)].concat(), parameters, "");
    if fits(MACRO_LINE, &together) {
        return together;
    }
    let mut apart = vec![format!("\t{return_type}")];
    apart.extend(call(MACRO_LINE, &format!("\t{name}"), parameters, ""));
    apart
}

fn declared(return_type: &str, name: &str) -> String {
    [return_type, gap_behind(return_type), name].concat()
}

/// What stands between the type of a function and its name.
fn gap_behind(return_type: &str) -> &'static str {
    if return_type.ends_with('*') { "" } else { " " }
}

/// `#define NAME value`, on two lines if one does not hold it.
pub(super) fn define(name: &str, value: &str) -> Vec<String> {
    let line = format!("#define {name} {value}");
    if width(&line) <= LINE { vec![line] } else { vec![format!("#define {name} \\"), format!("\t{value}")] }
}

/// `#define NAME` and the lines of its body, already indented.
pub(super) fn macro_definition(head: &str, body: Vec<String>) -> Vec<String> {
    let mut lines = Vec::with_capacity(1 + body.len());
    lines.push(["#define ", head].concat());
    lines.extend(body);
    continued(lines)
}

/// Lines that the preprocessor joins, with the backslashes in one column as far left as possible.
pub(super) fn continued(mut lines: Vec<String>) -> Vec<String> {
    if let Some((_, continued)) = lines.split_last_mut() {
        let column = continued.iter().map(|line| width(line)).max().map_or(0, |longest| longest + 1);
        for line in continued {
            push_spaces(line, column - width(line));
            line.push('\\');
        }
    }
    lines
}

fn push_spaces(text: &mut String, mut count: usize) {
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

    #[test]
    fn aligns_arguments_behind_the_bracket() {
        let long = "b".repeat(60);
        assert_eq!(call(LINE, "f", &["a", "b"], ";"), ["f(a, b);"]);
        assert_eq!(call(LINE, "function", &[&long, "c", "d"], ";"), [format!("function({long}, c, d);")]);
        let wrapped = call(LINE, "function", &["a", &long, "ccccccc"], ";");
        assert_eq!(wrapped, [format!("function(a, {long},"), "\t ccccccc);".to_owned()]);
        let far = call(LINE, &format!("\t{}", "f".repeat(30)), &[&long], "");
        assert_eq!(far, [format!("\t{}(", "f".repeat(30)), format!("\t\t{long})")]);
    }

    #[test]
    fn puts_the_return_type_apart_only_if_it_must() {
        let name = "n".repeat(50);
        assert_eq!(signature("int *", "f", &["void"]), ["int *f(void)"]);
        assert_eq!(signature("static long", &name, &["void *context"]).len(), 1);
        let wide = format!("struct {} *p", "w".repeat(20));
        assert_eq!(signature("static long", &name, &[&wide])[0], "static long");
        assert_eq!(macro_signature("static long", &name, &[&wide])[1], format!("\t\t{wide})"));
    }

    #[test]
    fn puts_backslashes_in_one_column() {
        let body = ["\tint a;".to_owned(), "\tlong b".to_owned()];
        assert_eq!(
            macro_definition("DEFINE_IT", body.to_vec()),
            ["#define DEFINE_IT \\", "\tint a;    \\", "\tlong b"]
        );
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

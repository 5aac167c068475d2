//! C text under construction, broken into lines as the kernel's `.clang-format` breaks them: tabs of 8 columns, lines of
//! 80, arguments aligned behind their opening bracket, backslashes of a macro in one column as far left as possible.

/// Columns that a tab spans.
const TAB: usize = 8;

/// Columns of a line.
const COLUMNS: usize = 80;

/// Lines of C, with blank lines between sections.
#[derive(Default)]
pub(super) struct Out {
    text: String,
    indent: usize,
}

impl Out {
    /// One line at the current indentation. Empty text makes an empty line.
    pub(super) fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.extend(std::iter::repeat_n('\t', self.indent));
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    /// Lines at the current indentation.
    pub(super) fn lines<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = T>) {
        for line in lines {
            self.line(line.as_ref());
        }
    }

    /// `head(arguments)tail` at the current indentation, in as few lines as hold it.
    pub(super) fn call(&mut self, head: &str, arguments: &[&str], tail: &str) {
        let head = format!("{}{head}", "\t".repeat(self.indent));
        for line in call(&head, arguments, tail) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// A blank line, unless one is there already or nothing is.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Text that has its own line ends and no indentation.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
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
        self.indent * TAB + width(text) <= COLUMNS
    }

    /// Columns that are left at the current indentation.
    pub(super) fn room(&self) -> usize {
        COLUMNS.saturating_sub(self.indent * TAB)
    }

    /// Everything written so far.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Columns of one line, which may start with tabs.
fn width(line: &str) -> usize {
    line.chars().fold(0, |column, c| if c == '\t' { (column / TAB + 1) * TAB } else { column + 1 })
}

/// White space up to `column`, tabs first.
fn space_to(column: usize) -> String {
    format!("{}{}", "\t".repeat(column / TAB), " ".repeat(column % TAB))
}

/// `head(a, b)tail` in as few lines as hold it, each further one aligned behind the bracket. `head` starts with the tabs
/// that it is indented by.
pub(super) fn call(head: &str, arguments: &[&str], tail: &str) -> Vec<String> {
    let open = format!("{head}(");
    let align = space_to(width(&open));
    let mut lines = Vec::new();
    let mut line = open;
    for (index, argument) in arguments.iter().enumerate() {
        let last = index + 1 == arguments.len();
        let end = if last { format!("){tail}") } else { ",".to_owned() };
        let gap = if index == 0 { "" } else { " " };
        if index > 0 && width(&line) + gap.len() + width(argument) + width(&end) > COLUMNS {
            lines.push(std::mem::replace(&mut line, align.clone()));
            line.push_str(argument);
        } else {
            line.push_str(gap);
            line.push_str(argument);
        }
        line.push_str(&end);
    }
    lines.push(line);
    lines
}

/// The first lines of a function: on one line if it fits, then with a line for each group of parameters, then with the
/// return type on a line of its own.
pub(super) fn signature(indent: &str, return_type: &str, name: &str, parameters: &[&str]) -> Vec<String> {
    let gap = if return_type.ends_with('*') { "" } else { " " };
    let together = call(&format!("{indent}{return_type}{gap}{name}"), parameters, "");
    if together.iter().all(|line| width(line) <= COLUMNS) {
        return together;
    }
    let mut apart = vec![format!("{indent}{return_type}")];
    apart.extend(call(&format!("{indent}{name}"), parameters, ""));
    apart
}

/// `#define NAME` and the lines of its body, already indented, with the backslashes in one column.
pub(super) fn macro_definition(head: &str, body: &[String]) -> Vec<String> {
    let first = format!("#define {head}");
    let all: Vec<&str> = std::iter::once(first.as_str()).chain(body.iter().map(String::as_str)).collect();
    let (last, continued) = all.split_last().expect("the head is there");
    let column = continued.iter().map(|line| width(line)).max().map_or(0, |longest| longest + 1);
    let mut lines: Vec<String> = continued
        .iter()
        .map(|line| {
            let fill = " ".repeat(column - width(line));
            format!("{line}{fill}\\")
        })
        .collect();
    lines.push((*last).to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_arguments_behind_the_bracket() {
        let long = "b".repeat(60);
        assert_eq!(call("f", &["a", "b"], ";"), ["f(a, b);"]);
        assert_eq!(call("function", &[&long, "c", "d"], ";"), [format!("function({long}, c, d);")]);
        assert_eq!(call("function", &["a", &long, "ccccccc"], ";"), [format!("function(a, {long},"), "\t ccccccc);".into()]);
    }

    #[test]
    fn puts_the_return_type_apart_only_if_it_must() {
        let name = "n".repeat(50);
        assert_eq!(signature("", "int *", "f", &["void"]), ["int *f(void)"]);
        assert_eq!(signature("", "static long", &name, &["void *context"]).len(), 1);
        let wide = format!("struct {} *p", "w".repeat(20));
        assert_eq!(signature("", "static long", &name, &[&wide, "int i"])[0], "static long");
    }

    #[test]
    fn puts_backslashes_in_one_column() {
        let body = ["\tint a;".to_owned(), "\tlong b".to_owned()];
        assert_eq!(macro_definition("DEFINE_IT", &body), ["#define DEFINE_IT \\", "\tint a;    \\", "\tlong b"]);
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

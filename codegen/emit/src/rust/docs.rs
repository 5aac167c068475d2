//! Documentation and names from the spec, as Rust text that they cannot break out of.

use bpf_layout_spec::source::is_deceptive;

use super::out::Out;

/// Doc comments: those of the spec, or `otherwise` where it has none.
pub(super) fn write(out: &mut Out, doc: Option<&str>, otherwise: Option<&str>) {
    match doc.filter(|doc| !doc.trim().is_empty()) {
        Some(doc) => lines(doc).iter().for_each(|line| comment(out, line)),
        None => otherwise.into_iter().for_each(|line| comment(out, line)),
    }
}

fn comment(out: &mut Out, line: &str) {
    if line.is_empty() { out.line("///") } else { out.parts(&["/// ", line]) }
}

/// The lines of a documentation, harmless in a `///` comment and to rustdoc.
///
/// Code blocks become `text`: rustdoc would otherwise compile and run them as tests of the user's crate, and take
/// indented lines for code blocks too. Brackets outside of code are escaped: they would be links that lead nowhere.
fn lines(doc: &str) -> Vec<String> {
    let mut fence: Option<&str> = None;
    let mut lines: Vec<String> = Vec::new();
    for line in doc.replace("\r\n", "\n").trim_end().split(['\n', '\r']).map(str::trim_end) {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        let line = match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                format!("{mark}text")
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                mark.to_owned()
            }
            (Some(_), _) => visible(line),
            (None, None) => escape(start),
        };
        if !(line.is_empty() && lines.last().is_none_or(String::is_empty)) {
            lines.push(line);
        }
    }
    lines.extend(fence.map(str::to_owned));
    lines
}

/// Markdown in which brackets outside of `code` are plain text.
fn escape(line: &str) -> String {
    let mut in_code = false;
    let mut escaped = String::with_capacity(line.len());
    let backticks = line.matches('`').count();
    for c in visible(line).chars() {
        in_code ^= c == '`' && backticks.is_multiple_of(2);
        if !in_code && matches!(c, '[' | ']' | '<' | '>') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Without what does not show: rustc refuses carriage returns and changes of writing direction in comments.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if is_deceptive(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// Text for a comment of one line.
pub(super) fn one_line(text: &str) -> String {
    visible(text)
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    // Names mostly are, and need not be looked at letter by letter.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return ["\"", text, "\""].concat();
    }
    format!("\"{}\"", text.escape_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_code_are_no_tests_and_brackets_no_links() {
        let doc = "See [COMM] <b>, `a[1]`.\n\n\n```\npanic!()\n```\n      let x = 1;\r\nend  \n";
        let expected = ["See \\[COMM\\] \\<b\\>, `a[1]`.", "", "```text", "panic!()", "```", "let x = 1;", "end"];
        assert_eq!(lines(doc), expected);
    }

    #[test]
    fn literals_are_escaped() {
        assert_eq!(literal("exec_event"), "\"exec_event\"");
        assert_eq!(literal("a\"b\\\n"), "\"a\\\"b\\\\\\n\"");
    }

    #[test]
    fn code_ends_where_it_ends() {
        assert_eq!(lines("```\na[1]\n~~~\nb[1]\n```\nc[1]"), ["```text", "a[1]", "~~~", "b[1]", "```", "c\\[1\\]"]);
        assert_eq!(lines("`a[1]` b[1] `c[1]` d[1]"), ["`a[1]` b\\[1\\] `c[1]` d\\[1\\]"]);
    }

    #[test]
    fn open_fences_are_closed_and_the_invisible_is_shown() {
        assert_eq!(lines("~~~rust\nx"), ["~~~text", "x", "~~~"]);
        assert_eq!(lines("a\u{202e}b\u{0}c"), ["a\u{fffd}b\u{fffd}c"]);
    }
}

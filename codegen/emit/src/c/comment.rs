//! Documentation of the spec as C comments that it cannot break out of.

use bpf_layout_spec::source::is_deceptive;

/// Shortest line that text is wrapped to, however deep it stands.
const NARROWEST: usize = 32;

/// Lines of a comment in the kernel's style that fit into `room` columns: one line if the text has one, a block if not.
pub(super) fn comment(text: &str, room: usize) -> Vec<String> {
    let text = escape(text);
    let short = format!("/* {} */", text.trim());
    if !text.trim().contains('\n') && short.chars().count() <= room {
        return vec![short];
    }
    let mut lines = vec!["/*".to_owned()];
    for paragraph_line in text.trim_end().lines() {
        for line in wrap(paragraph_line, room.saturating_sub(" * ".len()).max(NARROWEST)) {
            lines.push(format!(" * {line}").trim_end().to_owned());
        }
    }
    lines.push(" */".to_owned());
    lines
}

/// One line for the end of a line of code, on which nothing may follow.
pub(super) fn inline(text: &str) -> String {
    format!("/* {} */", escape(text).replace('\n', " "))
}

/// Takes away whatever could end the comment, start another, or show something else than what is there.
///
/// `??/` is a backslash where a compiler knows trigraphs, and compilers warn where one joins two lines. Characters that change the direction of text hide code from
/// reviewers (CVE-2021-42574), and gcc warns about them.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' => safe.push('\n'),
            '\t' => safe.push(' '),
            '/' if safe.ends_with('*') => safe.push_str(" /"),
            '*' if safe.ends_with('/') => safe.push_str(" *"),
            '/' if safe.ends_with("??") => safe.push_str(" /"),
            _ if is_invisible(c) => safe.extend(c.escape_unicode()),
            _ => safe.push(c),
        }
    }
    safe
}

/// What deceives, and what joins or parts words without being seen.
fn is_invisible(c: char) -> bool {
    is_deceptive(c) || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `line` in pieces of at most `columns`, broken at spaces; a longer word stays whole.
fn wrap(line: &str, columns: usize) -> Vec<String> {
    if line.chars().count() <= columns {
        return vec![line.to_owned()];
    }
    let mut lines = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > columns {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(comment("What was done.", 80), ["/* What was done. */"]);
        assert_eq!(comment("  What was done.\n", 80), ["/* What was done. */"]);
    }

    #[test]
    fn longer_text_becomes_a_block() {
        assert_eq!(comment("a\n\nb", 80), ["/*", " * a", " *", " * b", " */"]);
        let words = "word ".repeat(30);
        let lines = comment(&words, 72);
        assert!(lines.iter().all(|line| line.len() <= 72), "{lines:?}");
        assert_eq!(lines.join(" ").matches("word").count(), 30);
    }

    #[test]
    fn nothing_ends_the_comment_early() {
        for hostile in
            ["*/ int x;", "**//", "*\u{200b}/ x", "/*/ x", "a *??/\n/ b", "*\\\n/ int y;", "x \\", "*/*/*/", "\r\n*/"]
        {
            for text in [comment(hostile, 80).join("\n"), inline(hostile)] {
                let body = text.strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/")).expect("a comment");
                let spliced = body.replace("??/", "\\").replace("\\\n", "");
                assert!(!spliced.contains("*/") && !spliced.contains("/*"), "{hostile:?} gave {text:?}");
            }
        }
    }

    #[test]
    fn shows_what_cannot_be_seen() {
        assert_eq!(comment("a\u{202e}b\0c", 80), ["/* a\\u{202e}b\\u{0}c */"]);
        assert_eq!(comment("é 漢 ok", 80), ["/* é 漢 ok */"]);
    }
}

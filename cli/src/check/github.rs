//! What a check found, as annotations of GitHub Actions: one line each, at the line to change.

use bpf_layout_spec::source::is_deceptive;

use super::section::{At, Found, Note, Section, word};

pub(super) fn text(sections: &[Section]) -> String {
    let found = sections.iter().flat_map(|section| &section.found).map(annotation);
    found.chain(sections.iter().flat_map(|section| &section.notes).map(notice)).collect()
}

fn notice(note: &Note) -> String {
    let At { file, line, column } = &note.at;
    let (file, title) = (property(file), property(note.title));
    format!("::notice file={file},line={line},col={column},title={title}::{}\n", data(&note.message))
}

/// A workflow command: `::error file=F,line=L,col=C,title=T::MESSAGE`.
fn annotation(found: &Found) -> String {
    let command = word(found.severity);
    let at = found.at.as_ref().map(|at| format!("file={},line={},col={},", property(&at.file), at.line, at.column));
    let witness = found.witness.as_ref().map(|witness| format!(" ({witness})")).unwrap_or_default();
    let (at, title) = (at.unwrap_or_default(), property(found.code));
    format!("::{command} {at}title={title}::{}\n", data(&(found.message.clone() + &witness)))
}

/// Text that ends with the line. Whoever reads the log has a terminal or a browser.
fn data(text: &str) -> String {
    let shown = |c: char| if is_deceptive(c) && !matches!(c, '\r' | '\n') { '?' } else { c };
    let text: String = text.chars().map(shown).collect();
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text that ends with a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("100%\r\nof a:b,c"), "100%25%0D%0Aof a:b,c");
        assert_eq!(data("a\u{1b}[2Jb\u{202e}"), "a?[2Jb?");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}

//! What could be smaller, for people.

use std::fmt::Write as _;

use bpf_layout_memory::{Report, advice::advise};
use bpf_layout_spec::Loaded;

use super::table::{BOLD, DIM};

/// Pieces of advice that a terminal shows; JSON and HTML have all.
const MOST: usize = 8;
/// Columns of a line, and of what stands before a sentence.
const COLUMNS: usize = 100;
const INDENT: usize = 2;

/// The advice that saves most; nothing if there is none.
pub(super) fn text(loaded: &Loaded, report: &Report) -> String {
    let model = &loaded.layouts.model;
    let advice: Vec<_> = advise(&loaded.layouts, report).into_iter().filter(|advice| advice.most() > 0).collect();
    if advice.is_empty() {
        return String::new();
    }
    let mut text = format!("{BOLD}advice{BOLD:#}, what saves most first\n");
    for advice in advice.iter().take(MOST) {
        let subject = advice.subject(model);
        let _ = writeln!(text, "{BOLD}{subject}{BOLD:#}  {}  {DIM}{}{DIM:#}", advice.saving(), advice.rule);
        text += &wrapped(&advice.text);
    }
    if let Some(more @ 1..) = advice.len().checked_sub(MOST) {
        let _ = writeln!(text, "{DIM}and {more} more, which `--format json` and `--format html` show{DIM:#}");
    }
    text
}

/// A sentence in lines, broken between words.
fn wrapped(sentence: &str) -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for word in sentence.split(' ') {
        if !line.is_empty() && INDENT + line.chars().count() + 1 + word.chars().count() > COLUMNS {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    let _ = writeln!(text, "{:INDENT$}{line}", "");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words() {
        let long = ["word"; 40].join(" ");
        let text = wrapped(&long);
        assert!(text.lines().all(|line| line.len() <= COLUMNS && line.starts_with("  word")), "{text}");
        assert_eq!(text.split_whitespace().count(), 40);
        assert_eq!(wrapped("one"), "  one\n");
        let unbroken = "x".repeat(200);
        assert_eq!(wrapped(&unbroken), format!("  {unbroken}\n"));
    }
}

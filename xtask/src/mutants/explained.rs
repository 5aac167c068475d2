//! `tests/mutants.txt`: mutants that no test can tell from what is written, each with the reason.
//!
//! ```text
//! spec/src/layout/place.rs: replace > with >= in Cursor::push_gap
//! | if end > self.bit {
//! Why both are the same.
//! ```
//!
//! An empty line ends an entry. It explains one mutant; of two that read alike, each has its own. The second line is the
//! line of the source, so that an entry ends with the code that it speaks of, and a number that moves is no part of it.

use std::{fs, path::Path};

/// A change that cargo-mutants has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// The source, from the root of the workspace.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// What was changed, and in which function.
    pub(crate) what: String,
}

impl Mutant {
    /// `spec/src/layout/place.rs:41:9: replace …`, as cargo-mutants writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (place, what) = text.split_once(": ")?;
        let mut place = place.split(':');
        let (file, line) = (place.next()?, place.next()?.parse().ok()?);
        Some(Mutant { file: file.to_owned(), line, what: what.trim_end().to_owned() })
    }

    /// The line of the source that it changes, as it is before.
    pub(crate) fn source(&self, root: &Path) -> String {
        let text = fs::read_to_string(root.join(&self.file)).unwrap_or_default();
        text.lines().nth(self.line.saturating_sub(1)).unwrap_or_default().trim().to_owned()
    }
}

/// An entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) file: String,
    pub(crate) what: String,
    /// The line of the source, without the spaces around it.
    pub(crate) source: String,
}

impl Explained {
    pub(crate) fn is_of(&self, mutant: &Mutant, root: &Path) -> bool {
        self.file == mutant.file && self.what == mutant.what && self.source == mutant.source(root)
    }
}

/// Reads the file.
///
/// # Errors
/// If an entry lacks a part.
pub(crate) fn parse(text: &str) -> Result<Vec<Explained>, String> {
    let mut entries = Vec::new();
    for block in text.split("\n\n") {
        let lines: Vec<&str> = block.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
        let entry = match lines[..] {
            [] => continue,
            [mutant, source, _, ..] => mutant.split_once(": ").zip(source.strip_prefix("| ")),
            _ => None,
        };
        let Some(((file, what), source)) = entry else {
            return Err(format!("an entry has a mutant, `| ` and its line, and a reason: {block:?}"));
        };
        entries.push(Explained { file: file.into(), what: what.trim_end().into(), source: source.trim().into() });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_are_read_as_they_are_written() {
        let mutant = Mutant::parse("spec/src/expr.rs:41:9: replace Node::names with ()\n").expect("one");
        assert_eq!(
            (&*mutant.file, mutant.line, &*mutant.what),
            ("spec/src/expr.rs", 41, "replace Node::names with ()")
        );
        assert_eq!(Mutant::parse("nothing"), None);
    }

    #[test]
    fn an_entry_is_of_the_mutant_of_its_line() {
        let root = tempdir("explained");
        fs::write(root.join("a.rs"), "fn f() {\n    if a > b {\n").expect("writable");
        let entries =
            parse("# Words.\n\na.rs: replace > with >= in f\n| if a > b {\nThey are never equal.\n").expect("one");
        let mutant = |line, what: &str| Mutant { file: "a.rs".into(), line, what: what.into() };
        assert!(entries[0].is_of(&mutant(2, "replace > with >= in f"), &root));
        assert!(!entries[0].is_of(&mutant(1, "replace > with >= in f"), &root));
        assert!(!entries[0].is_of(&mutant(2, "replace > with == in f"), &root));
        assert!(parse("a.rs: replace\n| if\n").is_err_and(|error| error.contains("reason")));
        fs::remove_dir_all(root).expect("its own");
    }

    fn tempdir(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("bpf-layout-xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        folder
    }

    #[test]
    fn every_entry_is_of_a_line_that_is_there() {
        let root = crate::root();
        let text = fs::read_to_string(root.join(super::super::EXPLAINED)).expect("the file is there");
        for entry in parse(&text).expect("it can be read") {
            let source = fs::read_to_string(root.join(&entry.file)).expect(&entry.file);
            assert!(source.lines().any(|line| line.trim() == entry.source), "{entry:?}");
        }
    }
}

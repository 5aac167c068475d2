//! Text under construction, line by line. How lines of C and of Rust are broken is the matter of either.

use std::fmt::{self, Write as _};

/// A language, as far as lines are concerned.
pub(crate) trait Language: Default {
    /// What a line has before it for each level of indentation.
    const INDENT: &'static str;
}

/// Lines of a language.
#[derive(Default)]
pub(crate) struct Lines<L> {
    pub(crate) text: String,
    /// Levels of indentation.
    pub(crate) indent: usize,
    pub(crate) language: L,
}

impl<L: Language> Lines<L> {
    /// One line at the current indentation. Empty text makes an empty line.
    pub(crate) fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.begin_line();
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    /// One line at the current indentation of parts, for what is written many times: [`write`](Self::write) takes longer.
    pub(crate) fn parts(&mut self, parts: &[&str]) {
        self.line_with(|line| parts.iter().for_each(|part| line.push_str(part)));
    }

    /// One line at the current indentation, of what `write` adds to the text.
    pub(crate) fn line_with(&mut self, write: impl FnOnce(&mut String)) {
        self.begin_line();
        write(&mut self.text);
        self.text.push('\n');
    }

    /// One line at the current indentation, written in place: [`line`](Self::line) of what `format!` would make.
    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) {
        self.line_with(|line| line.write_fmt(text).expect("a String takes any text"));
    }

    /// The indentation of a line.
    pub(crate) fn begin_line(&mut self) {
        (0..self.indent).for_each(|_| self.text.push_str(L::INDENT));
    }

    /// Text that has its own line ends and indentation.
    pub(crate) fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Everything written so far.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

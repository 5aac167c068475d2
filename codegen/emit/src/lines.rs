//! Text under construction, line by line. How lines of C and of Rust are broken is the matter of either.

use std::{
    fmt::{self, Write as _},
    marker::PhantomData,
};

/// A language, as far as lines are concerned.
pub(crate) trait Language {
    /// What a line has before it for each level of indentation.
    const INDENT: &'static str;
}

/// Lines of a language.
pub(crate) struct Lines<L> {
    pub(crate) text: String,
    /// Levels of indentation.
    pub(crate) indent: usize,
    language: PhantomData<L>,
}

impl<L> Default for Lines<L> {
    fn default() -> Self {
        Lines { text: String::new(), indent: 0, language: PhantomData }
    }
}

impl<L: Language> Lines<L> {
    /// One line at the current indentation. Empty text makes an empty line.
    pub(crate) fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.extend(std::iter::repeat_n(L::INDENT, self.indent));
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    /// One line at the current indentation, written in place: [`line`](Self::line) of what `format!` would make.
    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) {
        self.text.extend(std::iter::repeat_n(L::INDENT, self.indent));
        // A string takes whatever is written.
        let _ = self.text.write_fmt(text);
        self.text.push('\n');
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

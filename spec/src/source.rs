//! Files as they were read, and places in them.
//!
//! Every name and value of a spec keeps the [`Span`] it was written at, so that anything said about it later can point
//! there. A spec may include others, so a span says which file it is in.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// One file of a [`Sources`], by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in one file. `start..end` are byte offsets; an empty range points between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file it lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The part of this span from `start` to `end`, both counted from this span's own start.
    ///
    /// Used for errors inside a string such as `"u8[LEN"`: the caller has added one for the opening quote.
    #[must_use]
    pub fn slice(self, start: usize, end: usize) -> Self {
        let at = |offset: usize| self.start.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX)).min(self.end);
        Span { file: self.file, start: at(start), end: at(end) }
    }
}

/// One file that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as it is shown to people: as it was given, or relative to the including file's folder.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
    /// The first byte of each line, once somebody has asked for a line.
    line_starts: OnceLock<Vec<usize>>,
}

impl Source {
    fn new(path: PathBuf, text: String) -> Self {
        Source { path, text, line_starts: OnceLock::new() }
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            [0].into_iter().chain(newlines.map(|(at, _)| at + 1)).collect()
        })
    }
}

/// A place as editors count it: both from one, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Whether a character is not seen and still changes what is: a control character, which a terminal may take for a command,
/// a separator of lines, or one that turns the direction of text and so hides code from reviewers (CVE-2021-42574; Unicode
/// Standard Annex 9, 2: explicit directional formatting characters).
///
/// Whatever shows people text that someone else has written, replaces these.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// All files of one spec: the file asked for is the first, files it includes follow in the order they were met.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its id.
    ///
    /// # Panics
    /// With over four billion files.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(Source::new(path.into(), text.into()));
        id
    }

    /// Gives a file its text, once nothing borrows that any more.
    pub(crate) fn set_text(&mut self, id: FileId, text: String) {
        let file = &mut self.files[id.0 as usize];
        *file = Source::new(std::mem::take(&mut file.path), text);
    }

    /// The file with this id.
    ///
    /// # Panics
    /// If the id came from another `Sources`.
    #[must_use]
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// Every file, the first being the one that was asked for. Build scripts tell cargo to watch these.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The paths of all files read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// The text that a span covers; empty if the span lies outside its file.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a span's first byte.
    #[must_use]
    pub fn line_column(&self, span: Span) -> LineColumn {
        let file = self.get(span.file);
        let mut end = (span.start as usize).min(file.text.len());
        while !file.text.is_char_boundary(end) {
            end -= 1;
        }
        let starts = file.line_starts();
        let line = starts.partition_point(|start| *start <= end);
        LineColumn { line, column: file.text[starts[line - 1]..end].chars().count() + 1 }
    }

    /// `path:line` of a span's first byte.
    #[must_use]
    pub fn line(&self, span: Span) -> String {
        format!("{}:{}", self.get(span.file).path.display(), self.line_column(span).line)
    }

    /// `path:line:column` of a span's first byte, as compilers print it.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let LineColumn { line, column } = self.line_column(span);
        format!("{}:{line}:{column}", self.get(span.file).path.display())
    }
}

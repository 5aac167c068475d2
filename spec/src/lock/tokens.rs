//! Lines and words of a lock, each with its place, and what is said of one that cannot be read.

use std::fmt;

use crate::source::{FileId, Span};

/// Why a lock cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where, in a [`Sources`](crate::source::Sources) of which the lock is the only file.
    pub span: Span,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What helps against nearly everything.
pub(super) const WRITE_AGAIN: &str = "write it again with `cargo bpf-layout lock`, and review the difference";

/// A word and where it begins, in bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Word<'_> {
    /// This word is not what stands here in a lock.
    pub(super) fn error(self, message: impl Into<String>) -> Error {
        error(self.start, self.start + self.text.len(), message.into(), WRITE_AGAIN)
    }

    /// A number in decimal, or behind `0x` in hexadecimal.
    pub(super) fn number<N: TryFrom<i128>>(self, what: &str) -> Result<N, Error> {
        let parsed = match self.text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok().map(i128::from),
            None => self.text.parse().ok(),
        };
        let number = parsed.and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| self.error(format!("expected {what}, found `{}`", self.text)))
    }

    /// The part from this byte on.
    pub(super) fn from(self, byte: usize) -> Self {
        Word { text: &self.text[byte..], start: self.start + byte }
    }

    /// The parts around a letter.
    pub(super) fn split_once(self, letter: char) -> Option<(Self, Self)> {
        let at = self.text.find(letter)?;
        Some((Word { text: &self.text[..at], start: self.start }, self.from(at + letter.len_utf8())))
    }
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// Whether it belongs to the line above that is not.
    pub(super) indented: bool,
    /// At least one.
    pub(super) words: Vec<Word<'a>>,
    /// One past its last letter.
    end: usize,
}

impl<'a> Line<'a> {
    pub(super) fn first(&self) -> Word<'a> {
        self.words[0]
    }

    /// The word with this index.
    pub(super) fn word(&self, index: usize, what: &str) -> Result<Word<'a>, Error> {
        let missing = || self.error(self.end, format!("expected {what} at the end of this line"));
        self.words.get(index).copied().ok_or_else(missing)
    }

    /// The second word, which must be the last.
    pub(super) fn value(&self, what: &str) -> Result<Word<'a>, Error> {
        self.ends_after(2)?;
        self.word(1, what)
    }

    /// Refuses words beyond so many.
    pub(super) fn ends_after(&self, words: usize) -> Result<(), Error> {
        match self.words.get(words) {
            Some(word) => Err(word.error(format!("expected the end of the line, found `{}`", word.text))),
            None => Ok(()),
        }
    }

    fn error(&self, from: usize, message: String) -> Error {
        error(from, self.end, message, WRITE_AGAIN)
    }
}

/// The lines of a lock.
///
/// # Errors
/// If somebody has yet to merge it.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, Error> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let content = whole.trim_end();
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| content.starts_with(mark)) {
            let help =
                "merge the spec, then write the lock again with `cargo bpf-layout lock`: either side of it will do";
            return Err(error(start, start + content.len(), "this is a merge conflict".to_owned(), help));
        }
        let words = words(content, start);
        if words.first().is_some_and(|first| !first.text.starts_with('#')) {
            let indented = content.starts_with([' ', '\t']);
            lines.push(Line { number: index + 1, indented, words, end: start + content.len() });
        }
        start += whole.len();
    }
    Ok(lines)
}

fn words(content: &str, start: usize) -> Vec<Word<'_>> {
    let offset = |word: &str| start + (word.as_ptr() as usize - content.as_ptr() as usize);
    content.split_ascii_whitespace().map(|text| Word { text, start: offset(text) }).collect()
}

pub(super) fn error(from: usize, to: usize, message: String, help: &'static str) -> Error {
    // It may quote the lock, which may be anything: what is not seen is written out.
    let mut shown = String::with_capacity(message.len());
    for letter in message.chars() {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    Error { span: Span { file: FileId(0), start: at(from), end: at(to) }, message: shown, help }
}

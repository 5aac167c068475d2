//! What things are called.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use crate::{source::Span, word::Word};

/// A name, and where it is defined. Fields that are called the same share what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    spellings: Arc<Spellings>,
    /// Where it is defined.
    pub span: Span,
}

/// A name in every language that it is written in. Most fields are called the same everywhere, and share one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spellings {
    /// As it stands in the spec: `exec`.
    pub spec: Word,
    /// In C: what the spec gives with `c`; otherwise `exec_event` for an event, and as in the spec for the rest, escaped
    /// if C or C++ reserves it.
    pub c: Word,
    /// In Rust: `ExecEvent` for a type, `exec` for a field, `r#type` where Rust reserves the word.
    pub rust: Word,
    /// In upper case, for C macros and constants: `EXEC_EVENT`.
    pub upper: Word,
}

impl Name {
    pub(crate) fn new(spellings: Spellings, span: Span) -> Self {
        Name { spellings: spellings.into(), span }
    }

    /// The same, defined elsewhere.
    pub(crate) fn at(&self, span: Span) -> Self {
        Name { span, ..self.clone() }
    }

    /// The same, but called otherwise in C.
    pub(crate) fn with_c(mut self, c: Word) -> Self {
        self.c = c;
        self
    }
}

impl Deref for Name {
    type Target = Spellings;

    fn deref(&self) -> &Spellings {
        &self.spellings
    }
}

/// What is changed is not shared any more.
impl DerefMut for Name {
    fn deref_mut(&mut self) -> &mut Spellings {
        Arc::make_mut(&mut self.spellings)
    }
}

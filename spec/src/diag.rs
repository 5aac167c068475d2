//! What can be wrong with a spec, as data: codes, labels, and the collector that every stage reports to.
//!
//! Nothing here prints. A stage records each problem and goes on, so that one run shows all of them; what a person sees
//! is made of this by a renderer (`bpf-layout-emit`).

use crate::source::Span;

/// Whether a problem stops generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Generation goes on.
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, $severity:ident, $summary:literal;)+) => {
        /// The stable name of one kind of problem. Each has a page `docs/diagnostics/<id>.md` and a folder of examples
        /// `tests/diagnostics/<id>/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The name people see and search for, such as `unknown-type`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Code::$variant => $id),+ }
            }

            /// Whether it stops generation.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity),+ }
            }

            /// What it is about, in one sentence.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary),+ }
            }
        }
    };
}

codes! {
    /// The file is not TOML.
    Syntax = "syntax", Error, "The file is not valid TOML.";
    /// A file could not be read.
    Unreadable = "unreadable", Error, "A spec or an included file cannot be read.";
    /// Includes form a circle.
    IncludeCycle = "include-cycle", Error, "A file includes itself, directly or through others.";
    /// `spec` is missing or names a version this release does not know.
    SpecVersion = "spec-version", Error, "The file does not say `spec = 1`, the version of the language it is written in.";
    /// A key that the language does not have.
    UnknownKey = "unknown-key", Error, "A table has a key that the language does not know.";
    /// A key that must be there is not.
    MissingKey = "missing-key", Error, "A key that must be given is missing.";
    /// A value of another TOML type than the key takes.
    WrongType = "wrong-type", Error, "A value has another TOML type than its key takes.";
    /// A value of the right TOML type that is not one of those allowed.
    InvalidValue = "invalid-value", Error, "A value is not one of those that its key takes.";
    /// A name that is no identifier.
    InvalidName = "invalid-name", Error, "A name is not an identifier in C and Rust.";
    /// A name that C, Rust or the generator needs for itself.
    ReservedName = "reserved-name", Error, "A name is taken by C, Rust or the generator and cannot be escaped.";
    /// Two definitions of one name.
    DuplicateName = "duplicate-name", Error, "Two things that share a namespace have the same name.";
    /// Two names that become one in C or Rust.
    ClashingName = "clashing-name", Error, "Two different names become the same one in C or in Rust.";
    /// A type name that nothing defines.
    UnknownType = "unknown-type", Error, "A type is not defined.";
    /// A type expression that does not parse.
    TypeSyntax = "type-syntax", Error, "A type is not written as the language asks.";
    /// A part of the language that this version cannot do yet.
    Unsupported = "unsupported", Error, "A part of the language is not implemented in this version.";
    /// A length, capacity, field, event, map or profile that nothing defines.
    UnknownName = "unknown-name", Error, "A length, capacity, field, event, map or profile is not defined.";
    /// A constant expression that does not parse.
    ExpressionSyntax = "expression-syntax", Error, "A constant expression is not written as the language asks.";
    /// Constants defined by one another.
    ExpressionCycle = "expression-cycle", Error, "A constant is defined by itself, directly or through others.";
    /// A constant expression whose value cannot be computed.
    Overflow = "overflow", Error, "A value is too large to compute, is negative, or divides by zero.";
    /// A length or capacity of zero.
    ZeroLength = "zero-length", Error, "A length, capacity or number of elements is zero.";
    /// A struct, union, enum or flags without members.
    EmptyType = "empty-type", Error, "A type has no members.";
    /// A type that contains itself.
    Recursion = "recursion", Error, "A type contains itself, directly or through others.";
    /// A type too large for BTF to describe.
    TooLarge = "too-large", Error, "A type is larger than BTF can describe, or than the kernel takes.";
    /// An enum or flags value outside its `repr`.
    ValueOutOfRange = "value-out-of-range", Error, "An enum or flags value does not fit its `repr`.";
    /// Two variants with one value.
    DuplicateValue = "duplicate-value", Error, "Two variants have the same value.";
    /// Something that must be a power of two is not.
    NotPowerOfTwo = "not-power-of-two", Error, "A number must be a power of two and is not.";
    /// A fixed offset or alignment that cannot hold.
    Placement = "placement", Error, "A fixed offset, alignment or packing cannot be met.";
    /// A bitfield wider than its type, or of a type that has no bits to share.
    Bitfield = "bitfield", Error, "A bitfield does not fit its type, or its type cannot be one.";
    /// A tag and the members it selects do not fit together.
    Tag = "tag", Error, "A tag and the union members or events that it selects do not fit together.";
    /// A type used where it cannot stand.
    MisplacedType = "misplaced-type", Error, "A type stands where it cannot: a kernel field outside a map value, say.";
    /// A map parameter that its type does not take, or lacks.
    MapParameter = "map-parameter", Error, "A map has a parameter that its type does not take, or lacks one that it needs.";
    /// A map flag that its type does not take.
    MapFlag = "map-flag", Error, "A map has a flag that its type does not take.";
    /// A key or value that the kernel refuses for this map type.
    MapLimit = "map-limit", Error, "A key, value or number of entries is beyond what the kernel takes for the map's type.";
    /// Profiles that cannot apply.
    Profile = "profile", Error, "A profile overrides or omits something that it cannot.";
    /// A version that is none, or one later than the spec's own.
    Version = "version", Error, "A `version` or `since` is not possible: it is below 1, or later than the spec's own version.";
    /// A removed name or value in use again.
    Reserved = "reserved", Error, "A name or value that is reserved, because it was removed, is in use again.";
    /// An `[[allow]]` that cannot be meant.
    Allow = "allow", Error, "An `[[allow]]` names no rule, nothing that the rule is about, or no reason.";
    /// An alias that nothing uses.
    Unused = "unused", Warning, "An alias is defined and used nowhere.";
}

/// A place and what to say there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is said under the underlined text; may be empty.
    pub text: String,
}

/// One problem: what is wrong, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// One sentence without a full stop, lower case at the start.
    pub message: String,
    /// The offending place; missing only where a problem has none, such as a file that cannot be read.
    pub primary: Option<Label>,
    /// Other places that belong to it ("first defined here").
    pub secondary: Vec<Label>,
    /// Facts that explain it, such as the kernel's rule and where it stands.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A problem at `span`; `label` is said under the underlined text.
    pub fn new(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        Diagnostic { primary: Some(Label { span, text: label.into() }), ..Self::without_place(code, message) }
    }

    /// A problem that no place in a file can be shown for.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: label.into() });
        self
    }

    /// Adds a fact that explains the problem.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// Collects the problems of a stage. Every rule takes `cx: &mut Diagnostics`, records what it finds and goes on; the
/// stage ends with one [`Diagnostics::into_result`].
#[derive(Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty collector.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Records what another collector has.
    pub(crate) fn append(&mut self, other: Diagnostics) {
        self.found.extend(other.found);
    }

    /// Whether anything recorded so far stops generation.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|found| found.code.severity() == Severity::Error)
    }

    /// What was recorded, in the order of the file, errors and warnings alike.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span));
        // What a profile says of a map is looked at for itself, and once more where the profile is applied.
        found.dedup_by(|later, first| {
            let place = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.span);
            later.code == first.code && later.message == first.message && place(later) == place(first)
        });
        found
    }

    /// The warnings, or everything if there is an error among it.
    ///
    /// # Errors
    /// All that was recorded, sorted, if any of it is an error.
    pub fn into_result(self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        if self.has_errors() { Err(self.into_sorted()) } else { Ok(self.into_sorted()) }
    }
}

//! Stage 1: a spec as it is written. Names are strings, types and expressions are still text, every leaf has its place.
//!
//! What a shape error was reported for is `None` here, or the item is not [`sound`](RecordDef::sound), so that later
//! stages do not report it a second time.

use std::ops::Range;

use crate::{
    model::OutsideKind,
    source::{FileId, Span},
};

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl At<&str> {
    /// The same, kept longer than the file is.
    pub(crate) fn owned(self) -> At<String> {
        At { value: self.value.to_owned(), span: self.span }
    }
}

/// A string of the spec that has a grammar of its own: an expression or a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) value: String,
    /// The whole TOML string, quotes included.
    pub(crate) span: Span,
    /// Bytes from the start of `span` to the first character of `value`; `None` if the string has escapes, so that
    /// places inside it cannot be told.
    pub(crate) inner: Option<u8>,
}

impl Text {
    /// The place of the bytes `at` of the value; the whole string if it has escapes.
    pub(crate) fn at(&self, at: Range<usize>) -> Span {
        match self.inner {
            Some(inner) => self.span.slice(usize::from(inner) + at.start, usize::from(inner) + at.end),
            None => self.span,
        }
    }
}

/// A number, or an expression that gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// A TOML integer.
    Integer(At<i128>),
    /// An expression in a string.
    Expr(Text),
}

impl Number {
    pub(crate) fn span(&self) -> Span {
        match self {
            Number::Integer(integer) => integer.span,
            Number::Expr(text) => text.span,
        }
    }
}

/// Everything that the files of one spec say. Included files come first; otherwise in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    /// `version`, of each file that has one.
    pub(crate) versions: Vec<At<i128>>,
    pub(crate) lengths: Vec<ConstantDef>,
    pub(crate) capacities: Vec<ConstantDef>,
    pub(crate) types: Vec<Definition>,
    pub(crate) maps: Vec<MapDef>,
    pub(crate) interns: Vec<InternDef>,
    pub(crate) budgets: Vec<BudgetDef>,
    pub(crate) groups: Vec<GroupDef>,
    pub(crate) outside: Vec<OutsideDef>,
    pub(crate) profiles: Vec<ProfileDef>,
    pub(crate) allow: Vec<AllowDef>,
}

/// One `[[allow]]`. What is missing has been reported.
#[derive(Clone, Debug)]
pub(crate) struct AllowDef {
    pub(crate) rule: Option<At<String>>,
    pub(crate) on: Option<At<String>>,
    pub(crate) reason: Option<At<String>>,
}

/// One line of `[lengths]` or `[capacities]`; in a profile, an override of one.
#[derive(Clone, Debug)]
pub(crate) struct ConstantDef {
    pub(crate) name: At<String>,
    pub(crate) value: Option<Number>,
}

/// What `[alias]`, `[enum.NAME]`, `[flags.NAME]`, `[struct.NAME]`, `[event.NAME]`, `[union.NAME]` and `[extern.NAME]`
/// define. They share one namespace.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    Alias(AliasDef),
    Enum(EnumDef),
    Flags(EnumDef),
    Record(RecordDef),
    Extern(ExternDef),
}

impl Definition {
    pub(crate) fn name(&self) -> &At<String> {
        match self {
            Definition::Alias(def) => &def.name,
            Definition::Enum(def) | Definition::Flags(def) => &def.name,
            Definition::Record(def) => &def.name,
            Definition::Extern(def) => &def.name,
        }
    }

    /// What it is called in messages.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Definition::Alias(_) => "alias",
            Definition::Enum(_) => "enum",
            Definition::Flags(_) => "flags",
            Definition::Record(def) => def.shape.what(),
            Definition::Extern(_) => "extern type",
        }
    }
}

/// `alias.NAME = "type"`.
#[derive(Clone, Debug)]
pub(crate) struct AliasDef {
    pub(crate) name: At<String>,
    pub(crate) ty: Option<Text>,
}

/// `[enum.NAME]` or `[flags.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct EnumDef {
    pub(crate) name: At<String>,
    /// `c`: how C names it.
    pub(crate) c: Option<At<String>>,
    pub(crate) doc: Option<String>,
    pub(crate) repr: Option<At<String>>,
    pub(crate) prefix: Option<At<String>>,
    pub(crate) variants: Option<Vec<VariantDef>>,
    pub(crate) reserved: Vec<Selector>,
}

/// `{ name = "open", value = 1 }`.
#[derive(Clone, Debug)]
pub(crate) struct VariantDef {
    pub(crate) name: Option<At<String>>,
    /// `c`: the constant in C.
    pub(crate) c: Option<At<String>>,
    pub(crate) value: Option<Number>,
    /// `same_as`: the variant that it is a second name of.
    pub(crate) same_as: Option<At<String>>,
    pub(crate) doc: Option<String>,
    pub(crate) since: Option<At<i128>>,
}

/// What kind of record a table defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Struct,
    Event,
    Union,
}

impl Shape {
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Shape::Struct => "struct",
            Shape::Event => "event",
            Shape::Union => "union",
        }
    }
}

/// `[struct.NAME]`, `[event.NAME]` or `[union.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct RecordDef {
    pub(crate) name: At<String>,
    /// `c`: how C names it.
    pub(crate) c: Option<At<String>>,
    pub(crate) shape: Shape,
    pub(crate) body: Body,
    /// `tag = { FIELD = value }`, of events.
    pub(crate) tag: Option<EventTagDef>,
    /// `rooms`, of events.
    pub(crate) rooms: Option<At<i128>>,
    /// Names of fields that were removed.
    pub(crate) reserved: Vec<At<String>>,
}

/// What named records and unnamed members have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) doc: Option<String>,
    pub(crate) packed: Option<At<u32>>,
    pub(crate) align: Option<At<i128>>,
    /// `None` if missing or not an array, which has been reported.
    pub(crate) fields: Option<Vec<FieldDef>>,
}

/// The tag of an event.
#[derive(Clone, Debug)]
pub(crate) struct EventTagDef {
    pub(crate) field: At<String>,
    pub(crate) value: Selector,
}

/// A value that selects a union member or an event, or that an enum reserves: a variant's name or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    Name(At<String>),
    Number(At<i128>),
}

impl Selector {
    pub(crate) fn span(&self) -> Span {
        match self {
            Selector::Name(name) => name.span,
            Selector::Number(number) => number.span,
        }
    }
}

/// A member of a record. There are very many.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    /// The name, or the word `union` or `struct` of an unnamed member.
    pub(crate) span: Span,
    pub(crate) kind: FieldKind,
    /// Few have more than a name and a type.
    pub(crate) more: Option<Box<FieldMore>>,
}

/// What else may be said of a member.
#[derive(Clone, Debug)]
pub(crate) struct FieldMore {
    /// `c`: its name in C.
    pub(crate) c: Option<At<String>>,
    pub(crate) doc: Option<String>,
    pub(crate) bits: Option<At<i128>>,
    pub(crate) offset: Option<At<i128>>,
    pub(crate) align: Option<At<i128>>,
    pub(crate) optional: bool,
    pub(crate) tag: Option<At<String>>,
    pub(crate) when: Option<At<Vec<Selector>>>,
    pub(crate) contains: Option<At<String>>,
    pub(crate) since: Option<At<i128>>,
}

impl FieldMore {
    /// Nothing.
    pub(crate) const NONE: Self = FieldMore {
        c: None,
        doc: None,
        bits: None,
        offset: None,
        align: None,
        optional: false,
        tag: None,
        when: None,
        contains: None,
        since: None,
    };
}

/// Named field or unnamed member.
#[derive(Clone, Debug)]
pub(crate) enum FieldKind {
    Named {
        name: At<String>,
        ty: Text,
    },
    Unnamed {
        shape: Shape,
        body: Box<Body>,
    },
    /// Its shape was wrong, which has been reported. The name is known where it was readable, so that references to
    /// it resolve.
    Broken {
        name: Option<At<String>>,
    },
}

impl FieldDef {
    /// What is said of it besides its name and type.
    pub(crate) fn more(&self) -> &FieldMore {
        static NONE: FieldMore = FieldMore::NONE;
        self.more.as_deref().unwrap_or(&NONE)
    }

    /// Its name, if it has a readable one.
    pub(crate) fn name(&self) -> Option<&At<String>> {
        match &self.kind {
            FieldKind::Named { name, .. } => Some(name),
            FieldKind::Broken { name } => name.as_ref(),
            FieldKind::Unnamed { .. } => None,
        }
    }
}

/// `[extern.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct ExternDef {
    pub(crate) name: At<String>,
    pub(crate) doc: Option<String>,
    pub(crate) size: Option<Number>,
    pub(crate) align: Option<At<i128>>,
    pub(crate) c: Option<At<String>>,
    pub(crate) include: Option<At<String>>,
    pub(crate) rust: Option<At<String>>,
}

/// The parts of a map that a profile may override, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapSettings {
    pub(crate) kind: Option<At<String>>,
    pub(crate) max_entries: Option<Number>,
    pub(crate) flags: Option<At<Vec<At<String>>>>,
    pub(crate) pinning: Option<At<String>>,
    pub(crate) wakeup: Option<WakeupDef>,
}

/// `wakeup` of a ring buffer.
#[derive(Clone, Debug)]
pub(crate) enum WakeupDef {
    /// `wakeup = "never"`
    Word(At<String>),
    /// `wakeup = { share = "1/4", after = "10 ms" }`
    Adaptive { span: Span, share: Option<At<String>>, after: Option<At<String>> },
}

impl WakeupDef {
    pub(crate) fn span(&self) -> Span {
        match self {
            WakeupDef::Word(word) => word.span,
            WakeupDef::Adaptive { span, .. } => *span,
        }
    }
}

/// `[map.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct MapDef {
    pub(crate) name: At<String>,
    /// `c`: the variable in C.
    pub(crate) c: Option<At<String>>,
    pub(crate) doc: Option<String>,
    pub(crate) settings: MapSettings,
    pub(crate) key: Option<Text>,
    pub(crate) value: Option<Text>,
    pub(crate) events: Option<At<Vec<At<String>>>>,
    pub(crate) inner: Option<At<String>>,
    pub(crate) map_extra: Option<Number>,
    pub(crate) numa_node: Option<At<i128>>,
    pub(crate) budget: Option<Number>,
    /// Whether no shape error was reported for it; if one was, no rule of maps is applied.
    pub(crate) sound: bool,
}

/// `[intern.NAME]`: the dictionary of strings of the length `NAME`. What it stands for is in
/// [`types`](Spec::types) and [`maps`](Spec::maps) once it is [expanded](crate::intern).
#[derive(Clone, Debug)]
pub(crate) struct InternDef {
    /// The length.
    pub(crate) name: At<String>,
    pub(crate) doc: Option<String>,
    pub(crate) settings: MapSettings,
    pub(crate) budget: Option<Number>,
    /// Whether nothing is wrong with it; if something was, nothing of it is expanded.
    pub(crate) sound: bool,
}

/// `[budget]`.
#[derive(Clone, Debug)]
pub(crate) struct BudgetDef {
    pub(crate) span: Span,
    pub(crate) total: Option<Number>,
    pub(crate) cpus: Option<At<i128>>,
}

/// `[group.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct GroupDef {
    pub(crate) name: At<String>,
    pub(crate) maps: Option<At<Vec<At<String>>>>,
    pub(crate) budget: Option<Number>,
}

/// `map.NAME = "reason"` or `struct.NAME = "reason"` of `[outside]`.
#[derive(Clone, Debug)]
pub(crate) struct OutsideDef {
    pub(crate) kind: OutsideKind,
    pub(crate) name: At<String>,
    pub(crate) reason: Option<At<String>>,
}

/// `[profile.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct ProfileDef {
    pub(crate) name: At<String>,
    pub(crate) lengths: Vec<ConstantDef>,
    pub(crate) capacities: Vec<ConstantDef>,
    pub(crate) omit: Vec<At<String>>,
    pub(crate) maps: Vec<MapOverride>,
}

/// `map.NAME.…` in a profile.
#[derive(Clone, Debug)]
pub(crate) struct MapOverride {
    pub(crate) name: At<String>,
    pub(crate) settings: MapSettings,
}

/// A span at the very start of a file, for what the file lacks.
pub(crate) const fn start_of(file: FileId) -> Span {
    Span { file, start: 0, end: 0 }
}

//! What a source has been found to say: the form that every source is read into, and that a spec is written from.
//!
//! Where bytes lie stands in an [`Observed`], the form in which the comparer has its witnesses, so that what was written
//! can be held against what was found by the rules of `bpf_layout_spec::compare`. What stands beside it here are hints:
//! they choose between spellings of the same bytes, and every one of them may be missing.

use std::borrow::Cow;

use bpf_layout_spec::{compare::Observed, kernel::KptrKind};

/// Types and maps of one project, and what is known of them beyond their bytes.
///
/// [`Observed::types`] may hold more than crosses the boundary: a spec is written of what maps and [`Found::roots`]
/// reach. An unnamed struct, union or enum has an empty name. Types refer to one another by their index, in any order.
#[derive(Clone, Debug, Default)]
pub struct Found<'a> {
    /// Types and maps, as far as their bytes go.
    pub observed: Observed<'a>,
    /// What is known of each type, by its index in [`Observed::types`]; nothing of those behind the end.
    pub types: Vec<TypeHint<'a>>,
    /// What is known of each map, by its index in [`Observed::maps`]; nothing of those behind the end.
    pub maps: Vec<MapHint<'a>>,
    /// Indices of types that cross the boundary besides the keys and values of maps, and the events in them.
    pub roots: Vec<usize>,
    /// Names of numbers that the source has, such as `#define PATH_LEN 512`, in its order.
    pub numbers: Vec<NamedNumber<'a>>,
}

/// A number that the source has a name for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedNumber<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its value.
    pub value: u64,
    /// How the source computes it, over names of other numbers, in the grammar of the spec: `20 * ARG_LEN`.
    pub expr: Option<String>,
    /// What the source says of it.
    pub doc: Option<String>,
}

/// What is known of a type.
#[derive(Clone, Debug, Default)]
pub struct TypeHint<'a> {
    /// What the source says of it.
    pub doc: Option<String>,
    /// Its alignment in bytes, which BTF does not tell; it is worked out from sizes and offsets if it is not known.
    pub align: Option<u32>,
    /// Whether headers of the kernel or of the system define it. Structs and unions are then written as `extern`, enums as
    /// integers.
    pub foreign: bool,
    /// What C includes to get a foreign type, such as `<linux/in.h>`.
    pub include: Option<Cow<'a, str>>,
    /// What is known of its members or values, by their index; nothing of those behind the end.
    pub members: Vec<MemberHint<'a>>,
}

/// What is known of a member, or of a value of an enum.
#[derive(Clone, Debug, Default)]
pub struct MemberHint<'a> {
    /// What the source says of it.
    pub doc: Option<String>,
    /// How its type is spelled.
    pub spelling: Spelling<'a>,
    /// For `bpf_list_head` and `bpf_rb_root`: C names of the struct and the member that are the nodes.
    pub contains: Option<(&'a str, &'a str)>,
}

/// What is known of how the source spells a type, besides what its bytes are.
#[derive(Clone, Debug, Default)]
pub struct Spelling<'a> {
    /// Whether its innermost elements are plain `char`.
    pub char: bool,
    /// For a pointer: what it points to, such as `struct sock`.
    pub pointee: Option<Cow<'a, str>>,
    /// For a pointer that the kernel manages: how.
    pub kptr: Option<KptrKind>,
    /// How its array lengths are written, the outermost first, in the grammar of the spec over [`Found::numbers`]; the number
    /// itself is written where there is none.
    pub lengths: Vec<Option<String>>,
}

/// What is known of a map.
#[derive(Clone, Debug, Default)]
pub struct MapHint<'a> {
    /// What the source says of it.
    pub doc: Option<String>,
    /// Indices of the types of the records that travel through it.
    pub events: Vec<usize>,
    /// How the type of its keys is spelled.
    pub key: Spelling<'a>,
    /// How the type of its values is spelled.
    pub value: Spelling<'a>,
    /// How `max_entries` is written, in the grammar of the spec over [`Found::numbers`].
    pub max_entries: Option<String>,
}

impl<'a> Found<'a> {
    /// What is known of a type; nothing if there is no hint.
    #[must_use]
    pub fn hint(&self, ty: usize) -> &TypeHint<'a> {
        self.types.get(ty).unwrap_or(const { &TypeHint::NONE })
    }

    /// What is known of a member of a type.
    #[must_use]
    pub fn member_hint(&self, ty: usize, member: usize) -> &MemberHint<'a> {
        self.hint(ty).members.get(member).unwrap_or(const { &MemberHint::NONE })
    }

    /// What is known of a map.
    #[must_use]
    pub fn map_hint(&self, map: usize) -> &MapHint<'a> {
        self.maps.get(map).unwrap_or(const { &MapHint::NONE })
    }
}

impl TypeHint<'_> {
    const NONE: Self = TypeHint { doc: None, align: None, foreign: false, include: None, members: Vec::new() };
}

impl Spelling<'_> {
    const NONE: Self = Spelling { char: false, pointee: None, kptr: None, lengths: Vec::new() };
}

impl MemberHint<'_> {
    const NONE: Self = MemberHint { doc: None, spelling: Spelling::NONE, contains: None };
}

impl MapHint<'_> {
    const NONE: Self =
        MapHint { doc: None, events: Vec::new(), key: Spelling::NONE, value: Spelling::NONE, max_entries: None };
}

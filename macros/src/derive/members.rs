//! The members of one struct or event of the spec, as messages speak of them.

use bpf_layout_spec::{
    Loaded,
    layout::{BitRun, Member},
    model::{Field, Record, TypeId},
};

use super::{
    expect::{Expectation, bytes},
    rust_type,
};

/// A struct or event with its members, which are known by their numbers.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    spec: &'a Loaded,
    record: &'a Record,
    pub(super) all: &'a [Member],
}

impl<'a> Members<'a> {
    pub(super) fn of(spec: &'a Loaded, (id, record): (TypeId, &'a Record)) -> Self {
        Members { spec, record, all: &spec.layouts.of(id).members }
    }

    /// Its name, and where it is written: `` `socket_key` (layouts.toml:10) ``
    pub(super) fn owner(&self) -> String {
        format!("`{}` ({})", self.record.name.spec, self.at())
    }

    /// Where the record is written.
    pub(super) fn at(&self) -> String {
        self.spec.sources.line(self.record.name.span)
    }

    /// The member of whole bytes with this name.
    pub(super) fn by_name(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|member| match member {
            Member::Field { field, .. } => has_name(&self.record.fields[*field], name),
            Member::Bits(_) | Member::Padding { .. } => false,
        })
    }

    /// Members of whole bytes with their names.
    pub(super) fn fields(self) -> impl Iterator<Item = (usize, &'a str)> {
        let fields = &self.record.fields;
        self.all.iter().enumerate().filter_map(|(index, member)| match member {
            Member::Field { field, .. } => Some((index, searched_name(&fields[*field]))),
            Member::Bits(_) | Member::Padding { .. } => None,
        })
    }

    /// Runs of bitfields with their names in generated types.
    pub(super) fn runs(self) -> impl Iterator<Item = (usize, String)> {
        self.all.iter().enumerate().filter_map(|(index, member)| match member {
            Member::Bits(run) => Some((index, format!("_bits{}", run.index))),
            Member::Field { .. } | Member::Padding { .. } => None,
        })
    }

    pub(super) fn is_padding(&self, member: usize) -> bool {
        matches!(self.all.get(member), Some(Member::Padding { .. }))
    }

    /// Whether one of a run's bitfields has this name.
    pub(super) fn run_has(&self, member: usize, name: &str) -> bool {
        match &self.all[member] {
            Member::Bits(run) => {
                run.bits.iter().filter_map(|bits| bits.field).any(|field| has_name(&self.record.fields[field], name))
            }
            Member::Field { .. } | Member::Padding { .. } => false,
        }
    }

    /// What to say of the name of a bitfield, or of a field that the profile omits.
    pub(super) fn no_place(&self, name: &str) -> Option<String> {
        let field = self.record.fields.iter().find(|field| has_name(field, name))?;
        let at = self.spec.sources.line(field.name.span);
        Some(match self.run_of(field) {
            Some((run, first, width)) => format!(
                "`{name}` is a bitfield ({at}): write `_bits{0}: bpf_layout::Bits<{1}>` for {2} from byte {3} on, and read it \
                 by `_bits{0}.get({first}, {width})`",
                run.index,
                run.len,
                bytes(run.len),
                run.offset
            ),
            None => {
                let profile = self.spec.layouts.model.profile.as_deref().unwrap_or_default();
                format!("the profile `{profile}` omits `{name}` ({at}): take it away, or derive under another profile")
            }
        })
    }

    /// The run that a bitfield lies in, its first bit there, and its width.
    fn run_of(&self, wanted: &Field) -> Option<(&BitRun, u64, u32)> {
        self.all.iter().find_map(|member| match member {
            Member::Bits(run) => run.bits.iter().find_map(|bits| {
                let field = &self.record.fields[bits.field?];
                (field.name == wanted.name).then_some((run, bits.bit_offset - 8 * run.offset, bits.width))
            }),
            Member::Field { .. } | Member::Padding { .. } => None,
        })
    }

    /// What a struct that lacks this member must get, and where; `None` for padding, which rustc finds missing.
    pub(super) fn missing(&self, member: usize) -> Option<String> {
        let write = match &self.all[member] {
            Member::Padding { .. } => return None,
            Member::Bits(run) => format!("_bits{}: bpf_layout::Bits<{}>", run.index, run.len),
            Member::Field { field, .. } => {
                let field = &self.record.fields[*field];
                format!("{}: {}", field.name.rust, rust_type::of(self.spec, &field.ty))
            }
        };
        let (name, owner, at) = (self.name(member), &self.record.name.spec, self.line(member));
        let behind = self.before(member).map_or("before all others".to_owned(), |name| format!("behind {name}"));
        Some(format!("lacks {name} of `{owner}` ({at}): write `{write}` {behind}"))
    }

    /// What the spec says of a member.
    pub(super) fn expectation(&self, member: usize) -> Expectation {
        let at = self.line(member);
        match &self.all[member] {
            Member::Field { field, offset, .. } => {
                Expectation::field(self.spec, &self.record.fields[*field], *offset, at)
            }
            Member::Bits(run) => Expectation::bits(run, at),
            Member::Padding { index, offset, len } => Expectation::padding(*index, *offset, *len, at),
        }
    }

    /// What belongs between a member's field and that of the member written before it.
    pub(super) fn hint(&self, member: usize, written_before: Option<usize>) -> String {
        let padding = match member.checked_sub(1).map(|before| (before, &self.all[before])) {
            Some((before, Member::Padding { index, len, .. })) if written_before != Some(before) => {
                Some(format!("`_pad{index}: bpf_layout::Pad<{len}>`"))
            }
            _ => None,
        };
        let expected = member.checked_sub(1 + usize::from(padding.is_some()));
        match (padding, expected == written_before) {
            (Some(padding), true) => format!(": write {padding} before it"),
            (None, true) => String::new(),
            (padding, false) => {
                let behind =
                    self.before(member).map_or(", before all others".to_owned(), |name| format!(", behind {name}"));
                padding.map_or(behind.clone(), |padding| format!("{behind} and {padding}"))
            }
        }
    }

    /// The nearest member before this one that is no padding.
    fn before(&self, member: usize) -> Option<String> {
        let before = self.all[..member].iter().rposition(|member| !matches!(member, Member::Padding { .. }));
        before.map(|before| self.name(before))
    }

    /// The number in the name of the padding behind a member.
    pub(super) fn pad_number(&self, member: usize) -> u32 {
        match self.all.get(member + 1) {
            Some(Member::Padding { index, .. }) => *index,
            _ => 0,
        }
    }

    /// `family`, in backticks; runs of bitfields and padding by their names in generated types.
    pub(super) fn name(&self, member: usize) -> String {
        match &self.all[member] {
            Member::Field { field, .. } => format!("`{}`", searched_name(&self.record.fields[*field])),
            Member::Bits(run) => format!("`_bits{}`", run.index),
            Member::Padding { index, .. } => format!("`_pad{index}`"),
        }
    }

    /// Where the spec has a member; for padding, where it has what comes before.
    pub(super) fn line(&self, member: usize) -> String {
        let place = |field: usize| self.record.fields[field].name.span;
        let span = self.all[..=member].iter().rev().find_map(|member| match member {
            Member::Field { field, .. } => Some(place(*field)),
            Member::Bits(run) => run.bits.iter().find_map(|bits| bits.field.map(place)),
            Member::Padding { .. } => None,
        });
        self.spec.sources.line(span.unwrap_or(self.record.name.span))
    }
}

/// The name by which a field is searched: that in the spec; an unnamed member has one in Rust only.
fn searched_name(field: &Field) -> &str {
    if field.anonymous { field.name.rust.trim_start_matches("r#") } else { &field.name.spec }
}

fn has_name(field: &Field, name: &str) -> bool {
    searched_name(field) == name || field.name.rust.trim_start_matches("r#") == name
}

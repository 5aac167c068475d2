//! Which field of the struct is which member of the spec, by names and by order, never by types.

use std::collections::HashSet;

use bpf_layout_spec::{
    layout::{BitRun, Member},
    model::{Field, Record, TypeId},
    suggest,
};
use proc_macro2::Span;

use super::{
    Spec,
    errors::Errors,
    expect::{Expectation, bytes},
    input::{Input, Role, UserField},
    rust_type,
};

/// A field with what the spec says of it.
pub(super) struct Matched<'a> {
    pub(super) user: &'a UserField<'a>,
    pub(super) expectation: Expectation,
    /// Where the error is shown, for a field that the spec does not have.
    pub(super) unknown: Option<Span>,
}

/// Matches every field. What the struct lacks is an error at its name; a field that the spec does not have is one at its
/// own, which rustc reports together with those about types and places.
pub(super) fn match_fields<'a>(
    input: &Input<'_>,
    fields: &'a [UserField<'a>],
    spec: &Spec,
    (id, record): (TypeId, &Record),
    errors: &mut Errors,
) -> Vec<Matched<'a>> {
    let members = &spec.layouts.of(id).members;
    if let (Some(packed), false) = (input.packed, spec.layouts.of(id).needs_packed()) {
        let (name, at) = (&record.name.spec, spec.line(record.name.span));
        errors.at(packed, format!("`{name}` ({at}) has no field that lies unaligned: take `packed` away"));
    }
    let mut matcher = Matcher { spec, record, members, fields, owners: vec![None; members.len()] };
    let places: Vec<Place> = (0..fields.len()).map(|index| matcher.place(index)).collect();
    matcher.report_missing(input, errors);
    let mut before = None;
    let mut matched = Vec::with_capacity(fields.len());
    for (user, place) in fields.iter().zip(places) {
        let unknown = place.message.is_some().then(|| user.name_span());
        let mut expectation = match place.member {
            Some(member) => matcher.expectation(member, before.replace(member)),
            None => Expectation::nothing(spec.line(record.name.span)),
        };
        expectation.refusal = place.message;
        matched.push(Matched { user, expectation, unknown });
    }
    matched
}

/// Where a field belongs.
struct Place {
    /// The member that it is, or that it must be renamed to.
    member: Option<usize>,
    /// What to say of it, if the spec does not have it by this name.
    message: Option<String>,
}

impl Place {
    const fn at(member: usize) -> Self {
        Place { member: Some(member), message: None }
    }

    const fn nowhere(message: String) -> Self {
        Place { member: None, message: Some(message) }
    }
}

struct Matcher<'a> {
    spec: &'a Spec,
    record: &'a Record,
    members: &'a [Member],
    fields: &'a [UserField<'a>],
    /// By member: the field that it was matched with, or that a message asks to rename to it.
    owners: Vec<Option<usize>>,
}

impl<'a> Matcher<'a> {
    /// The member that a field is, or what to say where there is none.
    fn place(&mut self, index: usize) -> Place {
        let field = &self.fields[index];
        let role = match (self.by_name(&field.spec_name()), field.role) {
            (Some(member), None) => return self.take(member, index),
            (_, Some(role)) => Some(role),
            (None, None) => self.role_by_name(field),
        };
        match role {
            Some(Role::Padding) => self.padding(index),
            Some(Role::Bits) => self.bits(index),
            None => self.unknown(index),
        }
    }

    fn by_name(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| match member {
            Member::Field { field, .. } => has_name(&self.record.fields[*field], name),
            Member::Bits(_) | Member::Padding { .. } => false,
        })
    }

    /// `_pad0` is padding and `_bits0` bitfields, as in generated types.
    fn role_by_name(&self, field: &UserField<'_>) -> Option<Role> {
        let name = field.spec_name();
        match () {
            () if field.name.is_some() => None,
            () if name.starts_with("_pad") => Some(Role::Padding),
            () if name.starts_with("_bits") => Some(Role::Bits),
            () => None,
        }
    }

    fn take(&mut self, member: usize, index: usize) -> Place {
        match self.owners[member] {
            None => {
                self.owners[member] = Some(index);
                Place::at(member)
            }
            Some(owner) => {
                let (name, owner) = (self.name(member), self.fields[owner].ident);
                let at = self.line(member);
                Place::nowhere(format!(
                    "{name} of `{}` ({at}) is already `{owner}`: take one of them away",
                    self.record.name.spec
                ))
            }
        }
    }

    /// Padding is what follows the field before.
    fn padding(&mut self, index: usize) -> Place {
        let owners = self.owners.iter().enumerate().filter_map(|(member, owner)| Some(((*owner)?, member)));
        let before = owners.filter(|(owner, _)| *owner < index).max().map(|(_, member)| member);
        let member = before.map_or(0, |before| before + 1);
        if matches!(self.members.get(member), Some(Member::Padding { .. })) {
            return self.take(member, index);
        }
        let (ident, owner, at) =
            (self.fields[index].ident, &self.record.name.spec, self.spec.line(self.record.name.span));
        Place::nowhere(match before {
            Some(before) => format!(
                "`{owner}` ({at}) has no padding behind {}, so `{ident}` must go; if it is a field, give its name there",
                self.name(before)
            ),
            None => format!("`{owner}` ({at}) has no padding here, so `{ident}` must go"),
        })
    }

    /// `_bits1` is the run with this number; any other name, the next that is left.
    fn bits(&mut self, index: usize) -> Place {
        let name = self.fields[index].spec_name();
        let runs = || self.members.iter().enumerate().filter(|(_, member)| matches!(member, Member::Bits(_)));
        let numbered = runs().find(|(member, _)| self.name(*member) == format!("`{name}`"));
        match numbered.or_else(|| runs().find(|(member, _)| self.owners[*member].is_none())) {
            Some((member, _)) => self.take(member, index),
            None => {
                let at = self.spec.line(self.record.name.span);
                Place::nowhere(format!(
                    "`{}` ({at}) has no bitfields left for `{name}`: take it away",
                    self.record.name.spec
                ))
            }
        }
    }

    /// What to say of a name that no member has.
    fn unknown(&mut self, index: usize) -> Place {
        let name = &self.fields[index].spec_name();
        let (owner, owner_at) = (&self.record.name.spec, self.spec.line(self.record.name.span));
        if let Some(field) = self.record.fields.iter().find(|field| has_name(field, name)) {
            let at = self.spec.line(field.name.span);
            return Place::nowhere(self.no_place_of_its_own(field));
        }
        let named: HashSet<String> = self.fields.iter().map(UserField::spec_name).collect();
        let is_missing = |&(member, name): &(usize, &str)| self.owners[member].is_none() && !named.contains(name);
        let missing: Vec<(usize, &str)> = self.plain_fields().filter(is_missing).collect();
        let near = suggest::nearest(name, missing.iter().map(|(_, name)| *name));
        match missing.iter().find(|(_, missing)| Some(*missing) == near) {
            Some(&(member, near)) => {
                self.owners[member] = Some(index);
                let at = self.line(member);
                let message = format!(
                    "`{owner}` ({owner_at}) has no field `{name}`: did you mean `{near}` ({at})? Rename it, or write \
                     `#[bpf_layout(name = \"{near}\")]`"
                );
                Place { member: Some(member), message: Some(message) }
            }
            None => {
                let message = format!("`{owner}` ({owner_at}) has no field `{name}`: take it away, or add it there");
                Place::nowhere(message)
            }
        }
    }

    /// What to say of a bitfield, or of a field that the profile omits.
    fn no_place_of_its_own(&self, field: &Field) -> String {
        let (name, at) = (searched_name(field), self.spec.line(field.name.span));
        match self.run_of(field) {
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
        }
    }

    /// Members of whole bytes that have a name.
    fn plain_fields(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let fields = &self.record.fields;
        self.members.iter().enumerate().filter_map(|(index, member)| match member {
            Member::Field { field, .. } => Some((index, searched_name(&fields[*field]))),
            Member::Bits(_) | Member::Padding { .. } => None,
        })
    }

    /// The run that a bitfield lies in, its first bit there, and its width.
    fn run_of(&self, wanted: &Field) -> Option<(&BitRun, u64, u32)> {
        self.members.iter().find_map(|member| match member {
            Member::Bits(run) => run.bits.iter().find_map(|bits| {
                let field = &self.record.fields[bits.field?];
                (field.name == wanted.name).then_some((run, bits.bit_offset - 8 * run.offset, bits.width))
            }),
            Member::Field { .. } | Member::Padding { .. } => None,
        })
    }

    /// One error for each member that no field is. Padding is found missing by rustc, which knows what lies there.
    fn report_missing(&self, input: &Input<'_>, errors: &mut Errors) {
        for (member, owner) in self.owners.iter().enumerate() {
            let write = match &self.members[member] {
                _ if owner.is_some() => continue,
                Member::Padding { .. } => continue,
                Member::Bits(run) if self.is_asked_for(run) => continue,
                Member::Bits(run) => format!("_bits{}: bpf_layout::Bits<{}>", run.index, run.len),
                Member::Field { field, .. } => {
                    let field = &self.record.fields[*field];
                    format!("{}: {}", field.name.rust, rust_type::of(self.spec, &field.ty))
                }
            };
            let (ident, name, at) = (input.ident, self.name(member), self.line(member));
            let behind =
                self.named_before(member).map_or("before all others".to_owned(), |name| format!("behind {name}"));
            let message =
                format!("`{ident}` lacks {name} of `{}` ({at}): write `{write}` {behind}", self.record.name.spec);
            errors.at(ident.span(), message);
        }
    }

    /// Whether a field has the name of one of its bitfields, and so has been told to be this run.
    fn is_asked_for(&self, run: &BitRun) -> bool {
        let names: Vec<&str> =
            run.bits.iter().filter_map(|bits| Some(searched_name(&self.record.fields[bits.field?]))).collect();
        self.fields.iter().any(|field| names.contains(&field.spec_name().as_str()))
    }

    /// What the spec says of a member, whose field follows the one of the member `before`.
    fn expectation(&self, member: usize, before: Option<usize>) -> Expectation {
        let at = self.line(member);
        let mut expectation = match &self.members[member] {
            Member::Field { field, offset, .. } => {
                Expectation::field(self.spec, &self.record.fields[*field], *offset, at)
            }
            Member::Bits(run) => Expectation::bits(run, at),
            Member::Padding { index, offset, len } => Expectation::padding(*index, *offset, *len, at),
        };
        expectation.hint = self.hint(member, before);
        expectation.pad = self.pad_behind(member);
        expectation
    }

    /// What belongs between a member's field and the one written before it.
    fn hint(&self, member: usize, before: Option<usize>) -> String {
        let padding = match member.checked_sub(1).map(|before| &self.members[before]) {
            Some(Member::Padding { index, len, .. }) if before.map(|before| before + 1) != Some(member) => {
                Some(format!("`_pad{index}: bpf_layout::Pad<{len}>`"))
            }
            _ => None,
        };
        let expected = member.checked_sub(1 + usize::from(padding.is_some()));
        match (padding, expected == before) {
            (Some(padding), true) => format!(": write {padding} before it"),
            (None, true) => String::new(),
            (padding, false) => {
                let behind = match self.named_before(member) {
                    Some(name) => format!(", behind {name}"),
                    None => ", before all others".to_owned(),
                };
                padding.map_or(behind.clone(), |padding| format!("{behind} and {padding}"))
            }
        }
    }

    /// The nearest member before this one that is no padding.
    fn named_before(&self, member: usize) -> Option<String> {
        let before = self.members[..member].iter().rposition(|member| !matches!(member, Member::Padding { .. }));
        before.map(|before| self.name(before))
    }

    /// A name for padding behind a member: as in generated types, or one that is free.
    fn pad_behind(&self, member: usize) -> String {
        let taken: HashSet<String> = self.fields.iter().map(|field| field.ident.to_string()).collect();
        let generated = match self.members.get(member + 1) {
            Some(Member::Padding { index, .. }) => *index,
            _ => 0,
        };
        let mut names = (generated..).map(|number| format!("_pad{number}"));
        names.find(|name| !taken.contains(name)).unwrap_or_default()
    }

    /// `family`, in backticks; runs of bitfields and padding by their names in generated types.
    fn name(&self, member: usize) -> String {
        match &self.members[member] {
            Member::Field { field, .. } => format!("`{}`", searched_name(&self.record.fields[*field])),
            Member::Bits(run) => format!("`_bits{}`", run.index),
            Member::Padding { index, .. } => format!("`_pad{index}`"),
        }
    }

    /// Where the spec has a member; for padding, where it has what comes before.
    fn line(&self, member: usize) -> String {
        let place = |field: usize| self.record.fields[field].name.span;
        let span = self.members[..=member].iter().rev().find_map(|member| match member {
            Member::Field { field, .. } => Some(place(*field)),
            Member::Bits(run) => run.bits.iter().find_map(|bits| bits.field.map(place)),
            Member::Padding { .. } => None,
        });
        self.spec.line(span.unwrap_or(self.record.name.span))
    }
}

/// The name by which a field is searched: that in the spec; an unnamed member has one in Rust only.
fn searched_name(field: &Field) -> &str {
    if field.anonymous { field.name.rust.trim_start_matches("r#") } else { &field.name.spec }
}

fn has_name(field: &Field, name: &str) -> bool {
    searched_name(field) == name || field.name.rust.trim_start_matches("r#") == name
}

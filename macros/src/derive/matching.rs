//! Which field of the struct is which member of the spec, by names and by order, never by types.

use std::collections::HashSet;

use bpf_layout_spec::{compare::is_padding_name, suggest};
use proc_macro2::Span;

use super::{
    errors::Errors,
    expect::Expectation,
    input::{Input, Role, UserField},
    members::Members,
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
    members: Members<'_>,
    errors: &mut Errors,
) -> Vec<Matched<'a>> {
    let mut matcher = Matcher { members, fields, owners: vec![None; members.all.len()] };
    let places = matcher.places();
    for lack in matcher.missing() {
        errors.at(input.ident.span(), format!("`{}` {lack}", input.ident));
    }
    let mut before = None;
    let mut matched = Vec::with_capacity(fields.len());
    for (user, place) in fields.iter().zip(places) {
        let unknown = place.message.is_some().then(|| user.name_span());
        let mut expectation = match place.member {
            Some(member) => matcher.expectation(member, before.replace(member)),
            None => Expectation::nothing(members.at()),
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
    const fn nowhere(message: String) -> Self {
        Place { member: None, message: Some(message) }
    }
}

struct Matcher<'a> {
    members: Members<'a>,
    fields: &'a [UserField<'a>],
    /// By member: the field that it was matched with, or that a message asks to rename to it.
    owners: Vec<Option<usize>>,
}

impl Matcher<'_> {
    /// Where each field belongs. Padding comes last, since it goes by the fields around it.
    fn places(&mut self) -> Vec<Place> {
        let named: Vec<Option<Place>> = (0..self.fields.len()).map(|index| self.named(index)).collect();
        let place = |(index, place): (usize, Option<Place>)| place.unwrap_or_else(|| self.padding(index));
        named.into_iter().enumerate().map(place).collect()
    }

    /// Where a field belongs by its name; `None` for padding.
    fn named(&mut self, index: usize) -> Option<Place> {
        let field = &self.fields[index];
        match (self.members.by_name(&field.spec_name()), field.role.or_else(|| role_by_name(field))) {
            (Some(member), _) if field.role.is_none() => Some(self.take(member, index)),
            (_, Some(Role::Padding)) => None,
            (_, Some(Role::Bits)) => Some(self.bits(index)),
            (_, None) => Some(self.unknown(index)),
        }
    }

    fn take(&mut self, member: usize, index: usize) -> Place {
        match self.owners[member] {
            None => {
                self.owners[member] = Some(index);
                Place { member: Some(member), message: None }
            }
            Some(owner) => {
                let (name, owner, at) =
                    (self.members.name(member), self.fields[owner].ident, self.members.line(member));
                Place::nowhere(format!("{name} ({at}) is already the field `{owner}`: take one of the two away"))
            }
        }
    }

    /// `_bits1` is the run with this number; any other name, the next that is left.
    fn bits(&mut self, index: usize) -> Place {
        let name = self.fields[index].spec_name();
        let numbered = self.members.runs().find(|(_, run)| *run == name);
        match numbered.or_else(|| self.members.runs().find(|(member, _)| self.owners[*member].is_none())) {
            Some((member, _)) => self.take(member, index),
            None => {
                let owner = self.members.owner();
                Place::nowhere(format!("{owner} has no bitfields left for `{name}`: take it away"))
            }
        }
    }

    /// Padding is what follows the field before, fields that are missing aside.
    fn padding(&mut self, index: usize) -> Place {
        let owners = self.owners.iter().enumerate().filter_map(|(member, owner)| Some(((*owner)?, member)));
        let before = owners.filter(|(owner, _)| *owner < index).max().map(|(_, member)| member);
        let mut member = before.map_or(0, |before| before + 1);
        while member < self.owners.len() && self.owners[member].is_none() && !self.members.is_padding(member) {
            member += 1;
        }
        if self.members.is_padding(member) {
            return self.take(member, index);
        }
        let (owner, ident) = (self.members.owner(), self.fields[index].ident);
        let behind = before.map_or("at its start".to_owned(), |before| format!("behind {}", self.members.name(before)));
        Place::nowhere(format!("{owner} has no padding {behind}, so `{ident}` must go"))
    }

    /// What to say of a name that no member has.
    fn unknown(&mut self, index: usize) -> Place {
        let name = &self.fields[index].spec_name();
        if let Some(message) = self.members.no_place(name) {
            return Place::nowhere(message);
        }
        let owner = self.members.owner();
        let named: HashSet<String> = self.fields.iter().map(UserField::spec_name).collect();
        let is_missing = |(member, name): &(usize, &str)| self.owners[*member].is_none() && !named.contains(*name);
        let missing: Vec<(usize, &str)> = self.members.fields().filter(is_missing).collect();
        let near = suggest::nearest(name, missing.iter().map(|(_, name)| *name));
        match missing.iter().find(|(_, missing)| Some(*missing) == near) {
            Some(&(member, near)) => {
                self.owners[member] = Some(index);
                let at = self.members.line(member);
                let message = format!(
                    "{owner} has no field `{name}`: did you mean `{near}` ({at})? Rename it, or write \
                     `#[bpf_layout(name = \"{near}\")]`"
                );
                Place { member: Some(member), message: Some(message) }
            }
            None => Place::nowhere(format!("{owner} has no field `{name}`: take it away, or add it there")),
        }
    }

    /// What is missing, but for bitfields that a field of their name has just been told to become.
    fn missing(&self) -> impl Iterator<Item = String> {
        let lacks = |member: &usize| {
            let told = |field: &UserField<'_>| self.members.run_has(*member, &field.spec_name());
            self.owners[*member].is_none() && !self.fields.iter().any(told)
        };
        (0..self.owners.len()).filter(lacks).filter_map(|member| self.members.missing(member))
    }

    /// What the spec says of a member, whose field is written behind that of the member `before`.
    fn expectation(&self, member: usize, before: Option<usize>) -> Expectation {
        let mut expectation = self.members.expectation(member);
        expectation.hint = self.members.hint(member, before);
        expectation.pad = self.free_pad(self.members.pad_number(member));
        expectation
    }

    /// A name for padding that no field has.
    fn free_pad(&self, number: u32) -> String {
        let taken: HashSet<String> = self.fields.iter().map(|field| field.ident.to_string()).collect();
        let mut names = (number..).map(|number| format!("_pad{number}"));
        names.find(|name| !taken.contains(name)).unwrap_or_default()
    }
}

/// `_bits0` has bitfields, as in generated types; `_pad0` is padding, and so is what else looks like it, as in C.
fn role_by_name(field: &UserField<'_>) -> Option<Role> {
    let name = field.spec_name();
    match () {
        () if field.name.is_some() => None,
        () if name.starts_with("_bits") => Some(Role::Bits),
        () if is_padding_name(&name) => Some(Role::Padding),
        () => None,
    }
}

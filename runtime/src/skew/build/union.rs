//! Unions: several fields in the same bytes, of which a tag may say which one is meant.

use std::{mem, vec, vec::Vec};

use bpf_layout_btf::Error;

use super::{Builder, number::Source, record::Scope};
use crate::{
    shape::{Detail, FieldInfo, Shape, TypeInfo},
    skew::{
        op::{Number, Op, merge},
        rule::Handling,
    },
};

/// What selects the member of a union.
pub(super) struct Tag {
    number: Number,
    /// Values of our tag, each with the number of its member.
    cases: &'static [(i128, usize)],
}

impl Builder<'_, '_> {
    /// The members of a union that begins `within` the record that has a name.
    ///
    /// Which of them is meant does not matter if all are the same bytes, moved by as much. Otherwise the tag must tell;
    /// and it tells where one is meant that theirs does not have.
    pub(super) fn choices(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
        tag: Option<Tag>,
    ) -> Result<Vec<Op>, Error> {
        let before = self.built.differences.len();
        let owned = mem::replace(&mut self.owned, false);
        let members = self.members(scope, (info, within))?;
        self.owned = owned;
        let is_absent = |op: &Op| matches!(op, Op::Absent { .. });
        let all_there = !members.iter().flatten().any(is_absent);
        let copies = in_common(&members);
        if let Some(copies) = copies.filter(|_| all_there || tag.is_none()) {
            return Ok(copies);
        }
        if let Some(Tag { number, cases }) = tag {
            let members = members.into_iter().map(merge).collect();
            return Ok(vec![Op::Switch { tag: number, cases: cases.to_vec(), members }]);
        }
        // Members that do not differ lie together, so there is a difference to refuse.
        let reason = "no tag says which member of the union is meant";
        for difference in &mut self.built.differences[before..] {
            if matches!(difference.handling, Handling::Converted | Handling::Narrowed) {
                difference.handling = Handling::Refused(reason);
            }
        }
        Ok(vec![])
    }

    /// The steps of each member, in the order that tags count them: those of whole bytes, then the bitfields.
    fn members(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
    ) -> Result<Vec<Vec<Op>>, Error> {
        let mut members = vec![];
        for field in info.fields().filter(|field| !matches!(field.shape, Shape::BitRun(_))) {
            members.push(self.member(|builder| builder.field(scope, (info, within), field))?);
        }
        for detail in info.details {
            if let Detail::Bits { name, place, shape } = detail {
                members.push(self.member(|builder| builder.bitfield_of(scope, (info, within), (name, place, shape)))?);
            }
        }
        Ok(members)
    }

    /// The steps of one member, which say where it is missing.
    fn member(&mut self, build: impl FnOnce(&mut Self) -> Result<Vec<Op>, Error>) -> Result<Vec<Op>, Error> {
        let before = self.built.missing.len();
        let mut ops = build(self)?;
        ops.extend(self.built.missing[before..].iter().map(|missing| Op::Absent { field: missing.path }));
        Ok(ops)
    }

    /// What selects the member of this field, if it is a union with a tag that theirs has as well.
    pub(super) fn tag_of(
        &mut self,
        scope: &Scope<'_>,
        (info, within): (&'static TypeInfo, usize),
        union: FieldInfo,
    ) -> Result<Option<Tag>, Error> {
        let selection = info.details.iter().find_map(|detail| match detail {
            Detail::UnionTag { field, place, cases } if *field == union.name => Some((*place, *cases)),
            _ => None,
        });
        let Some((place, cases)) = selection else { return Ok(None) };
        let tag = info.fields().find(|field| field.offset == place.offset && field.shape.size() == place.size);
        let Some(tag) = tag else { return Ok(None) };
        let Some(member) = scope.member(info.c_name(tag.name)) else { return Ok(None) };
        let ours = (scope.ours + within + tag.offset, tag.shape);
        let number = self.tag((ours.0, ours.1), &Source::member(scope.theirs, member))?;
        Ok(number.map(|number| Tag { number, cases }))
    }
}

/// The members as one step, if all of them are the same bytes and move by as much.
fn in_common(members: &[Vec<Op>]) -> Option<Vec<Op>> {
    let there = members.iter().flatten().filter(|op| !matches!(op, Op::Absent { .. }));
    let copies: Vec<Op> = there.map(Op::as_copy).collect::<Option<_>>()?;
    let mut moves = copies.iter().map(|op| match op {
        Op::Copy { theirs, ours, .. } => theirs.wrapping_sub(*ours),
        _ => 0,
    });
    let first = moves.next();
    moves.all(|other| Some(other) == first).then(|| merge(copies))
}

//! Numbers in a subscript of a field, or in a call that takes one.

use std::collections::HashMap;

use super::{Purpose, Unit, Usage, Use};
use crate::{
    access::Access,
    calls::{Call, Callee},
    number::Number,
};

impl<'a> Usage<'_, 'a> {
    /// The number stands in a subscript of a field, or beside one in a call.
    pub(super) fn enclosed(&self, places: &Places, number: Number<'a>) -> Vec<Use<'a>> {
        let Some((open, argument)) = self.code.meaningful_parent(number.start) else { return Vec::new() };
        let (Some(purpose), whole) = self.purpose(number) else { return Vec::new() };
        let alone = whole && self.code.parent(number.start) == Some(open);
        let masked = purpose == Purpose::Mask || purpose == Purpose::Modulus;
        let exact = alone || masked && self.code.parent(number.start) == Some(open);
        let mut uses = Vec::new();
        for &(index, level) in places.subscripts(open) {
            let access = &self.accesses[index];
            let purpose = if alone { Purpose::Index } else { purpose };
            let (sure, whole) = (access.known && exact, self.is_whole(access, level));
            uses.push(Use { sure, whole, ..self.direct(number, purpose, &access.fields, level, Unit::Elements) });
        }
        for (index, call) in places.calls(open).iter().filter_map(|&index| Some((index, self.calls[index]?))) {
            let access = &self.accesses[index];
            let (purpose, sure) = match call.callee {
                _ if argument == call.argument => continue,
                Callee::Sized { size, .. } if size != argument => continue,
                Callee::Sized { string, .. } if alone => (Purpose::Size { string }, true),
                Callee::Sized { .. } => (purpose, exact),
                Callee::Unknown if alone => (Purpose::Argument, false),
                Callee::Unknown => continue,
            };
            let (level, sure) = (self.level(access), sure && access.known);
            let whole = self.is_whole(access, level);
            uses.push(Use { sure, whole, ..self.direct(number, purpose, &access.fields, level, Unit::Bytes) });
        }
        uses
    }
}

/// The accesses that brackets belong to.
#[derive(Default)]
pub(super) struct Places {
    subscripts: HashMap<usize, Vec<(usize, usize)>>,
    calls: HashMap<usize, Vec<usize>>,
}

impl Places {
    pub(super) fn new(accesses: &[Access], calls: &[Option<Call>]) -> Self {
        let mut places = Places::default();
        for (index, access) in accesses.iter().enumerate() {
            for (level, &open) in access.subscripts.iter().enumerate() {
                places.subscripts.entry(open).or_default().push((index, level));
            }
        }
        for (index, call) in calls.iter().enumerate() {
            if let Some(call) = call {
                places.calls.entry(call.open).or_default().push(index);
            }
        }
        places
    }

    fn subscripts(&self, open: usize) -> &[(usize, usize)] {
        self.subscripts.get(&open).map_or(&[], Vec::as_slice)
    }

    fn calls(&self, open: usize) -> &[usize] {
        self.calls.get(&open).map_or(&[], Vec::as_slice)
    }
}

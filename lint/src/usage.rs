//! What numbers do with fields of the spec: every [`Use`] of one file.

mod array;
mod beside;
mod enclosed;

use std::collections::HashMap;

use bpf_layout_spec::source::Span;

use self::enclosed::Places;
use crate::{
    access::{self, Access},
    calls::{self, Call},
    code::Code,
    constants::Constants,
    file::File,
    links::{Link, Links},
    number::{Number, numbers},
    types::{Owner, Types},
};

/// What a number is to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The size that is copied; of a string, if `string`.
    Size { string: bool },
    /// An index, by itself.
    Index,
    /// The largest value of an index or size, or the first beyond it.
    Bound,
    /// What is left of an index or size by `&`.
    Mask,
    /// What is left of an index or size by `%`.
    Modulus,
    /// Added, subtracted, assigned, compared for equality.
    Part,
    /// An argument of a function that also takes the field.
    Argument,
    /// The length of an array of the field's name, or that is copied to or from it.
    Array,
}

/// What a length is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Elements of the dimension.
    Elements,
    /// Bytes from the dimension on in.
    Bytes,
}

/// One number that has to do with a field.
#[derive(Clone, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) number: Number<'a>,
    /// Where it stands.
    pub(crate) span: Span,
    pub(crate) purpose: Purpose,
    /// The fields, by index: more than one if it cannot be told which.
    pub(crate) fields: Vec<usize>,
    /// The dimension of the field.
    pub(crate) level: usize,
    pub(crate) unit: Unit,
    /// Whether it must be the field's length: the field is known, and the number applies to nothing else.
    pub(crate) sure: bool,
    /// Whether less than the length is as wrong as more: not where a part of the field is meant.
    pub(crate) whole: bool,
    /// Where a variable, whose number this is, is used with the field; with the variable.
    pub(crate) through: Option<(Span, String)>,
}

/// Everything about one run of code.
struct Usage<'t, 'a> {
    file: &'a File,
    code: &'t Code<'a>,
    types: Types<'t, 'a>,
    accesses: Vec<Access>,
    calls: Vec<Option<Call>>,
    links: Links,
    /// By struct of the spec and member: an access that the member is an index or size of somewhere in the file.
    members: HashMap<(&'a str, &'a str), Link>,
}

impl<'t, 'a> Usage<'t, 'a> {
    /// Finds the fields in the code, and what has to do with them.
    fn new(file: &'a File, code: &'t Code<'a>, types: Types<'t, 'a>) -> Self {
        let accesses = access::accesses(code, types);
        let calls: Vec<Option<Call>> = accesses.iter().map(|access| calls::call_of(code, access)).collect();
        let links = Links::new(code, types.facts, &accesses, &calls);
        let mut members = HashMap::new();
        for &(chain, link) in &links.members {
            if let Owner::Spec(tags) = types.owner(code, chain) {
                members.extend(tags.into_iter().map(|tag| ((tag, code.word(chain.last)), link)));
            }
        }
        Usage { file, code, types, accesses, calls, links, members }
    }

    fn span(&self, first: usize, last: usize) -> Span {
        self.file.span(&self.code.tokens[first], &self.code.tokens[last])
    }

    /// A use through no variable.
    fn direct(&self, number: Number<'a>, purpose: Purpose, fields: &[usize], level: usize, unit: Unit) -> Use<'a> {
        let span = self.span(number.start, number.end - 1);
        Use { number, span, purpose, fields: fields.to_vec(), level, unit, sure: false, whole: false, through: None }
    }

    /// Whether an access is of all that there is from a dimension on: what is copied to `&text[i]` or `text + i`, and what
    /// `i` is there, leaves room for something else.
    fn is_whole(&self, access: &Access, level: usize) -> bool {
        let element = level < access.subscripts.len();
        let address = self.code.before(access.start) == "&";
        self.code.word(access.end) != "+" && !(element && address)
    }

    /// The dimension that a call starts at: of `&path[i]` the one around what `i` chooses.
    fn level(&self, access: &Access) -> usize {
        let address = access.start > 0 && self.code.before(access.start) == "&";
        access.subscripts.len() - usize::from(address && !access.subscripts.is_empty())
    }

    /// What the operators around a number make of it (nothing, if it divides or shifts), and whether there are none.
    fn purpose(&self, number: Number<'a>) -> (Option<Purpose>, bool) {
        let before = access::before_cast(self.code, number.start).map_or("", |at| self.code.word(at));
        let after = self.code.word(number.end);
        let whole = matches!(before, "[" | "(" | ",") && matches!(after, "]" | ")" | ",");
        let purpose = match (self.code.before(number.start), after) {
            ("&", _) | (_, "&") => Some(Purpose::Mask),
            ("%", _) => Some(Purpose::Modulus),
            ("*" | "/" | "<<" | ">>" | "|" | "^", _) | (_, "*" | "/" | "%" | "<<" | ">>" | "|" | "^") => None,
            _ => Some(Purpose::Part),
        };
        (purpose, whole)
    }
}

/// Every use of a number in this code.
pub(crate) fn uses<'a>(
    file: &'a File,
    code: &Code<'a>,
    types: Types<'_, 'a>,
    constants: &Constants<'_>,
) -> Vec<Use<'a>> {
    let usage = Usage::new(file, code, types);
    let places = Places::new(&usage.accesses, &usage.calls);
    let mut uses = Vec::new();
    for number in numbers(code, constants) {
        uses.extend(usage.enclosed(&places, number));
        uses.extend(usage.beside(number));
        uses.extend(usage.array(number));
    }
    uses
}

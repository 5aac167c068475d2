//! The table of rules. Each finds one kind of difference; its id is what people search for and suppress by.

use super::{Finding, Value, enums, maps, members, records};
use crate::diag::Severity;

/// One kind of difference.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name, such as `field-offset`.
    pub id: &'static str,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    /// What stands between the field and what was found: `starts at`.
    pub verb: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// Whether what it finds makes a check fail.
    pub severity: Severity,
    pub(super) check: Check,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// What the numbers of a rule count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The place of a byte: `byte 12`.
    Byte,
    /// The place of a bit: `bit 12`.
    Bit,
    /// Bytes: `12 bytes`.
    Bytes,
    /// Bits: `12 bits`.
    Bits,
    /// Elements: `12 elements`.
    Elements,
    /// Numbers that count nothing, and words.
    Plain,
}

impl Unit {
    /// A value with its unit.
    #[must_use]
    pub fn show(self, value: &Value) -> String {
        let Value::Number(number) = value else { return value.to_string() };
        let plural = if *number == 1 { "" } else { "s" };
        match self {
            Unit::Byte => format!("byte {number}"),
            Unit::Bit => format!("bit {number}"),
            Unit::Bytes => format!("{number} byte{plural}"),
            Unit::Bits => format!("{number} bit{plural}"),
            Unit::Elements => format!("{number} element{plural}"),
            Unit::Plain => number.to_string(),
        }
    }
}

/// What a rule looks at.
#[derive(Debug)]
pub(super) enum Check {
    /// A record as a whole.
    Record(fn(&records::Pair<'_>) -> Vec<Finding>),
    /// One member that both sides have.
    Member(fn(&members::Pair<'_>) -> Option<Finding>),
    /// An enum or flags.
    Enum(fn(&enums::Pair<'_>) -> Vec<Finding>),
    /// A map.
    Map(fn(&maps::Pair<'_>) -> Vec<Finding>),
    /// Two witnesses, see [`super::twins()`].
    Witnesses,
    /// The fingerprints that an object carries (`bpf-layout-check`).
    Fingerprint,
    /// A lock, see [`crate::lock::Lock::stale`].
    Lock,
    /// What crosses the boundary to userspace, see [`super::boundary()`].
    Boundary,
}

const fn rule(id: &'static str, summary: &'static str, verb: &'static str, unit: Unit, check: Check) -> Rule {
    Rule { id, summary, verb, unit, severity: Severity::Error, check }
}

/// A rule whose findings may be right.
const fn warning(rule: Rule) -> Rule {
    Rule { severity: Severity::Warning, ..rule }
}

/// Every rule.
pub static RULES: &[Rule] = &[
    rule(
        "type-kind",
        "What the spec calls a struct is a union in the object, or the other way around.",
        "is a",
        Unit::Plain,
        Check::Record(records::kind),
    ),
    rule(
        "type-size",
        "A struct, event or union has another size in the object.",
        "has",
        Unit::Bytes,
        Check::Record(records::size),
    ),
    rule(
        "missing-field",
        "A field of the spec is not in the object.",
        "is",
        Unit::Plain,
        Check::Record(records::missing),
    ),
    rule(
        "extra-field",
        "The object has a field that the spec does not, or that its profile omits.",
        "is",
        Unit::Plain,
        Check::Record(records::extra),
    ),
    rule(
        "field-offset",
        "A field starts at another byte in the object.",
        "starts at",
        Unit::Byte,
        Check::Member(members::offset),
    ),
    rule(
        "field-size",
        "A field, or each of its elements, has another size in the object.",
        "has",
        Unit::Bytes,
        Check::Member(members::size),
    ),
    rule(
        "field-sign",
        "A field is signed on one side and unsigned on the other.",
        "is",
        Unit::Plain,
        Check::Member(members::sign),
    ),
    rule(
        "field-type",
        "A field has a type in the object whose bytes mean something else.",
        "is",
        Unit::Plain,
        Check::Member(members::ty),
    ),
    rule(
        "array-length",
        "A string, run of bytes or array has another number of elements in the object.",
        "has",
        Unit::Elements,
        Check::Member(members::length),
    ),
    rule(
        "bit-offset",
        "A bitfield starts at another bit in the object.",
        "starts at",
        Unit::Bit,
        Check::Member(members::bit_offset),
    ),
    rule(
        "bit-width",
        "A bitfield has another width in the object, or is a bitfield on one side only.",
        "has",
        Unit::Bits,
        Check::Member(members::bit_width),
    ),
    rule(
        "enum-value",
        "A variant or flag has another value in the object.",
        "is",
        Unit::Plain,
        Check::Enum(enums::value),
    ),
    rule(
        "enum-size",
        "An enum that fields are declared with has another size in the object than its `repr`.",
        "has",
        Unit::Bytes,
        Check::Enum(enums::size),
    ),
    rule(
        "missing-variant",
        "A variant or flag of the spec is not in the object's enum.",
        "is",
        Unit::Plain,
        Check::Enum(enums::missing),
    ),
    rule(
        "extra-variant",
        "The object's enum has a variant or flag that the spec does not.",
        "is",
        Unit::Plain,
        Check::Enum(enums::extra),
    ),
    rule("map-type", "A map has another type in the object.", "is", Unit::Plain, Check::Map(maps::kind)),
    rule(
        "map-key",
        "The keys of a map have another size or type in the object.",
        "has",
        Unit::Bytes,
        Check::Map(maps::key),
    ),
    rule(
        "map-value",
        "The values of a map have another size or type in the object.",
        "has",
        Unit::Bytes,
        Check::Map(maps::value),
    ),
    rule(
        "map-max-entries",
        "A map has another `max_entries` in the object.",
        "is",
        Unit::Plain,
        Check::Map(maps::max_entries),
    ),
    rule("map-flags", "A map has other flags in the object.", "is", Unit::Plain, Check::Map(maps::flags)),
    rule(
        "map-numa-node",
        "A map is allocated on another NUMA node in the object.",
        "is",
        Unit::Plain,
        Check::Map(maps::numa_node),
    ),
    rule("map-pinning", "A map is pinned by its name on one side only.", "is", Unit::Plain, Check::Map(maps::pinning)),
    rule("map-extra", "A map has another `map_extra` in the object.", "is", Unit::Plain, Check::Map(maps::map_extra)),
    rule("map-inner", "A map holds maps on one side only.", "is", Unit::Plain, Check::Map(maps::inner)),
    rule(
        "two-layouts",
        "Two objects, or two parts of one, have different types or maps of one name.",
        "is",
        Unit::Plain,
        Check::Witnesses,
    ),
    rule(
        "fingerprint",
        "The object was compiled with a layout of other meaning, such as a number where the spec has a time.",
        "has",
        Unit::Plain,
        Check::Fingerprint,
    ),
    rule("lock-missing", "A type, map or profile of the spec is not in the lock.", "is", Unit::Plain, Check::Lock),
    rule("lock-extra", "The lock has a type, map or profile that the spec does not.", "is", Unit::Plain, Check::Lock),
    rule(
        "lock-stale",
        "The lock says something else that no other rule compares, such as a time where the spec has a number.",
        "has",
        Unit::Plain,
        Check::Lock,
    ),
    rule(
        "event-size",
        "A program hands a buffer a record whose size is that of none of the buffer's events.",
        "gets",
        Unit::Bytes,
        Check::Boundary,
    ),
    warning(rule(
        "branch-event-size",
        "On one way to a call, a program hands a buffer a record whose size is that of none of the buffer's events.",
        "may get",
        Unit::Bytes,
        Check::Boundary,
    )),
    warning(rule(
        "unlisted-buffer",
        "A program hands records to userspace through a buffer that the spec does not have, or has no events of.",
        "carries",
        Unit::Plain,
        Check::Boundary,
    )),
    warning(rule(
        "unlisted-struct",
        "A map that the spec does not have has a struct that it does not have either as key or value.",
        "is",
        Unit::Plain,
        Check::Boundary,
    )),
];

impl Rule {
    /// The rule of this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.id == id)
    }
}

//! The table of rules. Each finds one kind of difference; its id is what people search for and allow by.

use super::{
    Finding,
    context::{Cx, Pair, Part},
    draft::Draft,
    fields, maps, members,
    policy::{self, Found},
    tags, types, values,
};
use crate::{diag::Severity, diff::Subject, model::TypeDef};

/// One kind of difference.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name, such as `field-moved`.
    pub id: &'static str,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    /// What it is about.
    pub target: Target,
    /// What became of it.
    pub effect: Effect,
    /// How bad it is whomever it breaks; `None` where that depends on whom.
    pub severity: Option<Severity>,
    pub(super) check: Check,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// What a rule is about, and so what `on` of an `[[allow]]` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A length or capacity: `PATH`.
    Constant,
    /// `budget`.
    Budget,
    /// A struct, event, union, enum, flags or extern type: `exec`.
    Type,
    /// A field of a struct, event or union: `exec.comm`.
    Field,
    /// A value of an enum, or a flag: `file_op.open`.
    Value,
    /// A field or a value.
    Part,
    /// A map: `sockets`.
    Map,
    /// An event of a map: `events.exec`.
    Event,
    /// The spec as a whole: `version`.
    Version,
}

impl Target {
    /// Whether a change is about one of these.
    pub(super) fn fits(self, pair: &Pair<'_>) -> bool {
        let subject = pair.change.subject;
        match self {
            Target::Constant => matches!(subject, Subject::Length | Subject::Capacity),
            Target::Budget => subject == Subject::Budget,
            Target::Type => subject == Subject::Type,
            Target::Field => subject == Subject::Type && is_both(pair, |def| matches!(def, TypeDef::Record(_))),
            Target::Value => {
                subject == Subject::Type && is_both(pair, |def| matches!(def, TypeDef::Enum(_) | TypeDef::Flags(_)))
            }
            Target::Map | Target::Event => subject == Subject::Map,
            Target::Part | Target::Version => false,
        }
    }
}

fn is_both(pair: &Pair<'_>, is: impl Fn(&TypeDef) -> bool) -> bool {
    pair.old_type().is_some_and(&is) && pair.new_type().is_some_and(is)
}

/// What became of what a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Only the new version has it.
    Adds,
    /// Only the old version has it.
    Removes,
    /// It has another name.
    Renames,
    /// It is otherwise.
    Changes,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// A thing as a whole.
    Whole(fn(&Pair<'_>) -> Vec<Draft>),
    /// A field or value.
    Part(fn(&Part<'_>) -> Option<Draft>),
    /// Both versions, with what the rules before it found.
    Spec(fn(&Cx<'_>, &[Finding]) -> Found),
}

const fn rule(id: &'static str, summary: &'static str, target: Target, effect: Effect, check: Check) -> Rule {
    Rule { id, summary, target, effect, severity: None, check }
}

const fn policy(severity: Severity, rule: Rule) -> Rule {
    Rule { severity: Some(severity), ..rule }
}

use Check::{Part as OnPart, Spec, Whole};
use Effect::{Adds, Changes, Removes, Renames};
use Severity::{Error, Warning};
use Target::{Budget, Constant, Event, Field, Map, Part as Member, Type, Value, Version};

/// Every rule. Those about the spec as a whole come last, since they see what the others found.
pub static RULES: &[Rule] = &[
    rule(
        "constant-changed",
        "A length or capacity is another; what that changes, other rules tell.",
        Constant,
        Changes,
        Whole(types::constant),
    ),
    rule("budget-changed", "The budget of all maps is another.", Budget, Changes, Whole(types::budget)),
    rule("type-added", "A type is new.", Type, Adds, Whole(types::added)),
    rule("type-removed", "A type is gone; what used it says so by itself.", Type, Removes, Whole(types::removed)),
    rule(
        "type-kind-changed",
        "A struct, event, union, enum, flags or extern type is another of these.",
        Type,
        Changes,
        Whole(types::kind),
    ),
    rule("type-size-changed", "A type has another size.", Type, Changes, Whole(types::size)),
    rule("type-align-changed", "A type has another alignment.", Type, Changes, Whole(types::align)),
    rule(
        "extern-type-changed",
        "A type that is defined elsewhere is another one there.",
        Type,
        Changes,
        Whole(types::external),
    ),
    rule(
        "event-tag-changed",
        "An event is told from others by another field or value.",
        Type,
        Changes,
        Whole(tags::event_tag),
    ),
    rule("enum-repr-changed", "An enum or flags are held in another integer.", Type, Changes, Whole(types::repr)),
    rule("field-removed", "A field is gone.", Field, Removes, OnPart(fields::removed)),
    rule("field-omitted", "An optional field is left out by the profile.", Field, Changes, OnPart(fields::omitted)),
    rule("field-in-padding", "A field is new, in bytes that were padding.", Field, Adds, OnPart(fields::in_padding)),
    rule("field-appended", "A field is new, after all bytes that were there.", Field, Adds, OnPart(fields::appended)),
    rule(
        "field-inserted",
        "A field is new, in bytes that belonged to other fields.",
        Field,
        Adds,
        OnPart(fields::inserted),
    ),
    rule("field-renamed", "A field has another name, and the same bytes.", Field, Renames, OnPart(fields::renamed)),
    rule("field-moved", "A field lies in other bytes.", Field, Changes, OnPart(members::moved)),
    rule("field-size-changed", "A field has another size.", Field, Changes, OnPart(members::size)),
    rule(
        "field-bits-changed",
        "A bitfield has another width, or a field is a bitfield in one version only.",
        Field,
        Changes,
        OnPart(members::bits),
    ),
    rule("field-sign-changed", "A field is signed in one version only.", Field, Changes, OnPart(members::sign)),
    rule("field-type-changed", "The bytes of a field mean something else.", Field, Changes, OnPart(members::ty)),
    rule(
        "field-retyped",
        "A field has another type that means the same bytes.",
        Field,
        Changes,
        OnPart(members::same_bytes),
    ),
    rule(
        "field-limit-changed",
        "A field of variable length may be longer or shorter than before.",
        Field,
        Changes,
        OnPart(members::limit),
    ),
    rule("field-contains-changed", "A list or tree holds other nodes.", Field, Changes, OnPart(members::contains)),
    rule(
        "union-tag-changed",
        "Another tag, or another value of it, selects a member of a union.",
        Field,
        Changes,
        OnPart(tags::union_tag),
    ),
    rule("union-member-added", "A union has another member.", Field, Adds, OnPart(fields::member_added)),
    rule("union-member-removed", "A member of a union is gone.", Field, Removes, OnPart(fields::member_removed)),
    rule("value-added", "An enum has another value, or flags another bit.", Value, Adds, OnPart(values::added)),
    rule("value-removed", "A value of an enum, or a flag, is gone.", Value, Removes, OnPart(values::removed)),
    rule("value-changed", "A value of an enum, or a flag, is another number.", Value, Changes, OnPart(values::changed)),
    rule("value-renamed", "A value of an enum, or a flag, has another name.", Value, Renames, OnPart(values::renamed)),
    rule("value-reused", "A number or bit that had one meaning has another.", Value, Adds, OnPart(values::reused)),
    rule("map-added", "A map is new.", Map, Adds, Whole(maps::added)),
    rule("map-removed", "A map is gone.", Map, Removes, Whole(maps::removed)),
    rule("map-type-changed", "A map has another type.", Map, Changes, Whole(maps::kind)),
    rule("map-key-changed", "The keys of a map have another size or type.", Map, Changes, Whole(maps::key)),
    rule("map-value-changed", "The values of a map have another size or type.", Map, Changes, Whole(maps::value)),
    rule("map-max-entries-changed", "A map has another `max_entries`.", Map, Changes, Whole(maps::max_entries)),
    rule("map-flags-changed", "A map has other flags.", Map, Changes, Whole(maps::flags)),
    rule("map-pinning-changed", "A map is pinned by its name in one version only.", Map, Changes, Whole(maps::pinning)),
    rule("map-extra-changed", "A map has another `map_extra`.", Map, Changes, Whole(maps::extra)),
    rule("map-numa-node-changed", "A map is allocated on another NUMA node.", Map, Changes, Whole(maps::numa_node)),
    rule("map-wakeup-changed", "The reader of a ring buffer is woken otherwise.", Map, Changes, Whole(maps::wakeup)),
    rule("map-inner-changed", "A map of maps holds other maps.", Map, Changes, Whole(maps::inner)),
    rule("map-budget-changed", "The budget of a map is another.", Map, Changes, Whole(maps::budget)),
    rule("event-added", "Another event travels through a map.", Event, Adds, Whole(maps::event_added)),
    rule("event-removed", "An event no longer travels through a map.", Event, Removes, Whole(maps::event_removed)),
    policy(
        Error,
        rule(
            "version-not-raised",
            "Layouts are others, and the version is the same.",
            Version,
            Changes,
            Spec(policy::not_raised),
        ),
    ),
    policy(
        Error,
        rule("version-lowered", "The version is lower than before.", Version, Changes, Spec(policy::lowered)),
    ),
    policy(
        Warning,
        rule(
            "since-missing",
            "A new field or value does not say in which version it came.",
            Member,
            Changes,
            Spec(policy::since_missing),
        ),
    ),
    policy(
        Error,
        rule(
            "since-wrong",
            "A field or value says that it came in a version that does not fit.",
            Member,
            Changes,
            Spec(policy::since_wrong),
        ),
    ),
    policy(
        Error,
        rule(
            "removed-unreserved",
            "A field or value is gone, and its name or number is not reserved.",
            Member,
            Removes,
            Spec(policy::unreserved),
        ),
    ),
    policy(
        Error,
        rule(
            "reserved-reused",
            "A name or number that was reserved is in use again.",
            Member,
            Changes,
            Spec(policy::reused),
        ),
    ),
    policy(
        Error,
        rule(
            "reservation-dropped",
            "A name or number that was reserved no longer is.",
            Member,
            Removes,
            Spec(policy::reservation_dropped),
        ),
    ),
];

impl Rule {
    /// The rule of this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.id == id)
    }
}

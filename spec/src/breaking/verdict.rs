//! Who a change breaks: four relations between an old and a new version, and what follows for each.

use super::exposure::Exposure;

/// Two sides, or two times, that have to agree about a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// A new userspace with an old object.
    NewUserspace,
    /// An old userspace with a new object.
    OldUserspace,
    /// A map that is pinned by name in both, survives the upgrade, and is read and written by both versions.
    PinnedMap,
    /// A ring buffer or perf buffer whose records come from both versions, to readers of both.
    SharedBuffer,
}

impl Relation {
    /// Every relation, in the order of [`Verdicts`].
    pub const ALL: [Relation; 4] =
        [Relation::NewUserspace, Relation::OldUserspace, Relation::PinnedMap, Relation::SharedBuffer];

    /// Its name where programs read it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Relation::NewUserspace => "new-userspace",
            Relation::OldUserspace => "old-userspace",
            Relation::PinnedMap => "pinned-map",
            Relation::SharedBuffer => "shared-buffer",
        }
    }

    /// The relation of this name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Relation> {
        Relation::ALL.into_iter().find(|relation| relation.id() == id)
    }

    /// What it is, with its article.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Relation::NewUserspace => "a new userspace with an old object",
            Relation::OldUserspace => "an old userspace with a new object",
            Relation::PinnedMap => "a pinned map that survives the upgrade",
            Relation::SharedBuffer => "a buffer that both versions share",
        }
    }
}

/// What a change means for one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The relation does not come across it.
    Apart,
    /// Both sides go on as before.
    Compatible,
    /// Something breaks: what, in a few words.
    Breaks(String),
}

impl Verdict {
    /// `breaks`, `ok`, or `-` for a relation that does not come across the change.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Verdict::Apart => "-",
            Verdict::Compatible => "ok",
            Verdict::Breaks(_) => "breaks",
        }
    }

    /// Breaks for a reason; compatible if there is none.
    fn of(reason: Option<&str>) -> Verdict {
        reason.map_or(Verdict::Compatible, |reason| Verdict::Breaks(reason.to_owned()))
    }
}

/// What a change means for each relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts([Verdict; 4]);

impl Verdicts {
    /// What it means for one relation.
    #[must_use]
    pub fn of(&self, relation: Relation) -> &Verdict {
        &self.0[relation as usize]
    }

    /// Each relation with what it means for it.
    pub fn iter(&self) -> impl Iterator<Item = (Relation, &Verdict)> {
        Relation::ALL.into_iter().zip(&self.0)
    }

    /// Whether it breaks one of these relations.
    #[must_use]
    pub fn breaks(&self, relations: &[Relation]) -> bool {
        relations.iter().any(|&relation| matches!(self.of(relation), Verdict::Breaks(_)))
    }

    /// No relation comes across it.
    pub(super) const fn apart() -> Verdicts {
        Verdicts([Verdict::Apart, Verdict::Apart, Verdict::Apart, Verdict::Apart])
    }

    /// What breaks for each relation, if anything; `None` outside for one that does not come across it.
    pub(super) fn new(reasons: [Option<Option<&str>>; 4]) -> Verdicts {
        Verdicts(reasons.map(|reason| reason.map_or(Verdict::Apart, Verdict::of)))
    }
}

/// What goes wrong when one version reads the bytes of the other; nothing where that is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// A new reader of what an old writer wrote.
    pub(super) new_of_old: Option<String>,
    /// An old reader of what a new writer wrote.
    pub(super) old_of_new: Option<String>,
}

impl Reads {
    /// Both read what the other wrote.
    pub(super) fn fine() -> Reads {
        Reads::default()
    }

    pub(super) fn is_fine(&self) -> bool {
        self.new_of_old.is_none() && self.old_of_new.is_none()
    }

    /// Neither does.
    pub(super) fn neither(reason: impl Into<String>) -> Reads {
        let reason = reason.into();
        Reads { new_of_old: Some(reason.clone()), old_of_new: Some(reason) }
    }

    /// New readers get what they expect, old ones do not.
    pub(super) fn only_new(reason: impl Into<String>) -> Reads {
        Reads { new_of_old: None, old_of_new: Some(reason.into()) }
    }

    /// Old readers get what they expect, new ones do not.
    pub(super) fn only_old(reason: impl Into<String>) -> Reads {
        Reads { new_of_old: Some(reason.into()), old_of_new: None }
    }

    /// What follows for the relations of a type. Records of a buffer travel from the object to userspace. Entries of a
    /// map travel both ways, and so does what a type is used for that the spec does not tell.
    pub(super) fn verdicts(&self, exposure: &Exposure) -> Verdicts {
        let (new, old) = (self.new_of_old.as_deref(), self.old_of_new.as_deref());
        let either = new.or(old);
        let both_ways = exposure.in_map() || !exposure.in_buffer();
        Verdicts::new([
            Some(if both_ways { either } else { new }),
            Some(if both_ways { old.or(new) } else { old }),
            exposure.pinned.then_some(either),
            exposure.in_buffer().then_some(either),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for relation in Relation::ALL {
            assert_eq!(Relation::from_id(relation.id()), Some(relation));
        }
    }

    #[test]
    fn records_travel_one_way_and_entries_both() {
        let words = |reads: &Reads, exposure: &Exposure| {
            reads.verdicts(exposure).iter().map(|(_, verdict)| verdict.word()).collect::<Vec<_>>().join(" ")
        };
        let event = Exposure { ring: true, ..Exposure::default() };
        let value = Exposure { value: true, ..Exposure::default() };
        let pinned = Exposure { value: true, pinned: true, ..Exposure::default() };
        let both = Exposure { value: true, perf: true, ..Exposure::default() };
        for (reads, exposure, expected) in [
            (Reads::only_new("x"), &event, "ok breaks - breaks"),
            (Reads::only_old("x"), &event, "breaks ok - breaks"),
            (Reads::only_new("x"), &value, "breaks breaks - -"),
            (Reads::only_old("x"), &pinned, "breaks breaks breaks -"),
            (Reads::only_old("x"), &both, "breaks breaks - breaks"),
            (Reads::fine(), &pinned, "ok ok ok -"),
            (Reads::only_new("x"), &Exposure::default(), "breaks breaks - -"),
        ] {
            assert_eq!(words(&reads, exposure), expected, "{reads:?} {exposure:?}");
        }
    }
}

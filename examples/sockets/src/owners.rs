//! Owners where they stand by themselves, and the paths that they have in common, by their ids.

use std::{
    collections::HashSet,
    fmt, mem,
    time::{Duration, Instant},
};

use bpf_layout::{
    InternCounts,
    convert::Text,
    libbpf::{Dictionary, TypedMap, intern_counts},
};
use libbpf_rs::Object;
use tool::handle;

use crate::{
    layouts::{PathId, maps},
    packet::Packet,
};

/// The maps of owners and of their paths.
pub(crate) struct Owners {
    owners: TypedMap<maps::SocketOwners>,
    paths: Dictionary<maps::PathStrings>,
    interning: TypedMap<maps::PathInterning>,
    ageing: Ageing,
    aged: u64,
}

/// What became of paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathTotals {
    /// Paths that are there.
    pub(crate) kept: u64,
    /// Paths that were removed, as no owner had them any more.
    pub(crate) aged: u64,
    /// What the kernel side counted, over all CPUs.
    pub(crate) counts: InternCounts,
}

impl Owners {
    /// Those of a loaded object; `None` in profiles where each socket says who opened it. Paths that no owner has any more
    /// are kept for `path_age`.
    ///
    /// # Errors
    /// If the maps are not those of the spec.
    pub(crate) fn of(object: &Object, path_age: Duration) -> Result<Option<Self>, String> {
        let Ok(owners) = handle::<maps::SocketOwners>(object) else { return Ok(None) };
        Ok(Some(Owners {
            owners: TypedMap::new(owners).map_err(text)?,
            paths: Dictionary::new(TypedMap::new(handle::<maps::PathStrings>(object)?).map_err(text)?),
            interning: TypedMap::new(handle::<maps::PathInterning>(object)?).map_err(text)?,
            ageing: Ageing::new(path_age, Instant::now()),
            aged: 0,
        }))
    }

    /// Gives a packet the paths of which its event has only the ids.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub(crate) fn resolve(&mut self, packet: &mut Packet) -> Result<(), String> {
        for (id, path) in [(packet.cwd_id, &mut packet.cwd), (packet.exepath_id, &mut packet.exepath)] {
            if let (Some(id), None) = (id, &path) {
                *path = self.path(id)?;
            }
        }
        Ok(())
    }

    fn path(&mut self, id: PathId) -> Result<Option<Text<Vec<u8>>>, String> {
        let path = self.paths.resolve(id).map_err(text)?;
        Ok(path.map(|path| Text { value: path.as_bytes().to_vec(), is_truncated: path.is_truncated() }))
    }

    /// Removes paths that no owner has any more, if it is time to look for them. To be called when all events that
    /// there were have been resolved.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub(crate) fn age_out(&mut self) -> Result<(), String> {
        let Some(round) = self.ageing.due(Instant::now()) else { return Ok(()) };
        let owners = self.owners.entries().map_err(text)?;
        let in_use = owners.iter().flat_map(|(_, owner)| [owner.cwd, owner.exepath]).collect();
        let in_use = self.ageing.in_use(in_use);
        let removed = self.paths.age_out(round, |id| in_use.contains(&id)).map_err(text)?;
        self.aged += removed as u64;
        Ok(())
    }

    /// How many owners there are.
    pub(crate) fn count(&self) -> u64 {
        self.owners.keys().count() as u64
    }

    /// The account of their paths.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub(crate) fn paths(&self) -> Result<PathTotals, String> {
        Ok(PathTotals {
            kept: self.paths.map().keys().count() as u64,
            aged: self.aged,
            counts: intern_counts::<maps::PathStrings>(&self.interning).map_err(text)?,
        })
    }
}

/// When paths are looked through, and which of them to leave alone.
///
/// An event may have the id of a path whose owner goes before the event is read. So a path goes only if no owner had it in
/// this round nor in the one before, and if no program met it since that: then any event with it is older than a round in
/// which it was not in use any more, after which all events were read.
struct Ageing {
    every: Duration,
    last: Instant,
    before: HashSet<PathId>,
}

impl Ageing {
    fn new(every: Duration, now: Instant) -> Self {
        Ageing { every, last: now, before: HashSet::new() }
    }

    /// If it is time for a round, for how long nobody must have met a path that goes: since the last round, and
    /// the moment that a program may have an id in hand before it stores it.
    fn due(&mut self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.last);
        (since >= self.every).then(|| {
            self.last = now;
            since + Dictionary::<maps::PathStrings>::MIN_AGE
        })
    }

    /// The paths to leave alone in this round, by those that owners have now.
    fn in_use(&mut self, now: HashSet<PathId>) -> HashSet<PathId> {
        let before = mem::replace(&mut self.before, now);
        before.union(&self.before).copied().collect()
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_left_alone_for_a_round_after_its_last_owner() {
        let began = Instant::now();
        let mut ageing = Ageing::new(Duration::from_secs(60), began);
        assert_eq!(ageing.due(began + Duration::from_secs(59)), None);
        // Late by two seconds, which a path that was met meanwhile must not pay for.
        assert_eq!(ageing.due(began + Duration::from_secs(62)), Some(Duration::from_secs(67)));
        assert_eq!(ageing.due(began + Duration::from_secs(120)), None);

        let [one, other] = [1, 2].map(|id| PathId { id });
        assert_eq!(ageing.in_use(HashSet::from([one])), HashSet::from([one]));
        assert_eq!(ageing.in_use(HashSet::from([other])), HashSet::from([one, other]));
        assert_eq!(ageing.in_use(HashSet::new()), HashSet::from([other]));
        assert_eq!(ageing.in_use(HashSet::new()), HashSet::new());
    }
}

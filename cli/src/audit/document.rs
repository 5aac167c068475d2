//! What an audit came to: the document that a run prints and that merging reads. Its shape is an interface, described in
//! docs/audit.md: keys are added, never changed.

use serde::{Deserialize, Serialize};

use super::{histogram::Histogram, propose::Proposal};

/// The version of the document.
pub(super) const VERSION: u32 = 1;

/// One audit, or several that were merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Document {
    /// [`VERSION`].
    pub(super) audit: u32,
    /// File name of the spec that strings were found by.
    pub(super) spec: Option<String>,
    pub(super) profile: Option<String>,
    /// Where it was measured; one a machine and run.
    pub(super) machines: Vec<Machine>,
    pub(super) maps: Vec<Row>,
    /// Made anew from merged figures, never read.
    #[serde(default, skip_deserializing)]
    pub(super) proposals: Vec<Proposal>,
    /// What speaks against a proposal, in words. Made anew as well.
    #[serde(default, skip_deserializing)]
    pub(super) notes: Vec<String>,
}

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) kernel: String,
    /// Possible CPUs.
    pub(super) cpus: u64,
    /// Bytes.
    pub(super) page_size: u64,
    /// How often it was measured.
    pub(super) runs: u64,
}

/// One loaded map; after merging, those of one name and shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Of the running kernel; none after merging.
    pub(super) id: Option<u32>,
    /// As the kernel has it: at most 15 bytes.
    pub(super) name: String,
    /// Which map of the spec it is.
    pub(super) map: Option<String>,
    #[serde(rename = "type")]
    pub(super) ty: String,
    pub(super) key_size: u64,
    pub(super) value_size: u64,
    pub(super) max_entries: u64,
    pub(super) map_flags: u32,
    /// What the kernel reports, in bytes.
    pub(super) memlock: u64,
    /// What the model says that it reports; none if the model needs what cannot be seen.
    pub(super) predicted: Option<u64>,
    /// What it really takes, by the model.
    pub(super) real: Option<u64>,
    /// None if the kernel does not show it.
    pub(super) in_use: Option<InUse>,
    pub(super) strings: Vec<Strings>,
    /// Why strings were not measured.
    pub(super) skipped: Option<String>,
}

/// Entries in use; bytes that wait to be read for ring buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InUse {
    /// When it was last looked at; none if it has gone, or of several machines.
    pub(super) last: Option<u64>,
    /// The most that were ever seen.
    pub(super) peak: u64,
    /// How often it was looked at.
    pub(super) samples: u64,
    /// Whether everything was counted each time. If not, there may be more.
    pub(super) complete: bool,
}

/// A string of keys or values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Strings {
    /// `value.cwd`, `key.path`, `value.args[].text`.
    pub(super) field: String,
    /// Bytes that it has; the most, if machines differ.
    pub(super) length: u64,
    /// Values that leave no byte free, and so may have been cut.
    pub(super) filled: u64,
    /// Bytes in use with the NUL, and how many values use them.
    pub(super) lengths: Histogram,
}

impl Document {
    /// Puts the figures of another audit to these. Maps are the same if their names and shapes are, and, on one machine
    /// (`by_id`), their ids.
    pub(super) fn add(&mut self, other: Document, by_id: bool) {
        self.add_machines(other.machines);
        if by_id {
            self.maps.iter_mut().filter_map(|row| row.in_use.as_mut()).for_each(|in_use| in_use.last = None);
        }
        for mut row in other.maps {
            if !by_id {
                row.forget();
            }
            match self.maps.iter_mut().find(|known| known.is_same(&row)) {
                Some(known) => known.add(row),
                None => self.maps.push(row),
            }
        }
    }

    fn add_machines(&mut self, machines: Vec<Machine>) {
        for machine in machines {
            let same = |known: &&mut Machine| {
                (&known.kernel, known.cpus, known.page_size) == (&machine.kernel, machine.cpus, machine.page_size)
            };
            match self.machines.iter_mut().find(same) {
                Some(known) => known.runs = known.runs.saturating_add(machine.runs),
                None => self.machines.push(machine),
            }
        }
    }
}

impl Row {
    /// Drops what means nothing on other machines.
    fn forget(&mut self) {
        self.id = None;
        if let Some(in_use) = &mut self.in_use {
            in_use.last = None;
        }
    }

    fn is_same(&self, other: &Row) -> bool {
        let identity = |row: &Row| (row.id, row.key_size, row.value_size, row.map_flags);
        let names = |row: &Row| (row.name.clone(), row.map.clone(), row.ty.clone());
        identity(self) == identity(other) && names(self) == names(other)
    }

    /// The largest of each figure, and all samples.
    fn add(&mut self, other: Row) {
        self.max_entries = self.max_entries.max(other.max_entries);
        self.memlock = self.memlock.max(other.memlock);
        self.predicted = self.predicted.max(other.predicted);
        self.real = self.real.max(other.real);
        self.in_use = match (self.in_use, other.in_use) {
            (Some(left), Some(right)) => Some(left.with(right)),
            (left, right) => left.or(right),
        };
        self.skipped = self.skipped.take().or(other.skipped);
        for strings in other.strings {
            match self.strings.iter_mut().find(|known| known.field == strings.field) {
                Some(known) => known.add(&strings),
                None => self.strings.push(strings),
            }
        }
    }
}

impl InUse {
    /// Looked at once.
    #[cfg(target_os = "linux")]
    pub(super) const fn once(entries: u64, complete: bool) -> Self {
        InUse { last: Some(entries), peak: entries, samples: 1, complete }
    }

    fn with(self, later: InUse) -> Self {
        InUse {
            last: later.last,
            peak: self.peak.max(later.peak),
            samples: self.samples.saturating_add(later.samples),
            complete: self.complete && later.complete,
        }
    }
}

impl Strings {
    fn add(&mut self, other: &Strings) {
        self.length = self.length.max(other.length);
        self.filled = self.filled.saturating_add(other.filled);
        self.lengths.merge(&other.lengths);
    }
}

//! What was found: the document that a run prints and that merging reads. Its shape is an interface, described in
//! docs/audit.md: keys are added, never changed.

use std::{error, fmt};

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// The version of the document.
pub const VERSION: u32 = 1;

/// One audit, or several that were merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// [`VERSION`].
    pub audit: u32,
    /// File name of the spec that strings were found by.
    pub spec: Option<String>,
    /// The profile of it.
    pub profile: Option<String>,
    /// Where it was measured; one a machine and run.
    pub machines: Vec<Machine>,
    /// What was found of each map.
    pub maps: Vec<Row>,
}

/// Why a text is no document.
#[derive(Debug)]
pub enum ReadError {
    /// There is nothing in it.
    Empty,
    /// It is of this version, and not of [`VERSION`].
    Version(u32),
    /// It is no JSON, or says something else.
    Json(serde_json::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Empty => f.write_str("it is empty"),
            ReadError::Version(version) => write!(f, "it is of version {version}, and this reads version {VERSION}"),
            ReadError::Json(error) => error.fmt(f),
        }
    }
}

impl error::Error for ReadError {}

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The kernel's release.
    pub kernel: String,
    /// Possible CPUs.
    pub cpus: u64,
    /// Bytes.
    pub page_size: u64,
    /// How often it was measured.
    pub runs: u64,
}

/// One loaded map; after merging, those of one name and shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Of the running kernel; none after merging.
    pub id: Option<u32>,
    /// As the kernel has it: at most 15 bytes.
    pub name: String,
    /// Which map of the spec it is.
    pub map: Option<String>,
    /// As the spec writes it: `lru_hash`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Bytes of a key.
    pub key_size: u64,
    /// Bytes of a value, of one CPU's.
    pub value_size: u64,
    /// Entries that there is room for; bytes of a ring buffer.
    pub max_entries: u64,
    /// Bits of `BPF_F_*`.
    pub map_flags: u32,
    /// What the kernel reports, in bytes.
    pub memlock: u64,
    /// What the model says that it reports; none if the model needs what cannot be seen.
    pub predicted: Option<u64>,
    /// What it really takes, by the model.
    pub real: Option<u64>,
    /// None if the kernel does not show it.
    pub in_use: Option<InUse>,
    /// What was measured of each string.
    pub strings: Vec<Strings>,
    /// Why strings were not measured.
    pub skipped: Option<String>,
    /// Updates that failed, as far as the map's own program counted them; none if nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
}

/// Entries in use; bytes that wait to be read for ring buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InUse {
    /// When it was last looked at; none if it has gone, or of several machines.
    pub last: Option<u64>,
    /// The most that were ever seen.
    pub peak: u64,
    /// How often it was looked at.
    pub samples: u64,
    /// Whether everything was counted each time. If not, there may be more.
    pub complete: bool,
}

/// A string of keys, values or events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strings {
    /// `value.cwd`, `key.path`, `value.args[].text`; of an event that travels through the map, `exec.cwd`.
    pub field: String,
    /// Bytes that it has; the most, if machines differ.
    pub length: u64,
    /// Values that leave no byte free, and so may have been cut.
    pub filled: u64,
    /// Bytes in use with the NUL, and how many values use them.
    pub lengths: Histogram,
}

impl Document {
    /// A document without maps, of one machine.
    #[must_use]
    pub fn of(machine: Machine) -> Self {
        Document { audit: VERSION, spec: None, profile: None, machines: vec![machine], maps: Vec::new() }
    }

    /// All documents of a text: one, or several one after another.
    ///
    /// # Errors
    /// If it has none, or anything else.
    pub fn read(text: &str) -> Result<Vec<Document>, ReadError> {
        let read = |document: Result<Document, serde_json::Error>| match document.map_err(ReadError::Json)? {
            document if document.audit == VERSION => Ok(document),
            document => Err(ReadError::Version(document.audit)),
        };
        let documents: Vec<Document> =
            serde_json::Deserializer::from_str(text).into_iter().map(read).collect::<Result<_, _>>()?;
        if documents.is_empty() { Err(ReadError::Empty) } else { Ok(documents) }
    }

    /// One line of JSON, without its end.
    ///
    /// # Panics
    /// Never: strings and numbers always serialise.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }

    /// Puts the figures of another audit to these. Maps are the same if their names and shapes are, and, on one machine
    /// (`by_id`), their ids.
    pub fn add(&mut self, other: Document, by_id: bool) {
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
        self.failed = match (self.failed, other.failed) {
            (Some(left), Some(right)) => Some(left.saturating_add(right)),
            (left, right) => left.or(right),
        };
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
    #[must_use]
    pub const fn once(entries: u64, complete: bool) -> Self {
        InUse { last: Some(entries), peak: entries, samples: 1, complete }
    }

    /// Looked at again, later.
    #[must_use]
    pub fn with(self, later: InUse) -> Self {
        InUse {
            last: later.last,
            peak: self.peak.max(later.peak),
            samples: self.samples.saturating_add(later.samples),
            complete: self.complete && later.complete,
        }
    }
}

impl Strings {
    /// Adds what was seen elsewhere of the same string.
    pub fn add(&mut self, other: &Strings) {
        self.length = self.length.max(other.length);
        self.filled = self.filled.saturating_add(other.filled);
        self.lengths.merge(&other.lengths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, id: u32, peak: u64, failed: Option<u64>) -> Row {
        Row {
            id: Some(id),
            name: name.into(),
            map: None,
            ty: "hash".into(),
            key_size: 4,
            value_size: 8,
            max_entries: 16,
            map_flags: 0,
            memlock: 100 * peak,
            predicted: Some(100),
            real: None,
            in_use: Some(InUse::once(peak, true)),
            strings: Vec::new(),
            skipped: None,
            failed,
        }
    }

    fn document(rows: Vec<Row>) -> Document {
        let machine = Machine { kernel: "6.12".into(), cpus: 2, page_size: 4096, runs: 1 };
        Document { maps: rows, ..Document::of(machine) }
    }

    #[test]
    fn the_largest_figures_stay_and_counts_are_added() {
        let mut sum = document(vec![row("a", 1, 7, None)]);
        sum.add(document(vec![row("a", 1, 3, Some(2)), row("b", 2, 1, None)]), true);
        sum.add(document(vec![row("a", 1, 5, Some(4))]), true);
        let [a, b] = &sum.maps[..] else { panic!("two maps: {sum:?}") };
        assert_eq!((a.in_use, a.failed), (Some(InUse { last: Some(5), peak: 7, samples: 3, complete: true }), Some(6)));
        assert_eq!((a.memlock, sum.machines.len(), sum.machines[0].runs), (700, 1, 3));
        assert_eq!(b.in_use.map(|in_use| in_use.last), Some(None), "it has gone");
        // On another machine, the same number is another map's.
        sum.maps.iter_mut().for_each(|row| row.id = None);
        sum.add(document(vec![row("a", 9, 9, None)]), false);
        assert_eq!((sum.maps.len(), sum.maps[0].in_use.map(|in_use| in_use.peak)), (2, Some(9)));
    }

    #[test]
    fn what_is_written_is_read() {
        let written = document(vec![row("a", 1, 7, None), row("b", 2, 7, Some(1))]);
        let text = format!("{}\n{}", written.to_json(), written.to_json());
        let read = Document::read(&text).expect("its own");
        assert_eq!(read.len(), 2);
        assert!(read.iter().all(|document| document.maps == written.maps));
        assert!(!document(vec![row("a", 1, 7, None)]).to_json().contains("failed"), "nobody counted");
        for (text, why) in [
            (String::new(), "it is empty"),
            (text.replace("\"audit\":1", "\"audit\":2"), "it is of version 2, and this reads version 1"),
            (text[..40].to_owned(), "EOF while parsing"),
        ] {
            let error = Document::read(&text).expect_err("it is none").to_string();
            assert!(error.starts_with(why), "{error}");
        }
    }
}

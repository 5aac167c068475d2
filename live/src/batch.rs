//! Many elements in one call.

use crate::{
    elements::Elements,
    error::Error,
    sys::{Buffers, Command},
};

/// The most bytes that are asked for in one call, whatever number of elements was wished for.
const LARGEST: usize = 16 << 20;

/// Elements that one call gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Keys, one after another.
    pub keys: Vec<u8>,
    /// Values, one after another, as [`Elements::lookup`] gives them.
    pub values: Vec<u8>,
    /// How many.
    pub count: usize,
}

/// The elements of a map, batch by batch. Hash maps, arrays, LRU maps and tries know batches, since Linux 5.6; others give
/// an error.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    elements: Elements<'a>,
    count: usize,
    from: Option<Vec<u8>>,
    done: bool,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(elements: Elements<'a>, count: usize) -> Self {
        // A map without keys has no batches.
        let done = elements.key_len() == 0;
        Batches { elements, count: count.clamp(1, most(&elements)), from: None, done }
    }

    fn read(&mut self) -> Result<Batch, Error> {
        loop {
            let (key, value) = (self.elements.key_len(), self.elements.value_len());
            let mut batch = Batch { keys: vec![0; key * self.count], values: vec![0; value * self.count], count: 0 };
            let mut next = vec![0; self.elements.access().position()];
            let mut buffers = Buffers { next: &mut next, keys: &mut batch.keys, values: &mut batch.values };
            match self.elements.access().lookup_batch(self.from.as_deref(), &mut buffers) {
                Ok((count, last)) => {
                    batch.keys.truncate(key * count);
                    batch.values.truncate(value * count);
                    (batch.count, self.done, self.from) = (count, last, Some(next));
                    return Ok(batch);
                }
                // A bucket of a hash map comes whole: it had more elements than there was room for.
                Err(error) if error.raw_os_error() == Some(libc::ENOSPC) && self.count < most(&self.elements) => {
                    self.count = (self.count * 2).min(most(&self.elements));
                }
                Err(error) => return Err(self.elements.error(Command::MapLookupBatch, error)),
            }
        }
    }
}

/// How many elements are asked for at most.
fn most(elements: &Elements<'_>) -> usize {
    (LARGEST / (elements.key_len() + elements.value_len()).max(1)).max(1)
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.read();
        self.done |= batch.is_err();
        match batch {
            Ok(batch) if batch.count == 0 && self.done => None,
            batch => Some(batch),
        }
    }
}

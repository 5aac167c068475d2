//! The elements of a map.

use crate::{
    batch::Batches,
    error::Error,
    machine,
    map::Map,
    sys::{Access, Command},
};

/// The elements of a map: their keys, and their values as the kernel gives them. Where a map has a value per CPU, its
/// values are those of all possible CPUs, one after another, each at a multiple of 8 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    map: &'a Map,
    access: Access<'a>,
}

impl Map {
    /// Its elements.
    ///
    /// # Errors
    /// If the map has a type that this crate does not know.
    pub fn elements(&self) -> Result<Elements<'_>, Error> {
        let cpus = || machine::possible_cpus().map_err(std::io::Error::other);
        match Access::new(self.fd(), cpus) {
            Ok(access) => Ok(Elements { map: self, access }),
            Err(error) => Err(Error::call(Command::ObjGetInfoByFd, self.name(), error)),
        }
    }
}

impl<'a> Elements<'a> {
    /// Bytes of a key.
    #[must_use]
    pub fn key_len(&self) -> usize {
        self.access.key()
    }

    /// Bytes of a value, those of all possible CPUs together.
    #[must_use]
    pub fn value_len(&self) -> usize {
        self.access.value()
    }

    /// The value of a key; `None` if the map has none. For a queue or stack, whose keys are empty, the next one.
    ///
    /// # Errors
    /// If the key has another size than the map's keys, or the map cannot be read.
    pub fn lookup(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut value = vec![0; self.value_len()];
        match self.access.lookup(key, &mut value) {
            Ok(()) => Ok(Some(value)),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(error) => Err(self.error(Command::MapLookupElem, error)),
        }
    }

    /// Sets the value of a key; for a queue or stack, puts it in.
    ///
    /// # Errors
    /// If a size is another than the map's, there is no room, or the map may not be written: only one that was created here
    /// may.
    pub fn update(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.access.update(key, value, 0).map_err(|error| self.error(Command::MapUpdateElem, error))
    }

    /// Removes a key, and tells whether the map had it.
    ///
    /// # Errors
    /// If the key has another size than the map's keys, or the map may not be written.
    pub fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        match self.access.delete(key) {
            Ok(()) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
            Err(error) => Err(self.error(Command::MapDeleteElem, error)),
        }
    }

    /// Its keys, one call each. See [`Keys`].
    #[must_use]
    pub fn keys(&self) -> Keys<'a> {
        // Programs that remove what was last seen send the walk back to the start.
        let left = u64::from(self.map.info().max_entries).saturating_mul(2);
        Keys { elements: *self, last: None, left }
    }

    /// Its keys and values, up to `count` a call.
    #[must_use]
    pub fn batches(&self, count: usize) -> Batches<'a> {
        Batches::new(*self, count)
    }

    pub(crate) fn access(&self) -> Access<'a> {
        self.access
    }

    pub(crate) fn error(&self, command: Command, error: std::io::Error) -> Error {
        Error::call(command, self.map.name(), error)
    }
}

/// The keys of a map. While programs change it, a key may be missed or come twice; the walk ends after twice as many keys
/// as the map can have, come what may.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    elements: Elements<'a>,
    last: Option<Vec<u8>>,
    left: u64,
}

impl Iterator for Keys<'_> {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut key = vec![0; self.elements.key_len()];
        match self.elements.access.next_key(self.last.as_deref(), &mut key) {
            Ok(()) => {
                self.last = Some(key.clone());
                Some(Ok(key))
            }
            Err(error) => {
                self.left = 0;
                let last = error.raw_os_error() == Some(libc::ENOENT);
                (!last).then(|| Err(self.elements.error(Command::MapGetNextKey, error)))
            }
        }
    }
}

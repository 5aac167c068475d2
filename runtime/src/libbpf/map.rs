//! Operations on one entry at a time.

use libbpf_rs::MapFlags;

use super::{batch::Entry, error::Error, handle::TypedMap};
use crate::{
    kind::{Delete, Keyed, Pop, Push, Take, Test, Walk},
    layout::Layout,
    map::Map,
};

impl<M: Map<Kind: Keyed>> TypedMap<M> {
    /// The value of a key, if there is one.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn lookup(&self, key: &M::Key) -> Result<Option<M::Value>, Error> {
        self.lookup_with(key, MapFlags::ANY)
    }

    /// [`lookup`](Self::lookup) with flags: [`MapFlags::LOCK`] holds the value's `bpf_spin_lock` meanwhile.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn lookup_with(&self, key: &M::Key, flags: MapFlags) -> Result<Option<M::Value>, Error> {
        let mut value = M::Value::zeroed();
        let found = self.as_libbpf().lookup_into(Layout::as_bytes(key), value.as_bytes_mut(), flags);
        Ok(found.map_err(Self::error("look up a key"))?.then_some(value))
    }

    /// Sets the value of a key, whether it had one or not.
    ///
    /// # Errors
    /// If the kernel refuses: the map is full, say.
    pub fn update(&self, key: &M::Key, value: &M::Value) -> Result<(), Error> {
        self.update_with(key, value, MapFlags::ANY)
    }

    /// [`update`](Self::update) with flags: only if the key has no value yet ([`MapFlags::NO_EXIST`]), only if it has one
    /// ([`MapFlags::EXIST`]), under the value's `bpf_spin_lock` ([`MapFlags::LOCK`]).
    ///
    /// # Errors
    /// If the kernel refuses: the map is full, or the condition does not hold.
    pub fn update_with(&self, key: &M::Key, value: &M::Value, flags: MapFlags) -> Result<(), Error> {
        let (key, value) = (Layout::as_bytes(key), Layout::as_bytes(value));
        self.as_libbpf().update(key, value, flags).map_err(Self::error("update a key"))
    }
}

impl<M: Map<Kind: Delete>> TypedMap<M> {
    /// Removes a key and its value. Whether there was one.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn delete(&self, key: &M::Key) -> Result<bool, Error> {
        match self.as_libbpf().delete(Layout::as_bytes(key)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == libbpf_rs::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Self::error("delete a key")(error)),
        }
    }
}

impl<M: Map<Kind: Walk>> TypedMap<M> {
    /// All keys.
    ///
    /// If others change the map meanwhile, keys may be missing or come twice, and the walk may start over
    /// (`BPF_MAP_GET_NEXT_KEY` begins again where the last key is gone). It ends after twice as many keys as the map has
    /// room for. [`entries`](Self::entries) does not have these weaknesses.
    pub fn keys(&self) -> impl Iterator<Item = M::Key> {
        let most = usize::try_from(self.as_libbpf().max_entries()).unwrap_or(usize::MAX).saturating_mul(2);
        self.as_libbpf().keys().take(most).filter_map(|key| M::Key::read_from(&key).ok())
    }
}

impl<M: Map<Kind: Walk + Keyed>> TypedMap<M> {
    /// All keys with their values, one by one; keys that others remove meanwhile are left out. See [`keys`](Self::keys).
    pub fn iter(&self) -> impl Iterator<Item = Result<Entry<M>, Error>> {
        self.keys().filter_map(|key| Some(self.lookup(&key).transpose()?.map(|value| (key, value))))
    }
}

impl<M: Map<Kind: Take>> TypedMap<M> {
    /// Removes a key and returns its value, in one step (Linux 5.14).
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn lookup_and_delete(&self, key: &M::Key) -> Result<Option<M::Value>, Error> {
        let mut value = M::Value::zeroed();
        let found = self.as_libbpf().lookup_into_and_delete(Layout::as_bytes(key), value.as_bytes_mut());
        Ok(found.map_err(Self::error("take a key"))?.then_some(value))
    }
}

impl<M: Map<Kind: Push>> TypedMap<M> {
    /// Adds a value to a queue, stack or bloom filter.
    ///
    /// # Errors
    /// If the kernel refuses: it is full.
    pub fn push(&self, value: &M::Value) -> Result<(), Error> {
        let pushed = self.as_libbpf().update(&[], Layout::as_bytes(value), MapFlags::ANY);
        pushed.map_err(Self::error("push a value"))
    }
}

impl<M: Map<Kind: Pop>> TypedMap<M> {
    /// Removes the next value; `None` if there is none.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn pop(&self) -> Result<Option<M::Value>, Error> {
        let mut value = M::Value::zeroed();
        let found = self.as_libbpf().lookup_into_and_delete(&[], value.as_bytes_mut());
        Ok(found.map_err(Self::error("pop a value"))?.then_some(value))
    }

    /// The next value, which stays; `None` if there is none.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn peek(&self) -> Result<Option<M::Value>, Error> {
        let mut value = M::Value::zeroed();
        let found = self.as_libbpf().lookup_into(&[], value.as_bytes_mut(), MapFlags::ANY);
        Ok(found.map_err(Self::error("peek at a value"))?.then_some(value))
    }
}

impl<M: Map<Kind: Test>> TypedMap<M> {
    /// Whether a value may have been pushed; `false` is certain.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn may_contain(&self, value: &M::Value) -> Result<bool, Error> {
        self.as_libbpf().lookup_bloom_filter(Layout::as_bytes(value)).map_err(Self::error("test a value"))
    }
}

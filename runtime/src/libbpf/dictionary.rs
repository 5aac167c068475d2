//! Interned strings, by their ids.

use std::{borrow::Cow, collections::HashMap, fmt, string::String, sync::Arc, time::Duration, vec::Vec};

use libbpf_rs::{ErrorKind, MapFlags, libbpf_sys};

use super::{batch::read_batches, error::Error, handle::TypedMap};
use crate::{
    clock,
    intern::{InternCounts, InternMap},
    kind::{Kind as _, LruHash},
    layout::Layout,
    scalar::Ktime,
};

/// A string that was resolved. Clones share its bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InternText {
    text: Arc<[u8]>,
    truncated: bool,
}

impl InternText {
    /// Its bytes, without a NUL at the end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// Whether it was longer, and has been cut off.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

impl AsRef<[u8]> for InternText {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Display for InternText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl fmt::Debug for InternText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.text.escape_ascii())
    }
}

/// Resolves ids of interned strings, and remembers those that it has resolved.
///
/// An id is a hash of its string, so one that was resolved stays right as long as its entry lives, and also if the entry is
/// removed and the same string comes back. Only if two strings have the same hash, which happens by chance once in 2^64
/// pairs and otherwise on purpose, may an id that was free meanwhile stand for the other one. So this forgets what
/// [`age_out`](Self::age_out) removes; if another process removes entries as well, call [`forget`](Self::forget). Of an
/// `lru_hash`, which removes entries by itself, nothing is remembered.
///
/// ```no_run
/// # bpf_layout::layout! { pub struct PathId("path_id"): size 8, align 8 { pub id: u64 = 0 } }
/// # bpf_layout::layout! { pub struct PathString("path_string"): size 32, align 8 {
/// #     pub used: bpf_layout::Ktime = 0, pub size: u32 = 8, pub _pad0: bpf_layout::Pad<4> = 12,
/// #     pub text: bpf_layout::Str<16> = 16 } }
/// # bpf_layout::layout! { pub struct PathInterning("path_interning"): size 88, align 8 {
/// #     pub busy: u64 = 0, pub hits: u64 = 8, pub inserts: u64 = 16, pub lost_full: u64 = 24,
/// #     pub lost_collision: u64 = 32, pub lost_unreadable: u64 = 40, pub lost_busy: u64 = 48,
/// #     pub string: PathString = 56 } }
/// # macro_rules! map { ($name:ident $kind:ident $key:ty => $value:ty) => {
/// #     pub struct $name;
/// #     impl bpf_layout::Map for $name {
/// #         type Kind = bpf_layout::kind::$kind;
/// #         type Key = $key;
/// #         type Value = $value;
/// #         const NAME: &'static str = stringify!($name);
/// #         const MAX_ENTRIES: u32 = 16;
/// #         const FLAGS: u32 = 0;
/// #     }
/// # } }
/// # map! { PathStrings Hash PathId => PathString }
/// # map! { Interning PercpuArray u32 => PathInterning }
/// # bpf_layout::dictionary! { PathStrings: PathId => PathString, Interning: PathInterning }
/// # mod maps { pub use super::PathStrings; }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let strings = libbpf_rs::MapHandle::from_pinned_path("/sys/fs/bpf/a")?;
/// # let (id, in_use) = (PathId::NONE, std::collections::HashSet::<PathId>::new());
/// use std::time::Duration;
/// use bpf_layout::libbpf::{Dictionary, TypedMap};
///
/// // `strings` is the map of a loaded skeleton, `id` the field of a map value or event.
/// let mut paths = Dictionary::new(TypedMap::<maps::PathStrings>::new(&strings)?);
/// match paths.resolve(id)? {
///     Some(path) => println!("{path}"),
///     None => println!("no path"),
/// }
/// // From time to time, if what refers to strings goes away:
/// paths.age_out(Duration::from_secs(60), |id| in_use.contains(&id))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Dictionary<D: InternMap> {
    map: TypedMap<D>,
    cache: Cache,
}

impl<D: InternMap> Dictionary<D> {
    /// How long a string is at least left alone by [`age_out`](Self::age_out): programs note when they meet one only if
    /// that is more than a second later than what they noted before, and have its id in hand for a moment before they
    /// store it.
    pub const MIN_AGE: Duration = Duration::from_secs(5);

    /// A dictionary that remembers 1024 strings at most.
    #[must_use]
    pub fn new(map: TypedMap<D>) -> Self {
        Self::with_cache(map, 1024)
    }

    /// A dictionary that remembers this many strings at most: the ones that were asked for last, about.
    #[must_use]
    pub fn with_cache(map: TypedMap<D>, most: usize) -> Self {
        let most = if D::Kind::TYPE == LruHash::TYPE { 0 } else { most };
        Dictionary { map, cache: Cache::new(most) }
    }

    /// The map of strings.
    #[must_use]
    pub fn map(&self) -> &TypedMap<D> {
        &self.map
    }

    /// The string of an id; `None` for the id of no string, and if the dictionary does not have it any more.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn resolve(&mut self, id: D::Key) -> Result<Option<InternText>, Error> {
        let number = D::number(id);
        if number == 0 {
            return Ok(None);
        }
        if let Some(text) = self.cache.get(number) {
            return Ok(Some(text));
        }
        let Some(entry) = self.map.lookup(&id)? else { return Ok(None) };
        let string = D::string(&entry);
        let text = InternText { text: string.text.into(), truncated: string.truncated };
        self.cache.insert(number, text.clone());
        Ok(Some(text))
    }

    /// Forgets all strings, not in the kernel.
    pub fn forget(&mut self) {
        self.cache.clear();
    }

    /// Removes strings that no program has met for this long (at least [`MIN_AGE`](Self::MIN_AGE)) and that nothing refers
    /// to: `referenced` says whether something does. Returns how many.
    ///
    /// `referenced` is asked after the ages were read, so it may answer from a set of ids that was collected before or
    /// that it collects now. A string that is met while this runs stays: it is taken out together with the time when it
    /// was last met, and put back if that is a new one (since Linux 5.14; before, it is looked at once more and then
    /// removed). In between, resolving it gives `None`.
    ///
    /// # Errors
    /// If the kernel refuses; what was removed before is gone.
    pub fn age_out(
        &mut self,
        older_than: Duration,
        mut referenced: impl FnMut(D::Key) -> bool,
    ) -> Result<usize, Error> {
        let before = clock::since_boot().saturating_sub(older_than.max(Self::MIN_AGE));
        let is_old = |used: Ktime| used.since_boot() < before;
        let mut old: Vec<D::Key> = Vec::new();
        read_batches::<D>(self.map.as_libbpf(), "read all entries", libbpf_sys::bpf_map_lookup_batch, |id, entry| {
            // Both are as long as the map's, which are as long as these: compared when the map was opened.
            if let (Ok(id), Ok(entry)) = (D::Key::read_from(id), D::Value::read_from(entry))
                && is_old(D::string(&entry).used)
            {
                old.push(id);
            }
        })?;
        let mut removed = 0;
        for id in old {
            if referenced(id) {
                continue;
            }
            self.cache.remove(D::number(id));
            removed += usize::from(self.remove(&id, &is_old)?);
        }
        Ok(removed)
    }

    /// Removes a string if it is still old. Whether it was.
    fn remove(&self, id: &D::Key, is_old: &impl Fn(Ktime) -> bool) -> Result<bool, Error> {
        let taken = match self.map.lookup_and_delete(id) {
            Ok(taken) => taken,
            Err(Error::Libbpf { source, .. }) if is_unknown(&source) => {
                let is_still = self.map.lookup(id)?.is_some_and(|entry| is_old(D::string(&entry).used));
                return if is_still { self.map.delete(id) } else { Ok(false) };
            }
            Err(error) => return Err(error),
        };
        let Some(entry) = taken else { return Ok(false) };
        if is_old(D::string(&entry).used) {
            return Ok(true);
        }
        match self.map.update_with(id, &entry, MapFlags::NO_EXIST) {
            // A program has put it back already.
            Err(Error::Libbpf { source, .. }) if source.kind() == ErrorKind::AlreadyExists => Ok(false),
            put => put.map(|()| false),
        }
    }
}

/// Whether the kernel may not know the command for this kind of map: `EINVAL`, or `ENOTSUPP`, of which libbpf-rs tells only
/// that it is none of those that it has names for. If it was another one of these, the kernel says so when it is asked the
/// other way.
fn is_unknown(error: &libbpf_rs::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Other)
}

/// What all CPUs counted of a dictionary.
///
/// # Errors
/// If the kernel refuses.
pub fn intern_counts<D: InternMap>(interning: &TypedMap<D::Interning>) -> Result<InternCounts, Error> {
    let cpus = interning.lookup_percpu(&0)?.unwrap_or_default();
    Ok(cpus.iter().map(D::counts).fold(InternCounts::default(), |sum, cpu| sum + cpu))
}

/// Strings that were asked for last: two generations, of which the older one is dropped when the younger is full. Neither
/// looking up nor inserting depends on how many there are.
#[derive(Debug)]
struct Cache {
    /// Strings of one generation.
    most: usize,
    young: HashMap<u64, InternText>,
    old: HashMap<u64, InternText>,
}

impl Cache {
    fn new(most: usize) -> Self {
        Cache { most: most.div_ceil(2), young: HashMap::new(), old: HashMap::new() }
    }

    fn get(&mut self, id: u64) -> Option<InternText> {
        if let Some(text) = self.young.get(&id) {
            return Some(text.clone());
        }
        let text = self.old.remove(&id)?;
        self.insert(id, text.clone());
        Some(text)
    }

    fn insert(&mut self, id: u64, text: InternText) {
        if self.most == 0 {
            return;
        }
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, text);
    }

    fn remove(&mut self, id: u64) {
        self.young.remove(&id);
        self.old.remove(&id);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::ToString as _};

    use super::*;

    fn text(id: u64) -> InternText {
        InternText { text: id.to_ne_bytes().as_slice().into(), truncated: false }
    }

    #[test]
    fn the_cache_keeps_what_was_asked_for_last() {
        let mut cache = Cache::new(8);
        for id in 0..1000 {
            cache.insert(id, text(id));
            assert!(cache.young.len() + cache.old.len() <= 8);
            assert_eq!(cache.get(0), Some(text(0)), "asked for all the time, at {id}");
        }
        assert_eq!((cache.get(999), cache.get(900)), (Some(text(999)), None));
        cache.remove(999);
        assert_eq!(cache.get(999), None);
        cache.clear();
        assert_eq!(cache.get(0), None);
    }

    #[test]
    fn a_cache_of_none_keeps_none() {
        let mut cache = Cache::new(0);
        cache.insert(1, text(1));
        assert_eq!(cache.get(1), None);
    }

    #[test]
    fn texts_are_shown_as_what_they_are() {
        let text = InternText { text: b"/tmp/\xff\"".as_slice().into(), truncated: false };
        assert_eq!((text.to_string(), format!("{text:?}")), ("/tmp/\u{fffd}\"".into(), r#""/tmp/\xff\"""#.into()));
    }
}

//! A ring buffer whose records arrive as types.

use std::{
    any::Any,
    boxed::Box,
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use libbpf_rs::MapCore;

use super::{
    error::Error,
    handle::compare,
    record::Recorder,
    ring::{Read, RingReader, Waiting},
};
#[cfg(feature = "btf")]
use crate::skew::{Lost, Scratch, SkewedBuffer};
use crate::{error::ParseError, kind::Ring, map::Buffer};

/// How many records came, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records that were read and handed on.
    pub received: u64,
    /// Records that were none of the buffer's events.
    pub malformed: u64,
    /// Records that the kernel had no room for, as far as the transport says so: perf buffers do, ring buffers do not;
    /// there, the BPF program must count what it could not reserve.
    pub lost: u64,
}

/// What the callbacks and the owner of a buffer share.
#[derive(Default)]
pub(super) struct Shared {
    received: AtomicU64,
    received_bytes: AtomicU64,
    malformed: AtomicU64,
    pub(super) lost: AtomicU64,
    last_error: Mutex<Option<ParseError>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Called with each record that could not be read: why, and its bytes.
pub(super) type OnMalformed<'cb> = Box<dyn FnMut(ParseError, &[u8]) + Send + 'cb>;

impl Shared {
    pub(super) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Stats { received: read(&self.received), malformed: read(&self.malformed), lost: read(&self.lost) }
    }

    pub(super) fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Relaxed)
    }

    pub(super) fn last_error(&self) -> Option<ParseError> {
        *lock(&self.last_error)
    }

    /// Has one record read and handed on; `read` calls what it is given in between. Whether to go on: a panic must not
    /// unwind through libbpf, so it is kept for [`resume_panic`](Self::resume_panic), and no record is handed on after it.
    pub(super) fn dispatch(
        &self,
        bytes: &[u8],
        read: &mut impl FnMut(&[u8], &dyn Fn()) -> Result<(), ParseError>,
        on_malformed: &mut Option<OnMalformed<'_>>,
    ) -> bool {
        let received = || {
            self.received.fetch_add(1, Relaxed);
            self.received_bytes.fetch_add(bytes.len() as u64, Relaxed);
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if let Err(error) = read(bytes, &received) {
                self.malformed.fetch_add(1, Relaxed);
                *lock(&self.last_error) = Some(error);
                if let Some(on_malformed) = on_malformed {
                    on_malformed(error, bytes);
                }
            }
        }));
        let Err(panic) = outcome else { return true };
        lock(&self.panic).get_or_insert(panic);
        false
    }

    pub(super) fn has_panicked(&self) -> bool {
        lock(&self.panic).is_some()
    }

    /// Goes on with a panic of a handler, if there was one.
    pub(super) fn resume_panic(&self) {
        let panic = lock(&self.panic).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets up an [`Events`].
pub struct EventsBuilder<'a, 'cb, M> {
    map: &'a dyn MapCore,
    on_malformed: Option<OnMalformed<'cb>>,
    recorder: Option<Recorder>,
    gathers: bool,
    spec: PhantomData<fn() -> M>,
}

impl<'cb, M: Buffer<Kind: Ring>> EventsBuilder<'_, 'cb, M> {
    /// Calls `report` with each record that could not be read: why, and its bytes. They are counted without it, too.
    #[must_use]
    pub fn on_malformed(mut self, report: impl FnMut(ParseError, &[u8]) + Send + 'cb) -> Self {
        self.on_malformed = Some(Box::new(report));
        self
    }

    /// Has each record handed on as soon as it wakes this reader, also when so many come that [`Events::poll`] would let
    /// them gather. For whoever has a CPU to spare for the reader, and needs records sooner than within a quarter of a
    /// millisecond.
    #[must_use]
    pub fn without_gathering(mut self) -> Self {
        self.gathers = false;
        self
    }

    /// Has the strings of all records measured.
    ///
    /// # Errors
    /// If the kernel does not say what map it is.
    #[cfg(feature = "usage")]
    pub fn usage(mut self, usage: &super::Usage) -> Result<Self, Error> {
        self.recorder = Some(usage.recorder::<M>(self.map)?);
        Ok(self)
    }

    /// Opens the buffer; `handler` is called with each record.
    ///
    /// # Errors
    /// If the map is no ring buffer, or libbpf cannot map its memory.
    pub fn build(mut self, mut handler: impl FnMut(M::Record<'_>) + Send + 'cb) -> Result<Events<'cb, M>, Error> {
        let recorder = self.recorder.take();
        self.open(Box::new(move |bytes, received| {
            let record = M::parse(bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record(bytes);
            }
            received();
            handler(record);
            Ok(())
        }))
    }

    /// Opens a buffer whose producer has other layouts of the events; `handler` is called with each record, and with what
    /// it lost on the way.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    #[cfg(feature = "btf")]
    pub fn build_skewed(
        mut self,
        buffer: SkewedBuffer<M>,
        mut handler: impl FnMut(M::Record<'_>, &Lost<'_>) + Send + 'cb,
    ) -> Result<Events<'cb, M>, Error> {
        let mut scratch = Scratch::default();
        let recorder = self.recorder.take();
        self.open(Box::new(move |bytes, received| {
            let (event, bytes, lost) = buffer.convert(bytes, &mut scratch)?;
            let record = M::parse_event(event, bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record_event(event, bytes);
            }
            received();
            handler(record, &lost);
            Ok(())
        }))
    }

    fn open(self, read: Read<'cb>) -> Result<Events<'cb, M>, Error> {
        compare::<M>(self.map)?;
        let waiting = match M::WAKEUP.longest_sleep() {
            Some(longest_sleep) => Waiting::Looking(longest_sleep),
            None if self.gathers => Waiting::Gathering,
            None => Waiting::ForEach,
        };
        let ring = RingReader::open(self.map, M::NAME, waiting, read, self.on_malformed)?;
        Ok(Events { ring, spec: PhantomData })
    }
}

/// A ring buffer whose records arrive as types: see [`Events::new`].
pub struct Events<'cb, M> {
    ring: RingReader<'cb>,
    spec: PhantomData<fn() -> M>,
}

impl<'cb, M: Buffer<Kind: Ring>> Events<'cb, M> {
    /// Opens a ring buffer of a loaded skeleton or object; `handler` is called with each record, inside of
    /// [`poll`](Self::poll) and [`consume`](Self::consume). The record is borrowed from the buffer.
    ///
    /// # Errors
    /// If the map is no ring buffer, or libbpf cannot map its memory.
    pub fn new(map: &dyn MapCore, handler: impl FnMut(M::Record<'_>) + Send + 'cb) -> Result<Self, Error> {
        Self::builder(map).build(handler)
    }

    /// [`new`](Self::new) with options.
    #[must_use]
    pub fn builder<'a>(map: &'a dyn MapCore) -> EventsBuilder<'a, 'cb, M> {
        EventsBuilder { map, on_malformed: None, recorder: None, gathers: true, spec: PhantomData }
    }

    /// Waits for records at most this long ([`Duration::MAX`]: for ever), hands on all there are, and returns how many
    /// those were. A signal ends the wait, with 0.
    ///
    /// Where the spec says that records wake the reader seldom or never ([`Map::WAKEUP`](crate::Map::WAKEUP)), it looks
    /// by itself in between, so that it sees a record after [`Wakeup::longest_sleep`](crate::Wakeup::longest_sleep) at
    /// the latest. Where each record wakes the reader, and more than 20,000 come each second, it sleeps for 0.2 ms and reads
    /// what has gathered, as long as this is a small part of the buffer: otherwise program and reader would do little but
    /// wake and be woken. [`EventsBuilder::without_gathering`] does without. On a busy CPU,
    /// [`wake_promptly`](super::wake_promptly) has this thread run as soon as it is woken.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn poll(&self, timeout: Duration) -> Result<usize, Error> {
        self.ring.poll(timeout)
    }

    /// Hands on all records that there are, without waiting, and returns how many those were.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn consume(&self) -> Result<usize, Error> {
        self.ring.consume()
    }

    /// Hands on at most `limit` records, without waiting, and returns how many those were.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn consume_up_to(&self, limit: usize) -> Result<usize, Error> {
        self.ring.consume_up_to(limit)
    }

    /// A file descriptor that is readable when there are records, for an event loop. Valid as long as this is. Where
    /// records wake the reader seldom or never, an event loop also calls [`consume`](Self::consume) at least as often as
    /// [`Wakeup::longest_sleep`](crate::Wakeup::longest_sleep) of [`Map::WAKEUP`](crate::Map::WAKEUP) says.
    #[must_use]
    pub fn epoll_fd(&self) -> i32 {
        self.ring.epoll_fd()
    }

    /// How many records came.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.ring.shared().stats()
    }

    /// Bytes of all records that were read and handed on, without the 8 that the ring buffer puts before each.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.ring.shared().received_bytes()
    }

    /// Why the last record that could not be read could not.
    #[must_use]
    pub fn last_error(&self) -> Option<ParseError> {
        self.ring.shared().last_error()
    }
}

impl<M> fmt::Debug for Events<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("stats", &self.ring.shared().stats()).finish_non_exhaustive()
    }
}

impl<M: Buffer> fmt::Debug for EventsBuilder<'_, '_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsBuilder").field("map", &M::NAME).finish_non_exhaustive()
    }
}

//! A ring buffer whose records arrive as types.

use std::{
    any::Any,
    boxed::Box,
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use libbpf_rs::{MapCore, RingBuffer, RingBufferBuilder};

use super::{error::Error, handle::compare, record::Recorder};
use crate::{
    error::ParseError,
    kind::Ring,
    map::Buffer,
    skew::{Lost, Scratch, SkewedBuffer},
};

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
    spec: PhantomData<fn() -> M>,
}

impl<'cb, M: Buffer<Kind: Ring>> EventsBuilder<'_, 'cb, M> {
    /// Calls `report` with each record that could not be read: why, and its bytes. They are counted without it, too.
    #[must_use]
    pub fn on_malformed(mut self, report: impl FnMut(ParseError, &[u8]) + Send + 'cb) -> Self {
        self.on_malformed = Some(Box::new(report));
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
        self.open(move |bytes, received| {
            let record = M::parse(bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record(bytes);
            }
            received();
            handler(record);
            Ok(())
        })
    }

    /// Opens a buffer whose producer has other layouts of the events; `handler` is called with each record, and with what
    /// it lost on the way.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_skewed(
        mut self,
        buffer: SkewedBuffer<M>,
        mut handler: impl FnMut(M::Record<'_>, &Lost<'_>) + Send + 'cb,
    ) -> Result<Events<'cb, M>, Error> {
        let mut scratch = Scratch::default();
        let recorder = self.recorder.take();
        self.open(move |bytes, received| {
            let (event, bytes, lost) = buffer.convert(bytes, &mut scratch)?;
            let record = M::parse_event(event, bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record_event(event, bytes);
            }
            received();
            handler(record, &lost);
            Ok(())
        })
    }

    fn open(
        self,
        mut read: impl FnMut(&[u8], &dyn Fn()) -> Result<(), ParseError> + Send + 'cb,
    ) -> Result<Events<'cb, M>, Error> {
        compare::<M>(self.map)?;
        let shared = Arc::new(Shared::default());
        let (own, mut on_malformed) = (Arc::clone(&shared), self.on_malformed);
        let callback = move |bytes: &[u8]| if own.dispatch(bytes, &mut read, &mut on_malformed) { 0 } else { STOP };
        let failed = |source| Error::Libbpf { map: M::NAME, operation: "open the ring buffer", source };
        let mut builder = RingBufferBuilder::new();
        builder.add(self.map, callback).map_err(failed)?;
        Ok(Events { buffer: builder.build().map_err(failed)?, shared, spec: PhantomData })
    }
}

/// What the callback returns to make libbpf stop reading.
const STOP: i32 = -libc::ECANCELED;

/// A ring buffer whose records arrive as types: see [`Events::new`].
pub struct Events<'cb, M> {
    buffer: RingBuffer<'cb>,
    shared: Arc<Shared>,
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
        EventsBuilder { map, on_malformed: None, recorder: None, spec: PhantomData }
    }

    /// Waits for records at most this long ([`Duration::MAX`]: for ever), hands on all there are, and returns how many
    /// those were. A signal ends the wait, with 0.
    ///
    /// Where the spec says that records wake the reader seldom or never ([`Map::WAKEUP`](crate::Map::WAKEUP)), it looks
    /// by itself in between, so that it sees a record after [`Wakeup::longest_sleep`](crate::Wakeup::longest_sleep) at
    /// the latest.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn poll(&self, timeout: Duration) -> Result<usize, Error> {
        match M::WAKEUP.longest_sleep() {
            None => self.wait(timeout),
            Some(longest_sleep) => self.look(timeout, longest_sleep),
        }
    }

    /// Sleeps until it is woken.
    fn wait(&self, timeout: Duration) -> Result<usize, Error> {
        // libbpf-rs casts milliseconds to an i32; a long wait must not become a negative, endless one.
        let timeout = if timeout == Duration::MAX { timeout } else { timeout.min(MAX_WAIT) };
        self.finish("poll", self.buffer.poll_raw(timeout))
    }

    /// Sleeps until it is woken, and looks in between: libbpf reads only what epoll says is ready, which is what woke it.
    fn look(&self, timeout: Duration, longest_sleep: Duration) -> Result<usize, Error> {
        let start = Instant::now();
        loop {
            let records = self.consume()?;
            let left = timeout.saturating_sub(start.elapsed());
            if records > 0 || left.is_zero() {
                return Ok(records);
            }
            let status = self.buffer.poll_raw(left.min(longest_sleep).max(SHORTEST_SLEEP));
            let records = self.finish("poll", status)?;
            if records > 0 || status == -libc::EINTR {
                return Ok(records);
            }
        }
    }

    /// Hands on all records that there are, without waiting, and returns how many those were.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn consume(&self) -> Result<usize, Error> {
        self.finish("consume", self.buffer.consume_raw())
    }

    /// Hands on at most `limit` records, without waiting, and returns how many those were.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn consume_up_to(&self, limit: usize) -> Result<usize, Error> {
        self.finish("consume", self.buffer.consume_raw_n(limit))
    }

    fn finish(&self, operation: &'static str, status: i32) -> Result<usize, Error> {
        self.shared.resume_panic();
        match usize::try_from(status) {
            Ok(records) => Ok(records),
            Err(_) if status == -libc::EINTR => Ok(0),
            Err(_) => {
                let source = libbpf_rs::Error::from_raw_os_error(status.saturating_neg());
                Err(Error::Libbpf { map: M::NAME, operation, source })
            }
        }
    }

    /// A file descriptor that is readable when there are records, for an event loop. Valid as long as this is. Where
    /// records wake the reader seldom or never, an event loop also calls [`consume`](Self::consume) at least as often as
    /// [`Wakeup::longest_sleep`](crate::Wakeup::longest_sleep) of [`Map::WAKEUP`](crate::Map::WAKEUP) says.
    #[must_use]
    pub fn epoll_fd(&self) -> i32 {
        self.buffer.epoll_fd()
    }

    /// How many records came.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Bytes of all records that were read and handed on, without the 8 that the ring buffer puts before each.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.shared.received_bytes()
    }

    /// Why the last record that could not be read could not.
    #[must_use]
    pub fn last_error(&self) -> Option<ParseError> {
        self.shared.last_error()
    }
}

/// `epoll_wait` counts in milliseconds: less would be no sleep at all, and a loop that spins.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// Longest wait that fits the `int` of milliseconds of `epoll_wait`.
pub(super) const MAX_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

impl<M> fmt::Debug for Events<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("stats", &self.shared.stats()).finish_non_exhaustive()
    }
}

impl<M: Buffer> fmt::Debug for EventsBuilder<'_, '_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsBuilder").field("map", &M::NAME).finish_non_exhaustive()
    }
}

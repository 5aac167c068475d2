//! Perf buffers, one per CPU, whose records arrive as types.

use std::{
    boxed::Box,
    fmt,
    marker::PhantomData,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use libbpf_rs::{ErrorKind, MapCore, PerfBuffer, PerfBufferBuilder};

use super::{
    error::Error,
    events::{OnMalformed, Shared, Stats},
    handle::compare,
    record::Recorder,
    ring::MAX_WAIT,
};
#[cfg(feature = "btf")]
use crate::skew::{Lost, Scratch, SkewedBuffer};
use crate::{error::ParseError, kind::Perf, map::Buffer};

/// Sets up a [`PerfEvents`].
pub struct PerfEventsBuilder<'a, 'cb, M, H> {
    map: &'a H,
    pages: usize,
    on_malformed: Option<OnMalformed<'cb>>,
    recorder: Option<Recorder>,
    spec: PhantomData<fn() -> M>,
}

impl<'cb, M: Buffer<Kind: Perf>, H: MapCore> PerfEventsBuilder<'_, 'cb, M, H> {
    /// Pages of each CPU's buffer, a power of two; 64 if not set.
    #[must_use]
    pub fn pages(mut self, pages: usize) -> Self {
        self.pages = pages;
        self
    }

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

    /// Opens the buffers; `handler` is called with the CPU and each record.
    ///
    /// # Errors
    /// If the map is no `perf_event_array`, the number of pages no power of two, or the kernel refuses.
    pub fn build(
        mut self,
        mut handler: impl FnMut(i32, M::Record<'_>) + Send + 'cb,
    ) -> Result<PerfEvents<'cb, M>, Error> {
        let recorder = self.recorder.take();
        self.open(move |cpu, bytes, received| {
            let record = M::parse(bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record(bytes);
            }
            received();
            handler(cpu, record);
            Ok(())
        })
    }

    /// Opens buffers whose producer has other layouts of the events; `handler` is called with the CPU and each record, and
    /// with what it lost on the way.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    #[cfg(feature = "btf")]
    pub fn build_skewed(
        mut self,
        buffer: SkewedBuffer<M>,
        mut handler: impl FnMut(i32, M::Record<'_>, &Lost<'_>) + Send + 'cb,
    ) -> Result<PerfEvents<'cb, M>, Error> {
        let mut scratch = Scratch::default();
        let recorder = self.recorder.take();
        self.open(move |cpu, bytes, received| {
            let (event, bytes, lost) = buffer.convert(bytes, &mut scratch)?;
            let record = M::parse_event(event, bytes)?;
            if let Some(recorder) = &recorder {
                recorder.record_event(event, bytes);
            }
            received();
            handler(cpu, record, &lost);
            Ok(())
        })
    }

    fn open(
        self,
        mut read: impl FnMut(i32, &[u8], &dyn Fn()) -> Result<(), ParseError> + Send + 'cb,
    ) -> Result<PerfEvents<'cb, M>, Error> {
        compare::<M>(self.map)?;
        let shared = Arc::new(Shared::default());
        let (own, lost, mut on_malformed) = (Arc::clone(&shared), Arc::clone(&shared), self.on_malformed);
        let buffer = PerfBufferBuilder::new(self.map)
            .pages(self.pages)
            .sample_cb(move |cpu, bytes: &[u8]| {
                // libbpf has no way to stop here: after a panic, what else is there is read and dropped.
                if !own.has_panicked() {
                    own.dispatch(bytes, &mut |bytes, received| read(cpu, bytes, received), &mut on_malformed);
                }
            })
            .lost_cb(move |_, count| {
                lost.lost.fetch_add(count, Relaxed);
            })
            .build()
            .map_err(|source| Error::Libbpf { map: M::NAME, operation: "open the perf buffers", source })?;
        Ok(PerfEvents { buffer, shared, spec: PhantomData })
    }
}

/// Perf buffers whose records arrive as types: see [`PerfEvents::new`].
pub struct PerfEvents<'cb, M> {
    buffer: PerfBuffer<'cb>,
    shared: Arc<Shared>,
    spec: PhantomData<fn() -> M>,
}

impl<'cb, M: Buffer<Kind: Perf>> PerfEvents<'cb, M> {
    /// Opens the perf buffers of a map of a loaded skeleton or object; `handler` is called with the CPU and each record,
    /// inside of [`poll`](Self::poll) and [`consume`](Self::consume).
    ///
    /// # Errors
    /// If the map is no `perf_event_array`, or the kernel refuses.
    pub fn new(map: &impl MapCore, handler: impl FnMut(i32, M::Record<'_>) + Send + 'cb) -> Result<Self, Error> {
        Self::builder(map).build(handler)
    }

    /// [`new`](Self::new) with options.
    #[must_use]
    pub fn builder<H: MapCore>(map: &H) -> PerfEventsBuilder<'_, 'cb, M, H> {
        PerfEventsBuilder { map, pages: 64, on_malformed: None, recorder: None, spec: PhantomData }
    }

    /// Waits for records at most this long, and hands on all there are. A signal ends the wait.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn poll(&self, timeout: Duration) -> Result<(), Error> {
        self.finish("poll", self.buffer.poll(timeout.min(MAX_WAIT)))
    }

    /// Hands on all records that there are, without waiting.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn consume(&self) -> Result<(), Error> {
        self.finish("consume", self.buffer.consume())
    }

    fn finish(&self, operation: &'static str, outcome: libbpf_rs::Result<()>) -> Result<(), Error> {
        self.shared.resume_panic();
        match outcome {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                Err(Error::Libbpf { map: M::NAME, operation, source: error })
            }
            _ => Ok(()),
        }
    }

    /// A file descriptor that is readable when there are records, for an event loop. Valid as long as this is.
    #[must_use]
    pub fn epoll_fd(&self) -> i32 {
        self.buffer.epoll_fd()
    }

    /// How many records came, and how many the kernel says it had no room for.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Bytes of all records that were read and handed on, each rounded up by the kernel, without what it puts before them.
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

impl<M> fmt::Debug for PerfEvents<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerfEvents").field("stats", &self.shared.stats()).finish_non_exhaustive()
    }
}

impl<M: Buffer, H> fmt::Debug for PerfEventsBuilder<'_, '_, M, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerfEventsBuilder").field("map", &M::NAME).finish_non_exhaustive()
    }
}

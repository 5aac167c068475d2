//! A ring buffer that is read, whatever its records are. What does not ask for their types is compiled here, once, and not
//! with every program that reads some.

use std::{
    boxed::Box,
    cell::Cell,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use libbpf_rs::{MapCore, RingBuffer, RingBufferBuilder};

use super::{
    error::Error,
    events::{OnMalformed, Shared},
    gather::{Batch, Pace},
};
use crate::error::ParseError;

/// Reads a record and hands it on, and calls what it is given in between.
pub(super) type Read<'cb> = Box<dyn FnMut(&[u8], &dyn Fn()) -> Result<(), ParseError> + Send + 'cb>;

/// What the callback returns to make libbpf stop reading.
const STOP: i32 = -libc::ECANCELED;

/// `epoll_wait` counts in milliseconds: less would be no sleep at all, and a loop that spins.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// What the kernel puts before each record, in bytes (`BPF_RINGBUF_HDR_SZ`).
const HEADER: u64 = 8;

/// Longest wait that fits the `int` of milliseconds of `epoll_wait`.
pub(super) const MAX_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

/// How a reader waits for records.
#[derive(Clone, Copy)]
pub(super) enum Waiting {
    /// Each wakes it.
    ForEach,
    /// Each wakes it, unless so many come that it lets them gather.
    Gathering,
    /// Some may wake nobody, so it looks by itself after this long.
    Looking(Duration),
}

pub(super) struct RingReader<'cb> {
    /// The map's name in the spec.
    map: &'static str,
    waiting: Waiting,
    pace: Cell<Pace>,
    buffer: RingBuffer<'cb>,
    shared: Arc<Shared>,
}

impl<'cb> RingReader<'cb> {
    /// Opens a map that is a ring buffer.
    ///
    /// # Errors
    /// If libbpf cannot map its memory.
    pub(super) fn open(
        map: &dyn MapCore,
        name: &'static str,
        waiting: Waiting,
        mut read: Read<'cb>,
        mut on_malformed: Option<OnMalformed<'cb>>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let callback = move |bytes: &[u8]| if own.dispatch(bytes, &mut read, &mut on_malformed) { 0 } else { STOP };
        let failed = |source| Error::Libbpf { map: name, operation: "open the ring buffer", source };
        let mut builder = RingBufferBuilder::new();
        builder.add(map, callback).map_err(failed)?;
        let pace = Cell::new(Pace::new(u64::from(map.max_entries()), Instant::now()));
        Ok(RingReader { map: name, waiting, pace, buffer: builder.build().map_err(failed)?, shared })
    }

    pub(super) fn poll(&self, timeout: Duration) -> Result<usize, Error> {
        match self.waiting {
            Waiting::ForEach => self.wait(timeout),
            Waiting::Gathering => self.gather(timeout),
            Waiting::Looking(longest_sleep) => self.look(timeout, longest_sleep),
        }
    }

    /// Sleeps until it is woken, or, when records come fast, until some have gathered.
    fn gather(&self, timeout: Duration) -> Result<usize, Error> {
        let pause = self.pace.get().pause(Instant::now()).filter(|pause| *pause <= timeout);
        if let Some(pause) = pause {
            thread::sleep(pause);
            let (records, batch) = self.counted(|| self.consume())?;
            self.pace.set(self.pace.get().gathered(batch, Instant::now()));
            if records > 0 {
                return Ok(records);
            }
        }
        let left = if timeout == Duration::MAX { timeout } else { timeout - pause.unwrap_or_default() };
        let (records, batch) = self.counted(|| self.wait(left))?;
        self.pace.set(self.pace.get().woken(batch, Instant::now()));
        Ok(records)
    }

    /// How many records were read, and how much of the buffer they took. What could not be read counts by its header alone.
    fn counted(&self, read: impl FnOnce() -> Result<usize, Error>) -> Result<(usize, Batch), Error> {
        let before = self.shared.received_bytes();
        let records = read()?;
        let (count, bytes) = (records as u64, self.shared.received_bytes() - before);
        Ok((records, Batch { records: count, bytes: bytes + HEADER * count }))
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

    pub(super) fn consume(&self) -> Result<usize, Error> {
        self.finish("consume", self.buffer.consume_raw())
    }

    pub(super) fn consume_up_to(&self, limit: usize) -> Result<usize, Error> {
        self.finish("consume", self.buffer.consume_raw_n(limit))
    }

    fn finish(&self, operation: &'static str, status: i32) -> Result<usize, Error> {
        self.shared.resume_panic();
        match usize::try_from(status) {
            Ok(records) => Ok(records),
            Err(_) if status == -libc::EINTR => Ok(0),
            Err(_) => {
                let source = libbpf_rs::Error::from_raw_os_error(status.saturating_neg());
                Err(Error::Libbpf { map: self.map, operation, source })
            }
        }
    }

    pub(super) fn epoll_fd(&self) -> i32 {
        self.buffer.epoll_fd()
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

//! A ring buffer that is read, whatever its records are. What does not ask for their types is compiled here, once, and not
//! with every program that reads some.

use std::{
    boxed::Box,
    sync::Arc,
    time::{Duration, Instant},
};

use libbpf_rs::{MapCore, RingBuffer, RingBufferBuilder};

use super::{
    error::Error,
    events::{OnMalformed, Shared},
};
use crate::error::ParseError;

/// Reads a record and hands it on, and calls what it is given in between.
pub(super) type Read<'cb> = Box<dyn FnMut(&[u8], &dyn Fn()) -> Result<(), ParseError> + Send + 'cb>;

/// What the callback returns to make libbpf stop reading.
const STOP: i32 = -libc::ECANCELED;

/// `epoll_wait` counts in milliseconds: less would be no sleep at all, and a loop that spins.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// Longest wait that fits the `int` of milliseconds of `epoll_wait`.
pub(super) const MAX_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

pub(super) struct RingReader<'cb> {
    /// The map's name in the spec.
    map: &'static str,
    /// How long records may wait that wake nobody; `None` if all do.
    longest_sleep: Option<Duration>,
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
        longest_sleep: Option<Duration>,
        mut read: Read<'cb>,
        mut on_malformed: Option<OnMalformed<'cb>>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let callback = move |bytes: &[u8]| if own.dispatch(bytes, &mut read, &mut on_malformed) { 0 } else { STOP };
        let failed = |source| Error::Libbpf { map: name, operation: "open the ring buffer", source };
        let mut builder = RingBufferBuilder::new();
        builder.add(map, callback).map_err(failed)?;
        Ok(RingReader { map: name, longest_sleep, buffer: builder.build().map_err(failed)?, shared })
    }

    pub(super) fn poll(&self, timeout: Duration) -> Result<usize, Error> {
        match self.longest_sleep {
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

//! How userspace reads what programs send.

use std::{thread, time::Duration};

use bpf_layout::{Buffer, Layout as _, kind::Ring, libbpf::Events};
use libbpf_rs::{MapCore, RingBuffer, RingBufferBuilder};

use super::layouts::maps;

/// When userspace reads, which has to go with the `wakeup` of the profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// When it is woken.
    Waits,
    /// When it is woken, and after 10 ms by itself.
    WaitsAndLooks,
    /// Every millisecond.
    Looks,
    /// As `Events` of bpf-layout does: when it is woken, and where events come fast, when some have gathered. All others are
    /// libbpf's own.
    Gathers,
}

/// A ring buffer that is read.
pub(super) struct Source<'a> {
    reader: Reader,
    buffer: Box<dyn Polled + 'a>,
}

impl<'a> Source<'a> {
    /// `seen` is called with each record.
    ///
    /// # Errors
    /// If it is none of the spec's ring buffers, or cannot be mapped.
    pub(super) fn open(
        map: &dyn MapCore,
        reader: Reader,
        mut seen: impl FnMut(&[u8]) + Send + 'a,
    ) -> Result<Self, String> {
        let buffer: Box<dyn Polled + 'a> = if reader == Reader::Gathers {
            match map.name().to_str() {
                Some("events") => typed::<maps::Events>(map, seen)?,
                Some("calls") => typed::<maps::Calls>(map, seen)?,
                Some("ids") => typed::<maps::Ids>(map, seen)?,
                _ => return Err(format!("{} is no ring buffer of the spec", map.name().display())),
            }
        } else {
            let mut builder = RingBufferBuilder::new();
            let seen = move |record: &[u8]| {
                seen(record);
                0
            };
            builder.add(map, seen).map_err(text)?;
            Box::new(builder.build().map_err(text)?)
        };
        Ok(Source { reader, buffer })
    }

    /// Waits for records, 10 ms at most, and hands them on.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub(super) fn next(&self) -> Result<(), String> {
        if self.reader == Reader::Looks {
            thread::sleep(Duration::from_millis(1));
        } else {
            self.buffer.poll(Duration::from_millis(10))?;
        }
        match self.reader {
            Reader::Waits | Reader::Gathers => Ok(()),
            Reader::WaitsAndLooks | Reader::Looks => self.buffer.consume(),
        }
    }

    /// Hands on what is there.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub(super) fn rest(&self) -> Result<(), String> {
        self.buffer.consume()
    }
}

trait Polled {
    fn poll(&self, timeout: Duration) -> Result<(), String>;
    fn consume(&self) -> Result<(), String>;
}

impl Polled for RingBuffer<'_> {
    fn poll(&self, timeout: Duration) -> Result<(), String> {
        RingBuffer::poll(self, timeout).map_err(text)
    }

    fn consume(&self) -> Result<(), String> {
        RingBuffer::consume(self).map_err(text)
    }
}

impl<M: Buffer<Kind: Ring>> Polled for Events<'_, M> {
    fn poll(&self, timeout: Duration) -> Result<(), String> {
        Events::poll(self, timeout).map(drop).map_err(|error| error.to_string())
    }

    fn consume(&self) -> Result<(), String> {
        Events::consume(self).map(drop).map_err(|error| error.to_string())
    }
}

fn typed<'a, M>(map: &dyn MapCore, mut seen: impl FnMut(&[u8]) + Send + 'a) -> Result<Box<dyn Polled + 'a>, String>
where
    M: Buffer<Kind: Ring> + 'a,
    for<'r> M::Record<'r>: Bytes,
{
    let events = Events::<M>::new(map, move |record| seen(record.bytes()));
    Ok(Box::new(events.map_err(|error| error.to_string())?))
}

/// A record as it travelled.
trait Bytes {
    fn bytes(&self) -> &[u8];
}

macro_rules! bytes {
    ($($record:ident($event:ident))+) => { $(
        impl Bytes for maps::$record<'_> {
            fn bytes(&self) -> &[u8] {
                let maps::$record::$event(event) = self;
                event.as_bytes()
            }
        }
    )+ };
}

bytes!(EventsRecord(Openat) CallsRecord(Call) IdsRecord(Interned));

fn text(error: libbpf_rs::Error) -> String {
    format!("{error:#}")
}

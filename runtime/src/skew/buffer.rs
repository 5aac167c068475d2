//! The records of a ring buffer or perf buffer whose producer has another layout.

use std::{fmt, marker::PhantomData, vec::Vec};

use bpf_layout_btf::Btf;

use super::{error::PlanError, op::Events, plan::Steps, read::Lost, rule::Difference};
use crate::{error::ParseError, layout::slice_bytes_mut, map::Buffer, shape::Shape};

/// How the records of the buffer `M` are read where the program that sends them has other layouts of its events.
///
/// ```no_run
/// # bpf_layout::layout! { pub struct FileEvent("file"): size 4, align 4 { pub pid: u32 = 0 } }
/// # mod maps {
/// #     pub struct Events;
/// #     impl bpf_layout::Map for Events {
/// #         type Kind = bpf_layout::kind::Ringbuf;
/// #         type Key = ();
/// #         type Value = ();
/// #         const NAME: &'static str = "events";
/// #         const MAX_ENTRIES: u32 = 4096;
/// #         const FLAGS: u32 = 0;
/// #     }
/// #     bpf_layout::buffer! { pub enum EventsRecord for Events("events") { File(super::FileEvent) } }
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (btf, sample) = ([0; 24], [0; 8]);
/// use bpf_layout::skew::{Scratch, SkewedBuffer, btf::Btf};
///
/// // The section `.BTF` of the object that sends the records.
/// let buffer = SkewedBuffer::<maps::Events>::by_name(&Btf::parse(&btf)?)?;
/// let mut scratch = Scratch::default(); // kept from record to record
/// let (maps::EventsRecord::File(file), lost) = buffer.parse(&sample, &mut scratch)?;
/// println!("{} {:?}", file.pid, lost.missing().collect::<Vec<_>>());
/// # Ok(()) }
/// ```
pub struct SkewedBuffer<M> {
    /// By the number of the event; none for one that the other program does not know.
    events: Vec<Option<Steps>>,
    spec: PhantomData<fn() -> M>,
}

/// Room to convert records in.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// Aligned for every type but those that ask for more than 16, whose records are then copied once more.
    words: Vec<u128>,
}

impl Scratch {
    /// Zero bytes.
    fn bytes(&mut self, len: usize) -> &mut [u8] {
        self.words.clear();
        self.words.resize(len.div_ceil(size_of::<u128>()), 0);
        &mut slice_bytes_mut(&mut self.words)[..len]
    }
}

impl<M: Buffer> SkewedBuffer<M> {
    /// Finds the events by their names. Those that the other program does not have cannot come, and are left out.
    ///
    /// # Errors
    /// If an event cannot be read, with every difference, or the other program has none of them.
    pub fn by_name(btf: &Btf<'_>) -> Result<Self, PlanError> {
        let find = |shape: &'static Shape| match Steps::by_name(shape, btf) {
            Ok(steps) => Ok(Some(steps)),
            Err(PlanError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let events: Vec<_> = M::EVENTS.iter().map(find).collect::<Result<_, _>>()?;
        if events.iter().all(Option::is_none) {
            return Err(PlanError::NoEvents { buffer: M::NAME });
        }
        Ok(SkewedBuffer { events, spec: PhantomData })
    }

    /// Reads a record as the buffer delivered it: borrowed where its event has the same layout, converted in `scratch`
    /// otherwise.
    ///
    /// # Errors
    /// If it is none of the buffer's events, or has too few or too many bytes.
    pub fn parse<'a>(
        &'a self,
        bytes: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<(M::Record<'a>, Lost<'a>), ParseError> {
        let (event, bytes, lost) = self.convert(bytes, scratch)?;
        Ok((M::parse_event(event, bytes)?, lost))
    }

    /// Which of [`EVENTS`](Buffer::EVENTS) a record is, and its bytes in our layout.
    pub(crate) fn convert<'a>(
        &'a self,
        bytes: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<(usize, &'a [u8], Lost<'a>), ParseError> {
        let (event, steps) = self.pick(bytes).ok_or(ParseError::unknown_event(M::NAME, bytes.len()))?;
        if steps.is_in_place() {
            return Ok((event, bytes, Lost::new(steps, Events::None)));
        }
        let size = M::EVENTS.get(event).map_or(0, Shape::size);
        let converted = scratch.bytes(size + steps.tail_size(bytes));
        let (ours, rest) = converted.split_at_mut(size);
        let events = steps.read(bytes, ours)?;
        let used = steps.move_tails(bytes, ours, rest)?;
        Ok((event, &converted[..size + used], Lost::new(steps, events)))
    }

    /// The event that a record is. If there is but one, it is that, so that the error of reading it can say what does not
    /// fit.
    fn pick(&self, bytes: &[u8]) -> Option<(usize, &Steps)> {
        let mut known = self.events.iter().enumerate().filter_map(|(event, steps)| Some((event, steps.as_ref()?)));
        match known.clone().count() {
            1 => known.next(),
            _ => known.find(|(_, steps)| steps.is_event(bytes)),
        }
    }

    /// Events that the other program does not have, by their names in the spec.
    pub fn missing_events(&self) -> impl Iterator<Item = &'static str> {
        let events = self.events.iter().zip(M::EVENTS);
        events.filter(|(steps, _)| steps.is_none()).map(|(_, shape)| shape.name())
    }

    /// Everything that is otherwise in the other program's events.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.events.iter().flatten().flat_map(Steps::differences)
    }
}

impl<M: Buffer> fmt::Debug for SkewedBuffer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkewedBuffer").field("map", &M::NAME).field("events", &self.events).finish()
    }
}

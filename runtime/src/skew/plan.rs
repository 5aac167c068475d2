//! A plan: how values of another layout are read, worked out once.

use std::{boxed::Box, marker::PhantomData, mem::MaybeUninit, string::String, vec::Vec};

use bpf_layout_btf::{Btf, Error as BtfError, TypeId};

use super::{
    build::{self, Built, Missing},
    error::PlanError,
    find,
    op::{self, Event, Events, Number, Op},
    read::{Note, Skewed},
    rule::{Difference, Handling, Rule},
    write::{self, WriteError},
};
use crate::{
    error::ParseError,
    layout::{Layout, MAX_TRAILING, check_tag},
    shape::Shape,
    variable::Tail,
};

/// How values of another layout of `T` are read and written.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use bpf_layout::{Layout, skew::{Plan, btf::Btf}};
///
/// bpf_layout::layout! {
///     /// The kernel's `struct timespec64`, as if this program had another version of it.
///     pub struct Timespec("timespec64"): size 16, align 8 {
///         pub tv_nsec: i32 = 0, // the kernel has a `long` at byte 8
///         pub cpu: u32 = 4,     // the kernel has no such field
///         pub tv_sec: i64 = 8,  // the kernel has it at byte 0
///     }
/// }
///
/// # if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() { return Ok(()) }
/// let btf = std::fs::read("/sys/kernel/btf/vmlinux")?;
/// let plan = Plan::<Timespec>::by_name(&Btf::parse(&btf)?)?;
/// for difference in plan.differences() {
///     println!("{}: {}", difference.rule, difference.tell("this kernel"));
/// }
/// // field-offset: `timespec64.tv_sec` starts at byte 0 in this kernel, at byte 8 here
/// // …
/// let theirs = [7i64, 1_000].map(i64::to_ne_bytes).concat();
/// let time = plan.read(&theirs)?;
/// assert_eq!((time.tv_sec, time.tv_nsec), (7, 1_000));
/// assert_eq!(time.known(|time| &time.cpu), None);
/// assert!(time.lost().missing().eq(["cpu"]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Plan<T> {
    steps: Steps,
    ours: PhantomData<fn() -> T>,
}

/// A plan for a type that is not known to the compiler.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    shape: &'static Shape,
    /// Bytes of theirs.
    size: usize,
    ops: Vec<Op>,
    differences: Vec<Difference>,
    paths: Vec<String>,
    missing: Vec<Missing>,
    tag: Option<Number>,
    /// Where in theirs the descriptors of fields of variable length are.
    tails: Vec<usize>,
    /// Whether ours can be borrowed from theirs.
    in_place: bool,
}

/// Two layouts held against one another, whether or not the one can be read as the other.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) differences: Vec<Difference>,
    /// How, if it can be.
    pub(crate) steps: Option<Steps>,
}

/// More bytes than any record or value of a map has: `RINGBUF_MAX_RECORD_SZ` of `kernel/bpf/ringbuf.c` is a quarter of
/// what 32 bits count. Hostile BTF must not make anything allocate more.
const LARGEST: usize = 1 << 30;

/// Compares a type with one of another layout.
pub(crate) fn compare(shape: &'static Shape, btf: &Btf<'_>, id: TypeId) -> Result<Comparison, PlanError> {
    if btf.is_big_endian() != cfg!(target_endian = "big") {
        return Err(PlanError::ByteOrder);
    }
    let size = usize::try_from(btf.size_of(id)?).ok().filter(|size| *size <= LARGEST).ok_or(BtfError::TooLarge(id))?;
    let Built { ops, differences, paths, missing, tag } = build::build(btf, shape, id)?;
    if op::end(&ops).is_none_or(|end| end > size) {
        return Err(BtfError::Damaged("a member lies outside of its struct").into());
    }
    let refused = differences.iter().any(|difference| matches!(difference.handling, Handling::Refused(_)));
    // An array that is longer here has elements where theirs has other fields, and no step says that they are zero.
    let as_long = differences.iter().all(|difference| difference.rule != Rule::ArrayLength);
    let tails = build::tails(btf, id)?;
    // What follows their struct may belong to a field that ours does not have.
    let all_known = (tails.is_empty() && !build::has_tails(shape)) || differences.is_empty();
    let in_place = size == shape.size() && missing.is_empty() && as_long && all_known && op::is_in_place(&ops);
    let steps = Steps { shape, size, ops, differences: differences.clone(), paths, missing, tag, tails, in_place };
    Ok(Comparison { differences, steps: (!refused).then_some(steps) })
}

impl Steps {
    /// Reads a type as itself.
    #[cfg(feature = "live")]
    fn same(shape: &'static Shape) -> Self {
        let (ops, size) = (Vec::from([Op::Copy { theirs: 0, ours: 0, len: shape.size() }]), shape.size());
        let (differences, paths, missing) = (Vec::new(), Vec::new(), Vec::new());
        Steps { shape, size, ops, differences, paths, missing, tag: None, tails: Vec::new(), in_place: true }
    }

    /// Compares a type with the one of its name.
    pub(crate) fn by_name(shape: &'static Shape, btf: &Btf<'_>) -> Result<Self, PlanError> {
        let mut found: Option<(TypeId, Comparison)> = None;
        for id in find::candidates(btf, shape)? {
            let next = compare(shape, btf, id)?;
            match &found {
                Some((_, known)) if known.differences != next.differences => {
                    return Err(PlanError::Ambiguous { name: shape.name() });
                }
                Some(_) => {}
                None => found = Some((id, next)),
            }
        }
        let (_, comparison) = found.ok_or(PlanError::NotFound { name: shape.name() })?;
        Self::of(comparison)
    }

    pub(crate) fn of(comparison: Comparison) -> Result<Self, PlanError> {
        let Comparison { differences, steps } = comparison;
        steps.ok_or(PlanError::Refused(differences))
    }

    pub(crate) fn differences(&self) -> &[Difference] {
        &self.differences
    }

    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// Bytes of a record of theirs: their struct, and all that its descriptors count.
    fn size_of(&self, bytes: &[u8]) -> usize {
        let len = |at: &usize| bytes.get(*at..).map_or(0, |bytes| Tail::read(bytes).len());
        self.size + self.tails.iter().map(len).sum::<usize>()
    }

    /// Whether a transport delivers a record of theirs in these bytes.
    pub(crate) fn is_size(&self, bytes: &[u8]) -> bool {
        bytes.len().checked_sub(self.size_of(bytes)).is_some_and(|trailing| trailing <= MAX_TRAILING)
    }

    /// Bytes behind our struct that a record of theirs asks for, at most.
    pub(super) fn tail_size(&self, bytes: &[u8]) -> usize {
        if build::has_tails(self.shape) { bytes.len().saturating_sub(self.size) } else { 0 }
    }

    /// Moves the bytes of the fields of variable length that both have behind ours, and says so in their descriptors. Gives
    /// how many those are.
    pub(super) fn move_tails(&self, bytes: &[u8], ours: &mut [u8], rest: &mut [u8]) -> Result<usize, ParseError> {
        let mut used = 0;
        for op in &self.ops {
            let Op::Tail { ours: at, .. } = op else { continue };
            let tail = Tail::read(ours.get(*at..).unwrap_or_default());
            let wrong = || ParseError::tail(self.shape.name(), self.field_at(*at), tail, bytes.len());
            let from = tail.find(bytes).filter(|_| tail.is_empty() || tail.offset() >= self.size).ok_or_else(wrong)?;
            let to = rest.get_mut(used..used + from.len()).ok_or_else(wrong)?;
            to.copy_from_slice(from);
            let offset = if from.is_empty() { 0 } else { u16::try_from(ours.len() + used).map_err(|_| wrong())? };
            let moved = Tail::new(offset, tail.raw_len(), tail.is_truncated());
            if let Some(descriptor) = ours.get_mut(*at..*at + size_of::<Tail>()) {
                descriptor.copy_from_slice(&moved.to_bytes());
            }
            used += from.len();
        }
        Ok(used)
    }

    /// The name of our field at a byte.
    fn field_at(&self, at: usize) -> &'static str {
        match self.shape {
            Shape::Record(info) => info.fields().find(|field| field.offset == at).map_or("", |field| field.name),
            _ => "",
        }
    }

    /// Whether a record is this event: by its tag, or by its size if theirs has none.
    pub(crate) fn is_event(&self, bytes: &[u8]) -> bool {
        let expected = self.shape.event_tag().map(|(_, value)| value);
        match (&self.tag, expected) {
            (Some(tag), Some(expected)) => tag.get(bytes) == Some(expected),
            _ => self.is_size(bytes),
        }
    }

    /// Reads theirs into the zero bytes of ours.
    pub(super) fn read(&self, bytes: &[u8], ours: &mut [u8]) -> Result<Events, ParseError> {
        if !self.is_size(bytes) {
            return Err(ParseError::size(self.shape.name(), bytes.len(), self.size_of(bytes)));
        }
        let mut events = Events::None;
        op::read(&self.ops, &bytes[..self.size], ours, &mut events);
        Ok(events)
    }

    /// Writes ours as theirs.
    ///
    /// # Errors
    /// If anything of it would be lost.
    pub(crate) fn write(&self, ours: &[u8]) -> Result<Vec<u8>, WriteError> {
        write::write(self.shape, (&self.ops, self.size, &self.differences), ours)
    }

    pub(crate) fn path(&self, number: usize) -> &str {
        self.paths.get(number).map_or("", String::as_str)
    }

    pub(super) fn missing(&self) -> &[Missing] {
        &self.missing
    }
}

impl<T: Layout> Plan<T> {
    /// Reads `T` as the type with this id: the key or value of a map, by the ids that the kernel gives.
    ///
    /// # Errors
    /// If it cannot be read as `T`, with every difference, or the BTF is damaged or of another byte order.
    pub fn new(btf: &Btf<'_>, id: TypeId) -> Result<Self, PlanError> {
        Steps::of(compare(const { &T::SHAPE }, btf, id)?).map(Self::of)
    }

    /// Reads `T` as the struct or union that has its name: that of the spec, or for events as C has it (`exec_event`).
    ///
    /// # Errors
    /// As for [`new`](Self::new); also if there is no such type, or several that differ.
    pub fn by_name(btf: &Btf<'_>) -> Result<Self, PlanError> {
        Steps::by_name(const { &T::SHAPE }, btf).map(Self::of)
    }

    fn of(steps: Steps) -> Self {
        Plan { steps, ours: PhantomData }
    }

    /// Reads a value as a transport delivered it: at least the other layout's size, at most
    /// [`MAX_TRAILING`](crate::MAX_TRAILING) bytes more, at any address. If nothing has moved, it is
    /// [`T::parse`](Layout::parse), which borrows what is aligned; else each field is copied or converted once.
    ///
    /// # Errors
    /// If there are too few or too many bytes, or if `T` is an event whose tag holds another value.
    #[inline]
    pub fn read<'a>(&'a self, bytes: &'a [u8]) -> Result<Skewed<'a, T>, ParseError> {
        if self.steps.in_place {
            return Ok(Skewed::new(T::parse(bytes)?, &self.steps, Events::None));
        }
        let (value, events) = self.convert(bytes)?;
        Ok(Skewed::new(value.into(), &self.steps, events))
    }

    /// [`read`](Self::read) of bytes that do not stay.
    ///
    /// # Errors
    /// As for `read`.
    pub fn read_copied(&self, bytes: &[u8]) -> Result<Skewed<'_, T>, ParseError> {
        let (value, events) = match self.steps.in_place {
            true => (Box::new(*T::parse(bytes)?), Events::None),
            false => self.convert(bytes)?,
        };
        Ok(Skewed::new(value.into(), &self.steps, events))
    }

    /// Given in parts, so that the compiler does not put what is borrowed together in memory as well.
    fn convert(&self, bytes: &[u8]) -> Result<(Box<T>, Events), ParseError> {
        let mut value = zeroed::<T>();
        let events = self.steps.read(bytes, value.as_bytes_mut())?;
        check_tag::<T>(value.as_bytes())?;
        Ok((value, events))
    }

    /// The value in the other layout.
    ///
    /// # Errors
    /// If anything would be lost: a field that the other layout does not have and that is not zero, text that is too
    /// long, a number that does not fit; or if the other layout has a field that `T` does not.
    pub fn write(&self, value: &T) -> Result<Vec<u8>, WriteError> {
        self.steps.write(value.as_bytes())
    }

    /// Whether both layouts are the same.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.steps.differences.is_empty()
    }

    /// Whether nothing is copied on the way, if it is aligned: each field lies where it does in `T`.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.steps.in_place
    }

    /// Everything that is otherwise in the other layout.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.steps.differences
    }

    /// Fields that the other layout does not have, by their path: `ppid`, `ends.x`. They are zero.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.steps.missing.iter().map(|missing| self.steps.path(missing.path))
    }

    /// Bytes of a value in the other layout.
    #[must_use]
    pub fn size(&self) -> usize {
        self.steps.size
    }
}

/// A value of zero bytes on the heap.
fn zeroed<T: Layout>() -> Box<T> {
    Box::write(room(), T::zeroed())
}

/// Room on the heap. Were it seen that zeros are put there, they would be asked of the allocator, and glibc's `calloc` takes
/// four times as long as its `malloc` where that has just got the room back.
#[inline(never)]
fn room<T>() -> Box<MaybeUninit<T>> {
    Box::new_uninit()
}

/// What maps need: values of a size that was compared when the map was opened, and whose tags nobody asks for.
#[cfg(feature = "live")]
impl<T: Layout> Plan<T> {
    /// Reads `T` as itself.
    pub(crate) fn same() -> Self {
        Self::of(Steps::same(const { &T::SHAPE }))
    }

    /// Reads `T` as what it was compared with.
    pub(crate) fn of_comparison(comparison: Comparison) -> Result<Self, PlanError> {
        Steps::of(comparison).map(Self::of)
    }

    /// Has the bytes of a value of theirs filled in, and reads it. `None` if there was none.
    pub(crate) fn fill<E>(&self, fill: impl FnOnce(&mut [u8]) -> Result<bool, E>) -> Result<Option<Skewed<'_, T>>, E> {
        let mut value = zeroed::<T>();
        let mut events = Events::None;
        let found = if self.steps.in_place {
            fill(value.as_bytes_mut())?
        } else {
            let mut theirs = std::vec![0; self.steps.size];
            let found = fill(&mut theirs)?;
            op::read(&self.steps.ops, &theirs, value.as_bytes_mut(), &mut events);
            found
        };
        Ok(found.then(|| Skewed::new(value.into(), &self.steps, events)))
    }

    /// Reads the bytes of a value of theirs; what is missing of them is zero.
    pub(crate) fn value(&self, bytes: &[u8]) -> Skewed<'_, T> {
        let (mut value, mut events) = (zeroed::<T>(), Events::None);
        op::read(&self.steps.ops, bytes, value.as_bytes_mut(), &mut events);
        Skewed::new(value.into(), &self.steps, events)
    }
}

impl Event {
    /// What happened, and to which field.
    pub(super) fn note(self, steps: &Steps) -> Note<'_> {
        match self {
            Event::Truncated(field) => Note::Truncated(steps.path(field)),
            Event::Changed(field) => Note::Changed(steps.path(field)),
            Event::Absent(field) => Note::Missing(steps.path(field)),
        }
    }
}

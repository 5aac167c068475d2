//! Generated parsers as rows of a table.

use std::{
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
};

use bpf_layout::{
    Buffer, Layout, Shape,
    skew::{Plan, Scratch, SkewedBuffer, btf::Btf},
};

use crate::compact::Compact;

/// The records and buffers of a spec.
pub(crate) struct Table {
    pub(crate) records: &'static [Record],
    pub(crate) compacts: &'static [Compact],
    pub(crate) buffers: &'static [Stream],
}

/// One record.
pub(crate) struct Record {
    /// In the spec.
    pub(crate) name: &'static str,
    /// Bytes.
    pub(crate) size: usize,
    /// Whether a tag tells it from others, so that not all bytes are one.
    pub(crate) tagged: bool,
    /// Parses bytes, and tells whether they were one.
    pub(crate) parse: fn(&[u8]) -> bool,
    /// Reads bytes by what BTF says.
    pub(crate) skew: fn(&Btf<'_>, &[u8]),
}

/// One ring or perf buffer.
pub(crate) struct Stream {
    /// The events that it may carry.
    pub(crate) events: &'static [Shape],
    pub(crate) parse: fn(&[u8]) -> bool,
    pub(crate) skew: fn(&Btf<'_>, &[u8]),
}

macro_rules! record {
    ($name:literal, $ty:ty, $tagged:literal) => {
        crate::records::Record {
            name: $name,
            size: size_of::<$ty>(),
            tagged: $tagged,
            parse: crate::records::parse::<$ty>,
            skew: crate::records::skew::<$ty>,
        }
    };
}

macro_rules! buffer {
    ($name:literal, $map:ty) => {
        crate::records::Stream {
            events: <$map as ::bpf_layout::Buffer>::EVENTS,
            parse: |bytes| match <$map as ::bpf_layout::Buffer>::parse(bytes) {
                Ok(record) => crate::records::prints(&record),
                Err(error) => error.to_string().is_empty(),
            },
            skew: |btf, bytes| {
                crate::records::skew_buffer::<$map>(btf, bytes, |record| assert!(crate::records::prints(&record)))
            },
        }
    };
}

pub(crate) use {buffer, record};

/// Whether it prints as something, in both ways. That has no `unsafe` line, and would take most of Miri's time.
pub(crate) fn prints(value: &impl Debug) -> bool {
    cfg!(miri) || !format!("{value:?}{value:#?}").is_empty()
}

/// Parses, and does with the record what any user may do: prints, compares, hashes, copies it.
pub(crate) fn parse<T: Layout + Debug + Default + Eq + Hash>(bytes: &[u8]) -> bool {
    let Ok(view) = T::parse(bytes).inspect_err(|error| assert!(!error.to_string().is_empty())) else { return false };
    assert_eq!(Layout::as_bytes(&*view), &bytes[..size_of::<T>()], "a record is the bytes that came");
    assert!(prints(&*view));
    let copy = *view;
    assert!(copy == *view && hash(&copy) == hash(&*view), "a copy is the same");
    assert_eq!(copy == T::default(), Layout::as_bytes(&copy) == Layout::as_bytes(&T::default()));
    true
}

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Hostile BTF may describe values of a gigabyte, which nobody sends. Miri, which takes
/// milliseconds for a byte, is spared the few goldens beyond 8 KiB, which have no other lines.
const LARGEST: usize = if cfg!(miri) { 1 << 13 } else { 1 << 16 };

/// Reads a value of another layout, and writes it back.
pub(crate) fn skew<T: Layout + Debug + Eq>(btf: &Btf<'_>, bytes: &[u8]) {
    let plan = match Plan::<T>::by_name(btf) {
        Ok(plan) => plan,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(plan.is_identical(), plan.differences().is_empty());
    for difference in plan.differences() {
        assert!(!difference.tell("the other").to_string().is_empty());
    }
    assert!(plan.missing().all(|path| !path.is_empty()));
    if plan.size() > LARGEST {
        if cfg!(miri) {
            println!("left out: `{}` of {} bytes", T::SHAPE.name(), plan.size());
        }
        return;
    }
    let mut theirs = bytes.to_vec();
    theirs.resize(plan.size(), bytes.first().copied().unwrap_or_default());
    let Ok(skewed) = plan.read(&theirs) else { return };
    assert!(prints(&skewed));
    assert!(skewed.lost().missing().all(|path| !path.is_empty()));
    assert!(skewed.lost().notes().all(|note| !format!("{note:?}").is_empty()));
    let ours = *skewed;
    match plan.write(&ours) {
        // What was written without loss is read as what it was.
        Ok(written) => assert!(plan.read(&written).is_ok_and(|again| *again == ours), "written and read: {ours:?}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads a record of a buffer whose events have other layouts.
pub(crate) fn skew_buffer<M: Buffer>(btf: &Btf<'_>, bytes: &[u8], see: impl Fn(M::Record<'_>)) {
    let Ok(buffer) = SkewedBuffer::<M>::by_name(btf) else { return };
    assert!(buffer.missing_events().count() < M::EVENTS.len());
    if let Ok((record, lost)) = buffer.parse(bytes, &mut Scratch::default()) {
        see(record);
        assert!(lost.notes().all(|note| !format!("{note:?}").is_empty()));
    }
}

//! Generated parsers as rows of a table, so that a test can give each of them anything.

use std::{
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
};

use bpf_layout::{Layout, ParseError};

/// The parser of one record.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// The record's name in the spec.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Whether it is an event that its tag tells from others, so that not all bytes are one.
    pub tagged: bool,
    /// [`exercise`] for its type.
    pub parse: fn(&[u8]) -> Result<(), ParseError>,
}

/// The parser of one ring or perf buffer.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// The map's name in the spec.
    pub name: &'static str,
    /// Parses a record, and prints it.
    pub parse: fn(&[u8]) -> Result<String, ParseError>,
}

/// Parses, and does with the record what any user may do: prints, compares, hashes, copies it.
///
/// # Errors
/// The parser's.
///
/// # Panics
/// If what was parsed is not what came.
pub fn exercise<T>(bytes: &[u8]) -> Result<(), ParseError>
where
    T: Layout + Debug + Default + Eq + Hash,
{
    let view = T::parse(bytes).inspect_err(|error| assert!(!error.to_string().is_empty()))?;
    assert_eq!(Layout::as_bytes(&*view), &bytes[..size_of::<T>()]);
    assert!(!format!("{:?}{:#?}", *view, *view).is_empty());
    let copy = *view;
    assert!(copy == *view && hash(&copy) == hash(&*view));
    assert_eq!(copy == T::default(), Layout::as_bytes(&copy) == Layout::as_bytes(&T::default()));
    Ok(())
}

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

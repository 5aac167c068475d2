//! The proof for structs that somebody wrote: that one is what the spec says, and that any bytes are valid for it.
//!
//! `#[derive(BpfLayout)]` cannot place fields. It tells what the spec expects of each; rustc tells where the field lies, how
//! large it is and what its type means. Both stand in one table per struct, [`Struct`], written by `__derive_layout!`
//! alone. The checks over it are split by field, so that every mistake is an error of its own, at the user's own words:
//! [`kind`] is called at the type of a field, [`place`] at its name, [`whole`] at the name of the struct. Each gives a token
//! that nothing else makes; `__derive_layout!` implements [`Layout`] for whoever has all of them. A newtype has one,
//! [`inner`].
//!
//! **The argument.** Each field's type is `Layout` ([`kind`] fails otherwise), so any bytes are valid for it and nothing has
//! interior mutability. No byte lies between two fields or behind the last one ([`place`] fails otherwise, or another
//! check does: see there), and no field is left out (a pattern in `__derive_layout!` names all of them). So the fields are
//! the struct, and any bytes are valid for it. This does not rest on `repr(C)`: offsets and sizes are those that rustc
//! chose.

mod say;

use core::marker::PhantomData;

use say::{elsewhere, fail, implicit_padding, not_layout, wrong_kind, wrong_number};

pub use super::meaning::Expected;
use crate::{
    layout::Layout,
    shape::{Detail, Shape, TypeInfo},
};

/// What is known of a struct.
#[derive(Debug)]
pub struct Struct {
    /// Name in Rust.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Bytes.
    pub align: usize,
    /// In the order written.
    pub fields: &'static [Field],
    /// What the spec says.
    pub spec: Spec,
}

/// What the spec says of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Name in the spec.
    pub name: &'static str,
    /// File and line of the spec.
    pub at: &'static str,
    /// Bytes.
    pub size: usize,
    /// Bytes.
    pub align: usize,
    /// How to be aligned more.
    pub raise: &'static str,
}

/// What is known of a field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name in Rust.
    pub name: &'static str,
    /// Bytes from the start of the struct.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
    /// What its type means; `None` if the type is not `Layout`.
    pub shape: Option<Shape>,
    /// What the spec says.
    pub spec: SpecField,
}

/// What the spec says of a field.
#[derive(Clone, Copy, Debug)]
pub struct SpecField {
    /// File and line of the spec.
    pub at: &'static str,
    /// Its type as the spec writes it.
    pub says: &'static str,
    /// Bytes from the start of the struct.
    pub offset: usize,
    /// What it is.
    pub expected: Expected,
    /// The Rust types that it may have.
    pub write: &'static str,
    /// What to do if it lies elsewhere.
    pub hint: &'static str,
    /// The name of padding behind it.
    pub pad: &'static str,
}

/// A struct with its table. Implemented by `__derive_layout!`.
pub trait Derived: Sized {
    /// The table.
    const STRUCT: &'static Struct;
}

/// What is known of a newtype.
#[derive(Debug)]
pub struct Wrapped {
    /// Name in Rust.
    pub name: &'static str,
    /// Bytes of what it wraps.
    pub size: usize,
    /// What that means; `None` if its type is not `Layout`.
    pub shape: Option<Shape>,
    /// What the spec says, if the newtype has a name there.
    pub spec: Option<SpecField>,
}

/// A newtype with what is known of it. Implemented by `__derive_newtype!`.
pub trait Newtype: Sized {
    /// What is known.
    const WRAPPED: &'static Wrapped;
}

/// Tells the shape of a type that is `Layout`, and nothing of another: for the former, the inherent constant comes
/// before that of [`NotLayout`].
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: Layout> Probe<T> {
    /// What the type means.
    pub const SHAPE: Option<Shape> = Some(T::SHAPE);
}

/// The answer of [`Probe`] for other types.
pub trait NotLayout {
    /// Nothing.
    const SHAPE: Option<Shape> = None;
}

impl<T> NotLayout for Probe<T> {}

/// The type of field `N` of `T` is what the spec says.
#[derive(Debug)]
pub struct Kind<T, const N: usize>(PhantomData<T>);

/// Field `N` of `T` lies where the spec says, and the next one right behind it.
#[derive(Debug)]
pub struct Place<T, const N: usize>(PhantomData<T>);

/// `T` has the size and alignment that the spec says.
#[derive(Debug)]
pub struct Whole<T>(PhantomData<T>);

/// Newtype `T` is no more than what it wraps, which is `Layout`.
#[derive(Debug)]
pub struct Inner<T>(PhantomData<T>);

/// Checks the type of field `N`.
///
/// # Panics
/// At compile time, if the spec has no such field, if the type is not `Layout`, or if it cannot stand for what the spec
/// says.
#[must_use]
#[track_caller]
pub const fn kind<T: Derived, const N: usize>() -> Kind<T, N> {
    let field = &T::STRUCT.fields[N];
    if let Expected::Nothing(message) | Expected::Misnamed(message, _) = field.spec.expected {
        panic!("{}", message);
    }
    check_kind(field);
    Kind(PhantomData)
}

#[track_caller]
const fn check_kind(field: &Field) {
    match &field.shape {
        None => fail(not_layout(field)),
        Some(found) if !field.spec.expected.accepts(found) => fail(wrong_kind(field, found)),
        // The proof is in sizes of types, the rules above are in sizes of shapes.
        Some(found) => assert!(found.size() == field.size && field.spec.expected.size() == field.size),
    }
}

/// Checks where field `N` lies, and what lies between it and the next one.
///
/// A field that lies elsewhere only because those before it are too large or too small is not reported again: what is
/// compared is the shift that this field has, against the shift of the end of the field before it. Where one of them is
/// not zero, the first check with a shift of its own has failed: by induction from the start of the struct, where the shift
/// is zero, either a field begins elsewhere ([`place`]) or its size is another ([`kind`]).
///
/// Implicit padding behind the field fails, unless the spec does not have this field or the next, which [`kind`] says, or
/// unless it moves the next field from where the spec has it, or back there after an earlier shift: then another check has
/// failed, by the argument above.
///
/// # Panics
/// At compile time, if it lies elsewhere, or if there is implicit padding behind it.
#[must_use]
#[track_caller]
pub const fn place<T: Derived, const N: usize>() -> Place<T, N> {
    let of = T::STRUCT;
    let field = &of.fields[N];
    if moves(of, N) {
        fail(elsewhere(field));
    }
    assert!(N > 0 || field.offset == 0);
    let hole = start(of, N + 1) - end(field);
    let known = !is_unknown(of, N) && !is_unknown(of, N + 1);
    if hole > 0 && known && shift(of, N + 1) == end_shift(of, N + 1) {
        fail(implicit_padding(field, hole));
    }
    Place(PhantomData)
}

/// Whether the spec does not have field `n`.
const fn is_unknown(of: &Struct, n: usize) -> bool {
    n < of.fields.len() && matches!(of.fields[n].spec.expected, Expected::Nothing(_))
}

/// Checks size and alignment.
///
/// # Panics
/// At compile time, if one of them is another than in the spec, unless a field that [`kind`] refuses may be the
/// reason.
#[must_use]
#[track_caller]
pub const fn whole<T: Derived>() -> Whole<T> {
    let of = T::STRUCT;
    if !all_fit(of) {
        // Size and alignment may be those of a type which has been reported.
        return Whole(PhantomData);
    }
    if moves(of, of.fields.len()) {
        fail(wrong_number(of, " is ", of.size, " bytes here, ", of.spec.size, ""));
    }
    if of.align > of.spec.align {
        let lower = "take `align` away, or write the field that is aligned so much otherwise";
        fail(wrong_number(of, " is aligned to ", of.align, " here, ", of.spec.align, lower));
    }
    if of.align < of.spec.align {
        fail(wrong_number(of, " is aligned to ", of.align, " here, ", of.spec.align, of.spec.raise));
    }
    Whole(PhantomData)
}

/// Checks the type that a newtype wraps.
///
/// # Panics
/// At compile time, if it is not `Layout`, cannot stand for what the spec says, or is not all there is.
#[must_use]
#[track_caller]
pub const fn inner<T: Newtype>() -> Inner<T> {
    let Wrapped { name, size, shape, spec } = *T::WRAPPED;
    let spec = match (spec, shape) {
        (Some(spec), _) => spec,
        (None, Some(found)) => SpecField { expected: Expected::Meaning(found), ..UNKNOWN },
        (None, None) => UNKNOWN,
    };
    check_kind(&Field { name, offset: 0, size, shape, spec });
    assert!(size_of::<T>() == size);
    Inner(PhantomData)
}

/// What the spec says of the inside of a newtype that has no name there.
const UNKNOWN: SpecField = SpecField {
    at: "",
    says: "",
    offset: 0,
    expected: Expected::Any(0),
    write: "an integer, an array of bytes, a type of `bpf_layout`, or one that derives `BpfLayout`",
    hint: "",
    pad: "",
};

/// The shape of a newtype: that of what it wraps, or the meaning that the spec gives it.
#[must_use]
pub const fn newtype<T: Newtype>() -> Shape {
    match (T::WRAPPED.shape, T::WRAPPED.spec) {
        (Some(shape), Some(spec)) => spec.expected.shape(shape),
        (Some(shape), None) => shape,
        // `inner` has failed.
        (None, _) => Shape::Opaque(T::WRAPPED.size),
    }
}

/// The table that `Debug`, serde and parsing go by.
#[must_use]
pub const fn table<T: Derived>(
    names: &'static str,
    offsets: &'static [usize],
    shapes: &'static [Shape],
    details: &'static [Detail],
) -> TypeInfo {
    TypeInfo { name: T::STRUCT.spec.name, size: size_of::<T>(), names, offsets, shapes, details, fingerprint: None }
}

/// The meaning of a field. One whose type is not `Layout` has failed in [`kind`].
#[must_use]
pub const fn meaning(field: &Field) -> Shape {
    match field.shape {
        Some(found) => field.spec.expected.shape(found),
        None => Shape::Padding(field.size),
    }
}

/// Proves that every field has been checked.
///
/// # Panics
/// At compile time, if the numbers are not those of all fields.
pub const fn checked_all<T: Derived>(numbers: &[usize]) {
    assert!(numbers.len() == T::STRUCT.fields.len());
    let mut index = 0;
    while index < numbers.len() {
        assert!(numbers[index] == index);
        index += 1;
    }
}

/// Where field `n` starts; the end of the struct for the number behind the last.
const fn start(of: &Struct, n: usize) -> usize {
    if n < of.fields.len() { of.fields[n].offset } else { of.size }
}

const fn end(field: &Field) -> usize {
    field.offset + field.size
}

/// Bytes that field `n`, or the end of the struct, lies behind where the spec has it. What the spec does not have lies
/// right.
const fn shift(of: &Struct, n: usize) -> isize {
    if n < of.fields.len() {
        match of.fields[n].spec.expected {
            Expected::Nothing(_) => end_shift(of, n),
            _ => of.fields[n].offset.cast_signed() - of.fields[n].spec.offset.cast_signed(),
        }
    } else {
        of.size.cast_signed() - of.spec.size.cast_signed()
    }
}

/// Bytes that the end of the field before number `n` lies behind where the spec has it.
const fn end_shift(of: &Struct, n: usize) -> isize {
    if n == 0 {
        return 0;
    }
    let field = &of.fields[n - 1];
    let expected = field.spec.expected.size().cast_signed();
    match field.spec.expected {
        Expected::Nothing(_) => end_shift(of, n - 1) + (end(field) - start_of_hole(of, n - 1)).cast_signed(),
        _ => end(field).cast_signed() - field.spec.offset.cast_signed() - expected,
    }
}

/// Where the field before number `n` ends.
const fn start_of_hole(of: &Struct, n: usize) -> usize {
    if n == 0 { 0 } else { end(&of.fields[n - 1]) }
}

/// Whether field `n`, or the end of the struct, lies elsewhere for a reason of its own.
const fn moves(of: &Struct, n: usize) -> bool {
    let shift = shift(of, n);
    shift != 0 && shift != end_shift(of, n)
}

/// Whether [`kind`] accepts every field.
const fn all_fit(of: &Struct) -> bool {
    let mut index = 0;
    while index < of.fields.len() {
        let field = &of.fields[index];
        match &field.shape {
            Some(found) if field.spec.expected.accepts(found) => index += 1,
            _ => return false,
        }
    }
    true
}

//! Whether bytes that a witness describes can be read as a type of the spec.

use super::{
    Observed, ObservedType, Shape, Sign, Value, records,
    text::{DESCRIPTOR, shape_text, type_text},
};
use crate::{
    layout::Layouts,
    model::{Type, TypeDef, TypeId, Variable},
    scalar::{Scalar, ScalarClass},
};

/// How a type is otherwise than the spec's; the most telling of all that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// Bytes of it or of its elements.
    Size { expected: u64, found: u64 },
    /// Elements.
    Length { expected: u64, found: u64 },
    /// Signed on one side only.
    Sign { expected: Value, found: Value },
    /// Anything else.
    Type { expected: Value, found: Value },
}

/// What both sides are compared with.
#[derive(Clone, Copy)]
struct Sides<'a> {
    layouts: &'a Layouts,
    observed: &'a Observed<'a>,
    ty: &'a Type,
    shape: &'a Shape,
}

/// How a type differs, if it does.
pub(super) fn mismatch(layouts: &Layouts, observed: &Observed<'_>, ty: &Type, shape: &Shape) -> Option<Mismatch> {
    let found = as_written(layouts, observed, ty, shape)?;
    if observed.by_gcc && as_written(layouts, observed, ty, &reversed(shape)).is_none() {
        return None;
    }
    Some(found)
}

/// An array with its dimensions in the reverse order.
fn reversed(shape: &Shape) -> Shape {
    let (mut inner, mut lengths) = (shape, Vec::new());
    while let Shape::Array(element, len) = inner {
        lengths.push(*len);
        inner = element;
    }
    lengths.into_iter().fold(inner.clone(), |element, len| Shape::Array(Box::new(element), len))
}

fn as_written(layouts: &Layouts, observed: &Observed<'_>, ty: &Type, shape: &Shape) -> Option<Mismatch> {
    let sides = Sides { layouts, observed, ty, shape };
    match ty {
        Type::Scalar(scalar) => sides.scalar(*scalar),
        Type::Str(count) | Type::Bytes(count) => sides.bytes(count.value),
        Type::Variable(_) => sides.named(DESCRIPTOR, Variable::SIZE),
        Type::Array(element, count) => match shape {
            Shape::Array(found, len) => {
                as_written(layouts, observed, element, found).or_else(|| length(count.value, *len))
            }
            _ => sides.other(),
        },
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => sides.values(&def.name.c, def.repr),
            TypeDef::Flags(def) => sides.values(&super::flags_tag(def), def.repr),
            TypeDef::Record(_) => sides.record(*id),
            TypeDef::Extern(def) => sides.sized(def.size),
        },
        Type::Kernel(field) => sides.named(field.info().name, field.info().size.into()),
        Type::Kptr(..) => match shape {
            Shape::Pointer(_) => None,
            _ => sides.other(),
        },
    }
}

/// How the type of a bitfield differs, if it does. How wide that type is says nothing about the bits.
pub(super) fn bits_mismatch(layouts: &Layouts, observed: &Observed<'_>, ty: &Type, shape: &Shape) -> Option<Mismatch> {
    let sides = Sides { layouts, observed, ty, shape };
    let repr = match ty {
        Type::Scalar(scalar) => *scalar,
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.repr,
            TypeDef::Flags(def) => def.repr,
            TypeDef::Record(_) | TypeDef::Extern(_) => return sides.other(),
        },
        _ => return sides.other(),
    };
    match shape {
        Shape::Int { sign, .. } => sides.sign(repr, *sign),
        Shape::Def(_) if sides.enum_size().is_some() => None,
        _ => sides.other(),
    }
}

fn length(expected: u64, found: u64) -> Option<Mismatch> {
    (expected != found).then_some(Mismatch::Length { expected, found })
}

impl Sides<'_> {
    #[allow(clippy::unnecessary_wraps, reason = "it ends functions that may find nothing")]
    fn other(self) -> Option<Mismatch> {
        Some(Mismatch::Type {
            expected: type_text(&self.layouts.model, self.ty).into(),
            found: shape_text(self.observed, self.shape).into(),
        })
    }

    fn size(expected: u64, found: u64) -> Option<Mismatch> {
        (expected != found).then_some(Mismatch::Size { expected, found })
    }

    /// Size of an enum; `None` for other types.
    fn enum_size(self) -> Option<u64> {
        match self.shape {
            Shape::Def(index) => match self.observed.types.get(*index)? {
                ObservedType::Enum(def) => Some(def.size),
                ObservedType::Record(_) => None,
            },
            _ => None,
        }
    }

    fn scalar(self, scalar: Scalar) -> Option<Mismatch> {
        let info = scalar.info();
        let size = u64::from(info.size);
        match (info.class, self.shape) {
            // A run of bytes with a meaning: C may have it in words, or in a struct.
            (ScalarClass::Semantic, Shape::Array(..) | Shape::Def(_)) if info.c_array > 1 => self.run(info.c_array),
            (ScalarClass::Semantic, Shape::Pointer(found)) if scalar == Scalar::Ptr => Self::size(size, *found),
            (class, Shape::Int { size: found, sign, bool, big_endian }) if info.c_array == 1 => {
                let swapped = *big_endian && matches!(class, ScalarClass::Unsigned | ScalarClass::Signed);
                if *bool != (class == ScalarClass::Bool) || swapped {
                    return self.other();
                }
                Self::size(size, *found).or_else(|| self.sign(scalar, *sign))
            }
            (ScalarClass::Unsigned | ScalarClass::Signed, Shape::Def(_)) => match self.enum_size() {
                Some(found) => Self::size(size, found),
                // Targets without integers of 128 bits have two halves in a struct.
                None if size == 16 => self.sized(size),
                None => self.other(),
            },
            _ => self.other(),
        }
    }

    fn run(self, expected: u32) -> Option<Mismatch> {
        match self.shape {
            Shape::Array(element, len) if is_byte(element) => length(expected.into(), *len),
            Shape::Array(element, _) if !matches!(**element, Shape::Int { bool: false, .. }) => self.other(),
            _ => self.sized(expected.into()),
        }
    }

    fn sized(self, expected: u64) -> Option<Mismatch> {
        match self.observed.size_of(self.shape) {
            Some(found) => Self::size(expected, found),
            None => self.other(),
        }
    }

    fn sign(self, scalar: Scalar, found: Sign) -> Option<Mismatch> {
        let signed = scalar.info().class == ScalarClass::Signed;
        let bool = scalar.info().class == ScalarClass::Bool;
        let agrees = match found {
            Sign::Unknown => true,
            Sign::Signed => signed || bool,
            Sign::Unsigned => !signed,
        };
        if agrees {
            return None;
        }
        Some(Mismatch::Sign {
            expected: type_text(&self.layouts.model, self.ty).into(),
            found: shape_text(self.observed, self.shape).into(),
        })
    }

    /// `str[N]` and `bytes[N]`: bytes, whether C calls them `char`, signed or unsigned.
    fn bytes(self, expected: u64) -> Option<Mismatch> {
        match self.shape {
            Shape::Array(element, len) if is_byte(element) => length(expected, *len),
            _ => self.other(),
        }
    }

    /// Enums and flags: the enum itself, one that C gives no name, or an integer.
    fn values(self, tag: &str, repr: Scalar) -> Option<Mismatch> {
        let size = u64::from(repr.info().size);
        let plain = |name: &str| name.trim_start_matches('_').to_owned();
        match self.shape {
            Shape::Int { size: found, sign, bool: false, .. } => {
                Self::size(size, *found).or_else(|| self.sign(repr, *sign))
            }
            Shape::Def(index) => match self.observed.types.get(*index) {
                Some(ObservedType::Enum(def)) if def.name.is_empty() || plain(def.name) == plain(tag) => {
                    Self::size(size, def.size)
                }
                _ => self.other(),
            },
            _ => self.other(),
        }
    }

    /// A record of the same name is compared by itself; one of another name has to have the same layout.
    fn record(self, id: TypeId) -> Option<Mismatch> {
        let (Shape::Def(index), TypeDef::Record(record)) = (self.shape, self.layouts.model.ty(id)) else {
            return self.other();
        };
        let Some(ObservedType::Record(found)) = self.observed.types.get(*index) else { return self.other() };
        if found.name == record.name.c {
            return None;
        }
        let mut agrees = true;
        let pair = records::Pair::new(self.layouts, id, record, self.observed, *index, found);
        records::apply(&pair, &mut |_, findings| agrees &= findings.is_empty());
        if agrees { None } else { self.other() }
    }

    /// A struct that the kernel knows by its name.
    fn named(self, name: &str, size: u64) -> Option<Mismatch> {
        match self.shape {
            Shape::Def(index) => match self.observed.types.get(*index) {
                Some(ObservedType::Record(record)) if record.name == name => Self::size(size, record.size),
                _ => self.other(),
            },
            _ => self.other(),
        }
    }
}

fn is_byte(shape: &Shape) -> bool {
    matches!(shape, Shape::Int { size: 1, bool: false, .. })
}

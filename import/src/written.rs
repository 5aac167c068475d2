//! Types as the language writes them.

use bpf_layout_spec::{
    compare::{Observed, Shape, Sign},
    kernel::{KernelField, KptrKind},
    scalar::Scalar,
};

use crate::found::Spelling;

/// A length, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) value: u64,
    /// An expression over names; the value itself if there is none.
    pub(crate) expr: Option<String>,
}

impl Length {
    pub(crate) fn text(&self) -> String {
        self.expr.clone().unwrap_or_else(|| self.value.to_string())
    }
}

/// What stands before the dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Scalar(Scalar),
    Str(Length),
    Bytes(Length),
    /// A definition, by its name in the spec.
    Named(String),
    Kernel(KernelField),
    Kptr(KptrKind, String),
}

/// A type of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) base: Base,
    /// The outermost first.
    pub(crate) dimensions: Vec<Length>,
    /// Bytes and alignment of the innermost element; of all of `str[N]`.
    pub(crate) element: (u64, u32),
    /// What the language does not say of it.
    pub(crate) comment: Option<String>,
    /// Why its bytes have lost their meaning, if they have.
    pub(crate) loss: Option<String>,
}

impl Written {
    pub(crate) fn scalar(scalar: Scalar) -> Self {
        let info = scalar.info();
        Written::of(Base::Scalar(scalar), (info.size.into(), info.align))
    }

    pub(crate) fn of(base: Base, element: (u64, u32)) -> Self {
        Written { base, dimensions: Vec::new(), element, comment: None, loss: None }
    }

    pub(crate) fn bytes(len: u64) -> Self {
        Written::of(Base::Bytes(Length { value: len, expr: None }), (len, 1))
    }

    fn comment(self, comment: impl Into<String>) -> Self {
        Written { comment: Some(comment.into()), ..self }
    }

    fn loss(self, loss: impl Into<String>) -> Self {
        Written { loss: Some(loss.into()), ..self }
    }

    /// Bytes; `None` beyond 64 bits.
    pub(crate) fn size(&self) -> Option<u64> {
        self.dimensions.iter().try_fold(self.element.0, |size, length| size.checked_mul(length.value))
    }

    pub(crate) fn align(&self) -> u32 {
        self.element.1
    }

    pub(crate) fn text(&self) -> String {
        let base = match &self.base {
            Base::Scalar(scalar) => scalar.info().name.to_owned(),
            Base::Str(length) => format!("str[{}]", length.text()),
            Base::Bytes(length) => format!("bytes[{}]", length.text()),
            Base::Named(name) => name.clone(),
            Base::Kernel(field) => field.info().name.to_owned(),
            Base::Kptr(kind, target) => format!("{}[{target}]", kind.name()),
        };
        self.dimensions.iter().fold(base, |text, length| format!("{text}[{}]", length.text()))
    }
}

/// Words in the names of fields that hold text. A field of any other name that is an array of `unsigned char` holds bytes.
const TEXT_WORDS: &[&str] = &[
    "cmdline", "comm", "command", "cwd", "dirname", "exe", "exepath", "filename", "fname", "fstype", "hostname",
    "ifname", "interp", "name", "nodename", "path", "pathname", "pcomm", "pwd", "uri", "url", "username",
];

/// Whether a field of this name holds text.
pub(crate) fn names_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TEXT_WORDS.contains(&name.as_str()) || name.split('_').any(|word| TEXT_WORDS.contains(&word))
}

/// How many bytes a scalar of no special meaning has, and whether it is signed.
pub(crate) fn integer(size: u64, signed: bool) -> Option<Scalar> {
    Some(match (size, signed) {
        (1, false) => Scalar::U8,
        (2, false) => Scalar::U16,
        (4, false) => Scalar::U32,
        (8, false) => Scalar::U64,
        (16, false) => Scalar::U128,
        (1, true) => Scalar::I8,
        (2, true) => Scalar::I16,
        (4, true) => Scalar::I32,
        (8, true) => Scalar::I64,
        (16, true) => Scalar::I128,
        _ => return None,
    })
}

/// The type of a member or of a part of a map. `named` gives the types that have definitions; `name` is that of the field.
/// `None` if it has no bytes, or none that can be told.
pub(crate) fn written(
    observed: &Observed<'_>,
    shape: &Shape,
    spelling: &Spelling<'_>,
    name: &str,
    named: &dyn Fn(usize) -> Option<Written>,
) -> Option<Written> {
    let (mut inner, mut lengths) = (shape, Vec::new());
    while let Shape::Array(element, len) = inner {
        if *len == 0 {
            return None;
        }
        let expr = spelling.lengths.get(lengths.len()).cloned().flatten();
        lengths.push(Length { value: *len, expr });
        inner = element;
    }
    let mut written = match inner {
        Shape::Int { size: 1, sign, bool: false, .. } if !lengths.is_empty() => {
            let text = spelling.char || names_text(name);
            let is_run = text || *sign != Sign::Signed;
            match lengths.pop().filter(|_| is_run) {
                Some(length) => {
                    let element = (length.value, 1);
                    Written::of(if text { Base::Str(length) } else { Base::Bytes(length) }, element)
                }
                None => return None,
            }
        }
        Shape::Int { size, sign, bool, big_endian } => int(*size, *sign, *bool, *big_endian),
        Shape::Float(size) => {
            let instead = match size {
                4 => Written::scalar(Scalar::U32),
                8 => Written::scalar(Scalar::U64),
                _ => Written::bytes(*size),
            };
            instead
                .comment(format!("a floating point number of {size} bytes"))
                .loss("BPF has no floating point; its bytes are kept as an integer")
        }
        Shape::Pointer(size) => pointer(*size, spelling),
        Shape::Def(index) => named(*index)?,
        Shape::Other(_) | Shape::Array(..) => {
            let size = observed.size_of(inner).filter(|size| *size > 0)?;
            Written::bytes(size).loss("its type is declared and not defined")
        }
    };
    written.dimensions.extend(lengths);
    Some(written)
}

fn int(size: u64, sign: Sign, bool: bool, big_endian: bool) -> Written {
    let scalar = match (bool, big_endian, size) {
        (true, _, 1) => Some(Scalar::Bool),
        (_, true, 2) => Some(Scalar::Be16),
        (_, true, 4) => Some(Scalar::Be32),
        (_, true, 8) => Some(Scalar::Be64),
        _ => integer(size, sign == Sign::Signed),
    };
    match scalar {
        Some(scalar) => Written::scalar(scalar),
        None => Written::bytes(size).loss(format!("the language has no integer of {size} bytes")),
    }
}

fn pointer(size: u64, spelling: &Spelling<'_>) -> Written {
    if let (Some(kind), Some(target), 8) = (spelling.kptr, &spelling.pointee, size) {
        let target = target.trim_start_matches("struct ").to_owned();
        return Written::of(Base::Kptr(kind, target), (8, 8));
    }
    let ptr = match size {
        8 => Written::scalar(Scalar::Ptr),
        4 => Written::scalar(Scalar::U32).loss("a pointer of 4 bytes is kept as an integer"),
        _ => Written::bytes(size).loss(format!("a pointer of {size} bytes")),
    };
    match &spelling.pointee {
        Some(pointee) => ptr.comment(format!("{pointee} *")),
        None => ptr,
    }
}

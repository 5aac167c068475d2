//! Rust as a source: handwritten `repr(C)` structs and unions, enums with an integer for `repr`, and constants. Their layout is
//! that of C (The Rust Reference, "Type layout"), so the language's own rules say where members lie.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
};

use bpf_layout_lint::outline::constant;
use bpf_layout_spec::compare::{ObservedEnum, ObservedMember, ObservedRecord, ObservedType, Shape, Sign};
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, Ident, Item, Lit, Meta, Type, ext::IdentExt as _, punctuated::Punctuated};

use crate::{
    Note,
    found::{Found, MemberHint, NamedNumber, Spelling, TypeHint},
    nesting,
    place::{self, Room},
};

/// Arrays of arrays, names for names, and types of one field, deeper than this, are left out.
const MAX_DEPTH: usize = 16;

/// A file of Rust that has been read. Whatever is found in it borrows from here.
pub struct Rust {
    path: String,
    types: Vec<Declared>,
    numbers: BTreeMap<String, Number>,
    aliases: HashMap<String, Written>,
    order: Vec<String>,
}

/// A constant.
#[derive(Clone, Debug)]
struct Number {
    value: u64,
    expr: Option<String>,
    doc: Option<String>,
}

/// A struct, union or enum that says how it lies in memory.
struct Declared {
    /// In Rust.
    ident: String,
    /// In the manner of C, which the spec has: `ExecEvent` is `exec_event`.
    name: String,
    doc: Option<String>,
    kind: DeclaredKind,
}

enum DeclaredKind {
    Record {
        union: bool,
        packed: Option<u32>,
        align: Option<u32>,
        fields: Vec<Field>,
    },
    Enum {
        size: u64,
        signed: bool,
        values: Vec<(String, i128, Option<String>)>,
    },
    /// `repr(transparent)`: it is what it holds.
    Transparent(Written),
}

struct Field {
    name: String,
    ty: Written,
    /// The type as it stands there.
    text: String,
    doc: Option<String>,
}

/// A type as it is written, in parentheses or not.
#[derive(Clone, Debug)]
enum Written {
    Pointer {
        to: String,
    },
    Array {
        of: Box<Written>,
        len: String,
    },
    /// The last name of a path without arguments.
    Named(String),
    Other,
}

impl Written {
    fn of(ty: &Type) -> Self {
        Self::within(ty, 0)
    }

    fn within(ty: &Type, depth: usize) -> Self {
        match ty {
            _ if depth > MAX_DEPTH => Written::Other,
            Type::Paren(inner) => Self::within(&inner.elem, depth + 1),
            Type::Group(inner) => Self::within(&inner.elem, depth + 1),
            Type::Ptr(pointer) => Written::Pointer { to: pointer.elem.to_token_stream().to_string() },
            Type::Array(array) => {
                let of = Box::new(Self::within(&array.elem, depth + 1));
                Written::Array { of, len: array.len.to_token_stream().to_string() }
            }
            Type::Path(path) => match path.path.segments.last() {
                Some(last) if last.arguments.is_none() => Written::Named(name_of(&last.ident)),
                _ => Written::Other,
            },
            _ => Written::Other,
        }
    }

    /// The name of what it is made of.
    fn name(&self) -> Option<&str> {
        match self {
            Written::Array { of, .. } => of.name(),
            Written::Named(name) => Some(name),
            Written::Pointer { .. } | Written::Other => None,
        }
    }
}

/// Why a file of Rust cannot be read.
#[derive(Clone, Debug)]
pub struct RustError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl RustError {
    fn at(place: Span, message: String) -> Self {
        let start = place.start();
        RustError { line: start.line, column: start.column + 1, message }
    }
}

impl fmt::Display for RustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for RustError {}

impl Rust {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is not Rust, or nests deeper than anybody writes.
    pub fn parse(path: &str, text: &str) -> Result<Self, RustError> {
        let parsed = nesting::on_deep_stack(|| Self::parse_here(path, text));
        parsed.unwrap_or_else(|error| Err(RustError { line: 1, column: 1, message: error.to_string() }))
    }

    fn parse_here(path: &str, text: &str) -> Result<Self, RustError> {
        if let Some(place) = nesting::too_deep(text) {
            return Err(RustError::at(
                place,
                "this stands in too many others: import a file with the types alone".to_owned(),
            ));
        }
        let file = syn::parse_file(text).map_err(|error| RustError::at(error.span(), error.to_string()))?;
        let mut rust = Rust {
            path: path.to_owned(),
            types: Vec::new(),
            numbers: BTreeMap::new(),
            aliases: HashMap::new(),
            order: Vec::new(),
        };
        rust.items(&file.items, 0);
        Ok(rust)
    }

    fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Const(item) => self.constant(&name_of(&item.ident), &item.expr, doc(&item.attrs)),
                Item::Type(item) if item.generics.params.is_empty() => {
                    self.aliases.insert(name_of(&item.ident), Written::of(&item.ty));
                }
                Item::Struct(item) if item.generics.params.is_empty() => {
                    let repr = Repr::of(&item.attrs);
                    let kind = if repr.transparent {
                        item.fields.iter().next().map(|field| DeclaredKind::Transparent(Written::of(&field.ty)))
                    } else {
                        repr.c.then(|| repr.record(false, &item.fields))
                    };
                    self.declare(name_of(&item.ident), doc(&item.attrs), kind);
                }
                Item::Union(item) if item.generics.params.is_empty() => {
                    let repr = Repr::of(&item.attrs);
                    let kind = repr.c.then(|| repr.record(true, &Fields::Named(item.fields.clone())));
                    self.declare(name_of(&item.ident), doc(&item.attrs), kind);
                }
                Item::Enum(item) if item.generics.params.is_empty() => {
                    let kind = Repr::of(&item.attrs).values(item, self);
                    self.declare(name_of(&item.ident), doc(&item.attrs), kind);
                }
                Item::Mod(item) if depth < 8 => {
                    if let Some((_, items)) = &item.content {
                        self.items(items, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn declare(&mut self, ident: String, doc: Option<String>, kind: Option<DeclaredKind>) {
        self.types.extend(kind.map(|kind| Declared { name: snake(&ident), ident, doc, kind }));
    }

    fn constant(&mut self, name: &str, expr: &Expr, doc: Option<String>) {
        let text = expr.to_token_stream().to_string();
        let Some(value) = self.value(&text).and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0)
        else {
            return;
        };
        let named = text.contains(|letter: char| letter.is_ascii_alphabetic()) && !text.starts_with("0x");
        let expr = crate::header::spec_expr(&text).filter(|_| named);
        self.numbers.insert(name.to_owned(), Number { value, expr, doc });
        self.order.push(name.to_owned());
    }

    /// The value of an expression over constants that were read before.
    fn value(&self, text: &str) -> Option<i128> {
        let plain = text.replace(" as usize", "");
        let digits = without_suffixes(&plain);
        constant(&digits, &mut |name| self.numbers.get(name).map(|number| number.value.into()))
    }

    /// Everything that the file declares.
    #[must_use]
    pub fn found(&self) -> (Found<'_>, Vec<Note>) {
        let mut reader = Reader {
            rust: self,
            by_name: self.types.iter().enumerate().map(|(index, ty)| (ty.ident.as_str(), index)).collect(),
            places: vec![Place::New; self.types.len()],
            found: Found::default(),
            notes: Vec::new(),
        };
        for index in 0..self.types.len() {
            reader.ty(index);
        }
        reader.found.observed.witness.clone_from(&self.path);
        reader.found.roots = (0..reader.found.observed.types.len()).collect();
        reader.found.numbers = self
            .order
            .iter()
            .filter_map(|name| Some((name, self.numbers.get(name)?)))
            .map(|(name, number)| NamedNumber {
                name: Cow::Borrowed(name),
                value: number.value,
                expr: number.expr.clone(),
                doc: number.doc.clone(),
            })
            .collect();
        (reader.found, reader.notes)
    }
}

/// A name, whether or not it is written `r#name` because Rust has a keyword of it.
fn name_of(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `ExecEvent` as `exec_event`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        previous = letter;
    }
    snake
}

/// Numbers without what says their type: `512usize`.
fn without_suffixes(text: &str) -> String {
    let suffixes = ["usize", "u64", "u32", "u16", "u8", "isize", "i64", "i32"];
    let words = text.split_inclusive(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let plain = words.map(|word| {
        if !word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return word.to_owned();
        }
        let (digits, rest) = word
            .split_at(word.trim_end_matches(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).len());
        let digits = suffixes.iter().find_map(|suffix| digits.strip_suffix(suffix)).unwrap_or(digits);
        format!("{}{rest}", digits.replace('_', ""))
    });
    plain.collect()
}

/// What `#[repr(...)]` says.
#[derive(Default)]
struct Repr {
    c: bool,
    transparent: bool,
    packed: Option<u32>,
    align: Option<u32>,
    integer: Option<(u64, bool)>,
}

impl Repr {
    fn of(attributes: &[Attribute]) -> Self {
        let mut repr = Repr::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
            let Ok(parts) = attribute.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated) else {
                continue;
            };
            parts.iter().for_each(|part| repr.add(part));
        }
        repr
    }

    fn add(&mut self, part: &Meta) {
        let name = part.path().get_ident().map(ToString::to_string).unwrap_or_default();
        let number = match part {
            Meta::List(list) => list.tokens.to_string().parse().ok(),
            _ => None,
        };
        match name.as_str() {
            "C" => self.c = true,
            "transparent" => self.transparent = true,
            "packed" => self.packed = Some(number.unwrap_or(1)),
            "align" => self.align = number,
            _ => {
                self.integer = primitive(&name).and_then(|shape| match shape {
                    Shape::Int { size, sign, .. } => Some((size, sign == Sign::Signed)),
                    _ => None,
                })
            }
        }
    }

    fn record(&self, union: bool, fields: &Fields) -> DeclaredKind {
        let fields = fields.iter().enumerate().map(|(index, field)| Field {
            name: field.ident.as_ref().map_or_else(|| format!("field{index}"), name_of),
            ty: Written::of(&field.ty),
            text: field.ty.to_token_stream().to_string(),
            doc: doc(&field.attrs),
        });
        DeclaredKind::Record { union, packed: self.packed, align: self.align, fields: fields.collect() }
    }

    /// An enum without fields. `repr(C)` alone is as large as C makes it.
    fn values(&self, item: &syn::ItemEnum, rust: &Rust) -> Option<DeclaredKind> {
        let (size, signed) = self.integer.or(self.c.then_some((4, false)))?;
        let mut next = 0i128;
        let mut values = Vec::new();
        for variant in &item.variants {
            if !matches!(variant.fields, Fields::Unit) {
                return None;
            }
            if let Some((_, expr)) = &variant.discriminant {
                next = rust.value(&expr.to_token_stream().to_string())?;
            }
            let constant = snake(&format!("{}_{}", name_of(&item.ident), name_of(&variant.ident))).to_ascii_uppercase();
            values.push((constant, next, doc(&variant.attrs)));
            next = next.checked_add(1)?;
        }
        let signed = signed || values.iter().any(|(_, value, _)| *value < 0);
        Some(DeclaredKind::Enum { size, signed, values })
    }
}

/// What doc comments say, on one line.
fn doc(attributes: &[Attribute]) -> Option<String> {
    let texts = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// Types of Rust and of C that are integers.
fn primitive(name: &str) -> Option<Shape> {
    let int = |size, sign| Shape::Int { size, sign, bool: false, big_endian: false };
    let be = |size| Shape::Int { size, sign: Sign::Unsigned, bool: false, big_endian: true };
    Some(match name {
        "u8" | "c_uchar" => int(1, Sign::Unsigned),
        "i8" | "c_char" | "c_schar" => int(1, Sign::Signed),
        "u16" | "c_ushort" => int(2, Sign::Unsigned),
        "i16" | "c_short" => int(2, Sign::Signed),
        "u32" | "c_uint" | "pid_t_u" | "uid_t" | "gid_t" => int(4, Sign::Unsigned),
        "i32" | "c_int" | "pid_t" => int(4, Sign::Signed),
        "u64" | "usize" | "c_ulong" | "c_ulonglong" | "size_t" => int(8, Sign::Unsigned),
        "i64" | "isize" | "c_long" | "c_longlong" | "ssize_t" => int(8, Sign::Signed),
        "u128" => int(16, Sign::Unsigned),
        "i128" => int(16, Sign::Signed),
        "Be16" => be(2),
        "Be32" => be(4),
        "Be64" => be(8),
        "bool" => Shape::Int { size: 1, sign: Sign::Unsigned, bool: true, big_endian: false },
        "char" => int(4, Sign::Unsigned),
        "f32" => Shape::Float(4),
        "f64" => Shape::Float(8),
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    New,
    Waiting,
    Done(usize),
    Refused,
}

struct Reader<'a> {
    rust: &'a Rust,
    by_name: HashMap<&'a str, usize>,
    places: Vec<Place>,
    found: Found<'a>,
    notes: Vec<Note>,
}

/// A type in use: its shape, its alignment in bytes, and how it is spelled.
struct Used {
    shape: Shape,
    align: u32,
    spelling: Spelling<'static>,
}

impl<'a> Reader<'a> {
    /// Reads a declared type, and before it those that it is made of. What is made of itself is made of what waits: Rust has
    /// no such type.
    fn ty(&mut self, index: usize) {
        // No calls: a type may be made of the next, and so on, without end.
        let mut stack = vec![index];
        while let Some(&top) = stack.last() {
            match self.places[top] {
                Place::New => {
                    self.places[top] = Place::Waiting;
                    let parts = self.parts(top);
                    stack.extend(parts.into_iter().rev().filter(|part| self.places[*part] == Place::New));
                }
                Place::Waiting => {
                    stack.pop();
                    self.places[top] = self.read(top).map_or(Place::Refused, Place::Done);
                }
                Place::Done(_) | Place::Refused => drop(stack.pop()),
            }
        }
    }

    /// The declared types that the fields of one are made of, in their order.
    fn parts(&self, index: usize) -> Vec<usize> {
        let DeclaredKind::Record { fields, .. } = &self.rust.types[index].kind else { return Vec::new() };
        fields.iter().filter_map(|field| self.part(field.ty.name()?)).collect()
    }

    /// What a name stands for in the end, if that is declared.
    fn part(&self, name: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..=MAX_DEPTH {
            let written = match self.by_name.get(name) {
                Some(&index) => match &self.rust.types[index].kind {
                    DeclaredKind::Transparent(inner) => inner,
                    _ => return Some(index),
                },
                None => self.rust.aliases.get(name)?,
            };
            name = written.name()?;
        }
        None
    }

    /// The place of a declared type among those found, if it has one.
    fn read(&mut self, index: usize) -> Option<usize> {
        let declared = &self.rust.types[index];
        let read = match &declared.kind {
            DeclaredKind::Transparent(_) => None,
            DeclaredKind::Enum { size, signed, values } => Some(self.enumeration(declared, *size, *signed, values)),
            DeclaredKind::Record { .. } => match self.record(declared) {
                Ok(read) => Some(read),
                Err(message) => {
                    self.notes.push(Note { subject: declared.name.clone(), message });
                    None
                }
            },
        };
        read.map(|(ty, hint)| {
            self.found.observed.types.push(ty);
            self.found.types.push(hint);
            self.found.observed.types.len() - 1
        })
    }

    fn enumeration(
        &self,
        declared: &'a Declared,
        size: u64,
        signed: bool,
        values: &'a [(String, i128, Option<String>)],
    ) -> (ObservedType<'a>, TypeHint<'a>) {
        let sign = if signed { Sign::Signed } else { Sign::Unsigned };
        let named = values.iter().map(|(name, value, _)| (name.as_str(), *value)).collect();
        let place = format!("enum {}", declared.name);
        let ty = ObservedType::Enum(ObservedEnum { name: &declared.name, size, sign, values: Some(named), place });
        let members = values.iter().map(|(.., doc)| MemberHint { doc: doc.clone(), ..MemberHint::default() }).collect();
        (ty, TypeHint { doc: declared.doc.clone(), align: u32::try_from(size).ok(), members, ..TypeHint::default() })
    }

    fn record(&self, declared: &'a Declared) -> Result<(ObservedType<'a>, TypeHint<'a>), String> {
        let DeclaredKind::Record { union, packed, align, fields } = &declared.kind else {
            return Err("is no struct".to_owned());
        };
        let mut used = Vec::new();
        for field in fields {
            let ty = self.used(&field.ty, 0).ok_or_else(|| {
                format!("is left out: what `{}` of field `{}` is, this file does not say", field.text, field.name)
            })?;
            used.push(ty);
        }
        let size_of = |used: &Used| self.found.observed.size_of(&used.shape).unwrap_or(0);
        let sized: Vec<usize> = (0..used.len()).filter(|index| size_of(&used[*index]) > 0).collect();
        let rooms: Vec<Room> =
            sized.iter().map(|index| Room::Bytes { size: size_of(&used[*index]), align: used[*index].align }).collect();
        let laid = place::natural(*union, *packed, *align, &rooms)
            .ok_or_else(|| "is left out: the language has no such layout".to_owned())?;
        let mut offsets = vec![None; fields.len()];
        for (index, offset) in sized.iter().zip(&laid.places) {
            offsets[*index] = Some(*offset);
        }
        let mut members = Vec::new();
        let mut hints = Vec::new();
        let mut last = 0;
        for ((field, used), offset) in fields.iter().zip(used).zip(offsets) {
            let bit_size = self.found.observed.size_of(&used.shape).unwrap_or(0).saturating_mul(8);
            let bit_offset = offset.unwrap_or(last);
            last = bit_offset.saturating_add(bit_size);
            members.push(ObservedMember {
                name: &field.name,
                bit_offset,
                bit_size,
                bitfield: false,
                shape: used.shape,
            });
            hints.push(MemberHint { doc: field.doc.clone(), spelling: used.spelling, contains: None });
        }
        let record = ObservedRecord {
            name: &declared.name,
            alias: false,
            union: *union,
            size: laid.size,
            members,
            place: format!("{} {}", if *union { "union" } else { "struct" }, declared.name),
        };
        let event = declared.name == "event" || declared.name.ends_with("_event");
        let hint = TypeHint {
            doc: declared.doc.clone(),
            align: Some(laid.align),
            event,
            members: hints,
            ..TypeHint::default()
        };
        Ok((ObservedType::Record(record), hint))
    }

    fn used(&self, ty: &Written, depth: usize) -> Option<Used> {
        if depth > MAX_DEPTH {
            return None;
        }
        match ty {
            Written::Pointer { to } => {
                let spelling = Spelling { pointee: Some(to.clone().into()), ..Spelling::default() };
                Some(Used { shape: Shape::Pointer(8), align: 8, spelling })
            }
            Written::Array { of, len: text } => {
                let len = self.rust.value(text).and_then(|len| u64::try_from(len).ok())?;
                let mut used = self.used(of, depth + 1)?;
                let named = text.contains(|letter: char| letter.is_ascii_uppercase());
                let expr = crate::header::spec_expr(&text.replace(" as usize", "")).filter(|_| named);
                used.spelling.lengths.insert(0, expr);
                Some(Used { shape: Shape::Array(Box::new(used.shape), len), ..used })
            }
            Written::Named(name) => self.named(name, depth),
            Written::Other => None,
        }
    }

    fn named(&self, name: &str, depth: usize) -> Option<Used> {
        if let Some(&index) = self.by_name.get(name) {
            if let DeclaredKind::Transparent(inner) = &self.rust.types[index].kind {
                return self.used(inner, depth + 1);
            }
            let Place::Done(place) = self.places[index] else { return None };
            let align = self.found.hint(place).align?;
            return Some(Used { shape: Shape::Def(place), align, spelling: Spelling::default() });
        }
        if let Some(alias) = self.rust.aliases.get(name) {
            return self.used(alias, depth + 1);
        }
        let shape = primitive(name)?;
        let align = match &shape {
            Shape::Int { size, .. } | Shape::Float(size) => u32::try_from(*size).ok()?,
            _ => 1,
        };
        Some(Used { shape, align, spelling: Spelling { char: name == "c_char", ..Spelling::default() } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
/// Length of a name.
pub const COMM: usize = 16;
pub const ARGS: usize = 2 * COMM;
type Pid = u32;

/// What happened.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExecEvent {
    /// Nanoseconds.
    pub time: u64,
    pub pid: Pid,
    pub comm: [u8; COMM],
    pub args: [[u8; 8]; ARGS],
    pub op: Op,
    pub inner: Inner,
    pub raw: *const core::ffi::c_void,
}

#[repr(C, packed)]
pub struct Inner { a: u8, b: u64 }

#[repr(u8)]
pub enum Op { Open = 1, Close }

#[repr(transparent)]
pub struct Id(u32);

#[repr(C, align(16))]
pub union Either { id: Id, wide: u64 }

#[repr(C)]
pub struct Odd { s: String }

pub struct NotShared { s: String }
";

    #[test]
    fn layouts_are_those_of_repr_c() {
        let rust = Rust::parse("abi.rs", TEXT).unwrap();
        let (found, notes) = rust.found();
        let records: Vec<(&str, u64)> = found
            .observed
            .types
            .iter()
            .map(|ty| match ty {
                ObservedType::Record(record) => (record.name, record.size),
                ObservedType::Enum(def) => (def.name, def.size),
            })
            .collect();
        assert_eq!(records, [("op", 1), ("inner", 9), ("exec_event", 304), ("either", 16)]);
        let subjects: Vec<&str> = notes.iter().map(|note| note.subject.as_str()).collect();
        assert_eq!(subjects, ["odd"]);
        let numbers: Vec<(&str, u64)> = found.numbers.iter().map(|number| (&*number.name, number.value)).collect();
        assert_eq!(numbers, [("COMM", 16), ("ARGS", 32)]);
    }

    #[test]
    fn types_may_be_made_of_one_another_without_end() {
        let mut text = "#[repr(C)] struct T0 { x: u8 }".to_owned();
        for index in 1..2_000 {
            text += &format!("#[repr(C)] struct T{index} {{ x: T{} }}\n", index - 1);
        }
        text += "#[repr(C)] struct A { b: [B; 2] }\n#[repr(C)] struct B { a: A }\ntype C = D; type D = C;\n";
        text += "#[repr(C)] struct E { c: C }";
        // The last comes first, so that it asks for all others.
        let turned: Vec<&str> = text.lines().rev().collect();
        let rust = Rust::parse("abi.rs", &turned.join("\n")).unwrap();
        let (found, notes) = rust.found();
        assert_eq!(found.observed.types.len(), 2_000);
        assert_eq!(notes.iter().map(|note| &*note.subject).collect::<Vec<_>>(), ["e", "a", "b"]);
    }

    #[test]
    fn what_nests_too_deep_is_refused_with_its_place() {
        for (deep, refused) in [(100, false), (20_000, true)] {
            let text = format!("\n#[repr(C)] struct S {{ x: [u8; {}1] }}", "-".repeat(deep));
            assert_eq!(Rust::parse("abi.rs", &text).err().map(|error| error.line), refused.then_some(2));
        }
    }

    #[test]
    fn names_that_are_keywords_are_names() {
        let text = "#[repr(u8)] enum r#loop { r#type = 1 }\n#[repr(C)] struct r#dyn { r#fn: r#loop, r#in: [u8; USE] }\n\
                    const USE: usize = 3;";
        let rust = Rust::parse("abi.rs", text).unwrap();
        let (found, notes) = rust.found();
        assert_eq!(notes, []);
        let [ObservedType::Enum(op), ObservedType::Record(record)] = &found.observed.types[..] else {
            panic!("{:?}", found.observed.types)
        };
        assert_eq!((op.name, op.values.as_deref()), ("loop", Some(&[("LOOP_TYPE", 1)][..])));
        assert_eq!((record.name, record.size, record.members[1].name), ("dyn", 4, "in"));
    }

    #[test]
    fn values_that_overflow_are_left_out() {
        let text = "#[repr(u64)] enum E { A = (1 << 63 << 63) - 1 + (1 << 63 << 63), B }";
        assert!(Rust::parse("abi.rs", text).unwrap().found().0.observed.types.is_empty());
    }

    #[test]
    fn what_is_no_rust_is_refused_with_its_place() {
        let error = Rust::parse("abi.rs", "struct {").err().unwrap();
        assert_eq!(error.line, 1);
    }
}

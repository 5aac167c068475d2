//! Structs, events and unions: their fields, without what ties fields together (tags, `contains`).

use std::{borrow::Cow, collections::HashSet, fmt};

use super::{
    c_names,
    constants::Constants,
    duplicate,
    enums::check_align,
    few::Few,
    types::{Resolve, Types, provisional},
    versions,
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Field, Name, Record, RecordKind, Type, TypeDef, TypeId},
    names::{self, BadName, FieldNames},
    scalar::{Scalar, ScalarClass},
    source::Span,
    spec::{At, Body, Definition, FieldDef, FieldKind, ProfileDef, RecordDef, Shape, Text},
};

/// Members of one record: `BTF_MAX_VLEN` of `include/uapi/linux/btf.h` before Linux 7.1.
const MAX_FIELDS: usize = 0xffff;

/// A record that was checked, with what it was made of. `fields` of the two correspond, index by index.
pub(super) struct Checked<'a> {
    pub(super) id: TypeId,
    pub(super) body: &'a Body,
    /// The definition; `None` for an unnamed member.
    pub(super) def: Option<&'a RecordDef>,
}

/// Checks every record of a spec.
pub(super) struct Records<'r, 'a> {
    pub(super) types: &'r mut Types<'a>,
    pub(super) constants: &'r mut Constants<'a>,
    pub(super) cx: &'r mut Diagnostics,
    /// By provisional id. Unnamed members are appended.
    pub(super) defs: &'r mut Vec<Option<TypeDef>>,
    /// Records without a fault so far, unnamed members before their parents.
    pub(super) checked: Vec<Checked<'a>>,
    /// Struct and field that the profile omits.
    omitted: HashSet<(String, String)>,
    names: FieldNames<'a>,
    /// Names of the fields of one record; emptied for the next, so that its memory serves all.
    seen: Few<'a, Span>,
}

impl<'r, 'a> Records<'r, 'a> {
    pub(super) fn new(
        types: &'r mut Types<'a>,
        constants: &'r mut Constants<'a>,
        defs: &'r mut Vec<Option<TypeDef>>,
        profile: Option<&ProfileDef>,
        cx: &'r mut Diagnostics,
    ) -> Self {
        let omitted = profile
            .into_iter()
            .flat_map(|profile| &profile.omit)
            .filter_map(|omit| omit.value.split_once('.'))
            .map(|(record, field)| (record.to_owned(), field.to_owned()))
            .collect();
        Records {
            types,
            constants,
            cx,
            defs,
            checked: Vec::new(),
            omitted,
            names: FieldNames::default(),
            seen: Few::default(),
        }
    }

    /// Checks the definition with this index, and enters it in `defs`.
    pub(super) fn check(&mut self, index: usize, def: &'a RecordDef) {
        let kind = match def.shape {
            Shape::Struct => RecordKind::Struct,
            Shape::Event => RecordKind::Event { tag: None },
            Shape::Union => RecordKind::Union,
        };
        let name = names::record(&def.name, def.shape);
        self.check_member_names(&def.body);
        let keyword = if def.shape == Shape::Union { "union" } else { "struct" };
        let what = format_args!("the {} `{}`", def.shape.what(), def.name.value);
        let record = self.check_body(name.clone(), kind, &def.body, &def.name.value, what);
        let named = c_names::type_name(name, keyword, def.c.as_ref(), self.cx);
        if let (Some(record), Some((name, typedef))) = (record, named) {
            let reserved = versions::reserved_names(&def.reserved);
            let rooms = def.rooms.as_ref().and_then(|rooms| check_rooms(rooms, &record, self.cx)).unwrap_or(1);
            self.defs[index] = Some(TypeDef::Record(Record { name, typedef, rooms, reserved, ..record }));
            self.checked.push(Checked { id: provisional(index), body: &def.body, def: Some(def) });
        }
    }

    fn check_body(
        &mut self,
        name: Name,
        kind: RecordKind,
        body: &'a Body,
        owner: &str,
        what: fmt::Arguments<'_>,
    ) -> Option<Record> {
        let packed = body.packed.as_ref().map(|packed| packed.value);
        let align = body.align.as_ref().map(|align| check_align(align, self.cx));
        let defs = body.fields.as_ref()?;
        if defs.is_empty() {
            let message = format!("{what} has no fields");
            let label = "C gives it no byte, C++ one";
            self.cx.push(Diagnostic::new(Code::EmptyType, message, name.span, label).help("give it a field"));
            return None;
        }
        if defs.len() > MAX_FIELDS {
            let message = format!("{what} has {} fields", defs.len());
            let label = format!("BTF can describe {MAX_FIELDS}");
            self.cx.push(Diagnostic::new(Code::TooLarge, message, name.span, label));
            return None;
        }
        let mut unnamed = 0;
        let mut fields = Vec::with_capacity(defs.len());
        for def in defs {
            let field = match &def.kind {
                FieldKind::Named { name, ty } => self.check_named(def, name, ty, owner),
                FieldKind::Unnamed { shape, body } => {
                    unnamed += 1;
                    self.check_unnamed(def, (*shape, body), &name, unnamed - 1, owner)
                }
                FieldKind::Broken { .. } => None,
            };
            fields.push(field);
        }
        let fields: Vec<Field> = fields.into_iter().collect::<Option<_>>()?;
        let align = align.map_or(Some(None), |align| align.map(Some))?;
        let reserved = Vec::new();
        Some(Record {
            name,
            typedef: false,
            doc: body.doc.clone(),
            kind,
            anonymous: false,
            packed,
            align,
            rooms: 1,
            fields,
            reserved,
        })
    }

    fn check_named(&mut self, def: &FieldDef, name: &'a At<String>, ty: &'a Text, owner: &str) -> Option<Field> {
        let more = def.more();
        let name_fits = check_field_name(name, self.cx);
        let resolved = self.types.resolve_field(ty, &mut Resolve { constants: self.constants, cx: self.cx });
        let align = more.align.as_ref().map(|align| check_align(align, self.cx));
        let offset = more.offset.as_ref().map(|offset| check_offset(offset, self.cx));
        let c_name = c_names::identifier(self.names.of(name), more.c.as_ref(), self.cx);
        let resolved = resolved?;
        let bits = more.bits.as_ref().map(|bits| self.check_bits(name, bits, ty.span, &resolved));
        let omitted = more.optional && self.omitted.contains(&(owner.to_owned(), name.value.clone()));
        Some(Field {
            name: c_name.filter(|_| name_fits)?,
            anonymous: false,
            doc: more.doc.clone(),
            ty: resolved,
            ty_span: ty.span,
            bits: flatten(bits)?,
            offset: flatten(offset)?,
            offset_span: more.offset.as_ref().map_or(name.span, |offset| offset.span),
            align: flatten(align)?,
            optional: more.optional,
            omitted,
            tag: None,
            when: Vec::new(),
            contains: None,
            since: versions::since(more.since.as_ref()),
        })
    }

    /// An unnamed member is a record of its own, and a field without a name in C.
    fn check_unnamed(
        &mut self,
        def: &'a FieldDef,
        (shape, body): (Shape, &'a Body),
        parent: &Name,
        index: usize,
        owner: &str,
    ) -> Option<Field> {
        let kind = if shape == Shape::Union { RecordKind::Union } else { RecordKind::Struct };
        let name = names::unnamed_type(parent, index, def.span);
        let more = def.more();
        let offset = more.offset.as_ref().map(|offset| check_offset(offset, self.cx));
        let record = self.check_body(name, kind, body, owner, format_args!("an unnamed {}", shape.what()))?;
        let id = provisional(self.defs.len());
        self.defs.push(Some(TypeDef::Record(Record { anonymous: true, doc: None, ..record })));
        self.checked.push(Checked { id, body, def: None });
        Some(Field {
            name: names::unnamed_field(index, def.span),
            anonymous: true,
            doc: body.doc.clone(),
            ty: Type::Def(id),
            ty_span: def.span,
            bits: None,
            offset: flatten(offset)?,
            offset_span: more.offset.as_ref().map_or(def.span, |offset| offset.span),
            align: None,
            optional: false,
            omitted: false,
            tag: None,
            when: Vec::new(),
            contains: None,
            since: None,
        })
    }

    /// A bitfield is of an integer type of up to 64 bits, or of `bool`, an enum or flags, and no wider than it.
    fn check_bits(&mut self, name: &At<String>, bits: &At<i128>, ty_span: Span, ty: &Type) -> Option<u32> {
        let unit = match ty {
            Type::Scalar(scalar) => Some(*scalar),
            Type::Def(id) => self.repr_of(*id),
            _ => None,
        };
        let width = unit.map(Scalar::info).and_then(|info| match info.class {
            ScalarClass::Unsigned | ScalarClass::Signed if info.size <= 8 => Some(info.size * 8),
            ScalarClass::Bool => Some(1),
            _ => None,
        });
        let Some(width) = width else {
            let message = format!("`{}` cannot be a bitfield", name.value);
            self.cx.push(
                Diagnostic::new(Code::Bitfield, message, ty_span, "has no bits to share")
                    .also(bits.span, "asks for a bitfield")
                    .help("bitfields are of `u8` to `u64`, `i8` to `i64`, `bool`, an enum or flags"),
            );
            return None;
        };
        if let Some(bits) = u32::try_from(bits.value).ok().filter(|bits| (1..=width).contains(bits)) {
            return Some(bits);
        }
        let message = format!("`{}` cannot have {} bits", name.value, bits.value);
        let label = if width == 1 { "expected 1".to_owned() } else { format!("expected 1 to {width}") };
        self.cx.push(
            Diagnostic::new(Code::Bitfield, message, bits.span, label)
                .also(ty_span, "no bitfield is wider than its type"),
        );
        None
    }

    /// The integer of an enum or flags, whether it has been checked yet or not.
    fn repr_of(&self, id: TypeId) -> Option<Scalar> {
        match self.defs.get(id.0 as usize)?.as_ref()? {
            TypeDef::Enum(def) => Some(def.repr),
            TypeDef::Flags(def) => Some(def.repr),
            TypeDef::Record(_) | TypeDef::Extern(_) => None,
        }
    }

    /// Fields of one record have different names. Those of unnamed members count, since C looks them up as the
    /// parent's own.
    fn check_member_names(&mut self, body: &'a Body) {
        self.seen.clear();
        let mut waiting = vec![body];
        while let Some(body) = waiting.pop() {
            for field in body.fields.iter().flatten() {
                if let FieldKind::Unnamed { body, .. } = &field.kind {
                    waiting.push(body);
                }
                let Some(name) = field.name() else { continue };
                if let Some((_, &first)) = self.seen.insert(Cow::Borrowed(&name.value), name.span) {
                    let (first, again) = if first < name.span { (first, name.span) } else { (name.span, first) };
                    let name = At { value: name.value.clone(), span: again };
                    self.cx.push(duplicate("field", &name, first));
                }
            }
        }
    }
}

/// `None` outside if there was something, and it was wrong.
fn flatten<T>(checked: Option<Option<T>>) -> Option<Option<T>> {
    match checked {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

fn check_field_name(name: &At<String>, cx: &mut Diagnostics) -> bool {
    if !super::check_name(name, cx) {
        return false;
    }
    let Err(BadName::Reserved { message, help }) = names::check_field(&name.value) else { return true };
    cx.push(Diagnostic::new(Code::ReservedName, message, name.span, "reserved").help(help));
    false
}

fn check_offset(offset: &At<i128>, cx: &mut Diagnostics) -> Option<u64> {
    let value = u64::try_from(offset.value).ok().filter(|&value| value <= u64::from(u32::MAX));
    if value.is_none() {
        let message = format!("an offset of {} is not possible", offset.value);
        cx.push(Diagnostic::new(Code::Placement, message, offset.span, "expected bytes from the start of the struct"));
    }
    value
}

/// The records among the definitions, with their index.
pub(super) fn records(types: &[Definition]) -> impl Iterator<Item = (usize, &RecordDef)> {
    types.iter().enumerate().filter_map(|(index, definition)| match definition {
        Definition::Record(def) => Some((index, def)),
        _ => None,
    })
}

/// Programs nest as deep as the kernel has contexts that interrupt one another: a task, a soft interrupt, a hard one and an
/// NMI. Tasks that preempt one another may be more.
const MAX_ROOMS: i128 = 16;

/// `rooms` says how many records of an event with fields of variable length can be built on one CPU at the same time.
fn check_rooms(rooms: &At<i128>, record: &Record, cx: &mut Diagnostics) -> Option<u32> {
    let name = &record.name.spec;
    if !record.is_compact() {
        let message = format!("`{name}` has no field of variable length");
        let label = "it is built in no room";
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, rooms.span, label)
                .help("leave out `rooms`: each program reserves a record of its own in the ring buffer"),
        );
        return None;
    }
    let number = u32::try_from(rooms.value).ok().filter(|_| (1..=MAX_ROOMS).contains(&rooms.value));
    if number.is_none() {
        let message = format!("`{name}` cannot have {} rooms", rooms.value);
        let label = format!("expected 1 to {MAX_ROOMS}");
        let wrong = Diagnostic::new(Code::InvalidValue, message, rooms.span, label);
        cx.push(wrong.help("write `rooms = 4`: for a task, a soft interrupt, a hard one and an NMI"));
    }
    number
}

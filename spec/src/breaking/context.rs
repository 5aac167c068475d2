//! What rules look at: two versions, a thing that is otherwise, a part of it.

use std::collections::HashMap;

use super::{
    Place,
    draft::Draft,
    exposure::{Exposure, Exposures, Surviving},
    renames::{self, Rename},
    verdict::{Reads, Verdicts},
};
use crate::{
    compare::flat::{self, SpecField},
    diff::{Aspect, Change, Detail, Side, Subject, Value},
    layout::{Layouts, TypeLayout},
    model::{Enum, Field, Flags, Intern, Map, Record, Reserved, Type, TypeDef, TypeId, Variant},
    source::Span,
};

/// Two versions of a spec.
pub(super) struct Cx<'a> {
    pub(super) old: Version<'a>,
    pub(super) new: Version<'a>,
    pub(super) exposures: Exposures,
    pub(super) surviving: Surviving,
}

/// One of the two, with everything by its name.
pub(super) struct Version<'a> {
    pub(super) layouts: &'a Layouts,
    types: HashMap<&'a str, TypeId>,
    maps: HashMap<&'a str, &'a Map>,
}

impl<'a> Cx<'a> {
    pub(super) fn new(old: &'a Layouts, new: &'a Layouts) -> Self {
        let surviving = Surviving::new(old, new);
        let exposures = Exposures::new(old, new, &surviving);
        Cx { old: Version::new(old), new: Version::new(new), exposures, surviving }
    }

    /// Whether the new version says that it is newer.
    pub(super) fn is_raised(&self) -> bool {
        self.new.number() > self.old.number()
    }
}

impl<'a> Version<'a> {
    fn new(layouts: &'a Layouts) -> Self {
        let named = (0..).map(TypeId).zip(&layouts.model.types).filter(|(_, def)| !is_unnamed(def));
        let types = named.map(|(id, def)| (def.name().spec.as_str(), id)).collect();
        let maps = layouts.model.maps.iter().map(|map| (map.name.spec.as_str(), map)).collect();
        Version { layouts, types, maps }
    }

    pub(super) fn number(&self) -> u32 {
        self.layouts.model.version.number
    }

    pub(super) fn ty(&self, name: &str) -> Option<TypeId> {
        self.types.get(name).copied()
    }

    pub(super) fn map(&self, name: &str) -> Option<&'a Map> {
        self.maps.get(name).copied()
    }

    pub(super) fn record(&self, name: &str) -> Option<RecordView<'a>> {
        let id = self.ty(name)?;
        match self.layouts.model.ty(id) {
            TypeDef::Record(record) => {
                let fields = flat::of_spec(self.layouts, id, record);
                Some(RecordView { record, layout: self.layouts.of(id), fields })
            }
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        }
    }

    /// The length of the dictionary that a struct or map belongs to.
    pub(super) fn dictionary(&self, subject: Subject, name: &str) -> Option<&'a str> {
        let model = &self.layouts.model;
        let interns = |intern: &&Intern| match subject {
            Subject::Type => {
                [intern.id, intern.string, intern.interning].iter().any(|&id| model.ty(id).name().spec == name)
            }
            Subject::Map => [intern.strings, intern.scratch].iter().any(|&id| model.map(id).name.spec == name),
            Subject::Length | Subject::Capacity | Subject::Budget => false,
        };
        model.interns.iter().find(interns).map(|intern| intern.name.spec.as_str())
    }

    /// Every definition that has a name.
    pub(super) fn named_types(&self) -> impl Iterator<Item = &'a TypeDef> {
        self.layouts.model.types.iter().filter(|def| !is_unnamed(def))
    }

    /// The fields of a record and of its unnamed members that have names, those that the profile omits among them.
    pub(super) fn declared(&self, record: &'a Record) -> Vec<&'a Field> {
        let (mut fields, mut waiting) = (Vec::new(), vec![record]);
        while let Some(record) = waiting.pop() {
            for field in &record.fields {
                match &field.ty {
                    Type::Def(id) if field.anonymous => {
                        if let TypeDef::Record(inner) = self.layouts.model.ty(*id) {
                            waiting.push(inner);
                        }
                    }
                    _ => fields.push(field),
                }
            }
        }
        fields
    }

    /// The values of an enum or of flags, and what it reserves.
    pub(super) fn values(&self, name: &str) -> Option<(&'a [Variant], &'a [Reserved])> {
        match self.layouts.model.ty(self.ty(name)?) {
            TypeDef::Enum(Enum { variants, reserved, .. }) | TypeDef::Flags(Flags { bits: variants, reserved, .. }) => {
                Some((variants, reserved))
            }
            TypeDef::Record(_) | TypeDef::Extern(_) => None,
        }
    }
}

fn is_unnamed(def: &TypeDef) -> bool {
    matches!(def, TypeDef::Record(record) if record.anonymous)
}

/// A record with its fields and those of its unnamed members.
pub(super) struct RecordView<'a> {
    pub(super) record: &'a Record,
    pub(super) layout: &'a TypeLayout,
    pub(super) fields: Vec<SpecField<'a>>,
}

impl<'a> RecordView<'a> {
    pub(super) fn field(&self, name: &str) -> Option<&SpecField<'a>> {
        self.fields.iter().find(|field| field.field.name.spec == name)
    }

    /// The fields that have one of these bits.
    pub(super) fn overlapping(&self, bit_offset: u64, bit_end: u64) -> impl Iterator<Item = &SpecField<'a>> {
        let overlaps =
            move |field: &&SpecField<'_>| field.bit_offset < bit_end && bit_offset < field.bit_offset + field.bit_size;
        self.fields.iter().filter(overlaps)
    }

    /// Whether these bits lie in the record and belong to no field, so that they are zero.
    pub(super) fn is_padding(&self, bit_offset: u64, bit_end: u64) -> bool {
        bit_end <= self.layout.size * 8 && self.overlapping(bit_offset, bit_end).next().is_none()
    }
}

/// A record in both versions.
pub(super) struct Sides<'a> {
    pub(super) old: RecordView<'a>,
    pub(super) new: RecordView<'a>,
}

impl<'a> Sides<'a> {
    /// The field, if both versions have it.
    pub(super) fn both(&self, name: &str) -> Option<(&SpecField<'a>, &SpecField<'a>)> {
        self.old.field(name).zip(self.new.field(name))
    }
}

/// Something that was added, removed or changed.
pub(super) struct Pair<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) change: &'a Change,
    pub(super) exposure: Exposure,
    pub(super) renames: Vec<Rename>,
    /// Both records, if it is one in both versions.
    sides: Option<Sides<'a>>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(cx: &'a Cx<'a>, change: &'a Change) -> Self {
        let exposure = cx.exposures.of(&change.name);
        let records = cx.old.record(&change.name).zip(cx.new.record(&change.name));
        let sides = records.filter(|_| change.subject == Subject::Type).map(|(old, new)| Sides { old, new });
        Pair { cx, change, exposure, renames: renames::find(cx, change), sides }
    }

    pub(super) fn name(&self) -> &'a str {
        &self.change.name
    }

    /// Whether both versions have it.
    pub(super) fn in_both(&self) -> bool {
        self.change.old.is_some() && self.change.new.is_some()
    }

    /// The fact of the whole with this aspect.
    pub(super) fn detail(&self, aspect: Aspect) -> Option<&'a Detail> {
        self.change.detail(aspect)
    }

    pub(super) fn old_type(&self) -> Option<&'a TypeDef> {
        self.cx.old.ty(self.name()).map(|id| self.cx.old.layouts.model.ty(id))
    }

    pub(super) fn new_type(&self) -> Option<&'a TypeDef> {
        self.cx.new.ty(self.name()).map(|id| self.cx.new.layouts.model.ty(id))
    }

    /// Fields or values that are otherwise, each once, in the order of the change.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts: Vec<Part<'_>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for detail in &self.change.details {
            let Some(name) = detail.of.as_deref() else { continue };
            let place = *places.entry(name).or_insert(parts.len());
            if place == parts.len() {
                parts.push(Part { pair: self, name, details: Vec::new() });
            }
            parts[place].details.push(detail);
        }
        parts
    }

    /// A draft about the whole, shown where the old and the new version define it.
    pub(super) fn draft(&self, message: impl Into<String>, verdicts: Verdicts) -> Draft {
        let place =
            |span: Option<Span>, label: &str| span.map(|span| Place { span, value: None, label: label.to_owned() });
        let (old, new) = (place(self.change.old, "before"), place(self.change.new, "now"));
        Draft { field: None, message: message.into(), verdicts, old, new, help: Vec::new() }
    }

    /// What follows from what readers see.
    pub(super) fn verdicts(&self, reads: &Reads) -> Verdicts {
        reads.verdicts(&self.exposure)
    }
}

/// A field of a record, or a value of an enum or of flags, that was added, removed or changed.
pub(super) struct Part<'a> {
    pub(super) pair: &'a Pair<'a>,
    pub(super) name: &'a str,
    details: Vec<&'a Detail>,
}

/// Whether a part is in one version or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Added,
    Removed,
    Both,
}

impl<'a> Part<'a> {
    pub(super) fn detail(&self, aspect: Aspect) -> Option<&'a Detail> {
        self.details.iter().find(|detail| detail.aspect == aspect).copied()
    }

    /// The records that it is a field of.
    pub(super) fn sides(&self) -> Option<&'a Sides<'a>> {
        self.pair.sides.as_ref()
    }

    /// What became of it. What `aspect` says is a fact of every such part.
    pub(super) fn presence(&self, aspect: Aspect) -> Presence {
        match self.detail(aspect).map(|detail| (&detail.old, &detail.new)) {
            Some((None, Some(_))) => Presence::Added,
            Some((Some(_), None)) => Presence::Removed,
            _ => Presence::Both,
        }
    }

    /// `` `exec.comm` ``
    pub(super) fn title(&self) -> String {
        format!("`{}.{}`", self.pair.name(), self.name)
    }

    /// A draft about the part. Both places are those of `detail`, or of the whole where it has none.
    pub(super) fn draft(&self, message: impl Into<String>, verdicts: Verdicts, detail: &Detail) -> Draft {
        self.pair.draft(message, verdicts).at(detail).of(self.name)
    }
}

/// A value with what it counts: `byte 12`, `16 bytes`, `str[16]`.
pub(super) fn shown(aspect: Aspect, value: &Value) -> String {
    let number = match value {
        Value::Text(text) => return format!("`{text}`"),
        Value::Number(number) => number,
    };
    let plural = if *number == 1 { "" } else { "s" };
    match aspect {
        Aspect::Offset => format!("byte {number}"),
        Aspect::Bit => format!("bit {number}"),
        Aspect::Bits => format!("{number} bit{plural}"),
        Aspect::Size | Aspect::Align | Aspect::KeySize | Aspect::ValueSize | Aspect::Budget => {
            format!("{number} byte{plural}")
        }
        _ => number.to_string(),
    }
}

/// Both sides of a detail, `none` where there is none.
pub(super) fn sides(detail: &Detail) -> (String, String) {
    let side =
        |side: &Option<Side>| side.as_ref().map_or_else(|| "none".to_owned(), |side| shown(detail.aspect, &side.value));
    (side(&detail.old), side(&detail.new))
}

/// Both sides of a detail where they are numbers; 0 for none.
pub(super) fn numbers(detail: &Detail) -> (i128, i128) {
    let number = |side: &Option<Side>| match side.as_ref().map(|side| &side.value) {
        Some(Value::Number(number)) => *number,
        _ => 0,
    };
    (number(&detail.old), number(&detail.new))
}

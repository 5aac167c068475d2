//! Random fields of one record.

use std::fmt;

use crate::{ALIASES, LENGTHS, names::Names, rng::Rng};

/// A type that fields can have.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) name: String,
    /// Bytes, in that profile where it is largest.
    size: u64,
    align: u32,
    /// What a bitfield of it may be: widest and whether signed.
    bits: Option<u32>,
    pub(crate) is_record: bool,
}

impl Known {
    pub(crate) fn integer(name: &str, bits: u32) -> Self {
        Known { name: name.to_owned(), size: (bits / 8).into(), align: bits / 8, bits: Some(bits), is_record: false }
    }

    pub(crate) fn opaque(name: &str, size: u64, align: u32) -> Self {
        Known { name: name.to_owned(), size, align, bits: None, is_record: false }
    }

    pub(crate) fn record(name: &str, size: u64, align: u32) -> Self {
        Known { name: name.to_owned(), size, align, bits: None, is_record: true }
    }

    /// Whether arrays of it leave room for other fields in a record that has a limit.
    pub(crate) fn is_small(&self) -> bool {
        self.size <= 128
    }
}

/// One field as it stands in the file, without its braces.
pub(crate) struct Row(String);

impl Row {
    /// With one more key.
    pub(crate) fn with(&self, key: &str) -> Row {
        Row(format!("{}, {key}", self.0))
    }

    /// Whether it has an alignment of its own.
    fn is_aligned(&self) -> bool {
        self.0.contains(", align = ")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ {} }}", self.0)
    }
}

/// Rows as the elements of one TOML array on one line.
pub(crate) fn join(rows: &[Row]) -> String {
    rows.iter().map(Row::to_string).collect::<Vec<_>>().join(", ")
}

/// Scalars: name, size, alignment, widest bitfield (0 for none).
const SCALARS: &[(&str, u64, u32, u32)] = &[
    ("u8", 1, 1, 8),
    ("u16", 2, 2, 16),
    ("u32", 4, 4, 32),
    ("u64", 8, 8, 64),
    ("u128", 16, 16, 0),
    ("i8", 1, 1, 8),
    ("i16", 2, 2, 16),
    ("i32", 4, 4, 32),
    ("i64", 8, 8, 64),
    ("i128", 16, 16, 0),
    ("bool", 1, 1, 1),
    ("be16", 2, 2, 0),
    ("be32", 4, 4, 0),
    ("be64", 8, 8, 0),
    ("ktime", 8, 8, 0),
    ("ipv4", 4, 4, 0),
    ("ipv6", 16, 1, 0),
    ("mac", 6, 1, 0),
    ("ptr", 8, 8, 0),
];

#[derive(Clone, Copy)]
enum Kind {
    Scalar,
    Text,
    Array,
    Named,
    Bits,
    Unnamed,
    /// An array of no length.
    Open,
}

/// A type written out, with what it takes at most.
struct Written {
    text: String,
    size: u64,
    align: u32,
}

/// The fields of one record while they are being made.
pub(crate) struct Fields<'a> {
    rng: &'a mut Rng,
    known: &'a [Known],
    packed: Option<u32>,
    /// First byte that is free in every profile.
    free: u64,
    align: u32,
    pub(crate) rows: Vec<Row>,
    pub(crate) optional: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(rng: &'a mut Rng, known: &'a [Known], packed: Option<u32>) -> Self {
        Fields { rng, known, packed, free: 0, align: 1, rows: Vec::new(), optional: Vec::new() }
    }

    /// Alignment of the record by its fields alone.
    pub(crate) fn record_align(&self) -> u32 {
        self.align
    }

    /// What the record takes at most, aligned to `align`.
    pub(crate) fn size_at_most(&self, align: u32) -> u64 {
        self.free.next_multiple_of(align.into())
    }

    /// Sometimes an `align` for the record, never below `align`.
    pub(crate) fn asked_align(&mut self, align: u32) -> Option<u32> {
        self.rng.chance(15).then(|| align << self.rng.range(0, 3)).filter(|&asked| asked <= 64)
    }

    /// Adds a field of a known type before all others.
    pub(crate) fn begin_with(&mut self, name: &str, ty: &str) {
        let known = self.known.iter().find(|known| known.name == ty).expect("a type of this chunk");
        self.free = known.size;
        self.align = known.align;
        self.rows.push(Row(format!("name = \"{name}\", type = \"{ty}\"")));
    }

    /// Adds up to `most` fields, bitfields in runs.
    pub(crate) fn fill(&mut self, most: u64) {
        let count = self.rng.range(1, most);
        let mut names = Names::new();
        for _ in 0..count {
            match self.kind() {
                Kind::Bits => {
                    for _ in 0..self.rng.range(1, 5) {
                        self.add_bits(&mut names);
                    }
                }
                Kind::Unnamed => self.add_unnamed(&mut names),
                // A record has something else, too, also if a profile omits fields: the first is never optional.
                Kind::Open if self.rows.is_empty() => self.add(Kind::Scalar, &mut names),
                kind => self.add(kind, &mut names),
            }
        }
    }

    /// `count` members of a union, with its size at most and its alignment.
    pub(crate) fn union_members(&mut self, count: u64, names: &mut Names) -> (Vec<Row>, u64, u32) {
        let (mut rows, mut size, mut align) = (Vec::new(), 1, 1);
        for _ in 0..count {
            let name = names.next(self.rng);
            let ty = match self.kind() {
                Kind::Bits | Kind::Unnamed => self.scalar(),
                Kind::Open if rows.is_empty() => self.scalar(),
                kind => self.ty(kind),
            };
            rows.push(Row(format!("name = \"{name}\", type = \"{}\"", ty.text)));
            size = size.max(ty.size);
            align = align.max(ty.align);
        }
        (rows, size.next_multiple_of(align.into()), align)
    }

    fn kind(&mut self) -> Kind {
        self.rng.weighted(&[
            (32, Kind::Scalar),
            (14, Kind::Text),
            (14, Kind::Array),
            (18, Kind::Named),
            (15, Kind::Bits),
            (7, Kind::Unnamed),
            (4, Kind::Open),
        ])
    }

    fn add(&mut self, kind: Kind, names: &mut Names) {
        let name = names.next(self.rng);
        let ty = self.ty(kind);
        let mut row = Row(format!("name = \"{name}\", type = \"{}\"", ty.text));
        if self.rng.chance(15) {
            row = row.with("doc = \"*/ /* \\\" {} \\\\ doc\"");
        }
        // An omitted field becomes a macro, whose name is in capitals.
        let alone = !self.rows.is_empty() && names.is_alone(&name);
        if alone && self.rng.chance(12) {
            row = row.with("optional = true");
            self.optional.push(name);
        }
        self.place(row, ty.size, ty.align);
    }

    fn add_bits(&mut self, names: &mut Names) {
        let name = names.next(self.rng);
        let integers: Vec<&Known> = self.known.iter().filter(|known| known.bits.is_some()).collect();
        let (ty, most) = if !integers.is_empty() && self.rng.chance(20) {
            let known = self.rng.pick(&integers);
            (known.name.clone(), known.bits.unwrap_or(1))
        } else {
            let integers: Vec<_> = SCALARS.iter().filter(|(.., bits)| *bits > 0).collect();
            let (name, _, _, bits) = self.rng.pick(&integers);
            ((*name).to_owned(), *bits)
        };
        let any = u32::try_from(self.rng.range(1, most.into())).expect("at most 64");
        let width = *self.rng.pick(&[1, any, any, any, most.div_ceil(2), (most - 1).max(1), most]);
        let unit = u64::from(most.max(8) / 8);
        let align = u32::try_from(unit).expect("at most 8");
        let row = Row(format!("name = \"{name}\", type = \"{ty}\", bits = {width}"));
        // A bitfield never reaches beyond the end of an aligned unit behind the first free byte.
        self.place(row, unit, align);
    }

    /// Adds a row, perhaps with an alignment of its own.
    fn place(&mut self, mut row: Row, size: u64, own_align: u32) {
        let mut align = self.lowered(own_align);
        if self.rng.chance(6) {
            let asked = 1 << self.rng.range(0, 5);
            row = row.with(&format!("align = {asked}"));
            align = align.max(asked);
        }
        self.put(row, size, align);
    }

    fn lowered(&self, align: u32) -> u32 {
        self.packed.map_or(align, |packed| align.min(packed))
    }

    /// Adds a row of this alignment, perhaps at a byte of its own.
    fn put(&mut self, mut row: Row, size: u64, align: u32) {
        let mut offset = self.free.next_multiple_of(align.into());
        if self.rng.chance(8) {
            offset += u64::from(align) * self.rng.range(0, 3);
            row = row.with(&format!("offset = {offset}"));
        }
        self.free = offset + size;
        self.align = self.align.max(align);
        self.rows.push(row);
    }

    /// An unnamed union or struct; its members share the record's names.
    fn add_unnamed(&mut self, names: &mut Names) {
        let (row, mut size, mut align) = self.unnamed(names);
        // Its `align` is that of a record: never below its members', and its size a multiple of it.
        if self.rng.chance(6) {
            align <<= self.rng.range(0, 2);
            size = size.next_multiple_of(align.into());
            self.put(row.with(&format!("align = {align}")), size, align);
        } else {
            let align = self.lowered(align);
            self.put(row, size, align);
        }
    }

    fn unnamed(&mut self, names: &mut Names) -> (Row, u64, u32) {
        let count = self.rng.range(2, 4);
        if self.rng.chance(60) {
            let mut inner = Fields::new(self.rng, self.known, None);
            let (rows, size, align) = inner.union_members(count, names);
            let mut rows: Vec<String> = rows.iter().map(Row::to_string).collect();
            let (mut size, mut align) = (size, align);
            if self.rng.chance(40) {
                let (struct_rows, struct_size, struct_align) = self.unnamed_struct(names);
                rows.push(format!("{{ struct = [{}] }}", join(&struct_rows)));
                align = align.max(struct_align);
                size = size.max(struct_size).next_multiple_of(align.into());
            }
            (Row(format!("union = [{}]", rows.join(", "))), size, align)
        } else {
            let (rows, size, align) = self.unnamed_struct(names);
            let row = Row(format!("struct = [{}]", join(&rows)));
            // Packed, it takes no more than it would otherwise, and what its fields ask for still aligns it.
            let is_raised = rows.iter().any(Row::is_aligned);
            if self.rng.chance(15) && !is_raised { (row.with("packed = true"), size, 1) } else { (row, size, align) }
        }
    }

    /// What the kernel manages in a map value, each where C would put it, between fields that push it about.
    pub(crate) fn kernel_managed(&mut self) {
        const MANAGED: &[(&str, u64, u32)] = &[
            ("bpf_spin_lock", 4, 4),
            ("bpf_timer", 16, 8),
            ("kptr[task_struct]", 8, 8),
            ("kptr_untrusted[task_struct]", 8, 8),
        ];
        let mut names = Names::new();
        for (number, &(ty, size, align)) in MANAGED.iter().enumerate() {
            if self.rng.chance(40) {
                self.add(Kind::Scalar, &mut names);
            }
            if self.rng.chance(60) {
                let row = Row(format!("name = \"managed{number}\", type = \"{ty}\""));
                self.put_naturally(row, size, align);
            }
        }
        self.add(Kind::Scalar, &mut names);
    }

    /// Fields of an event of which only the bytes in use travel: some of variable length, between others.
    pub(crate) fn compact(&mut self) {
        const OTHERS: &[Kind] = &[Kind::Scalar, Kind::Scalar, Kind::Text, Kind::Named, Kind::Bits, Kind::Unnamed];
        // The generated type has a `parse` of its own.
        let mut names = Names::without("parse");
        for _ in 0..self.rng.range(1, 3) {
            self.add_any(OTHERS, &mut names);
            self.add_variable(None, &mut names);
        }
    }

    /// The same for a program that fills them: a tag before them, more of them, and limits at the edges.
    pub(crate) fn sent(&mut self) {
        const OTHERS: &[Kind] = &[
            Kind::Scalar,
            Kind::Scalar,
            Kind::Scalar,
            Kind::Text,
            Kind::Array,
            Kind::Named,
            Kind::Named,
            Kind::Unnamed,
        ];
        let mut names = Names::without("parse");
        self.put_naturally(Row("name = \"tag\", type = \"u16\"".to_owned()), 2, 2);
        for _ in 0..self.rng.range(2, 3) {
            for _ in 0..self.rng.range(1, 3) {
                self.add_any(OTHERS, &mut names);
            }
            for _ in 0..self.rng.range(0, 5) {
                self.add_bits(&mut names);
            }
            self.add_variable(None, &mut names);
        }
        let limit = *self.rng.pick(&[1, 2, 3, 7, 8, 16, 63, 255, 256, 1000]);
        self.add_variable(Some(limit), &mut names);
    }

    fn add_any(&mut self, kinds: &[Kind], names: &mut Names) {
        match *self.rng.pick(kinds) {
            Kind::Bits => self.add_bits(names),
            Kind::Unnamed => self.add_unnamed(names),
            kind => self.add(kind, names),
        }
    }

    /// A field of variable length, up to this limit or any.
    fn add_variable(&mut self, limit: Option<u64>, names: &mut Names) {
        let name = names.next(self.rng);
        let limit = limit.map_or_else(|| self.length().0, |limit| limit.to_string());
        let ty = match self.rng.weighted(&[(45, 0), (35, 1), (20, 2)]) {
            0 => format!("str[..{limit}]"),
            1 => format!("bytes[..{limit}]"),
            _ => format!("str[..{limit}][..{}]", self.rng.range(1, 5)),
        };
        let mut row = Row(format!("name = \"{name}\", type = \"{ty}\""));
        if names.is_alone(&name) && self.rng.chance(15) {
            row = row.with("optional = true");
            self.optional.push(name);
        }
        // In its place stands where its bytes are: two numbers of 16 bits.
        self.place(row, 4, 2);
    }

    fn put_naturally(&mut self, row: Row, size: u64, align: u32) {
        self.free = self.free.next_multiple_of(align.into()) + size;
        self.align = self.align.max(align);
        self.rows.push(row);
    }

    fn unnamed_struct(&mut self, names: &mut Names) -> (Vec<Row>, u64, u32) {
        let count = self.rng.range(1, 3);
        let mut inner = Fields::new(self.rng, self.known, None);
        for _ in 0..count {
            let name = names.next(inner.rng);
            let ty = inner.scalar();
            inner.place(Row(format!("name = \"{name}\", type = \"{}\"", ty.text)), ty.size, ty.align);
        }
        if inner.rng.chance(30) {
            inner.add_bits(names);
        }
        let (align, rows) = (inner.align, std::mem::take(&mut inner.rows));
        (rows, inner.size_at_most(align), align)
    }

    fn ty(&mut self, kind: Kind) -> Written {
        match kind {
            Kind::Text => self.text_or_bytes(),
            Kind::Array => self.array(),
            Kind::Named => self.named(),
            Kind::Open => self.open(),
            Kind::Scalar | Kind::Bits | Kind::Unnamed => self.scalar(),
        }
    }

    /// An array of which the record holds nothing, and which aligns it.
    fn open(&mut self) -> Written {
        let kind = self.rng.weighted(&[(60, Kind::Scalar), (20, Kind::Named), (20, Kind::Text)]);
        let element = self.ty(kind);
        let dimension = if self.rng.chance(20) { "[2]" } else { "" };
        Written { text: format!("{}[]{dimension}", element.text), size: 0, align: element.align }
    }

    fn scalar(&mut self) -> Written {
        let &(name, size, align, _) = self.rng.pick(SCALARS);
        Written { text: name.to_owned(), size, align }
    }

    fn text_or_bytes(&mut self) -> Written {
        let kind = *self.rng.pick(&["str", "bytes"]);
        let (text, most) = self.length();
        Written { text: format!("{kind}[{text}]"), size: most, align: 1 }
    }

    /// A number of elements or bytes, with its value where it is largest.
    fn length(&mut self) -> (String, u64) {
        if self.rng.chance(60) {
            let &(name, _, most) = self.rng.pick(LENGTHS);
            return match self.rng.chance(20) {
                true => (format!("{name} + 1"), most + 1),
                false => (name.to_owned(), most),
            };
        }
        let number = *self.rng.pick(&[1, 2, 3, 5, 7, 8, 15, 16, 17, 63, 64, 65]);
        (number.to_string(), number)
    }

    fn array(&mut self) -> Written {
        let kind = self.rng.weighted(&[(60, Kind::Scalar), (20, Kind::Named), (20, Kind::Text)]);
        let element = self.ty(kind);
        let mut array = element;
        let dimensions = if self.rng.chance(8) { self.rng.range(4, 6) } else { self.rng.range(1, 3) };
        for _ in 0..dimensions {
            let count = if dimensions > 3 { self.rng.range(1, 2) } else { self.rng.range(1, 4) };
            array.text = format!("{}[{count}]", array.text);
            array.size *= count;
        }
        array
    }

    fn named(&mut self) -> Written {
        if self.known.is_empty() || self.rng.chance(20) {
            let &(name, _, size, align) = self.rng.pick(ALIASES);
            return Written { text: name.to_owned(), size, align };
        }
        let known = self.rng.pick(self.known);
        // Records of records grow fast; beyond this size they prove nothing more.
        if known.size > 600 {
            return self.scalar();
        }
        Written { text: known.name.clone(), size: known.size, align: known.align }
    }
}

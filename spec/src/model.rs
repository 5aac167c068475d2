//! Stage 2: the spec resolved and checked. Whoever holds a [`Model`] holds a valid spec.
//!
//! No string names a type here any more: definitions are ids, and they stand in dependency order (a definition precedes
//! its users), so that no emitter sorts, looks up or fails. Names are computed once, for both languages.

mod name;

pub use name::{Name, Spellings};

use crate::{
    breaking::Rule,
    kernel::{KernelField, KptrKind, MapFlag, MapKind},
    scalar::Scalar,
    source::Span,
    wakeup::Wakeup,
    word::Word,
};

/// An index into [`Model::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// An index into [`Model::constants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);

/// An index into [`Model::maps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MapId(pub u32);

/// A valid spec under one profile.
#[derive(Clone, Debug)]
pub struct Model {
    /// File name of the spec without its folder, for the first line of generated files.
    pub spec_name: String,
    /// File name without folder and extension; generated files and the C include guard are named after it.
    pub stem: String,
    /// The version of these layouts, 1 if the spec says none.
    pub version: Version,
    /// The profile that was applied.
    pub profile: Option<String>,
    /// All profiles that the spec defines, in file order.
    pub profiles: Vec<String>,
    /// Lengths, then capacities, each in file order.
    pub constants: Vec<Constant>,
    /// Definitions in dependency order, otherwise in file order.
    pub types: Vec<TypeDef>,
    /// Maps, inner maps before those that hold them, otherwise in file order.
    pub maps: Vec<Map>,
    /// `[budget]`: what all maps together may cost.
    pub budget: Option<Budget>,
    /// `[group]`: what some maps may cost together, in file order.
    pub groups: Vec<Group>,
    /// `[outside]`: what the objects hold and the spec knowingly leaves out, in file order.
    pub outside: Vec<Outside>,
    /// `[[allow]]`: findings of [`breaking`](crate::breaking) that are meant, in file order.
    pub allow: Vec<Allow>,
    /// `[intern]`: dictionaries of interned strings, in file order. Their structs and maps are among the others.
    pub interns: Vec<Intern>,
}

impl Model {
    /// The dictionary whose strings a type is the [id](Intern::id) of.
    #[must_use]
    pub fn interned(&self, id: TypeId) -> Option<&Intern> {
        self.interns.iter().find(|intern| intern.id == id)
    }

    /// Whether a record belongs to a [dictionary](Intern) that alone works with it: programs only call the functions of
    /// the dictionary.
    #[must_use]
    pub fn is_internal(&self, id: TypeId) -> bool {
        self.interns.iter().any(|intern| [intern.string, intern.interning].contains(&id))
    }

    /// The definition with this id.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0 as usize]
    }

    /// The constant with this id.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn constant(&self, id: ConstId) -> &Constant {
        &self.constants[id.0 as usize]
    }

    /// The map with this id.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn map(&self, id: MapId) -> &Map {
        &self.maps[id.0 as usize]
    }

    /// Whether `[outside]` names it.
    #[must_use]
    pub fn is_outside(&self, kind: OutsideKind, name: &str) -> bool {
        self.outside.iter().any(|outside| outside.kind == kind && outside.name == name)
    }

    /// Every record (struct, event or union) with its id, in dependency order.
    pub fn records(&self) -> impl Iterator<Item = (TypeId, &Record)> {
        (0..).map(TypeId).zip(&self.types).filter_map(|(id, def)| match def {
            TypeDef::Record(record) => Some((id, record)),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        })
    }
}

/// `[intern.NAME]`: a dictionary in which each string stands once, under an id that fields of the type `intern[NAME]` hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intern {
    /// The length, as the spec names it; `c` is what names of the dictionary in C start with (`path`), `upper` the same in
    /// upper case.
    pub name: Name,
    /// The struct of an id.
    pub id: TypeId,
    /// The struct of an entry: a string, its size, when it was last used.
    pub string: TypeId,
    /// The struct in which a CPU puts a string together, and counts.
    pub interning: TypeId,
    /// The map of the strings, by their ids.
    pub strings: MapId,
    /// The map of what each CPU has.
    pub scratch: MapId,
}

impl Intern {
    /// The longest string: bytes that are hashed and compared one by one by verifiers that look at every round of a loop.
    pub const MAX: u64 = 4096;

    /// Ids that a string may have: its hash, and the numbers behind it.
    pub const PROBES: u32 = 4;

    /// Functions of C that a program calls.
    #[must_use]
    pub fn functions(&self) -> [String; 4] {
        ["intern_kernel", "intern_user", "intern_bytes", "interned"].map(|what| format!("{}_{what}", self.name.c))
    }

    /// The macro of C that defines both maps and the functions.
    #[must_use]
    pub fn c_macro(&self) -> String {
        format!("DEFINE_{}_INTERN", self.name.upper)
    }
}

/// `[budget]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes that all maps together may cost.
    pub total: Option<u64>,
    /// Possible CPUs of the largest machine that every budget must hold on.
    pub cpus: Option<u32>,
    /// Where it is written.
    pub span: Span,
}

/// `[group.NAME]`: maps that share a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// Each once, in the order of the file.
    pub maps: Vec<MapId>,
    /// Bytes that they may cost together, every entry in use.
    pub budget: u64,
}

/// A map or struct of the C programs that the spec knowingly leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Which of them.
    pub kind: OutsideKind,
    /// Its name in C, without `struct` or `union`.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Where it is named.
    pub span: Span,
}

/// Maps and structs have namespaces of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutsideKind {
    /// A map.
    Map,
    /// A struct or union.
    Struct,
}

impl OutsideKind {
    /// What it is called in specs and messages.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            OutsideKind::Map => "map",
            OutsideKind::Struct => "struct",
        }
    }
}

/// A version of the layouts of a spec, at least 1, and where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts up from 1; the layouts of a larger one are newer.
    pub number: u32,
    /// Where it is written; `None` for the version 1 of a spec that says none.
    pub span: Option<Span>,
}

/// `[[allow]]`: a finding that is meant.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The rule that may find something.
    pub rule: &'static Rule,
    /// What it may find it in: `exec.comm`, or `exec` for all of it.
    pub on: String,
    /// Why that is fine.
    pub reason: String,
    /// Where `on` is written.
    pub span: Span,
}

impl Allow {
    /// Whether it is meant for what this rule found in `on`.
    #[must_use]
    pub fn covers(&self, rule: &str, on: &str) -> bool {
        let rest = on.strip_prefix(self.on.as_str());
        self.rule.id == rule && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// What was removed and cannot come back with another meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Its name or value.
    pub what: ReservedItem,
    /// Where it is reserved.
    pub span: Span,
}

/// What is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReservedItem {
    /// The name of a field, variant or flag.
    Name(String),
    /// The value of a variant, or the bits of a flag.
    Value(i128),
}

/// What a constant counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstKind {
    /// Bytes or elements: `[lengths]`.
    Length,
    /// Map entries: `[capacities]`.
    Capacity,
}

/// A length or capacity, named once.
#[derive(Clone, Debug)]
pub struct Constant {
    /// `c`, `rust` and `upper` are all the same: `PATH_LEN` for a length `PATH`, `SOCKETS_MAX_ENTRIES` for a capacity.
    pub name: Name,
    /// Length or capacity.
    pub kind: ConstKind,
    /// Its value under the profile.
    pub value: u64,
    /// How it is written, so that output can say `20 * ARG_LEN`.
    pub expr: Expr,
}

/// A constant expression that has been evaluated without overflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A number.
    Literal(u64),
    /// A length or capacity.
    Const(ConstId),
    /// `left op right`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
}

/// The operators of constant expressions; `<<` and the rest bind as in C: `* /`, then `+ -`, then `<<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`, rounding toward zero
    Div,
    /// `<<`
    Shl,
}

impl BinaryOp {
    /// As it is written in the spec, C and Rust alike.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Shl => "<<",
        }
    }

    /// How tightly it binds, larger binding tighter. The same order holds in C and in Rust.
    #[must_use]
    pub const fn precedence(self) -> u8 {
        match self {
            BinaryOp::Mul | BinaryOp::Div => 3,
            BinaryOp::Add | BinaryOp::Sub => 2,
            BinaryOp::Shl => 1,
        }
    }
}

/// A number with the expression it was written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Its value under the profile.
    pub value: u64,
    /// How it is written.
    pub expr: Expr,
}

/// The type of a field, key or value. Aliases have been replaced by what they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number, `bool`, big-endian number, time, address: everything of one fixed size.
    Scalar(Scalar),
    /// `str[N]`: a NUL-terminated string in N bytes, the NUL included.
    Str(Count),
    /// `bytes[N]`: N bytes without further meaning.
    Bytes(Count),
    /// `str[..N]` and the like: of variable length. In place of the field stands [where it lies](Variable).
    Variable(Box<Variable>),
    /// `T[N]`: N elements one after another; none of them for [`T[]`](Type::is_open).
    Array(Box<Type>, Count),
    /// A struct, union, enum, flags or extern type.
    Def(TypeId),
    /// A field that the kernel manages, such as `bpf_spin_lock`.
    Kernel(KernelField),
    /// `kptr[T]`: a pointer to a kernel object, kept in a map value.
    Kptr(KptrKind, String),
}

/// A field of variable length, directly in an event. The event's struct holds a descriptor of it, [`Variable::SIZE`] bytes,
/// that says where in the record its bytes are and how many; they follow the struct, and only those in use travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// What the bytes are.
    pub kind: VariableKind,
    /// The most that it, or each string of several, may have: bytes, a string's NUL included.
    pub limit: Count,
}

/// What the bytes of a [`Variable`] are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// `str[..N]`: text and its NUL.
    Str,
    /// `bytes[..N]`
    Bytes,
    /// `str[..N][..M]`: texts one after another, each with its NUL; room for as many of the longest.
    Strs(Count),
}

impl Variable {
    /// Bytes of the descriptor: offset and length, 16 bits each.
    pub const SIZE: u64 = 4;

    /// Alignment of the descriptor in bytes.
    pub const ALIGN: u32 = 2;

    /// The most bytes that a descriptor can count: its highest bit says that more were cut off.
    pub const MAX: u64 = 0x7fff;

    /// Bytes that the whole field may have. One that does not fit 64 bits, which no valid spec has, is `u64::MAX`.
    #[must_use]
    pub fn most(&self) -> u64 {
        match &self.kind {
            VariableKind::Str | VariableKind::Bytes => self.limit.value,
            VariableKind::Strs(count) => self.limit.value.saturating_mul(count.value),
        }
    }
}

impl Type {
    /// Whether it is `T[]`, which only a field can be: an array of which the record holds nothing, and of which as much
    /// follows it in memory as whoever wrote the record says. C has it as `T x[]` or `T x[0]`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Type::Array(_, count) if count.value == 0)
    }
}

/// One definition.
#[derive(Clone, Debug)]
pub enum TypeDef {
    /// `[enum.NAME]`
    Enum(Enum),
    /// `[flags.NAME]`
    Flags(Flags),
    /// `[struct.NAME]`, `[event.NAME]`, `[union.NAME]`, and each unnamed member.
    Record(Record),
    /// `[extern.NAME]`
    Extern(Extern),
}

impl TypeDef {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            TypeDef::Enum(def) => &def.name,
            TypeDef::Flags(def) => &def.name,
            TypeDef::Record(def) => &def.name,
            TypeDef::Extern(def) => &def.name,
        }
    }
}

/// `[enum.NAME]`: named values of one integer type. Open: other values may arrive and survive a round trip.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Whether C has a typedef of this name, too.
    pub typedef: bool,
    /// Documentation.
    pub doc: Option<String>,
    /// The integer type that holds it: `u8` to `u64` or `i8` to `i64`.
    pub repr: Scalar,
    /// In file order; values are distinct and fit `repr`.
    pub variants: Vec<Variant>,
    /// Names and values of removed variants; no variant has one of them.
    pub reserved: Vec<Reserved>,
}

impl Enum {
    /// Whether C compilers give an enum of these variants, declared without a type, this `repr`: `unsigned int` without a
    /// negative value, `int` with one (GCC, "Structures, unions, enumerations, and bit-fields implementation"; clang does
    /// the same).
    #[must_use]
    pub fn is_natural(&self) -> bool {
        let negative = self.variants.iter().any(|variant| variant.value < 0);
        matches!((self.repr, negative), (Scalar::U32, false) | (Scalar::I32, true))
    }
}

/// One value of an enum or one bit (or mask of bits) of flags.
#[derive(Clone, Debug)]
pub struct Variant {
    /// `c` is the whole constant (`FILE_OP_OPEN`, or with the enum's own `prefix`), `rust` the associated constant
    /// (`OPEN`, escaped where needed), `upper` is `OPEN`.
    pub name: Name,
    /// Documentation.
    pub doc: Option<String>,
    /// Its value; for flags, the mask.
    pub value: i128,
    /// If it is a second name of a value: the variant that is the first, by its index in the same enum.
    pub same_as: Option<usize>,
    /// The version that it came in, at most [`Model::version`]; `None` if the spec does not say.
    pub since: Option<Version>,
}

/// `[flags.NAME]`: named bits of one unsigned integer type.
#[derive(Clone, Debug)]
pub struct Flags {
    /// Its name.
    pub name: Name,
    /// Documentation.
    pub doc: Option<String>,
    /// `u8` to `u64`.
    pub repr: Scalar,
    /// In file order. A mask may cover several bits, and overlap others.
    pub bits: Vec<Variant>,
    /// Names and masks of removed flags; no flag has one of these names or a bit of these masks.
    pub reserved: Vec<Reserved>,
}

/// `[extern.NAME]`: a type that other C headers define.
#[derive(Clone, Debug)]
pub struct Extern {
    /// Its name.
    pub name: Name,
    /// Documentation.
    pub doc: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes, a power of two.
    pub align: u32,
    /// How C names it: `struct sockaddr_in`.
    pub c_type: String,
    /// What C includes to get it: `<linux/in.h>` or `"my.h"`; nothing if the program has it from `vmlinux.h`.
    pub include: Option<String>,
    /// A Rust path of a type that implements `bpf_layout::Layout`; opaque bytes if left out.
    pub rust_type: Option<String>,
}

/// What kind of record it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// `[struct.NAME]` or `{ struct = [...] }`.
    Struct,
    /// `[event.NAME]`: a struct that travels through a ring buffer or perf buffer.
    Event {
        /// What tells it from other events of the same buffer.
        tag: Option<EventTag>,
    },
    /// `[union.NAME]` or `{ union = [...] }`.
    Union,
}

/// `tag = { kind = "exec" }`: the field `kind` holds `exec` in each record of this event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTag {
    /// Index into [`Record::fields`].
    pub field: usize,
    /// The value it holds.
    pub value: TagValue,
}

/// A value that selects a union member or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagValue {
    /// A number, where the tag is a plain integer.
    Number(i128),
    /// A variant of the tag's enum: the enum, and an index into its variants.
    Variant(TypeId, usize),
}

/// A struct, event or union.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name. An unnamed member's is made of its parent's: `sockets__anon0`, `SocketsAnon0`.
    pub name: Name,
    /// Whether C has a typedef of this name, too.
    pub typedef: bool,
    /// Documentation.
    pub doc: Option<String>,
    /// Struct, event or union.
    pub kind: RecordKind,
    /// Whether it stands in place of a named field and has no name in C.
    pub anonymous: bool,
    /// `packed`: fields are aligned to no more than this many bytes (1, 2, 4 or 8).
    pub packed: Option<u32>,
    /// `align`: the record is aligned to at least this many bytes.
    pub align: Option<u32>,
    /// `rooms`: of an event with fields of variable length, how many can be built on one CPU at the same time; 1 of every
    /// other record.
    pub rooms: u32,
    /// In the order of the spec, with those that the profile omits.
    pub fields: Vec<Field>,
    /// Names of removed fields; no field has one of them, here or in unnamed members.
    pub reserved: Vec<Reserved>,
}

impl Record {
    /// The fields of variable length that the profile does not omit, in the order of the spec. An event that has some is
    /// a *compact* one; nothing else has any.
    pub fn variable(&self) -> impl Iterator<Item = (&Field, &Variable)> {
        self.fields.iter().filter(|field| !field.omitted).filter_map(|field| match &field.ty {
            Type::Variable(variable) => Some((field, &**variable)),
            _ => None,
        })
    }

    /// Its struct in Rust. That of a compact event is called its header, since the event itself is a view.
    #[must_use]
    pub fn rust_struct(&self) -> String {
        if self.is_compact() { format!("{}Header", self.name.rust) } else { self.name.rust.to_string() }
    }

    /// The per-CPU array that `DEFINE_X_SCRATCH` defines in a BPF program.
    #[must_use]
    pub fn scratch_map(&self) -> String {
        format!("__{}_scratch", self.name.c)
    }

    /// Whether it is an event with fields of variable length, also if the profile omits all of them: what it is does not
    /// hang on the profile.
    #[must_use]
    pub fn is_compact(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.ty, Type::Variable(_)))
    }
}

/// A member of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name; an unnamed member has `anon0`, `anon1` … in Rust and none in C.
    pub name: Name,
    /// Whether it is an unnamed struct or union.
    pub anonymous: bool,
    /// Documentation.
    pub doc: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Where the type is written.
    pub ty_span: Span,
    /// Width of a bitfield.
    pub bits: Option<u32>,
    /// `offset`: the byte that it must start at.
    pub offset: Option<u64>,
    /// Where `offset` is written, or the field where it is not.
    pub offset_span: Span,
    /// `align`: it is aligned to at least this many bytes.
    pub align: Option<u32>,
    /// Whether a profile may omit it.
    pub optional: bool,
    /// Whether the profile omits it. An omitted field takes no room.
    pub omitted: bool,
    /// For a field whose type is a union: the sibling that says which member is in use, an index into
    /// [`Record::fields`].
    pub tag: Option<usize>,
    /// For a member of a tagged union: the tag's values that select it.
    pub when: Vec<TagValue>,
    /// For `bpf_list_head` and `bpf_rb_root`: struct and field of the nodes, as in `__contains(struct, field)`.
    pub contains: Option<Box<(Word, Word)>>,
    /// The version that it came in, at most [`Model::version`]; `None` if the spec does not say. Unnamed members have
    /// none, their fields may.
    pub since: Option<Version>,
}

/// `[map.NAME]`.
#[derive(Clone, Debug)]
pub struct Map {
    /// `c` is the C variable and so the map's name in the object.
    pub name: Name,
    /// Documentation.
    pub doc: Option<String>,
    /// Its type.
    pub kind: &'static MapKind,
    /// Type of the key, if the map has keys.
    pub key: Option<Type>,
    /// Where the key is written, or the map's name where it is not.
    pub key_span: Span,
    /// Type of the value, if the map has values of a type of their own.
    pub value: Option<Type>,
    /// Where the value is written, or the map's name where it is not.
    pub value_span: Span,
    /// `max_entries`; bytes for ring buffers. Missing where the kernel or libbpf decides.
    pub max_entries: Option<Count>,
    /// In file order.
    pub flags: Vec<&'static MapFlag>,
    /// `pinning = "by_name"`: libbpf pins it under `/sys/fs/bpf`.
    pub pinned_by_name: bool,
    /// `numa_node`, for maps with that flag.
    pub numa_node: Option<u32>,
    /// `map_extra`: the number of hash functions of a bloom filter; the address of an arena.
    pub map_extra: Option<u64>,
    /// When a record wakes the reader of a ring buffer; for other types [`Wakeup::Always`].
    pub wakeup: Wakeup,
    /// The events that travel through a ring or perf buffer.
    pub events: Vec<TypeId>,
    /// For maps of maps: what they hold.
    pub inner: Option<MapId>,
    /// `budget`: bytes that it may cost, every entry in use.
    pub budget: Option<u64>,
}

//! The facts as they stand in `facts/*.json`.

use std::{fs, path::Path};

use serde_json::Value;

/// Everything that is known of one project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name of its file.
    pub name: String,
    /// Structs and unions that cross the boundary.
    pub types: Vec<Record>,
    /// Maps.
    pub maps: Vec<Map>,
}

/// A struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// In C, without `struct` or `union`.
    pub name: String,
    /// Whether it is a union.
    pub union: bool,
    /// Bytes.
    pub size: u64,
    /// Bytes; known of those that cross the boundary themselves.
    pub align: Option<u32>,
    /// Whether headers of the kernel or of the system define it.
    pub foreign: bool,
    /// What it is made of, in the words of corpus.md.
    pub features: Vec<String>,
    /// In order.
    pub members: Vec<Member>,
    /// Records with names that it is made of.
    pub nested: Vec<Record>,
}

/// A member of a struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Empty for an unnamed struct or union whose members count as those of the record around it.
    pub name: String,
    /// Bits from the start of the record.
    pub at: u64,
    /// Bits.
    pub bits: u64,
    /// Whether it is a bitfield.
    pub bitfield: bool,
    /// Its type.
    pub ty: MemberType,
}

/// The type of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberType {
    /// As C writes it: `u64[2]`, `struct sock *`.
    Text(String),
    /// A record that has no name of its own.
    Inline(Box<Record>),
}

/// A map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// Its name.
    pub name: String,
    /// The kernel's name of its type without `BPF_MAP_TYPE_`, in lower case.
    pub kind: String,
    /// The type of keys; `typeof(u32)` where C names a type, otherwise what a size was computed of.
    pub key: Option<String>,
    /// The type of values, likewise.
    pub value: Option<String>,
    /// Bytes; 0 if it is not known.
    pub key_size: u64,
    /// Bytes; 0 if it is not known.
    pub value_size: u64,
    /// Entries, if the source says how many.
    pub max_entries: Option<u64>,
    /// Bits of `BPF_F_*`.
    pub flags: u64,
}

impl Map {
    /// Types of keys and values with their sizes.
    #[must_use]
    pub fn parts(&self) -> [(Option<&str>, u64); 2] {
        [(self.key.as_deref(), self.key_size), (self.value.as_deref(), self.value_size)]
    }
}

/// All projects, in order of their names.
///
/// # Panics
/// If a file is not as the README beside this says.
#[must_use]
pub fn projects() -> Vec<Project> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("facts");
    let files = fs::read_dir(folder).expect("the folder of facts").map(|entry| entry.expect("an entry").path());
    let mut projects: Vec<Project> = files.map(|path| project(&path)).collect();
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    projects
}

fn project(path: &Path) -> Project {
    let text = fs::read_to_string(path).expect("a readable file");
    let facts: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Project {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        types: items(&facts, "types").iter().map(record).collect(),
        maps: items(&facts, "maps").iter().map(map).collect(),
    }
}

fn record(facts: &Value) -> Record {
    Record {
        name: text(facts, "name").unwrap_or_default(),
        union: text(facts, "kind").as_deref() == Some("union"),
        size: number(facts, "size").expect("a record has a size"),
        align: number(facts, "align").map(|align| u32::try_from(align).expect("an alignment")),
        foreign: text(facts, "origin").is_some(),
        features: items(facts, "features").iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        members: items(facts, "members").iter().map(member).collect(),
        nested: items(facts, "nested").iter().map(record).collect(),
    }
}

fn member(facts: &Value) -> Member {
    let (size, bits) = (number(facts, "size"), number(facts, "bits"));
    let inline = ["struct", "union"].into_iter().find(|word| facts.get(word).is_some());
    let ty = match inline {
        Some(word) => MemberType::Inline(Box::new(Record {
            name: String::new(),
            union: word == "union",
            size: size.expect("a record has a size"),
            align: None,
            foreign: false,
            features: Vec::new(),
            members: items(facts, word).iter().map(member).collect(),
            nested: Vec::new(),
        })),
        None => MemberType::Text(text(facts, "type").expect("a member has a type")),
    };
    Member {
        name: text(facts, "name").unwrap_or_default(),
        at: number(facts, "at").expect("a member has a place"),
        bits: bits.or(size.map(|size| size * 8)).expect("a member has a size"),
        bitfield: bits.is_some(),
        ty,
    }
}

fn map(facts: &Value) -> Map {
    let kind = text(facts, "type").expect("a map has a type").to_lowercase();
    Map {
        name: text(facts, "name").expect("a map has a name"),
        kind: kind.strip_prefix("bpf_map_type_").unwrap_or(&kind).to_owned(),
        key: text(facts, "key"),
        value: text(facts, "value"),
        key_size: number(facts, "key_size").unwrap_or(0),
        value_size: number(facts, "value_size").unwrap_or(0),
        max_entries: number(facts, "max_entries"),
        flags: number(facts, "flags").unwrap_or(0),
    }
}

fn items<'v>(facts: &'v Value, key: &str) -> &'v [Value] {
    facts.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(facts: &Value, key: &str) -> Option<String> {
    facts.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn number(facts: &Value, key: &str) -> Option<u64> {
    facts.get(key).and_then(Value::as_u64)
}

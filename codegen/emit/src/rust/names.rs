//! Names that only Rust output has: those of enums over the members of tagged unions.

use std::collections::{HashMap, HashSet};

use bpf_layout_spec::{
    layout::Layouts,
    model::{Record, RecordKind, Type, TypeDef, TypeId},
};

use super::records::setter;

/// How a union's members are selected.
pub(super) struct Selection {
    /// `AddrRef`: the enum over its members.
    pub(super) name: String,
    /// `select`: the union's method that takes a tag.
    pub(super) method: String,
    /// Type of the tag.
    pub(super) tag: Type,
    /// By index into the union's fields; `None` for a member that no tag selects.
    pub(super) variants: Vec<Option<String>>,
}

/// Names that no definition has.
pub(super) struct Names {
    selections: HashMap<TypeId, Selection>,
}

impl Names {
    pub(super) fn new(layouts: &Layouts) -> Self {
        let mut taken: HashSet<String> = layouts.model.types.iter().map(|def| def.name().rust.to_string()).collect();
        let mut selections = HashMap::new();
        for (_, record) in layouts.model.records() {
            for field in &record.fields {
                let (Some(tag), Type::Def(union)) = (field.tag, &field.ty) else { continue };
                if selections.contains_key(union) {
                    continue;
                }
                if let TypeDef::Record(members) = layouts.model.ty(*union)
                    && members.kind == RecordKind::Union
                {
                    let name = unique(format!("{}Ref", members.name.rust), &mut taken);
                    let tag = record.fields[tag].ty.clone();
                    let method = unique("select".to_owned(), &mut members_methods(members));
                    selections.insert(*union, Selection { name, method, tag, variants: variants(members) });
                }
            }
        }
        Names { selections }
    }

    /// How the members of this union are selected, if a tag anywhere does so.
    pub(super) fn selection(&self, union: TypeId) -> Option<&Selection> {
        self.selections.get(&union)
    }
}

/// Names of a union's accessors.
fn members_methods(union: &Record) -> HashSet<String> {
    union.fields.iter().flat_map(|field| [field.name.rust.to_string(), setter(field)]).collect()
}

/// Names of a record's accessors that the fields' names decide: what is added to them must keep clear of these.
pub(super) fn record_methods(record: &Record) -> HashSet<String> {
    let mut methods = HashSet::new();
    for field in &record.fields {
        if field.bits.is_some() || field.optional || field.tag.is_some() {
            methods.insert(field.name.rust.to_string());
        }
        if field.bits.is_some() {
            methods.insert(setter(field));
        }
    }
    methods
}

/// One variant for each member that a tag selects.
fn variants(union: &Record) -> Vec<Option<String>> {
    let mut taken = HashSet::from(["Unknown".to_owned(), "Self".to_owned()]);
    let variant = |member: &bpf_layout_spec::model::Field| {
        (!member.when.is_empty() && !member.omitted).then(|| unique(camel(&member.name.rust), &mut taken))
    };
    union.fields.iter().map(variant).collect()
}

/// The name, with as many underscores behind it as nobody else has.
pub(super) fn unique(mut name: String, taken: &mut HashSet<String>) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// `socket_key` as `SocketKey`.
fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for word in name.trim_start_matches("r#").split('_') {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    if camel.starts_with(|c: char| c.is_ascii_digit()) { format!("_{camel}") } else { camel }
}

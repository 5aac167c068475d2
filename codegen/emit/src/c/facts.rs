//! What the functions need to know of every type, found in one pass in dependency order.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Expr, Field, Record, Type, TypeDef, TypeId},
};

use super::types::{has_enumerators, is_kept_apart};

/// Facts of all types.
pub(super) struct Facts(Vec<Fact>);

/// Facts of one type.
#[derive(Clone, Debug, Default)]
pub(super) struct Fact {
    /// Types within this one that BTF does not show with it: enums and flags that members hold as integers, and records
    /// that have such in turn; and the nodes that a list or tree contains, which it has by name only.
    pub(super) hidden: Vec<TypeId>,
    /// Whether bytes of it are only the kernel's to write.
    pub(super) managed: bool,
    /// Whether a number or a profile of the spec decides its size, so that it may have another one tomorrow.
    pub(super) elastic: bool,
}

impl Facts {
    /// Looks at every type.
    pub(super) fn of(layouts: &Layouts) -> Self {
        let mut facts = Facts(Vec::with_capacity(layouts.model.types.len()));
        for def in &layouts.model.types {
            let fact = match def {
                TypeDef::Record(record) => facts.of_record(layouts, record),
                TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => Fact::default(),
            };
            facts.0.push(fact);
        }
        facts
    }

    /// Facts of one type.
    pub(super) fn get(&self, id: TypeId) -> &Fact {
        &self.0[id.0 as usize]
    }

    /// Types that BTF does not show with a value of this type.
    pub(super) fn hidden_in(&self, layouts: &Layouts, ty: &Type) -> Vec<TypeId> {
        let Type::Def(id) = element(ty) else { return Vec::new() };
        match layouts.model.ty(*id) {
            def @ (TypeDef::Enum(_) | TypeDef::Flags(_)) if is_kept_apart(def) => vec![*id],
            TypeDef::Record(record) if record.anonymous => self.get(*id).hidden.clone(),
            TypeDef::Record(_) if !self.get(*id).hidden.is_empty() => vec![*id],
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Record(_) | TypeDef::Extern(_) => Vec::new(),
        }
    }

    /// Whether bytes of a value of this type are only the kernel's to write.
    pub(super) fn is_managed(&self, ty: &Type) -> bool {
        match element(ty) {
            Type::Kernel(_) | Type::Kptr(..) => true,
            Type::Def(id) => self.get(*id).managed,
            Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Array(..) => false,
        }
    }

    /// Whether the size of this type hangs on a constant or a profile.
    fn is_elastic(&self, ty: &Type) -> bool {
        match ty {
            Type::Str(count) | Type::Bytes(count) => is_named(&count.expr),
            Type::Array(element, count) => is_named(&count.expr) || self.is_elastic(element),
            Type::Def(id) => self.get(*id).elastic,
            Type::Scalar(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => false,
        }
    }

    fn of_record(&self, layouts: &Layouts, record: &Record) -> Fact {
        let mut fact = Fact { elastic: record.fields.iter().any(|field| field.optional), ..Fact::default() };
        for field in record.fields.iter().filter(|field| !field.omitted) {
            fact.managed |= self.is_managed(&field.ty);
            fact.elastic |= self.is_elastic(&field.ty);
            let hidden = match (&field.ty, field.bits) {
                (Type::Def(id), Some(_)) => bitfield_enum(layouts, *id),
                _ => self.hidden_in(layouts, &field.ty),
            };
            for id in hidden.into_iter().chain(nodes(layouts, field)) {
                if !fact.hidden.contains(&id) {
                    fact.hidden.push(id);
                }
            }
        }
        fact
    }
}

/// Whether there is a constant in it.
fn is_named(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) => false,
        Expr::Const(_) => true,
        Expr::Binary(_, left, right) => is_named(left) || is_named(right),
    }
}

/// What a list or tree contains. The kernel looks the struct up by its name in the program's BTF
/// (`btf_find_graph_root`, `kernel/bpf/btf.c`) and refuses the map without it.
fn nodes(layouts: &Layouts, field: &Field) -> Option<TypeId> {
    let (of, _) = field.contains.as_deref()?;
    layouts.model.records().find(|(_, record)| record.name.spec == *of).map(|(id, _)| id)
}

/// A bitfield is declared with an integer, whatever its enum.
fn bitfield_enum(layouts: &Layouts, id: TypeId) -> Vec<TypeId> {
    let named = match layouts.model.ty(id) {
        TypeDef::Enum(def) => has_enumerators(def.repr, &def.variants),
        TypeDef::Flags(def) => has_enumerators(def.repr, &def.bits),
        TypeDef::Record(_) | TypeDef::Extern(_) => false,
    };
    if named { vec![id] } else { Vec::new() }
}

fn element(ty: &Type) -> &Type {
    match ty {
        Type::Array(inner, _) => element(inner),
        _ => ty,
    }
}

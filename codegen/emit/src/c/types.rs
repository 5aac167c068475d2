//! How C declares a member of each type.

use std::{borrow::Cow, collections::BTreeSet};

use bpf_layout_spec::{
    compare::DESCRIPTOR,
    kernel::{KernelField, KptrKind},
    layout::Layouts,
    model::{Flags, Model, RecordKind, Type, TypeDef, Variable, VariableKind, Variant},
    scalar::{Scalar, ScalarClass},
};

use super::expr;

/// A C declaration in two halves, around the name: `char` and `[16]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declarator {
    /// Before the name: `struct socket_key`.
    pub(super) base: Cow<'static, str>,
    /// Right before the name, such as `*`.
    pub(super) star: &'static str,
    /// After the name: `[4][16]`.
    pub(super) suffix: String,
}

impl Declarator {
    fn plain(base: impl Into<Cow<'static, str>>) -> Self {
        Declarator { base: base.into(), star: "", suffix: String::new() }
    }

    /// The type alone, as `__type()` takes it: `char[16]`.
    pub(super) fn abstract_type(&self) -> String {
        let gap = if self.star.is_empty() { "" } else { " " };
        format!("{}{gap}{}{}", self.base, self.star, self.suffix)
    }
}

/// What the definitions refer to and the header has to bring along.
#[derive(Default)]
pub(super) struct Needs {
    /// Scalars, each by its typedef.
    pub(super) scalars: BTreeSet<Scalar>,
    /// Structs that the kernel manages.
    pub(super) kernel_fields: Vec<KernelField>,
    /// Kernel structs that kptrs point to.
    pub(super) kptr_targets: BTreeSet<String>,
    /// Kinds of kptrs.
    pub(super) kptr_kinds: Vec<KptrKind>,
    /// Whether a list or tree says what it contains.
    pub(super) contains: bool,
    /// Whether an event has fields of variable length.
    pub(super) variable: bool,
    /// Whether gcc would warn of an aligned type in a packed record.
    pub(super) packed_not_aligned: bool,
}

impl Needs {
    /// Takes down what a type refers to, beside the unsigned integers that every header has.
    pub(super) fn add(&mut self, layouts: &Layouts, ty: &Type) {
        match ty {
            Type::Scalar(scalar) => self.add_scalar(*scalar),
            Type::Str(_) | Type::Bytes(_) => {}
            Type::Variable(_) => self.variable = true,
            Type::Array(element, _) => self.add(layouts, element),
            Type::Def(id) => match layouts.model.ty(*id) {
                TypeDef::Enum(def) if !def.is_natural() => self.add_scalar(def.repr),
                TypeDef::Flags(def) => self.add_scalar(def.repr),
                TypeDef::Enum(_) | TypeDef::Record(_) | TypeDef::Extern(_) => {}
            },
            Type::Kernel(field) => {
                if !self.kernel_fields.contains(field) {
                    self.kernel_fields.push(*field);
                }
            }
            Type::Kptr(kind, target) => {
                self.kptr_targets.insert(target.clone());
                if !self.kptr_kinds.contains(kind) {
                    self.kptr_kinds.push(*kind);
                }
            }
        }
    }

    /// Takes down a scalar.
    pub(super) fn add_scalar(&mut self, scalar: Scalar) {
        self.scalars.insert(scalar);
    }

    /// Whether a typedef of this name is needed.
    pub(super) fn typedef(&self, name: &str) -> bool {
        self.scalars.iter().any(|scalar| scalar.info().c == name)
    }
}

/// How C declares a member of this type.
pub(super) fn declarator(layouts: &Layouts, ty: &Type) -> Declarator {
    match ty {
        Type::Scalar(scalar) => {
            let info = scalar.info();
            let suffix = if info.c_array == 1 { String::new() } else { format!("[{}]", info.c_array) };
            Declarator { suffix, ..Declarator::plain(info.c) }
        }
        Type::Str(count) => {
            Declarator { suffix: in_brackets(&expr::count(&layouts.model, count)), ..Declarator::plain("char") }
        }
        Type::Bytes(count) => {
            Declarator { suffix: in_brackets(&expr::count(&layouts.model, count)), ..Declarator::plain("__u8") }
        }
        Type::Variable(_) => Declarator::plain(format!("struct {DESCRIPTOR}")),
        Type::Array(element, count) => {
            let inner = declarator(layouts, element);
            Declarator { suffix: format!("[{}]{}", expr::count(&layouts.model, count), inner.suffix), ..inner }
        }
        Type::Def(id) => Declarator::plain(def_type(layouts.model.ty(*id))),
        Type::Kernel(field) => Declarator::plain(format!("struct {}", field.info().name)),
        Type::Kptr(kind, target) => {
            Declarator { star: "*", ..Declarator::plain(format!("struct {target} {}", kptr_macro(*kind))) }
        }
    }
}

fn in_brackets(length: &str) -> String {
    ["[", length, "]"].concat()
}

/// What userspace has in place of a kernel pointer: an address that it cannot follow.
pub(super) fn userspace_kptr(declarator: &Declarator) -> Declarator {
    Declarator { suffix: declarator.suffix.clone(), ..Declarator::plain("__u64") }
}

/// The header's own macro that puts the BTF type tag on a kptr.
pub(super) fn kptr_macro(kind: KptrKind) -> String {
    format!("__bpf_layout_{}", kind.name())
}

fn def_type(def: &TypeDef) -> String {
    match def {
        TypeDef::Enum(def) if def.is_natural() => format!("enum {}", def.name.c),
        TypeDef::Enum(def) => def.repr.info().c.to_owned(),
        TypeDef::Flags(def) => def.repr.info().c.to_owned(),
        TypeDef::Record(record) if record.kind == RecordKind::Union => ["union ", &record.name.c].concat(),
        TypeDef::Record(record) => ["struct ", &record.name.c].concat(),
        TypeDef::Extern(def) => def.c_type.clone(),
    }
}

/// Whether a value of this `repr` can be an enumerator. Those that need 64 bits cannot: BTF of clang before 15 and of
/// kernels before 6.0 has no room for them.
pub(super) fn is_enumerator(repr: Scalar, variant: &Variant) -> bool {
    if repr.info().class == ScalarClass::Signed {
        i32::try_from(variant.value).is_ok()
    } else {
        u32::try_from(variant.value).is_ok()
    }
}

/// The tag that enums and flags have in C. Flags have only constants of their own; the tag serves BTF, and starts with
/// `__` because the kernel has a `struct open_flags` too.
pub(super) fn enum_tag(def: &TypeDef) -> String {
    match def {
        TypeDef::Flags(def) => format!("__{}", def.name.c),
        TypeDef::Enum(_) | TypeDef::Record(_) | TypeDef::Extern(_) => def.name().c.to_string(),
    }
}

/// Whether C has an enum of this name, to be kept in BTF although members are declared with its integer.
pub(super) fn is_kept_apart(def: &TypeDef) -> bool {
    match def {
        TypeDef::Enum(def) => !def.is_natural() && has_enumerators(def.repr, &def.variants),
        TypeDef::Flags(Flags { repr, bits, .. }) => has_enumerators(*repr, bits),
        TypeDef::Record(_) | TypeDef::Extern(_) => false,
    }
}

/// Whether an enum of this name is defined at all.
pub(super) fn has_enumerators(repr: Scalar, variants: &[Variant]) -> bool {
    variants.iter().any(|variant| is_enumerator(repr, variant))
}

/// What a descriptor describes, by the names of the spec: `str[..PATH_LEN]`.
fn variable_note(model: &Model, variable: &Variable) -> String {
    let limit = expr::count(model, &variable.limit);
    match &variable.kind {
        VariableKind::Str => format!("str[..{limit}]"),
        VariableKind::Bytes => format!("bytes[..{limit}]"),
        VariableKind::Strs(several) => format!("str[..{limit}][..{}]", expr::count(model, several)),
    }
}

/// Says in a comment what the declaration does not.
pub(super) fn note(layouts: &Layouts, ty: &Type) -> Option<String> {
    match ty {
        Type::Array(element, _) => note(layouts, element),
        Type::Variable(variable) => Some(variable_note(&layouts.model, variable)),
        Type::Scalar(Scalar::Ktime) => Some("ns since boot".to_owned()),
        Type::Scalar(Scalar::Ptr) => Some("kernel address".to_owned()),
        Type::Scalar(Scalar::Ipv4) => Some("IPv4".to_owned()),
        Type::Scalar(Scalar::Ipv6) => Some("IPv6".to_owned()),
        Type::Scalar(Scalar::Mac) => Some("MAC".to_owned()),
        Type::Def(id) => match layouts.model.ty(*id) {
            def @ (TypeDef::Enum(_) | TypeDef::Flags(_)) if is_kept_apart(def) => {
                Some(format!("enum {}", enum_tag(def)))
            }
            TypeDef::Enum(def) if !def.is_natural() => Some(def.name.c.to_string()),
            TypeDef::Flags(def) => Some(def.name.c.to_string()),
            _ => None,
        },
        _ => None,
    }
}

//! BPF objects as a source: BTF, the maps of `.maps`, global variables, and the calls that hand records to userspace.

use std::collections::{BTreeMap, BTreeSet};

use bpf_layout_btf::{Btf, Kind, Object, Type, TypeId};
use bpf_layout_check::{Seen, observe_types};
use bpf_layout_spec::{
    compare::ObservedType,
    kernel::{KernelField, KptrKind},
};

use crate::{
    Note, events, foreign,
    found::{Found, MapHint, MemberHint, Spelling, TypeHint},
};

/// Sections of variables that userspace does not share: what the kernel or the loader fills in.
const PRIVATE_SECTIONS: &[&str] = &[".maps", ".kconfig", ".ksyms", "license", "version"];

/// What the variables that generated headers put into an object begin with.
const OWN_VARIABLES: &str = "__bpf_layout";

/// The largest version of GCC that writes the dimensions of arrays in the reverse order.
const GCC_REVERSES: u32 = 12;

/// Reads an object. `witness` is what it is called in messages.
///
/// # Errors
/// If it is no object with BTF, or is damaged.
pub fn object<'a>(witness: &str, data: &'a [u8]) -> Result<(Found<'a>, Vec<Note>), bpf_layout_btf::Error> {
    let object = Object::parse(data)?;
    let btf = object.btf();
    let calls = object.output_calls()?;
    let globals = globals(btf);
    let foreign = Foreign::of(&object);
    let mut notes = Vec::new();
    let guesses = events::guess(btf, &object.maps()?, &calls, &globals, &|ty| foreign.has(ty), &mut notes);
    let anchors = globals.iter().filter(|ty| !foreign.has_id(btf, **ty)).copied();
    let records = guesses.values().flatten().copied();
    let wanted: Vec<TypeId> = records.chain(anchors).collect();
    let seen = observe_types(witness, &object, &wanted)?;
    Ok((found(&object, seen, &guesses, &foreign)?, notes))
}

fn found<'a>(
    object: &Object<'a>,
    seen: Seen<'a>,
    guesses: &BTreeMap<String, Vec<TypeId>>,
    foreign: &Foreign<'a>,
) -> Result<Found<'a>, bpf_layout_btf::Error> {
    let btf = object.btf();
    let Seen { mut observed, ids, wanted } = seen;
    if object.gcc_version().is_some_and(|version| version <= GCC_REVERSES) {
        reverse_dimensions(&mut observed);
    }
    let contains = contains(btf);
    let hint = |(id, ty)| type_hint(btf, id, ty, foreign, &contains);
    let types = ids.iter().copied().zip(&observed.types).map(hint).collect();
    let by_id: BTreeMap<TypeId, usize> = ids.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let index_of = |id: &TypeId| by_id.get(&btf.resolve(*id).ok()?.id()).copied();
    let definitions = object.maps()?;
    let maps = definitions.iter().map(|map| MapHint {
        events: guesses.get(map.name).into_iter().flatten().filter_map(index_of).collect(),
        key: map.key.map(|key| spelling(btf, key)).unwrap_or_default(),
        value: map.value.map(|value| spelling(btf, value)).unwrap_or_default(),
        ..MapHint::default()
    });
    let maps = maps.collect();
    let mut seen = BTreeSet::new();
    let roots = wanted.into_iter().flatten().filter(|root| seen.insert(*root)).collect();
    Ok(Found { observed, types, maps, roots, numbers: Vec::new() })
}

/// Types of the kernel.
struct Foreign<'a> {
    /// Names of structs, unions and enums that the loader looks up in the kernel.
    relocated: BTreeSet<&'a str>,
}

impl<'a> Foreign<'a> {
    fn of(object: &Object<'a>) -> Self {
        let btf = object.btf();
        let types = object.relocated_types().iter().filter_map(|id| btf.resolve(*id).ok());
        let named = types.map(|ty| ty.name()).filter(|name| !name.is_empty());
        // A kernel's type may have variants that CO-RE tells by what follows three underscores.
        let relocated = named.map(|name| name.split("___").next().unwrap_or(name)).collect();
        Foreign { relocated }
    }

    fn has(&self, ty: &Type<'a>) -> bool {
        let name = ty.name().split("___").next().unwrap_or_default();
        let is_record = matches!(ty.kind(), Kind::Struct | Kind::Union);
        !name.is_empty()
            && (self.relocated.contains(name)
                || is_record && (foreign::is_uapi(name) || KernelField::from_name(name).is_some()))
    }

    fn has_id(&self, btf: &Btf<'a>, id: TypeId) -> bool {
        btf.resolve(id).is_ok_and(|ty| self.has(&ty))
    }
}

/// The structs, unions and enums that global variables are of, or arrays of, or that they point to: a pointer that nothing
/// uses is how programs keep the type of an event in their BTF.
fn globals(btf: &Btf<'_>) -> Vec<TypeId> {
    let sections = btf.types().filter(|ty| ty.kind() == Kind::Datasec && is_shared(ty.name()));
    let variables = sections.flat_map(|section| section.variables());
    let variables = variables.filter_map(|variable| btf.get(variable.var)).filter(|ty| ty.kind() == Kind::Var);
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for variable in variables.filter(|variable| !variable.name().starts_with(OWN_VARIABLES)) {
        let Some(ty) = innermost(btf, variable.target()) else { continue };
        let ty = if ty.kind() == Kind::Ptr { innermost(btf, ty.target()) } else { Some(ty) };
        let defined = ty.filter(|ty| matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64));
        let named = defined.filter(|ty| !ty.name().is_empty());
        found.extend(named.map(|ty| ty.id()).filter(|id| seen.insert(*id)));
    }
    found
}

fn is_shared(section: &str) -> bool {
    let shared = [".data", ".rodata", ".bss"];
    shared.iter().any(|prefix| section.starts_with(prefix)) && !PRIVATE_SECTIONS.contains(&section)
}

/// What a type is an array of, behind typedefs and qualifiers.
pub(crate) fn innermost<'a>(btf: &Btf<'a>, id: TypeId) -> Option<Type<'a>> {
    let mut current = id;
    for _ in 0..Btf::MAX_DEPTH {
        let ty = btf.resolve(current).ok()?;
        match ty.array() {
            Some(array) => current = array.element,
            None => return Some(ty),
        }
    }
    None
}

/// C names of struct and node of what a list or tree holds, by its record and its member.
type Contains<'a> = BTreeMap<(TypeId, u32), (&'a str, &'a str)>;

/// `contains:node_data:node`, the tags by which the kernel knows what lists and trees hold.
fn contains<'a>(btf: &Btf<'a>) -> Contains<'a> {
    let tags = btf.types().filter(|ty| ty.kind() == Kind::DeclTag);
    let read = |tag: Type<'a>| {
        let held = tag.name().strip_prefix("contains:")?.split_once(':')?;
        Some(((tag.target(), tag.component()?), held))
    };
    tags.filter_map(read).collect()
}

fn type_hint<'a>(
    btf: &Btf<'a>,
    id: TypeId,
    observed: &ObservedType<'a>,
    foreign: &Foreign<'a>,
    contains: &Contains<'a>,
) -> TypeHint<'a> {
    let Some(ty) = btf.get(id) else { return TypeHint::default() };
    let members = match observed {
        ObservedType::Record(_) => {
            let hints = (0..).zip(ty.members()).map(|(index, member)| MemberHint {
                spelling: spelling(btf, member.ty),
                contains: contains.get(&(id, index)).copied(),
                ..MemberHint::default()
            });
            hints.collect()
        }
        ObservedType::Enum(_) => Vec::new(),
    };
    TypeHint { foreign: foreign.has(&ty), members, ..TypeHint::default() }
}

/// How a type is spelled, as far as BTF says.
fn spelling<'a>(btf: &Btf<'a>, id: TypeId) -> Spelling<'a> {
    let Some(ty) = innermost(btf, id) else { return Spelling::default() };
    let char = ty.kind() == Kind::Int && ty.name() == "char";
    if ty.kind() != Kind::Ptr {
        return Spelling { char, ..Spelling::default() };
    }
    let kptr = kptr(btf, ty.target());
    Spelling { kptr, pointee: pointee(btf, ty.target()).map(Into::into), ..Spelling::default() }
}

/// How the kernel manages a pointer: type tags stand between it and what it points to (`btf_find_kptr` in
/// `kernel/bpf/btf.c`). `kptr` and `kptr_ref` have changed places with `kptr_untrusted` and `kptr` in Linux 6.4; what new
/// programs mean is taken.
fn kptr(btf: &Btf<'_>, target: TypeId) -> Option<KptrKind> {
    let mut current = target;
    for _ in 0..Btf::MAX_DEPTH {
        let ty = btf.get(current).filter(|ty| ty.kind().is_modifier())?;
        if ty.kind() == Kind::TypeTag {
            match ty.name() {
                "kptr" | "kptr_ref" => return Some(KptrKind::Referenced),
                "kptr_untrusted" => return Some(KptrKind::Untrusted),
                "percpu_kptr" => return Some(KptrKind::PerCpu),
                _ => {}
            }
        }
        current = ty.target();
    }
    None
}

/// What a pointer points to, as C names it.
fn pointee(btf: &Btf<'_>, target: TypeId) -> Option<String> {
    let ty = btf.resolve(target).ok()?;
    let word = match ty.kind() {
        Kind::Struct => "struct ",
        Kind::Union => "union ",
        Kind::Enum | Kind::Enum64 => "enum ",
        Kind::Fwd if ty.kind_flag() => "union ",
        Kind::Fwd => "struct ",
        Kind::Int => "",
        Kind::Void => return Some("void".to_owned()),
        _ => return None,
    };
    (!ty.name().is_empty()).then(|| format!("{word}{}", ty.name()))
}

/// Puts the dimensions of arrays into the order that C has.
fn reverse_dimensions(observed: &mut bpf_layout_spec::compare::Observed<'_>) {
    use bpf_layout_spec::compare::Shape;
    let reversed = |shape: &Shape| {
        let (mut inner, mut lengths) = (shape, Vec::new());
        while let Shape::Array(element, len) = inner {
            lengths.push(*len);
            inner = element;
        }
        lengths.into_iter().fold(inner.clone(), |element, len| Shape::Array(Box::new(element), len))
    };
    for ty in &mut observed.types {
        if let ObservedType::Record(record) = ty {
            record.members.iter_mut().for_each(|member| member.shape = reversed(&member.shape));
        }
    }
    for map in &mut observed.maps {
        for part in [&mut map.key, &mut map.value].into_iter().flatten() {
            part.shape = part.shape.as_ref().map(reversed);
        }
    }
}

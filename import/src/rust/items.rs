//! The items of a file: what they declare.

use std::collections::{HashMap, HashSet};

use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, ImplItem, Item, ReturnType, Type, UseTree};

use super::{
    bindgen,
    declared::{Bits, Declared, EnumValue, Field, Kind, snake},
    doc, name_of,
    numbers::Numbers,
    repr::Repr,
    written::{Written, qualified},
};

/// Modules in one another, deeper than this, are left out.
const MAX_MODULES: usize = 8;

/// Items in the order of the file.
#[derive(Default)]
pub(super) struct Items<'i> {
    by_bindgen: bool,
    types: Vec<Ty<'i>>,
    pub(super) constants: Vec<Constant<'i>>,
    /// Bitfields that functions of a type read, by its name and that of their unit.
    bits: HashMap<(String, String), Vec<Bits>>,
}

/// An item that declares a type.
struct Ty<'i> {
    ident: String,
    doc: Option<String>,
    what: What<'i>,
}

enum What<'i> {
    Record { union: bool, repr: Repr, fields: Fields },
    Enum { repr: Written, item: &'i syn::ItemEnum },
    Alias(Written),
}

/// A constant.
pub(super) struct Constant<'i> {
    pub(super) name: String,
    /// Its type, if that has a name.
    pub(super) ty: Option<String>,
    /// The type whose `impl` it stands in.
    pub(super) owner: Option<String>,
    pub(super) expr: &'i Expr,
    pub(super) doc: Option<String>,
    /// How many types stand before it.
    pub(super) types_before: usize,
}

impl<'i> Items<'i> {
    pub(super) fn of(items: &'i [Item], by_bindgen: bool) -> Self {
        let mut all = Items { by_bindgen, ..Items::default() };
        all.add(items, None, 0);
        all
    }

    fn add(&mut self, items: &'i [Item], module: Option<&str>, depth: usize) {
        for item in items {
            match item {
                Item::Const(item) => self.constant(name_of(&item.ident), &item.ty, &item.expr, &item.attrs, module),
                Item::Type(item) if item.generics.params.is_empty() => {
                    let ident = in_module(module, &name_of(&item.ident));
                    self.alias(ident, Written::of(&item.ty), &item.attrs);
                }
                Item::Use(item) => self.renamed(&item.tree),
                Item::Struct(item) if item.generics.params.is_empty() => {
                    let repr = Repr::of(&item.attrs);
                    let ident = name_of(&item.ident);
                    if repr.transparent {
                        let held = item.fields.iter().next().map(|field| Written::of(&field.ty));
                        held.into_iter().for_each(|held| self.alias(ident.clone(), held, &item.attrs));
                    } else {
                        self.record(ident, false, repr, item.fields.clone(), &item.attrs);
                    }
                }
                Item::Union(item) if item.generics.params.is_empty() => {
                    let (ident, fields) = (name_of(&item.ident), Fields::Named(item.fields.clone()));
                    self.record(ident, true, Repr::of(&item.attrs), fields, &item.attrs);
                }
                Item::Enum(item) if item.generics.params.is_empty() => {
                    if let Some(repr) = Repr::of(&item.attrs).of_enum() {
                        let what = What::Enum { repr, item };
                        self.types.push(Ty { ident: name_of(&item.ident), doc: doc(&item.attrs), what });
                    }
                }
                Item::Impl(item) if item.trait_.is_none() => self.functions(item),
                Item::Mod(item) if depth < MAX_MODULES => {
                    if let Some((_, items)) = &item.content {
                        self.add(items, Some(&name_of(&item.ident)), depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn alias(&mut self, ident: String, of: Written, attributes: &[Attribute]) {
        self.types.push(Ty { ident, doc: doc(attributes), what: What::Alias(of) });
    }

    fn record(&mut self, ident: String, union: bool, repr: Repr, fields: Fields, attributes: &[Attribute]) {
        if repr.c {
            self.types.push(Ty { ident, doc: doc(attributes), what: What::Record { union, repr, fields } });
        }
    }

    fn constant(&mut self, name: String, ty: &Type, expr: &'i Expr, attributes: &[Attribute], module: Option<&str>) {
        let ty = match Written::of(ty) {
            Written::Named(ty) => Some(in_module(module, &ty)),
            _ => None,
        };
        let types_before = self.types.len();
        self.constants.push(Constant { name, ty, owner: None, expr, doc: doc(attributes), types_before });
    }

    /// `use self::op as op_t`, in each of a tree.
    fn renamed(&mut self, tree: &UseTree) {
        let mut path = Vec::new();
        let mut tree = tree;
        while let UseTree::Path(inner) = tree {
            path.push(&inner.ident);
            tree = &inner.tree;
        }
        if let UseTree::Rename(rename) = tree {
            let of = qualified(path.into_iter().chain([&rename.ident]));
            self.alias(name_of(&rename.rename), Written::Named(of), &[]);
        }
    }

    /// Constants of a type, and the functions that read its bitfields.
    fn functions(&mut self, item: &'i syn::ItemImpl) {
        let Written::Named(owner) = Written::of(&item.self_ty) else { return };
        for part in &item.items {
            match part {
                ImplItem::Const(part) => {
                    self.constant(name_of(&part.ident), &part.ty, &part.expr, &part.attrs, None);
                    let constant = self.constants.last_mut();
                    constant.into_iter().for_each(|constant| constant.owner = Some(owner.clone()));
                }
                ImplItem::Fn(function) => {
                    let ReturnType::Type(_, ty) = &function.sig.output else { continue };
                    let Some((unit, offset, width)) = bindgen::bits_read(function) else { continue };
                    let bits = Bits {
                        name: bindgen::c_name(&name_of(&function.sig.ident)),
                        offset,
                        width,
                        ty: Written::of(ty),
                        text: ty.to_token_stream().to_string(),
                        doc: doc(&function.attrs),
                    };
                    self.bits.entry((owner.clone(), unit)).or_default().push(bits);
                }
                _ => {}
            }
        }
    }

    /// What the items declare, and what their constants come to.
    pub(super) fn declared(mut self) -> (Vec<Declared>, Numbers) {
        let mut of_enums = self.of_enums();
        let mut numbers = Numbers::default();
        let taken: HashSet<usize> = of_enums.values().flat_map(|values| &values.constants).copied().collect();
        for (index, constant) in self.constants.iter().enumerate() {
            if constant.owner.is_none() && !taken.contains(&index) {
                numbers.add(&constant.name, &number_text(constant.expr), constant.doc.clone());
            }
        }
        let types = std::mem::take(&mut self.types);
        let declared = types.into_iter().filter_map(|Ty { ident, doc, what }| {
            let name = if self.by_bindgen { bindgen::tag(&ident) } else { snake(&ident) };
            let constants = of_enums.remove(&ident);
            let kind = match what {
                What::Record { union, repr, fields } => self.record_of(&ident, union, &repr, &fields),
                What::Enum { repr, item } => {
                    let variants = self.variants(item, &numbers)?;
                    Kind::Enum { repr, values: self.values(&ident, variants, constants.as_ref(), &numbers)? }
                }
                What::Alias(held) => match constants {
                    Some(constants) => {
                        let values = self.values(&ident, Vec::new(), Some(&constants), &numbers)?;
                        Kind::Enum { repr: held, values }
                    }
                    None => Kind::Alias(held),
                },
            };
            Some(Declared { ident, name, doc, kind })
        });
        (declared.collect(), numbers)
    }

    /// The constants that are values of enums, by the names of these. bindgen makes constants of all values, unless it is asked
    /// for enums of Rust; those, and enums that somebody has written, have constants for a second name of a value.
    fn of_enums(&self) -> HashMap<String, Values> {
        let mut places = HashMap::new();
        for (place, ty) in self.types.iter().enumerate() {
            let may = matches!(ty.what, What::Enum { .. }) || self.by_bindgen && matches!(ty.what, What::Alias(_));
            if may && !bindgen::is_unnamed_everywhere(&ty.ident) {
                places.insert(ty.ident.as_str(), (place, matches!(ty.what, What::Alias(_))));
            }
        }
        let mut values: HashMap<String, Values> = HashMap::new();
        // Sorted by kinds, all types stand before all constants; otherwise an enum's constants stand before it.
        let stands_before = |constant: &Constant<'_>, ty: &str| {
            places.get(ty).is_some_and(|(place, alias)| *alias && constant.types_before <= *place)
        };
        let sorted = !self.constants.iter().any(|constant| {
            constant.owner.is_none() && constant.ty.as_deref().is_some_and(|ty| stands_before(constant, ty))
        });
        for (index, constant) in self.constants.iter().enumerate() {
            let Some(ty) = constant.ty.as_deref() else { continue };
            let ty = if ty == "Self" { constant.owner.as_deref().unwrap_or(ty) } else { ty };
            let Some((_, alias)) = places.get(ty) else { continue };
            let is_value = match &constant.owner {
                Some(owner) => owner == ty,
                None if !alias => false,
                None if ty.ends_with("::Type") => true,
                None if sorted => constant.name.starts_with(&bindgen::prefix(ty)),
                None => stands_before(constant, ty),
            };
            if is_value {
                values.entry(ty.to_owned()).or_default().constants.push(index);
            }
        }
        let global = |values: &Values| values.constants.iter().all(|index| self.constants[*index].owner.is_none());
        let has_prefix = |(ty, values): (&String, &Values)| {
            let prefix = bindgen::prefix(ty);
            values.constants.iter().all(|index| self.constants[*index].name.starts_with(&prefix))
        };
        // Whether bindgen puts the name of an enum before those of its values, it is told once for all.
        let prefixed = values.iter().filter(|(ty, values)| global(values) && !ty.ends_with("::Type")).all(has_prefix);
        values.iter_mut().for_each(|(_, values)| values.prefixed = prefixed && global(values));
        values
    }

    fn record_of(&self, ident: &str, union: bool, repr: &Repr, fields: &Fields) -> Kind {
        let fields = fields.iter().enumerate().map(|(index, field)| {
            let name = field.ident.as_ref().map_or_else(|| format!("field{index}"), name_of);
            let bits = self.bits.get(&(ident.to_owned(), name.clone())).cloned().unwrap_or_default();
            Field {
                name: if self.by_bindgen { bindgen::c_name(&name) } else { name },
                ty: Written::of(&field.ty),
                text: field.ty.to_token_stream().to_string(),
                doc: doc(&field.attrs),
                bits,
            }
        });
        Kind::Record { union, packed: repr.packed, align: repr.align, fields: fields.collect() }
    }

    /// The variants of an enum without fields, each with its name in Rust. `None` if it has fields, or a value that is not known.
    fn variants(&self, item: &syn::ItemEnum, numbers: &Numbers) -> Option<Vec<(String, EnumValue)>> {
        let mut next = 0i128;
        let mut values = Vec::new();
        for variant in &item.variants {
            if !matches!(variant.fields, Fields::Unit) {
                return None;
            }
            if let Some((_, expr)) = &variant.discriminant {
                next = numbers.value(&expr.to_token_stream().to_string())?;
            }
            let ident = name_of(&variant.ident);
            let name =
                if self.by_bindgen { bindgen::c_name(&ident) } else { constant_name(&name_of(&item.ident), &ident) };
            values.push((ident, EnumValue { name, value: next, doc: doc(&variant.attrs) }));
            next = next.checked_add(1)?;
        }
        Some(values)
    }

    /// Values of an enum: its variants, and then the constants that are of it. `None` if one of these is not known.
    fn values(
        &self,
        ident: &str,
        variants: Vec<(String, EnumValue)>,
        constants: Option<&Values>,
        numbers: &Numbers,
    ) -> Option<Vec<EnumValue>> {
        let rust = !variants.is_empty();
        let mut known = variants;
        for index in constants.iter().flat_map(|values| &values.constants) {
            let Constant { name, expr, doc, .. } = &self.constants[*index];
            let of_variant = |name: &str| known.iter().find(|(own, _)| own == name).map(|(_, known)| known.value);
            let value = match expr {
                Expr::Path(path) if path.path.segments.len() == 2 => {
                    of_variant(&name_of(&path.path.segments.last()?.ident))
                }
                expr => numbers.value(&number_text(expr)),
            };
            let Some(value) = value else { if rust { continue } else { return None } };
            let prefix = bindgen::prefix(ident);
            let own =
                constants.filter(|values| values.prefixed).and_then(|_| name.strip_prefix(&prefix)).unwrap_or(name);
            let in_c = if self.by_bindgen { bindgen::c_name(own) } else { constant_name(ident, own) };
            known.push((name.clone(), EnumValue { name: in_c, value, doc: doc.clone() }));
        }
        Some(known.into_iter().map(|(_, value)| value).collect())
    }
}

/// Constants that are values of one enum.
#[derive(Default)]
struct Values {
    /// Their indices.
    constants: Vec<usize>,
    /// Whether their names begin with that of the enum, which those of C do not.
    prefixed: bool,
}

/// `Type` in a module is one of many, and known by the name of the module.
fn in_module(module: Option<&str>, name: &str) -> String {
    match module {
        Some(module) if name == "Type" => format!("{module}::{name}"),
        _ => name.to_owned(),
    }
}

/// What C calls a variant: `OP_OPEN` for `Op::Open`.
fn constant_name(ident: &str, variant: &str) -> String {
    snake(&format!("{ident}_{variant}")).to_ascii_uppercase()
}

/// An expression, or what a struct of one number is made of: `op(1)`.
fn number_text(expr: &Expr) -> String {
    match expr {
        Expr::Call(call) if call.args.len() == 1 => call.args[0].to_token_stream().to_string(),
        expr => expr.to_token_stream().to_string(),
    }
}

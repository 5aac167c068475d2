//! Type expressions to resolved types: scalars, kernel fields, aliases and definitions.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    constants::{Constants, Origin, Scope, wrong_diagnostic},
    duplicate,
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    expr::Node,
    foreign, intern,
    kernel::{KERNEL_FIELDS, KernelField, KptrKind},
    model::{Count, Expr, Type, TypeId, Variable, VariableKind},
    scalar::{SCALARS, Scalar},
    source::{FileId, Span},
    spec::{AliasDef, Definition, Spec, Text},
    suggest,
    ty::{self, Base, MAX_DIMENSIONS, TypeExpr},
};

/// After so many unknown types no more suggestions are looked for, so that errors stay cheap.
const MAX_SUGGESTIONS: usize = 50;

/// What an alias stands for.
#[derive(Clone, Debug)]
enum Alias {
    Waiting,
    /// `None` if it stands for nothing, which has been reported.
    Done(Option<Type>),
}

/// The names of types. A definition's [`TypeId`] is, until the model is ordered, its index in [`Spec::types`].
pub(super) struct Types<'a> {
    spec: &'a Spec,
    by_name: FxHashMap<&'a str, usize>,
    aliases: FxHashMap<usize, Alias>,
    used_aliases: FxHashSet<usize>,
    /// Lengths whose interned strings a type holds.
    used_interns: FxHashSet<&'a str>,
    suggested: usize,
    /// What fields are of, by the text that says so: most are of what another is of.
    of_fields: FxHashMap<&'a str, Type>,
}

/// What resolving a type needs besides the names of types.
pub(super) struct Resolve<'r, 'a> {
    pub(super) constants: &'r mut Constants<'a>,
    pub(super) cx: &'r mut Diagnostics,
}

impl<'a> Types<'a> {
    /// Declares every definition, and finds what each alias stands for.
    pub(super) fn declare(spec: &'a Spec, constants: &mut Constants<'a>, cx: &mut Diagnostics) -> Self {
        let mut types = Types {
            spec,
            by_name: FxHashMap::default(),
            aliases: FxHashMap::default(),
            used_aliases: FxHashSet::default(),
            used_interns: FxHashSet::default(),
            suggested: 0,
            of_fields: FxHashMap::default(),
        };
        for (index, definition) in spec.types.iter().enumerate() {
            types.declare_one(index, definition, cx);
        }
        for (index, definition) in spec.types.iter().enumerate() {
            if matches!(definition, Definition::Alias(_)) {
                types.resolve_alias(index, &mut Resolve { constants, cx });
            }
        }
        types
    }

    fn declare_one(&mut self, index: usize, definition: &'a Definition, cx: &mut Diagnostics) {
        let name = definition.name();
        if matches!(definition, Definition::Alias(_)) {
            self.aliases.insert(index, Alias::Waiting);
        }
        if is_builtin(&name.value) {
            let message = format!("`{}` is a type of the language", name.value);
            let label = format!("this {} needs another name", definition.what());
            cx.push(Diagnostic::new(Code::ReservedName, message, name.span, label));
            return;
        }
        if !super::check_name(name, cx) {
            return;
        }
        if let Some(&first) = self.by_name.get(name.value.as_str()) {
            let first = &self.spec.types[first];
            let mut twice = duplicate("type", name, first.name().span);
            for of in [definition, first].map(|definition| definition.name().span) {
                if let Some(def) = self.spec.interns.iter().find(|def| def.name.span == of) {
                    let length = &def.name.value;
                    twice =
                        twice.note(format!("`[intern.{length}]` defines what C and Rust need for `intern[{length}]`"));
                }
            }
            let (this, that) = (definition.what(), first.what());
            let note = format!("a type's name stands alone where it is used, so {this} and {that} share one namespace");
            cx.push(if this == that { twice } else { twice.note(note) });
            return;
        }
        self.by_name.insert(&name.value, index);
    }

    /// The definition of this name, aliases included.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &'a Definition)> {
        self.by_name.get(name).map(|&index| (index, &self.spec.types[index]))
    }

    /// Whether this definition owns its name: it has a valid one, and it is the first to have it.
    pub(super) fn owns_name(&self, index: usize) -> bool {
        self.by_name.get(self.spec.types[index].name().value.as_str()) == Some(&index)
    }

    /// Warns of aliases that nothing uses: no output has anything of them; and of dictionaries, which cost memory. Only of
    /// those in the first file: what is included is shared with others. Says nothing beside errors: what is wrong may have
    /// been the use.
    pub(super) fn warn_unused(&self, cx: &mut Diagnostics) {
        if cx.has_errors() {
            return;
        }
        for index in 0..self.spec.types.len() {
            let Some(alias) = self.alias_def(index).filter(|_| !self.used_aliases.contains(&index)) else { continue };
            if alias.name.span.file == FileId(0) {
                let message = format!("the alias `{}` is used nowhere", alias.name.value);
                cx.push(
                    Diagnostic::new(Code::Unused, message, alias.name.span, "defined here")
                        .help("write it where its type stands, or remove it"),
                );
            }
        }
        for name in self.spec.interns.iter().map(|def| &def.name) {
            if name.span.file == FileId(0) && !self.used_interns.contains(name.value.as_str()) {
                let message = format!("no field is of the type `intern[{}]`", name.value);
                cx.push(
                    Diagnostic::new(Code::Unused, message, name.span, "its dictionary costs memory")
                        .help(format!("write `intern[{}]` where long strings repeat, or remove this", name.value)),
                );
            }
        }
    }

    fn alias_def(&self, index: usize) -> Option<&'a AliasDef> {
        match &self.spec.types[index] {
            Definition::Alias(def) => Some(def),
            _ => None,
        }
    }

    /// Finds what an alias stands for: follows the chain of aliases to its end, then resolves from the end. A chain may
    /// be as long as the file, so nothing here recurses along it.
    fn resolve_alias(&mut self, start: usize, with: &mut Resolve<'_, 'a>) {
        let mut chain: Vec<(usize, Option<TypeExpr<'a>>)> = Vec::new();
        let mut on_chain = FxHashMap::default();
        let mut next = Some(start);
        while let Some(index) = next {
            if !matches!(self.aliases.get(&index), Some(Alias::Waiting)) {
                break;
            }
            if let Some(&first) = on_chain.get(&index) {
                let names: Vec<usize> = chain[first..].iter().map(|(index, _)| *index).collect();
                self.report_alias_cycle(&names, with.cx);
                for index in names {
                    self.aliases.insert(index, Alias::Done(None));
                }
                break;
            }
            on_chain.insert(index, chain.len());
            let expr = self.alias_def(index).and_then(|def| def.ty.as_ref()).and_then(|text| parse(text, with.cx));
            next = match &expr {
                Some(TypeExpr { base: Base::Name(name), .. }) => self.by_name.get(name).copied(),
                _ => None,
            };
            chain.push((index, expr));
        }
        while let Some((index, expr)) = chain.pop() {
            if matches!(self.aliases.get(&index), Some(Alias::Done(_))) {
                continue;
            }
            let text = self.alias_def(index).and_then(|def| def.ty.as_ref());
            let ty = text.zip(expr).and_then(|(text, expr)| self.resolve_expr(text, &expr, with));
            self.aliases.insert(index, Alias::Done(ty));
        }
    }

    fn report_alias_cycle(&self, circle: &[usize], cx: &mut Diagnostics) {
        let Some(def) = circle.first().and_then(|&first| self.alias_def(first)) else { return };
        let name = &def.name.value;
        let mut shown: Vec<String> =
            circle.iter().take(10).map(|&index| format!("`{}`", self.spec.types[index].name().value)).collect();
        shown.push(format!("`{name}`"));
        let span = def.ty.as_ref().map_or(def.name.span, |text| text.span);
        cx.push(
            Diagnostic::new(Code::Recursion, format!("the alias `{name}` stands for itself"), span, "part of a circle")
                .note(shown.join(" is "))
                .help("let one of them name another type"),
        );
    }

    /// The type that a text names; `None` if there is none, which has been reported.
    pub(super) fn resolve(&mut self, text: &Text, with: &mut Resolve<'_, 'a>) -> Option<Type> {
        let expr = parse(text, with.cx)?;
        self.resolve_expr(text, &expr, with)
    }

    /// The type of a field, which may be an [array of no length](Type::is_open).
    pub(super) fn resolve_field(&mut self, text: &'a Text, with: &mut Resolve<'_, 'a>) -> Option<Type> {
        if let Some(known) = self.of_fields.get(text.value.as_str()) {
            return Some(known.clone());
        }
        let ty = self.resolve_new_field(text, with)?;
        self.of_fields.insert(&text.value, ty.clone());
        Some(ty)
    }

    fn resolve_new_field(&mut self, text: &Text, with: &mut Resolve<'_, 'a>) -> Option<Type> {
        let expr = parse(text, with.cx)?;
        let open = expr.open.is_some();
        let element = self.resolve_expr(text, &TypeExpr { open: None, ..expr }, with)?;
        if !open {
            return Some(element);
        }
        Some(Type::Array(Box::new(element), Count { value: 0, expr: Expr::Literal(0) }))
    }

    fn resolve_expr(&mut self, text: &Text, expr: &TypeExpr<'_>, with: &mut Resolve<'_, 'a>) -> Option<Type> {
        if let Some(open) = &expr.open {
            let at = text.at(open.clone());
            let wrong = Diagnostic::new(Code::ZeroLength, "an array of no length has no bytes", at, "of how many?");
            with.cx.push(wrong.help("write `T[N]`: only a field can be `T[]`, and stand for what follows its record"));
            return None;
        }
        let length = |node: &Node, with: &mut Resolve<'_, 'a>| length(text, node, with);
        let base = match &expr.base {
            Base::Name(name) => self.resolve_name(name, text, text.at(expr.at.clone()), with.cx),
            Base::Str(node) => length(node, with).map(Type::Str),
            Base::Bytes(node) => length(node, with).map(Type::Bytes),
            Base::UpToStr(node) => up_to(VariableKind::Str, length(node, with)),
            Base::UpToBytes(node) => up_to(VariableKind::Bytes, length(node, with)),
            Base::UpToStrs(each, several) => {
                let each = length(each, with);
                length(several, with).and_then(|several| up_to(VariableKind::Strs(several), each))
            }
            Base::Kptr(kind, target) => Some(Type::Kptr(*kind, (*target).to_owned())),
            Base::Intern(length, at) => self.resolve_intern(length, text.at(at.clone()), with.cx),
        };
        // Every dimension is looked at, also if the base is wrong.
        let dimensions: Vec<Option<Count>> = expr.dimensions.iter().map(|node| length(node, with)).collect();
        let mut ty = base?;
        for count in dimensions.into_iter().rev() {
            ty = Type::Array(Box::new(ty), count?);
        }
        if depth(&ty) > MAX_DIMENSIONS {
            let message = format!("the array has more than {MAX_DIMENSIONS} dimensions, aliases included");
            with.cx
                .push(Diagnostic::new(Code::TooLarge, message, text.span, "").help("put the inner ones into a struct"));
            return None;
        }
        Some(ty)
    }

    fn resolve_name(&mut self, name: &str, text: &Text, at: Span, cx: &mut Diagnostics) -> Option<Type> {
        if let Some(scalar) = Scalar::from_name(name) {
            return Some(Type::Scalar(scalar));
        }
        if let Some(field) = KernelField::from_name(name) {
            return Some(Type::Kernel(field));
        }
        let Some(&index) = self.by_name.get(name) else {
            let unknown = self.unknown_type(name, text, at);
            cx.push(unknown);
            return None;
        };
        match self.aliases.get(&index) {
            Some(Alias::Done(ty)) => {
                self.used_aliases.insert(index);
                ty.clone()
            }
            Some(Alias::Waiting) => None,
            None => Some(Type::Def(provisional(index))),
        }
    }

    /// The id of a string of this length. `None` without a message if something is wrong with its dictionary.
    fn resolve_intern(&mut self, length: &str, at: Span, cx: &mut Diagnostics) -> Option<Type> {
        let defs = &self.spec.interns;
        let Some(def) = defs.iter().find(|def| def.name.value == length) else {
            let message = format!("there is no dictionary for strings of the length `{length}`");
            let unknown = Diagnostic::new(Code::UnknownName, message, at, "not defined");
            let near = suggest::nearest(length, defs.iter().map(|def| def.name.value.as_str()));
            cx.push(match near {
                Some(near) => unknown.help(format!("did you mean `intern[{near}]`?")),
                None => unknown.help(format!(
                    "write `[intern.{length}]`, and in it how many different strings it holds: `max_entries = 4096`"
                )),
            });
            return None;
        };
        if !def.sound {
            return None;
        }
        self.used_interns.insert(&def.name.value);
        let name = intern::Parts::of(&def.name.value).id;
        let &index = self.by_name.get(name.as_str())?;
        Some(Type::Def(provisional(index)))
    }

    fn unknown_type(&mut self, name: &str, text: &Text, at: Span) -> Diagnostic {
        let unknown = Diagnostic::new(Code::UnknownType, format!("there is no type `{name}`"), at, "not defined");
        if let Some(instead) = foreign::instead_of(name) {
            return unknown.help(format!("write {instead}"));
        }
        if self.suggested >= MAX_SUGGESTIONS {
            return unknown;
        }
        self.suggested += 1;
        let defined = self.spec.types.iter().map(|definition| definition.name().value.as_str());
        match suggest::nearest(name, builtins().chain(defined)) {
            Some(near) => unknown.help(format!("did you mean `{}`?", text.value.replacen(name, near, 1))),
            None => unknown.help(format!(
                "define it as `[struct.{name}]`, `[enum.{name}]` or, if a C header has it, as `[extern.{name}]`"
            )),
        }
    }
}

/// The id of a definition until the model is ordered.
pub(super) fn provisional(index: usize) -> TypeId {
    TypeId(u32::try_from(index).unwrap_or(u32::MAX))
}

fn parse<'t>(text: &'t Text, cx: &mut Diagnostics) -> Option<TypeExpr<'t>> {
    ty::parse(&text.value).map_err(|wrong| cx.push(wrong_diagnostic(text, wrong, Code::TypeSyntax))).ok()
}

fn length(text: &Text, node: &Node, with: &mut Resolve<'_, '_>) -> Option<Count> {
    let (value, expr) = with.constants.evaluate(node, Origin::Text(text), Scope::Lengths, with.cx)?;
    if value == 0 {
        let span = text.at(node.at.clone());
        with.cx.push(
            Diagnostic::new(Code::ZeroLength, "a length is zero", span, "must be at least 1")
                .help("if it stands for what follows the record in memory, write `T[]`"),
        );
        return None;
    }
    Some(Count { value, expr })
}

fn up_to(kind: VariableKind, limit: Option<Count>) -> Option<Type> {
    limit.map(|limit| Type::Variable(Variable { kind, limit }.into()))
}

fn depth(ty: &Type) -> usize {
    let (mut ty, mut depth) = (ty, 0);
    while let Type::Array(element, _) = ty {
        (ty, depth) = (element, depth + 1);
    }
    depth
}

/// What stands before an array's dimensions.
pub(super) fn element(ty: &Type) -> &Type {
    let mut ty = ty;
    while let Type::Array(element, _) = ty {
        ty = element;
    }
    ty
}

fn builtins<'n>() -> impl Iterator<Item = &'n str> {
    SCALARS
        .iter()
        .map(|info| info.name)
        .chain(["str", "bytes", "intern"])
        .chain(KERNEL_FIELDS.iter().map(|info| info.name))
        .chain([KptrKind::Referenced, KptrKind::Untrusted, KptrKind::PerCpu].map(KptrKind::name))
}

fn is_builtin(name: &str) -> bool {
    builtins().any(|builtin| builtin == name)
}

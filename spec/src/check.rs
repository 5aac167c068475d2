//! Stage 2: [`Spec`] to [`Model`]. Names are resolved, values computed, and every rule that needs no layout is checked.
//!
//! | rules | where |
//! | --- | --- |
//! | names are identifiers, not reserved, defined once | here, `names.rs` |
//! | names that C already has, in `c` | `c_names.rs` |
//! | names that become one in C or Rust | `clashes.rs` |
//! | lengths, capacities, expressions: syntax, names, circles, zero, overflow | `constants.rs` |
//! | types: syntax, names, lengths, aliases, unused aliases | `types.rs` |
//! | enums, flags, extern types | `enums.rs` |
//! | fields: names, bitfields, offsets, alignments | `records.rs` |
//! | tags and what they select | `tags.rs` |
//! | a type that contains itself | `order.rs` |
//! | the kernel's own fields | `placement.rs` |
//! | fields of variable length, and events that have some | `variable.rs` |
//! | maps: parts, events | `maps.rs` |
//! | maps: numbers of entries, flags, maps of maps | `map_entries.rs`, `map_flags.rs`, `map_inner.rs` |
//! | groups of maps | `groups.rs` |
//! | what is outside | `outside.rs` |
//! | dictionaries of interned strings | `crate::intern`, `interns.rs` |
//! | profiles | `profiles.rs` |
//! | `version`, `since`, what is reserved | `versions.rs` |
//! | `[[allow]]` | `allow.rs` |
//! | sizes of keys, values and compact events, tags of events in one buffer (after the layout) | `limits.rs` |
//!
//! Every rule records what it finds and goes on. What an earlier rule could not trust is `None` to later ones, which
//! then say nothing about it.

mod allow;
mod c_names;
mod clashes;
mod constants;
mod enums;
mod few;
mod groups;
mod interns;
mod limits;
mod map_entries;
mod map_flags;
mod map_inner;
mod map_wakeup;
mod maps;
mod order;
mod outside;
mod placement;
mod profiles;
mod records;
mod tags;
mod types;
mod variable;
mod versions;

use std::path::Path;

pub(crate) use limits::check_limits;

use self::{constants::Constants, maps::Maps, records::Records, types::Types};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Budget, Model, TypeDef},
    names::{self, BadName},
    source::Span,
    spec::{At, Definition, ProfileDef, Spec},
};

/// Checks a spec under a profile, all but [`check_clashes`]. A [`Model`] comes out only if nothing is wrong; what is, is in
/// `cx`.
pub(crate) fn check(spec: &Spec, path: &Path, profile: Option<&str>, cx: &mut Diagnostics) -> Option<Model> {
    let applied = profiles::select(spec, profile, cx);
    let mut constants = Constants::compute(spec, applied, cx);
    profiles::check_all(spec, &mut constants, cx);
    profiles::check_unapplied_maps(spec, applied, cx);
    let budget = check_budgets(spec, &mut constants, cx);
    let version = versions::check_versions(spec, cx);
    let allow = allow::check_allows(spec, cx);
    let mut types = Types::declare(spec, &mut constants, cx);
    let defs = define(spec, &mut types, &mut constants, applied, cx);
    let ordered = order::order(defs, spec.types.len(), cx);
    let ids = ordered.as_ref().map(|ordered| ordered.ids.as_slice());
    let maps = Maps { spec, types: &mut types, constants: &mut constants, profile: applied, cx, ids }.check();
    let groups = groups::check_groups(spec, &maps, &mut constants, cx);
    types.warn_unused(cx);
    let constants = constants.into_model();
    let types = ordered?.types;
    placement::check_placement(&types, &maps, cx);
    variable::check_variable(&types, &maps, cx);
    let interns = interns::find(spec, &types, &maps);
    let outside = outside::check_outside(spec, &types, &maps, cx);
    if cx.has_errors() {
        // There will be no model, and names still have to be looked at.
        clashes::check_clashes(constants.as_deref().unwrap_or_default(), &types, &maps, &interns, cx);
        return None;
    }
    Some(Model {
        spec_name: file_name(path.file_name()),
        stem: file_name(path.file_stem()),
        version: version?,
        profile: applied.map(|profile| profile.name.value.clone()),
        profiles: spec.profiles.iter().map(|profile| profile.name.value.clone()).collect(),
        constants: constants?,
        types,
        maps,
        budget,
        groups,
        outside,
        allow,
        interns,
    })
}

/// Names of a model that become one in C or in Rust.
pub(crate) fn check_clashes(model: &Model, cx: &mut Diagnostics) {
    clashes::check_clashes(&model.constants, &model.types, &model.maps, &model.interns, cx);
}

fn file_name(name: Option<&std::ffi::OsStr>) -> String {
    name.map_or_else(|| "layouts".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Checks every definition. The results stand at the definition's index; unnamed members follow. `None` is an alias, or
/// what was wrong.
fn define<'a>(
    spec: &'a Spec,
    types: &mut Types<'a>,
    constants: &mut Constants<'a>,
    profile: Option<&ProfileDef>,
    cx: &mut Diagnostics,
) -> Vec<Option<TypeDef>> {
    let mut defs: Vec<Option<TypeDef>> = Vec::with_capacity(spec.types.len());
    for definition in &spec.types {
        defs.push(match definition {
            Definition::Enum(def) => enums::check_enum(def, constants, cx).map(TypeDef::Enum),
            Definition::Flags(def) => enums::check_flags(def, constants, cx).map(TypeDef::Flags),
            Definition::Extern(def) => enums::check_extern(def, constants, cx).map(TypeDef::Extern),
            Definition::Alias(_) | Definition::Record(_) => None,
        });
    }
    let mut records = Records::new(types, constants, &mut defs, profile, cx);
    for (index, def) in records::records(&spec.types) {
        records.check(index, def);
    }
    let checked = std::mem::take(&mut records.checked);
    let complete = records::records(&spec.types).all(|(index, _)| defs[index].is_some());
    tags::check_tags(&checked, complete, &mut defs, cx);
    placement::check_contains(&checked, &mut defs, types, cx);
    for (index, def) in defs.iter_mut().enumerate().take(spec.types.len()) {
        if !types.owns_name(index) {
            *def = None;
        }
    }
    defs
}

/// `[budget]` stands once, and its numbers are numbers.
fn check_budgets<'a>(spec: &'a Spec, constants: &mut Constants<'a>, cx: &mut Diagnostics) -> Option<Budget> {
    let mut checked = None;
    for budget in &spec.budgets {
        let total = budget.total.as_ref().and_then(|total| constants.count(total, constants::Scope::All, cx));
        if let Some(cpus) = budget.cpus.as_ref().filter(|cpus| !(1..=8192).contains(&cpus.value)) {
            let message = format!("`cpus` cannot be {}", cpus.value);
            cx.push(
                Diagnostic::new(
                    Code::InvalidValue,
                    message,
                    cpus.span,
                    "expected 1 to 8192, the most that Linux can be built for",
                )
                .help("write how many CPUs the largest machine can have"),
            );
        }
        checked = Some(Budget {
            total: total.map(|total| total.value),
            cpus: budget.cpus.as_ref().and_then(|cpus| u32::try_from(cpus.value).ok()),
            span: budget.span,
        });
    }
    if let [first, second, ..] = spec.budgets.as_slice() {
        cx.push(
            Diagnostic::new(Code::DuplicateName, "`[budget]` is defined twice", second.span, "defined again")
                .also(first.span, "first defined here")
                .help("keep the one of the spec that is built"),
        );
    }
    checked
}

/// Whether a name is an identifier that users may define; if not, that has been reported.
fn check_name(name: &At<String>, cx: &mut Diagnostics) -> bool {
    let (code, message, help) = match names::check_identifier(&name.value) {
        Ok(()) => return true,
        Err(BadName::Invalid { message, help }) => (Code::InvalidName, message, help),
        Err(BadName::Reserved { message, help }) => (Code::ReservedName, message, Some(help)),
    };
    let mut wrong = Diagnostic::new(code, message, name.span, "");
    wrong.help.extend(help);
    cx.push(wrong);
    false
}

/// Two definitions of one name.
fn duplicate(what: &str, name: &At<String>, first: Span) -> Diagnostic {
    let message = format!("the {what} `{}` is defined twice", name.value.escape_debug());
    Diagnostic::new(Code::DuplicateName, message, name.span, "defined again")
        .also(first, "first defined here")
        .help("rename one of the two, or remove it")
}

/// A kind of definition with its article, if it has one.
fn article(what: &str) -> String {
    match what {
        "flags" => what.to_owned(),
        _ if what.starts_with(['a', 'e', 'i', 'o']) => format!("an {what}"),
        _ => format!("a {what}"),
    }
}

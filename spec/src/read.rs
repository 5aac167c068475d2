//! Stage 1: text to [`Spec`]. Reports every shape error: what is not TOML, keys that do not exist or are missing, values
//! of the wrong TOML type, includes that cannot be read.
//!
//! A file that is not TOML is not read further: what a broken file seems to lack is guesswork.

mod document;
mod groups;
mod maps;
mod outside;
mod syntax;
mod table;
mod types;

use std::{
    collections::HashMap,
    io,
    path::{Component, Path, PathBuf},
};

pub(crate) use self::table::list;
use self::{
    document::{Kind, Value},
    table::{Cx, Table, integer, number},
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    file,
    source::{FileId, Sources, Span},
    spec::{AllowDef, At, ConstantDef, Spec, start_of},
};

/// The version of the language that this release reads.
const VERSION: i128 = 1;
/// How deep includes may nest. Cycles are found by name; this bounds what a reader that invents files can do.
const MAX_INCLUDES: usize = 64;
/// Files of one spec. Bounds the same, where each invented file includes several.
const MAX_FILES: usize = 1024;
/// Bytes of all files of one spec, so that every span fits 32 bits, and memory and time have a bound.
const MAX_BYTES: usize = file::LARGEST_TEXT as usize;

/// Gives the text of a file.
pub(crate) type Reader<'a> = dyn FnMut(&Path) -> io::Result<String> + 'a;

/// Where files come from.
pub(crate) struct Origin<'a, 'r> {
    pub(crate) reader: &'a mut Reader<'r>,
    /// What tells whether two paths mean one file.
    pub(crate) identity: &'a dyn Fn(&Path) -> PathBuf,
}

/// Reads a spec and all that it includes. `None` if a file could not be read or is not TOML: what it would define is
/// not known, so that nothing can be said about the names in the others.
pub(crate) fn read(path: &Path, origin: Origin<'_, '_>, sources: &mut Sources, cx: &mut Diagnostics) -> Option<Spec> {
    let mut files = Files {
        origin,
        sources,
        diagnostics: cx,
        done: HashMap::new(),
        bytes: 0,
        full: false,
        spec: Spec::default(),
        complete: true,
    };
    files.read_file(path, None, &mut Vec::new());
    files.complete.then_some(files.spec)
}

/// All files of one spec while they are being read.
struct Files<'a, 'r> {
    origin: Origin<'a, 'r>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// Files that have been read, by their identity; a file included twice is read once.
    done: HashMap<PathBuf, FileId>,
    /// Of all files read.
    bytes: usize,
    /// Whether it was said that there are too many.
    full: bool,
    spec: Spec,
    /// Whether every file was read.
    complete: bool,
}

impl Files<'_, '_> {
    /// Reads one file and what it includes. `from` is the string that includes it, `open` the files being read.
    fn read_file(&mut self, path: &Path, from: Option<Span>, open: &mut Vec<Open>) {
        let key = (self.origin.identity)(path);
        if open.iter().any(|file| file.identity == key) || open.len() > MAX_INCLUDES {
            return self.give_up(include_cycle(path, &key, from, open));
        }
        if self.done.contains_key(&key) {
            return;
        }
        // What is left would most likely be too much as well, and is not worth another error each.
        if self.done.len() >= MAX_FILES {
            return if !std::mem::replace(&mut self.full, true) {
                self.give_up(too_many(from))
            };
        }
        let text = match (self.origin.reader)(path) {
            Ok(text) => text,
            Err(error) => return self.give_up(unreadable(path, from, &error.to_string())),
        };
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MAX_BYTES {
            return self.give_up(unreadable(path, from, "all files of a spec together may have 64 MiB"));
        }
        let file = self.sources.add(path, "");
        self.done.insert(key.clone(), file);
        open.push(Open { identity: key, path: normal(path) });
        self.read_text(path, file, &text, open);
        self.sources.set_text(file, text);
        open.pop();
    }

    fn read_text(&mut self, path: &Path, file: FileId, text: &str, open: &mut Vec<Open>) {
        let document = document::parse(text);
        let mut cx = Cx { diagnostics: self.diagnostics, file, text };
        let document = match document {
            Ok(document) => document,
            Err(errors) => {
                self.complete = false;
                return syntax::report(&mut cx, &errors);
            }
        };
        let mut top = Table::of("", start_of(file), &document);
        check_version(&mut cx, &mut top);
        let includes = top.strings(&mut cx, "include").map(|include| include.value).unwrap_or_default();
        let own = read_own(&mut cx, &mut top);
        top.finish(&mut cx);
        for include in includes {
            let path = path.parent().unwrap_or(Path::new("")).join(&include.value);
            self.read_file(&path, Some(include.span), open);
        }
        self.append(own);
    }

    fn give_up(&mut self, why: Diagnostic) {
        self.complete = false;
        self.diagnostics.push(why);
    }

    fn append(&mut self, mut own: Spec) {
        self.spec.versions.append(&mut own.versions);
        self.spec.lengths.append(&mut own.lengths);
        self.spec.capacities.append(&mut own.capacities);
        self.spec.types.append(&mut own.types);
        self.spec.maps.append(&mut own.maps);
        self.spec.interns.append(&mut own.interns);
        self.spec.budgets.append(&mut own.budgets);
        self.spec.groups.append(&mut own.groups);
        self.spec.outside.append(&mut own.outside);
        self.spec.profiles.append(&mut own.profiles);
        self.spec.allow.append(&mut own.allow);
    }
}

/// A file that is being read.
struct Open {
    identity: PathBuf,
    /// As it is shown.
    path: PathBuf,
}

/// What one file says by itself.
fn read_own(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Spec {
    Spec {
        versions: top.integer(cx, "version").into_iter().collect(),
        lengths: read_constants(cx, top, "lengths"),
        capacities: read_constants(cx, top, "capacities"),
        types: types::read_definitions(cx, top),
        maps: maps::read_maps(cx, top),
        interns: maps::read_interns(cx, top),
        budgets: maps::read_budget(cx, top).into_iter().collect(),
        groups: groups::read_groups(cx, top),
        outside: outside::read_outside(cx, top),
        profiles: maps::read_profiles(cx, top),
        allow: read_allows(cx, top),
    }
}

/// `NAME = number` for each name of a table.
fn read_constants(cx: &mut Cx<'_>, table: &mut Table<'_>, key: &'static str) -> Vec<ConstantDef> {
    let entries = table.named(cx, key);
    let read = |(name, value): (At<String>, _)| {
        let what = format!("`{}`", name.value.escape_debug());
        ConstantDef { value: number(cx, &what, value), name }
    };
    entries.into_iter().map(read).collect()
}

/// Every `[[allow]]`.
fn read_allows(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<AllowDef> {
    let items = top.array(cx, "allow", "tables", Some("write `[[allow]]`, with two brackets: there may be several"));
    items.into_iter().flat_map(|items| items.value).filter_map(|item| read_allow(cx, item)).collect()
}

fn read_allow(cx: &mut Cx<'_>, item: &Value<'_>) -> Option<AllowDef> {
    let span = cx.span(item.span());
    let mut table = Table::open(cx, "an `[[allow]]`", span, item)?;
    let [rule, on, reason] = [
        ("rule", "write the rule that may find something: `rule = \"field-removed\"`"),
        ("on", "write what it may find it in: `on = \"exec.comm\"`"),
        ("reason", "write why that is fine: `reason = \"no release has read it\"`"),
    ]
    .map(|(key, help)| {
        let value = table.string(cx, key);
        if value.is_none() && table.key_span(key).is_none() {
            table.missing(cx, key, help);
        }
        value
    });
    table.finish(cx);
    Some(AllowDef { rule, on, reason })
}

fn check_version(cx: &mut Cx<'_>, top: &mut Table<'_>) {
    let Some(value) = top.take("spec") else {
        let message = "the file does not say which version of the language it is written in";
        let span = start_of(cx.file);
        cx.push(Diagnostic::new(Code::SpecVersion, message, span, "").help("write `spec = 1` as the first line"));
        return;
    };
    let span = cx.span(value.span());
    let message = match (value.get_ref(), integer(cx, value)) {
        (_, Some(Some(At { value: VERSION, .. }))) | (Kind::Integer(..), Some(None)) => return,
        (_, Some(Some(other))) => format!("this release reads version {VERSION} of the language, not {}", other.value),
        (other, _) => format!("`spec` must be the integer {VERSION}, not {}", table::describe(other)),
    };
    cx.push(Diagnostic::new(Code::SpecVersion, message, span, "not known").help(format!("write `spec = {VERSION}`")));
}

/// A path without `.` and, where it can be told without looking, `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn include_cycle(path: &Path, identity: &Path, from: Option<Span>, open: &[Open]) -> Diagnostic {
    let Some(start) = open.iter().position(|file| file.identity == identity) else {
        let message = format!("includes nest more than {MAX_INCLUDES} deep");
        return at(Code::IncludeCycle, message, from, "one file too many");
    };
    let closing = normal(path);
    let paths = open[start..].iter().map(|file| file.path.as_path()).chain([closing.as_path()]);
    let circle: Vec<String> = paths.map(|file| format!("`{}`", file.display())).collect();
    let message = format!("{} includes itself", circle[0]);
    let cycle = at(Code::IncludeCycle, message, from, "this closes the circle");
    cycle.note(circle.join(" includes ")).help("move what both need into a third file and include that")
}

fn too_many(from: Option<Span>) -> Diagnostic {
    let message = format!("a spec may have {MAX_FILES} files, and this is one more");
    at(Code::Unreadable, message, from, "one file too many")
        .help("a folder that is a symbolic link to one above it has every file again under another name")
}

fn unreadable(path: &Path, from: Option<Span>, why: &str) -> Diagnostic {
    let wrong = at(Code::Unreadable, format!("cannot read `{}`: {why}", path.display()), from, "included here");
    if from.is_some() { wrong.note("paths of includes are relative to the file that names them") } else { wrong }
}

fn at(code: Code, message: String, span: Option<Span>, label: &str) -> Diagnostic {
    match span {
        Some(span) => Diagnostic::new(code, message, span, label),
        None => Diagnostic::without_place(code, message),
    }
}

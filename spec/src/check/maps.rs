//! Maps: their parts, flags, events and inner maps.

use std::collections::HashMap;

use super::{
    article, c_names,
    constants::{Constants, Scope},
    duplicate,
    map_entries::{PAGE_SIZE, wrong_entries},
    map_flags::check_flags,
    map_inner::{check_inner, order},
    map_wakeup::check_wakeup,
    order::renumber_type,
    types::{Resolve, Types},
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    kernel::{Entries, MAP_KINDS, MapFlag, MapKind, Part},
    model::{Count, Map, Type, TypeId},
    names,
    scalar::Scalar,
    source::Span,
    spec::{At, Definition, MapDef, MapSettings, Number, ProfileDef, Shape, Spec, Text, WakeupDef},
    suggest,
};

/// What checking maps needs.
pub(super) struct Maps<'r, 'a> {
    pub(super) spec: &'a Spec,
    pub(super) types: &'r mut Types<'a>,
    pub(super) constants: &'r mut Constants<'a>,
    pub(super) profile: Option<&'a ProfileDef>,
    pub(super) cx: &'r mut Diagnostics,
    /// Final ids by provisional ones; `None` if the types could not be ordered.
    pub(super) ids: Option<&'r [Option<TypeId>]>,
}

/// A checked map, whose inner map is still a name.
pub(super) struct Draft<'a> {
    pub(super) map: Map,
    pub(super) inner: Option<&'a At<String>>,
}

/// One map under one profile.
pub(super) struct Written<'a> {
    pub(super) def: &'a MapDef,
    pub(super) kind: &'static MapKind,
    max_entries: Option<&'a Number>,
    pub(super) flags: Option<&'a At<Vec<At<String>>>>,
    pinning: Option<&'a At<String>>,
    pub(super) wakeup: Option<&'a WakeupDef>,
}

impl<'a> Maps<'_, 'a> {
    /// Checks all maps; inner maps come before those that hold them.
    pub(super) fn check(mut self) -> Vec<Map> {
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        let overrides = self.overrides();
        let mut drafts: Vec<Option<Draft<'a>>> = Vec::new();
        for (index, def) in self.spec.maps.iter().enumerate() {
            if let Some(&first) = by_name.get(def.name.value.as_str()) {
                self.cx.push(duplicate("map", &def.name, self.spec.maps[first].name.span));
            } else if super::check_name(&def.name, self.cx) {
                by_name.insert(&def.name.value, index);
            }
            drafts.push(self.check_map(def, overrides.get(def.name.value.as_str()).copied()));
        }
        check_inner(self.spec, &drafts, &by_name, self.cx);
        order(drafts, &by_name)
    }

    fn overrides(&self) -> HashMap<&'a str, &'a MapSettings> {
        let maps = self.profile.into_iter().flat_map(|profile| &profile.maps);
        maps.map(|map| (map.name.value.as_str(), &map.settings)).collect()
    }

    fn check_map(&mut self, def: &'a MapDef, over: Option<&'a MapSettings>) -> Option<Draft<'a>> {
        let own = &def.settings;
        let kind = over.and_then(|over| over.kind.as_ref()).or(own.kind.as_ref());
        let kind = kind.and_then(|kind| check_kind(kind, self.cx));
        let key = def.key.as_ref().and_then(|ty| self.resolve(ty));
        let value = def.value.as_ref().and_then(|ty| self.resolve(ty));
        if !def.sound {
            return None;
        }
        let written = Written {
            def,
            kind: kind?,
            max_entries: over.and_then(|over| over.max_entries.as_ref()).or(own.max_entries.as_ref()),
            flags: over.and_then(|over| over.flags.as_ref()).or(own.flags.as_ref()),
            pinning: over.and_then(|over| over.pinning.as_ref()).or(own.pinning.as_ref()),
            wakeup: over.and_then(|over| over.wakeup.as_ref()).or(own.wakeup.as_ref()),
        };
        self.check_parts(&written, key, value)
    }

    fn resolve(&mut self, ty: &Text) -> Option<Type> {
        let mut ty = self.types.resolve(ty, &mut Resolve { constants: self.constants, cx: self.cx })?;
        if let Some(ids) = self.ids {
            renumber_type(&mut ty, ids);
        }
        Some(ty)
    }

    fn check_parts(&mut self, map: &Written<'a>, key: Option<Type>, value: Option<Type>) -> Option<Draft<'a>> {
        let Written { def, kind, .. } = *map;
        let key = self.check_type_part(map, "key", kind.key, def.key.as_ref(), key);
        let value = self.check_type_part(map, "value", kind.value, def.value.as_ref(), value);
        let max_entries = self.check_max_entries(map);
        let flags = check_flags(map, self.cx);
        let pinned_by_name = map.pinning.is_some_and(|pinning| check_pinning(pinning, self.cx));
        let numa_node = self.check_numa_node(map, &flags);
        let map_extra = self.check_map_extra(map);
        let wakeup = check_wakeup(map, self.cx);
        let events = self.check_events(map);
        let budget = def.budget.as_ref().and_then(|budget| self.constants.count(budget, Scope::All, self.cx));
        self.check_has_inner(map);
        let name = c_names::identifier(names::map(&def.name), def.c.as_ref(), self.cx);
        let map = Map {
            name: name?,
            doc: def.doc.clone(),
            kind,
            key: key?,
            key_span: def.key.as_ref().map_or(def.name.span, |key| key.span),
            value: value?,
            value_span: def.value.as_ref().map_or(def.name.span, |value| value.span),
            max_entries: max_entries?,
            flags,
            pinned_by_name,
            numa_node,
            map_extra,
            wakeup,
            events,
            inner: None,
            budget: budget.map(|budget| budget.value),
        };
        Some(Draft { map, inner: def.inner.as_ref() })
    }

    /// `key` or `value`. `None` outside if it is wrong, which has been reported.
    fn check_type_part(
        &mut self,
        map: &Written<'_>,
        part: &str,
        rule: Part,
        text: Option<&Text>,
        ty: Option<Type>,
    ) -> Option<Option<Type>> {
        let Some(text) = text else {
            return match rule {
                Part::Required => {
                    let example = match (part, map.kind.name) {
                        ("key", _) => "u32",
                        (_, "stack_trace") => "u64[127]",
                        _ => "u64",
                    };
                    self.cx.push(lacks(map, part, &format!("write `{part} = \"{example}\"`, or a struct's name")));
                    None
                }
                Part::U32 => Some(Some(Type::Scalar(Scalar::U32))),
                Part::Optional | Part::Refused => Some(None),
            };
        };
        if rule == Part::Refused {
            self.cx.push(refuses(map, part, text.span));
            return None;
        }
        let ty = ty?;
        if rule == Part::U32 && !matches!(ty, Type::Scalar(Scalar::U32 | Scalar::I32)) {
            let message = format!("a map of type `{}` has `u32` as its {part}", map.kind.name);
            self.cx.push(
                Diagnostic::new(Code::MapLimit, message, text.span, "expected `u32`")
                    .help(format!("write `{part} = \"u32\"`, or leave it out"))
                    .note(rule_of(map.kind)),
            );
            return None;
        }
        Some(Some(ty))
    }

    fn check_max_entries(&mut self, map: &Written<'_>) -> Option<Option<Count>> {
        let Some(number) = map.max_entries else {
            if map.kind.max_entries != Part::Required {
                return Some(None);
            }
            let help = match map.kind.entries {
                Entries::Elements => "write `max_entries = 1024`, or the name of a capacity",
                Entries::RingBytes => "write its size in bytes: `max_entries = \"256 KiB\"`",
                Entries::Pages => "write its size in pages: `max_entries = 100`",
            };
            self.cx.push(lacks(map, "max_entries", help));
            return None;
        };
        let count = self.constants.count(number, Scope::All, self.cx)?;
        let span = number.span();
        match map.kind.max_entries {
            Part::Refused if count.value == 0 => return Some(None),
            Part::Refused => {
                self.cx.push(refuses(map, "max_entries", span));
                return None;
            }
            Part::Optional if count.value == 0 => return Some(None),
            Part::Required | Part::Optional | Part::U32 => {}
        }
        let wrong = wrong_entries(map, count.value, span);
        if let Some(wrong) = wrong {
            self.cx.push(wrong);
            return None;
        }
        Some(Some(count))
    }

    fn check_numa_node(&mut self, map: &Written<'_>, flags: &[&'static MapFlag]) -> Option<u32> {
        let has_flag = flags.iter().any(|flag| flag.name == "numa_node");
        let name = &map.def.name;
        let Some(node) = &map.def.numa_node else {
            if has_flag {
                let message = format!("the map `{}` has the flag `numa_node`, but does not say which node", name.value);
                let span = map.flags.map_or(name.span, |flags| flags.span);
                self.cx.push(
                    Diagnostic::new(Code::MapParameter, message, span, "asks for a node")
                        .help("write `numa_node = 0`, or remove the flag"),
                );
            }
            return None;
        };
        if !has_flag {
            let message = format!("the map `{}` names a NUMA node, but lacks the flag `numa_node`", name.value);
            self.cx.push(
                Diagnostic::new(Code::MapParameter, message, node.span, "ignored by the kernel")
                    .note("the kernel looks at the node only if the flag is set (`bpf_map_attr_numa_node`)")
                    .help("add `\"numa_node\"` to `flags`"),
            );
        }
        let value = u32::try_from(node.value).ok();
        if value.is_none() {
            let message = format!("there is no NUMA node {}", node.value);
            self.cx.push(Diagnostic::new(Code::MapParameter, message, node.span, "expected 0 or more"));
        }
        value
    }

    fn check_map_extra(&mut self, map: &Written<'_>) -> Option<u64> {
        let number = map.def.map_extra.as_ref()?;
        let extra = self.constants.count(number, Scope::All, self.cx)?.value;
        let span = number.span();
        let wrong = match map.kind.name {
            "bloom_filter" if extra > 15 => {
                let message = format!("a bloom filter cannot have {extra} hash functions");
                Diagnostic::new(Code::MapLimit, message, span, "expected 1 to 15")
            }
            "arena" if !extra.is_multiple_of(PAGE_SIZE) => {
                let message = "the address of an arena is no multiple of the page size";
                Diagnostic::new(Code::MapLimit, message, span, format!("expected a multiple of {PAGE_SIZE}"))
            }
            "bloom_filter" | "arena" => return Some(extra),
            _ => {
                let note = "it is the number of hash functions of a `bloom_filter`, and the address of an `arena`";
                self.cx.push(refuses(map, "map_extra", span).note(note));
                return None;
            }
        };
        self.cx.push(wrong.note(rule_of(map.kind)));
        None
    }

    fn check_events(&mut self, map: &Written<'_>) -> Vec<TypeId> {
        let Some(events) = &map.def.events else { return Vec::new() };
        if !map.kind.carries_events {
            let names: Vec<&str> = MAP_KINDS.iter().filter(|kind| kind.carries_events).map(|kind| kind.name).collect();
            self.cx.push(
                refuses(map, "events", events.span)
                    .note(format!("events travel through maps of type {}", crate::read::list(&names))),
            );
            return Vec::new();
        }
        let mut seen = HashMap::new();
        let mut ids = Vec::new();
        for event in &events.value {
            if let Some(first) = seen.insert(event.value.as_str(), event.span) {
                self.cx.push(duplicate("event", event, first));
                continue;
            }
            ids.extend(self.check_event(event));
        }
        ids
    }

    fn check_event(&mut self, event: &At<String>) -> Option<TypeId> {
        let shown = event.value.escape_debug();
        match self.types.find(&event.value) {
            Some((index, Definition::Record(def))) if def.shape == Shape::Event => *self.ids?.get(index)?,
            Some((_, other)) => {
                let message = format!("`{shown}` is no event");
                self.cx.push(
                    Diagnostic::new(Code::UnknownName, message, event.span, "expected an event")
                        .also(other.name().span, format!("defined as {} here", article(other.what())))
                        .help(format!("define it as `[event.{shown}]` to send it to userspace")),
                );
                None
            }
            None => {
                let message = format!("there is no event `{shown}`");
                let unknown = Diagnostic::new(Code::UnknownName, message, event.span, "not defined");
                let names = self.spec.types.iter().filter_map(|definition| match definition {
                    Definition::Record(def) if def.shape == Shape::Event => Some(def.name.value.as_str()),
                    _ => None,
                });
                self.cx.push(match suggest::nearest(&event.value, names) {
                    Some(near) => unknown.help(format!("did you mean `{near}`?")),
                    None => unknown.help(format!("define it as `[event.{shown}]`")),
                });
                None
            }
        }
    }

    fn check_has_inner(&mut self, map: &Written<'_>) {
        match &map.def.inner {
            Some(inner) if !map.kind.map_in_map => {
                let note = "`array_of_maps` and `hash_of_maps` hold maps";
                self.cx.push(refuses(map, "inner", inner.span).note(note));
            }
            None if map.kind.map_in_map => {
                self.cx.push(lacks(map, "inner", "write `inner = \"NAME\"`, the map that all it holds are like"));
            }
            _ => {}
        }
    }
}

fn check_kind(kind: &At<String>, cx: &mut Diagnostics) -> Option<&'static MapKind> {
    let found = MapKind::from_name(&kind.value);
    if found.is_none() {
        cx.push(unknown_kind(kind));
    }
    found
}

/// Says that no map type has this name.
pub(super) fn unknown_kind(kind: &At<String>) -> Diagnostic {
    let shown = kind.value.escape_debug();
    if kind.value == "struct_ops" {
        let message = "`struct_ops` maps cannot be defined by a spec";
        return Diagnostic::new(Code::Unsupported, message, kind.span, "made of a program's own struct")
            .help("define the struct in the BPF program, in the section `.struct_ops`");
    }
    let unknown =
        Diagnostic::new(Code::InvalidValue, format!("there is no map type `{shown}`"), kind.span, "not a map type");
    let bare = kind.value.to_ascii_lowercase();
    let bare = bare.strip_prefix("bpf_map_type_").unwrap_or(&bare);
    match suggest::nearest(bare, MAP_KINDS.iter().map(|kind| kind.name)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help("write the kernel's name without BPF_MAP_TYPE_, in lower case: `hash`, `ringbuf`"),
    }
}

/// Whether a map is pinned; anything but `by_name` and `none` is reported.
pub(super) fn check_pinning(pinning: &At<String>, cx: &mut Diagnostics) -> bool {
    match pinning.value.as_str() {
        "by_name" => true,
        "none" => false,
        other => {
            let message = format!("`pinning` cannot be `{}`", other.escape_debug());
            cx.push(
                Diagnostic::new(Code::InvalidValue, message, pinning.span, "expected `by_name` or `none`")
                    .help("`by_name` lets libbpf pin the map as /sys/fs/bpf/NAME, and use one that is pinned there"),
            );
            false
        }
    }
}

fn lacks(map: &Written<'_>, part: &str, help: &str) -> Diagnostic {
    let name = &map.def.name;
    let message = format!("the map `{}` of type `{}` needs `{part}`", name.value, map.kind.name);
    Diagnostic::new(Code::MapParameter, message, name.span, format!("`{part}` is missing")).help(help)
}

pub(super) fn refuses(map: &Written<'_>, part: &str, span: Span) -> Diagnostic {
    let message = format!("a map of type `{}` has no `{part}`", map.kind.name);
    Diagnostic::new(Code::MapParameter, message, span, "not taken by this type").help(format!("remove `{part}`"))
}

/// Which function of the kernel enforces a rule.
pub(super) fn rule_of(kind: &MapKind) -> String {
    format!("the kernel checks this in `{}`", kind.rule)
}

//! What crosses the boundary: the types that maps, events and other roots are made of, each before its users.

use bpf_layout_spec::{
    compare::{Observed, ObservedMap, ObservedType, Shape},
    kernel::KernelField,
};

use crate::found::Found;

/// How deep unnamed members are written inside one another; further in they get names.
pub(crate) const MAX_UNNAMED: usize = 8;

/// A type that needs a definition.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) ty: usize,
    /// What it is called, as a name or as that of where it is used.
    pub(crate) name: String,
}

/// Every type that needs a definition, a type before its users; otherwise in the order of the maps, then of the roots.
pub(crate) fn reached(found: &Found<'_>) -> Vec<Reached> {
    let mut walk = Walk { found, state: vec![State::New; found.observed.types.len()], order: Vec::new() };
    for (index, map) in found.observed.maps.iter().enumerate() {
        walk.map(map, map.name);
        for event in &found.map_hint(index).events {
            walk.from(*event, map.name);
        }
    }
    for root in &found.roots {
        walk.from(*root, "");
    }
    walk.order
}

/// The type that a shape is, or is an array of.
pub(crate) fn element(shape: &Shape) -> Option<usize> {
    let mut inner = shape;
    while let Shape::Array(element, _) = inner {
        inner = element;
    }
    match inner {
        Shape::Def(index) => Some(*index),
        _ => None,
    }
}

/// Whether a member is written inside its parent, without a definition of its own: it has no name.
pub(crate) fn is_inline(observed: &Observed<'_>, name: &str, shape: &Shape, depth: usize) -> bool {
    let is_record = |index: &usize| matches!(observed.types.get(*index), Some(ObservedType::Record(_)));
    name.is_empty() && depth < MAX_UNNAMED && matches!(shape, Shape::Def(index) if is_record(index))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Done,
}

struct Walk<'f, 'a> {
    found: &'f Found<'a>,
    state: Vec<State>,
    order: Vec<Reached>,
}

enum Step {
    Enter(usize, String),
    Leave(usize, String),
}

impl Walk<'_, '_> {
    fn map(&mut self, map: &ObservedMap<'_>, name: &str) {
        for (part, what) in [(&map.key, "key"), (&map.value, "value")] {
            let shape = part.as_ref().and_then(|part| part.shape.as_ref());
            if let Some(ty) = shape.and_then(element) {
                self.from(ty, &format!("{name}_{what}"));
            }
        }
        if let Some(inner) = &map.inner {
            self.map(inner, &format!("{name}_inner"));
        }
    }

    /// Depth first, with a stack of its own: nesting may be deeper than any other.
    fn from(&mut self, ty: usize, name: &str) {
        let mut steps = vec![Step::Enter(ty, name.to_owned())];
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(ty, name) => self.enter(ty, name, &mut steps),
                Step::Leave(ty, name) => {
                    self.state[ty] = State::Done;
                    self.order.push(Reached { ty, name });
                }
            }
        }
    }

    fn enter(&mut self, ty: usize, wanted: String, steps: &mut Vec<Step>) {
        if self.state.get(ty) != Some(&State::New) {
            return;
        }
        self.state[ty] = State::Waiting;
        let observed = &self.found.observed;
        let (own, is_record) = match &observed.types[ty] {
            // The language knows it by its name.
            ObservedType::Record(record) if KernelField::from_name(record.name).is_some() => return,
            ObservedType::Record(record) => (record.name, !self.found.hint(ty).foreign),
            ObservedType::Enum(def) => (def.name, false),
        };
        let name = if own.is_empty() { wanted } else { own.to_owned() };
        steps.push(Step::Leave(ty, name.clone()));
        if is_record {
            let first = steps.len();
            self.members(ty, &name, 0, steps);
            // The first member's type comes first.
            steps[first..].reverse();
        }
    }

    fn members(&self, ty: usize, name: &str, depth: usize, steps: &mut Vec<Step>) {
        let observed = &self.found.observed;
        let Some(ObservedType::Record(record)) = observed.types.get(ty) else { return };
        for member in &record.members {
            let Some(inner) = element(&member.shape) else { continue };
            if is_inline(observed, member.name, &member.shape, depth) {
                self.members(inner, name, depth + 1, steps);
            } else {
                let field = if member.name.is_empty() { "unnamed" } else { member.name };
                steps.push(Step::Enter(inner, format!("{name}_{field}")));
            }
        }
    }
}

//! Functions that keep types in the object's BTF. The comment on `BASICS` in `helpers.rs` says how, and what else was
//! tried.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Map, Type, TypeDef, TypeId},
};

use super::{
    facts::Facts,
    out::{LINE, MACRO_LINE, Out, call, macro_signature},
    types::{declarator, enum_tag, has_enumerators},
};

/// The function of an enum or flags. Records have theirs by [`record`], other types none.
pub(super) fn enumeration(out: &mut Out, def: &TypeDef) {
    let named = match def {
        TypeDef::Enum(def) => has_enumerators(def.repr, &def.variants),
        TypeDef::Flags(def) => has_enumerators(def.repr, &def.bits),
        TypeDef::Record(_) | TypeDef::Extern(_) => false,
    };
    if named {
        let tag = enum_tag(def);
        function(out, &def.name().c, &format!("enum {tag} *p"), &[]);
    }
}

/// The function of a record. It also keeps what the record holds and BTF does not show with it. Of that, only the nodes
/// of a list or tree may have functions further down, so these are declared.
pub(super) fn record(out: &mut Out, layouts: &Layouts, facts: &Facts, id: TypeId, parameter: &str) {
    for later in facts.get(id).hidden.iter().filter(|hidden| **hidden > id) {
        let ty = declarator(layouts, &Type::Def(*later)).abstract_type();
        let name = name(layouts, *later);
        out.blank();
        out.lines(call(LINE, &format!("__bpf_layout_btf void {name}"), &[&format!("{ty} *p")], ";"));
    }
    let keeps: Vec<String> =
        facts.get(id).hidden.iter().flat_map(|hidden| statement(LINE, "\t", layouts, *hidden)).collect();
    function(out, &layouts.model.ty(id).name().c, parameter, &keeps);
}

/// The function that keeps one type.
pub(super) fn name(layouts: &Layouts, id: TypeId) -> String {
    ["__btf_type_", &layouts.model.ty(id).name().c].concat()
}

/// The statement that keeps one type, behind so many tabs.
fn statement(columns: usize, indent: &str, layouts: &Layouts, id: TypeId) -> Vec<String> {
    call(columns, &[indent, "__bpf_layout_keep"].concat(), &[&name(layouts, id)], ";")
}

/// Lines of a function, indented by one tab, that keeps what a map's own BTF does not show: the events of a buffer, and
/// enums that stand as integers in its key or value. None if there is no such thing.
pub(super) fn of_map(layouts: &Layouts, facts: &Facts, map: &Map) -> Vec<String> {
    let mut kept = map.events.clone();
    for hidden in map.key.iter().chain(&map.value).flat_map(|ty| facts.hidden_in(layouts, ty)) {
        if !kept.contains(&hidden) {
            kept.push(hidden);
        }
    }
    if kept.is_empty() {
        return Vec::new();
    }
    let name = format!("__btf_map_{}", map.name.c);
    let mut lines = macro_signature("static __attribute__((used)) void", &name, &["void"]);
    lines.push("\t{".to_owned());
    lines.extend(kept.iter().flat_map(|id| statement(MACRO_LINE, "\t\t", layouts, *id)));
    lines.push("\t}".to_owned());
    lines
}

fn function(out: &mut Out, c_name: &str, parameter: &str, keeps: &[String]) {
    out.blank();
    out.signature("__bpf_layout_btf void", &["__btf_type_", c_name].concat(), &[parameter]);
    out.lines(["{", "\t(void)p;"]);
    out.lines(keeps);
    out.line("}");
}

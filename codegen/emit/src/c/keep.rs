//! Functions that keep types in the object's BTF. The comment on `BASICS` in `helpers.rs` says how, and what else was
//! tried.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Map, Type, TypeDef, TypeId},
};

use super::{
    facts::Facts,
    out::Out,
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
        function(out, &def.name().c, &format!("enum {tag} *p"), |_| {});
    }
}

/// The function of a record. It also keeps what the record holds and BTF does not show with it. Of that, only the nodes
/// of a list or tree may have functions further down, so these are declared.
pub(super) fn record(out: &mut Out, layouts: &Layouts, facts: &Facts, id: TypeId, parameter: &str) {
    for later in facts.get(id).hidden.iter().filter(|hidden| **hidden > id) {
        let ty = declarator(layouts, &Type::Def(*later)).abstract_type();
        out.blank();
        out.call(&["__bpf_layout_btf void __btf_type_", c_name(layouts, *later)], &[&format!("{ty} *p")], ";");
    }
    function(out, c_name(layouts, id), parameter, |out| {
        facts.get(id).hidden.iter().for_each(|hidden| statement(out, layouts, *hidden));
    });
}

fn c_name(layouts: &Layouts, id: TypeId) -> &str {
    &layouts.model.ty(id).name().c
}

/// The statement that keeps one type.
pub(super) fn statement(out: &mut Out, layouts: &Layouts, id: TypeId) {
    out.call(&["__bpf_layout_keep"], &[&["__btf_type_", c_name(layouts, id)].concat()], ";");
}

/// A function that keeps what a map's own BTF does not show: the events of a buffer, and enums that stand as integers in
/// its key or value. Nothing if there is no such thing.
pub(super) fn of_map(out: &mut Out, layouts: &Layouts, facts: &Facts, map: &Map) {
    let mut kept = map.events.clone();
    for hidden in map.key.iter().chain(&map.value).flat_map(|ty| facts.hidden_in(layouts, ty)) {
        if !kept.contains(&hidden) {
            kept.push(hidden);
        }
    }
    if kept.is_empty() {
        return;
    }
    out.signature("static __attribute__((used)) void", &["__btf_map_", &map.name.c], &["void"]);
    out.body(|out| kept.iter().for_each(|id| statement(out, layouts, *id)));
}

fn function(out: &mut Out, c_name: &str, parameter: &str, keeps: impl FnOnce(&mut Out)) {
    out.blank();
    out.signature("__bpf_layout_btf void", &["__btf_type_", c_name], &[parameter]);
    out.body(|out| {
        out.line("(void)p;");
        keeps(out);
    });
}

#[cfg(test)]
mod tests {
    use crate::testing::layouts;

    #[test]
    fn only_what_comes_later_is_declared() {
        let spec = "spec = 1\n[struct.first]\nfields = [{ name = \"lock\", type = \"bpf_spin_lock\" }, \
            { name = \"own\", type = \"bpf_list_head\", contains = \"first.link\" }, \
            { name = \"items\", type = \"bpf_list_head\", contains = \"later.link\" }, \
            { name = \"link\", type = \"bpf_list_node\" }]\n\
            [struct.later]\nfields = [{ name = \"link\", type = \"bpf_list_node\" }]";
        let header = crate::c::header(&layouts(spec, None));
        for (name, times) in [("first", 1), ("later", 2)] {
            assert_eq!(header.matches(&format!("void __btf_type_{name}(")).count(), times, "{header}");
        }
    }
}

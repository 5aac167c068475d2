//! Names that libbpf-cargo's skeletons use for themselves.
//!
//! A skeleton has a local variable for each program and map, named after it, beside variables of its own. A program
//! named `prog` so becomes code that does not compile, with an error that names neither (`gen_skel_open_prog_defs` and
//! `gen_skel_map_defs` of libbpf-cargo 0.27).

/// Taken in the functions that collect programs.
const FOR_PROGRAMS: &[&str] = &["_phantom", "name", "object", "prog"];
/// Taken in the functions that collect maps.
const FOR_MAPS: &[&str] = &["_phantom", "config", "map", "name", "object"];

/// Words that Rust reserves, which C does not and which so can be the name of a program or map.
const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "crate", "dyn", "false", "final", "fn", "gen", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "self", "super",
    "trait", "true", "try", "type", "unsafe", "unsized", "use", "virtual", "where", "yield",
];

/// Whether a program of this name breaks its skeleton.
pub(crate) fn breaks_as_program(name: &str) -> bool {
    FOR_PROGRAMS.contains(&name) || KEYWORDS.contains(&name)
}

/// Whether a map of this name breaks its skeleton.
pub(crate) fn breaks_as_map(name: &str) -> bool {
    FOR_MAPS.contains(&name) || KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_skeletons_and_words_of_rust_break_them() {
        for (name, program, map) in [
            ("prog", true, false),
            ("config", false, true),
            ("object", true, true),
            ("match", true, true),
            ("events", false, false),
        ] {
            assert_eq!((breaks_as_program(name), breaks_as_map(name)), (program, map), "{name}");
        }
    }
}

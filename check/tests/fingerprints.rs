//! Fingerprints in objects: read from those of every compiler, linked or not, and compared where nothing else differs.

mod support;

use std::{fs, process::Command};

use bpf_layout_check::{Outcome, check};
use bpf_layout_spec::Loaded;
use support::{COMPILERS, Compiler, compile, folder, has_tool, program, spec};

const SPEC: &str = r#"spec = 1

[struct.point]
fields = [{ name = "x", type = "u32" }, { name = "at", type = "ktime" }]

[struct.line]
fields = [{ name = "from", type = "point" }, { name = "to", type = "point" }]

[struct.other]
fields = [{ name = "n", type = "u32" }]

[map.lines]
type = "hash"
key = "u32"
value = "line"
max_entries = 16
"#;

const CLANG: Compiler = ("clang", &["--target=bpf", "-g", "-O2"]);

fn told(loaded: &Loaded, object: &[u8]) -> Vec<String> {
    let Outcome { differences, .. } =
        check(&loaded.layouts, [("x.o", object)]).unwrap_or_else(|error| panic!("{error}"));
    differences.iter().map(|found| format!("{} {}", found.rule.id, found.what)).collect()
}

fn build(compiler: Compiler, text: &str) -> Vec<u8> {
    compile(compiler, folder().path(), "x", text).unwrap_or_else(|said| panic!("{said}"))
}

#[test]
fn what_btf_does_not_show_is_found_by_every_compiler_and_told_once() {
    let (now, before) = (spec(SPEC), spec(&SPEC.replace("ktime", "u64")));
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        // Another variable stands first, so that the table is not at the start of its section.
        let first = "static const int first __attribute__((section(\".rodata\"), used)) = 7;\n";
        let same = build(*compiler, &format!("{first}{}", program(&now.layouts)));
        assert_eq!(told(&now, &same), [""; 0], "{compiler:?}");
        let object = build(*compiler, &format!("{first}{}", program(&before.layouts)));
        assert_eq!(told(&now, &object), ["fingerprint point"], "{compiler:?}: what holds it is not told");
    }
}

#[test]
fn what_btf_shows_is_not_told_again() {
    if !has_tool("clang") {
        return;
    }
    let before = spec(&SPEC.replace("ktime", "u32"));
    let told = told(&spec(SPEC), &build(CLANG, &program(&before.layouts)));
    assert!(told.contains(&"field-size point".to_owned()) && !told.iter().any(|it| it.starts_with("fing")), "{told:?}");
}

#[test]
fn what_the_object_does_not_use_and_other_specs_do_not_matter() {
    if !has_tool("clang") {
        return;
    }
    let now = spec(SPEC);
    let unused =
        program(&spec(&SPEC.replace("{ name = \"n\", type = \"u32\" }", "{ name = \"n\", type = \"ktime\" }")).layouts)
            .replace("struct other uses_other;\n", "");
    assert_eq!(told(&now, &build(CLANG, &unused)), [""; 0]);
    let stale = program(&spec(&SPEC.replace("ktime", "u64")).layouts);
    let without = format!("#define BPF_LAYOUT_NO_FINGERPRINTS\n{stale}");
    assert_eq!(told(&now, &build(CLANG, &without)), [""; 0]);
    let elsewhere = stale.replace("__bpf_layout_fingerprints_layouts", "__bpf_layout_fingerprints_elsewhere");
    assert_eq!(told(&now, &build(CLANG, &elsewhere)), [""; 0]);
}

#[test]
fn what_a_fingerprint_tells_does_not_agree() {
    if !has_tool("clang") {
        return;
    }
    let (now, before) = (spec(SPEC), spec(&SPEC.replace("ktime", "u64")));
    let agrees = |loaded: &Loaded| {
        let bytes = build(CLANG, &program(&loaded.layouts));
        let outcome = check(&now.layouts, [("o", &bytes[..])]).unwrap_or_else(|error| panic!("{error}"));
        outcome.agrees.into_iter().map(|thing| thing.name).collect::<Vec<_>>()
    };
    let (all, others) = (agrees(&now), agrees(&before));
    assert!(all.len() > 1 && all.contains(&"point".to_owned()), "{all:?}");
    assert_eq!(others, all.into_iter().filter(|name| name != "point").collect::<Vec<_>>());
}

#[test]
fn a_stale_part_of_a_linked_object_is_found() {
    if !has_tool("clang") || !has_tool("bpftool") {
        return;
    }
    let (now, before) = (spec(SPEC), spec(&SPEC.replace("ktime", "u64")));
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let part = |name: &str, loaded: &Loaded| {
        // Only one file defines the map and the variables.
        let text = program(&loaded.layouts);
        let text = if name == "one" { text } else { text.replace("DEFINE_LINES_MAP;", "").replace(" uses_", " also_") };
        compile(CLANG, folder.path(), name, &text).unwrap_or_else(|said| panic!("{said}"));
    };
    for (other, expected) in [(&now, &[][..]), (&before, &["fingerprint point"])] {
        part("one", &now);
        part("two", other);
        let linked = path("linked.o");
        let output = Command::new("bpftool")
            .args(["gen", "object"])
            .args([&linked, &path("one.o"), &path("two.o")])
            .output()
            .expect("bpftool runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(told(&now, &fs::read(linked).expect("the object")), expected);
    }
}

#[test]
fn tags_are_in_btf_where_clang_knows_them() {
    use bpf_layout_btf::{Kind, Object};
    use bpf_layout_spec::{fingerprint::Fingerprints, model::TypeId};
    let loaded = spec(SPEC);
    for clang in ["clang-14", "clang-19"].into_iter().filter(|clang| has_tool(clang)) {
        let bytes = build((clang, CLANG.1), &program(&loaded.layouts));
        let object = Object::parse(&bytes).expect("an object");
        let fingerprint = Fingerprints::of(&loaded.layouts).ty(TypeId(0));
        let tag = object.btf().find(Kind::DeclTag, &format!("bpf_layout={fingerprint}")).expect("a tag");
        let tagged = object.btf().get(tag).and_then(|tag| object.btf().get(tag.target())).expect("a type");
        assert_eq!((tagged.kind(), tagged.name()), (Kind::Struct, "point"));
    }
}

//! Programs that use everything that each golden header offers: built by every clang, and looked at through their BTF.
//! kernel_objects.rs has the kernel take them.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_spec::model::{RecordKind, TypeDef};
use libbpf_rs::{
    HasSize, Linker,
    btf::{Btf, types},
};
use support::{
    Header,
    bpf::{CLANGS, Compiler, compile, is_permitted, load},
    has_tool, headers, run_silently, uses,
};

/// Each header with the object of a program that uses all of it.
fn objects(clang: &'static str) -> Vec<(tempfile::TempDir, Header, PathBuf)> {
    if !has_tool(clang) {
        return Vec::new();
    }
    let build = |header: Header| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let object = uses::program(&header).compile(Compiler { clang, cpu: None }, folder.path());
        (folder, header, object)
    };
    headers().into_iter().map(build).collect()
}

#[test]
fn every_type_that_is_used_is_in_btf() {
    for clang in CLANGS {
        for (_folder, header, object) in objects(clang) {
            let btf = Btf::from_path(&object).unwrap_or_else(|error| panic!("{}: {error}", header.case));
            for (def, layout) in header.layouts.model.types.iter().zip(&header.layouts.types) {
                let name = &def.name().c;
                let place = format!("{clang}, {}: {name}", header.case);
                match def {
                    TypeDef::Record(record) if record.anonymous => {}
                    TypeDef::Record(record) if record.kind == RecordKind::Union => {
                        let found: types::Union<'_> = btf.type_by_name(name).unwrap_or_else(|| panic!("{place}"));
                        assert_eq!(found.size() as u64, layout.size, "{place}");
                    }
                    TypeDef::Record(_) => {
                        let found: types::Struct<'_> = btf.type_by_name(name).unwrap_or_else(|| panic!("{place}"));
                        assert_eq!(found.size() as u64, layout.size, "{place}");
                    }
                    TypeDef::Enum(_) | TypeDef::Flags(_) => check_enum(&btf, def, &place),
                    TypeDef::Extern(_) => {}
                }
            }
        }
    }
}

/// An enum is there with every value that can be an enumerator, if there is such a value.
fn check_enum(btf: &Btf<'_>, def: &TypeDef, place: &str) {
    let (tag, values) = match def {
        TypeDef::Enum(def) => (def.name.c.to_string(), &def.variants),
        TypeDef::Flags(def) => (format!("__{}", def.name.c), &def.bits),
        TypeDef::Record(_) | TypeDef::Extern(_) => return,
    };
    let signed = values.iter().any(|value| value.value < 0);
    let fits = |value: i128| i32::try_from(value).is_ok() || !signed && u32::try_from(value).is_ok();
    let expected: Vec<i128> = values.iter().map(|value| value.value).filter(|&value| fits(value)).collect();
    if expected.is_empty() {
        return;
    }
    let found: types::Enum<'_> = btf.type_by_name(&tag).unwrap_or_else(|| panic!("{place} is missing"));
    // Older clang does not say that an enum is signed; the 32 bits are the same.
    let bits = |value: i128| (value & 0xffff_ffff) as u32;
    let found: Vec<u32> = found.iter().map(|member| bits(member.value.into())).collect();
    assert_eq!(found, expected.into_iter().map(bits).collect::<Vec<u32>>(), "{place}");
}

#[test]
fn types_that_are_not_used_are_not_in_btf() {
    if !has_tool("clang-14") {
        return;
    }
    let header = headers().into_iter().find(|header| header.case == "tagged").expect("the case");
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("layouts.h"), &header.text).expect("a writable file");
    let source = folder.path().join("one.bpf.c");
    // Neither a map of the spec nor a function that is not inlined knows the event.
    let text = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include \"layouts.h\"\n\
        struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, 4096);\n} mine SEC(\".maps\");\n\
        SEC(\"tc\")\nint one(struct __sk_buff *skb)\n{\n\tstruct connect_event *p = connect_event_reserve(&mine);\n\
        \tif (p)\n\t\tbpf_ringbuf_submit(p, 0);\n\treturn (int)skb->len;\n}\n";
    fs::write(&source, text).expect("a writable file");
    let object = compile("clang-14", folder.path(), &source);
    let btf = Btf::from_path(&object).expect("BTF");
    for (name, used) in [("connect_event", true), ("close_event", false)] {
        assert_eq!(btf.type_by_name::<types::Struct<'_>>(name).is_some(), used, "{name}");
    }
    assert!(btf.type_by_name::<types::Union<'_>>("address").is_some());
    for name in ["family", "event_kind"] {
        assert!(btf.type_by_name::<types::Enum<'_>>(name).is_some(), "{name}");
    }
    let maps = |object: &Path| {
        let object = fs::read(object).expect("the object");
        let has = |section: &&str| {
            let name = format!("\0{section}\0");
            object.windows(name.len()).any(|bytes| bytes == name.as_bytes())
        };
        [".bss", ".data", ".rodata", ".bpf_layout"].into_iter().filter(has).collect::<Vec<_>>()
    };
    // Each would make a map. Fingerprints are worth one, and can be left out.
    assert_eq!(maps(&object), [".rodata"]);
    fs::write(&source, format!("#define BPF_LAYOUT_NO_FINGERPRINTS\n{text}")).expect("a writable file");
    assert_eq!(maps(&compile("clang-14", folder.path(), &source)), [""; 0]);
}

#[test]
fn kernel_takes_linked_and_stripped_objects() {
    if !is_permitted() || !has_tool("clang-16") {
        return;
    }
    let case =
        |header: &Header| header.file_name == "layouts.h" && ["design", "tagged"].contains(&header.case.as_str());
    for (folder, header, object) in objects("clang-16").into_iter().filter(|(_, header, _)| case(header)) {
        let linked = folder.path().join("linked.bpf.o");
        let mut linker = Linker::new(&linked).expect("a linker");
        linker.add_file(&object).expect("an input");
        linker.link().expect("a linked object");
        let mut outcomes = vec![linked];
        if has_tool("llvm-strip-14") {
            let stripped = folder.path().join("stripped.bpf.o");
            run_silently(Command::new("llvm-strip-14").arg("-g").arg("-o").arg(&stripped).arg(&object));
            outcomes.push(stripped);
        }
        for outcome in outcomes {
            let btf = Btf::from_path(&outcome).expect("BTF");
            for (_, record) in header.layouts.model.records().filter(|(_, record)| record.kind != RecordKind::Union) {
                let found = btf.type_by_name::<types::Struct<'_>>(&record.name.c);
                assert!(record.anonymous || found.is_some(), "{} of {}", record.name.c, outcome.display());
            }
            load(&outcome);
        }
    }
}

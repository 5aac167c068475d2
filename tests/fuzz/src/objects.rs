//! Bytes that claim to be a BPF object, or the BTF of one.

use std::cell::OnceCell;

use bpf_layout_btf::{Btf, Object, TypeId};
use bpf_layout_check::{check, findings, observe_btf, one_line, plain};
use bpf_layout_spec::{Loaded, compare::compare};

use crate::{assert_plain, lock::once, workspace_spec};

thread_local! {
    static SPECS: OnceCell<[Loaded; 2]> = const { OnceCell::new() };
}

fn specs() -> [Loaded; 2] {
    ["layouts.toml", "check/tests/specs/everything.toml"].map(workspace_spec)
}

pub(crate) fn run(data: &[u8]) {
    match Object::parse(data) {
        Ok(object) => {
            ask(object.btf());
            // Each of these may find something that it cannot understand, and says what.
            let _ = object.constants();
            let _ = object.maps().map_err(|error| assert_plain(&error.to_string()));
            let _ = object.output_calls().map_err(|error| assert_plain(&error.to_string()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    once(&SPECS, specs, |specs| {
        for spec in specs {
            match check(&spec.layouts, [("fuzz.bpf.o", data)]) {
                Ok(outcome) => {
                    assert_plain(&plain(&outcome.differences, &spec.sources));
                    assert!(findings(&outcome.differences, &spec.sources).len() <= outcome.differences.len());
                    outcome.differences.iter().for_each(|found| assert_plain(&one_line(found, &spec.sources)));
                }
                Err(error) => assert_plain(&error.to_string()),
            }
        }
        if let Ok(btf) = Btf::parse(data) {
            ask(&btf);
            for spec in specs {
                let report = compare(&spec.layouts, &observe_btf(&spec.layouts, "fuzz.btf", &btf));
                assert_plain(&plain(&report.differs, &spec.sources));
            }
        }
    });
}

/// Asks everything there is to ask. What was parsed has to answer.
fn ask(btf: &Btf<'_>) {
    for ty in btf.types() {
        assert_eq!(btf.get(ty.id()).map(|same| same.name()), Some(ty.name()));
        let _ = (btf.size_of(ty.id()), btf.resolve(ty.id()), ty.int(), ty.array(), ty.kind().to_string());
        assert_eq!(ty.members().count(), ty.members().len());
        assert_eq!(ty.enumerators().count(), ty.enumerators().len());
        assert_eq!(ty.variables().count(), ty.variables().len());
    }
    let _ = (btf.get(TypeId(u32::MAX)), btf.pointer_size(), btf.maps());
}

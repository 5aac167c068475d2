//! What is built from a generated header agrees with its spec: never a false alarm.

mod support;

use bpf_layout_check::{check, plain};
use bpf_layout_spec::compare::ThingKind;
use support::{COMPILERS, compile, folder, has_tool, program, specs};

#[test]
fn objects_of_generated_headers_agree() {
    let (specs, folder) = (specs(), folder());
    assert!(specs.len() > 15, "{} specs", specs.len());
    let (mut objects, mut things) = (0, 0);
    for compiler in COMPILERS.iter().filter(|(program, _)| has_tool(program)) {
        for (name, loaded) in &specs {
            let layouts = &loaded.layouts;
            let bytes = compile(*compiler, folder.path(), "all", &program(layouts));
            let bytes = bytes.unwrap_or_else(|said| panic!("{name} by {compiler:?}: {said}"));
            let outcome = check(layouts, [("all.o", bytes.as_slice())]);
            let outcome = outcome.unwrap_or_else(|error| panic!("{name} by {compiler:?}: {error}"));
            let told = plain(&outcome.differences, &loaded.sources);
            assert!(outcome.differences.is_empty(), "{name} by {compiler:?}:\n{told}");
            // GCC 12 leaves out values beyond INT_MAX.
            let unknown = if compiler.0 == "bpf-gcc" && name == "enums_flags" { 3 } else { 0 };
            assert_eq!(outcome.unknown.len(), unknown, "{name} by {compiler:?}: {:?}", outcome.unknown);
            let absent: Vec<&str> = outcome.not_in_object.iter().map(|thing| thing.name.as_str()).collect();
            assert!(absent.is_empty(), "{name} by {compiler:?}: {absent:?} not in the object");
            let maps = outcome.agrees.iter().filter(|thing| thing.kind == ThingKind::Map).count();
            assert_eq!(maps, layouts.model.maps.len(), "{name} by {compiler:?}");
            things += outcome.agrees.len();
            objects += 1;
        }
    }
    println!("{objects} objects, {things} types and maps agree");
}

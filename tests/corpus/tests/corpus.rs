//! Every struct and map of the corpus can be written down, generated, compiled, and lies where it was found.
//!
//! `cargo test -p bpf-layout-corpus -- --nocapture` prints the figures. `BPF_LAYOUT_BLESS=1` rewrites `exceptions.txt`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use bpf_layout_btf::{Kind, Object};
use bpf_layout_corpus::{Map, Project, Unit, Written, objects, of_btf, of_facts, projects, units, written};
use bpf_layout_import::{Verdict, compare};
use bpf_layout_spec::{
    compare::is_padding_name,
    kernel::{KernelField, MAP_KINDS},
};

/// What the corpus has.
const TYPES: usize = 439;
const MAPS: usize = 749;

/// Types or maps, and those of them that are the same to the byte.
#[derive(Clone, Copy, Default)]
struct Share {
    all: usize,
    same: usize,
}

impl Share {
    fn add(&mut self, same: bool) {
        self.all += 1;
        self.same += usize::from(same);
    }
}

#[derive(Default)]
struct Tally {
    types: Share,
    maps: Share,
    features: BTreeMap<String, Share>,
    projects: BTreeMap<String, (Share, Share)>,
    /// A line for each type and map that is not the same.
    exceptions: String,
}

impl Tally {
    fn add(&mut self, project: &Project, unit: Unit) {
        let written = Written::new(unit);
        let proof = compare(&written.imported, &written.unit.found()).expect("what was written loads");
        let verdict = |verdicts: &[Verdict], index| verdicts.iter().find(|verdict| verdict.index == index).cloned();
        for &root in &written.unit.roots {
            let record = &written.unit.records[root];
            let wrong = match (KernelField::from_name(&record.name), verdict(&proof.types, root)) {
                (Some(field), _) => {
                    let own = (u64::from(field.info().size), Some(field.info().align));
                    (own != (record.size, record.align)).then(|| "is of another size in the language".to_owned())
                }
                (None, Some(verdict)) if verdict.opaque => Some("is written as bytes".to_owned()),
                (None, Some(verdict)) => told(&verdict),
                (None, None) => Some("is not written".to_owned()),
            };
            let same = wrong.is_none();
            self.types.add(same);
            self.projects.entry(project.name.clone()).or_default().0.add(same);
            for feature in &record.features {
                self.features.entry(feature.clone()).or_default().add(same);
            }
            self.except(project, "type", &record.name, wrong);
        }
        for (index, map) in written.unit.maps.iter().enumerate() {
            let notes = |name: &str| {
                let about = written.imported.notes.iter().filter(|note| note.subject == name);
                about.map(|note| note.message.clone()).collect::<Vec<_>>().join("; ")
            };
            let wrong = match verdict(&proof.maps, index) {
                Some(verdict) => told(&verdict).map(|what| match notes(&verdict.name) {
                    note if note.is_empty() => what,
                    note => format!("{what}: {note}"),
                }),
                None => Some(notes(&map.name)),
            };
            self.maps.add(wrong.is_none());
            self.projects.entry(project.name.clone()).or_default().1.add(wrong.is_none());
            self.except(project, "map", &map.name, wrong);
        }
    }

    fn except(&mut self, project: &Project, what: &str, name: &str, wrong: Option<String>) {
        if let Some(wrong) = wrong {
            let _ = writeln!(self.exceptions, "{} {what} {name}: {wrong}", project.name);
        }
    }

    fn print(&self) {
        let line = |name: &str, share: Share| println!("{name:28} {:4} of {:4}", share.same, share.all);
        line("types", self.types);
        line("maps", self.maps);
        self.features.iter().for_each(|(feature, share)| line(feature, *share));
        for (project, (types, maps)) in &self.projects {
            line(&format!("{project}, types"), *types);
            line(&format!("{project}, maps"), *maps);
        }
    }
}

/// How something is otherwise than it was found, if it is.
fn told(verdict: &Verdict) -> Option<String> {
    let tell = |found: &bpf_layout_spec::compare::Difference| {
        let field = found.field.as_deref().map(|field| format!(" {field}")).unwrap_or_default();
        format!("{}{field} is {} and was {}", found.rule.id, found.expected, found.found)
    };
    let all: Vec<String> = verdict.differences.iter().map(tell).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[test]
fn everything_is_expressed_to_the_byte_but_for_what_is_listed() {
    let mut tally = Tally::default();
    for project in projects() {
        for unit in units(&project) {
            tally.add(&project, unit);
        }
    }
    tally.print();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("exceptions.txt");
    if std::env::var_os("BPF_LAYOUT_BLESS").is_some() {
        fs::write(&path, &tally.exceptions).expect("a writable file");
    }
    let listed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(tally.exceptions, listed, "exceptions.txt lists what is not the same");
    assert_eq!((tally.types.all, tally.types.same), (TYPES, TYPES), "every type is the same");
    assert_eq!(tally.maps.all, MAPS);
}

#[test]
fn objects_have_every_member_where_the_facts_have_it() {
    let Some(compiler) = objects::bpf_compiler() else {
        assert!(!objects::has_tool("clang"));
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut members, mut wrong) = (0, Vec::new());
    for written in written() {
        objects::write(&written.unit, &written.layouts, folder.path());
        let bytes = objects::compile(compiler, &written.unit, folder.path());
        let object = Object::parse(&bytes).expect("an object");
        for index in 0..written.unit.records.len() {
            members += check_record(&written.unit, index, &object, &mut wrong);
        }
        check_maps(&written, &object, &mut wrong);
    }
    println!("{members} members in objects of {compiler}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(members > 3000, "{members} members");
}

/// Holds one record of an object against the facts. Gives the number of its members.
fn check_record(unit: &Unit, index: usize, object: &Object<'_>, wrong: &mut Vec<String>) -> usize {
    let record = &unit.records[index];
    let named = |name: &str| unit.record(name).map(|index| &unit.records[index]);
    let opaque =
        |name: &str| KernelField::from_name(name).is_some() || named(name).is_some_and(|record| record.foreign);
    let is_used = unit.roots.contains(&index);
    if opaque(&record.name) {
        return 0;
    }
    let kind = if record.union { Kind::Union } else { Kind::Struct };
    let Some(ty) = object.btf().find(kind, &record.name) else {
        wrong.extend(is_used.then(|| format!("{} {}: not in the object", unit.name, record.name)));
        return 0;
    };
    let size = object.btf().size_of(ty).unwrap_or(0);
    let (facts, found) = (of_facts(unit, record), of_btf(object.btf(), ty, &opaque));
    let mut say = |what: String| wrong.push(format!("{} {}: {what}", unit.name, record.name));
    if size != record.size {
        say(format!("has {size} bytes, not {}", record.size));
    }
    let padding = |path: &str| is_padding_name(path.rsplit('.').next().unwrap_or(path));
    // What only fills a hole is the generator's to fill.
    for (path, place) in facts.iter().filter(|(path, _)| !padding(path)) {
        if found.get(path) != Some(place) {
            say(format!("{path} lies at {place:?}, and in the object at {:?}", found.get(path)));
        }
    }
    found.keys().filter(|path| !facts.contains_key(*path) && !padding(path)).for_each(|path| {
        say(format!("{path} is in the object and not among the facts"));
    });
    facts.len()
}

fn check_maps(written: &Written, object: &Object<'_>, wrong: &mut Vec<String>) {
    let found = object.maps().expect("maps that libbpf reads");
    let kept: BTreeSet<usize> = written.imported.maps.iter().map(|(index, _)| *index).collect();
    for (index, map) in written.unit.maps.iter().enumerate().filter(|(index, _)| kept.contains(index)) {
        let _ = index;
        let Some(found) = found.iter().find(|found| found.name == map.name) else {
            wrong.push(format!("{} {}: not in the object", written.unit.name, map.name));
            continue;
        };
        let size = |ty: Option<_>, size: Option<u32>| {
            size.map(u64::from).or_else(|| ty.and_then(|ty| object.btf().size_of(ty).ok())).unwrap_or(0)
        };
        let sizes = (size(found.key, found.key_size), size(found.value, found.value_size));
        let kind = MAP_KINDS.iter().find(|kind| kind.name == map.kind).map(|kind| kind.id);
        let flags = u64::from(found.map_flags.unwrap_or(0));
        let agrees = found.kind == kind
            && flags == map.flags
            && agree(map.key_size, sizes.0)
            && (agree(map.value_size, sizes.1) || found.inner.is_some())
            && entries_agree(map, found.max_entries.map(u64::from));
        if !agrees {
            wrong.push(format!("{} {}: {map:?} is {found:?}, {sizes:?}", written.unit.name, map.name));
        }
    }
}

/// Whether a size is as the facts have it, if they have it.
fn agree(known: u64, found: u64) -> bool {
    known == 0 || known == found
}

/// Ring buffers are as large as a kernel takes them: libbpf rounds up when it loads them (`adjust_ringbuf_sz`).
fn entries_agree(map: &Map, found: Option<u64>) -> bool {
    let known = map.max_entries.filter(|known| *known != 0);
    let rounded = known.map(|known| known.next_power_of_two().max(4096));
    known.is_none() || known == found || map.kind == "ringbuf" && rounded == found
}

#[test]
fn compilers_of_other_machines_agree() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut all, mut portable, mut cpp) = (Vec::new(), Vec::new(), Vec::new());
    for written in written() {
        objects::write(&written.unit, &written.layouts, folder.path());
        let source = format!("{}.c", written.unit.name);
        // What the kernel defines is otherwise on machines of 32 bits, and no matter of the header.
        portable.extend((!written.imported.toml.contains("[extern.")).then(|| source.clone()));
        // A word of C++ as the name of a member: `c` keeps it, and C++ cannot include the header.
        cpp.extend((!written.imported.toml.contains("c = \"class\"")).then(|| source.clone()));
        all.push(source);
    }
    assert_eq!(all.len() - cpp.len(), 1, "pci_key_t of ebpf_exporter");
    assert!(portable.len() > all.len() / 2, "{} of {}", portable.len(), all.len());
    for (program, arguments, sources) in [
        ("gcc", &["-std=gnu11"][..], &all),
        ("gcc", &["-std=gnu11", "-m32"], &portable),
        ("clang", &["-std=gnu11"], &all),
        ("g++", &["-std=gnu++17", "-xc++"], &cpp),
    ] {
        if objects::has_tool(program) {
            let sources = sources.iter().map(String::as_str);
            let arguments: Vec<&str> =
                arguments.iter().copied().chain(["-w", "-fsyntax-only"]).chain(sources).collect();
            objects::run(program, &arguments, folder.path());
        }
    }
}

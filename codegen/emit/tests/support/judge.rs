//! What the kernel that runs says of an object: of each of its maps and programs, whether it takes it, and whether it should.

use std::{cell::RefCell, collections::BTreeSet, path::Path};

use libbpf_rs::{ObjectBuilder, PrintLevel, set_print};

use super::age::{self, Need, Version};

/// Lines of a verifier's log that are shown.
const LINES: usize = 6;

thread_local! {
    /// What libbpf has said in this thread.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What became of an object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How many maps and programs the kernel took, as it should.
    pub maps: usize,
    pub programs: usize,
    /// How many it refused, as it is too old for them, and what it lacks.
    pub early: usize,
    pub lacking: BTreeSet<Need>,
    /// What it refused although it has all that this takes, or took although it has not.
    pub wrong: Vec<String>,
}

/// A map or a program, and what it takes.
struct Part {
    is_map: bool,
    name: String,
    need: Need,
    /// What it may take beside that.
    most: Need,
}

/// Has a kernel of this version judge an object.
pub fn judge(object: &Path, kernel: Version) -> Verdict {
    set_print(Some((PrintLevel::Warn, |_, text| SAID.with_borrow_mut(|said| said.push_str(&text)))));
    let (due, early): (Vec<Part>, Vec<Part>) = parts(object).into_iter().partition(|part| part.most.since <= kernel);
    let maps: Vec<&str> = due.iter().filter(|part| part.is_map).map(|part| part.name.as_str()).collect();
    let alone = |part: &Part| match part.is_map {
        true => load(object, &[&part.name], &[]),
        false => load(object, &maps, &[&part.name]),
    };
    let mut verdict = Verdict::default();
    let programs: Vec<&str> = due.iter().filter(|part| !part.is_map).map(|part| part.name.as_str()).collect();
    match load(object, &maps, &programs) {
        Ok(()) => (verdict.maps, verdict.programs) = (maps.len(), programs.len()),
        Err(together) => {
            for part in &due {
                let count = if part.is_map { &mut verdict.maps } else { &mut verdict.programs };
                match alone(part) {
                    Ok(()) => *count += 1,
                    Err(reason) => verdict.wrong.push(format!("{} is refused:\n{reason}", part.name)),
                }
            }
            if verdict.wrong.is_empty() {
                verdict.wrong.push(format!("each part is taken, but not all of them:\n{together}"));
            }
        }
    }
    for part in early {
        match alone(&part) {
            Err(_) => {
                verdict.early += 1;
                verdict.lacking.insert(part.most);
            }
            Ok(()) if part.need.since <= kernel => verdict.programs += 1,
            Ok(()) => {
                let Need { since, what } = &part.need;
                verdict.wrong.push(format!("{} is taken, before {since} has {what}", part.name));
            }
        }
    }
    verdict
}

/// Whether a kernel of this version has all that an object takes.
pub fn is_due(object: &Path, kernel: Version) -> bool {
    parts(object).iter().all(|part| part.most.since <= kernel)
}

/// What an object is made of, without what libbpf makes of its data.
fn parts(object: &Path) -> Vec<Part> {
    let open = ObjectBuilder::default().open_file(object);
    let open = open.unwrap_or_else(|error| panic!("{}: {error:?}", object.display()));
    let maps = open.maps().filter(|map| !map.name().to_string_lossy().contains('.'));
    let maps = maps.map(|map| {
        let need = age::of_map(&map);
        Part { is_map: true, name: map.name().to_string_lossy().into(), most: need.clone(), need }
    });
    let functions = age::functions(object);
    let programs = open.progs().map(|program| {
        let [need, most] = age::of_program(&program, &functions);
        Part { is_map: false, name: program.name().to_string_lossy().into(), need, most }
    });
    maps.chain(programs).collect()
}

/// Loads these maps and programs of an object, or says why not.
fn load(object: &Path, maps: &[&str], programs: &[&str]) -> Result<(), String> {
    SAID.with_borrow_mut(String::clear);
    let mut open = ObjectBuilder::default().open_file(object).map_err(|error| format!("{error:?}"))?;
    for mut map in open.maps_mut() {
        let name = map.name().to_string_lossy().into_owned();
        // libbpf makes maps of data by itself.
        if !name.contains('.') && !maps.contains(&name.as_str()) {
            map.set_autocreate(false).map_err(|error| format!("{error:?}"))?;
        }
    }
    for mut program in open.progs_mut() {
        let wanted = programs.contains(&program.name().to_string_lossy().as_ref());
        program.set_autoload(wanted);
    }
    open.load()
        .map(drop)
        .map_err(|error| SAID.with_borrow(|said| last_words(said).unwrap_or_else(|| format!("{error:?}"))))
}

/// The end of a verifier's log, or of all that libbpf says where there is none.
fn last_words(said: &str) -> Option<String> {
    let log = said.split("-- BEGIN PROG LOAD LOG --").nth(1).and_then(|log| log.split("-- END PROG").next());
    let lines: Vec<&str> = log.unwrap_or(said).lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    (!last.is_empty()).then(|| last.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"))
}

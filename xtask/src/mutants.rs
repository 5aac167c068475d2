//! `cargo xtask mutants`: changes one thing after another in the parts that must never be wrong, in a copy, and asks their
//! tests whether they notice. cargo-mutants makes the changes; what it may change and who judges says [`parts`].
//!
//! A mutant that no test notices is a test that is missing, or a change that changes nothing: [`explained`].

mod explained;
mod parts;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use self::{
    explained::{Explained, Mutant},
    parts::{PARTS, Part},
};
use crate::{Flags, cargo, needs, root, shown, succeeds, tools};

/// Mutants that cannot be noticed, with the reasons.
const EXPLAINED: &str = "tests/mutants.txt";

/// Tests that take this long, in seconds, do not end: some mutants loop.
const LONGEST: &str = "60";

/// Which mutants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Files and folders; all of a part if none.
    pub(crate) files: Vec<String>,
    /// `K/N`: each Nth, from the Kth on, counted from 0.
    pub(crate) shard: Option<String>,
    /// Only what the runs before have not seen noticed: what survived or did not end, what they did not come to, and what
    /// stands elsewhere since.
    pub(crate) survivors: bool,
}

/// What became of the mutants of a part.
#[derive(Debug, Default)]
struct Outcome {
    name: &'static str,
    caught: Vec<Mutant>,
    /// The tests did not end.
    timeout: Vec<Mutant>,
    /// They are no Rust.
    unviable: Vec<Mutant>,
    missed: Vec<Mutant>,
}

pub(crate) fn run(names: &[String], choice: &Choice, flags: Flags) -> Result<ExitCode, String> {
    let parts = chosen(names, choice)?;
    needs::provide(needs::BUILD, &[], flags.no_install)?;
    tools::provide_subcommand("mutants", flags.no_install)?;
    let text = fs::read_to_string(root().join(EXPLAINED)).map_err(|error| format!("{EXPLAINED}: {error}"))?;
    let explained = explained::parse(&text).map_err(|error| format!("{EXPLAINED}: {error}"))?;
    let outcomes = parts.iter().map(|part| mutate(part, choice)).collect::<Result<Vec<_>, _>>()?;
    println!(
        "\n{:<12} {:>7} {:>6} {:>8} {:>8} {:>9} {:>8}",
        "part", "mutants", "caught", "timeouts", "unviable", "explained", "survived"
    );
    let mut survivors = Vec::new();
    let mut stale = Vec::new();
    for (part, outcome) in parts.iter().zip(&outcomes) {
        let judged = Judged::of(part, choice, outcome, &explained);
        println!("{}", outcome.row(judged.survivors.len()));
        survivors.extend(judged.survivors);
        stale.extend(judged.stale);
    }
    for mutant in &survivors {
        println!("\nnobody notices {}:{}: {}\n| {}", mutant.file, mutant.line, mutant.what, mutant.source(&root()));
    }
    for entry in &stale {
        println!("\n{EXPLAINED} explains what does not survive: {}: {}\n| {}", entry.file, entry.what, entry.source);
    }
    Ok(if survivors.is_empty() && stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The parts that were named, or that have the files that were named, or all.
fn chosen(names: &[String], choice: &Choice) -> Result<Vec<&'static Part>, String> {
    let known = || PARTS.iter().map(|part| part.name).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = names.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        return Err(format!("there is no part `{unknown}`; there are {}", known()));
    }
    let named = PARTS.iter().filter(|part| names.is_empty() || names.iter().any(|name| name == part.name));
    let parts: Vec<&Part> = named.filter(|part| choice.files.is_empty() || !files(part, choice).is_empty()).collect();
    if parts.is_empty() { Err(format!("no such file is of a part; there are {}", known())) } else { Ok(parts) }
}

/// What is changed of a part.
fn files<'a>(part: &'a Part, choice: &'a Choice) -> Vec<&'a str> {
    if choice.files.is_empty() {
        return part.files.to_vec();
    }
    choice.files.iter().map(String::as_str).filter(|file| part.has(file)).collect()
}

fn mutate(part: &Part, choice: &Choice) -> Result<Outcome, String> {
    let folder = root().join("target/mutants").join(part.name);
    let found = folder.join("mutants.out");
    clear(&folder, choice.survivors)?;
    judge_unchanged(part)?;
    let mut command = command(part, choice, &folder);
    println!("$ {}", shown(&command));
    let status = command.status().map_err(|error| format!("cannot run `{}`: {error}", shown(&command)))?;
    // 2: some were missed; 3: some took too long (cargo-mutants, "Exit codes").
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("`{}` failed: {}", shown(&command), found.join("log").display()));
    }
    let list = |name: &str| {
        let text = fs::read_to_string(found.join(name)).unwrap_or_default();
        text.lines().filter_map(Mutant::parse).collect()
    };
    Ok(Outcome {
        name: part.name,
        caught: list("caught.txt"),
        timeout: list("timeout.txt"),
        unviable: list("unviable.txt"),
        missed: list("missed.txt"),
    })
}

/// Makes the folder of a part's run. What was built of another copy would still name that copy's files, so it goes. What the
/// runs before have found stays if only the survivors are wanted.
fn clear(folder: &Path, survivors: bool) -> Result<(), String> {
    let old = if survivors { folder.join("build") } else { folder.to_owned() };
    if old.exists() {
        fs::remove_dir_all(&old).map_err(|error| format!("{}: {error}", old.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// The tests without a change. cargo-mutants would ask only those of the package that is changed.
fn judge_unchanged(part: &Part) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--locked"]).args(part.tests);
    for judge in part.judges {
        command.args(["--package", judge]);
    }
    command.arg("--").args(skipping(part));
    allow_tools(part, &mut command);
    println!("\n== {}\n$ {}", part.name, shown(&command));
    if succeeds(&mut command)? { Ok(()) } else { Err(format!("the tests of `{}` fail without a mutant", part.name)) }
}

fn command(part: &Part, choice: &Choice, folder: &Path) -> Command {
    let mut command = cargo();
    command.args(["mutants", "--no-config", "--no-shuffle", "--baseline", "skip", "--timeout", LONGEST, "--output"]);
    command.arg(folder);
    command.args(["--package", part.package]);
    for file in files(part, choice) {
        command.arg("--file").arg(if file.ends_with('/') { format!("{file}**") } else { file.to_owned() });
    }
    for file in part.elsewhere() {
        command.args(["--exclude", file]);
    }
    if let Some(shard) = &choice.shard {
        command.args(["--shard", shard]);
    }
    if choice.survivors {
        command.arg("--iterate");
    }
    for judge in part.judges {
        command.args(["--test-package", judge]);
    }
    // For the build, too: what follows `--` would choose among tests that were all built.
    for argument in ["--locked"].iter().chain(part.tests) {
        command.arg(format!("--cargo-arg={argument}"));
    }
    // To cargo-mutants, cargo, and the tests.
    command.args(["--", "--"]).args(skipping(part));
    allow_tools(part, &mut command);
    // Each mutant is a build: as little as can be in each, and what none of them changes once for all.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "1");
    command.env("CARGO_TARGET_DIR", folder.join("build"));
    command
}

/// What leaves out the tests that a part does without.
fn skipping(part: &Part) -> impl Iterator<Item = &'static str> {
    part.skip.iter().flat_map(|name| ["--skip", name])
}

/// Tells tests which programs they may ask.
fn allow_tools(part: &Part, command: &mut Command) {
    command.envs(part.tools.map(|tools| ("BPF_LAYOUT_TOOLS", tools)));
}

impl Outcome {
    /// A line of the table.
    fn row(&self, survived: usize) -> String {
        let (caught, timeouts, unviable) = (self.caught.len(), self.timeout.len(), self.unviable.len());
        let mutants = caught + timeouts + unviable + self.missed.len();
        let explained = self.missed.len() - survived;
        format!("{:<12} {mutants:>7} {caught:>6} {timeouts:>8} {unviable:>8} {explained:>9} {survived:>8}", self.name)
    }
}

/// What is wrong with an outcome.
struct Judged<'a> {
    /// Nobody notices them, and nobody says why.
    survivors: Vec<&'a Mutant>,
    /// They say why of something that is noticed, or is no more.
    stale: Vec<&'a Explained>,
}

impl<'a> Judged<'a> {
    fn of(part: &Part, choice: &Choice, outcome: &'a Outcome, explained: &'a [Explained]) -> Self {
        let root = root();
        let files = files(part, choice);
        let examined = |file: &str| part.has(file) && files.iter().any(|own| file.starts_with(own));
        let mut unused: Vec<&Explained> = explained.iter().filter(|entry| examined(&entry.file)).collect();
        let mut survivors = Vec::new();
        for mutant in &outcome.missed {
            match unused.iter().position(|entry| entry.is_of(mutant, &root)) {
                Some(at) => drop(unused.remove(at)),
                None => survivors.push(mutant),
            }
        }
        // A shard does not see all mutants, and says nothing of those that it has not seen.
        let noticed = outcome.caught.iter().chain(&outcome.timeout).chain(&outcome.unviable).collect::<Vec<_>>();
        let seen = |entry: &Explained| noticed.iter().any(|mutant| entry.is_of(mutant, &root));
        let stale = unused.into_iter().filter(|entry| choice.shard.is_none() || seen(entry)).collect();
        Judged { survivors, stale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_files_that_are_there_and_of_tests_that_are() {
        for part in PARTS {
            for file in part.files {
                assert!(root().join(file).exists(), "{file}");
                assert!(part.has(file), "{file}");
            }
            assert_eq!(part.tests.iter().filter(|word| **word == "--test").count() * 2, {
                part.tests.iter().filter(|word| !matches!(**word, "--lib" | "--tests")).count()
            });
        }
        assert!(PARTS[0].has("spec/src/layout/place.rs") && !PARTS[0].has("spec/src/layout_of.rs"));
    }

    #[test]
    fn a_file_is_of_the_part_that_names_it() {
        let parts = |path: &str| PARTS.iter().filter(|part| part.has(path)).map(|part| part.name).collect::<Vec<_>>();
        assert_eq!(parts("spec/src/check/constants.rs"), ["expressions"]);
        assert_eq!(parts("spec/src/check/few.rs"), ["language"]);
        assert_eq!(parts("spec/src/check/maps.rs"), ["rules"]);
        let rules = PARTS.iter().find(|part| part.name == "rules").expect("a part");
        let command = command(rules, &Choice::default(), Path::new("folder"));
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        for file in ["spec/src/check/constants.rs", "spec/src/check/few.rs"] {
            assert!(words.windows(2).any(|pair| pair == ["--exclude", file]), "{words:?}");
        }
    }

    #[test]
    fn parts_and_files_are_chosen_by_name() {
        let names = |names: &[&str], files: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let choice = Choice { files: files.iter().map(|file| (*file).to_owned()).collect(), ..Choice::default() };
            chosen(&names, &choice).map(|parts| parts.iter().map(|part| part.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[], &[]).map(|all| all.len()), Ok(PARTS.len()));
        assert_eq!(names(&["memory", "layout"], &[]), Ok(vec!["layout", "memory"]));
        assert_eq!(names(&[], &["spec/src/expr.rs"]), Ok(vec!["expressions"]));
        assert!(names(&["layouts"], &[]).is_err_and(|error| error.contains("`layouts`") && error.contains("layout, ")));
        assert!(names(&["layout"], &["spec/src/expr.rs"]).is_err());
    }

    #[test]
    fn survivors_need_a_reason_and_reasons_a_survivor() {
        let source = "spec/src/layout/place.rs";
        let text = fs::read_to_string(root().join(source)).expect("it is there");
        let line = 1 + text.lines().position(|line| line.contains("if end > self.bit {")).expect("a line of it");
        let mutant = |what: &str| Mutant { file: source.into(), line, what: what.into() };
        let entry =
            |what: &str| Explained { file: source.into(), what: what.into(), source: "if end > self.bit {".into() };
        let outcome =
            Outcome { missed: vec![mutant("a"), mutant("b")], caught: vec![mutant("c")], ..Outcome::default() };
        let explained = [entry("a"), entry("c"), entry("gone")];
        let judged = |shard: Option<&str>| {
            let choice = Choice { shard: shard.map(str::to_owned), ..Choice::default() };
            let judged = Judged::of(&PARTS[0], &choice, &outcome, &explained);
            let survivors: Vec<String> = judged.survivors.iter().map(|mutant| mutant.what.clone()).collect();
            (survivors, judged.stale.iter().map(|entry| entry.what.clone()).collect::<Vec<_>>())
        };
        assert_eq!(judged(None), (vec!["b".to_owned()], vec!["c".to_owned(), "gone".to_owned()]));
        assert_eq!(judged(Some("0/2")), (vec!["b".to_owned()], vec!["c".to_owned()]));
    }

    #[test]
    fn survivors_are_told_from_the_rest_by_what_the_run_before_has_found() {
        let folder = std::env::temp_dir().join(format!("xtask-mutants-{}", std::process::id()));
        let found = folder.join("mutants.out/caught.txt");
        let write = |path: &Path| {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(path, "spec/src/expr.rs:1:1: a\n").expect("writable");
        };
        let built = folder.join("build/debug/deps/layout");
        write(&found);
        write(&built);
        clear(&folder, true).expect("it can be cleared");
        assert!(found.exists() && !built.exists());
        clear(&folder, false).expect("it can be cleared");
        assert!(folder.exists() && !found.exists());
        clear(&folder, true).expect("there need not have been a run before");
        fs::remove_dir_all(&folder).expect("it can be removed");

        let words = |survivors| {
            let command = command(&PARTS[0], &Choice { survivors, ..Choice::default() }, &folder);
            command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let [all, rest] = [false, true].map(words);
        assert!(!all.contains(&"--iterate".to_owned()) && rest.contains(&"--iterate".to_owned()));
        assert!(rest.windows(2).any(|pair| pair[0] == "--output" && pair[1] == folder.to_string_lossy()));
    }
}

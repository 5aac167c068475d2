//! The project's own tasks: `cargo xtask demo`, `test`, `bench`, `case-study`, `kernels`, `oracle`, `fuzz`, `mutants` and
//! `sanitize`. Plain std, so that they start in seconds on a fresh machine.
#![forbid(unsafe_code)]

mod bench;
mod case_study;
mod demo;
mod fuzz;
mod kernel;
mod kernels;
mod mutants;
mod needs;
mod objects;
mod oracle;
mod packages;
mod sanitize;
mod test;
mod tools;

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
};

const HELP: &str = "\
The project's own tasks.

Usage: cargo xtask <TASK> [OPTIONS]
       cargo xtask bench [GROUP]... [OPTIONS]
       cargo xtask kernels [NAME]...
       cargo xtask oracle [OPTIONS OF THE ORACLE]
       cargo xtask fuzz [TARGET]... [--seconds N]
       cargo xtask mutants [PART]... [--file PATH]... [--shard K/N] [--survivors]

Tasks:
  demo         Install what is missing, build, and trace a few commands with the `exec` example
  test         Install what is missing, and check everything: format, lints, tests, documentation
  bench        Install what is missing, and measure what bpf-layout costs beside its peers: docs/performance.md
  case-study   Install what is missing, and measure the tools in each profile: docs/case-study.md
  kernels      Boot kernels of Debian's packages, such as 6.12.117+deb12-cloud-amd64, hold the memory model against them, and
               have them load generated code; without a name, list those that there are
  oracle       Install every compiler that can be asked, and hold layouts of random specs, or of one, against what they
               say; `cargo xtask oracle --help` says how
  fuzz         Install what is missing, and give each target of `fuzz/`, or those named, what a fuzzer thinks of
  mutants      Install what is missing, change one thing after another in the parts that must never be wrong, or those
               named, and fail if no test notices: tests/mutants.txt has those that cannot be noticed
  sanitize     Install what is missing, and run what is `unsafe` under Miri, or, where it asks the kernel, AddressSanitizer

Options:
  --no-install       Say what is missing instead of installing it
  --require-kernel   test: fail instead of skipping where BPF is not permitted or a compiler is missing
  --short            bench: as little as shows that everything runs, without optimisation
  --write            bench: put the tables into docs/performance.md
  --markdown         case-study: print tables as docs/case-study.md has them
  --seconds N        fuzz: how long each target runs [default: 60]
  --file PATH        mutants: only those of this file or, with `/` at its end, folder
  --shard K/N        mutants: only each Nth, from the Kth on; from 0/N to N-1/N they are all
  --survivors        mutants: only those that the runs before have not seen noticed, and what stands elsewhere since
  --help             This text
";

/// The tasks that take names.
const NAMING: &[&str] = &["bench", "kernels", "fuzz", "mutants"];

/// What a task can be told.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    no_install: bool,
    require_kernel: bool,
    markdown: bool,
    seconds: Option<u32>,
    short: bool,
    write: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if let Some(("oracle", options)) = arguments.split_first().map(|(task, rest)| (task.as_str(), rest)) {
        return oracle::run(options);
    }
    let (mut task, mut names, mut flags) = (None, Vec::new(), Flags::default());
    let mut choice = mutants::Choice::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" | "help" => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            "--no-install" => flags.no_install = true,
            "--require-kernel" => flags.require_kernel = true,
            "--markdown" => flags.markdown = true,
            "--short" => flags.short = true,
            "--write" => flags.write = true,
            "--seconds" => flags.seconds = Some(seconds(arguments.next())?),
            "--file" => choice.files.push(arguments.next().ok_or("`--file` takes a path")?.clone()),
            "--shard" => choice.shard = Some(arguments.next().ok_or("`--shard` takes K/N")?.clone()),
            "--survivors" => choice.survivors = true,
            name if task.is_none() && !name.starts_with('-') => task = Some(name),
            name if task.is_some_and(|task| NAMING.contains(&task)) && !name.starts_with('-') => {
                names.push(name.to_owned())
            }
            other => return Err(format!("unexpected argument `{other}`\n\n{HELP}")),
        }
    }
    match task {
        Some(task) if task != "test" && flags.require_kernel => Err("`--require-kernel` belongs to `test`".into()),
        Some(task) if task != "case-study" && flags.markdown => Err("`--markdown` belongs to `case-study`".into()),
        Some(task) if task != "fuzz" && flags.seconds.is_some() => Err("`--seconds` belongs to `fuzz`".into()),
        Some(task) if task != "mutants" && choice != mutants::Choice::default() => {
            Err("`--file`, `--shard` and `--survivors` belong to `mutants`".into())
        }
        Some(task) if task != "bench" && (flags.short || flags.write) => {
            Err("`--short` and `--write` belong to `bench`".into())
        }
        Some("bench") => bench::run(&names, flags),
        Some("case-study") => case_study::run(flags),
        Some("demo") => demo::run(flags),
        Some("test") => test::run(flags),
        Some("kernels") => kernels::run(&names, flags),
        Some("fuzz") => fuzz::run(&names, flags),
        Some("mutants") => mutants::run(&names, &choice, flags),
        Some("sanitize") => sanitize::run(flags),
        Some(other) => Err(format!("there is no task `{other}`\n\n{HELP}")),
        None => Err(format!("which task?\n\n{HELP}")),
    }
}

/// The number behind `--seconds`.
fn seconds(argument: Option<&String>) -> Result<u32, String> {
    let number = argument.and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| "`--seconds` takes a number from 1 on".into())
}

/// The workspace's folder.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or(own.clone(), PathBuf::from)
}

/// The cargo that runs this, in the workspace's folder.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command, its output going to ours, and tells whether it succeeded.
fn succeeds(command: &mut Command) -> Result<bool, String> {
    let status = command.status().map_err(|error| format!("cannot run `{}`: {error}", shown(command)))?;
    Ok(status.success())
}

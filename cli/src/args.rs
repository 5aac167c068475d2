//! What can be asked for. The doc comments here are the text of `--help`.

use std::{ffi::OsString, path::PathBuf};

use bpf_layout_spec::breaking::Relation;
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::styling::{AnsiColor, Styles},
};
use clap_complete::Shell;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// One file, `layouts.toml`, says how the data lies that BPF programs (in C) and userspace (in Rust) share: event
/// structs, string lengths, map capacities. This command writes that file, shows what follows from it, generates
/// the C header and the Rust types, and says what the maps cost.
///
/// A build script does the same on every build, see the crate `bpf-layout-codegen`.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-bpf-layout",
    bin_name = "cargo bpf-layout",
    version,
    about = "The layouts that BPF programs and Rust share",
    styles = STYLES,
    max_term_width = 100,
    after_help = "\
Exit status:
  0  agrees, or done
  1  differs: `check`, `import` or `generate --check` found something, or a map is over its budget
  2  could not do it; the reason is on standard error",
    after_long_help = "\
Examples:
  cargo bpf-layout init                               write a layouts.toml to start from
  cargo bpf-layout show                               see every struct as it lies in memory
  cargo bpf-layout import --object tracer.bpf.o       or one for what exists
  cargo bpf-layout generate --out-dir src/generated   write the C header and the Rust types
  cargo bpf-layout report                             see what every map costs
  cargo bpf-layout check --object tracer.bpf.o        does what was built agree with the spec?
  cargo bpf-layout diff HEAD:layouts.toml layouts.toml  what has changed, in layout and in bytes?
  cargo bpf-layout audit --spec layouts.toml            what of it is used, on this machine?
  cargo bpf-layout lock                               write layouts.lock, to be committed and reviewed
  cargo bpf-layout schema --out layouts.schema.json   let an editor complete and check the spec

Exit status:
  0  agrees, or done
  1  differs: `check`, `import` or `generate --check` found something, or a map is over its budget
  2  could not do it; the reason is on standard error"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    Init(Init),
    Import(Import),
    Generate(Generate),
    Show(Show),
    Report(Report),
    Check(Check),
    Diff(Diff),
    Audit(Audit),
    Lock(Lock),
    Schema(Schema),
    /// Print a completion script for a shell
    ///
    /// It completes `cargo-bpf-layout ...`, which does the same as `cargo bpf-layout ...`.
    #[command(after_long_help = "\
Examples:
  source <(cargo-bpf-layout completions bash)                                      this shell only
  cargo-bpf-layout completions bash > ~/.local/share/bash-completion/completions/cargo-bpf-layout
  cargo-bpf-layout completions fish > ~/.config/fish/completions/cargo-bpf-layout.fish
  cargo-bpf-layout completions zsh > /usr/local/share/zsh/site-functions/_cargo-bpf-layout")]
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
}

/// Write a commented layouts.toml to start from
///
/// The file works as it stands: every part of it can be shown and generated at once, then changed to what is needed.
/// Beside it, layouts.schema.json lets editors complete and check it. What exists already is not touched without
/// `--force`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout init                             ./layouts.toml
  cargo bpf-layout init --spec tracer/layouts.toml  somewhere else")]
pub(crate) struct Init {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "layouts.toml")]
    pub(crate) spec: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Write a layouts.toml for what exists, and prove that it says the same
///
/// Reads BPF objects (their BTF, maps, and the calls by which programs hand records to userspace), C headers, or Rust files with
/// `repr(C)` structs. What is printed is a spec that generates at once; what could not be expressed stands in it as a comment,
/// and on standard error as a note.
///
/// Then the proof: the spec is laid out and its header compiled, and both are compared with what was imported, for each type and map.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout import --object tracer.bpf.o                                print it
  cargo bpf-layout import --object a.bpf.o --object b.bpf.o --output layouts.toml   of one project, as one spec
  cargo bpf-layout import --object tracer.bpf.o --header src/tracer.h          with the header's names and comments
  cargo bpf-layout import --header src/tracer.h -- -I include -DDEBUG=0        from C alone
  cargo bpf-layout import --header src/tracer.h --variant 'lean=-DPATH_LEN=128 -DNO_CWD'   a profile for these defines
  cargo bpf-layout import --rust src/abi.rs

Exit status:
  0  written, and every type and map is identical
  1  written, and something differs: what and why is on standard error
  2  could not do it; nothing was written")]
pub(crate) struct Import {
    /// A BPF object that was built; may be given several times
    #[arg(long, value_name = "FILE", required_unless_present_any = ["header", "rust"])]
    pub(crate) object: Vec<PathBuf>,
    /// A C header; may be given several times. Beside objects, only for names, comments and lengths
    #[arg(long, value_name = "FILE")]
    pub(crate) header: Vec<PathBuf>,
    /// A file of Rust; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) rust: Vec<PathBuf>,
    /// The headers once more with these arguments of clang: `NAME=-DX -DY` becomes the profile NAME; may be given several times
    #[arg(long, value_name = "NAME=ARGS", allow_hyphen_values = true)]
    pub(crate) variant: Vec<String>,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// The compiler that reads headers and testifies in the proof
    #[arg(long, value_name = "PROGRAM", default_value = "clang", env = "CLANG", hide_env_values = true)]
    pub(crate) clang: OsString,
    /// Arguments of clang for the headers
    #[arg(last = true, value_name = "CLANG ARGS")]
    pub(crate) clang_args: Vec<OsString>,
}

/// Which spec, and how it is read.
#[derive(Debug, Args)]
pub(crate) struct SpecOptions {
    /// The spec to read [default: layouts.toml, in this folder or the nearest one above]
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// The profile to apply, one of the spec's `[profile.NAME]`
    #[arg(long, value_name = "NAME", env = "BPF_LAYOUT_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,
}

/// Write the C header and the Rust types
///
/// Writes STEM.h and STEM.rs, STEM being the spec's file name without `.toml`. Files that would not change are not
/// touched, so nothing is compiled again because of them; files that change are replaced whole, both or none.
///
/// A build script needs no generated files beside the sources: `bpf_layout_codegen::Builder` writes them to OUT_DIR.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout generate --out-dir src/generated
  cargo bpf-layout generate --out-dir src/generated --check    in CI: are the committed files up to date?
  cargo bpf-layout generate --spec tracer/layouts.toml --profile lean --out-dir build

Exit status:
  0  written, or up to date
  1  --check: files would change
  2  could not do it")]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) spec: SpecOptions,
    /// The folder to write to; made if missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
    /// Write nothing; exit with status 1 if a file would change
    #[arg(long)]
    pub(crate) check: bool,
}

/// Show each struct as it lies in memory
///
/// Offset, size, type and name of every member, holes as the padding that fills them, bitfields with their bits, and
/// where each cache line of 64 bytes begins; then the maps with the sizes of their keys and values.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout show                           everything in the nearest layouts.toml
  cargo bpf-layout show exec                      one struct, event or union
  cargo bpf-layout show execs                     one map, with its key and value
  cargo bpf-layout show --profile before exec     with the lengths of a profile
  cargo bpf-layout show --format json | jq '.structs[] | {name, size}'

JSON:
  {\"structs\": [{\"name\", \"size\", \"align\", \"members\": [{\"name\", \"offset\", \"size\", \"type\", \"padding\"}]}]}
  Sizes and offsets are bytes; bitfields have \"bit_offset\" and \"bits\" as well.")]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) spec: SpecOptions,
    /// A struct, event, union or map of the spec [default: all of them]
    pub(crate) name: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// How `show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people
    Human,
    /// Stable JSON for programs
    Json,
}

/// Say what every map costs, against its budget
///
/// For each map two figures, empty and full: what the kernel reports (`memlock`, to the byte), and what the map really
/// takes (within two percent), which can be twice that and more. The largest come first, with where their bytes go, then
/// what could be smaller, with the bytes that it would save.
///
/// The kernel's private struct sizes decide what it reports. They are read from the BTF of the running kernel, or of
/// the one that `--kernel` names.
///
/// Budgets are compared with what the kernel reports of full maps, on as many CPUs as `[budget] cpus` says, or 64.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout report                                the nearest layouts.toml, on this machine
  cargo bpf-layout report --profile before --cpus 2,64   a profile, on a small and a large machine
  cargo bpf-layout report --kernel 6.12.107+deb13-amd64  as another kernel reports it
  cargo bpf-layout report --format json | jq .total
  cargo bpf-layout report --format html > report.html     treemap and byte maps, for a browser
  cargo bpf-layout report --format html --profile lean --compare before > report.html   and what was before

JSON:
  {\"profile\", \"cpus\", \"kernel\", \"page_size\", \"sizes\", \"exact\",
   \"maps\": [{\"name\", \"type\", \"key_size\", \"value_size\", \"max_entries\", \"map_flags\",
             \"memlock\", \"memlock_full\", \"real\", \"real_full\", \"budget\", \"parts\"}],
   \"total\": {\"memlock\", \"memlock_full\", \"real\", \"real_full\"}, \"groups\", \"over_budget\",
   \"advice\": [{\"rule\", \"subject\", \"text\", \"where\", \"saves\"}]}
  Sizes are bytes; _full is with every entry in use. Several --cpus give an array of these.

Exit status:
  0  done, and within every budget
  1  over a budget: which, and the ways back under it, are on standard error
  2  could not do it")]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) spec: SpecOptions,
    /// Possible CPUs, or several numbers of them, separated by commas [default: those of this machine]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub(crate) cpus: Vec<u32>,
    /// A BTF file, or a kernel of the bundled table by name [default: the running kernel]
    #[arg(long, value_name = "KERNEL")]
    pub(crate) kernel: Option<String>,
    /// Bytes of a page: 4096, 16384 or 65536 [default: as the kernel has it]
    #[arg(long, value_name = "BYTES", value_parser = page_size)]
    pub(crate) page_size: Option<u64>,
    /// A BPF object that was built: what its maps cost together, those that the spec does not have included; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) object: Vec<PathBuf>,
    /// What `audit --format json` has seen in use, for advice that would otherwise assume it; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Vec<PathBuf>,
    /// With --format html: the profile to show beside it, as what was before; "" for the spec without a profile
    #[arg(long, value_name = "NAME")]
    pub(crate) compare: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(crate) format: ReportFormat,
}

/// How `report` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A table for people
    Table,
    /// Stable JSON for programs
    Json,
    /// One page with pictures, which needs nothing beside itself
    Html,
}

/// A page size that Linux has: a power of two from 4 KiB to 256 KiB.
fn page_size(text: &str) -> Result<u64, String> {
    let size = text.parse().map_err(|_| "not a number of bytes".to_owned())?;
    let possible = u64::is_power_of_two(size) && (4096..=262_144).contains(&size);
    if possible { Ok(size) } else { Err("expected a power of two from 4096 to 262144".into()) }
}

/// Compare what was built, or committed, with the spec
///
/// `--object` reads the types of BPF objects (their BTF, which `clang -g` writes) and compares every size, offset, type,
/// sign, array length, bitfield and enum value with the spec, and the type, key, value, size, flags and pinning of every
/// map. A type or map agrees, differs, or is in none of the objects; only a difference is an error. Objects may be of
/// either byte order, and linked by `bpftool gen object`.
///
/// `--lock` compares layouts.lock, under every profile of the spec.
///
/// With --live, does so with what the running kernel has: maps of the spec's names, and the programs that use them. A
/// number of entries that was changed at load is told, and is no difference.
///
/// In objects, also found is what crosses the boundary to userspace otherwise: a record handed to a ring or perf buffer
/// whose size is that of none of its events, and, as warnings, buffers and maps with structs that the spec does not have.
/// What it knowingly does not have, it names under `[outside]`.
///
/// With --source, looks through C sources for numbers that the spec has a name for, and for those that are no longer what
/// it says. What it finds is a warning, unless denied.
///
/// With --against, compares the spec with an older version of itself: what changed, and whether that breaks a userspace and an object of
/// different versions, a pinned map, or a buffer that both share. Changes that break nobody are listed, and are no error.
///
/// A build script that uses `bpf_layout_codegen::Builder` does this on every build.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout check --object tracer.bpf.o
  cargo bpf-layout check --object a.bpf.o --object b.bpf.o      also that both have the same types
  cargo bpf-layout check --source src/bpf/*.bpf.c --deny-warnings  no number where there is a name
  cargo bpf-layout check --live                                 what is loaded now
  cargo bpf-layout check --live --pin /sys/fs/bpf/execs         one map
  cargo bpf-layout check --object tracer.bpf.o --format github  in a workflow: annotates layouts.toml
  cargo bpf-layout check --lock                                 is layouts.lock up to date?
  cargo bpf-layout check --object tracer.bpf.o --format sarif > layouts.sarif
  cargo bpf-layout check --against origin/main                  does this change break anybody?
  cargo bpf-layout check --against v1.4 --relations pinned-map  object and userspace ship together

JSON:
  {\"ok\", \"differences\": [{\"code\", \"severity\", \"what\", \"field\", \"expected\", \"found\", \"where\"}],
   \"not_in_object\": [...], \"unknown\": [{\"what\", \"why\", \"where\"}]}; with --live also \"live\": {\"maps\", \"resized\", \"unknown\", \"not_loaded\"}
  docs/checks.md, docs/breaking-changes.md and docs/literals.md list the codes.

Exit status:
  0  agrees, or breaks nobody; warnings do not count
  1  differs, or breaks somebody
  2  could not be checked")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) spec: SpecOptions,
    /// A BPF object to compare with the spec; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) object: Vec<PathBuf>,
    /// Compare layouts.lock, or another file, with the spec [default: beside the spec]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) lock: Option<Option<PathBuf>>,
    /// Compare the maps that the running kernel has loaded, found by their names; takes root
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: only the loaded map with this id; may be given several times
    #[arg(long, value_name = "ID", requires = "live")]
    pub(crate) map_id: Vec<u32>,
    /// With --live: only the map that is pinned at this path; may be given several times
    #[arg(long, value_name = "PATH", requires = "live")]
    pub(crate) pin: Vec<PathBuf>,
    /// C sources to look through for numbers that the spec has a name for, with the headers beside them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) source: Vec<PathBuf>,
    /// A rule whose findings are errors, not warnings; may be given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<String>,
    /// Make errors of all warnings
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// An older version of the spec, to find what the newer one breaks: a git revision, or `[REVISION:]FILE[#PROFILE]`
    #[arg(long, value_name = "REV-or-FILE")]
    pub(crate) against: Option<String>,
    /// Who must not be broken, of `new-userspace` (with an old object), `old-userspace` (with a new object), `pinned-map`
    /// (that survives the upgrade) and `shared-buffer` (of both versions) [default: all of them]
    #[arg(long, value_name = "RELATION", value_delimiter = ',', value_parser = relation, requires = "against")]
    pub(crate) relations: Vec<Relation>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
}

/// One of the relations between versions that a change can break.
fn relation(text: &str) -> Result<Relation, String> {
    let names = Relation::ALL.map(Relation::id);
    Relation::from_id(text).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// How `check` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Each difference at its line of the spec or source
    Human,
    /// Stable JSON for programs
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
}

/// Write layouts.lock: what the spec comes to, to be committed
///
/// One line for each field, with offset, size and type, for everything in the spec, without a profile and under each;
/// parameters of maps; and a fingerprint of each type and map. Committed, it shows a reviewer what a change of the spec
/// does, and `check --lock` and every build say when it is out of date. A file that would not change is not touched.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout lock                            layouts.lock beside the nearest layouts.toml
  cargo bpf-layout lock --spec tracer/layouts.toml
  cargo bpf-layout check --lock                    in CI: is it up to date?")]
pub(crate) struct Lock {
    /// The spec to read [default: layouts.toml, in this folder or the nearest one above]
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// The file to write [default: beside the spec, with the extension `.lock`]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Print the JSON Schema of layouts.toml, for editors
///
/// With it, an editor completes keys and words, explains them, and marks those that are misspelt, while a spec is written:
/// Taplo and Tombi, and what is made of them, read it from the line `#:schema ./layouts.schema.json` at the top of the
/// spec, as `init` writes it. What a schema cannot see, such as a name that nothing defines, the other commands say.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout schema --out layouts.schema.json    beside the spec; again after an update
  cargo bpf-layout schema > layouts.schema.json")]
pub(crate) struct Schema {
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Say what changed between two specs, profiles or revisions
///
/// Shows what was added, removed or changed: lengths and capacities, size and alignment of types, place, size and type of
/// fields, values of enums, parameters of maps; who each change breaks; and what all maps cost before and after. Things
/// are matched by name. The largest differences come first.
///
/// OLD and NEW are each a file, with `#PROFILE` after it to apply a profile, and `REVISION:` before it to read it and what
/// it includes from a revision of the git repository of this folder. As for git, the path is then one from the top of the
/// repository, or from this folder if it begins with `./`. `BPF_LAYOUT_PROFILE` is not used.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout diff layouts.toml#before layouts.toml#after   two profiles
  cargo bpf-layout diff HEAD:layouts.toml layouts.toml           what is not committed yet
  cargo bpf-layout diff old.toml new.toml --cpus 64              two files, on a large machine
  cargo bpf-layout diff origin/main:./layouts.toml layouts.toml --format markdown   for a pull request

JSON:
  {\"old\", \"new\", \"cpus\", \"kernel\", \"page_size\", \"sizes\", \"exact\", \"same\",
   \"changes\": [{\"subject\", \"name\", \"change\", \"old_at\", \"new_at\",
                \"details\": [{\"aspect\", \"of\", \"old\", \"new\"}]}],
   \"compatibility\": [{\"rule\", \"on\", \"message\", \"new_userspace\", \"old_userspace\",
                      \"pinned_map\", \"shared_buffer\"}],
   \"maps\": [{\"name\", \"old\", \"new\", \"difference\"}], \"total\": {\"old\", \"new\", \"difference\"}}

Exit status:
  0  done, whether or not there are differences
  2  could not do it")]
pub(crate) struct Diff {
    /// The spec before: `[REVISION:]FILE[#PROFILE]`
    pub(crate) old: String,
    /// The spec after: `[REVISION:]FILE[#PROFILE]`
    pub(crate) new: String,
    /// Possible CPUs [default: those of this machine]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub(crate) cpus: Option<u32>,
    /// A BTF file, or a kernel of the bundled table by name [default: the running kernel]
    #[arg(long, value_name = "KERNEL")]
    pub(crate) kernel: Option<String>,
    /// Bytes of a page: 4096, 16384 or 65536 [default: as the kernel has it]
    #[arg(long, value_name = "BYTES", value_parser = page_size)]
    pub(crate) page_size: Option<u64>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = DiffFormat::Human)]
    pub(crate) format: DiffFormat,
}

/// How `diff` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Human,
    /// Stable JSON for programs
    Json,
    /// Tables for a pull request
    Markdown,
}

/// Say how much of the loaded maps is used, and what to write instead
///
/// For each map of the running kernel: entries in use against its capacity, what the kernel reports of it, what the model
/// predicts, and what it really takes. With --spec, only the maps of the spec, found by their names, and how many bytes
/// their strings use: percentiles and a histogram. A map is read by the spec's layout only if its BTF proves that it has
/// that layout. Nothing is changed, nor what LRU maps evict next. It takes root, or a pin that may be read.
///
/// With --spec, also other numbers for it: what they would save and how many of the values seen they would cut.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cargo bpf-layout audit                                         every loaded map
  cargo bpf-layout audit --watch 2                               again and again, with the peaks
  cargo bpf-layout audit --spec layouts.toml                     also strings and proposals
  cargo bpf-layout audit --spec layouts.toml --format json       on each machine
  cargo bpf-layout audit --spec layouts.toml --merge a.json --merge b.json --write

JSON (docs/audit.md):
  {\"audit\": 1, \"spec\", \"profile\", \"machines\": [{\"kernel\", \"cpus\", \"page_size\", \"runs\"}],
   \"maps\": [{\"id\", \"name\", \"map\", \"type\", \"key_size\", \"value_size\", \"max_entries\", \"map_flags\",
             \"memlock\", \"predicted\", \"real\", \"in_use\": {\"last\", \"peak\", \"samples\", \"complete\"},
             \"strings\": [{\"field\", \"length\", \"filled\", \"lengths\": {\"BYTES\": COUNT}}], \"skipped\"}],
   \"proposals\": [{\"name\", \"kind\", \"from\", \"to\", \"at\", \"seen\", \"most\", \"truncated\",
                  \"saves\": {\"memlock_full\", \"real_full\"}, \"unseen\"}], \"notes\"}

Exit status:
  0  done, whatever was found
  2  could not do it")]
pub(crate) struct Audit {
    /// The spec whose maps are audited [default: every loaded map is, without its strings]
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// The profile to apply, one of the spec's `[profile.NAME]`
    #[arg(long, value_name = "NAME", requires = "spec")]
    pub(crate) profile: Option<String>,
    /// Only the loaded map with this id; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) map_id: Vec<u32>,
    /// Only the map that is pinned at this path; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) pin: Vec<PathBuf>,
    /// Audit again and again, every so many seconds; as JSON, one document a line for each round
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) watch: Option<f64>,
    /// With --watch: stop after so many rounds
    #[arg(long, value_name = "N", requires = "watch", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: Option<u32>,
    /// Add up what other runs and machines printed with `--format json`, and look at nothing here; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with_all = ["map_id", "pin", "watch", "rounds", "time_limit"])]
    pub(crate) merge: Vec<PathBuf>,
    /// Count for no longer than this in a round
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) time_limit: f64,
    /// Percent of the values seen that a proposed length must hold whole
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = share)]
    pub(crate) cover: f64,
    /// How many times the most entries seen a proposed capacity must hold
    #[arg(long, value_name = "TIMES", default_value = "1.5", value_parser = times)]
    pub(crate) headroom: f64,
    /// Write the proposals into the spec, but for numbers of which not everything was seen
    #[arg(long, requires = "spec", conflicts_with = "watch")]
    pub(crate) write: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = AuditFormat::Table)]
    pub(crate) format: AuditFormat,
}

/// How `audit` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// Tables for people
    Table,
    /// Stable JSON for programs, and to merge
    Json,
}

/// A time in seconds, no longer than a day.
fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.01, 86_400.0)
}

/// A share in percent.
fn share(text: &str) -> Result<f64, String> {
    number(text, 50.0, 100.0)
}

/// How many times something.
fn times(text: &str) -> Result<f64, String> {
    number(text, 1.0, 100.0)
}

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

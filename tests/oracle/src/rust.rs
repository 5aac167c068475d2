//! What rustc makes of the generated types, with zerocopy's derives on them or without.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bpf_layout_emit::rust;
use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Record, RecordKind, TypeDef, TypeId},
};
use object::{Object, ObjectSection};

use crate::facts::{Fact, Facts, What, Witness};

/// What rustc states of every type.
const KNOWS: &[What] = &[What::Size, What::Align, What::BitOffset, What::Value];

/// Bytes of a number in the table.
const NUMBER: usize = 16;

/// rustc, and the crate that generated code calls.
#[derive(Clone, Debug)]
pub struct Rustc {
    program: PathBuf,
    /// `libbpf_layout-….rlib`.
    runtime: PathBuf,
    zerocopy: bool,
}

impl Rustc {
    /// Builds what generated code calls, in the workspace that this crate is part of.
    ///
    /// # Errors
    /// If cargo fails; with what it says.
    pub fn with_runtime(zerocopy: bool) -> Result<Self, String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let features = if zerocopy { "std,zerocopy" } else { "std" };
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--locked", "--package", "bpf-layout", "--no-default-features", "--features", features]);
        cargo.args(["--message-format", "json-render-diagnostics"]).current_dir(workspace).stderr(Stdio::inherit());
        let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let runtime = messages.lines().filter_map(runtime_of).next_back();
        let runtime = runtime.filter(|_| output.status.success()).ok_or("`cargo build -p bpf-layout` failed")?;
        Ok(Rustc { program: env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()).into(), runtime, zerocopy })
    }

    /// How its name in reports begins.
    pub const NAME: &str = "rustc";

    /// How reports call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.zerocopy { "rustc with zerocopy" } else { Self::NAME }
    }

    /// What it says of its version.
    #[must_use]
    pub fn version(&self) -> String {
        crate::tools::version(&self.program.to_string_lossy()).unwrap_or_default()
    }

    /// What it says of a spec's types.
    #[must_use]
    pub fn ask(&self, layouts: &Layouts) -> Witness {
        let folder = tempfile::tempdir().expect("a folder for a compiler");
        let said = self.compile(layouts, folder.path());
        Witness { name: self.name().to_owned(), said, knows: KNOWS }
    }

    fn compile(&self, layouts: &Layouts, folder: &Path) -> Result<Facts, String> {
        let questions = questions(layouts);
        let bounds = if self.zerocopy { zerocopy_accepts(layouts) } else { String::new() };
        fs::write(folder.join("layouts.rs"), rust::module(layouts)).expect("the folder can be written");
        fs::write(folder.join("oracle.rs"), source(&questions, &bounds)).expect("the folder can be written");
        let mut command = Command::new(&self.program);
        command.args(["--edition", "2024", "--crate-type", "rlib", "--emit", "obj", "-C", "codegen-units=1"]);
        command.args(["--cap-lints", "allow", "-o", "oracle.o", "--extern"]);
        command.arg(format!("bpf_layout={}", self.runtime.display()));
        // The crates below it: cargo keeps them in a folder beside its results, and its own results there, too.
        let folder_of_runtime = self.runtime.parent().unwrap_or(Path::new("."));
        for dependencies in [folder_of_runtime.to_owned(), folder_of_runtime.join("deps")] {
            command.arg("-L").arg(format!("dependency={}", dependencies.display()));
        }
        let output = command.arg("oracle.rs").current_dir(folder).output();
        let output = output.map_err(|error| format!("{} cannot be started: {error}", self.program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().take(20).collect::<Vec<_>>().join("\n"));
        }
        let object = fs::read(folder.join("oracle.o")).map_err(|error| error.to_string())?;
        read(&object, &questions)
    }
}

/// The path of the runtime, if this is cargo's message that it was built.
fn runtime_of(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let is_it = message.get("reason")? == "compiler-artifact" && message.pointer("/target/name")? == "bpf_layout";
    let files = message.get("filenames")?.as_array()?;
    let file = files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".rlib"));
    file.filter(|_| is_it).map(PathBuf::from)
}

/// A number, and how Rust computes it.
struct Question {
    fact: Fact,
    expression: String,
}

fn questions(layouts: &Layouts) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |ty: &str, member: &str, what, expression: String| {
        questions.push(Question { fact: Fact { ty: ty.to_owned(), member: member.to_owned(), what }, expression });
    };
    for (id, record) in layouts.model.records() {
        let ty = record.rust_struct();
        let ty = ty.as_str();
        ask(ty, "", What::Size, format!("size_of::<layouts::{ty}>()"));
        ask(ty, "", What::Align, format!("align_of::<layouts::{ty}>()"));
        for name in members(layouts, id, record) {
            ask(ty, &name, What::BitOffset, format!("8 * core::mem::offset_of!(layouts::{ty}, {name})"));
        }
    }
    for constant in &layouts.model.constants {
        let name = &constant.name.rust;
        ask("", name, What::Value, format!("layouts::{name}"));
    }
    for def in &layouts.model.types {
        let (variants, number) = match def {
            TypeDef::Enum(def) => (&def.variants, ".0"),
            TypeDef::Flags(def) => (&def.bits, ".bits()"),
            TypeDef::Record(_) | TypeDef::Extern(_) => continue,
        };
        let ty = &def.name().rust;
        for variant in variants {
            let name = &variant.name.rust;
            ask(ty, name, What::Value, format!("layouts::{ty}::{name}{number}"));
        }
    }
    questions
}

/// Those that have a name in Rust: what is in a union has none that is a member's.
fn members(layouts: &Layouts, id: TypeId, record: &Record) -> Vec<String> {
    if record.kind == RecordKind::Union {
        return Vec::new();
    }
    let name = |member: &Member| match member {
        Member::Padding { index, .. } => format!("_pad{index}"),
        Member::Bits(run) => format!("_bits{}", run.index),
        Member::Field { field, .. } => record.fields[*field].name.rust.to_string(),
    };
    layouts.of(id).members.iter().map(name).collect()
}

fn source(questions: &[Question], bounds: &str) -> String {
    let mut text = String::from("mod layouts {\n    include!(\"layouts.rs\");\n}\n\n");
    let count = questions.len();
    let _ = writeln!(text, "#[used]\n#[unsafe(link_section = \".oracle\")]\nstatic NUMBERS: [i128; {count}] = [");
    for question in questions {
        let _ = writeln!(text, "    ({}) as i128,", question.expression);
    }
    text.push_str("];\n");
    text.push_str(bounds);
    text
}

/// That zerocopy takes every record: any bytes are one, and it is nothing but initialised bytes, without padding.
fn zerocopy_accepts(layouts: &Layouts) -> String {
    let mut text = String::from(
        "\nuse bpf_layout::__private::zerocopy;\n\nfn accepts<T: zerocopy::FromBytes + zerocopy::IntoBytes + \
         zerocopy::Immutable + zerocopy::KnownLayout>() {}\n\nfn all() {\n",
    );
    for (_, record) in layouts.model.records() {
        let _ = writeln!(text, "    accepts::<layouts::{}>();", record.rust_struct());
    }
    text.push_str("}\n");
    text
}

fn read(object: &[u8], questions: &[Question]) -> Result<Facts, String> {
    let file = object::File::parse(object).map_err(|error| error.to_string())?;
    let section = file.section_by_name(".oracle").ok_or("rustc's object has no table of numbers")?;
    let data = section.data().map_err(|error| error.to_string())?;
    if data.len() != questions.len() * NUMBER {
        return Err(format!("rustc's table of {} numbers has {} bytes", questions.len(), data.len()));
    }
    let mut facts = Facts::default();
    for (question, number) in questions.iter().zip(data.chunks_exact(NUMBER)) {
        let number: [u8; NUMBER] = number.try_into().expect("one number");
        let Fact { ty, member, what } = &question.fact;
        facts.state(ty, member, *what, i128::from_ne_bytes(number));
    }
    Ok(facts)
}

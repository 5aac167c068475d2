//! The compilers that are asked, and for which targets.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::c;
use bpf_layout_spec::{layout::Layouts, model::TypeDef};

use crate::{
    btf, dwarf,
    facts::{Facts, What, Witness},
    naive::{self, Dialect},
    numbers, pahole,
    source::{self, Questions, View},
    tools,
    types::{self, Types},
};

/// Names the folder where `cargo xtask oracle` has unpacked GCC for other targets.
pub const CROSS_COMPILERS: &str = "BPF_LAYOUT_ORACLE_GCC";

/// Who reads an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// We, what the compiler has written into its data.
    Numbers,
    /// gimli, its DWARF.
    Dwarf,
    /// gimli, the DWARF of a clang before 16, which has not all bitfields.
    DwarfOfOldClang,
    /// libbpf, its BTF.
    Btf,
    /// pahole, its DWARF.
    PaholeDwarf,
    /// pahole, its BTF.
    PaholeBtf,
}

impl Reader {
    fn name(self) -> &'static str {
        match self {
            Reader::Numbers => "data",
            Reader::Dwarf | Reader::DwarfOfOldClang => "DWARF",
            Reader::Btf => "BTF",
            Reader::PaholeDwarf => "DWARF by pahole",
            Reader::PaholeBtf => "BTF by pahole",
        }
    }
}

/// One compiler for one target.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// How reports call it.
    pub name: String,
    program: PathBuf,
    arguments: Vec<String>,
    /// Where its tools' shared libraries are, if they were not installed.
    libraries: Option<PathBuf>,
    readers: Vec<Reader>,
    /// How its target's C differs from ours; nothing where the rules themselves do.
    dialect: Option<Dialect>,
    /// Whether `BPF_LAYOUT_REQUIRE_TOOLS=1` asks for it.
    required: bool,
}

/// Targets of clang: name, and the dialect of C there.
///
/// 32-bit x86 aligns 64-bit integers to 4 bytes inside of records. That is what the generated header is there to hide, and
/// why nothing but the generated header is the same there.
const CLANG_TARGETS: &[(&str, Option<Dialect>)] = &[
    ("x86_64-linux-gnu", Some(Dialect::WIDE)),
    ("i386-linux-gnu", None),
    ("arm-linux-gnueabihf", Some(Dialect::NARROW)),
    ("armeb-linux-gnueabihf", Some(Dialect::NARROW)),
    ("aarch64-linux-gnu", Some(Dialect::WIDE)),
    ("riscv64-linux-gnu", Some(Dialect::WIDE)),
    ("s390x-linux-gnu", Some(Dialect::WITHOUT_INT128)),
    ("powerpc64le-linux-gnu", Some(Dialect::WIDE)),
    ("powerpc64-linux-gnu", Some(Dialect::WIDE)),
    ("mips-linux-gnu", Some(Dialect::NARROW)),
    ("mipsel-linux-gnu", Some(Dialect::NARROW)),
    ("mips64-linux-gnuabi64", Some(Dialect::WIDE)),
    ("mips64el-linux-gnuabi64", Some(Dialect::WIDE)),
];

/// The clang that is asked about all of them.
const CLANG: &str = "clang-19";

/// Targets of GCC in Debian's packages, which are named after them.
const GCC_TARGETS: &[(&str, Option<Dialect>)] = &[
    ("aarch64-linux-gnu", Some(Dialect::WIDE)),
    ("arm-linux-gnueabihf", Some(Dialect::NARROW)),
    ("riscv64-linux-gnu", Some(Dialect::WIDE)),
    ("s390x-linux-gnu", Some(Dialect::WITHOUT_INT128)),
    ("powerpc64le-linux-gnu", Some(Dialect::WIDE)),
    ("powerpc64-linux-gnu", Some(Dialect::WIDE)),
    ("mips-linux-gnu", Some(Dialect::NARROW)),
    ("mipsel-linux-gnu", Some(Dialect::NARROW)),
    ("mips64el-linux-gnuabi64", Some(Dialect::WIDE)),
];

/// Every compiler that is asked where all are there.
#[must_use]
pub fn all() -> Vec<Compiler> {
    let mut compilers = for_bpf();
    compilers.extend(for_this_host());
    for (target, dialect) in CLANG_TARGETS {
        let arguments = format!("--target={target} -std=c11");
        compilers.push(Compiler::new(CLANG, &arguments, &[Reader::Numbers], *dialect).called(target));
    }
    if let Some(folder) = env::var_os(CROSS_COMPILERS) {
        for (target, dialect) in GCC_TARGETS {
            compilers.extend(cross_gcc(Path::new(&folder), target, *dialect));
        }
    }
    compilers
}

fn for_bpf() -> Vec<Compiler> {
    let old = [Reader::Numbers, Reader::DwarfOfOldClang, Reader::Btf];
    let new = [Reader::Numbers, Reader::Dwarf, Reader::Btf];
    let with_pahole = [new.as_slice(), &[Reader::PaholeDwarf, Reader::PaholeBtf]].concat();
    let clang = |program: &str, target: &str, readers: &[Reader]| {
        Compiler::new(program, &format!("--target={target} -g -O2"), readers, Some(Dialect::WIDE)).called(target)
    };
    vec![
        clang("clang-13", "bpf", &old),
        clang("clang-14", "bpf", &old),
        clang("clang-15", "bpf", &old),
        clang("clang-16", "bpf", &with_pahole),
        clang("clang-19", "bpf", &new),
        clang("clang-19", "bpfeb", &new),
        // For BPF, GCC aligns integers of 128 bits to 8 bytes, and clang to 16.
        Compiler::new("bpf-gcc", "-gbtf -gdwarf -O2", &new, Some(Dialect::WITHOUT_INT128)).called("bpf"),
    ]
}

fn for_this_host() -> Vec<Compiler> {
    let (gcc, clang) = ([Reader::Numbers, Reader::Dwarf], [Reader::Numbers, Reader::DwarfOfOldClang]);
    let dialect = Some(Dialect::WIDE);
    vec![
        Compiler::new("gcc", "-std=c11 -g", &gcc, dialect).called("this host"),
        Compiler::new("gcc", "-std=gnu11 -m32", &[Reader::Numbers], None).called("this host, -m32"),
        Compiler::new("clang", "-std=c11 -g", &clang, dialect).called("this host"),
        Compiler::new("g++", "-std=c++17 -x c++ -g", &gcc, dialect).called("this host, C++17"),
        Compiler::new("clang++", "-std=c++17 -x c++ -g", &clang, dialect).called("this host, C++17"),
    ]
}

/// A GCC whose packages were unpacked below `folder`, a folder each.
fn cross_gcc(folder: &Path, target: &str, dialect: Option<Dialect>) -> Option<Compiler> {
    let (gcc, cpp, binutils) = (
        newest(folder, "gcc-", &format!("-{target}"))?,
        newest(folder, "cpp-", &format!("-{target}"))?,
        existing(folder.join(format!("binutils-{target}")))?,
    );
    let driver = newest(&gcc.join("usr/bin"), &format!("{target}-gcc-"), "")?;
    let compiler = newest(&cpp.join("usr/lib/gcc-cross").join(target), "", "")?;
    let tools = format!("{}/usr/bin/{target}-", binutils.display());
    let arguments = format!("-B {}/ -B {tools} -std=c11", compiler.display());
    let mut found = Compiler::new(driver.to_str()?, &arguments, &[Reader::Numbers], dialect).called(target).optional();
    found.libraries = existing(binutils.join(format!("usr/lib/{}-linux-gnu", env::consts::ARCH)));
    Some(found)
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.exists().then_some(path)
}

/// What is called `start`, a version of one number, and `end`, of the highest version.
fn newest(folder: &Path, start: &str, end: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let version = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(start)?.strip_suffix(end)?.parse::<u32>().ok()
    };
    let versions = entries.filter_map(|path| version(&path).map(|version| (version, path)));
    versions.max_by_key(|(version, _)| *version).map(|(_, path)| path)
}

impl Compiler {
    fn new(program: &str, arguments: &str, readers: &[Reader], dialect: Option<Dialect>) -> Self {
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        let name = Path::new(program).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let (program, readers) = (program.into(), readers.to_vec());
        Compiler { name, program, arguments, libraries: None, readers, dialect, required: true }
    }

    fn called(mut self, target: &str) -> Self {
        self.name = match self.name.strip_suffix(target) {
            Some(_) => self.name,
            None => format!("{} for {target}", self.name),
        };
        self
    }

    fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Whether it can be started. If it cannot, says so, or fails as [`tools::available`] does.
    #[must_use]
    pub fn is_available(&self) -> bool {
        let program = self.program.to_string_lossy();
        if self.required {
            return tools::available(&program);
        }
        let found = tools::version(&program).is_some();
        if !found {
            eprintln!("skipped: {program} is not installed; `cargo xtask oracle` installs it");
        }
        found
    }

    /// What it says of its version.
    #[must_use]
    pub fn version(&self) -> String {
        tools::version(&self.program.to_string_lossy()).unwrap_or_default()
    }

    /// What it is asked about.
    #[must_use]
    pub fn views(&self) -> Vec<View> {
        // The naive header comes first: it has no macro that could get into the generated one.
        [self.dialect.map(View::Naive), Some(View::Generated)].into_iter().flatten().collect()
    }

    /// What it, and everyone who reads its object, says of a spec in each of these views, which are compiled together.
    #[must_use]
    pub fn ask(&self, layouts: &Layouts, views: &[(View, &Facts)]) -> Vec<(View, Witness)> {
        let folder = tempfile::tempdir().expect("a folder for a compiler");
        let asked: Vec<Asked<'_>> = views
            .iter()
            .map(|&(view, ours)| Asked { layouts, ours, questions: Questions::about(layouts, view) })
            .collect();
        let object = self.compile(layouts, &asked, folder.path());
        self.readers.iter().flat_map(|&reader| self.witnesses(reader, &object, &asked)).collect()
    }

    fn is_cxx(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "c++")
    }

    /// The object's path.
    fn compile(&self, layouts: &Layouts, asked: &[Asked<'_>], folder: &Path) -> Result<PathBuf, String> {
        for asked in asked {
            fs::write(folder.join(asked.header()), asked.header_text()).expect("the folder can be written");
        }
        let views = asked.iter().map(|asked| (asked.header(), &asked.questions));
        fs::write(folder.join("oracle.c"), source::file(views, !self.is_cxx())).expect("the folder can be written");
        let mut command = Command::new(&self.program);
        // Goldens are compiled with every warning. Here they would only cost time: g++ takes most of its for one about what
        // GCC did before 4.4, since it looks up the line of each.
        command.args(&self.arguments).args(includes(layouts)).args(["-w", "-c", "-o", "oracle.o", "oracle.c"]);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let output = command.current_dir(folder).output();
        let output = output.map_err(|error| format!("{} cannot be started: {error}", self.program.display()))?;
        if !output.status.success() {
            return Err(format!("{}: {}", output.status, beginning(&String::from_utf8_lossy(&output.stderr))));
        }
        Ok(folder.join("oracle.o"))
    }

    fn witnesses(&self, reader: Reader, object: &Result<PathBuf, String>, asked: &[Asked<'_>]) -> Vec<(View, Witness)> {
        let read = object.clone().and_then(|object| reader.read(&object));
        let witness = |asked: &Asked<'_>| {
            let said = read.as_ref().map_err(String::clone).and_then(|read| self.facts(reader, read, asked));
            let naive = if asked.view() == View::Generated { "" } else { "naive C, " };
            let name = format!("{naive}{}, {}", self.name, reader.name());
            (asked.view(), Witness { name, said, knows: self.knowledge(reader) })
        };
        asked.iter().map(witness).collect()
    }

    fn knowledge(&self, reader: Reader) -> &'static [What] {
        match reader {
            Reader::Numbers if self.is_cxx() => numbers::KNOWS_WITHOUT_BITS,
            Reader::Numbers => numbers::KNOWS,
            Reader::Dwarf | Reader::Btf => types::KNOWS,
            Reader::DwarfOfOldClang => types::KNOWS_WITHOUT_BITS,
            Reader::PaholeDwarf | Reader::PaholeBtf => types::PAHOLE_KNOWS,
        }
    }

    /// What was read, as statements about one view.
    fn facts(&self, reader: Reader, read: &Read, asked: &Asked<'_>) -> Result<Facts, String> {
        match read {
            Read::Object(bytes) => numbers::read(bytes, &asked.questions, !self.is_cxx()),
            Read::Types(types) => {
                let facts = types::facts(types, asked.layouts, asked.view());
                let is_old = reader == Reader::DwarfOfOldClang;
                Ok(if is_old { types::without_wide_bitfields(&facts, asked.ours) } else { facts })
            }
        }
    }
}

/// What is in an object.
enum Read {
    /// Its bytes, with the numbers that the compiler has written.
    Object(Vec<u8>),
    /// Its types.
    Types(Types),
}

impl Reader {
    fn read(self, object: &Path) -> Result<Read, String> {
        let bytes = || fs::read(object).map_err(|error| error.to_string());
        match self {
            Reader::Numbers => bytes().map(Read::Object),
            Reader::Dwarf | Reader::DwarfOfOldClang => dwarf::read(&bytes()?).map(Read::Types),
            Reader::Btf => btf::read(object).map(Read::Types),
            Reader::PaholeDwarf => pahole::read(object, pahole::Format::Dwarf).map(Read::Types),
            Reader::PaholeBtf => pahole::read(object, pahole::Format::Btf).map(Read::Types),
        }
    }
}

/// What a compiler was asked about one view.
struct Asked<'a> {
    layouts: &'a Layouts,
    ours: &'a Facts,
    questions: Questions,
}

impl Asked<'_> {
    fn view(&self) -> View {
        self.questions.view()
    }

    fn header(&self) -> &'static str {
        match self.view() {
            View::Generated => "generated.h",
            View::Naive(_) => "naive.h",
        }
    }

    fn header_text(&self) -> String {
        match self.view() {
            View::Generated => c::header(self.layouts),
            View::Naive(dialect) => naive::header(self.layouts, dialect),
        }
    }
}

/// Where headers are that a spec's extern types name. Not every compiler looks there by itself.
fn includes(layouts: &Layouts) -> Vec<String> {
    let named = layouts.model.types.iter().any(|def| matches!(def, TypeDef::Extern(def) if def.include.is_some()));
    let of_this_machine = format!("/usr/include/{}-linux-gnu", env::consts::ARCH);
    let folders = ["-idirafter", "/usr/include", "-idirafter", &of_this_machine, "-D__SANE_USERSPACE_TYPES__"];
    if named { folders.map(str::to_owned).to_vec() } else { Vec::new() }
}

/// The beginning of what a compiler says, which is what the rest follows from.
fn beginning(said: &str) -> String {
    let mut text = String::new();
    for line in said.lines().take(12) {
        let _ = writeln!(text, "{}", line.chars().take(200).collect::<String>());
    }
    text
}

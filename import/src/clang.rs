//! Calls of clang, and what it says.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

/// A compiler that makes BPF objects.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// Its name or path, such as `clang`.
    pub program: OsString,
    /// Arguments before the file; clang needs `--target=bpf`.
    pub arguments: Vec<OsString>,
}

impl Default for Compiler {
    fn default() -> Self {
        Compiler { program: "clang".into(), arguments: vec!["--target=bpf".into(), "-g".into(), "-O2".into()] }
    }
}

/// Why a compiler has made nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CompilerError {
    /// It is not installed, or cannot be started.
    Missing(String),
    /// It does not take the source; what it said.
    Refused(String),
}

impl fmt::Display for CompilerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompilerError::Missing(why) | CompilerError::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CompilerError {}

/// Lines of a compiler's complaint that are passed on.
const LINES: usize = 12;

impl Compiler {
    /// Compiles a program of C, and gives the bytes of its object.
    pub(crate) fn compile(&self, program: &str, more: &[OsString]) -> Result<Vec<u8>, CompilerError> {
        let folder = tempfile::tempdir().map_err(|error| self.missing(&error))?;
        let object = folder.path().join("source.o");
        let words: [&OsStr; 6] =
            ["-w".as_ref(), "-x".as_ref(), "c".as_ref(), "-c".as_ref(), "-o".as_ref(), object.as_os_str()];
        self.run(&words, more, program)?;
        std::fs::read(&object).map_err(|error| CompilerError::Refused(format!("no object was written: {error}")))
    }

    /// A program after its preprocessor, with the macros that it defines.
    pub(crate) fn preprocess(&self, program: &str, more: &[OsString]) -> Result<String, CompilerError> {
        let words: [&OsStr; 5] = ["-w".as_ref(), "-x".as_ref(), "c".as_ref(), "-E".as_ref(), "-dD".as_ref()];
        let output = self.run(&words, more, program)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn run(&self, words: &[&OsStr], more: &[OsString], program: &str) -> Result<Output, CompilerError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(words).args(more).arg("-");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.missing(&error))?;
        let input = child.stdin.take();
        // A thread of its own: a compiler that writes before it has read all would wait for us, and we for it.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A compiler that reads no further has said why by then.
                let _ = input.map(|mut input| input.write_all(program.as_bytes()));
            });
            child.wait_with_output()
        });
        let output = output.map_err(|error| self.missing(&error))?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().take(LINES).collect::<Vec<_>>().join("\n");
        Err(CompilerError::Refused(said))
    }

    fn missing(&self, error: &io::Error) -> CompilerError {
        CompilerError::Missing(format!("`{}` cannot be started: {error}", self.program.to_string_lossy()))
    }
}

/// Where Debian and its kin have `asm/types.h`, which clang does not look for when it compiles for BPF.
pub(crate) fn system_folders() -> Vec<OsString> {
    let folder = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    if !Path::new(&folder).is_dir() {
        return Vec::new();
    }
    vec!["-idirafter".into(), folder.into()]
}

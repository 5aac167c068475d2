//! The clang that compiles BPF programs: which one, whether it will do, and what it is told.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::error::Error;

/// Major version of the oldest clang that the generated headers are tested with.
pub(crate) const OLDEST_CLANG: u32 = 14;

/// The variable that names another clang than the `clang` of the search path.
pub(crate) const CLANG_VARIABLE: &str = "CLANG";

/// Warnings that mean a wrong layout or a wrong call more often than not, and are errors in C23.
const ERRORS: &[&str] = &[
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
    "-Werror=return-type",
];

/// A clang that will do.
#[derive(Debug)]
pub(crate) struct Clang {
    pub(crate) program: PathBuf,
    /// Where its host finds headers such as `<asm/types.h>`, which `<linux/types.h>` includes; with `-target bpf` clang
    /// does not look into the folder of the host's architecture.
    system_folders: Vec<PathBuf>,
}

impl Clang {
    /// Takes the program that the build script names, or else the environment, and asks for its version.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Error> {
        let program = chosen(named, env::var_os(CLANG_VARIABLE));
        // One call for both: each takes as long as a small program takes to compile.
        let answer = ask(&program, &["-v", "-E", "-x", "c", "/dev/null"])?;
        let said = String::from_utf8_lossy(&answer.stderr);
        match major_version(&said) {
            None => return Err(Error::NotClang { program }),
            Some(version) if version < OLDEST_CLANG => return Err(Error::OldClang { program, version }),
            Some(_) => {}
        }
        let system_folders = search_list(&said);
        Ok(Clang { program, system_folders })
    }

    /// What clang is told for every source: `folders` are searched first, in order; `system` after them, silently.
    pub(crate) fn arguments(&self, folders: &[&Path], system: Option<&Path>, more: &[OsString]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-Wall".into()];
        arguments.extend(ERRORS.iter().map(Into::into));
        // The caret lines are read in a build log, where escapes for colour are noise.
        arguments.push("-fno-color-diagnostics".into());
        let target = env::var("CARGO_CFG_TARGET_ENDIAN").ok();
        arguments.extend(target.as_deref().and_then(endianness).map(Into::into));
        for (flag, folder) in
            folders.iter().map(|folder| ("-I", *folder)).chain(system.map(|folder| ("-isystem", folder)))
        {
            arguments.extend([OsString::from(flag), folder.into()]);
        }
        for folder in &self.system_folders {
            arguments.extend([OsString::from("-idirafter"), folder.into()]);
        }
        arguments.extend_from_slice(more);
        arguments
    }
}

/// Which program: what the build script names, what the environment does, or the first in `PATH`.
fn chosen(named: Option<&Path>, environment: Option<OsString>) -> PathBuf {
    let environment = environment.filter(|name| !name.is_empty()).map(PathBuf::from);
    named.map(Path::to_path_buf).or(environment).unwrap_or_else(|| "clang".into())
}

fn ask(program: &Path, arguments: &[&str]) -> Result<Output, Error> {
    // The messages are read, so they must not come in the user's language.
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    output.map_err(|source| Error::NoClang { program: program.to_path_buf(), source })
}

/// From `Debian clang version 14.0.6` and the like.
fn major_version(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("clang version ")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// The folders between `#include <...> search starts here:` and `End of search list.`
fn search_list(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().skip_while(|line| !line.starts_with("#include <...>")).skip(1);
    lines.take_while(|line| line.starts_with(' ')).map(|line| PathBuf::from(line.trim())).collect()
}

/// `-target bpf`, which libbpf-cargo passes, means the byte order of this machine; another may be built for.
fn endianness(target: &str) -> Option<&'static str> {
    match target {
        "big" if cfg!(target_endian = "little") => Some("-mbig-endian"),
        "little" if cfg!(target_endian = "big") => Some("-mlittle-endian"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_vendor_are_read() {
        for (text, version) in [
            ("Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n", Some(14)),
            ("clang version 19.1.7 (Fedora 19.1.7-1.fc41)\n", Some(19)),
            ("Apple clang version 15.0.0 (clang-1500.1.0.2.5)\n", Some(15)),
            ("Ubuntu clang version 21\n", Some(21)),
            ("gcc (Debian 12.2.0-14) 12.2.0\n", None),
            ("clang version ?\n", None),
            ("", None),
        ] {
            assert_eq!(major_version(text), version, "{text}");
        }
    }

    #[test]
    fn the_environment_names_a_clang_where_the_script_does_not() {
        let chosen = |named: Option<&str>, environment: Option<&str>| {
            chosen(named.map(Path::new), environment.map(OsString::from)).to_string_lossy().into_owned()
        };
        assert_eq!(chosen(None, None), "clang");
        assert_eq!(chosen(None, Some("")), "clang");
        assert_eq!(chosen(None, Some("clang-19")), "clang-19");
        assert_eq!(chosen(Some("/opt/clang"), Some("clang-19")), "/opt/clang");
    }

    #[test]
    fn another_byte_order_is_asked_for() {
        let little = cfg!(target_endian = "little");
        assert_eq!(endianness("big"), little.then_some("-mbig-endian"));
        assert_eq!(endianness("little"), (!little).then_some("-mlittle-endian"));
        assert_eq!(endianness(""), None);
    }

    #[test]
    fn the_search_list_is_cut_out_of_the_noise() {
        let text = "clang version 14\n#include \"...\" search starts here:\n#include <...> search starts here:\n \
                    /usr/lib/clang/include\n /usr/include\nEnd of search list.\n more\n";
        assert_eq!(search_list(text), ["/usr/lib/clang/include", "/usr/include"].map(PathBuf::from));
        assert_eq!(search_list("nothing"), Vec::<PathBuf>::new());
    }
}

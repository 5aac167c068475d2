//! Files of a git revision, read through the `git` command.

use std::{
    io,
    path::{Component, Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// A revision of a repository.
pub(super) struct Revision {
    /// The hash of its tree, so that every file comes from the same one.
    tree: String,
    /// The folder it was asked for in, from the top of the repository: empty, or with a `/` at its end.
    prefix: String,
    /// That folder, in which `git` runs.
    folder: PathBuf,
}

impl Revision {
    /// A revision of the repository that a folder lies in.
    pub(super) fn find(name: &str, folder: &Path) -> Result<Revision, Failure> {
        let prefix = git(folder, &["rev-parse", "--show-prefix"]).map_err(|error| {
            Failure::new(
                format_args!("cannot read the revision `{name}`: {error}"),
                "a revision takes git, and a repository around this folder; compare two files instead",
            )
        })?;
        // What begins with `-` would be an option of git.
        let known = !name.is_empty() && !name.starts_with('-');
        let tree = if known {
            git(folder, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{tree}}")])
        } else {
            Err(io::Error::other("git has no such names"))
        };
        match tree {
            Ok(tree) => Ok(Revision {
                tree: tree.trim().to_owned(),
                prefix: prefix.trim_end().to_owned(),
                folder: folder.to_owned(),
            }),
            Err(_) => Err(Failure::new(
                format_args!("`{name}` is no file of this name, and no revision of this git repository"),
                "`git log --oneline` lists revisions; a shallow clone has only the newest",
            )),
        }
    }

    /// The path from the top of the repository. As for `git show`, only one that begins with `./` or `../` counts from
    /// the folder.
    pub(super) fn path(&self, path: &str) -> String {
        if path.starts_with("./") || path.starts_with("../") {
            normal(&format!("{}{path}", self.prefix))
        } else {
            normal(path)
        }
    }

    /// The text of a file.
    pub(super) fn read(&self, path: &Path) -> io::Result<String> {
        git(&self.folder, &["cat-file", "blob", &format!("{}:{}", self.tree, normal(&path.to_string_lossy()))])
    }
}

/// Without `.` and `..`, which git does not know inside a tree.
fn normal(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            Component::CurDir => {}
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

/// What git prints in a folder; its own words as the error if it fails.
fn git(folder: &Path, arguments: &[&str]) -> io::Result<String> {
    let output =
        Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(error.kind(), "there is no command `git`"),
            _ => error,
        })?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        for (path, plain) in [("a.toml", "a.toml"), ("./a/../b/./c", "b/c"), ("../a", "../a"), ("../../a", "../../a")] {
            assert_eq!(normal(path), plain);
        }
    }
}

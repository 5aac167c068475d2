//! Files of a git revision, read through the `git` command.

use std::{
    io,
    path::{Component, Path},
    process::Command,
};

use crate::failure::Failure;

/// A revision of the repository that the current folder lies in.
pub(super) struct Revision {
    /// The hash of its tree, so that every file comes from the same one.
    tree: String,
    /// The current folder from the top of the repository: empty, or with a `/` at its end.
    prefix: String,
}

impl Revision {
    pub(super) fn find(name: &str) -> Result<Revision, Failure> {
        let prefix = git(&["rev-parse", "--show-prefix"]).map_err(|error| {
            Failure::new(
                format_args!("cannot read the revision `{name}`: {error}"),
                "a revision takes git, and a repository around this folder; compare two files instead",
            )
        })?;
        // What begins with `-` would be an option of git.
        let known = !name.is_empty() && !name.starts_with('-');
        let tree = if known {
            git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{tree}}")])
        } else {
            Err(io::Error::other("git has no such names"))
        };
        match tree {
            Ok(tree) => Ok(Revision { tree: tree.trim().to_owned(), prefix: prefix.trim_end().to_owned() }),
            Err(_) => Err(Failure::new(
                format_args!("`{name}` is no file of the form `{name}:...`, and no revision of this git repository"),
                "`git log --oneline` lists revisions; a shallow clone has only the newest",
            )),
        }
    }

    /// The path from the top of the repository. As for `git show`, only one that begins with `./` or `../` counts from
    /// the current folder.
    pub(super) fn path(&self, path: &str) -> String {
        if path.starts_with("./") || path.starts_with("../") {
            normal(&format!("{}{path}", self.prefix))
        } else {
            normal(path)
        }
    }

    /// The text of a file.
    pub(super) fn read(&self, path: &Path) -> io::Result<String> {
        git(&["cat-file", "blob", &format!("{}:{}", self.tree, normal(&path.to_string_lossy()))])
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

/// What git prints; its own words as the error if it fails.
fn git(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("git").args(arguments).output().map_err(|error| match error.kind() {
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

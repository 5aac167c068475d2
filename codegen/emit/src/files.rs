//! What is generated from a spec, as files.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use bpf_layout_spec::{fingerprint::Fingerprints, layout::Layouts, threads::both};

use crate::{
    c, rust,
    write::{Output, Staged, WriteError},
};

/// A generated file that stands where it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it stands.
    pub path: PathBuf,
    /// Whether something else stood there before, or nothing.
    pub changed: bool,
}

/// The C header and the Rust types, `<stem>.h` and `<stem>.rs` in `folder`, not written yet.
#[must_use]
pub fn generated(layouts: &Layouts, folder: &Path) -> [Output; 2] {
    each(layouts, folder, |path, parts| Output { path, contents: parts.concat().into_bytes() })
}

/// Writes both, as [`write_if_changed`](crate::write::write_if_changed) does, but each is on its way to the disk while
/// the other is still being made.
///
/// # Errors
/// As [`write_if_changed`](crate::write::write_if_changed).
pub fn write(layouts: &Layouts, folder: &Path) -> Result<[Written; 2], WriteError> {
    let [header, module] = each(layouts, folder, |path, parts| {
        let staged = Staged::if_changed(&path, parts)?;
        Ok((path, staged))
    });
    let (header, module) = (header?, module?);
    let finish = |(path, staged): (PathBuf, Option<Staged>)| {
        let changed = staged.is_some();
        staged.map_or(Ok(()), Staged::replace)?;
        Ok(Written { path, changed })
    };
    Ok([finish(header)?, finish(module)?])
}

/// Makes both at once, and does with each, in its parts, what `then` says as soon as it is made.
fn each<T: Send>(layouts: &Layouts, folder: &Path, then: impl Fn(PathBuf, &[String]) -> T + Sync) -> [T; 2] {
    let of =
        |extension: &str, parts: &[String]| then(folder.join(format!("{}.{extension}", layouts.model.stem)), parts);
    // The module begins with them; the header asks for them when its longer half is written.
    let fingerprints = LazyLock::new(|| Fingerprints::of(layouts));
    let (header, module) = both(
        true,
        || of("h", &c::halves(layouts, || &fingerprints)),
        || of("rs", &[rust::module_with(layouts, &fingerprints)]),
    );
    [header, module]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// The layouts of a spec of one struct, and a folder.
    fn one_struct() -> (Layouts, TempDir) {
        let mut reader =
            |_: &Path| Ok("spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }]\n".to_owned());
        let loaded = bpf_layout_spec::load_with(Path::new("one.toml"), &mut reader, &Default::default());
        (loaded.expect("a spec").layouts, TempDir::new().expect("a temporary folder"))
    }

    #[test]
    fn files_are_what_header_and_module_are_alone() {
        let (layouts, folder) = one_struct();
        let path = |name: &str| folder.path().join(name);
        let expected = [(path("one.h"), c::header(&layouts)), (path("one.rs"), rust::module(&layouts))]
            .map(|(path, text)| Output { path, contents: text.into_bytes() });
        assert_eq!(generated(&layouts, folder.path()), expected);
        let written = |changed: [bool; 2]| {
            let [header, module] = expected.each_ref().map(|output| output.path.clone());
            [Written { path: header, changed: changed[0] }, Written { path: module, changed: changed[1] }]
        };
        assert_eq!(write(&layouts, folder.path()).expect("writable"), written([true, true]));
        for Output { path, contents } in &expected {
            assert_eq!(&fs::read(path).expect("readable"), contents);
        }
        assert_eq!(write(&layouts, folder.path()).expect("writable"), written([false, false]));
        fs::write(path("one.rs"), "old").expect("writable");
        assert_eq!(write(&layouts, folder.path()).expect("writable"), written([false, true]));
    }

    #[test]
    fn if_one_cannot_be_written_the_other_is_not_either() {
        let (layouts, folder) = one_struct();
        let names = ["one.h", "one.rs"].map(|name| folder.path().join(name));
        for (folder_in_its_place, other) in [(&names[0], &names[1]), (&names[1], &names[0])] {
            fs::create_dir(folder_in_its_place).expect("a folder");
            fs::write(other, "old").expect("writable");
            let error = write(&layouts, folder.path()).expect_err("one is a folder");
            assert_eq!(&error.path, folder_in_its_place);
            assert_eq!(fs::read_to_string(other).expect("readable"), "old");
            assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "no temporary file");
            fs::remove_dir(folder_in_its_place).expect("empty");
            fs::remove_file(other).expect("a file");
        }
    }
}

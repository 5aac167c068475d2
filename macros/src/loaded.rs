//! Specs that are loaded already. A crate may have hundreds of derives, and each asks for the same spec.

use std::sync::{Arc, Mutex, PoisonError};

use bpf_layout_spec::{Failure, Loaded, Options, file::read_text};

use crate::spec::SpecFile;

/// By the file and the profile.
static LOADED: Mutex<Vec<(SpecFile, Options, Arc<Loaded>)>> = Mutex::new(Vec::new());

/// Loads a spec, unless it was and nothing has changed since: rustc lives for one crate, an editor's server of macros for hours.
pub(crate) fn load(file: &SpecFile, options: Options) -> Result<Arc<Loaded>, Failure> {
    let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().position(|(known, under, _)| known == file && *under == options) {
        if is_unchanged(file, &all[known].2) {
            return Ok(Arc::clone(&all[known].2));
        }
        all.swap_remove(known);
    }
    let loaded = Arc::new(bpf_layout_spec::load_in(file.folder(), file.shown(), &options)?);
    all.push((file.clone(), options, Arc::clone(&loaded)));
    Ok(loaded)
}

/// Whether each file that was read says what it said then.
fn is_unchanged(file: &SpecFile, loaded: &Loaded) -> bool {
    loaded
        .sources
        .iter()
        .all(|(_, source)| read_text(&file.folder().join(&source.path)).is_ok_and(|text| text == source.text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proc_macro2::Span;

    use super::*;

    const INCLUDING: &str = "spec = 1\ninclude = [\"key.toml\"]\n[profile.small]\nlengths.NAME = 8\n";

    fn including(len: u32) -> String {
        format!(
            "spec = 1\n[lengths]\nNAME = {len}\n[struct.key]\nfields = [{{ name = \"name\", type = \"str[NAME]\" }}]\n"
        )
    }

    fn size(loaded: &Loaded) -> u64 {
        let layouts = &loaded.layouts;
        layouts.of(bpf_layout_spec::model::TypeId(0)).size
    }

    #[test]
    fn a_spec_is_loaded_once_until_a_file_of_it_changes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (root, included) = (folder.path().join("layouts.toml"), folder.path().join("key.toml"));
        fs::write(&root, INCLUDING).expect("writable");
        fs::write(&included, including(16)).expect("writable");
        let file = SpecFile::at(&root, Span::call_site()).expect("the tests are run by cargo");
        let under = |profile: Option<&str>| load(&file, Options { profile: profile.map(str::to_owned) });

        let first = under(None).expect("it is valid");
        assert_eq!(size(&first), 16);
        let small = under(Some("small")).expect("it is valid");
        assert_eq!(size(&small), 8, "a profile is another spec");
        assert!(Arc::ptr_eq(&first, &under(None).expect("it is valid")));
        assert!(Arc::ptr_eq(&small, &under(Some("small")).expect("it is valid")));

        fs::write(&included, including(32)).expect("writable");
        let second = under(None).expect("it is valid");
        assert_eq!(size(&second), 32, "what is included counts");
        assert!(Arc::ptr_eq(&second, &under(None).expect("it is valid")));
        fs::write(&root, "spec = 2").expect("writable");
        assert!(under(None).is_err());
        fs::remove_file(&root).expect("it is there");
        assert!(under(None).is_err());
        fs::write(&root, INCLUDING).expect("writable");
        assert_eq!(size(&under(None).expect("it is valid")), 32);
    }
}

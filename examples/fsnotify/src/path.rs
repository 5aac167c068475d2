//! A path, put together from the two halves that an event has of it.

use bpf_layout::convert::Text;

/// A path as given, and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    /// As the caller gave it; `None` if that could not be read.
    pub(crate) given: Option<&'a Text<Vec<u8>>>,
    /// The directory where it begins, or the file itself if `exact`; `None` if neither is known.
    pub(crate) place: Option<&'a Text<Vec<u8>>>,
    /// Whether `place` is the file itself.
    pub(crate) exact: bool,
}

impl Path<'_> {
    /// The whole path: of what was opened, the kernel's own; otherwise the directory's, and behind it what was given, in which
    /// `..` and symbolic links stand as they are. Empty if nothing of it is known.
    ///
    /// A relative path whose directory is unknown stays relative.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let place = self.place.map_or(&[][..], |place| &place.value);
        match self.given {
            Some(given) if !self.exact => join(place, &given.value),
            _ => place.to_vec(),
        }
    }

    /// Whether something is missing at the beginning.
    pub(crate) fn lacks_beginning(&self) -> bool {
        self.place.is_some_and(|place| place.is_truncated)
    }

    /// Whether something is missing at the end.
    pub(crate) fn lacks_end(&self) -> bool {
        !self.exact && self.given.is_none_or(|given| given.is_truncated)
    }
}

/// `place` and `path` with one slash between them. An absolute path begins at the root of its process, which is a place like
/// any other.
fn join(place: &[u8], path: &[u8]) -> Vec<u8> {
    if place.is_empty() || path.is_empty() {
        return [place, path].concat();
    }
    let place = place.strip_suffix(b"/").unwrap_or(place);
    let path = path.strip_prefix(b"/").unwrap_or(path);
    [place, b"/", path].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(place: Option<&str>, given: Option<&str>, exact: bool) -> String {
        let text = |text: &str| Text { value: text.as_bytes().to_vec(), is_truncated: false };
        let [place, given] = [place, given].map(|given| given.map(text));
        let path = Path { given: given.as_ref(), place: place.as_ref(), exact };
        String::from_utf8(path.whole()).expect("text in, text out")
    }

    #[test]
    fn the_directory_stands_before_what_was_given() {
        assert_eq!(whole(Some("/home/me"), Some("a/../b"), false), "/home/me/a/../b");
        assert_eq!(whole(Some("/"), Some("etc/hosts"), false), "/etc/hosts");
        assert_eq!(whole(Some("/"), Some("/etc/hosts"), false), "/etc/hosts");
        assert_eq!(whole(Some("/new/root"), Some("/etc/hosts"), false), "/new/root/etc/hosts");
    }

    #[test]
    fn an_exact_place_is_the_file() {
        assert_eq!(whole(Some("/usr/bin/python3.11"), Some("/bin/python"), true), "/usr/bin/python3.11");
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        assert_eq!(whole(None, Some("a"), false), "a");
        assert_eq!(whole(Some("/tmp"), Some(""), false), "/tmp");
        assert_eq!(whole(Some("/tmp"), None, false), "/tmp");
        assert_eq!(whole(None, None, false), "");
    }

    #[test]
    fn what_was_cut_is_known() {
        let short = Text { value: b"x".to_vec(), is_truncated: false };
        let long = Text { is_truncated: true, ..short.clone() };
        let cut = |given, place, exact| {
            let path = Path { given, place, exact };
            (path.lacks_beginning(), path.lacks_end())
        };
        assert_eq!(cut(Some(&short), Some(&short), false), (false, false));
        assert_eq!(cut(Some(&long), Some(&short), false), (false, true));
        assert_eq!(cut(Some(&short), Some(&long), false), (true, false));
        assert_eq!(cut(Some(&long), Some(&short), true), (false, false));
        assert_eq!(cut(None, Some(&short), false), (false, true));
    }
}

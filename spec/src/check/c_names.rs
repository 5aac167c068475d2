//! `c`: names that C programs already have for what the spec defines. They are written as they are, so nothing is escaped.

use super::article;
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::Name,
    names::{self, BadName},
    spec::At,
};

/// The name of a field, variant or map, in C by the one that the spec gives. `None` if that is none, which has been
/// reported.
pub(super) fn identifier(name: Name, c: Option<&At<String>>, cx: &mut Diagnostics) -> Option<Name> {
    let Some(c) = c else { return Some(name) };
    checked(c, &c.value, cx).then(|| name.with_c(c.value.as_str().into()))
}

/// The name of a record or enum in C, and whether a typedef gives it: `struct sample` has none, `sample_t` is one.
pub(super) fn type_name(
    name: Name,
    keyword: &str,
    c: Option<&At<String>>,
    cx: &mut Diagnostics,
) -> Option<(Name, bool)> {
    let Some(c) = c else { return Some((name, false)) };
    let words: Vec<&str> = c.value.split_whitespace().collect();
    let (own, typedef) = match words.as_slice() {
        [own] => (*own, true),
        [word, own] if *word == keyword => (*own, false),
        [word, own] if ["struct", "union", "enum"].contains(word) => {
            let message = format!("`{}` is {} here, and `c` says `{word}`", name.spec, article(keyword));
            let wrong = Diagnostic::new(Code::InvalidValue, message, c.span, format!("expected `{keyword}`"));
            cx.push(wrong.help(format!("write `c = \"{keyword} {own}\"`")));
            return None;
        }
        _ => {
            let message = format!("`{}` is not how C names a type", c.value.escape_debug());
            let help = format!("write `c = \"{keyword} NAME\"`, or `c = \"NAME\"` for a typedef");
            cx.push(Diagnostic::new(Code::InvalidValue, message, c.span, "expected one name").help(help));
            return None;
        }
    };
    checked(c, own, cx).then(|| (name.with_c(own.into()), typedef))
}

fn checked(c: &At<String>, own: &str, cx: &mut Diagnostics) -> bool {
    let (code, message, help) = match names::check_c_identifier(own) {
        Ok(()) => return true,
        Err(BadName::Invalid { message, help }) => (Code::InvalidName, message, help),
        Err(BadName::Reserved { message, help }) => (Code::ReservedName, message, Some(help)),
    };
    let mut wrong = Diagnostic::new(code, message, c.span, "");
    wrong.help.extend(help);
    cx.push(wrong);
    false
}

//! Type expressions: `u32`, `str[PATH]`, `bytes[2 * MAC]`, `stats[4][CPUS]`, `kptr[task_struct]`.
//!
//! Dimensions read as in C: `u8[2][3]` is `__u8 x[2][3]`, two arrays of three. The first brackets of `str` and `bytes`
//! are their length, and dimensions follow: `str[16][4]` is `char x[4][16]`, four strings of 16 bytes. `u8[]` is what
//! follows the record that it is a field of. Two dots say that it is the most that there may be: `str[..PATH]`,
//! `bytes[..64]`, `str[..ARG][..20]`.

use std::ops::Range;

use crate::{
    expr::{self, Node},
    kernel::KptrKind,
    lex::{Cursor, Token, Wrong},
};

/// Dimensions of one array; bounds the depth of resolved types.
pub(crate) const MAX_DIMENSIONS: usize = 16;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeExpr<'t> {
    pub(crate) base: Base<'t>,
    /// Where the base stands, in bytes of the text.
    pub(crate) at: Range<usize>,
    /// Where `[]` ends, the outermost dimension of an array of which nothing lies in its record.
    pub(crate) open: Option<Range<usize>>,
    /// The outermost first, behind `[]`.
    pub(crate) dimensions: Vec<Node>,
}

/// What stands before the dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base<'t> {
    /// A scalar, kernel field, alias or definition.
    Name(&'t str),
    Str(Node),
    Bytes(Node),
    /// `str[..N]`
    UpToStr(Node),
    /// `bytes[..N]`
    UpToBytes(Node),
    /// `str[..N][..M]`
    UpToStrs(Node, Node),
    Kptr(KptrKind, &'t str),
    /// `intern[PATH]`: the length, and where its name stands.
    Intern(&'t str, Range<usize>),
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<TypeExpr<'_>, Wrong> {
    let mut cursor = Cursor::new(text)?;
    let (mut base, at) = base(&mut cursor)?;
    let (mut open, mut dimensions) = (None, Vec::new());
    while cursor.eat("[")? {
        if matches!(cursor.peek(), Token::Symbol("..")) {
            base = several(&mut cursor, base, open.is_some() || !dimensions.is_empty())?;
            continue;
        }
        if open.is_none() && dimensions.is_empty() && matches!(cursor.peek(), Token::Symbol("]")) {
            open = Some(cursor.expect("]", "after `[`")?);
            continue;
        }
        if dimensions.len() == MAX_DIMENSIONS {
            let message = format!("the array has more than {MAX_DIMENSIONS} dimensions");
            return Err(Wrong::grammar(cursor.at(), message).help("put the inner ones into a struct"));
        }
        dimensions.push(length(&mut cursor, "T[")?);
    }
    match cursor.peek() {
        Token::End => Ok(TypeExpr { base, at, open, dimensions }),
        other => Err(after_type(text, &base, other, cursor.at())),
    }
}

fn after_type(text: &str, base: &Base<'_>, token: &Token<'_>, at: Range<usize>) -> Wrong {
    let wrong = Wrong::grammar(at, format!("expected `[` or the end of the type, found {}", token.describe()));
    match (base, token) {
        (_, Token::Symbol("*")) => wrong.help("an address is `ptr`; a pointer that the kernel counts is `kptr[T]`"),
        (Base::Name(word), Token::Name(name)) if matches!(*word, "struct" | "union" | "enum") => {
            wrong.help(format!("write the name alone: `{name}`"))
        }
        (Base::Name(word), Token::Name(_)) if matches!(*word, "unsigned" | "signed" | "long" | "short") => {
            match crate::foreign::instead_of(text) {
                Some(instead) => wrong.help(format!("write {instead}")),
                None => wrong.help("write `u8` to `u128` or `i8` to `i128`"),
            }
        }
        _ => wrong,
    }
}

fn base<'t>(cursor: &mut Cursor<'t>) -> Result<(Base<'t>, Range<usize>), Wrong> {
    let (token, at) = cursor.advance()?;
    let Token::Name(name) = token else { return Err(no_name(&token, at)) };
    if let Some(kind) = kptr(name) {
        cursor.expect("[", &format!("after `{name}`")).map_err(|w| w.help(format!("write `{name}[task_struct]`")))?;
        let (target, target_at) = cursor.advance()?;
        let Token::Name(target) = target else {
            return Err(Wrong::grammar(
                target_at,
                format!("expected a type of the kernel, found {}", target.describe()),
            ));
        };
        let close = cursor.expect("]", "after the type")?;
        return Ok((Base::Kptr(kind, target), at.start..close.end));
    }
    if name == "intern" {
        return intern(cursor, at);
    }
    if name != "str" && name != "bytes" {
        return Ok((Base::Name(name), at));
    }
    if !cursor.eat("[")? {
        return Err(Wrong::grammar(at, format!("`{name}` needs a length")).help(format!("write `{name}[N]`")));
    }
    let up_to = cursor.eat("..")?;
    let node = length(cursor, &format!("{name}[{}", if up_to { ".." } else { "" }))?;
    let base = match (name == "str", up_to) {
        (true, false) => Base::Str(node),
        (true, true) => Base::UpToStr(node),
        (false, false) => Base::Bytes(node),
        (false, true) => Base::UpToBytes(node),
    };
    Ok((base, at))
}

/// The `[PATH]` of `intern[PATH]`. A name and no expression, since it is the name of a dictionary, too.
fn intern<'t>(cursor: &mut Cursor<'t>, at: Range<usize>) -> Result<(Base<'t>, Range<usize>), Wrong> {
    const HELP: &str =
        "write `intern[PATH]` for a length `PATH`, and say in `[intern.PATH]` how many strings there may be";
    let wrong = |at, message| Wrong::grammar(at, message).help(HELP);
    if !cursor.eat("[")? {
        return Err(wrong(at, "`intern` needs a length".to_owned()));
    }
    let (token, name_at) = cursor.advance()?;
    let Token::Name(name) = token else {
        return Err(wrong(name_at, format!("expected the name of a length, found {}", token.describe())));
    };
    let next = cursor.at();
    let close = cursor.expect("]", "after the name of a length").map_err(|_| {
        wrong(next, "the length of interned strings is a name, since their dictionary has the same".to_owned())
    })?;
    Ok((Base::Intern(name, name_at), at.start..close.end))
}

/// The `..M]` of `str[..N][..M]`; the bracket before it has been taken.
fn several<'t>(cursor: &mut Cursor<'t>, base: Base<'t>, has_dimensions: bool) -> Result<Base<'t>, Wrong> {
    let at = cursor.at();
    let wrong = |message| Err(Wrong::grammar(at, message));
    match base {
        Base::UpToStr(each) if !has_dimensions => {
            cursor.expect("..", "before the number")?;
            Ok(Base::UpToStrs(each, length(cursor, "str[..N][..")?))
        }
        Base::Str(_) if !has_dimensions => wrong("each string of a variable number has a variable length, too")
            .map_err(|w| w.help("write `str[..N][..M]`")),
        Base::UpToStrs(..) => wrong("strings of variable length have one dimension at most")
            .map_err(|w| w.help("give the event a second field")),
        _ => wrong("an array has a fixed number of elements")
            .map_err(|w| w.help("write `T[N]`; `str[..N]`, `bytes[..N]` and `str[..N][..M]` are of variable length")),
    }
}

fn no_name(token: &Token<'_>, at: Range<usize>) -> Wrong {
    let wrong = Wrong::grammar(at, format!("expected the name of a type, found {}", token.describe()));
    match token {
        Token::Symbol("[") => wrong.help("the element comes first: `u8[16]`"),
        Token::Symbol("*") => wrong.help("an address is `ptr`"),
        _ => wrong,
    }
}

/// A length and the closing bracket; `before` is how what stands before it is written, and has been taken.
fn length(cursor: &mut Cursor<'_>, before: &str) -> Result<Node, Wrong> {
    let at = cursor.at();
    if matches!(cursor.peek(), Token::Symbol("]")) {
        return Err(Wrong::grammar(at, "expected a length, found `]`").help(format!("write `{before}N]`")));
    }
    let node = expr::parse_at(cursor)?;
    cursor.expect("]", "after the length")?;
    Ok(node)
}

fn kptr(name: &str) -> Option<KptrKind> {
    [KptrKind::Referenced, KptrKind::Untrusted, KptrKind::PerCpu].into_iter().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_stand_outermost_first() {
        let ty = parse("str[16][4][ 2 * N ]").unwrap();
        assert!(matches!(ty.base, Base::Str(Node { kind: expr::NodeKind::Number(16), .. })));
        assert_eq!(ty.dimensions[0].kind, expr::NodeKind::Number(4));
        assert_eq!(ty.dimensions.len(), 2);
        let open = parse("u16[][4]").unwrap();
        assert!(open.open.is_some() && open.dimensions.len() == 1);
        assert_eq!(parse("kptr_untrusted[task_struct]").unwrap().base, Base::Kptr(KptrKind::Untrusted, "task_struct"));
    }

    #[test]
    fn two_dots_make_a_length_the_most() {
        let base = |text| parse(text).unwrap().base;
        assert!(matches!(base("str[..PATH]"), Base::UpToStr(_)));
        assert!(matches!(base("bytes[.. 2 * N]"), Base::UpToBytes(_)));
        assert!(matches!(base("str[..ARG][..20]"), Base::UpToStrs(..)));
        assert_eq!(parse("str[..4][4]").unwrap().dimensions.len(), 1, "refused where types are resolved");
    }

    #[test]
    fn refuses_other_languages() {
        for (text, help) in [
            ("[u8; 16]", "`u8[16]`"),
            ("struct file", "`file`"),
            ("void *", "`ptr`"),
            ("unsigned int", "`u32`"),
            ("str", "`str[N]`"),
            ("bytes[]", "`bytes[N]`"),
            ("u8[..4]", "`T[N]`"),
            ("str[4][..4]", "`str[..N][..M]`"),
            ("str[..4][..4][..4]", "second field"),
            ("str[..]", "`str[..N]`"),
            ("u8[4][]", "`T[N]`"),
            ("u8[][]", "`T[N]`"),
            ("intern", "`intern[PATH]`"),
            ("intern[512]", "`intern[PATH]`"),
            ("intern[..PATH]", "`intern[PATH]`"),
            ("intern[2 * PATH]", "`intern[PATH]`"),
            ("intern[PATH * 2]", "`intern[PATH]`"),
        ] {
            let wrong = parse(text).unwrap_err();
            assert!(wrong.help.as_deref().unwrap_or("").contains(help), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&format!("u8{}", "[2]".repeat(MAX_DIMENSIONS))).is_ok());
        assert!(parse(&format!("u8{}", "[2]".repeat(MAX_DIMENSIONS + 1))).is_err());
        assert!(parse(&format!("u8[{}", "(".repeat(100_000))).is_err());
    }
}

//! Type expressions: `u32`, `str[PATH]`, `bytes[2 * MAC]`, `stats[4][CPUS]`, `kptr[task_struct]`.
//!
//! Dimensions read as in C: `u8[2][3]` is `__u8 x[2][3]`, two arrays of three. The first brackets of `str` and `bytes`
//! are their length, and dimensions follow: `str[16][4]` is `char x[4][16]`, four strings of 16 bytes. `u8[]` is what
//! follows the record that it is a field of.

use std::ops::Range;

use crate::{
    expr::{self, Node},
    kernel::KptrKind,
    lex::{Cursor, Fault, Token, Wrong},
};

/// Dimensions of one array; bounds the depth of resolved types.
pub(crate) const MAX_DIMENSIONS: usize = 16;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeExpr {
    pub(crate) base: Base,
    /// Where the base stands, in bytes of the text.
    pub(crate) at: Range<usize>,
    /// Where `[]` ends, the outermost dimension of an array of which nothing lies in its record.
    pub(crate) open: Option<Range<usize>>,
    /// The outermost first, behind `[]`.
    pub(crate) dimensions: Vec<Node>,
}

/// What stands before the dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// A scalar, kernel field, alias or definition.
    Name(String),
    Str(Node),
    Bytes(Node),
    Kptr(KptrKind, String),
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<TypeExpr, Wrong> {
    let mut cursor = Cursor::new(text)?;
    let (base, at) = base(&mut cursor)?;
    let (mut open, mut dimensions) = (None, Vec::new());
    while cursor.eat("[")? {
        if open.is_none() && dimensions.is_empty() && matches!(cursor.peek(), Token::Symbol("]")) {
            open = Some(cursor.expect("]", "after `[`")?);
            continue;
        }
        if dimensions.len() == MAX_DIMENSIONS {
            let message = format!("the array has more than {MAX_DIMENSIONS} dimensions");
            return Err(Wrong::grammar(cursor.at(), message).help("put the inner ones into a struct"));
        }
        dimensions.push(length(&mut cursor, "T")?);
    }
    match cursor.peek() {
        Token::End => Ok(TypeExpr { base, at, open, dimensions }),
        other => Err(after_type(text, &base, other, cursor.at())),
    }
}

fn after_type(text: &str, base: &Base, token: &Token<'_>, at: Range<usize>) -> Wrong {
    let wrong = Wrong::grammar(at, format!("expected `[` or the end of the type, found {}", token.describe()));
    match (base, token) {
        (_, Token::Symbol("*")) => wrong.help("an address is `ptr`; a pointer that the kernel counts is `kptr[T]`"),
        (Base::Name(word), Token::Name(name)) if matches!(word.as_str(), "struct" | "union" | "enum") => {
            wrong.help(format!("write the name alone: `{name}`"))
        }
        (Base::Name(word), Token::Name(_)) if matches!(word.as_str(), "unsigned" | "signed" | "long" | "short") => {
            match crate::foreign::instead_of(text) {
                Some(instead) => wrong.help(format!("write {instead}")),
                None => wrong.help("write `u8` to `u128` or `i8` to `i128`"),
            }
        }
        _ => wrong,
    }
}

fn base(cursor: &mut Cursor<'_>) -> Result<(Base, Range<usize>), Wrong> {
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
        return Ok((Base::Kptr(kind, target.to_owned()), at.start..close.end));
    }
    if name != "str" && name != "bytes" {
        return Ok((Base::Name(name.to_owned()), at));
    }
    if !cursor.eat("[")? {
        return Err(Wrong::grammar(at, format!("`{name}` needs a length")).help(format!("write `{name}[N]`")));
    }
    let node = length(cursor, name)?;
    Ok((if name == "str" { Base::Str(node) } else { Base::Bytes(node) }, at))
}

fn no_name(token: &Token<'_>, at: Range<usize>) -> Wrong {
    let wrong = Wrong::grammar(at, format!("expected the name of a type, found {}", token.describe()));
    match token {
        Token::Symbol("[") => wrong.help("the element comes first: `u8[16]`"),
        Token::Symbol("*") => wrong.help("an address is `ptr`"),
        _ => wrong,
    }
}

/// A length and the closing bracket; the opening one has been taken.
fn length(cursor: &mut Cursor<'_>, of: &str) -> Result<Node, Wrong> {
    let at = cursor.at();
    if cursor.eat("..")? {
        let node = expr::parse_at(cursor)?;
        let close = cursor.expect("]", "after the length")?;
        return Err(variable_length(of, at.start..close.start, node));
    }
    if matches!(cursor.peek(), Token::Symbol("]")) {
        return Err(Wrong::grammar(at, "expected a length, found `]`").help(format!("write `{of}[N]`")));
    }
    let node = expr::parse_at(cursor)?;
    cursor.expect("]", "after the length")?;
    Ok(node)
}

fn variable_length(of: &str, at: Range<usize>, node: Node) -> Wrong {
    if of == "T" {
        return Wrong::grammar(at, "an array has a fixed number of elements").help("write `T[N]`");
    }
    let length = match node.kind {
        expr::NodeKind::Name(name) => name,
        expr::NodeKind::Number(number) => number.to_string(),
        expr::NodeKind::Binary(..) => "N".to_owned(),
    };
    Wrong { fault: Fault::Unsupported, ..Wrong::grammar(at, "fields of variable length are not implemented yet") }
        .help(format!("write `{of}[{length}]` for now: the whole length travels with each event"))
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
        assert_eq!(
            parse("kptr_untrusted[task_struct]").unwrap().base,
            Base::Kptr(KptrKind::Untrusted, "task_struct".into())
        );
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
            ("u8[4][]", "`T[N]`"),
            ("u8[][]", "`T[N]`"),
            ("str[..PATH]", "`str[PATH]`"),
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

//! What stands below the head of a definition in a lock.

use super::tokens::{Error, Line, Word};
use crate::{
    definition::{Base, Body, Extern, Field, Map, Part, Record, RecordWord, Type, Values},
    expr::NodeKind,
    fingerprint::{Fingerprint, Known},
    kernel::{KernelField, MapFlag, MapKind},
    scalar::Scalar,
    ty,
    wakeup::Wakeup,
};

/// Reads a definition. `known` has what it may be made of. Returns with it where its fingerprint stands.
pub(super) fn parse<'a>(known: &Known, head: &Line<'a>, lines: &[Line<'a>]) -> Result<(Body, Word<'a>), Error> {
    let mut reader = Reader { known, head, rest: lines };
    let read = match head.first().text {
        "struct" => reader.record(RecordWord::Struct)?,
        "event" => reader.record(RecordWord::Event)?,
        "union" => reader.record(RecordWord::Union)?,
        "enum" => reader.values(false)?,
        "flags" => reader.values(true)?,
        "extern" => reader.external()?,
        "map" => reader.map()?,
        other => return Err(head.first().error(format!("expected a definition, found `{other}`"))),
    };
    match reader.rest.first() {
        Some(line) => {
            let (word, what) = (line.first(), head.first().text);
            Err(word.error(format!("expected what is known of a {what}, in its order, found `{}`", word.text)))
        }
        None => Ok(read),
    }
}

/// A fingerprint: sixteen hexadecimal digits.
pub(super) fn fingerprint(word: Word<'_>) -> Result<Fingerprint, Error> {
    let digits = word.text.len() == 16 && word.text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u64::from_str_radix(word.text, 16).ok().filter(|_| digits);
    number.map(Fingerprint).ok_or_else(|| word.error("expected sixteen hexadecimal digits"))
}

/// Takes one line after another.
struct Reader<'b, 'a> {
    known: &'b Known,
    head: &'b Line<'a>,
    rest: &'b [Line<'a>],
}

impl<'b, 'a> Reader<'b, 'a> {
    /// The next line, if it begins with this word.
    fn optional(&mut self, name: &str) -> Option<&'b Line<'a>> {
        let (line, behind) = self.rest.split_first().filter(|(line, _)| line.first().text == name)?;
        self.rest = behind;
        Some(line)
    }

    fn required(&mut self, name: &str) -> Result<&'b Line<'a>, Error> {
        let at = self.rest.first().unwrap_or(self.head).first();
        self.optional(name).ok_or_else(|| at.error(format!("expected `{name}`, found `{}`", at.text)))
    }

    fn number<N: TryFrom<i128>>(&mut self, name: &str) -> Result<N, Error> {
        self.required(name)?.value("a number")?.number("a number")
    }

    fn optional_number<N: TryFrom<i128>>(&mut self, name: &str) -> Result<Option<N>, Error> {
        self.optional(name).map(|line| line.value("a number")?.number("a number")).transpose()
    }

    fn fingerprint(&mut self) -> Result<Word<'a>, Error> {
        self.required("fingerprint")?.value("a fingerprint")
    }

    fn record(&mut self, word: RecordWord) -> Result<(Body, Word<'a>), Error> {
        let (size, align, fingerprint) = (self.number("size")?, self.number("align")?, self.fingerprint()?);
        let tag = self.optional("tag").map(|line| assignment(line.value("a tag")?)).transpose()?;
        let mut fields = Vec::new();
        while let Some((line, behind)) = self.rest.split_first() {
            fields.push(self.field(line)?);
            self.rest = behind;
        }
        Ok((Body::Record(Record { word, size, align, tag, fields }), fingerprint))
    }

    fn field(&self, line: &Line<'a>) -> Result<Field, Error> {
        let (bit_offset, bit_size, bitfield) = place(line.first(), line.word(1, "a size")?)?;
        let ty = self.ty(line.word(2, "a type")?)?;
        let name = line.word(3, "a name")?.text.to_owned();
        let mut field = Field { name, bit_offset, bit_size, bitfield, ty, tag: None, when: vec![], contains: None };
        for word in &line.words[4..] {
            let (name, value) = assignment(*word)?;
            match name.as_str() {
                "tag" => field.tag = Some(value),
                "when" => field.when = value.split(',').map(str::to_owned).collect(),
                "contains" => {
                    let parts = value.split_once('.').ok_or_else(|| word.error("expected `contains=STRUCT.FIELD`"))?;
                    field.contains = Some((parts.0.to_owned(), parts.1.to_owned()));
                }
                other => return Err(word.error(format!("a field has no `{other}`"))),
            }
        }
        Ok(field)
    }

    fn values(&mut self, flags: bool) -> Result<(Body, Word<'a>), Error> {
        let repr = self.required("repr")?.value("an integer type")?;
        let repr = Scalar::from_name(repr.text).filter(|scalar| scalar.integer_range().is_some()).ok_or(repr);
        let repr = repr.map_err(|word| word.error(format!("`{}` is no integer type", word.text)))?;
        let fingerprint = self.fingerprint()?;
        let mut values = Vec::new();
        while let Some((line, behind)) = self.rest.split_first() {
            let value = line.first().number("a value")?;
            values.push((line.value("a name")?.text.to_owned(), value));
            self.rest = behind;
        }
        Ok((Body::Values(Values { flags, repr, values }), fingerprint))
    }

    fn external(&mut self) -> Result<(Body, Word<'a>), Error> {
        let (size, align, fingerprint) = (self.number("size")?, self.number("align")?, self.fingerprint()?);
        let line = self.required("c_type")?;
        line.word(1, "a C type")?;
        let words: Vec<&str> = line.words[1..].iter().map(|word| word.text).collect();
        Ok((Body::Extern(Extern { size, align, c_type: words.join(" ") }), fingerprint))
    }

    fn map(&mut self) -> Result<(Body, Word<'a>), Error> {
        let kind = self.required("type")?.value("a type of maps")?;
        let kind = MapKind::from_name(kind.text).ok_or_else(|| kind.error("there is no such type of maps"))?;
        let fingerprint = self.fingerprint()?;
        let map = Map {
            kind,
            key: self.part("key")?,
            value: self.part("value")?,
            max_entries: self.optional_number("max_entries")?,
            flags: self.flags()?,
            pinned_by_name: self.pinning()?,
            numa_node: self.optional_number("numa_node")?,
            map_extra: self.optional_number("map_extra")?,
            wakeup: self.wakeup()?,
            events: self.events()?,
            inner: self.inner()?,
        };
        Ok((Body::Map(map), fingerprint))
    }

    fn part(&mut self, name: &str) -> Result<Option<Part>, Error> {
        let Some(line) = self.optional(name) else { return Ok(None) };
        line.ends_after(3)?;
        let size = line.word(1, "a size")?.number("a number of bytes")?;
        Ok(Some(Part { size, ty: self.ty(line.word(2, "a type")?)? }))
    }

    fn flags(&mut self) -> Result<u32, Error> {
        let words = self.optional("flags").map_or(&[][..], |line| &line.words[1..]);
        words.iter().try_fold(0, |bits, word| {
            let flag = MapFlag::from_name(word.text).ok_or_else(|| word.error("there is no such flag of maps"))?;
            Ok(bits | flag.bit)
        })
    }

    fn pinning(&mut self) -> Result<bool, Error> {
        match self.optional("pinning").map(|line| line.value("`by_name`")).transpose()? {
            Some(word) if word.text != "by_name" => Err(word.error("expected `by_name`")),
            word => Ok(word.is_some()),
        }
    }

    fn wakeup(&mut self) -> Result<Wakeup, Error> {
        let Some(line) = self.optional("wakeup") else { return Ok(Wakeup::Always) };
        let word = line.value("`never`, or a share and a time")?;
        word.text.parse().map_err(|()| word.error("expected `never`, or a share and a time: `1/4,10ms`"))
    }

    fn events(&mut self) -> Result<Vec<String>, Error> {
        let words = self.optional("events").map_or(&[][..], |line| &line.words[1..]);
        words.iter().map(|word| self.defined(*word, self.known.ty(word.text)).map(str::to_owned)).collect()
    }

    fn inner(&mut self) -> Result<Option<String>, Error> {
        let Some(line) = self.optional("inner") else { return Ok(None) };
        let word = line.value("a map")?;
        self.defined(word, self.known.map(word.text)).map(|name| Some(name.to_owned()))
    }

    /// The name of what is defined further up.
    fn defined<'w>(&self, word: Word<'w>, found: Option<Fingerprint>) -> Result<&'w str, Error> {
        found.map(|_| word.text).ok_or_else(|| word.error(format!("`{}` is not defined above", word.text)))
    }

    fn ty(&self, word: Word<'_>) -> Result<Type, Error> {
        let refuse = || word.error(format!("`{}` is no type with its lengths as numbers", word.text));
        let parsed = ty::parse(word.text).map_err(|_| refuse())?;
        let number = |node: &crate::expr::Node| match node.kind {
            NodeKind::Number(number) => Ok(number),
            NodeKind::Name(_) | NodeKind::Binary(..) => Err(refuse()),
        };
        let base = match &parsed.base {
            ty::Base::Str(length) => Base::Str(number(length)?),
            ty::Base::Bytes(length) => Base::Bytes(number(length)?),
            ty::Base::UpToStr(length) => Base::UpToStr(number(length)?),
            ty::Base::UpToBytes(length) => Base::UpToBytes(number(length)?),
            ty::Base::UpToStrs(length, several) => Base::UpToStrs(number(length)?, number(several)?),
            ty::Base::Kptr(kind, target) => Base::Kptr(*kind, (*target).to_owned()),
            ty::Base::Name(name) => self.named(word, name)?,
            // A lock has the struct of the id by its name.
            ty::Base::Intern(..) => return Err(refuse()),
        };
        let open = parsed.open.iter().map(|_| Ok(0));
        let dimensions = open.chain(parsed.dimensions.iter().map(number)).collect::<Result<_, _>>()?;
        Ok(Type { base, dimensions })
    }

    fn named(&self, word: Word<'_>, name: &str) -> Result<Base, Error> {
        if let Some(scalar) = Scalar::from_name(name) {
            return Ok(Base::Scalar(scalar));
        }
        if let Some(field) = KernelField::from_name(name) {
            return Ok(Base::Kernel(field));
        }
        let name = Word { text: name, ..word };
        self.defined(name, self.known.ty(name.text)).map(|name| Base::Named(name.to_owned()))
    }
}

/// `name=value`
fn assignment(word: Word<'_>) -> Result<(String, String), Error> {
    let (name, value) = word.split_once('=').ok_or_else(|| word.error("expected `NAME=VALUE`"))?;
    Ok((name.text.to_owned(), value.text.to_owned()))
}

/// Offset and size in bits, and whether it is a bitfield: `12 4`, or `12:3 1b`.
fn place(offset: Word<'_>, size: Word<'_>) -> Result<(u64, u64, bool), Error> {
    let bits = |word: Word<'_>| {
        let bytes: u64 = word.number("a number of bytes")?;
        bytes.checked_mul(8).ok_or_else(|| word.error("this number is too large"))
    };
    match offset.split_once(':') {
        None => Ok((bits(offset)?, bits(size)?, false)),
        Some((byte, bit)) => {
            let bit: u64 = bit.number("a bit from 0 to 7")?;
            let Some(width) = size.text.strip_suffix('b') else { return Err(size.error("expected bits, as in `3b`")) };
            let width = Word { text: width, ..size }.number("a number of bits")?;
            let bit_offset = bits(byte)?.checked_add(bit).ok_or_else(|| byte.error("this number is too large"))?;
            Ok((bit_offset, width, true))
        }
    }
}

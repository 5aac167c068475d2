//! The one pass that looks at everything, so that nothing needs to be looked at twice.

use crate::{
    btf::{Btf, TypeId},
    bytes::Bytes,
    error::Error,
    header::Sections,
    kind::Kind,
    ty::{Type, name_at},
};

/// Where each type begins.
pub(crate) fn starts(sections: &Sections<'_>) -> Result<Vec<u32>, Error> {
    let (mut starts, mut at) = (Vec::new(), 0);
    let end = sections.types.len();
    while at < end {
        // There are fewer types than bytes, and the section's length has 32 bits.
        let id = TypeId(u32::try_from(starts.len() + 1).map_err(|_| Error::Damaged("there are too many types"))?);
        let ty = Type::read(*sections, id, at).ok_or(Error::Truncated(id))?;
        let len = ty.len(sections.layout).ok_or_else(|| unreadable(&ty))?;
        let next = at.checked_add(len).filter(|next| *next <= end).ok_or(Error::Truncated(id))?;
        starts.push(u32::try_from(at).map_err(|_| Error::Truncated(id))?);
        at = next;
    }
    Ok(starts)
}

/// Why a type does not say how long it is.
fn unreadable(ty: &Type<'_>) -> Error {
    match ty.kind() {
        Kind::Other(kind) => Error::UnknownKind { id: ty.id(), kind },
        _ => Error::Truncated(ty.id()),
    }
}

/// Every name and every reference of every type of a known kind.
pub(crate) fn contents(btf: &Btf<'_>) -> Result<(), Error> {
    for ty in btf.types() {
        let id = ty.id();
        name(btf, id, Some(ty.name_offset()))?;
        let extra = ty.extra();
        if ty.kind().refers() {
            reference(btf, id, Some(ty.target().0))?;
        }
        match ty.kind() {
            Kind::Array => {
                reference(btf, id, extra.u32(0))?;
                reference(btf, id, extra.u32(4))?;
            }
            Kind::Struct | Kind::Union => elements(btf, &ty, 12, Some(0), Some(4))?,
            Kind::FuncProto => elements(btf, &ty, 8, Some(0), Some(4))?,
            Kind::Enum => elements(btf, &ty, 8, Some(0), None)?,
            Kind::Enum64 => elements(btf, &ty, 12, Some(0), None)?,
            Kind::Datasec => elements(btf, &ty, 12, None, Some(0))?,
            _ => {}
        }
    }
    Ok(())
}

/// The names and references at these places of each element.
fn elements(
    btf: &Btf<'_>,
    ty: &Type<'_>,
    size: usize,
    name_at: Option<usize>,
    reference_at: Option<usize>,
) -> Result<(), Error> {
    let extra: Bytes<'_> = ty.extra();
    for start in (0..ty.vlen()).map(|index| index * size) {
        if let Some(at) = name_at {
            name(btf, ty.id(), extra.u32(start + at))?;
        }
        if let Some(at) = reference_at {
            reference(btf, ty.id(), extra.u32(start + at))?;
        }
    }
    Ok(())
}

fn name(btf: &Btf<'_>, id: TypeId, offset: Option<u32>) -> Result<(), Error> {
    offset.and_then(|offset| name_at(btf.sections.strings, offset)).map(|_| ()).ok_or(Error::Name(id))
}

fn reference(btf: &Btf<'_>, from: TypeId, to: Option<u32>) -> Result<(), Error> {
    let to = to.ok_or(Error::Truncated(from))?;
    if to as usize <= btf.starts.len() { Ok(()) } else { Err(Error::Reference { from, to }) }
}

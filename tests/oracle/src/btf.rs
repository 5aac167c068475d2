//! Records as the BTF of an object describes them, read by libbpf.

use std::{ffi::OsStr, path::Path};

use libbpf_rs::btf::{
    Btf, BtfKind, BtfType, HasSize, TypeId,
    types::{Array, Composite, Enum, Enum64, Float, Int, MemberAttr},
};

use crate::types::{Member, Record, Types};

/// All structs and unions that have a name.
///
/// # Errors
/// If libbpf cannot read it, or it has what C that we write has not.
pub fn read(object: &Path) -> Result<Types, String> {
    let btf = Btf::from_path(object).map_err(|error| format!("libbpf: {error}"))?;
    let mut types = Types::new();
    for id in 1..u32::try_from(btf.len()).unwrap_or(u32::MAX) {
        let Some(composite) = btf.type_by_id::<Composite<'_>>(TypeId::from(id)) else { continue };
        if let Some(name) = composite.name().and_then(OsStr::to_str) {
            types.insert(name.to_owned(), record(&btf, &composite)?);
        }
    }
    Ok(types)
}

/// One struct or union.
///
/// # Errors
/// As [`read`].
pub fn record(btf: &Btf<'_>, composite: &Composite<'_>) -> Result<Record, String> {
    let members = composite.iter().map(|member| match (member.name.and_then(OsStr::to_str), member.attr) {
        (Some(name), MemberAttr::BitField { size, offset }) => Ok(Member::Named {
            name: name.to_owned(),
            bit_offset: offset.into(),
            bit_size: size.into(),
            is_bitfield: true,
        }),
        (Some(name), MemberAttr::Normal { offset }) => Ok(Member::Named {
            name: name.to_owned(),
            bit_offset: offset.into(),
            bit_size: bytes_of(btf, member.ty)? * 8,
            is_bitfield: false,
        }),
        (None, MemberAttr::Normal { offset }) => {
            let inner = btf.type_by_id::<Composite<'_>>(member.ty).ok_or("an unnamed member is no record")?;
            Ok(Member::Unnamed { bit_offset: offset.into(), record: record(btf, &inner)? })
        }
        (None, MemberAttr::BitField { .. }) => Err("an unnamed bitfield: padding that nobody can zero".to_owned()),
    });
    Ok(Record { size: Some(composite.size() as u64), members: members.collect::<Result<_, String>>()? })
}

/// Size in bytes of the type with this id.
fn bytes_of(btf: &Btf<'_>, id: TypeId) -> Result<u64, String> {
    let ty = btf.type_by_id::<BtfType<'_>>(id).ok_or("BTF refers to a type that it has not")?;
    let ty = ty.skip_mods_and_typedefs();
    if let Ok(array) = Array::try_from(ty) {
        return Ok(array.capacity() as u64 * bytes_of(btf, array.ty())?);
    }
    let size = match ty.kind() {
        BtfKind::Int => Int::try_from(ty).map(|ty| ty.size()),
        BtfKind::Float => Float::try_from(ty).map(|ty| ty.size()),
        BtfKind::Enum => Enum::try_from(ty).map(|ty| ty.size()),
        BtfKind::Enum64 => Enum64::try_from(ty).map(|ty| ty.size()),
        BtfKind::Ptr => Ok(8),
        _ => Composite::try_from(ty).map(|ty| ty.size()),
    };
    size.map(|size| size as u64).map_err(|ty| format!("a member of kind {:?} has no size", ty.kind()))
}

//! Reads layouts from the BTF of an object that a BPF compiler has made from the generated header.

use std::{ffi::OsStr, fmt::Write as _, fs, path::Path};

use bpf_layout_spec::layout::Layouts;
use libbpf_rs::btf::{
    Btf, BtfKind, BtfType, HasSize, TypeId,
    types::{Array, Composite, Enum, Enum64, Float, Int, MemberAttr},
};

use crate::{
    expected,
    facts::{Facts, What, Witness},
    tools,
};

/// A compiler that makes BPF objects.
#[derive(Clone, Copy, Debug)]
pub struct BpfCompiler {
    /// The program.
    pub program: &'static str,
    /// Its arguments beside the files.
    pub arguments: &'static [&'static str],
}

/// Every compiler that is asked, in both byte orders.
pub const BPF_COMPILERS: &[BpfCompiler] = &[
    BpfCompiler { program: "clang-14", arguments: &["-target", "bpf", "-g", "-O2"] },
    BpfCompiler { program: "clang-16", arguments: &["-target", "bpf", "-g", "-O2"] },
    BpfCompiler { program: "clang-19", arguments: &["-target", "bpf", "-g", "-O2"] },
    BpfCompiler { program: "clang-19", arguments: &["-target", "bpfeb", "-g", "-O2"] },
    BpfCompiler { program: "bpf-gcc", arguments: &["-gbtf", "-O2"] },
];

/// Compiles the header in `folder` into an object and reads its BTF. `None` if the compiler is not there.
///
/// # Panics
/// If the compiler refuses the header, or the object's BTF cannot be read.
#[must_use]
pub fn ask(compiler: &BpfCompiler, layouts: &Layouts, header: &str, folder: &Path) -> Option<Witness> {
    if !tools::available(compiler.program) {
        return None;
    }
    let mut text = format!("#include \"{header}\"\n\n");
    for (number, (_, record)) in expected::named_records(&layouts.model).enumerate() {
        let _ = writeln!(text, "{} use{number};", expected::c_type(record));
    }
    fs::write(folder.join("types.bpf.c"), text).expect("the folder can be written");
    let mut arguments = compiler.arguments.to_vec();
    // Not every BPF compiler looks there by itself. Only headers that a spec's extern types name are taken from it.
    let of_this_machine = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    arguments.extend(["-idirafter", "/usr/include", "-idirafter", &of_this_machine]);
    arguments.extend(["-c", "-o", "types.bpf.o", "types.bpf.c"]);
    tools::run(compiler.program, &arguments, folder);
    let btf = Btf::from_path(folder.join("types.bpf.o")).unwrap_or_else(|error| panic!("{compiler:?}: {error}"));
    let mut facts = Facts::default();
    for (_, record) in expected::named_records(&layouts.model) {
        read_record(&btf, &record.name.c, &mut facts);
    }
    let name = format!("BTF of {} {}", compiler.program, compiler.arguments[..2].join(" "));
    let knows = &[What::Size, What::BitOffset, What::BitSize, What::BitfieldOffset, What::BitfieldSize];
    Some(Witness { name, facts, knows })
}

/// States what `btf` says of the struct or union `name`; nothing if it has none.
pub fn read_record(btf: &Btf<'_>, name: &str, facts: &mut Facts) {
    if let Some(record) = btf.type_by_name::<Composite<'_>>(name) {
        facts.state(name, "", What::Size, record.size() as u64);
        read_members(btf, &record, name, 0, facts);
    }
}

fn read_members(btf: &Btf<'_>, record: &Composite<'_>, ty: &str, base: u64, facts: &mut Facts) {
    for member in record.iter() {
        match (member.name.and_then(OsStr::to_str), member.attr) {
            (Some(name), MemberAttr::BitField { size, offset }) => {
                facts.place_bitfield(ty, name, base + u64::from(offset), size.into());
            }
            (Some(name), MemberAttr::Normal { offset }) => {
                facts.place(ty, name, base + u64::from(offset), bytes_of(btf, member.ty) * 8);
            }
            (None, MemberAttr::Normal { offset }) => {
                let inner = btf.type_by_id::<Composite<'_>>(member.ty).expect("an unnamed member is a record");
                read_members(btf, &inner, ty, base + u64::from(offset), facts);
            }
            (None, MemberAttr::BitField { .. }) => panic!("{ty} has an unnamed bitfield: padding that nobody can zero"),
        }
    }
}

/// Size in bytes of the type with this id.
fn bytes_of(btf: &Btf<'_>, id: TypeId) -> u64 {
    let ty = btf.type_by_id::<BtfType<'_>>(id).expect("BTF refers to types that it has").skip_mods_and_typedefs();
    if let Ok(array) = Array::try_from(ty) {
        return array.capacity() as u64 * bytes_of(btf, array.ty());
    }
    let size = match ty.kind() {
        BtfKind::Int => Int::try_from(ty).map(|ty| ty.size()),
        BtfKind::Float => Float::try_from(ty).map(|ty| ty.size()),
        BtfKind::Enum => Enum::try_from(ty).map(|ty| ty.size()),
        BtfKind::Enum64 => Enum64::try_from(ty).map(|ty| ty.size()),
        BtfKind::Ptr => Ok(8),
        _ => Composite::try_from(ty).map(|ty| ty.size()),
    };
    size.unwrap_or_else(|ty| panic!("a member of kind {:?} has no size", ty.kind())) as u64
}

//! What stands above the first definition, so that the header needs no other one.

use bpf_layout_spec::{
    kernel::{KernelField, KptrKind},
    layout::Layouts,
    model::{Model, TypeDef},
};

use super::{
    out::Out,
    types::{Needs, kptr_macro},
};

/// `#include`s of extern types. What comes from the system is left out beside `vmlinux.h`, which defines the same types
/// and would clash with it.
pub(super) fn includes(out: &mut Out, model: &Model) {
    let mut system = Vec::new();
    let mut own = Vec::new();
    for def in &model.types {
        let TypeDef::Extern(def) = def else { continue };
        let Some(include) = &def.include else { continue };
        let list = if include.starts_with('<') { &mut system } else { &mut own };
        if !list.contains(include) {
            list.push(include.clone());
        }
    }
    if !system.is_empty() {
        out.blank();
        out.line("#ifndef __VMLINUX_H__");
        out.lines(system.iter().map(|include| format!("#include {include}")));
        out.line("#endif");
    }
    if !own.is_empty() {
        out.blank();
        out.lines(own.iter().map(|include| format!("#include {include}")));
    }
}

/// Typedefs with the names of the kernel's, which C11 and C++ allow to be repeated.
pub(super) fn typedefs(out: &mut Out, needs: &Needs) {
    out.blank();
    for (name, ty) in [
        ("__u8", "unsigned char"),
        ("__s8", "signed char"),
        ("__u16", "unsigned short"),
        ("__s16", "short"),
        ("__u32", "unsigned int"),
        ("__s32", "int"),
    ] {
        if needs.typedef(name) {
            out.write(format_args!("typedef {ty} {name};"));
        }
    }
    wide_typedefs(out, needs);
    for (name, ty) in [("__be16", "__u16"), ("__be32", "__u32"), ("__be64", "__u64")] {
        if needs.typedef(name) {
            out.write(format_args!("typedef {ty} {name};"));
        }
    }
    int128(out, needs);
    bool_of_cpp(out, needs);
}

/// 64 bits are `long` where <asm/types.h> of userspace has them so (asm-generic/int-l64.h); elsewhere, and for BPF,
/// `long long`.
fn wide_typedefs(out: &mut Out, needs: &Needs) {
    let wide: Vec<(&str, &str)> =
        [("__u64", "unsigned long"), ("__s64", "long")].into_iter().filter(|(name, _)| needs.typedef(name)).collect();
    if wide.is_empty() {
        return;
    }
    out.continued(|out| out.lines(INT_L64));
    out.lines(wide.iter().map(|(name, ty)| format!("typedef {ty} {name};")));
    out.line("#else");
    out.lines(wide.iter().map(|(name, ty)| format!("typedef {} {name};", ty.replace("long", "long long"))));
    out.line("#endif");
}

/// Where userspace includes asm-generic/int-l64.h (arch/*/include/uapi/asm/types.h).
const INT_L64: [&str; 3] = [
    "#if !defined(__SANE_USERSPACE_TYPES__) &&",
    "\t(defined(__alpha__) || defined(__ia64__) || defined(__powerpc64__) ||",
    "\t (defined(__mips__) && _MIPS_SZLONG == 64))",
];

/// 128 bits: s390x aligns them to 8 bytes unless told otherwise, and 32-bit targets have none.
fn int128(out: &mut Out, needs: &Needs) {
    let wide: Vec<(&str, &str)> = [("__u128", "unsigned __int128"), ("__s128", "__int128")]
        .into_iter()
        .filter(|(name, _)| needs.typedef(name))
        .collect();
    if wide.is_empty() {
        return;
    }
    out.blank();
    out.line("#ifdef __SIZEOF_INT128__");
    out.lines(wide.iter().map(|(name, ty)| format!("__extension__ typedef {ty} {name} __attribute__((aligned(16)));")));
    out.line("#else");
    for (name, _) in wide {
        out.line("typedef struct {");
        out.line("\t__u64 half[2]; /* in the machine's byte order */");
        out.write(format_args!("}} __attribute__((aligned(16))) {name};"));
    }
    out.line("#endif");
}

/// C++ calls `_Bool` by another name; [`end_of_bool`] takes the macro back.
fn bool_of_cpp(out: &mut Out, needs: &Needs) {
    if !needs.typedef("_Bool") {
        return;
    }
    out.blank();
    out.lines([
        "#if defined(__cplusplus) && !defined(_Bool)",
        "#define _Bool bool",
        "#define __BPF_LAYOUT_BOOL",
        "#endif",
    ]);
}

/// See [`bool_of_cpp`].
pub(super) fn end_of_bool(out: &mut Out, needs: &Needs) {
    if needs.typedef("_Bool") {
        out.blank();
        out.lines(["#ifdef __BPF_LAYOUT_BOOL", "#undef __BPF_LAYOUT_BOOL", "#undef _Bool", "#endif"]);
    }
}

/// The two assertions that stand under each record.
pub(super) fn assertions(out: &mut Out) {
    out.blank();
    out.lines([
        "#ifndef __BPF_LAYOUT_ASSERT",
        "#ifdef __cplusplus",
        "#define __BPF_LAYOUT_ASSERT static_assert",
        "#define __BPF_LAYOUT_ALIGNOF alignof",
        "#else",
        "#define __BPF_LAYOUT_ASSERT _Static_assert",
        "#define __BPF_LAYOUT_ALIGNOF _Alignof",
        "#endif",
    ]);
    out.blank();
    out.line("/* The member starts at this byte of the type. */");
    out.macro_definition("__BPF_LAYOUT_AT(type, member, offset)", |out| out.lines(AT));
    out.blank();
    out.line("/* The type has this many bytes, and this alignment. */");
    out.macro_definition("__BPF_LAYOUT_SIZE(type, size, align)", |out| out.lines(SIZE));
    out.line("#endif");
}

const AT: [&str; 2] = [
    "__BPF_LAYOUT_ASSERT(__builtin_offsetof(type, member) == offset,",
    "\t\t    #type \": \" #member \" is not at byte \" #offset)",
];

const SIZE: [&str; 4] = [
    "__BPF_LAYOUT_ASSERT(sizeof(type) == size,",
    "\t\t    #type \" is not of \" #size \" bytes\");",
    "__BPF_LAYOUT_ASSERT(__BPF_LAYOUT_ALIGNOF(type) == align,",
    "\t\t    #type \" is not aligned to \" #align)",
];

/// What kernel-managed fields are made of.
pub(super) fn kernel_types(out: &mut Out, needs: &Needs) {
    if !needs.kernel_fields.is_empty() {
        out.blank();
        out.lines([
            "/*",
            " * As the kernel has them. If the program includes vmlinux.h or <linux/bpf.h>, it",
            " * must do so before it includes this header.",
            " */",
        ]);
        out.line("#if !defined(__VMLINUX_H__) && !defined(__LINUX_BPF_H__)");
        for field in &needs.kernel_fields {
            kernel_struct(out, *field);
        }
        out.line("#endif");
    }
    if !needs.kptr_targets.is_empty() {
        out.blank();
        out.line("#ifdef __BPF__");
        out.lines(needs.kptr_targets.iter().map(|target| format!("struct {target};")));
        tags(out, needs);
        out.line("#endif");
    }
    if needs.contains {
        contains(out);
    }
}

/// include/uapi/linux/bpf.h; sizes and alignments come from the table of kernel fields.
fn kernel_struct(out: &mut Out, field: KernelField) {
    let info = field.info();
    let member = match field {
        KernelField::SpinLock | KernelField::ResSpinLock => "__u32 val".to_owned(),
        _ if info.align == 8 => format!("__u64 __opaque[{}]", info.size / 8),
        _ => format!("__u32 __opaque[{}]", info.size / 4),
    };
    let guard = format!("__BPF_LAYOUT_{}", info.name.to_ascii_uppercase());
    let attribute = if info.align == 8 { " __attribute__((aligned(8)))" } else { "" };
    out.write(format_args!("#ifndef {guard}"));
    out.write(format_args!("#define {guard}"));
    out.write(format_args!("struct {} {{", info.name));
    out.write(format_args!("\t{member};"));
    out.write(format_args!("}}{attribute};"));
    out.line("#endif");
}

/// Compilers without BTF type tags give the verifier a plain pointer, which it refuses to follow.
fn tags(out: &mut Out, needs: &Needs) {
    for kind in [KptrKind::Referenced, KptrKind::Untrusted, KptrKind::PerCpu] {
        if !needs.kptr_kinds.contains(&kind) {
            continue;
        }
        let name = kptr_macro(kind);
        out.write(format_args!("#ifndef {name}"));
        out.line("#if __has_attribute(btf_type_tag)");
        out.define(&name, &format!("__attribute__((btf_type_tag(\"{}\")))", kind.name()));
        out.line("#else");
        out.write(format_args!("#define {name}"));
        out.line("#endif");
        out.line("#endif");
    }
}

fn contains(out: &mut Out) {
    out.blank();
    out.line("#ifndef __bpf_layout_contains");
    out.line("#if defined(__BPF__) && __has_attribute(btf_decl_tag)");
    out.macro_definition("__bpf_layout_contains(type, member)", |out| {
        out.line("__attribute__((btf_decl_tag(\"contains:\" #type \":\" #member)))");
    });
    out.line("#else");
    out.line("#define __bpf_layout_contains(type, member)");
    out.line("#endif");
    out.line("#endif");
}

/// Assertions of types that other headers define.
pub(super) fn externs(out: &mut Out, layouts: &Layouts) {
    if layouts.model.types.iter().any(|def| matches!(def, TypeDef::Extern(_))) {
        out.blank();
        out.line("/* Defined elsewhere. */");
    }
    for (def, layout) in layouts.model.types.iter().zip(&layouts.types) {
        if let TypeDef::Extern(def) = def {
            let (size, align) = (layout.size.to_string(), layout.align.to_string());
            out.call(&["__BPF_LAYOUT_SIZE"], &[&def.c_type, &size, &align], ";");
        }
    }
}

/// gcc warns where a type of explicit alignment lies unaligned in a packed record, which is what the spec asks for.
pub(super) fn ignore_packed_not_aligned(out: &mut Out, needs: &Needs) {
    if needs.packed_not_aligned {
        out.blank();
        out.lines([
            "#if defined(__GNUC__) && !defined(__clang__)",
            "#pragma GCC diagnostic push",
            "#pragma GCC diagnostic ignored \"-Wpacked-not-aligned\"",
            "#endif",
        ]);
    }
}

/// See [`ignore_packed_not_aligned`].
pub(super) fn end_of_packed_not_aligned(out: &mut Out, needs: &Needs) {
    if needs.packed_not_aligned {
        out.blank();
        out.lines(["#if defined(__GNUC__) && !defined(__clang__)", "#pragma GCC diagnostic pop", "#endif"]);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::layouts;

    /// The lines that include headers, for `extern` types of these ones.
    fn included(headers: &[&str]) -> Vec<String> {
        let define = |(number, header): (usize, &&str)| {
            format!("[extern.e{number}]\nc = \"struct e{number}\"\ninclude = '{header}'\nsize = 4\nalign = 4\n")
        };
        let types: String = headers.iter().enumerate().map(define).collect();
        let header = crate::c::header(&layouts(&format!("spec = 1\n{types}"), None));
        let wanted = |line: &&str| ["#include", "#ifndef __VMLINUX_H__"].iter().any(|start| line.starts_with(start));
        header.lines().filter(wanted).map(str::to_owned).collect()
    }

    #[test]
    fn headers_are_included_once_and_the_kernels_only_without_vmlinux_h() {
        assert_eq!(included(&[]), [""; 0]);
        let own = ["#include \"b.h\"", "#include \"a.h\""];
        assert_eq!(included(&["\"b.h\"", "\"a.h\"", "\"b.h\""]), own);
        let system = ["#ifndef __VMLINUX_H__", "#include <linux/in.h>"];
        assert_eq!(included(&["<linux/in.h>", "<linux/in.h>"]), system);
        assert_eq!(included(&["\"b.h\"", "<linux/in.h>", "\"a.h\""]), [system, own].concat());
    }
}

//! The types of one fixed size, in one table: their names in the spec, in C and in Rust, sizes and alignments.

/// A type of one fixed size that needs no definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by its row in SCALARS")]
pub enum Scalar {
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    Bool,
    Be16,
    Be32,
    Be64,
    Ktime,
    Ipv4,
    Ipv6,
    Mac,
    Ptr,
}

/// What a scalar can be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarClass {
    /// An integer in the machine's byte order; may be a bitfield, an enum's `repr` or a tag.
    Unsigned,
    /// A signed integer; likewise.
    Signed,
    /// Zero or one; may be a bitfield of one bit.
    Bool,
    /// An integer whose most significant byte comes first, on every machine.
    BigEndian,
    /// A number or a run of bytes with a meaning of its own.
    Semantic,
}

/// One row of the table of scalars.
#[derive(Clone, Copy, Debug)]
pub struct ScalarInfo {
    /// The scalar.
    pub scalar: Scalar,
    /// In the spec: `u32`.
    pub name: &'static str,
    /// In C: `__u32`. A type that is an array in C has its element here and `c_array` elements.
    pub c: &'static str,
    /// Elements of the C array; 1 for what is no array.
    pub c_array: u32,
    /// In Rust: `u32` or `::bpf_layout::Be16`.
    pub rust: &'static str,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes, the same on every host: that of the BPF psABI and x86-64.
    pub align: u32,
    /// What it can be used as.
    pub class: ScalarClass,
    /// What it is, in a few words.
    pub doc: &'static str,
}

macro_rules! scalars {
    ($($scalar:ident $name:literal $c:literal [$c_array:literal] $rust:literal $size:literal $align:literal $class:ident $doc:literal;)+) => {
        /// Every scalar, one row each.
        pub const SCALARS: &[ScalarInfo] = &[$(ScalarInfo {
            scalar: Scalar::$scalar,
            name: $name,
            c: $c,
            c_array: $c_array,
            rust: $rust,
            size: $size,
            align: $align,
            class: ScalarClass::$class,
            doc: $doc,
        }),+];
    };
}

// Sizes and alignments: BPF data layout of LLVM, "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128", and the System V ABI of
// x86-64, section 3.1.2. 32-bit x86 aligns 64-bit integers to 4 only; output forces the alignment given here.
scalars! {
    U8 "u8" "__u8" [1] "u8" 1 1 Unsigned "unsigned, 8 bits";
    U16 "u16" "__u16" [1] "u16" 2 2 Unsigned "unsigned, 16 bits";
    U32 "u32" "__u32" [1] "u32" 4 4 Unsigned "unsigned, 32 bits";
    U64 "u64" "__u64" [1] "u64" 8 8 Unsigned "unsigned, 64 bits";
    U128 "u128" "__u128" [1] "u128" 16 16 Unsigned "unsigned, 128 bits";
    I8 "i8" "__s8" [1] "i8" 1 1 Signed "signed, 8 bits";
    I16 "i16" "__s16" [1] "i16" 2 2 Signed "signed, 16 bits";
    I32 "i32" "__s32" [1] "i32" 4 4 Signed "signed, 32 bits";
    I64 "i64" "__s64" [1] "i64" 8 8 Signed "signed, 64 bits";
    I128 "i128" "__s128" [1] "i128" 16 16 Signed "signed, 128 bits";
    Bool "bool" "_Bool" [1] "::bpf_layout::Bool" 1 1 Bool "true or false; one byte, any value but 0 read as true";
    Be16 "be16" "__be16" [1] "::bpf_layout::Be16" 2 2 BigEndian "unsigned, 16 bits, in network byte order";
    Be32 "be32" "__be32" [1] "::bpf_layout::Be32" 4 4 BigEndian "unsigned, 32 bits, in network byte order";
    Be64 "be64" "__be64" [1] "::bpf_layout::Be64" 8 8 BigEndian "unsigned, 64 bits, in network byte order";
    Ktime "ktime" "__u64" [1] "::bpf_layout::Ktime" 8 8 Semantic "nanoseconds since boot, as bpf_ktime_get_boot_ns() gives them";
    Ipv4 "ipv4" "__be32" [1] "::bpf_layout::Ipv4" 4 4 Semantic "an IPv4 address in network byte order";
    Ipv6 "ipv6" "__u8" [16] "::bpf_layout::Ipv6" 16 1 Semantic "an IPv6 address in network byte order";
    Mac "mac" "__u8" [6] "::bpf_layout::Mac" 6 1 Semantic "an Ethernet address";
    Ptr "ptr" "__u64" [1] "::bpf_layout::KernelPtr" 8 8 Semantic "a kernel address, which userspace cannot follow";
}

impl Scalar {
    /// Its row in the table.
    #[must_use]
    pub fn info(self) -> &'static ScalarInfo {
        &SCALARS[self as usize]
    }

    /// The scalar that the spec calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Scalar> {
        SCALARS.iter().find(|info| info.name == name).map(|info| info.scalar)
    }

    /// Smallest and largest value of an integer of up to 64 bits; `None` for what is no such integer.
    #[must_use]
    pub fn integer_range(self) -> Option<(i128, i128)> {
        let info = self.info();
        let bits = info.size * 8;
        match info.class {
            ScalarClass::Unsigned if bits <= 64 => Some((0, (1i128 << bits) - 1)),
            ScalarClass::Signed if bits <= 64 => Some((-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_enum() {
        for (index, info) in SCALARS.iter().enumerate() {
            assert_eq!(info.scalar as usize, index, "{}", info.name);
            assert_eq!(Scalar::from_name(info.name), Some(info.scalar));
            assert!(info.align.is_power_of_two() && info.size % info.align == 0, "{}", info.name);
        }
    }
}

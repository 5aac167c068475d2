//! The macros that generated code is made of. Each defines a type from facts, proves the facts, and implements
//! [`Layout`](crate::Layout) on that proof. All `unsafe` of generated code is here, where it is argued.

/// A struct whose every byte is accounted for.
///
/// ```
/// bpf_layout::layout! {
///     /// Identifies one bound socket.
///     pub struct SocketKey("socket_key"): size 12, align 4 {
///         pub netns: u32 = 0,
///         pub family: u16 = 4,
///         pub proto: u8 = 6,
///         pub _pad0: bpf_layout::Pad<1> = 7,
///         pub port: u16 = 8,
///         pub _pad1: bpf_layout::Pad<2> = 10,
///     }
/// }
/// ```
///
/// `"socket_key"` is its name in the spec; the number behind each field is its offset. What a list of fields cannot say
/// (bitfields, tags) may follow the braces as `details [Detail::…, …]`.
///
/// The struct is `repr(C, align(N))`. It does not compile unless each field is [`Layout`](crate::Layout), no byte is
/// padding, and size, alignment and each offset are as stated:
///
/// ```compile_fail,E0080
/// bpf_layout::layout! {
///     pub struct Key("key"): size 8, align 4 { pub a: u32 = 0, pub b: u16 = 4 } // two bytes of padding
/// }
/// ```
/// ```compile_fail,E0080
/// bpf_layout::layout! {
///     pub struct Key("key"): size 8, align 4 { pub a: u32 = 0, pub b: u32 = 2 } // b is at 4
/// }
/// ```
/// ```compile_fail,E0080
/// bpf_layout::layout! {
///     pub struct Key("key"): size 4, align 4 { pub a: u32 = 0, pub b: u32 = 4 } // 8 bytes
/// }
/// ```
/// ```compile_fail,E0080
/// bpf_layout::layout! {
///     pub struct Key("key"): size 4, align 2 { pub a: u32 = 0 } // aligned to 4
/// }
/// ```
/// ```compile_fail,E0277
/// bpf_layout::layout! {
///     pub struct Key("key"): size 1, align 1 { pub a: bool = 0 } // 2 is not a bool
/// }
/// ```
/// ```compile_fail
/// bpf_layout::layout! {
///     #[repr(packed)] // only documentation
///     pub struct Key("key"): size 4, align 4 { pub a: u32 = 0 }
/// }
/// ```
#[macro_export]
macro_rules! layout {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis struct $name:ident($spec:literal): size $size:literal, align $align:tt {
            $($(#[doc $($field_doc:tt)+])* $field_vis:vis $field:ident: $ty:ty = $offset:literal),* $(,)?
        }
        $(details [$($detail:expr),* $(,)?])?
    ) => {
        $crate::__derived! {
            $(#[doc $($doc)+])*
            #[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types, non_snake_case, clippy::struct_field_names)]
            #[repr(C, align($align))]
            $vis struct $name { $($(#[doc $($field_doc)+])* $field_vis $field: $ty),* }
        }
        const _: () = {
            static __BPF_LAYOUT: $crate::TypeInfo = $crate::__private::prove::record::<$name>(
                $spec,
                ($size, $align),
                $crate::__private::core::stringify!($($field)*),
                &[$($offset),*],
                &[$(<$ty as $crate::Layout>::SHAPE),*],
                &[$($($detail),*)?],
            );
            // SAFETY: `prove::record` has shown that there is no padding and that each field is where the table says;
            // each field is Layout, so any bytes are valid and nothing has interior mutability. The struct has no
            // attribute but those above.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Record(&__BPF_LAYOUT);
            }
        };
        $crate::__impls! { $name }
    };
}

/// A union, as a newtype over its bytes: members are read by reference, whatever the bytes.
///
/// ```
/// use bpf_layout::{Ipv4, Ipv6};
///
/// bpf_layout::layout_union! {
///     /// An address of either family.
///     pub union Addr("addr"): size 16, align 4 {
///         v4, set_v4: Ipv4,
///         v6, set_v6: Ipv6,
///     }
/// }
///
/// let mut addr = Addr::default();
/// addr.set_v4(Ipv4::from(std::net::Ipv4Addr::LOCALHOST));
/// assert_eq!(addr.v4().get().to_string(), "127.0.0.1");
/// assert_eq!(addr.v6().get().to_string(), "7f00:1::");
/// ```
///
/// A setter zeroes what its member does not cover. Bitfields may follow the braces as `details [Detail::bits(…), …]`. A
/// member that does not fit does not compile:
///
/// ```compile_fail,E0080
/// bpf_layout::layout_union! { pub union Small("small"): size 4, align 4 { wide, set_wide: u64 } }
/// ```
/// ```compile_fail,E0080
/// bpf_layout::layout_union! { pub union Odd("odd"): size 8, align 1 { wide, set_wide: u64 } }
/// # fn main() { Odd::default().wide(); }
/// ```
#[macro_export]
macro_rules! layout_union {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis union $name:ident($spec:literal): size $size:literal, align $align:tt {
            $($(#[doc $($member_doc:tt)+])* $member:ident, $set:ident: $ty:ty),* $(,)?
        }
        $(details [$($detail:expr),* $(,)?])?
    ) => {
        $crate::__derived! {
            $(#[doc $($doc)+])*
            #[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types)]
            #[repr(C, align($align))]
            $vis struct $name { __bytes: [$crate::__private::core::primitive::u8; $size] }
        }
        const _: () = {
            static __BPF_LAYOUT: $crate::TypeInfo = $crate::__private::prove::union::<$name>(
                $spec,
                ($size, $align),
                $crate::__private::core::stringify!($($member)*),
                &[$(<$ty as $crate::Layout>::SHAPE),*],
                &[$($($detail),*)?],
            );
            // SAFETY: an array of bytes that fills the struct, as `prove::union` has shown.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Union(&__BPF_LAYOUT);
            }
        };
        $crate::__impls! { $name }
        #[allow(dead_code, missing_docs, unreachable_pub, non_snake_case)]
        impl $name { $(
            $(#[doc $($member_doc)+])*
            #[must_use]
            pub fn $member(&self) -> &$ty {
                $crate::__private::part::<Self, $ty>(self)
            }

            /// Sets the member above, and zeroes what it does not cover.
            pub fn $set(&mut self, value: $ty) {
                *self = $crate::__private::from_part::<Self, $ty>(value);
            }
        )* }
    };
}

/// A type that is bytes and nothing more: defined elsewhere, or known to the kernel only.
///
/// ```
/// bpf_layout::opaque! { pub struct SockaddrIn("sockaddr_in"): size 16, align 4; }
/// # use bpf_layout::Layout;
/// assert_eq!(SockaddrIn::default().as_bytes(), [0; 16]);
/// ```
#[macro_export]
macro_rules! opaque {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis struct $name:ident($spec:literal): size $size:literal, align $align:tt;
    ) => {
        $crate::__derived! {
            $(#[doc $($doc)+])*
            #[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types)]
            #[repr(C, align($align))]
            $vis struct $name { __bytes: [$crate::__private::core::primitive::u8; $size] }
        }
        const _: () = {
            const _: () = $crate::__private::prove::assert_size_align::<$name>($spec, $size, $align);
            // SAFETY: an array of bytes that fills the struct, as just asserted.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Opaque($size);
            }
        };
        $crate::__impls! { $name }
    };
}

/// An open enum: a newtype of its integer with a constant for each named value. Any value may arrive and survives.
///
/// ```
/// bpf_layout::open_enum! {
///     /// What was done to the file.
///     pub enum FileOp("file_op"): u8 {
///         OPEN("open") = 1,
///         UNLINK("unlink") = 2,
///     }
/// }
///
/// let verb = |op| match op {
///     FileOp::OPEN => "opened",
///     FileOp::UNLINK => "deleted",
///     FileOp(_) => "did something new to",
/// };
/// assert_eq!((verb(FileOp(2)), verb(FileOp(9))), ("deleted", "did something new to"));
/// assert_eq!(format!("{:?} {:?}", FileOp::OPEN, FileOp(9)), "open file_op(9)");
/// assert_eq!(FileOp(9).name(), None);
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis enum $name:ident($spec:literal): $repr:ident {
            $($(#[doc $($variant_doc:tt)+])* $variant:ident($variant_spec:literal) = $value:literal),* $(,)?
        }
    ) => {
        $crate::__derived! {
            $(#[doc $($doc)+])*
            #[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types)]
            #[derive(
                $crate::__private::core::cmp::PartialEq,
                $crate::__private::core::cmp::Eq,
                $crate::__private::core::cmp::PartialOrd,
                $crate::__private::core::cmp::Ord,
                $crate::__private::core::hash::Hash,
                $crate::__private::core::default::Default,
            )]
            #[repr(transparent)]
            $vis struct $name(pub $crate::__private::core::primitive::$repr);
        }
        #[allow(dead_code, missing_docs, unreachable_pub, non_upper_case_globals)]
        impl $name {
            $($(#[doc $($variant_doc)+])* pub const $variant: Self = $name($value);)*

            /// Name in the spec; `None` for a value that has none.
            #[must_use]
            pub fn name(self) -> $crate::__private::core::option::Option<
                &'static $crate::__private::core::primitive::str
            > {
                $crate::__private::enum_name(&self)
            }
        }
        const _: () = {
            static __BPF_LAYOUT: $crate::NamesInfo = $crate::__private::names::<
                $crate::__private::core::primitive::$repr
            >($spec, &[$(($variant_spec, $value)),*]);
            // SAFETY: a transparent newtype of an integer, which any bytes are valid for.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Enum(&__BPF_LAYOUT);
            }
        };
        $crate::__scalar_impls! { $name, $crate::__private::core::primitive::$repr }
    };
}

/// Flags: a newtype of its integer with a constant for each named mask, and the methods of the `bitflags` crate. Bits
/// without a name are kept.
///
/// ```
/// bpf_layout::flags! {
///     /// How the file was opened.
///     pub flags OpenFlags("open_flags"): u32 {
///         WRONLY = 0x1,
///         CREAT = 0x40,
///     }
/// }
///
/// let flags = OpenFlags::from_bits_retain(0xc1);
/// assert!(flags.contains(OpenFlags::WRONLY | OpenFlags::CREAT));
/// assert_eq!(format!("{flags:?} {:?}", OpenFlags::empty()), "WRONLY | CREAT | 0x80 0x0");
/// ```
#[macro_export]
macro_rules! flags {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis flags $name:ident($spec:literal): $repr:ident {
            $($(#[doc $($bit_doc:tt)+])* $bit:ident = $value:literal),* $(,)?
        }
    ) => {
        $crate::__derived! {
            $(#[doc $($doc)+])*
            #[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types)]
            #[derive(
                $crate::__private::core::cmp::PartialEq,
                $crate::__private::core::cmp::Eq,
                $crate::__private::core::cmp::PartialOrd,
                $crate::__private::core::cmp::Ord,
                $crate::__private::core::hash::Hash,
                $crate::__private::core::default::Default,
            )]
            #[repr(transparent)]
            $vis struct $name($crate::__private::core::primitive::$repr);
        }
        $crate::__private::bitflags::bitflags! {
            #[allow(dead_code, missing_docs, unreachable_pub, non_upper_case_globals)]
            impl $name: $crate::__private::core::primitive::$repr {
                $($(#[doc $($bit_doc)+])* const $bit = $value;)*
                // Every bit may be set by a kernel newer than the spec.
                const _ = !0;
            }
        }
        const _: () = {
            static __BPF_LAYOUT: $crate::NamesInfo = $crate::__private::names::<
                $crate::__private::core::primitive::$repr
            >($spec, &[$(($crate::__private::core::stringify!($bit), $value)),*]);
            // SAFETY: a transparent newtype of an integer, which any bytes are valid for.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Flags(&__BPF_LAYOUT);
            }
        };
        impl $crate::__private::core::convert::From<$crate::__private::core::primitive::$repr> for $name {
            fn from(bits: $crate::__private::core::primitive::$repr) -> Self {
                $name(bits)
            }
        }
        $crate::__value_impls! { $name }
    };
}

/// Lengths and capacities.
///
/// ```
/// bpf_layout::constants! {
///     pub const ARG_LEN: usize = 256;
///     pub const ARGS_LEN: usize = 20 * ARG_LEN;
/// }
/// assert_eq!(ARGS_LEN, 5120);
/// ```
#[macro_export]
macro_rules! constants {
    ($($(#[doc $($doc:tt)+])* $vis:vis const $name:ident: $ty:ty = $value:expr;)*) => { $(
        $(#[doc $($doc)+])*
        #[allow(dead_code, missing_docs, unreachable_pub, clippy::cast_possible_truncation)]
        $vis const $name: $ty = $value;
    )* };
}

/// The records of one buffer, told apart by their tags, or by their sizes where they have none.
///
/// `pub enum EventsRecord for Events("events") { Exec(ExecEvent) }` defines the enum and implements
/// [`Buffer`](crate::Buffer) for the map `Events`.
#[macro_export]
macro_rules! buffer {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis enum $record:ident for $map:ident($spec:literal) {
            $($(#[doc $($event_doc:tt)+])* $variant:ident($event:ty)),+ $(,)?
        }
    ) => {
        $(#[doc $($doc)+])*
        #[allow(dead_code, missing_docs, unreachable_pub)]
        #[derive($crate::__private::core::clone::Clone, $crate::__private::core::fmt::Debug)]
        $vis enum $record<'a> { $($(#[doc $($event_doc)+])* $variant($crate::View<'a, $event>)),+ }

        impl $crate::Buffer for $map {
            type Record<'a> = $record<'a>;

            fn parse(
                bytes: &[$crate::__private::core::primitive::u8],
            ) -> $crate::__private::core::result::Result<$record<'_>, $crate::ParseError> {
                let events = &[$(<$event as $crate::Layout>::SHAPE),+];
                let mut candidate = $crate::__private::pick_event($spec, events, bytes)?;
                $(
                    if candidate == 0 {
                        return <$event as $crate::Layout>::parse(bytes)
                            .map(|event| $record::$variant(event));
                    }
                    candidate = candidate.wrapping_sub(1);
                )+
                let _ = candidate;
                $crate::__private::core::result::Result::Err($crate::ParseError::unknown_event($spec, bytes.len()))
            }
        }
    };
}

/// What a record, union or opaque type can do beside [`Layout`](crate::Layout): everything goes by its bytes.
#[doc(hidden)]
#[macro_export]
macro_rules! __impls {
    ($name:ident) => {
        impl $crate::__private::core::cmp::PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::eq(self, other)
            }
        }
        impl $crate::__private::core::cmp::Eq for $name {}
        impl $crate::__private::core::hash::Hash for $name {
            fn hash<H: $crate::__private::core::hash::Hasher>(&self, state: &mut H) {
                $crate::__private::hash(self, state);
            }
        }
        impl $crate::__private::core::default::Default for $name {
            fn default() -> Self {
                $crate::__private::default()
            }
        }
        $crate::__value_impls! { $name }
    };
}

/// What an enum can do beside.
#[doc(hidden)]
#[macro_export]
macro_rules! __scalar_impls {
    ($name:ident, $repr:ty) => {
        impl $crate::__private::core::convert::From<$repr> for $name {
            fn from(value: $repr) -> Self {
                $name(value)
            }
        }
        impl $crate::__private::core::convert::From<$name> for $repr {
            fn from(value: $name) -> Self {
                value.0
            }
        }
        $crate::__value_impls! { $name }
    };
}

/// What every generated type can do.
#[doc(hidden)]
#[macro_export]
macro_rules! __value_impls {
    ($name:ident) => {
        impl $crate::__private::core::marker::Copy for $name {}
        #[allow(clippy::expl_impl_clone_on_copy)]
        impl $crate::__private::core::clone::Clone for $name {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl $crate::__private::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut $crate::__private::core::fmt::Formatter<'_>) -> $crate::__private::core::fmt::Result {
                $crate::__private::debug(self, f)
            }
        }
        $crate::__features! { $name }
    };
}

// A `cfg` inside a macro is evaluated where the macro is used, by the user's features. So each macro that depends on a
// feature of this crate exists in two versions.

/// Adds zerocopy's derives to a type.
#[cfg(feature = "zerocopy")]
#[doc(hidden)]
#[macro_export]
macro_rules! __derived {
    ($($item:tt)*) => {
        #[derive(
            $crate::__private::zerocopy::FromBytes,
            $crate::__private::zerocopy::IntoBytes,
            $crate::__private::zerocopy::Immutable,
            $crate::__private::zerocopy::KnownLayout,
        )]
        #[zerocopy(crate = "::bpf_layout::__private::zerocopy")]
        $($item)*
    };
}

/// Adds nothing to a type.
#[cfg(not(feature = "zerocopy"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __derived {
    ($($item:tt)*) => { $($item)* };
}

/// Traits of other crates.
#[cfg(any(feature = "serde", feature = "bytemuck"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __features {
    ($name:ident) => {
        $crate::__serialize! { $name }
        $crate::__pod! { $name }
    };
}

/// Traits of other crates: none.
#[cfg(not(any(feature = "serde", feature = "bytemuck")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __features {
    ($name:ident) => {};
}

/// serde's `Serialize`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($name:ident) => {
        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__private::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize(self, serializer)
            }
        }
    };
}

/// serde's `Serialize`: not wanted.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($name:ident) => {};
}

/// bytemuck's `Zeroable` and `Pod`.
#[cfg(feature = "bytemuck")]
#[doc(hidden)]
#[macro_export]
macro_rules! __pod {
    ($name:ident) => {
        // SAFETY: Layout promises all that Zeroable and Pod ask: any bytes are valid, zeros too, there is no padding and
        // no interior mutability, and the type is Copy, 'static and repr(C) or transparent.
        unsafe impl $crate::__private::bytemuck::Zeroable for $name {}
        // SAFETY: as above.
        unsafe impl $crate::__private::bytemuck::Pod for $name {}
    };
}

/// bytemuck's `Zeroable` and `Pod`: not wanted.
#[cfg(not(feature = "bytemuck"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __pod {
    ($name:ident) => {};
}

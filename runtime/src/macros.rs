//! The macros that generated code is made of. Each defines a type from facts, proves the facts, and implements
//! [`Layout`](crate::Layout) on that proof. All `unsafe` of generated code is here and below, where it is argued.

mod compact;
mod derived;
mod impls;
mod names;

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
/// (bitfields, tags) may follow the braces as `details [Detail::…, …]`. The alignment may be followed by
/// `, fingerprint 0x…`, see [`Fingerprints`](crate::Fingerprints).
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
        $vis:vis struct $name:ident($spec:literal): size $size:literal, align $align:tt
        $(, fingerprint $fingerprint:literal)? {
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
        // SAFETY: `prove::record` has shown that there is no padding and that each field is where the table says;
        // each field is Layout, so any bytes are valid and nothing has interior mutability. The struct has no
        // attribute but those above. A static is evaluated whether or not it is used, so the proof is carried out.
        unsafe impl $crate::Layout for $name {
            const SHAPE: $crate::Shape = {
                static __BPF_LAYOUT: $crate::TypeInfo = $crate::__private::prove::record::<$name, _>(
                    $spec,
                    ($size, $align),
                    $crate::__private::core::stringify!($($field)*),
                    [$($offset),*],
                    $crate::__fields! { $($ty,)* },
                )$(.with_details(&[$($detail),*]))?$(.with_fingerprint($fingerprint))?;
                $crate::Shape::Record(&__BPF_LAYOUT)
            };
        }
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
        $vis:vis union $name:ident($spec:literal): size $size:literal, align $align:tt
        $(, fingerprint $fingerprint:literal)? {
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
        // SAFETY: an array of bytes that fills the struct, as `prove::union` has shown. A static is evaluated whether or
        // not it is used, so the proof is carried out.
        unsafe impl $crate::Layout for $name {
            const SHAPE: $crate::Shape = {
                static __BPF_LAYOUT: $crate::TypeInfo = $crate::__private::prove::union::<$name>(
                    $spec,
                    ($size, $align),
                    $crate::__private::core::stringify!($($member)*),
                    $crate::__fields! { $($ty,)* },
                )$(.with_details(&[$($detail),*]))?$(.with_fingerprint($fingerprint))?;
                $crate::Shape::Union(&__BPF_LAYOUT)
            };
        }
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

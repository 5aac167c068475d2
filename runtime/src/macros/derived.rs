//! What `#[derive(BpfLayout)]` expands to. No part of the interface.
//!
//! All that a proof rests on is found out here: the fields' types, offsets and sizes. What the caller gives is only what
//! the spec says, and expressions that run the checks at the place where an error shall appear.

/// Checks a struct that somebody wrote, and implements [`Layout`](crate::Layout) for it. The argument stands in
/// `prove/derived.rs`.
///
/// Anybody can call it, so it proves what it is told. It is no union, whose bytes need not be initialised:
///
/// ```compile_fail
/// # use bpf_layout::__private::prove::derived::*;
/// #[derive(Clone, Copy)]
/// union Either { a: u8, b: () }
/// bpf_layout::__derive_layout! {
///     Either, Spec { name: "either", at: "", size: 1, align: 1, raise: "" }, whole(),
///     { a 0: u8, SpecField { at: "", says: "u8", offset: 0, expected: Expected::Any(1), write: "", hint: "", pad: "" },
///         kind(), place(); },
///     names "a", details []
/// }
/// ```
///
/// Fields have the types that are claimed:
///
/// ```
/// # use bpf_layout::__private::prove::derived::*;
/// #[derive(Clone, Copy)]
/// struct Honest { a: u8 }
/// bpf_layout::__derive_layout! {
///     Honest, Spec { name: "honest", at: "", size: 1, align: 1, raise: "" }, whole(),
///     { a 0: u8, SpecField { at: "", says: "u8", offset: 0, expected: Expected::Any(1), write: "", hint: "", pad: "" },
///         kind(), place(); },
///     names "a", details []
/// }
/// ```
/// ```compile_fail,E0308
/// # use bpf_layout::__private::prove::derived::*;
/// #[derive(Clone, Copy)]
/// struct Lie { a: bool }
/// bpf_layout::__derive_layout! {
///     Lie, Spec { name: "lie", at: "", size: 1, align: 1, raise: "" }, whole(),
///     { a 0: u8, SpecField { at: "", says: "u8", offset: 0, expected: Expected::Any(1), write: "", hint: "", pad: "" },
///         kind(), place(); },
///     names "a", details []
/// }
/// ```
///
/// No byte lies between them, whatever the spec is said to be:
///
/// ```compile_fail,E0080
/// # use bpf_layout::__private::prove::derived::*;
/// #[derive(Clone, Copy)]
/// #[repr(C, align(4))]
/// struct Gap { a: u8 }
/// bpf_layout::__derive_layout! {
///     Gap, Spec { name: "gap", at: "", size: 4, align: 4, raise: "" }, whole(),
///     { a 0: u8, SpecField { at: "", says: "u8", offset: 0, expected: Expected::Any(1), write: "", hint: "", pad: "" },
///         kind(), place(); },
///     names "a", details []
/// }
/// ```
///
/// And no field is left out, which could be one that no value exists of:
///
/// ```compile_fail,E0027
/// # use bpf_layout::__private::prove::derived::*;
/// #[derive(Clone, Copy)]
/// struct Impossible { a: u8, never: std::convert::Infallible }
/// bpf_layout::__derive_layout! {
///     Impossible, Spec { name: "impossible", at: "", size: 1, align: 1, raise: "" }, whole(),
///     { a 0: u8, SpecField { at: "", says: "u8", offset: 0, expected: Expected::Any(1), write: "", hint: "", pad: "" },
///         kind(), place(); },
///     names "a", details []
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_layout {
    (
        $name:ident, $spec:expr, $whole:expr,
        { $($field:ident $number:literal: $ty:ty, $spec_field:expr, $kind:expr, $place:expr;)* },
        names $names:literal, details [$($detail:expr),* $(,)?]
    ) => {
        // A struct with these fields and no other, which an uninhabited one could be; no union or enum, which have no such
        // pattern; of exactly these types, since no coercion leads from one raw pointer to a pointer to another type.
        const _: fn(&$name) = |value| {
            let $name { $($field: _,)* .. } = value;
            let $name { $($field: _,)* } = value;
            $(let _: *const $ty = &raw const value.$field;)*
        };
        impl $crate::__private::prove::derived::Derived for $name {
            const STRUCT: &'static $crate::__private::prove::derived::Struct = {
                #[allow(unused_imports)]
                use $crate::__private::prove::derived::NotLayout as _;
                &$crate::__private::prove::derived::Struct {
                    name: $crate::__private::core::stringify!($name),
                    size: $crate::__private::core::mem::size_of::<$name>(),
                    align: $crate::__private::core::mem::align_of::<$name>(),
                    fields: &[$($crate::__private::prove::derived::Field {
                        name: $crate::__private::core::stringify!($field),
                        offset: $crate::__private::core::mem::offset_of!($name, $field),
                        size: $crate::__private::core::mem::size_of::<$ty>(),
                        shape: <$crate::__private::prove::derived::Probe<$ty>>::SHAPE,
                        spec: $spec_field,
                    }),*],
                    spec: $spec,
                }
            };
        }
        $(
            const _: $crate::__private::prove::derived::Kind<$name, $number> = $kind;
            const _: $crate::__private::prove::derived::Place<$name, $number> = $place;
        )*
        const _: $crate::__private::prove::derived::Whole<$name> = $whole;
        const _: () = $crate::__private::prove::derived::checked_all::<$name>(&[$($number),*]);
        const _: () = {
            const STRUCT: &$crate::__private::prove::derived::Struct =
                <$name as $crate::__private::prove::derived::Derived>::STRUCT;
            const OFFSETS: &[$crate::__private::core::primitive::usize] = &[$(STRUCT.fields[$number].offset),*];
            const SHAPES: &[$crate::Shape] = &[$($crate::__private::prove::derived::meaning(&STRUCT.fields[$number])),*];
            const DETAILS: &[$crate::Detail] = &[$($detail),*];
            static __BPF_LAYOUT: $crate::TypeInfo =
                $crate::__private::prove::derived::table::<$name>($names, OFFSETS, SHAPES, DETAILS);
            // SAFETY: the tokens above exist for every field and for the whole, so by `prove/derived.rs` each byte belongs
            // to a field whose type is Layout: it is initialised, any value of it is valid, and nothing can change it
            // through a shared reference. The table has these fields with their offsets and sizes.
            unsafe impl $crate::Layout for $name {
                const SHAPE: $crate::Shape = $crate::Shape::Record(&__BPF_LAYOUT);
            }
        };
        impl $crate::__private::AsIs for $name {}
    };
}

/// Checks a newtype that somebody wrote, and implements [`Layout`](crate::Layout) for it.
///
/// Anybody can call it, so it proves what it is told:
///
/// ```compile_fail,E0308
/// # use bpf_layout::__private::prove::derived::inner;
/// #[derive(Clone, Copy)]
/// struct Truth(bool);
/// bpf_layout::__derive_newtype! { Truth 0: u8, None, inner() }
/// ```
/// ```compile_fail,E0080
/// # use bpf_layout::__private::prove::derived::inner;
/// #[derive(Clone, Copy)]
/// struct Truth(bool);
/// bpf_layout::__derive_newtype! { Truth 0: bool, None, inner() }
/// ```
/// ```compile_fail,E0027
/// # use bpf_layout::__private::prove::derived::inner;
/// #[derive(Clone, Copy)]
/// struct More(u8, u32);
/// bpf_layout::__derive_newtype! { More 0: u8, None, inner() }
/// ```
/// ```
/// # use bpf_layout::__private::prove::derived::inner;
/// #[derive(Clone, Copy)]
/// struct Honest(u8);
/// bpf_layout::__derive_newtype! { Honest 0: u8, None, inner() }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_newtype {
    ($name:ident $field:tt: $ty:ty, $spec:expr, $inner:expr) => {
        const _: fn(&$name) = |value| {
            let $name { $field: _, .. } = value;
            let $name { $field: _ } = value;
            let _: *const $ty = &raw const value.$field;
        };
        impl $crate::__private::prove::derived::Newtype for $name {
            const WRAPPED: &'static $crate::__private::prove::derived::Wrapped = {
                #[allow(unused_imports)]
                use $crate::__private::prove::derived::NotLayout as _;
                &$crate::__private::prove::derived::Wrapped {
                    name: $crate::__private::core::stringify!($name),
                    size: $crate::__private::core::mem::size_of::<$ty>(),
                    shape: <$crate::__private::prove::derived::Probe<$ty>>::SHAPE,
                    spec: $spec,
                }
            };
        }
        const _: $crate::__private::prove::derived::Inner<$name> = $inner;
        // SAFETY: the token above exists, so by `prove/derived.rs` the type of the field is Layout, and the field is as
        // large as the whole. The shape is that of the field, or a meaning of as many bytes.
        unsafe impl $crate::Layout for $name {
            const SHAPE: $crate::Shape = $crate::__private::prove::derived::newtype::<$name>();
        }
        impl $crate::__private::AsIs for $name {}
    };
}

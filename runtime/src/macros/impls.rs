//! What generated types can do, whichever macro defines them. No part of the interface.
//!
//! Every function is `#[inline]`, so that rustc makes machine code of those that are called and of no others.

/// What a record, union or opaque type can do beside [`Layout`](crate::Layout): everything goes by its bytes.
#[doc(hidden)]
#[macro_export]
macro_rules! __impls {
    ($name:ident) => {
        $crate::__trait! { PartialEq $name }
        $crate::__trait! { Eq $name }
        $crate::__trait! { Hash $name }
        $crate::__trait! { Default $name }
        $crate::__value_impls! { $name }
    };
}

/// One trait, by the bytes of a value and what they mean.
#[doc(hidden)]
#[macro_export]
macro_rules! __trait {
    (PartialEq $name:ident) => {
        impl $crate::__private::core::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::eq(self, other)
            }
        }
    };
    (Eq $name:ident) => {
        impl $crate::__private::core::cmp::Eq for $name {}
    };
    (Hash $name:ident) => {
        impl $crate::__private::core::hash::Hash for $name {
            #[inline]
            fn hash<H: $crate::__private::core::hash::Hasher>(&self, state: &mut H) {
                $crate::__private::hash(self, state);
            }
        }
    };
    (Default $name:ident) => {
        impl $crate::__private::core::default::Default for $name {
            #[inline]
            fn default() -> Self {
                $crate::__private::default()
            }
        }
    };
    (Debug $name:ident) => {
        impl $crate::__private::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut $crate::__private::core::fmt::Formatter<'_>) -> $crate::__private::core::fmt::Result {
                $crate::__private::debug(self, f)
            }
        }
    };
    (Serialize $name:ident) => {
        $crate::__needs_serde! {}
        $crate::__serialize! { $name }
    };
    (Pod $name:ident) => {
        $crate::__needs_bytemuck! {}
        $crate::__pod! { $name }
    };
}

/// What an enum can do beside.
#[doc(hidden)]
#[macro_export]
macro_rules! __scalar_impls {
    ($name:ident, $repr:ty) => {
        impl $crate::__private::Number for $name {
            #[inline]
            fn number(&self) -> $crate::__private::Wide {
                $crate::__private::Number::number(&self.0)
            }
        }
        impl $crate::__private::OpenEnum for $name {}
        impl $crate::__private::core::convert::From<$repr> for $name {
            #[inline]
            fn from(value: $repr) -> Self {
                $name(value)
            }
        }
        impl $crate::__private::core::convert::From<$name> for $repr {
            #[inline]
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
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }
        $crate::__trait! { Debug $name }
        impl $crate::__private::AsIs for $name {}
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

/// Refuses to compile without the feature `serde`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_serde {
    () => {};
}

/// Refuses to compile without the feature `serde`.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_serde {
    () => {
        $crate::__private::core::compile_error!("`Serialize` needs the feature `serde` of the crate `bpf-layout`");
    };
}

/// Refuses to compile without the feature `bytemuck`.
#[cfg(feature = "bytemuck")]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_bytemuck {
    () => {};
}

/// Refuses to compile without the feature `bytemuck`.
#[cfg(not(feature = "bytemuck"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_bytemuck {
    () => {
        $crate::__private::core::compile_error!("`Pod` needs the feature `bytemuck` of the crate `bpf-layout`");
    };
}

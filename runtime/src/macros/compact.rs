//! Events with fields of variable length.

/// An event with fields of variable length, as a view of a record: its struct, which [`layout!`](crate::layout) defines, and
/// the bytes that follow it.
///
/// ```
/// bpf_layout::layout! {
///     pub struct OpenEventHeader("open"): size 8, align 4 {
///         pub pid: u32 = 0,
///         pub path: bpf_layout::VarStr<512> = 4,
///     }
/// }
/// bpf_layout::compact! {
///     /// A file was opened.
///     pub struct OpenEvent: OpenEventHeader { path }
/// }
/// impl<'a> OpenEvent<'a> {
///     pub fn path(&self) -> bpf_layout::StrRef<'a> {
///         self.path.of(self.as_bytes())
///     }
/// }
///
/// # use bpf_layout::{Layout, Tail};
/// # let header = OpenEventHeader { pid: 7, path: Tail::new(8, 12, false).into() };
/// # let sample = [header.as_bytes(), b"/etc/passwd\0"].concat();
/// let event = OpenEvent::parse(&sample)?; // no copy, no panic, whatever the bytes
/// assert_eq!((event.pid, event.path().as_bytes()), (7, &b"/etc/passwd"[..]));
/// assert_eq!(format!("{event:?}"), r#"open { pid: 7, path: "/etc/passwd" }"#);
/// assert_eq!(OpenEvent::parse(&sample[..19]).unwrap_err().to_string(),
///     "open: `path` has 12 bytes at byte 8, where none of its 19 bytes are free");
/// # Ok::<(), bpf_layout::ParseError>(())
/// ```
///
/// In braces stand the fields of variable length. Behind them may stand where BPF programs build the event,
/// `rooms "__open_event_scratch": 1 of 544 bytes`, for [`Compact`](crate::Compact). It has `parse`, `as_bytes`, `Debug`, `Clone`, with the feature
/// `serde` `Serialize`, and dereferences to its struct.
#[macro_export]
macro_rules! compact {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis struct $name:ident: $header:ident { $($field:ident),* $(,)? }
        $(rooms $map:literal: $count:literal of $size:literal bytes)?
    ) => {
        $(#[doc $($doc)+])*
        #[allow(dead_code, missing_docs, unreachable_pub)]
        #[derive($crate::__private::core::clone::Clone)]
        $vis struct $name<'a> {
            __header: $crate::View<'a, $header>,
            __bytes: &'a [$crate::__private::core::primitive::u8],
        }

        #[allow(dead_code, unreachable_pub)]
        impl<'a> $name<'a> {
            /// Reads a record as a transport delivered it: the struct, all that its fields of variable length count, and
            /// up to 7 bytes more, at any address. Copies nothing but a struct that is not aligned.
            ///
            /// # Errors
            /// If there are too few bytes or too many, if the tag of the event holds another value, or if a field of
            /// variable length should lie where none of this record can.
            #[inline]
            pub fn parse(
                bytes: &'a [$crate::__private::core::primitive::u8],
            ) -> $crate::__private::core::result::Result<Self, $crate::ParseError> {
                let names = &[$($crate::__private::core::stringify!($field)),*];
                match $crate::__private::parse_compact::<$header, _>(bytes, names, |header| {
                    let _ = header;
                    [$(header.$field.tail()),*]
                }) {
                    $crate::__private::core::result::Result::Ok((header, bytes)) => {
                        $crate::__private::core::result::Result::Ok($name { __header: header, __bytes: bytes })
                    }
                    $crate::__private::core::result::Result::Err(error) => {
                        $crate::__private::core::result::Result::Err(error)
                    }
                }
            }

            /// The record: its struct and what follows, without what the transport appended.
            #[inline]
            #[must_use]
            pub fn as_bytes(&self) -> &'a [$crate::__private::core::primitive::u8] {
                self.__bytes
            }
        }

        impl $crate::__private::core::ops::Deref for $name<'_> {
            type Target = $header;

            #[inline]
            fn deref(&self) -> &$header {
                &self.__header
            }
        }

        impl $crate::__private::core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut $crate::__private::core::fmt::Formatter<'_>) -> $crate::__private::core::fmt::Result {
                $crate::__private::debug_compact::<$header>(self.__bytes, f)
            }
        }

        impl $crate::Event for $name<'static> {
            type View<'a> = $name<'a>;

            const SHAPE: $crate::Shape = <$header as $crate::Layout>::SHAPE;

            #[inline]
            fn parse_event(
                bytes: &[$crate::__private::core::primitive::u8],
            ) -> $crate::__private::core::result::Result<$name<'_>, $crate::ParseError> {
                $name::parse(bytes)
            }
        }

        $(
            impl $crate::Compact for $name<'static> {
                const ROOMS: $crate::Rooms = $crate::Rooms { map: $map, count: $count, size: $size };
            }
        )?

        $crate::__serialize_compact! { $name, $header }
    };
}

/// serde's `Serialize`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize_compact {
    ($name:ident, $header:ident) => {
        impl $crate::__private::serde::Serialize for $name<'_> {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__private::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_compact::<$header, S>(self.__bytes, serializer)
            }
        }
    };
}

/// serde's `Serialize`: not wanted.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize_compact {
    ($name:ident, $header:ident) => {};
}

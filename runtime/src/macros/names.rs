//! Names for numbers: enums, flags, constants, and the events of a buffer.

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
        $crate::__number! { $(#[doc $($doc)+])* $vis struct $name(pub $repr); }
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
        $crate::__number! { $(#[doc $($doc)+])* $vis struct $name($repr); }
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
        impl $crate::__private::Number for $name {
            fn number(&self) -> $crate::__private::Wide {
                $crate::__private::Number::number(&self.0)
            }
        }
        impl $crate::__private::FlagSet for $name {}
        $crate::__value_impls! { $name }
    };
}

/// The newtype of an integer that enums and flags are.
#[doc(hidden)]
#[macro_export]
macro_rules! __number {
    ($(#[doc $($doc:tt)+])* $vis:vis struct $name:ident($inner:vis $repr:ident);) => {
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
            $vis struct $name($inner $crate::__private::core::primitive::$repr);
        }
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

/// The fingerprints of a module, by the names of types and maps in C.
///
/// ```
/// bpf_layout::fingerprints! {
///     pub const FINGERPRINTS("layouts"): version 2 {
///         types {
///             "exec_event" = 0x4992_5900_5326_91cd,
///         }
///         maps {
///         }
///     }
/// }
/// assert_eq!((FINGERPRINTS.spec(), FINGERPRINTS.version()), ("layouts", 2));
/// assert_eq!(FINGERPRINTS.types(), [("exec_event", 0x4992_5900_5326_91cd)]);
/// ```
#[macro_export]
macro_rules! fingerprints {
    (
        $(#[doc $($doc:tt)+])*
        $vis:vis const $name:ident($spec:literal): version $version:literal {
            types { $($ty:literal = $ty_fingerprint:literal,)* }
            maps { $($map:literal = $map_fingerprint:literal,)* }
        }
    ) => {
        $(#[doc $($doc)+])*
        #[allow(dead_code, missing_docs, unreachable_pub)]
        $vis const $name: $crate::Fingerprints = $crate::Fingerprints::new(
            $spec,
            $version,
            &[$(($ty, $ty_fingerprint)),*],
            &[$(($map, $map_fingerprint)),*],
        );
    };
}

/// The records of one buffer, told apart by their tags, or by their sizes where they have none. An event with fields of
/// variable length is given as `ExecEvent<'static>`.
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
        $vis enum $record<'a> { $($(#[doc $($event_doc)+])* $variant(<$event as $crate::Event>::View<'a>)),+ }

        impl $crate::Buffer for $map {
            type Record<'a> = $record<'a>;

            const EVENTS: &'static [$crate::Shape] = &[$(<$event as $crate::Event>::SHAPE),+];

            fn parse(
                bytes: &[$crate::__private::core::primitive::u8],
            ) -> $crate::__private::core::result::Result<$record<'_>, $crate::ParseError> {
                let event = $crate::__private::pick_event($spec, Self::EVENTS, bytes)?;
                Self::parse_event(event, bytes)
            }

            fn parse_event(
                event: $crate::__private::core::primitive::usize,
                bytes: &[$crate::__private::core::primitive::u8],
            ) -> $crate::__private::core::result::Result<$record<'_>, $crate::ParseError> {
                let mut candidate = event;
                $(
                    if candidate == 0 {
                        return <$event as $crate::Event>::parse_event(bytes)
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

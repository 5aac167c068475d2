//! The fields of a type as one tuple of their types.
//!
//! rustc looks at `<T as Layout>::SHAPE` anew wherever it stands: it resolves the path, checks the bound and borrow-checks
//! what the user said of the type. Half of what a record cost was that, a dozen times over. A tuple is looked at once, and
//! the list of its elements' shapes is put together where it is evaluated.

use crate::{layout::Layout, shape::Shape};

/// Types that are all [`Layout`], in order: tuples of up to 32.
#[diagnostic::on_unimplemented(
    message = "a field is of no type that any bytes are valid for",
    note = "every field of a layout must be `bpf_layout::Layout`"
)]
pub trait Fields {
    /// What each of them is.
    const LIST: List;
}

/// What fields are and how many bytes each has. A shape knows its size too, but to ask it takes a call, and calls are
/// what const evaluation is slow at.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// What each of them is.
    pub shapes: &'static [Shape],
    /// Bytes of each.
    pub sizes: &'static [usize],
    /// Where each begins if they lie one after another: the sum of the sizes before it.
    pub offsets: &'static [usize],
}

/// The sums of the numbers before each.
#[doc(hidden)]
#[must_use]
pub const fn offsets<const N: usize>(sizes: [usize; N]) -> [usize; N] {
    let (mut offsets, mut end, mut index) = ([0; N], 0, 0);
    while index < N {
        offsets[index] = end;
        end += sizes[index];
        index += 1;
    }
    offsets
}

impl Fields for () {
    const LIST: List = List { shapes: &[], sizes: &[], offsets: &[] };
}

/// Implements [`Fields`] for every tuple that the names make from the front.
macro_rules! tuples {
    ($($name:ident)+) => { tuples! { @ [] $($name)+ } };
    (@ [$($before:ident)*]) => {};
    (@ [$($before:ident)*] $name:ident $($after:ident)*) => {
        impl<$($before: Layout,)* $name: Layout> Fields for ($($before,)* $name,) {
            const LIST: List = List {
                shapes: &[$($before::SHAPE,)* $name::SHAPE],
                sizes: &[$(size_of::<$before>(),)* size_of::<$name>()],
                offsets: &offsets([$(size_of::<$before>(),)* size_of::<$name>()]),
            };
        }
        tuples! { @ [$($before)* $name] $($after)* }
    };
}

tuples! {
    T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15 T16
    T17 T18 T19 T20 T21 T22 T23 T24 T25 T26 T27 T28 T29 T30 T31 T32
}

/// The [`List`] of these types: by a tuple where there is one so long, else one by one.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    (each $($ty:ty,)*) => {
        const {
            $crate::__private::prove::List {
                shapes: &[$(<$ty as $crate::Layout>::SHAPE),*],
                sizes: &[$($crate::__private::core::mem::size_of::<$ty>()),*],
                offsets: &$crate::__private::prove::offsets([$($crate::__private::core::mem::size_of::<$ty>()),*]),
            }
        }
    };
    (
        $t1:ty, $t2:ty, $t3:ty, $t4:ty, $t5:ty, $t6:ty, $t7:ty, $t8:ty, $t9:ty, $t10:ty, $t11:ty, $t12:ty, $t13:ty,
        $t14:ty, $t15:ty, $t16:ty, $t17:ty, $t18:ty, $t19:ty, $t20:ty, $t21:ty, $t22:ty, $t23:ty, $t24:ty, $t25:ty,
        $t26:ty, $t27:ty, $t28:ty, $t29:ty, $t30:ty, $t31:ty, $t32:ty, $($more:ty,)+
    ) => {
        $crate::__fields! {
            each $t1, $t2, $t3, $t4, $t5, $t6, $t7, $t8, $t9, $t10, $t11, $t12, $t13, $t14, $t15, $t16, $t17, $t18, $t19,
            $t20, $t21, $t22, $t23, $t24, $t25, $t26, $t27, $t28, $t29, $t30, $t31, $t32, $($more,)+
        }
    };
    ($($ty:ty,)*) => { <($($ty,)*) as $crate::__private::prove::Fields>::LIST };
}

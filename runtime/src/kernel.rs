//! Fields of map values that the kernel manages (`include/uapi/linux/bpf.h`, the structs of these names).
//!
//! Userspace sees their bytes as zero and writes to them are ignored (`copy_map_value` skips them), so all that matters
//! here is their size and alignment.

use core::fmt;

use crate::{layout::Layout, prove::assert_size_align, shape::Shape};

macro_rules! opaque {
    ($($(#[$meta:meta])* $name:ident($c:literal): $size:literal, $align:literal;)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[cfg_attr(
            feature = "zerocopy",
            derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
        )]
        #[repr(C, align($align))]
        pub struct $name([u8; $size]);

        const _: () = assert_size_align::<$name>($c, $size, $align);

        // SAFETY: repr(C) around an array of bytes that fills it, as asserted.
        unsafe impl Layout for $name {
            const SHAPE: Shape = Shape::Opaque($size);
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($c)
            }
        }
    )+ };
}

opaque! {
    /// `struct bpf_spin_lock`
    SpinLock("bpf_spin_lock"): 4, 4;
    /// `struct bpf_res_spin_lock`
    ResSpinLock("bpf_res_spin_lock"): 8, 4;
    /// `struct bpf_timer`
    Timer("bpf_timer"): 16, 8;
    /// `struct bpf_wq`
    Workqueue("bpf_wq"): 16, 8;
    /// `struct bpf_task_work`
    TaskWork("bpf_task_work"): 8, 8;
    /// `struct bpf_list_head`
    ListHead("bpf_list_head"): 16, 8;
    /// `struct bpf_list_node`
    ListNode("bpf_list_node"): 24, 8;
    /// `struct bpf_rb_root`
    RbRoot("bpf_rb_root"): 16, 8;
    /// `struct bpf_rb_node`
    RbNode("bpf_rb_node"): 32, 8;
    /// `struct bpf_refcount`
    Refcount("bpf_refcount"): 4, 4;
}

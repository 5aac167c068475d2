//! bytemuck's traits on the types that generated fields have.

use bytemuck::{Pod, Zeroable};

use crate::{
    Be16, Be32, Be64, Bits, Bool, Ipv4, Ipv6, KernelPtr, Ktime, Layout, Mac, Pad, Str, Unaligned, VarBytes, VarStr,
    VarStrs, kernel,
};

macro_rules! pod {
    ($([$($param:tt)*] $ty:ty;)+) => { $(
        // SAFETY: the type is Layout, which promises all that Zeroable and Pod ask: any bytes are valid, zeros too, there
        // is no padding and no interior mutability; and it is Copy, 'static and repr(C) or transparent.
        unsafe impl<$($param)*> Zeroable for $ty {}
        // SAFETY: as above.
        unsafe impl<$($param)*> Pod for $ty {}
    )+ };
}

pod! {
    [] Be16; [] Be32; [] Be64; [] Bool; [] Ipv4; [] Ipv6; [] KernelPtr; [] Ktime; [] Mac;
    [const N: usize] Str<N>;
    [const N: usize] VarStr<N>;
    [const N: usize] VarBytes<N>;
    [const N: usize, const M: usize] VarStrs<N, M>;
    [const N: usize] Pad<N>;
    [const N: usize] Bits<N>;
    [T: Layout, const N: usize] Unaligned<T, N>;
    [] kernel::SpinLock; [] kernel::ResSpinLock; [] kernel::Timer; [] kernel::Workqueue; [] kernel::TaskWork;
    [] kernel::ListHead; [] kernel::ListNode; [] kernel::RbRoot; [] kernel::RbNode; [] kernel::Refcount;
}

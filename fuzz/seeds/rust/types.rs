/// Length of a name.
pub const COMM: usize = 16;
pub const ARGS: usize = 2 * COMM;
type Pid = u32;
/// What happened. """
#[repr(C)]
pub struct ExecEvent {
    /// Nanoseconds.
    pub time: u64,
    pub pid: Pid,
    pub comm: [u8; COMM],
    pub args: [[u8; 8]; ARGS],
    pub op: Op,
    pub inner: Inner,
    pub raw: *const core::ffi::c_void,
    pub r#type: Id,
}
#[repr(C, packed)]
pub struct Inner { a: u8, b: u64, be: Be32 }
#[repr(u8)]
pub enum Op { Open = 1, Close }
#[repr(transparent)]
pub struct Id(u32);
#[repr(C, align(16))]
pub union Either { id: Id, wide: i128 }
mod more { #[repr(C)] struct Odd { s: String } }

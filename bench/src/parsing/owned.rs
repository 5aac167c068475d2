//! An event that owns its texts: what serde reads, and what is made field by field.

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub(super) struct Owned {
    pub(super) timestamp: u64,
    pub(super) mntns: u64,
    pub(super) pid: u32,
    pub(super) ppid: u32,
    pub(super) uid: u32,
    pub(super) retval: i32,
    pub(super) comm: String,
    pub(super) cwd: String,
    pub(super) exepath: String,
    pub(super) file: String,
}

impl Owned {
    /// One event after another.
    pub(super) fn new(number: u32) -> Self {
        let path = |name: &str| format!("/usr/lib/some/folder/{name}/{number}");
        Owned {
            timestamp: u64::from(number) << 30,
            mntns: 4_026_531_840,
            pid: number,
            ppid: 1,
            uid: 1_000,
            retval: -2,
            comm: "program".into(),
            cwd: path("cwd"),
            exepath: path("exepath"),
            file: path("file"),
        }
    }

    /// The fields of fixed length out of the bytes at each offset, and texts by `text`, which is told where they or their
    /// descriptors lie: as programs have it that share no type.
    pub(super) fn from_fields(
        bytes: &[u8],
        comm: impl Fn(usize) -> Option<String>,
        text: impl Fn(usize) -> Option<String>,
        step: usize,
    ) -> Option<Self> {
        Some(Owned {
            timestamp: u64::from_ne_bytes(number(bytes, 0)?),
            mntns: u64::from_ne_bytes(number(bytes, 8)?),
            pid: u32::from_ne_bytes(number(bytes, 16)?),
            ppid: u32::from_ne_bytes(number(bytes, 20)?),
            uid: u32::from_ne_bytes(number(bytes, 24)?),
            retval: i32::from_ne_bytes(number(bytes, 28)?),
            comm: comm(32)?,
            cwd: text(48)?,
            exepath: text(48 + step)?,
            file: text(48 + 2 * step)?,
        })
    }

    pub(super) fn encoded(&self) -> Vec<u8> {
        bincode::serialize(self).expect("numbers and text")
    }

    /// The sum of four of its fields.
    pub(super) fn numbers(&self) -> u64 {
        self.timestamp ^ u64::from(self.pid) ^ u64::from(self.uid) ^ u64::from(self.retval.unsigned_abs())
    }
}

/// The bytes of a number.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// The text in so many bytes.
pub(super) fn text(bytes: &[u8], at: usize, len: usize) -> Option<String> {
    let field = bytes.get(at..at + len)?;
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(len);
    Some(String::from_utf8_lossy(&field[..end]).into_owned())
}

/// Reads each event by serde so many times, and adds up what `fields` makes of it.
pub(super) fn decoded(encoded: &[Vec<u8>], rounds: usize, fields: fn(&Owned) -> u64) -> u64 {
    let read = |sum: u64, bytes: &Vec<u8>| {
        let event: Option<Owned> = bincode::deserialize(std::hint::black_box(bytes)).ok();
        sum.wrapping_add(event.map_or(0, |event| fields(std::hint::black_box(&event))))
    };
    (0..rounds).fold(0, |sum, _| encoded.iter().fold(sum, read))
}

//! Records as a transport may deliver them: any number of bytes, at any address.

use crate::generated::TABLES;

/// Most bytes that a transport appends to a record.
const MAX_TRAILING: usize = bpf_layout::MAX_TRAILING;

pub(crate) fn run(data: &[u8]) {
    // The same bytes at several addresses: most types want to be aligned, and few senders care.
    let mut room = vec![0; data.len() + 64];
    let aligned = room.as_ptr().align_offset(16);
    for skew in [0, 1, 4] {
        let range = aligned + skew..aligned + skew + data.len();
        room[range.clone()].copy_from_slice(data);
        let bytes = &room[range];
        for table in TABLES {
            for record in table.records {
                let fits = (record.size..=record.size + MAX_TRAILING).contains(&bytes.len());
                let parsed = (record.parse)(bytes);
                assert!(parsed == fits || record.tagged && !parsed, "{} of {} bytes", record.name, record.size);
                // Few inputs have the size of a record. Cut or repeated, all have.
                if !fits && !bytes.is_empty() && skew == 0 {
                    assert!(
                        (record.parse)(&exactly(record.size, bytes)) || record.tagged,
                        "{} of its own size",
                        record.name
                    );
                }
            }
            for buffer in table.buffers {
                (buffer.parse)(bytes);
            }
        }
    }
}

/// As many bytes as that, which are these over and over, with nothing behind them that one could read unseen.
fn exactly(size: usize, bytes: &[u8]) -> Box<[u8]> {
    let mut repeated = bytes.repeat(size.div_ceil(bytes.len()));
    repeated.truncate(size);
    repeated.into_boxed_slice()
}

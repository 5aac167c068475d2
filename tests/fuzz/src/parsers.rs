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
                    let exact: Vec<u8> = bytes.iter().copied().cycle().take(record.size).collect();
                    assert!((record.parse)(&exact) || record.tagged, "{} of its own size", record.name);
                }
            }
            for buffer in table.buffers {
                (buffer.parse)(bytes);
            }
        }
    }
}

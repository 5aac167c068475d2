//! A first file system for Linux: a cpio archive of the format `newc` (`Documentation/driver-api/early-userspace/buffer-format.rst`
//! of the kernel).

use std::io::Write as _;

/// Kinds of files, with who may do what (`inode(7)`).
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// An archive with these folders and programs, in this order.
pub(super) fn archive(folders: &[&str], programs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut inode = 0;
    let mut next = || {
        inode += 1;
        inode
    };
    folders.iter().for_each(|name| put(&mut bytes, next(), name, FOLDER, &[]));
    programs.iter().for_each(|(name, data)| put(&mut bytes, next(), name, PROGRAM, data));
    put(&mut bytes, 0, "TRAILER!!!", 0, &[]);
    bytes
}

/// One file: a header of hexadecimal numbers, its name with a NUL, its data, both filled up to multiples of 4.
fn put(bytes: &mut Vec<u8>, inode: u32, name: &str, mode: u32, data: &[u8]) {
    let fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name.as_bytes()) + 1, 0];
    bytes.extend(b"070701");
    for field in fields {
        write!(bytes, "{field:08X}").expect("memory takes everything");
    }
    bytes.extend(name.bytes().chain([0]));
    fill(bytes);
    bytes.extend(data);
    fill(bytes);
}

fn fill(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn len(data: &[u8]) -> u32 {
    u32::try_from(data.len()).expect("the format has files of less than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_names_and_data_lie_at_multiples_of_four() {
        let bytes = archive(&["dev"], &[("init".into(), b"#!/x\n".to_vec())]);
        let text = String::from_utf8(bytes).expect("text");
        let dev = "070701000000010000\
                   41ED000000000000000000000001000000000000000000000000000000000000000000000000000000040000000\
                   0dev\0\0\0";
        assert!(text.starts_with(&dev.replace(' ', "")), "{text:?}");
        let init = text.find("init\0\0").expect("a name");
        assert_eq!((init % 4, &text[init + 6..init + 14]), (2, "#!/x\n\0\0\0"));
        assert!(text.contains("TRAILER!!!\0") && text.len().is_multiple_of(4));
    }
}

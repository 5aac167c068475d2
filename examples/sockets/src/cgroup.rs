//! Where the control groups are.

use std::{fs, path::PathBuf};

/// The root of the cgroup2 hierarchy, to which every socket belongs.
///
/// # Errors
/// If it is not mounted.
pub(crate) fn root() -> Result<PathBuf, String> {
    let mounts =
        fs::read_to_string("/proc/self/mountinfo").map_err(|error| format!("/proc/self/mountinfo: {error}"))?;
    mounts.lines().find_map(mount_point).ok_or_else(|| {
        "no cgroup2 is mounted, where programs that see the packets of sockets are attached: \
         `mount -t cgroup2 none /sys/fs/cgroup/unified`"
            .to_owned()
    })
}

/// The mount point of a line of mountinfo, proc(5), if it is a cgroup2's root.
fn mount_point(line: &str) -> Option<PathBuf> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    (file_system.starts_with("cgroup2 ") && root == "/").then(|| point.replace("\\040", " ").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_file_system() {
        let line = "33 25 0:28 / /sys/fs/cgroup/my\\040own rw,nosuid shared:9 - cgroup2 cgroup2 rw";
        assert_eq!(mount_point(line), Some("/sys/fs/cgroup/my own".into()));
        assert_eq!(mount_point("34 25 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"), None);
        assert_eq!(mount_point("35 25 0:28 /a /mnt rw - cgroup2 cgroup2 rw"), None);
        assert_eq!(mount_point("nonsense"), None);
    }
}

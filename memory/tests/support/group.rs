//! A control group whose memory controller counts what this process takes, of version 1 or 2, whichever has it here.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
};

/// A group that this process is in. It leaves, and what was made is removed, when this is dropped.
pub(crate) struct Group {
    folder: PathBuf,
    version: Version,
    /// The group that we came from, if this one was made for us.
    home: Option<PathBuf>,
    /// What was mounted to get here.
    mounted: Option<Mounted>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A hierarchy of groups, and where in it we are.
struct Place {
    mount: PathBuf,
    own: PathBuf,
    version: Version,
}

impl Group {
    /// A group of our own below the one that we are in, or else that one; `None` if no memory controller is there, or ours
    /// is the root, to which nothing is charged, and it must not have others.
    pub(crate) fn enter() -> Option<Self> {
        if let Some(group) = places().into_iter().find_map(|place| place.enter(None)) {
            return Some(group);
        }
        let (place, mounted) = Mounted::memory()?;
        place.enter(Some(mounted))
    }

    /// The file that counts the kernel memory of the group, and what the line begins with.
    pub(crate) fn kernel_memory(&self) -> (PathBuf, Option<&'static str>) {
        counter(&self.folder, self.version)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            let left = join(home).and_then(|()| fs::remove_dir(&self.folder));
            if let Err(error) = left {
                eprintln!("cannot remove {}: {error}", self.folder.display());
            }
        }
        drop(self.mounted.take());
    }
}

impl Place {
    fn enter(self, mounted: Option<Mounted>) -> Option<Group> {
        let home = self.mount.join(&self.own);
        let is_root = self.own.as_os_str().is_empty();
        // A group of version 2 that has processes has no groups below it, unless it is the root.
        let may_have_groups = self.version == Version::One || is_root;
        let made = if may_have_groups { self.make(&home).ok() } else { None };
        let version = self.version;
        let group = match made {
            Some(folder) => Group { folder, version, home: Some(home), mounted },
            None if is_root => return None,
            None => Group { folder: home, version, home: None, mounted },
        };
        group.kernel_memory().0.exists().then_some(group)
    }

    /// A group below this one, with us in it.
    fn make(&self, home: &Path) -> io::Result<PathBuf> {
        if self.version == Version::Two {
            fs::write(home.join("cgroup.subtree_control"), "+memory")?;
        }
        let folder = home.join(format!("bpf-layout-{}", process::id()));
        fs::create_dir(&folder)?;
        if let Err(error) = join(&folder) {
            fs::remove_dir(&folder)?;
            return Err(error);
        }
        Ok(folder)
    }
}

/// Moves this process into a group.
fn join(folder: &Path) -> io::Result<()> {
    fs::write(folder.join("cgroup.procs"), process::id().to_string())
}

fn counter(folder: &Path, version: Version) -> (PathBuf, Option<&'static str>) {
    match version {
        Version::One => (folder.join("memory.kmem.usage_in_bytes"), None),
        Version::Two => (folder.join("memory.stat"), Some("kernel ")),
    }
}

/// The hierarchies that are mounted and have a memory controller.
fn places() -> Vec<Place> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let place = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (mount, kind, options) = (words.next()?, words.next()?, words.next()?);
        let version = match kind {
            "cgroup" if options.split(',').any(|option| option == "memory") => Version::One,
            "cgroup2" => Version::Two,
            _ => return None,
        };
        Some(Place { mount: mount.into(), own: own(version)?, version })
    };
    let has_memory = |place: &Place| {
        let controllers = || fs::read_to_string(place.mount.join("cgroup.controllers")).unwrap_or_default();
        place.version == Version::One || controllers().split_whitespace().any(|name| name == "memory")
    };
    mounts.lines().filter_map(place).filter(has_memory).collect()
}

/// Our group, from the root of its hierarchy on (cgroups(7)).
fn own(version: Version) -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let is_it = |line: &&str| {
        let controllers = line.split(':').nth(1).unwrap_or_default();
        match version {
            Version::One => controllers.split(',').any(|name| name == "memory"),
            Version::Two => line.starts_with("0::"),
        }
    };
    let path = groups.lines().find(is_it)?.splitn(3, ':').nth(2)?;
    Some(path.trim_start_matches('/').into())
}

/// A hierarchy that nobody had mounted.
struct Mounted(PathBuf);

impl Mounted {
    /// The memory controller, of version 1 if it is free, or else of version 2.
    fn memory() -> Option<(Place, Mounted)> {
        [(Version::One, "cgroup", "memory"), (Version::Two, "cgroup2", "rw")].into_iter().find_map(
            |(version, kind, options)| {
                let folder = std::env::temp_dir().join(format!("bpf-layout-{}-{kind}", process::id()));
                fs::create_dir(&folder).ok()?;
                let done = Command::new("mount").args(["-t", kind, "-o", options, kind]).arg(&folder).output();
                if !done.is_ok_and(|output| output.status.success()) {
                    fs::remove_dir(&folder).ok()?;
                    return None;
                }
                let mounted = Mounted(folder.clone());
                let place = places().into_iter().find(|place| place.mount == folder && place.version == version)?;
                Some((place, mounted))
            },
        )
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.0).output();
        if done.is_ok_and(|output| output.status.success()) {
            fs::remove_dir(&self.0).unwrap_or_default();
        }
    }
}

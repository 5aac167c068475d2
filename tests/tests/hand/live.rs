//! The example while it runs: what its maps are in the kernel, and what it says of one process.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    thread,
};

use libbpf_rs::query::{MapInfo, MapInfoIter};
use serde_json::Value;

/// Long enough for every process below, on a busy machine; a tracer that has said what is wanted is stopped before.
const PATIENCE: &str = "60";

/// The example, tracing.
pub(crate) struct Tracer {
    child: Child,
    said: BufReader<ChildStderr>,
}

/// What is known of a map in the kernel.
pub(crate) struct LiveMap {
    pub(crate) name: String,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
}

impl Tracer {
    /// Starts it. `Err` with what it says if it cannot trace here.
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let mut child = Command::new(program)
            .args(["--json", "--duration", PATIENCE])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example can be started");
        let mut said = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it says UTF-8");
        if !line.contains("tracing") {
            said.read_to_string(&mut line).expect("it says UTF-8");
            child.wait().expect("it has ended");
            return Err(line);
        }
        Ok(Tracer { child, said })
    }

    /// The maps that it holds, as the kernel describes them.
    pub(crate) fn maps(&self) -> Vec<LiveMap> {
        let ids = map_ids(self.child.id());
        let of_ours = |info: &MapInfo| ids.contains(&info.id);
        let live = |info: MapInfo| LiveMap {
            name: info.name.to_string_lossy().into_owned(),
            value_size: info.value_size,
            max_entries: info.max_entries,
        };
        MapInfoIter::default().filter(of_ours).map(live).collect()
    }

    /// Its event of an execution of `program`, by the path that was given to execve.
    pub(crate) fn event_of(mut self, program: &Path) -> Value {
        let status = Command::new(program).status().expect("the program can be started");
        assert!(status.success(), "{status}");
        // Its path may be cut, its name before execve is ours; its directory's name is at the start and so always there.
        let start = program.to_string_lossy()[..128].to_owned();
        let lines = BufReader::new(self.child.stdout.take().expect("piped")).lines();
        let events = lines.map(|line| serde_json::from_str::<Value>(&line.expect("UTF-8")).expect("JSON"));
        let mut ours = events.filter(|event| event["file"].as_str().is_some_and(|file| file.starts_with(&start)));
        ours.next().expect("an event of the program we started")
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // It may have ended already; then neither matters.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut rest = String::new();
        let _ = self.said.read_to_string(&mut rest);
        if thread::panicking() {
            eprintln!("the tracer said: {rest}");
        }
    }
}

/// Ids of the maps that a process holds, from `/proc/PID/fdinfo`.
fn map_ids(pid: u32) -> BTreeSet<u32> {
    let folder = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("our child's files can be looked at");
    // A file may be closed between listing and reading.
    let texts = folder.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    let id = |text: String| text.lines().find_map(|line| line.strip_prefix("map_id:")?.trim().parse().ok());
    texts.filter_map(id).collect()
}

/// A program whose path has `len` bytes, in a folder of its own below `folder`.
pub(crate) fn program_with_path_of(folder: &Path, len: usize) -> PathBuf {
    let mut path = fs::canonicalize(folder).expect("the folder exists");
    // Room for the program's own name, and no component longer than a file system takes.
    while path.as_os_str().len() + 100 < len {
        path.push("d".repeat(60));
    }
    fs::create_dir_all(&path).expect("the folder can be written");
    path.push("p".repeat(len - path.as_os_str().len() - 1));
    assert_eq!(path.as_os_str().len(), len);
    fs::write(&path, "#!/bin/true\n").expect("the folder can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    path
}

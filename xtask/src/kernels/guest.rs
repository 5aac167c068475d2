//! The virtual machine, and what runs in it: a shell, the tests of the memory model, what prints a line of the table, and
//! the test that loads generated code.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    archive::archive,
    packages,
    programs::{self, EMIT, MEMORY},
};
use crate::shown;

/// What the guest does. Each figure comes after a word that nothing else prints. Before Linux 5.11, maps are counted as locked
/// memory, which has a limit.
const INIT: &str = "#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
ulimit -l unlimited
export BPF_LAYOUT_REQUIRE_KERNEL=1 RUST_BACKTRACE=0 BPF_LAYOUT_OBJECTS=/objects
echo \"guest-line $(/kernel_line)\"
/kernel --nocapture --test-threads 1
echo \"guest-memory $?\"
/kernel_objects --nocapture --test-threads 1
echo \"guest-objects $?\"
/busybox poweroff -f
";

/// The longest that a kernel may take, emulated on a slow machine.
const LONGEST: Duration = Duration::from_secs(1800);

/// What to boot kernels with.
pub(super) struct Guest {
    archive: PathBuf,
}

/// What a kernel had to say.
pub(super) struct Found {
    /// Its line of the table.
    pub(super) line: String,
    /// What was created, by type.
    pub(super) maps: Vec<String>,
    /// What was loaded, by source, and what it did.
    pub(super) objects: Vec<String>,
    /// Whether every test of the memory model passed, and of generated code.
    pub(super) predicted: bool,
    pub(super) taken: bool,
    /// Everything that it printed.
    pub(super) console: String,
}

impl Guest {
    /// Builds what runs in it.
    pub(super) fn build(folder: &Path) -> Result<Self, String> {
        let build = folder.join("build");
        let objects = folder.join("objects");
        programs::objects(&build, &objects)?;
        let programs = [
            ("busybox", packages::busybox(folder)?),
            ("kernel", programs::executable(&build, MEMORY, &["test", "--no-run", "--test", "kernel"])?),
            ("kernel_line", programs::executable(&build, MEMORY, &["build", "--example", "kernel_line"])?),
            ("kernel_objects", programs::executable(&build, EMIT, &["test", "--no-run", "--test", "kernel_objects"])?),
        ];
        let mut files = vec![("init".to_owned(), INIT.as_bytes().to_vec())];
        for (name, path) in programs {
            files.push((name.into(), read(&path)?));
        }
        for (name, path) in listed(&objects)? {
            files.push((format!("objects/{name}"), read(&path)?));
        }
        let path = folder.join("guest.cpio");
        fs::write(&path, archive(&["proc", "sys", "dev", "objects"], &files))
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
        Ok(Guest { archive: path })
    }

    /// Boots a kernel, and waits until it is done.
    pub(super) fn boot(&self, kernel: &Path) -> Result<Found, String> {
        let mut qemu = Command::new("qemu-system-x86_64");
        // Emulated: slower than KVM, and the same on every machine, whatever it is itself.
        qemu.args(["-accel", "tcg", "-cpu", "max", "-smp", "3", "-m", "2G", "-nographic", "-no-reboot"]);
        qemu.args(["-nodefaults", "-serial", "stdio", "-append", "console=ttyS0 quiet panic=-1"]);
        qemu.arg("-kernel").arg(kernel).arg("-initrd").arg(&self.archive);
        qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = qemu.spawn().map_err(|error| format!("cannot run `{}`: {error}", shown(&qemu)))?;
        let mut out = child.stdout.take().ok_or("qemu has no output")?;
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before an error is all that there is.
            let _ = out.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).replace('\r', "")
        });
        let in_time = wait(&mut child)?;
        let console = reader.join().map_err(|_| "qemu's output cannot be read")?;
        if !in_time {
            return Err(format!("it was not done after {} seconds:\n{console}", LONGEST.as_secs()));
        }
        Found::read(console)
    }
}

/// Waits for the end; whether it came in time.
fn wait(child: &mut Child) -> Result<bool, String> {
    let began = Instant::now();
    let failed = |error: std::io::Error| format!("qemu is lost: {error}");
    while child.try_wait().map_err(failed)?.is_none() {
        if began.elapsed() > LONGEST {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(true)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

/// The files of a folder, in order of their names.
fn listed(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read `{}`: {error}", folder.display()))?;
    let file = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    let mut files: Vec<(String, PathBuf)> = entries.flatten().map(file).collect();
    files.sort();
    Ok(files)
}

impl Found {
    fn read(console: String) -> Result<Self, String> {
        let word =
            |word: &str| console.lines().find_map(|line| line.split_once(word)).map(|(_, rest)| rest.trim().to_owned());
        let (line, memory, objects) = (word("guest-line "), word("guest-memory "), word("guest-objects "));
        let (Some(line), Some(memory), Some(objects)) = (line.filter(|line| !line.is_empty()), memory, objects) else {
            return Err(format!("the guest did not get to its end:\n{console}"));
        };
        let (of_memory, of_objects) = console.split_once("guest-memory ").unwrap_or_default();
        let maps = of_memory.lines().filter(|line| line.ends_with(" refused") || line.ends_with(", to the byte"));
        Ok(Found {
            line,
            maps: maps.map(str::to_owned).collect(),
            objects: table(of_objects),
            predicted: memory == "0",
            taken: objects == "0",
            console,
        })
    }
}

/// What the test of generated code says: a table from `judged by` to `all`, and sentences about what else it did.
fn table(said: &str) -> Vec<String> {
    let (mut rows, mut inside) = (Vec::new(), false);
    for line in said.lines() {
        inside |= line.starts_with("judged by ");
        if inside || line.contains(" arrived as they should") || line.ends_with(" found again") {
            rows.push(line.to_owned());
        }
        inside &= !line.starts_with("all ");
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_says_how_it_went() {
        let console = "[    0.1] noise\nguest-line 6.1,x86_64\nhash   12 exact  3 refused\n12 maps, to the byte\n\
            guest-memory 0\n3 strings interned, and found again\njudged by 6.1  objects\nrooms  7\nall  7\nok\nguest-objects 0\n";
        let found = Found::read(console.into()).expect("it is complete");
        assert_eq!((found.line.as_str(), found.maps.len(), found.objects.len()), ("6.1,x86_64", 2, 4));
        assert!(found.predicted && found.taken);
        let without = |word: &str| {
            let found =
                Found::read(console.replace(&format!("{word} 0"), &format!("{word} 101"))).expect("it is complete");
            (found.predicted, found.taken)
        };
        assert_eq!((without("memory"), without("objects")), ((false, true), (true, false)));
        for cut in
            ["guest-line 6.1\nguest-memory 0\n", "guest-line \nguest-memory 0\nguest-objects 0\n", "Kernel panic"]
        {
            assert!(Found::read(cut.into()).is_err(), "{cut}");
        }
    }
}

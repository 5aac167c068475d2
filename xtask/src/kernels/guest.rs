//! The virtual machine, and what runs in it: a shell, the tests of the memory model, and what prints a line of the table.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{archive::archive, packages};
use crate::{cargo, shown};

/// Programs for the guest bring their libraries along.
const STATIC: &str = "-C target-feature=+crt-static";
/// With a target named, these flags are not for build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What the guest does. Each figure comes after a word that nothing else prints.
const INIT: &str = "#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
echo \"guest-line $(/kernel_line)\"
BPF_LAYOUT_REQUIRE_KERNEL=1 RUST_BACKTRACE=0 /kernel --nocapture --test-threads 1
echo \"guest-status $?\"
/busybox poweroff -f
";

/// The longest that a kernel may take, emulated on a slow machine.
const LONGEST: Duration = Duration::from_secs(900);

/// What to boot kernels with.
pub(super) struct Guest {
    archive: PathBuf,
}

/// What a kernel had to say.
pub(super) struct Found {
    /// Its line of the table.
    pub(super) line: String,
    /// What was created, by type.
    pub(super) tally: Vec<String>,
    /// Whether every test passed.
    pub(super) passed: bool,
    /// Everything that it printed.
    pub(super) console: String,
}

impl Guest {
    /// Builds what runs in it.
    pub(super) fn build(folder: &Path) -> Result<Self, String> {
        let read = |path: &Path| fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()));
        let build = folder.join("build");
        let tests = executable(&build, &["test", "--no-run", "--test", "kernel"])?;
        let line = executable(&build, &["build", "--example", "kernel_line"])?;
        let (busybox, tests, line) = (read(&packages::busybox(folder)?)?, read(&tests)?, read(&line)?);
        let programs: [(&str, &[u8]); 4] =
            [("busybox", &busybox), ("kernel", &tests), ("kernel_line", &line), ("init", INIT.as_bytes())];
        let path = folder.join("guest.cpio");
        fs::write(&path, archive(&["proc", "sys", "dev"], &programs))
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

impl Found {
    fn read(console: String) -> Result<Self, String> {
        let word =
            |word: &str| console.lines().find_map(|line| line.split_once(word)).map(|(_, rest)| rest.trim().to_owned());
        let (line, status) = (word("guest-line "), word("guest-status "));
        let (Some(line), Some(status)) = (line.filter(|line| !line.is_empty()), status) else {
            return Err(format!("the guest did not get to its end:\n{console}"));
        };
        let tally = console.lines().filter(|line| line.ends_with(" refused") || line.ends_with(", to the byte"));
        Ok(Found { line, tally: tally.map(str::to_owned).collect(), passed: status == "0", console })
    }
}

/// Builds a static program of `bpf-layout-memory`, and gives its path.
fn executable(folder: &Path, task: &[&str]) -> Result<PathBuf, String> {
    let mut build = cargo();
    build.args(task).args([
        "-p",
        "bpf-layout-memory",
        "--release",
        "--target",
        TARGET,
        "--message-format",
        "json-render-diagnostics",
    ]);
    build.arg("--target-dir").arg(folder).env("RUSTFLAGS", STATIC).stderr(Stdio::inherit());
    let output = build.output().map_err(|error| format!("cannot run `{}`: {error}", shown(&build)))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    // "executable" stands last in a message, and is null for libraries.
    let path = messages.lines().rev().find_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    match path {
        Some(path) if output.status.success() => Ok(PathBuf::from(path)),
        _ => Err(format!("`{}` failed", shown(&build))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_says_how_it_went() {
        let console = "[    0.1] noise\nguest-line 6.1,x86_64\nhash   12 exact  3 refused\n12 maps, to the byte\nguest-status 0\n";
        let found = Found::read(console.into()).expect("it is complete");
        assert_eq!((found.line.as_str(), found.passed, found.tally.len()), ("6.1,x86_64", true, 2));
        assert!(!Found::read(console.replace("status 0", "status 101")).expect("it is complete").passed);
        for cut in ["guest-line 6.1\n", "guest-line \nguest-status 0\n", "Kernel panic"] {
            assert!(Found::read(cut.into()).is_err(), "{cut}");
        }
    }
}

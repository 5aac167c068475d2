//! Processes that open files whose paths are as long as paths are.

use std::{
    fs::File,
    hint,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::child;

/// Paths that a storm goes round.
const PATHS: usize = 512;

/// Mean and standard deviation of the bytes of a path, and the bounds: with them the 99th percentile is 157, as it was
/// of the 187,602 paths of an ordinary machine, whose mean was 81.
const MEAN: f64 = 81.0;
const DEVIATION: f64 = 33.0;
const BOUNDS: (f64, f64) = (8.0, 255.0);

/// What a process does after each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The next.
    None,
    /// It leaves the CPU to others.
    Sleep(Duration),
    /// It goes on with something else.
    Work(Duration),
}

impl Pause {
    /// As a child is told.
    fn words(self) -> [String; 2] {
        let (word, lasts) = match self {
            Pause::None => ("none", Duration::ZERO),
            Pause::Sleep(lasts) => ("sleep", lasts),
            Pause::Work(lasts) => ("work", lasts),
        };
        [word.to_owned(), lasts.as_nanos().to_string()]
    }

    fn of_words(word: &str, nanos: u64) -> Result<Self, String> {
        let lasts = Duration::from_nanos(nanos);
        match word {
            "none" => Ok(Pause::None),
            "sleep" => Ok(Pause::Sleep(lasts)),
            "work" => Ok(Pause::Work(lasts)),
            _ => Err(format!("no pause is called `{word}`")),
        }
    }

    fn pass(self) {
        match self {
            Pause::None => {}
            Pause::Sleep(lasts) => thread::sleep(lasts),
            Pause::Work(lasts) => {
                let started = Instant::now();
                while started.elapsed() < lasts {
                    hint::spin_loop();
                }
            }
        }
    }
}

/// A process that waits until it is let go.
pub(crate) struct Storm(Child);

impl Storm {
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn prepare(calls: u32, pause: Pause) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let mut command = Command::new(own);
        command.args([child::WORD, "storm", &calls.to_string()]).args(pause.words());
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut storm = started.map(Storm).map_err(|error| format!("cannot start a storm: {error}"))?;
        // What it opens to start, such as libraries, is no call of its own.
        let output = storm.0.stdout.as_mut().ok_or("a storm has no output")?;
        let read = BufReader::new(output).read_line(&mut String::new());
        read.map_err(|error| format!("a storm does not begin: {error}"))?;
        Ok(storm)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// # Errors
    /// If it is gone.
    pub(crate) fn go(&mut self) -> Result<(), String> {
        let input = self.0.stdin.as_mut().ok_or("a storm has no input")?;
        input.write_all(b"\n").map_err(|error| format!("a storm is gone: {error}"))
    }

    /// Whether it is over.
    ///
    /// # Errors
    /// If it failed.
    pub(crate) fn is_over(&mut self) -> Result<bool, String> {
        match self.0.try_wait() {
            Ok(None) => Ok(false),
            Ok(Some(status)) if status.success() => Ok(true),
            Ok(Some(status)) => Err(format!("a storm ended with {status}")),
            Err(error) => Err(format!("waiting for a storm: {error}")),
        }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        // What is over already is no error here.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The child: so many calls, with a pause after each.
pub(crate) fn child(calls: &str, pause: &str, nanos: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let (calls, pause) = (number(calls)?, Pause::of_words(pause, number(nanos)?)?);
    let paths = paths();
    println!("ready");
    io::stdin().lock().read_line(&mut String::new()).map_err(|error| format!("standard input: {error}"))?;
    for path in paths.iter().cycle().take(calls as usize) {
        // None of them exists.
        let _ = File::open(path);
        pause.pass();
    }
    Ok(())
}

/// The same paths every time.
fn paths() -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = move || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut path = |number| {
        // Twelve uniform numbers are nearly normal, with a deviation of 1 around 6.
        let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let len = (MEAN + DEVIATION * normal).clamp(BOUNDS.0, BOUNDS.1) as usize;
        let mut text = format!("/no/{number}/");
        while text.len() < len {
            text.push(if text.len() % 12 == 0 { '/' } else { 'x' });
        }
        text
    };
    (0..PATHS).map(&mut path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_long_as_on_an_ordinary_machine() {
        let mut lens: Vec<usize> = paths().iter().map(String::len).collect();
        lens.sort_unstable();
        let mean = lens.iter().sum::<usize>() as f64 / lens.len() as f64;
        let percentile = lens[lens.len() * 99 / 100];
        assert!((mean - 81.0).abs() < 3.0, "mean {mean}");
        assert!((147..=167).contains(&percentile), "99th percentile {percentile}");
    }
}

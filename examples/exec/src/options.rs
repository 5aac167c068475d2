//! The command line.

use std::{sync::LazyLock, time::Duration};

use clap::Parser;

use crate::layouts;

/// Traces execve and execveat: who started what, from where, with which arguments, and what came of it.
///
/// Prints a table, or with --json one object per line. Totals, lost events among them, go to stderr at the end. Needs
/// Linux 5.17 with BTF, and CAP_BPF with CAP_PERFMON (or root).
#[derive(Debug, Parser)]
#[command(name = "exec", version, long_version = LONG_VERSION.as_str(), after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Print JSON, one object per line
    #[arg(long)]
    pub(crate) json: bool,

    /// Stop after this many events have been printed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Stop after this many seconds; fractions are fine
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,

    /// Print only calls by this user
    #[arg(long)]
    pub(crate) uid: Option<u32>,

    /// Print only calls by threads of this name, as it was before the call
    #[arg(long, value_name = "NAME")]
    pub(crate) comm: Option<String>,

    /// Leave out calls that failed
    #[arg(long)]
    pub(crate) no_failed: bool,
}

const EXAMPLES: &str = "\
Examples:
  exec                               everything, until Ctrl-C
  exec --uid 0 --no-failed           what root really starts
  exec --json --duration 10 | jq .   ten seconds, for a program to read";

static LONG_VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{}", env!("CARGO_PKG_VERSION"), layouts::summary()));

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn seconds_may_have_fractions_but_not_a_sign() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("soon").is_err());
    }

    #[test]
    fn the_version_names_the_profile() {
        assert!(LONG_VERSION.contains(layouts::PROFILE));
    }
}

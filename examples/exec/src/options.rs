//! The command line.

use std::sync::LazyLock;

use clap::Parser;
use tool::Common;

use crate::{event::Call, layouts};

/// Traces execve and execveat: who started what, from where, with which arguments, and what came of it.
///
/// Prints a table, or with --json one object per line. Totals, lost events among them, go to stderr at the end. Needs
/// Linux 5.17 with BTF, and CAP_BPF with CAP_PERFMON (or root).
#[derive(Clone, Debug, Parser)]
#[command(name = "exec", version, long_version = LONG_VERSION.as_str(), after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,

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

impl Options {
    /// Whether this event is to be printed.
    pub(crate) fn wants(&self, Call { info, .. }: &Call) -> bool {
        let Options { uid, comm, no_failed, .. } = self;
        uid.is_none_or(|uid| info.uid == uid)
            && comm.as_ref().is_none_or(|comm| info.comm.as_bytes() == comm.as_bytes())
            && (!no_failed || info.retval == 0)
    }
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
    fn the_version_names_the_profile() {
        assert!(LONG_VERSION.contains(layouts::PROFILE));
    }
}

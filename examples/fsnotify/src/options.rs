//! The command line.

use std::{ffi::OsString, os::unix::ffi::OsStrExt, sync::LazyLock};

use bpf_layout::{Layout, Shape};
use clap::Parser;
use tool::Common;

use crate::{
    event::Event,
    layouts::{self, FileOp},
};

/// Tells who does what to which file, and what came of it.
///
/// Sees open, creat, unlink, rmdir, rename, link, symlink, mkdir and their variants, and the watches of inotify and
/// fanotify; calls that failed, too. Prints a table, or with --json one object per line. Totals, lost events among them, go
/// to stderr at the end. Needs Linux 5.17 with BTF, and CAP_BPF with CAP_PERFMON (or root).
#[derive(Clone, Debug, Parser)]
#[command(name = "fsnotify", version, long_version = LONG_VERSION.as_str(), after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,

    /// Print only calls by threads of this name
    #[arg(long, value_name = "NAME")]
    comm: Option<String>,

    /// Print only calls of which a path begins like this; relative paths are put together with their folder
    #[arg(long, value_name = "PREFIX")]
    path: Option<OsString>,

    /// Print only these calls: open, unlink, rmdir, rename, link, symlink, mkdir, inotify, fanotify
    #[arg(long, value_name = "OP", value_delimiter = ',', value_parser = op)]
    op: Vec<FileOp>,
}

const EXAMPLES: &str = "\
Examples:
  fsnotify                                     everything, until Ctrl-C
  fsnotify --path /etc/ --op open,rename       who reads and replaces configuration
  fsnotify --json --duration 10 | jq .         ten seconds, for a program to read";

static LONG_VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{}", env!("CARGO_PKG_VERSION"), layouts::summary()));

/// An operation by its name in `layouts.toml`.
fn op(text: &str) -> Result<FileOp, String> {
    let Shape::Enum(names) = FileOp::SHAPE else { return Err("the operations have no names".to_owned()) };
    let found = names.values.iter().find(|(name, _)| *name == text);
    found.and_then(|(_, value)| u8::try_from(*value).ok()).map(FileOp).ok_or_else(|| {
        let all: Vec<_> = names.values.iter().map(|(name, _)| *name).collect();
        format!("not one of {}", all.join(", "))
    })
}

impl Options {
    /// Whether this event is to be printed.
    pub(crate) fn wants(&self, event: &Event) -> bool {
        self.comm.as_ref().is_none_or(|comm| event.actor().comm.as_bytes() == comm.as_bytes())
            && (self.op.is_empty() || self.op.contains(&event.request().op))
            && self.path.as_ref().is_none_or(|prefix| begins_with(event, prefix.as_bytes()))
    }
}

fn begins_with(event: &Event, prefix: &[u8]) -> bool {
    let paths = [Some(event.path()), event.to()];
    paths.iter().flatten().any(|path| path.whole().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use bpf_layout::{Buffer, Recorder};
    use clap::CommandFactory;

    use super::*;
    use crate::layouts::{FilePairEventHeader, maps};

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_operation() {
        let help = Options::command().render_help().to_string();
        let Shape::Enum(names) = FileOp::SHAPE else { panic!("operations have names") };
        assert!(names.values.iter().all(|(name, _)| help.contains(name)), "{help}");
        assert_eq!(
            op("unlinc"),
            Err("not one of open, unlink, rmdir, rename, link, symlink, mkdir, inotify, fanotify".into())
        );
    }

    #[test]
    fn filters_hold_together() {
        let mut pair = Recorder::<FilePairEventHeader>::new();
        pair.header.to = pair.text(b"/etc/hosts").into();
        pair.header.request.op = FileOp::RENAME;
        let bytes = pair.record();
        let event = Event::try_from(maps::FsnotifyEvents::parse(&bytes).expect("an event")).expect("it fits");
        let wants = |words: &[&str]| Options::parse_from([&["fsnotify"], words].concat()).wants(&event);
        assert!(wants(&["--path", "/etc/", "--op", "open,rename", "--comm", ""]));
        assert!(!wants(&["--path", "/usr", "--op", "rename"]));
        assert!(!wants(&["--path", "/etc", "--op", "open"]));
        assert!(!wants(&["--path", "/etc", "--comm", "sh"]));
    }
}

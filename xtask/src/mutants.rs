//! stub
use crate::Flags;
use std::process::ExitCode;
pub(crate) fn run(_: &[String], _: Flags) -> Result<ExitCode, String> {
    Err("x".into())
}

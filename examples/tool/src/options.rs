//! The options that every tool has.

use std::time::Duration;

use clap::Args;

/// What to print, and for how long.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    /// Print JSON, one object per line
    #[arg(long)]
    pub json: bool,

    /// Stop after this many events have been printed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Stop after this many seconds; fractions are fine
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub duration: Option<Duration>,
}

/// A duration on the command line: seconds, with or without a fraction.
///
/// # Errors
/// If it is no number, or a negative one.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_fractions_but_not_a_sign() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("soon").is_err());
    }
}

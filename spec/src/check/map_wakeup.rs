//! `wakeup` of ring buffers.

use super::maps::{Written, refuses};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    spec::{At, WakeupDef},
    suggest,
    wakeup::{Share, Wakeup},
};

const WORDS: [&str; 3] = ["always", "adaptive", "never"];

/// The policy of a map; [`Wakeup::Always`] where the spec says nothing.
pub(super) fn check_wakeup(map: &Written<'_>, cx: &mut Diagnostics) -> Wakeup {
    let Some(wakeup) = map.wakeup else { return Wakeup::Always };
    if map.kind.name != "ringbuf" {
        let note = "a program decides about wake-ups of the reader of a `ringbuf` only";
        cx.push(refuses(map, "wakeup", wakeup.span()).note(note));
        return Wakeup::Always;
    }
    check_policy(wakeup, cx)
}

/// What it says, whatever map says it.
pub(super) fn check_policy(wakeup: &WakeupDef, cx: &mut Diagnostics) -> Wakeup {
    match wakeup {
        WakeupDef::Word(word) => check_word(word, cx),
        WakeupDef::Adaptive { share, after, .. } => check_adaptive(share.as_ref(), after.as_ref(), cx),
    }
}

fn check_word(word: &At<String>, cx: &mut Diagnostics) -> Wakeup {
    match word.value.as_str() {
        "always" => Wakeup::Always,
        "adaptive" => Wakeup::ADAPTIVE,
        "never" => Wakeup::Never,
        other => {
            let message = format!("`wakeup` cannot be `{}`", other.escape_debug());
            let expected = "expected `always`, `adaptive` or `never`";
            let wrong = Diagnostic::new(Code::InvalidValue, message, word.span, expected);
            cx.push(match suggest::nearest(other, WORDS) {
                Some(near) => wrong.help(format!("did you mean `{near}`?")),
                None => wrong.help("or its numbers: `wakeup = { share = \"1/4\", after = \"10 ms\" }`"),
            });
            Wakeup::Always
        }
    }
}

fn check_adaptive(share: Option<&At<String>>, after: Option<&At<String>>, cx: &mut Diagnostics) -> Wakeup {
    let Wakeup::Adaptive { share: usual_share, after_ms: usual_after } = Wakeup::ADAPTIVE else {
        return Wakeup::ADAPTIVE;
    };
    let share = share.map_or(Some(usual_share), |share| check_share(share, cx));
    let after_ms = after.map_or(Some(usual_after), |after| check_after(after, cx));
    match (share, after_ms) {
        (Some(share), Some(after_ms)) => Wakeup::Adaptive { share, after_ms },
        _ => Wakeup::ADAPTIVE,
    }
}

fn check_share(share: &At<String>, cx: &mut Diagnostics) -> Option<Share> {
    let found = share.value.parse().ok();
    if found.is_none() {
        let message = format!("`{}` is no share of a buffer", share.value.escape_debug());
        let finest = Share::FINEST;
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, share.span, "expected a fraction")
                .help(format!("write a fraction from `\"1/{finest}\"` to `\"1/1\"`: `\"1/4\"`")),
        );
    }
    found
}

fn check_after(after: &At<String>, cx: &mut Diagnostics) -> Option<u32> {
    let found = milliseconds(&after.value);
    if found.is_none() {
        let message = format!("`{}` is no time to wait", after.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, after.span, "expected milliseconds or seconds")
                .help("write `\"10 ms\"` or `\"1 s\"`: whole numbers, from 1 ms to 60 s"),
        );
    }
    found
}

/// `10 ms` or `1 s`, within the limits.
fn milliseconds(text: &str) -> Option<u32> {
    let (number, factor) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s')?, 1000),
    };
    let number = number.trim_end();
    let digits_only = number.bytes().all(|byte| byte.is_ascii_digit());
    let found = number.parse::<u32>().ok().filter(|_| digits_only)?.checked_mul(factor)?;
    (Wakeup::SHORTEST..=Wakeup::LONGEST).contains(&found).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn times_are_whole_numbers_with_a_unit() {
        for (text, expected) in [("1ms", 1), ("10 ms", 10), ("1 s", 1000), ("60s", 60_000), ("60000 ms", 60_000)] {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        let wrong = ["", "s", "ms", "10", "0 ms", "61 s", "60001 ms", "-1 ms", "+1 ms", "1.5 s", "10 us", "4294968 s"];
        for text in wrong {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}

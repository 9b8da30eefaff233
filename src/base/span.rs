//! Durations as people write them: `30s`, `15m`, `6h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::stored_as_shown;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
const SECONDS_MAX: u64 = 3650 * 86_400;

/// A duration of whole seconds, at most ten years; stored and shown as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// What is no [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration such as 30s, 15m, 6h or 7d")]
pub struct NoSpan;

stored_as_shown!(Span);

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let span = UNITS.iter().find_map(|(unit, seconds)| {
            let number = text.strip_suffix(*unit)?;
            // Digits only: `parse` alone would take a sign.
            let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<u64>().ok())??;
            number.checked_mul(*seconds).filter(|seconds| *seconds <= SECONDS_MAX).map(Duration::from_secs)
        });
        span.map(Self).ok_or(NoSpan)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let fits = |unit: u64| seconds != 0 && seconds.is_multiple_of(unit);
        let (unit, length) = UNITS.into_iter().find(|(_, unit)| fits(*unit)).unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_it_is_typed() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(text.parse().ok(), seconds.map(|seconds| Span(Duration::from_secs(seconds))), "{text}");
            if let Some(seconds) = seconds {
                assert_eq!(Span(Duration::from_secs(seconds)).to_string(), text);
            }
        };
        check("0s", Some(0));
        check("90s", Some(90));
        check("15m", Some(900));
        check("6h", Some(21_600));
        check("7d", Some(604_800));
        for wrong in ["", "7", "d", "+7d", "-1s", "1w", "1.5h", " 7d", "3651d", "99999999999999999999d"] {
            check(wrong, None);
        }
    }
}

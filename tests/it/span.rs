//! Durations as stories and command lines write them: `30s`, `15m`, `6h`, `7d`.

use std::time::Duration;

use crate::unit::{Unit, unit};

pub fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("a duration is 30s, 15m, 6h or 7d, not {text:?}");
    let unit_at = text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at)).ok_or_else(wrong)?;
    let seconds = match &text[unit_at..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..unit_at].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(count * seconds))
}

pub fn units() -> Vec<Unit> {
    vec![unit("durations are read", durations_are_read)]
}

fn durations_are_read() {
    let check =
        |text: &str, seconds: Option<u64>| assert_eq!(span(text).ok().map(|span| span.as_secs()), seconds, "{text}");
    check("30s", Some(30));
    check("15m", Some(900));
    check("6h", Some(21_600));
    check("7d", Some(604_800));
    for wrong in ["", "s", "15", "1w", "-1s", "5…"] {
        check(wrong, None);
    }
}

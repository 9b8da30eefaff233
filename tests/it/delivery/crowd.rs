//! One host lets two hundred messages wait: the mail of others passes by, and to wait is no attempt.

use std::time::Duration;

use serde_json::Value;

use super::place::{Place, domain, host};
use crate::player::peer_rule;

const REPLIES: usize = 200;
/// Of one domain, as in `base::limits`.
const AT_A_TIME: u64 = 8;

pub async fn a_host_that_lets_us_wait() -> Result<(), String> {
    let mut place = Place::new(2).await?;
    let stall = peer_rule("greeting", &["stall".to_owned()])?;
    place.internet.host(&host(0), |state| state.rules.push(stall))?;
    let (slow, quick) = (vec![format!("anna@{}", domain(0))], vec![format!("anna@{}", domain(1))]);
    for _ in 0..REPLIES {
        place.reply(0, &slow).await?;
    }
    place.quiet().await?;
    begun_are(&place.spool().await?, AT_A_TIME)?;
    // Not a second passes, and the other one has its mail.
    place.reply(1, &quick).await?;
    place.quiet().await?;
    received(&place, 1, 1)?;
    // They come again and again, which is no attempt.
    for _ in 0..5 {
        place.advance(Duration::from_secs(10));
        place.quiet().await?;
        begun_are(&place.spool().await?, AT_A_TIME)?;
    }
    place.internet.host(&host(0), |state| state.rules.clear())?;
    let mut arrived = 0;
    for _ in 0..100 {
        place.advance(Duration::from_secs(10));
        place.quiet().await?;
        arrived += place.arrivals(1)?.len();
        if place.spool().await?.is_empty() {
            break;
        }
    }
    let case = place.run(&["case", "show", "1"]).await?;
    let of_kind = |kind: &str| case["events"].as_array().into_iter().flatten().filter(|e| e["kind"] == kind).count();
    let counts = (arrived, of_kind("reply_delivered"), of_kind("reply_delayed"), of_kind("reply_failed"));
    if counts != (REPLIES, REPLIES, AT_A_TIME as usize, 0) {
        return Err(format!("arrived, delivered, delayed and failed are {counts:?}"));
    }
    place.stop().await;
    Ok(())
}

/// So many messages have begun an attempt, all with one.
fn begun_are(spool: &[Value], expected: u64) -> Result<(), String> {
    let begun: u64 = spool.iter().filter_map(|item| item["attempts"].as_u64()).sum();
    let told = spool.iter().filter(|item| item["recipients"][0]["attempts"] != 0).count();
    match (spool.len(), begun, told) {
        (REPLIES, begun, 0) if begun == expected => Ok(()),
        other => Err(format!("waiting, attempts begun and attempts over are {other:?}")),
    }
}

fn received(place: &Place, n: usize, expected: usize) -> Result<(), String> {
    let got = place.internet.host(&host(n), |state| state.inbox.len())?;
    if got == expected { Ok(()) } else { Err(format!("{} got {got} messages, not {expected}", host(n))) }
}

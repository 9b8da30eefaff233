//! A thousand replies to a hundred domains of every kind, as fast as an agent's program can write them, then as long as it
//! takes on a clock that is moved.

use std::time::Duration;

use super::books::Books;
use super::kinds::{KINDS, Kind};
use super::place::{Place, domain};

const DOMAINS: usize = 100;
const REPLIES_EACH: usize = 10;
const STEP: Duration = Duration::from_secs(20);
/// Far more than all time-outs and retries take.
const STEPS_MAX: usize = 600;

pub async fn a_thousand_replies() -> Result<(), String> {
    let mut place = Place::new(DOMAINS).await?;
    for n in 0..DOMAINS {
        kind(n).set(&place.internet, n)?;
    }
    let mut books = Books::default();
    for _ in 0..REPLIES_EACH {
        for n in 0..DOMAINS {
            let recipients = kind(n).recipients(&domain(n));
            let names: Vec<String> = recipients.iter().map(|(name, _)| name.clone()).collect();
            let message_id = place.reply(n, &names).await?;
            books.submitted(&message_id, &recipients);
        }
    }
    let mut steps = 0;
    loop {
        place.quiet().await?;
        for mail in place.arrivals(DOMAINS)? {
            books.arrived(0, mail)?;
        }
        let left = place.spool().await?.len();
        if left == 0 {
            break;
        }
        steps += 1;
        if steps > STEPS_MAX {
            return Err(format!("{left} replies are still not final"));
        }
        place.advance(STEP);
    }
    let cases = place.cases(DOMAINS).await?;
    books.close(&cases, 0)?;
    place.stop().await;
    Ok(())
}

fn kind(n: usize) -> &'static Kind {
    &KINDS[n % KINDS.len()]
}

//! Slow peers: every connection that there is belongs to somebody who sends a byte in twenty seconds.

use std::time::{Duration, Instant};

use ::postcase::base::Clock;

use super::crowd::{Crowd, Manner, normal_mail};
use super::postcase::Postcase;
use super::{quantile, run};

const PEERS: u16 = 1000;
const MANNER: Manner = Manner { says: b"X", each: Duration::from_secs(20), is_answered: false };
/// Who has just connected isn't known to be slow.
const UNTIL_SLOW: Duration = Duration::from_secs(5);
/// Between two normal mails.
const PAUSE: Duration = Duration::from_millis(50);
/// A normal client's worst wait, but for one in a hundred.
const P99_MAX: Duration = Duration::from_secs(1);

pub fn measure(server: &Postcase, time: Duration) -> Result<String, String> {
    let (mut took, least) = run(async {
        let crowd = Crowd::gather(server.smtp, PEERS, MANNER);
        crowd.settled(usize::from(PEERS) * 9 / 10).await?;
        Clock::system().sleep(UNTIL_SLOW).await;
        let (begun, mut took, mut least) = (Instant::now(), Vec::new(), usize::MAX);
        while begun.elapsed() < time {
            took.push(normal_mail(server.smtp, took.len() as u64).await?);
            least = least.min(crowd.open());
            Clock::system().sleep(PAUSE).await;
        }
        Ok((took, least))
    })?;
    server.settle(took.len() as u64)?;
    took.sort_unstable();
    let (p50, p99, worst) = (quantile(&took, 0.5), quantile(&took, 0.99), quantile(&took, 1.0));
    let said = format!(
        "{PEERS} peers that send a byte in {} s (at least {least} connected at any time): {} normal mails, from connecting to \
         the 250 p50 {p50:.1?}, p99 {p99:.1?}, longest {worst:.1?}; p99 asked {P99_MAX:.0?}",
        MANNER.each.as_secs(),
        took.len()
    );
    if p99 <= P99_MAX { Ok(said) } else { Err(said) }
}

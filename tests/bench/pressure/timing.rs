//! Recipients that get no mail: can somebody tell by the time it takes whether an address is unknown, disabled or not ours?

use std::time::{Duration, Instant};

use serde_json::json;

use super::crowd::address;
use super::postcase::Postcase;
use super::smtp::Connection;
use super::{quantile, run};

const DISABLED: &str = "disabled@example.net";
/// Enough that none of them connects so often that it is made to wait.
const PEERS: u16 = 5000;
const KINDS: [(&str, &str); 3] =
    [("unknown", "nobody1@example.net"), ("disabled", DISABLED), ("foreign", "somebody@elsewhere.example")];
/// How often one of two samples is the slower one may differ by so much from one in two. A chance result for 10,000 samples
/// lies within 0.012 (three times 1/√(6 n)).
const ADVANTAGE_MAX: f64 = 0.02;

pub fn measure(server: &Postcase, samples: usize) -> Result<String, String> {
    server.ask(&json!({ "command": "address-add", "address": DISABLED, "settings": { "mode": "direct" } }))?;
    server.ask(&json!({ "command": "address-disable", "address": DISABLED }))?;
    let (mut times, replies) = run(sample(server, samples))?;
    if replies.iter().any(|reply| *reply != replies[0]) {
        return Err(format!("the replies differ: {replies:?}"));
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let mut said = format!("{samples} refusals of each kind, all of them {:?}.", replies[0]);
    for ((name, _), times) in KINDS.iter().zip(&times) {
        said += &format!(" {name}: p50 {:.1?}, p99 {:.1?}.", quantile(times, 0.5), quantile(times, 0.99));
    }
    let mut worst: f64 = 0.0;
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let share = slower(&times[a], &times[b]);
        worst = worst.max((share - 0.5).abs());
        said += &format!(" {} is slower than {} in {share:.3}.", KINDS[a].0, KINDS[b].0);
    }
    // Fewer samples show less.
    let chance = 3.0 / (6.0 * samples as f64).sqrt();
    if worst <= ADVANTAGE_MAX.max(chance) { Ok(said) } else { Err(said) }
}

/// Times of each kind, and each kind's reply without its address.
async fn sample(server: &Postcase, samples: usize) -> Result<([Vec<Duration>; 3], [String; 3]), String> {
    let mut times = [const { Vec::new() }; 3];
    let mut replies = [const { String::new() }; 3];
    for (n, peer) in (0..samples).zip((0..PEERS).cycle()) {
        let mut connection = Connection::open(server.smtp, Some(address(peer))).await?;
        connection.reply().await?;
        connection.command("EHLO client.example").await?;
        connection.command("MAIL FROM:<anna@customer.example>").await?;
        for place in 0..KINDS.len() {
            let kind = (n + place) % KINDS.len();
            let begun = Instant::now();
            let reply = connection.command(&format!("RCPT TO:<{}>", KINDS[kind].1)).await?;
            times[kind].push(begun.elapsed());
            replies[kind] = reply.join(" ").replace(KINDS[kind].1, "ADDRESS");
        }
        connection.command("QUIT").await?;
    }
    Ok((times, replies))
}

/// In what part of all pairs is the sample of `a` the slower one (equal ones count half)? Both are sorted.
fn slower(a: &[Duration], b: &[Duration]) -> f64 {
    let below = |x: &Duration| b.partition_point(|y| y < x) + b.partition_point(|y| y <= x);
    let sum: usize = a.iter().map(below).sum();
    sum as f64 / 2.0 / (a.len() * b.len()) as f64
}

//! 250 means durable, shown on the whole server in process: the power goes, or the disk fails, at every write and every
//! sync of journal and database together, and what was promised to those outside is kept.
//!
//! By default a sample of the points is tried, another one for each seed; `POSTCASE_CUTS=all` tries every one.

mod backup;
mod books;
mod damage;
mod life;
mod poison;
mod room;

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::Chance;
use postcase::store::SimulatedMedium;
use postcase::store::simulated::{Fault, Operation};

use crate::unit::wait;
use life::{Place, Told, failed, send, settle, try_send, work};

/// Points that are tried of all there are.
const SAMPLE: u64 = 40;
/// Longer than the wait for any second attempt.
const RETRY: Duration = Duration::from_secs(600);

pub fn trials(ready: bool) -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("durability: the power goes at any write or sync", power),
        Trial::test("durability: a disk error at any write or sync", || disk(Fault::Io)),
        Trial::test("durability: a full disk at any write", || disk(Fault::NoRoom { written: 700 })),
    ];
    trials.extend(room::trials());
    trials.extend(backup::trials());
    trials.extend(damage::trials());
    trials.push(poison::trial());
    trials.into_iter().map(|trial| if ready { trial } else { trial.with_ignored_flag(true) }).collect()
}

/// The points to try of `all`, with a seed for each: every one, or one in each stretch.
fn points(all: u64, seed: u64) -> Vec<(u64, u64)> {
    if std::env::var_os("POSTCASE_CUTS").is_some_and(|value| value == "all") {
        return (1..=all).flat_map(|point| (0..4).map(move |seed| (point, seed))).collect();
    }
    let chance = Chance::seeded(seed);
    let count = SAMPLE.min(all);
    let within = |n: u64| 1 + (((n as f64) + chance.fraction()) * all as f64 / count as f64) as u64;
    (0..count).map(|n| (within(n).min(all), n % 4)).collect()
}

/// What the whole work costs when nothing goes wrong, and that it is as good as it looks.
async fn undisturbed() -> Result<SimulatedMedium, String> {
    let (place, medium, mut told) = (Place::new().await?, SimulatedMedium::new(), Told::default());
    let running = place.start(&medium).await?;
    work(&running, &mut told).await;
    running.stop().await;
    let answered = told.replies.first().ok_or("no reply was taken")?;
    if told.accepted.len() != 5 || place.delivered(&answered.1) != 1 {
        return Err(format!("without any fault not everything works: {told:?}"));
    }
    books::check(&medium.kill(), place.now(), &told).await?;
    Ok(medium)
}

fn power() -> Result<(), Failed> {
    let all = wait(undisturbed())?.changes();
    for (cut, seed) in points(all, 1) {
        wait(power_cut(cut, seed)).map_err(|what| format!("cut at change {cut} of {all}, seed {seed}: {what}"))?;
    }
    Ok(())
}

async fn power_cut(cut: u64, seed: u64) -> Result<(), String> {
    let (place, medium, mut told) = (Place::new().await?, SimulatedMedium::new(), Told::default());
    medium.cut_at(cut);
    if let Ok(running) = place.start(&medium).await {
        work(&running, &mut told).await;
        running.abandon().await;
    }
    let second = match seed {
        0 => medium.crash_dropping_all(),
        _ => medium.crash(&Chance::seeded(seed + cut)),
    };
    // The second life ends early, too: in its start, or while it takes up what the first one left.
    second.cut_at(1 + (cut * 7 + seed * 13) % 90);
    if let Ok(running) = place.start(&second).await {
        settle(&running).await;
        running.abandon().await;
    }
    go_on(&place, &second.crash(&Chance::seeded(seed)), told).await
}

/// A last life, in which nothing goes wrong, puts everything right.
async fn go_on(place: &Place, medium: &SimulatedMedium, mut told: Told) -> Result<(), String> {
    let running = place.start(medium).await.map_err(|error| format!("it doesn't start again: {error}"))?;
    settle(&running).await;
    place.advance(RETRY);
    settle(&running).await;
    if let Some((_, message_id)) = told.replies.iter().find(|(_, message_id)| place.delivered(message_id) == 0) {
        return Err(format!("the reply {message_id} never arrived"));
    }
    work(&running, &mut told).await;
    place.advance(RETRY);
    settle(&running).await;
    if !send(&running, &mut told, "last", None).await {
        return Err("new mail is not taken".into());
    }
    settle(&running).await;
    running.stop().await;
    books::check(&medium.kill(), place.now(), &told).await
}

fn disk(fault: Fault) -> Result<(), Failed> {
    let undisturbed = wait(undisturbed())?;
    let operations: &[Operation] = match fault {
        Fault::NoRoom { .. } => &[Operation::Write],
        _ => &[Operation::Write, Operation::Sync, Operation::SetLen, Operation::SyncFolder, Operation::Create],
    };
    for operation in operations {
        let all = undisturbed.count(*operation);
        for (nth, _) in points(all, 2) {
            let at = || format!("{fault:?} at {operation:?} {nth} of {all}");
            wait(disk_fault(*operation, nth, fault)).map_err(|what| format!("{}: {what}", at()))?;
        }
    }
    Ok(())
}

async fn disk_fault(operation: Operation, nth: u64, fault: Fault) -> Result<(), String> {
    let (place, medium, mut told) = (Place::new().await?, SimulatedMedium::new(), Told::default());
    medium.fail(operation, nth, fault);
    if let Ok(running) = place.start(&medium).await {
        work(&running, &mut told).await;
        let mut reply = String::new();
        // A 452 is for one message; the fault may have met the first of these two.
        for name in ["after", "behind"] {
            if !reply.starts_with("250 ") {
                reply = try_send(&running, &mut told, name, None).await.unwrap_or_default();
            }
        }
        let promised = reply.starts_with("250 ");
        match failed(&running).await {
            Some(reason) if reason.contains("journal") && !reply.starts_with("451 ") => {
                return Err(format!("the journal has failed ({reason}) and says {reply}"));
            }
            Some(_) => {}
            // Some groups are larger than last time, so that there are fewer.
            None if operation == Operation::Sync && medium.count(operation) >= nth => {
                return Err("a sync has failed and nothing latched".into());
            }
            None if !promised => return Err(format!("nothing has failed and it says {reply}")),
            None => {}
        }
        running.stop().await;
    }
    // Whatever the failed sync left undone is lost with the power.
    go_on(&place, &medium.crash_dropping_all(), told).await
}

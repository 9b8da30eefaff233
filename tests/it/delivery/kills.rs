//! The same on the real binary, which is killed twenty times in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postcase::base::{Chance, Clock};
use serde_json::Value;
use tokio::task::JoinSet;

use super::books::Books;
use super::kinds::{KINDS, Kind};
use super::place::{ADDRESS, arrivals, domain, host, internet, question, tables};
use crate::child::Home;
use crate::internet::Internet;
use crate::smtp;

const KILLS: usize = 20;
/// Agents who answer at a time.
const AGENTS: usize = 3;
/// A kill comes at random within this.
const LOAD_MAX: Duration = Duration::from_millis(600);
/// From the last kill until everything must be final.
const FINAL: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

/// What an agent was told: the domain, and the Message-ID of the reply.
type Told = Vec<(usize, String)>;

pub async fn twenty_kills() -> Result<(), String> {
    let kinds = kinds();
    let domains = kinds.len();
    let internet = internet(domains).await?;
    let home = Arc::new(Home::with("refuse", &tables(&internet, "[\"0s\", \"1s\"]", "5m"))?);
    let mut books = Books::default();
    let mut told = Told::new();
    open_cases(&home, &internet, domains).await?;
    for (n, kind) in kinds.iter().enumerate() {
        kind.set(&internet, n)?;
    }
    for life in 0..KILLS {
        let server = home.start()?;
        let mut agents = JoinSet::new();
        let over = Arc::new(AtomicBool::new(false));
        for agent in 0..AGENTS {
            agents.spawn_blocking({
                let (home, kinds, over) = (home.clone(), kinds.clone(), over.clone());
                move || answer(&home, &kinds, (life * AGENTS + agent) * 7, &over)
            });
        }
        Clock::system().sleep(LOAD_MAX.mul_f64(Chance::system().fraction())).await;
        over.store(true, Ordering::SeqCst);
        server.kill()?;
        told.extend(agents.join_all().await.into_iter().flatten());
        keep(&mut books, &internet, domains, life)?;
    }
    for n in 0..domains {
        internet.host(&host(n), |state| state.rules.retain(|rule| !rule.answer.hangs()))?;
    }
    let server = home.start()?;
    all_final(&home).await?;
    keep(&mut books, &internet, domains, KILLS)?;
    let cases: Vec<Value> =
        (1..=domains).map(|n| home.json(&["case", "show", &n.to_string()])).collect::<Result<_, _>>()?;
    drop(server);
    let known = submitted(&cases);
    if let Some(lost) = told.iter().find(|(n, id)| !known.contains(&(*n, id.clone()))) {
        return Err(format!("an agent was told of the reply {lost:?}, and its case doesn't know it"));
    }
    if told.len() < KILLS {
        return Err(format!("only {} replies were written, which shows nothing", told.len()));
    }
    for (n, id) in &known {
        books.submitted(id, &kinds[*n].recipients(&domain(*n)));
    }
    books.close(&cases, KILLS)
}

/// Cases of all domains, before anything is killed: the case of `dN.example` has the number N + 1.
async fn open_cases(home: &Home, internet: &Internet, domains: usize) -> Result<(), String> {
    let server = home.start()?;
    internet.lead_home(server.smtp);
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    for n in 0..domains {
        let reply = smtp::send(server.smtp, &question(n)).await?;
        if !reply[0].starts_with('2') {
            return Err(format!("a question is answered {reply:?}"));
        }
    }
    let begun = Instant::now();
    let is_ready = || -> Result<bool, String> {
        let cases = home.json(&["case", "list", "--all"])?.as_array().map_or(0, Vec::len);
        Ok(cases == domains && home.json(&["address", "show", ADDRESS])?["state"] == "verified")
    };
    while !is_ready()? {
        if begun.elapsed() > FINAL {
            return Err(format!("not all questions became cases:\n{}", home.said()));
        }
        Clock::system().sleep(LOOK).await;
    }
    server.kill()
}

/// Without those whose mail ends only when its time is over: a second is a second here.
fn kinds() -> Vec<&'static Kind> {
    KINDS.iter().filter(|kind| !kind.is_patient()).collect()
}

/// Answers one case after the other, until the server is gone. Without one a command works on the store itself.
fn answer(home: &Home, kinds: &[&Kind], first: usize, over: &AtomicBool) -> Told {
    let mut told = Told::new();
    for n in first.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let n = n % kinds.len();
        let recipients = kinds[n].recipients(&domain(n));
        let number = (n + 1).to_string();
        let mut words = vec!["case", "reply", &number, "--body", "Here you are."];
        for (recipient, _) in &recipients {
            words.extend(["--to", recipient]);
        }
        let Ok(answer) = home.json(&words) else { break };
        told.extend(answer["message_id"].as_str().map(|id| (n, id.to_owned())));
    }
    told
}

fn keep(books: &mut Books, internet: &Internet, domains: usize, life: usize) -> Result<(), String> {
    arrivals(internet, domains)?.into_iter().try_for_each(|mail| books.arrived(life, mail))
}

async fn all_final(home: &Home) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let spool = home.json(&["spool", "list", "--all"])?;
        let left = spool.as_array().map_or(0, Vec::len);
        if left == 0 {
            return Ok(());
        }
        if begun.elapsed() > FINAL {
            return Err(format!("{left} replies are not final: {spool:#}\n{}", home.said()));
        }
        Clock::system().sleep(LOOK).await;
    }
}

/// Domain and Message-ID of each reply that a case knows.
fn submitted(cases: &[Value]) -> Vec<(usize, String)> {
    let of_case = |(n, case): (usize, &Value)| {
        let events = case["events"].as_array().cloned().unwrap_or_default();
        let ids = events.into_iter().filter(|event| event["kind"] == "reply_submitted");
        ids.filter_map(move |event| Some((n, event["message_id"].as_str()?.to_owned()))).collect::<Vec<_>>()
    };
    cases.iter().enumerate().flat_map(of_case).collect()
}

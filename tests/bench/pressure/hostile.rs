//! Every hostile input, from many peers at once, while nearly all other connections are taken: each has the answer that it
//! should have, normal mail becomes a case after it, and memory stays bounded throughout.

use std::fmt::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ::postcase::base::Clock;
use serde_json::{Value, json};

use super::client::RECIPIENT;
use super::crowd::{Crowd, Manner, address, normal_mail};
use super::machine;
use super::postcase::Postcase;
use super::run;
use super::smtp::Connection;

/// With those who attack, 1,000.
const PEERS: u16 = 980;
/// More often than a session may be silent under stress.
const MANNER: Manner = Manner { says: b"NOOP\r\n", each: Duration::from_secs(5), is_answered: true };
const ATTACKERS: u16 = 19;
const DECIDED_WITHIN: Duration = Duration::from_secs(60);
const MEMORY_MAX: f64 = 256.0;
/// What a session says that has room for no more.
const FULL: &str = "452 4.3.1";

struct Attack {
    name: &'static str,
    /// What the last reply begins with, one of these.
    answers: &'static [&'static str],
    how: How,
}

enum How {
    /// Before the greeting.
    Early(&'static str),
    /// After EHLO.
    Command(Vec<u8>),
    /// A message as it goes over the wire, without its end.
    Message(Vec<u8>),
}

pub fn measure(server: &Postcase) -> Result<String, String> {
    let (mut said, mut least) = (String::new(), usize::MAX);
    run(async {
        let crowd = Crowd::gather(server.smtp, PEERS, MANNER);
        crowd.settled(usize::from(PEERS)).await?;
        for (number, attack) in attacks().into_iter().enumerate() {
            let attack = Rc::new(attack);
            let answers = all(server.smtp, &attack).await?;
            least = least.min(crowd.open());
            if let Some(wrong) =
                answers.iter().find(|answer| !attack.answers.iter().any(|good| answer.starts_with(good)))
            {
                return Err(format!("{} is answered {wrong:?} instead of {:?}", attack.name, attack.answers));
            }
            let took = normal_mail(server.smtp, number as u64).await?;
            becomes_a_case(server, number).await?;
            least = least.min(crowd.open());
            let memory = peak(server);
            let answer = answers.first().map_or("", |answer| answer.split('(').next().unwrap_or(answer).trim_end());
            let _ =
                write!(said, "\n  {}: {answer:?}; then a normal mail in {took:.1?}; peak {memory:.0} MiB", attack.name);
        }
        Ok(())
    })?;
    let memory = peak(server);
    let held = format!("each from {ATTACKERS} peers at once, with at least {least} other connections open:{said}");
    if memory <= MEMORY_MAX { Ok(held) } else { Err(format!("{held}\n  more memory than {MEMORY_MAX} MiB")) }
}

fn attacks() -> Vec<Attack> {
    let repeated = |head: &str, text: &str, times: usize| [head.as_bytes(), &text.as_bytes().repeat(times)].concat();
    let multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let nested =
        (0..100_000).fold("Content-Type: multipart/mixed; boundary=0\r\n\r\n".to_owned(), |mut text, depth| {
            let _ = write!(text, "--{depth}\r\nContent-Type: multipart/mixed; boundary={}\r\n\r\n", depth + 1);
            text
        });
    let command = |name, command: &[u8], answers| Attack { name, answers, how: How::Command(command.into()) };
    let message = |name, message: Vec<u8>, answers| Attack { name, answers, how: How::Message(message) };
    vec![
        // Words that come after the greeting has left aren't early.
        Attack { name: "early talk", answers: &["554 5.5.0", "220"], how: How::Early("EHLO client.example\r\n") },
        command("bytes behind STARTTLS", b"STARTTLS\r\nMAIL FROM:<a@example.com>\r\n", &["554 5.5.0"]),
        command("BDAT", b"BDAT 18446744073709551615 LAST\r\n", &["500", "502"]),
        command("NUL in a command", b"MAIL FROM:<a\0b@example.com>\r\n", &["501", "500"]),
        command("a bare CR in a command", b"MAIL FROM:<a\rb@example.com>\r\n", &["501", "500"]),
        command("a bare LF ends a command", b"NOOP\nMAIL FROM:<a@example.com>\r\n", &["500", "501"]),
        command("a command of 1 MiB", &b"x".repeat(1 << 20), &["500 5.5.2"]),
        message("NUL in a message", b"Subject: NUL\r\n\r\na\0b\r\n".into(), &["250"]),
        message("a bare CR in a message", b"Subject: CR\r\n\r\na\rb\r\n".into(), &["550 5.5.2"]),
        message(
            "a bare LF and a dot",
            b"Subject: LF\r\n\r\na\n.\nMAIL FROM:<a@example.com>\r\n".into(),
            &["550 5.5.2"],
        ),
        message("a line of 1 MiB", repeated("Subject: line\r\n\r\n", "x", 1 << 20), &["250", FULL]),
        message("100,000 header fields", repeated("Subject: fields\r\n", "X: y\r\n", 100_000), &["250", FULL]),
        message("100,000 nested parts", nested.into_bytes(), &["250", FULL]),
        message("1,000,000 parts", repeated(multipart, "--b\r\n\r\n", 1_000_000), &["250", FULL]),
        message("an address list of 10 MB", repeated("To: ", "someone@example.com,\r\n ", 450_000), &["250", FULL]),
        message(
            "a body of 20 MB",
            repeated("Subject: body\r\n\r\n", "All work and no play\r\n", 950_000),
            &["250", FULL],
        ),
    ]
}

/// The last reply that each attacker sees.
async fn all(server: SocketAddr, attack: &Rc<Attack>) -> Result<Vec<String>, String> {
    let attackers = (0..ATTACKERS).map(|peer| tokio::task::spawn_local(one(server, 2000 + peer, Rc::clone(attack))));
    let mut answers = Vec::new();
    for attacker in attackers.collect::<Vec<_>>() {
        answers.push(attacker.await.map_err(|error| error.to_string())??);
    }
    Ok(answers)
}

async fn one(server: SocketAddr, peer: u16, attack: Rc<Attack>) -> Result<String, String> {
    let mut connection = Connection::open(server, Some(address(peer))).await?;
    if let How::Early(words) = &attack.how {
        connection.write(words.as_bytes()).await?;
        return Ok(connection.reply().await?.concat());
    }
    connection.reply().await?;
    connection.command("EHLO client.example").await?;
    match &attack.how {
        How::Early(_) => {}
        How::Command(command) => {
            // A server that has heard enough hangs up while the rest is being written.
            let _ = connection.write(command).await;
        }
        How::Message(message) => {
            connection.command("MAIL FROM:<eve@example.com>").await?;
            connection.command(&format!("RCPT TO:<{RECIPIENT}>")).await?;
            let reply = connection.command("DATA").await?;
            if !reply[0].starts_with("354") {
                return Ok(reply.concat());
            }
            for part in message.chunks(1 << 20) {
                if connection.write(part).await.is_err() {
                    break;
                }
            }
            let _ = connection.write(b"\r\n.\r\n").await;
        }
    }
    Ok(connection.reply().await?.concat())
}

async fn becomes_a_case(server: &Postcase, number: usize) -> Result<(), String> {
    let id = format!("<normal.{number}@customer.example>");
    let (begun, mut shown) = (Instant::now(), Value::Null);
    while shown["disposition"].is_null() {
        if begun.elapsed() > DECIDED_WITHIN {
            return Err(format!("normal mail is undecided after {DECIDED_WITHIN:?}"));
        }
        Clock::system().sleep(Duration::from_millis(20)).await;
        shown = server.ask(&json!({ "command": "message-show", "id": id }))?;
    }
    if shown["disposition"] == "case_opened" { Ok(()) } else { Err(format!("normal mail became no case: {shown}")) }
}

fn peak(server: &Postcase) -> f64 {
    machine::mebibytes(server.pid(), "status", "VmHWM:").unwrap_or(f64::NAN)
}

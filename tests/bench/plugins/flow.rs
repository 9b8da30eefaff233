//! Mail at a modest, steady rate, and how long each message waits from its 250 until its decision is recorded.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use postcase::base::Clock;
use serde_json::json;

use super::client::RECIPIENT;
use super::postcase_server::Postcase;
use super::smtp::{Connection, Outgoing, transaction};

/// Longer than anything that is measured.
const PATIENCE: Duration = Duration::from_secs(20);

/// See the module.
pub struct Flow<'a> {
    /// What its messages are called.
    pub name: &'a str,
    /// One message after the other has one of these.
    pub subjects: &'a [&'a str],
    pub pause: Duration,
}

impl Flow<'_> {
    /// Sends until it is over, and watches each message until it is decided; how long each took, sorted.
    pub fn watched(&self, server: &Postcase, over: &AtomicBool) -> Result<Vec<Duration>, String> {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let watching = scope.spawn(move || watch(server, &told));
            let enough = |_| over.load(Ordering::Relaxed);
            let sent = self.send(server.smtp, enough, |id| tell.send((id, Instant::now())).map_err(|e| e.to_string()));
            drop(tell);
            let waits = watching.join().map_err(|_| "the watch panicked".to_owned())?;
            sent.and(waits)
        })
    }

    /// Sends until it is enough by the number of messages; each must get a 250, of which `taken` is told.
    pub fn send(
        &self,
        server: SocketAddr,
        enough: impl Fn(u32) -> bool,
        mut taken: impl FnMut(String) -> Result<(), String>,
    ) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let mut connection = Connection::open(server, None).await?;
            connection.reply().await?;
            connection.command("EHLO customer.example").await?;
            let begun = Instant::now();
            for number in (0..).take_while(|number| !enough(*number)) {
                let reply = transaction(&mut connection, &self.message(number)).await?;
                let id = reply[0].strip_prefix("250 2.0.0 ").ok_or_else(|| format!("{number} got {}", reply[0]))?;
                taken(id.split(' ').next().unwrap_or(id).to_owned())?;
                let next = begun + self.pause * (number + 1);
                Clock::system().sleep(next.saturating_duration_since(Instant::now())).await;
            }
            Ok(())
        })
    }

    fn message(&self, number: u32) -> Outgoing {
        let subject = self.subjects[number as usize % self.subjects.len()];
        let message = format!(
            "From: Anna <anna@customer.example>\r\nTo: {RECIPIENT}\r\nSubject: {subject}\r\n\
             Message-ID: <{}.{number}@customer.example>\r\n\r\nGuten Tag,\r\n\r\ndie Rechnung ist nicht richtig.\r\n",
            self.name
        );
        let (from, to) = ("anna@customer.example".into(), vec![RECIPIENT.into()]);
        Outgoing { from, to, message: message.into_bytes(), ..Outgoing::default() }
    }
}

/// Asks for each message again and again until it has its disposition.
fn watch(server: &Postcase, told: &Receiver<(String, Instant)>) -> Result<Vec<Duration>, String> {
    let (mut waits, mut waiting) = (Vec::new(), Vec::new());
    loop {
        waiting.extend(told.try_iter());
        if waiting.is_empty() {
            match told.recv() {
                Ok(message) => waiting.push(message),
                // Whoever sends is done.
                Err(_) => break,
            }
        }
        waiting.retain(|(id, at): &(String, Instant)| {
            let shown = server.ask(&json!({ "command": "message-show", "id": id }));
            let is_decided = shown.is_ok_and(|shown| shown["disposition"].is_string());
            if is_decided {
                waits.push(at.elapsed());
            }
            !is_decided
        });
        if let Some((id, at)) = waiting.first()
            && at.elapsed() > PATIENCE
        {
            return Err(format!("{id} is undecided after {} s", PATIENCE.as_secs()));
        }
        thread::sleep(Duration::from_millis(1));
    }
    waits.sort_unstable();
    Ok(waits)
}

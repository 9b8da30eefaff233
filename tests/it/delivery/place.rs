//! A server in this process, under a clock that stands, with a hundred domains around it.

use std::time::Duration;

use postcase::base::{Clock, Time};
use serde_json::Value;

use crate::internet::{Internet, Mail, Zone};
use crate::smtp::{self, Outgoing};
use crate::subject::{Setup, Subject};
use crate::world;

pub const ADDRESS: &str = "support@company.example";
const NOW: &str = "2026-11-20T10:00:00Z";
/// Real time for everything that happens at one moment of the clock.
const MOMENT: Duration = Duration::from_secs(30);
/// Between two looks at whether hosts only let us wait, and how many looks must agree.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: usize = 4;

pub struct Place {
    subject: Box<dyn Subject>,
    pub internet: Internet,
}

/// `dN.example` for each N, with one host each.
pub async fn internet(domains: usize) -> Result<Internet, String> {
    let mut zone = Zone::default();
    zone.add("company.example MX 10 mail.example.net\nmail.example.net A 127.0.0.1\n")?;
    for n in 0..domains {
        let (domain, host, last) = (domain(n), host(n), n + 2);
        zone.add(&format!("{domain} MX 10 {host}\n{host} A 127.0.1.{last}\n"))?;
    }
    Internet::start(zone).await
}

pub fn domain(n: usize) -> String {
    format!("d{n}.example")
}

pub fn host(n: usize) -> String {
    format!("mx.d{n}.example")
}

/// The tables of a configuration that lead the server to this internet.
pub fn tables(internet: &Internet, retry: &str, give_up_after: &str) -> String {
    let Internet { port, dns, .. } = internet;
    format!(
        "[outbound]\nport = {port}\nprivate_networks = \"allow\"\nretry = {retry}\ngive_up_after = \"{give_up_after}\"\n\
         [dns]\nservers = [\"{dns}\"]\n"
    )
}

/// What opens the case of a domain.
pub fn question(n: usize) -> Outgoing {
    let domain = domain(n);
    let message = format!(
        "From: Anna <anna@{domain}>\r\nTo: {ADDRESS}\r\nSubject: Question {n}\r\nMessage-ID: <{n}@{domain}>\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    );
    let (from, to) = (format!("anna@{domain}"), vec![ADDRESS.into()]);
    Outgoing { helo: "client.example".into(), from, to, message: message.into_bytes() }
}

impl Place {
    /// With a case for each domain: the case of `dN.example` has the number N + 1.
    pub async fn new(domains: usize) -> Result<Self, String> {
        let internet = internet(domains).await?;
        let configuration = format!(
            "hostname = \"mail.example.net\"\nservice_domain = \"in.example.net\"\n\
             [smtp]\nlisten = [\"127.0.0.1:0\"]\n[http]\nlisten = \"\"\n{}",
            tables(&internet, "[\"0s\", \"1m\", \"8m\"]", "20m")
        );
        let now: Time = NOW.parse().map_err(|_| "NOW is a time")?;
        let subject = world::start(Setup { configuration, now }).await?;
        internet.lead_home(subject.smtp());
        let mut place = Self { subject, internet };
        place.run(&["address", "add", ADDRESS, "--mode", "direct"]).await?;
        for n in 0..domains {
            let reply = smtp::send(place.subject.smtp(), &question(n)).await?;
            if !reply[0].starts_with('2') {
                return Err(format!("a question is answered {reply:?}"));
            }
        }
        place.quiet().await?;
        Ok(place)
    }

    /// A command line that must succeed; its JSON.
    pub async fn run(&mut self, words: &[&str]) -> Result<Value, String> {
        let arguments = std::iter::once("--json").chain(words.iter().copied()).map(str::to_owned).collect();
        let ran = self.subject.run(arguments).await;
        if ran.code != 0 {
            return Err(format!("{}: {}", words.join(" "), ran.err));
        }
        serde_json::from_slice(&ran.out).map_err(|error| format!("{}: {error}", words.join(" ")))
    }

    /// Answers the case of a domain; the Message-ID.
    pub async fn reply(&mut self, n: usize, recipients: &[String]) -> Result<String, String> {
        let number = (n + 1).to_string();
        let mut words = vec!["case", "reply", &number, "--body", "Here you are.\n.\nYours"];
        for recipient in recipients {
            words.extend(["--to", recipient]);
        }
        let answer = self.run(&words).await?;
        answer["message_id"].as_str().map(str::to_owned).ok_or_else(|| format!("no Message-ID in {answer}"))
    }

    /// Until nothing can happen without time.
    pub async fn quiet(&mut self) -> Result<(), String> {
        let Self { subject, internet } = self;
        let quiet = async {
            tokio::select! {
                biased;
                () = subject.settle() => {}
                () = hosts_let_wait(internet) => {}
            }
        };
        Clock::system().within(MOMENT, quiet).await.map_err(|_| format!("still busy after {MOMENT:?}"))
    }

    pub fn advance(&mut self, by: Duration) {
        self.subject.advance(by);
    }

    /// What waits in the spool.
    pub async fn spool(&mut self) -> Result<Vec<Value>, String> {
        let list = self.run(&["spool", "list", "--all"]).await?;
        list.as_array().cloned().ok_or_else(|| "a list is an array".into())
    }

    pub async fn cases(&mut self, count: usize) -> Result<Vec<Value>, String> {
        let mut cases = Vec::new();
        for number in 1..=count {
            cases.push(self.run(&["case", "show", &number.to_string()]).await?);
        }
        Ok(cases)
    }

    /// Everything that the hosts have got since the last time.
    pub fn arrivals(&self, domains: usize) -> Result<Vec<Mail>, String> {
        arrivals(&self.internet, domains)
    }

    pub async fn stop(self) {
        self.subject.stop().await;
    }
}

/// The same of an internet alone; an error when something was wrong with the bytes.
pub fn arrivals(internet: &Internet, domains: usize) -> Result<Vec<Mail>, String> {
    let mut arrived = Vec::new();
    for n in 0..domains {
        arrived.extend(internet.host(&host(n), |state| std::mem::take(&mut state.inbox))?);
    }
    internet.faults().first().map_or(Ok(arrived), |fault| Err(fault.clone()))
}

/// Returns when all connections hang.
async fn hosts_let_wait(internet: &Internet) {
    let mut agreed = 0;
    while agreed < LOOKS {
        Clock::system().sleep(LOOK).await;
        let hang = internet.open() > 0 && internet.open() == internet.stalled();
        agreed = if hang { agreed + 1 } else { 0 };
    }
}

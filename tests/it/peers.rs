//! Against mail software that others wrote: swaks and Python's smtplib send to the real binary, and a real Postfix is the
//! company's mail system and the way out. Where one isn't installed its tests are listed as ignored, with the reason in
//! their names.

mod damage;
mod postfix;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::child::{Home, Server};
use crate::internet::{self, Mail, Shared};
use crate::smtp::{self, Outgoing};
use crate::unit::wait;
use postfix::{Postfix, Roads};

/// For what takes milliseconds on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
const SUPPORT: &str = "support@company.example";
const ANNA: &str = "anna@customer.example";

const SMTPLIB: &str = "import smtplib, sys
from email.message import EmailMessage
message = EmailMessage()
message['From'], message['To'], message['Subject'] = sys.argv[3], sys.argv[4], sys.argv[5]
message.set_content('Grüße.\\n.\\n..\\nThe end.\\n')
with smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=10) as server:
    server.send_message(message)
";

pub fn trials() -> Vec<Trial> {
    let postfix = || Postfix::missing();
    vec![
        trial("a mail sent with swaks becomes a case", missing("swaks"), || sent("swaks", swaks)),
        trial("a mail sent with smtplib becomes a case", missing("python3"), || sent("smtplib", smtplib)),
        trial("a forward by Postfix is verified", postfix(), || wait(forwarded())),
        trial("each damage of a forward by Postfix is told", postfix(), || wait(damage::each_way_is_told())),
        trial("a conversation through Postfix keeps its thread", postfix(), || wait(conversation())),
    ]
}

/// Ignored when something is missing, which its name then says.
fn trial(name: &str, missing: Option<String>, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    let reason = missing.as_ref().map(|why| format!(" (skipped: {why})")).unwrap_or_default();
    Trial::test(format!("peers: {name}{reason}"), run).with_ignored_flag(missing.is_some())
}

fn missing(program: &str) -> Option<String> {
    let tried = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_err().then(|| format!("{program} is not installed"))
}

/// Asks the running server until the answer is as wanted.
async fn until(home: &Home, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
    let begun = Instant::now();
    loop {
        let answer = home.json(arguments)?;
        if wanted(&answer) {
            return Ok(answer);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} is still {answer:#}\n{}", arguments.join(" "), home.said()));
        }
        Clock::system().sleep(PAUSE).await;
    }
}

fn swaks(to: SocketAddr, subject: &str) -> Command {
    let mut swaks = Command::new("swaks");
    swaks.args(["--silent", "2", "--server", &to.to_string(), "--from", ANNA, "--to", SUPPORT]);
    swaks.args(["--header", &format!("Subject: {subject}"), "--body", "Grüße.\n.\n..\nThe end.\n"]);
    swaks
}

fn smtplib(to: SocketAddr, subject: &str) -> Command {
    let mut python = Command::new("python3");
    python.args(["-c", SMTPLIB, &to.ip().to_string(), &to.port().to_string(), ANNA, SUPPORT, subject]);
    python
}

/// A mail that this program sends is a case with its subject and its text.
fn sent(name: &str, sender: fn(SocketAddr, &str) -> Command) -> Result<(), Failed> {
    wait(async {
        let home = Home::new("refuse")?;
        let server = home.start()?;
        home.json(&["address", "add", SUPPORT, "--mode", "direct"])?;
        let subject = format!("sent with {name}");
        let output = sender(server.smtp, &subject).output()?;
        if !output.status.success() {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let shown = until(&home, &["case", "list"], |cases| cases[0]["subject"] == subject.as_str()).await?;
        let message = &home.json(&["case", "show", &shown[0]["number"].to_string()])?["messages"][0];
        assert_eq!(message["from"]["address"], ANNA);
        assert_eq!(message["text"].as_str().map(str::trim), Some("Grüße.\n.\n..\nThe end."), "{message:#}");
        Ok(())
    })
}

/// postcase behind the Postfix of company.example, which is also its way out to everybody else.
struct Company {
    home: Home,
    _server: Server,
    postfix: Postfix,
    service_address: String,
    /// What arrives for the rest of the world.
    world: Shared,
    _tasks: JoinSet<()>,
}

impl Company {
    /// As the README says: the address is added, then the forward is set up.
    async fn open() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let elsewhere = listener.local_addr().map_err(|error| error.to_string())?;
        let (world, mut tasks) = (Shared::default(), JoinSet::new());
        let everything_stays = Arc::new(|_: &str, _: &Mail| false);
        tasks.spawn(internet::serve(
            "mail.customer.example".into(),
            listener,
            Arc::clone(&world),
            everything_stays,
            Arc::default(),
        ));
        let port = postfix::free_port()?;
        let home = Home::with("refuse", &format!("[outbound]\nsmarthost = \"127.0.0.1:{port}\"\n"))?;
        let server = home.start()?;
        let added = home.json(&["address", "add", SUPPORT, "--name", "Company Support"])?;
        let service_address = added["service_address"].as_str().ok_or("no service address")?.to_owned();
        let aliases = [(SUPPORT.to_owned(), service_address.clone(), Vec::new())];
        let roads = Roads { port, aliases: &aliases, postcase: server.smtp, elsewhere, doors: Vec::new() };
        let postfix = Postfix::start(&roads)?;
        Ok(Self { home, _server: server, postfix, service_address, world, _tasks: tasks })
    }

    async fn verified(&self) -> Result<Value, String> {
        self.home.json(&["address", "verify", SUPPORT])?;
        let shown = until(&self.home, &["address", "show", SUPPORT], |address| address["state"] == "verified").await;
        shown.map_err(|error| format!("{error}\n{}", self.postfix.said()))
    }

    /// Somebody writes to the company.
    async fn mail(&self, from: &str, fields: &str, text: &str) -> Result<(), String> {
        let message =
            format!("From: {from}\nTo: {SUPPORT}\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n{fields}\n\n{text}\n");
        let mail = Outgoing {
            helo: "mail.customer.example".into(),
            from: from.into(),
            to: vec![SUPPORT.into()],
            message: message.replace('\n', "\r\n").into_bytes(),
        };
        let reply = smtp::send(self.postfix.address(), &mail).await?;
        if reply[0].starts_with("250") { Ok(()) } else { Err(format!("Postfix says {reply:?}")) }
    }

    async fn case(&self, number: u64, messages: usize) -> Result<Value, String> {
        let there = |cases: &Value| cases.as_array().into_iter().flatten().any(|case| case["number"] == number);
        until(&self.home, &["case", "list"], there).await?;
        let all = |case: &Value| case["messages"].as_array().is_some_and(|all| all.len() == messages);
        until(&self.home, &["case", "show", &number.to_string()], all).await
    }

    /// An agent replies on case 1; the reply as the customer gets it.
    async fn reply(&self) -> Result<Mail, String> {
        self.home.json(&["case", "reply", "1", "--body", "Please pull the plug."])?;
        let begun = Instant::now();
        loop {
            if let Some(mail) = self.world.lock().expect("no holder panics").inbox.pop_front() {
                return Ok(mail);
            }
            if begun.elapsed() > PATIENCE {
                let (home, postfix) = (self.home.said(), self.postfix.said());
                return Err(format!("the reply didn't arrive\n{home}\n{postfix}"));
            }
            Clock::system().sleep(PAUSE).await;
        }
    }
}

async fn forwarded() -> Result<(), Failed> {
    let company = Company::open().await?;
    let address = company.verified().await?;
    let verification = &address["verification"];
    assert_eq!(verification["how"], "round-trip");
    assert_eq!(verification["problems"], serde_json::json!([]), "{verification:#}");
    let path = &verification["path"];
    for kept in ["from_kept", "to_kept", "message_id_kept", "subject_kept"] {
        assert_eq!(path[kept], true, "{kept} in {path:#}");
    }
    // Postfix took it from us and gave it back: one trace field.
    assert_eq!((&path["copies"], &path["hops"]), (&1.into(), &1.into()), "{path:#}");
    Ok(())
}

/// Customer, reply, answer, reply; and a stranger who knows the number.
async fn conversation() -> Result<(), Failed> {
    let company = Company::open().await?;
    company.verified().await?;
    company.mail(ANNA, "Subject: Smoke\nMessage-ID: <smoke-1@customer.example>", "It burns.").await?;
    company.case(1, 1).await?;

    let first = company.reply().await?;
    check_reply(&company, &first, &["<smoke-1@customer.example>"]);
    let id = field(&first, "Message-ID");

    let answer = format!(
        "Subject: Re: Smoke\nMessage-ID: <smoke-2@customer.example>\nIn-Reply-To: {id}\n\
         References: <smoke-1@customer.example> {id}"
    );
    company.mail(ANNA, &answer, "It still burns.").await?;
    company.case(1, 3).await?;

    let second = company.reply().await?;
    check_reply(&company, &second, &["<smoke-1@customer.example>", &id, "<smoke-2@customer.example>"]);

    company
        .mail("mallory@elsewhere.example", "Subject: Re: Smoke [#1]\nMessage-ID: <m@elsewhere.example>", "Me too.")
        .await?;
    let cases = until(&company.home, &["case", "list"], |cases| cases.as_array().is_some_and(|all| all.len() == 2));
    let number = cases.await?[0]["number"].as_u64().ok_or("a case has a number")?;
    let other = company.case(number, 1).await?;
    assert_eq!((number != 1, &other["hints"][0]["case"]), (true, &1.into()), "{other:#}");
    company.case(1, 4).await?;
    Ok(())
}

/// `chain` is what it answers, the oldest first.
fn check_reply(company: &Company, mail: &Mail, chain: &[&str]) {
    let text = String::from_utf8_lossy(&mail.raw);
    assert_eq!(field(mail, "From"), format!("\"Company Support\" <{SUPPORT}>"), "{text}");
    assert_eq!(field(mail, "To"), format!("<{ANNA}>"), "{text}");
    assert_eq!((field(mail, "Reply-To"), field(mail, "In-Reply-To").as_str()), (String::new(), chain[chain.len() - 1]));
    assert_eq!(field(mail, "References"), chain.join(" "), "{text}");
    assert_eq!(mail.to.iter().map(|path| internet::bare(path)).collect::<Vec<_>>(), [ANNA]);
    let token = company.service_address.split(['.', '@']).nth(1).expect("a service address has a token");
    for shown in [&*text, &mail.from] {
        assert!(!shown.contains(token), "the service address shows in {shown}");
    }
}

/// The unfolded body of a header field; empty when there is none.
fn field(mail: &Mail, name: &str) -> String {
    let text = String::from_utf8_lossy(&mail.raw);
    let header = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let named =
        |line: &str| Some(line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name))?.1.trim().to_owned());
    header.lines().find_map(named).unwrap_or_default()
}

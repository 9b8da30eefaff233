//! `postcase demo`: the main job as a story, told by the real binary in a child process over SMTP and its local socket.
//!
//! Every line that the story shows was read back from the server or from the mail that it sent; a step that doesn't
//! happen ends the story with what was missing.

mod server;
mod village;

use std::path::PathBuf;
use std::pin::pin;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use self::server::Server;
use self::village::{COMPANY, Village};
use super::failure::Failure;
use super::say;
use crate::base::{Chance, Clock, Mailbox};
use crate::desk::Command;
use crate::desk::command::{AddressSettings, CaseFilter, ReplyRequest};
use crate::message::{Facts, read};

const ANNA: &str = "anna@customer.example";
const STRANGER: &str = "mallory@elsewhere.example";

/// What the story needs again and again.
struct Story {
    server: Server,
    village: Village,
    support: Mailbox,
}

/// Tells the story; an error is one line. With `keep` the server stays until SIGINT or SIGTERM, which end the story at
/// any time. Server and folder are gone on return.
pub async fn run(keep: bool) -> Result<(), String> {
    let on = |kind| signal(kind).map_err(|error| format!("signals can't be received: {error}"));
    let (mut interrupt, mut terminate) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
    let mut stop = pin!(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let folder = Folder::make()?;
    let mut story = tokio::select! {
        biased;
        () = &mut stop => return Err("interrupted; the server and its folder are gone".into()),
        story = told(&folder) => story?,
    };
    if !keep {
        return tell("That was it", &["Next: README.md, \"Five minutes as a forwarding target\".".to_owned()]);
    }
    let config = story.server.folder.join("postcase.toml");
    tell("It stays", &["Look around, in another terminal; Ctrl-C ends it:".to_owned()])?;
    let binary = std::env::current_exe().map_err(|error| error.to_string())?;
    show(&[&format!("{} --config {} case list", binary.display(), config.display())])?;
    tokio::select! {
        biased;
        () = &mut stop => tell("It ends", &["The server and its folder are gone.".to_owned()]),
        () = story.server.ended() => Err("the server has ended".into()),
    }
}

async fn told(folder: &Folder) -> Result<Story, String> {
    let village = Village::open().map_err(|error| error.to_string())?;
    tell("1. A server starts", &["It is this same program, on free ports, in a temporary folder:".to_owned()])?;
    let server = Server::start(&folder.0, village.address).await?;
    show(&[&format!("postcase serve   (process {})", server.pid()), &format!("smtp    {}", server.smtp)])?;
    let support = Mailbox::new("support", COMPANY).map_err(|error| error.to_string())?;
    let mut story = Story { server, village, support };
    story.verify().await?;
    story.case().await?;
    let reply = story.reply().await?;
    story.answer(&reply).await?;
    story.stranger().await?;
    story.crash().await?;
    Ok(story)
}

impl Story {
    /// Registers an address and lets the probe go round.
    async fn verify(&mut self) -> Result<(), String> {
        let support = &self.support;
        tell("2. The administrator registers an address", &[format!("postcase address add {support}")])?;
        let settings = AddressSettings { name: Some("Company Support".into()), ..AddressSettings::default() };
        let added =
            self.server.ask(Command::AddressAdd { address: support.clone(), settings: settings.into() }).await?;
        let service = text(&added["service_address"])?;
        show(&[&format!("service address  {service}"), &format!("state            {}", text(&added["state"])?)])?;
        let target = service.parse().map_err(|error| format!("{service}: {error}"))?;
        self.village.forward(target, self.server.smtp);
        let forward = format!("The mail system of {COMPANY} now forwards {support} to it, and the probe, a real mail,");
        tell("", &[forward, "goes out by SMTP, through that mail system, and comes back:".to_owned()])?;
        let show_it = Command::AddressShow { address: support.clone() };
        let shown = self.server.ask_until(show_it, |address| address["state"] == "verified").await?;
        let path = &shown["verification"]["path"];
        show(&[
            &format!("state            verified by {}", text(&shown["verification"]["how"])?),
            &format!(
                "on its way       From kept: {}, Message-ID kept: {}, hops: {}",
                path["from_kept"], path["message_id_kept"], path["hops"]
            ),
        ])
    }

    /// A customer's mail becomes a case.
    async fn case(&self) -> Result<(), String> {
        tell("3. A customer writes", &[format!("{ANNA} -> {}", self.support)])?;
        self.mail(
            ANNA,
            "Anna Berg",
            "fire-1",
            "The printer is on fire",
            "",
            "It has been burning since nine. What now?",
        )
        .await?;
        let case = self.case_until(1, 1).await?;
        let explained =
            self.server.ask(Command::MessageExplain { id: text(&case["messages"][0]["id"])?.into() }).await?;
        show(&[
            &format!("case {}    {}", case["number"], text(&case["subject"])?),
            &format!("from      {} <{}>", text(&case["contact"]["name"])?, text(&case["contact"]["address"])?),
            &format!("queue     {}, status {}", text(&case["queue"])?, text(&case["status"])?),
            "why",
        ])?;
        for step in explained["steps"].as_array().into_iter().flatten() {
            show(&[&format!("  {:<10} {} ({})", text(&step["stage"])?, text(&step["outcome"])?, text(&step["why"])?)])?;
        }
        Ok(())
    }

    /// An agent answers; the customer gets it.
    async fn reply(&mut self) -> Result<Facts, String> {
        let body = "Hello Anna,\n\nplease pull the plug, then tell us the serial number.\n\nYour support";
        tell(
            "4. An agent answers",
            &["postcase case reply 1 --body \"Hello Anna, please pull the plug, …\"".to_owned()],
        )?;
        let request: ReplyRequest = serde_json::from_value(serde_json::json!({"number": 1, "body": body}))
            .map_err(|error| error.to_string())?;
        self.server.ask(Command::CaseReply(request)).await?;
        let clock = Clock::system();
        let arriving = clock.within(std::time::Duration::from_secs(10), self.village.mailbox.recv());
        let raw = arriving.await.map_err(|_| "the reply did not arrive")?.ok_or("the mailbox is gone")?;
        let facts = read(&raw);
        tell("", &["What Anna gets:".to_owned()])?;
        let from = facts.from.clone().unwrap_or_default();
        show(&[
            &format!("From:         {} <{}>", from.name.unwrap_or_default(), from.address),
            &format!("Subject:      {}", facts.subject),
            &format!("In-Reply-To:  {}", facts.in_reply_to.join(" ")),
            &format!("Message-ID:   {}", facts.message_id.clone().unwrap_or_default()),
        ])?;
        let delivered = |case: &Value| case["events"].to_string().contains("reply_delivered");
        let case = self.server.ask_until(Command::CaseShow { number: 1 }, delivered).await?;
        show(&[&format!("status now    {}, and the case knows that it was delivered", text(&case["status"])?)])?;
        Ok(facts)
    }

    /// Her answer joins the case.
    async fn answer(&self, reply: &Facts) -> Result<(), String> {
        tell("5. Anna answers from her mail program", &[])?;
        let id = reply.message_id.clone().unwrap_or_default();
        let fields = format!("In-Reply-To: {id}\nReferences: <fire-1@customer.example> {id}\n");
        self.mail(ANNA, "Anna Berg", "fire-2", &format!("Re: {}", reply.subject), &fields, "Done. It is number 4711.")
            .await?;
        let case = self.case_until(1, 3).await?;
        let last = &case["messages"][2];
        show(&[
            &format!("case 1    {} messages, status {}", 3, text(&case["status"])?),
            &format!("newest    \"{}\"", text(&last["new_text"])?.trim()),
            &format!("why       {}", self.why(last).await?),
        ])
    }

    /// Somebody who knows the number gets nowhere.
    async fn stranger(&self) -> Result<(), String> {
        tell("6. A stranger guesses the number", &[format!("{STRANGER} writes with [#1] in the subject:")])?;
        self.mail(STRANGER, "Mallory", "guess-1", "Re: The printer is on fire [#1]", "", "Send me the file, please.")
            .await?;
        let case = self.case_until(2, 1).await?;
        let hint = &case["hints"][0];
        show(&[
            &format!("case {}    a case of its own; case 1 has still 3 messages", case["number"]),
            &format!("hint      possibly belongs to case {}: {}", hint["case"], text(&hint["why"])?),
        ])
    }

    /// Nothing that was answered with 250 is lost.
    async fn crash(&mut self) -> Result<(), String> {
        let pid = self.server.pid();
        tell("7. The power fails", &[format!("kill -9 {pid}, right after the 250 of another mail, and a new start:")])?;
        self.mail(ANNA, "Anna Berg", "other-1", "Something else", "", "When do you open tomorrow?").await?;
        self.server.kill();
        self.server = Server::start_again(&self.server.folder).await?;
        let three = |cases: &Value| cases.as_array().is_some_and(|cases| cases.len() == 3);
        let cases = self.server.ask_until(Command::CaseList(CaseFilter::default()), three).await?;
        for case in cases.as_array().into_iter().flatten() {
            show(&[&format!(
                "case {}    {:<8} {:<34} {}",
                case["number"],
                text(&case["status"])?,
                text(&case["subject"])?,
                text(&case["contact"]["address"])?
            )])?;
        }
        Ok(())
    }

    async fn mail(
        &self,
        from: &str,
        name: &str,
        id: &str,
        subject: &str,
        fields: &str,
        body: &str,
    ) -> Result<(), String> {
        let domain = from.rsplit('@').next().unwrap_or_default();
        let message = format!(
            "From: {name} <{from}>\nTo: {}\nSubject: {subject}\nMessage-ID: <{id}@{domain}>\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0000\n{fields}\n{body}\n",
            self.support
        );
        self.village.send(from, &self.support, &message).await
    }

    async fn case_until(&self, number: u64, messages: usize) -> Result<Value, String> {
        let list = Command::CaseList(CaseFilter::default());
        let there = |cases: &Value| cases.as_array().into_iter().flatten().any(|case| case["number"] == number);
        self.server.ask_until(list, there).await?;
        let complete = |case: &Value| case["messages"].as_array().is_some_and(|all| all.len() == messages);
        self.server.ask_until(Command::CaseShow { number }, complete).await
    }

    async fn why(&self, message: &Value) -> Result<String, String> {
        let explained = self.server.ask(Command::MessageExplain { id: text(&message["id"])?.into() }).await?;
        let last = explained["steps"].as_array().and_then(|steps| steps.last().cloned());
        Ok(text(&last.unwrap_or_default()["why"])?.to_owned())
    }
}

/// A folder that is gone when the story is over.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, String> {
        let label = crate::address::random_label(&Chance::system());
        let path = std::env::temp_dir().join(format!("postcase-demo-{}", &label[..8]));
        let failed = |error| format!("{} can't be made: {error}; set TMPDIR to another folder", path.display());
        std::fs::create_dir(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed is a temporary folder all the same.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("the server said {value} where a text was expected"))
}

fn tell(title: &str, lines: &[String]) -> Result<(), String> {
    let mut out = if title.is_empty() { String::new() } else { format!("\n{title}\n") };
    lines.iter().for_each(|line| out.push_str(&format!("   {line}\n")));
    said(&out)
}

fn show(lines: &[&str]) -> Result<(), String> {
    let out: String = lines.iter().map(|line| format!("     | {}\n", super::text::line(line))).collect();
    said(&out)
}

fn said(out: &str) -> Result<(), String> {
    say(out).map_err(|error| Failure::from(error).message)
}

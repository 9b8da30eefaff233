//! A fake mail host: takes mail over SMTP, keeps envelope and raw message, and answers as its script says.
//!
//! It shares no code with postcase. A message counts as received from the moment before its final dot is answered, so
//! that `dot close` shows a host that has taken mail without saying so.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One message as a host got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// As said, with parameters.
    pub from: String,
    pub to: Vec<String>,
    /// Dots unstuffed.
    pub raw: Vec<u8>,
    /// What happened to a message that this host passed on and could not deliver.
    pub note: Option<String>,
}

/// When a rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Dot,
}

impl Stage {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "greeting" => Self::Greeting,
            "ehlo" => Self::Ehlo,
            "mail" => Self::Mail,
            "rcpt" => Self::Rcpt,
            "data" => Self::Data,
            "dot" => Self::Dot,
            _ => return None,
        })
    }
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A reply line.
    Say(String),
    /// Nothing, for ever.
    Stall,
    /// The connection ends.
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub stage: Stage,
    /// Only for this recipient.
    pub recipient: Option<String>,
    pub answer: Answer,
    /// How often it still speaks; `None`: always.
    pub left: Option<u32>,
}

#[derive(Debug, Default)]
pub struct State {
    pub rules: Vec<Rule>,
    /// EHLO keywords; `None`: the usual ones.
    pub offers: Option<Vec<String>>,
    pub inbox: VecDeque<Mail>,
}

/// A host's script and inbox.
pub type Shared = Arc<Mutex<State>>;

/// What all hosts together are doing.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections that a rule lets hang.
    pub stalled: AtomicUsize,
}

/// Decides where a message goes that a host has taken: `true` when it isn't for the inbox. Called before the reply.
pub type Route = Arc<dyn Fn(&str, &Mail) -> bool + Send + Sync>;

/// Serves one host until the listener's task is dropped.
pub async fn serve(name: String, listener: TcpListener, state: Shared, route: Route, traffic: Arc<Traffic>) {
    // Sessions end with the host: each holds a receiver that closes when this task is dropped.
    let (_alive, closed) = tokio::sync::watch::channel(());
    while let Ok((stream, _)) = listener.accept().await {
        let mut closed = closed.clone();
        let session = Session {
            name: name.clone(),
            stream: BufReader::new(stream),
            state: state.clone(),
            route: route.clone(),
            traffic: traffic.clone(),
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = session.run() => {}
                _ = closed.changed() => {}
            }
        });
    }
}

struct Session {
    name: String,
    stream: BufReader<TcpStream>,
    state: Shared,
    route: Route,
    traffic: Arc<Traffic>,
}

/// The connection is over.
struct Over;

impl Session {
    async fn run(mut self) -> Result<(), Over> {
        self.answer(Stage::Greeting, "", &format!("220 {} ESMTP", self.name)).await?;
        let mut mail = Mail::default();
        loop {
            let line = self.line().await?;
            let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    let reply = self.greeting();
                    self.answer(Stage::Ehlo, "", &reply).await?;
                }
                "HELO" => self.say(&format!("250 {}", self.name)).await?,
                "MAIL" => {
                    mail = Mail { from: path(rest), ..Mail::default() };
                    self.answer(Stage::Mail, "", "250 2.1.0 ok").await?;
                }
                "RCPT" => {
                    let recipient = path(rest);
                    let bare = bare(&recipient).to_owned();
                    if self.answer(Stage::Rcpt, &bare, "250 2.1.5 ok").await? {
                        mail.to.push(recipient);
                    }
                }
                "DATA" if mail.to.is_empty() => self.say("554 5.5.1 no recipients").await?,
                "DATA" => {
                    if self.answer(Stage::Data, "", "354 go ahead").await? {
                        mail.raw = self.data().await?;
                        self.take(std::mem::take(&mut mail)).await?;
                    }
                }
                "RSET" => {
                    mail = Mail::default();
                    self.say("250 2.0.0 ok").await?;
                }
                "NOOP" => self.say("250 2.0.0 ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Err(Over);
                }
                _ => self.say("500 5.5.1 what?").await?,
            }
        }
    }

    fn greeting(&self) -> String {
        let offers = self.state.lock().expect("no holder panics").offers.clone();
        let usual = || ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned).to_vec();
        let mut lines = vec![self.name.clone()];
        lines.extend(offers.unwrap_or_else(usual));
        let last = lines.len() - 1;
        let framed =
            lines.iter().enumerate().map(|(n, line)| format!("250{}{line}", if n == last { ' ' } else { '-' }));
        framed.collect::<Vec<_>>().join("\r\n")
    }

    /// The message is kept unless the script refuses it.
    async fn take(&mut self, mail: Mail) -> Result<(), Over> {
        let refused = matches!(self.peek(Stage::Dot, ""), Some(Answer::Say(text)) if !text.starts_with('2'));
        if !refused && !(self.route)(&self.name, &mail) {
            self.state.lock().expect("no holder panics").inbox.push_back(mail);
        }
        self.answer(Stage::Dot, "", "250 2.0.0 taken").await?;
        Ok(())
    }

    /// Says what the script says or else `usual`; true when that was 2yz or 3yz.
    async fn answer(&mut self, stage: Stage, recipient: &str, usual: &str) -> Result<bool, Over> {
        let answer = self.peek(stage, recipient);
        self.used(stage, recipient);
        match answer {
            None => self.say(usual).await.map(|()| true),
            Some(Answer::Say(text)) => self.say(&text).await.map(|()| text.starts_with(['2', '3'])),
            Some(Answer::Close) => Err(Over),
            Some(Answer::Stall) => {
                self.traffic.stalled.fetch_add(1, Ordering::SeqCst);
                // Until the peer gives up: whatever it still says is not answered.
                let mut rest = Vec::new();
                let _ = self.stream.read_to_end(&mut rest).await;
                self.traffic.stalled.fetch_sub(1, Ordering::SeqCst);
                Err(Over)
            }
        }
    }

    fn peek(&self, stage: Stage, recipient: &str) -> Option<Answer> {
        let state = self.state.lock().expect("no holder panics");
        state.rules.iter().find(|rule| applies(rule, stage, recipient)).map(|rule| rule.answer.clone())
    }

    fn used(&self, stage: Stage, recipient: &str) {
        let mut state = self.state.lock().expect("no holder panics");
        if let Some(rule) = state.rules.iter_mut().find(|rule| applies(rule, stage, recipient)) {
            rule.left = rule.left.map(|left| left - 1);
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|_| Over)
    }

    async fn line(&mut self) -> Result<String, Over> {
        let line = self.bytes().await?;
        Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
    }

    async fn bytes(&mut self) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line).await {
            Ok(length) if length > 0 => Ok(line),
            _ => Err(Over),
        }
    }

    /// RFC 5321 §4.5.2: a lone dot ends it, another leading dot is taken away.
    async fn data(&mut self) -> Result<Vec<u8>, Over> {
        let mut message = Vec::new();
        loop {
            let line = self.bytes().await?;
            if line == b".\r\n" {
                return Ok(message);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

fn applies(rule: &Rule, stage: Stage, recipient: &str) -> bool {
    let meant = rule.recipient.as_deref().is_none_or(|only| only.eq_ignore_ascii_case(recipient));
    rule.stage == stage && meant && rule.left != Some(0)
}

/// The address of a path, without brackets and parameters.
pub fn bare(path: &str) -> &str {
    path.split('>').next().unwrap_or(path).trim_start_matches('<')
}

/// What follows `FROM:` or `TO:`.
fn path(rest: &str) -> String {
    rest.split_once(':').map_or(rest, |(_, path)| path).trim().to_owned()
}

//! A fake mail host: takes mail over SMTP, keeps envelope and raw message, and answers as its script says. It speaks TLS
//! and wants a login when a story says so, and remembers every command.
//!
//! It shares no code with postcase, and looks at what postcase sends ([`wire`](super::wire)). A message counts as received from the moment before its final dot is answered, so
//! that `dot close` shows a host that has taken mail without saying so.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use postcase::base::Clock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::wire;

/// Between two bytes of a host that drips.
const DRIP: Duration = Duration::from_millis(20);
/// In `heard`, where TLS begins.
const TLS: &str = "(TLS)";

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
    /// The host has taken it and didn't say so.
    pub untold: bool,
}

/// When a rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Ehlo,
    Tls,
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
            "tls" => Self::Tls,
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
    /// A reply, or several with CRLF between them.
    Say(String),
    /// This line again and again.
    Flood(String),
    /// A line without end, byte by byte.
    Drip,
    /// Nothing, for ever.
    Stall,
    /// The connection ends.
    Close,
}

impl Answer {
    /// Only time, or the end of the connection, ends it.
    pub fn hangs(&self) -> bool {
        matches!(self, Self::Stall | Self::Drip)
    }
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
    /// User and password without which mail is refused.
    pub login: Option<(String, String)>,
    /// Every command and response, in order.
    pub heard: Vec<String>,
}

/// A host's script and inbox.
pub type Shared = Arc<Mutex<State>>;

/// What all hosts together are doing.
#[derive(Debug, Default)]
pub struct Traffic {
    pub open: AtomicUsize,
    /// Of them those that a rule lets hang.
    pub stalled: AtomicUsize,
    /// What was wrong with bytes that postcase sent.
    pub faults: Mutex<Vec<String>>,
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
            stream: BufReader::new(Box::new(stream)),
            encrypted: false,
            known: false,
            is_ours: false,
            state: state.clone(),
            route: route.clone(),
            traffic: traffic.clone(),
        };
        let traffic = traffic.clone();
        tokio::spawn(async move {
            traffic.open.fetch_add(1, Ordering::SeqCst);
            tokio::select! {
                _ = session.run() => {}
                _ = closed.changed() => {}
            }
            traffic.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

struct Session {
    name: String,
    stream: BufReader<Box<dyn Duplex>>,
    encrypted: bool,
    /// Logged in.
    known: bool,
    /// Postcase sends.
    is_ours: bool,
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
                    self.is_ours = rest == wire::HOSTNAME;
                    let reply = self.greeting();
                    self.answer(Stage::Ehlo, "", &reply).await?;
                }
                "HELO" => self.say(&format!("250 {}", self.name)).await?,
                "STARTTLS" if !self.encrypted => self.encrypt().await?,
                "AUTH" => self.log_in(rest).await?,
                "MAIL" if !self.known && self.state.lock().expect("no holder panics").login.is_some() => {
                    self.say("530 5.7.0 who are you?").await?;
                }
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
        lines.retain(|line| line != "STARTTLS" || !self.encrypted);
        let last = lines.len() - 1;
        let framed =
            lines.iter().enumerate().map(|(n, line)| format!("250{}{line}", if n == last { ' ' } else { '-' }));
        framed.collect::<Vec<_>>().join("\r\n")
    }

    async fn encrypt(&mut self) -> Result<(), Over> {
        let scripted = self.peek(Stage::Tls, "").is_some();
        if self.answer(Stage::Tls, "", "220 2.0.0 go ahead").await? && scripted {
            self.say("but not with me").await?;
            return Err(Over);
        } else if scripted {
            return Ok(());
        }
        let nothing: Box<dyn Duplex> = Box::new(tokio::io::empty());
        let clear = std::mem::replace(&mut self.stream, BufReader::new(nothing)).into_inner();
        let secured = acceptor().accept(clear).await.map_err(|_| Over)?;
        self.stream = BufReader::new(Box::new(secured));
        self.encrypted = true;
        self.state.lock().expect("no holder panics").heard.push(TLS.to_owned());
        Ok(())
    }

    /// `PLAIN response` or `LOGIN`.
    async fn log_in(&mut self, rest: &str) -> Result<(), Over> {
        let decoded = |text: &str| BASE64.decode(text.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let said = match rest.split_once(' ') {
            Some((_, response)) => decoded(response).unwrap_or_default(),
            None => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = self.line().await?;
                self.say("334 UGFzc3dvcmQ6").await?;
                let password = self.line().await?;
                ["", &user, &password].map(|text| decoded(text).unwrap_or_default()).join("\0")
            }
        };
        let wanted = self.state.lock().expect("no holder panics").login.clone();
        self.known = wanted.is_some_and(|(user, password)| said == format!("\0{user}\0{password}"));
        self.say(if self.known { "235 2.7.0 welcome" } else { "535 5.7.8 wrong user or password" }).await
    }

    /// The message is kept unless the script refuses it.
    async fn take(&mut self, mut mail: Mail) -> Result<(), Over> {
        if self.is_ours
            && let Some(address) = wire::betrayed(&mail)
        {
            self.fault(&format!("the service address {address}"));
        }
        let answer = self.peek(Stage::Dot, "");
        let refused = matches!(&answer, Some(Answer::Say(text)) if !text.starts_with('2'));
        mail.untold = !matches!(answer, None | Some(Answer::Say(_)));
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
            Some(Answer::Flood(line)) => loop {
                self.say(&line).await?;
            },
            Some(Answer::Drip) => {
                self.traffic.stalled.fetch_add(1, Ordering::SeqCst);
                let _ = self.drip().await;
                self.traffic.stalled.fetch_sub(1, Ordering::SeqCst);
                Err(Over)
            }
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

    async fn drip(&mut self) -> std::io::Result<()> {
        self.stream.write_all(b"250-").await?;
        loop {
            self.stream.write_all(b"x").await?;
            Clock::system().sleep(DRIP).await;
        }
    }

    fn fault(&self, what: &str) {
        let fault = format!("{} got bytes from postcase with {what}", self.name);
        self.traffic.faults.lock().expect("no holder panics").push(fault);
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
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        self.state.lock().expect("no holder panics").heard.push(line.clone());
        Ok(line)
    }

    async fn bytes(&mut self) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line).await {
            // What ends in the middle is of a peer that died.
            Ok(_) if line.ends_with(b"\n") => Ok(line),
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
            if self.is_ours
                && let Some(wrong) = wire::wrong_line(&line)
            {
                self.fault(wrong);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

/// As mail.relay.example, whose certificate the authority of the stories has signed.
fn acceptor() -> TlsAcceptor {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let chain = CertificateDer::from_pem_file(folder.join("relay-certificate.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("relay-key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![chain], key));
    Arc::new(config.expect("the key is the certificate's")).into()
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

//! Plays a story's dialogue against a server and compares what comes of it.
//!
//! The first difference ends the story with its line, what was expected and what came. When asked to, differences
//! become new expected blocks instead. Every step has a guard of real time, so that nothing hangs.

mod directives;
mod output;

pub use directives::rule as peer_rule;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use postcase::base::{Clock, Time, time};

use crate::internet::Internet;
use crate::pattern::{self, Names};
use crate::script::{self, Act, Piece, Step};
use crate::smtp::{self, Connection};
use crate::subject::Subject;
use crate::unit::Unit;

/// Connection that a dialogue has without naming it.
const FIRST: &str = "first";
/// What stands for the end of a connection.
const CLOSED: &str = "(closed)";
/// Forwarded mail may cause mail; a story that is busy longer than this runs in a circle.
const ROUNDS_MAX: usize = 100;
/// Steps in which a span of time passes at most, so that what is due in between happens at its time.
const CLOCK_STEPS_MAX: u64 = 240;
/// How long a settling server gets while a peer lets it hang: it can't settle then.
const STALLED: Duration = Duration::from_millis(100);

/// A story under way.
pub struct Player {
    subject: Box<dyn Subject>,
    internet: Internet,
    names: Names,
    now: Time,
    connections: BTreeMap<String, Connection>,
    current: String,
    /// Lines of the last output, for `@let`.
    output: Vec<String>,
    update: bool,
}

impl Player {
    pub fn new(subject: Box<dyn Subject>, internet: Internet, now: Time, update: bool) -> Self {
        let names = Names::from([("mx_port".to_owned(), internet.port.to_string())]);
        let (connections, current) = (BTreeMap::new(), FIRST.to_owned());
        Self { subject, internet, names, now, connections, current, output: Vec::new(), update }
    }

    /// Lets `{name}` stand for the text.
    pub fn knowing(mut self, name: &str, text: &str) -> Self {
        self.names.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Plays all of it. The text with new blocks when it was to be updated and differs.
    pub async fn play(mut self, name: &str, text: &str) -> Result<Option<String>, String> {
        let at = |line: usize, what: String| format!("{name}:{line}: {what}");
        let steps = script::read(text).map_err(|mistake| at(mistake.line, mistake.what))?;
        let mut replacements = Vec::new();
        for step in &steps {
            let new = self.step(step).await.map_err(|what| at(step.line, what))?;
            replacements.extend(new.map(|new| (step, new)));
        }
        self.settle().await.map_err(|what| format!("{name}: at the end: {what}"))?;
        if let Some((host, mail)) = self.internet.unseen().first() {
            let lines = output::mail(mail, &[]).join("\n  ");
            return Err(format!("{name}: at the end {host} holds mail that nobody looked at:\n  {lines}"));
        }
        if let Some(fault) = self.internet.faults().first() {
            return Err(format!("{name}: {fault}"));
        }
        self.connections.clear();
        let stop = async {
            self.subject.stop().await;
            Ok(())
        };
        smtp::guarded("stop", stop).await.map_err(|what| format!("{name}: at the end: {what}"))?;
        Ok((!replacements.is_empty()).then(|| script::rewritten(text, &replacements)))
    }

    /// One step; its new block when it differs and may.
    async fn step(&mut self, step: &Step) -> Result<Option<Vec<String>>, String> {
        self.internet.lead_home(self.subject.smtp());
        let got = match &step.act {
            Act::Send(pieces) => {
                let bytes = self.bytes(pieces)?;
                self.connection().await?.write(&bytes).await?;
                return Ok(None);
            }
            Act::Replies => self.replies(&step.expected).await?,
            Act::Directive { name, words, document } => {
                let shown = directives::run(self, name, words, document.as_deref(), &step.expected).await?;
                let Some(got) = shown else {
                    let needless = !step.expected.is_empty();
                    return if needless { Err(format!("@{name} shows nothing to compare")) } else { Ok(None) };
                };
                got
            }
        };
        // Nobody sees blanks at the end of a line, and editors take them away.
        let trimmed = |lines: &[String]| lines.iter().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        let (expected, got) = (trimmed(&step.expected), trimmed(&got));
        self.output.clone_from(&got);
        if pattern::lines_match(&expected, &got, &mut self.names) {
            return Ok(None);
        }
        if self.update {
            return Ok(Some(self.anew(&expected, &got)));
        }
        let listed = |lines: &[String]| lines.iter().map(|line| format!("\n  {line}")).collect::<String>();
        Err(format!("expected:{}\ngot:{}", listed(&expected), listed(&got)))
    }

    /// The block to write: old lines where they still match, in order, else what came, masked.
    fn anew(&mut self, expected: &[String], got: &[String]) -> Vec<String> {
        let mut old = expected;
        let mut keep = |line: &String| {
            let mut names = self.names.clone();
            let kept = old.iter().position(|pattern| pattern != "…" && pattern::matches(pattern, line, &mut names));
            let Some(at) = kept else { return pattern::masked(line, &self.names) };
            self.names = names;
            let pattern = old[at].clone();
            old = &old[at + 1..];
            pattern
        };
        got.iter().map(&mut keep).collect()
    }

    fn bytes(&self, pieces: &[Piece]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Line(text) => {
                    bytes.extend_from_slice(pattern::filled(text, &self.names)?.as_bytes());
                    bytes.extend_from_slice(b"\r\n");
                }
                Piece::Raw(text) => bytes.extend(script::unescaped(&pattern::filled(text, &self.names)?)?),
            }
        }
        Ok(bytes)
    }

    /// The current connection, opened when it isn't yet.
    async fn connection(&mut self) -> Result<&mut Connection, String> {
        if !self.connections.contains_key(&self.current) {
            self.open(None, false).await?;
        }
        Ok(self.connections.get_mut(&self.current).expect("just opened"))
    }

    async fn open(&mut self, from: Option<IpAddr>, lmtp: bool) -> Result<(), String> {
        let to = if lmtp { self.subject.lmtp().ok_or("nobody listens for LMTP")? } else { self.subject.smtp() };
        let connection = Connection::open(to, from).await?;
        self.connections.insert(self.current.clone(), connection);
        Ok(())
    }

    /// As many whole replies as are expected.
    async fn replies(&mut self, expected: &[String]) -> Result<Vec<String>, String> {
        let last_line = |line: &&String| *line != "…" && line.as_bytes().get(3) != Some(&b'-');
        let count = expected.iter().filter(last_line).count();
        let mut got = Vec::new();
        for _ in 0..count {
            let reply = self.connection().await?.reply().await;
            match reply.map_err(|what| format!("{what}; expected {expected:?}, got so far {got:?}"))? {
                lines if lines.is_empty() => {
                    got.push(CLOSED.to_owned());
                    self.connections.remove(&self.current);
                    break;
                }
                lines => got.extend(lines),
            }
        }
        Ok(got)
    }

    /// Until neither the server nor the fake internet has anything to do at this time.
    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            self.internet.lead_home(self.subject.smtp());
            let settled = smtp::guarded("settle", async {
                self.subject.settle().await;
                Ok(())
            });
            tokio::select! {
                biased;
                done = settled => done?,
                () = hanging(&self.internet) => return Ok(()),
            }
            if self.internet.deliver(self.now).await == 0 {
                return Ok(());
            }
        }
        Err(format!("still busy after {ROUNDS_MAX} rounds of mail: is it a loop?"))
    }

    /// Lets time pass in steps of a minute or more.
    async fn pass(&mut self, span: Duration) -> Result<(), String> {
        let step = Duration::from_secs((span.as_secs() / CLOCK_STEPS_MAX).max(60));
        let mut left = span;
        while !left.is_zero() {
            let by = step.min(left);
            left -= by;
            self.subject.advance(by);
            self.now = time::later(self.now, by);
            self.settle().await?;
        }
        Ok(())
    }
}

/// Returns when a peer has let somebody hang for a while.
async fn hanging(internet: &Internet) {
    let clock = Clock::system();
    loop {
        clock.sleep(STALLED / 5).await;
        if internet.stalled() > 0 {
            clock.sleep(STALLED).await;
            if internet.stalled() > 0 {
                return;
            }
        }
    }
}

pub fn units() -> Vec<Unit> {
    [output::units(), directives::units()].into_iter().flatten().collect()
}

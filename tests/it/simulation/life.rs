//! One life of a server: what happens to it, step by step, as a seed decides. Each step notes in the model what must be
//! true from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use postcase::address::OverLimit;
use postcase::base::Clock;
use postcase::base::time::later;
use postcase::desk::Command;
use postcase::desk::command::{AddressSettings, CaseFilter, MessageFilter, ReplyRequest};
use postcase::store::simulated::{Fault, Operation};
use serde_json::Value;

use super::customer::{self, Fate, From, Manner};
use super::draw::Draw;
use super::hosts;
use super::model::{Address, Belongs, Letter, Model, Reply, letter_of};
use super::mover::Mover;
use super::network::Network;
use super::peers::{Got, Peers};
use super::site::{End, Site};

const ADDRESSES: [&str; 4] = ["support", "sales", "slow", "full"];
const CUSTOMERS: [&str; 4] =
    ["anna@customer.example", "ben@customer.example", "cleo@shop.example", "\"d e\"@shop.example"];
const POSTMASTER: &str = "postmaster@in.example.net";
/// Steps of the long way to the end, in which everything that was put off happens.
const ROUNDS_MAX: usize = 80;

pub struct Life {
    pub draw: Draw,
    pub site: Site,
    pub peers: Peers,
    pub network: Network,
    pub model: Model,
    /// What happened, for whoever looks at a failure.
    pub story: Vec<String>,
}

impl Life {
    /// A server with four addresses, two of them limited, all verified.
    pub async fn begin(seed: u64, clock: Clock, mover: Mover) -> Result<Self, String> {
        let draw = Draw::new(seed);
        let hard_ends = Arc::new(AtomicU32::new(0));
        let network = Network::new(clock.clone(), draw.number());
        let peers = Peers::start(&network, clock.clone(), draw.number(), hard_ends.clone());
        let site = Site::start(&draw, network.clone(), hard_ends, mover, clock).await?;
        let mut life = Self { draw, site, peers, network, model: Model::default(), story: Vec::new() };
        for (n, local) in ADDRESSES.into_iter().enumerate() {
            life.register(&format!("{local}@company.example"), n >= 2, local == "full").await?;
        }
        life.trouble()?;
        Ok(life)
    }

    async fn register(&mut self, name: &str, limited: bool, bounces: bool) -> Result<(), String> {
        let address: postcase::base::Mailbox = name.parse().expect("an address");
        let settings = AddressSettings {
            rate_limit: limited.then_some(3),
            over_limit: bounces.then_some(OverLimit::Bounce),
            ..AddressSettings::default()
        };
        let shown = self.site.show(Command::AddressAdd { address: address.clone(), settings: settings.into() }).await?;
        self.site.settle().await?;
        let probe = self.peers.got().into_iter().rfind(|got| got.to == [name]).ok_or("the probe didn't come")?;
        let code = probe.raw.lines().find_map(|line| line.strip_prefix("Code: ")).ok_or("the probe has no code")?;
        self.site.show(Command::AddressConfirm { address, code: code.trim().to_owned() }).await?;
        let service = shown["service_address"].as_str().unwrap_or_default().to_owned();
        self.model.addresses.push(Address { name: name.into(), service, disabled: false, removed: false });
        Ok(())
    }

    /// One step.
    pub async fn step(&mut self) -> Result<(), String> {
        match self.draw.below(100) {
            0..35 => self.letters().await,
            35..52 => self.reply().await,
            52..60 => self.settle().await,
            60..65 => self.time_passes(),
            65..68 => self.strangers().await,
            68..75 => self.end().await,
            75..80 => self.power_will_go().await,
            80..85 => self.disk_will_fail().await,
            85..89 => self.trouble(),
            89..92 => self.cut_off(),
            92..95 => self.change_address().await,
            _ => self.change_case().await,
        }
    }

    /// Everything becomes right again, and so much time passes that nothing waits any more.
    pub async fn come_to_rest(&mut self) -> Result<(), String> {
        self.strangers().await?;
        self.letters().await?;
        self.peers.trouble(0);
        self.network.trouble(0);
        self.network.heal();
        self.nothing_is_kept().await?;
        self.site.end(End::Kill, &Draw::new(0)).await?;
        for name in self.disabled() {
            let address = name.parse().expect("an address");
            self.site.show(Command::AddressEnable { address }).await?;
        }
        self.model.addresses.iter_mut().for_each(|address| address.disabled = false);
        let mut left = String::new();
        for _ in 0..ROUNDS_MAX {
            if !self.site.settle().await? {
                return Err("the store failed without any fault".into());
            }
            let waiting: Vec<usize> = self.waiting();
            for n in &waiting {
                self.send(&[(*n, Manner::Patient)]).await?;
            }
            let mut undecided = self.messages().await?;
            undecided.retain(|row| row["disposition"].is_null() && row["direction"] == "inbound");
            let spool = self.site.show(Command::SpoolList { limit: None }).await?;
            if waiting.is_empty() && undecided.is_empty() && spool == Value::Array(Vec::new()) {
                return Ok(());
            }
            left = format!("letters {waiting:?}, undecided {undecided:?}, spool {spool}");
            self.site.clock.advance(Duration::from_secs(7 * 3600));
        }
        Err(format!("never comes to rest: {left}"))
    }

    /// All messages, both ways.
    pub async fn messages(&self) -> Result<Vec<Value>, String> {
        let filter = MessageFilter { direction: Some("any".into()), ..MessageFilter::default() };
        let all = self.site.show(Command::MessageList(filter)).await?;
        Ok(all.as_array().cloned().unwrap_or_default())
    }

    /// A few letters at a time.
    async fn letters(&mut self) -> Result<(), String> {
        let mut burst = Vec::new();
        let decided = self.decided().await?;
        for _ in 0..1 + self.draw.below(4) {
            let n = match self.draw.below(10) {
                0..3 => Some(self.new_letter()),
                3..5 => self.follow_up(&decided),
                5..7 => self.answer(),
                7 => self.report(),
                8 => self.draw.of(&self.waiting()).copied(),
                // Once more, though it was taken.
                _ => self.draw.of(&self.model.known_letters()).copied(),
            };
            let manner = match self.draw.below(13) {
                0 => Manner::GoneInMessage,
                1 | 2 => Manner::GoneAfterDot,
                3 => Manner::Silent,
                4 => Manner::Vanishes,
                _ => Manner::Patient,
            };
            burst.extend(n.map(|n| (n, manner)));
        }
        self.send(&burst).await
    }

    fn waiting(&self) -> Vec<usize> {
        (0..self.model.letters.len()).filter(|n| self.model.letters[*n].waits).collect()
    }

    fn disabled(&self) -> Vec<String> {
        let disabled = self.model.addresses.iter().filter(|address| address.disabled && !address.removed);
        disabled.map(|address| address.name.clone()).collect()
    }

    fn write(&mut self, author: &str, to: Vec<String>, conversation: usize, refers_to: &str) -> usize {
        let n = self.model.letters.len();
        let author = author.to_owned();
        let message_id = format!("<letter-{n}@{}>", author.rsplit_once('@').map_or("", |(_, domain)| domain));
        let refers = if refers_to.is_empty() { String::new() } else { format!("In-Reply-To: {refers_to}\r\n") };
        let text = ".dots\r\n..and text.\r\n".repeat(1 + self.draw.below(if self.draw.one_in(8) { 4000 } else { 8 }));
        let raw = format!(
            "From: {author}\r\nTo: {}\r\nSubject: letter {n} \r\nMessage-ID: {message_id}\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n{refers}\r\n{text}",
            to.join(", ")
        );
        self.model.letters.push(Letter {
            message_id,
            reverse_path: author.clone(),
            author,
            to,
            raw: raw.into_bytes(),
            conversation,
            belongs: Belongs::Conversation,
            third_party: false,
            taken: Vec::new(),
            tries: 0,
            waits: false,
        });
        n
    }

    /// Nothing ties it to a case, whatever it claims.
    fn new_letter(&mut self) -> usize {
        let author = CUSTOMERS[self.draw.below(CUSTOMERS.len())];
        let mut to = vec![match self.draw.below(ADDRESSES.len() + 1) {
            n if n < ADDRESSES.len() => self.one_of(n),
            _ => POSTMASTER.to_owned(),
        }];
        if to[0].starts_with("support") && self.draw.one_in(3) {
            to.push(self.one_of(1));
        }
        let claims = match self.draw.below(4) {
            0 => {
                // The token of a real reply with another end, or somebody else's letter.
                let forged = self.draw.of(&self.model.replies).map(|reply| forged(&reply.message_id));
                forged.unwrap_or_default()
            }
            1 => {
                let others = self.model.letters.iter().filter(|letter| letter.author != author);
                let others: Vec<String> = others.map(|letter| letter.message_id.clone()).collect();
                let stranger = format!("{}-other@elsewhere.example", self.model.letters.len());
                let claimed = self.draw.of(&others).cloned().unwrap_or_default();
                let conversation = self.model.new_conversation();
                return self.write(&stranger, to, conversation, &claimed);
            }
            _ => String::new(),
        };
        let conversation = self.model.new_conversation();
        self.write(author, to, conversation, &claims)
    }

    /// The address with this index, under one of its names.
    fn one_of(&self, n: usize) -> String {
        let address = &self.model.addresses[n];
        if self.draw.one_in(2) { address.name.clone() } else { address.service.clone() }
    }

    /// Refers to the author's own letter. One that was put off to another day can be overtaken when that day begins.
    fn follow_up(&mut self, decided: &BTreeSet<usize>) -> Option<usize> {
        let former = *self.draw.of(&self.model.known_letters())?;
        let overtakes = !decided.contains(&former) && self.model.letters[former].to[0].starts_with("slow");
        let former = self.model.letters[former].clone();
        let conversation = self.model.continued(former.conversation);
        let n = self.write(&former.author, former.to, conversation, &former.message_id);
        if overtakes && conversation == former.conversation {
            self.model.letters[n].belongs = Belongs::Either;
        }
        Some(n)
    }

    /// Letters that have a disposition, as far as that can be asked now.
    async fn decided(&self) -> Result<BTreeSet<usize>, String> {
        let Ok(rows) = self.site.ask(Command::MessageList(MessageFilter::default())).await? else {
            return Ok(BTreeSet::new());
        };
        let rows = rows.as_array().into_iter().flatten().filter(|row| row["disposition"].is_string());
        Ok(rows.filter_map(|row| letter_of(row["subject"].as_str()?)).collect())
    }

    /// Answers one of our replies, as its recipient or as somebody else.
    fn answer(&mut self) -> Option<usize> {
        let (got, reply) = self.received_reply()?;
        let conversation = self.model.continued(reply.conversation);
        let opens = conversation != reply.conversation;
        let third_party = !opens && self.draw.one_in(5);
        let colleague = format!("colleague-{}@elsewhere.example", self.model.letters.len());
        let author = if third_party { colleague } else { reply.recipients[0].clone() };
        let n = self.write(&author, vec![reply.from.clone()], conversation, got.message_id());
        self.model.letters[n].third_party = third_party;
        Some(n)
    }

    /// A delivery report to the reverse-path of one of our replies.
    fn report(&mut self) -> Option<usize> {
        let (got, reply) = self.received_reply()?;
        let about = self.model.replies.iter().position(|known| known.message_id == reply.message_id)?;
        let n = self.write("mailer-daemon@peer.example", vec![got.from], reply.conversation, got.raw.lines().next()?);
        let letter = &mut self.model.letters[n];
        letter.reverse_path = String::new();
        letter.belongs = Belongs::Report(about);
        Some(n)
    }

    fn received_reply(&self) -> Option<(Got, Reply)> {
        let got = self.peers.got();
        let pairs: Vec<(Got, Reply)> = got
            .into_iter()
            .filter_map(|got| {
                let reply = self.model.replies.iter().find(|reply| reply.message_id == got.message_id())?;
                Some((got, reply.clone()))
            })
            .collect();
        self.draw.of(&pairs).cloned()
    }

    /// Sends letters side by side and notes what their senders were told.
    async fn send(&mut self, burst: &[(usize, Manner)]) -> Result<(), String> {
        let to = self.site.smtp();
        let mut sessions = Vec::new();
        for (n, manner) in burst {
            let letter = self.model.letters[*n].clone();
            let (manner, clock) = (*manner, self.site.clock.clone());
            let from = From { host: self.network.host(hosts::of(&letter.author)), clock };
            sessions.push((
                *n,
                manner,
                tokio::spawn(async move {
                    customer::send((from, to), &letter.reverse_path, &letter.to, &letter.raw, manner).await
                }),
            ));
        }
        for (n, manner, session) in sessions {
            let session = self.site.guarded("a customer", session).await?;
            let fate = session.map_err(|error| error.to_string())?.map_err(|what| format!("letter {n}: {what}"))?;
            self.story.push(format!("letter {n} ({manner:?}) to {:?}: {fate:?}", self.model.letters[n].to));
            let letter = &mut self.model.letters[n];
            letter.tries += usize::from(!matches!(fate, Fate::Refused(_)));
            match fate {
                Fate::Taken { id, recipients } => {
                    letter.taken.push((id, recipients));
                    letter.waits = false;
                }
                Fate::Refused(_) => letter.waits = false,
                Fate::Later | Fate::Lost => letter.waits = letter.taken.is_empty(),
            }
        }
        Ok(())
    }

    /// The cases whose conversation is known, by number.
    async fn cases(&self) -> Result<BTreeMap<u64, usize>, String> {
        let all = match self.site.ask(Command::CaseList(CaseFilter::default())).await? {
            Ok(all) => all,
            Err(_) => return Ok(BTreeMap::new()),
        };
        let known = |case: &Value| {
            let n = letter_of(case["subject"].as_str()?)?;
            let conversation = self.model.letters.get(n)?.conversation;
            let opener = self.model.conversations[conversation].opener;
            (opener == n).then_some((case["number"].as_u64()?, conversation))
        };
        Ok(all.as_array().into_iter().flatten().filter_map(known).collect())
    }

    async fn reply(&mut self) -> Result<(), String> {
        let cases: Vec<(u64, usize)> = self.cases().await?.into_iter().collect();
        let Some(&(number, conversation)) = self.draw.of(&cases) else { return Ok(()) };
        let cc = if self.draw.one_in(4) { vec!["eve@shop.example".parse().expect("an address")] } else { Vec::new() };
        let request = ReplyRequest {
            number,
            body: "Hello\n.\nand more".into(),
            by: None,
            from: None,
            to: Vec::new(),
            cc,
            all: self.draw.one_in(3),
            attachments: Vec::new(),
            seen: None,
            preview: false,
            no_quote: self.draw.one_in(3),
            status: None,
        };
        let said = self.site.ask(Command::CaseReply(request)).await?;
        self.story.push(format!("reply on case {number}: {said:?}"));
        match said {
            Ok(said) => {
                let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
                let people = |name: &str| said[name].as_array().cloned().unwrap_or_default();
                let recipients = people("to").into_iter().chain(people("cc"));
                let recipients = recipients.filter_map(|one| one.as_str().map(str::to_owned)).collect();
                let (message_id, id, from) = (text("message_id"), text("spool_id"), text("from"));
                self.model.replies.push(Reply { message_id, id, case: number, conversation, from, recipients });
            }
            Err(_) => self.model.unsure += 1,
        }
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), String> {
        if !self.site.settle().await? {
            self.story.push("the store has failed".into());
            self.end_as(End::Stop).await?;
        }
        Ok(())
    }

    /// Once the network is well again and nobody sends anything, the server has nothing in hand any more.
    async fn nothing_is_kept(&mut self) -> Result<(), String> {
        // Its store may have failed; then nothing of this is of any use to it.
        if !self.site.settle().await? {
            return Ok(());
        }
        self.site.wait(Duration::from_secs(2 * 3600)).await?;
        if !self.site.settle().await? {
            return Ok(());
        }
        let kept = self.site.keeps().await;
        if kept.is_empty() { Ok(()) } else { Err(format!("at rest, and still in hand: {kept:?}")) }
    }

    /// Somebody makes many connections that come to nothing.
    async fn strangers(&mut self) -> Result<(), String> {
        let count = [2, 5, 60][self.draw.below(3)];
        let host = self.network.host(hosts::STRANGER);
        let stranger = From { host, clock: self.site.clock.clone() };
        self.story.push(format!("{count} strangers"));
        for n in 0..count {
            let said = self.draw.below(5);
            let connecting = self.site.guarded("a stranger", stranger.connect(self.site.smtp()));
            let Some(mut line) = connecting.await? else { continue };
            let words = ["", "EHLO", "EHLO x\r\nMAIL FROM:<> SIZE=500000\r\n", "GET / HTTP/1.1\r\n", "QUIT\r\n"][said];
            self.site.guarded("a stranger", line.say(words.as_bytes())).await?;
            // Some say that they are gone.
            if n % 2 == 0 {
                line.vanish();
            }
        }
        Ok(())
    }

    /// A host, or this one, can't be reached for a while.
    fn cut_off(&mut self) -> Result<(), String> {
        let (name, address) = hosts::ALL[self.draw.below(hosts::ALL.len())];
        let time = Duration::from_secs([20, 120, 900, 8000][self.draw.below(4)]);
        self.story.push(format!("{name} is cut off for {time:?}"));
        self.network.cut_off(address, later(self.site.clock.now(), time));
        Ok(())
    }

    fn time_passes(&mut self) -> Result<(), String> {
        let seconds = [1, 60, 3600, 30_000][self.draw.below(4)];
        self.story.push(format!("{seconds} s pass"));
        self.site.clock.advance(Duration::from_secs(seconds));
        Ok(())
    }

    async fn end(&mut self) -> Result<(), String> {
        let end = [End::Stop, End::Kill, End::Power, End::PowerDroppingAll][self.draw.below(4)];
        self.end_as(end).await
    }

    async fn end_as(&mut self, end: End) -> Result<(), String> {
        self.story.push(format!("{end:?}"));
        self.site.end(end, &self.draw).await
    }

    /// A little goes on while the power is about to go.
    async fn power_will_go(&mut self) -> Result<(), String> {
        let changes = 1 + self.draw.below(40) as u64;
        self.story.push(format!("the power goes at change {changes}"));
        self.site.medium.cut_at(changes);
        self.letters().await?;
        self.reply().await?;
        self.end_as(End::Power).await
    }

    async fn disk_will_fail(&mut self) -> Result<(), String> {
        let operation = [Operation::Write, Operation::Sync, Operation::SetLen][self.draw.below(3)];
        let room = Fault::NoRoom { written: self.draw.below(600) };
        let fault = if self.draw.one_in(2) { Fault::Io } else { room };
        let nth = 1 + self.draw.below(12) as u64;
        self.story.push(format!("{operation:?} {nth} will end with {fault:?}"));
        self.site.fail(operation, nth, fault);
        self.letters().await?;
        self.reply().await?;
        if !self.draw.one_in(3) {
            self.settle().await?;
        }
        self.end().await
    }

    fn trouble(&mut self) -> Result<(), String> {
        let one_in = [0, 2, 4, 10][self.draw.below(4)];
        let of_network = [0, 2, 4, 10][self.draw.below(4)];
        self.story.push(format!("goes wrong: one step of the peers in {one_in}, one connection in {of_network}"));
        self.peers.trouble(one_in);
        self.network.trouble(of_network);
        Ok(())
    }

    async fn change_address(&mut self) -> Result<(), String> {
        let n = self.draw.below(self.model.addresses.len());
        let (draw, known) = (&self.draw, &mut self.model.addresses[n]);
        let address: postcase::base::Mailbox = known.name.parse().expect("an address");
        if known.removed {
            return Ok(());
        }
        let removes = draw.one_in(6);
        let command = match known.disabled {
            _ if removes => Command::AddressRemove { address },
            true => Command::AddressEnable { address },
            false => Command::AddressDisable { address },
        };
        self.story.push(format!("{command:?}"));
        // A step before may have left a store that is about to fail; what was refused then changed nothing we rely on.
        if self.site.ask(command).await?.is_ok() {
            known.removed |= removes;
            known.disabled = !removes && !known.disabled;
        }
        Ok(())
    }

    async fn change_case(&mut self) -> Result<(), String> {
        let cases: Vec<(u64, usize)> = self.cases().await?.into_iter().collect();
        let Some(&(number, conversation)) = self.draw.of(&cases) else { return Ok(()) };
        let status = ["open", "pending", "resolved", "closed"][self.draw.below(4)];
        if status == "closed" && !self.site.settle().await? {
            return self.end_as(End::Stop).await;
        }
        if self.model.conversations[conversation].closed {
            return Ok(());
        }
        let changes = BTreeMap::from([("status".to_owned(), status.to_owned())]);
        let done = self.site.ask(Command::CaseSet { number, changes, by: None }).await?;
        self.story.push(format!("case {number} becomes {status}: {}", done.is_ok()));
        if status == "closed" && done.is_ok() {
            let decided = self.decided().await?;
            self.model.close(conversation, &decided);
        }
        Ok(())
    }
}

/// The same token with another end.
fn forged(message_id: &str) -> String {
    let (token, domain) = message_id.split_once('@').unwrap_or((message_id, ""));
    let (rest, last) = token.split_at(token.len() - 3);
    let other: String = last.chars().map(|c| if c == 'a' { 'b' } else { 'a' }).collect();
    format!("{rest}{other}@{domain}")
}

//! The protocol of one session as a state machine without I/O (RFC 5321 §4.1.4).
//!
//! A command is first *checked*, which changes nothing, and then *proceeds*, which can't fail. The state is moved by value:
//! a mail transaction exists only inside [`State::Transaction`], and DATA hands it out whole, so none can be forgotten or
//! used twice. Whoever drives the session does what each [`Action`] says, one at a time, and writes the replies in order.
//!
//! Every reply passes through the session, which counts the permanent refusals; temporary ones aren't the peer's fault.
//!
//! After a TLS handshake the session is a new one that knows nothing of what was said before (RFC 3207 §4.2) but how
//! often the peer was refused. LMTP (RFC 2033) is the same machine with LHLO and more replies to one message.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use super::command::{self, Command, ForwardPath, Mail};
use super::end_of_data::Flaw;
use super::host::Hold;
use super::{End, Protocol, Settings};
use crate::base::{Envelope, Mailbox, Reply, ReversePath, Time};

/// One peer's session.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    protocol: Protocol,
    tls: Tls,
    state: State,
    errors: u32,
}

/// What the session has of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// There is no certificate.
    None,
    Offered,
    /// The version and cipher suite in use.
    Active(String),
}

/// Where the session stands.
#[derive(Debug, Default)]
enum State {
    /// We have spoken; the peer hasn't said who it is.
    #[default]
    Greeted,
    Identified(Client),
    Transaction(Transaction),
}

/// What the peer called itself.
#[derive(Clone, Debug)]
struct Client {
    name: String,
    /// EHLO, not HELO.
    extended: bool,
}

/// From MAIL to the end of data, or to whatever ends it before.
#[derive(Debug)]
pub struct Transaction {
    client: Client,
    from: ReversePath,
    smtputf8: bool,
    require_tls: bool,
    to: Vec<Mailbox>,
    /// RCPT commands that were accepted, those that repeat a recipient too.
    accepted: usize,
    hold: Hold,
}

/// What whoever drives the session has to do.
#[derive(Debug)]
pub enum Action {
    /// Say this.
    Reply(Reply),
    /// Ask the host, and give its answer to [`Session::open`].
    Open(Mail),
    /// Ask the host, and give its answer to [`Session::recipient`].
    Ask { from: ReversePath, recipient: Mailbox },
    /// Say 354, read the message, and give what became of it to [`Session::message`].
    Receive(Transaction),
    /// Say 220, shake hands, and tell [`Session::secured`].
    Secure,
    /// Say the last words and close.
    End(End),
}

/// A command that may proceed.
enum Checked {
    Identify(Client),
    Open(Mail),
    Ask(Mailbox),
    /// The recipient is in the transaction already.
    Again,
    Receive,
    Secure,
    Reset,
    /// Nothing changes.
    Say(Reply),
    End(End),
}

impl Session {
    pub fn new(settings: Arc<Settings>, protocol: Protocol, tls: Tls) -> Self {
        Self { settings, protocol, tls, state: State::default(), errors: 0 }
    }

    /// The handshake of [`Action::Secure`] is done: all that the peer said before is forgotten.
    pub fn secured(&mut self, agreed: String) {
        let errors = self.errors;
        *self = Self { errors, ..Self::new(Arc::clone(&self.settings), self.protocol, Tls::Active(agreed)) };
    }

    /// The first words.
    pub fn greeting(&self) -> Reply {
        let protocol = match self.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        Reply::plain(220, format!("{} {protocol} postcase", self.settings.hostname))
    }

    /// Takes one line as it came, with its line end.
    pub fn command(&mut self, line: &[u8]) -> Action {
        match command::parse(line).and_then(|command| self.check(command)) {
            Ok(checked) => self.proceed(checked),
            Err(refusal) => Action::Reply(self.counted(refusal)),
        }
    }

    /// The host's verdict on the transaction of [`Action::Open`].
    pub fn open(&mut self, mail: Mail, verdict: Result<Hold, Reply>) -> Reply {
        let reply = match verdict {
            Ok(hold) => {
                self.state = mem::take(&mut self.state).open(mail, hold);
                Reply::success(50, 1, 0, "sender taken")
            }
            Err(refusal) => refusal,
        };
        self.counted(reply)
    }

    /// The host's verdict on the recipient of [`Action::Ask`].
    pub fn recipient(&mut self, recipient: Mailbox, verdict: Result<(), Reply>) -> Reply {
        let reply = match (&mut self.state, verdict) {
            (State::Transaction(transaction), Ok(())) => {
                transaction.to.push(recipient);
                transaction.accepted += 1;
                recipient_accepted()
            }
            (_, Ok(())) => out_of_order("MAIL first"),
            (_, Err(refusal)) => refusal,
        };
        self.counted(reply)
    }

    /// What became of the message of [`Action::Receive`].
    pub fn message(&mut self, answer: Result<Reply, Reply>) -> Reply {
        self.counted(answer.unwrap_or_else(|refusal| refusal))
    }

    /// How often the peer was refused for good.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// May this command be given now? Changes nothing.
    fn check(&self, command: Command) -> Result<Checked, Reply> {
        Ok(match (command, &self.state) {
            (Command::Ehlo(_) | Command::Helo(_), _) if self.protocol == Protocol::Lmtp => {
                return Err(Reply::permanent(0, 5, 1, "LMTP is spoken here, which begins with LHLO"));
            }
            (Command::Lhlo(_), _) if self.protocol == Protocol::Smtp => return Err(command::unknown()),
            (Command::Ehlo(name) | Command::Lhlo(name), _) => Checked::Identify(Client { name, extended: true }),
            (Command::Helo(name), _) => Checked::Identify(Client { name, extended: false }),
            (Command::StartTls, _) => self.check_starttls()?,
            (Command::Mail(_) | Command::Rcpt(_) | Command::Data, State::Greeted) => {
                return Err(out_of_order("EHLO or HELO first"));
            }
            (Command::Mail(mail), State::Identified(_)) => self.check_mail(mail)?,
            (Command::Mail(_), State::Transaction(_)) => return Err(out_of_order("a mail transaction is open")),
            (Command::Rcpt(_) | Command::Data, State::Identified(_)) => return Err(out_of_order("MAIL first")),
            (Command::Rcpt(path), State::Transaction(transaction)) => self.check_rcpt(path, transaction)?,
            (Command::Data, State::Transaction(transaction)) if transaction.to.is_empty() => {
                return Err(self.no_recipient());
            }
            (Command::Data, State::Transaction(_)) => Checked::Receive,
            (Command::Rset, _) => Checked::Reset,
            (Command::Noop, _) => Checked::Say(Reply::success(50, 0, 0, "fine")),
            (Command::Vrfy, _) => Checked::Say(Reply::success(
                52,
                5,
                0,
                "addresses are not verified here; send mail and it will be tried",
            )),
            (Command::Help, _) => Checked::Say(self.help()),
            (Command::Quit, _) => Checked::End(End::Quit),
            (Command::Http, _) => Checked::End(End::NotMail),
        })
    }

    fn check_starttls(&self) -> Result<Checked, Reply> {
        match self.tls {
            Tls::None => Err(command::not_offered()),
            Tls::Offered => Ok(Checked::Secure),
            Tls::Active(_) => Err(out_of_order("TLS is active already")),
        }
    }

    fn check_mail(&self, mail: Mail) -> Result<Checked, Reply> {
        if mail.require_tls && !matches!(self.tls, Tls::Active(_)) {
            return Err(command::unknown_parameter());
        }
        match mail.size {
            Some(size) if size > self.settings.message_bytes_max => Err(self.refusal(Flaw::TooLarge)),
            _ => Ok(Checked::Open(mail)),
        }
    }

    fn check_rcpt(&self, path: ForwardPath, transaction: &Transaction) -> Result<Checked, Reply> {
        let recipient = match path {
            ForwardPath::Mailbox(mailbox) => mailbox,
            ForwardPath::Postmaster => Mailbox::new("postmaster", &self.settings.hostname)
                .map_err(|_| Reply::permanent(50, 1, 1, "this host has no postmaster without a domain"))?,
        };
        if recipient.needs_smtputf8() && !transaction.smtputf8 {
            return Err(command::needs_smtputf8());
        }
        if transaction.to.contains(&recipient) {
            return Ok(Checked::Again);
        }
        if transaction.to.len() >= self.settings.recipients_max {
            return Err(Reply::transient(52, 5, 3, "too many recipients, send the message again for the others"));
        }
        Ok(Checked::Ask(recipient))
    }

    /// Does what was checked.
    fn proceed(&mut self, checked: Checked) -> Action {
        let state = mem::take(&mut self.state);
        let (state, action) = match (checked, state) {
            (Checked::Identify(client), _) => {
                let reply =
                    if client.extended { self.extensions() } else { Reply::plain(250, &*self.settings.hostname) };
                (State::Identified(client), Action::Reply(reply))
            }
            (Checked::Open(mail), state) => (state, Action::Open(mail)),
            (Checked::Receive, State::Transaction(transaction)) => {
                (State::Identified(transaction.client.clone()), Action::Receive(transaction))
            }
            (Checked::Ask(recipient), State::Transaction(transaction)) => {
                let from = transaction.from.clone();
                (State::Transaction(transaction), Action::Ask { from, recipient })
            }
            (Checked::Again, State::Transaction(mut transaction)) => {
                transaction.accepted += 1;
                (State::Transaction(transaction), Action::Reply(recipient_accepted()))
            }
            (Checked::Secure, state) => (state, Action::Secure),
            (Checked::Receive | Checked::Ask(_) | Checked::Again, state) => {
                (state, Action::Reply(out_of_order("MAIL first")))
            }
            (Checked::Reset, state) => (state.reset(), Action::Reply(Reply::success(50, 0, 0, "forgotten"))),
            (Checked::Say(reply), state) => (state, Action::Reply(reply)),
            (Checked::End(end), state) => (state, Action::End(end)),
        };
        self.state = state;
        action
    }

    /// The reply to EHLO (RFC 5321 §4.1.1.1) or LHLO.
    fn extensions(&self) -> Reply {
        let Settings { hostname, message_bytes_max, recipients_max, .. } = &*self.settings;
        let mut lines = vec![hostname.clone(), format!("SIZE {message_bytes_max}")];
        lines.extend(["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned));
        // RFC 9422. The messages of a session aren't limited in number.
        lines.push(format!("LIMITS RCPTMAX={recipients_max}"));
        match self.tls {
            Tls::None => {}
            Tls::Offered => lines.push("STARTTLS".into()),
            // RFC 8689 §4.1: only over TLS.
            Tls::Active(_) => lines.push("REQUIRETLS".into()),
        }
        Reply::plain(250, lines.join("\n"))
    }

    fn help(&self) -> Reply {
        let hello = match self.protocol {
            Protocol::Smtp => "EHLO HELO",
            Protocol::Lmtp => "LHLO",
        };
        let starttls = if self.tls == Tls::Offered { " STARTTLS" } else { "" };
        let commands = format!("{hello}{starttls} MAIL RCPT DATA RSET NOOP VRFY HELP QUIT");
        Reply::success(14, 0, 0, format!("{commands}; for people: postmaster@{}", self.settings.hostname))
    }

    fn no_recipient(&self) -> Reply {
        let code = match self.protocol {
            Protocol::Smtp => 54,
            // RFC 2033 §4.2.
            Protocol::Lmtp => 3,
        };
        Reply::permanent(code, 5, 1, "no recipient was accepted")
    }

    /// The refusal of a message that isn't right in itself.
    pub fn refusal(&self, flaw: Flaw) -> Reply {
        match flaw {
            Flaw::BareNewline => {
                Reply::permanent(50, 5, 2, "the message has a CR or LF that stands alone; lines end with CR LF")
            }
            Flaw::TooLarge => {
                let text = format!("the message is larger than {} bytes", self.settings.message_bytes_max);
                Reply::permanent(52, 3, 4, text)
            }
        }
    }

    fn counted(&mut self, reply: Reply) -> Reply {
        if reply.code >= 500 {
            self.errors += 1;
        }
        reply
    }
}

impl State {
    fn open(self, Mail { from, smtputf8, require_tls, .. }: Mail, hold: Hold) -> Self {
        match self {
            Self::Identified(client) => Self::Transaction(Transaction {
                client,
                from,
                smtputf8,
                require_tls,
                to: Vec::new(),
                accepted: 0,
                hold,
            }),
            state => state,
        }
    }

    fn reset(self) -> Self {
        match self {
            Self::Transaction(Transaction { client, .. }) => Self::Identified(client),
            state => state,
        }
    }
}

impl Transaction {
    /// What the host keeps for it, to be dropped when the message is taken or refused.
    pub fn take_hold(&mut self) -> Hold {
        self.hold.take()
    }
}

impl Session {
    /// How many replies the message of this transaction gets: one, or in LMTP one for each RCPT that was accepted.
    pub fn replies(&self, transaction: &Transaction) -> usize {
        match self.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => transaction.accepted,
        }
    }

    /// The envelope of the message that was received in it.
    pub fn envelope(&self, transaction: Transaction, peer: Option<IpAddr>, received_at: Time) -> Envelope {
        let Transaction { client, from, smtputf8, require_tls, to, .. } = transaction;
        let tls = match &self.tls {
            Tls::Active(agreed) => Some(agreed.clone()),
            Tls::None | Tls::Offered => None,
        };
        // RFC 3848; RFC 6531 §4.3.
        let protocol = match (self.protocol, smtputf8, client.extended || tls.is_some()) {
            (Protocol::Smtp, true, _) => "UTF8SMTP",
            (Protocol::Smtp, false, true) => "ESMTP",
            (Protocol::Smtp, false, false) => "SMTP",
            (Protocol::Lmtp, true, _) => "UTF8LMTP",
            (Protocol::Lmtp, false, _) => "LMTP",
        };
        let with = format!("{protocol}{}", if tls.is_some() { "S" } else { "" });
        Envelope { from, to, peer, helo: Some(client.name), tls, require_tls, with, received_at }
    }
}

fn recipient_accepted() -> Reply {
    Reply::success(50, 1, 5, "recipient taken")
}

fn out_of_order(text: &str) -> Reply {
    Reply::permanent(3, 5, 1, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits;

    /// What the session says to the last line; the host agrees to every recipient and takes every message.
    fn said(lines: &[&str]) -> String {
        said_in(&mut session(Protocol::Smtp, Tls::None), lines)
    }

    fn session(protocol: Protocol, tls: Tls) -> Session {
        Session::new(Arc::new(Settings { recipients_max: 2, ..Settings::default() }), protocol, tls)
    }

    fn said_in(session: &mut Session, lines: &[&str]) -> String {
        let mut last = String::new();
        for line in lines {
            last = match session.command(format!("{line}\r\n").as_bytes()) {
                Action::Reply(reply) => reply.to_string(),
                Action::Open(mail) => session.open(mail, Ok(None)).to_string(),
                Action::Ask { recipient, .. } => session.recipient(recipient, Ok(())).to_string(),
                Action::Receive(transaction) => {
                    session.message(Ok(Reply::success(50, 0, 0, "taken")));
                    let replies = match session.replies(&transaction) {
                        1 => String::new(),
                        replies => format!(" ×{replies}"),
                    };
                    let envelope = session.envelope(transaction, None, Time::UNIX_EPOCH);
                    let to: Vec<String> = envelope.to.iter().map(ToString::to_string).collect();
                    format!("354 {} {}{replies}", envelope.with, to.join(" "))
                }
                Action::Secure => {
                    session.secured("TLSv1.3".into());
                    "220".into()
                }
                Action::End(end) => end.last_words().unwrap().to_string(),
            };
        }
        last
    }

    #[track_caller]
    fn check(before: &[&str], line: &str, expected: &str) {
        let said = said(&[before, &[line]].concat());
        assert!(said.starts_with(expected), "{line} after {before:?}: {said}");
    }

    const EHLO: &str = "EHLO client.example.com";
    const MAIL: &str = "MAIL FROM:<anna@example.com>";
    const RCPT: &str = "RCPT TO:<support@example.net>";

    /// 5321-4.5.1-commands
    #[test]
    fn every_command_in_every_state() {
        let states: [&[&str]; 6] = [
            &[],
            &[EHLO],
            &[EHLO, MAIL],
            &[EHLO, MAIL, RCPT],
            &[EHLO, MAIL, RCPT, "DATA"],
            &[EHLO, MAIL, RCPT, "RSET"],
        ];
        let table = [
            (EHLO, ["250 mail"; 6]),
            ("HELO a", ["250 mail"; 6]),
            (MAIL, ["503 5.5.1", "250 2.1.0", "503 5.5.1", "503 5.5.1", "250 2.1.0", "250 2.1.0"]),
            (RCPT, ["503 5.5.1", "503 5.5.1", "250 2.1.5", "250 2.1.5", "503 5.5.1", "503 5.5.1"]),
            ("DATA", ["503 5.5.1", "503 5.5.1", "554 5.5.1", "354 ESMTP", "503 5.5.1", "503 5.5.1"]),
            ("RSET", ["250 2.0.0"; 6]),
            ("NOOP", ["250 2.0.0"; 6]),
            ("VRFY anna", ["252 2.5.0"; 6]),
            ("HELP", ["214 2.0.0"; 6]),
            ("EXPN staff", ["502 5.5.1"; 6]),
            ("LHLO a", ["500 5.5.2"; 6]),
            ("BDAT 3 LAST", ["502 5.5.1"; 6]),
            ("STARTTLS", ["502 5.5.1"; 6]),
            ("AUTH PLAIN", ["502 5.5.1"; 6]),
            ("WHAT", ["500 5.5.2"; 6]),
            ("QUIT", ["221 2.0.0"; 6]),
            ("GET / HTTP/1.1", ["554 5.5.0"; 6]),
        ];
        for (line, replies) in table {
            for (before, expected) in states.into_iter().zip(replies) {
                check(before, line, expected);
            }
        }
    }

    #[test]
    fn a_new_greeting_or_a_reset_ends_the_transaction() {
        for reset in [EHLO, "HELO again", "RSET"] {
            check(&[EHLO, MAIL, RCPT, reset], "DATA", "503 5.5.1");
            check(&[EHLO, MAIL, RCPT, reset, MAIL], "DATA", "554 5.5.1");
        }
        // What is refused changes nothing.
        for refused in ["EHLO", "RSET now", MAIL, "STARTTLS"] {
            check(&[EHLO, MAIL, RCPT, refused], "DATA", "354 ESMTP support@example.net");
        }
    }

    #[test]
    fn recipients() {
        let other = "RCPT TO:<Postmaster>";
        check(&[EHLO, MAIL, RCPT, other], "DATA", "354 ESMTP support@example.net postmaster@mail.example.net");
        check(&[EHLO, MAIL, RCPT, "RCPT TO:<SUPPORT@Example.NET>"], "DATA", "354 ESMTP support@example.net");
        check(&[EHLO, MAIL, RCPT, other], RCPT, "250 2.1.5");
        check(&[EHLO, MAIL, RCPT, other], "RCPT TO:<third@example.net>", "452 4.5.3");
        check(&[EHLO, MAIL], "RCPT TO:<анна@example.net>", "553 5.6.7");
        check(&[EHLO, "MAIL FROM:<> SMTPUTF8"], "RCPT TO:<анна@example.net>", "250 2.1.5");
    }

    #[test]
    fn sizes_and_protocol_words() {
        let max = limits::MESSAGE_BYTES_MAX;
        check(&[EHLO], &format!("MAIL FROM:<> SIZE={max}"), "250 2.1.0");
        check(&[EHLO], &format!("MAIL FROM:<> SIZE={}", max + 1), "552 5.3.4");
        check(&["HELO client", MAIL, RCPT], "DATA", "354 SMTP ");
        check(&[EHLO, "MAIL FROM:<> SMTPUTF8", RCPT], "DATA", "354 UTF8SMTP ");
        let extensions = format!(
            "250 mail.example.net / SIZE {max} / PIPELINING / 8BITMIME / SMTPUTF8 / ENHANCEDSTATUSCODES / LIMITS RCPTMAX=2"
        );
        assert_eq!(said(&[EHLO]), extensions);
        assert_eq!(said_in(&mut session(Protocol::Smtp, Tls::Offered), &[EHLO]), format!("{extensions} / STARTTLS"));
    }

    #[track_caller]
    fn check_in(protocol: Protocol, lines: &[&str], expected: &str) {
        let said = said_in(&mut session(protocol, Tls::Offered), lines);
        assert!(said.starts_with(expected), "{lines:?}: {said}");
    }

    #[test]
    fn tls_begins_the_session_anew() {
        let check = |lines: &[&str], expected| check_in(Protocol::Smtp, lines, expected);
        const SECURE: &str = "STARTTLS";
        check(&[SECURE], "220");
        for before in [&[EHLO][..], &[EHLO, MAIL], &[EHLO, MAIL, RCPT]] {
            check(&[before, &[SECURE, MAIL]].concat(), "503 5.5.1");
            check(&[before, &[SECURE, RCPT]].concat(), "503 5.5.1");
            check(&[before, &[SECURE, "DATA"]].concat(), "503 5.5.1");
            check(&[before, &[SECURE, EHLO, MAIL, RCPT, "DATA"]].concat(), "354 ESMTPS support@example.net");
        }
        check(&[SECURE, SECURE], "503 5.5.1");
        check(&[SECURE, "HELO a", MAIL, RCPT, "DATA"], "354 ESMTPS ");
        check(&[SECURE, EHLO, "MAIL FROM:<> SMTPUTF8", RCPT, "DATA"], "354 UTF8SMTPS ");
        check(&[EHLO, "MAIL FROM:<> REQUIRETLS"], "555 5.5.4");
        check(&[SECURE, EHLO, "MAIL FROM:<> REQUIRETLS"], "250 2.1.0");
        let mut secured = session(Protocol::Smtp, Tls::Offered);
        assert!(said_in(&mut secured, &[SECURE, EHLO]).ends_with("LIMITS RCPTMAX=2 / REQUIRETLS"));
    }

    #[test]
    fn lmtp() {
        let check = |lines: &[&str], expected| check_in(Protocol::Lmtp, lines, expected);
        const LHLO: &str = "LHLO relay.example.net";
        check(&[LHLO], "250 mail.example.net / SIZE ");
        check(&["EHLO a"], "500 5.5.1");
        check(&["HELO a"], "500 5.5.1");
        check(&[MAIL], "503 5.5.1");
        check(&[LHLO, MAIL, "DATA"], "503 5.5.1");
        check(&[LHLO, MAIL, RCPT, "DATA"], "354 LMTP support@example.net");
        check(
            &[LHLO, MAIL, RCPT, RCPT, "RCPT TO:<b@c.example>", "DATA"],
            "354 LMTP support@example.net b@c.example ×3",
        );
        check(&["STARTTLS", LHLO, MAIL, RCPT, "DATA"], "354 LMTPS");
        check(&["STARTTLS", LHLO, "MAIL FROM:<> SMTPUTF8", RCPT, "DATA"], "354 UTF8LMTPS");
        check(&[LHLO, "HELP"], "214 2.0.0 LHLO STARTTLS MAIL");
    }

    #[test]
    fn only_permanent_refusals_count() {
        let settings = Settings { recipients_max: 0, ..Settings::default() };
        let mut session = Session::new(Arc::new(settings), Protocol::Smtp, Tls::None);
        let say = |session: &mut Session, line: &str| {
            if let Action::Open(mail) = session.command(format!("{line}\r\n").as_bytes()) {
                session.open(mail, Ok(None));
            }
        };
        say(&mut session, EHLO);
        say(&mut session, MAIL);
        for _ in 0..20 {
            say(&mut session, RCPT);
            say(&mut session, "NOOP");
        }
        assert_eq!(session.errors(), 0);
        say(&mut session, "WHAT");
        session.message(Err(session.refusal(Flaw::TooLarge)));
        assert_eq!(session.errors(), 2);
        session.secured("TLSv1.3".into());
        assert_eq!(session.errors(), 2);
    }
}

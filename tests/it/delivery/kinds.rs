//! Kinds of peers: how a host treats the mail of its domain, and what has to become of it. Hosts are told in the language of
//! `@peer`.

use super::place::{domain, host};
use crate::internet::{Internet, Rule};
use crate::player::peer_rule;

/// What has to become of mail for `anna@` the host's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Delivered,
    /// For good, with this status and these words in the peer's.
    Failed(&'static str, &'static str),
}

/// A kind of peer.
#[derive(Debug)]
pub struct Kind {
    /// One rule a line.
    rules: &'static str,
    start_tls: bool,
    end: End,
}

/// `Failed` because the time is over.
const OVER: &str = "5.4.7";

const fn good(rules: &'static str) -> Kind {
    Kind { rules, start_tls: false, end: End::Delivered }
}

const fn bad(rules: &'static str, status: &'static str, words: &'static str) -> Kind {
    Kind { rules, start_tls: false, end: End::Failed(status, words) }
}

const fn tls(rules: &'static str) -> Kind {
    Kind { rules, start_tls: true, end: End::Delivered }
}

/// All of them. `x3` is for three of a domain's messages.
pub const KINDS: [Kind; 38] = [
    good(""),
    tls(""),
    // Silence, and what is nearly silence.
    bad("greeting stall", OVER, "no answer in time before the greeting"),
    good("greeting stall x3"),
    good("ehlo stall x3"),
    good("mail stall x3"),
    good("rcpt stall x3"),
    good("data stall x3"),
    good("dot stall x3"),
    bad("greeting drip", OVER, "no answer in time before the greeting"),
    good("ehlo drip x3"),
    good("rcpt drip x3"),
    // Lines without end.
    bad("greeting flood 220-on and on", OVER, "no SMTP reply came before the greeting"),
    good("mail flood 250-on and on x3"),
    // Gone.
    good("greeting close x3"),
    good("rcpt close x3"),
    good("data close x3"),
    good("dot close x3"),
    // Not now.
    good("greeting 421 4.3.2 busy x12"),
    good("ehlo 451 4.3.0 not now x5"),
    good("mail 451 4.7.1 not now x12"),
    good("rcpt 450 4.2.1 not now x12"),
    good("data 451 4.3.0 not now x5"),
    good("dot 452 4.3.1 no room x5"),
    bad("rcpt 450 4.2.2 mailbox full", OVER, "450 4.2.2 mailbox full"),
    // Never.
    bad("greeting 554 5.7.1 go away", "5.7.1", "554 5.7.1 go away"),
    bad("mail 550 5.1.8 not from you", "5.1.8", "550 5.1.8 not from you"),
    bad("rcpt 550 5.1.1 who is that?", "5.1.1", "550 5.1.1 who is that?"),
    bad("data 554 5.5.1 no", "5.5.1", "554 5.5.1 no"),
    bad("dot 554 5.7.1 spam", "5.7.1", "554 5.7.1 spam"),
    // A host that knows no EHLO gets HELO.
    good("ehlo 502 5.5.1 what?"),
    // TLS is offered, and that's all.
    tls("tls 220 2.0.0 go ahead"),
    tls("tls close"),
    tls("tls 454 4.7.0 not now x3"),
    // Replies that nothing has asked for.
    bad(r"data 354 go\r\n250 2.0.0 taken", OVER, "a reply came that nothing had asked for"),
    good(r"rcpt 250 2.1.5 ok\r\n354 go\r\n250 2.0.0 taken x3"),
    // Words that would clear a screen.
    bad(r"rcpt 550 5.1.1 no\x1b[2J such\x07\0\x08user", "5.1.1", "550 5.1.1 no [2J such user"),
    // One of three recipients is there, one isn't, one comes later.
    good("rcpt no@{domain} 550 5.1.1 who is that?\nrcpt late@{domain} 450 4.2.1 not now x5"),
];

impl Kind {
    fn rules(&self, domain: &str) -> Result<Vec<Rule>, String> {
        let lines = self.rules.lines().map(|line| line.replace("{domain}", domain));
        let rule = |line: String| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            peer_rule(&words[0], &words[1..])
        };
        lines.map(rule).collect()
    }

    /// Whom mail goes to, and what becomes of it for each.
    pub fn recipients(&self, domain: &str) -> Vec<(String, End)> {
        let at = |name: &str| format!("{name}@{domain}");
        let mut all = vec![(at("anna"), self.end)];
        if self.rules.contains("{domain}") {
            all.push((at("no"), End::Failed("5.1.1", "550 5.1.1 who is that?")));
            all.push((at("late"), End::Delivered));
        }
        all
    }

    /// Its mail ends only when its time is over.
    pub fn is_patient(&self) -> bool {
        matches!(self.end, End::Failed(OVER, _))
    }

    /// Makes a host one of this kind.
    pub fn set(&self, internet: &Internet, n: usize) -> Result<(), String> {
        let rules = self.rules(&domain(n))?;
        internet.host(&host(n), |state| {
            state.rules = rules;
            if self.start_tls {
                state.offers = Some(["PIPELINING", "STARTTLS"].map(str::to_owned).into());
            }
        })
    }
}

//! The question of a mail provider whether mail may be forwarded here, and what tells it from what only looks like it.
//!
//! Each provider is a row of one table. A message is such a question by its sender, the form of its link or code, and the
//! proof that its sender sent it; its language doesn't count. What doesn't fit a row is a message like any other. What
//! fits and isn't proven, or leads somewhere else, is a case with a mark: a person looks at it, and nothing of it is shown
//! as the provider's.
//!
//! A link is compared as text, after nothing was decoded: `https`, a host of the row letter by letter, a path that begins
//! as the row says. So a user part, a port, a host that continues or has letters of other scripts is another host.

use serde::{Deserialize, Serialize};

use crate::base::{AuthResults, Envelope, Mailbox, Time, limits};

/// What is known of a provider's questions.
struct Provider {
    name: &'static str,
    /// Whole mailboxes: nearly all these domains have users, who may write anything.
    senders: &'static [&'static str],
    /// Host and beginning of the path of the link that says yes. The one that says no differs.
    answers: &'static [(&'static str, &'static str)],
    /// Hosts that may be linked besides, and are never shown: to help, or to say no.
    others: &'static [&'static str],
    code: CodeForm,
    /// True when these senders send nothing else, so that a code is enough, and nothing from them is an ordinary message.
    only_asks: bool,
}

/// What a code looks like among other words.
enum CodeForm {
    /// This many digits.
    Digits(usize, usize),
    /// This many digits and capital letters, or digits and small ones up to f; some of both.
    Mixed(usize, usize),
}

const PROVIDERS: [Provider; 3] = [
    Provider {
        name: "gmail",
        senders: &["forwarding-noreply@google.com"],
        // `/mail/uf-` on the same hosts takes the permission back.
        answers: &[("mail-settings.google.com", "/mail/vf-"), ("mail.google.com", "/mail/vf-")],
        others: &["support.google.com", "www.google.com", "accounts.google.com", "policies.google.com"],
        code: CodeForm::Digits(8, 10),
        only_asks: true,
    },
    Provider {
        name: "outlook",
        senders: &["account-security-noreply@accountprotection.microsoft.com", "postmaster@outlook.com"],
        answers: &[("account.live.com", "/forwardconfirm"), ("outlook.live.com", "/forwardconfirm")],
        others: &["go.microsoft.com", "support.microsoft.com", "support.office.com", "privacy.microsoft.com"],
        code: CodeForm::Digits(6, 8),
        only_asks: false,
    },
    Provider {
        name: "zoho",
        senders: &["noreply@zohomail.com", "noreply@zoho.com", "mailer-daemon@zohomail.com"],
        answers: &[
            ("mail.zoho.com", "/zm/ConfirmForward.do"),
            ("mail.zoho.eu", "/zm/ConfirmForward.do"),
            ("mail.zoho.in", "/zm/ConfirmForward.do"),
            ("mail.zoho.com.au", "/zm/ConfirmForward.do"),
            ("mail.zoho.jp", "/zm/ConfirmForward.do"),
        ],
        others: &["www.zoho.com", "help.zoho.com", "accounts.zoho.com", "zoho.com"],
        code: CodeForm::Mixed(8, 64),
        only_asks: false,
    },
];

/// A provider's question, as it is kept with the address and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub provider: String,
    pub code: Option<String>,
    /// Always of a host in the table.
    pub link: Option<String>,
    pub from: Mailbox,
    pub at: Time,
    /// Always true: others are not kept.
    pub authenticated: bool,
}

/// Why something that looks like a question isn't taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing proves that the provider sent it.
    Unproven,
    /// It leads to a host that isn't the provider's, or nowhere.
    Elsewhere,
}

/// What a message says that comes, or claims to come, from a listed sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    provider: &'static str,
    from: Mailbox,
    code: Option<String>,
    link: Option<String>,
    leads_elsewhere: bool,
}

impl Claim {
    /// None for a message like any other. `links` are all that the message shows; they are asked for only when its sender is
    /// listed.
    pub fn of(author: &Mailbox, texts: [&str; 2], links: impl FnOnce() -> Vec<String>) -> Option<Self> {
        let provider = PROVIDERS.iter().find(|provider| provider.sends_as(author))?;
        let links = links();
        let link = links.iter().find(|link| provider.is_answer(link)).cloned();
        let code = texts.iter().find_map(|text| provider.code.only_one(text));
        let leads_elsewhere = links.len() > limits::LINKS_MAX || links.iter().any(|link| !provider.knows(link));
        // A code alone is of a login or a password there; with a link to somebody else it may have been made to look so.
        let asks = provider.only_asks || link.is_some() || (code.is_some() && leads_elsewhere);
        asks.then_some(Self { provider: provider.name, from: author.clone(), code, link, leads_elsewhere })
    }

    /// The question, when its sender is proven and everything in it leads to the provider.
    pub fn judged(&self, auth: Option<AuthResults>, envelope: &Envelope) -> Result<Confirmation, Doubt> {
        if !auth.is_some_and(|auth| auth.prove_author(envelope, &self.from)) {
            return Err(Doubt::Unproven);
        }
        if self.leads_elsewhere || (self.link.is_none() && self.code.is_none()) {
            return Err(Doubt::Elsewhere);
        }
        Ok(Confirmation {
            provider: self.provider.to_owned(),
            code: self.code.clone(),
            link: self.link.clone(),
            from: self.from.clone(),
            at: envelope.received_at,
            authenticated: true,
        })
    }
}

impl Confirmation {
    /// Adds it to those of an address, the newest last. False when it is there already.
    pub fn keep_in(self, kept: &mut Vec<Self>) -> bool {
        let is_same =
            |known: &Self| (&known.provider, &known.code, &known.link) == (&self.provider, &self.code, &self.link);
        if kept.iter().any(is_same) {
            return false;
        }
        kept.push(self);
        let surplus = kept.len().saturating_sub(limits::CONFIRMATIONS_KEPT);
        kept.drain(..surplus);
        true
    }
}

impl Provider {
    fn sends_as(&self, author: &Mailbox) -> bool {
        let is_author =
            |(local, domain): (&str, &str)| author.domain() == domain && author.local().eq_ignore_ascii_case(local);
        self.senders.iter().any(|sender| sender.rsplit_once('@').is_some_and(is_author))
    }

    fn is_answer(&self, link: &str) -> bool {
        let Some((host, path)) = link.strip_prefix("https://").and_then(host_and_path) else { return false };
        let leaves_its_folder = path.contains("/.") || path.contains("%2e") || path.contains("%2E");
        !leaves_its_folder && self.answers.iter().any(|(known, start)| host == *known && path.starts_with(start))
    }

    /// True for a link that may stand in this provider's mail. Those to its help are often `http`.
    fn knows(&self, link: &str) -> bool {
        let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
        let Some((host, _)) = rest.and_then(host_and_path) else { return false };
        self.is_answer(link) || self.others.contains(&host) || self.answers.iter().any(|(known, _)| host == *known)
    }
}

/// Of what stands behind `https://`; none where a browser might read it otherwise.
fn host_and_path(rest: &str) -> Option<(&str, &str)> {
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain.then(|| rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())))
}

impl CodeForm {
    /// The code in a text; none where several words look like one.
    fn only_one(&self, text: &str) -> Option<String> {
        let mut found = None;
        // Parts of addresses, links and names with hyphens are no words.
        let words = text.split(|c: char| c.is_whitespace() || !c.is_ascii() || "()[]<>#:,;!?\"'*|".contains(c));
        for word in words.map(|word| word.trim_end_matches('.')).filter(|word| self.fits(word)) {
            if found.is_some_and(|known| known != word) {
                return None;
            }
            found = Some(word);
        }
        found.map(str::to_owned)
    }

    fn fits(&self, word: &str) -> bool {
        let only = |allowed: fn(&u8) -> bool| word.as_bytes().iter().all(allowed);
        match *self {
            Self::Digits(least, most) => (least..=most).contains(&word.len()) && only(u8::is_ascii_digit),
            Self::Mixed(least, most) => {
                let is_mixed = word.bytes().any(|byte| byte.is_ascii_digit()) && !only(u8::is_ascii_digit);
                let capital = only(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
                let hexadecimal = only(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
                (least..=most).contains(&word.len()) && is_mixed && (capital || hexadecimal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::AuthResult;
    use crate::base::ReversePath;

    const GMAIL: &str = "forwarding-noreply@google.com";
    const YES: &str = "https://mail-settings.google.com/mail/vf-%5BANGjd%5D-QwEr";

    fn claim(from: &str, text: &str, links: &[&str]) -> Option<Claim> {
        let links = links.iter().map(|link| (*link).to_owned()).collect();
        Claim::of(&from.parse().unwrap(), ["", text], || links)
    }

    fn envelope(from: &str) -> Envelope {
        Envelope::local(
            if from.is_empty() { ReversePath::Null } else { ReversePath::Mailbox(from.parse().unwrap()) },
            Vec::new(),
            "ESMTP",
            Time::UNIX_EPOCH,
        )
    }

    fn proven() -> Option<AuthResults> {
        Some(AuthResults { dmarc: AuthResult::Pass, ..AuthResults::default() })
    }

    /// `code link`, the doubt, or `message`.
    #[track_caller]
    fn check(from: &str, text: &str, links: &[&str], expected: &str) {
        let shown = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let found = match claim(from, text, links).map(|claim| claim.judged(proven(), &envelope(""))) {
            None => "message".into(),
            Some(Err(doubt)) => format!("{doubt:?}"),
            Some(Ok(found)) => format!("{} {} {}", found.provider, shown(found.code), shown(found.link)),
        };
        assert_eq!(found, expected, "{text:?} {links:?}");
    }

    #[test]
    fn gmail() {
        let no = "https://mail.google.com/mail/uf-%5BANGjd%5D-QwEr";
        let help = "http://support.google.com/mail/bin/answer.py?answer=184973";
        let code = "Confirmation code: 123456789";
        check(GMAIL, code, &[YES, no, help], &format!("gmail 123456789 {YES}"));
        check(GMAIL, "确认码：123456789。", &[no, YES], &format!("gmail 123456789 {YES}"));
        check(GMAIL, code, &[], "gmail 123456789 -");
        check(GMAIL, "", &["https://mail.google.com/mail/vf-x"], "gmail - https://mail.google.com/mail/vf-x");
        check("Forwarding-Noreply@GOOGLE.com", "", &[YES], &format!("gmail - {YES}"));
        // A link that says no is never shown as one that says yes.
        check(GMAIL, "", &[no], "Elsewhere");
        check(GMAIL, "hello", &[], "Elsewhere");
        // Whoever works there may quote one.
        check("anna@google.com", code, &[YES], "message");
        check("forwarding-noreply@google.com.evil.example", code, &[YES], "message");
    }

    #[test]
    fn outlook() {
        let from = "account-security-noreply@accountprotection.microsoft.com";
        let yes = "https://account.live.com/forwardconfirm?id=4821990&mkt=de-DE";
        check(from, "Prüfcode: 4821990", &[yes], &format!("outlook 4821990 {yes}"));
        check("postmaster@outlook.com", "", &[yes], &format!("outlook - {yes}"));
        check(from, "Prüfcode: 4821990", &[yes, "https://evil.example/"], "Elsewhere");
        check(from, "Prüfcode: 4821990", &["https://account.live.com.evil.example/forwardconfirm"], "Elsewhere");
        // A code for something else.
        check(from, "Sicherheitscode: 4821990", &["https://account.live.com/activity"], "message");
        check(from, "Sicherheitscode: 4821990", &[], "message");
        check("anna@outlook.com", "4821990", &[yes], "message");
    }

    #[test]
    fn zoho() {
        let from = "noreply@zohomail.com";
        let yes = "https://mail.zoho.eu/zm/ConfirmForward.do?code=ZM8842LQ&mode=verify";
        check(from, "Code de confirmation : ZM8842LQ", &[yes], &format!("zoho ZM8842LQ {yes}"));
        let hexadecimal = "81479abd81479abd81479abd81479abd";
        check(
            "noreply@zoho.com",
            hexadecimal,
            &[yes, "https://www.zoho.com/mail/"],
            &format!("zoho {hexadecimal} {yes}"),
        );
        check(
            from,
            "Code de confirmation : ZM8842LQ",
            &["https://mail.zoho.evil.example/zm/ConfirmForward.do"],
            "Elsewhere",
        );
        check(from, "News of the month", &["https://www.zoho.com/", "https://blog.example/"], "message");
        check("anna@zohomail.com", "ZM8842LQ", &[yes], "message");
    }

    #[test]
    fn a_link_that_only_looks_right_leads_elsewhere() {
        for link in [
            "http://mail-settings.google.com.evil.example/mail/vf-x",
            "https://mail-settings.google.com.evil.example/mail/vf-x",
            "https://evil.example/mail-settings.google.com/mail/vf-x",
            "https://mail-settings.google.com@evil.example/mail/vf-x",
            "https://user@mail-settings.google.com/mail/vf-x",
            "https://mail-settings.google.com:8443/mail/vf-x",
            "https://mail-settings.google.com./mail/vf-x",
            "https://mail-settings.google.com\\@evil.example/mail/vf-x",
            "https://mail-settings.goog\u{0142}e.com/mail/vf-x",
            "https://xn--mail-settings-x.google.com/mail/vf-x",
            "https://evil.google.com/mail/vf-x",
            "https://MAIL-SETTINGS.google.com/mail/vf-x",
            "HTTPS://mail-settings.google.com/mail/vf-x",
            "//mail-settings.google.com/mail/vf-x",
            "javascript:alert(1)",
            "",
        ] {
            check(GMAIL, "code 123456789", &[link], "Elsewhere");
            check(GMAIL, "code 123456789", &[YES, link], "Elsewhere");
        }
        for link in [
            "http://mail-settings.google.com/mail/vf-x",
            "https://mail-settings.google.com/mail/vf-x/../uf-y",
            "https://mail-settings.google.com/mail/vf-x/%2e%2E/uf-y",
            "https://mail-settings.google.com/mail/uf-?/mail/vf-x",
            "https://mail-settings.google.com?/mail/vf-x",
        ] {
            check(GMAIL, "code 123456789", &[link], "gmail 123456789 -");
        }
        let many = vec![YES; limits::LINKS_MAX + 1];
        check(GMAIL, "", &many, "Elsewhere");
    }

    #[test]
    fn a_code_is_a_word_of_its_own() {
        check(GMAIL, "#123456789) 123456789.", &[], "gmail 123456789 -");
        check(GMAIL, "123456789 or 987654321", &[YES], &format!("gmail - {YES}"));
        for text in
            ["123456789@qq.com", "a-123456789", "1234567", "12345678901", "/123456789", "x123456789", "1.23456789"]
        {
            check(GMAIL, text, &[YES], &format!("gmail - {YES}"));
        }
        // The subject's counts first.
        let author = GMAIL.parse().unwrap();
        let claim = Claim::of(&author, ["(#123456789) Bestätigung", "call 987654321"], Vec::new).unwrap();
        assert_eq!(claim.code.as_deref(), Some("123456789"));
    }

    #[test]
    fn only_a_proven_sender_asks() {
        use AuthResult::{Fail, None, Pass, Softfail, Temperror};
        #[track_caller]
        fn check(dmarc: AuthResult, spf: AuthResult, reverse_path: &str, expected: bool) {
            let auth = AuthResults { spf, dkim: Pass, dmarc, arc: Pass };
            let judged = claim(GMAIL, "", &[YES]).unwrap().judged(Some(auth), &envelope(reverse_path));
            assert_eq!(judged.is_ok(), expected, "{dmarc} {spf} {reverse_path}");
            assert!(expected || judged == Err(Doubt::Unproven));
        }
        check(Pass, None, "", true);
        check(None, Pass, "bounce@google.com", true);
        check(None, Pass, "bounce@evil.example", false);
        check(None, Pass, "", false);
        check(None, Softfail, "bounce@google.com", false);
        check(Fail, Pass, "bounce@google.com", false);
        check(Temperror, Pass, "bounce@google.com", false);
        let unknown = claim(GMAIL, "", &[YES]).unwrap().judged(Option::None, &envelope("bounce@google.com"));
        assert_eq!(unknown, Err(Doubt::Unproven));
    }

    #[test]
    fn the_newest_are_kept_and_each_once() {
        let mut kept = Vec::new();
        for n in 0..15 {
            let asked = claim(GMAIL, &format!("{}", 100_000_000 + n), &[]).unwrap().judged(proven(), &envelope(""));
            assert!(asked.clone().unwrap().keep_in(&mut kept));
            assert!(!asked.unwrap().keep_in(&mut kept));
        }
        let codes: Vec<&str> = kept.iter().filter_map(|one| one.code.as_deref()).collect();
        assert_eq!((codes.len(), codes[0], codes[9]), (limits::CONFIRMATIONS_KEPT, "100000005", "100000014"));
    }

    #[test]
    fn every_row_can_be_fulfilled() {
        for provider in &PROVIDERS {
            for sender in provider.senders {
                for (host, path) in provider.answers {
                    let link = format!("https://{host}{path}x");
                    check(sender, "", &[&link], &format!("{} - {link}", provider.name));
                }
                assert!(sender.parse::<Mailbox>().is_ok());
            }
        }
    }
}

//! Verification: proof that mail for a routing address really reaches us.
//!
//! A probe leaves like any mail and must come back at a recipient of its address. It proves itself by three things that
//! no reply, bounce, out-of-office note or quoting desk has together: the code in a header field of its own, its
//! single-use author, and the absence of any reference to another message. A path that loses one of field and author
//! still verifies by the other and the Message-ID, and the loss is shown as a problem.

use serde::{Deserialize, Serialize};

use super::MxReport;
use crate::base::{AuthResult, AuthResults, Chance, Mailbox, Time, limits, time::later};
use crate::message::Facts;
use crate::message::facts::Person;

/// The code of a probe, as `XXXX-XXXX`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code(String);

impl Code {
    /// 40 random bits.
    pub fn generate(chance: &Chance) -> Self {
        let text = data_encoding::BASE32.encode(&chance.bytes::<5>());
        Self(format!("{}-{}", &text[..4], &text[4..]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the same code, however it is typed: spaces, hyphens and case don't count.
    pub fn matches(&self, typed: &str) -> bool {
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
        };
        blake3::hash(plain(&self.0).as_bytes()) == blake3::hash(plain(typed).as_bytes())
    }
}

/// What was sent to verify an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    pub code: Code,
    /// Its author and reverse-path, used for this one probe.
    pub from: Mailbox,
    pub message_id: String,
    pub subject: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationState {
    /// No probe was sent.
    #[default]
    None,
    Sent,
    Confirmed,
    /// The probe could not be delivered.
    Failed,
    /// It did not come back in time.
    Expired,
}

/// What the confirmation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    RoundTrip,
    Code,
}

/// What the way of the first copy of the probe did to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathReport {
    pub copies: u32,
    pub delay_ms: i64,
    pub from_kept: bool,
    pub to_kept: bool,
    /// False when a Reply-To was added: answers to customers' mail would go there.
    #[serde(default)]
    pub reply_to_kept: bool,
    pub message_id_kept: bool,
    pub subject_kept: bool,
    pub subject: String,
    /// What became of our signature, if it has one. Absent in reports of earlier versions.
    #[serde(default)]
    pub dkim: Option<AuthResult>,
    /// Did those who passed it on say so?
    #[serde(default)]
    pub arc: Option<AuthResult>,
    pub envelope_from: Option<Mailbox>,
    pub hops: usize,
    /// What is different, in words.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// Where the verification of an address stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub state: VerificationState,
    pub probe: Option<Probe>,
    pub sent_at: Option<Time>,
    /// When the peer answered 250 to the probe.
    pub delivered_at: Option<Time>,
    pub expires_at: Option<Time>,
    pub confirmed_at: Option<Time>,
    pub how: Option<How>,
    /// Why it failed, in words.
    pub reason: Option<String>,
    pub problems: Vec<String>,
    pub path: Option<PathReport>,
    /// Of a direct address: where the MX record of its domain led when the probe was sent, or came back. Absent in those of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<MxReport>,
}

impl Verification {
    /// A probe is on its way. What was confirmed before stays confirmed while it travels.
    pub fn sent(&mut self, probe: Probe, now: Time) {
        *self = Self {
            state: VerificationState::Sent,
            probe: Some(probe),
            sent_at: Some(now),
            expires_at: Some(later(now, limits::VERIFICATION_EXPIRES_AFTER)),
            ..Self::default()
        };
    }

    /// The state at a moment: a probe whose time is over has expired without anybody writing it down.
    pub fn state_at(&self, now: Time) -> VerificationState {
        match (self.state, self.expires_at) {
            (VerificationState::Sent, Some(end)) if now >= end => VerificationState::Expired,
            (state, _) => state,
        }
    }

    /// True when this message is the probe that is awaited, come back. `code_field` is its `Postcase-Verification` field.
    pub fn recognises(&self, facts: &Facts, code_field: Option<&str>, now: Time) -> bool {
        let Some(probe) = &self.probe else { return false };
        let awaited = matches!(self.state_at(now), VerificationState::Sent | VerificationState::Confirmed);
        let refers = !facts.in_reply_to.is_empty() || !facts.references.is_empty();
        if !awaited || refers || facts.automatic.is_some() || facts.bounce.is_some() {
            return false;
        }
        let code = code_field.is_some_and(|field| probe.code.matches(field));
        let author = probe.is_author(facts);
        let id = facts.message_id.as_deref() == Some(&probe.message_id);
        (code && (author || id)) || (author && id)
    }

    /// Takes note of where the MX record leads; what is unknown now doesn't make unknown what was found before.
    pub fn led(&mut self, mx: Option<MxReport>) {
        let Some(mx) = mx.filter(|mx| self.mx.is_none() || mx.points_here.is_some()) else { return };
        self.problems.retain(|problem| problem != "mx_elsewhere");
        if mx.points_here == Some(false) {
            self.note_problem("mx_elsewhere");
        }
        self.mx = Some(mx);
    }

    /// Takes note of a copy of the probe.
    pub fn came_back(&mut self, facts: &Facts, to: &Mailbox, arrival: Arrival, now: Time) {
        let Some(probe) = self.probe.clone() else { return };
        if let Some(path) = &mut self.path {
            path.copies += 1;
            self.note_problem("copies");
            return;
        }
        let since = self.delivered_at.or(self.sent_at).unwrap_or(now);
        let path = PathReport {
            copies: 1,
            delay_ms: now.duration_since(since).as_millis().try_into().unwrap_or(i64::MAX).max(0),
            from_kept: probe.is_author(facts),
            to_kept: facts.to.iter().any(|person| person.address.eq_ignore_ascii_case(&to.to_string())),
            reply_to_kept: facts.reply_to.is_empty(),
            message_id_kept: facts.message_id.as_deref() == Some(&probe.message_id),
            subject_kept: facts.subject == probe.subject,
            subject: facts.subject.clone(),
            dkim: arrival.auth.map(|auth| auth.dkim),
            arc: arrival.auth.map(|auth| auth.arc),
            envelope_from: arrival.envelope_from,
            hops: arrival.hops,
            changes: changes(&probe, facts, to),
        };
        let late = i64::try_from(limits::VERIFICATION_LATE_AFTER.as_millis()).unwrap_or(i64::MAX);
        for (kept, problem) in [
            (path.from_kept, "from_lost"),
            (path.message_id_kept, "message_id_lost"),
            (path.subject_kept, "subject_changed"),
            (path.dkim != Some(AuthResult::Fail), "dkim_broken"),
            (path.delay_ms < late, "late"),
        ] {
            if !kept {
                self.note_problem(problem);
            }
        }
        self.path = Some(path);
        self.confirm(How::RoundTrip, now);
    }

    /// Somebody read the code in the mailbox and typed it. False when it is wrong or nothing waits for one.
    pub fn confirm_with(&mut self, typed: &str, now: Time) -> bool {
        let waits = self.state_at(now) == VerificationState::Sent;
        let right = self.probe.as_ref().is_some_and(|probe| probe.code.matches(typed));
        if waits && right {
            self.confirm(How::Code, now);
        }
        waits && right
    }

    fn confirm(&mut self, how: How, now: Time) {
        if self.state != VerificationState::Confirmed {
            self.state = VerificationState::Confirmed;
            self.confirmed_at = Some(now);
            self.how = Some(how);
            self.reason = None;
        }
    }

    fn note_problem(&mut self, problem: &str) {
        if !self.problems.iter().any(|known| known == problem) {
            self.problems.push(problem.to_owned());
        }
    }
}

/// The fields of a probe that came back otherwise than they left.
fn changes(probe: &Probe, facts: &Facts, to: &Mailbox) -> Vec<String> {
    let addresses =
        |people: &[Person]| people.iter().map(|person| person.address.clone()).collect::<Vec<_>>().join(", ");
    let kept_to = facts.to.iter().any(|person| person.address.eq_ignore_ascii_case(&to.to_string()));
    let from = facts.from.as_slice();
    let message_id = facts.message_id.as_deref().unwrap_or_default();
    let compared = [
        ("From", probe.is_author(facts), addresses(from)),
        ("To", kept_to, addresses(&facts.to)),
        ("Reply-To", facts.reply_to.is_empty(), addresses(&facts.reply_to)),
        ("Message-ID", message_id == probe.message_id, message_id.to_owned()),
        ("Subject", facts.subject == probe.subject, facts.subject.clone()),
    ];
    let changed = compared.into_iter().filter(|(_, kept, _)| !kept);
    changed
        .map(
            |(field, _, now)| if now.is_empty() { format!("{field} is lost") } else { format!("{field} is now {now}") },
        )
        .collect()
}

/// What its text doesn't say of a probe that came back.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub envelope_from: Option<Mailbox>,
    pub hops: usize,
    pub auth: Option<AuthResults>,
}

impl Probe {
    fn is_author(&self, facts: &Facts) -> bool {
        facts.from.as_ref().is_some_and(|from| from.address.parse() == Ok(self.from.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::facts::{Automatic, AutomaticKind, Bounce, Person};

    fn start() -> Time {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn address() -> Mailbox {
        "support@company.example".parse().unwrap()
    }

    fn probe() -> Probe {
        Probe {
            code: Code("ABCD-EFGH".into()),
            from: "verify.x@in.example.net".parse().unwrap(),
            message_id: "<verify.x@mail.example.net>".into(),
            subject: "Verification".into(),
        }
    }

    fn awaited() -> Verification {
        let mut verification = Verification::default();
        verification.sent(probe(), start());
        verification
    }

    fn person(address: &str) -> Person {
        Person { name: None, address: address.into() }
    }

    /// The probe as it left.
    fn whole() -> Facts {
        Facts {
            message_id: Some(probe().message_id),
            from: Some(person("verify.x@in.example.net")),
            to: vec![person("support@company.example")],
            subject: "Verification".into(),
            text: "Code: ABCD-EFGH".into(),
            ..Facts::default()
        }
    }

    #[test]
    fn only_the_probe_itself_verifies() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut Facts), code: Option<&str>, expected: bool) {
            let mut facts = whole();
            change(&mut facts);
            assert_eq!(awaited().recognises(&facts, code, start()), expected);
        }
        const CODE: Option<&str> = Some("ABCD-EFGH");
        let lose_from = |facts: &mut Facts| facts.from = Some(person("forwarder@company.example"));
        let lose_id = |facts: &mut Facts| facts.message_id = Some("<new@company.example>".into());
        check(|_| (), CODE, true);
        // One of the three may get lost on the way.
        check(|_| (), None, true);
        check(lose_from, CODE, true);
        check(lose_id, CODE, true);
        check(|facts| facts.message_id = None, Some(" abcd efgh "), true);
        check(lose_from, None, false);
        check(lose_id, None, false);
        check(|facts| (lose_from(facts), lose_id(facts)).0, CODE, false);
        check(lose_id, Some("ABCD-EFGI"), false);
        // The code in the text is worth nothing: whoever quotes it has it.
        check(|facts| (lose_from(facts), lose_id(facts)).0, None, false);
        // What machines and people send about the probe.
        check(|facts| facts.in_reply_to = vec![probe().message_id], CODE, false);
        check(|facts| facts.references = vec!["<any@thing>".into()], CODE, false);
        let automatic = Automatic { kind: AutomaticKind::OutOfOffice, why: "Auto-Submitted".into() };
        check(|facts| facts.automatic = Some(automatic), CODE, false);
        let bounce = Bounce { recipients: Vec::new(), original_message_id: None, reason: "unknown".into() };
        check(|facts| facts.bounce = Some(bounce), CODE, false);
    }

    #[test]
    fn only_an_awaited_probe_verifies() {
        #[track_caller]
        fn check(verification: Verification, after: std::time::Duration, expected: bool) {
            assert_eq!(verification.recognises(&whole(), None, later(start(), after)), expected);
        }
        let none = std::time::Duration::ZERO;
        check(Verification::default(), none, false);
        check(awaited(), limits::VERIFICATION_EXPIRES_AFTER - std::time::Duration::from_secs(1), true);
        check(awaited(), limits::VERIFICATION_EXPIRES_AFTER, false);
        check(Verification { state: VerificationState::Failed, ..awaited() }, none, false);
        // Another copy of a probe that has come back is no case.
        check(
            Verification { state: VerificationState::Confirmed, ..awaited() },
            limits::VERIFICATION_EXPIRES_AFTER,
            true,
        );
        let mut newer = awaited();
        let from = "verify.y@in.example.net".parse().unwrap();
        newer.sent(Probe { message_id: "<verify.y@x>".into(), from, ..probe() }, start());
        check(newer, none, false);
    }

    #[test]
    fn the_path_is_told() {
        /// `problems` after copies that took so many seconds.
        #[track_caller]
        fn check(change: impl FnOnce(&mut Facts), seconds: &[u64], expected: &[&str]) {
            let (mut facts, mut verification) = (whole(), awaited());
            change(&mut facts);
            verification.delivered_at = Some(start());
            for &seconds in seconds {
                let at = later(start(), std::time::Duration::from_secs(seconds));
                let arrival = Arrival { envelope_from: None, hops: 2, auth: None };
                verification.came_back(&facts, &address(), arrival, at);
            }
            assert_eq!(verification.problems, expected);
            assert_eq!((verification.state, verification.how), (VerificationState::Confirmed, Some(How::RoundTrip)));
            assert_eq!(verification.path.unwrap().copies as usize, seconds.len());
        }
        check(|_| (), &[1], &[]);
        check(|_| (), &[599], &[]);
        check(|_| (), &[600], &["late"]);
        check(|_| (), &[1, 2], &["copies"]);
        check(|facts| facts.message_id = None, &[1], &["message_id_lost"]);
        check(|facts| facts.from = None, &[1], &["from_lost"]);
        check(|facts| facts.subject = "[EXT] Verification".into(), &[1], &["subject_changed"]);
    }

    #[test]
    fn a_signature_that_the_path_breaks_is_told() {
        for (dkim, problems) in [
            (AuthResult::Pass, &[][..]),
            // Unsigned, or not published yet.
            (AuthResult::None, &[]),
            (AuthResult::Permerror, &[]),
            (AuthResult::Fail, &["dkim_broken".to_owned()]),
        ] {
            let auth = AuthResults { dkim, arc: AuthResult::Pass, ..AuthResults::default() };
            let mut verification = awaited();
            let arrival = Arrival { envelope_from: None, hops: 2, auth: Some(auth) };
            verification.came_back(&whole(), &address(), arrival, start());
            assert_eq!(verification.problems, problems);
            let path = serde_json::to_value(verification.path).unwrap();
            assert_eq!((&path["dkim"], &path["arc"]), (&serde_json::json!(dkim), &"pass".into()));
        }
    }

    #[test]
    fn where_the_mx_record_leads_is_told() {
        let report = |points_here| MxReport { points_here, hosts: Vec::new(), advice: None };
        let mut verification = awaited();
        for (points_here, problems, kept) in [
            (None, &[][..], None),
            (Some(false), &["mx_elsewhere".to_owned()], Some(false)),
            (None, &["mx_elsewhere".to_owned()], Some(false)),
            (Some(true), &[], Some(true)),
        ] {
            verification.led(Some(report(points_here)));
            assert_eq!(verification.problems, problems);
            assert_eq!(verification.mx.as_ref().map(|mx| mx.points_here), Some(kept));
        }
        verification.led(None);
        assert_eq!(verification.mx, Some(report(Some(true))));
    }

    #[test]
    fn a_code_confirms_while_it_is_awaited() {
        #[track_caller]
        fn check(mut verification: Verification, typed: &str, expected: bool) {
            assert_eq!(verification.confirm_with(typed, start()), expected);
            assert_eq!(verification.how, expected.then_some(How::Code));
        }
        check(awaited(), "abcd efgh", true);
        check(awaited(), "ABCD-EFGI", false);
        check(awaited(), "", false);
        check(Verification::default(), "", false);
        check(Verification { expires_at: Some(start()), ..awaited() }, "ABCD-EFGH", false);
        check(Verification { state: VerificationState::Failed, ..awaited() }, "ABCD-EFGH", false);
    }
}

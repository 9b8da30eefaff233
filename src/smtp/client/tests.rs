//! Whole attempts against scripted peers over loopback.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fake::Fake;
use super::*;
use crate::base::{Chance, Clock, Mailbox, ReversePath, Time};
use crate::net::internet::Tcp;
use crate::net::zone::Zone;
use crate::net::{Dns, dns, proof};

const TEXT: &str = "Subject: a\r\n\r\nb\r\n";

/// What a test sends.
struct Sending {
    from: &'static str,
    to: &'static [&'static str],
    message: Vec<u8>,
}

impl Default for Sending {
    fn default() -> Self {
        Self { from: "us@example.net", to: &["anna@example.org"], message: TEXT.into() }
    }
}

impl Sending {
    /// The outcomes, one a line, with the peers' ports left out.
    async fn run(&self, route: Route, servers: Vec<SocketAddr>, fakes: &[Fake]) -> String {
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let dns = Dns::new(&dns::Settings { servers }, Chance::seeded(1)).unwrap();
        let client = Client::new("mail.example.net", route, Arc::new(Tcp), dns, clock.clone());
        let from = ReversePath::from((!self.from.is_empty()).then(|| self.from.parse().unwrap()));
        let recipients: Vec<Mailbox> = self.to.iter().map(|to| to.parse().unwrap()).collect();
        let outgoing = Outgoing { from: &from, recipients: &recipients, message: &self.message };
        // Time passes only while a peer is silent on purpose.
        let time = async {
            loop {
                if fakes.iter().any(|fake| fake.stalls.load(Ordering::SeqCst)) {
                    clock.advance(Duration::from_secs(10));
                }
                tokio::task::yield_now().await;
            }
        };
        let outcomes = tokio::select! {
            outcomes = client.deliver(&outgoing) => outcomes,
            () = time => unreachable!("time has no end"),
        };
        let shown = outcomes.iter().map(|RecipientOutcome { recipient, outcome }| {
            let peer = outcome.peer.as_deref().map_or("-", |peer| peer.rsplit_once(':').unwrap().0);
            format!("{} {:?} {} {peer} {}", recipient.local(), outcome.fate, outcome.status, outcome.words)
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    /// Plays the scripts, one per connection, and compares what became of the mail.
    async fn check(&self, scripts: &[&str], expected: &str) {
        self.check_demanding(None, scripts, expected).await;
    }

    async fn check_demanding(&self, demands: Option<Demands>, scripts: &[&str], expected: &str) {
        let fake = Fake::start(([127, 0, 0, 1], 0).into(), scripts).await;
        let route = Route {
            smarthost: Some(("127.0.0.1".into(), fake.address.port())),
            demands,
            port: 25,
            private_networks: PrivateNetworks::Refuse,
        };
        let fakes = [fake];
        let shown = self.run(route, vec![], &fakes).await.replace("127.0.0.1[127.0.0.1] ", "");
        let [fake] = fakes;
        fake.finish().await;
        assert_eq!(shown, expected, "{scripts:?}");
    }
}

/// A peer without extensions, up to the line behind which a test goes on.
fn after(stage: &str, rest: &str) -> String {
    const DIALOGUE: &str = "S: 220 hi
        C: EHLO mail.example.net
        S: 250 mx.example.org
        C: MAIL FROM:<us@example.net>
        S: 250 ok
        C: RCPT TO:<anna@example.org>
        S: 250 ok
        C: DATA
        S: 354 go
        D: Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n
        ";
    let end = DIALOGUE.find(stage).unwrap() + DIALOGUE[DIALOGUE.find(stage).unwrap()..].find('\n').unwrap() + 1;
    format!("{}{rest}", &DIALOGUE[..end])
}

const MEND: &str =
    "the mail waits: mend `[outbound] smarthost_user` or the password file, then `postcase spool retry ID`";

const QUIT: &str = "
    C: QUIT
    S: 221 bye";

#[tokio::test]
async fn delivers() {
    let sending = Sending::default();
    let rest = format!("S: 250 2.6.0 queued as 17{QUIT}");
    sending.check(&[&after("D:", &rest)], "anna Delivered 2.6.0 250 2.6.0 queued as 17").await;
    // Silence after the verdict changes nothing.
    let rest = "S: 250 queued\nC: QUIT\n@stall";
    sending.check(&[&after("D:", rest)], "anna Delivered 2.0.0 250 queued").await;
    let rest = "S: 250 queued\n@close";
    sending.check(&[&after("D:", rest)], "anna Delivered 2.0.0 250 queued").await;
}

#[tokio::test]
async fn refusals_at_each_command() {
    async fn check(stage: &str, reply: &str, expected: &str) {
        let script = after(stage, &format!("S: {reply}{QUIT}"));
        Sending::default().check(&[&script], &format!("anna {expected}")).await;
    }
    check("C: MAIL", "451 4.7.1 later", "Transient 4.7.1 451 4.7.1 later").await;
    check("C: MAIL", "550 5.7.509 no", "Permanent 5.7.509 550 5.7.509 no").await;
    check("C: MAIL", "530 5.7.0 who are you?", &format!("Transient 4.7.0 530 5.7.0 who are you?; {MEND}")).await;
    check("C: RCPT", "535 wrong", &format!("Transient 4.0.0 535 wrong; {MEND}")).await;
    check("C: RCPT", "450 4.2.0 greylisted", "Transient 4.2.0 450 4.2.0 greylisted").await;
    check("C: RCPT", "550-5.1.1 no\\r\\n550 5.1.1 such user", "Permanent 5.1.1 550 5.1.1 no such user").await;
    check("C: RCPT", "552 5.2.2 full", "Permanent 5.2.2 552 5.2.2 full").await;
    check("C: DATA", "451 later", "Transient 4.0.0 451 later").await;
    check("C: DATA", "554 5.5.1 no", "Permanent 5.5.1 554 5.5.1 no").await;
    check("C: DATA", "250 what", "Transient 4.5.0 an unexpected reply: 250 what").await;
    check("D:", "451 4.3.0 later", "Transient 4.3.0 451 4.3.0 later").await;
    check("D:", "554 5.7.1 spam", "Permanent 5.7.1 554 5.7.1 spam").await;
}

#[tokio::test]
async fn replies_that_nothing_asked_for() {
    async fn check(stage: &str, rest: &str, expected: &str) {
        Sending::default().check(&[&after(stage, rest)], &format!("anna {expected}")).await;
    }
    let out_of_step = "Transient 4.5.0 a reply came that nothing had asked for";
    check("C: MAIL", r"S: 250 ok\r\n250 ok", &format!("{out_of_step} after RCPT")).await;
    check("C: RCPT", r"S: 250 ok\r\n354 go\r\n250 queued", &format!("{out_of_step} after DATA")).await;
    // The message that this 250 would stand for isn't even sent.
    check("C: DATA", r"S: 354 go\r\n250 queued", &format!("{out_of_step} before the message was sent")).await;
    // Behind the last reply it is nobody's business.
    let talkative = format!(r"S: 250 queued\r\n554 no{QUIT}");
    check("D:", &talkative, "Delivered 2.0.0 250 queued").await;
    check("C: RCPT", &format!(r"S: 550 5.1.1 no\r\n250 ok{QUIT}"), "Permanent 5.1.1 550 5.1.1 no").await;
}

#[tokio::test]
async fn refusals_before_mail() {
    async fn check(script: String, expected: &str) {
        Sending::default().check(&[&script], &format!("anna {expected}")).await;
    }
    check(format!("S: 554 5.7.1 go away{QUIT}"), "Permanent 5.7.1 554 5.7.1 go away").await;
    check(format!("S: 421 4.3.2 busy{QUIT}"), "Transient 4.3.2 421 4.3.2 busy").await;
    check(after("C: EHLO", &format!("S: 421 4.7.650 slow down{QUIT}")), "Transient 4.0.0 421 slow down").await;
    let helo = format!("S: 502 what\nC: HELO mail.example.net\nS: 550 5.7.1 no{QUIT}");
    check(after("C: EHLO", &helo), "Permanent 5.7.1 550 5.7.1 no").await;
}

#[tokio::test]
async fn a_peer_without_ehlo_gets_helo() {
    let rest = after("D:", &format!("S: 250 queued{QUIT}"));
    let rest = rest.split_once("S: 250 mx.example.org").unwrap().1;
    let script = after("C: EHLO", &format!("S: 500 what\nC: HELO mail.example.net\nS: 250 hello{rest}"));
    Sending::default().check(&[&script], "anna Delivered 2.0.0 250 queued").await;
}

#[tokio::test]
async fn a_peer_that_falls_silent_or_hangs_up() {
    async fn check(stage: &str, when: &str) {
        for (directive, why) in [("@stall", "no answer in time"), ("@close", "the connection was lost")] {
            let script = if stage.is_empty() { directive.into() } else { after(stage, directive) };
            // mail-send doesn't tell a closed connection from an unusable answer to EHLO.
            let both = (stage, directive) == ("C: EHLO", "@close");
            let (status, why) = if both { ("4.5.0", "no SMTP reply came") } else { ("4.4.2", why) };
            Sending::default().check(&[&script], &format!("anna Transient {status} {why} {when}")).await;
        }
    }
    check("", "before the greeting").await;
    check("C: EHLO", "after EHLO").await;
    check("C: MAIL", "after MAIL").await;
    check("C: RCPT", "after RCPT").await;
    check("C: DATA", "after DATA").await;
}

#[tokio::test]
async fn a_lost_verdict_is_marked() {
    let sending = Sending::default();
    let behind = "after the whole message was sent; it may have been delivered";
    let stall = format!("anna Uncertain 4.4.2 no answer in time {behind}");
    sending.check(&[&after("D:", "@stall")], &stall).await;
    let closed = format!("anna Uncertain 4.4.2 the connection was lost {behind}");
    sending.check(&[&after("D:", "@close")], &closed).await;
    let nonsense = format!("anna Uncertain 4.5.0 no SMTP reply came {behind}");
    sending.check(&[&after("D:", "S: thanks")], &nonsense).await;
    sending.check(&[&after("D:", "S: 354 more")], &nonsense).await;
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_never_ended() {
    let sending = Sending { message: vec![b'x'; 24 << 20], ..Sending::default() };
    let silent = "anna Transient 4.4.2 no answer in time while the message was being sent";
    sending.check(&[&after("S: 354", "@deaf")], silent).await;
    sending.check(&[&after("S: 354", "S: 552 5.3.4 too big\n@deaf")], "anna Permanent 5.3.4 552 5.3.4 too big").await;
}

#[tokio::test]
async fn a_hostile_peer_is_bounded() {
    async fn check(stage: &str, directive: &str, when: &str) {
        let script = if stage.is_empty() { directive.into() } else { after(stage, directive) };
        let expected = format!("anna Transient 4.5.0 no SMTP reply came {when}");
        Sending::default().check(&[&script], &expected).await;
    }
    check("", "@flood 2222222222222222", "before the greeting").await;
    check("", "@flood 220 on and on", "before the greeting").await;
    check("C: EHLO", "@flood 250 on and on", "after EHLO").await;
    check("C: EHLO", "S: hello", "after EHLO").await;
    check("C: MAIL", "@flood 250-on and on", "after MAIL").await;
    check("C: RCPT", "S: hello", "after RCPT").await;
    let words = format!("S: 550 5.1.1 \u{1b}[2Jno\0such\ruser{QUIT}");
    Sending::default().check(&[&after("C: RCPT", &words)], "anna Permanent 5.1.1 550 5.1.1 [2Jno such user").await;
    // What is said without being asked is not taken for the answer to a later command.
    let eager = after("D:", &format!("S: 250 queued{QUIT}")).replace("220 hi", "220 hi\\r\\n550 no");
    Sending::default().check(&[&eager], "anna Delivered 2.0.0 250 queued").await;
}

#[tokio::test]
async fn recipients_have_fates_of_their_own() {
    let sending = Sending { to: &["anna@example.org", "ben@example.org", "carl@example.org"], ..Sending::default() };
    let sequential = format!(
        "S: 220 hi
        C: EHLO mail.example.net
        S: 250 mx.example.org
        C: MAIL FROM:<us@example.net>
        S: 250 ok
        C: RCPT TO:<anna@example.org>
        S: 550 5.1.1 no such user
        C: RCPT TO:<ben@example.org>
        S: 250 ok
        C: RCPT TO:<carl@example.org>
        S: 552 too many recipients
        C: DATA
        S: 354 go
        D: Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n
        S: 250 queued{QUIT}"
    );
    let expected = "anna Permanent 5.1.1 550 5.1.1 no such user\n\
        ben Delivered 2.0.0 250 queued\n\
        carl Transient 4.5.3 552 too many recipients";
    sending.check(&[&sequential], expected).await;
    let pipelined = format!(
        "S: 220 hi
        C: EHLO mail.example.net
        S: 250-mx.example.org
        S: 250 PIPELINING
        C: MAIL FROM:<us@example.net>
        C: RCPT TO:<anna@example.org>
        C: RCPT TO:<ben@example.org>
        C: RCPT TO:<carl@example.org>
        S: 250 ok\\r\\n550 5.1.1 no such user\\r\\n250 ok\\r\\n552 too many recipients
        C: DATA
        S: 354 go
        D: Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n
        S: 250 queued{QUIT}"
    );
    sending.check(&[&pipelined], expected).await;
}

#[tokio::test]
async fn a_connection_lost_between_recipients() {
    let sending = Sending { to: &["anna@example.org", "ben@example.org", "carl@example.org"], ..Sending::default() };
    let script = after("C: RCPT", "S: 250 ok\nC: RCPT TO:<ben@example.org>\nS: 421 4.3.2 closing\n@close");
    let lost = "Transient 4.4.2 the connection was lost after RCPT";
    let expected = format!("anna {lost}\nben Transient 4.3.2 421 4.3.2 closing\ncarl {lost}");
    sending.check(&[&script], &expected).await;
}

#[tokio::test]
async fn the_message_on_the_wire() {
    async fn check(message: &str, wire: &str) {
        let sending = Sending { message: message.into(), ..Sending::default() };
        let script = after("S: 354", &format!("D: {wire}\nS: 250 queued{QUIT}"));
        sending.check(&[&script], "anna Delivered 2.0.0 250 queued").await;
    }
    check("A: b\r\n\r\nc\r\n", r"A: b\r\n\r\nc\r\n.\r\n").await;
    check("A: b\r\n\r\nc", r"A: b\r\n\r\nc\r\n.\r\n").await;
    check("A: b\r\n\r\nc\r\n\r\n", r"A: b\r\n\r\nc\r\n\r\n.\r\n").await;
    check("A: b\n\nc\nd\re\r\n", r"A: b\r\n\r\nc\r\nd\r\ne\r\n.\r\n").await;
    check("A: b\r\n\r\n.\r\n..\r\n.c", r"A: b\r\n\r\n..\r\n...\r\n..c\r\n.\r\n").await;
    check("A: b\n.\nMAIL FROM:<x@y>\n", r"A: b\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n").await;
    check("A: b\r.\rMAIL FROM:<x@y>\r", r"A: b\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n").await;
    check(".A: b\r\n\r\nc\r\n", r"..A: b\r\n\r\nc\r\n.\r\n").await;
    check(".\r\n", r"..\r\n.\r\n").await;
    check("", r"\r\n.\r\n").await;
}

#[tokio::test]
async fn extensions() {
    async fn check(offers: &str, sending: Sending, mail: &str, message: &str) {
        let script = format!(
            "S: 220 hi
            C: EHLO mail.example.net
            {offers}
            C: MAIL FROM:<us@example.net>{mail}
            S: 250 ok
            C: RCPT TO:<anna@example.org>
            S: 250 ok
            C: DATA
            S: 354 go
            D: {message}
            S: 250 queued{QUIT}"
        );
        sending.check(&[&script], "anna Delivered 2.0.0 250 queued").await;
    }
    let of = |message: &str| Sending { message: message.into(), ..Sending::default() };
    let all = "S: 250-mx\\r\\n250-SIZE 1000\\r\\n250-8BITMIME\\r\\n250 SMTPUTF8";
    check(all, of(TEXT), " SIZE=17", r"Subject: a\r\n\r\nb\r\n.\r\n").await;
    check(all, of(".A: b\n"), " SIZE=7", r"..A: b\r\n.\r\n").await;
    check(all, of("A: b\n\né\n"), " SIZE=12 BODY=8BITMIME", r"A: b\r\n\r\n\xc3\xa9\r\n.\r\n").await;
    check(all, of("A: é\n"), " SIZE=7 BODY=8BITMIME SMTPUTF8", r"A: \xc3\xa9\r\n.\r\n").await;
    check("S: 250-mx\\r\\n250 SIZE", of(TEXT), " SIZE=17", r"Subject: a\r\n\r\nb\r\n.\r\n").await;
    check("S: 250-mx\\r\\n250-XEXCH50\\r\\n250-AUTH=LOGIN\\r\\n250 OK", of(TEXT), "", r"Subject: a\r\n\r\nb\r\n.\r\n")
        .await;
}

#[tokio::test]
async fn what_a_peer_cannot_carry_is_not_offered() {
    async fn check(offer: &str, sending: Sending, expected: &str) {
        let script = format!("S: 220 hi\nC: EHLO mail.example.net\nS: {offer}{QUIT}");
        sending.check(&[&script], &format!("anna Permanent {expected}")).await;
    }
    let of = |message: &str| Sending { message: message.into(), ..Sending::default() };
    check("250-mx\\r\\n250 SIZE 16", of(TEXT), "5.3.4 the message has 17 bytes, the peer takes 16").await;
    check("250 mx", of("A: b\n\né\n"), "5.6.3 the peer can't take 8-bit text").await;
    let utf8 = "5.6.7 the peer can't take addresses or header fields beyond ASCII";
    check("250-mx\\r\\n250 8BITMIME", of("A: é\n"), utf8).await;
    check("250 mx", Sending { from: "müller@example.net", ..Sending::default() }, utf8).await;
}

#[tokio::test]
async fn addresses_are_said_as_the_grammar_wants() {
    let sending = Sending { from: "", to: &["\"a b>\\\"@c\"@example.org"], ..Sending::default() };
    let script = after(
        "S: 250 mx",
        &format!("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<\"a b>\\\\\"@c\"@example.org>\nS: 550 no{QUIT}"),
    );
    sending.check(&[&script], "a b>\"@c Permanent 5.0.0 550 no").await;
}

#[tokio::test]
async fn tls_where_it_is_offered() {
    let offer = "S: 220 hi
        C: EHLO mail.example.net
        S: 250-mx.example.org
        S: 250 STARTTLS
        C: STARTTLS
        ";
    let mail = after("D:", &format!("S: 250 queued{QUIT}"));
    let (_, hello) = mail.split_once("S: 220 hi\n").unwrap();
    let (_, transaction) = mail.split_once("S: 250 mx.example.org\n").unwrap();
    let delivered = "anna Delivered 2.0.0 250 queued";
    let sending = Sending::default();
    sending.check(&[&format!("{offer}S: 220 go\n@tls\n{hello}")], delivered).await;
    sending.check(&[&format!("{offer}S: 454 4.7.0 not now\n{transaction}")], delivered).await;
    for failure in ["S: 220 go\nS: this is not TLS", "S: 220 go\n@close", "S: 220 go\n@stall", "@close"] {
        sending.check(&[&format!("{offer}{failure}\n@stall"), &mail], delivered).await;
    }
    // Something spoke in plain behind the go-ahead: not even a handshake is begun.
    sending.check(&[&format!("{offer}S: 220 go\\r\\n250 injected"), &mail], delivered).await;
    // A peer that fails only under TLS.
    sending.check(&[&format!("{offer}S: 220 go\n@tls\nC: EHLO mail.example.net\n@close"), &mail], delivered).await;
}

/// What is demanded of the fake with `@proven`, and the folder of the password.
fn demands(implicit_tls: bool) -> (Demands, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "sesame\n").unwrap();
    std::fs::set_permissions(&password_file, PermissionsExt::from_mode(0o600)).unwrap();
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/certificate.pem");
    let connector = proof::connector(Some(&known)).unwrap();
    (Demands { implicit_tls, connector, login: Some(Login { user: "tim".into(), password_file }) }, folder)
}

/// What comes behind EHLO.
fn transaction() -> String {
    let mail = after("D:", &format!("S: 250 queued{QUIT}"));
    mail.split_once("S: 250 mx.example.org\n").unwrap().1.to_owned()
}

const START_TLS: &str = "S: 220 hi
    C: EHLO mail.example.net
    S: 250-mx.example.org
    S: 250 STARTTLS
    C: STARTTLS
    ";
const PROVEN: &str = "S: 220 go
    @proven
    C: EHLO mail.example.net
    S: 250-mx.example.org
    ";

#[tokio::test]
async fn a_smarthost_gets_login_and_mail() {
    async fn check(implicit: bool, script: &str) {
        let (demands, _folder) = demands(implicit);
        let script = format!("{script}\n{}", transaction());
        let delivered = "anna Delivered 2.0.0 250 queued";
        Sending::default().check_demanding(Some(demands), &[&script], delivered).await;
    }
    let plain = "C: AUTH PLAIN AHRpbQBzZXNhbWU=\nS: 235 2.7.0 welcome";
    let login = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dGlt\nS: 334 UGFzc3dvcmQ6\nC: c2VzYW1l\nS: 235 welcome";
    check(false, &format!("{START_TLS}{PROVEN}S: 250 AUTH LOGIN PLAIN\n{plain}")).await;
    check(false, &format!("{START_TLS}{PROVEN}S: 250 AUTH CRAM-MD5 LOGIN\n{login}")).await;
    let hello = "@proven\nS: 220 hi\nC: EHLO mail.example.net\nS: 250-mx\\r\\n250 AUTH PLAIN";
    check(true, &format!("{hello}\n{plain}")).await;
}

#[tokio::test]
async fn a_refused_login_fails_no_mail() {
    async fn check(rest: &str, expected: &str) {
        let (demands, _folder) = demands(false);
        let script = format!("{START_TLS}{PROVEN}{rest}");
        let sending = Sending::default();
        sending.check_demanding(Some(demands), &[&script], &format!("anna Transient {expected}")).await;
    }
    let plain = |reply: &str| format!("S: 250 AUTH PLAIN\nC: AUTH PLAIN AHRpbQBzZXNhbWU=\n{reply}");
    for (code, status) in [("535 5.7.8", "4.7.8"), ("534 5.7.9", "4.7.9"), ("550 5.7.1", "4.7.1")] {
        check(&plain(&format!("S: {code} no{QUIT}")), &format!("{status} {code} no; {MEND}")).await;
    }
    check(&plain(&format!("S: 454 4.7.0 not now{QUIT}")), "4.7.0 454 4.7.0 not now").await;
    check(&plain(&format!("S: 334 more{QUIT}")), "4.5.0 an unexpected reply: 334 more").await;
    check(&plain("@close"), "4.4.2 the connection was lost after AUTH").await;
    check(&plain("@stall"), "4.4.2 no answer in time after AUTH").await;
    let login = format!("S: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 x\nC: dGlt\nS: 535 no{QUIT}");
    check(&login, &format!("4.0.0 535 no; {MEND}")).await;
    check(&format!("S: 250 SIZE{QUIT}"), &format!("4.7.4 the smarthost offers no login; {MEND}")).await;
    let unknown = format!("4.7.4 the smarthost offers neither AUTH PLAIN nor AUTH LOGIN; {MEND}");
    check(&format!("S: 250 AUTH CRAM-MD5{QUIT}"), &unknown).await;
}

#[tokio::test]
async fn no_login_without_tls_and_proof() {
    async fn check(implicit: bool, script: &str, expected: &str) {
        let (demands, _folder) = demands(implicit);
        let sending = Sending::default();
        sending.check_demanding(Some(demands), &[script], &format!("anna Transient {expected}")).await;
    }
    let without = "and without it gets neither the login nor mail (`[outbound] smarthost_tls`)";
    let clear = format!("S: 220 hi\nC: EHLO mail.example.net\nS: 250-mx\\r\\n250 AUTH PLAIN{QUIT}");
    check(false, &clear, &format!("4.7.10 the smarthost offers no TLS, {without}")).await;
    let refused = format!("{START_TLS}S: 454 4.7.0 not now{QUIT}");
    check(false, &refused, &format!("4.7.10 the smarthost refuses TLS, {without}")).await;
    let unproven = "4.7.5 no TLS with the smarthost: invalid peer certificate: UnknownIssuer";
    let script = format!("{START_TLS}S: 220 go\n@untrusted");
    check(false, &script, unproven).await;
    check(true, "@untrusted", unproven).await;
    let behind = "4.7.5 no TLS with the smarthost: something was said in the clear behind the reply to STARTTLS";
    check(false, &format!("{START_TLS}S: 220 go\\r\\n250 injected"), behind).await;
    let late = "4.7.5 no TLS with the smarthost: the handshake took too long";
    check(true, "@stall", late).await;
}

#[tokio::test]
async fn a_password_is_read_for_each_attempt() {
    let (demands, folder) = demands(false);
    let password = folder.path().join("password");
    let sending = Sending::default();
    let script = |response: &str| {
        let login = format!("S: 250 AUTH PLAIN\nC: AUTH PLAIN {response}\nS: 235 welcome");
        format!("{START_TLS}{PROVEN}{login}\n{}", transaction())
    };
    let delivered = "anna Delivered 2.0.0 250 queued";
    sending.check_demanding(Some(demands.clone()), &[&script("AHRpbQBzZXNhbWU=")], delivered).await;
    std::fs::write(&password, "other").unwrap();
    sending.check_demanding(Some(demands.clone()), &[&script("AHRpbQBvdGhlcg==")], delivered).await;
    // Not even a connection is made.
    std::fs::remove_file(&password).unwrap();
    let unread = "anna Transient 4.3.5 - the password for the smarthost can't be used; `postcase check` says why";
    sending.check_demanding(Some(demands), &[], unread).await;
}

#[tokio::test]
async fn hosts_are_tried_in_order() {
    async fn check(first: &str, second: &[&str], expected: &str) {
        let one = Fake::start(([127, 0, 0, 1], 0).into(), &[first]).await;
        let port = one.address.port();
        let two = Fake::start((([127, 0, 0, 2]), port).into(), second).await;
        let zone = "example.org MX 10 mx1.example.org\nexample.org MX 20 mx2.example.org
            mx1.example.org A 127.0.0.1\nmx2.example.org A 127.0.0.2";
        let route = Route { smarthost: None, demands: None, port, private_networks: PrivateNetworks::Allow };
        let fakes = [one, two];
        let shown = Sending::default().run(route, vec![Zone::parse(zone).serve().await], &fakes).await;
        for fake in fakes {
            fake.finish().await;
        }
        assert_eq!(shown, expected);
    }
    let good = after("D:", &format!("S: 250 queued{QUIT}"));
    let delivered = "anna Delivered 2.0.0 mx2.example.org[127.0.0.2] 250 queued";
    for first in [&format!("S: 554 no{QUIT}"), &format!("S: 421 busy{QUIT}"), "@close", "@stall"] {
        check(first, &[&good], delivered).await;
    }
    let delivered = "anna Delivered 2.0.0 mx1.example.org[127.0.0.1] 250 queued";
    check(&good, &[], delivered).await;
    // Only a smarthost has any business with our login.
    let login = after("C: MAIL", &format!("S: 530 5.7.0 no{QUIT}"));
    check(&login, &[], "anna Permanent 5.7.0 mx1.example.org[127.0.0.1] 530 5.7.0 no").await;
    // One host that may change its mind keeps the mail.
    let (no, busy) = (format!("S: 554 no{QUIT}"), format!("S: 421 busy{QUIT}"));
    check(&busy, &[&no], "anna Transient 4.0.0 mx1.example.org[127.0.0.1] 421 busy").await;
    check(&no, &[&busy], "anna Transient 4.0.0 mx2.example.org[127.0.0.2] 421 busy").await;
    check(&no, &[&no], "anna Permanent 5.0.0 mx1.example.org[127.0.0.1] 554 no").await;
}

#[tokio::test]
async fn nobody_listens() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let route = Route {
        smarthost: Some(("127.0.0.1".into(), port)),
        demands: None,
        port: 25,
        private_networks: PrivateNetworks::Refuse,
    };
    let shown = Sending::default().run(route, vec![], &[]).await;
    assert!(shown.starts_with("anna Transient 4.4.1 127.0.0.1[127.0.0.1] no connection: "), "{shown}");
}

#[tokio::test]
async fn recipients_of_several_domains_take_several_transactions() {
    let zone = "one.example MX 10 mx1.example.org\ntwo.example MX 0 .\nmx1.example.org A 127.0.0.1";
    let script = format!(
        "S: 220 hi\nC: EHLO mail.example.net\nS: 250 mx\nC: MAIL FROM:<us@example.net>\nS: 250 ok
        C: RCPT TO:<anna@one.example>\nS: 250 ok\nC: RCPT TO:<carl@one.example>\nS: 250 ok\nC: DATA\nS: 354 go
        D: Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n\nS: 250 queued{QUIT}"
    );
    let fakes = [Fake::start(([127, 0, 0, 1], 0).into(), &[&script]).await];
    let route = Route {
        smarthost: None,
        demands: None,
        port: fakes[0].address.port(),
        private_networks: PrivateNetworks::Allow,
    };
    let sending = Sending { to: &["anna@one.example", "ben@two.example", "carl@one.example"], ..Sending::default() };
    let shown = sending.run(route, vec![Zone::parse(zone).serve().await], &fakes).await;
    let expected = "anna Delivered 2.0.0 mx1.example.org[127.0.0.1] 250 queued
carl Delivered 2.0.0 mx1.example.org[127.0.0.1] 250 queued
ben Permanent 5.1.10 - two.example takes no mail (null MX record, RFC 7505)";
    assert_eq!(shown, expected);
    let [fake] = fakes;
    fake.finish().await;
}

//! Real keys, real signatures, a name server on loopback; and senders who mean harm.

mod signing;

use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use mail_auth::arc::ArcSealer;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;
use mail_auth::{AuthenticatedMessage, AuthenticationResults};

use super::*;
use crate::base::{AuthResult, AuthResults, Chance, Clock, ReversePath, limits};
use crate::net::zone::Zone;
use crate::net::{Dns, dns, private_key};

const MESSAGE: &str = "From: Anna <anna@customer.example>\r\nTo: support@company.example\r\nSubject: Printer\r\n\
                       Message-ID: <1@customer.example>\r\n\r\nIt doesn't print.\r\n";
const PEER: &str = "192.0.2.7";

/// A key made now, and the value of its record.
struct Rsa {
    key: KeyPair,
    record: String,
}

impl Rsa {
    fn generate() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let record = format!("v=DKIM1; k=rsa; p={}", data_encoding::BASE64.encode(public.as_ref()));
        Self { key, record }
    }

    fn signing(&self) -> RsaKey<Sha256> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().unwrap();
        RsaKey::from_key_der(private_key(der.as_ref().to_vec())).unwrap()
    }
}

fn sign(key: impl SigningKey, domain: &str, selector: &str, message: &str) -> String {
    let signer = DkimSigner::from_key(key).domain(domain).selector(selector).headers(["From", "Subject", "From"]);
    signer.sign(message.as_bytes()).unwrap().to_header() + message
}

async fn authenticator(zone: &str) -> Authenticator {
    at(vec![Zone::parse(zone).serve().await])
}

fn at(servers: Vec<std::net::SocketAddr>) -> Authenticator {
    let dns = Dns::new(&dns::Settings { servers }, Chance::seeded(1)).unwrap();
    Authenticator::new(&dns, "mail.example.net", Clock::system())
}

fn transaction(peer: &str, from: &str) -> Transaction {
    let from = if from.is_empty() { ReversePath::Null } else { ReversePath::Mailbox(from.parse().unwrap()) };
    Transaction { peer: peer.parse().ok(), helo: "mx.customer.example".into(), from }
}

async fn results(authenticator: &Authenticator, transaction: &Transaction, message: &str) -> AuthResults {
    let author = crate::message::read(message.as_bytes()).author();
    authenticator.check(transaction, &authenticator.claims(message.as_bytes(), author)).await
}

/// The results in words, over a zone.
async fn check(zone: &str, transaction: &Transaction, message: &str, expected: &str) {
    let results = results(&authenticator(zone).await, transaction, message).await;
    assert_eq!(results.to_string(), expected, "{transaction:?}\n{zone}\n{message}");
}

#[tokio::test]
async fn spf() {
    const ZONE: &str = "
        pass.example TXT v=spf1 ip4:192.0.2.0/24 -all
        fail.example TXT v=spf1 -all
        soft.example TXT v=spf1 ~all
        neutral.example TXT v=spf1 ?all
        included.example TXT v=spf1 include:pass.example -all
        hosts.example TXT v=spf1 a mx -all
        hosts.example A 198.51.100.1
        hosts.example MX 10 mx.hosts.example
        mx.hosts.example A 192.0.2.7
        wrong.example TXT v=spf1 ip4:nonsense -all
        temp.example TXT SERVFAIL
        plain.example TXT hello
        mx.customer.example TXT v=spf1 ip4:192.0.2.7 -all
        loop.example TXT v=spf1 include:loop.example -all
        pass6.example TXT v=spf1 ip6:2001:db8::/32 -all
    ";
    let authenticator = authenticator(ZONE).await;
    let check = async |peer: &str, from: &str, expected: AuthResult| {
        let results = results(&authenticator, &transaction(peer, from), "Subject: x\r\n\r\n").await;
        assert_eq!(results, AuthResults { spf: expected, ..AuthResults::default() }, "{peer} {from}");
    };
    check(PEER, "a@pass.example", AuthResult::Pass).await;
    check("::ffff:192.0.2.7", "a@pass.example", AuthResult::Pass).await;
    check("198.51.100.9", "a@pass.example", AuthResult::Fail).await;
    check("2001:db8::7", "a@pass6.example", AuthResult::Pass).await;
    check(PEER, "a@fail.example", AuthResult::Fail).await;
    check(PEER, "a@soft.example", AuthResult::Softfail).await;
    check(PEER, "a@neutral.example", AuthResult::Neutral).await;
    check(PEER, "a@included.example", AuthResult::Pass).await;
    check(PEER, "a@hosts.example", AuthResult::Pass).await;
    check(PEER, "a@wrong.example", AuthResult::Permerror).await;
    check(PEER, "a@loop.example", AuthResult::Permerror).await;
    check(PEER, "a@temp.example", AuthResult::Temperror).await;
    check(PEER, "a@plain.example", AuthResult::None).await;
    check(PEER, "a@absent.example", AuthResult::None).await;
    check(PEER, "a@[192.0.2.7]", AuthResult::None).await;
    // A null reverse-path stands for the name that the peer has given itself.
    check(PEER, "", AuthResult::Pass).await;
    // Nobody's domain can name them.
    check("127.0.0.1", "a@fail.example", AuthResult::None).await;
    check("::1", "a@fail.example", AuthResult::None).await;
    check("", "a@fail.example", AuthResult::None).await;
}

#[tokio::test]
async fn dkim() {
    let (rsa, other) = (Rsa::generate(), Rsa::generate());
    let seed = Ed25519Key::generate_pkcs8().unwrap();
    let ed = || Ed25519Key::from_pkcs8_der(&seed).unwrap();
    let ed_record = format!("v=DKIM1; k=ed25519; p={}", data_encoding::BASE64.encode(&ed().public_key()));
    let zone = format!(
        "r._domainkey.customer.example TXT {}\ne._domainkey.customer.example TXT {ed_record}\n\
         revoked._domainkey.customer.example TXT v=DKIM1; p=\nother._domainkey.customer.example TXT {}\n\
         temp._domainkey.customer.example TXT SERVFAIL\nr._domainkey.list.example TXT {0}",
        rsa.record, other.record
    );
    let authenticator = authenticator(&zone).await;
    let check = async |message: &str, expected: AuthResult| {
        let results = results(&authenticator, &transaction("", ""), message).await;
        assert_eq!(results, AuthResults { dkim: expected, ..AuthResults::default() }, "{message}");
    };
    let good = sign(rsa.signing(), "customer.example", "r", MESSAGE);
    check(MESSAGE, AuthResult::None).await;
    check(&good, AuthResult::Pass).await;
    check(&sign(ed(), "customer.example", "e", MESSAGE), AuthResult::Pass).await;
    check(&good.replace("print.", "print!"), AuthResult::Fail).await;
    check(&good.replace("Printer", "Scanner"), AuthResult::Fail).await;
    check(&sign(rsa.signing(), "customer.example", "other", MESSAGE), AuthResult::Fail).await;
    check(&sign(rsa.signing(), "customer.example", "absent", MESSAGE), AuthResult::Permerror).await;
    check(&sign(rsa.signing(), "customer.example", "revoked", MESSAGE), AuthResult::Permerror).await;
    check(&format!("DKIM-Signature: nonsense\r\n{MESSAGE}"), AuthResult::Permerror).await;
    // RFC 8301 §3.1
    check(&good.replace("a=rsa-sha256", "a=rsa-sha1"), AuthResult::Permerror).await;
    // One that is good is enough, whatever a list has put in front.
    let footer = good.replace("print.", "print.\r\n-- a list");
    check(&sign(rsa.signing(), "list.example", "r", &footer), AuthResult::Pass).await;
    // One key that can't be had says nothing about the others.
    check(&sign(rsa.signing(), "customer.example", "temp", MESSAGE), AuthResult::Temperror).await;
    check(&good, AuthResult::Pass).await;
}

#[tokio::test]
async fn dmarc() {
    let rsa = Rsa::generate();
    let record = &rsa.record;
    let zone = |policy: &str| {
        format!(
            "_dmarc.customer.example TXT {policy}\ncustomer.example TXT v=spf1 ip4:192.0.2.7 -all\n\
             mail.customer.example TXT v=spf1 ip4:192.0.2.7 -all\nother.example TXT v=spf1 ip4:192.0.2.7 -all\n\
             r._domainkey.customer.example TXT {record}\nr._domainkey.other.example TXT {record}"
        )
    };
    let (relaxed, strict) = (zone("v=DMARC1; p=reject"), zone("v=DMARC1; p=none; aspf=s; adkim=s"));
    let (own, below) = (transaction(PEER, "a@customer.example"), transaction(PEER, "a@mail.customer.example"));
    let (stranger, forwarder) =
        (transaction(PEER, "a@other.example"), transaction("198.51.100.9", "a@customer.example"));
    check(&relaxed, &own, MESSAGE, "spf=pass dkim=none dmarc=pass arc=none").await;
    check(&relaxed, &below, MESSAGE, "spf=pass dkim=none dmarc=pass arc=none").await;
    check(&strict, &below, MESSAGE, "spf=pass dkim=none dmarc=fail arc=none").await;
    check(&relaxed, &stranger, MESSAGE, "spf=pass dkim=none dmarc=fail arc=none").await;
    check(&zone("nothing"), &stranger, MESSAGE, "spf=pass dkim=none dmarc=none arc=none").await;
    check(&zone("SERVFAIL"), &stranger, MESSAGE, "spf=pass dkim=none dmarc=temperror arc=none").await;
    // Forwarded: SPF speaks about the forwarder, and the signature still speaks for the author.
    let signed = sign(rsa.signing(), "customer.example", "r", MESSAGE);
    check(&relaxed, &forwarder, &signed, "spf=fail dkim=pass dmarc=pass arc=none").await;
    check(&relaxed, &forwarder, MESSAGE, "spf=fail dkim=none dmarc=fail arc=none").await;
    let by_other = sign(rsa.signing(), "other.example", "r", MESSAGE);
    check(&relaxed, &forwarder, &by_other, "spf=fail dkim=pass dmarc=fail arc=none").await;
    // The signature is of the lower From field, and people see the upper one.
    let shown = MESSAGE.replace("anna@", "eve@").replace("\r\nTo:", "\r\nFrom: boss@customer.example\r\nTo:");
    let unfixed = DkimSigner::from_key(rsa.signing()).domain("customer.example").selector("r").headers(["From"]);
    let two = unfixed.sign(shown.replace("From: Anna <eve@customer.example>\r\n", "").as_bytes()).unwrap().to_header();
    check(&relaxed, &forwarder, &(two + &shown), "spf=fail dkim=pass dmarc=fail arc=none").await;
    // Without an author's domain there is nobody to speak for.
    check(&relaxed, &own, "From: nobody\r\n\r\n", "spf=pass dkim=none dmarc=none arc=none").await;
}

#[tokio::test]
async fn arc() {
    let rsa = Rsa::generate();
    let zone = format!(
        "r._domainkey.customer.example TXT {0}\nf._domainkey.forwarder.example TXT {0}\n\
         _dmarc.customer.example TXT v=DMARC1; p=reject",
        rsa.record
    );
    let authenticator = authenticator(&zone).await;
    let signed = sign(rsa.signing(), "customer.example", "r", MESSAGE);
    let seal = async |message: &str| {
        let parsed = AuthenticatedMessage::parse(message.as_bytes()).unwrap();
        let chain = authenticator.resolver().verify_arc(&parsed).await;
        let results = AuthenticationResults::new("forwarder.example");
        let sealer = ArcSealer::from_key(rsa.signing()).domain("forwarder.example").selector("f");
        sealer.headers(["From", "Subject"]).seal(&parsed, &results, &chain).unwrap().to_header() + message
    };
    let check = async |message: &str, expected: &str| {
        let results = results(&authenticator, &transaction("", ""), message).await;
        assert_eq!(results.to_string(), expected, "{message}");
    };
    check(&signed, "spf=none dkim=pass dmarc=pass arc=none").await;
    let once = seal(&signed).await;
    check(&once, "spf=none dkim=pass dmarc=pass arc=pass").await;
    check(&seal(&once).await, "spf=none dkim=pass dmarc=pass arc=pass").await;
    // The forwarder has changed the text and then sealed it.
    let changed = seal(&signed.replace("print.", "print.\r\n-- the company")).await;
    check(&changed, "spf=none dkim=fail dmarc=fail arc=pass").await;
    check(&once.replace("print.", "print!"), "spf=none dkim=fail dmarc=fail arc=fail").await;
    check(&once.replacen("cv=none", "cv=pass", 1), "spf=none dkim=pass dmarc=pass arc=fail").await;
    check(&format!("ARC-Seal: nonsense\r\n{signed}"), "spf=none dkim=pass dmarc=pass arc=fail").await;
}

/// A thousand signatures cost ten look-ups at most, and the author's own is among them.
#[tokio::test]
async fn a_thousand_signatures() {
    let rsa = Rsa::generate();
    let zone = Zone::parse(&format!("r._domainkey.customer.example TXT {}\n*.evil.example TXT nothing", rsa.record));
    let asked = zone.asked();
    let authenticator = at(vec![zone.serve().await]);
    let own = sign(rsa.signing(), "customer.example", "r", MESSAGE);
    let mut many = String::new();
    for n in 0..900 {
        many += &own[..own.len() - MESSAGE.len()].replace("d=customer.example", &format!("d=x{n}.evil.example"));
    }
    assert!(many.len() < 500_000);
    let fits: String = many.split_inclusive("DKIM-Signature").take(400).collect::<String>() + "-Not: x\r\n";
    let found = results(&authenticator, &transaction("", ""), &(fits + &own)).await;
    assert_eq!(found.to_string(), "spf=none dkim=pass dmarc=none arc=none");
    // Ten keys, two steps of the author's policy, and whether anybody answers at all.
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) <= 13, "{asked:?}");
    let found = results(&authenticator, &transaction("", ""), &(many.clone() + &many + &own)).await;
    assert_eq!(found.to_string(), "spf=none dkim=permerror dmarc=none arc=permerror", "more header than anybody has");
}

/// A key whose exponent is as long as its modulus would take for ever; one of 512 bits is anybody's (RFC 8301 §3.2).
#[tokio::test]
async fn keys_of_no_use() {
    let rsa = Rsa::generate();
    let number = |bytes: usize| {
        let length = (bytes + 1) as u16;
        [&[0x02, 0x82], &length.to_be_bytes()[..], &[0], &vec![0xC5; bytes]].concat()
    };
    let key = |modulus: usize, exponent: usize| {
        let numbers = [number(modulus), number(exponent)].concat();
        let key = [&[0x30, 0x82], &(numbers.len() as u16).to_be_bytes()[..], &numbers].concat();
        format!("v=DKIM1; p={}", data_encoding::BASE64.encode(&key))
    };
    let zone = format!(
        "giant._domainkey.customer.example TXT {}\nweak._domainkey.customer.example TXT {}",
        key(400, 400),
        key(64, 2)
    );
    let authenticator = authenticator(&zone).await;
    let begun = Instant::now();
    for selector in ["giant", "weak"] {
        let message = sign(rsa.signing(), "customer.example", selector, MESSAGE);
        let found = results(&authenticator, &transaction("", ""), &message).await;
        assert_eq!(found.dkim, AuthResult::Fail, "{selector}");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

/// A list of 50,000 fields to sign would be compared with itself.
#[tokio::test]
async fn endless_lists() {
    let rsa = Rsa::generate();
    let authenticator = authenticator(&format!("r._domainkey.customer.example TXT {}", rsa.record)).await;
    let names = (0..20_000).map(|n| format!("x{n}")).collect::<Vec<_>>();
    let signer = DkimSigner::from_key(rsa.signing()).domain("customer.example").selector("r");
    let header = signer.headers(names).template;
    let field = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=customer.example; s=r; bh=AAAA; b=AAAA; h={}\r\n",
        header.h.join(":")
    );
    let begun = Instant::now();
    let found = results(&authenticator, &transaction("", ""), &(field + MESSAGE)).await;
    assert_eq!(found.dkim, AuthResult::Permerror);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn fifty_includes_and_aliases_in_a_circle() {
    let mut zone = String::new();
    for n in 0..50 {
        zone += &format!("i{n}.many.example TXT v=spf1 include:i{}.many.example -all\n", n + 1);
    }
    zone += "a.circle.example CNAME b.circle.example\nb.circle.example CNAME a.circle.example\n";
    let zone = Zone::parse(&zone);
    let asked = zone.asked();
    let authenticator = at(vec![zone.serve().await]);
    let many = results(&authenticator, &transaction(PEER, "a@i0.many.example"), "Subject: x\r\n\r\n").await;
    assert_eq!(many.spf, AuthResult::Permerror);
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) <= 12, "{asked:?}");
    let circle = results(&authenticator, &transaction(PEER, "a@a.circle.example"), "Subject: x\r\n\r\n").await;
    assert!(matches!(circle.spf, AuthResult::None | AuthResult::Temperror), "{circle}");
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) <= 40, "{asked:?}");
}

/// A domain whose name servers are silent costs its first message a moment, its next ones nothing, and others nothing.
#[tokio::test]
async fn a_silent_domain() {
    let zone = "_dmarc.slow.example TXT SILENCE\n_dmarc.customer.example TXT v=DMARC1; p=reject";
    let zone = Zone::parse(zone);
    let asked = zone.asked();
    let authenticator = at(vec![zone.serve().await]);
    let slow = MESSAGE.replace("customer", "slow");
    let nowhere = transaction("", "");
    assert_eq!(results(&authenticator, &nowhere, &slow).await.dmarc, AuthResult::Temperror);
    let before = asked.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(results(&authenticator, &nowhere, &slow).await.dmarc, AuthResult::Temperror);
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), before);
    assert_eq!(results(&authenticator, &nowhere, MESSAGE).await.dmarc, AuthResult::Fail);
}

/// A stranger who signs in a silent domain's name and in another one can't make the other one suspect.
#[tokio::test]
async fn a_silent_signer_beside_a_good_one() {
    let rsa = Rsa::generate();
    let zone = format!("r._domainkey.customer.example TXT {}\nr._domainkey.slow.example TXT SILENCE", rsa.record);
    let authenticator = authenticator(&zone).await;
    let own = sign(rsa.signing(), "customer.example", "r", MESSAGE);
    let both = sign(rsa.signing(), "slow.example", "r", &own);
    let nowhere = transaction("", "");
    assert_eq!(results(&authenticator, &nowhere, &both).await.dkim, AuthResult::Pass);
    assert_eq!(results(&authenticator, &nowhere, &own).await.dkim, AuthResult::Pass);
}

/// Name servers that are silent are asked whether they are there, and about no message for a while.
#[tokio::test]
async fn silent_name_servers() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let authenticator = at(vec![silent.local_addr().unwrap()]);
    let own = transaction(PEER, "a@customer.example");
    let unknown = "spf=temperror dkim=none dmarc=temperror arc=none";
    for _ in 0..1000 {
        assert_eq!(results(&authenticator, &own, MESSAGE).await.to_string(), unknown);
    }
    let silent = silent.into_std().unwrap();
    let questions = std::iter::from_fn(|| silent.recv(&mut [0; 512]).ok()).count();
    assert!((1..100).contains(&questions), "{questions} questions");
}

/// What waits for look-ups has a bound; beyond it nobody is looked up.
#[tokio::test]
async fn claims_have_little_room() {
    let rsa = Rsa::generate();
    let authenticator = authenticator(&format!("r._domainkey.customer.example TXT {}", rsa.record)).await;
    let padding = format!("X: {}\r\n", "x".repeat(limits::HEADER_BYTES_MAX / 2));
    let message = sign(rsa.signing(), "customer.example", "r", &(padding + MESSAGE));
    let mut waiting = Vec::new();
    while waiting.len() < 1000 {
        let claims = authenticator.claims(message.as_bytes(), None);
        if claims.excess.is_some() {
            break;
        }
        waiting.push(claims);
    }
    assert!(waiting.len() > 100 && waiting.len() < 1000, "{}", waiting.len());
    let nowhere = transaction("", "");
    assert_eq!(results(&authenticator, &nowhere, &message).await.dkim, AuthResult::Temperror);
    drop(waiting);
    assert_eq!(results(&authenticator, &nowhere, &message).await.dkim, AuthResult::Pass);
}

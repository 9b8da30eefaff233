//! Senders that are looked up before a message is decided, over name servers that answer, are slow, or are silent.

use std::time::Duration;

use super::*;
use crate::base::{AuthResult, AuthResults};
use crate::case::Mail;

/// As [`entry`], but by another author.
fn message(from: &str, rest: &str) -> Entry {
    let mut entry = entry(rest);
    let text =
        String::from_utf8(entry.message).unwrap().replace("From: anna@customer.example", &format!("From: {from}"));
    entry.message = text.into_bytes();
    entry
}

impl Place {
    async fn take(&self, entry: Entry) -> MailId {
        let journal = &self.site.journal;
        let id = journal.append(JournalKind::Inbound, &entry.envelope, entry.message.into()).await.unwrap();
        self.inbox.announce(id);
        id
    }

    async fn record(&self, id: MailId) -> Option<Mail> {
        tables::MAILS.get(&*self.site.engine, &id).await.unwrap().map(|kept| kept.value)
    }
}

#[tokio::test]
async fn who_writes_under_a_participants_address_is_believed_unless_dmarc_fails() {
    let zone = Zone::parse("_dmarc.bank.example TXT v=DMARC1; p=reject");
    let place = Place::in_world(zone, Clock::manual(Time::from_second(1_800_000_000).unwrap())).await;
    let first = "Message-ID: <1@customer.example>\nCc: boss@bank.example, ben@customer.example\n\nHelp\n";
    let first = place.take(message("anna@customer.example", first)).await;
    place.work().await;
    let answer = |n: u32| format!("Message-ID: <{n}@x.example>\nReferences: <1@customer.example>\n\nMore {n}\n");
    let ben = place.take(message("ben@customer.example", &answer(2))).await;
    let forger = place.take(message("boss@bank.example", &answer(3))).await;
    place.work().await;
    assert_eq!(place.reason(first).await, Some(Reason::NewConversation));
    assert_eq!(place.reason(ben).await, Some(Reason::KnownMessageId));
    assert_eq!(place.reason(forger).await, Some(Reason::NoProof));
    let record = place.record(forger).await.unwrap();
    assert_eq!(record.auth, Some(AuthResults { dmarc: AuthResult::Fail, ..AuthResults::default() }));
    assert_eq!(place.record(ben).await.unwrap().auth, Some(AuthResults::default()));
    let case = tables::CASES.get(&*place.site.engine, &record.case.unwrap()).await.unwrap().unwrap().value;
    let why = "refers to <1@customer.example> on the case, under a participant's address, which DMARC refutes";
    assert_eq!(case.hints[0].why, why);
}

/// One slow domain among many quick ones: those don't wait, and an answer to the slow one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_domain_holds_up_nobody_but_those_who_answer() {
    let zone = Zone::parse("_dmarc.slow.example TXT SILENCE");
    let place = Place::in_world(zone, Clock::system()).await;
    let slow = place.take(message("eve@slow.example", "Message-ID: <s@slow.example>\nCc: x@a.example\n\nSlow\n")).await;
    let stop = Stop::new();
    let authenticator = place.authenticator.clone();
    let worker =
        Arc::new(Worker::new(place.site.clone(), place.inbox.clone(), authenticator, place.mx.clone(), Arc::default()));
    let running = tokio::spawn(worker.run(stop.clone()));
    let answer = "Message-ID: <r@a.example>\nReferences: <s@slow.example>\n\nQuick\n";
    let answer = place.take(message("x@a.example", answer)).await;
    let mut quick = Vec::new();
    for n in 0..10 {
        quick.push(place.take(message("x@a.example", &format!("Message-ID: <{n}@a.example>\n\nQuick {n}\n"))).await);
    }
    while place.record(quick[9]).await.is_none() {
        place.site.clock.sleep(Duration::from_millis(5)).await;
    }
    assert!(place.record(slow).await.is_none() && place.record(answer).await.is_none());
    // A stop waits for what was begun.
    stop.request();
    running.await.unwrap();
    assert_eq!(place.record(slow).await.unwrap().auth.unwrap().dmarc, AuthResult::Temperror);
    assert_eq!(place.reason(answer).await, Some(Reason::KnownMessageId));
    assert_eq!(place.record(slow).await.unwrap().case, place.record(answer).await.unwrap().case);
}

/// Silent name servers are asked whether they are there, and not about two thousand senders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_name_servers_hold_up_nobody() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let place = Place::asking(silent.local_addr().unwrap(), Clock::system()).await;
    let mut ids = Vec::new();
    for n in 0..2000 {
        let text = format!("Message-ID: <{n}@customer.example>\n\nHelp {n}\n");
        ids.push(place.take(message(&format!("anna@d{n}.example"), &text)).await);
    }
    place.work().await;
    let silent = silent.into_std().unwrap();
    let questions = std::iter::from_fn(|| silent.recv(&mut [0; 512]).ok()).count();
    assert!((1..100).contains(&questions), "{questions} questions");
    for id in ids {
        assert_eq!(place.record(id).await.unwrap().auth.unwrap().dmarc, AuthResult::Temperror);
    }
}

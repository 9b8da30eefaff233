//! Tables of what is decided and planned, and the property that a case is the fold of its events.

mod items;
mod siblings;

use super::*;
use crate::address::{
    AcceptFrom, Confirmation, Doubt, OnResolved, OverLimit, RoutingAddress, Settings, Unauthorised, UnknownSender,
};
use crate::base::{AuthResult, AuthResults, CaseNumber, Chance, Envelope, MailId, Mailbox, ReversePath, Time};
use crate::message::Facts;
use crate::message::facts::Person;

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn mail_id(index: u32) -> MailId {
    MailId { incarnation: 1, segment: 1, index }
}

fn routing(number: u64, address: &str) -> Recipient {
    routing_with(number, address, Settings::default())
}

fn routing_with(number: u64, address: &str, settings: Settings) -> Recipient {
    let address = RoutingAddress::new(mailbox(address), number, settings, Time::UNIX_EPOCH);
    Recipient::Routing { address: address.into(), via: Via::Direct }
}

fn case(number: CaseNumber, status: Status) -> Case {
    Case { status, ..Case::unopened(number, Time::UNIX_EPOCH) }
}

fn candidate(case: CaseNumber, proof: Proof, author_known: bool) -> Candidate {
    Candidate { case, proof, by: format!("<{case}@x>"), author_known, account: None, author_refuted: false }
}

/// To one routing address, with nothing else known.
fn nothing() -> Evidence {
    Evidence {
        earlier_probe_of: None,
        confirmation: None,
        report_on: None,
        author: Some(mailbox("anna@customer.example")),
        sender: Sender::default(),
        is_own_copy: false,
        received_at: Time::UNIX_EPOCH,
        on_resolved: Vec::new(),
        over_limit: None,
        released: false,
        asked_for_case: false,
        routed_before: None,
        auto_reply: false,
        recipients: vec![routing(1, "support@company.example")],
        duplicate: None,
        first: None,
        home: None,
        many_addresses: ManyAddresses::OneCase,
        siblings: Vec::new(),
        probe_of: None,
        candidates: Vec::new(),
        cases: vec![case(1, Status::Open), case(2, Status::Closed)],
        unread: false,
    }
}

fn contact(inactive: bool) -> Contact {
    Contact { inactive, ..Contact::new(mailbox("anna@customer.example"), None, Time::UNIX_EPOCH) }
}

#[test]
fn strangers_are_held_where_the_address_says_so_and_inactive_contacts_are_marked() {
    let holds = || {
        let settings = Settings { unknown_sender: UnknownSender::Hold, ..Settings::default() };
        routing_with(1, "support@company.example", settings)
    };
    let here = "open for support@company.example after None";
    let by = |sender: Sender| Evidence { sender, recipients: vec![holds()], ..nothing() };
    let known = |inactive| Sender { contact: Some(contact(inactive)), ..Sender::default() };
    check(by(Sender::default()), "Held UnknownSender");
    check(by(known(false)), &format!("{here} NewConversation | "));
    check(by(known(true)), &format!("{here} InactiveContact | "));
    check(Evidence { author: None, ..by(known(false)) }, "Held UnknownSender");
    check(Evidence { released: true, ..by(Sender::default()) }, &format!("{here} NewConversation | "));
    check(Evidence { unread: true, ..by(Sender::default()) }, &format!("{here} Unreadable | "));
    let proof = |known| vec![candidate(1, Proof::KnownMessageId, known)];
    check(Evidence { candidates: proof(false), ..by(Sender::default()) }, "Held UnknownSender");
    check(Evidence { candidates: proof(true), ..by(Sender::default()) }, "append 1 third false KnownMessageId | ");
    let postmaster = Recipient::Postmaster(mailbox("postmaster@in.example"));
    let recipients = vec![holds(), postmaster];
    check(Evidence { recipients, ..by(Sender::default()) }, &format!("{here} NewConversation | "));

    let ours = Sender { ours: Some(mailbox("support@company.example")), ..Sender::default() };
    check(by(ours.clone()), "Held UnknownSender");
    check(Evidence { sender: ours, ..nothing() }, &format!("{here} FromOurselves | "));
    check(Evidence { sender: known(true), candidates: proof(false), ..nothing() }, &format!("{here} NoProof | 1"));
}

/// `decision case reason | hinted cases`.
fn said(decision: &Decision) -> String {
    let hinted = |hints: &[Hint]| hints.iter().map(|hint| hint.case.to_string()).collect::<Vec<_>>().join(",");
    let others = |beside: &[Beside]| {
        let one = |one: &Beside| match one {
            Beside::Open { continues, .. } => format!(", opens after {continues:?} at {}", one.address()),
            Beside::Append { case, .. } => format!(", joins {case} at {}", one.address()),
        };
        beside.iter().map(one).collect::<String>()
    };
    match decision {
        Decision::Open { opening: Opening { hints, continues, address }, reason, beside } => {
            let address = address.as_ref().map_or("nobody".into(), |address| address.address.to_string());
            format!("open for {address} after {continues:?} {reason:?} | {}{}", hinted(hints), others(beside))
        }
        Decision::Route { address, hints } => format!("item at {} | {}", address.address, hinted(hints)),
        Decision::Append { case, third_party, hints, reason, beside, .. } => {
            format!("append {case} third {third_party} {reason:?} | {}{}", hinted(hints), others(beside))
        }
        Decision::Duplicate { of, home, beside } => {
            let home = home.as_ref().map_or(String::new(), |home| format!(", home at {}", home.address));
            format!("duplicate of {} on {:?}{home}{}", of.mail, of.case, others(beside))
        }
        Decision::SetAside { how, reason, .. } => format!("{how:?} {reason:?}"),
        Decision::Verified { address } => format!("verified {}", address.address),
        Decision::EarlierProbe { address } => format!("earlier probe for {address}"),
        Decision::Confirmation { asked } => format!("{} asks", asked.provider),
        Decision::Report { case, probe_of, reason, .. } => format!("report {case:?} {probe_of:?} {reason:?}"),
    }
}

#[track_caller]
fn check(evidence: Evidence, expected: &str) {
    let decision = decide(&evidence);
    assert_eq!(said(&decision), expected);
    let (outcome, why) = decision.words();
    assert!(!outcome.is_empty() && !why.is_empty());
}

#[test]
fn every_evidence_has_its_decision_and_reason() {
    use Proof::{KeyedToken, KnownMessageId, OtherVersion, SubjectNumber};
    let here = "support@company.example";
    let with = |candidates: Vec<Candidate>| Evidence { candidates, ..nothing() };
    let to = |recipients: Vec<Recipient>| Evidence { recipients, ..nothing() };
    let known = || Some(Known { mail: mail_id(3), case: Some(1) });
    let bounce = || Recipient::Bounce { recipient: mailbox("b@in.example"), case: 1, message_id: "<m>".into() };
    let probe = || Recipient::Probe { recipient: mailbox("v@in.example"), address: mailbox(here) };
    let postmaster = || Recipient::Postmaster(mailbox("postmaster@in.example"));
    let removed = || Recipient::Removed(mailbox("old@company.example"));

    check(nothing(), "open for support@company.example after None NewConversation | ");
    check(with(vec![candidate(1, KeyedToken, true)]), "append 1 third false KeyedToken | ");
    check(with(vec![candidate(1, KeyedToken, false)]), "append 1 third true ThirdParty | ");
    check(with(vec![candidate(1, KnownMessageId, true)]), "append 1 third false KnownMessageId | ");
    check(with(vec![candidate(1, OtherVersion, true)]), "append 1 third false OtherVersion | ");
    let colleague = Candidate { account: Some("Customer".into()), ..candidate(1, KnownMessageId, false) };
    check(with(vec![colleague]), "append 1 third false SameAccount | ");
    for weak in [(KnownMessageId, false), (OtherVersion, false), (SubjectNumber, true), (SubjectNumber, false)] {
        let evidence = with(vec![candidate(1, weak.0, weak.1)]);
        check(evidence, "open for support@company.example after None NoProof | 1");
    }
    // Hints are passed over for a proof, and kept; a case is hinted at once.
    let mixed = vec![candidate(3, KnownMessageId, false), candidate(1, KnownMessageId, true)];
    check(with([mixed, vec![candidate(3, SubjectNumber, true)]].concat()), "append 1 third false KnownMessageId | 3");
    check(
        with(vec![candidate(2, KeyedToken, true), candidate(1, SubjectNumber, true)]),
        "open for support@company.example after Some(2) CaseClosed | 1",
    );

    check(Evidence { duplicate: known(), ..nothing() }, "duplicate of 00000001-1-3 on Some(1)");
    let Recipient::Routing { address, .. } = routing(1, here) else { unreachable!() };
    check(Evidence { probe_of: Some(address), duplicate: known(), ..nothing() }, "verified support@company.example");

    check(to(vec![bounce()]), "report Some(1) None BounceAddress");
    let of_probe = format!("report None Some({:?}) ProbeSender", mailbox(here));
    check(to(vec![probe()]), &of_probe);
    check(to(vec![postmaster()]), "open for nobody after None Postmaster | ");
    check(to(vec![removed()]), "open for nobody after None AddressRemoved | ");
    // An address that people write to decides over those that only machines use, and the oldest one over the others.
    let other = routing(2, "sales@company.example");
    check(
        to(vec![bounce(), other, routing(1, here), removed()]),
        "open for support@company.example after None NewConversation | ",
    );
    check(Evidence { unread: true, ..nothing() }, "open for support@company.example after None Unreadable | ");
    check(
        Evidence { unread: true, recipients: vec![removed()], ..nothing() },
        "open for nobody after None Unreadable | ",
    );
}

#[test]
fn an_author_who_is_not_accepted_is_set_aside() {
    let only = |number, list: &str, unauthorised| {
        let accept_from: AcceptFrom = list.parse().unwrap();
        let settings = Settings { accept_from, unauthorised, ..Settings::default() };
        routing_with(number, &format!("r{number}@company.example"), settings)
    };
    let to = |recipients: Vec<Recipient>| Evidence { recipients, ..nothing() };
    let hold = || only(1, "ben@b.example", Unauthorised::Hold);
    check(to(vec![hold()]), "Held AuthorNotAccepted");
    check(to(vec![only(1, "b.example", Unauthorised::Discard)]), "Ignored AuthorNotAccepted");
    check(to(vec![only(1, "b.example", Unauthorised::Bounce)]), "Bounced AuthorNotAccepted");
    check(Evidence { author: None, ..to(vec![hold()]) }, "Held AuthorNotAccepted");
    let accepted = "open for r1@company.example after None NewConversation | ";
    check(Evidence { author: Some(mailbox("Ben@B.example")), ..to(vec![hold()]) }, accepted);
    check(Evidence { released: true, ..to(vec![hold()]) }, accepted);
    // Of several the first that accepts; else the first one's action, in order of registration.
    let open = only(2, "customer.example", Unauthorised::Hold);
    check(to(vec![open, hold()]), "open for r2@company.example after None NewConversation | ");
    check(to(vec![only(2, "b.example", Unauthorised::Bounce), hold()]), "Held AuthorNotAccepted");

    // Who takes part in a case is let in; who only names one isn't.
    let with = |proof, known| Evidence { candidates: vec![candidate(1, proof, known)], ..to(vec![hold()]) };
    check(with(Proof::KnownMessageId, true), "append 1 third false KnownMessageId | ");
    check(with(Proof::KeyedToken, false), "append 1 third true ThirdParty | ");
    check(with(Proof::KnownMessageId, false), "Held AuthorNotAccepted");
    check(with(Proof::SubjectNumber, true), "Held AuthorNotAccepted");

    // Probes, reports, duplicates and the postmaster's mail come first.
    let Recipient::Routing { address, .. } = hold() else { unreachable!() };
    check(Evidence { probe_of: Some(address), ..to(vec![hold()]) }, "verified r1@company.example");
    let report_on = Some((1, "<m>".to_owned()));
    check(Evidence { report_on, ..to(vec![hold()]) }, "report Some(1) None ReportOnOurs");
    let bounce = Recipient::Bounce { recipient: mailbox("b@in.example"), case: 1, message_id: "<m>".into() };
    check(to(vec![hold(), bounce]), "report Some(1) None BounceAddress");
    let duplicate = Some(Known { mail: mail_id(3), case: Some(1) });
    check(Evidence { duplicate, ..to(vec![hold()]) }, "duplicate of 00000001-1-3 on Some(1)");
    let postmaster = Recipient::Postmaster(mailbox("postmaster@in.example"));
    check(to(vec![hold(), postmaster]), "open for nobody after None Postmaster | ");
}

#[test]
fn what_is_beyond_the_limit_is_set_aside() {
    let beyond = |over_limit| {
        let settings = Settings { over_limit, rate_limit: Some(1), ..Settings::default() };
        let Recipient::Routing { address, .. } = routing_with(1, "support@company.example", settings) else {
            unreachable!()
        };
        Evidence { over_limit: Some(address), ..nothing() }
    };
    check(beyond(OverLimit::Hold), "Held OverLimit");
    check(beyond(OverLimit::Discard), "Ignored OverLimit");
    // The policy has changed while it was decided.
    check(beyond(OverLimit::Requeue), "Held OverLimit");
    let duplicate = Some(Known { mail: mail_id(3), case: Some(1) });
    check(Evidence { duplicate, ..beyond(OverLimit::Hold) }, "duplicate of 00000001-1-3 on Some(1)");
    let released = Evidence { released: true, ..beyond(OverLimit::Hold) };
    check(released, "open for support@company.example after None NewConversation | ");
}

#[test]
fn an_answer_to_a_resolved_case_does_what_its_address_says() {
    use Proof::{KeyedToken, KnownMessageId};
    let day = |day: i64| Time::from_second(day * 86_400).unwrap();
    let resolved = Case { resolved_at: Some(day(10)), updated_at: day(20), ..case(1, Status::Resolved) };
    let evidence = |policy: &str, received: i64, candidates: Vec<Candidate>| Evidence {
        candidates,
        cases: vec![resolved.clone(), case(2, Status::Open)],
        received_at: day(received),
        on_resolved: vec![(1, policy.parse::<OnResolved>().unwrap())],
        ..nothing()
    };
    let answer = || vec![candidate(1, KeyedToken, true)];
    let (joins, opens) =
        ("append 1 third false KeyedToken | ", "open for support@company.example after Some(1) CaseResolved | ");
    check(evidence("reopen", 99, answer()), joins);
    check(evidence("reopen-within 7d", 17, answer()), joins);
    check(evidence("reopen-within 7d", 18, answer()), opens);
    check(evidence("new", 10, answer()), opens);
    check(Evidence { on_resolved: vec![], ..evidence("new", 99, answer()) }, joins);
    // A row of an older version says only when it was changed last.
    let cases = vec![Case { resolved_at: None, ..resolved.clone() }];
    check(Evidence { cases: cases.clone(), ..evidence("reopen-within 7d", 27, answer()) }, joins);
    check(Evidence { cases, ..evidence("reopen-within 7d", 28, answer()) }, opens);
    // Third parties and machines change nothing, and so open nothing.
    check(evidence("new", 99, vec![candidate(1, KeyedToken, false)]), "append 1 third true ThirdParty | ");
    check(Evidence { auto_reply: true, ..evidence("new", 99, answer()) }, joins);
    // What continues it already goes on.
    let both = vec![candidate(1, KeyedToken, true), candidate(2, KnownMessageId, true)];
    check(evidence("new", 99, both), "append 2 third false KnownMessageId | 1");
    let stranger = vec![candidate(1, KeyedToken, true), candidate(2, KnownMessageId, false)];
    check(evidence("new", 99, stranger), "open for support@company.example after Some(1) CaseResolved | 2");
}

#[test]
fn a_provider_that_asks_is_never_a_case_and_whoever_looks_like_one_is() {
    #[track_caller]
    fn check(evidence: Evidence, expected: &str) {
        let decision = decide(&evidence);
        assert_eq!(said(&decision), expected);
        assert!(!decision.words().1.is_empty());
    }
    let asked = || Confirmation {
        provider: "gmail".into(),
        code: Some("123456789".into()),
        link: None,
        from: mailbox("forwarding-noreply@google.com"),
        at: Time::UNIX_EPOCH,
        authenticated: true,
    };
    let with = |confirmation| Evidence { confirmation: Some(confirmation), ..nothing() };
    let named = |proof, known| vec![candidate(1, proof, known)];
    check(with(Ok(asked())), "gmail asks");
    check(Evidence { candidates: named(Proof::KeyedToken, true), ..with(Ok(asked())) }, "gmail asks");
    // A copy of a question is a duplicate; a question that came after a forged one, which is a case, is not.
    let copy_of = |case| Some(Known { mail: mail_id(3), case });
    check(Evidence { duplicate: copy_of(None), ..with(Ok(asked())) }, "duplicate of 00000001-1-3 on None");
    check(Evidence { duplicate: copy_of(Some(1)), ..with(Ok(asked())) }, "gmail asks");
    check(
        Evidence { duplicate: copy_of(Some(1)), ..with(Err(Doubt::Unproven)) },
        "duplicate of 00000001-1-3 on Some(1)",
    );
    let opens = |reason: &str, hints: &str| format!("open for support@company.example after None {reason} | {hints}");
    check(with(Err(Doubt::Unproven)), &opens("UnprovenConfirmation", ""));
    check(with(Err(Doubt::Elsewhere)), &opens("ConfirmationElsewhere", ""));
    let hinted = Evidence { candidates: named(Proof::SubjectNumber, true), ..with(Err(Doubt::Elsewhere)) };
    check(hinted, &opens("ConfirmationElsewhere", "1"));
    let proven = Evidence { candidates: named(Proof::KeyedToken, true), ..with(Err(Doubt::Unproven)) };
    check(proven, "append 1 third false KeyedToken | ");
    let probe = Evidence { earlier_probe_of: Some(mailbox("a@b.example")), ..with(Ok(asked())) };
    check(probe, "earlier probe for a@b.example");
}

#[test]
fn every_reason_has_words_of_its_own() {
    use Reason::*;
    let all = [
        NewConversation,
        NoProof,
        CaseClosed,
        CaseResolved,
        AuthorNotAccepted,
        OverLimit,
        AdviserHolds,
        KeyedToken,
        KnownMessageId,
        ThirdParty,
        SameMessage,
        ReceivedBefore,
        OtherVersion,
        ProbeReturned,
        ForwardingConfirmation,
        UnprovenConfirmation,
        ConfirmationElsewhere,
        BounceAddress,
        ProbeSender,
        Postmaster,
        AddressRemoved,
        Unreadable,
    ];
    let words: std::collections::BTreeSet<String> = all.iter().map(Reason::to_string).collect();
    assert_eq!(words.len(), all.len());
    for reason in all {
        let stored = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&stored).unwrap(), reason);
    }
}

/// Any event, by chance.
fn happening(chance: &Chance) -> Happening {
    let number = |below: u32| (chance.fraction() * f64::from(below)) as u32;
    let address = || mailbox(&format!("p{}@customer.example", number(300)));
    let person = |role| Participant { address: address(), name: (number(2) == 0).then(|| "P".into()), role };
    let text = || format!("text {}", number(9));
    let (mail, recipient) = (mail_id(number(99)), address());
    let statuses = [Status::New, Status::Open, Status::Pending, Status::Resolved, Status::Closed];
    let status = || statuses[number(5) as usize];
    match number(15) {
        0..=3 => Happening::MessageAdded {
            mail,
            message_id: Some(text()),
            why: text(),
            proven: number(2) == 0,
            author: (number(4) > 0).then(|| person(Role::Author)),
            participants: (0..number(20)).map(|_| person(Role::Addressed)).collect(),
        },
        4 => Happening::ReplySubmitted {
            mail,
            message_id: text(),
            from: address(),
            to: vec![address()],
            cc: vec![address()],
        },
        5 => Happening::ReplyDelivered { mail, recipient, status: text(), words: text() },
        6 => Happening::ReplyDelayed { mail, recipient, status: text(), words: text() },
        7 => Happening::ReplyFailed { mail, recipient, status: text(), words: text() },
        8 => Happening::DeliveryReported { mail, why: text() },
        9 => Happening::NoteAdded { text: text(), why: None },
        10 => {
            let name = ["subject", "priority", "colour", "size"][number(4) as usize].to_owned();
            let to = [None, Some(text()), Some("urgent".into())][number(3) as usize].clone();
            Happening::FieldChanged { name, from: None, to, why: Some(text()) }
        }
        11 => Happening::StatusChanged { from: status(), to: status(), why: text() },
        12 if number(2) == 0 => Happening::Queued { queue: text(), why: text() },
        12 => match number(4) {
            0 => Happening::Assigned { agent: address(), why: Some(text()), considered: Vec::new() },
            1 => Happening::Offered { agent: address(), until: Time::UNIX_EPOCH, why: text(), considered: Vec::new() },
            2 => Happening::OfferWithdrawn { agent: address(), why: text() },
            _ => Happening::Declined { agent: address(), why: text() },
        },
        13 => Happening::Linked { case: u64::from(number(9)), why: text(), sibling: number(2) == 0 },
        _ => Happening::HintAdded(Hint { case: u64::from(number(99)), why: text(), message_id: None }),
    }
}

#[test]
fn a_case_is_the_fold_of_its_events() {
    for seed in 0..100 {
        let chance = Chance::seeded(seed);
        let opened = Happening::CaseOpened {
            subject: "Fire".into(),
            key: "key".into(),
            origin: "email".into(),
            priority: Priority::Normal,
            record_type: Some("incident".into()),
            address: None,
            contact: None,
        };
        let mut events = vec![Event { at: Time::UNIX_EPOCH, by: "intake".into(), what: opened }];
        let mut head = Case::of_events(7, &events).unwrap();
        for second in 0..80 {
            let at = Time::from_second(second).unwrap();
            let event = Event { at, by: "admin".into(), what: happening(&chance) };
            head.apply(&event);
            // The row and the event as they come back from the store.
            head = serde_json::from_slice(&serde_json::to_vec(&head).unwrap()).unwrap();
            events.push(serde_json::from_slice(&serde_json::to_vec(&event).unwrap()).unwrap());
        }
        assert_eq!(Case::of_events(7, &events), Some(head.clone()), "seed {seed}");
        assert_eq!(head.events as usize, events.len());
        assert!(head.participants.len() <= PARTICIPANTS_MAX && head.hints.len() <= 20);
        let addresses: std::collections::HashSet<&Mailbox> = head.participants.iter().map(|one| &one.address).collect();
        assert_eq!(addresses.len(), head.participants.len(), "each participant once");
    }
    assert_eq!(Case::of_events(7, &[]), None);
}

/// A received message.
fn mail(facts: Facts) -> Mail {
    let envelope = Envelope::local(ReversePath::Null, vec![mailbox("support@our.example")], "ESMTP", Time::UNIX_EPOCH);
    Mail {
        id: mail_id(1),
        direction: Direction::Inbound,
        envelope,
        facts,
        reader_version: 1,
        auth: None,
        inactive_contact: false,
        deliveries: Vec::new(),
        case: Some(1),
        duplicate_of: None,
        steps: Vec::new(),
        queues_seen: Default::default(),
        saved_fields: None,
        decided_at: Time::UNIX_EPOCH,
        erased: None,
    }
}

#[test]
fn an_answer_goes_to_whoever_asked() {
    fn people(list: &str) -> Vec<Person> {
        list.split_whitespace().map(|address| Person { name: None, address: address.into() }).collect()
    }
    /// `contact`, then From, Reply-To, To and Cc of the last message; recipients `to / cc` of the answer to all.
    #[track_caller]
    fn check(contact: Option<&str>, [from, reply_to, to, cc]: [&str; 4], expected: &str) {
        let facts = Facts {
            from: people(from).pop(),
            reply_to: people(reply_to),
            to: people(to),
            cc: people(cc),
            ..Facts::default()
        };
        let last = mail(facts);
        let contact = contact.map(|address| Participant { address: mailbox(address), name: None, role: Role::Author });
        let case = Case { contact, ..case(1, Status::Open) };
        let ours = |address: &Mailbox| address.domain() == "our.example";
        let shown =
            |people: &[Addressee]| people.iter().map(|one| one.person.address.clone()).collect::<Vec<_>>().join(" ");
        let planned = match plan_reply(&case, Some(&last), true, &ours) {
            Ok(plan) => format!("{} / {}", shown(&plan.to), shown(&plan.cc)),
            Err(nobody) => format!("{nobody:?}"),
        };
        assert_eq!(planned, expected);
        let one = plan_reply(&case, Some(&last), false, &ours);
        assert!(one.map_or(true, |plan| plan.cc.is_empty()), "only to all when asked");
    }
    check(Some("anna@a.example"), ["anna@a.example", "", "support@our.example", ""], "anna@a.example / ");
    check(None, ["anna@a.example", "desk@a.example", "", ""], "desk@a.example / ");
    check(None, ["anna@a.example", "support@our.example", "", ""], "anna@a.example / ");
    check(Some("anna@a.example"), ["support@our.example", "", "", ""], "anna@a.example / ");
    check(Some("x@our.example"), ["support@our.example", "", "", ""], "NobodyToAnswer");
    check(None, ["not-an-address", "", "", ""], "NobodyToAnswer");
    check(
        None,
        ["anna@a.example", "", "support@our.example ben@b.example", "ANNA@a.example ben@B.example cy@c.example"],
        "anna@a.example / ben@b.example cy@c.example",
    );
    // Whoever writes under a participant's address, and isn't them, leads no answer elsewhere.
    let anna = |address: &str| Person { name: None, address: address.into() };
    let facts = Facts {
        from: Some(anna("anna@a.example")),
        reply_to: vec![anna("eve@evil.example")],
        cc: vec![anna("gang@evil.example")],
        ..Facts::default()
    };
    let refuted = AuthResults { dmarc: AuthResult::Fail, ..AuthResults::default() };
    let forged = Mail { facts, auth: Some(refuted), ..mail(Facts::default()) };
    let plan = plan_reply(&case(1, Status::Open), Some(&forged), true, &|_| false).unwrap();
    assert_eq!(
        plan,
        ReplyPlan { to: vec![Addressee { person: anna("anna@a.example"), why: Why::Author }], cc: vec![] }
    );
    assert_eq!(plan_reply(&case(1, Status::New), None, true, &|_| false), Err(NoReply::NobodyToAnswer));
}

#[test]
fn a_record_from_before_queues_were_recorded_is_readable() {
    let old = mail(Facts::default());
    let text = serde_json::to_string(&old).unwrap();
    assert!(!text.contains("queues_seen"), "{text}");
    assert_eq!(serde_json::from_str::<Mail>(&text).unwrap(), old);
    let waited = QueueState { at: Time::UNIX_EPOCH, open: true, waiting: 2, since: Some(Time::UNIX_EPOCH) };
    let seen = [("busy".to_owned(), Some(waited)), ("gone".to_owned(), None)];
    let new = Mail { queues_seen: seen.into(), ..old };
    assert_eq!(serde_json::from_str::<Mail>(&serde_json::to_string(&new).unwrap()).unwrap(), new);
}

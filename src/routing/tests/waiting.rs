//! What waits is in nobody's way, and nothing that waits is forgotten.

use super::*;
use crate::base::MailId;
use crate::case::{Case, DISPATCH, Event, Happening, INTAKE, Status, Unanswered};

fn often(agent: &str) -> std::collections::BTreeMap<Mailbox, u32> {
    [(mailbox(agent), limits::DECLINES_MAX)].into()
}

/// Declined as often as may be; so many of those times nobody answered, the last time then.
fn unanswered(case: CaseNumber, agent: &str, times: u32, last: i64) -> WorkItem {
    let unanswered = [(mailbox(agent), Unanswered { times, last: at(last) })].into();
    let declined = [(mailbox(agent), limits::DECLINES_MAX.max(times))].into();
    WorkItem { declined, unanswered, ..item(case) }
}

#[test]
fn what_everybody_declined_is_in_nobodys_way() {
    let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
    for case in 1..=50 {
        board.set_item(case, Some(WorkItem { declined: often("anna"), ..item(case) }));
    }
    board.set_item(51, Some(item(51)));
    check(&mut board, &[(51, "anna")]);
    assert_eq!(board.due(), Some(at(100 + limits::CAPACITY_LEASE.as_secs() as i64)), "who meant it isn't asked again");
    let members = ["anna", "bob"].map(mailbox).into();
    board.set_queue("q", Some(Queue { members, ..queue(Assign::RoundRobin, &[]) }));
    check(&mut board, &[]);
    board.set_agent(&mailbox("bob"), Some(Agent { capacity: Some(2), ..agent("bob") }));
    check(&mut board, &[(1, "bob"), (2, "bob")]);
}

#[test]
fn silence_counts_until_one_is_heard_of_and_not_for_ever() {
    let hour = limits::SILENCE_PAUSE.as_secs() as i64;
    let day = limits::SILENCE_PAUSE_MAX.as_secs() as i64;
    for (times, pause) in [(1, hour), (3, hour), (4, 2 * hour), (5, 4 * hour), (8, day), (4_000_000, day)] {
        let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
        // A hundred, so that what is asked again isn't the first that is looked at.
        for case in 1..=100 {
            board.set_item(case, Some(unanswered(case, "anna", times, 500)));
        }
        let end = at(500 + pause);
        assert_eq!((board.overdue(at(500 + pause - 1)), board.due()), (None, Some(end)), "{times} times");
        assert_eq!(assign(&mut board, at(500 + pause - 1)), []);
        assert_eq!((board.overdue(end), assign(&mut board, end).len()), (None, 100), "{times} times");
    }
    let says = |presence, second| Agent { presence, presence_at: Some(at(second)), ..agent("anna") };
    let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
    (1..=2).for_each(|case| board.set_item(case, Some(unanswered(case, "anna", 3, 500))));
    board.set_item(3, Some(WorkItem { declined: often("anna"), ..item(3) }));
    for (told, given) in [
        // Something else of hers has changed.
        (Agent { name: Some("Anna".into()), ..agent("anna") }, 0),
        (says(Presence::Available, 499), 0),
        (says(Presence::Away, 600), 0),
        (says(Presence::Available, 700), 2),
    ] {
        board.set_agent(&mailbox("anna"), Some(told.clone()));
        assert_eq!(assign(&mut board, at(800)).len(), given, "{told:?}");
    }
    // Who was removed and is an agent again has said nothing to what they were asked before.
    board.set_item(4, Some(unanswered(4, "anna", 3, 800)));
    assert_eq!(assign(&mut board, at(900)), []);
    board.set_agent(&mailbox("anna"), None);
    board.set_agent(&mailbox("anna"), Some(Agent { created_at: at(900), ..agent("anna") }));
    assert_eq!(assign(&mut board, at(900)), [(4, "anna".to_owned())]);
}

#[test]
fn what_takes_nothing_any_more_still_comes_back_from_who_leaves() {
    let lease = limits::CAPACITY_LEASE.as_secs() as i64;
    let has = |agent: &str| WorkItem { place: Place::Agent(mailbox(agent)), ..item(1) };
    let bob = Agent { capacity: Some(1), profile: Some("day".into()), ..agent("bob") };
    let mut board = board(Assign::RoundRobin, vec![agent("anna"), bob.clone()]);
    board.set_profile("day", Some(Profile { reset: Reset::EndOfDay, ..Profile::new("day", Time::UNIX_EPOCH) }));
    for (name, agent) in [("anna", agent("anna")), ("bob", bob)] {
        board.set_item(1, Some(has(name)));
        assert_eq!((board.overdue(at(lease)), board.load(&mailbox(name))), (None, 1), "{name}");
        assert_eq!((board.overdue(at(1 + lease)), board.load(&mailbox(name))), (None, 0), "{name}");
        // It owes nothing for another day, whatever is told again.
        board.set_agent(&mailbox(name), Some(Agent { name: Some("other".into()), ..agent }));
        board.set_item(1, Some(has(name)));
        assert_eq!((board.next_owing(at(2 + lease)), board.load(&mailbox(name))), (None, 0), "{name}");
        board.set_agent(&mailbox(name), None);
        let left = Overdue::Left { work: 1.into(), agent: mailbox(name) };
        assert_eq!(board.overdue(at(2 + lease)), Some(left), "{name}");
    }
}

#[test]
fn what_is_worked_on_takes_its_units_for_as_long() {
    let (lease, anna) = (limits::CAPACITY_LEASE.as_secs() as i64, mailbox("anna"));
    let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
    let has = |worked_at: Option<i64>| WorkItem {
        place: Place::Agent(anna.clone()),
        worked_at: worked_at.map(at),
        ..item(1)
    };
    for (worked_at, now, load) in [
        (None, lease, 1),
        (Some(500), lease + 499, 1),
        (Some(500), lease + 500, 0),
        (Some(lease + 600), lease + 600, 1),
    ] {
        board.set_item(1, Some(has(worked_at)));
        assert_eq!((board.overdue(at(now)), board.load(&anna)), (None, load), "{worked_at:?} at {now}");
    }
}

/// The item of a case after these events, each with who did it, a second apart.
fn item_after(events: &[(&str, Happening)]) -> Option<WorkItem> {
    let event = |(second, (by, what)): (i64, &(&str, Happening))| Event {
        at: at(second),
        by: (*by).into(),
        what: what.clone(),
    };
    let events: Vec<Event> = (0..).zip(events).map(event).collect();
    WorkItem::of(1.into(), &Case::of_events(1, &events).unwrap())
}

#[test]
fn what_comes_back_has_not_waited_meanwhile() {
    let anna = mailbox("anna");
    let queued = || (INTAKE, Happening::Queued { queue: "q".into(), why: String::new() });
    let turned = |by, from, to| (by, Happening::StatusChanged { from, to, why: String::new() });
    let offered =
        (DISPATCH, Happening::Offered { agent: anna.clone(), until: at(9), why: String::new(), considered: vec![] });
    let assigned = (DISPATCH, Happening::Assigned { agent: anna.clone(), why: None, considered: vec![] });
    let note = |by| (by, Happening::NoteAdded { text: String::new(), why: None });
    let mail = MailId { incarnation: 1, segment: 1, index: 1 };
    let (message_id, author, participants) = (None, None, vec![]);
    let why = String::new();
    let written = (INTAKE, Happening::MessageAdded { mail, message_id, why, proven: true, author, participants });
    let resolved = || turned("anna@company.example", Status::New, Status::Resolved);
    let reopened = || turned(INTAKE, Status::Resolved, Status::Open);
    let opened = || turned("anna@company.example", Status::New, Status::Open);
    // When it came, when somebody did something about it, whether it is offered.
    let cases: [(&[_], _); 8] = [
        (&[queued()], (0, None, false)),
        (&[queued(), opened()], (0, None, false)),
        (&[queued(), offered.clone(), resolved(), reopened()], (3, None, false)),
        (&[queued(), offered, opened()], (0, None, true)),
        (&[queued(), note("admin")], (0, None, false)),
        (&[queued(), assigned.clone(), note(INTAKE), note("rule r")], (1, None, false)),
        (&[queued(), assigned.clone(), note("admin")], (1, Some(2), false)),
        (&[queued(), assigned, opened(), resolved(), reopened(), written], (4, Some(5), false)),
    ];
    for (events, (since, worked_at, is_offered)) in cases {
        let found = item_after(events).map(|item| (item.since, item.worked_at, item.offer.is_some()));
        assert_eq!(found, Some((at(since), worked_at.map(at), is_offered)), "{events:?}");
    }
}

#[test]
fn what_waits_where_there_is_no_queue_is_told_of() {
    let overflowing = |name: &str, to: &str| Queue { overflow: Some(to.into()), ..Queue::new(name, Time::UNIX_EPOCH) };
    let gone = |work: CaseNumber| Some(Overdue::Gone { work: work.into(), from: "q".into() });
    // Told before or after the queue goes, whether it moved its items or not.
    for (queue, first) in
        [(overflowing("q", "main"), true), (overflowing("q", "main"), false), (queue(Assign::Pick, &[]), false)]
    {
        let mut board = Switchboard::default();
        board.set_queue("q", Some(queue.clone()));
        if first {
            board.set_item(1, Some(item(1)));
        }
        assert_eq!(board.overdue(at(2)), None);
        board.set_queue("q", None);
        board.set_item(1, Some(item(1)));
        assert_eq!((board.overdue(at(2)), board.overdue(at(2))), (gone(1), None));
        // Somebody makes it again before it is moved.
        board.set_queue("q", Some(overflowing("q", "main")));
        let end = at(1 + limits::OVERFLOW_AFTER.as_secs() as i64);
        let overflows =
            Overdue::Overflows { work: 1.into(), from: "q".into(), to: "main".into(), why: Overflow::Waited };
        assert_eq!(board.overdue(end), Some(overflows));
    }
    // Nothing overflows there; it does as soon as there is one.
    let mut board = Switchboard::default();
    board.set_queue("q", Some(overflowing("q", "r")));
    board.set_item(1, Some(item(1)));
    assert_eq!((board.overdue(at(1_000)), board.due()), (None, Some(at(1_801))));
    board.set_queue("r", Some(Queue::new("r", Time::UNIX_EPOCH)));
    assert_eq!(overflow_of(&mut board, at(1_801)), [(1, "r".into(), Overflow::Waited)]);
    // What its queue asks somebody about stays until they say no.
    let mut board = Switchboard::default();
    board.set_agent(&mailbox("anna"), Some(agent("anna")));
    board.set_item(1, Some(WorkItem { offer: Some(Offer { agent: mailbox("anna"), until: at(9) }), ..item(1) }));
    assert_eq!((board.overdue(at(8)), board.due()), (None, Some(at(9))));
    board.set_item(1, Some(item(1)));
    assert_eq!(board.overdue(at(8)), gone(1));
}

#[test]
fn nobody_waits_twice_in_a_circle_of_queues() {
    let mut board = Switchboard::default();
    for (name, to) in [("q", "r"), ("r", "s"), ("s", "q")] {
        let overflow_after = Some(Span(Duration::ZERO));
        board.set_queue(
            name,
            Some(Queue { overflow: Some(to.into()), overflow_after, ..Queue::new(name, Time::UNIX_EPOCH) }),
        );
    }
    let queued = |by: &'static str, queue: &str| (by, Happening::Queued { queue: queue.into(), why: String::new() });
    let assigned = ("admin", Happening::Assigned { agent: mailbox("anna"), why: None, considered: vec![] });
    let mut events = vec![queued(INTAKE, "q")];
    let mut waits = |events: &mut Vec<_>| {
        let mut went = Vec::new();
        board.set_item(1, item_after(events));
        while let Some(overdue) = board.overdue(at(100)) {
            let Overdue::Overflows { to, .. } = overdue else { panic!("{overdue:?}") };
            events.push(queued(DISPATCH, &to));
            board.set_item(1, item_after(events));
            went.push(to);
        }
        went
    };
    assert_eq!(waits(&mut events), ["r", "s"]);
    assert_eq!(waits(&mut events), [""; 0]);
    // What a person puts back may go round once more, as may what somebody had.
    events.push(queued("admin", "s"));
    assert_eq!(waits(&mut events), ["q", "r"]);
    events.extend([assigned, queued(DISPATCH, "q")]);
    assert_eq!(waits(&mut events), ["r", "s"]);
}

#[test]
fn what_is_urgent_comes_first_whatever_its_queue_is_called() {
    let mut board = board(Assign::RoundRobin, vec![Agent { capacity: Some(3), ..agent("anna") }]);
    for name in ["a", "z"] {
        board.set_queue(name, Some(Queue { name: name.into(), ..queue(Assign::RoundRobin, &["anna"]) }));
    }
    let wait = |work: CaseNumber, queue: &str, priority| WorkItem {
        place: Place::Queue(queue.into()),
        priority,
        ..item(work)
    };
    board.set_item(1, Some(wait(1, "z", Priority::Normal)));
    board.set_item(2, Some(wait(2, "a", Priority::Normal)));
    board.set_item(3, Some(wait(3, "a", Priority::Urgent)));
    // Nobody can have the first of all, which is in nobody's way.
    board.set_item(4, Some(WorkItem { declined: often("anna"), ..wait(4, "q", Priority::Urgent) }));
    board.set_item(5, Some(wait(5, "z", Priority::Urgent)));
    check(&mut board, &[(3, "anna"), (5, "anna"), (1, "anna")]);
}

/// Against the plain sentence: it overflows when as many came before it as may wait.
#[test]
fn what_is_beyond_is_what_came_when_it_was_full() {
    for seed in 0..20 {
        let chance = Chance::seeded(seed);
        let number = |below: usize| (chance.fraction() * below as f64) as usize;
        let most = number(6);
        let full = Queue { overflow_at: Some(most as u32), ..queue(Assign::RoundRobin, &[]) };
        let mut lane = lane::Lane::new(full, None);
        let mut waiting: std::collections::BTreeMap<(Time, Work), WorkItem> = Default::default();
        for _ in 0..300 {
            let item = WorkItem { since: at(number(5) as i64), ..item(number(12) as CaseNumber) };
            let known = waiting.iter().find(|(_, known)| known.work == item.work).map(|(key, _)| *key);
            match known.map(|key| waiting.remove(&key).unwrap()) {
                Some(known) => lane.remove(&known),
                None => {
                    lane.add(&item, &Default::default(), Default::default(), at(0));
                    waiting.insert((item.since, item.work), item);
                }
            }
            assert_eq!(lane.is_full(), waiting.len() >= most, "seed {seed}");
            for (before, item) in waiting.values().enumerate() {
                assert_eq!(lane.is_beyond(item), before >= most, "seed {seed}");
            }
        }
    }
}

#[test]
fn units_without_measure_are_no_more_than_very_many() {
    let units = [("claim".to_owned(), u32::MAX)].into();
    let mut board = board(Assign::RoundRobin, vec![Agent { profile: Some("p".into()), ..agent("anna") }]);
    board.set_profile("p", Some(Profile { units, ..Profile::new("p", Time::UNIX_EPOCH) }));
    let claim =
        |case| WorkItem { record_type: Some("claim".into()), place: Place::Agent(mailbox("anna")), ..item(case) };
    (1..=2).for_each(|case| board.set_item(case, Some(claim(case))));
    board.set_ration(&mailbox("anna"), 3.into(), Some(Ration { units: u32::MAX, until: at(9) }));
    assert_eq!(board.load(&mailbox("anna")), 3 * limits::UNITS_MAX);
    (1..=2).for_each(|case| board.set_item(case, None));
    assert_eq!(board.load(&mailbox("anna")), limits::UNITS_MAX);
}

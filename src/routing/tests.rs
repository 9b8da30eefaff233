//! The choice of an agent, method by method, and a board that is lived on by chance.

mod waiting;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::base::{CaseNumber, Chance, Hours, MailId, Mailbox, Priority, Span, Time, limits};
use crate::case::{Considered, Offer};

fn mailbox(name: &str) -> Mailbox {
    Mailbox::new(name, "company.example").unwrap()
}

fn at(second: i64) -> Time {
    Time::from_second(second).unwrap()
}

fn item(work: impl Into<Work>) -> WorkItem {
    let work = work.into();
    let number = match work {
        Work::Case(number) => number as i64,
        Work::Mail(mail) => mail.index.into(),
    };
    WorkItem {
        work,
        place: Place::Queue("q".into()),
        since: at(number),
        worked_at: None,
        priority: Priority::Normal,
        skills: Default::default(),
        record_type: None,
        address: None,
        previous: None,
        preferred: None,
        offer: None,
        declined: Default::default(),
        unanswered: Default::default(),
        passed: Default::default(),
    }
}

fn agent(name: &str) -> Agent {
    Agent::new(mailbox(name), None, Time::UNIX_EPOCH)
}

fn queue(assign: Assign, members: &[&str]) -> Queue {
    let members = members.iter().map(|name| mailbox(name)).collect();
    Queue { members, assign, ..Queue::new("q", Time::UNIX_EPOCH) }
}

/// A board with a queue and these agents, all of them its members.
fn board(assign: Assign, agents: Vec<Agent>) -> Switchboard {
    let mut board = Switchboard::default();
    let members = agents.iter().map(|agent| agent.address.clone()).collect();
    board.set_queue("q", Some(Queue { members, ..queue(assign, &[]) }));
    agents.into_iter().for_each(|agent| board.set_agent(&agent.address.clone(), Some(agent)));
    board
}

/// Assigns whatever can be; who got what, in order.
fn assign(board: &mut Switchboard, now: Time) -> Vec<(CaseNumber, String)> {
    let mut given = Vec::new();
    while let Some(choice) = board.next(now) {
        given.push((choice.work.case_number(), choice.agent.local().to_owned()));
        let waiting = board.item(choice.work).expect("only what is there is given").clone();
        let held = WorkItem { place: Place::Agent(choice.agent), since: now, ..waiting };
        board.set_item(choice.work, Some(held));
    }
    given
}

#[track_caller]
fn check(board: &mut Switchboard, expected: &[(CaseNumber, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(case, name)| (*case, (*name).to_owned())).collect();
    assert_eq!(assign(board, at(100)), expected);
}

#[test]
fn each_method_has_its_order() {
    let with = |name, capacity, skill| Agent { capacity, skills: [("german".to_owned(), skill)].into(), ..agent(name) };
    let agents = || vec![with("anna", Some(1), 1), with("bob", Some(3), 3), with("carl", Some(2), 2)];
    let waiting = |method| {
        let mut board = board(method, agents());
        let asks = |case| WorkItem { skills: [("german".to_owned(), 2)].into(), ..item(case) };
        (1..=7).for_each(|case| board.set_item(case, Some(asks(case))));
        board
    };
    check(&mut waiting(Assign::Pick), &[]);
    let in_turn = [(1, "anna"), (2, "bob"), (3, "carl"), (4, "bob"), (5, "carl"), (6, "bob")];
    check(&mut waiting(Assign::RoundRobin), &in_turn);
    let free = [(1, "bob"), (2, "carl"), (3, "bob"), (4, "anna"), (5, "carl"), (6, "bob")];
    check(&mut waiting(Assign::MostCapacity), &free);
    check(&mut waiting(Assign::LeastActive), &in_turn);
    let skilled = [(1, "bob"), (2, "bob"), (3, "bob"), (4, "carl"), (5, "carl")];
    check(&mut waiting(Assign::Skills), &skilled);
}

#[test]
fn urgent_items_come_first_and_the_former_agent_is_preferred() {
    let mut board = board(Assign::RoundRobin, vec![agent("anna"), agent("bob"), agent("carl")]);
    board.set_item(1, Some(item(1)));
    board.set_item(2, Some(WorkItem { priority: Priority::Urgent, ..item(2) }));
    board.set_item(3, Some(WorkItem { previous: Some(mailbox("anna")), ..item(3) }));
    check(&mut board, &[(2, "anna"), (1, "bob"), (3, "anna")]);
}

#[test]
fn who_is_not_there_is_full_or_has_declined_gets_nothing_and_the_choice_says_so() {
    let is = |name, presence| Agent { presence, ..agent(name) };
    let full = Agent { capacity: Some(0), ..agent("full") };
    let away = [is("busy", Presence::Busy), is("away", Presence::Away), is("offline", Presence::Offline)];
    let mut board = board(Assign::LeastActive, away.into_iter().chain([full, agent("no"), agent("yes")]).collect());
    let declined = [(mailbox("no"), limits::DECLINES_MAX)].into();
    board.set_item(1, Some(WorkItem { declined, ..item(1) }));
    let choice = board.next(at(100)).unwrap();
    let told: Vec<String> = choice.considered.iter().map(|one| format!("{} {}", one.agent.local(), one.why)).collect();
    let expected = [
        "yes has the fewest cases and items (0)",
        "busy is busy",
        "away is away",
        "offline is offline",
        "full is full: 0 of 0",
        "no has declined it too often",
    ];
    assert_eq!(told, expected);
    // Whoever is next in line may have what the first of it doesn't want.
    board.set_item(2, Some(item(2)));
    board.set_agent(&mailbox("yes"), None);
    check(&mut board, &[(2, "no")]);
}

#[test]
fn skills_count_until_it_has_taken_too_long() {
    let mut board = board(Assign::Skills, vec![agent("anna")]);
    let relaxing = Queue { relax_after: Some(Span(Duration::from_secs(60))), ..queue(Assign::Skills, &["anna"]) };
    board.set_queue("q", Some(relaxing));
    board.set_item(1, Some(WorkItem { skills: [("german".to_owned(), 1)].into(), ..item(1) }));
    assert_eq!(assign(&mut board, at(60)), []);
    assert_eq!(board.due(), Some(at(61)));
    assert_eq!(board.overdue(at(61)), None);
    assert_eq!(assign(&mut board, at(61)), [(1, "anna".to_owned())]);
}

#[test]
fn what_has_its_time_is_told_once() {
    let mut board = board(Assign::RoundRobin, vec![]);
    for name in ["anna", "bob"] {
        board.set_agent(&mailbox(name), Some(agent(name)));
    }
    let overflowing = Queue {
        overflow: Some("r".into()),
        overflow_after: Some(Span(Duration::from_secs(10))),
        ..queue(Assign::RoundRobin, &["anna"])
    };
    board.set_item(1, Some(item(1)));
    board.set_queue("q", Some(overflowing));
    board.set_queue("r", Some(Queue::new("r", Time::UNIX_EPOCH)));
    let offer = Offer { agent: mailbox("anna"), until: at(20) };
    board.set_item(2, Some(WorkItem { offer: Some(offer), ..item(2) }));
    assert_eq!((board.overdue(at(10)), board.due()), (None, Some(at(11))));
    let overflows = Overdue::Overflows { work: 1.into(), from: "q".into(), to: "r".into(), why: Overflow::Waited };
    assert_eq!((board.overdue(at(11)), board.overdue(at(11))), (Some(overflows), None));
    let unanswered = Overdue::Offer { work: 2.into(), agent: mailbox("anna") };
    assert_eq!((board.overdue(at(20)), board.due()), (Some(unanswered), None));
    // A lease that ends gives the unit back, and nobody has to do anything.
    board.set_item(2, Some(WorkItem { place: Place::Agent(mailbox("bob")), ..item(2) }));
    assert_eq!((board.load(&mailbox("anna")), board.load(&mailbox("bob"))), (0, 1));
    let end = at(2 + limits::CAPACITY_LEASE.as_secs() as i64);
    assert_eq!((board.due(), board.overdue(end), board.load(&mailbox("bob"))), (Some(end), None, 0));
    // Who is no agent any more has nothing.
    board.set_item(3, Some(WorkItem { place: Place::Agent(mailbox("bob")), ..item(3) }));
    board.set_agent(&mailbox("bob"), None);
    let left = |work: CaseNumber| Some(Overdue::Left { work: work.into(), agent: mailbox("bob") });
    assert_eq!((board.overdue(at(4)), board.overdue(at(4))), (left(2), left(3)));
}

#[test]
fn an_offer_ends_when_the_agent_is_not_there_any_more() {
    let offered = || WorkItem { offer: Some(Offer { agent: mailbox("anna"), until: at(20) }), ..item(1) };
    let withdrawn = |why| Some(Overdue::Withdrawn { work: 1.into(), agent: mailbox("anna"), why });
    let is = |presence| Agent { presence, ..agent("anna") };
    for (presence, expected) in [
        (Presence::Available, None),
        (Presence::Busy, None),
        (Presence::Away, withdrawn(Withdrawn::NotThere(Presence::Away))),
        (Presence::Offline, withdrawn(Withdrawn::NotThere(Presence::Offline))),
    ] {
        let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
        board.set_item(1, Some(offered()));
        assert_eq!(board.overdue(at(10)), None);
        board.set_agent(&mailbox("anna"), Some(is(presence)));
        assert_eq!(board.overdue(at(10)), expected, "{presence:?}");
        // As a board that is loaded afterwards.
        board.set_item(1, None);
        board.set_item(1, Some(offered()));
        assert_eq!(board.overdue(at(10)), expected, "{presence:?}");
    }
    let mut board = board(Assign::RoundRobin, vec![agent("anna")]);
    board.set_item(1, Some(offered()));
    board.set_queue("q", Some(queue(Assign::RoundRobin, &["bob", "anna"])));
    assert_eq!(board.overdue(at(10)), None);
    board.set_queue("q", Some(queue(Assign::RoundRobin, &["bob"])));
    assert_eq!(board.overdue(at(10)), withdrawn(Withdrawn::Left { queue: "q".into() }));
}

#[test]
fn an_address_may_ask_for_a_permission_set() {
    let billing: std::collections::BTreeSet<String> = ["billing".to_owned()].into();
    let permitted = Agent { permission_sets: billing.clone(), ..agent("bob") };
    let mut board = board(Assign::RoundRobin, vec![agent("anna"), Agent { capacity: Some(1), ..permitted }]);
    let of_billing = |case| WorkItem { address: Some(mailbox("invoices")), ..item(case) };
    board.set_item(1, Some(of_billing(1)));
    board.set_asked(&mailbox("invoices"), billing);
    board.set_item(2, Some(of_billing(2)));
    board.set_item(3, Some(item(3)));
    let choice = board.next(at(100)).unwrap();
    let told = Considered { agent: mailbox("anna"), why: "may not work on cases of this address".into() };
    assert_eq!((choice.work, choice.agent, &choice.considered[1..]), (1.into(), mailbox("bob"), &[told][..]));
    // The second one waits for bob, and is in nobody's way.
    check(&mut board, &[(1, "bob"), (3, "anna")]);
    board.set_asked(&mailbox("invoices"), Default::default());
    check(&mut board, &[(2, "anna")]);
}

#[test]
fn a_profile_says_what_cases_take_and_what_lets_nothing_else_come() {
    let of = |case, record_type: &str| WorkItem { record_type: Some(record_type.to_owned()), ..item(case) };
    let mut board = board(Assign::RoundRobin, vec![Agent { profile: Some("p".into()), ..agent("anna") }]);
    let (units, blocking) = ([("claim".to_owned(), 3)].into(), ["call".to_owned()].into());
    let profile = Profile { limit: Some(4), units, blocking, ..Profile::new("p", Time::UNIX_EPOCH) };
    board.set_profile("p", Some(profile.clone()));
    let waiting = [of(1, "claim"), of(2, "claim"), item(3), item(4)];
    waiting.into_iter().for_each(|item| board.set_item(item.work, Some(item)));
    // The second claim is too large for what is left, and in nobody's way.
    check(&mut board, &[(1, "anna"), (3, "anna")]);
    assert_eq!(board.load(&mailbox("anna")), 4);
    board.set_item(1, None);
    check(&mut board, &[(2, "anna")]);
    board.set_profile("p", Some(Profile { limit: Some(9), ..profile }));
    board.set_item(5, Some(of(5, "call")));
    board.set_item(6, Some(item(6)));
    check(&mut board, &[(4, "anna"), (5, "anna")]);
    board.set_item(5, None);
    check(&mut board, &[(6, "anna")]);
    // Without a profile each takes one.
    board.set_agent(&mailbox("anna"), Some(agent("anna")));
    assert_eq!(board.load(&mailbox("anna")), 4);
}

#[test]
fn what_comes_back_at_the_end_of_the_day_is_taken_until_then() {
    let anna = mailbox("anna");
    let mut board = board(Assign::RoundRobin, vec![Agent { profile: Some("day".into()), ..agent("anna") }]);
    let limit = Some(2);
    let day = Profile { limit, reset: Reset::EndOfDay, ..Profile::new("day", Time::UNIX_EPOCH) };
    board.set_profile("day", Some(day));
    (1..=4).for_each(|case| board.set_item(case, Some(item(case))));
    check(&mut board, &[(1, "anna"), (2, "anna")]);
    let ends = |day: i64| at(86_400 * day);
    for case in 1..=2 {
        let ration = Ration { units: 1, until: ends(1) };
        assert_eq!(board.next_owing(at(100)), Some((anna.clone(), case.into(), ration.clone())));
        board.set_ration(&anna, case.into(), Some(ration));
    }
    board.set_item(1, None);
    check(&mut board, &[]);
    assert_eq!((board.next_owing(at(100)), board.due()), (None, Some(ends(1))));
    // The first is over, the second counts for another day.
    let again = Ration { units: 1, until: ends(2) };
    let ended = |case, again| Some(Overdue::DayEnds { work: Work::Case(case), agent: mailbox("anna"), again });
    assert_eq!(board.overdue(ends(1)), ended(1, None));
    board.set_ration(&anna, 1.into(), None);
    assert_eq!(board.overdue(ends(1)), ended(2, Some(again.clone())));
    board.set_ration(&anna, 2.into(), Some(again));
    assert_eq!((board.load(&anna), assign(&mut board, ends(1))), (1, vec![(3, "anna".to_owned())]));
}

/// Moves whatever has to, as the worker does; where each item is then.
fn overflow_of(board: &mut Switchboard, now: Time) -> Vec<(CaseNumber, String, Overflow)> {
    let mut moved = Vec::new();
    while let Some(overdue) = board.overdue(now) {
        let Overdue::Overflows { work: Work::Case(case), to, why, .. } = overdue else { panic!("{overdue:?}") };
        board.set_item(case, Some(WorkItem { place: Place::Queue(to.clone()), since: now, ..item(case) }));
        moved.push((case, to, why));
    }
    moved
}

/// Names, zones and openings.
fn office_hours(all: &[(&str, &str, &str)]) -> Arc<BTreeMap<String, Hours>> {
    let hours = |zone: &str, open: &str| Hours {
        zone: zone.parse().unwrap(),
        open: vec![open.parse().unwrap()],
        holidays: vec![],
    };
    Arc::new(all.iter().map(|(name, zone, open)| ((*name).to_owned(), hours(zone, open))).collect())
}

#[test]
fn other_hours_are_reckoned_with_at_once() {
    let always = |open| office_hours(&[("office", "UTC", open)]);
    let mut board = Switchboard::new(always("mon-sun 00:00-08:00"));
    let (hours, overflow) = (Some("office".into()), Some("r".into()));
    let overflow_after = Some(Span(Duration::from_secs(100 * 3600)));
    let queue = queue(Assign::RoundRobin, &["anna"]);
    board.set_queue("q", Some(Queue { hours, overflow, overflow_after, ..queue }));
    board.set_queue("r", Some(Queue::new("r", Time::UNIX_EPOCH)));
    let hour = |hours: i64| at(hours * 3600);
    board.set_item(1, Some(item(1)));
    assert_eq!((overflow_of(&mut board, hour(1)), board.due()), (vec![], Some(hour(8))));
    assert!(board.set_hours(always("mon-sun 00:00-02:00")));
    assert_eq!((overflow_of(&mut board, hour(1)), board.due()), (vec![], Some(hour(2))));
    assert!(board.set_hours(always("mon-sun 00:00-24:00")));
    assert_eq!((overflow_of(&mut board, hour(9)), board.due()), (vec![], Some(at(1 + 100 * 3600))));
    assert!(board.set_hours(always("mon-sun 00:00-08:00")));
    assert_eq!(overflow_of(&mut board, hour(9)), [(1, "r".into(), Overflow::Closed)]);
    // Without hours of that name it is closed, until there are some.
    assert_eq!(board.without_hours().count(), 0);
    let none = office_hours(&[]);
    assert!(board.set_hours(Arc::clone(&none)) && !board.set_hours(none));
    assert_eq!(board.without_hours().collect::<Vec<_>>(), [("q", "office")]);
    board.set_agent(&mailbox("anna"), Some(agent("anna")));
    board.set_item(2, Some(item(2)));
    assert_eq!(assign(&mut board, hour(1)), []);
    assert_eq!(overflow_of(&mut board, hour(1)), [(2, "r".into(), Overflow::Closed)]);
    board.set_item(3, Some(item(3)));
    assert!(board.set_hours(always("mon-sun 00:00-08:00")));
    assert_eq!(assign(&mut board, hour(1)), [(3, "anna".to_owned())]);
}

#[test]
fn a_day_ends_by_the_hours_as_they_are_now() {
    let anna = mailbox("anna");
    let mut board = board(Assign::RoundRobin, vec![Agent { profile: Some("day".into()), ..agent("anna") }]);
    let (reset, hours) = (Reset::EndOfDay, Some("office".into()));
    board.set_profile("day", Some(Profile { reset, hours, ..Profile::new("day", Time::UNIX_EPOCH) }));
    let noon = at(12 * 3600);
    board.set_item(1, Some(WorkItem { place: Place::Agent(anna.clone()), ..item(1) }));
    let (agent, case, ration) = board.next_owing(noon).unwrap();
    assert_eq!(ration.until, at(24 * 3600), "UTC, where there are no such hours");
    board.set_ration(&agent, case, Some(ration));
    assert_eq!(board.misdated(noon), []);
    board.set_hours(office_hours(&[("office", "Asia/Tokyo", "mon-sun 00:00-24:00")]));
    assert_eq!(board.misdated(noon), [(anna, 1.into(), Ration { units: 1, until: at(15 * 3600) })]);
    assert_eq!(board.misdated(at(24 * 3600)), [], "it has ended");
}

#[test]
fn a_closed_queue_hands_nothing_out_and_overflows_to_one_that_is_open() {
    // The epoch was a Thursday.
    let hours = [("early", "UTC", "mon-sun 00:00-08:00"), ("late", "UTC", "mon-sun 06:00-12:00")];
    let mut board = Switchboard::new(office_hours(&hours));
    let with = |name: &str, hours: &str, overflow: &str| Queue {
        hours: Some(hours.into()),
        overflow: Some(overflow.into()),
        overflow_after: Some(Span(Duration::from_secs(100 * 3600))),
        members: vec![mailbox("anna")],
        assign: Assign::RoundRobin,
        ..Queue::new(name, Time::UNIX_EPOCH)
    };
    board.set_queue("q", Some(with("q", "early", "r")));
    board.set_queue("r", Some(with("r", "late", "q")));
    let hour = |hours: i64| at(hours * 3600);
    board.set_item(1, Some(item(1)));
    assert_eq!((overflow_of(&mut board, hour(1)), board.due()), (vec![], Some(hour(6))));
    assert_eq!((overflow_of(&mut board, hour(6)), board.due()), (vec![], Some(hour(8))));
    assert_eq!(overflow_of(&mut board, hour(8)), [(1, "r".into(), Overflow::Closed)]);
    // Nobody is there: it stays where it is, until one of them opens.
    assert_eq!((overflow_of(&mut board, hour(12)), board.due()), (vec![], Some(hour(24))));
    board.set_agent(&mailbox("anna"), Some(agent("anna")));
    assert_eq!(assign(&mut board, hour(23)), []);
    assert_eq!(overflow_of(&mut board, hour(24)), [(1, "q".into(), Overflow::Closed)]);
    assert_eq!(assign(&mut board, hour(24)), [(1, "anna".to_owned())]);
}

#[test]
fn a_full_queue_passes_on_whoever_comes_next() {
    let full = |name: &str, most, overflow: Option<&str>| Queue {
        overflow_at: Some(most),
        overflow: overflow.map(str::to_owned),
        ..Queue::new(name, Time::UNIX_EPOCH)
    };
    let mut board = Switchboard::default();
    board.set_queue("q", Some(full("q", 2, Some("r"))));
    board.set_queue("r", Some(full("r", 1, Some("q"))));
    (1..=5).for_each(|case| board.set_item(case, Some(item(case))));
    // Who came first stays, the next one fills the second queue, and nobody goes in a circle.
    assert_eq!(overflow_of(&mut board, at(5)), [(3, "r".into(), Overflow::Full)]);
    board.set_item(1, None);
    board.set_item(6, Some(item(6)));
    assert_eq!(overflow_of(&mut board, at(6)), []);
    board.set_queue("q", Some(full("q", 9, Some("r"))));
    assert_eq!(overflow_of(&mut board, at(7)), []);
    // Having waited for too long, they go where there is room, and try again later where there is none.
    let waited = |case, to: &str| (case, to.to_owned(), Overflow::Waited);
    assert_eq!(overflow_of(&mut board, at(1_000)), [waited(3, "q"), waited(5, "r")]);
    assert_eq!(board.due(), Some(at(1_802)));
}

/// Agents come and go, accept, decline, answer and forget; the process dies; cases and items come, and come again.
#[test]
fn nothing_is_lost_given_twice_or_leaked_whatever_happens() {
    for seed in 0..20 {
        let chance = Chance::seeded(seed);
        let number = |below: usize| (chance.fraction() * below as f64) as usize;
        let methods = [Assign::RoundRobin, Assign::MostCapacity, Assign::LeastActive, Assign::Skills];
        let names: Vec<String> = (0..8).map(|n| format!("agent{n}")).collect();
        let mut staff: Vec<Agent> = names.iter().map(|name| Agent { capacity: Some(3), ..agent(name) }).collect();
        let method = methods[number(4)];
        let mut floor = board(method, staff.clone());
        let mut rows: HashMap<Work, WorkItem> = HashMap::new();
        for step in 1..600 {
            let now = at(1_000 * step);
            let work = match number(40) as u32 {
                mail @ 0..10 => Work::Mail(MailId { incarnation: 1, segment: 1, index: mail }),
                case => Work::Case(case.into()),
            };
            let row = match (number(6), rows.get(&work).cloned()) {
                (0..=2, None) => Some(WorkItem { since: now, ..item(work) }),
                (3, Some(_)) => None,
                (4, Some(row)) => row.holder().cloned().map(|agent| {
                    let mut declined = row.declined.clone();
                    *declined.entry(agent).or_default() += 1;
                    WorkItem { declined, since: now, ..item(work) }
                }),
                (_, row) => row,
            };
            floor.set_item(work, row.clone());
            row.map(|row| rows.insert(work, row)).unwrap_or_else(|| rows.remove(&work));
            if number(4) == 0 {
                let presence = [Presence::Available, Presence::Away, Presence::Offline][number(3)];
                let who = &mut staff[number(8)];
                who.presence = presence;
                floor.set_agent(&who.address, Some(who.clone()));
            }
            if number(50) == 0 {
                // A crash: what isn't in a row is gone.
                floor = board(method, staff.clone());
                rows.iter().for_each(|(work, row)| floor.set_item(*work, Some(row.clone())));
            }
            while let Some(choice) = floor.next(now) {
                let row = rows.get_mut(&choice.work).expect("only what is there is given");
                assert_eq!(row.holder(), None, "seed {seed}: {} is given twice", choice.work);
                row.place = Place::Agent(choice.agent);
                row.since = now;
                floor.set_item(choice.work, Some(row.clone()));
            }
            for name in &names {
                let held = rows.values().filter(|row| row.holder() == Some(&mailbox(name))).count() as u32;
                assert_eq!(floor.load(&mailbox(name)), held, "seed {seed}: {name}");
                assert!(held <= 3, "seed {seed}: {name} has {held}");
            }
        }
        // Once all are there nothing waits while anybody has room for it.
        names.iter().for_each(|name| floor.set_agent(&mailbox(name), Some(agent(name))));
        let waiting = rows.values().filter(|row| row.holder().is_none() && row.declined.is_empty()).count();
        assert!(assign(&mut floor, at(1_000_000)).len() >= waiting, "seed {seed}");
    }
}

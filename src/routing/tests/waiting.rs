//! What waits is in nobody's way, and nothing that waits is forgotten.

use super::*;
use crate::case::Unanswered;

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

//! What can be an item, and what stays a case.

use super::*;
use crate::address::Opens;

const NOTES: &str = "notes@company.example";
const SUPPORT: &str = "support@company.example";

fn opens_items(number: u64, address: &str) -> Recipient {
    routing_with(number, address, Settings { opens: Opens::Item, ..Settings::default() })
}

/// What the decision is where an item is wanted, and why it can't be one.
#[track_caller]
fn check(evidence: Evidence, expected: Result<&str, &str>) {
    let decision = decide(&evidence);
    match decision.why_no_item(&evidence) {
        None => assert_eq!(Ok(said(&decision.as_item(&evidence)).as_str()), expected),
        Some(why) => assert_eq!(Err(why), expected),
    }
}

#[test]
fn only_what_opens_one_case_and_continues_none_can_be_an_item() {
    let here = || Evidence { recipients: vec![opens_items(1, NOTES)], ..nothing() };
    let with = |case, proof, known| Evidence { candidates: vec![candidate(case, proof, known)], ..here() };
    check(here(), Ok("item at notes@company.example | "));
    check(with(1, Proof::SubjectNumber, false), Ok("item at notes@company.example | 1"));
    check(with(1, Proof::KeyedToken, true), Err("it opens no case"));
    check(with(2, Proof::KeyedToken, true), Err("it continues a case"));
    check(Evidence { asked_for_case: true, ..here() }, Err("a person has asked for a case"));
    check(Evidence { confirmation: Some(Err(Doubt::Unproven)), ..here() }, Err("it may be a provider's question"));
    check(Evidence { unread: true, ..here() }, Err("its address doesn't decide on it"));
    let before = Some(Known { mail: mail_id(3), case: None });
    check(Evidence { routed_before: before, ..here() }, Ok("duplicate of 00000001-1-3 on None"));
}

#[test]
fn an_address_that_opens_cases_decides_before_those_that_open_items() {
    let opens = |many_addresses, recipients| {
        let evidence = Evidence { recipients, many_addresses, ..nothing() };
        said(&decide(&evidence))
    };
    let both = || vec![opens_items(1, NOTES), routing(2, SUPPORT)];
    let first = "open for support@company.example after None NewConversation | ";
    assert_eq!(opens(ManyAddresses::OneCase, both()), first);
    assert_eq!(opens(ManyAddresses::CaseEach, both()), first);
    let two = || vec![routing(1, NOTES), routing(2, SUPPORT)];
    check(
        Evidence { recipients: two(), many_addresses: ManyAddresses::CaseEach, ..nothing() },
        Err("it opens cases at several addresses"),
    );
}

//! One mail at several addresses: what each of them makes of it.

use super::*;

const SALES: &str = "sales@company.example";
const SUPPORT: &str = "support@company.example";
const BILLING: &str = "billing@company.example";

/// The addresses by name, in order of registration: sales, support, billing.
fn at(names: &[&str]) -> Vec<Recipient> {
    let number = |name: &str| [SALES, SUPPORT, BILLING].iter().position(|known| *known == name).unwrap() as u64 + 1;
    names.iter().map(|name| routing(number(name), name)).collect()
}

/// Cases 11 of sales and 12 of support are siblings, on which Anna takes part; 13 is another one, of billing.
fn family(many_addresses: ManyAddresses, recipients: &[&str]) -> Evidence {
    let of = |number, address: &str| {
        let mut case = case(number, Status::Open);
        case.address = Some(mailbox(address));
        let anna = Participant { address: mailbox("anna@customer.example"), name: None, role: Role::Author };
        case.participants.push(anna);
        case
    };
    Evidence {
        recipients: at(recipients),
        cases: vec![of(11, SALES), of(12, SUPPORT), of(13, BILLING)],
        siblings: vec![(11, 12), (12, 11)],
        many_addresses,
        ..nothing()
    }
}

use ManyAddresses::{CaseEach, OneCase};
use Proof::{KeyedToken, KnownMessageId};

fn named(evidence: Evidence, candidates: &[(CaseNumber, Proof)]) -> Evidence {
    let candidates = candidates.iter().map(|(case, proof)| candidate(*case, *proof, true)).collect();
    Evidence { candidates, ..evidence }
}

#[test]
fn a_mail_opens_a_case_at_each_address_that_accepts_its_author() {
    let opens = "open for sales@company.example after None NewConversation | ";
    let beside = ", opens after None at support@company.example";
    check(family(OneCase, &[SUPPORT, SALES]), opens);
    check(family(CaseEach, &[SUPPORT, SALES]), &format!("{opens}{beside}"));
    let strangers = Settings { accept_from: "b.example".parse::<AcceptFrom>().unwrap(), ..Settings::default() };
    let closed = |number, name| routing_with(number, name, strangers.clone());
    let with = |more| Evidence { recipients: [at(&[SALES, SUPPORT]), vec![more]].concat(), ..family(CaseEach, &[]) };
    check(with(closed(3, BILLING)), &format!("{opens}{beside}"));
    check(with(closed(0, BILLING)), &format!("{opens}{beside}"));
    let many: Vec<Recipient> = (1..=40).map(|n| routing(n, &format!("a{n}@company.example"))).collect();
    let decision = decide(&Evidence { recipients: many, ..family(CaseEach, &[]) });
    assert_eq!((decision.opens(), decision.beside().len()), (crate::base::limits::SIBLINGS_MAX, 15));
}

#[test]
fn an_answer_joins_the_siblings_of_the_addresses_that_it_reached() {
    let check = |recipients: &[&str], candidates: &[(CaseNumber, Proof)], each: &str, one: &str| {
        check(named(family(CaseEach, recipients), candidates), each);
        check(named(family(OneCase, recipients), candidates), one);
    };
    let known = |case| format!("append {case} third false KnownMessageId | ");
    let token = |case| format!("append {case} third false KeyedToken | ");
    let also = |text: String, case, at| format!("{text}, joins {case} at {at}");
    // The mail that opened both is known as the first one's.
    let opening = [(11, KnownMessageId)];
    check(&[SUPPORT], &opening, &known(12), &known(12));
    check(&[SALES, SUPPORT], &opening, &also(known(11), 12, SUPPORT), &known(11));
    check(&[BILLING], &opening, &known(11), &known(11));
    check(&[BILLING, SUPPORT], &opening, &known(12), &known(12));
    // A token means one of them; the others get the answer where it reached them.
    for both in [[(11, KeyedToken), (12, KeyedToken)], [(11, KeyedToken), (11, KnownMessageId)]] {
        check(&[SALES, SUPPORT], &both, &also(token(11), 12, SUPPORT), &token(11));
        check(&[SUPPORT], &both, &token(11), &token(11));
    }
    for both in [[(12, KeyedToken), (11, KeyedToken)], [(12, KeyedToken), (11, KnownMessageId)]] {
        check(&[SALES, SUPPORT], &both, &also(token(12), 11, SALES), &token(12));
        check(&[SALES], &both, &token(12), &token(12));
    }
    // Two that aren't siblings, proven by one answer.
    let strange = [(11, KeyedToken), (13, KeyedToken)];
    let hinted = "append 11 third false KeyedToken | 13";
    check(&[SALES, BILLING], &strange, &format!("{hinted}, joins 13 at {BILLING}"), hinted);
}

#[test]
fn a_sibling_without_the_author_or_closed_is_not_joined() {
    let both = [(11, KeyedToken), (12, KnownMessageId)];
    let mut evidence = named(family(CaseEach, &[SALES, SUPPORT]), &both[..1]);
    evidence.cases[1].participants.clear();
    check(evidence.clone(), "append 11 third false KeyedToken | ");
    evidence.candidates[0].author_known = false;
    check(evidence, "append 11 third true ThirdParty | ");
    let mut evidence = named(family(CaseEach, &[SALES, SUPPORT]), &both);
    evidence.cases[1].status = Status::Closed;
    let opens = "opens after Some(12) at support@company.example";
    check(evidence.clone(), &format!("append 11 third false KeyedToken | , {opens}"));
    evidence.cases[0].status = Status::Closed;
    check(evidence.clone(), &format!("open for sales@company.example after Some(11) CaseClosed | 12, {opens}"));
    evidence.cases[1].status = Status::Open;
    check(
        evidence,
        "open for sales@company.example after Some(11) CaseClosed | 12, joins 12 at support@company.example",
    );
}

/// The record of a first receipt: what it was at each address.
fn received(deliveries: &[(&str, Disposition, CaseNumber)]) -> Mail {
    let delivery = |(address, disposition, case): &(&str, Disposition, CaseNumber)| Delivery {
        address: mailbox(address),
        disposition: *disposition,
        reason: Reason::NewConversation,
        case: Some(*case),
        earlier: Vec::new(),
    };
    Mail {
        id: mail_id(3),
        deliveries: deliveries.iter().map(delivery).collect(),
        case: Some(deliveries[0].2),
        ..mail(Facts::default())
    }
}

#[test]
fn a_copy_at_another_address_comes_to_the_same_as_one_transaction() {
    use Disposition::{CaseAppended, CaseOpened};
    let copy = |many, recipients: &[&str], first: &[(&str, Disposition, CaseNumber)]| {
        let case = first[0].2;
        let duplicate = Some(Known { mail: mail_id(3), case: Some(case) });
        let home = at(&[first[0].0]).into_iter().find_map(|recipient| match recipient {
            Recipient::Routing { address, .. } => Some(address),
            _ => None,
        });
        Evidence { duplicate, first: Some(received(first)), home, ..family(many, recipients) }
    };
    let duplicate = |case| format!("duplicate of 00000001-1-3 on Some({case})");
    let of_support = [(SUPPORT, CaseOpened, 12)];
    check(copy(OneCase, &[SUPPORT], &of_support), &duplicate(12));
    check(copy(CaseEach, &[SUPPORT], &of_support), &duplicate(12));
    // One case begins at the address that was registered first, until somebody works on it.
    check(copy(OneCase, &[BILLING], &of_support), &duplicate(12));
    check(copy(OneCase, &[SALES], &of_support), &(duplicate(12) + ", home at sales@company.example"));
    let mut touched = copy(OneCase, &[SALES], &of_support);
    touched.cases[1].touched = true;
    check(touched, &duplicate(12));
    check(copy(OneCase, &[SALES], &[(SUPPORT, CaseAppended, 12)]), &duplicate(12));
    let opens = ", opens after None at billing@company.example";
    check(copy(CaseEach, &[BILLING], &of_support), &(duplicate(12) + opens));
    let mut beyond = copy(CaseEach, &[BILLING], &of_support);
    beyond.over_limit = Some(copy(CaseEach, &[BILLING], &of_support).accepting()[0].clone());
    check(beyond, &duplicate(12));
    // An answer: its own sibling joins, and so does that of the address where it came first.
    let joined = [(SALES, CaseAppended, 11)];
    check(copy(CaseEach, &[SUPPORT], &joined), &(duplicate(11) + ", joins 12 at support@company.example"));
    check(copy(CaseEach, &[BILLING], &joined), &duplicate(11));
    let joined = [(SALES, CaseAppended, 12)];
    check(copy(CaseEach, &[SUPPORT], &joined), &(duplicate(12) + ", joins 11 at sales@company.example"));
}

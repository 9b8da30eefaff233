//! Conversations that arrive in any order.

use std::collections::BTreeSet;

use super::*;
use crate::case::Case;

const PEOPLE: [&str; 6] = [
    "anna@customer.example",
    "ben@customer.example",
    "carla@customer.example",
    "one@agents.example",
    "two@agents.example",
    "three@agents.example",
];
const MESSAGES: usize = 30;
const PERMUTATIONS: u64 = 10;

/// A number below `end`.
fn draw(chance: &Chance, end: usize) -> usize {
    (chance.fraction() * end as f64) as usize
}

/// A conversation: each message answers an earlier one, and goes to all who take part.
fn conversation(chance: &Chance) -> Vec<Entry> {
    let mut references: Vec<String> = vec![String::new()];
    let write = |n: usize, parent: Option<usize>, references: &[String]| {
        let author = if n == 0 { PEOPLE[0] } else { PEOPLE[draw(chance, PEOPLE.len())] };
        let others: Vec<_> = PEOPLE.iter().copied().filter(|person| *person != author).collect();
        let thread = parent.map_or(String::new(), |parent| {
            format!("In-Reply-To: <{parent}@thread.example>\nReferences: {}\n", references[n].trim())
        });
        let rest = format!("Message-ID: <{n}@thread.example>\nCc: {}\n{thread}\nMessage {n}\n", others.join(", "));
        let mut entry = entry(&rest);
        let text = String::from_utf8(entry.message).unwrap();
        entry.message = text.replace("From: anna@customer.example", &format!("From: {author}")).into_bytes();
        entry
    };
    let mut messages = vec![write(0, None, &references)];
    for n in 1..MESSAGES {
        let parent = draw(chance, n);
        references.push(format!("{} <{parent}@thread.example>", references[parent]));
        messages.push(write(n, Some(parent), &references));
    }
    messages
}

impl Place {
    async fn bring(&self, entry: Entry) -> MailId {
        self.site.journal.append(JournalKind::Inbound, &entry.envelope, entry.message.into()).await.unwrap()
    }

    async fn cases(&self) -> Vec<Case> {
        let page = crate::store::Page::first(&[], usize::MAX);
        let rows = tables::CASES.scan(&*self.site.engine, page).await.unwrap();
        rows.into_iter().map(|(_, kept)| kept.value).collect()
    }
}

#[tokio::test]
async fn a_conversation_is_one_case_in_whatever_order_it_comes() {
    for seed in 0..PERMUTATIONS {
        let chance = Chance::seeded(seed);
        let mut messages = conversation(&chance);
        let place = Place::new().await;
        let mut ids = Vec::new();
        while !messages.is_empty() {
            // Some come alone, some in one round with others.
            for _ in 0..=draw(&chance, 3).min(messages.len() - 1) {
                let id = place.bring(messages.swap_remove(draw(&chance, messages.len()))).await;
                place.inbox.announce(id);
                ids.push(id);
            }
            place.work().await;
        }
        let cases = place.cases().await;
        let living: Vec<&Case> = cases.iter().filter(|case| case.merged_into.is_none()).collect();
        let [case] = living[..] else {
            panic!("seed {seed}: {:?}", living.iter().map(|c| c.number).collect::<Vec<_>>())
        };
        for id in ids {
            let mail = tables::MAILS.get(&*place.site.engine, &id).await.unwrap().unwrap().value;
            assert_eq!(mail.case, Some(case.number), "seed {seed}: {:?}", mail.facts.message_id);
        }
        let people: BTreeSet<String> = case.participants.iter().map(|person| person.address.to_string()).collect();
        assert_eq!(people, PEOPLE.map(str::to_owned).into(), "seed {seed}");
        assert_eq!(case.messages as usize, MESSAGES, "seed {seed}");
    }
}

#[tokio::test]
async fn a_late_message_joins_its_answer_only_when_it_went_to_its_author() {
    /// To and Cc of the late one; where it goes.
    async fn check(from: &str, cc: &str, expected: Reason) {
        let place = Place::new().await;
        let answer = "Message-ID: <2@x.example>\nIn-Reply-To: <1@x.example>\n\nAn answer\n";
        let answer = place.accept(answer).await;
        place.inbox.announce(answer);
        place.work().await;
        let mut late = entry(&format!("Message-ID: <1@x.example>\nCc: {cc}\n\nA question\n"));
        let text = String::from_utf8(late.message).unwrap();
        late.message = text.replace("From: anna@customer.example", &format!("From: {from}")).into_bytes();
        let late = place.bring(late).await;
        place.inbox.announce(late);
        place.work().await;
        assert_eq!(place.reason(late).await, Some(expected), "{from} {cc}");
    }
    check("ben@customer.example", "anna@customer.example", Reason::Awaited).await;
    check("anna@customer.example", "ben@customer.example", Reason::Awaited).await;
    check("eve@elsewhere.example", "ben@customer.example", Reason::NoProof).await;
}

#[tokio::test]
async fn of_many_cases_with_one_subject_those_shown_are_looked_at() {
    use crate::base::limits::MESSAGE_HINTS_MAX;
    let place = Place::new().await;
    let mut newest = None;
    for n in 0..2 * MESSAGE_HINTS_MAX {
        let id = place.accept(&format!("Message-ID: <{n}@x.example>\n\nMessage {n}\n")).await;
        place.inbox.announce(id);
        place.work().await;
        newest = Some(id);
    }
    let mail = tables::MAILS.get(&*place.site.engine, &newest.unwrap()).await.unwrap().unwrap().value;
    let looked_at = mail.steps.iter().filter(|step| step.stage == "thread").count();
    let cases = place.cases().await;
    let shown: Vec<u64> = cases.last().unwrap().hints.iter().map(|hint| hint.case).collect();
    assert_eq!((cases.len(), looked_at, &shown[..]), (2 * MESSAGE_HINTS_MAX, MESSAGE_HINTS_MAX, &[5, 4, 3][..]));
}

#[tokio::test]
async fn a_case_that_somebody_works_on_is_not_merged_away() {
    let place = Place::new().await;
    let write = |n: u32, rest: &str| format!("Message-ID: <{n}@x.example>\n{rest}\nMessage {n}\n");
    for n in [2, 3] {
        let id = place.accept(&write(n, "In-Reply-To: <1@x.example>\n")).await;
        place.inbox.announce(id);
        place.work().await;
    }
    let mut change = CaseChange::of(&*place.site.engine, 2).await.unwrap().unwrap();
    change.add(place.site.now(), "agent@example.net", Happening::NoteAdded { text: "mine".into(), why: None });
    let mut batch = Batch::default();
    change.write(&mut batch);
    place.site.engine.commit(batch).await.unwrap();
    let late = place.accept(&write(1, "")).await;
    place.inbox.announce(late);
    place.work().await;
    // The one that was touched takes in the other, though it is younger.
    let merged: Vec<_> = place.cases().await.iter().map(|case| (case.number, case.merged_into)).collect();
    assert_eq!(merged, [(1, Some(2)), (2, None)]);
    let mail = tables::MAILS.get(&*place.site.engine, &late).await.unwrap().unwrap().value;
    assert_eq!(mail.case, Some(2));
}

/// Nothing ties them to each other but the case, which each of them changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_come_at_once_are_all_on_the_case_and_each_once() {
    const ANSWERS: u32 = 40;
    let place = Place::new().await;
    place.inbox.announce(place.accept("Message-ID: <0@x.example>\n\nA question\n").await);
    place.work().await;
    let mut ids = Vec::new();
    for n in 1..=ANSWERS {
        ids.push(
            place.accept(&format!("Message-ID: <{n}@x.example>\nIn-Reply-To: <0@x.example>\n\nAnswer {n}\n")).await,
        );
    }
    ids.iter().for_each(|id| place.inbox.announce(*id));
    place.work().await;
    for id in &ids {
        assert_eq!(place.reason(*id).await, Some(Reason::KnownMessageId));
    }
    let cases = place.cases().await;
    assert_eq!(cases.iter().map(|case| (case.number, case.messages)).collect::<Vec<_>>(), [(1, ANSWERS + 1)]);
    let events = crate::store::case_change::events_of(&*place.site.engine, 1).await.unwrap();
    assert_eq!(Case::of_events(1, &events).as_ref(), Some(&cases[0]));
}

/// All of one new customer's, so that each but the first is overtaken by the contact that the first one makes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_are_numbered_in_order_of_receipt() {
    let place = Place::new().await;
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(place.accept(&format!("Message-ID: <{n}@customer.example>\n\nHelp {n}\n")).await);
    }
    ids.iter().for_each(|id| place.inbox.announce(*id));
    place.work().await;
    for (id, number) in ids.iter().zip(1..) {
        let mail = tables::MAILS.get(&*place.site.engine, id).await.unwrap().unwrap().value;
        assert_eq!(mail.case, Some(number));
    }
}

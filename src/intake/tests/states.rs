//! What plugins keep, when messages are decided at the same time.

use super::*;
use crate::intake::{Left, States};
use crate::plugin::Memory;

const NAME: &str = "counter";

fn id(index: u32) -> MailId {
    MailId { incarnation: 1, segment: 1, index }
}

async fn read(site: &Site) -> States {
    States::read(site, &[(NAME, "0123456789abcdef"), ("other", "1")]).await.unwrap()
}

fn counted(states: &mut States) {
    let before = states.state(NAME).len();
    states.take(NAME, "0123456789abcdef", Memory { read: true, kept: Some(vec![1; before + 1]) });
}

async fn commit(site: &Site, states: &States, id: MailId) -> bool {
    let mut batch = Batch::default();
    states.write(&mut batch, id);
    site.engine.commit(batch).await.is_ok()
}

#[tokio::test]
async fn of_two_decisions_at_once_one_is_planned_again_and_both_are_replayed_exactly() {
    let place = Place::new().await;
    let site = &*place.site;
    let [mut one, mut other] = [read(site).await, read(site).await];
    counted(&mut one);
    counted(&mut other);
    assert!(commit(site, &one, id(1)).await);
    assert!(!commit(site, &other, id(2)).await);
    let mut again = read(site).await;
    counted(&mut again);
    counted(&mut again);
    assert!(commit(site, &again, id(2)).await);
    assert_eq!(read(site).await.state(NAME), [1, 1, 1]);
    assert!(States::of(site, id(1)).await.unwrap().state(NAME).is_empty());
    assert_eq!(States::of(site, id(2)).await.unwrap().state(NAME), [1]);
}

#[tokio::test]
async fn who_only_looks_holds_nobody_up_and_who_does_not_leaves_nothing() {
    let place = Place::new().await;
    let site = &*place.site;
    let [mut looks, mut writes, idle] = [read(site).await, read(site).await, read(site).await];
    looks.take(NAME, "0123456789abcdef", Memory { read: true, kept: None });
    counted(&mut writes);
    assert!(commit(site, &writes, id(1)).await && commit(site, &looks, id(2)).await);
    assert!(commit(site, &idle, id(3)).await);
    assert!(tables::PLUGIN_INPUTS.get(&*site.engine, &id(2)).await.unwrap().is_some());
    assert!(tables::PLUGIN_INPUTS.get(&*site.engine, &id(3)).await.unwrap().is_none());
    let step = writes.steps().next().unwrap();
    assert_eq!((step.by.as_str(), step.version.as_str()), ("plugin counter", "0123456789ab"));
    assert!(step.outcome.starts_with("keeps 1 byte, ") && step.why == "was given nothing", "{step:?}");
}

#[tokio::test]
async fn the_messages_of_a_round_go_on_with_what_those_before_left() {
    let place = Place::new().await;
    let site = &*place.site;
    let mut first = read(site).await;
    assert!(!first.are_kept());
    counted(&mut first);
    assert!(commit(site, &first, id(1)).await);
    let round = async |ids: [u32; 4]| {
        let left = Left::default();
        let mut batches = Vec::new();
        for n in ids {
            let mut states = read(site).await;
            assert!(states.are_kept());
            states.follow(&left);
            // The last one but one only looks.
            match n == ids[2] {
                true => states.take(NAME, "0123456789abcdef", Memory { read: true, kept: None }),
                false => counted(&mut states),
            }
            states.leave(&left);
            batches.push(Batch::default());
            states.write(batches.last_mut().unwrap(), id(n));
        }
        batches
    };
    let committed = async |batches: Vec<Batch>| {
        let answers = site.engine.commit_all(batches).await;
        answers.iter().map(Result::is_ok).collect::<Vec<_>>()
    };
    assert_eq!(committed(round([2, 3, 4, 5]).await).await, [true; 4]);
    assert_eq!(read(site).await.state(NAME).len(), 4);
    assert_eq!(States::of(site, id(4)).await.unwrap().state(NAME).len(), 3);
    // When one of them isn't recorded, those that follow it aren't either.
    let mut batches = round([6, 7, 8, 9]).await;
    batches[1].expect(crate::store::Table("mails"), "never", crate::store::Expected::Version(1));
    assert_eq!(committed(batches).await, [true, false, false, false]);
    // Somebody else was faster.
    let batches = round([10, 11, 12, 13]).await;
    let mut other = read(site).await;
    other.take(NAME, "0123456789abcdef", Memory { read: true, kept: Some(vec![2]) });
    assert!(commit(site, &other, id(14)).await);
    assert_eq!(committed(batches).await, [false; 4]);
    assert_eq!(read(site).await.state(NAME), [2]);
}

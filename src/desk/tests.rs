//! What commands leave behind when the process dies at once: nothing runs here beside the desk.

use std::sync::Arc;

use super::{Command, Desk};
use crate::base::{Chance, Clock, Hours, Mailbox, Time};
use crate::case::{Happening, INTAKE, ManyAddresses};
use crate::plugin::Catalogue;
use crate::routing::{Agent, Place, Profile, Ration, Reset};
use crate::rules::{Book, Rules, Timetable};
use crate::store::site::Parts;
use crate::store::{Batch, CaseChange, Floor, SimulatedMedium, Site, Store, tables};

async fn desk(medium: &SimulatedMedium, now: Time) -> Desk {
    let clock = Clock::manual(now);
    let store = Store::open(Arc::new(medium.clone()), now).await.unwrap().store;
    let hours = Hours { zone: "Europe/Berlin".parse().unwrap(), open: vec![], holidays: vec![] };
    let parts = Parts {
        hostname: "mail.example.net".into(),
        service_domain: "in.example.net".into(),
        postmaster_queue: "main".into(),
        many_addresses: ManyAddresses::OneCase,
        rules: Book::closed(Rules::default()),
        timetable: Book::closed(Timetable::new([("office".to_owned(), hours)].into())),
        plugins: Arc::new(Catalogue::new("nowhere".into())),
        clock,
        chance: Chance::seeded(1),
        engine: store.engine.clone(),
        journal: store.journal.clone(),
    };
    let site = Arc::new(Site::open(parts).await.unwrap());
    Desk::new(site, Arc::default(), Floor::new(Arc::new(medium.clone()), 0, 0), None)
}

#[tokio::test]
async fn what_a_case_took_today_is_durable_with_the_case() {
    let (medium, now) = (SimulatedMedium::new(), "2026-11-20T10:00:00Z".parse().unwrap());
    let anna: Mailbox = "anna@company.example".parse().unwrap();
    let first = desk(&medium, now).await;
    let engine = &*first.site.engine;
    let mut batch = Batch::default();
    let (reset, hours, units) = (Reset::EndOfDay, Some("office".into()), [("claim".to_owned(), 3)].into());
    let day = Profile { reset, hours, units, ..Profile::new("day", now) };
    tables::PROFILES.insert(&mut batch, "day", &day);
    let agent = Agent { profile: Some("day".into()), ..Agent::new(anna.clone(), None, now) };
    tables::AGENTS.insert(&mut batch, &anna, &agent);
    for number in [1, 2] {
        let mut change = CaseChange::open(number, now);
        let opened = Happening::CaseOpened {
            subject: "Hello".into(),
            key: String::new(),
            origin: "email".into(),
            priority: Default::default(),
            record_type: (number == 1).then(|| "claim".to_owned()),
            address: None,
            contact: None,
        };
        change.add(now, INTAKE, opened);
        change.add(now, INTAKE, Happening::Queued { queue: "main".into(), why: "it came".into() });
        change.write(&mut batch);
    }
    engine.commit(batch).await.unwrap();
    first.do_command(Command::CaseTake { number: 1, by: anna.clone() }).await.unwrap();
    let assign = Command::CaseAssign { number: 2, agent: Some(anna.clone()), queue: None };
    first.do_command(assign).await.unwrap();
    // Both are answered before anybody else has looked, and then the power goes.
    for number in [1, 2] {
        let changes = [("status".to_owned(), "pending".to_owned())].into();
        first.do_command(Command::CaseSet { number, changes, by: Some(anna.clone()) }).await.unwrap();
    }
    let left = medium.crash_dropping_all();
    drop(first);
    let second = desk(&left, now).await;
    let until: Time = "2026-11-20T23:00:00Z".parse().unwrap();
    for (number, units) in [(1, 3), (2, 1)] {
        let key = (Place::Agent(anna.clone()), u64::into(number));
        let kept = tables::RATIONS.get(&*second.site.engine, &key).await.unwrap();
        assert_eq!(kept.map(|kept| kept.value), Some(Ration { units, until }), "case {number}");
    }
}

//! Backups that nobody made here: foreign, newer, or damaged where no checksum says so; and two stores made from one.

use super::*;
use crate::store::{SimulatedMedium, Store};

const NOW: i64 = 1_800_000_000;
const OURS: &str = r#"{"version":1,"made_by":"postcase 0.1.0","taken_at":"2026-11-20T00:00:00Z"}"#;

fn now() -> Time {
    Time::from_second(NOW).unwrap()
}

/// As it is in a backup: `stored` begins with the row's version.
fn row(table: &str, key: &[u8], stored: &[u8]) -> Vec<u8> {
    let part = |part: &[u8]| [&u32::try_from(part.len()).unwrap().to_le_bytes(), part].concat();
    [table.as_bytes(), key, stored].into_iter().flat_map(part).collect()
}

/// A whole archive with these members, restored; what it says, and whether the folder is untouched.
async fn restored(members: &[(&str, &[u8])]) -> (Result<Restored, String>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.tar");
    let mut writer = archive::Writer::new(File::create(&file).unwrap());
    for (name, content) in members {
        writer.member(name, content.len() as u64, &mut { *content }).unwrap();
    }
    writer.finish().unwrap();
    let medium = SimulatedMedium::new();
    let done = restore(Arc::new(medium.clone()), &file, now(), &Chance::seeded(1)).await;
    (done.map_err(|error| error.to_string()), medium.changes() == 0)
}

#[tokio::test]
async fn a_backup_that_is_not_understood_is_refused_before_anything_is_written() {
    let check = async |members: &[(&str, &[u8])], expected: &[&str]| {
        let (done, untouched) = restored(members).await;
        let error = done.expect_err(expected[0]);
        assert!(expected.iter().all(|words| error.contains(words)) && untouched, "{error}");
    };
    let newer = OURS.replace("\"version\":1", "\"version\":2");
    check(&[(HEAD, newer.as_bytes())], &["format version 2", "run a newer one"]).await;
    check(&[("readme.txt", b"hello")], &["it is no backup of postcase"]).await;
    check(&[(HEAD, b"{}")], &["it is no backup of postcase"]).await;
    let head = (HEAD, OURS.as_bytes());
    check(&[head, ("attachments/1", b"a")], &["made by postcase 0.1.0", "a part attachments/1", "run a newer one"])
        .await;

    let meta = row(META.0, META_KEY, br#"version1{"format":4,"incarnation":1}"#);
    check(&[head, ("database/00000001", &meta)], &["format version 4", "run a newer one"]).await;
    let whole = row("addresses", b"a", b"version1{}");
    let damaged = [
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], &[1]].concat(),
        row("engine.state", b"\xff", &[0; 8]),
        row("addresses", b"a", b"version"),
        row(META.0, META_KEY, b"version1?"),
        row("engine.sequences", b"case", b"7"),
    ];
    for rows in damaged {
        let parts = [head, ("database/00000001", &whole[..]), ("database/00000002", &rows[..])];
        check(&parts, &["is damaged in its part database/00000002", "restore another backup"]).await;
    }
}

#[tokio::test]
async fn stores_made_from_one_backup_within_a_second_give_different_ids() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.tar");
    let opened = Store::open(Arc::new(SimulatedMedium::new()), now()).await.unwrap();
    save(&*opened.store.engine, &opened.store.journal, now(), &file).unwrap();
    let mut incarnations = vec![opened.store.incarnation];
    for seed in 0..3 {
        let medium: Arc<dyn Medium> = Arc::new(SimulatedMedium::new());
        restore(medium.clone(), &file, now(), &Chance::seeded(seed)).await.unwrap();
        incarnations.push(Store::open(medium, now()).await.unwrap().store.incarnation);
    }
    assert!(incarnations[1..].iter().all(|incarnation| *incarnation > incarnations[0]), "{incarnations:?}");
    incarnations.sort_unstable();
    incarnations.dedup();
    assert_eq!(incarnations.len(), 4, "{incarnations:?}");
}

#[test]
fn an_incarnation_is_above_the_saved_one_and_the_clock() {
    for seed in 0..100 {
        let of = |newest, second| incarnation(newest, Time::from_second(second).unwrap(), &Chance::seeded(seed));
        let near = |low: u32| low..low + limits::RESTORE_INCARNATIONS;
        assert!(near(NOW as u32).contains(&of(None, NOW).unwrap()));
        assert!(near(2_000_000_001).contains(&of(Some(2_000_000_000), NOW).unwrap()));
        assert!(near(8).contains(&of(Some(7), -1).unwrap()));
        let error = of(Some(u32::MAX), NOW).unwrap_err().to_string();
        assert!(error.contains("no mail ids are left"), "{error}");
    }
}

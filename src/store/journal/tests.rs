//! The journal's rules, each by a test that fails without it, and cuts at every change.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::format::{COPY_AT, FRAMES_AT, HEADER_BYTES};
use super::segment::SegmentId;
use super::{AppendError, Journal, Kind, OpenError, Opened, ReadError, Start};
use crate::base::{Chance, Envelope, MailId, ReversePath, Time, all};
use crate::store::conformance::at_once;
use crate::store::simulated::{Fault, Operation};
use crate::store::{Medium, MediumFile, SimulatedMedium};

const INCARNATION: u32 = 0x691f_6a2c;
/// Small enough for a few entries.
const SEGMENT_BYTES: u64 = FRAMES_AT + 4000;

fn envelope(n: usize) -> Envelope {
    Envelope {
        from: ReversePath::Null,
        to: vec![format!("anna+{n}@example.com").parse().unwrap()],
        peer: None,
        helo: Some("mx.example.org".into()),
        tls: None,
        require_tls: false,
        with: "ESMTP".into(),
        received_at: Time::UNIX_EPOCH,
    }
}

/// From 100 bytes to a few sectors, some of which compress.
fn message(n: usize) -> Bytes {
    let noise = Chance::seeded(n as u64).bytes::<1400>();
    let text = if n.is_multiple_of(3) { b"text ".repeat(300) } else { noise[..100 + n * 97 % 1300].to_vec() };
    [format!("Subject: {n}\r\n\r\n").into_bytes(), text].concat().into()
}

fn try_open(medium: &SimulatedMedium, finished: &dyn Fn(u32, u32) -> bool) -> Result<Opened, OpenError> {
    let start = Start {
        incarnation: INCARNATION,
        first_segment: 1,
        segment_bytes_max: SEGMENT_BYTES,
        chance: Chance::seeded(medium.changes()),
    };
    Journal::start(Arc::new(medium.clone()), start, finished)
}

fn open(medium: &SimulatedMedium) -> Opened {
    try_open(medium, &|_, _| false).unwrap()
}

async fn append(journal: &Journal, n: usize) -> Result<MailId, AppendError> {
    let kind = if n.is_multiple_of(5) { Kind::Outbound } else { Kind::Inbound };
    journal.append(kind, &envelope(n), message(n)).await
}

/// The number of the entry that is found under an id.
#[track_caller]
fn number(journal: &Journal, id: MailId) -> usize {
    let entry = journal.read(id).unwrap();
    let text = String::from_utf8_lossy(&entry.message);
    let n = text.lines().next().unwrap().strip_prefix("Subject: ").unwrap().parse().unwrap();
    assert_eq!((entry.envelope, Bytes::from(entry.message)), (envelope(n), message(n)));
    assert_eq!(entry.kind == Kind::Outbound, n.is_multiple_of(5));
    n
}

fn id(segment: u32, index: u32) -> MailId {
    MailId { incarnation: INCARNATION, segment, index }
}

fn segment_file(medium: &SimulatedMedium, segment: u32) -> Box<dyn MediumFile> {
    medium.open(&SegmentId { incarnation: INCARNATION, segment }.file_name()).unwrap()
}

fn flip(file: &dyn MediumFile, offset: u64) {
    let mut byte = [0];
    file.read_at(offset, &mut byte).unwrap();
    file.write_at(offset, &[!byte[0]]).unwrap();
}

fn ids(opened: &Opened) -> Vec<MailId> {
    opened.recovered.iter().map(|(id, _)| *id).collect()
}

/// A medium with entries 1 to `count` in one process that has ended.
async fn written(count: usize) -> (SimulatedMedium, Vec<MailId>) {
    let medium = SimulatedMedium::new();
    let Opened { journal, .. } = open(&medium);
    let mut ids = Vec::new();
    for n in 1..=count {
        ids.push(append(&journal, n).await.unwrap());
    }
    journal.close().await;
    (medium.kill(), ids)
}

#[tokio::test]
async fn entries_come_back_announced_and_in_order() {
    let medium = SimulatedMedium::new();
    let Opened { journal, mut inbound, .. } = open(&medium);
    let mut announced = Vec::new();
    for n in 1..=40 {
        let id = append(&journal, n).await.unwrap();
        assert_eq!(number(&journal, id), n);
        announced.extend(std::iter::from_fn(|| inbound.try_recv().ok()));
        assert_eq!(announced.last() == Some(&id), !n.is_multiple_of(5), "outbound mail has no inbox");
    }
    assert!(announced.is_sorted() && announced.len() == 32);
    let large = Bytes::from(vec![b'x'; 1_000_000]);
    let id = journal.append(Kind::Outbound, &envelope(0), large.clone()).await.unwrap();
    assert_eq!(Bytes::from(journal.read(id).unwrap().message), large);
}

#[tokio::test]
async fn segments_roll_and_each_start_opens_its_own() {
    let (medium, ids) = written(20).await;
    let segments: BTreeSet<u32> = ids.iter().map(|id| id.segment).collect();
    assert!(segments.len() > 3 && ids[0] == id(1, 0) && ids.is_sorted());
    for segment in &segments {
        let file = segment_file(&medium, *segment);
        assert!(file.len().unwrap() <= SEGMENT_BYTES);
    }
    let opened = open(&medium);
    let next = append(&opened.journal, 21).await.unwrap();
    assert_eq!(next, id(segments.last().unwrap() + 1, 0));
    assert_eq!(opened.journal.open_segment(), next.segment);
    assert_eq!(self::ids(&opened), ids);
    assert!(opened.recovered.iter().zip(1..).all(|((_, kind), n)| (*kind == Kind::Outbound) == (n % 5 == 0)));
}

#[tokio::test]
async fn a_start_without_mail_leaves_no_file() {
    let medium = SimulatedMedium::new();
    open(&medium).journal.close().await;
    assert!(medium.list().unwrap().is_empty());
}

#[tokio::test]
async fn ids_are_not_reused_when_files_are_gone() {
    let (medium, _) = written(3).await;
    medium.remove(&medium.list().unwrap()[0]).unwrap();
    let opened = Journal::open(Arc::new(medium), INCARNATION, 7, &|_, _| false).unwrap();
    assert_eq!(append(&opened.journal, 1).await.unwrap(), id(7, 0));
}

#[tokio::test]
async fn all_that_waits_shares_one_write_and_one_sync() {
    let medium = SimulatedMedium::new();
    let start =
        Start { incarnation: INCARNATION, first_segment: 1, segment_bytes_max: 1 << 30, chance: Chance::seeded(1) };
    let (opened, writer, queue) = Journal::prepare(Arc::new(medium.clone()), start, &|_, _| false).unwrap();
    let journal = opened.journal.clone();
    let tries = tokio::spawn(async move { all((1..=300).map(|n| append(&journal, n))).await });
    // The task runs until it waits for its answers.
    tokio::task::yield_now().await;
    let thread = std::thread::spawn(move || writer.run(&queue));
    let ids: Vec<MailId> = tries.await.unwrap().into_iter().map(Result::unwrap).collect();
    assert!(ids.iter().zip(0..).all(|(id, index)| id.index == index));
    // The file header, 256 entries, 44 entries.
    assert_eq!((medium.count(Operation::Write), medium.count(Operation::Sync)), (3, 3));
    opened.journal.close().await;
    thread.join().unwrap();
}

#[tokio::test]
async fn a_failed_sync_latches_without_receipt_or_announcement() {
    let (medium, before) = written(1).await;
    let Opened { journal, mut inbound, .. } = open(&medium);
    append(&journal, 2).await.unwrap();
    inbound.try_recv().unwrap();
    let failure = journal.failure();
    medium.fail(Operation::Sync, 1, Fault::Io);
    let reason = "simulated input/output error; look after the disk and start again: nothing that was accepted is lost";
    let failed = AppendError::Failed(reason.into());
    assert_eq!(append(&journal, 3).await, Err(failed.clone()));
    assert!(inbound.try_recv().is_err());
    assert!(matches!(journal.read(id(2, 1)), Err(ReadError::Absent)));
    assert_eq!(at_once(failure).await.as_deref(), Some(reason));
    let changes = medium.changes();
    assert_eq!(append(&journal, 4).await, Err(failed));
    assert_eq!(medium.changes(), changes, "never tried again");
    assert_eq!(number(&journal, before[0]), 1);
    // The next process may find the entry, and then it must be durable.
    let medium = medium.kill();
    let found = ids(&open(&medium));
    assert_eq!(found, [id(1, 0), id(2, 0), id(2, 1)]);
    assert_eq!(ids(&open(&medium.crash_dropping_all())), found);
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on() {
    for written in [0, 1, 60, 300, 10_000] {
        for seed in 0..16 {
            let medium = SimulatedMedium::new();
            let Opened { journal, mut inbound, .. } = open(&medium);
            append(&journal, 1).await.unwrap();
            let len = segment_file(&medium, 1).len().unwrap();
            medium.fail(Operation::Write, 1, Fault::NoRoom { written });
            assert_eq!(append(&journal, 2).await, Err(AppendError::NoRoom));
            assert!(segment_file(&medium, 1).len().unwrap() < len, "not even room is left");
            assert!(matches!(journal.read(id(1, 1)), Err(ReadError::Absent)));
            // Refused mail doesn't come back, neither after a power cut now nor behind the next entry.
            let mut kept = vec![id(1, 0)];
            let medium = if seed % 2 == 0 {
                kept.push(append(&journal, 3).await.unwrap());
                assert_eq!(number(&journal, kept[1]), 3);
                assert_eq!([inbound.try_recv(), inbound.try_recv()].map(Result::ok), [Some(kept[0]), Some(kept[1])]);
                medium.kill()
            } else {
                medium.crash(&Chance::seeded(seed))
            };
            let opened = open(&medium);
            assert_eq!((ids(&opened), opened.damage), (kept, vec![]), "{written} bytes written");
        }
    }
}

#[tokio::test]
async fn room_for_the_next_entries_is_made_where_there_is_some() {
    let medium = SimulatedMedium::new();
    let Opened { journal, .. } = open(&medium);
    // The first write is the header, the second the entry with room behind it.
    medium.fail(Operation::Write, 2, Fault::NoRoom { written: 9 });
    assert_eq!(append(&journal, 1).await, Ok(id(1, 1)), "without room behind it");
    let tight = segment_file(&medium, 1).len().unwrap();
    append(&journal, 2).await.unwrap();
    let roomy = segment_file(&medium, 1).len().unwrap();
    assert!(roomy > tight && roomy <= SEGMENT_BYTES, "{roomy}");
    append(&journal, 3).await.unwrap();
    assert_eq!(segment_file(&medium, 1).len().unwrap(), roomy, "written over zeros");
    journal.close().await;
    assert!(segment_file(&medium, 1).len().unwrap() < roomy, "an orderly end leaves no room");
    let opened = open(&medium.crash_dropping_all());
    assert_eq!((ids(&opened), opened.damage), (vec![id(1, 1), id(1, 2), id(1, 3)], vec![]));
}

#[tokio::test]
async fn a_full_disk_when_a_segment_is_made() {
    for (operation, fault) in [
        (Operation::Create, Fault::NoRoom { written: 0 }),
        (Operation::Write, Fault::NoRoom { written: 100 }),
        (Operation::Write, Fault::Io),
    ] {
        let medium = SimulatedMedium::new();
        let Opened { journal, .. } = open(&medium);
        medium.fail(operation, 1, fault);
        assert_eq!(append(&journal, 1).await, Err(AppendError::NoRoom), "{operation:?}");
        assert_eq!(append(&journal, 2).await, Ok(id(1, 0)));
        assert_eq!(ids(&open(&medium.crash_dropping_all())), [id(1, 0)]);
    }
}

#[tokio::test]
async fn a_truncate_or_a_sync_of_names_that_fails_latches() {
    // The second sync is that of the truncate; the first and the folder's are those of a new segment.
    for (operation, nth) in
        [(Operation::SetLen, 1), (Operation::Sync, 2), (Operation::Sync, 1), (Operation::SyncFolder, 1)]
    {
        let medium = SimulatedMedium::new();
        let Opened { journal, .. } = open(&medium);
        medium.fail(operation, nth, Fault::Io);
        medium.fail(Operation::Write, 2, Fault::NoRoom { written: 9 });
        assert!(matches!(append(&journal, 2).await, Err(AppendError::Failed(_))), "{operation:?} {nth}");
        let changes = medium.changes();
        assert!(matches!(append(&journal, 3).await, Err(AppendError::Failed(_))));
        assert_eq!(medium.changes(), changes);
        assert!(at_once(journal.failure()).await.is_some());
    }
}

#[tokio::test]
async fn an_entry_beyond_the_bounds_has_no_room() {
    let journal = open(&SimulatedMedium::new()).journal;
    let huge = Bytes::from(vec![0; crate::base::limits::ENTRY_BYTES_MAX]);
    assert_eq!(journal.append(Kind::Inbound, &envelope(0), huge).await, Err(AppendError::NoRoom));
}

#[tokio::test]
async fn only_the_newest_torn_tail_is_cut() {
    let (medium, ids) = written(12).await;
    let newest = ids.last().unwrap().segment;
    assert!(newest > 1);
    let lens = |medium: &SimulatedMedium| [1, newest].map(|segment| segment_file(medium, segment).len().unwrap());
    let whole = lens(&medium);
    for segment in [1, newest] {
        let file = segment_file(&medium, segment);
        file.set_len(file.len().unwrap() - 1).unwrap();
    }
    let opened = open(&medium);
    let last_of_first = ids.iter().rfind(|id| id.segment == 1).unwrap();
    let expected: Vec<MailId> =
        ids.iter().copied().filter(|id| id != last_of_first && Some(id) != ids.last()).collect();
    assert_eq!(self::ids(&opened), expected);
    assert!(matches!(opened.journal.read(*last_of_first), Err(ReadError::Damaged)));
    assert!(matches!(opened.journal.read(*ids.last().unwrap()), Err(ReadError::Absent)));
    let after = lens(&medium);
    assert_eq!(after[0], whole[0] - 1);
    assert!(after[1] < whole[1] - 1);
    assert_eq!(opened.damage.len(), 1);
    assert!(!opened.damage[0].unconfirmed && opened.damage[0].file.ends_with("-00000001.seg"), "{:?}", opened.damage);
}

#[tokio::test]
async fn a_bad_frame_in_the_middle_is_set_aside() {
    // In the frame header, in the envelope, and in the last byte of the message.
    for at in [Some(9), Some(HEADER_BYTES as u64 + 3), None] {
        let (medium, ids) = written(3).await;
        assert!(ids.iter().all(|id| id.segment == 1));
        let second = FRAMES_AT + frame_len(&medium, FRAMES_AT);
        let third = second + frame_len(&medium, second);
        flip(segment_file(&medium, 1).as_ref(), at.map_or(third - 1, |at| second + at));
        for (finished, known_at_start) in [(false, true), (true, false)] {
            let opened = try_open(&medium, &|_, _| finished).unwrap();
            let kept = if known_at_start { vec![ids[0], ids[2]] } else { vec![] };
            assert_eq!(self::ids(&opened), kept);
            assert_eq!([number(&opened.journal, ids[0]), number(&opened.journal, ids[2])], [1, 3]);
            assert!(matches!(opened.journal.read(ids[1]), Err(ReadError::Damaged)));
            if known_at_start {
                let damage = &opened.damage[..];
                assert_eq!(damage.len(), 1);
                assert_eq!((damage[0].offset, damage[0].bytes, damage[0].unconfirmed), (second, third - second, false));
                assert!(damage[0].to_string().ends_with("; take it from a backup"));
            }
        }
    }
}

/// As the two lengths in a frame header say.
fn frame_len(medium: &SimulatedMedium, offset: u64) -> u64 {
    let mut header = [0; HEADER_BYTES];
    segment_file(medium, 1).read_at(offset, &mut header).unwrap();
    let len = |at: usize| u64::from(u32::from_le_bytes(header[at..at + 4].try_into().unwrap()));
    HEADER_BYTES as u64 + len(12) + len(16)
}

/// A stranger who knows the format, the incarnation and the segment still can't write an entry.
#[tokio::test]
async fn a_frame_inside_a_message_is_no_frame() {
    let (donor, _) = written(2).await;
    let place = FRAMES_AT + frame_len(&donor, FRAMES_AT);
    let mut forged = vec![0; usize::try_from(frame_len(&donor, place)).unwrap()];
    segment_file(&donor, 1).read_at(place, &mut forged).unwrap();

    let medium = SimulatedMedium::new();
    // Another salt: these tests draw it from the number of changes.
    medium.open("other").unwrap();
    let Opened { journal, .. } = open(&medium);
    append(&journal, 3).await.unwrap();
    let carrier = journal.append(Kind::Inbound, &envelope(4), forged.into()).await.unwrap();
    let last = append(&journal, 5).await.unwrap();
    assert_eq!(carrier, id(1, 1), "the id of the forged frame");
    flip(segment_file(&medium, 1).as_ref(), FRAMES_AT + frame_len(&medium, FRAMES_AT) + 9);
    let opened = open(&medium.kill());
    assert_eq!(ids(&opened), [id(1, 0), last]);
    assert!(matches!(opened.journal.read(carrier), Err(ReadError::Damaged)));
}

#[tokio::test]
async fn one_copy_of_the_file_header_is_enough() {
    for (offsets, readable) in [(vec![0], true), (vec![COPY_AT], true), (vec![0, COPY_AT], false)] {
        let (medium, ids) = written(2).await;
        offsets.iter().for_each(|offset| flip(segment_file(&medium, 1).as_ref(), *offset));
        let opened = open(&medium);
        assert_eq!(self::ids(&opened), if readable { ids.clone() } else { vec![] });
        let damage: Vec<String> = opened.damage.iter().map(ToString::to_string).collect();
        assert_eq!(damage.len(), usize::from(!readable));
        assert!(damage.iter().all(|text| text.contains("no intact header")), "{damage:?}");
        assert_eq!(opened.journal.read(ids[0]).is_ok(), readable);
        assert_eq!(matches!(opened.journal.read(ids[0]), Err(ReadError::Damaged)), !readable);
    }
}

#[tokio::test]
async fn files_of_a_newer_postcase_are_not_passed_over() {
    for finished in [false, true] {
        let (medium, _) = written(1).await;
        let file = segment_file(&medium, 1);
        let mut header = [0; HEADER_BYTES];
        file.read_at(0, &mut header).unwrap();
        header[8] = 2;
        let check = blake3::hash(&header[..40]);
        header[40..].copy_from_slice(&check.as_bytes()[..8]);
        file.write_at(0, &header).unwrap();
        let error = try_open(&medium, &|_, _| finished).unwrap_err().to_string();
        assert!(error.starts_with("journal-691f6a2c-00000001.seg has journal format version 2"), "{error}");
    }
    let (medium, _) = written(1).await;
    medium.open("journal-691f6a2c-00000001-00000001.seg").unwrap();
    assert!(matches!(try_open(&medium, &|_, _| false), Err(OpenError::Unknown { .. })));
}

#[tokio::test]
async fn finished_segments_are_read_only_when_asked_for() {
    let (medium, ids) = written(60).await;
    let newest = ids.last().unwrap().segment;
    let reads = medium.count(Operation::Read);
    let opened = try_open(&medium, &|_, segment| segment != newest).unwrap();
    assert!(opened.recovered.iter().all(|(id, _)| id.segment == newest) && !opened.recovered.is_empty());
    assert!(medium.count(Operation::Read) - reads < 20);
    for (id, n) in ids.iter().zip(1..) {
        assert_eq!(number(&opened.journal, *id), n);
    }
    for absent in [id(1, 1000), id(newest + 1, 0), MailId { incarnation: 1, segment: 1, index: 0 }] {
        assert!(matches!(opened.journal.read(absent), Err(ReadError::Absent)));
    }
    assert!(medium.list().unwrap().len() == newest as usize, "asking makes no file");
    // Segments at hand aren't opened again.
    let opens = medium.count(Operation::Open);
    assert_eq!(number(&opened.journal, *ids.last().unwrap()), 60);
    assert_eq!(medium.count(Operation::Open), opens);
}

#[tokio::test]
async fn a_copied_folder_is_durable_before_its_entries_count() {
    let (original, ids) = written(3).await;
    let copy = SimulatedMedium::new();
    for name in original.list().unwrap() {
        let (from, to) = (original.open(&name).unwrap(), copy.open(&name).unwrap());
        let mut bytes = vec![0; usize::try_from(from.len().unwrap()).unwrap()];
        from.read_at(0, &mut bytes).unwrap();
        to.write_at(0, &bytes).unwrap();
    }
    assert_eq!(self::ids(&open(&copy)), ids);
    assert_eq!(self::ids(&open(&copy.crash_dropping_all())), ids);
}

#[tokio::test]
async fn closing_finishes_what_waits() {
    let medium = SimulatedMedium::new();
    let Opened { journal, .. } = open(&medium);
    let waiting: Vec<_> = (1..=8)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move { append(&journal, n).await })
        })
        .collect();
    tokio::task::yield_now().await;
    journal.clone().close().await;
    let mut kept = Vec::new();
    for task in waiting {
        kept.extend(task.await.unwrap());
    }
    assert_eq!(append(&journal, 9).await, Err(AppendError::Failed("it is closed".into())));
    kept.sort();
    assert_eq!(ids(&open(&medium.crash_dropping_all())), kept);
}

/// A process's work: three appends at a time, over several segments, one of them refused. What got a receipt.
async fn work(medium: &SimulatedMedium, from: usize) -> Vec<(MailId, usize)> {
    let Ok(Opened { journal, mut inbound, .. }) = try_open(medium, &|_, _| false) else { return Vec::new() };
    let mut kept = Vec::new();
    for n in (from..from + 9).step_by(3) {
        let receipts = tokio::join!(append(&journal, n), append(&journal, n + 1), append(&journal, n + 2));
        let receipts = [receipts.0, receipts.1, receipts.2];
        kept.extend(receipts.into_iter().zip(n..).filter_map(|(receipt, n)| Some((receipt.ok()?, n))));
    }
    journal.close().await;
    while let Ok(id) = inbound.try_recv() {
        assert!(kept.iter().any(|(kept, _)| *kept == id), "announced without a receipt");
    }
    kept
}

/// After a cut: everything with a receipt is there once, what is found is whole, durable and under ids of its own.
async fn check_after(medium: &SimulatedMedium, kept: &[(MailId, usize)], tried: usize, case: &str) {
    let opened = open(medium);
    let found: Vec<(MailId, usize)> = ids(&opened).into_iter().map(|id| (id, number(&opened.journal, id))).collect();
    let numbers: BTreeSet<usize> = found.iter().map(|(_, n)| *n).collect();
    assert!(kept.iter().all(|pair| found.contains(pair)), "{case}: lost");
    assert!(numbers.len() == found.len() && numbers.iter().all(|n| (1..=tried).contains(n)), "{case}: {numbers:?}");
    assert!(found.is_sorted(), "{case}: out of order");
    assert!(opened.damage.iter().all(|damage| damage.unconfirmed), "{case}: {:?}", opened.damage);

    let medium = medium.crash_dropping_all();
    let again = open(&medium);
    assert_eq!(ids(&again), ids(&opened), "{case}: found and then lost");
    let new = append(&again.journal, tried + 1).await.unwrap();
    assert!(found.iter().chain(kept).all(|(id, _)| *id < new), "{case}: an id is given twice");
    again.journal.close().await;
}

#[tokio::test]
async fn whatever_has_a_receipt_survives_a_cut_at_every_change() {
    let mut cut = 1;
    loop {
        let mut reached = false;
        for seed in 0..6u64 {
            let medium = SimulatedMedium::new();
            // The second process starts with a torn tail now and then, so that its recovery is cut too.
            medium.cut_at(8 + seed);
            let mut kept = work(&medium, 1).await;
            let second = medium.crash(&Chance::seeded(seed));
            second.cut_at(cut);
            let changes = second.changes();
            kept.extend(work(&second, 10).await);
            reached |= second.changes() - changes >= cut;
            let after = match seed {
                0 => second.crash_dropping_all(),
                1 => second.kill(),
                _ => second.crash(&Chance::seeded(seed)),
            };
            check_after(&after, &kept, 18, &format!("cut at {cut}, seed {seed}")).await;
        }
        if !reached {
            break;
        }
        cut += 1;
    }
    assert!(cut > 12, "{cut} cuts");
}

/// A crash in the recovery from a crash leaves what the first one left.
#[tokio::test]
async fn a_recovery_can_be_cut_anywhere() {
    for seed in 0..40 {
        let medium = SimulatedMedium::new();
        medium.cut_at(6 + seed % 9);
        let kept = work(&medium, 1).await;
        let mut medium = medium.crash(&Chance::seeded(seed));
        for cut in 1..=6 {
            medium.cut_at(cut);
            let _ = try_open(&medium, &|_, _| false);
            medium = medium.crash(&Chance::seeded(seed + cut));
        }
        check_after(&medium, &kept, 9, &format!("seed {seed}")).await;
    }
}

//! Backup while running, and restore into an empty folder. What is in the file is described in
//! [`crate::manual::operations`].
//!
//! The database's snapshot is taken first and the journal is copied after it, so that every message of which the snapshot
//! speaks is in the copy; what came in between is decided again after a restore. Segments are only ever appended to and
//! never removed while a backup runs, so that the durable bytes of a segment can be copied at leisure.
//!
//! A restored store is another one than the store that was saved: it gives its mail ids under a new incarnation, leaves
//! out case numbers that the other one may have given since, and keeps its spool back, because the other one may have sent
//! it. A restore that was cut short leaves a mark that keeps the folder from being opened.

mod archive;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::due::{self, Held};
use super::engine::{EachRow, ExportError};
use super::redb::{Import, RedbEngine};
use super::{
    Batch, CommitError, DATABASE_FILE, Engine, FORMAT, Journal, META, META_KEY, Medium, MediumFile, Meta, ReadError,
    journal, redb, tables,
};
use crate::base::{Chance, Time, limits};

/// The file that says that a restore is under way, or was.
pub const UNFINISHED: &str = "restore-unfinished";

const HEAD: &str = "postcase-backup.json";
const VERSION: u32 = 1;
/// Members of database rows begin so; a number follows.
const ROWS: &str = "database/";
/// Rows of one member.
const ROWS_BYTES: usize = 4 * 1024 * 1024;
/// Of table name, key and value: each length is at most this, or the file isn't ours.
const ROW_BYTES_MAX: usize = 1 << 30;
const COPY_BYTES: usize = 1024 * 1024;

/// A backup that was written and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    pub file: PathBuf,
    pub bytes: u64,
    pub rows: u64,
    pub segments: u64,
    pub taken_at: Time,
}

/// A store that was filled from a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    pub rows: u64,
    pub segments: u64,
    /// When the backup was taken; what came later is not in it.
    pub taken_at: Time,
    /// Case numbers go on from here.
    pub next_case: u64,
    pub spool: &'static str,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("{} exists already: name another file, or remove it", .0.display())]
    Exists(PathBuf),
    #[error("{} can't be written: {source}", file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("the store can't be read: {0}")]
    Store(#[from] ReadError),
    #[error("{} was written and can't be read back: {source}; is the disk well?", file.display())]
    Verify { file: PathBuf, source: io::Error },
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{} can't be used: {source}", file.display())]
    Unusable { file: PathBuf, source: io::Error },
    #[error("{} is a backup of format version {version}, which this postcase doesn't know: run a newer one, or the one that made it", file.display())]
    Version { file: PathBuf, version: u64 },
    #[error(
        "{} was made by {made_by} and has a part {part}, which this postcase doesn't know and would leave out: restore it \
         with that one, or run a newer one",
        file.display()
    )]
    Foreign { file: PathBuf, made_by: String, part: String },
    #[error("{} is damaged in its part {part}: {source}; restore another backup", file.display())]
    Damaged { file: PathBuf, part: String, source: io::Error },
    #[error("no mail ids are left above those of the backup: its ids, or the clock, are behind 2105")]
    NoIncarnation,
    #[error(
        "the data folder has {0} in it, and a restore needs an empty one: move what is there, or set another data_dir"
    )]
    NotEmpty(String),
    #[error("the data folder can't be written: {0}; empty it and restore again")]
    Write(io::Error),
    #[error("the restored database can't be opened: {0}")]
    Database(#[from] redb::OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// What stands first in the archive.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    version: u64,
    made_by: String,
    taken_at: Time,
}

/// Writes a backup and reads it back. Blocks its thread; the file has its name only when it is whole and durable.
pub fn save(engine: &dyn Engine, journal: &Journal, now: Time, file: &Path) -> Result<Saved, SaveError> {
    let part = with_ending(file, ".part");
    if file.exists() {
        return Err(SaveError::Exists(file.to_owned()));
    }
    let write = |source| SaveError::Write { file: part.clone(), source };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    let out = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SaveError::Exists(part.clone()),
        _ => write(error),
    })?;
    let done = (|| {
        let saved = fill(engine, journal, now, &out).map_err(|error| match error {
            ExportError::Read(error) => SaveError::Store(error),
            ExportError::Write(source) => write(source),
        })?;
        out.sync_all().map_err(write)?;
        verify(&part).map_err(|source| SaveError::Verify { file: part.clone(), source })?;
        std::fs::rename(&part, file).map_err(write)?;
        let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(write)?;
        Ok(Saved { file: file.to_owned(), ..saved })
    })();
    if done.is_err() {
        // Nobody needs half a backup; when it can't be removed its name says what it is.
        let _ = std::fs::remove_file(&part);
    }
    done
}

fn fill(engine: &dyn Engine, journal: &Journal, now: Time, out: &File) -> Result<Saved, ExportError> {
    // From before the snapshot: what it speaks of is whole, or it speaks of the erasure.
    let _unchanged = journal.unchanged();
    let mut out = archive::Writer::new(BufWriter::with_capacity(COPY_BYTES, out));
    let head = Head {
        version: VERSION.into(),
        made_by: concat!("postcase ", env!("CARGO_PKG_VERSION")).into(),
        taken_at: now,
    };
    let head = serde_json::to_vec(&head).expect("three plain values are JSON");
    out.member(HEAD, head.len() as u64, &mut head.as_slice()).map_err(ExportError::Write)?;

    let (mut rows, mut members, mut buffer) = (0, 0, Vec::new());
    let mut put = |buffer: &mut Vec<u8>| {
        members += 1;
        out.member(&format!("{ROWS}{members:08}"), buffer.len() as u64, &mut buffer.as_slice())?;
        buffer.clear();
        Ok::<_, io::Error>(())
    };
    engine.export(&mut |table, key, value| {
        rows += 1;
        for part in [table.as_bytes(), key, value] {
            buffer.extend_from_slice(&u32::try_from(part.len()).map_err(io::Error::other)?.to_le_bytes());
            buffer.extend_from_slice(part);
        }
        if buffer.len() >= ROWS_BYTES { put(&mut buffer) } else { Ok(()) }
    })?;
    put(&mut buffer).map_err(ExportError::Write)?;

    // Only now: what the snapshot speaks of is in these.
    let segments = journal.copies().map_err(|error| ReadError(error.to_string()))?;
    for segment in &segments {
        let mut content = segment.open().map_err(|error| ReadError(error.to_string()))?;
        out.member(&segment.name, segment.bytes, &mut content).map_err(ExportError::Write)?;
    }
    let (_, bytes) = out.finish().map_err(ExportError::Write)?;
    Ok(Saved { file: PathBuf::new(), bytes, rows, segments: segments.len() as u64, taken_at: now })
}

/// Reads a backup to its end.
fn verify(file: &Path) -> io::Result<()> {
    archive::read(open(file)?, &mut |name, _, content| {
        if name.starts_with(ROWS) { each_row(content, &mut |_, _, _| Ok(())) } else { Ok(()) }
    })
}

/// Fills the folder, which the caller has locked, from a backup. Blocks its thread.
pub async fn restore(
    medium: Arc<dyn Medium>,
    file: &Path,
    now: Time,
    chance: &Chance,
) -> Result<Restored, RestoreError> {
    let unusable = |source| RestoreError::Unusable { file: file.to_owned(), source };
    let head = head(file)?;
    // Nothing is written before all of it is known to be whole.
    examine(file, &head)?;
    let present = medium.list().map_err(RestoreError::Write)?;
    if let Some(name) = present.into_iter().find(|name| name != "lock") {
        return Err(RestoreError::NotEmpty(name));
    }
    medium.open(UNFINISHED).and_then(|_| medium.sync_folder()).map_err(RestoreError::Write)?;
    let (mut import, mut rows, mut segments) = (Import::begin(&*medium, DATABASE_FILE)?, 0, 0);
    let unpacked = archive::read(open(file).map_err(unusable)?, &mut |name, _, content| {
        if name.starts_with(ROWS) {
            return each_row(content, &mut |table, key, value| {
                rows += 1;
                import.row(table, key, value)
            });
        }
        if journal::is_segment(name) {
            segments += 1;
            return copy_in(&*medium, name, content);
        }
        // The head; there is nothing else.
        Ok(())
    });
    unpacked.and_then(|()| import.finish()).and_then(|()| medium.sync_folder()).map_err(RestoreError::Write)?;
    let next_case = make_new(&medium, now, chance).await?;
    medium.remove(UNFINISHED).and_then(|()| medium.sync_folder()).map_err(RestoreError::Write)?;
    Ok(Restored { rows, segments, taken_at: head.taken_at, next_case, spool: "held" })
}

/// Makes the restored store another one than the store that was saved; the first case number it will give.
async fn make_new(medium: &Arc<dyn Medium>, now: Time, chance: &Chance) -> Result<u64, RestoreError> {
    let engine = RedbEngine::open(Arc::clone(medium), DATABASE_FILE)?;
    let newest = journal::newest_incarnation(&**medium).map_err(|error| ReadError(error.to_string()))?;
    let row = engine.get_many(vec![(META, META_KEY.to_vec())]).await?.pop().flatten();
    let saved = row.and_then(|row| serde_json::from_slice::<Meta>(&row.value).ok()).map(|meta| meta.incarnation);
    let incarnation = incarnation(newest.into_iter().chain(saved).max(), now, chance)?;
    let meta = Meta { format: FORMAT, incarnation };
    let mut batch = Batch::default();
    batch.put(META, META_KEY, serde_json::to_vec(&meta).expect("two numbers are JSON"));
    let why = "restored from a backup: what waits here may have been sent since it was taken";
    due::hold(&mut batch, &Held { since: now, why: why.into() });
    // Nothing was under way here that could have ended a process.
    tables::CLAIMS.delete(&mut batch, "inbox");
    // Written with the batch.
    let skipped = engine.reserve(tables::CASE_NUMBERS, limits::RESTORE_NUMBERS_SKIPPED).await?;
    engine.commit(batch).await?;
    engine.close().await;
    Ok(skipped.end)
}

/// Above all that the saved store has had, and by chance another one than that of whatever else is made from the same
/// backup: two machines can do that within one second.
fn incarnation(newest: Option<u32>, now: Time, chance: &Chance) -> Result<u32, RestoreError> {
    let above = newest.map_or(Some(0), |newest| newest.checked_add(1));
    let above = above.map(|above| above.max(u32::try_from(now.as_second()).unwrap_or(0)));
    let skipped = u32::from_le_bytes(chance.bytes()) % limits::RESTORE_INCARNATIONS;
    above.and_then(|above| above.checked_add(skipped)).ok_or(RestoreError::NoIncarnation)
}

/// Reads the whole backup: is it whole, and does this postcase know all of it?
fn examine(file: &Path, head: &Head) -> Result<(), RestoreError> {
    let mut wrong = None;
    let read = open(file).and_then(|input| {
        archive::read(input, &mut |name, _, content| {
            // Read on: whether the archive is whole is seen at its end.
            if let Err(error) = part(file, head, name, content) {
                wrong.get_or_insert(error);
            }
            Ok(())
        })
    });
    match (wrong, read) {
        // What is damaged may well have another name.
        (None | Some(RestoreError::Foreign { .. }), Err(source)) => {
            Err(RestoreError::Unusable { file: file.to_owned(), source })
        }
        // The archive knows better what is wrong with the part.
        (Some(RestoreError::Damaged { file, part, .. }), Err(source)) => {
            Err(RestoreError::Damaged { file, part, source })
        }
        (Some(wrong), _) => Err(wrong),
        (None, Ok(())) => Ok(()),
    }
}

/// Can this part be restored?
fn part(file: &Path, head: &Head, name: &str, content: &mut dyn Read) -> Result<(), RestoreError> {
    if name == HEAD || journal::is_segment(name) {
        return Ok(());
    }
    if !name.starts_with(ROWS) {
        return Err(RestoreError::Foreign {
            file: file.to_owned(),
            made_by: head.made_by.clone(),
            part: name.to_owned(),
        });
    }
    let mut format = FORMAT;
    let rows = each_row(content, &mut |table, key, value| {
        let value = redb::exported_value(table, key, value).ok_or_else(damaged_row)?;
        if (table, key) == (META.0, META_KEY) {
            format = serde_json::from_slice::<Meta>(value)?.format;
        }
        Ok(())
    });
    rows.map_err(|source| RestoreError::Damaged { file: file.to_owned(), part: name.to_owned(), source })?;
    if format == FORMAT { Ok(()) } else { Err(RestoreError::Version { file: file.to_owned(), version: format.into() }) }
}

fn open(file: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(COPY_BYTES, File::open(file)?))
}

fn head(file: &Path) -> Result<Head, RestoreError> {
    let unusable = |source| RestoreError::Unusable { file: file.to_owned(), source };
    let input = File::open(file).map_err(unusable)?;
    let mut head = None;
    // The first member is enough; the rest is read when its version is known.
    let read = archive::read(BufReader::new(input), &mut |name, size, content| {
        if name == HEAD && size < 4096 {
            head = serde_json::from_reader::<_, Head>(content).ok();
        }
        Err(io::ErrorKind::Interrupted.into())
    });
    match (head, read) {
        (Some(head), _) if head.version == u64::from(VERSION) => Ok(head),
        (Some(head), _) => Err(RestoreError::Version { file: file.to_owned(), version: head.version }),
        (None, Err(source)) if source.kind() == io::ErrorKind::InvalidData => Err(unusable(source)),
        (None, _) => Err(unusable(io::Error::new(io::ErrorKind::InvalidData, "it is no backup of postcase"))),
    }
}

/// Table, key and value of each row of a member.
fn each_row(content: &mut dyn Read, each: &mut EachRow<'_>) -> io::Result<()> {
    let mut parts = [const { Vec::new() }; 3];
    loop {
        for (n, part) in parts.iter_mut().enumerate() {
            let mut len = [0; 4];
            let read = content.read(&mut len[..1])?;
            if read == 0 {
                return if n == 0 { Ok(()) } else { Err(damaged_row()) };
            }
            content.read_exact(&mut len[1..])?;
            let len = u32::from_le_bytes(len) as usize;
            part.clear();
            if len > ROW_BYTES_MAX || content.take(len as u64).read_to_end(part)? < len {
                return Err(damaged_row());
            }
        }
        let [table, key, value] = &parts;
        each(std::str::from_utf8(table).map_err(|_| damaged_row())?, key, value)?;
    }
}

fn damaged_row() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a row is damaged")
}

fn copy_in(medium: &dyn Medium, name: &str, content: &mut dyn Read) -> io::Result<()> {
    let file: Box<dyn MediumFile> = medium.open(name)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            return file.sync_data();
        }
        file.write_at(at, &buffer[..read])?;
        at += read as u64;
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

//! A file of a [`Medium`](crate::store::Medium) as redb's storage.
//!
//! redb makes a database by writing a header without its magic number, syncing, and adding the magic number. A crash in
//! between leaves a file that redb refuses for ever; [`forget_unmade`] empties it. It does so only when the file holds
//! nothing behind its first page, which no database with a commit can be.

use std::io;

use redb::{Database, DatabaseError, StorageBackend};

use crate::base::limits;
use crate::store::MediumFile;

const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
const PAGE_BYTES: u64 = 4096;
const CHUNK_BYTES: usize = 16 * 1024;

#[derive(Debug)]
struct Backend(Box<dyn MediumFile>);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, data)
    }
}

/// The database in a file, made when the file is empty.
pub(super) fn database(file: Box<dyn MediumFile>) -> Result<Database, DatabaseError> {
    Database::builder().set_cache_size(limits::DATABASE_CACHE_BYTES).create_with_backend(Backend(file))
}

/// Empties a file whose making was cut short.
pub(super) fn forget_unmade(file: &dyn MediumFile) -> io::Result<()> {
    let len = file.len()?;
    let mut magic = [0; MAGIC.len()];
    if len >= MAGIC.len() as u64 {
        file.read_at(0, &mut magic)?;
    }
    if len == 0 || magic == MAGIC || !is_zero(file, PAGE_BYTES, len)? {
        return Ok(());
    }
    file.set_len(0)
}

fn is_zero(file: &dyn MediumFile, from: u64, to: u64) -> io::Result<bool> {
    let zeros = [0; CHUNK_BYTES];
    let mut chunk = [0; CHUNK_BYTES];
    let mut at = from;
    while at < to {
        let len = usize::try_from(to - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        file.read_at(at, &mut chunk[..len])?;
        if chunk[..len] != zeros[..len] {
            return Ok(false);
        }
        at += len as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Medium, SimulatedMedium};

    #[test]
    fn only_a_file_without_any_content_is_emptied() {
        let check = |writes: &[(u64, &[u8])], emptied: bool| {
            let file = SimulatedMedium::new().open("postcase.redb").unwrap();
            file.set_len(200_000).unwrap();
            writes.iter().for_each(|(offset, bytes)| file.write_at(*offset, bytes).unwrap());
            forget_unmade(file.as_ref()).unwrap();
            assert_eq!(file.len().unwrap() == 0, emptied, "{writes:?}");
        };
        check(&[], true);
        check(&[(0, &MAGIC[..5]), (64, b"header")], true);
        check(&[(0, &MAGIC)], false);
        check(&[(4096, b"x")], false);
        check(&[(199_999, b"x")], false);
    }
}

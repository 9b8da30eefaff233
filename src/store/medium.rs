//! Where bytes lie: one folder of files, reached through a trait so that tests can take power away.
//!
//! [`Medium`] knows only what the journal and the database need. What was written but not synced may be lost or kept in
//! any mixture; a file made or removed is certain only after [`Medium::sync_folder`].

use std::io;

/// A folder of flat files.
pub trait Medium: Send + Sync + std::fmt::Debug + 'static {
    /// Opens a file for reading and writing, making it when it is absent.
    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>>;
    /// Names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Gives a file another name, in one step, taking the place of the file that has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Makes names that were created, changed or removed durable.
    fn sync_folder(&self) -> io::Result<()>;
    /// What is left of the disk. Nothing waits: asked for every mail transaction.
    fn room(&self) -> io::Result<Room>;
}

/// How full a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// That we may still write.
    pub bytes_free: u64,
    pub bytes: u64,
    pub files_free: u64,
    /// 0 where files aren't counted.
    pub files: u64,
}

/// One open file.
#[allow(clippy::len_without_is_empty, reason = "an empty file is a file like any other")]
pub trait MediumFile: Send + Sync + std::fmt::Debug + 'static {
    fn len(&self) -> io::Result<u64>;
    /// Fills the buffer, or fails with `UnexpectedEof`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes all of it, or fails with an unknown part written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// `fdatasync`: content and length are durable on return.
    fn sync_data(&self) -> io::Result<()>;
}

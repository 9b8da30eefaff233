//! A folder on disk as a [`Medium`]: positional reads and writes, `fdatasync` for files, `fsync` for the folder.
//!
//! It does not lock the folder ([`super::lock`] does) and it caches nothing. A folder that is missing is made readable
//! for its owner only, and its name is durable when [`DiskMedium::open`] returns. Every failure is the operating
//! system's, unchanged.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Medium, MediumFile, Room};

/// A folder of flat files on disk.
#[derive(Debug)]
pub struct DiskMedium {
    folder: PathBuf,
}

impl DiskMedium {
    /// Opens the folder, making it and its parents when they are absent.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_folder(folder, &mut sync_path)?;
        Ok(Self { folder: folder.to_owned() })
    }
}

impl Medium for DiskMedium {
    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        let path = self.folder.join(name);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        Ok(Box::new(DiskFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        // A name that isn't UTF-8 is nobody's of ours.
        fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose())
            .collect()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn sync_folder(&self) -> io::Result<()> {
        sync_path(&self.folder)
    }

    fn room(&self) -> io::Result<Room> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        Ok(Room {
            bytes_free: disk.f_bavail.saturating_mul(disk.f_frsize),
            bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
            files_free: disk.f_favail,
            files: disk.f_files,
        })
    }
}

#[derive(Debug)]
struct DiskFile(File);

impl MediumFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Makes a folder whose name is durable: each new name is synced in the folder that holds it.
fn make_folder(folder: &Path, sync: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    make_folder(parent, sync)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
        made => made?,
    }
    sync(parent)
}

fn sync_path(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_folder_is_private_and_each_new_name_is_synced() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a").join("b");
        let mut synced = Vec::new();
        let mut note = |path: &Path| {
            synced.push(path.to_owned());
            Ok(())
        };
        make_folder(&folder, &mut note).unwrap();
        make_folder(&folder, &mut note).unwrap();
        assert_eq!(synced, [place.path().to_owned(), place.path().join("a")]);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn files_are_written_in_place() {
        let place = tempfile::tempdir().unwrap();
        let medium = DiskMedium::open(&place.path().join("data")).unwrap();
        let file = medium.open("one").unwrap();
        file.write_at(3, b"def").unwrap();
        file.write_at(0, b"abc").unwrap();
        file.sync_data().unwrap();
        file.set_len(5).unwrap();
        medium.sync_folder().unwrap();
        let mut text = [0; 5];
        medium.open("one").unwrap().read_at(0, &mut text).unwrap();
        assert_eq!((&text, file.len().unwrap()), (b"abcde", 5));
        assert_eq!(file.read_at(1, &mut text).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(medium.list().unwrap(), ["one"]);
        let room = medium.room().unwrap();
        assert!(room.bytes_free > 0 && room.bytes_free <= room.bytes && room.files_free <= room.files, "{room:?}");
        medium.open("two").unwrap();
        medium.rename("one", "two").unwrap();
        assert_eq!((medium.list().unwrap(), medium.open("two").unwrap().len().unwrap()), (vec!["two".into()], 5));
        medium.remove("two").unwrap();
        assert!(medium.list().unwrap().is_empty());
    }

    /// A device without storage refuses to be synced, which shows that it was asked.
    #[test]
    fn syncs_reach_the_operating_system() {
        let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert!(DiskFile(null).sync_data().is_err());
        assert!(DiskMedium { folder: "/dev/null".into() }.sync_folder().is_err());
    }
}

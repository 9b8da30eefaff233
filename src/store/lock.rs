//! One process per data folder: an advisory lock on the file `lock`, which says who holds it.
//!
//! The operating system frees the lock when the process ends, however it ends; the text may then be stale, the lock is
//! not. The lock file stays.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::base::Clock;
use crate::base::time::later;

/// How often a waiting process asks again.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Held as long as this lives.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Why the folder isn't ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("the data folder is in use by {0}: stop it first, or ask it")]
    Held(String),
    #[error("{folder} can't be locked: {why}; mend its permissions, or set another data_dir")]
    Io { folder: String, why: io::Error },
}

impl FolderLock {
    /// Takes the lock of an existing folder, or gives up after `wait`. `who` is what runs, as in `postcase serve`.
    pub async fn acquire(folder: &Path, who: &str, wait: Duration, clock: &Clock) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let failed = |why| LockError::Io { folder: folder.display().to_string(), why };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(failed)?;
        let give_up_at = later(clock.now(), wait);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if clock.now() >= give_up_at => {
                    return Err(LockError::Held(holder(&mut file)));
                }
                Err(TryLockError::WouldBlock) => clock.sleep(ASK_EVERY).await,
            }
        }
        let sign = file.set_len(0).and_then(|()| file.rewind());
        sign.and_then(|()| write!(file, "{who}, process {}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(len) if len > 0 => text,
        // It has the lock and hasn't written its name yet.
        _ => "another process".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[tokio::test]
    async fn the_second_waits_and_learns_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let wait = Duration::from_secs(5);
        let first = FolderLock::acquire(folder.path(), "postcase serve", wait, &clock).await.unwrap();
        let refused =
            FolderLock::acquire(folder.path(), "postcase case list", Duration::ZERO, &clock).await.unwrap_err();
        let expected = format!("the data folder is in use by postcase serve, process {}: ", std::process::id());
        assert!(refused.to_string().starts_with(&expected), "{refused}");

        let (path, second_clock) = (folder.path().to_owned(), clock.clone());
        let second = tokio::spawn(async move { FolderLock::acquire(&path, "postcase", wait, &second_clock).await });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        clock.advance(ASK_EVERY);
        let _second = second.await.unwrap().unwrap();
        // A shorter name leaves nothing of the longer one.
        let text = std::fs::read_to_string(folder.path().join("lock")).unwrap();
        assert_eq!(text, format!("postcase, process {}", std::process::id()));
    }
}

//! The local socket: `data_dir/socket`, mode 0600.
//!
//! A path longer than the kernel takes can't be bound. Then the socket lies in a private folder under the system's
//! temporary one, with a random name, and `data_dir/socket-path` says where. Whoever can write `data_dir` could read all
//! mail anyway, so that file is as trustworthy as the socket itself.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket};

use super::StartError;
use crate::base::{Chance, limits};

/// Binds the socket; gives its path, too. A socket file that nobody answers is replaced.
pub fn listen(data_dir: &Path, chance: &Chance) -> Result<(UnixListener, PathBuf), StartError> {
    let failed = |why| StartError::Folder { path: data_dir.to_owned(), why };
    let before = find(data_dir).map_err(failed)?;
    if std::os::unix::net::UnixStream::connect(&before).is_ok() {
        return Err(StartError::AlreadyRunning(before));
    }
    remove(data_dir, &before);
    let path = choose(data_dir, chance).map_err(failed)?;
    let listener = bind(&path).map_err(|why| StartError::Folder { path: path.clone(), why })?;
    Ok((listener, path))
}

/// Where the socket of this folder is, or would be.
pub fn find(data_dir: &Path) -> io::Result<PathBuf> {
    match fs::read(data_dir.join("socket-path")) {
        Ok(path) => Ok(PathBuf::from(std::ffi::OsStr::from_bytes(&path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(std::path::absolute(data_dir)?.join("socket")),
        Err(error) => Err(error),
    }
}

/// Removes the socket, and what a long path needed. What is left, the next start replaces.
pub fn remove(data_dir: &Path, socket: &Path) {
    fs::remove_file(socket).ok();
    if fs::remove_file(data_dir.join("socket-path")).is_ok()
        && let Some(folder) = socket.parent()
    {
        fs::remove_dir(folder).ok();
    }
}

fn choose(data_dir: &Path, chance: &Chance) -> io::Result<PathBuf> {
    let path = std::path::absolute(data_dir)?.join("socket");
    if path.as_os_str().len() <= limits::SOCKET_PATH_BYTES_MAX {
        return Ok(path);
    }
    let name = format!("postcase-{}", data_encoding::HEXLOWER.encode(&chance.bytes::<8>()));
    let folder = std::env::temp_dir().join(name);
    // Fails when the name exists, so nobody can have prepared it for us.
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let path = folder.join("socket");
    fs::write(data_dir.join("socket-path"), path.as_os_str().as_bytes())?;
    Ok(path)
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    // Before `listen` nobody can connect, so there is no moment with a wider mode.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.listen(limits::API_CONNECTIONS_MAX as u32)
}

//! `postcase message attachment`: the bytes of an attachment, to standard output or into a new file.
//!
//! The name that the mail gives it is never used for anything. A file that exists stays as it is. A terminal gets text
//! with everything escaped that it would obey, and nothing else.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::failure::Failure;
use super::{say, text, write_out};

/// Writes the bytes where they are wanted, and says where when that is a file.
pub fn write(bytes: &[u8], file: Option<&Path>, json: bool) -> Result<(), Failure> {
    match file {
        Some(file) => {
            save(bytes, file)?;
            let (name, size) = (file.display().to_string(), bytes.len());
            let shown = serde_json::json!({"file": name, "bytes": size});
            Ok(say(&if json { text::json(&shown) } else { format!("{}: {size} bytes\n", text::line(&name)) })?)
        }
        None if io::stdout().is_terminal() => Ok(say(&for_terminal(bytes)?)?),
        None => Ok(write_out(bytes)?),
    }
}

fn save(bytes: &[u8], file: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let name = text::line(&file.display().to_string());
        Failure::refused(match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{name} exists already: name another file"),
            _ => format!("{name} can't be written: {error}; name another file"),
        })
    };
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    new.write_all(bytes).map_err(|error| {
        // Half an attachment looks like a whole one.
        let _ = fs::remove_file(file);
        failed(error)
    })
}

fn for_terminal(bytes: &[u8]) -> Result<String, Failure> {
    let is_text = |text: &&str| !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}'));
    match std::str::from_utf8(bytes).ok().filter(is_text) {
        Some(found) => Ok(text::block(found)),
        None => Err(Failure::refused("it is no text, which a terminal can't show: name a file with -o FILE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_text_that_it_obeys_in_nothing() {
        assert_eq!(for_terminal("Grüße\r\n\x1b[31mrot\n".as_bytes()).unwrap(), "Grüße\n\u{fffd}[31mrot\n");
        for binary in [&b"\x89PNG\r\n\x1a\n\0"[..], b"a\0b", "\u{9b}31m".as_bytes()] {
            assert!(for_terminal(binary).unwrap_err().message.contains("-o FILE"), "{binary:?}");
        }
    }

    #[test]
    fn a_file_is_new_and_its_owner_s() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        save(b"one", &file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let again = save(b"two", &file).unwrap_err();
        assert!(again.message.contains("exists already") && fs::read(&file).unwrap() == b"one", "{again:?}");
        assert!(save(b"x", &folder.path().join("none/a")).unwrap_err().message.contains("can't be written"));
    }
}

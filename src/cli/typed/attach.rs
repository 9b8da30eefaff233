//! Files that go into a reply: its text and its attachments, bounded together by [`limits::REPLY_BYTES_MAX`].

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::base::limits;
use crate::cli::failure::Failure;
use crate::desk::command::Attached;

/// Room that is left in the reply.
#[derive(Debug)]
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(limits::REPLY_BYTES_MAX)
    }
}

impl Room {
    /// A text file in UTF-8; `-` is standard input.
    pub fn text(&mut self, file: &Path) -> Result<String, Failure> {
        let bytes = if file == Path::new("-") { self.read(file, io::stdin()) } else { self.file(file) }?;
        let wrong = || Failure::refused(format!("{} is not text in UTF-8; send it with --attach", file.display()));
        String::from_utf8(bytes).map_err(|_| wrong())
    }

    pub fn attachment(&mut self, file: &Path) -> Result<Attached, Failure> {
        let bytes = self.file(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let content_type = content_type(&name).to_owned();
        Ok(Attached { name, content_type, content: data_encoding::BASE64.encode(&bytes) })
    }

    fn file(&mut self, file: &Path) -> Result<Vec<u8>, Failure> {
        let open = File::open(file).map_err(|error| unreadable(file, &error))?;
        self.read(file, open)
    }

    fn read(&mut self, file: &Path, from: impl Read) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        from.take(self.0 as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(file, &error))?;
        let most = limits::REPLY_BYTES_MAX >> 20;
        let full = || {
            Failure::refused(format!(
                "{} is too much for a reply, which holds {most} MiB in all; send a link",
                file.display()
            ))
        };
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(full)?;
        Ok(bytes)
    }
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::refused(format!("{} can't be read: {error}; name another file", file.display()))
}

/// By the ending of the name, for the kinds that mail programs show or open by their type.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("txt" | "log" | "md") => "text/plain",
        Some("csv") => "text/csv",
        Some("htm" | "html") => "text/html",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("zip") => "application/zip",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

//! `postcase backup` and `postcase restore`: what a person sees of them.
//!
//! While a backup is written its size so far is shown on a terminal's standard error.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::Failure;
use super::{print, reach, say, text};
use crate::base::Clock;
use crate::config::Settings;
use crate::desk::Command;
use crate::server;

/// How often the size is shown.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn save(settings: &Settings, file: PathBuf, json: bool) -> Result<(), Failure> {
    let growing = PathBuf::from(format!("{}.part", file.display()));
    let command = Command::Backup { file };
    let outcome = {
        let work = reach::ask(settings, &command);
        let clock = Clock::system();
        tokio::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = clock.sleep(LOOK_EVERY) => progress(&growing),
            }
        }
    };
    if io::stderr().is_terminal() {
        // Wipes the line. When nobody can see it, nothing is lost.
        write!(io::stderr(), "\r\x1b[K").ok();
    }
    Ok(print(&command, outcome?, json)?)
}

fn progress(growing: &Path) {
    if io::stderr().is_terminal()
        && let Ok(metadata) = std::fs::metadata(growing)
    {
        write!(io::stderr(), "\r{} MiB written", metadata.len() >> 20).ok();
    }
}

pub async fn restore(settings: &Settings, file: &Path, json: bool) -> Result<(), Failure> {
    let restored = server::restore(settings, file).await.map_err(|error| Failure::refused(error.to_string()))?;
    if json {
        return Ok(say(&text::json(&serde_json::json!(restored)))?);
    }
    let (taken_at, next_case) = (restored.taken_at, restored.next_case);
    Ok(say(&format!(
        "restored what was there at {taken_at}: {} rows, {} journal segments; the next case is {next_case}\n\
         the spool is held: the old server may have sent what waits in it. Next: postcase serve, look at\n\
         postcase spool list, then postcase spool resume\n",
        restored.rows, restored.segments
    ))?)
}

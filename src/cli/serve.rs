//! `postcase serve`: from start to graceful stop.
//!
//! SIGTERM and SIGINT ask for the stop; a second one ends the process at once, which loses nothing that was promised.

use std::io::{self, IsTerminal};

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use super::{say, tell, text};
use crate::config::{STANDARD_FILE, Settings};
use crate::server::{self, Listening, World};

pub async fn run(settings: Settings, json: bool, sessions: &Handle) -> Result<(), Failure> {
    // Before the start, so that no signal finds nobody at home.
    let on = |kind| signal(kind).map_err(|error| Failure::refused(format!("signals can't be received: {error}")));
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    if settings.origins.file.is_none() {
        tell(&format!("there is no {STANDARD_FILE}: running on the built-in default (postcase config show prints it)"));
    }
    let started = async {
        let (world, lock) = World::on_disk(settings, "postcase serve").await?;
        Ok::<_, server::StartError>((server::start_with(world, sessions).await?, lock))
    };
    let (running, _lock) = started.await.map_err(|error| Failure::refused(error.to_string()))?;
    say(&listening(&running.listening(), json))?;

    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        reason = running.failure() => Some(reason),
    };
    tracing::info!("stopping; a second signal ends it at once");
    tokio::select! {
        () = running.stop() => {}
        _ = terminate.recv() => return Err(Failure::refused("ended before everything under way was finished")),
        _ = interrupt.recv() => return Err(Failure::refused("ended before everything under way was finished")),
    }
    match failed {
        None => Ok(()),
        Some(reason) => Err(Failure::refused(format!("{reason}; mend that and start again, nothing accepted is lost"))),
    }
}

/// The line that scripts wait for, or one line for each listener.
fn listening(at: &Listening, json: bool) -> String {
    if json {
        let mut event = serde_json::json!({
            "event": "listening",
            "smtp": at.smtp.first(),
            "http": at.http,
            "socket": at.socket.to_string_lossy(),
        });
        if at.smtp.len() > 1 {
            event["smtp_all"] = serde_json::json!(at.smtp);
        }
        if !at.lmtp.is_empty() {
            event["lmtp"] = serde_json::json!(at.lmtp);
        }
        return text::json(&event);
    }
    let smtp = at.smtp.iter().map(|at| format!("smtp    {at}\n"));
    let lmtp = at.lmtp.iter().map(|at| format!("lmtp    {at}\n"));
    let http = at.http.iter().map(|at| format!("http    {at}\n"));
    let socket = format!("socket  {}\n", text::line(&at.socket.to_string_lossy()));
    smtp.chain(lmtp).chain(http).chain([socket]).collect()
}

/// A panic is one line of the log, with its place.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let why = panic.payload_as_str().unwrap_or("a panic without words");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(why, place, "something unforeseen; please report this line");
    }));
}

/// Logs go to standard error: what RUST_LOG asks for, else `level`; coloured on a terminal unless NO_COLOR is set.
pub fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colour).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_keeps_it_from_starting_is_one_line_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = Settings { data_dir: folder.path().join("data"), ..Settings::default() };
        settings.http.listen = None;
        settings.smtp.listen = vec![taken.local_addr().unwrap()];
        let failure = run(settings.clone(), true, &Handle::current()).await.unwrap_err();
        assert!(failure.message.contains("is in use: stop the program"), "{}", failure.message);

        std::fs::write(folder.path().join("file"), "").unwrap();
        settings.smtp.listen = vec!["127.0.0.1:0".parse().unwrap()];
        settings.data_dir = folder.path().join("file").join("data");
        let failure = run(settings, true, &Handle::current()).await.unwrap_err();
        assert!(failure.message.contains("set another data_dir"), "{}", failure.message);
        assert_eq!((failure.exit, failure.message.lines().count()), (crate::cli::Exit::Refused, 1));
    }

    #[track_caller]
    fn check(smtp: &[&str], http: Option<&str>, json: bool, expected: &str) {
        let smtp = smtp.iter().map(|at| at.parse().unwrap()).collect();
        let at = Listening { smtp, lmtp: vec![], http: http.map(|at| at.parse().unwrap()), socket: "/d/socket".into() };
        assert_eq!(listening(&at, json), expected);
    }

    #[test]
    fn listeners_are_said_by_line() {
        check(
            &["127.0.0.1:2525"],
            Some("127.0.0.1:8025"),
            true,
            "{\"event\":\"listening\",\"http\":\"127.0.0.1:8025\",\"smtp\":\"127.0.0.1:2525\",\"socket\":\"/d/socket\"}\n",
        );
        check(
            &["127.0.0.1:25", "[::1]:25"],
            None,
            true,
            "{\"event\":\"listening\",\"http\":null,\"smtp\":\"127.0.0.1:25\",\"smtp_all\":[\"127.0.0.1:25\",\"[::1]:25\"],\"socket\":\"/d/socket\"}\n",
        );
        check(
            &["127.0.0.1:25", "[::1]:25"],
            Some("127.0.0.1:8025"),
            false,
            "smtp    127.0.0.1:25\nsmtp    [::1]:25\nhttp    127.0.0.1:8025\nsocket  /d/socket\n",
        );
    }
}

//! The command line: what was typed becomes what it means, what it means is done, and the answer is printed.
//!
//! Standard output carries the answer and nothing else, with `--json` exactly one JSON value; messages go to standard
//! error, one line each. This is the only folder that prints. Exit codes are in [`failure::Exit`].

mod attachment;
mod backup;
mod confirm;
mod configuration;
mod demo;
mod erase;
mod export;
mod failure;
mod generated;
mod import;
mod inspect;
mod meaning;
mod more;
mod progress;
mod reach;
mod render;
mod replay;
mod rules;
mod serve;
mod text;
mod typed;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

pub use failure::{Exit, Failure};

use crate::base::{Clock, limits};
use crate::config::{self, Settings};
use crate::desk::command::CaseFilter;
use crate::desk::command::PluginCommand;
use crate::desk::{Answers, Command, Outcome};
use crate::message;
use crate::server::threads;
use import::Import;
use meaning::{Meaning, Unread};
use progress::Progress;
use typed::Typed;

/// Does what this process was asked for.
pub fn main() -> ExitCode {
    // Wrong usage, --help and --version end the process here, with 2 and 0.
    let typed = Typed::parse();
    serve::log(if typed.is_server() { "info" } else { "warn" });
    serve::log_panics();
    let broken = |_| Err(Failure::refused("postcase broke in an unforeseen way; the line above says where"));
    match catch_unwind(|| run(typed)).unwrap_or_else(broken) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.message.lines().for_each(tell);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(typed: Typed) -> Result<(), Failure> {
    let json = typed.json;
    let named = typed.config.clone().or_else(|| std::env::var_os("POSTCASE_CONFIG").map(PathBuf::from));
    let named = named.filter(|file| !file.as_os_str().is_empty());
    let meaning = typed.meaning()?;
    if let Meaning::Inspect { files, sender } = meaning {
        let mut out = BufWriter::new(io::stdout().lock());
        return match sender {
            Some(sender) => {
                let read = inspect::reader(&config::load(named.as_deref())?, sender)?;
                inspect::run(&files, json, read, &mut out)
            }
            None => inspect::run(&files, json, |raw: &[u8]| (message::read(raw), None), &mut out),
        };
    }
    match &meaning {
        Meaning::Completions { shell } => return generated::completions(*shell),
        Meaning::Manual { folder } => return generated::manual(folder.as_deref(), json),
        _ => {}
    }
    let no_threads = |error| Failure::refused(format!("no threads can be started: {error}"));
    if meaning == Meaning::Serve {
        let (sessions, others) = (threads::sessions().map_err(no_threads)?, threads::others().map_err(no_threads)?);
        return others.block_on(serve::run(config::load(named.as_deref())?, json, sessions.handle()));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(no_threads)?;
    if let Meaning::Demo { keep } = meaning {
        return match json {
            true => Err(Failure::usage("the demonstration is a story for people: run it without --json")),
            false => runtime.block_on(demo::run(keep)).map_err(Failure::refused),
        };
    }
    if meaning == (Meaning::Check { store: false }) {
        return runtime.block_on(configuration::check(named.as_deref(), json));
    }
    let settings = config::load(named.as_deref())?;
    runtime.block_on(run_with(&settings, meaning, json))
}

/// Does what needs a configuration and a server or a store.
async fn run_with(settings: &Settings, meaning: Meaning, json: bool) -> Result<(), Failure> {
    match meaning {
        Meaning::Ask(mut command) => {
            let wanted = more::ask(&mut command);
            let mut outcome = reach::ask(settings, &command).await?;
            let goes_on = more::cut(&mut outcome, wanted);
            if let Command::CaseList(CaseFilter { text: Some(_), .. }) = &command {
                let most = limits::SEARCHED_MESSAGES_MAX;
                tell(&format!(
                    "searched: subject, contact and notes of all cases, texts of the newest {most} messages"
                ));
            }
            show(&command, outcome, None, json)?;
            goes_on.iter().for_each(|line| tell(line));
            Ok(())
        }
        Meaning::Attachment { id, number, file } => {
            let command = Command::MessageAttachment { id, number };
            show(&command, reach::ask(settings, &command).await?, Some(&file), json)
        }
        Meaning::AskEach { commands, unread } => {
            let mut failed = !unread.is_empty();
            for command in &commands {
                let outcome = reach::ask(settings, command).await?;
                failed |= speaks_of_an_error(command, &outcome);
                print(command, outcome, json)?;
            }
            say(&told_unread(&unread, json))?;
            if failed { Err(Failure::refused("")) } else { Ok(()) }
        }
        Meaning::Reply(request) => {
            let asks = !json && io::stdin().is_terminal();
            let ask = async |command: &Command| reach::ask(settings, command).await;
            let request = match asks {
                true => confirm::reply(*request, ask, &mut io::stdin().lock(), &mut io::stderr()).await?,
                false => *request,
            };
            let command = Command::CaseReply(request);
            Ok(print(&command, reach::ask(settings, &command).await?, json)?)
        }
        Meaning::RulesTest { file, address } => rules::test(settings, &file, address.as_ref(), json),
        Meaning::Replay { rules, plugins, since, files } if files.is_empty() => {
            let (command, outcome) = replay::ask(settings, (rules.as_deref(), plugins), since).await?;
            Ok(print(&command, outcome, json)?)
        }
        Meaning::Replay { rules, plugins, files, .. } => {
            replay::files(settings, (rules.as_deref(), plugins), &files, json).await
        }
        Meaning::Erase(command) => {
            let asks = !json && io::stdin().is_terminal();
            let (mut typed, mut reached) = (io::stdin().lock(), reach::reach(settings).await?);
            let done = erase::run(command, &mut reached, asks.then_some(&mut typed), &mut io::stderr()).await;
            reached.close().await;
            let (command, outcome) = done?;
            Ok(print(&command, outcome, json)?)
        }
        Meaning::Check { .. } => configuration::check_store(settings, json).await,
        Meaning::Backup { file } => backup::save(settings, file, json).await,
        Meaning::Import { archive, address } => import::import(settings, archive, address, json).await,
        Meaning::Export { since, after } => {
            let (mut reached, began) = (reach::reach(settings).await?, Clock::system().now());
            let exported = export::run(since, after, &mut reached, &mut io::stdout()).await;
            reached.close().await;
            tell(&format!("{} lines; for what changes from now on: postcase export --since {began}", exported?));
            Ok(())
        }
        Meaning::Restore { file } => backup::restore(settings, &file, json).await,
        _ => configuration::show(settings, json),
    }
}

fn show(command: &Command, outcome: Outcome, file: Option<&Path>, json: bool) -> Result<(), Failure> {
    match (command, outcome) {
        (Command::MessageAttachment { .. }, Outcome::Bytes(bytes)) => attachment::write(&bytes, file, json),
        (_, outcome) => Ok(print(command, outcome, json)?),
    }
}

/// What a command line comes to, as a process would show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub exit: u8,
    pub out: Vec<u8>,
    pub err: String,
}

/// Does a command line, typed behind `postcase`, on a desk in this process: for tests of the whole program.
pub async fn answer(arguments: Vec<String>, desk: &dyn Answers) -> Done {
    let failed = |failure: Failure| Done { exit: failure.exit as u8, out: Vec::new(), err: failure.message };
    let words = std::iter::once("postcase".to_owned()).chain(arguments);
    let typed = match Typed::try_parse_from(words) {
        Ok(typed) => typed,
        Err(error) => return failed(Failure::usage(error.to_string())),
    };
    let json = typed.json;
    let mut left = Vec::new();
    let commands = match typed.meaning() {
        Ok(Meaning::Ask(command)) => vec![command],
        Ok(Meaning::AskEach { commands, unread }) => {
            left = unread;
            commands
        }
        Ok(Meaning::Reply(request)) => vec![Command::CaseReply(*request)],
        Ok(Meaning::Erase(command)) => {
            let mut shown = Vec::new();
            return match erase::run(command, &mut { desk }, None::<&mut io::Empty>, &mut shown).await {
                Ok((command, Outcome::Json(value))) => {
                    Done { out: in_form(&command, &value, json).into_bytes(), ..Done::default() }
                }
                Ok((_, Outcome::Bytes(_))) => failed(Failure::usage("an erasure answers with JSON")),
                Err(failure) => Done { out: shown, ..failed(failure) },
            };
        }
        Ok(Meaning::Import { archive, address }) => {
            let mut progress = Progress::hidden(Clock::system());
            let work = Import { archive, address, progress: &mut progress };
            return match work.run(&mut { desk }).await {
                Ok(imported) => {
                    let left_out = imported.failure().map(failed).unwrap_or_default();
                    Done { out: imported.text(json).into_bytes(), ..left_out }
                }
                Err(failure) => failed(failure),
            };
        }
        Ok(Meaning::Export { since, after }) => {
            let mut out = Vec::new();
            let exported = export::run(since, after, &mut { desk }, &mut out).await;
            return exported.map_or_else(failed, |_| Done { out, ..Done::default() });
        }
        Ok(Meaning::Check { store: false }) => vec![Command::Check],
        Ok(Meaning::Replay { rules, plugins, since, files }) if files.is_empty() => {
            match replay::stored((rules.as_deref(), plugins), since, &mut { desk }).await {
                Ok(command) => vec![command],
                Err(failure) => return failed(failure),
            }
        }
        Ok(Meaning::Backup { file }) => vec![Command::Backup { file }],
        Ok(_) => return failed(Failure::usage("only commands for the desk can be done here")),
        Err(failure) => return failed(failure),
    };
    let mut done = match each(commands, desk, json).await {
        Ok(done) => done,
        Err(failure) => return failed(failure),
    };
    if !left.is_empty() {
        done.exit = done.exit.max(Exit::Refused as u8);
        done.out.extend(told_unread(&left, json).into_bytes());
    }
    done
}

/// Does one after the other, until one is refused.
async fn each(commands: Vec<Command>, desk: &dyn Answers, json: bool) -> Result<Done, Failure> {
    let mut done = Done::default();
    for mut command in commands {
        let wanted = more::ask(&mut command);
        let mut outcome = desk.answer(command.clone()).await?;
        done.err.extend(more::cut(&mut outcome, wanted));
        if speaks_of_an_error(&command, &outcome) {
            done.exit = Exit::Refused as u8;
        }
        done.out.extend(match outcome {
            Outcome::Json(value) => in_form(&command, &value, json).into_bytes(),
            Outcome::Bytes(bytes) => bytes,
        });
    }
    Ok(done)
}

/// A line for each file that can't be read.
fn told_unread(unread: &[Unread], json: bool) -> String {
    let line = |unread: &Unread| if json { text::json(unread) } else { text::line(&unread.error) };
    unread.iter().map(|unread| line(unread) + "\n").collect()
}

/// True for a test that shows a failure.
fn speaks_of_an_error(command: &Command, outcome: &Outcome) -> bool {
    matches!((command, outcome), (Command::Plugin(PluginCommand::Test { .. }), Outcome::Json(value)) if value["error"].is_string())
}

fn in_form(command: &Command, value: &serde_json::Value, json: bool) -> String {
    if json { text::json(value) } else { render::answer(command, value) }
}

fn print(command: &Command, outcome: Outcome, json: bool) -> io::Result<()> {
    match outcome {
        Outcome::Json(value) => say(&in_form(command, &value, json)),
        // The exact bytes are for files and pipes; a terminal would obey what a stranger wrote.
        Outcome::Bytes(bytes) if io::stdout().is_terminal() => say(&text::block(&String::from_utf8_lossy(&bytes))),
        Outcome::Bytes(bytes) => write_out(&bytes),
    }
}

/// Prints a line to standard error. When that is closed, nobody is left to tell.
fn tell(line: &str) {
    writeln!(io::stderr(), "{}", text::line(line)).ok();
}

/// Prints to standard output, at once.
fn say(text: &str) -> io::Result<()> {
    write_out(text.as_bytes())
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

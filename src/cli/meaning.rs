//! What a command line means.

use std::path::PathBuf;

use clap_complete::Shell;
use serde::Serialize;

use super::typed::how::How;
use crate::auth::Transaction;
use crate::base::{Mailbox, Time};
use crate::desk::Command;
use crate::desk::command::{PluginRequest, ReplyRequest};

/// A plugin to try.
#[derive(Debug, PartialEq)]
pub enum Tried {
    File(Box<PluginRequest>),
    Version(Version),
}

/// A plugin that is installed, or was before the one that is.
#[derive(Debug, PartialEq)]
pub struct Version {
    pub name: String,
    pub version: String,
    pub how: How,
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub enum Meaning {
    Serve,
    Demo {
        keep: bool,
    },
    Check {
        /// The store, too.
        store: bool,
    },
    ShowConfiguration,
    Completions {
        shell: Shell,
    },
    Manual {
        folder: Option<PathBuf>,
    },
    /// Needs neither server nor store, and a name server only when a sender is named.
    Inspect {
        files: Vec<PathBuf>,
        sender: Option<Transaction>,
    },
    /// Needs neither server nor store.
    RulesTest {
        file: PathBuf,
        address: Option<Mailbox>,
    },
    /// Needs neither, too, when there are files and all that is tried is in files.
    Replay {
        rules: Option<PathBuf>,
        plugins: Vec<Tried>,
        since: Option<Time>,
        files: Vec<PathBuf>,
    },
    /// Like [`Ask`](Self::Ask), and takes its time.
    Backup {
        file: PathBuf,
    },
    /// Like [`Ask`](Self::Ask), command after command.
    Import {
        archive: PathBuf,
        address: Mailbox,
    },
    /// Like [`Ask`](Self::Ask), command after command.
    Export {
        since: Option<Time>,
        after: Option<String>,
    },
    /// Like [`Ask`](Self::Ask), into a new file.
    Attachment {
        id: String,
        number: usize,
        file: PathBuf,
    },
    /// Needs the data folder for itself.
    Restore {
        file: PathBuf,
    },
    /// Like [`Ask`](Self::Ask); on a terminal it is shown first.
    Reply(Box<ReplyRequest>),
    /// Like [`Ask`](Self::Ask); what would be erased is shown first.
    Erase(Command),
    /// For the running server, or for the store when none runs.
    Ask(Command),
    /// The same, one after the other; fails at the end when an answer speaks of an error, or a file can't be read.
    AskEach {
        commands: Vec<Command>,
        unread: Vec<Unread>,
    },
}

/// A file that can't be read.
#[derive(Debug, PartialEq, Serialize)]
pub struct Unread {
    pub file: String,
    pub error: String,
}

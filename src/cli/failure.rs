//! How a command ends when it isn't done: the exit code, and lines for standard error.

use std::io;

use crate::config::LoadError;
use crate::desk::{Refusal, RefusalKind};
use crate::http::CallError;

/// Part of the public face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Refused = 1,
    Usage = 2,
    NotFound = 3,
    Unreachable = 4,
}

/// Why a command was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// Names the next step. One line, or one for each mistake. Empty when standard output has already said it.
    pub message: String,
}

impl Failure {
    pub fn refused(message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, message: message.into() }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let exit = match refusal.kind {
            RefusalKind::NotFound => Exit::NotFound,
            RefusalKind::Refused | RefusalKind::Failed => Exit::Refused,
        };
        Self { exit, message: refusal.message }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => refusal.into(),
            CallError::Unreachable { .. } => Self { exit: Exit::Unreachable, message: error.to_string() },
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // The reader of a pipe has seen enough; nobody is left to tell.
            io::ErrorKind::BrokenPipe => Self::refused(""),
            _ => Self::refused(format!("standard output can't be written: {error}")),
        }
    }
}

//! Who does a command: the running server over its local socket, or, when none runs, the store, opened for this one
//! command.

use std::pin::Pin;

use super::failure::Failure;
use crate::base::Clock;
use crate::config::Settings;
use crate::desk::{Answers, Command, Outcome};
use crate::http::Client;
use crate::server::{Offline, open_offline};

/// Who does commands.
pub enum Reached {
    Server(Client),
    Store(Box<Offline>),
}

/// What a command comes to.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send + 'a>>;

/// Does command after command.
pub trait Ask: Send {
    fn ask(&mut self, command: Command) -> Asking<'_>;
}

/// Has the command done by whoever can.
pub async fn ask(settings: &Settings, command: &Command) -> Result<Outcome, Failure> {
    let mut reached = reach(settings).await?;
    let outcome = reached.ask(command.clone()).await;
    reached.close().await;
    outcome
}

/// Whoever can do commands.
pub async fn reach(settings: &Settings) -> Result<Reached, Failure> {
    if let Some(client) = Client::connect(&settings.data_dir, Clock::system()).await? {
        return Ok(Reached::Server(client));
    }
    match open_offline(settings).await {
        Ok(store) => Ok(Reached::Store(Box::new(store))),
        // A server that was just starting has the store, and by now its socket.
        Err(error) => match Client::connect(&settings.data_dir, Clock::system()).await? {
            Some(client) => Ok(Reached::Server(client)),
            None => Err(Failure::refused(error.to_string())),
        },
    }
}

impl Ask for Reached {
    fn ask(&mut self, command: Command) -> Asking<'_> {
        Box::pin(async move {
            match self {
                Self::Server(client) => Ok(client.call(&command).await?),
                Self::Store(store) => Ok(store.answer(command).await?),
            }
        })
    }
}

impl Ask for &dyn Answers {
    fn ask(&mut self, command: Command) -> Asking<'_> {
        Box::pin(async move { Ok(self.answer(command).await?) })
    }
}

impl Reached {
    pub async fn close(self) {
        if let Self::Store(store) = self {
            store.close().await;
        }
    }
}

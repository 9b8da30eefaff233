//! Who does a command: the running server over its local socket, or, when none runs, the store, opened for this one
//! command.

use super::failure::Failure;
use crate::base::Clock;
use crate::config::Settings;
use crate::desk::{Command, Outcome};
use crate::http::Client;
use crate::server::open_offline;

/// Has the command done by whoever can.
pub async fn ask(settings: &Settings, command: &Command) -> Result<Outcome, Failure> {
    if let Some(mut client) = Client::connect(&settings.data_dir, Clock::system()).await? {
        return Ok(client.call(command).await?);
    }
    match open_offline(settings).await {
        Ok(store) => {
            let outcome = store.answer(command.clone()).await;
            store.close().await;
            Ok(outcome?)
        }
        // A server that was just starting has the store, and by now its socket.
        Err(error) => match Client::connect(&settings.data_dir, Clock::system()).await? {
            Some(mut client) => Ok(client.call(command).await?),
            None => Err(Failure::refused(error.to_string())),
        },
    }
}

//! What is read back from disk: records of the database and commands, and configuration files.

use std::cell::RefCell;
use std::path::PathBuf;

use postcase::address::{Keyring, RoutingAddress};
use postcase::base::{Envelope, MailId};
use postcase::case::{Case, Contact, Event, Mail};
use postcase::config::{self, LoadError};
use postcase::desk::Command;
use postcase::outbound::SpoolItem;
use postcase::routing::{Agent, Queue};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Whatever a record is read from, writing it and reading it again changes nothing; and events always fold.
pub fn records(bytes: &[u8]) {
    stays::<Mail>(bytes);
    stays::<Case>(bytes);
    stays::<RoutingAddress>(bytes);
    stays::<SpoolItem>(bytes);
    stays::<Envelope>(bytes);
    stays::<Keyring>(bytes);
    stays::<Contact>(bytes);
    stays::<Agent>(bytes);
    stays::<Queue>(bytes);
    stays::<MailId>(bytes);
    stays::<Command>(bytes);
    if let Some(event) = stays::<Event>(bytes) {
        let case = Case::of_events(1, [&event, &event]).expect("two events make a case");
        assert_eq!(case.events, 2);
    }
}

fn stays<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_value(&read).expect("what was read can be written");
    let again: T = serde_json::from_value(written.clone())
        .unwrap_or_else(|error| panic!("{} is not read again: {error}", std::any::type_name::<T>()));
    assert_eq!(serde_json::to_value(&again).expect("and written again"), written);
    Some(again)
}

thread_local! {
    static FILE: RefCell<Option<(tempfile::TempDir, PathBuf)>> = const { RefCell::new(None) };
}

/// A configuration is read, or each mistake in it names a line that is there.
pub fn configuration(bytes: &[u8]) {
    FILE.with_borrow_mut(|kept| {
        let (_, file) = kept.get_or_insert_with(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("postcase.toml");
            (folder, file)
        });
        std::fs::write(&*file, bytes).expect("the file can be written");
        match config::load(Some(file)) {
            Ok(settings) => assert!(!settings.in_force().is_empty()),
            Err(LoadError::Mistakes(mistakes)) => {
                assert!(!mistakes.is_empty());
                mistakes.iter().for_each(|mistake| assert!(!mistake.to_string().contains('\n'), "{mistake}"));
            }
            Err(LoadError::Unreadable { .. }) => assert!(std::str::from_utf8(bytes).is_err()),
        }
    });
}
